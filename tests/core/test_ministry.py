"""What the ministry says of an entity: its base row, blanks filled and coarse codes refined from other rows."""

from dataclasses import dataclass, field

import pytest

from dtsen_pipeline.core.engine import Engine
from tests.core.rows import ANCIENT, BASE, OLD, Pointer, Release, Town, card

FLOOR = "jenis_lantai_terluas"
Told = tuple[Release, dict[tuple[str, str], Pointer]]
FILE_ORDER = {"base": BASE, "again": BASE, "third": BASE, "old": OLD, "ancient": ANCIENT}


@dataclass(frozen=True)
class Case:
    """The floor by row; the published one; and who filled, refined or lost."""

    said: dict[str, str]
    published: int | None
    won: dict[str, str] = field(default_factory=dict)
    lost: set[str] = field(default_factory=set)


CASES = {
    "the base snapshot": Case({"base": "6", "old": "8", "ancient": "5"}, 6),
    "the latest older snapshot fills a blank": Case({"base": "", "old": "8", "ancient": "5"}, 8, {"old": "filled"}),
    "an older one fills where the later is blank": Case(
        {"base": "", "old": "", "ancient": "5"}, 5, {"ancient": "filled"}
    ),
    "another row of the base comes before older snapshots": Case(
        {"base": "", "again": "4", "third": "3", "old": "8"}, 4, {"again": "filled"}
    ),
    "the first row of the base, others conflict": Case({"base": "6", "again": "8", "old": "5"}, 6, lost={"again"}),
    "a compatible finer value refines": Case({"base": "91", "old": "6", "ancient": "2"}, 2, {"ancient": "refined"}),
    "a finer value of the same file refines": Case({"base": "91", "again": "1", "old": "2"}, 1, {"again": "refined"}),
    "a coarse value never replaces a finer one": Case({"base": "2", "again": "91", "old": "91"}, 2),
    "a coarse value fills a blank": Case({"base": "", "old": "91"}, 91, {"old": "filled"}),
    "another branch does not refine": Case({"base": "91", "old": "6"}, 91),
    "nobody says": Case({"base": "", "old": "", "ancient": ""}, None),
    "an unknown code is published blank": Case({"base": "77", "old": "6"}, None),
    "two unknown codes disagree": Case({"base": "77", "again": "78"}, None, lost={"again"}),
}


@pytest.fixture(scope="module")
def told(engine: Engine) -> Told:
    town, at = Town(), {}
    for number, (name, case) in enumerate(CASES.items()):
        for row, floor in case.said.items():
            cells = {FLOOR: floor, "id_pelanggan_pln": row if row in ("again", "third") else ""}
            at[name, row] = town.family(card(number), FILE_ORDER[row], **cells)
    _facts(town)
    return Release(town, engine), at


def _facts(town: Town) -> None:
    """Families and a person of whom each snapshot says something else."""
    fixed = {"desil_nasional": "3", "desil_provinsi": "4", "desil_kabupaten_kota": "7", "is_gc_kemensos": "1"}
    town.family(card(101), OLD, **fixed)
    town.family(card(101), **dict.fromkeys(fixed, "") | {"is_pbi_se": "2"})
    town.family(card(102), OLD, **fixed)
    town.family(card(102), desil_nasional="10", desil_provinsi="9", desil_kabupaten_kota="1")
    town.visit(card(102), "2026-08-01", luas_lantai="99")
    town.member(card(102), 102, OLD, status_kawin="1", rt_ktp="007")
    town.member(card(102), 102, status_kawin="2", rt_ktp="")


@pytest.mark.parametrize("name", CASES)
def test_the_order_of_precedence(name: str, told: Told) -> None:
    release, at = told
    case = CASES[name]
    rows = {row: at[name, row] for row in case.said}
    assert release.family(card(list(CASES).index(name)))[FLOOR] == case.published
    assert {row: release.won(pointer, FLOOR) for row, pointer in rows.items()} == {
        row: {case.won[row]} if row in case.won else set() for row in rows
    }
    assert {row for row, pointer in rows.items() if release.lost(pointer, FLOOR)} == case.lost
    assert all(release.fate(pointer) == _fate(row, case) for row, pointer in rows.items())


def _fate(row: str, case: Case) -> str:
    if row == "base":
        return "base"
    # the meter number of a further row fills the blank of the first
    return "contributed" if row in case.won or row == "again" else "superseded"


def test_official_deciles_and_flags_are_what_the_base_sends(told: Told) -> None:
    official = ("desil_nasional", "desil_provinsi", "desil_kabupaten_kota")
    blank, sent = (told[0].family(card(number)) for number in (101, 102))
    assert [blank[name] for name in official] == [None, None, None]
    assert [sent[name] for name in official] == [10, 9, 1]
    assert (blank["is_gc_kemensos"], blank["is_pbi_se"]) == (None, 2)
    assert sent["luas_lantai"] == 99


def test_persons_are_filled_alike(told: Told) -> None:
    (person,) = told[0].persons(card(102))
    assert person["status_kawin"] == 2
    assert person["rt_ktp"] == "007"
