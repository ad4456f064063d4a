"""Where a row came from, in words: file, table, batch, and for field rows who visited, in what role and when.

A member row of a visit names its visit only; the visit's own row is found as the flow finds it.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

import polars as pl

from dtsen_pipeline.queries.labels import MASK, plain_label
from dtsen_pipeline.queries.rawtext import Pointer, Raw, RawRows
from dtsen_pipeline.queries.reading import View
from dtsen_pipeline.reference import code_lists
from dtsen_pipeline.schemas.fates import NEWER_VERSION

FAMILY, MEMBER = "keluarga", "anggota"
VISIT, VISIT_MEMBER, REGISTER = "kunjungan", "kunjungan_anggota", "kependudukan"
ACTIVE = ("contributed", "superseded")
Fate = tuple[str, str | None]
ROLES = frozenset(code_lists()["peran_petugas"].labels.values())


@dataclass(frozen=True)
class Source:
    """An input row and where it came from; officer and visit number are masked unless they are revealed."""

    token: str
    row: int
    table: str
    version: str | None = None
    data_date: str | None = None
    batch: str | None = None
    officer: str | None = None
    officer_role: str | None = None
    visited_at: str | None = None
    visit_id: str | None = None

    @property
    def key(self) -> str:
        """The row's token."""
        return f"{self.token}-{self.row}"

    @property
    def is_visit(self) -> bool:
        """Whether an officer wrote it."""
        return self.table in (VISIT, VISIT_MEMBER)


class Sources:
    """Describes rows of one release."""

    def __init__(self, view: View, rows: RawRows, *, is_revealed: bool) -> None:
        self.view = view
        self.rows = rows
        self.is_revealed = is_revealed
        self._visits: dict[str, Pointer | None] = {}

    def prepare(self, pointers: Iterable[Pointer]) -> None:
        """Read these rows and the visits that they belong to, each file once."""
        wanted = list(pointers)
        self.rows.load(wanted)
        ids = [self.rows.visit_id(pointer) for pointer in wanted if self._table(pointer) == VISIT_MEMBER]
        self._find_visits({visit for visit in ids if visit} - self._visits.keys())

    def of(self, pointer: Pointer) -> Source:
        """Where one row came from."""
        file, table = self.rows.file(pointer[0]), self._table(pointer)
        visit = self.visit_of(pointer) if table in (VISIT, VISIT_MEMBER) else None
        return Source(
            token=pointer[0],
            row=pointer[1],
            table=table,
            version=plain_label(file.version),
            data_date=file.data_date.isoformat() if file.data_date else None,
            batch=plain_label(file.batch_id),
            **({} if visit is None else self._people(visit, self.rows.visit_id(pointer))),
        )

    def visits_of(self, cards: Iterable[str]) -> frozenset[str]:
        """The numbers of the visits to families with one of these cards."""
        found: set[str] = set()
        wanted = {card for card in cards if card}
        for token in self._tokens(VISIT):
            rows = self.rows.search(token, wanted, VISIT)
            named = [row for row, raw in rows.items() if raw["nomor_kartu_keluarga"].strip() in wanted]
            found |= {visit for row in named if (visit := self.rows.visit_id((token, row)))}
        return frozenset(found)

    def _table(self, pointer: Pointer) -> str:
        return self.rows.table(pointer)

    def visit_of(self, pointer: Pointer) -> Raw | None:
        """The raw row of the visit that a field row belongs to."""
        found = self.visit_pointer(pointer)
        return self.rows.raw(found) if found else None

    def visit_pointer(self, pointer: Pointer) -> Pointer | None:
        """The row of the visit that a field row belongs to; that of a member row once it was prepared."""
        if self._table(pointer) == VISIT:
            return pointer
        number = self.rows.visit_id(pointer)
        return self._visits.get(number) if number else None

    def _people(self, visit: Raw, visit_id: str | None) -> Mapping[str, str | None]:
        role, at = visit["peran_petugas"].strip(), visit["waktu_kunjungan"].strip()
        facts = {
            "officer": visit["id_petugas"].strip() or None,
            "officer_role": role if role in ROLES else None,
            "visited_at": at if _second(at) is not None else None,
            "visit_id": visit_id,
        }
        if not self.is_revealed:
            facts |= {name: facts[name] and MASK for name in ("officer", "visit_id")}
        return facts

    def _tokens(self, table: str) -> list[str]:
        return [source["sha256"][:12] for source in self.view.sources if source["table"] == table]

    def _find_visits(self, ids: set[str]) -> None:
        if not ids:
            return
        offers: dict[str, list[Pointer]] = defaultdict(list)
        for token in self._tokens(VISIT):
            for row in self.rows.search(token, ids, VISIT):
                visit = self.rows.visit_id((token, row))
                if visit in ids:
                    offers[visit].append((token, row))
        fates = fates_of(self.view, [pointer for found in offers.values() for pointer in found])
        for number in ids:
            self._visits[number] = self._chosen(offers[number], fates)

    def _chosen(self, offers: Sequence[Pointer], fates: Mapping[Pointer, Fate]) -> Pointer | None:
        """Of several rows of one visit the one that its members follow: one in use before others, then the latest."""

        def rank(pointer: Pointer) -> tuple[bool, float, Pointer]:
            raw = self.rows.raw(pointer) or {}
            fate, reason = fates[pointer]
            is_active = fate in ACTIVE and reason != NEWER_VERSION
            return is_active, _second(raw.get("waktu_kunjungan", "").strip()) or 0.0, pointer

        usable = [pointer for pointer in offers if fates.get(pointer, ("rejected", None))[0] != "rejected"]
        return max(usable, key=rank, default=None)


def fates_of(view: View, pointers: Iterable[Pointer]) -> dict[Pointer, Fate]:
    """The fate and reason of these rows."""
    wanted = set(pointers)
    if not wanted:
        return {}
    tokens, numbers = {token for token, _ in wanted}, {row for _, row in wanted}
    rows = view.rows("fate", pl.col("src").is_in(list(tokens)), pl.col("row").is_in(list(numbers)))
    found = {(row["src"], row["row"]): (row["fate"], row["reason"]) for row in rows}
    return {pointer: found[pointer] for pointer in wanted if pointer in found}


def _second(moment: str) -> float | None:
    try:
        found = datetime.fromisoformat(moment)
    except ValueError:
        return None
    return found.timestamp() if found.tzinfo else None
