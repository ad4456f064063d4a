"""The chain of events: appending a link, and checking every link.

A chain shows a changed, removed or inserted event; only a copy of its head kept elsewhere shows a cut end.
"""

import hashlib
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from dtsen_pipeline.resources.registry.models import Event
from dtsen_pipeline.schemas.errors import DtsenError

START = "0" * 64
IDENTIFIER = re.compile(r"(?<![0-9A-Za-z])[0-9]{16}(?![0-9A-Za-z])")


@dataclass(frozen=True)
class Chain:
    """The result of a check: how many events hold, the hash of the last one, the first that does not."""

    count: int
    head: str
    broken_at: int | None = None


def append(session: Session, kind: str, payload: Mapping[str, object], now: datetime) -> Event:
    """Add a link inside the caller's transaction; a payload that could identify a citizen is refused."""
    facts = dict(payload)
    content = canonical(facts)
    if IDENTIFIER.search(content):
        raise DtsenError("E_EVENT", "an event may hold no citizen's identifier")
    last = session.scalars(select(Event).order_by(Event.seq.desc()).limit(1)).first()
    seq, previous = (last.seq + 1, last.hash) if last else (1, START)
    event = Event(seq=seq, at=now, kind=kind, payload=facts, prev_hash=previous)
    event.hash = _hash(event)
    session.add(event)
    session.flush()
    return event


def check(session: Session) -> Chain:
    """Recompute the chain from its start."""
    count, head = 0, START
    for event in session.scalars(select(Event).order_by(Event.seq)).yield_per(1000):
        if event.seq != count + 1 or event.prev_hash != head or event.hash != _hash(event):
            return Chain(count, head, broken_at=event.seq)
        count, head = event.seq, event.hash
    return Chain(count, head)


def canonical(value: object) -> str:
    """JSON with one spelling; floating-point numbers have none."""
    return json.dumps(_plain(value), sort_keys=True, separators=(",", ":"), ensure_ascii=False)


def _plain(value: object) -> object:
    if isinstance(value, Mapping):
        return {str(key): _plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(item) for item in value]
    if value is None or isinstance(value, str | int):
        return value
    raise DtsenError("E_EVENT", "an event holds text, whole numbers, truth values, lists and mappings only")


def _hash(event: Event) -> str:
    at = event.at.astimezone(UTC).isoformat(timespec="microseconds")
    link = canonical([event.seq, at, event.kind, event.payload, event.prev_hash])
    return hashlib.sha256(link.encode()).hexdigest()
