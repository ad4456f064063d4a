"""What was handed over to the ministry: each export of proposals, recorded once and for ever."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select

from dtsen_pipeline.resources.registry import events
from dtsen_pipeline.resources.registry.database import Database
from dtsen_pipeline.resources.registry.models import ProposalExport
from dtsen_pipeline.schemas.errors import DtsenError


@dataclass(frozen=True)
class NewExport:
    """An export at its hand-over: the release and kelurahan (None: all) it was made from, its rows and digest."""

    release_id: str
    kelurahan: str | None
    rows: int
    sha256: str
    actor: str
    purpose: str


class Exports(Database):
    """The registry's exports."""

    def record_export(self, export: NewExport, now: datetime) -> ProposalExport:
        """Record a hand-over; its event holds no person's words."""
        if not export.purpose.strip():
            raise DtsenError("E_PURPOSE", "state the purpose with --purpose")
        with self.write() as session:
            made = ProposalExport(**vars(export), at=now)
            session.add(made)
            session.flush()
            facts = {name: getattr(made, name) for name in ("id", "release_id", "kelurahan", "rows", "sha256")}
            events.append(session, "proposals.exported", facts, now)
            return made

    def exports(self) -> list[ProposalExport]:
        """Every export, the first one first."""
        with self.read() as session:
            return list(session.scalars(select(ProposalExport).order_by(ProposalExport.id)))
