"""The key is made once, is private, and is never shown."""

import hashlib
import hmac
import os
import stat
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from dtsen_pipeline.resources.key import Key, load_key
from dtsen_pipeline.resources.settings import Settings, load_settings
from dtsen_pipeline.schemas.errors import DtsenError


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return load_settings(home=tmp_path / "h", key_file=None)


def test_the_first_use_makes_a_private_key(settings: Settings) -> None:
    key = load_key(settings)
    assert len(key.secret) == 32
    assert settings.key_path.read_bytes() == key.secret
    assert stat.S_IMODE(settings.key_path.stat().st_mode) == 0o600
    assert [path.name for path in settings.home.iterdir()] == ["key"]


def test_the_key_stays_the_same(settings: Settings) -> None:
    assert load_key(settings) == load_key(settings)


def test_two_homes_have_different_keys(tmp_path: Path) -> None:
    keys = {load_key(load_settings(home=tmp_path / name, key_file=None)).secret for name in "ab"}
    assert len(keys) == 2


def test_first_uses_at_once_end_with_one_key(settings: Settings) -> None:
    with ThreadPoolExecutor(16) as pool:
        keys = set(pool.map(lambda _: load_key(settings).secret, range(64)))
    assert keys == {settings.key_path.read_bytes()}
    assert [path.name for path in settings.home.iterdir()] == ["key"]


def test_the_id_is_a_keyed_hash_and_the_secret_is_not_shown() -> None:
    secret = bytes(range(32))
    key = Key(secret)
    assert key.id == hmac.new(secret, b"key-id", hashlib.sha256).hexdigest()[:12]
    assert repr(secret)[2:10] not in repr(key)


@pytest.mark.parametrize("mode", [0o640, 0o620, 0o604, 0o602, 0o610, 0o601])
def test_a_key_that_others_can_open_is_refused(settings: Settings, mode: int) -> None:
    load_key(settings)
    settings.key_path.chmod(mode)
    with pytest.raises(DtsenError, match=r"^E_KEY_MODE: "):
        load_key(settings)


@pytest.mark.parametrize("mode", [0o600, 0o400])
def test_a_key_that_only_its_owner_can_read_is_taken(settings: Settings, mode: int) -> None:
    made = load_key(settings)
    settings.key_path.chmod(mode)
    assert load_key(settings) == made


@pytest.mark.parametrize("content", [b"", b"x" * 31, b"x" * 33])
def test_a_key_of_the_wrong_size_is_refused_and_kept(settings: Settings, content: bytes) -> None:
    settings.home.mkdir()
    settings.key_path.write_bytes(content)
    settings.key_path.chmod(0o600)
    with pytest.raises(DtsenError, match=r"^E_KEY: "):
        load_key(settings)
    assert settings.key_path.read_bytes() == content


def test_a_key_that_is_no_file_is_refused_at_once(settings: Settings) -> None:
    settings.home.mkdir()
    os.mkfifo(settings.key_path, 0o600)
    with pytest.raises(DtsenError, match=r"^E_KEY: "):
        load_key(settings)


def test_a_dangling_link_is_refused_and_nothing_is_made_behind_it(settings: Settings, tmp_path: Path) -> None:
    settings.home.mkdir()
    settings.key_path.symlink_to(tmp_path / "behind")
    with pytest.raises(DtsenError, match=r"^E_KEY: ") as caught:
        load_key(settings)
    assert not (tmp_path / "behind").exists()
    assert caught.value.__context__ is None


def test_a_key_file_elsewhere_is_used(tmp_path: Path) -> None:
    settings = load_settings(home=tmp_path / "h", key_file=tmp_path / "secret" / "deep" / "key")
    key = load_key(settings)
    assert (tmp_path / "secret" / "deep" / "key").read_bytes() == key.secret
    assert not settings.home.exists()
