"""Bytes go in whole or not at all, come out the same, and their file's name is forgotten."""

import hashlib
import os
import stat
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from dtsen_pipeline.resources import vault as module
from dtsen_pipeline.resources.vault import Vault
from dtsen_pipeline.schemas.errors import DtsenError

CANARY = "Canary_Siti_3571"


@pytest.fixture
def vault(tmp_path: Path) -> Vault:
    return Vault(tmp_path / "vault")


def _file(tmp_path: Path, content: bytes = b"content", name: str = CANARY) -> Path:
    path = tmp_path / name
    path.write_bytes(content)
    return path


def _kept(vault: Vault) -> list[Path]:
    return [path for path in vault.root.rglob("*") if path.is_file() and path.name != ".lock"]


def _refused(vault: Vault, path: Path) -> DtsenError:
    with pytest.raises(DtsenError) as caught:
        vault.put(path)
    error: BaseException | None = caught.value
    while error is not None:
        assert CANARY not in f"{error!r} {error}"
        error = error.__cause__ or error.__context__
    assert not vault.root.exists() or _kept(vault) == []
    return caught.value


def test_what_was_put_comes_back(vault: Vault, tmp_path: Path) -> None:
    content = os.urandom(module.CHUNK * 2 + 17)
    sha256 = hashlib.sha256(content).hexdigest()
    deposit = vault.put(_file(tmp_path, content))
    assert (deposit.sha256, deposit.token, deposit.size) == (sha256, sha256[:12], len(content))
    assert deposit.is_new
    assert vault.read_bytes(sha256) == content
    with vault.open(sha256) as file:
        assert file.read() == content
    assert vault.check(sha256) == vault.root / sha256[:2] / sha256


def test_an_empty_file_is_kept_too(vault: Vault, tmp_path: Path) -> None:
    deposit = vault.put(_file(tmp_path, b""))
    assert (deposit.size, vault.read_bytes(deposit.sha256)) == (0, b"")


def test_the_same_bytes_again_are_not_new(vault: Vault, tmp_path: Path) -> None:
    first = vault.put(_file(tmp_path))
    second = vault.put(_file(tmp_path, name="another"))
    assert (first.is_new, second.is_new) == (True, False)
    assert first.sha256 == second.sha256
    assert _kept(vault) == [vault.path(first.sha256)]


def test_everything_is_private_and_the_name_is_forgotten(vault: Vault, tmp_path: Path) -> None:
    before = os.umask(0)
    deposit = vault.put(_file(tmp_path))
    os.umask(before)
    modes = {stat.S_IMODE(path.stat().st_mode) for path in vault.root.rglob("*") if path.is_file()}
    folders = {stat.S_IMODE(p.stat().st_mode) for p in [vault.root, *vault.root.rglob("*")] if p.is_dir()}
    assert (modes, folders) == ({0o600}, {0o700})
    assert CANARY not in "".join(str(path.relative_to(tmp_path)) for path in vault.root.rglob("*"))
    assert CANARY not in repr(deposit)


def test_a_missing_file(vault: Vault, tmp_path: Path) -> None:
    assert _refused(vault, tmp_path / CANARY).code == "E_MISSING"
    assert _refused(vault, _file(tmp_path, name="plain") / CANARY).code == "E_MISSING"
    assert _refused(vault, tmp_path / (CANARY * 100)).code == "E_MISSING"
    assert _refused(vault, tmp_path / f"{CANARY}\0").code == "E_MISSING"


def test_a_directory_a_link_and_a_pipe_are_not_read(vault: Vault, tmp_path: Path) -> None:
    folder, link, pipe = (tmp_path / f"{CANARY}{n}" for n in range(3))
    folder.mkdir()
    link.symlink_to(_file(tmp_path, name="target"))
    os.mkfifo(pipe)
    assert {_refused(vault, path).code for path in (folder, link, pipe)} == {"E_NOT_REGULAR"}
    assert _refused(vault, Path("/dev/null")).code == "E_NOT_REGULAR"


def test_a_file_that_becomes_a_link_after_the_look_is_not_followed(
    vault: Vault, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = _file(tmp_path)
    plain = path.lstat()
    path.unlink()
    path.symlink_to(_file(tmp_path, name="target"))
    monkeypatch.setattr(os, "lstat", lambda _: plain)
    assert _refused(vault, path).code == "E_NOT_REGULAR"


def test_a_file_without_permission(vault: Vault, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def deny(path: Path) -> os.stat_result:
        raise PermissionError(13, "denied", str(path))

    monkeypatch.setattr(os, "lstat", deny)
    assert _refused(vault, _file(tmp_path)).code == "E_UNREADABLE"


@pytest.mark.parametrize("change", ["grow", "shrink", "touch"])
def test_a_file_that_changes_during_the_copy_is_refused(
    vault: Vault, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, change: str
) -> None:
    path = _file(tmp_path, b"x" * 1000)
    real = module._copy

    def copy_then_change(*given: object) -> tuple[str, int]:
        if change == "shrink":
            path.write_bytes(b"x" * 10)
        result: tuple[str, int] = real(*given)  # type: ignore[arg-type]
        if change == "grow":
            with path.open("ab") as file:
                file.write(b"more")
        if change == "touch":
            os.utime(path, ns=(0, path.stat().st_mtime_ns + 1))
        return result

    monkeypatch.setattr(module, "_copy", copy_then_change)
    assert _refused(vault, path).code == "E_CHANGING"


def test_a_file_that_grows_without_end_does_not_fill_the_vault(tmp_path: Path) -> None:
    with _file(tmp_path, b"x" * 1000).open("rb") as source:
        assert module._copy(source, tmp_path / "draft", 10)[1] == 10


def test_the_limit(tmp_path: Path) -> None:
    limited = Vault(tmp_path / "vault", limit=7)
    assert _refused(limited, _file(tmp_path, b"12345678")).code == "E_TOO_LARGE"
    assert limited.put(_file(tmp_path, b"1234567")).size == 7


def test_damage_is_found_and_the_same_bytes_mend_it(vault: Vault, tmp_path: Path) -> None:
    deposit = vault.put(_file(tmp_path))
    vault.path(deposit.sha256).write_bytes(b"contenT")
    for read in (vault.read_bytes, vault.check):
        with pytest.raises(DtsenError, match=rf"^E_VAULT_DAMAGED file {deposit.token}: "):
            read(deposit.sha256)
    assert not vault.put(_file(tmp_path)).is_new
    assert vault.read_bytes(deposit.sha256) == b"content"
    assert _kept(vault) == [vault.path(deposit.sha256)]


def test_an_address_is_a_hash(vault: Vault) -> None:
    for address in ("../key", "", "A" * 64, "a" * 63, f"{'a' * 64}\n"):
        with pytest.raises(DtsenError, match=r"^E_VAULT_MISSING: "):
            vault.open(address)
    with pytest.raises(DtsenError, match=rf"^E_VAULT_MISSING file {'a' * 12}: "):
        vault.open("a" * 64)


def test_many_at_once_keep_each_file_once(vault: Vault, tmp_path: Path) -> None:
    paths = [_file(tmp_path, bytes([n % 4]) * 5000, name=f"f{n}") for n in range(16)]
    with ThreadPoolExecutor(8) as pool:
        deposits = list(pool.map(vault.put, paths))
    assert sum(deposit.is_new for deposit in deposits) == 4
    assert len(_kept(vault)) == 4


def test_the_draft_of_a_killed_process_goes_with_the_next_put(vault: Vault, tmp_path: Path) -> None:
    source = _file(tmp_path, b"y" * 100)
    script = (
        "import os, signal, sys, pathlib; from dtsen_pipeline.resources import vault as v\n"
        "v._state = lambda status: os.kill(os.getpid(), signal.SIGKILL)\n"
        "v.Vault(pathlib.Path(sys.argv[1])).put(pathlib.Path(sys.argv[2]))"
    )
    died = subprocess.run([sys.executable, "-c", script, vault.root, source], check=False, capture_output=True)
    assert died.returncode == -9
    assert [path.name.startswith(module.DRAFT) for path in _kept(vault)] == [True]
    deposit = vault.put(_file(tmp_path))
    assert _kept(vault) == [vault.path(deposit.sha256)]


def test_a_draft_in_use_is_left_alone(vault: Vault, tmp_path: Path) -> None:
    with vault._draft() as draft:
        draft.write_bytes(b"being written")
        vault.put(_file(tmp_path))
        assert draft.exists()
    assert not draft.exists()
