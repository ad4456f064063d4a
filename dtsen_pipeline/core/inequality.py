"""Weighted statistics of a welfare distribution: quantiles, quintile share ratio, Gini, poverty measures.

Pure functions over NumPy arrays of one value and one weight a unit (a person or a family: the caller's choice, and
it matters). Definitions are those of Eurostat as in Alfons and Templ (Journal of Statistical Software 54(15), 2013)
and of Haughton and Khandker (World Bank Handbook on Poverty and Inequality, 2009). Descriptive figures only: official
ranks are decided on whole numbers in `score`.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

Floats = NDArray[np.float64]
SHARE_OF_MEDIAN = 0.6
"""The at-risk-of-poverty threshold of Eurostat, as a share of the median."""
TOLERANCE = 1e-12
"""Relative distance within which a cumulative weight counts as an exact hit."""


@dataclass(frozen=True)
class Poverty:
    """The Foster-Greer-Thorbecke indices: headcount (P0), poverty gap (P1) and squared poverty gap (P2), as shares."""

    headcount: float
    gap: float
    squared_gap: float


def weighted_quantiles(values: ArrayLike, weights: ArrayLike, shares: Sequence[float]) -> list[float]:
    """The values at these shares of the total weight, in the values' own unit.

    The smallest value whose cumulative weight exceeds the share; where the cumulative weight hits the share exactly,
    the mean of that value and the next, so that equal weights give the usual median. 0 gives the smallest value, 1 the
    largest. Units of weight 0 take no part. Raises ValueError for shares outside 0 to 1, for no unit, for a weight
    below 0 and for anything that is not a finite number.
    """
    if any(not 0 <= share <= 1 for share in shares):
        raise ValueError("shares lie between 0 and 1")
    ordered, weight = _ordered(values, weights)
    reached = np.cumsum(weight) / weight.sum()
    return [_quantile(ordered, reached, share) for share in shares]


def _quantile(ordered: Floats, reached: Floats, share: float) -> float:
    place = int(np.searchsorted(reached, share - TOLERANCE, side="left"))
    if place + 1 < len(ordered) and share > 0 and abs(reached[place] - share) <= TOLERANCE:
        return float((ordered[place] + ordered[place + 1]) / 2)
    return float(ordered[min(place, len(ordered) - 1)])


def quintile_share_ratio(values: ArrayLike, weights: ArrayLike) -> float:
    """S80/S20: the weighted total of the values above the .8 quantile over that of those at or below the .2 quantile.

    Raises ValueError where no value lies above, or the lower total is not above 0.
    """
    ordered, weight = _ordered(values, weights)
    low, high = weighted_quantiles(ordered, weight, (0.2, 0.8))
    poor, rich = ordered <= low, ordered > high
    top, bottom = np.sum(weight[rich] * ordered[rich]), np.sum(weight[poor] * ordered[poor])
    if not rich.any() or bottom <= 0:
        raise ValueError("the ratio of the outer fifths is not defined")
    return float(top / bottom)


def gini(values: ArrayLike, weights: ArrayLike) -> float:
    """The Gini coefficient in percent, as Eurostat computes it from individual data (ties keep their order).

    100 * ((2 * sum(w*x*W) - sum(w^2 * x)) / (sum(w) * sum(w*x)) - 1) over ascending x, W the cumulative weight.
    """
    ordered, weight = _ordered(values, weights)
    income = weight * ordered
    top = 2 * np.sum(income * np.cumsum(weight)) - np.sum(weight * income)
    return float(100 * (top / (weight.sum() * income.sum()) - 1))


def at_risk_of_poverty_rate(values: ArrayLike, weights: ArrayLike, share: float = SHARE_OF_MEDIAN) -> float:
    """The percentage of the weight whose value lies below a share of the weighted median."""
    ordered, weight = _ordered(values, weights)
    line = share * weighted_quantiles(ordered, weight, (0.5,))[0]
    return float(100 * weight[ordered < line].sum() / weight.sum())


def poverty(values: ArrayLike, weights: ArrayLike, line: float) -> Poverty:
    """The FGT indices under a poverty line in the values' unit; who stands exactly on the line is not poor.

    P_a = sum(w * ((line - x) / line)^a over x < line) / sum(w) (Foster, Greer and Thorbecke, Econometrica 52(3), 1984).
    """
    if line <= 0:
        raise ValueError("a poverty line is above 0")
    ordered, weight = _ordered(values, weights)
    is_poor = ordered < line
    gaps = (line - ordered[is_poor]) / line
    headcount, gap, squared = (float(np.sum(weight[is_poor] * gaps**power) / weight.sum()) for power in (0, 1, 2))
    return Poverty(headcount, gap, squared)


def _ordered(values: ArrayLike, weights: ArrayLike) -> tuple[Floats, Floats]:
    """Values ascending with their weights, those of weight 0 left out."""
    value, weight = np.asarray(values, dtype=np.float64), np.asarray(weights, dtype=np.float64)
    if value.ndim != 1 or value.shape != weight.shape:
        raise ValueError("values and weights are two rows of one length")
    if not (np.isfinite(value).all() and np.isfinite(weight).all()):
        raise ValueError("values and weights are finite numbers")
    if (weight < 0).any() or not weight.any():
        raise ValueError("weights are not negative, and not all 0")
    order = np.argsort(value, kind="stable")
    order = order[weight[order] > 0]
    return value[order], weight[order]
