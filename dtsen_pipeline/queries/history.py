"""Everything that was ever said of one family or person in one column, whatever became of it.

Rows that agreed with what stood already are in no lineage, so they are found in the raw files: by the cards of a
family, and for a person by the ids that a row's own identifying fields give. Slower than `trace`.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

import narwhals as nw
import polars as pl

from dtsen_pipeline.core.engine import NUMBER
from dtsen_pipeline.core.entities import (
    CARD,
    NIK,
    born_text,
    person_key,
    sex_text,
    with_family_id,
    with_person_id,
)
from dtsen_pipeline.queries.access import Look, note
from dtsen_pipeline.queries.canonical import published_rows, records_of
from dtsen_pipeline.queries.cards import older_cards
from dtsen_pipeline.queries.labels import HOME, ColumnFacts, as_text, column_facts, meaning, shown
from dtsen_pipeline.queries.rawtext import Pointer, Raw, RawRows
from dtsen_pipeline.queries.reading import Row, View
from dtsen_pipeline.queries.sources import REGISTER, VISIT, VISIT_MEMBER, Source, Sources, fates_of
from dtsen_pipeline.queries.trace import FAMILY, PERSON, delivered_as, raw_of, release_facts, resolved
from dtsen_pipeline.resources.engines.polars import PolarsEngine
from dtsen_pipeline.resources.platform import Platform
from dtsen_pipeline.schemas.errors import DtsenError
from dtsen_pipeline.schemas.reasons import DECISIONS, FATE_TEXTS

PRESENCE = "keberadaan_anggota"
PRESENT, NEW = 1, 5
ASKED = (VISIT, VISIT_MEMBER, REGISTER)
"""Whose rows answer some columns only."""


@dataclass(frozen=True)
class Observation:
    """One record's answer: raw and canonical, what was decided about it, and what became of its row."""

    source: Source
    raw: str | None
    value: str | None
    meaning: str | None
    is_base: bool
    decisions: tuple[str, ...]
    decisions_id: tuple[str, ...]
    fate: str | None
    fate_id: str | None
    reason: str | None


@dataclass(frozen=True)
class History:
    """The published value of a column and every answer to it, the oldest first."""

    table: str
    entity_id: str
    asked_id: str
    column: str
    label: str
    value: str | None
    meaning: str | None
    is_revealed: bool
    release: Mapping[str, object]
    observations: tuple[Observation, ...]


def history(platform: Platform, view: View, table: str, asked_id: str, column: str, look: Look) -> History:
    """The full history of one column; the look is written down first."""
    known = {facts.name: facts for facts in column_facts(view.manifest, table)}
    if column not in known:
        raise DtsenError("E_COLUMN_UNKNOWN", f"the table {table} has no column of that name")
    note(platform.registry, look, f"trace.{column}", subject=asked_id, release_id=view.release_id)
    search = _Search(platform, view, table, resolved(view, table, asked_id), look)
    facts = known[column]
    value = as_text(search.published[column])
    is_hidden = facts.is_identifying and not look.is_revealed
    return History(
        table=table,
        entity_id=search.entity_id,
        asked_id=asked_id,
        column=column,
        label=facts.label,
        value=shown(facts, value, is_revealed=look.is_revealed),
        meaning=None if is_hidden else meaning(facts, value),
        is_revealed=look.is_revealed,
        release=release_facts(view),
        observations=search.observations(facts),
    )


class _Search:
    """The rows of one entity, wherever they are."""

    def __init__(self, platform: Platform, view: View, table: str, entity_id: str, look: Look) -> None:
        self.platform = platform
        self.view = view
        self.table = table
        self.entity_id = entity_id
        self.look = look
        self.published = view.entity(table, entity_id) or {}
        self.rows = RawRows(platform)
        self.sources = Sources(view, self.rows, is_revealed=look.is_revealed)
        self.base: Pointer = (self.published["src"], self.published["row"])
        self.told = [
            *view.of_entity("lineage", table, entity_id),
            *view.of_entity("conflict", table, entity_id),
        ]

    def observations(self, column: ColumnFacts) -> tuple[Observation, ...]:
        """The answers to a column, the oldest first."""
        records = self._families() if self.table == FAMILY else self._persons()
        self.sources.prepare(records)
        fates = fates_of(self.view, records)
        found = [self._observation(column, pointer, record, fates) for pointer, record in records.items()]
        answered = [one for one in found if one is not None]
        return tuple(sorted(answered, key=lambda one: (_day(one.source), one.source.token, one.source.row)))

    def _observation(
        self,
        column: ColumnFacts,
        pointer: Pointer,
        record: Row,
        fates: Mapping[Pointer, tuple[str, str | None]],
    ) -> Observation | None:
        source = self.sources.of(pointer)
        column = column if column is HOME else delivered_as(column, source.table)
        raw = raw_of(column, self.rows.raw(pointer))
        decisions = tuple(
            row["decision"] for row in self.told if (row["src"], row["row"]) == pointer and column.is_in(row["mask"])
        )
        if source.table in ASKED and column is not HOME and not (raw or "").strip() and not decisions:
            return None
        value = as_text(record.get(column.name))
        fate, reason = fates.get(pointer, (None, None))
        is_revealed = self.look.is_revealed
        return Observation(
            source=source,
            raw=shown(column, raw, is_revealed=is_revealed),
            value=shown(column, value, is_revealed=is_revealed),
            meaning=meaning(column, value) if is_revealed or not column.is_identifying else None,
            is_base=pointer == self.base,
            decisions=decisions,
            decisions_id=tuple(DECISIONS[decision].id for decision in decisions),
            fate=fate,
            fate_id=FATE_TEXTS[fate].id if fate else None,
            reason=reason,
        )

    @cached_property
    def _known_rows(self) -> list[Raw]:
        pointers = {self.base, *((row["src"], row["row"]) for row in self.told)}
        self.sources.prepare(pointers)
        return [raw for raw in map(self.rows.raw, pointers) if raw]

    def _texts(self, name: str) -> set[str]:
        """What the known rows of the entity hold in an identifying column."""
        return {raw[name].strip() for raw in self._known_rows if raw.get(name, "").strip()}

    def _tokens(self, table: str) -> list[str]:
        return [source["sha256"][:12] for source in self.view.sources if source["table"] == table]

    def _families(self) -> dict[Pointer, Row]:
        """The rows with the family's card, or with one that it had before."""
        cards = self._texts(CARD) | older_cards(self.platform, self.view, self.rows, self.entity_id)
        found: dict[Pointer, Row] = {}
        for table in (FAMILY, VISIT):
            rows = {pointer: raw for pointer, raw in self._search(table, cards).items() if raw[CARD].strip() in cards}
            found |= {(row["src"], row["row"]): row for row in _records(self.platform, table, rows)}
        return found

    def _persons(self) -> dict[Pointer, Row]:
        """The rows whose own identifying fields give the person's id or one of its aliases."""
        aliases = self.view.rows("alias", pl.col("tabel") == PERSON, pl.col("entity_id") == self.entity_id)
        ids = {self.entity_id, *(row["alias_id"] for row in aliases)}
        homes = {str(self.published["nomor_kartu_keluarga"] or "")} | self._texts(CARD)
        home = str(self.published[HOME.name])
        cards = {card for card in homes if card} | older_cards(self.platform, self.view, self.rows, home)
        numbers = self._texts(NIK)
        visits = self.sources.visits_of(cards)
        rows = {PERSON: self._search(PERSON, numbers | cards)}
        rows[VISIT_MEMBER] = self._search(VISIT_MEMBER, numbers | visits)
        self.sources.prepare(rows[VISIT_MEMBER])
        found: dict[Pointer, Row] = {}
        for table, raws in rows.items():
            cards_of = {pointer: self._card(table, pointer, raw) for pointer, raw in raws.items()}
            records = _records(self.platform, table, raws, cards_of)
            found |= {(row["src"], row["row"]): row for row in records if row["person_id"] in ids}
        return found | self._registered()

    def _registered(self) -> dict[Pointer, Row]:
        """The register's rows about the number of which one speaks of the person, in whatever extract."""
        said = [(row["src"], row["row"]) for row in self.told if row["sumber"] == REGISTER]
        numbers = {raw[NIK].strip() for raw in map(self.rows.raw, said) if raw}
        rows = {at: raw for at, raw in self._search(REGISTER, numbers).items() if raw[NIK].strip() in numbers}
        return {(row["src"], row["row"]): row for row in _records(self.platform, REGISTER, rows)}

    def _card(self, table: str, pointer: Pointer, raw: Raw) -> str | None:
        """The card of a person's row: its own, or the visited family's."""
        visit = self.sources.visit_of(pointer) if table == VISIT_MEMBER else raw
        return visit[CARD].strip() or None if visit else None

    def _search(self, table: str, texts: Iterable[str]) -> dict[Pointer, Raw]:
        wanted = list(texts)
        return {
            (token, row): raw
            for token in self._tokens(table)
            for row, raw in self.rows.search(token, wanted, table).items()
        }


def _records(
    platform: Platform,
    table: str,
    rows: Mapping[Pointer, Raw],
    cards: Mapping[Pointer, str | None] | None = None,
) -> Sequence[Row]:
    """Raw rows in canonical form as published; rows of persons with the ids that their own fields give."""
    if not rows:
        return []
    records = records_of(platform, table, rows)
    if cards is not None:
        records = _identified(platform, records, table, cards)
    return list(published_rows(records).values())


def _identified(
    platform: Platform, records: nw.LazyFrame[pl.LazyFrame], table: str, cards: Mapping[Pointer, str | None]
) -> nw.LazyFrame[pl.LazyFrame]:
    """`person_id` and `family_id` of rows of persons, as their own fields and the family's card give them."""
    engine, key = PolarsEngine(), platform.key.secret
    listed = pl.DataFrame(
        [(src, row, card) for (src, row), card in cards.items()],
        schema={"src": pl.String, "row": pl.Int64, "card": pl.String},
        orient="row",
    )
    joined = records.join(nw.from_native(listed.lazy()), on=["src", "row"], how="left")
    named = joined.with_columns(born=born_text(), sex=sex_text(), own_key=person_key("card"))
    found = with_person_id(named, "own_key", "person_id", engine, key)
    found = with_family_id(found, engine, key, card="card")
    if table == PERSON:
        return found.with_columns(nw.lit(PRESENT, dtype=NUMBER).alias(PRESENCE))
    is_there = nw.col(PRESENCE).is_in([PRESENT, NEW])
    return found.with_columns(nw.when(is_there).then(nw.col(HOME.name)).alias(HOME.name))


def _day(source: Source) -> str:
    """When the record was true: the visit's day, or the snapshot's data date."""
    return (source.visited_at or source.data_date or "")[:10]
