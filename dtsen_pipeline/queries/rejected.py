"""Rejected rows by reason and source: tokens of rows with their codes, never what stood in them."""

from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass

from dtsen_pipeline.queries.reading import View, fetched
from dtsen_pipeline.queries.show import codes_of
from dtsen_pipeline.schemas.reasons import reason_of


@dataclass(frozen=True)
class RejectedRow:
    """A rejected row by its token, with its findings."""

    token: str
    table: str
    findings: tuple[str, ...]
    resolved_by: str | None


@dataclass(frozen=True)
class RejectedReason:
    """A reason, how many rows of each table it rejected, how many are not resolved yet, and what to do about it."""

    code: str
    count: int
    open: int
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
        """The rows for which nothing stands yet."""
        return tuple(row for row in self.rows if row.resolved_by is None)


def rejected(view: View) -> Rejected:
    """Every rejected row of a release and the counts by reason; a row counts under each of its reasons."""
    found = fetched(view.scan("rejected")).sort("sumber", "src", "row").to_dicts()
    rows = tuple(
        RejectedRow(f"{row['src']}-{row['row']}", row["sumber"], tuple(row["reasons"].split("|")), row["resolved_by"])
        for row in found
    )
    return Rejected(view.release_id, _reasons(rows), rows)


def _reasons(rows: Sequence[RejectedRow]) -> tuple[RejectedReason, ...]:
    counts: dict[str, Counter[str]] = defaultdict(Counter)
    waiting = Counter[str]()
    for row in rows:
        for code in codes_of("|".join(row.findings)):
            counts[code][row.table] += 1
            waiting[code] += row.resolved_by is None
    listed = [
        RejectedReason(
            code=code,
            count=by_table.total(),
            open=waiting[code],
            by_table=dict(sorted(by_table.items())),
            id=reason.id,
            en=reason.en,
            advice_id=reason.advice_id,
        )
        for code, by_table in counts.items()
        for reason in [reason_of(code)[0]]
    ]
    return tuple(sorted(listed, key=lambda reason: (-reason.count, reason.code)))
