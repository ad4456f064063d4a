"""The session of one run: the opened house, the lease, the engine, and the guards that a run must pass.

A run refuses to start where Dagster would store what user code prints or raises. One refresh at a time:
the session holds the lease from its first step to its last.
"""

import logging
import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from functools import cached_property
from pathlib import Path
from typing import Any

import dagster as dg

from dtsen_pipeline.core.inputs import InputList
from dtsen_pipeline.resources.engines import OpenEngine, open_engine
from dtsen_pipeline.resources.home import make_private, write_private
from dtsen_pipeline.resources.lease import Lease, Owner, hold
from dtsen_pipeline.resources.platform import Platform, opened
from dtsen_pipeline.resources.registry import NewRun
from dtsen_pipeline.resources.registry.models import Run
from dtsen_pipeline.schemas.errors import DtsenError
from dtsen_pipeline.schemas.reasons import REASONS

REDACTION = "DAGSTER_REDACT_USER_CODE_ERRORS"
ORIGINALS = "DAGSTER_REDACTED_ERROR_LOGGER_NAME"
"""Names the logger that prints what was redacted; Dagster's own name for it where this is not set."""
LEASE = "refresh"
REFRESH_JOB, PREVIEW_JOB = "weekly_refresh", "preview"
BOOTING = timedelta(minutes=10)
"""How long a launched run may take to begin."""
LEASED_JOBS = (REFRESH_JOB, PREVIEW_JOB, "__ASSET_JOB")
DETAIL = "rincian"
"""Under which a failure keeps its error's own sentence."""
ON = frozenset({"1", "true", "t"})
"""What Dagster takes for on; it redacts nothing under any other value."""


@dataclass(frozen=True)
class Session:
    """What every step of a refresh works with."""

    platform: Platform
    run_id: str
    lease: Lease

    @cached_property
    def engine(self) -> OpenEngine:
        """The engine of the settings, opened at first use."""
        settings = self.platform.settings
        return open_engine(
            settings.engine,
            self.platform.home.work / "scratch",
            memory_mb=settings.memory_mb,
            spark_master=settings.spark_master,
        )

    def renew(self) -> None:
        """Show that this run lives, so that nobody takes its lease over; E_LEASE_LOST where somebody did."""
        self.lease.renew(datetime.now(UTC))

    def close(self) -> None:
        """Close the engine if it was opened."""
        if "engine" in vars(self):
            self.engine.close()

    def started(self, week: str, as_of: str | None = None) -> Run:
        """The registry's record of this run, made where there is none yet."""
        registry = self.platform.registry
        known = [run for run in registry.runs(week=week) if run.run_key == self.run_id]
        if known:
            return known[0]
        day = date.fromisoformat(as_of or week)
        return registry.start_run(NewRun(self.run_id, week, day, dagster_run_id=self.run_id), datetime.now(UTC))

    def end(self) -> None:
        """Record as failed what did not end by publishing or by finding nothing new."""
        for run in self.platform.registry.runs(status="started"):
            if run.run_key == self.run_id:
                self.platform.registry.finish_run(run.run_key, "failed", datetime.now(UTC))

    def list_path(self, week: str) -> Path:
        """Where the frozen input list of a week lies."""
        return self.platform.home.work / "lists" / f"{date.fromisoformat(week)}.json"

    def inputs(self, week: str) -> InputList:
        """The frozen input list of a week; E_NO_LIST where none was frozen."""
        path = self.list_path(week)
        if not path.is_file():
            raise DtsenError("E_NO_LIST", "this week's inputs are not frozen yet; materialise `inputs` first")
        return InputList.from_json(path.read_text())

    def note_day(self, week: str, day: date) -> None:
        """Keep the as-of day beside the week's list: it is no part of the list, but of the release's envelope."""
        path = self.list_path(week).with_suffix(".day")
        make_private(path.parent)
        path.unlink(missing_ok=True)
        write_private(path, day.isoformat().encode())

    def noted_day(self, week: str) -> str | None:
        """The as-of day of the week's list."""
        path = self.list_path(week).with_suffix(".day")
        return path.read_text() if path.is_file() else None

    def stage_path(self, week: str, asset: str) -> Path:
        """Where a stage file of a week's current input list lies."""
        folder = self.platform.home.work / self.inputs(week).hash[:16]
        make_private(folder)
        return folder / f"{asset.replace('/', '_')}.parquet"


def silence_originals() -> None:
    """Switch redaction on where nobody set it, and keep the original errors off standard error."""
    os.environ.setdefault(REDACTION, "1")
    logger = logging.getLogger(os.environ.get(ORIGINALS, "dagster.redacted_errors"))
    logger.handlers = [logging.NullHandler()]
    logger.propagate = False


def check_guards(instance: dg.DagsterInstance) -> None:
    """Refuse to run where Dagster would store personal data."""
    silence_originals()
    if os.environ[REDACTION].lower() not in ON:
        raise DtsenError("E_REDACTION", f"{REDACTION} is switched off; unset it or set it to 1")
    if type(instance.compute_log_manager).__name__ != "NoOpComputeLogManager":
        raise DtsenError(
            "E_COMPUTE_LOG",
            "this Dagster instance stores what runs print; use the dagster.yaml of this project",
        )


@dg.resource(description="The opened house, the lease and the engine of one run")
def session_resource(context: dg.InitResourceContext) -> Iterator[Session]:
    """Open the house for one run and hold the lease while it lasts."""
    run, instance = context.run, context.instance
    if instance is None or run is None or context.log is None:
        raise failure(DtsenError("E_SESSION", "a session belongs to a run"))
    try:
        check_guards(instance)
        with opened() as platform:
            seconds = platform.settings.lease_seconds
            with hold(platform.registry, LEASE, str(Owner.current()), seconds, datetime.now(UTC)) as lease:
                mark_lost_runs(platform, instance, run.run_id)
                with _recorded(Session(platform, run.run_id, lease), run) as session:
                    yield session
    except DtsenError as error:
        context.log.error(str(error))  # noqa: TRY400 - Dagster hides what a resource raises, and this has no traceback
        raise failure(error) from None


@contextmanager
def telling() -> Iterator[None]:
    """A block whose domain errors are shown as failures with code and place."""
    try:
        yield
    except DtsenError as error:
        raise failure(error) from None


@contextmanager
def _recorded(session: Session, run: dg.DagsterRun) -> Iterator[Session]:
    """A refresh is recorded from its first moment; what is not ended by publishing has failed."""
    if run.job_name == REFRESH_JOB:
        session.started(run.tags["dagster/partition"], _as_of(run))
    try:
        yield session
    finally:
        session.close()
        session.end()


def _as_of(run: dg.DagsterRun) -> str | None:
    """The as-of day of the run's configuration; none where it is not given or not a day."""
    config: Any = run.run_config
    try:
        return date.fromisoformat(config["ops"]["freeze"]["config"]["as_of"]).isoformat()
    except (KeyError, TypeError, ValueError):
        return None


def mark_lost_runs(platform: Platform, instance: dg.DagsterInstance, run_id: str) -> list[str]:
    """Under the lease: end the runs whose process was killed, in the registry and in Dagster; their ids.

    Whoever holds the lease is the only one running; another run that still says STARTED runs no more, nor does one
    that was launched a while ago and never began.
    """
    now = datetime.now(UTC)
    platform.registry.abandon_stale_runs(now, keep=run_id)
    running = dg.RunsFilter(statuses=[dg.DagsterRunStatus.STARTED, dg.DagsterRunStatus.CANCELING])
    booting = dg.RunsFilter(statuses=[dg.DagsterRunStatus.STARTING], created_before=now - BOOTING)
    found = []
    for run in [*instance.get_runs(filters=running), *instance.get_runs(filters=booting)]:
        if run.run_id != run_id and run.job_name in LEASED_JOBS:
            instance.report_run_failed(run, "E_ABANDONED: the process of this run was killed")
            found.append(run.run_id)
    return found


def failure(error: DtsenError) -> dg.Failure:
    """A domain error as Dagster shows it: code, place and plain sentences, Indonesian first; no value."""
    facts = {"code": error.code, "token": error.token, "line": error.line, "column": error.column, DETAIL: str(error)}
    reason = REASONS.get(error.code)
    said = f"{error.code}: {reason.id} {reason.advice_id} / {reason.en}\n" if reason else ""
    return dg.Failure(
        description=f"{said}{error}",
        metadata={name: value for name, value in facts.items() if value is not None},
        allow_retries=False,
    )
