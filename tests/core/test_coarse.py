"""Coarse answers in every list that has them, through the whole flow: finer ones agree with them and outlive them."""

from dataclasses import dataclass

import pytest

from dtsen_pipeline.core.cells import trees
from dtsen_pipeline.core.engine import Engine
from dtsen_pipeline.core.subject import families
from dtsen_pipeline.reference import code_lists
from dtsen_pipeline.schemas.columns import CLEARED, CLEARED_TEXT, Column, Kind
from dtsen_pipeline.schemas.tables import FIELD_TABLES, tables
from tests.core.rows import BASE, OLD, Pointer, Release, Town, card
from tests.core.test_normalise import values

LATER = "2026-09-21"


@dataclass(frozen=True)
class Pair:
    """A coarse code of a column, and one of the finer ones it covers."""

    column: str
    coarse: int
    fine: int


def _pairs() -> list[Pair]:
    listed = [(column.name, code_lists()[column.codes or ""]) for column in trees(families().merged)]
    return [Pair(name, coarse, fine) for name, codes in listed for fine, coarse in codes.tree().items()]


def _strangers(pair: Pair) -> list[int]:
    codes = code_lists()[tables()["keluarga"].column(pair.column).codes or ""]
    return [code for code in codes.values if not codes.agree(code, pair.coarse)]


PAIRS = _pairs()
BRANCHES = list({(pair.column, pair.coarse): pair for pair in PAIRS}.values())


class Told:
    """A town in which every pair meets in every way."""

    def __init__(self, engine: Engine) -> None:
        self.town, self.visits, self.cards = Town(), dict[tuple[str, Pair], Pointer](), dict[tuple[str, Pair], str]()
        for pair in PAIRS:
            coarse, fine = {pair.column: str(pair.coarse)}, {pair.column: str(pair.fine)}
            self._family("snapshots", pair, fine, coarse)
            self._family("coarse visit", pair, fine, fine, coarse)
            self._family("fine visit", pair, coarse, coarse, fine)
        for pair in BRANCHES:
            coarse, other = {pair.column: str(pair.coarse)}, {pair.column: str(_strangers(pair)[0])}
            self._family("stranger", pair, other, coarse)
            self._family("other visit", pair, coarse, coarse, other)
            self._family("none", pair, coarse, coarse, {pair.column: CLEARED_TEXT})
        self.release = Release(self.town, engine)

    def _family(
        self, way: str, pair: Pair, old: dict[str, str], base: dict[str, str], said: dict[str, str] | None = None
    ) -> None:
        number = self.cards[way, pair] = card(len(self.cards))
        self.town.family(number, OLD, **old)
        self.town.family(number, BASE, **base)
        if said:
            self.visits[way, pair] = self.town.visit(number, LATER, **said)

    def published(self, way: str, pair: Pair) -> int | None:
        """The value that stands."""
        value: int | None = self.release.family(self.cards[way, pair])[pair.column]
        return value

    def won(self, way: str, pair: Pair) -> set[str]:
        """What the visit decided."""
        return self.release.won(self.visits[way, pair], pair.column)


@pytest.fixture(scope="module")
def told(engine: Engine) -> Told:
    return Told(engine)


def test_every_coarse_answer_of_the_catalogue_stands_in_a_tree() -> None:
    assert {(pair.column, pair.coarse) for pair in BRANCHES} == {
        ("jenis_lantai_terluas", 91),
        ("jenis_atap_terluas", 91),
        ("sumber_air_minum_utama", 91),
        ("daya_terpasang", 91),
        ("daya_terpasang", 92),
        ("bahan_bakar_utama_memasak", 91),
        ("pembuangan_akhir_tinja", 91),
    }


@pytest.mark.parametrize("pair", PAIRS, ids=str)
def test_a_coarse_answer_does_not_erase_a_finer_one(told: Told, pair: Pair) -> None:
    assert told.published("snapshots", pair) == pair.fine
    assert told.published("coarse visit", pair) == pair.fine
    assert told.won("coarse visit", pair) == {"confirmed"}


@pytest.mark.parametrize("pair", PAIRS, ids=str)
def test_a_finer_answer_refines_a_coarse_one(told: Told, pair: Pair) -> None:
    assert told.published("fine visit", pair) == pair.fine
    assert told.won("fine visit", pair) == {"refined", "confirmed"}


@pytest.mark.parametrize("pair", BRANCHES, ids=str)
def test_an_answer_of_another_branch_is_another_answer(told: Told, pair: Pair) -> None:
    assert told.published("stranger", pair) == pair.coarse
    assert told.published("other visit", pair) == _strangers(pair)[0]
    assert told.won("other visit", pair) == {"changed"}


@pytest.mark.parametrize("pair", BRANCHES, ids=str)
def test_there_is_none_is_an_answer_and_replaces_a_coarse_one(told: Told, pair: Pair) -> None:
    assert told.published("none", pair) is None
    assert told.won("none", pair) == {"changed"}


def _answerable() -> list[tuple[str, Column]]:
    return [
        (name, column)
        for name in FIELD_TABLES
        for column in tables()[name].answers
        if column.kind in {Kind.CODE, Kind.COUNT} and not column.required
    ]


@pytest.mark.parametrize(("table", "column"), _answerable(), ids=lambda part: getattr(part, "name", part))
def test_a_field_answer_has_a_word_for_none_that_is_not_a_blank(table: str, column: Column) -> None:
    counts_from = [(check.statistics or {}).get("min_value") for check in column.checks]
    none = 0 if 0 in counts_from else CLEARED
    assert values(table, column.name, CLEARED_TEXT, "") == [none, None]
    if column.codes:
        assert CLEARED not in code_lists()[column.codes].values
        assert CLEARED_TEXT not in code_lists()[column.codes].spellings()
