"""Families under another card: who goes on, what follows for visits and ids, and that order does not count."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dtsen_pipeline.core.engine import Engine
from dtsen_pipeline.core.succession import first_cards
from dtsen_pipeline.resources.engines import open_engine
from tests.core.rows import ANCIENT, BASE, CARD, NIK, OLD, Pointer, Release, Town, card, nik
from tests.core.stories import files
from tests.oracle import judge as oracle
from tests.oracle.cards import Someone, chains

BORN, NAME, SEX, FLOOR = "tanggal_lahir", "nama", "jenis_kelamin", "jenis_lantai_terluas"
VERSIONS = (ANCIENT, OLD, BASE)
BEFORE_BASE, AFTER_BASE = "2026-02-02", "2026-08-03"
PAIRS = {
    "all": ("abc", "abc", True),
    "one joined, one left": ("abc", "abn", True),
    "one person": ("a", "a", True),
    "half of the older": ("abcd", "ab", False),
    "half of the newer": ("ab", "abcd", False),
    "most of the older, few of the newer": ("ab", "abcde", False),
    "alike without a number": ("aN", "aN", True),
    "nobody with a number": ("NO", "NO", False),
    "a number lost": ("ab", "aB", True),
    "a number found": ("aB", "ab", True),
    "another without a number": ("aN", "aO", False),
}
"""The persons of a card in the older and in the newer snapshot: a letter each, a capital one has no NIK."""


class Village(Town):
    """A town whose families are written as letters."""

    def __init__(self) -> None:
        super().__init__()
        self.numbers: dict[tuple[int, str], int] = {}

    def lives(self, number: int, people: str, version: str, house: int, **cells: str) -> dict[str, Pointer]:
        """The family `number` of a snapshot with its members, who are people of a house; their rows by letter."""
        found = {"": self.family(card(number), version, **cells)}
        return found | {letter: self.lists(number, letter, version, house) for letter in people}

    def lists(self, number: int, letter: str, version: str, house: int, **cells: str) -> Pointer:
        """A member row."""
        person = None if letter.isupper() else self.person(house, letter)
        return self.member(card(number), person, version, **{NAME: f"WARGA {letter}".upper()} | cells)

    def person(self, house: int, letter: str) -> int:
        """The number of a person of a house."""
        return self.numbers.setdefault((house, letter), len(self.numbers))


@dataclass(frozen=True)
class World:
    """A town, the rows that the tests ask for, and the release that the judge agreed with."""

    town: Village
    at: dict[str, Pointer]
    release: Release

    def ids(self, version: str) -> dict[str, str]:
        """The family of each card of a snapshot."""
        rows = self.release.run.engine.fetch(self.release.run.observed.families)
        return dict(rows.filter(pl.col("version") == version).select(CARD, "family_id").iter_rows())

    def person(self, name: str) -> str:
        """The person that a snapshot's row was tied to."""
        src, row = self.at[name]
        rows = self.release.run.engine.fetch(self.release.run.observed.members)
        found: str = rows.row(by_predicate=(pl.col("src") == src) & (pl.col("row") == row), named=True)["person_id"]
        return found


def _town() -> tuple[Village, dict[str, Pointer]]:
    town, at = Village(), dict[str, Pointer]()
    for number, (before, after, _) in enumerate(PAIRS.values()):
        town.lives(2 * number, before, OLD, number)
        town.lives(2 * number + 1, after, BASE, number)
    _standing(town)
    for number, version in ((40, ANCIENT), (41, OLD), (42, BASE)):
        rows = town.lives(number, "abN", version, 40, **{FLOOR: "6"})
        at |= {f"{letter} of {number}": pointer for letter, pointer in rows.items()}
    town.lives(43, "ab", ANCIENT, 43)
    town.lives(44, "ab", BASE, 43)
    town.lives(45, "abc", OLD, 45)
    town.lives(46, "abc", BASE, 45)
    town.lives(47, "abc", BASE, 45)
    _visited(town, at)
    return town, at


def _standing(town: Village) -> None:
    """Cards that stand on in some way, while most of the family is under another one."""
    for number in (50, 52, 54, 56):
        town.lives(number, "abc", OLD, number)
        town.lives(number + 1, "abc", BASE, number)
    town.family(card(50))
    town.family(card(52), desil_nasional="11")
    town.lists(52, "d", BASE, 52)
    town.family(card(54), kode_kabupaten_kota="3506")
    town.family(card(57), OLD, kode_kabupaten_kota="3506")


def _visited(town: Village, at: dict[str, Pointer]) -> None:
    """Visits that name the first, the second and the last card of one family."""
    for number, day, floor in ((40, "2026-01-20", "1"), (41, BEFORE_BASE, "1"), (42, AFTER_BASE, "")):
        visit = at[f"visit to {number}"] = town.visit(card(number), day, **{FLOOR: floor})
        at[f"guest of {number}"] = town.met(visit, "5", nama="TAMU", tanggal_lahir="2026-01-01", jenis_kelamin="2")
        at[f"N met at {number}"] = town.met(visit, nama="WARGA N", penglihatan="1")
    at["nobody"] = town.met(town.visit(card(0), BEFORE_BASE), nama="SIAPA")
    one = town.visit(card(2), BEFORE_BASE, id_kunjungan="V", luas_lantai="40")
    town.visit(card(3), AFTER_BASE, id_kunjungan="V", luas_lantai="41")
    at["met twice"] = town.met("V", **{NIK: nik(town.person(1, "a")), NAME: "WARGA A"})
    at["first of two"] = one


def _judged(town: Town, engine: Engine) -> Release:
    release = Release(town, engine)
    judgement = oracle.judge(oracle.Release(release.tables, release.run.outcome.cuts), files(town))
    assert not judgement.faults, judgement.summary()
    return release


@pytest.fixture(scope="module")
def world(engine: Engine) -> World:
    town, at = _town()
    return World(town, at, _judged(town, engine))


@pytest.mark.parametrize("name", PAIRS)
def test_a_family_goes_on_where_most_of_it_is_most_of_another(world: World, name: str) -> None:
    number = list(PAIRS).index(name)
    before, after = world.ids(OLD)[card(2 * number)], world.ids(BASE)[card(2 * number + 1)]
    assert (before == after) is PAIRS[name][2]


@pytest.mark.parametrize("number", [50, 52, 54, 56])
def test_a_card_that_stands_on_has_no_successor(world: World, number: int) -> None:
    """Listed still; rejected, with a member; in another city; and a new card that stood elsewhere before."""
    assert world.ids(BASE)[card(number + 1)] != world.ids(OLD)[card(number)]


def test_a_chain_of_cards_is_one_family_under_the_first_ones_id(world: World) -> None:
    first = world.ids(ANCIENT)[card(40)]
    assert world.ids(OLD)[card(41)] == world.ids(BASE)[card(42)] == first
    assert world.release.family(card(42))["family_id"] == first
    aliases = [row for row in world.release.tables["alias"] if row["tabel"] == "keluarga"]
    assert [row["entity_id"] for row in aliases].count(first) == 2
    assert len({row["alias_id"] for row in aliases}) == len(aliases)
    assert not {row["alias_id"] for row in aliases} & {row["family_id"] for row in world.release.tables["keluarga"]}


def test_a_family_that_one_snapshot_left_out_goes_on_after_it(world: World) -> None:
    assert world.ids(ANCIENT)[card(43)] == world.ids(BASE)[card(44)]


def test_of_two_that_would_fit_neither_does(world: World) -> None:
    assert len({world.ids(OLD)[card(45)], world.ids(BASE)[card(46)], world.ids(BASE)[card(47)]}) == 3


def test_what_was_verified_under_an_older_card_keeps_counting(world: World) -> None:
    assert world.release.family(card(42))[FLOOR] == 1
    assert world.release.won(world.at["visit to 41"], FLOOR) == {"blocked"}
    assert {world.release.fate(world.at[f"visit to {number}"]) for number in (40, 41)} <= {"contributed", "superseded"}
    assert world.release.family(card(1))["alasan_tidak_lengkap"] == "anggota_ditahan"


def test_a_person_without_a_nik_stays_one_person_under_the_new_card(world: World) -> None:
    """Also where only officers met the person, under one card and the other."""
    assert len({world.person(f"N of {number}") for number in (40, 41, 42)}) == 1
    assert {world.release.fate(world.at[f"N met at {number}"]) for number in (40, 41, 42)} <= {
        "contributed",
        "superseded",
    }
    guests = [row for row in world.release.persons(card(42)) if row[NAME] == "TAMU"]
    assert [row[CARD] for row in guests] == [card(42)]
    known = {row["alias_id"] for row in world.release.tables["alias"] if row["entity_id"] == guests[0]["person_id"]}
    assert len(known) == 2


def test_the_card_of_those_met_is_the_one_the_family_has_now(world: World) -> None:
    assert {row[CARD] for row in world.release.persons(card(42))} == {card(42)}


def test_one_visit_sent_under_both_cards_is_a_visit_to_one_family(world: World) -> None:
    assert world.release.fate(world.at["met twice"]) != "held:H_VISIT_TWICE"


def test_who_goes_on_has_not_vanished(world: World) -> None:
    gone = {row["entity_id"] for row in world.release.tables["vanished"] if row["tabel"] == "keluarga"}
    assert world.ids(ANCIENT)[card(40)] not in gone
    assert world.ids(OLD)[card(2 * list(PAIRS).index("half of the older"))] in gone


def test_the_rows_in_another_order_give_the_same_ids_and_aliases(world: World, engine: Engine) -> None:
    again, _ = _town()
    for rows in again.rows.values():
        places = [(row["src"], row["row"]) for row in rows]
        for row, (_, line) in zip(rows, _turned(places), strict=True):
            row["row"] = line
    found = Release(again, engine)
    assert _families(found) == _families(world.release)
    assert _aliases(found) == _aliases(world.release)


def _turned(places: Sequence[Pointer]) -> list[Pointer]:
    """Each file's lines from its end."""
    lines = {src: sorted(row for other, row in places if other == src) for src, _ in places}
    return [(src, lines[src].pop()) for src, _ in places]


def _families(release: Release) -> set[tuple[str, str]]:
    return {(row[CARD], row["family_id"]) for row in release.tables["keluarga"]}


def _aliases(release: Release) -> set[tuple[str, str, str]]:
    return {tuple(row.values()) for row in release.tables["alias"]}


@dataclass(frozen=True)
class Homes:
    """The card of each person in each snapshot; a person in capitals has no NIK, a stop is absent."""

    of: tuple[str, ...]

    @property
    def rows(self) -> list[tuple[str, str, str]]:
        """Version, card, person."""
        return [
            (version, letter, person)
            for version, letters in zip(VERSIONS, self.of, strict=True)
            for person, letter in zip(PEOPLE, letters, strict=True)
            if letter != "."
        ]


PEOPLE = "klmnOPq"
homes = st.tuples(*[st.text("abc.", min_size=len(PEOPLE), max_size=len(PEOPLE))] * 3).map(Homes)


def _found(rows: Iterable[tuple[str, str, str]], engine: Engine) -> dict[str, str]:
    members = pl.DataFrame(
        [
            (
                version,
                letter,
                None if who.isupper() else who,
                who,
                date(1980, 1, 1),
                1,
                f"{who}|{letter * who.isupper()}",
            )
            for version, letter, who in rows
        ],
        schema={
            "version": pl.String,
            CARD: pl.String,
            NIK: pl.String,
            "id_name": pl.String,
            BORN: pl.Date,
            SEX: pl.Int32,
            "own_key": pl.String,
        },
        orient="row",
    ).with_columns(fate=pl.lit("active"))
    loaded = engine.load(members)
    found = first_cards(loaded.select(CARD, "version").unique(), loaded, VERSIONS, engine)
    return {} if found is None else dict(engine.fetch(found).select(CARD, "first_card").iter_rows())


@settings(max_examples=40, deadline=None)
@given(homes)
def test_any_homes_make_the_chains_that_the_judge_finds_in_any_order(engine: Engine, homes: Homes) -> None:
    people = [
        (version, letter, Someone((who, letter * who.isupper()), not who.isupper(), (who,)))
        for version, letter, who in homes.rows
    ]
    mine = chains({(version, letter) for version, letter, _ in people}, people, VERSIONS).firsts
    expected = {one: first for one, first in mine.items() if one != first}
    assert _found(homes.rows, engine) == expected
    assert _found(homes.rows[::-1], engine) == expected


def test_duckdb_finds_the_same_chains(engine: Engine, tmp_path: Path) -> None:
    rows = Homes(("aaa.bb.", "ccc.bb.", "dd..bb.")).rows
    other = open_engine("duckdb", tmp_path)
    try:
        assert _found(rows, other) == _found(rows, engine) == {"c": "a", "d": "a"}
    finally:
        other.close()
