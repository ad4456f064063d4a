"""A release directory is written once, names its own files, and answers for every byte of them."""

import hashlib
import json
import os
import stat
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from dtsen_pipeline.resources.store import ATTEMPT, Finding, Sealed, Store
from dtsen_pipeline.schemas.errors import DtsenError

FILES = ("anggota/part-00000.parquet", "keluarga/part-00000.parquet", "keluarga/part-00001.parquet")
PAPERS = ("README.md", "SHA256SUMS", "datapackage.json", "manifest.json")
MANIFEST = {
    "release_id": "R1",
    "tables": {"keluarga": {"rows": 2, "columns": [{"name": "family_id", "type": "string"}]}},
    "bits": {7: "x"},
}
CANARY = "Canary_Siti"


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return Store(tmp_path / "releases")


def _fill(directory: Path) -> None:
    for name in FILES:
        (directory / name).parent.mkdir(exist_ok=True)
        (directory / name).write_bytes(name.encode())


def _make(store: Store) -> tuple[Path, Sealed]:
    directory = store.stage("2026-W40", "r1", set())
    _fill(directory)
    return directory, store.seal(directory, MANIFEST, FILES, lambda facts: f"# {facts['release_id']}\n")


@pytest.fixture
def sealed(store: Store) -> Path:
    return _make(store)[0]


class TestStage:
    """Room is made for one release, and only an unregistered attempt gives way."""

    def test_an_empty_private_directory(self, store: Store, tmp_path: Path) -> None:
        before = os.umask(0)
        directory = store.stage("2026-W40", "r1", set())
        os.umask(before)
        assert directory == tmp_path / "releases" / "2026-W40" / "r1" == store.directory("2026-W40/r1")
        modes = {stat.S_IMODE(path.stat().st_mode) for path in (directory, *directory.parents[:2])}
        assert modes == {0o700}
        assert list(directory.iterdir()) == []

    def test_an_unregistered_attempt_is_removed(self, store: Store) -> None:
        _fill(store.stage("2026-W40", "r1", set()))
        directory = store.stage("2026-W40", "r1", set())
        assert list(directory.iterdir()) == []

    def test_an_attempt_of_another_week_is_removed_with_its_week(self, store: Store) -> None:
        _make(store)
        store.stage("2026-W41", "r2", set())
        assert sorted(path.name for path in store.root.iterdir()) == ["2026-W41", ATTEMPT]

    def test_a_registered_release_stays(self, store: Store, sealed: Path) -> None:
        store.stage("2026-W40", "r2", {"2026-W40/r1"})
        assert store.verify(sealed) == []
        with pytest.raises(DtsenError, match=r"^E_RELEASE_EXISTS"):
            store.stage("2026-W40", "r1", {"2026-W40/r1"})
        assert store.verify(sealed) == []

    def test_a_wrong_registry_cannot_cost_a_settled_release(self, store: Store, sealed: Path) -> None:
        store.settle({"2026-W40/r1"})
        store.stage("2026-W41", "r2", set())
        with pytest.raises(DtsenError, match=r"^E_RELEASE_FOREIGN"):
            store.stage("2026-W40", "r1", set())
        assert store.verify(sealed) == []

    def test_settling_removes_what_was_not_registered(self, store: Store, sealed: Path) -> None:
        store.settle({"2026-W39/r0"})
        assert not sealed.exists()
        assert list(store.root.iterdir()) == []
        store.settle(set())

    @pytest.mark.parametrize("names", [{"r1"}, {"2026-W40/r1/x"}, {"2026-W40/r1", ""}])
    def test_registered_releases_are_given_as_paths(self, store: Store, sealed: Path, names: set[str]) -> None:
        with pytest.raises(ValueError, match="week/release_id"):
            store.stage("2026-W41", "r2", names)
        assert store.verify(sealed) == []

    @pytest.mark.parametrize("name", ["..", ".", "", "a/b", "-x", "a\n", "/etc", "a" * 101])
    def test_a_name_stays_inside(self, store: Store, name: str) -> None:
        for week, release_id in ((name, "r1"), ("2026-W40", name)):
            with pytest.raises(DtsenError, match=r"^E_RELEASE_UNKNOWN"):
                store.stage(week, release_id, set())
            with pytest.raises(DtsenError, match=r"^E_RELEASE_UNKNOWN"):
                store.directory(f"{week}/{release_id}")

    @pytest.mark.parametrize("note", ["", "..", "../inbox", "2026-W40", "2026-W40/r1/keluarga", "a/../b"])
    def test_a_damaged_note_removes_nothing(self, store: Store, sealed: Path, note: str) -> None:
        (store.root.parent / "inbox").mkdir()
        (store.root / ATTEMPT).write_text(note)
        store.settle(set())
        assert store.verify(sealed) == []
        assert (store.root.parent / "inbox").exists()
        assert not (store.root / ATTEMPT).exists()

    def test_the_note_of_an_attempt_that_was_not_begun(self, store: Store) -> None:
        store.settle(set())
        (store.root / ATTEMPT).write_text("2026-W40/r1")
        assert store.stage("2026-W40", "r1", set()).exists()


class TestSeal:
    """The manifest comes last and names every other file."""

    def test_the_result(self, store: Store) -> None:
        directory, result = _make(store)
        content = (directory / "manifest.json").read_bytes()
        facts = store.manifest(directory)
        assert result.path == "2026-W40/r1"
        assert result.manifest_sha256 == hashlib.sha256(content).hexdigest()
        assert sorted(facts["files"]) == sorted({*FILES, *PAPERS} - {"manifest.json"})
        for name, entry in facts["files"].items():
            written = (directory / name).read_bytes()
            assert entry == {"sha256": hashlib.sha256(written).hexdigest(), "size": len(written)}
        assert result.files == len(facts["files"])
        assert result.size == sum(entry["size"] for entry in facts["files"].values())
        assert facts["bits"] == {"7": "x"}

    def test_the_same_content_gives_the_same_bytes(self, tmp_path: Path) -> None:
        results = {_make(Store(tmp_path / name))[1].manifest_sha256 for name in "ab"}
        assert len(results) == 1

    def test_everything_is_private(self, store: Store) -> None:
        before = os.umask(0)
        directory, _ = _make(store)
        os.umask(before)
        modes = {(path.is_dir(), stat.S_IMODE(path.stat().st_mode)) for path in directory.rglob("*")}
        assert modes == {(True, 0o700), (False, 0o600)}

    def test_everything_is_on_disk_and_the_manifest_last(self, store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
        directory = store.stage("2026-W40", "r1", set())
        _fill(directory)
        synced: list[int] = []
        real = os.fsync

        def record(fd: int) -> None:
            synced.append(os.fstat(fd).st_ino)
            real(fd)

        monkeypatch.setattr(os, "fsync", record)
        store.seal(directory, MANIFEST, FILES, str)
        everything = {path.stat().st_ino for path in (store.root, directory.parent, *directory.rglob("*"))}
        assert everything <= set(synced)
        manifest, last = synced[-2:]
        assert manifest == (directory / "manifest.json").stat().st_ino
        assert last == directory.stat().st_ino

    def test_the_checksums_are_those_that_sha256sum_reads(self, sealed: Path) -> None:
        lines = [line.split("  ") for line in (sealed / "SHA256SUMS").read_text().splitlines()]
        assert [name for _, name in lines] == sorted([*FILES, "README.md", "datapackage.json"])
        assert all(hashlib.sha256((sealed / name).read_bytes()).hexdigest() == sha for sha, name in lines)

    def test_the_data_package_describes_the_tables(self, sealed: Path) -> None:
        package = json.loads((sealed / "datapackage.json").read_text())
        anggota, keluarga = package["resources"]
        assert package["name"] == "dtsen-r1"
        assert (anggota["name"], anggota["path"]) == ("anggota", [FILES[0]])
        assert (keluarga["path"], keluarga["rows"]) == (list(FILES[1:]), 2)
        assert keluarga["schema"] == {"fields": [{"name": "family_id", "type": "string"}]}
        assert "schema" not in anggota

    def test_the_readme_is_written_from_the_manifest(self, sealed: Path) -> None:
        assert (sealed / "README.md").read_text() == "# R1\n"

    @pytest.mark.parametrize("files", [FILES[:2], (*FILES, "keluarga/part-00002.parquet"), ()])
    def test_only_exactly_what_was_written(self, store: Store, files: tuple[str, ...]) -> None:
        directory = store.stage("2026-W40", "r1", set())
        _fill(directory)
        with pytest.raises(DtsenError, match=r"^E_SEAL"):
            store.seal(directory, MANIFEST, files, str)
        assert not (directory / "manifest.json").exists()

    def test_a_link_is_not_sealed(self, store: Store, tmp_path: Path) -> None:
        directory = store.stage("2026-W40", "r1", set())
        _fill(directory)
        (directory / FILES[0]).unlink()
        (tmp_path / "elsewhere").write_text("x")
        (directory / FILES[0]).symlink_to(tmp_path / "elsewhere")
        with pytest.raises(DtsenError, match=r"^E_SEAL"):
            store.seal(directory, MANIFEST, FILES, str)

    def test_nothing_is_sealed_twice(self, store: Store, sealed: Path) -> None:
        before = (sealed / "manifest.json").read_bytes()
        with pytest.raises(DtsenError, match=r"^E_SEAL"):
            store.seal(sealed, MANIFEST, FILES, str)
        with pytest.raises(FileExistsError):
            store.seal(sealed, MANIFEST, (*FILES, *PAPERS), str)
        assert (sealed / "manifest.json").read_bytes() == before

    def test_killed_before_the_manifest(self, store: Store) -> None:
        directory = store.stage("2026-W40", "r1", set())
        _fill(directory)
        script = (
            "import pathlib, sys; from dtsen_pipeline.resources.store import Store\n"
            "root = pathlib.Path(sys.argv[1])\n"
            "Store(root).seal(root / '2026-W40' / 'r1', {}, sys.argv[2:], str)"
        )
        died = subprocess.run(
            [sys.executable, "-c", script, store.root, *FILES],
            env={"DTSEN_FAILPOINT": "store-before-manifest"},
            check=False,
        )
        assert died.returncode == -9
        assert (directory / "SHA256SUMS").exists()
        assert store.verify(directory) == [Finding("missing", "manifest.json")]
        again, _ = _make(store)
        assert store.verify(again) == []


class TestVerify:
    """A changed, missing or extra file is found, whichever it is."""

    def test_a_sound_release(self, store: Store) -> None:
        directory, result = _make(store)
        assert store.verify(directory) == []
        assert store.verify(directory, result.manifest_sha256) == []

    @pytest.mark.parametrize("name", [*FILES, *PAPERS])
    @pytest.mark.parametrize("where", [0, 0.5, 1])
    def test_one_changed_byte(self, store: Store, sealed: Path, name: str, where: float) -> None:
        content = bytearray((sealed / name).read_bytes())
        content[int(where * (len(content) - 1))] ^= 1
        (sealed / name).write_bytes(content)
        assert name in {finding.name for finding in store.verify(sealed)}

    def test_every_byte_of_the_manifest_counts(self, store: Store, sealed: Path) -> None:
        path = sealed / "manifest.json"
        sound = path.read_bytes()
        for position in range(len(sound)):
            path.write_bytes(sound[:position] + bytes([sound[position] ^ 1]) + sound[position + 1 :])
            assert store.verify(sealed), position
        for other in (sound + b"\n", sound[:-1], sound.replace(b"\n", b"\r\n"), b"", b"[]", b"{}"):
            path.write_bytes(other)
            assert [finding.name for finding in store.verify(sealed)] == ["manifest.json"]

    @pytest.mark.parametrize("name", [*FILES, *PAPERS])
    def test_a_missing_file(self, store: Store, sealed: Path, name: str) -> None:
        (sealed / name).unlink()
        assert Finding("missing", name) in store.verify(sealed)

    @pytest.mark.parametrize("name", [*FILES, *PAPERS])
    @pytest.mark.parametrize("change", [b"", b"longer"])
    def test_another_size(self, store: Store, sealed: Path, name: str, change: bytes) -> None:
        content = (sealed / name).read_bytes()
        (sealed / name).write_bytes(content + change if change else content[:-1])
        assert {finding.name for finding in store.verify(sealed)} == {name}

    @pytest.mark.parametrize("name", [CANARY, f"keluarga/{CANARY}", f"{CANARY}/{CANARY}", ".hidden"])
    def test_an_extra_file_is_named_by_its_token(self, store: Store, sealed: Path, name: str) -> None:
        (sealed / name).parent.mkdir(exist_ok=True)
        (sealed / name).write_bytes(b"x")
        token = hashlib.sha256(b"x").hexdigest()[:12]
        assert [str(finding) for finding in store.verify(sealed)] == [f"extra: token {token}"]

    @pytest.mark.parametrize(
        "make",
        [
            Path.mkdir,
            os.mkfifo,
            lambda path: path.symlink_to("manifest.json"),
            lambda path: path.symlink_to("keluarga"),
        ],
    )
    def test_an_extra_entry_that_is_no_file(self, store: Store, sealed: Path, make: Callable[[Path], None]) -> None:
        make(sealed / CANARY)
        (finding,) = store.verify(sealed)
        assert finding.problem == "odd"
        assert CANARY not in str(finding)

    @pytest.mark.parametrize("name", [FILES[0], "README.md"])
    def test_a_file_that_became_a_link_to_the_same_bytes(
        self, store: Store, sealed: Path, tmp_path: Path, name: str
    ) -> None:
        (sealed / name).rename(tmp_path / "moved")
        (sealed / name).symlink_to(tmp_path / "moved")
        assert store.verify(sealed) == [Finding("odd", name)]

    def test_a_directory_that_became_a_link(self, store: Store, sealed: Path, tmp_path: Path) -> None:
        (sealed / "anggota").rename(tmp_path / "moved")
        (sealed / "anggota").symlink_to(tmp_path / "moved")
        assert Finding("odd", FILES[0]) in store.verify(sealed)

    def test_a_manifest_that_became_a_link(self, store: Store, sealed: Path, tmp_path: Path) -> None:
        (sealed / "manifest.json").rename(tmp_path / "moved")
        (sealed / "manifest.json").symlink_to(tmp_path / "moved")
        assert store.verify(sealed) == [Finding("missing", "manifest.json")]

    def test_a_release_that_was_sealed_again_differs_from_the_registry(self, store: Store, tmp_path: Path) -> None:
        _, result = _make(store)
        other = Store(tmp_path / "other")
        forged = other.stage("2026-W40", "r1", set())
        _fill(forged)
        (forged / FILES[0]).write_bytes(b"forged")
        other.seal(forged, MANIFEST, FILES, str)
        assert other.verify(forged) == []
        assert other.verify(forged, result.manifest_sha256) == [Finding("changed", "manifest.json")]

    def test_checksums_that_disagree_with_the_manifest(self, store: Store, sealed: Path) -> None:
        from dtsen_pipeline.resources import manifest as papers  # noqa: PLC0415

        facts = store.manifest(sealed)
        sums = (sealed / "SHA256SUMS").read_bytes()
        (sealed / "SHA256SUMS").write_bytes(sums[::-1])
        facts["files"]["SHA256SUMS"] = papers.entry(sealed / "SHA256SUMS")
        (sealed / "manifest.json").write_bytes(papers.encode(facts))
        assert store.verify(sealed) == [Finding("changed", "SHA256SUMS")]

    @pytest.mark.parametrize("name", ["../../secret", "/etc/passwd", "keluarga//x", "a/../b", "", "."])
    def test_a_manifest_that_points_outside_is_not_followed(self, store: Store, sealed: Path, name: str) -> None:
        from dtsen_pipeline.resources import manifest as papers  # noqa: PLC0415

        facts = store.manifest(sealed)
        facts["files"][name] = facts["files"][FILES[0]]
        (sealed / "manifest.json").write_bytes(papers.encode(facts))
        assert store.verify(sealed) == [Finding("unreadable", "manifest.json")]

    @pytest.mark.parametrize("content", [b"\xff", b"{", b"[" * 100_000, b'{"files": {}}', b'{"files": []}'])
    def test_a_manifest_that_is_none(self, store: Store, sealed: Path, content: bytes) -> None:
        (sealed / "manifest.json").write_bytes(content)
        assert store.verify(sealed) == [Finding("unreadable", "manifest.json")]
        with pytest.raises(DtsenError, match=r"^E_MANIFEST"):
            store.manifest(sealed)

    def test_a_directory_that_is_not_there(self, store: Store, tmp_path: Path) -> None:
        assert store.verify(tmp_path / "nothing") == [Finding("missing", "manifest.json")]
