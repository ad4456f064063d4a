"""The weekly refresh from frozen inputs to the pointer: what it publishes, and when it refuses."""

import re
import subprocess
import sys
from datetime import UTC, date, datetime
from pathlib import Path

import polars as pl
import pytest

from dtsen_pipeline.resources.decide import Word, refuse
from dtsen_pipeline.schemas.errors import DtsenError
from dtsen_pipeline.schemas.release import TABLES
from tests.house import (
    EARLY,
    EARLY_DAY,
    EARLY_WEEK,
    LATE,
    LATE_DAY,
    LATE_WEEK,
    copied,
    current,
    dagster_runs,
    early_files,
    failures,
    fill,
    house,
    late_files,
    leftovers,
    loaded_ids,
    manifest,
    materialised,
    query,
    refreshed,
    unsound,
)

HOLDER = """
import sys
from datetime import UTC, datetime
from dtsen_pipeline.resources.lease import Owner, take
from dtsen_pipeline.resources.platform import opened
with opened() as platform:
    take(platform.registry, "refresh", str(Owner.current()), 900, datetime.now(UTC))
    print("held", flush=True)
    sys.stdin.readline()
"""


def _status(home: Path) -> list[tuple[str, str]]:
    with house(home) as platform:
        return [(run.week, run.status) for run in platform.registry.runs()]


def _release_of(home: Path, week: str) -> str:
    with house(home) as platform:
        return next(release.release_id for release in platform.registry.releases() if release.week == week)


class TestPublished:
    """Two weeks with input, each published."""

    def test_every_table_is_there_as_the_manifest_says(self, late_home: Path) -> None:
        release = current(late_home)
        assert release is not None
        facts = manifest(late_home, release)
        directory = late_home / "releases" / LATE_WEEK / release
        rows = {
            table: pl.scan_parquet(directory / table / "*.parquet").select(pl.len()).collect().item()
            for table in TABLES
        }
        assert rows == {table: facts["tables"][table]["rows"] for table in TABLES}
        assert rows["keluarga"] > 300
        assert rows["lineage"] > 0
        assert facts["release_id"] == release == facts["content_root"][:16]
        assert (facts["base_version"], facts["envelope"]["week"]) == ("v4_2026", LATE_WEEK)
        assert facts["envelope"]["as_of"] == LATE_DAY.isoformat()

    def test_the_views_in_sql_show_the_current_release(self, late_home: Path) -> None:
        release = current(late_home)
        assert release is not None
        facts = manifest(late_home, release)
        for table in TABLES:
            assert query(late_home, f"SELECT count(*), min(release_id) FROM v_{table}") == [  # noqa: S608
                (facts["tables"][table]["rows"], release if facts["tables"][table]["rows"] else None)
            ]

    def test_each_run_is_recorded_with_its_list(self, late_home: Path) -> None:
        with house(late_home) as platform:
            runs = platform.registry.runs()
            releases = platform.registry.releases()
        assert [(run.week, run.as_of, run.status) for run in runs] == [
            (EARLY_WEEK, EARLY_DAY, "published"),
            (LATE_WEEK, LATE_DAY, "published"),
        ]
        assert [run.list_hash for run in runs] == [release.list_hash for release in releases]
        assert {run.dagster_run_id for run in runs} == dagster_runs(late_home).keys()
        assert set(dagster_runs(late_home).values()) == {"SUCCESS"}

    def test_the_early_release_holds_only_what_had_come(self, late_home: Path) -> None:
        early = manifest(late_home, _release_of(late_home, EARLY_WEEK))
        late = manifest(late_home, _release_of(late_home, LATE_WEEK))
        assert (early["base_version"], len(early["inputs"]["sources"])) == ("v3_2026", 4)
        assert (late["base_version"], len(late["inputs"]["sources"])) == ("v4_2026", 8)

    def test_nothing_is_left_over_and_all_is_whole(self, late_home: Path) -> None:
        assert leftovers(late_home) == []
        assert unsound(late_home) == []

    def test_what_lies_in_the_home_is_private(self, late_home: Path) -> None:
        open_to_others = [path for path in late_home.rglob("*") if path.stat().st_mode & 0o077]
        assert open_to_others == []


class TestUnchanged:
    """A release says nothing of the day on which it was made."""

    def test_weeks_without_input_and_across_an_age_limit(self, town: Path, tmp_path: Path) -> None:
        """In January the visits are younger than every age limit, in March older than the shortest, a year."""
        files = tmp_path / "files"
        files.mkdir()
        for file in early_files(town):
            (files / file.name).write_bytes(file.read_bytes().replace(b"2026-09-", b"2025-02-"))
            (files / f"{file.name}.json").write_bytes(file.with_name(f"{file.name}.json").read_bytes())
        home = tmp_path / "home"
        fill(home, sorted(files.glob("*.csv")), datetime(2026, 1, 6, 3, tzinfo=UTC))
        first = refreshed(home, date(2026, 1, 7))
        assert (first.status, first.moved) == ("published", True)
        for day in (date(2026, 1, 14), date(2026, 3, 4)):
            again = refreshed(home, day)
            assert (again.status, again.release_id, again.moved) == ("unchanged", first.release_id, False)
        assert [status for _, status in _status(home)] == ["published", *["unchanged"] * 2]
        assert current(home) == first.release_id
        assert len(list((home / "releases").glob("*/*"))) == 1
        assert leftovers(home) == []


class TestOlderWeeks:
    """Re-running an old week never moves the pointer back."""

    def test_a_week_that_was_published(self, late_home: Path, tmp_path: Path) -> None:
        home = copied(late_home, tmp_path / "home")
        late = current(home)
        again = refreshed(home, EARLY_DAY)
        assert (again.status, again.moved) == ("unchanged", False)
        assert again.release_id == _release_of(home, EARLY_WEEK)
        assert current(home) == late

    def test_an_older_week_with_content_of_its_own(self, late_home: Path, tmp_path: Path) -> None:
        home = copied(late_home, tmp_path / "home")
        late = current(home)
        with house(home) as platform:
            tokens = [file.token for file in platform.registry.files(version="v3_2026")]
        older = refreshed(home, date(2026, 2, 4), tokens=tokens)
        assert (older.status, older.moved, older.week) == ("published", False, "2026-02-02")
        assert older.release_id is not None
        assert {source["table"] for source in manifest(home, older.release_id)["inputs"]["sources"]} == {
            "keluarga",
            "anggota",
        }
        assert current(home) == late
        assert unsound(home) == []
        assert query(home, "SELECT DISTINCT release_id FROM v_keluarga") == [(late,)]


class TestTakenBack:
    """What a person withdrew does not come back by itself; what a person refused goes."""

    def test_after_a_rollback_the_same_inputs_are_not_published(self, late_home: Path, tmp_path: Path) -> None:
        home = copied(late_home, tmp_path / "home")
        early = _release_of(home, EARLY_WEEK)
        with house(home) as platform:
            platform.registry.rollback(early, "wrong batch", "head", LATE)
        again = refreshed(home, LATE_DAY)
        assert again.status == "failed"
        assert (again.problem or "").startswith("E_WITHDRAWN")
        assert current(home) == early
        assert leftovers(home) == []
        assert _status(home)[-1] == (LATE_WEEK, "failed")

    def test_a_refused_batch_is_out_of_the_next_release(self, late_home: Path, tmp_path: Path) -> None:
        """Without the files of March the content is January's again: that release is current again."""
        home = copied(late_home, tmp_path / "home")
        early = _release_of(home, EARLY_WEEK)
        with house(home) as platform:
            for file in platform.registry.files(verdict="accepted"):
                if file.received_at == LATE:
                    refuse(platform, file.token, Word("not ours", "head", LATE))
        again = refreshed(home, LATE_DAY)
        assert (again.status, again.release_id, again.moved) == ("published", early, True)
        assert current(home) == early
        assert query(home, "SELECT DISTINCT release_id FROM v_keluarga") == [(early,)]
        assert leftovers(home) == []
        assert unsound(home) == []


class TestRefused:
    """A refresh that cannot begin says why, and leaves everything as it was."""

    @pytest.mark.parametrize("files", ["none", "half", "held"])
    def test_without_a_complete_snapshot(self, town: Path, new_home: Path, files: str) -> None:
        given = {"none": [], "half": early_files(town)[:1], "held": early_files(town)[:2]}[files]
        if files != "held":
            fill(new_home, given, EARLY)
        done = refreshed(new_home, LATE_DAY)
        assert (done.status, done.release_id) == ("failed", None)
        assert (done.problem or "").startswith("E_NO_SNAPSHOT")
        assert _status(new_home) == [(LATE_WEEK, "failed")]
        assert leftovers(new_home) == []

    def test_a_token_that_is_not_accepted(self, early_home: Path, tmp_path: Path) -> None:
        home = copied(early_home, tmp_path / "home")
        done = refreshed(home, LATE_DAY, tokens=["0" * 12])
        assert (done.problem or "").startswith("E_TOKEN_UNKNOWN")

    def test_while_another_refresh_runs(self, late_home: Path, tmp_path: Path) -> None:
        home = copied(late_home, tmp_path / "home")
        before = _status(home)
        with subprocess.Popen(
            [sys.executable, "-c", HOLDER],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            env={"DTSEN_HOME": str(home)},
            text=True,
        ) as holder:
            assert holder.stdout is not None
            assert holder.stdout.readline() == "held\n"
            done = refreshed(home, LATE_DAY)
            assert done.status == "failed"
            assert (done.problem or "").startswith("E_LEASE_HELD")
            holder.kill()
        assert _status(home) == before
        assert materialised(home, LATE_WEEK, "release").success
        assert leftovers(home) == []

    @pytest.mark.parametrize("day", [date(2025, 12, 30), date(2100, 1, 4)])
    def test_a_day_outside_the_weeks(self, early_home: Path, tmp_path: Path, day: date) -> None:
        home = copied(early_home, tmp_path / "home")
        with pytest.raises(DtsenError, match=r"^E_AS_OF.*2026-01-05"):
            refreshed(home, day)
        assert _status(home) == _status(early_home)


class TestPreview:
    """A preview stops at the door."""

    def test_it_publishes_nothing(self, early_home: Path, waiting_home: Path) -> None:
        assert current(waiting_home) == current(early_home)
        assert _status(waiting_home) == _status(early_home)
        assert loaded_ids(waiting_home) == loaded_ids(early_home)
        assert leftovers(waiting_home) == []
        names = {path.name for path in waiting_home.glob("work/*/candidate_*.parquet")}
        assert names == {f"candidate_{table}.parquet" for table in TABLES}


def _spoil(home: Path) -> None:
    """Give the candidate an official decile that does not exist."""
    with house(home) as platform:
        listed = (platform.home.work / "lists" / f"{LATE_WEEK}.json").read_text()
    folders = [path.parent for path in home.glob("work/*/candidate_keluarga.parquet")]
    assert listed
    for folder in folders:
        path = folder / "candidate_keluarga.parquet"
        frame = pl.read_parquet(path)
        frame.with_columns(desil_nasional=pl.lit(11, dtype=pl.Int64)).write_parquet(path)


class TestReleaseAlone:
    """Launching `release` by itself leads through the door too."""

    @pytest.mark.parametrize("job", ["weekly_refresh", ""])
    def test_a_candidate_that_cannot_be_proved_is_not_published(
        self, early_home: Path, waiting_home: Path, tmp_path: Path, job: str
    ) -> None:
        home = copied(waiting_home, tmp_path / "home")
        _spoil(home)
        result = materialised(home, LATE_WEEK, "release", job=job)
        assert not result.success
        problem = failures(result)[0]
        assert re.search(r"E_DOOR: .*tabel keluarga: \S+ pada kolom desil_nasional \(\d+ dari \d+ baris\)", problem)
        assert current(home) == current(early_home)
        assert _status(home)[-1] == (LATE_WEEK, "failed")
        assert leftovers(home) == []
        assert unsound(home) == []

    def test_a_sound_candidate_is_published(self, late_home: Path, waiting_home: Path, tmp_path: Path) -> None:
        home = copied(waiting_home, tmp_path / "home")
        assert materialised(home, LATE_WEEK, "release", job="").success
        assert current(home) == current(late_home)
        assert leftovers(home) == []

    def test_without_a_candidate(self, filled_home: Path, tmp_path: Path) -> None:
        home = copied(filled_home, tmp_path / "home")
        assert failures(materialised(home, LATE_WEEK, "release"))[0].startswith("E_NO_LIST")
        assert materialised(home, LATE_WEEK, "inputs").success
        assert failures(materialised(home, LATE_WEEK, "release"))[0].startswith("E_NO_STAGE")
        assert current(home) is None
        assert leftovers(home) == []

    def test_with_a_table_missing(self, early_home: Path, waiting_home: Path, tmp_path: Path) -> None:
        home = copied(waiting_home, tmp_path / "home")
        for path in home.glob("work/*/candidate_lineage.parquet"):
            path.unlink()
        assert failures(materialised(home, LATE_WEEK, "release"))[0].startswith("E_NO_CANDIDATE")
        assert current(home) == current(early_home)
        assert leftovers(home) == []


class TestFailingCheck:
    """A blocking check that fails keeps the release from being made, and its name is told."""

    def test_a_kelurahan_that_is_missing_blocks(self, town: Path, tmp_path: Path) -> None:
        files = tmp_path / "files"
        files.mkdir()
        for file in early_files(town)[:2]:
            lines = file.read_bytes().splitlines(keepends=True)
            kept = [line for line in lines if b'"3571010001"' not in line]
            (files / file.name).write_bytes(b"".join(kept))
            (files / f"{file.name}.json").write_bytes(file.with_name(f"{file.name}.json").read_bytes())
        home = tmp_path / "home"
        fill(home, sorted(files.glob("*.csv")), EARLY)
        done = refreshed(home, EARLY_DAY)
        assert done.status == "failed"
        assert done.failed_checks == ("candidate/summary populasi",)
        assert (done.problem or "").startswith("E_DOOR")
        assert current(home) is None
        assert leftovers(home) == []
        assert not list((home / "releases").glob("*/*"))


def test_the_two_halves_of_the_town_differ(town: Path) -> None:
    assert len({file.read_bytes() for file in early_files(town) + late_files(town)}) == 8
