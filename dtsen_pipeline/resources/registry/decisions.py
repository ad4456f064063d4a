"""What people decided, with a reason: about files, sources, rows, releases and models. Each is an event too."""

import hashlib
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Literal

from sqlalchemy import select
from sqlalchemy.orm import Session

from dtsen_pipeline.resources.registry import events
from dtsen_pipeline.resources.registry.database import Database
from dtsen_pipeline.resources.registry.models import Decision, DecisionKind
from dtsen_pipeline.schemas.errors import DtsenError


def decide(
    session: Session,
    kind: DecisionKind,
    subject: str,
    reason: str,
    actor: str,
    now: datetime,
    payload: Mapping[str, object] | None = None,
) -> Decision:
    """Record a decision inside the caller's transaction; its event holds a digest, not the person's words."""
    if not reason.strip():
        raise DtsenError("E_REASON", "a decision needs a reason")
    decision = Decision(kind=kind, subject=subject, reason=reason, actor=actor, at=now, payload=dict(payload or {}))
    session.add(decision)
    session.flush()
    facts = {"decision": decision.id, "subject": subject, "digest": digest(decision)}
    events.append(session, f"decision.{kind}", facts, now)
    return decision


def digest(decision: Decision) -> str:
    """A hash of everything that was decided, so that a later change of the row shows."""
    at = decision.at.astimezone(UTC).isoformat(timespec="microseconds")
    facts = [decision.kind, decision.subject, decision.reason, decision.actor, at, decision.payload]
    return hashlib.sha256(events.canonical(facts).encode()).hexdigest()


class Decisions(Database):
    """The registry's decisions."""

    def decisions(self, kind: DecisionKind | None = None, subject: str | None = None) -> list[Decision]:
        """The decisions in the order in which they were made."""
        query = select(Decision).order_by(Decision.id)
        if kind is not None:
            query = query.where(Decision.kind == kind)
        if subject is not None:
            query = query.where(Decision.subject == subject)
        with self.read() as session:
            return list(session.scalars(query))

    def confirm_codes(
        self,
        source: str,
        reason: str,
        actor: str,
        now: datetime,
        payload: Mapping[str, object],
    ) -> Decision:
        """A person says that the codes of a source's files mean what the code lists say that `payload` names."""
        with self.write() as session:
            return decide(session, "confirm_codes", source, reason, actor, now, payload)

    def confirmed_lists(self) -> dict[str, frozenset[str]]:
        """The code lists that a person has confirmed, by the source whose files were looked at.

        A decision from before the lists were told counts for each list that its source uses.
        """
        from dtsen_pipeline.core.coded import lists_of_source  # noqa: PLC0415 - imports Pandera

        found: dict[str, frozenset[str]] = {}
        for decision in self.decisions("confirm_codes"):
            told = decision.payload.get("lists")
            lists = lists_of_source(decision.subject) if told is None else frozenset(told)
            found[decision.subject] = found.get(decision.subject, frozenset()) | lists
        return found

    def decide_row(
        self, kind: Literal["close_row", "reopen_row"], token: str, reason: str, actor: str, now: datetime
    ) -> Decision:
        """A person closes a rejected row, or takes that back."""
        with self.write() as session:
            return decide(session, kind, token, reason, actor, now)

    def closings(self) -> dict[str, Decision]:
        """The rejected rows that are closed now, by their tokens, each with the decision that closed it."""
        found: dict[str, Decision] = {}
        with self.read() as session:
            told = session.scalars(
                select(Decision).where(Decision.kind.in_(["close_row", "reopen_row"])).order_by(Decision.id)
            )
            for decision in told:
                found.pop(decision.subject, None)
                if decision.kind == "close_row":
                    found[decision.subject] = decision
        return found
