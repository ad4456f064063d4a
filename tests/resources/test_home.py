"""A home is closed to other users, and a private file is private from its first byte."""

import os
import stat
from collections.abc import Iterator
from pathlib import Path

import pytest

from dtsen_pipeline.resources.home import Home, write_private
from dtsen_pipeline.schemas.errors import DtsenError


@pytest.fixture(autouse=True)
def _open_umask() -> Iterator[None]:
    """Modes must not depend on the umask."""
    before = os.umask(0)
    yield
    os.umask(before)


def _mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def test_the_layout(tmp_path: Path) -> None:
    home = Home(tmp_path / "h")
    names = {path.name for path in vars(home).values()}
    assert names == {"h", "inbox", "vault", "work", "releases", "dagster", "registry.db", "key"}


def test_prepare_makes_private_directories_and_nothing_else(tmp_path: Path) -> None:
    home = Home(tmp_path / "deep" / "h").prepare()
    assert {path.name for path in home.root.iterdir()} == {"inbox", "vault", "work", "releases", "dagster"}
    assert {_mode(path) for path in [home.root, *home.root.iterdir()]} == {0o700}


def test_prepare_closes_what_was_open_and_keeps_what_is_in_it(tmp_path: Path) -> None:
    home = Home(tmp_path / "h").prepare()
    (home.inbox / "file").write_text("x")
    home.inbox.chmod(0o755)
    home.root.chmod(0o755)
    home.prepare()
    assert (_mode(home.inbox), _mode(home.root)) == (0o700, 0o700)
    assert (home.inbox / "file").read_text() == "x"


def test_a_home_that_cannot_be_made_is_refused_without_its_name(tmp_path: Path) -> None:
    (tmp_path / "canary").write_text("a file")
    with pytest.raises(DtsenError) as caught:
        Home(tmp_path / "canary").prepare()
    assert caught.value.code == "E_HOME"
    assert "canary" not in str(caught.value)
    assert caught.value.__context__ is None


def test_a_private_file_is_private_and_complete(tmp_path: Path) -> None:
    write_private(tmp_path / "f", b"content")
    assert (tmp_path / "f").read_bytes() == b"content"
    assert _mode(tmp_path / "f") == 0o600


def test_a_private_file_never_replaces_another(tmp_path: Path) -> None:
    write_private(tmp_path / "f", b"first")
    (tmp_path / "link").symlink_to(tmp_path / "target")
    for name in ("f", "link"):
        with pytest.raises(FileExistsError):
            write_private(tmp_path / name, b"second")
    assert (tmp_path / "f").read_bytes() == b"first"
    assert not (tmp_path / "target").exists()


def test_a_private_file_is_on_disk_before_the_call_returns(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    synced: list[bool] = []
    real = os.fsync

    def record(fd: int) -> None:
        synced.append(stat.S_ISDIR(os.fstat(fd).st_mode))
        real(fd)

    monkeypatch.setattr(os, "fsync", record)
    write_private(tmp_path / "f", b"x")
    assert synced == [False, True]
