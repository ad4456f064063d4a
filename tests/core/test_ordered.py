"""The weights stand at the top of the penalised likelihood, and are finite where deciles separate."""

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy.optimize import minimize
from scipy.special import expit

from dtsen_pipeline.core.ordered import weights_of
from dtsen_pipeline.schemas.errors import DtsenError

DRAW = np.random.default_rng(7)
X = np.column_stack([DRAW.integers(0, 2, (800, 3)), DRAW.integers(1, 9, 800), DRAW.integers(0, 1000, 800)])
TRUE = np.array([1.0, -0.5, 0.0, 0.3, 0.002])
LATENT = X @ TRUE


def deciles(latent: NDArray[np.float64]) -> NDArray[np.int64]:
    return 1 + np.argsort(np.argsort(latent, kind="stable"), kind="stable") * 10 // len(latent)


def likelihood(weights: NDArray[np.float64], decile: NDArray[np.int64], penalty: float) -> float:
    """The penalised log-likelihood at weights of the raw inputs, with the best cuts for them."""
    spread = X.std(axis=0)
    index = X @ weights
    groups = sorted(set(decile.tolist()))

    def lost(steps: NDArray[np.float64]) -> float:
        cuts = np.concatenate([[-np.inf], np.cumsum([steps[0], *np.exp(steps[1:])]), [np.inf]])
        place = np.searchsorted(groups, decile)
        return -float(np.log(expit(cuts[place + 1] - index) - expit(cuts[place] - index)).sum())

    start = np.quantile(index, np.arange(1, len(groups)) / len(groups))
    steps = np.concatenate([start[:1], np.log(np.maximum(np.diff(start), 1e-3))])
    found = minimize(lost, steps, method="BFGS")
    return -float(found.fun) - penalty / 2 * float(((weights * spread) ** 2).sum())


def test_no_other_weights_are_better() -> None:
    decile = deciles(LATENT + DRAW.logistic(size=800))
    found = weights_of(X, decile, 1.0)
    top = likelihood(found, decile, 1.0)
    for place, size in enumerate(0.05 / X.std(axis=0)):
        for sign in (-1, 1):
            beside = found.copy()
            beside[place] += sign * size
            assert likelihood(beside, decile, 1.0) < top
    assert found / TRUE.clip(0.5) == pytest.approx(TRUE / TRUE.clip(0.5), abs=0.35)


def test_deciles_that_follow_exactly_have_finite_weights() -> None:
    found = weights_of(X, deciles(LATENT), 1.0)
    assert np.isfinite(found).all()
    assert np.corrcoef(X @ found, LATENT)[0, 1] > 0.999
    assert np.abs(found).sum() > np.abs(weights_of(X, deciles(LATENT), 100.0)).sum()


def test_a_constant_input_has_no_weight_and_deciles_may_be_few() -> None:
    constant = np.column_stack([X, np.full(800, 3)])
    decile = np.where(np.median(LATENT) < LATENT, 9, 2)
    found = weights_of(constant, decile, 1.0)
    assert found[-1] == 0
    assert found[:-1] == pytest.approx(weights_of(X, decile, 1.0))


def test_one_decile_orders_nothing() -> None:
    with pytest.raises(DtsenError, match="E_MODEL_FIT"):
        weights_of(X, np.full(800, 4), 1.0)
