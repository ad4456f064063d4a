"""The stale-overwrite guard as a list: every value that stood against the ministry's, and what became of it.

Blocked, pending, adopted and expired cells come from the release's lineage and conflict, with both records' texts;
what vanished from the ministry's list comes from the table of that name. Counts are for everybody, rows are a look.
"""

from collections import Counter
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property

import polars as pl

from dtsen_pipeline.queries.access import Look, note
from dtsen_pipeline.queries.labels import ColumnFacts, column_facts, meaning, shown
from dtsen_pipeline.queries.rawtext import Pointer, RawRows
from dtsen_pipeline.queries.reading import Row, View, fetched
from dtsen_pipeline.queries.sources import Source, Sources
from dtsen_pipeline.queries.trace import FAMILY, PERSON, raw_of
from dtsen_pipeline.reference import city
from dtsen_pipeline.resources.platform import Platform

CARD, NIK = "nomor_kartu_keluarga", "nomor_induk_kependudukan"
OF_LINEAGE, OF_CONFLICT = ("blocked", "pending", "adopted"), ("expired",)
RESOLVED, UNREADABLE = "resolved", "unreadable"
STATES = (*OF_LINEAGE, *OF_CONFLICT, RESOLVED, UNREADABLE)
UNUSED = ("rejected", "held")


@dataclass(frozen=True)
class Side:
    """What one record says: its text as delivered and what that means, the day of the visit or snapshot, the source."""

    raw: str | None
    meaning: str | None
    day: str | None
    source: Source


JUDGED = ("tabel", "entity_id", "src", "row", "decision", "mask")


@dataclass(frozen=True)
class Guarded:
    """One cell in its state, or one family or person that vanished (no column, no verified side)."""

    state: str
    table: str
    entity_id: str
    kelurahan: str | None
    column: str | None
    label: str | None
    verified: Side | None
    ministry: Side | None


@dataclass(frozen=True)
class Counted:
    """How many cells of a column (entities, where there is none) are in a state."""

    state: str
    table: str
    column: str | None
    label: str | None
    count: int


@dataclass(frozen=True)
class Guard:
    """The counts by state and column, and the rows that were asked for."""

    release_id: str
    base_date: str
    counts: tuple[Counted, ...]
    rows: tuple[Guarded, ...]

    @property
    def total(self) -> Counter[str]:
        """The counts by state."""
        found: Counter[str] = Counter()
        for one in self.counts:
            found[one.state] += one.count
        return found


def guard(
    platform: Platform,
    view: View,
    look: Look,
    states: Collection[str] = STATES,
    village: str | None = None,
    limit: int = 0,
) -> Guard:
    """The guard of a release: counts, and up to `limit` rows in an order that does not change; each is written down."""
    watch = _Watch(platform, view, look)
    cells = [cell for cell in watch.cells(village) if cell.state in states]
    counted = Counter((cell.state, cell.table, cell.facts) for cell in cells)
    ordered = sorted(counted, key=lambda key: (STATES.index(key[0]), key[1], key[2].bit or 0 if key[2] else -1))
    listed = cells[:limit]
    if listed:
        with platform.registry.together():
            for entity in sorted({cell.entity_id for cell in listed}):
                note(platform.registry, look, "guard", subject=entity, release_id=view.release_id)
    return Guard(
        release_id=view.release_id,
        base_date=view.manifest["base_date"],
        counts=tuple(
            Counted(state, table, *_named(facts), counted[state, table, facts]) for state, table, facts in ordered
        ),
        rows=watch.told(listed),
    )


def vanished_states(platform: Platform, view: View, look: Look) -> dict[tuple[str, str], str]:
    """Whether each vanished family or person is `resolved` or only `unreadable`, by table and id."""
    return {(cell.table, cell.entity_id): cell.state for cell in _Watch(platform, view, look).vanished()}


@dataclass(frozen=True)
class _Cell:
    state: str
    table: str
    entity_id: str
    kelurahan: str | None
    facts: ColumnFacts | None
    verified: Pointer | None
    ministry: Pointer | None


class _Watch:
    """The guarded cells of one release."""

    def __init__(self, platform: Platform, view: View, look: Look) -> None:
        self.view, self.is_revealed = view, look.is_revealed
        self.place = city(platform.settings.city)
        self.rows = RawRows(platform)
        self.sources = Sources(view, self.rows, is_revealed=look.is_revealed)
        self.columns = {table: column_facts(view.manifest, table) for table in (FAMILY, PERSON)}

    def cells(self, village: str | None) -> list[_Cell]:
        """Every guarded cell by state, table, entity and column; of one kelurahan, where it is given."""
        found = [*self._judged(), *self.vanished()]
        kept = [cell for cell in found if village is None or cell.kelurahan == village]
        return sorted(kept, key=lambda cell: (STATES.index(cell.state), cell.table, cell.entity_id, _place(cell)))

    def told(self, cells: Sequence[_Cell]) -> tuple[Guarded, ...]:
        """The cells with both records' texts."""
        self.sources.prepare(pointer for cell in cells for pointer in (cell.verified, cell.ministry) if pointer)
        return tuple(
            Guarded(
                cell.state,
                cell.table,
                cell.entity_id,
                cell.kelurahan,
                *_named(cell.facts),
                self._side(cell.facts, cell.verified),
                self._side(cell.facts, cell.ministry),
            )
            for cell in cells
        )

    def _side(self, facts: ColumnFacts | None, pointer: Pointer | None) -> Side | None:
        if pointer is None:
            return None
        raw = raw_of(facts, self.rows.raw(pointer)) if facts else None
        hidden = facts is None or (facts.is_identifying and not self.is_revealed)
        source = self.sources.of(pointer)
        return Side(
            raw=shown(facts, raw, is_revealed=self.is_revealed) if facts else None,
            meaning=None if hidden or facts is None else meaning(facts, raw),
            day=(source.visited_at or source.data_date or "")[:10] or None,
            source=source,
        )

    def _judged(self) -> Iterator[_Cell]:
        parts = [
            self.view.scan(name).filter(pl.col("decision").is_in(decisions)).select(JUDGED)
            for name, decisions in (("lineage", OF_LINEAGE), ("conflict", OF_CONFLICT))
        ]
        joined = pl.concat(parts).join(self._published(), on=["tabel", "entity_id"], how="inner")
        for row in fetched(joined).iter_rows(named=True):
            for facts in self.columns[row["tabel"]]:
                if facts.is_in(row["mask"]) and not facts.comes_from:
                    yield self._cell(row, facts)

    def _cell(self, row: Row, facts: ColumnFacts) -> _Cell:
        base = (row["base_src"], row["base_row"])
        return _Cell(
            state=row["decision"],
            table=row["tabel"],
            entity_id=row["entity_id"],
            kelurahan=row["kelurahan"],
            facts=facts,
            verified=(row["src"], row["row"]),
            ministry=base if base[0] in self._snapshots else None,
        )

    def _published(self) -> pl.LazyFrame:
        """tabel, entity_id, kelurahan, base_src, base_row of every published family and person."""
        pointer = {"base_src": pl.col("src"), "base_row": pl.col("row")}
        homes = self.view.scan(FAMILY).select("family_id", kelurahan="kode_kelurahan_desa", **pointer)
        people = self.view.scan(PERSON).select("person_id", "family_id", **pointer)
        names = [pl.lit(FAMILY).alias("tabel"), pl.col("family_id").alias("entity_id"), "kelurahan", *pointer]
        named = [pl.lit(PERSON).alias("tabel"), pl.col("person_id").alias("entity_id"), "kelurahan", *pointer]
        placed = people.join(homes.select("family_id", "kelurahan"), on="family_id", how="left")
        return pl.concat([homes.select(names), placed.select(named)])

    @cached_property
    def _snapshots(self) -> frozenset[str]:
        return frozenset(str(source["sha256"])[:12] for source in self.view.sources if source["data_date"])

    def vanished(self) -> Iterator[_Cell]:
        """Who is no longer listed; "unreadable" where an unused row of the base snapshot bears the number."""
        if "vanished" not in self.view.manifest["tables"]:
            return
        rows = self.view.rows("vanished")
        self.rows.load((row["src"], row["row"]) for row in rows)
        numbers = self._unused_numbers() if rows else frozenset[str]()
        for row in rows:
            pointer = (row["src"], row["row"])
            raw = self.rows.raw(pointer) or {}
            is_hidden = bool({raw.get(CARD, "").strip(), raw.get(NIK, "").strip()} & numbers)
            village = self._village(raw.get("kode_kelurahan_desa", "").strip())
            state = UNREADABLE if is_hidden else RESOLVED
            yield _Cell(state, row["tabel"], row["entity_id"], village, None, None, pointer)

    def _village(self, code: str) -> str | None:
        """The BPS code of one of the city's kelurahan; none for any other text."""
        known = self.place.crosswalk.get(code.replace(".", ""), code)
        return known if known in self.place.by_bps else None

    def _unused_numbers(self) -> frozenset[str]:
        """Cards and NIK of rows of the base snapshot that were rejected or held."""
        base = self.view.manifest["base_version"]
        tokens = [source["sha256"][:12] for source in self.view.sources if source["version"] == base]
        rows = self.view.rows("fate", pl.col("src").is_in(tokens), pl.col("fate").is_in(UNUSED))
        pointers = [(row["src"], row["row"]) for row in rows]
        self.rows.load(pointers)
        raws = [raw for raw in map(self.rows.raw, pointers) if raw]
        return frozenset(raw[name].strip() for raw in raws for name in (CARD, NIK) if raw.get(name, "").strip())


def _named(facts: ColumnFacts | None) -> tuple[str | None, str | None]:
    return (facts.name, facts.label) if facts else (None, None)


def _place(cell: _Cell) -> tuple[int, Pointer]:
    bit = cell.facts.bit if cell.facts and cell.facts.bit is not None else -1
    return bit, cell.verified or cell.ministry or ("", 0)
