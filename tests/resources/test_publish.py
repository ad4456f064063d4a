"""Publishing a candidate outside Dagster: what it refuses, and which known content becomes current again."""

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from unittest.mock import patch

import polars as pl
import pytest

from dtsen_pipeline.resources import publish as module
from dtsen_pipeline.resources.engines import open_engine
from dtsen_pipeline.resources.platform import Platform
from dtsen_pipeline.resources.publish import Attempt, Candidate, Publication, publish
from dtsen_pipeline.resources.registry import NewRelease, NewRun, Registry
from dtsen_pipeline.schemas.errors import DtsenError
from dtsen_pipeline.schemas.release import TABLES
from tests.house import LATE_DAY, LATE_WEEK, copied, current, house, leftovers, unsound

NOW = datetime(2026, 3, 4, 3, tzinfo=UTC)


@pytest.fixture
def platform(waiting_home: Path, tmp_path: Path) -> Iterator[Platform]:
    """A house with a candidate before the door."""
    with house(copied(waiting_home, tmp_path / "home")) as opened:
        yield opened


def _publish(platform: Platform, key: str = "k", week: str = LATE_WEEK, day: date = LATE_DAY) -> Publication:
    """Publish what lies in the candidate's files."""
    from dtsen_pipeline.core.inputs import InputList  # noqa: PLC0415 - only here

    listed = InputList.from_json((platform.home.work / "lists" / f"{LATE_WEEK}.json").read_text())
    folder = platform.home.work / listed.hash[:16]
    cuts = pl.read_parquet(folder / "scored_cuts.parquet")
    candidate = Candidate(
        {table: folder / f"candidate_{table}.parquet" for table in TABLES},
        listed,
        cuts.sort(pl.all()).to_series(-1).to_list(),
    )
    platform.registry.start_run(NewRun(key, week, day, listed.hash), NOW)
    engine = open_engine("polars", platform.home.work / "scratch")
    try:
        return publish(platform, candidate, Attempt(key, week, day.isoformat(), NOW), engine)
    finally:
        engine.close()


def test_what_the_disk_does_not_hold_as_computed_is_not_published(platform: Platform, early_home: Path) -> None:
    original = module._write

    def spoiled(candidate: Candidate, directory: Path) -> list[str]:
        names = original(candidate, directory)
        path = directory / "keluarga" / module.PART
        path.write_bytes(path.read_bytes()[:-1] + b"x")
        return names

    with patch.object(module, "_write", spoiled), pytest.raises(DtsenError, match=r"^E_REREAD"):
        _publish(platform)
    assert current(platform.home.root) == current(early_home)
    done = _publish(platform, "again")
    assert (done.status, done.moved) == ("published", True)
    platform.registry.finish_run("k", "failed", NOW)
    assert leftovers(platform.home.root) == []
    assert unsound(platform.home.root) == []


def test_a_file_laid_into_the_directory_meanwhile_is_not_sealed(platform: Platform) -> None:
    original = module._reread

    def joined(candidate: Candidate, directory: Path) -> None:
        original(candidate, directory)
        (directory / "keluarga" / "x.csv").write_text("x")

    with patch.object(module, "_reread", joined), pytest.raises(DtsenError, match=r"^E_SEAL"):
        _publish(platform)


def test_the_pointer_that_moved_meanwhile_is_left_where_it_is(platform: Platform) -> None:
    """Another release became current between the first look and the transaction."""
    original = module.load_release

    def overtaken(registry: Registry, *rest: object) -> object:
        other = NewRelease("ff" * 8, LATE_WEEK, "f" * 64, "1" * 64, "2" * 64, f"{LATE_WEEK}/{'ff' * 8}")
        now = registry.current()
        registry.start_run(NewRun("other", LATE_WEEK, LATE_DAY), NOW)
        registry.publish(other, now.release_id if now else None, "other", NOW)
        return original(registry, *rest)  # type: ignore[arg-type]

    with patch.object(module, "load_release", overtaken), pytest.raises(DtsenError, match=r"^E_CURRENT_MOVED"):
        _publish(platform)
    assert current(platform.home.root) == "ff" * 8


def test_known_content_that_is_damaged_does_not_become_current(platform: Platform) -> None:
    first = _publish(platform, "first", "2026-01-05", date(2026, 1, 5))
    assert (first.status, first.moved) == ("published", False)
    assert first.directory is not None
    path = first.directory / "README.md"
    path.write_bytes(path.read_bytes() + b" ")
    with pytest.raises(DtsenError, match=r"^E_RELEASE_DAMAGED"):
        _publish(platform, "second")


class TestBroughtBack:
    """Content of an earlier release, computed again from what is accepted now."""

    @pytest.fixture
    def two(self, registry: Registry, now: datetime) -> Registry:
        """`aa` of the Monday, then `bb` of the Wednesday of one week; `bb` is current."""
        for name, day in (("aa", date(2026, 1, 12)), ("bb", date(2026, 1, 14))):
            held = registry.current()
            registry.start_run(NewRun(f"run-{name}", "2026-01-12", day), now)
            release = NewRelease(name, "2026-01-12", name * 32, "1" * 64, "2" * 64, f"2026-01-12/{name}")
            registry.publish(release, held.release_id if held else None, f"run-{name}", now)
        return registry

    @pytest.mark.parametrize(
        ("week", "day", "moves"),
        [
            ("2026-01-12", "2026-01-15", True),
            ("2026-01-12", "2026-01-14", True),
            ("2026-01-12", "2026-01-13", False),
            ("2026-01-19", "2026-01-19", True),
            ("2026-01-05", "2026-01-18", False),
        ],
    )
    def test_a_later_day_moves_the_pointer_and_an_earlier_one_does_not(
        self, two: Registry, now: datetime, week: str, day: str, *, moves: bool
    ) -> None:
        two.start_run(NewRun("again", week, date.fromisoformat(day)), now)
        assert two.bring_back("aa", week, "bb", "again", now + timedelta(days=1)) is moves
        found = two.current()
        assert found is not None
        assert found.release_id == ("aa" if moves else "bb")
        run = two.run("again")
        assert (run.status, run.release_id) == ("published" if moves else "unchanged", "aa")
        assert two.verify_events().broken_at is None

    def test_the_current_one_is_unchanged(self, two: Registry, now: datetime) -> None:
        two.start_run(NewRun("again", "2026-01-19", date(2026, 1, 19)), now)
        assert two.bring_back("bb", "2026-01-19", "bb", "again", now) is False
        assert two.run("again").status == "unchanged"

    def test_withdrawn_content_is_not_brought_back(self, two: Registry, now: datetime) -> None:
        two.rollback("aa", "wrong", "head", now)
        two.start_run(NewRun("again", "2026-01-19", date(2026, 1, 19)), now)
        with pytest.raises(DtsenError, match=r"^E_WITHDRAWN"):
            two.bring_back("bb", "2026-01-19", "aa", "again", now)

    def test_a_pointer_that_moved_meanwhile_stays(self, two: Registry, now: datetime) -> None:
        two.start_run(NewRun("again", "2026-01-19", date(2026, 1, 19)), now)
        with pytest.raises(DtsenError, match=r"^E_CURRENT_MOVED"):
            two.bring_back("aa", "2026-01-19", "aa", "again", now)
