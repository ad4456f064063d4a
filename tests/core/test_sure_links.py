"""Which persons the linkage ties without a reviewer; the independent judge rules over every release."""

from collections.abc import Sequence
from copy import copy
from dataclasses import dataclass, replace

import polars as pl
import pytest

from dtsen_pipeline.core.engine import Engine
from dtsen_pipeline.core.rulings import PERSONS, Ruling, case_of
from dtsen_pipeline.core.sure_links import Edge, Side, deciding
from dtsen_pipeline.reference import linkage_model
from dtsen_pipeline.schemas.release import KEYS
from tests.core.rows import BASE, OLD, Pointer, Release, Town, card
from tests.core.stories import files
from tests.oracle import judge as oracle
from tests.oracle.rulings import Decided
from tests.running import Readings, Run

BORN, NAME, SEX = "tanggal_lahir", "nama", "jenis_kelamin"
PEOPLE = {
    "written otherwise": (1, None, "HJ. DEWI KUSUMA WARDANI", "1975-02-03"),
    "numbered since": (2, None, "SUKARNO WIBISONO", "1961-05-06"),
    "two alike": (3, None, "RATNA LAKSONO", "1980-07-08"),
    "other number": (4, 41, "BAMBANG SUDIRO", "1970-01-02"),
    "unborn": (5, None, "MARTINI LESTARINGSIH", ""),
    "met otherwise": (6, None, "SLAMET RAHARJONO", "1955-09-10"),
    "met beside": (7, None, "YULIANA KARTIKASARI", "1992-11-12"),
    "said dead": (8, None, "PARTINAH SETYOWATI", "1940-03-04"),
}
"""Who stands in the lists: the card, the NIK, the name and the birth date."""


@dataclass(frozen=True)
class Place:
    """A town, the rows that tests speak of, and its release."""

    town: Town
    at: dict[str, Pointer]
    release: Release

    def link(self, name: str) -> dict[str, object] | None:
        """The edge that ties a row to another."""
        found = [
            row
            for row in self.release.tables["tautan"]
            if self.at[name] in ((row["src"], row["row"]), (row["src_b"], row["row_b"]))
        ]
        return found[0] if found else None

    def owner(self, name: str) -> str | None:
        """The person a row of a snapshot or visit is tied to."""
        observed, engine = self.release.run.observed, self.release.run.engine
        src, row = self.at[name]
        for frame in (observed.members, observed.presences):
            found = engine.fetch(frame).filter(pl.col("src") == src, pl.col("row") == row)
            if found.height:
                return str(found["person_id"][0])
        return None

    def decided(self, answer: str, one: str, day: str = "2026-10-01") -> list[Decided]:
        """A reviewer's answer about the rows that an edge ties."""
        row = self.link(one)
        assert row is not None
        a, b = (str(row["src"]), int(str(row["row"]))), (str(row["src_b"]), int(str(row["row_b"])))
        return [Decided(a, b, day, answer, "P1")]

    def after(self, decided: Sequence[Decided], engine: Engine) -> "Place":
        """The town after decisions about its ties."""
        sides = {
            ((row["src"], row["row"]), (row["src_b"], row["row_b"])): (row["pihak_a"], row["pihak_b"])
            for row in self.release.tables["tautan"]
        }
        town = copy(self.town)
        town.rulings = [
            Ruling(case_of(PERSONS, *sides[one.a, one.b]), one.day, one.answer, one.reviewer) for one in decided
        ]
        return Place(town, self.at, judged(town, decided, engine))


def judged(town: Town, decided: Sequence[Decided], engine: Engine) -> Release:
    """The release of a town, in which the judge finds no fault."""
    release = Release(town, engine)
    found = oracle.Release(release.tables, release.run.outcome.cuts)
    judgement = oracle.judge(found, files(town), rulings=decided)
    assert not judgement.faults, judgement.summary()
    return release


def told() -> tuple[Town, dict[str, Pointer]]:
    town, at = Town(), {}
    for name, (number, person, written, born) in PEOPLE.items():
        for version in (OLD, BASE):
            town.family(card(number), version)
        where = OLD if name in ("written otherwise", "numbered since", "two alike", "other number", "unborn") else BASE
        at[name] = town.member(card(number), person, where, **{NAME: written, BORN: born})
    for name, number, person, written, born in (
        ("written otherwise now", 1, None, "DEWI KOESOEMA WARDHANI", "1975-02-03"),
        ("numbered now", 2, 21, "SOEKARNO WIBISONO", "1961-05-06"),
        ("one alike", 3, None, "RATNA LAKSSONO", "1980-07-08"),
        ("other alike", 3, None, "RATNA LAKSONNO", "1980-07-08"),
        ("other number now", 4, 42, "BAMBANG SOEDIRO", "1970-01-02"),
        ("unborn now", 5, None, "MARTINI LESTARININGSIH", ""),
    ):
        at[name] = town.member(card(number), person, **{NAME: written, BORN: born})
    for name, number, presence, others in (
        ("met", 6, "1", {NAME: "SLAMET RAHARDJONO", BORN: "1955-09-10"}),
        ("beside", 7, "5", {NAME: "YULIANA KARTIKA SARI", BORN: "1992-11-12"}),
        ("dead", 8, "2", {NAME: "PARTINA SETIOWATI", BORN: "1940-03-04"}),
    ):
        call = town.visit(card(number), "2026-08-03")
        at[name] = town.met(call, presence, **{SEX: "1"}, **others)
        if name == "beside":
            at["met in person"] = town.met(call, "1", **{NAME: PEOPLE["met beside"][2], BORN: "1992-11-12", SEX: "1"})
    return town, at


@pytest.fixture(scope="module")
def place(engine: Engine) -> Place:
    town, at = told()
    return Place(town, at, judged(town, (), engine))


@pytest.mark.parametrize(
    ("one", "other"), [("written otherwise", "written otherwise now"), ("numbered since", "numbered now")]
)
def test_a_person_written_otherwise_in_the_next_snapshot_keeps_the_first_id(place: Place, one: str, other: str) -> None:
    row = place.link(one)
    assert row is not None
    assert row == place.link(other)
    assert place.owner(one) == place.owner(other) == row["person_id"]
    assert row["person_id"] in (row["pihak_a"], row["pihak_b"])
    aliases = {found["alias_id"]: found["entity_id"] for found in place.release.tables["alias"]}
    (given_up,) = {row["pihak_a"], row["pihak_b"]} - {row["person_id"]}
    assert aliases[given_up] == row["person_id"]
    assert place.release.fate(place.at[other]) == "base"


def test_every_tie_keeps_the_edge_that_decided_it(place: Place) -> None:
    model = linkage_model()
    rows = place.release.tables["tautan"]
    assert len(rows) == 4
    assert {row["model"] for row in rows} == {model.sha256}
    assert all(row["bobot"] >= model.sure and row["peluang_per_sejuta"] > 500_000 for row in rows)


def test_a_person_whom_an_officer_writes_otherwise_is_no_new_person(place: Place) -> None:
    assert place.owner("met") == place.owner("met otherwise")
    assert place.release.won(place.at["met"], NAME) == {"changed"}
    assert place.owner("dead") == place.owner("said dead")
    assert place.release.person(place.at["said dead"])["keberadaan_anggota"] == 2


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("two alike", "one alike"),
        ("two alike", "other alike"),
        ("one alike", "other alike"),
        ("other number", "other number now"),
        ("unborn", "unborn now"),
        ("met beside", "beside"),
    ],
)
def test_who_is_doubtful_is_left_to_reviewers(place: Place, one: str, other: str) -> None:
    assert place.link(one) is place.link(other) is None
    assert place.owner(one) != place.owner(other)


@pytest.mark.parametrize("name", ["numbered since", "met otherwise"])
def test_a_reviewer_parts_them_and_an_undo_ties_them_again(place: Place, name: str, engine: Engine) -> None:
    said = place.decided("beda", name)
    parted = place.after(said, engine)
    other = {"numbered since": "numbered now", "met otherwise": "met"}[name]
    assert parted.link(name) is None
    assert parted.owner(name) != parted.owner(other)
    assert len(parted.release.tables["tautan"]) == 3
    undone = place.after([*said, replace(said[0], answer="batal", day="2026-10-02")], engine)
    assert not differing(place.release, undone.release)


def test_the_order_of_rows_does_not_count(place: Place, engine: Engine) -> None:
    readings = place.town.readings()
    turned = {name: table.reverse() for name, table in readings.rows.items()}
    again = Release(place.town, engine)
    again.run = Run(Readings(turned, readings.damaged, readings.inputs), engine)
    assert not differing(place.release, again)


def test_the_judge_notices_ties_that_may_not_be(place: Place, engine: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Side, "excludes", lambda _, __: False)
    release = Release(place.town, engine)
    found = oracle.Release(release.tables, release.run.outcome.cuts)
    judgement = oracle.judge(found, files(place.town))
    assert len(release.tables["tautan"]) > len(place.release.tables["tautan"])
    assert "link" in {fault.check for fault in judgement.faults}


def differing(one: Release, other: Release) -> list[str]:
    tables = [
        {name: run.engine.fetch(run.outcome.tables[name]).sort(key) for name, key in KEYS.items()}
        for run in (one.run, other.run)
    ]
    return [name for name, table in tables[0].items() if not table.equals(tables[1][name])]


def edge(one: str, other: str, weight: int, *, is_sure: bool = True) -> Edge:
    return Edge(one, other, f"{one}-1", f"{other}-1", weight, is_sure, 999_000)


LISTED = {
    "a": Side(frozenset({"v1"}), is_numbered=False),
    "b": Side(frozenset({"v2"}), is_numbered=True),
    "c": Side(frozenset({"v2"}), is_numbered=False),
    "d": Side(frozenset({"v3"}), is_numbered=True),
    "e": Side(frozenset({"v3"}), is_numbered=False),
}
AB, AC, AD, AE, CE = (
    edge("a", "b", 900),
    edge("a", "c", 800),
    edge("a", "d", 900),
    edge("a", "e", 700),
    edge("c", "e", 600),
)


@pytest.mark.parametrize(
    ("edges", "tied"),
    [
        ((AB,), {AB}),
        ((AB, AC), set()),
        ((AB, edge("a", "c", 899, is_sure=False)), {AB}),
        ((AB, edge("a", "c", 900, is_sure=False)), set()),
        ((edge("a", "b", 900, is_sure=False),), set()),
        ((edge("b", "c", 900),), set()),
        ((AB, AD), set()),
        ((AB, AE), {AB, AE}),
        ((AC, AE, CE), {AC, AE, CE}),
        ((AB, edge("b", "e", 500), edge("d", "a", 100, is_sure=False)), {AB, edge("b", "e", 500)}),
    ],
)
def test_an_edge_ties_where_nobody_else_could_be_meant(edges: tuple[Edge, ...], tied: set[Edge]) -> None:
    assert set(deciding(edges, LISTED, ())) == tied
    assert set(deciding(edges[::-1], LISTED, ())) == tied


def test_a_chain_whose_ends_are_kept_apart_is_not_tied() -> None:
    apart = {frozenset("ce")}
    assert deciding((AC, AE), LISTED, apart) == ()
    assert deciding((AC,), LISTED, {frozenset("ac")}) == ()
