"""What reviewers' decisions do to persons and to visits; the independent judge rules over every release."""

from collections.abc import Sequence
from copy import copy
from dataclasses import dataclass, replace

import polars as pl
import pytest

from dtsen_pipeline.core.engine import Engine
from dtsen_pipeline.core.rulings import PERSONS, VISITS, Ruling, case_of
from dtsen_pipeline.schemas.release import KEYS
from tests.core.rows import BASE, DATES, NIK, OLD, Pointer, Release, Town, card, nik
from tests.core.stories import files
from tests.oracle import judge as oracle
from tests.oracle.rulings import Decided
from tests.running import Run

Tables = dict[str, pl.DataFrame]
BORN, NAME, FLOOR, WALL = "tanggal_lahir", "nama", "jenis_lantai_terluas", "jenis_dinding_terluas"
AGO, LATER, LATEST = "2026-08-02", "2026-08-10", "2026-08-20"
FIRST_DAY, SECOND_DAY = "2026-10-01", "2026-10-02"


@dataclass(frozen=True)
class World:
    """A town with the rows that decisions speak of, and its release without any decision."""

    town: Town
    at: dict[str, Pointer]
    plain: Release

    def id(self, name: str) -> str:
        found: str = self.plain.person(self.at[name])["person_id"]
        return found

    def pair(self, answer: str, one: str, other: str, day: str = FIRST_DAY) -> list[Decided]:
        """Two reviewers' answer about two persons."""
        return [Decided(self.at[one], self.at[other], day, answer, who) for who in ("P1", "P2")]

    def visit(self, answer: str, one: str, other: str, day: str = FIRST_DAY) -> list[Decided]:
        """One reviewer's answer about two visits."""
        return [Decided(self.at[one], self.at[other], day, answer, "P1", "dwelling")]

    def rulings(self, decided: list[Decided]) -> list[Ruling]:
        """The same, as a decision file tells it."""
        ids = {self.at[name]: self.id(name) for name in PEOPLE} | {self.at["older"]: self.alias}
        found = []
        for one in decided:
            kind = VISITS if one.group else PERSONS
            sides = ["{}-{}".format(*side) if one.group else ids[side] for side in (one.a, one.b)]
            case, answer = case_of(kind, *sides, one.group), one.answer
            if case.a != sides[0] and answer.startswith("pilih"):
                answer = {"pilih_a": "pilih_b", "pilih_b": "pilih_a"}[answer]
            found.append(Ruling(case, one.day, answer, one.reviewer))
        return found

    def release(self, decided: list[Decided], engine: Engine, others: Sequence[Ruling] = ()) -> Release:
        """The release after decisions, in which the judge finds no fault; `others` are about nobody here."""
        release = Release(self.ruled([*self.rulings(decided), *others]), engine)
        found = oracle.Release(release.tables, release.run.outcome.cuts)
        judgement = oracle.judge(found, files(self.town), rulings=decided)
        assert not judgement.faults, judgement.summary()
        return release

    def ruled(self, rulings: Sequence[Ruling]) -> Town:
        """The same town after decisions."""
        town = copy(self.town)
        town.rulings = list(rulings)
        return town

    def sorted(self, release: Release) -> Tables:
        """The tables in the order of their keys."""
        engine, found = release.run.engine, release.run.outcome.tables
        return {name: engine.fetch(found[name]).sort(key) for name, key in KEYS.items()}

    @property
    def alias(self) -> str:
        """The id of the older row that the rules tie to the person with the same name on its card."""
        (found,) = [
            row["alias_id"] for row in self.plain.tables["alias"] if row["entity_id"] == self.id("numbered now")
        ]
        return str(found)


PEOPLE = ("old style", "new style", "numbered now", "namesake", "third", "other home", "met", "met too", "in the list")


@pytest.fixture(scope="module")
def world(engine: Engine) -> World:
    town, at = Town(), {}
    for number in range(1, 6):
        town.family(card(number))
        town.family(card(number), OLD)
    at["old style before"] = town.member(card(1), 1, OLD, **{NAME: "SITI AMINAH"})
    at["old style"] = town.member(card(1), 1, **{NAME: "SITI AMINAH"})
    at["new style"] = town.member(card(2), None, **{NAME: "SITI AMINAH", BORN: "1980-01-10", NIK: nik(1)})
    at["older"] = town.member(card(3), None, OLD, **{NAME: "BUDI"})
    at["numbered now"] = town.member(card(3), 3, **{NAME: "BUDI"})
    at["namesake"] = town.member(card(4), 4, **{NAME: "RATNA"})
    at["third"] = town.member(card(4), 44, **{NAME: "RATNA D"})
    at["other home"] = town.member(card(5), 5, **{NAME: "RATNA DEWI"})
    at["in the list"] = town.member(card(5), None, **{NAME: "TONO", BORN: "1990-02-02"})
    at["call"] = town.visit(card(5), AGO)
    at["met"] = town.met(at["call"], "5", **{NAME: "PARNO", BORN: "1990-02-02", "jenis_kelamin": "1"})
    at["met too"] = town.met(at["call"], "5", **{NAME: "SARI", BORN: "1991-02-02", "jenis_kelamin": "2"})
    at["earlier"] = town.visit(card(1), LATER, **{FLOOR: "6", WALL: "3", "luas_lantai": "60"})
    at["later"] = town.visit(card(1), LATEST, **{FLOOR: "8", WALL: "4"})
    at["coarse"], at["fine"] = (
        town.visit(card(2), day, **{FLOOR: code}) for day, code in ((LATER, "91"), (LATEST, "2"))
    )
    return World(town, at, Release(town, engine))


def said(world: World) -> list[Decided]:
    """Two who are one, three who are one, somebody met who is listed, and a visit before a later one."""
    return [
        *world.pair("sama", "old style", "new style"),
        *world.pair("sama", "namesake", "third"),
        *world.pair("sama", "third", "other home"),
        *world.pair("sama", "met", "in the list"),
        *world.visit("pilih_a", "earlier", "later"),
        *world.visit("pilih_a", "coarse", "fine"),
    ]


@pytest.fixture(scope="module")
def decided(world: World, engine: Engine) -> Release:
    return world.release(said(world), engine)


def test_must_link_makes_one_person_under_the_id_of_the_first_record(world: World, decided: Release) -> None:
    assert decided.person(world.at["old style"])["person_id"] == world.id("old style")
    aliases = {row["alias_id"]: row["entity_id"] for row in decided.tables["alias"]}
    assert aliases[world.id("new style")] == world.id("old style")
    assert decided.fate(world.at["new style"]) == "superseded"
    assert "W_NIK_SHARED" in world.plain.warnings(world.at["old style"])
    assert "W_NIK_SHARED" not in decided.warnings(world.at["old style"])


def test_those_tied_to_the_same_person_are_one(world: World, decided: Release) -> None:
    ids = {row["person_id"] for row in decided.tables["anggota"]}
    assert len(ids & {world.id(name) for name in ("namesake", "third", "other home")}) == 1
    assert len(ids) == len(world.plain.tables["anggota"]) - 4


def test_a_person_met_is_tied_to_one_who_is_listed(world: World, decided: Release) -> None:
    assert world.id("met") not in {row["person_id"] for row in decided.tables["anggota"]}
    assert decided.person(world.at["in the list"])["person_id"] == world.id("in the list")
    assert decided.won(world.at["met"], NAME) == {"changed"}


def test_a_chosen_visit_comes_before_a_later_one_in_its_group_alone(world: World, decided: Release) -> None:
    before, after = world.plain.family(card(1)), decided.family(card(1))
    assert (before[FLOOR], before[WALL]) == (8, 4)
    assert (after[FLOOR], after[WALL], after["luas_lantai"]) == (6, 3, 60)
    assert decided.lost(world.at["later"], FLOOR) == {"reviewed"}
    assert decided.fate(world.at["later"]) == "superseded"


def test_a_visit_put_behind_does_not_refine_the_chosen_one(world: World, decided: Release) -> None:
    assert (world.plain.family(card(2))[FLOOR], decided.family(card(2))[FLOOR]) == (2, 91)


def test_an_undo_gives_every_table_of_before(world: World, decided: Release, engine: Engine) -> None:
    undo = [replace(one, answer="batal", day=SECOND_DAY) for one in said(world)]
    before, after = world.sorted(world.plain), world.sorted(world.release([*said(world), *undo], engine))
    assert [name for name in before if not before[name].equals(after[name])] == []
    assert not before["anggota"].equals(world.sorted(decided)["anggota"])


def test_who_is_apart_stays_apart_and_one_word_alone_ties_nobody(world: World, engine: Engine) -> None:
    nobody = case_of(PERSONS, "0" * 32, "f" * 32)
    no_calls = case_of(VISITS, f"{'0' * 12}-2", f"{'0' * 12}-3", "dwelling")
    about_nobody = [
        *(Ruling(nobody, FIRST_DAY, "sama", who) for who in ("P1", "P2")),
        Ruling(no_calls, FIRST_DAY, "pilih_a", "P1"),
    ]
    release = world.release(
        [
            *world.pair("sama", "old style", "new style")[:1],
            *world.pair("sama", "namesake", "third"),
            *world.pair("sama", "third", "other home"),
            *world.pair("beda", "namesake", "other home"),
            *world.pair("beda", "older", "numbered now"),
            *world.visit("pilih_b", "earlier", "later"),
        ],
        engine,
        about_nobody,
    )
    ids = {row["person_id"] for row in release.tables["anggota"]}
    assert ids >= {world.id(name) for name in PEOPLE if name != "numbered now"}
    assert release.person(world.at["numbered now"])["person_id"] in ids - {world.id("numbered now")}
    assert world.plain.fate(world.at["older"]) == "superseded"
    assert world.at["older"] in {(row["src"], row["row"]) for row in release.tables["vanished"]}
    assert release.family(card(1))[FLOOR] == 8
    assert release.lost(world.at["earlier"], FLOOR) == {"reviewed"}


def test_a_decision_holds_when_a_new_snapshot_comes(engine: Engine) -> None:
    def town(*versions: str) -> tuple[Town, list[Pointer]]:
        made, rows = Town({version: DATES[version] for version in versions}), []
        for version in versions:
            made.family(card(1), version)
            rows += [made.member(card(1), number, version, **{NAME: f"ORANG {number}"}) for number in (1, 2)]
        return made, rows

    before, (first, second) = town(OLD)
    listed = engine.fetch(Run(before.readings(), engine).observed.members).select("src", "row", "person_id")
    ids = {(src, row): person for src, row, person in listed.rows()}
    after, rows = town(OLD, BASE)
    case = case_of(PERSONS, ids[first], ids[second])
    after.rulings = [Ruling(case, FIRST_DAY, "sama", who) for who in ("P1", "P2")]
    observed = engine.fetch(Run(after.readings(), engine).observed.members).select("src", "row", "person_id")
    now = {(src, row): person for src, row, person in observed.rows()}
    assert {now[row] for row in rows} <= {ids[first], ids[second]}
    assert len({now[row] for row in rows}) == 1


def test_two_persons_met_are_tied_under_one_of_their_ids(world: World, engine: Engine) -> None:
    town = world.ruled(world.rulings(world.pair("sama", "met", "met too")))
    observed = Run(town.readings(), engine).observed
    both = {world.id("met"), world.id("met too")}
    assert set(engine.fetch(observed.presences)["person_id"]) & both == {min(both)}
    assert (max(both), min(both)) in engine.fetch(observed.aliases).select("alias_id", "entity_id").rows()
