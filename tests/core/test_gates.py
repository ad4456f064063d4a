"""A blank that the row's own answer to a gate rules out says "there is none"; any other blank says nothing."""

from dataclasses import dataclass, field
from typing import Any

import pytest

from dtsen_pipeline.core.engine import Engine
from dtsen_pipeline.reference import code_lists
from dtsen_pipeline.schemas.tables import FAMILY, MEMBER, Table, tables
from tests.core.rows import BASE, NIK, OLD, Pointer, Release, Town, card, nik

GATE, BEHIND = "fasilitas_bab", "jenis_kloset"
SPRING, LATER = "2026-05-04", "2026-07-02"


@dataclass(frozen=True)
class Case:
    """Toilet and closet as the older snapshot, the base and a visit have them; the published closet and why."""

    old: str
    base: str
    visit: str
    published: int | None
    won: set[str] = field(default_factory=set)
    base_lost: set[str] = field(default_factory=set)
    day: str = LATER


CASES = {
    "an older value does not fill a closed blank": Case("1 1", "6 -", "- -", None),
    "an older value fills a blank behind an open gate": Case("1 1", "1 -", "- -", 1),
    "an older value fills a blank behind a gate nobody answered": Case("1 1", "- -", "- -", 1),
    "a visit that closes the gate clears": Case("1 1", "1 1", "6 -", None, {"changed"}, {"overridden"}),
    "a visit with the gate open asks nothing": Case("1 1", "1 1", "2 -", 1),
    "a visit that leaves the gate blank asks nothing": Case("1 1", "1 1", "- -", 1),
    "closed is confirmed": Case("6 -", "6 -", "6 -", None, {"confirmed"}),
    "closed is adopted": Case("1 1", "6 -", "6 -", None, {"adopted"}, day=SPRING),
    "opened against a closed base": Case("6 -", "6 -", "1 2", 2, {"blocked"}, {"blocked"}, day=SPRING),
    "closed against an open base": Case("1 1", "1 1", "6 -", None, {"blocked"}, {"blocked"}, day=SPRING),
    "a value behind a closed gate stays what was sent": Case("1 1", "6 2", "- -", 2),
}


@dataclass
class Told:
    """The release and the pointers of each case."""

    release: Release
    bases: dict[str, Pointer]
    visits: dict[str, Pointer]
    jobless: Pointer


def _cells(pair: str) -> dict[str, str]:
    return dict(zip((GATE, BEHIND), pair.replace("-", "").split(" "), strict=True))


@pytest.fixture(scope="module")
def told(engine: Engine) -> Told:
    town, bases, visits = Town(), {}, {}
    for number, (name, case) in enumerate(CASES.items()):
        town.family(card(number), OLD, **_cells(case.old))
        bases[name] = town.family(card(number), BASE, **_cells(case.base))
        visits[name] = town.visit(card(number), case.day, **_cells(case.visit))
    town.family(card(90))
    jobless = town.member(card(90), 90, status_bekerja="1", status_dalam_pekerjaan_utama="4")
    town.met(town.visit(card(90), LATER), **{NIK: nik(90)}, status_bekerja="2")
    return Told(Release(town, engine), bases, visits, jobless)


@pytest.mark.parametrize("name", CASES)
def test_a_closed_blank_is_an_answer(name: str, told: Told) -> None:
    case = CASES[name]
    family = told.release.family(card(list(CASES).index(name)))
    assert family[BEHIND] == case.published
    assert told.release.won(told.visits[name], BEHIND) == case.won
    assert told.release.lost(told.bases[name], BEHIND) == case.base_lost


def test_who_does_not_work_has_no_job(told: Told) -> None:
    person: dict[str, Any] = told.release.person(told.jobless)
    assert (person["status_bekerja"], person["status_dalam_pekerjaan_utama"]) == (2, None)


@pytest.mark.parametrize("name", [FAMILY, MEMBER])
def test_a_gate_is_a_coded_column_of_the_table_that_has_no_gate_itself(name: str) -> None:
    table: Table = tables()[name]
    gates = [column.gate for column in table.columns if column.gate]
    assert gates
    for gate in gates:
        column = table.column(gate.column)
        assert column.gate is None
        assert set(gate.closed_by) < set(code_lists()[column.codes or ""].values)
