"""Why a family or person is published as it is: every column with its value, its source and what it was chosen over.

The answer is made from the release's lineage and conflict tables and the raw text of the rows they name;
nothing is computed again. Identifying values are masked here, before anything leaves.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import polars as pl

from dtsen_pipeline.queries.access import Look, note
from dtsen_pipeline.queries.clashes import clash_of
from dtsen_pipeline.queries.events import Happened, events_of
from dtsen_pipeline.queries.labels import (
    ColumnFacts,
    as_text,
    column_facts,
    group_order,
    group_title,
    meaning,
    shown,
)
from dtsen_pipeline.queries.rawtext import RawRows
from dtsen_pipeline.queries.reading import ENTITY_ID, Row, View
from dtsen_pipeline.queries.rulings import Told, rulings_about
from dtsen_pipeline.queries.sources import REGISTER, VISIT, VISIT_MEMBER, Source, Sources
from dtsen_pipeline.queries.ties import Tie, ties_of
from dtsen_pipeline.resources.platform import Platform
from dtsen_pipeline.schemas.errors import DtsenError
from dtsen_pipeline.schemas.reasons import DECISIONS, INCOMPLETE_TEXTS

FAMILY, PERSON = "keluarga", "anggota"
AGREEING = frozenset({"confirmed", "adopted"})
STATED = {"keberadaan_anggota": "status_kependudukan"}
"""The column, and the code list, by which the population register states a column of ours."""


@dataclass(frozen=True)
class Said:
    """What one record said about a column, what was decided about it, and how it clashes with what was seen."""

    source: Source
    raw: str | None
    meaning: str | None
    decision: str | None
    decision_id: str | None
    decision_en: str | None
    clash: str | None = None


@dataclass(frozen=True)
class Cell:
    """A published value with its source; `is_different` where the base record does not simply stand."""

    column: str
    label: str
    value: str | None
    meaning: str | None
    won_by: Said | None
    agreeing: tuple[Said, ...]
    losers: tuple[Said, ...]

    @property
    def is_different(self) -> bool:
        """Whether another record than the base row won, or a record lost."""
        return bool(self.losers) or (self.won_by is not None and self.won_by.decision is not None)


@dataclass(frozen=True)
class Group:
    """A field group with its columns."""

    group: str
    title: str
    cells: tuple[Cell, ...]


@dataclass(frozen=True)
class Desil:
    """The four desil of a family, and whether it is complete."""

    official: int | None
    shadow: int | None
    verified: int | None
    estimate: int | None
    is_complete: bool
    reason: str | None
    reason_id: str | None


@dataclass(frozen=True)
class Kin:
    """A person of the family by id, and how many columns differ from the base snapshot."""

    person_id: str
    presence: int | None
    different: int


@dataclass(frozen=True)
class Trace:
    """The answer about one family or person."""

    table: str
    entity_id: str
    asked_id: str
    family_id: str
    is_revealed: bool
    release: Mapping[str, Any]
    base: Source
    desil: Desil | None
    groups: tuple[Group, ...]
    members: tuple[Kin, ...]
    events: tuple[Happened, ...]
    ties: tuple[Tie, ...]
    rulings: tuple[Told, ...]


def resolved(view: View, table: str, asked_id: str) -> str:
    """The entity's own id, for an id under which it is or could have been known; raises E_ENTITY_UNKNOWN."""
    if view.entity(table, asked_id) is not None:
        return asked_id
    found = view.rows("alias", pl.col("tabel") == table, pl.col("alias_id") == asked_id)
    if not found:
        raise DtsenError("E_ENTITY_UNKNOWN", "the release has no family or person with that id")
    return str(found[0]["entity_id"])


def trace(platform: Platform, view: View, table: str, asked_id: str, look: Look) -> Trace:
    """Trace a family (`keluarga`) or person (`anggota`); the look is written down first."""
    note(platform.registry, look, "trace", subject=asked_id, release_id=view.release_id)
    entity_id = resolved(view, table, asked_id)
    published = view.entity(table, entity_id)
    if published is None:
        raise DtsenError("E_ENTITY_UNKNOWN", "the release has no family or person with that id")
    told = Testimony(platform, view, table, published, look)
    family_id = str(published["family_id"])
    members = _members(view, family_id) if table == FAMILY else ()
    return Trace(
        table=table,
        entity_id=entity_id,
        asked_id=asked_id,
        family_id=family_id,
        is_revealed=look.is_revealed,
        release=release_facts(view),
        base=told.sources.of(told.base),
        desil=_desil(published if table == FAMILY else view.entity(FAMILY, family_id)),
        groups=told.groups(),
        members=members,
        events=events_of(view, table, entity_id),
        ties=ties_of(platform, view, [one.person_id for one in members] if table == FAMILY else [entity_id]),
        rulings=rulings_about(platform, view, entity_id, told.visits, look),
    )


def release_facts(view: View) -> dict[str, Any]:
    """The release, its run, its model, the snapshot it stands on, and the one that its official deciles are of."""
    manifest, envelope = view.manifest, view.envelope
    return {
        "release_id": view.release_id,
        "week": envelope.get("week"),
        "as_of": envelope.get("as_of"),
        "run_key": envelope.get("run_key"),
        "dagster_run_id": envelope.get("dagster_run_id"),
        "created_at": envelope.get("created_at"),
        "base_version": manifest["base_version"],
        "base_date": manifest["base_date"],
        "official_version": manifest.get("official_version"),
        "official_date": manifest.get("official_date"),
        "model": dict(manifest["model"]),
        "code_version": manifest["inputs"]["code_version"],
    }


class Testimony:
    """What the records of one entity say about its columns."""

    def __init__(self, platform: Platform, view: View, table: str, published: Row, look: Look) -> None:
        entity_id = published[ENTITY_ID[table]]
        self.published = published
        self.columns = column_facts(view.manifest, table)
        self.is_revealed = look.is_revealed
        self.rows = RawRows(platform)
        self.sources = Sources(view, self.rows, is_revealed=look.is_revealed)
        self.base = (str(published["src"]), int(published["row"]))
        self.lineage = view.of_entity("lineage", table, entity_id)
        self.conflict = view.of_entity("conflict", table, entity_id)
        named = [(row["src"], row["row"]) for row in (*self.lineage, *self.conflict)]
        self.sources.prepare([self.base, *named])

    @property
    def visits(self) -> frozenset[tuple[str, int]]:
        """The rows of visits to the family, or about the person, that won, agreed or lost."""
        told = (*self.lineage, *self.conflict)
        return frozenset((row["src"], row["row"]) for row in told if row["sumber"] in (VISIT, VISIT_MEMBER))

    def groups(self) -> tuple[Group, ...]:
        """Every column, by field group."""
        names = group_order(column.group for column in self.columns)
        return tuple(Group(name, group_title(name), self._cells(name)) for name in names)

    def cell(self, column: ColumnFacts) -> Cell:
        """One column."""
        value = as_text(self.published[column.name])
        about = [row for row in self.lineage if column.is_in(row["mask"])]
        return Cell(
            column=column.name,
            label=column.label,
            value=shown(column, value, is_revealed=self.is_revealed),
            meaning=self._meaning(column, value),
            won_by=self._winner(column, about),
            agreeing=self._said(column, [row for row in about if row["decision"] in AGREEING]),
            losers=self._said(column, [row for row in self.conflict if column.is_in(row["mask"])]),
        )

    def _cells(self, group: str) -> tuple[Cell, ...]:
        return tuple(self.cell(column) for column in self.columns if column.group == group)

    def _winner(self, column: ColumnFacts, about: Sequence[Row]) -> Said | None:
        """The winning record: a visit before a snapshot; else the base row, where it answers the column at all."""
        winners = sorted(
            (row for row in about if row["decision"] not in AGREEING),
            key=lambda row: row["sumber"] in (VISIT, VISIT_MEMBER),
        )
        if winners:
            return self._said(column, winners[-1:])[0]
        base = self.sources.of(self.base)
        if base.is_visit:
            return None
        return self._words(column, base, None)

    def _said(self, column: ColumnFacts, rows: Sequence[Row]) -> tuple[Said, ...]:
        return tuple(
            self._words(column, self.sources.of((row["src"], row["row"])), row["decision"], clash_of(column, row))
            for row in rows
        )

    def _words(self, column: ColumnFacts, source: Source, decision: str | None, clash: str | None = None) -> Said:
        pointer, column = (source.token, source.row), delivered_as(column, source.table)
        raw, contract = (raw_of(column, row) for row in (self.rows.raw(pointer), self.rows.contract(pointer)))
        text = DECISIONS[decision] if decision else None
        return Said(
            source=source,
            raw=shown(column, raw, is_revealed=self.is_revealed),
            meaning=self._meaning(column, contract),
            decision=decision,
            decision_id=text.id if text else None,
            decision_en=text.en if text else None,
            clash=clash,
        )

    def _meaning(self, column: ColumnFacts, text: str | None) -> str | None:
        hidden = column.is_identifying and not self.is_revealed
        return None if hidden else meaning(column, text)


def delivered_as(column: ColumnFacts, table: str) -> ColumnFacts:
    """A column as the rows of a table deliver it."""
    name = STATED.get(column.name) if table == REGISTER else None
    return column if name is None else replace(column, name=name, codes=name)


def raw_of(column: ColumnFacts, raw: Mapping[str, str] | None) -> str | None:
    """The delivered text behind a column: its own, or that of the column it comes from."""
    if raw is None:
        return None
    names = (column.name, *column.comes_from)
    return next((raw[name] for name in names if name in raw), None)


def _desil(family: Row | None) -> Desil | None:
    if family is None:
        return None
    reason = family["alasan_tidak_lengkap"]
    return Desil(
        official=family["desil_nasional"],
        shadow=family["desil_bayangan"],
        verified=family["desil_verifikasi"],
        estimate=family["desil_estimasi"],
        is_complete=family["is_lengkap"],
        reason=reason,
        reason_id=INCOMPLETE_TEXTS[reason].id if reason else None,
    )


def _members(view: View, family_id: str) -> tuple[Kin, ...]:
    """The persons of a family, by id."""
    people = view.rows(PERSON, pl.col("family_id") == family_id)
    ids = [person["person_id"] for person in people]
    about = view.rows("lineage", pl.col("tabel") == PERSON, pl.col("entity_id").is_in(ids))
    masks: dict[str, int] = dict.fromkeys(ids, 0)
    for row in about:
        if row["decision"] not in AGREEING:
            masks[row["entity_id"]] |= row["mask"]
    return tuple(
        Kin(person["person_id"], person["keberadaan_anggota"], masks[person["person_id"]].bit_count())
        for person in people
    )
