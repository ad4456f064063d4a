"""P(desil = k) in whole hundredths: by hand, by adding everything up, and where a score says nothing."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from dtsen_pipeline.core.probability import by_decile, chances, limits

TWO = (-10,) * 50 + (10,) * 50
WIDE = tuple(range(-495, 505, 10))
NUMBERS = st.lists(st.integers(-1000, 1000), min_size=1, max_size=12)


def whole(*values: int) -> np.ndarray[tuple[int], np.dtype[np.int64]]:
    return np.array(values, dtype=np.int64)


def mixture(scores: list[int], weight: list[int], residuals: tuple[int, ...]) -> list[int]:
    """Every family a hundred times, once for each residual."""
    return sorted(s + e for s, w in zip(scores, weight, strict=True) for e in residuals for _ in range(w))


def test_limits_by_hand() -> None:
    """Two families at 0 and 100 with residuals of 10 either way: welfare is -10, 10, 90 and 110, a half family each."""
    reached = [0, 0.5, 0.5, 1, 1, 1.5, 1.5, 1.5, 2]
    found = limits(whole(100, 0), whole(1, 1), TWO, reached)
    assert found == (-11, -10, -10, 10, 10, 90, 90, 90, 110)


def test_who_scores_alike_is_as_likely_in_each_decile_as_the_city() -> None:
    """A score that is the same for all tells nothing, although no cut-off of the score could part them."""
    ends = limits(whole(7), whole(20), WIDE, [2 * k for k in range(1, 10)])
    assert chances(whole(7), WIDE, ends).tolist() == [[10] * 10]


def test_a_sure_score_has_one_decile_and_a_hit_lies_in_the_lower_one() -> None:
    sure = (0,) * 100
    scores = whole(*range(10, 110, 10))
    ends = limits(scores, whole(*[1] * 10), sure, list(range(1, 10)))
    assert ends == tuple(range(10, 100, 10))
    assert (chances(scores, sure, ends) == 100 * np.eye(10)).all()


@given(NUMBERS, st.data())
def test_limits_are_those_of_the_mixture_counted_out(scores: list[int], data: st.DataObject) -> None:
    weight = data.draw(st.lists(st.integers(1, 3), min_size=len(scores), max_size=len(scores)))
    reached = sorted(data.draw(st.lists(st.integers(0, sum(weight)), min_size=9, max_size=9)))
    every = mixture(scores, weight, WIDE)
    expected = tuple(every[100 * goal - 1] if goal else every[0] - 1 for goal in reached)
    assert limits(whole(*scores), whole(*weight), WIDE, reached) == expected


@given(NUMBERS)
def test_chances_are_counts_of_the_mixture_and_a_higher_score_is_never_poorer(scores: list[int]) -> None:
    ends = tuple(range(-800, 1000, 200))
    said = chances(whole(*sorted(scores)), WIDE, ends)
    for score, row in zip(sorted(scores), said.tolist(), strict=True):
        assert row == np.bincount([sum(end < score + e for end in ends) for e in WIDE], minlength=10).tolist()
    assert (np.diff(said.cumsum(axis=1), axis=0) <= 0).all()


def test_the_truth_behind_each_decile_of_the_score() -> None:
    said = np.zeros((3, 10), dtype=np.int64)
    said[0, 0], said[1, 1], said[2, 9] = 100, 100, 100
    found = by_decile(said, whole(1, 1, 10), whole(1, 3, 5))
    assert found[0].tolist() == pytest.approx([0.25, 0.75, *[0] * 8])
    assert found[9].tolist() == [0] * 9 + [1]
    assert found[4].tolist() == [0, 0, 0, 0, 1, 0, 0, 0, 0, 0]
