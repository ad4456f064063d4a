"""A new snapshot against an earlier verified value, row by row of the decided table.

Every case is a family of one town: what the snapshot that the officer saw said, what the officer verified, what the
base snapshot says now, and who must win.
"""

from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Any

import pytest

from dtsen_pipeline.core.engine import Engine
from tests.core.rows import ANCIENT, BASE, DATES, NIK, OLD, Pointer, Release, Town, card, nik

FLOOR = "jenis_lantai_terluas"
NONE = "TIDAK_ADA"
AGED, PAIRED = 200, 400
"""The first card of the further groups of families."""
SPRING, LATER = "2026-05-04", "2026-07-02"
LIMIT = 1095
"""Days that a verified floor stands against a newer snapshot."""


def before_base(days: int) -> str:
    return (date.fromisoformat(DATES[BASE]) - timedelta(days=days)).isoformat()


@dataclass(frozen=True)
class Case:
    """One column of one family: seen, verified and new value; the published one; and who won and lost."""

    seen: str
    ver: str
    new: str
    published: Any
    won: set[str] = field(default_factory=set)
    lost: set[str] = field(default_factory=set)
    base_lost: set[str] = field(default_factory=set)
    day: str = SPRING
    named: str = ""
    ancient: str | None = None
    column: str = FLOOR

    @property
    def fate(self) -> str:
        """A visit that won or confirmed contributed; adopted values won nothing."""
        return "contributed" if self.won - {"adopted"} else "superseded"


CASES = {
    # ver = seen: confirmed, proposes no change
    "confirmed": Case("6", "6", "6", 6, {"confirmed"}),
    "confirmed, later than the base": Case("5", "6", "6", 6, {"confirmed"}, day=LATER),
    "confirmed, then changed by the ministry": Case("6", "6", "8", 8, {"confirmed"}, lost={"superseded"}),
    "confirmed, then coarser": Case("2", "2", "91", 2, {"confirmed", "refined"}),
    "confirmed, then blank": Case("6", "6", "", 6, {"confirmed", "filled"}),
    "confirmed coarsely, then changed": Case("2", "91", "8", 8, {"confirmed"}, lost={"superseded"}),
    # new = ver: adopted
    "adopted": Case("6", "5", "5", 5, {"adopted"}),
    "adopted in coarse form": Case("6", "2", "91", 2, {"refined"}),
    "adopted in fine form": Case("6", "91", "2", 2, {"adopted"}),
    "adopted late": Case("6", "5", "5", 5, {"adopted"}, day=before_base(LIMIT + 1), named=OLD),
    # new = seen: blocked
    "blocked": Case("6", "5", "6", 5, {"blocked"}, base_lost={"blocked"}),
    "blocked, both blank": Case("", "5", "", 5, {"blocked"}),
    "blocked, seen coarse and new fine": Case("91", "5", "2", 5, {"blocked"}, base_lost={"blocked"}),
    "blocked on the day of the base": Case("8", "5", "6", 5, {"blocked"}, base_lost={"blocked"}, day=DATES[BASE]),
    "blocked, new blank": Case("6", "5", "", 5, {"blocked"}),
    # a third value: pending
    "pending": Case("6", "5", "8", 5, {"pending"}, base_lost={"pending"}),
    "pending, none was seen": Case("", "5", "8", 5, {"pending"}, base_lost={"pending"}),
    "pending, two codes that no list holds": Case("77", "5", "77", 5, {"pending"}, base_lost={"pending"}),
    "pending, an unknown code is nobody's": Case("6", "5", "77", 5, {"pending"}, base_lost={"pending"}),
    # older than the column's maximum age: expired
    "expired": Case("6", "5", "6", 6, lost={"expired"}, day=before_base(LIMIT + 1), named=OLD),
    "expired before a third value": Case("6", "5", "8", 8, lost={"expired"}, day=before_base(LIMIT + 1), named=OLD),
    "on its last day": Case("6", "5", "6", 5, {"blocked"}, base_lost={"blocked"}, day=before_base(LIMIT), named=OLD),
    "on its last day by the local clock": Case(
        "6",
        "5",
        "6",
        5,
        {"blocked"},
        base_lost={"blocked"},
        day=f"{before_base(LIMIT)}T00:30:00+07:00",
        named=OLD,
    ),
    "expired, and nobody else says anything": Case("", "5", "", 5, {"filled"}, day=before_base(LIMIT + 1), named=OLD),
    # later than the base: the visit wins
    "changed": Case("6", "5", "6", 5, {"changed"}, base_lost={"overridden"}, day=LATER),
    "changed by the local clock": Case(
        "6", "5", "6", 5, {"changed"}, base_lost={"overridden"}, day=f"{LATER}T01:00:00+07:00"
    ),
    "changed, though it is what an older snapshot said": Case(
        "6", "6", "8", 6, {"changed"}, base_lost={"overridden"}, day=LATER, named=OLD
    ),
    "refined": Case("91", "2", "91", 2, {"refined", "confirmed"}, day=LATER),
    "not coarsened": Case("2", "91", "2", 2, {"confirmed"}, day=LATER),
    # "there is none"
    "cleared": Case("6", NONE, "6", None, {"changed"}, base_lost={"overridden"}, day=LATER),
    "cleared, blocked": Case("6", NONE, "6", None, {"blocked"}, base_lost={"blocked"}),
    "cleared, adopted": Case("6", NONE, "", None, {"adopted"}),
    "cleared to zero": Case(
        "3", NONE, "3", 0, {"changed"}, base_lost={"overridden"}, day=LATER, column="jumlah_ternak_sapi"
    ),
    "cleared text": Case("JL A", NONE, "JL A", None, {"changed"}, base_lost={"overridden"}, day=LATER, column="alamat"),
    # which snapshot was seen
    "seen by name": Case("8", "5", "6", 5, {"blocked"}, base_lost={"blocked"}, named=ANCIENT, ancient="6"),
    "seen by date": Case("8", "5", "6", 5, {"pending"}, base_lost={"pending"}, ancient="6"),
    "seen by date, where the name is no snapshot's": Case(
        "6", "5", "6", 5, {"blocked"}, base_lost={"blocked"}, named="rilis-1", ancient="8"
    ),
    "seen on the day of its snapshot": Case(
        "6", "5", "6", 5, {"blocked"}, base_lost={"blocked"}, day=DATES[OLD], ancient="8"
    ),
    "seen the day before it": Case("6", "5", "6", 5, {"pending"}, base_lost={"pending"}, day="2026-01-14", ancient="8"),
}


@dataclass
class Told:
    """The release, and the pointers of every case: the visit and the base record; by group; and by pair."""

    release: Release
    visits: dict[str, Pointer]
    bases: dict[str, Pointer]
    aged: dict[tuple[str, bool], Pointer]
    pairs: dict[str, tuple[Pointer, Pointer]]


@pytest.fixture(scope="module")
def told(engine: Engine) -> Told:
    town = Town()
    visits, bases = _cases(town)
    aged, pairs = _aged(town), _pairs(town)
    return Told(Release(town, engine), visits, bases, aged, pairs)


def _cases(town: Town) -> tuple[dict[str, Pointer], dict[str, Pointer]]:
    visits, bases = {}, {}
    for number, (name, case) in enumerate(CASES.items()):
        if case.ancient is not None:
            town.family(card(number), ANCIENT, **{case.column: case.ancient})
        town.family(card(number), OLD, **{case.column: case.seen})
        bases[name] = town.family(card(number), **{case.column: case.new})
        visits[name] = town.visit(card(number), case.day, versi_dilihat=case.named, **{case.column: case.ver})
    return visits, bases


@pytest.mark.parametrize("name", CASES)
def test_the_decided_table(name: str, told: Told) -> None:
    case, visit, base = CASES[name], told.visits[name], told.bases[name]
    family = told.release.family(card(list(CASES).index(name)))
    assert family[case.column] == case.published
    assert told.release.won(visit, case.column) == case.won
    assert told.release.lost(visit, case.column) == case.lost
    assert told.release.lost(base, case.column) == case.base_lost
    assert told.release.fate(visit) == case.fate
    assert told.release.fate(base) == "base"


LIMITS: dict[str, tuple[str, str, int | None]] = {
    "energy": ("daya_terpasang", "1 2 1", 730),
    "assets": ("aset_bergerak_perahu", "1 2 1", 730),
    "aid": ("pbi_nas", "1 2 1", 365),
    "region_address": ("alamat", "A B A", 730),
    "water_sanitation": ("fasilitas_bab", "6 2 6", 1095),
    "demography": ("jumlah_anggota_keluarga", "6 2 6", 1095),
    "dwelling": ("jenis_atap_terluas", "1 2 1", 1095),
    "identity": ("nama_kepala_keluarga", "A B A", None),
    "work": ("status_bekerja", "1 2 1", 365),
    "education": ("jenjang_tertinggi_yang_diduduki", "3 8 3", 1095),
    "health": ("penglihatan", "4 1 4", 730),
    "nutrition": ("kondisi_gizi", "1 2 1", 180),
    "school year": ("partisipasi_sekolah", "3 2 3", 365),
    "register_ktp": ("rt_ktp", "1 2 1", None),
    "identity of a person": ("nama", "A B A", None),
    "demography of a person": ("status_kawin", "1 2 1", 1095),
}
"""Column, seen, verified and new value, and the days it stands, by field group (reference/merge_policy.yaml)."""
OF_PERSONS = (
    "work",
    "education",
    "health",
    "nutrition",
    "school year",
    "register_ktp",
    "identity of a person",
    "demography of a person",
)
FOREVER = 20_000


def _aged(town: Town) -> dict[tuple[str, bool], Pointer]:
    found = {}
    cases = [(group, over) for group in LIMITS for over in (False, True)]
    for number, (group, over) in enumerate(cases, start=AGED):
        column, values, limit = LIMITS[group]
        seen, ver, new = ({column: value} for value in values.split())
        day = before_base((FOREVER if limit is None else limit) + over)
        if group in OF_PERSONS:
            for version, said in ((OLD, seen), (BASE, new)):
                town.family(card(number), version)
                town.member(card(number), number, version, **said)
            visit = town.visit(card(number), day, versi_dilihat=OLD)
            found[group, over] = town.met(visit, **{NIK: nik(number)}, **ver)
        else:
            town.family(card(number), OLD, **seen)
            town.family(card(number), **new)
            found[group, over] = town.visit(card(number), day, versi_dilihat=OLD, **ver)
    return found


@pytest.mark.parametrize("group", LIMITS)
def test_how_long_a_verified_value_stands(group: str, told: Told) -> None:
    column, _, limit = LIMITS[group]
    assert told.release.lost(told.aged[group, False], column) == set()
    assert told.release.lost(told.aged[group, True], column) == ({"expired"} if limit is not None else set())


@dataclass(frozen=True)
class Pair:
    """Two visits: (file, day, floor) each, against a base that says earth (8), and what an older snapshot said."""

    first: tuple[str, str, str]
    second: tuple[str, str, str]
    published: int
    won: tuple[set[str], set[str]]
    lost: tuple[set[str], set[str]] = (set(), set())
    new: str = "8"
    old: str = ""


DAY, NEXT = "2026-08-03", "2026-08-04"
PAIRS = {
    "the later visit, though its file and row come first": Pair(
        ("c1", NEXT, "5"), ("c2", DAY, "6"), 5, ({"changed"}, set()), (set(), {"superseded"})
    ),
    "the later hour": Pair(
        ("c1", f"{DAY}T15:00:00+07:00", "5"),
        ("c1", f"{DAY}T09:00:00+07:00", "6"),
        5,
        ({"changed"}, set()),
        (set(), {"superseded"}),
    ),
    "the later token": Pair(("c2", DAY, "5"), ("c1", DAY, "6"), 5, ({"changed"}, set()), (set(), {"superseded"})),
    "the later row": Pair(("c1", DAY, "6"), ("c1", DAY, "5"), 5, (set(), {"changed"}), ({"superseded"}, set())),
    "a later blank says nothing": Pair(("c1", DAY, "5"), ("c1", NEXT, ""), 5, ({"changed"}, set())),
    "a later token of none clears": Pair(
        ("c1", DAY, "5"), ("c1", NEXT, NONE), 0, (set(), {"changed"}), ({"superseded"}, set())
    ),
    "an earlier finer answer refines": Pair(("c1", DAY, "2"), ("c1", NEXT, "91"), 2, ({"refined"}, {"confirmed"})),
    "an earlier finer answer refines, however old": Pair(
        ("c1", "2020-01-01", "2"), ("c1", DAY, "91"), 2, ({"refined"}, {"confirmed"})
    ),
    "a finer answer of another branch does not": Pair(
        ("c1", DAY, "6"), ("c1", NEXT, "91"), 91, (set(), {"changed"}), ({"superseded"}, set())
    ),
    "an earlier finer answer comes before an older snapshot's": Pair(
        ("c1", DAY, "2"), ("c1", NEXT, "91"), 2, ({"refined"}, {"confirmed"}), new="91", old="4"
    ),
    "an earlier finer answer stands where an older snapshot said the same": Pair(
        ("c1", DAY, "2"), ("c1", NEXT, "91"), 2, ({"refined"}, {"confirmed"}), new="91", old="2"
    ),
    "an older snapshot's finer code stands where no visit has one": Pair(
        ("c1", DAY, "91"), ("c1", NEXT, "91"), 4, (set(), {"confirmed"}), new="91", old="4"
    ),
}


def _pairs(town: Town) -> dict[str, tuple[Pointer, Pointer]]:
    found = {}
    for number, (name, pair) in enumerate(PAIRS.items(), start=PAIRED):
        if pair.old:
            town.family(card(number), OLD, **{FLOOR: pair.old})
        town.family(card(number), **{FLOOR: pair.new})
        first, second = (
            town.visit(card(number), day, file, luas_lantai="30", **{FLOOR: floor})
            for file, day, floor in (pair.first, pair.second)
        )
        found[name] = (first, second)
    town.family(card(PAIRED - 1), **{FLOOR: "8"})
    found["silent"] = (town.visit(card(PAIRED - 1), LATER), town.visit(card(PAIRED - 1), LATER, **{FLOOR: "77"}))
    return found


@pytest.mark.parametrize("name", PAIRS)
def test_of_two_visits(name: str, told: Told) -> None:
    pair, visits = PAIRS[name], told.pairs[name]
    assert told.release.family(card(PAIRED + list(PAIRS).index(name)))[FLOOR] == (pair.published or None)
    assert tuple(told.release.won(visit, FLOOR) for visit in visits) == pair.won
    assert tuple(told.release.lost(visit, FLOOR) for visit in visits) == pair.lost


def test_a_visit_that_says_nothing_has_no_values_and_changes_nothing(told: Told) -> None:
    silent, unknown = told.pairs["silent"]
    assert told.release.fate(silent) == told.release.fate(unknown) == "no_values"
    assert told.release.family(card(PAIRED - 1))[FLOOR] == 8
    assert f"W_CODE:{FLOOR}" in told.release.warnings(unknown)
