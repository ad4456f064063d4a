"""Refresh runs: started once under a unique key, finished once; what a killed process left is found.

Also what a run was computed with: rule sets and models.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Literal

from sqlalchemy import select
from sqlalchemy.orm import Session

from dtsen_pipeline.resources.registry import events
from dtsen_pipeline.resources.registry.database import Database
from dtsen_pipeline.resources.registry.models import ModelVersion, RuleVersion, Run, RunStatus
from dtsen_pipeline.schemas.errors import DtsenError


@dataclass(frozen=True)
class NewRun:
    """A run at its start; `list_hash` may become known later."""

    run_key: str
    week: str
    as_of: date
    list_hash: str | None = None
    dagster_run_id: str | None = None


class Runs(Database):
    """The registry's runs."""

    def start_run(self, run: NewRun, now: datetime) -> Run:
        """Begin a run; its key must be new."""
        with self.write() as session:
            if session.get(Run, run.run_key) is not None:
                raise DtsenError("E_RUN_KEY", "a run with this key was already started")
            started = Run(**vars(run), status="started", started_at=now)
            session.add(started)
            session.flush()
            events.append(session, "run.started", _facts(started), now)
            return started

    def set_run_list(self, run_key: str, list_hash: str) -> None:
        """Record which frozen inputs a started run computes."""
        with self.write() as session:
            started_run(session, run_key).list_hash = list_hash

    def finish_run(
        self,
        run_key: str,
        status: Literal["unchanged", "failed"],
        now: datetime,
        *,
        code: str | None = None,
        release_id: str | None = None,
    ) -> Run:
        """End a run that published nothing; `release_id` names the release it left current."""
        with self.write() as session:
            return close_run(session, run_key, status, now, code=code, release_id=release_id)

    def abandon_stale_runs(self, now: datetime, *, keep: str | None = None) -> list[Run]:
        """Mark every started run but `keep`; called under the lease, so nobody else can be running."""
        with self.write() as session:
            query = select(Run).where(Run.status == "started").order_by(Run.started_at, Run.run_key)
            stale = [run for run in session.scalars(query) if run.run_key != keep]
            for run in stale:
                close_run(session, run.run_key, "abandoned", now, code="E_ABANDONED")
            return stale

    def run(self, run_key: str) -> Run:
        """The run with this key."""
        with self.read() as session:
            found = session.get(Run, run_key)
        if found is None:
            raise DtsenError("E_RUN_UNKNOWN", "there is no run with this key")
        return found

    def runs(self, *, week: str | None = None, status: RunStatus | None = None) -> list[Run]:
        """Runs in the order in which they started."""
        query = select(Run).order_by(Run.started_at, Run.run_key)
        if week is not None:
            query = query.where(Run.week == week)
        if status is not None:
            query = query.where(Run.status == status)
        with self.read() as session:
            return list(session.scalars(query))

    def record_rules(self, digest: str, name: str, now: datetime) -> None:
        """Record a rule set; a known one stays as it is."""
        with self.write() as session:
            if session.get(RuleVersion, digest) is None:
                session.add(RuleVersion(digest=digest, name=name, recorded_at=now))

    def record_model(self, digest: str, name: str, payload: Mapping[str, object], now: datetime) -> None:
        """Record a model with its cut-offs; a known one stays as it is."""
        with self.write() as session:
            if session.get(ModelVersion, digest) is None:
                session.add(ModelVersion(digest=digest, name=name, payload=dict(payload), recorded_at=now))

    def model(self, digest: str) -> ModelVersion | None:
        """The model with this digest, or none."""
        with self.read() as session:
            return session.get(ModelVersion, digest)


def started_run(session: Session, run_key: str) -> Run:
    """A run that has not ended."""
    run = session.get(Run, run_key)
    if run is None:
        raise DtsenError("E_RUN_UNKNOWN", "there is no run with this key")
    if run.status != "started":
        raise DtsenError("E_RUN_ENDED", f"the run has ended already ({run.status})")
    return run


def close_run(
    session: Session,
    run_key: str,
    status: RunStatus,
    now: datetime,
    *,
    code: str | None = None,
    release_id: str | None = None,
) -> Run:
    """End a run inside the caller's transaction."""
    run = started_run(session, run_key)
    run.status, run.code, run.finished_at, run.release_id = status, code, now, release_id
    session.flush()
    events.append(session, f"run.{status}", _facts(run), now)
    return run


def _facts(run: Run) -> dict[str, object]:
    return {name: getattr(run, name) for name in ("run_key", "week", "list_hash", "code", "release_id")}
