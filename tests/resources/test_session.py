"""The session of a run: its record, its lease, where its stage files lie, and the end of runs that were lost."""

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from unittest.mock import patch

import dagster as dg
import pytest
from sqlalchemy import delete, select

from dtsen_pipeline.assets import normalise
from dtsen_pipeline.core.engine import Frame
from dtsen_pipeline.resources.home import Home
from dtsen_pipeline.resources.instance import open_instance
from dtsen_pipeline.resources.lease import Owner, take
from dtsen_pipeline.resources.platform import opened
from dtsen_pipeline.resources.registry import NewRun
from dtsen_pipeline.resources.registry.models import Lease as Row
from dtsen_pipeline.resources.session import LEASED_JOBS, Session, failure, mark_lost_runs, telling
from dtsen_pipeline.schemas.errors import DtsenError
from dtsen_pipeline.schemas.reasons import REASONS
from dtsen_pipeline.schemas.tables import INPUT_TABLES
from tests.house import LATE_WEEK, copied, failures, house, leftovers, materialised

NOW = datetime(2026, 1, 13, 3, tzinfo=UTC)


@pytest.fixture
def session(new_home: Path) -> Iterator[Session]:
    """A session of the run `r` in an empty house."""
    with house(new_home) as platform:
        lease = take(platform.registry, "refresh", str(Owner.current()), 60, NOW)
        yield Session(platform, "r", lease)


class TestRecord:
    """A refresh is recorded once, and ends as failed unless it ended otherwise."""

    def test_it_starts_once(self, session: Session) -> None:
        first = session.started("2026-01-12", "2026-01-14")
        assert (first.run_key, first.week, first.as_of) == ("r", "2026-01-12", date(2026, 1, 14))
        assert session.started("2026-01-12").as_of == date(2026, 1, 14)
        assert len(session.platform.registry.runs()) == 1

    def test_without_a_day_it_is_as_of_its_monday(self, session: Session) -> None:
        assert session.started("2026-01-12").as_of == date(2026, 1, 12)

    def test_what_did_not_end_has_failed(self, session: Session) -> None:
        session.started("2026-01-12")
        session.platform.registry.start_run(NewRun("other", "2026-01-12", date(2026, 1, 12)), NOW)
        session.end()
        assert {run.run_key: run.status for run in session.platform.registry.runs()} == {
            "r": "failed",
            "other": "started",
        }

    def test_what_ended_stays_as_it_ended(self, session: Session) -> None:
        session.started("2026-01-12")
        session.platform.registry.finish_run("r", "unchanged", NOW)
        session.end()
        assert session.platform.registry.run("r").status == "unchanged"


class TestFiles:
    """Stage files lie under the hash of the frozen list."""

    def test_without_a_list_there_are_none(self, session: Session) -> None:
        with pytest.raises(DtsenError, match=r"^E_NO_LIST"):
            session.stage_path("2026-01-12", "records/keluarga")

    def test_they_lie_under_the_hash_of_the_list(self, waiting_home: Path, tmp_path: Path) -> None:
        with house(copied(waiting_home, tmp_path / "home")) as platform:
            session = Session(platform, "r", take(platform.registry, "refresh", "me", 60, NOW))
            listed = session.inputs(LATE_WEEK)
            path = session.stage_path(LATE_WEEK, "records/keluarga")
        assert path.parent.name == listed.hash[:16]
        assert path.name == "records_keluarga.parquet"
        assert path.is_file()
        assert path.parent.stat().st_mode & 0o777 == 0o700

    def test_a_week_is_a_date(self, session: Session) -> None:
        with pytest.raises(ValueError, match="isoformat"):
            session.list_path("../../x")


class TestLease:
    """A run that works shows that it lives, and stops where it lost the lease."""

    def test_renewing_moves_the_end(self, session: Session) -> None:
        session.renew()
        with session.platform.registry.read() as database:
            row = database.scalars(select(Row)).one()
        assert row.expires_at > datetime.now(UTC) + timedelta(seconds=50)

    def test_a_lease_that_was_taken_over_is_lost(self, session: Session) -> None:
        take(session.platform.registry, "refresh", "other", 60, NOW + timedelta(minutes=2))
        with pytest.raises(DtsenError, match=r"^E_LEASE_LOST"):
            session.renew()

    def test_every_stage_file_renews_it(self, waiting_home: Path, tmp_path: Path) -> None:
        """Somebody took over while a stage was computed: its files are not written."""
        home = copied(waiting_home, tmp_path / "home")
        original = normalise.records_of

        def robbed(rows: Frame, table: str, inputs: object) -> Frame:
            with house(home) as platform, platform.registry.write() as database:
                database.execute(delete(Row))
            return original(rows, table, inputs)  # type: ignore[arg-type]

        before = {path: path.stat().st_mtime_ns for path in home.glob("work/*/records_*.parquet")}
        with patch.object(normalise, "records_of", robbed):
            result = materialised(home, LATE_WEEK, *(f"records/{table}" for table in INPUT_TABLES))
        assert failures(result)[0].startswith("E_LEASE_LOST")
        assert {path: path.stat().st_mtime_ns for path in home.glob("work/*/records_*.parquet")} == before
        assert leftovers(home) == []


class TestLostRuns:
    """Under the lease, whatever still says STARTED runs no more."""

    def test_they_are_marked_in_the_registry_and_in_dagster(self, new_home: Path) -> None:
        home = Home(new_home).prepare()
        with open_instance(home) as instance, house(new_home) as platform:
            names = [*LEASED_JOBS, "ingest"]
            runs = {name: self._run(instance, name, dg.DagsterRunStatus.STARTED) for name in names}
            mine = self._run(instance, "weekly_refresh", dg.DagsterRunStatus.STARTED)
            done = self._run(instance, "weekly_refresh", dg.DagsterRunStatus.SUCCESS)
            for key in (runs["weekly_refresh"], mine):
                platform.registry.start_run(NewRun(key, "2026-01-12", date(2026, 1, 12)), NOW)
            marked = mark_lost_runs(platform, instance, mine)
            assert set(marked) == {runs[name] for name in LEASED_JOBS}
            statuses = {run.run_id: run.status for run in instance.get_runs()}
            for name in LEASED_JOBS:
                assert statuses[runs[name]] == dg.DagsterRunStatus.FAILURE
            assert statuses[runs["ingest"]] == statuses[mine] == dg.DagsterRunStatus.STARTED
            assert statuses[done] == dg.DagsterRunStatus.SUCCESS
            ended = {run.run_key: (run.status, run.code) for run in platform.registry.runs()}
            assert ended == {runs["weekly_refresh"]: ("abandoned", "E_ABANDONED"), mine: ("started", None)}
            assert mark_lost_runs(platform, instance, mine) == []

    def test_one_that_never_began_is_marked_after_a_while(self, new_home: Path) -> None:
        with open_instance(Home(new_home).prepare()) as instance, house(new_home) as platform:
            launched = self._run(instance, "weekly_refresh", dg.DagsterRunStatus.STARTING)
            assert mark_lost_runs(platform, instance, "mine") == []
            with patch("dtsen_pipeline.resources.session.BOOTING", timedelta(0)):
                assert mark_lost_runs(platform, instance, "mine") == [launched]
            assert [run.status for run in instance.get_runs()] == [dg.DagsterRunStatus.FAILURE]

    @staticmethod
    def _run(instance: dg.DagsterInstance, job: str, status: dg.DagsterRunStatus) -> str:
        @dg.job(name=job)
        def empty() -> None: ...

        run = instance.create_run_for_job(empty)
        instance.add_run_tags(run.run_id, {"x": "y"})
        if status == dg.DagsterRunStatus.SUCCESS:
            empty.execute_in_process(instance=instance)
            return instance.get_runs(limit=1)[0].run_id
        event = "PIPELINE_STARTING" if status == dg.DagsterRunStatus.STARTING else "PIPELINE_START"
        instance.report_dagster_event(dg.DagsterEvent(event_type_value=event, job_name=job), run_id=run.run_id)
        return run.run_id


class TestTelling:
    """A domain error is shown with code and place; anything else is left to be hidden."""

    def test_a_domain_error(self) -> None:
        shown = failure(DtsenError("E_HEADER", "the header differs", token="0" * 12, line=1))
        reason = REASONS["E_HEADER"]
        detail = f"E_HEADER file {'0' * 12} line 1: the header differs"
        assert shown.description == f"E_HEADER: {reason.id} {reason.advice_id} / {reason.en}\n{detail}"
        assert {name: value.value for name, value in shown.metadata.items()} == {
            "code": "E_HEADER",
            "token": "0" * 12,
            "line": 1,
            "rincian": detail,
        }
        assert shown.allow_retries is False

    def test_inside_a_block(self) -> None:
        with pytest.raises(dg.Failure) as caught, telling():
            raise DtsenError("E_X", "y")
        assert caught.value.__cause__ is None
        with pytest.raises(ZeroDivisionError), telling():
            _ = 1 / 0


def test_the_house_of_a_session_is_the_one_of_the_environment(new_home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DTSEN_HOME", str(new_home))
    with opened() as platform:
        assert platform.home.root == new_home
