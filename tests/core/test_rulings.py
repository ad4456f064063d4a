"""Which decisions stand: by the day that is stated, with undo, disputes, and two reviewers where persons are tied."""

from itertools import permutations

import pytest

from dtsen_pipeline.core.rulings import (
    ANSWERS,
    PERSONS,
    VISITS,
    Case,
    Chosen,
    Ruling,
    Standing,
    State,
    case_of,
    ruling_file,
    rulings_in,
    sets_of,
    standing,
    states,
)
from tests.oracle.rulings import Decided, in_force

PAIR, CALLS = case_of(PERSONS, "b" * 32, "a" * 32), case_of(VISITS, "c1-2", "c1-3", "dwelling")


def told(*said: str, case: Case = PAIR) -> list[Ruling]:
    """Rulings written as `day reviewer answer`."""
    return [Ruling(case, f"2026-10-{day:0>2}", answer, who) for day, who, answer in map(str.split, said)]


def answer(*said: str, case: Case = PAIR) -> str | None:
    """What is in force about a case."""
    return states(told(*said, case=case)).get(case, State()).answer


@pytest.mark.parametrize(
    ("said", "expected"),
    [
        (("1 A sama",), None),
        (("1 A sama", "1 B sama"), "sama"),
        (("1 A sama", "2 B sama"), "sama"),
        (("1 A sama", "2 A sama"), None),
        (("1 A beda",), "beda"),
        (("1 A tolak",), "tolak"),
        (("1 A catatan",), None),
        (("1 A beda", "2 A tolak"), "tolak"),
        (("1 A beda", "2 A batal"), None),
        (("1 A tolak", "2 A beda", "3 B batal"), "tolak"),
        (("1 A batal",), None),
        (("1 A beda", "1 B tolak"), None),
        (("1 A tolak", "2 A beda", "2 B sama"), "tolak"),
        (("1 A beda", "1 B tolak", "2 B tolak"), "tolak"),
        (("1 A tolak", "2 A beda", "2 B sama", "3 A batal"), "tolak"),
        (("1 A sama", "1 B sama", "2 C batal"), "sama"),
        (("1 A sama", "1 B sama", "2 C batal", "3 D batal"), None),
        (("1 A sama", "1 B sama", "2 C beda"), "sama"),
        (("1 A sama", "1 B sama", "2 C beda", "3 A beda"), "beda"),
        (("1 A tolak", "2 A sama", "3 A batal", "4 B sama"), "tolak"),
        (("1 A tolak", "2 A sama", "3 A catatan", "4 B sama"), "sama"),
    ],
)
def test_what_is_in_force(said: tuple[str, ...], expected: str | None) -> None:
    assert answer(*said) == expected
    theirs = [Decided(("a", 1), ("b", 1), one.day, one.answer, one.reviewer) for one in told(*said)]
    found = in_force(theirs)
    assert (len(found.same), len(found.apart)) == (expected == "sama", expected == "beda")


def test_it_does_not_depend_on_the_order_in_which_decisions_came() -> None:
    said = ("1 A sama", "1 B sama", "2 C beda", "3 A beda")
    assert {answer(*order) for order in permutations(said)} == {"beda"}


def test_an_undo_after_any_decision_gives_the_state_before() -> None:
    before = ("1 A tolak", "2 B sama", "3 B beda", "4 C sama", "5 A sama", "6 A batal")
    for length in range(len(before) + 1):
        for last in ANSWERS[PERSONS][:3]:
            for who in "AD":
                earlier = states(told(*before[:length]))
                undone = (*before[:length], f"7 {who} {last}", "8 E batal", "8 F batal")
                assert states(told(*undone)).get(PAIR, State()).answer == earlier.get(PAIR, State()).answer


def test_who_waits_and_who_contradicts_is_told() -> None:
    waiting = states(told("1 A sama"))[PAIR]
    assert [(one.reviewer, one.answer) for one in waiting.waiting] == [("A", "sama")]
    disputed = states(told("1 A beda", "1 B tolak"))[PAIR]
    assert [one.reviewer for one in disputed.disputed] == ["A", "B"]
    assert not states(told("1 A sama", "2 B sama"))[PAIR].waiting


def test_what_stands_is_told_by_kind() -> None:
    rulings = [*told("1 A sama", "1 B sama"), *told("1 A pilih_b", case=CALLS)]
    assert standing(rulings) == Standing(same=((PAIR.a, PAIR.b),), chosen=(Chosen("c1-3", "c1-2", "dwelling"),))
    assert standing(told("1 A pilih_a", case=CALLS)).chosen == (Chosen("c1-2", "c1-3", "dwelling"),)
    assert standing(told("1 A beda")).apart == ((PAIR.a, PAIR.b),)


def test_sets_hold_all_who_are_tied_and_are_torn_by_who_is_apart() -> None:
    pairs = [case_of(PERSONS, *ids) for ids in ("ab", "cd", "bc", "xy")]
    rulings = [one for pair in pairs for one in told("1 A sama", "1 B sama", case=pair)]
    abcd, xy = frozenset("abcd"), frozenset("xy")
    assert set(sets_of(standing(rulings), {}).whole) == {abcd, xy}
    apart = [*rulings, *told("1 A beda", case=case_of(PERSONS, "a", "d"))]
    found = sets_of(standing(apart), {})
    assert (found.whole, found.torn) == ((xy,), (abcd,))
    assert set(sets_of(standing(apart), {"x": "a", "y": "z"}).torn) == {abcd | {"z"}}


def test_a_file_gives_back_what_was_written_whatever_the_order() -> None:
    rulings = [*told("2 B sama", "1 A sama"), Ruling(CALLS, "2026-10-01", "pilih_a", "A", 'foto "1"', "dua, baris")]
    data = ruling_file(rulings)
    assert data == ruling_file([*reversed(rulings), rulings[0]])
    found = rulings_in(data, "0" * 12)
    assert found == sorted(rulings)
    assert [(one.src, one.row) for one in found] == [("0" * 12, line) for line in (2, 3, 4)]


def test_a_case_has_one_number_however_it_is_named() -> None:
    key = b"k" * 32
    assert case_of(PERSONS, "x", "y").number(key) == case_of(PERSONS, "y", "x").number(key)
    numbers = {case_of(*sides).number(key) for sides in [(PERSONS, "x", "y"), (VISITS, "x", "y"), (PERSONS, "x", "z")]}
    assert len(numbers) == 3
    assert case_of(PERSONS, "x", "y").number(b"l" * 32) not in numbers
