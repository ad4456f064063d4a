"""What happened to families and persons, in plain Python: a walk through the rows of each, in the order of time.

A family is named by its last card, since the raw files know no ids.
"""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from itertools import pairwise
from typing import NamedTuple

from tests.oracle.ties import CARD, MOVED, NEW, PRESENT, Entity, Pointer, Record, Ties
from tests.oracle.values import HOME, PRESENCE

DIED = 2
ALWAYS = datetime(2000, 1, 1, tzinfo=UTC)
Family = str


class Event(NamedTuple):
    """One event: the row that shows it, and the families by their last card."""

    table: str
    code: str
    day: date
    pointer: Pointer
    family: Family | None = None
    left: Family | None = None
    joined: Family | None = None


@dataclass(frozen=True)
class _Listing:
    """An entity in one snapshot: its first row there."""

    nth: int
    row: Record

    @property
    def home(self) -> Family:
        return str(self.row.values.get(HOME))


class Chronicle:
    """The events of a city."""

    def __init__(self, ties: Ties, dates: Mapping[str, date]) -> None:
        self.ties, self.versions = ties, ties.versions
        self.days = [dates[version] for version in self.versions]
        self.found = Counter[Event]()
        self.spans = dict[Family, tuple[int, int]]()

    def told(self) -> Counter[Event]:
        """Every event and how often it occurs, which is once."""
        for card, family in self.ties.families.items():
            listings = self._listings(family)
            if listings:
                self.spans[card] = listings[0].nth, listings[-1].nth
                self._of_family(card, listings)
        for person in self.ties.persons:
            self._of_person(person)
        self._of_pairs()
        return self.found

    def _listings(self, entity: Entity) -> list[_Listing]:
        first = dict[int, Record]()
        for row in sorted(entity.rows, key=lambda row: row.pointer):
            first.setdefault(self.versions.index(row.version), row)
        return [_Listing(nth, first[nth]) for nth in sorted(first)]

    def _note(self, *facts: object) -> None:
        self.found[Event(*facts)] += 1  # type: ignore[arg-type]

    def _of_family(self, card: Family, listings: Sequence[_Listing]) -> None:
        self._gaps("keluarga", listings, card)
        if listings[0].nth:
            self._note("keluarga", "tercatat", self.days[listings[0].nth], listings[0].row.pointer, card)
        for before, after in pairwise(listings):
            if before.row.values[CARD] != after.row.values[CARD]:
                self._note("keluarga", "kartu_berubah", self.days[after.nth], after.row.pointer, card)

    def _gaps(self, table: str, listings: Sequence[_Listing], card: Family | None) -> None:
        there = {one.nth: one for one in listings}
        for one in listings:
            home = None if card else one.home
            if one.nth + 1 < len(self.days) and one.nth + 1 not in there:
                self._note(table, "tidak_tercatat", self.days[one.nth + 1], one.row.pointer, card, home)
            if one is not listings[0] and one.nth - 1 not in there:
                self._note(table, "tercatat_kembali", self.days[one.nth], one.row.pointer, card, None, home)

    def _of_person(self, person: Entity) -> None:
        listings = self._listings(person)
        self._gaps("anggota", listings, None)
        home: Family | None = None
        is_dead = was_left = False
        is_new = not listings or listings[0].nth > 0
        for day, row, place in self._statements(person, listings):
            presence = row.values[PRESENCE] if row.file.version is None else PRESENT
            if presence == DIED:
                if not is_dead:
                    self._note("anggota", "meninggal", day, row.pointer, None, place)
                is_dead = True
            elif presence in MOVED:
                if place == home and not was_left:
                    self._note("anggota", "pindah_keluar", day, row.pointer, None, place)
                    was_left = True
            else:
                self._seen(row, day, home, place, is_new=is_new)
                if row.file.version is None:
                    if is_dead:
                        self._note("anggota", "hidup_kembali", day, row.pointer, None, None, place)
                    is_dead = False
                home, was_left = place, False
        self._finally(person, home, is_dead=is_dead, was_left=was_left)

    def _finally(self, person: Entity, home: Family | None, *, is_dead: bool, was_left: bool) -> None:
        """The register's word stands behind everything that is told."""
        word = person.word
        presence = word.values[PRESENCE] if word else None
        if word is None or home is None or presence is None:
            return
        if presence == DIED and not is_dead:
            self._note("anggota", "meninggal", word.day, word.pointer, None, home)
        if presence in MOVED and not was_left:
            self._note("anggota", "pindah_keluar", word.day, word.pointer, None, home)

    def _seen(self, row: Record, day: date, home: Family | None, place: Family, *, is_new: bool) -> None:
        if home is not None and home != place:
            self._note("anggota", "pindah", day, row.pointer, None, home, place)
        if home is None and is_new:
            born = row.values["tanggal_lahir"]
            code = "lahir" if isinstance(born, date) and born > self.days[0] else "tercatat"
            self._note("anggota", code, day, row.pointer, None, None, place)

    def _statements(self, person: Entity, listings: Sequence[_Listing]) -> list[tuple[date, Record, Family]]:
        """Visits that tell where the person is, and listings that name another family than the one before."""
        found = list[tuple[tuple[date, int, datetime, Pointer], Record, Family]]()
        for row, visit in person.visits:
            if row.values[PRESENCE] in (PRESENT, NEW, DIED, *MOVED):
                found.append(((visit.day, 0, visit.at, row.pointer), row, str(visit.values[HOME])))
        last = None
        for one in listings:
            if one.home != last:
                found.append(((self.days[one.nth], 1, ALWAYS, one.row.pointer), one.row, one.home))
            last = one.home
        return [(key[0], row, place) for key, row, place in sorted(found, key=lambda entry: entry[0])]

    def _of_pairs(self) -> None:
        """Families that split off and families that went into others, shown by their first person."""
        first = dict[tuple[Family, Family, int], Pointer]()
        for before, after in self._moves():
            key = before.home, after.home, after.nth
            first[key] = min(first.get(key, after.row.pointer), after.row.pointer)
        for (left, joined, nth), pointer in first.items():
            is_new = self.spans[joined][0] == nth
            if is_new:
                self._note("keluarga", "pecah", self.days[nth], pointer, joined, left)
            elif self.spans[left][1] < nth:
                self._note("keluarga", "gabung", self.days[nth], pointer, left, None, joined)

    def _moves(self) -> Iterable[tuple[_Listing, _Listing]]:
        for person in self.ties.persons:
            listings = self._listings(person)
            yield from ((one, other) for one, other in pairwise(listings) if one.home != other.home)
