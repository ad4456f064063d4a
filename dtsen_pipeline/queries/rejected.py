"""Rejected rows by reason and source: tokens of rows with their codes, never what stood in them."""

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from dtsen_pipeline.queries.reading import View, fetched
from dtsen_pipeline.queries.show import codes_of
from dtsen_pipeline.resources.platform import Platform
from dtsen_pipeline.resources.registry.models import Decision
from dtsen_pipeline.schemas.reasons import reason_of


@dataclass(frozen=True)
class Closing:
    """Why nobody need mend a row, in a person's words; who says so, and since when."""

    reason: str
    actor: str
    at: datetime


@dataclass(frozen=True)
class RejectedRow:
    """A rejected row by its token, with its findings, what stands for it, or who closed it."""

    token: str
    table: str
    findings: tuple[str, ...]
    resolved_by: str | None
    closed: Closing | None = None

    @property
    def is_open(self) -> bool:
        """Whether nothing stands for it yet, and nobody has closed it."""
        return self.resolved_by is None and self.closed is None


@dataclass(frozen=True)
class RejectedReason:
    """A reason, how many rows of each table it rejected, how many are open or closed, and what to do about it."""

    code: str
    count: int
    open: int
    closed: int
    by_table: dict[str, int]
    id: str
    en: str
    advice_id: str


@dataclass(frozen=True)
class Rejected:
    """What a release rejected."""

    release_id: str
    reasons: tuple[RejectedReason, ...]
    rows: tuple[RejectedRow, ...]

    @property
    def open(self) -> tuple[RejectedRow, ...]:
        """The rows for which nothing stands yet and that nobody has closed."""
        return tuple(row for row in self.rows if row.is_open)

    @property
    def closed(self) -> tuple[RejectedRow, ...]:
        """The rows that a person has closed and for which nothing stands."""
        return tuple(row for row in self.rows if row.closed is not None)


def rejected(platform: Platform, view: View) -> Rejected:
    """Every rejected row of a release and the counts by reason; a row counts under each of its reasons.

    What was closed is told as it stands now, whichever release is looked at; a row that is resolved is not closed.
    """
    found = fetched(view.scan("rejected")).sort("sumber", "src", "row").to_dicts()
    closings = platform.registry.closings()
    rows = tuple(_row(row, closings.get(f"{row['src']}-{row['row']}")) for row in found)
    return Rejected(view.release_id, _reasons(rows), rows)


def _row(row: Mapping[str, Any], decision: Decision | None) -> RejectedRow:
    is_closed = decision is not None and row["resolved_by"] is None
    return RejectedRow(
        token=f"{row['src']}-{row['row']}",
        table=row["sumber"],
        findings=tuple(row["reasons"].split("|")),
        resolved_by=row["resolved_by"],
        closed=Closing(decision.reason, decision.actor, decision.at) if decision and is_closed else None,
    )


def _reasons(rows: Sequence[RejectedRow]) -> tuple[RejectedReason, ...]:
    counts: dict[str, Counter[str]] = defaultdict(Counter)
    waiting, closed = Counter[str](), Counter[str]()
    for row in rows:
        for code in codes_of("|".join(row.findings)):
            counts[code][row.table] += 1
            waiting[code] += row.is_open
            closed[code] += row.closed is not None
    listed = [
        RejectedReason(
            code=code,
            count=by_table.total(),
            open=waiting[code],
            closed=closed[code],
            by_table=dict(sorted(by_table.items())),
            id=reason.id,
            en=reason.en,
            advice_id=reason.advice_id,
        )
        for code, by_table in counts.items()
        for reason in [reason_of(code)[0]]
    ]
    return tuple(sorted(listed, key=lambda reason: (-reason.count, reason.code)))
