"""A publishing process that is killed, and files that change afterwards.

Killed with -9 at each step of publishing: what was current stays so and is whole, the next refresh publishes or
finds it published, and nothing is left over.
"""

import shutil
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import pytest

from dtsen_pipeline.resources.settings import load_settings
from dtsen_pipeline.resources.store import Store
from tests.house import (
    EARLY_WEEK,
    LATE_DAY,
    LATE_WEEK,
    copied,
    current,
    dagster_runs,
    house,
    leftovers,
    manifest,
    materialised,
    program,
    query,
    refreshed,
    table_bytes,
    unsound,
)

PUBLISH = """
import sys
from pathlib import Path
from tests.house import LATE_WEEK, failures, materialised
print(failures(materialised(Path(sys.argv[1]), LATE_WEEK, "release")))
"""
REFRESH = """
import sys
from pathlib import Path
from tests.house import LATE_DAY, refreshed
print(refreshed(Path(sys.argv[1]), LATE_DAY))
"""
BEFORE = ("release-after-write", "release-after-reread", "store-before-manifest", "sql-before-commit")
BEFORE += ("release-after-sql", "publish-before-commit")
AFTER = "publish-after-commit"
POINTS = (*BEFORE, AFTER)
WHOLE = ("release-after-sql", AFTER)
"""Where the whole refresh runs afterwards; elsewhere its last step, from the same candidate."""
KILLED = -9


@dataclass(frozen=True)
class Fault:
    """A home in which a process was killed, how that process ended, and what it said if it lived on."""

    home: Path
    code: int
    said: str


@pytest.fixture(scope="module")
def faults(waiting_home: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Mapping[str, Fault]]:
    """A home for each step, in which a process was killed there; two die at a time."""

    def killed(point: str) -> Fault:
        home = copied(waiting_home, tmp_path_factory.mktemp(point) / "home")
        script = REFRESH if point == "release-after-sql" else PUBLISH
        ended = program(script, home, str(home), DTSEN_FAILPOINT=point)
        return Fault(home, ended.returncode, ended.stdout + ended.stderr)

    with ThreadPoolExecutor(2) as pool:
        yield dict(zip(POINTS, pool.map(killed, POINTS), strict=True))


@pytest.mark.parametrize("point", POINTS)
class TestKilled:
    """One process died at this step."""

    def test_readers_see_a_whole_release(
        self, faults: Mapping[str, Fault], early_home: Path, late_home: Path, point: str
    ) -> None:
        fault = faults[point]
        assert (fault.code, fault.said) == (KILLED, "")
        release = current(late_home if point == AFTER else early_home)
        assert release is not None
        assert current(fault.home) == release
        assert unsound(fault.home) == []
        assert query(fault.home, "SELECT DISTINCT release_id FROM v_keluarga") == [(release,)]
        rows = manifest(fault.home, release)["tables"]["anggota"]["rows"]
        assert query(fault.home, "SELECT count(*) FROM v_anggota") == [(rows,)]

    def test_the_next_refresh_publishes_and_clears_up(
        self, faults: Mapping[str, Fault], late_home: Path, tmp_path: Path, point: str
    ) -> None:
        home = copied(faults[point].home, tmp_path / "home")
        lost = {run for run, status in dagster_runs(home).items() if status == "STARTED"}
        assert len(lost) == 1
        if point in WHOLE:
            assert refreshed(home, LATE_DAY).status == ("unchanged" if point == AFTER else "published")
        else:
            assert materialised(home, LATE_WEEK, "release").success
        release = current(late_home)
        assert release is not None
        assert current(home) == release
        assert unsound(home) == []
        assert leftovers(home) == []
        assert not (home / "releases" / "attempt").exists()
        assert table_bytes(home, release) == table_bytes(late_home, release)
        assert lost <= {run for run, status in dagster_runs(home).items() if status == "FAILURE"}
        with house(home) as platform:
            ended = {run.run_key: (run.status, run.code) for run in platform.registry.runs()}
        expected = ("published", None) if point == AFTER else ("abandoned", "E_ABANDONED")
        assert [ended[run] for run in lost] == [expected]


@pytest.mark.parametrize("point", ["release-after-sql"])
def test_a_week_with_nothing_to_publish_clears_up_too(faults: Mapping[str, Fault], tmp_path: Path, point: str) -> None:
    """What a killed attempt left goes even where the next run finds the current release unchanged."""
    home = copied(faults[point].home, tmp_path / "home")
    with house(home) as platform:
        known = platform.registry.releases()[0]
    sources = manifest(home, known.release_id)["inputs"]["sources"]
    done = refreshed(home, LATE_DAY, tokens=[source["sha256"][:12] for source in sources])
    assert (done.status, done.release_id) == ("unchanged", known.release_id)
    assert current(home) == known.release_id
    assert leftovers(home) == []
    assert not (home / "releases" / "attempt").exists()
    assert unsound(home) == []


@pytest.fixture
def names(early_home: Path) -> list[str]:
    """Every file of the release."""
    directory = _directory(early_home)
    return sorted(path.relative_to(directory).as_posix() for path in directory.rglob("*") if path.is_file())


class TestDamage:
    """`verify` fails on any file of a release that changed by a byte, is missing, or was added."""

    def test_the_release_has_every_kind_of_file(self, names: list[str]) -> None:
        assert {"manifest.json", "SHA256SUMS", "datapackage.json", "README.md"} <= set(names)
        assert len(names) == len([name for name in names if name.endswith(".parquet")]) + 4

    @pytest.mark.parametrize("place", ["first", "middle", "last"])
    def test_a_changed_byte(self, early_home: Path, tmp_path: Path, names: list[str], place: str) -> None:
        directory = shutil.copytree(_directory(early_home), tmp_path / "r")
        assert _problems(early_home, directory) == []
        for name in names:
            path = directory / name
            content = path.read_bytes()
            at = {"first": 0, "middle": len(content) // 2, "last": len(content) - 1}[place]
            path.write_bytes(content[:at] + bytes([content[at] ^ 1]) + content[at + 1 :])
            assert _problems(early_home, directory), name
            path.write_bytes(content)
        assert _problems(early_home, directory) == []

    def test_a_missing_file(self, early_home: Path, tmp_path: Path, names: list[str]) -> None:
        directory = shutil.copytree(_directory(early_home), tmp_path / "r")
        for name in names:
            (directory / name).rename(tmp_path / "kept")
            assert f"missing: {name}" in _problems(early_home, directory)
            (tmp_path / "kept").rename(directory / name)
        assert _problems(early_home, directory) == []

    @pytest.mark.parametrize("name", ["extra.txt", "keluarga/part-00001.parquet", "new/x", ".hidden", "keluarga/.x"])
    def test_an_added_file(self, early_home: Path, tmp_path: Path, name: str) -> None:
        directory = shutil.copytree(_directory(early_home), tmp_path / "r")
        (directory / name).parent.mkdir(exist_ok=True)
        (directory / name).write_bytes(b"")
        (problem,) = _problems(early_home, directory)
        assert problem.startswith("extra: token e3b0c44298fc")

    def test_a_link_in_place_of_a_file(self, early_home: Path, tmp_path: Path, names: list[str]) -> None:
        directory = shutil.copytree(_directory(early_home), tmp_path / "r")
        for name in names:
            path = directory / name
            path.rename(tmp_path / "kept")
            path.symlink_to(tmp_path / "kept")
            assert _problems(early_home, directory), name
            path.unlink()
            (tmp_path / "kept").rename(path)


def _directory(home: Path) -> Path:
    return home / "releases" / EARLY_WEEK / (current(home) or "")


def _problems(home: Path, directory: Path) -> list[str]:
    with house(home) as platform:
        recorded = platform.registry.releases()[0].manifest_sha256
    return [str(finding) for finding in Store(load_settings(home=home).home / "releases").verify(directory, recorded)]
