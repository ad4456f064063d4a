"""How well P(desil = k) holds: probabilities of households that nothing behind them had seen, against what was true.

Cross-validation is nested: the fit, the residuals and the limits of the deciles by which a household is judged come
from the other folds, and each of those residuals from a fit that had not seen its own household either.
"""

from collections.abc import Sequence

import numpy as np

from dtsen_pipeline.core import fitting
from dtsen_pipeline.core.cutoffs import DECILES
from dtsen_pipeline.core.fitting import Mask, Numbers, Predict, Sample
from dtsen_pipeline.core.fitting import Whole as Rows
from dtsen_pipeline.core.probability import Whole, chances, limits
from dtsen_pipeline.core.targeting import wilson
from dtsen_pipeline.reference.probability import HUNDRED, WHOLE, Band, Reliability

MICRO = 1_000_000
EDGES = (2, 5, 10, 15, 20, 30, 40, 60, 100)
"""The highest percentage of each band."""
LINES = (1, 2, 4)
"""Beside every decile by itself: whether a household lies in decile 1, in 1 to 2, in 1 to 4."""
EACH = "desil = k"


def residuals(y: Numbers, repeats: Sequence[Numbers], weight: Numbers) -> tuple[int, ...]:
    """A hundred quantiles (the middles of hundredths of the weight) of `y` minus repeated predictions; millionths."""
    left = np.concatenate([y - one for one in repeats])
    order = np.argsort(left, kind="stable")
    reached = np.cumsum(np.tile(weight, len(repeats))[order])
    places = np.searchsorted(reached, reached[-1] * (np.arange(HUNDRED) + 0.5) / HUNDRED)
    return tuple(round(float(left[order][place]) * MICRO) for place in places)


def unseen_chances(sample: Sample, fold: Rows, predict: Predict) -> Whole:
    """The chances of every household (households by ten, of a hundred) by nested cross-validation."""
    found = np.zeros((len(sample.y), DECILES), dtype=np.int64)
    for number in np.unique(fold):
        out = fold == number
        seen = sample.where(~out)
        predicted = fitting.out_of_fold(seen, fold[~out], predict)
        shifts = residuals(seen.y, [predicted], seen.weight)
        ends = limits(micro(predicted), seen.weight, shifts, tenths(seen.weight))
        found[out] = chances(micro(predict(seen, sample.where(out))), shifts, ends)
    return found


def micro(values: Numbers) -> Whole:
    """In whole millionths."""
    return np.rint(values * MICRO).astype(np.int64)


def tenths(weight: Numbers) -> Numbers:
    """The weight of deciles 1 to k, for k from 1 to 9."""
    return np.asarray(weight.sum() * np.arange(1, DECILES) / DECILES)


def true_deciles(y: Numbers, weight: Numbers) -> Rows:
    """The decile of each household's own welfare, 1 to 10, by weight."""
    found = np.ones(len(y), dtype=np.int64)
    for tenth in range(1, DECILES):
        found += ~fitting.bottom(y, weight, 10 * tenth)
    return found


def judged(said: Whole, decile: Rows, weight: Numbers) -> tuple[Reliability, ...]:
    """The calibration of chances for every decile by itself, and for the lines 1, 1 to 2 and 1 to 4."""
    is_true = decile[:, None] == np.arange(1, DECILES + 1)
    found = [_table(EACH, said, is_true, weight)]
    for line in LINES:
        under = said[:, :line].sum(axis=1, keepdims=True)
        found.append(_table(f"desil <= {line}", under, is_true[:, :line].any(axis=1, keepdims=True), weight))
    return tuple(found)


def _table(event: str, said: Whole, is_true: Mask, weight: Numbers) -> Reliability:
    share = said / HUNDRED
    rate = np.average(is_true, axis=0, weights=weight)
    brier, blind = (float(np.average(((one - is_true) ** 2).sum(axis=1), weights=weight)) for one in (share, rate))
    starts = (-1, *EDGES[:-1])
    inside = [(said > low) & (said <= high) for low, high in zip(starts, EDGES, strict=True)]
    bands, apart, total = [], 0.0, float(weight.sum() * said.shape[1])
    for low, high, mask in zip(starts, EDGES, inside, strict=True):
        if not mask.any():
            continue
        each = weight[:, None] * mask
        predicted, observed = (float((each * one).sum() / each.sum()) for one in (share, is_true))
        apart += float(each.sum()) / total * abs(predicted - observed)
        ends = _interval((each * is_true).sum(axis=1), each.sum(axis=1))
        shares = [round(one * WHOLE) for one in (predicted, observed, *ends)]
        found = dict(zip(("predicted", "observed", "low", "high"), shares, strict=True))
        bands.append(Band(least=low + 1, most=high, answers=int(mask.sum()), **found))
    return Reliability(
        event=event, brier=f"{brier:.4f}", blind=f"{blind:.4f}", calibration_error=f"{apart:.4f}", bands=tuple(bands)
    )


def _interval(hits: Numbers, counted: Numbers) -> tuple[float, float]:
    """The 95% interval of Wilson for the share of `hits` in `counted`, a household's answers taken together.

    The effective size is share * (1 - share) over the variance of the ratio of the two totals; the number of households
    that answer where every answer, or none, came true.
    """
    share = float(hits.sum() / counted.sum())
    left = (hits - share * counted) / counted.sum()
    variance = float((left**2).sum())
    households = float(counted.sum() ** 2 / (counted**2).sum())
    return wilson(share, share * (1 - share) / variance if variance > 0 and 0 < share < 1 else households)
