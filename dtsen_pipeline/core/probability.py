"""P(desil = k): what a model's residuals say of the decile of true welfare, in whole hundredths.

True welfare is taken to be the score plus one of a hundred residuals, each as probable as the others and none known
from the score. The deciles of welfare are those of this mixture over the population, and not the cut-offs of the
score: scores lie closer together than welfare, and by their cut-offs the outer deciles would seem all but out of reach.
Whole numbers throughout. How well it holds is measured in `reliability`.
"""

from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from dtsen_pipeline.core.cutoffs import DECILES
from dtsen_pipeline.reference.probability import HUNDRED

Whole = npt.NDArray[np.int64]
Weights = npt.NDArray[Any]


def limits(
    scores: Whole, weight: Weights, residuals: Sequence[int], reached: Sequence[float] | Weights
) -> tuple[int, ...]:
    """The highest welfare of deciles 1 to 9: the least number at or under which `reached[k]` of the weight lies.

    `scores` and `residuals` in millionths; `weight`: families (or survey weight) behind each score; `reached`: the
    weight of deciles 1 to k + 1, ascending. A decile of no weight has the limit of the one before, the first one a
    number under all.
    """
    order = np.argsort(scores, kind="stable")
    ordered = scores[order]
    below = np.concatenate([[0], np.cumsum(weight[order])])
    shifts = np.asarray(residuals, dtype=np.int64)
    lowest, highest = int(ordered[0] + shifts[0]) - 1, int(ordered[-1] + shifts[-1])

    def mass(welfare: int) -> Any:
        return below[np.searchsorted(ordered, welfare - shifts, side="right")].sum()

    return tuple(
        _least(lowest, highest, lambda welfare, goal=goal: mass(welfare) >= goal * HUNDRED) for goal in reached
    )


def _least(low: int, high: int, holds: Any) -> int:
    """The least whole number from `low` to `high` for which it holds; it holds for `high` and stays true above."""
    while low < high:
        middle = (low + high) // 2
        low, high = (low, middle) if holds(middle) else (middle + 1, high)
    return low


def chances(scores: Whole, residuals: Sequence[int], ends: Sequence[int]) -> Whole:
    """Of a hundred families with each score, how many have which decile of welfare; scores by ten, rows sum to 100."""
    shifts = np.asarray(residuals, dtype=np.int64)
    under = [np.searchsorted(shifts, end - scores, side="right") for end in ends]
    edges = [np.zeros(len(scores), dtype=np.int64), *under, np.full(len(scores), HUNDRED, dtype=np.int64)]
    return np.diff(np.column_stack(edges), axis=1).astype(np.int64)


def by_decile(said: Whole, decile: Whole, weight: Weights) -> npt.NDArray[np.float64]:
    """For families of each decile of the score, the mean chance of each decile of welfare; ten by ten, rows sum to 1.

    A decile of the score that nobody has is taken to be told the truth.
    """
    found = np.eye(DECILES)
    for number in range(1, DECILES + 1):
        rows = decile == number
        if weight[rows].sum() > 0:
            found[number - 1] = np.average(said[rows], axis=0, weights=weight[rows]) / HUNDRED
    return found
