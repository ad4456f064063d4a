"""Fitting a welfare model on survey arrays and judging it: least squares, repeated cross-validation, errors.

Pure functions over NumPy arrays of one row a household. Reading a survey and writing a model are the resources' work;
scoring the city is `score`, in whole numbers. No engine is needed here: a survey is small.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import numpy.typing as npt

Numbers = npt.NDArray[np.floating[Any]]
Whole = npt.NDArray[np.integer[Any]]
Mask = npt.NDArray[np.bool_]
Predict = Callable[["Sample", "Sample"], Numbers]

CENTS = (10, 20, 30, 40)
INTERVAL = (2.5, 97.5)
HALVES = 50


@dataclass(frozen=True)
class Sample:
    """Households: `x` their features without a constant, `y` the log of welfare, `weight` each one's weight.

    `place`: the number of each one's place, where levels by place are fitted; none where places do not count.
    `section`: the number of each one's section, where sections are fitted apart.
    """

    x: Numbers
    y: Numbers
    weight: Numbers
    place: Whole | None = None
    section: Whole | None = None

    def where(self, rows: Mask | Whole) -> "Sample":
        """Some of the households."""
        place, section = (None if one is None else one[rows] for one in (self.place, self.section))
        return Sample(self.x[rows], self.y[rows], self.weight[rows], place, section)

    def of_section(self, number: int) -> "Sample":
        """The households of one section."""
        return self.where(np.asarray(self.section == number))

    def only(self, columns: Mask) -> "Sample":
        """The same households with some of the features."""
        return replace(self, x=self.x[:, columns])


@dataclass(frozen=True)
class Fitted:
    """Coefficients with their robust (HC1) standard errors, the constant first; spread in units of `y`.

    `levels`: what each place lies above the constant; their weighted mean is nothing.
    """

    coefficients: Numbers
    errors: Numbers
    levels: Mapping[int, float]
    r2: float
    residual_sd: float


@dataclass(frozen=True)
class Interval:
    """An estimate and the bounds between which 95% of its bootstrap draws lie."""

    value: float
    low: float
    high: float


@dataclass(frozen=True)
class Error:
    """Of the poorest `percent`: the share that is left out, and the share of the chosen that does not belong there."""

    percent: int
    exclusion: Interval
    inclusion: Interval


def least_squares(sample: Sample) -> Fitted:
    """Weighted least squares with a constant; needs more households than features and places."""
    import statsmodels.api as sm  # noqa: PLC0415 - slow to import

    done = sm.WLS(sample.y, _design(sample), weights=sample.weight).fit(cov_type="HC1")
    own = 1 + sample.x.shape[1]
    return Fitted(
        coefficients=np.asarray(done.params)[:own],
        errors=np.asarray(done.bse)[:own],
        levels=_levels(sample, np.asarray(done.params)[own:]),
        r2=float(done.rsquared),
        residual_sd=float(np.sqrt(done.scale)),
    )


def is_determined(sample: Sample) -> bool:
    """Whether the coefficients exist: no feature is constant or a sum of others, and households are enough."""
    x = _design(sample)
    largest = np.abs(x).max(axis=0)
    if len(x) <= x.shape[1] or not largest.all():
        return False
    return bool(np.linalg.matrix_rank(x / largest) == x.shape[1])


def solved(sample: Sample) -> tuple[Numbers, Mapping[int, float]]:
    """The coefficients, the constant first, and the levels of places; if not determined, the shortest ones."""
    root = np.sqrt(sample.weight)
    x = _design(sample) * root[:, None]
    found = np.asarray(np.linalg.lstsq(x, sample.y * root, rcond=None)[0])
    own = 1 + sample.x.shape[1]
    return found[:own], _levels(sample, found[own:])


def level_of(levels: Mapping[int, float], sample: Sample) -> Numbers:
    """The level of every household's place; 0, the mean, where the place is not known."""
    if sample.place is None:
        return np.zeros(len(sample.x))
    return np.array([levels.get(int(place), 0.0) for place in sample.place])


def stability(sample: Sample, seed: int) -> Numbers:
    """For each feature, how often its coefficient keeps its usual sign in fits on random halves (0.5 to 1)."""
    draw = np.random.default_rng(seed)
    halves = (draw.permutation(len(sample.y))[: len(sample.y) // 2] for _ in range(HALVES))
    positive = np.mean([solved(sample.where(half))[0][1:] > 0 for half in halves], axis=0)
    return np.asarray(np.maximum(positive, 1 - positive))


def stable(sample: Sample, share: float, seed: int) -> Mask:
    """The features whose sign is stable in at least `share` of the halves."""
    if share <= 0:
        return np.ones(sample.x.shape[1], dtype=np.bool_)
    return np.asarray(stability(sample, seed) >= share)


def predictor(share: float, seed: int) -> Predict:
    """Select on what is seen, fit on what is seen, and predict: so the selection is judged with the fit."""

    def predict(seen: Sample, unseen: Sample) -> Numbers:
        kept = stable(seen, share, seed)
        coefficients, levels = solved(seen.only(kept))
        return np.asarray(coefficients[0] + unseen.x[:, kept] @ coefficients[1:] + level_of(levels, unseen))

    return predict


def by_section(predict: Predict) -> Predict:
    """Predict the households of each section by those of the same section alone."""

    def apart(seen: Sample, unseen: Sample) -> Numbers:
        found = np.empty_like(unseen.y)
        for number in np.unique(np.asarray(unseen.section)):
            found[unseen.section == number] = predict(seen.of_section(number), unseen.of_section(number))
        return found

    return apart


def partitions(households: int, folds: int, repeats: int, seed: int) -> Iterator[Whole]:
    """For each repeat, the fold of every household: random, and of equal size but for one."""
    draw = np.random.default_rng(seed)
    for _ in range(repeats):
        yield draw.permutation(households) % folds


def out_of_fold(sample: Sample, fold: Whole, predict: Predict) -> Numbers:
    """Every household predicted by a fit that has not seen its fold."""
    found = np.empty_like(sample.y)
    for number in np.unique(fold):
        out = fold == number
        found[out] = predict(sample.where(~out), sample.where(out))
    return found


def bottom(values: Numbers, weight: Numbers, percent: int) -> Mask:
    """The lowest `percent` by weight, never more than that; equal values in the order given."""
    order = np.argsort(values, kind="stable")
    reached = np.cumsum(weight[order])
    mask = np.zeros(len(values), dtype=np.bool_)
    mask[order] = reached <= reached[-1] * percent / 100
    return mask


def shares(y: Numbers, predicted: Numbers, weight: Numbers, percent: int) -> tuple[float, float]:
    """Exclusion and inclusion error of the bottom `percent`; both 1 where nobody can be chosen."""
    poor, chosen = bottom(y, weight, percent), bottom(predicted, weight, percent)
    both = float(weight[poor & chosen].sum())

    def missed(of: Mask) -> float:
        total = float(weight[of].sum())
        return 1 - both / total if total else 1.0

    return missed(poor), missed(chosen)


def draws(households: int, count: int, seed: int) -> Iterator[Whole]:
    """Bootstrap draws of households, with replacement."""
    draw = np.random.default_rng(seed)
    return (draw.integers(0, households, households) for _ in range(count))


def errors(y: Numbers, repeats: Sequence[Numbers], weight: Numbers, count: int, seed: int) -> tuple[Error, ...]:
    """Both errors at each percentage, averaged over repeated predictions; `count` bootstrap draws of households."""
    drawn = list(draws(len(y), count, seed))

    def of(rows: Whole, repeat: int, percent: int) -> tuple[float, float]:
        return shares(y[rows], repeats[repeat][rows], weight[rows], percent)

    def one(percent: int) -> Error:
        everyone = np.arange(len(y))
        at = np.mean([of(everyone, repeat, percent) for repeat in range(len(repeats))], axis=0)
        found = np.array([of(rows, place % len(repeats), percent) for place, rows in enumerate(drawn)])
        return Error(percent, *(_interval(float(value), found[:, place]) for place, value in enumerate(at)))

    return tuple(one(percent) for percent in CENTS)


def excess(
    y: Numbers, ours: list[Numbers], theirs: list[Numbers], weight: Numbers, count: int, seed: int
) -> dict[int, Interval]:
    """Our exclusion error minus theirs by percentage, over repeats; the same households in each bootstrap draw."""
    drawn = list(draws(len(y), count, seed))

    def gap(rows: Whole, repeat: int, percent: int) -> float:
        ones, others = (shares(y[rows], p[repeat][rows], weight[rows], percent)[0] for p in (ours, theirs))
        return ones - others

    def one(percent: int) -> Interval:
        everyone = np.arange(len(y))
        value = float(np.mean([gap(everyone, repeat, percent) for repeat in range(len(ours))]))
        return _interval(value, np.array([gap(rows, k % len(ours), percent) for k, rows in enumerate(drawn)]))

    return {percent: one(percent) for percent in CENTS}


def spearman(y: Numbers, predicted: Numbers) -> float:
    """The rank correlation; ties share the middle of their ranks."""
    from scipy.stats import spearmanr  # noqa: PLC0415 - slow to import

    return float(spearmanr(y, predicted).statistic)


def r_squared(y: Numbers, predicted: Numbers, weight: Numbers) -> float:
    """The share of the variance of `y` that the predictions explain; below 0 where the mean does better."""
    mean = np.average(y, weights=weight)
    return 1 - float(np.sum(weight * (y - predicted) ** 2) / np.sum(weight * (y - mean) ** 2))


def calibration(y: Numbers, predicted: Numbers, weight: Numbers) -> tuple[tuple[float, float], ...]:
    """For each tenth by prediction, poorest first: the mean prediction and the mean of `y`."""
    tenths = np.zeros(len(y), dtype=np.int64)
    for percent in range(10, 100, 10):
        tenths += ~bottom(predicted, weight, percent)
    groups = (tenths == tenth for tenth in np.unique(tenths))
    return tuple((_mean(predicted, weight, rows), _mean(y, weight, rows)) for rows in groups)


def residual_of(y: Numbers, predicted: Numbers, weight: Numbers, rows: Mask) -> Interval:
    """The mean residual of a subgroup with its normal 95% interval; above 0 means predicted poorer than true."""
    left = (y - predicted)[rows]
    shared = weight[rows] / weight[rows].sum()
    mean = float(np.sum(shared * left))
    half = 1.96 * float(np.sqrt(np.sum((shared * (left - mean)) ** 2)))
    return Interval(mean, mean - half, mean + half)


def _mean(values: Numbers, weight: Numbers, rows: Mask) -> float:
    return float(np.average(values[rows], weights=weight[rows]))


def _interval(value: float, found: Numbers) -> Interval:
    low, high = np.percentile(found, INTERVAL)
    return Interval(value, float(low), float(high))


def _design(sample: Sample) -> Numbers:
    """The constant, the features, and for each place but the first a column whose weighted mean is nothing."""
    columns = [np.ones(len(sample.x)), sample.x]
    if sample.place is not None:
        first, *others = _places(sample)
        columns += [(sample.place == place) - (sample.place == first[0]) * (w / first[1]) for place, w in others]
    return np.column_stack(columns)


def _places(sample: Sample) -> list[tuple[int, float]]:
    """Every place with its weight."""
    if sample.place is None:
        return []
    return [(int(place), float(sample.weight[sample.place == place].sum())) for place in np.unique(sample.place)]


def _levels(sample: Sample, found: Numbers) -> dict[int, float]:
    """The level of every place, from those of all but the first."""
    weights = _places(sample)
    if not weights:
        return {}
    (first, weight), *others = weights
    rest = {place: float(level) for (place, _), level in zip(others, found, strict=True)}
    return {first: -sum(w * rest[place] for place, w in others) / weight, **rest}
