"""What the city proposes to the ministry: every verified change of a release, in the three lists of SIKS-NG.

*Usul*: a person met in the field whom the base snapshot does not list. *Perbaikan*: a column in which the verified
value differs from the base snapshot's. *Sanggah*: a listed person who died or moved away. The lists are a function
of the release and its files, so that an export can be computed again at any time.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

import polars as pl

from dtsen_pipeline.queries.canonical import published_rows, records_of
from dtsen_pipeline.queries.labels import HOME, ColumnFacts, as_text, column_facts
from dtsen_pipeline.queries.rawtext import Pointer, Raw, RawRows
from dtsen_pipeline.queries.reading import Row, View, fetched
from dtsen_pipeline.queries.sources import VISIT, VISIT_MEMBER, Sources
from dtsen_pipeline.queries.trace import FAMILY, PERSON
from dtsen_pipeline.reference import code_lists
from dtsen_pipeline.resources.platform import Platform
from dtsen_pipeline.schemas.release import WINNING

USUL, PERBAIKAN, SANGGAH = "usul", "perbaikan", "sanggah"
LISTS = (USUL, PERBAIKAN, SANGGAH)
PRESENCE, PRESENT, LEFT = "keberadaan_anggota", 1, (2, 3, 4)


@dataclass(frozen=True)
class Proposal:
    """One proposed change: the base snapshot's value and the verified one as canonical text, and the record.

    A proposal about a whole person (usul, sanggah) names the column of presence.
    """

    list_name: str
    table: str
    entity_id: str
    kelurahan: str | None
    column: str
    label: str
    old: str | None
    new: str | None
    record: Pointer
    base: Pointer

    @property
    def key(self) -> tuple[str, str, str, str | None]:
        """What is proposed of whom; the same in every export that repeats it."""
        return self.table, self.entity_id, self.column, self.new


def proposals(platform: Platform, view: View, village: str | None = None) -> tuple[Proposal, ...]:
    """The proposals of a release, of one kelurahan where it is given, by list, entity and column."""
    drafts = _Drafts(platform, view)
    found = [one for one in (*drafts.changes(), *drafts.newcomers()) if village in (None, one.kelurahan)]
    return tuple(sorted(found, key=lambda one: (LISTS.index(one.list_name), one.table, one.entity_id, one.column)))


def agree(facts: ColumnFacts, mine: str | None, theirs: str | None) -> bool:
    """Whether two canonical values can both be true: equal, or coarse and fine codes of one branch."""
    if mine == theirs:
        return True
    if facts.codes is None or mine is None or theirs is None:
        return False
    return code_lists()[facts.codes].agree(int(mine), int(theirs))


class _Drafts:
    """The changes of one release with the values of its base snapshot."""

    def __init__(self, platform: Platform, view: View) -> None:
        self.platform, self.view = platform, view
        self.columns = {table: column_facts(view.manifest, table) for table in (FAMILY, PERSON)}
        self.snapshots = {source["sha256"][:12] for source in view.sources if source["data_date"]}

    def changes(self) -> Iterator[Proposal]:
        """Columns of listed families and persons in which a visit won against another value."""
        for row, published in self._won:
            old = self._base_values[row["tabel"]].get(_base(published))
            for facts in self.columns[row["tabel"]] if old is not None else ():
                if facts.is_in(row["mask"]) and not facts.comes_from and facts is not HOME:
                    yield from self._change(row, published, facts, old or {})

    def _change(self, row: Row, published: Row, facts: ColumnFacts, old: Row) -> Iterator[Proposal]:
        new = as_text(published[facts.name])
        before = str(PRESENT) if facts.name == PRESENCE else as_text(old.get(facts.name))
        if agree(facts, new, before) and not _is_finer(facts, new, before):
            return
        is_gone = facts.name == PRESENCE and published[PRESENCE] in LEFT
        yield Proposal(
            list_name=SANGGAH if is_gone else PERBAIKAN,
            table=row["tabel"],
            entity_id=row["entity_id"],
            kelurahan=published["kelurahan"],
            column=facts.name,
            label=facts.label,
            old=before,
            new=new,
            record=(row["src"], row["row"]),
            base=_base(published),
        )

    def newcomers(self) -> Iterator[Proposal]:
        """Published persons whom the base snapshot does not list."""
        label = next(facts.label for facts in self.columns[PERSON] if facts.name == PRESENCE)
        for (table, entity_id), published in self._published.items():
            if table == PERSON and published["src"] not in self.snapshots:
                record = _base(published)
                village = published["kelurahan"]
                yield Proposal(USUL, PERSON, entity_id, village, PRESENCE, label, None, str(PRESENT), record, record)

    @cached_property
    def _won(self) -> list[tuple[Row, Row]]:
        """Lineage rows in which a visit won, with the published row."""
        is_won = pl.col("decision").is_in(WINNING) & pl.col("sumber").is_in([VISIT, VISIT_MEMBER])
        rows = self.view.rows("lineage", is_won)
        pairs = [(row, self._published.get((row["tabel"], row["entity_id"]))) for row in rows]
        return [(row, published) for row, published in pairs if published and published["src"] in self.snapshots]

    @cached_property
    def _published(self) -> dict[tuple[str, str], Row]:
        """Published families and persons that a visit touched or made, with their kelurahan."""
        won = self.view.scan("lineage").filter(pl.col("decision").is_in(WINNING)).select("tabel", "entity_id").unique()
        homes = self.view.scan(FAMILY).with_columns(kelurahan="kode_kelurahan_desa")
        people = self.view.scan(PERSON).join(homes.select("family_id", "kelurahan"), on="family_id", how="left")
        touched = {name: won.filter(pl.col("tabel") == name) for name in (FAMILY, PERSON)}
        is_new = ~pl.col("src").is_in(list(self.snapshots))
        kept = people.join(touched[PERSON], left_on="person_id", right_on="entity_id", how="semi")
        parts = {
            FAMILY: homes.join(touched[FAMILY], left_on="family_id", right_on="entity_id", how="semi"),
            PERSON: pl.concat([kept, people.filter(is_new)]).unique("person_id"),
        }
        ids = {FAMILY: "family_id", PERSON: "person_id"}
        return {
            (table, row[ids[table]]): row
            for table, part in parts.items()
            for row in fetched(part).iter_rows(named=True)
        }

    @cached_property
    def _base_values(self) -> dict[str, dict[Pointer, Row]]:
        """The base snapshot's own values of the families and persons in which a visit won."""
        wanted: dict[str, set[Pointer]] = {FAMILY: set(), PERSON: set()}
        for row, published in self._won:
            wanted[row["tabel"]].add(_base(published))
        return {table: base_values(self.platform, table, sorted(pointers)) for table, pointers in wanted.items()}


def base_values(platform: Platform, table: str, pointers: Sequence[Pointer]) -> dict[Pointer, Row]:
    """Snapshot rows in canonical form, by pointer."""
    rows = RawRows(platform)
    rows.load(pointers)
    raws = {pointer: raw for pointer in pointers if (raw := rows.raw(pointer))}
    return published_rows(records_of(platform, table, raws)) if raws else {}


def _base(published: Row) -> Pointer:
    return published["src"], published["row"]


def _is_finer(facts: ColumnFacts, new: str | None, old: str | None) -> bool:
    """Whether the verified code says more than the coarse one of the snapshot."""
    if facts.codes is None or new is None or old is None or new == old:
        return False
    return int(old) in code_lists()[facts.codes].ancestors(int(new))


@dataclass(frozen=True)
class Filed:
    """A proposal as it is written down for SIKS-NG: numbers, names, values with their labels, and the visit."""

    proposal: Proposal
    person: Mapping[str, str]
    minutes: str
    visited_on: str


def filed(platform: Platform, view: View, listed: Sequence[Proposal]) -> Iterator[Filed]:
    """The proposals with the texts of their base row (for a newcomer the visit's row) and of their visit."""
    rows = RawRows(platform)
    sources = Sources(view, rows, is_revealed=True)
    sources.prepare(pointer for one in listed for pointer in (one.record, one.base))
    for one in listed:
        visit: Raw = sources.visit_of(one.record) or {}
        own = rows.raw(one.base) or {}
        card = own.get("nomor_kartu_keluarga", "").strip() or visit.get("nomor_kartu_keluarga", "")
        yield Filed(
            proposal=one,
            person={**own, "nomor_kartu_keluarga": card},
            minutes=visit.get("nomor_berita_acara", "").strip(),
            visited_on=visit.get("waktu_kunjungan", "").strip()[:10],
        )
