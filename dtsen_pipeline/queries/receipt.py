"""What became of an officer's work: of every visit row of a batch, its fate, what it changed and what it lost to.

Read from the fate, lineage and conflict tables of a release and from the raw rows they name. A file that the
release does not use is told by its verdict. Values are not shown: `trace` shows them.
"""

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import product

import polars as pl

from dtsen_pipeline.queries.access import Look, note
from dtsen_pipeline.queries.clashes import clash_of
from dtsen_pipeline.queries.labels import MASK, ColumnFacts, column_facts, plain_label
from dtsen_pipeline.queries.rawtext import Pointer, RawRows
from dtsen_pipeline.queries.reading import ENTITY_ID, Row, View, fetched
from dtsen_pipeline.queries.sources import REGISTER, VISIT, VISIT_MEMBER, Source, Sources
from dtsen_pipeline.resources.platform import Platform
from dtsen_pipeline.resources.registry.models import SourceFile
from dtsen_pipeline.schemas.errors import TOKEN_LENGTH, DtsenError
from dtsen_pipeline.schemas.reasons import DECISIONS, FATE_TEXTS, reason_of

FIELD = (VISIT, VISIT_MEMBER)
WRITTEN = (*FIELD, REGISTER)
"""The tables whose files have a receipt: an extract of the register by its token."""
AGREEING = frozenset({"confirmed", "adopted"})
FIRST_ROW = 2
"""The line behind the heading, in the part that a file is registered under."""


@dataclass(frozen=True)
class Answer:
    """What was decided about one column that a row answered; `lost_to` where another record stands.

    `clash`: whether the column changed since what the officer saw (`keras`), or not though something did (`lunak`).
    """

    column: str
    label: str
    decision: str
    decision_id: str
    is_won: bool
    lost_to: Source | None
    clash: str | None


@dataclass(frozen=True)
class Finding:
    """A reason for a rejected, held or set-aside row, in words."""

    code: str
    column: str | None
    id: str
    en: str
    advice_id: str


@dataclass(frozen=True)
class Line:
    """One row of the batch: its fate, why, about whom, and what was decided about its answers."""

    token: str
    table: str
    visit: str | None
    fate: str
    fate_id: str
    findings: tuple[Finding, ...]
    resolved_by: str | None
    entity_id: str | None
    answers: tuple[Answer, ...]


@dataclass(frozen=True)
class Waiting:
    """A file that the release does not use: accepted later, or held, waiting or refused with a code."""

    token: str
    table: str | None
    verdict: str
    code: str | None
    id: str | None
    rows: int | None


@dataclass(frozen=True)
class Receipt:
    """The receipt of a batch or of one visit; a visit row stands before the rows of its members."""

    release_id: str
    asked: str
    fates: Mapping[str, int]
    lines: tuple[Line, ...]
    waiting: tuple[Waiting, ...]


def receipt(platform: Platform, view: View, asked: str, look: Look) -> Receipt:
    """The receipt of a batch, a visit number or a visit row's token; raises E_BATCH_UNKNOWN. The look is logged."""
    note(platform.registry, look, "receipt", release_id=view.release_id)
    desk = _Desk(platform, view, look)
    pointers = desk.pointers(asked)
    waiting = desk.waiting(asked)
    if not pointers and not waiting:
        raise DtsenError("E_BATCH_UNKNOWN", "no received batch, visit or visit row is called that")
    lines = desk.lines(pointers)
    fates = Counter(line.fate for line in lines)
    return Receipt(view.release_id, plain_label(asked) or MASK, dict(sorted(fates.items())), lines, waiting)


class _Desk:
    """Looks the rows of field files up."""

    def __init__(self, platform: Platform, view: View, look: Look) -> None:
        self.platform, self.view = platform, view
        self.raw = RawRows(platform)
        self.sources = Sources(view, self.raw, is_revealed=look.is_revealed)
        self.columns = {table: column_facts(view.manifest, table) for table in ENTITY_ID}

    def pointers(self, asked: str) -> list[Pointer]:
        """The rows that the receipt is about, each visit before its members."""
        files = {str(s["sha256"])[:TOKEN_LENGTH]: s for s in self.view.sources if s["table"] in WRITTEN}
        batch = [token for token, source in files.items() if source["batch"] == asked]
        visited = [token for token, source in files.items() if source["table"] in FIELD]
        found = self._of_batch(batch) if batch else self._of_visit(asked, visited)
        return sorted(found, key=lambda pointer: (self._visit(pointer) or "", self.raw.table(pointer), pointer))

    def _of_batch(self, tokens: Sequence[str]) -> set[Pointer]:
        for token in tokens:
            self.raw.everything(token)
        return {_pointer(row) for row in self.view.rows("fate", pl.col("src").is_in(tokens))}

    def _of_visit(self, asked: str, tokens: Sequence[str]) -> set[Pointer]:
        token, _, row = asked.partition("-")
        named = {(token, int(row))} if token in tokens and row.isdecimal() else set[Pointer]()
        visits = {self._visit(pointer) for pointer in named if self._is_row(pointer)} or {asked}
        found = {pointer for pointer in named if self._is_row(pointer)}
        for known, table in product(tokens, FIELD):
            prefix = self.raw.profile((known, FIRST_ROW)).id_prefix
            wanted = {visit.removeprefix(prefix) for visit in visits if visit}
            rows = self.raw.search(known, wanted, table)
            found |= {(known, line) for line in rows if self._visit((known, line)) in wanted}
        return found

    def _is_row(self, pointer: Pointer) -> bool:
        return bool(self.view.rows("fate", pl.col("src") == pointer[0], pl.col("row") == pointer[1]))

    def _visit(self, pointer: Pointer) -> str | None:
        return self.raw.visit_id(pointer)

    def waiting(self, asked: str) -> tuple[Waiting, ...]:
        """The batch's files that the release does not use."""
        used = {source["sha256"] for source in self.view.sources}
        files = [file for file in self.platform.registry.files(batch_id=asked) if file.sha256 not in used]
        return tuple(_waiting(file) for file in files)

    def lines(self, pointers: Sequence[Pointer]) -> tuple[Line, ...]:
        """A line for each row."""
        told = _Told(self.view, pointers)
        named = [_pointer(row) for row in told.standing.values()]
        self.sources.prepare([*pointers, *named])
        return tuple(self._line(pointer, told) for pointer in pointers)

    def _line(self, pointer: Pointer, told: "_Told") -> Line:
        fate, source = told.fates[pointer], self.sources.of(pointer)
        found = [*told.won[pointer], *told.lost[pointer]]
        findings = () if fate["reason"] is None else tuple(map(_finding, fate["reason"].split("|")))
        return Line(
            token=source.key,
            table=source.table,
            visit=source.visit_id,
            fate=fate["fate"],
            fate_id=FATE_TEXTS[fate["fate"]].id,
            findings=findings,
            resolved_by=told.resolved.get(pointer),
            entity_id=next((str(row["entity_id"]) for row in found), None),
            answers=tuple(self._answers(found, told)),
        )

    def _answers(self, rows: Sequence[Row], told: "_Told") -> list[Answer]:
        return [
            self._answer(column, row, told)
            for row in rows
            for column in self.columns[row["tabel"]]
            if column.is_in(row["mask"])
        ]

    def _answer(self, column: ColumnFacts, row: Row, told: "_Told") -> Answer:
        is_won = "is_lost" not in row
        winner = None if is_won else told.winner(column, row)
        return Answer(
            column=column.name,
            label=column.label,
            decision=row["decision"],
            decision_id=DECISIONS[row["decision"]].id,
            is_won=is_won,
            lost_to=self.sources.of(winner) if winner else None,
            clash=clash_of(column, row),
        )


class _Told:
    """Fates, decisions and winners about some rows."""

    def __init__(self, view: View, pointers: Sequence[Pointer]) -> None:
        tokens = sorted({token for token, _ in pointers})
        wanted = set(pointers)
        mine = pl.col("src").is_in(tokens)
        self.fates = {_pointer(row): row for row in view.rows("fate", mine) if _pointer(row) in wanted}
        self.resolved = {_pointer(row): row["resolved_by"] for row in view.rows("rejected", mine)}
        self.won, self.lost = defaultdict[Pointer, list[Row]](list), defaultdict[Pointer, list[Row]](list)
        for row in view.rows("lineage", mine):
            self.won[_pointer(row)].append(row)
        for row in view.rows("conflict", mine):
            self.lost[_pointer(row)].append({**row, "is_lost": True})
        beaten = [str(row["entity_id"]) for pointer in pointers for row in self.lost[pointer]]
        self.standing = _standing(view, beaten)
        self.winning = [
            row for row in view.rows("lineage", pl.col("entity_id").is_in(beaten)) if row["decision"] not in AGREEING
        ]

    def winner(self, column: ColumnFacts, row: Row) -> Pointer | None:
        """The record whose value is published: that of the lineage, else the base row."""
        same = [one for one in self.winning if one["entity_id"] == row["entity_id"] and column.is_in(one["mask"])]
        found = same[-1] if same else self.standing.get(str(row["entity_id"]))
        return _pointer(found) if found else None


def _standing(view: View, entities: Sequence[str]) -> dict[str, Row]:
    """The published row of each entity: its base pointer."""
    found: dict[str, Row] = {}
    for table, name in ENTITY_ID.items():
        wanted = pl.col(name).is_in(entities)
        rows = fetched(view.scan(table).filter(wanted).select(pl.col(name).alias("entity_id"), "src", "row"))
        found |= {row["entity_id"]: row for row in rows.to_dicts()}
    return found


def _pointer(row: Row) -> Pointer:
    return str(row["src"]), int(row["row"])


def _finding(code: str) -> Finding:
    reason, column = reason_of(code)
    return Finding(reason.code, column, reason.id, reason.en, reason.advice_id)


def _waiting(file: SourceFile) -> Waiting:
    reason = reason_of(file.code)[0].id if file.code else None
    return Waiting(file.token, file.table_name, file.verdict, file.code, reason, file.rows)
