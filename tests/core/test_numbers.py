"""NIK side by side: shared ones by card and name, and near misses only where a mistake is likely."""

import narwhals as nw
import polars as pl
import pytest

from dtsen_pipeline.core.engine import Engine
from dtsen_pipeline.core.normalise import normalise
from dtsen_pipeline.core.numbers import DOUBTED, check_numbers, is_neighbour
from dtsen_pipeline.core.rules.context import Context
from dtsen_pipeline.core.validate import check
from dtsen_pipeline.reference import city
from dtsen_pipeline.schemas.tables import MEMBER, tables
from tests.core.rows import CARD, CITY, NIK, PLAIN_MEMBER, card, nik, numbered

BORN = "tanggal_lahir"
Cells = dict[str, str]


def warned(engine: Engine, *rows: Cells) -> list[set[str]]:
    """The findings between the numbers of some members of one file, row by row."""
    return _warned(engine, numbered(MEMBER, [{**PLAIN_MEMBER, CARD: card(1)} | row for row in rows]))


def _warned(engine: Engine, frame: pl.DataFrame) -> list[set[str]]:
    table, context = tables()[MEMBER], Context(city(CITY))
    records = engine.checkpoint(normalise(engine.load(frame), table, context.city))
    found = engine.checkpoint(check(records, table, context))
    told = {}
    for row in engine.fetch(check_numbers(records, found, engine)).to_dicts():
        assert row["reasons"] is None
        assert (row["src"], row["row"]) not in told
        told[row["src"], row["row"]] = set(row["warnings"].split("|"))
    return [told.get(pointer, set()) for pointer in frame.select("src", "row").rows()]


def test_one_number_in_two_families(engine: Engine) -> None:
    home, other = {NIK: nik(1)}, {NIK: nik(1), CARD: card(2)}
    apart = {NIK: nik(2), "nama": "CONTOH DUA"}
    assert warned(engine, home, other, apart) == [{"W_NIK_TWO_FAMILIES"}, {"W_NIK_TWO_FAMILIES"}, set()]
    assert warned(engine, home, home) == [set(), set()]


def test_one_number_under_two_names(engine: Engine) -> None:
    names = [{NIK: nik(1), "nama": name} for name in ("SATU", "DUA", "SATU")]
    assert warned(engine, *names) == [{"W_NIK_TWO_NAMES"}] * 3
    assert warned(engine, names[0], names[2] | {"nama": ""}) == [set(), set()]


def test_rows_without_a_number_share_nothing(engine: Engine) -> None:
    places = ((1, "A"), (1, "A"), (2, "B"), (2, "B"))
    blank = [{NIK: "", CARD: card(place), "nama": f"CONTOH {name}"} for place, name in places]
    assert warned(engine, *blank) == [set()] * 4


def test_files_are_not_compared_with_each_other(engine: Engine) -> None:
    rows = [{**PLAIN_MEMBER, CARD: card(place), NIK: nik(1)} for place in (1, 2)]
    frame = pl.concat([numbered(MEMBER, [row], src * 12) for row, src in zip(rows, "ab", strict=True)])
    assert _warned(engine, frame) == [set(), set()]


RIGHT = nik(1)


@pytest.mark.parametrize(
    "number",
    [RIGHT[:5] + "2" + RIGHT[6:], RIGHT[:7] + "2" + RIGHT[8:], RIGHT[:8] + "10" + RIGHT[10:], RIGHT[:-1] + "2"],
    ids=["region", "day", "month swapped", "serial"],
)
def test_a_near_miss_of_the_same_person_is_told_of_in_both_rows(engine: Engine, number: str) -> None:
    assert warned(engine, {NIK: RIGHT}, {NIK: number}) == [{"W_NIK_NEIGHBOUR"}] * 2


def test_a_near_miss_that_contradicts_its_bearer_is_told_of_in_that_row(engine: Engine) -> None:
    other = {NIK: RIGHT[:7] + "2" + RIGHT[8:], BORN: "1999-09-09", "nama": "CONTOH DUA"}
    assert warned(engine, {NIK: RIGHT}, other) == [set(), {"W_NIK_NEIGHBOUR"}]


DOUBTS: dict[str, Cells] = {
    "W_NIK_BIRTHDATE": {NIK: nik(2), BORN: "1980-01-02"},
    "W_NIK_DATE": {NIK: RIGHT[:9] + "0" + RIGHT[10:], BORN: ""},
    "W_NIK_SEX": {NIK: nik(2), "jenis_kelamin": "2"},
    "W_NIK_REGION_UNKNOWN": {NIK: "0" + RIGHT[1:]},
    "W_PERSON_TWICE": {NIK: nik(2), "nama": PLAIN_MEMBER["nama"]},
}


@pytest.mark.parametrize("code", DOUBTS)
def test_each_doubt_has_a_number_compared(engine: Engine, code: str) -> None:
    _, found = warned(engine, {NIK: RIGHT}, {"nama": "CONTOH DUA"} | DOUBTS[code])
    assert found == {"W_NIK_NEIGHBOUR"}
    assert set(DOUBTED) == set(DOUBTS)


def test_twins_with_numbers_in_a_row_are_left_alone(engine: Engine) -> None:
    assert warned(engine, {NIK: nik(1)}, {NIK: nik(2), "nama": "CONTOH DUA"}) == [set(), set()]


def test_numbers_of_other_cards_are_no_neighbours(engine: Engine) -> None:
    other = {NIK: RIGHT[:7] + "2" + RIGHT[8:], BORN: "1999-09-09", "nama": "CONTOH DUA", CARD: card(2)}
    assert warned(engine, {NIK: RIGHT}, other) == [set(), set()]


@pytest.mark.parametrize(
    ("other", "is_near"),
    [
        ("3571010101809001", False),
        ("3571010101809002", True),
        ("4571010101809001", True),
        ("5371010101809001", True),
        ("3571010101800901", True),
        ("3571010101809010", True),
        ("3571010101809100", False),
        ("3571010101810001", False),
        ("5371010101809002", False),
        ("3571010110809001", True),
        ("3571010110809010", False),
    ],
)
def test_what_a_near_miss_is(engine: Engine, other: str, *, is_near: bool) -> None:
    frame = engine.load(pl.DataFrame({"mine": ["3571010101809001", other], "other": [other, "3571010101809001"]}))
    rows = engine.fetch(frame.select(near=is_neighbour(nw.col("mine"), nw.col("other"))))
    assert rows["near"].to_list() == [is_near] * 2
