"""The parts of a change: they add up exactly, each cause is named for what it is, and nothing says nothing."""

from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dtsen_pipeline.core.decompose import CAUSES, Contribution, Formula, Stand, decompose

CUTS = (10, 20, 30, 40, 50, 60, 70, 80, 90)
PLAIN = Stand({"size": 3, "car": 0}, {"size": -5, "car": 30}, 50, 0, CUTS, 4)


def parts(
    after: Stand, *, aged: dict[str, int | None] | None = None, **members: int
) -> list[tuple[str, str | None, int, int]]:
    found = decompose(PLAIN, after, aged or dict(PLAIN.values), {**PLAIN.values, **members})
    return [(one.cause, one.feature, one.points, one.steps) for one in found]


def test_nothing_changed_says_nothing() -> None:
    assert decompose(PLAIN, PLAIN, PLAIN.values, PLAIN.values) == ()


def test_own_answers_are_told_input_by_input() -> None:
    after = replace(PLAIN, values={"size": 3, "car": 1}, desil=7)
    assert parts(after) == [("data", "car", 30, 3)]


def test_members_come_before_their_answers() -> None:
    after = replace(PLAIN, values={"size": 5, "car": 1}, desil=6)
    assert parts(after, size=5) == [("susunan", None, -10, -1), ("data", "car", 30, 3)]


def test_time_coefficients_anchor_and_cut_offs() -> None:
    after = replace(PLAIN, values={"size": 4, "car": 0}, desil=3)
    assert parts(after, aged={"size": 4, "car": 0}, size=4) == [("waktu", None, -5, -1)]
    weights = replace(PLAIN, weights={"size": 5, "car": 30}, desil=7)
    assert parts(weights) == [("koefisien", None, 30, 3)]
    assert parts(replace(PLAIN, anchor=12, desil=5)) == [("acuan", None, 12, 1)]
    assert parts(replace(PLAIN, cuts=(40, *CUTS[1:]), desil=1)) == [("batas", None, 0, -3)]


def test_an_input_that_is_missing_on_the_way_counts_in_the_stage_that_knows_it() -> None:
    after = replace(PLAIN, values={"size": 3, "car": 1}, desil=7)
    found = decompose(PLAIN, after, {"size": 3, "car": None}, {"size": None, "car": None})
    assert found == (Contribution("susunan", None, 30, 3),)


def test_a_move_into_another_section_is_told_apart_from_new_coefficients() -> None:
    """The earlier model scores the later section by -5 and 40 around 55; the later model by 30 for a car."""
    there = Formula({"size": -5, "car": 40}, 55)
    one = replace(PLAIN, values={"size": 3, "car": 1}, desil=7)
    moved = replace(one, weights=there.weights, intercept=55, desil=8)
    found = decompose(one, moved, one.values, one.values, there)
    assert found == (Contribution("bagian", None, 15, 1),)
    refitted = replace(moved, weights={"size": -5, "car": 30}, desil=7)
    found = decompose(one, refitted, one.values, one.values, there)
    assert found == (Contribution("bagian", None, 15, 1), Contribution("koefisien", None, -10, -1))
    assert decompose(one, refitted, one.values, one.values) == (Contribution("koefisien", None, 5, 0),)


NAMES = ("a", "b", "c")
NUMBERS = st.integers(-40, 40)
VALUES = st.fixed_dictionaries(dict.fromkeys(NAMES, NUMBERS))
GAPPY = st.fixed_dictionaries(dict.fromkeys(NAMES, st.none() | NUMBERS))
STANDS = st.builds(
    Stand,
    values=VALUES,
    weights=VALUES,
    intercept=NUMBERS,
    anchor=NUMBERS,
    cuts=st.lists(st.integers(-500, 500), min_size=9, max_size=9).map(sorted).map(tuple),
    desil=st.integers(1, 10),
)


@settings(max_examples=200, deadline=None)
@given(STANDS, STANDS, GAPPY, GAPPY)
def test_the_parts_add_up_to_the_change(
    before: Stand, after: Stand, aged: dict[str, int | None], members: dict[str, int | None]
) -> None:
    found = decompose(before, after, aged, members)
    assert sum(part.points for part in found) == after.point - before.point
    assert sum(part.steps for part in found) == after.desil - before.desil
    assert all(part.points or part.steps for part in found)
    order = [CAUSES.index(part.cause) for part in found]
    assert order == sorted(order)


@pytest.mark.parametrize(("point", "decile"), [(9, 1), (10, 1), (11, 2), (90, 9), (91, 10)])
def test_a_point_on_a_cut_off_lies_below(point: int, decile: int) -> None:
    assert replace(PLAIN, intercept=point + 15).cut == decile
