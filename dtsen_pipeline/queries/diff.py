"""What differs between two releases, cell by cell, and the cause of each change. Both releases are only read.

Published values are compared column by column; a cause follows from the inputs of both releases: a record that only
the later one has, another base snapshot, other rules, another model, other cut-offs. Why one family's desil moved is
told by `explain`.
"""

from collections.abc import Mapping
from dataclasses import dataclass

import polars as pl

from dtsen_pipeline.queries.access import Look, note
from dtsen_pipeline.queries.labels import ColumnFacts, as_text, column_facts, shown
from dtsen_pipeline.queries.reading import ENTITY_ID, Row, View, fetched
from dtsen_pipeline.queries.sources import FAMILY, MEMBER, REGISTER, VISIT, VISIT_MEMBER
from dtsen_pipeline.resources.platform import Platform
from dtsen_pipeline.schemas.release import WINNING

SNAPSHOT, VISITED, REGISTERED, REMOVED, RULE, MODEL, CUTS, OWN = (
    "potret",
    "kunjungan",
    "kependudukan",
    "berkas_dilepas",
    "aturan",
    "model",
    "batas",
    "data",
)
CAUSE_OF = {
    FAMILY: SNAPSHOT,
    MEMBER: SNAPSHOT,
    VISIT: VISITED,
    VISIT_MEMBER: VISITED,
    REGISTER: REGISTERED,
}
"""What a record of each input table is called as a cause."""
POINTER = ("src", "row")
GONE, NEW = "hilang", "baru"


@dataclass(frozen=True)
class Count:
    """How many cells of a column changed by one cause."""

    table: str
    column: str
    cause: str
    cells: int


@dataclass(frozen=True)
class Changed:
    """One changed cell; values that could point to a person are masked unless they are revealed."""

    table: str
    entity_id: str
    column: str
    cause: str
    before: str | None
    after: str | None


@dataclass(frozen=True)
class Diff:
    """Two releases compared. `entities`: families and persons that are gone or new, by table."""

    before: str
    after: str
    entities: Mapping[str, Mapping[str, int]]
    counts: tuple[Count, ...]
    cells: int
    rows: tuple[Changed, ...]
    is_revealed: bool


def diff(platform: Platform, before: View, after: View, look: Look, limit: int = 0) -> Diff:
    """Compare two releases; up to `limit` changed cells are listed, in order of table, id and column."""
    note(platform.registry, look, "diff", release_id=after.release_id)
    cells = pl.concat([_cells(before, after, table) for table in ENTITY_ID]).sort("table", "entity_id", "column")
    counted = cells.group_by("table", "column", "cause").len("cells").sort("table", "column", "cause")
    facts = {(table, one.name): one for table in ENTITY_ID for one in column_facts(after.manifest, table)}
    return Diff(
        before=before.release_id,
        after=after.release_id,
        entities={table: _entities(before, after, table) for table in ENTITY_ID},
        counts=tuple(Count(*row) for row in counted.rows()),
        cells=cells.height,
        rows=tuple(_row(row, facts, look) for row in cells.head(limit).rows()),
        is_revealed=look.is_revealed,
    )


def _row(row: tuple[str, ...], facts: Mapping[tuple[str, str], ColumnFacts], look: Look) -> Changed:
    table, entity, column, before, after, cause = row
    known = facts.get((table, column))
    if known is not None:
        before, after = (shown(known, value, is_revealed=look.is_revealed) or "" for value in (before, after))
    return Changed(table, entity, column, cause, as_text(before or None), as_text(after or None))


def _entities(before: View, after: View, table: str) -> dict[str, int]:
    key = ENTITY_ID[table]
    mine, theirs = (fetched(view.scan(table).select(key)) for view in (before, after))
    return {
        GONE: mine.join(theirs, on=key, how="anti").height,
        NEW: theirs.join(mine, on=key, how="anti").height,
    }


def _cells(before: View, after: View, table: str) -> pl.DataFrame:
    """table, entity_id, column, before, after and cause of every changed cell of an entity that both have."""
    key = ENTITY_ID[table]
    earlier, later = before.scan(table), after.scan(table)
    names = [
        name for name in later.collect_schema() if name in earlier.collect_schema() and name not in (key, *POINTER)
    ]
    joined = fetched(later.join(earlier, on=key, suffix="_before"))
    causes = _Causes(before, after, table, joined)
    return pl.concat([_column(joined, table, name, causes) for name in names])


def _column(joined: pl.DataFrame, table: str, name: str, causes: "_Causes") -> pl.DataFrame:
    changed = joined.filter(pl.col(name).ne_missing(pl.col(f"{name}_before")))
    return changed.select(
        table=pl.lit(table),
        entity_id=pl.col(ENTITY_ID[table]),
        column=pl.lit(name),
        before=pl.col(f"{name}_before").cast(pl.String),
        after=pl.col(name).cast(pl.String),
        cause=causes.of(name, changed),
    )


def _is_other(before: Row, after: Row) -> bool:
    """Whether two releases were scored by different models; one from before digests were recorded has its name only."""
    digests = {facts["sha256"] for facts in (before, after) if "sha256" in facts}
    return before["id"] != after["id"] or len(digests) > 1


class _Causes:
    """What the inputs of two releases say about why a cell changed."""

    def __init__(self, before: View, after: View, table: str, joined: pl.DataFrame) -> None:
        self.key, self.joined = ENTITY_ID[table], joined
        self.columns = {one.name: one for one in column_facts(after.manifest, table)}
        tokens = [{source["sha256"][:12]: source["table"] for source in view.sources} for view in (before, after)]
        self.brought = {token: kind for token, kind in tokens[1].items() if token not in tokens[0]}
        self.is_less = bool(tokens[0].keys() - tokens[1].keys())
        self.is_new_base = before.manifest["base_version"] != after.manifest["base_version"]
        self.is_new_model = _is_other(before.manifest["model"], after.manifest["model"])
        winners = pl.col("decision").is_in(WINNING) & (pl.col("tabel") == table)
        self.lineage = fetched(after.scan("lineage").filter(winners).select("entity_id", "src", "mask"))

    def of(self, name: str, changed: pl.DataFrame) -> pl.Series:
        """The cause of each changed cell of a column."""
        if name not in self.columns:
            return self._computed(changed)
        sources = self._winners(self.columns[name], changed)
        kinds = sources.replace_strict(self.brought, default=None, return_dtype=pl.String)
        named = kinds.replace_strict(CAUSE_OF, default=None, return_dtype=pl.String)
        return named.fill_null(self._otherwise())

    def _winners(self, column: ColumnFacts, changed: pl.DataFrame) -> pl.Series:
        """The file whose record won each cell: by lineage, else the base row's."""
        if column.bit is None:
            return changed["src"]
        won = self.lineage.filter(pl.col("mask") & (1 << column.bit) != 0)
        one = won.unique("entity_id", keep="first", maintain_order=True)
        found = changed.join(
            one, left_on=self.key, right_on="entity_id", how="left", suffix="_won", maintain_order="left"
        )
        return found.select(pl.coalesce("src_won", "src")).to_series()

    def _otherwise(self) -> str:
        """Why a record that both releases have counts differently."""
        if self.is_new_base:
            return SNAPSHOT
        return REMOVED if self.is_less else RULE

    def _computed(self, changed: pl.DataFrame) -> pl.Series:
        """Scores and desil: another model, other data of the family, else the cut-offs, since others moved."""
        if self.is_new_model:
            return pl.Series([MODEL] * changed.height, dtype=pl.String)
        names = ("skor_bayangan", "skor_verifikasi", "desil_nasional", "alasan_tidak_lengkap")
        own = pl.any_horizontal(pl.col(name).ne_missing(pl.col(f"{name}_before")) for name in names)
        return changed.select(pl.when(own).then(pl.lit(OWN)).otherwise(pl.lit(CUTS))).to_series()
