"""The registry: what was received, decided, run and published, in a relational database.

`Registry` is the one door to it. Every method that writes is one transaction and takes the time from its
caller; nothing here reads a clock. Leases have their own module, and so have a release's SQL tables.
"""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import select

from dtsen_pipeline.resources.registry import events
from dtsen_pipeline.resources.registry.decisions import Decisions
from dtsen_pipeline.resources.registry.events import Chain
from dtsen_pipeline.resources.registry.exports import Exports, NewExport
from dtsen_pipeline.resources.registry.files import Files, NewFile
from dtsen_pipeline.resources.registry.models import AccessLog, Event
from dtsen_pipeline.resources.registry.pulls import Pulls
from dtsen_pipeline.resources.registry.releases import NewRelease, Published, Releases, week_start
from dtsen_pipeline.resources.registry.runs import NewRun, Runs

__all__ = ["Chain", "NewExport", "NewFile", "NewRelease", "NewRun", "Published", "Registry", "week_start"]


class Registry(Files, Decisions, Runs, Releases, Exports, Pulls):
    """The registry at a database URL; `open` it before use."""

    def append_event(self, kind: str, payload: Mapping[str, object], now: datetime) -> str:
        """Add an event of one's own and return its hash."""
        with self.write() as session:
            return events.append(session, kind, payload, now).hash

    def events(self, kind: str) -> list[Event]:
        """The events of a kind, in the order in which they were appended."""
        with self.read() as session:
            return list(session.scalars(select(Event).where(Event.kind == kind).order_by(Event.seq)))

    def last_event(self, kind: str, sha256: str) -> Mapping[str, Any] | None:
        """What the last event of a kind told of a file; none where there is none."""
        about = Event.payload["sha256"].as_string() == sha256
        query = select(Event).where(Event.kind == kind, about).order_by(Event.seq.desc()).limit(1)
        with self.read() as session:
            found = session.scalars(query).first()
            return None if found is None else found.payload

    def verify_events(self) -> Chain:
        """Check the chain of events from its start."""
        with self.read() as session:
            return events.check(session)

    def log_access(
        self,
        action: str,
        actor: str,
        now: datetime,
        *,
        purpose: str | None = None,
        subject: str | None = None,
        release_id: str | None = None,
    ) -> None:
        """Record a look at a person's data; `subject` is a surrogate id, never a number of the person."""
        with self.write() as session:
            session.add(
                AccessLog(
                    at=now,
                    actor=actor,
                    action=action,
                    purpose=purpose,
                    subject=subject,
                    release_id=release_id,
                )
            )
