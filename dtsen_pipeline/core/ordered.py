"""A penalised ordered logit: the weights under which whole-number inputs order families as their deciles do.

Pure functions over NumPy arrays of one row a family. The cumulative logit of decile k is cut(k) minus the sum of weight
times input; the penalty is half of `penalty` times the sum of squared weights of standardised inputs, without which
deciles that follow exactly from the inputs have no finite weights. The likelihood is concave (Pratt, Journal of the
American Statistical Association 76(373), 1981), so Newton's steps, halved where they do not climb, find its one top.
How a fit is judged stands in `imitation`.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from dtsen_pipeline.schemas.errors import DtsenError

Floats = NDArray[np.float64]
Whole = NDArray[np.int64]
STEPS, HALVINGS, ENOUGH = 100, 40, 1e-10
SPREAD = float(np.pi / np.sqrt(3))
"""The standard deviation of the logistic distribution: what the inputs leave unexplained, on the scale of the logit."""


@dataclass(frozen=True)
class _Stand:
    """Where the search stands: the penalised log-likelihood, its gradient and its curvature."""

    value: float
    gradient: Floats
    curvature: Floats


def weights_of(x: Whole, decile: Whole, penalty: float) -> Floats:
    """The weight of each column of `x`, 0 for a constant one; `decile`: 1 to 10, two of them at least.

    Raises E_MODEL_FIT where the deciles are all one, or the search does not end.
    """
    spread = x.std(axis=0)
    varies = spread > 0
    z = (x[:, varies] - x[:, varies].mean(axis=0)) / spread[varies]
    known, order = np.unique(decile, return_inverse=True)
    if len(known) < 2:  # noqa: PLR2004 - one decile orders nothing
        raise DtsenError("E_MODEL_FIT", "every family has the same official decile")
    found = np.zeros(x.shape[1])
    found[varies] = _climbed(z, order, len(known), penalty)[: z.shape[1]] / spread[varies]
    return found


def _climbed(z: Floats, order: Whole, groups: int, penalty: float) -> Floats:
    """Weights and cuts at the top, from no weights and the shares as they are."""
    share = np.cumsum(np.bincount(order, minlength=groups))[:-1] / len(order)
    at: Floats = np.concatenate([np.zeros(z.shape[1]), np.log(share / (1 - share))])
    stand = _stand(z, order, groups, penalty, at)
    for _ in range(STEPS):
        step: Floats = np.linalg.solve(stand.curvature, stand.gradient).astype(np.float64)
        rise = float(step @ stand.gradient)
        if rise < ENOUGH:
            return at
        at, stand = _stepped(z, order, groups, penalty, at, step, stand)
    raise DtsenError("E_MODEL_FIT", "the search for weights does not end")


def _stepped(
    z: Floats, order: Whole, groups: int, penalty: float, at: Floats, step: Floats, stand: _Stand
) -> tuple[Floats, _Stand]:
    """The first of the step, half of it, a quarter ... that does not lead down."""
    for halving in range(HALVINGS):
        there = at + step / 2**halving
        cuts = there[z.shape[1] :]
        if not (np.diff(cuts) > 0).all():
            continue
        found = _stand(z, order, groups, penalty, there)
        if found.value >= stand.value:
            return there, found
    return at, _Stand(stand.value, np.zeros_like(stand.gradient), stand.curvature)


def _stand(z: Floats, order: Whole, groups: int, penalty: float, at: Floats) -> _Stand:
    """Value, gradient and the negative of the second derivatives at weights and cuts."""
    inputs = z.shape[1]
    cuts = np.concatenate([[-np.inf], at[inputs:], [np.inf]])
    index = z @ at[:inputs]
    low, high = cuts[order] - index, cuts[order + 1] - index
    chance = _between(low, high)
    below, above = _logistic(low), _logistic(high)
    slope_low, slope_high = below * (1 - below), above * (1 - above)
    pull_low, pull_high = slope_low / chance, slope_high / chance
    bend_low = slope_low * (1 - 2 * below) / chance + pull_low**2
    bend_high = pull_high**2 - slope_high * (1 - 2 * above) / chance

    member = np.eye(groups)[order].T

    def by_cut(of_upper: Floats, of_lower: Floats) -> Floats:
        """Sums for the cuts between groups: of the families under each, and of those over it."""
        return np.asarray((member @ of_upper)[:-1] + (member @ of_lower)[1:])

    gradient = np.concatenate([z.T @ (below + above - 1) - penalty * at[:inputs], by_cut(pull_high, -pull_low)])
    curvature = np.zeros((len(at), len(at)))
    curvature[:inputs, :inputs] = (z * (slope_low + slope_high)[:, None]).T @ z + penalty * np.eye(inputs)
    cross = by_cut(z * slope_high[:, None], z * slope_low[:, None])
    curvature[inputs:, :inputs], curvature[:inputs, inputs:] = -cross, -cross.T
    beside = np.bincount(order, pull_low * pull_high, groups)[1:-1]
    curvature[inputs:, inputs:] = np.diag(by_cut(bend_high, bend_low)) - np.diag(beside, 1) - np.diag(beside, -1)
    value = float(np.log(chance).sum() - penalty / 2 * (at[:inputs] ** 2).sum())
    return _Stand(value, gradient, curvature)


def _logistic(value: Floats) -> Floats:
    return np.asarray(0.5 * (1 + np.tanh(value / 2)))


def _between(low: Floats, high: Floats) -> Floats:
    """The chance between two points, taken in the tail where it is small so that nothing is lost."""
    is_right = low > 0
    first, last = np.where(is_right, -high, low), np.where(is_right, -low, high)
    tiny = np.finfo(np.float64).tiny
    return np.maximum(_tail(last) - _tail(first), tiny)


def _tail(value: Floats) -> Floats:
    return np.asarray(np.exp(-np.logaddexp(0, -value)))
