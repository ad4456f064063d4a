"""Fits a welfare model on a survey's columns, judges it out of fold, and gives the facts of its file.

Judging uses predictions of fits that have not seen a household. How a card is worded stands in `card`.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from dtsen_pipeline.core import fitting, reliability
from dtsen_pipeline.core.fitting import Error, Fitted, Interval, Mask, Numbers, Sample
from dtsen_pipeline.core.microdata import Columns, matrix, places
from dtsen_pipeline.reference import SurveyMap
from dtsen_pipeline.reference.probability import Probability, plain
from dtsen_pipeline.schemas.errors import DtsenError

MICRO = 1_000_000


@dataclass(frozen=True)
class Plan:
    """How to fit and judge: folds, repeats, bootstrap draws, seed, and the sign stability a feature must have."""

    folds: int = 10
    repeats: int = 20
    draws: int = 500
    seed: int = 2026
    stability: float = 0.0


@dataclass(frozen=True)
class Judged:
    """A fit and what it does out of fold; `kept` are the features that were selected."""

    plan: Plan
    households: int
    kept: Mask
    fitted: Fitted
    stability: Numbers
    r2: float
    spearman: float
    errors: tuple[Error, ...]
    excess: Mapping[int, Interval]
    calibration: tuple[tuple[float, float], ...]
    subgroups: Mapping[str, tuple[Interval, Interval]]
    probability: Probability


def sample_of(planned: SurveyMap, columns: Columns) -> Sample:
    """The households of a survey as a sample."""
    welfare = columns[planned.welfare]
    weight = columns[planned.weight] if planned.weight else np.ones_like(welfare)
    return Sample(matrix(planned, columns).astype(np.float64), np.log(welfare), weight, places(planned, columns))


def judge(planned: SurveyMap, columns: Columns, plan: Plan) -> Judged:
    """Fit once on everybody, and judge by repeated cross-validation; E_MODEL_FIT where nothing can be fitted."""
    sample = sample_of(planned, columns)
    if len(sample.y) < 2 * plan.folds or not fitting.is_determined(sample):
        raise DtsenError("E_MODEL_FIT", "too few households, or a feature that is constant or follows from others")
    kept = fitting.stable(sample, plan.stability, plan.seed)
    if not kept.any():
        raise DtsenError("E_MODEL_FIT", "no feature is as stable as asked for")
    predict = fitting.predictor(plan.stability, plan.seed)
    repeats = _unseen(sample, plan, predict)
    mean = np.mean(repeats, axis=0)
    facts = (sample.y, mean, sample.weight)
    return Judged(
        plan=plan,
        households=len(sample.y),
        kept=kept,
        fitted=fitting.least_squares(sample.only(kept)),
        stability=fitting.stability(sample, plan.seed),
        r2=float(np.mean([fitting.r_squared(sample.y, one, sample.weight) for one in repeats])),
        spearman=float(np.mean([fitting.spearman(sample.y, one) for one in repeats])),
        errors=fitting.errors(sample.y, repeats, sample.weight, plan.draws, plan.seed),
        excess=_excess(planned, columns, sample, repeats, plan),
        calibration=fitting.calibration(*facts),
        subgroups=_subgroups(planned, sample, mean),
        probability=_probability(sample, repeats, plan, predict),
    )


def model_facts(name: str, written: Mapping[str, Any], judged: Judged, status: str) -> dict[str, Any]:
    """The facts of the model's file: those of the survey map as `written`, with the numbers in millionths."""
    weights = [round(float(value) * MICRO) for value in judged.fitted.coefficients]
    features = [item for item, is_kept in zip(written["features"], judged.kept, strict=True) if is_kept]
    weighted = [{**item, "coefficient_micro": weight} for item, weight in zip(features, weights[1:], strict=True)]
    numbers = {
        "n": judged.households,
        "r2": f"{judged.fitted.r2:.4f}",
        "residual_sd_micro": round(judged.fitted.residual_sd * MICRO),
        "scale": MICRO,
        "intercept_micro": weights[0],
    }
    levels = {f"{place:04d}": round(level * MICRO) for place, level in judged.fitted.levels.items()}
    lists = {"features": weighted, "dropped": list(written.get("dropped", []))}
    rest = {key: value for key, value in written.items() if key not in lists}
    told = {**({"levels": levels} if levels else {}), "probability": plain(judged.probability)}
    return {"id": name, "status": status, "kind": "fitted", **rest, **numbers, **told, **lists}


def _unseen(sample: Sample, plan: Plan, predict: fitting.Predict) -> list[Numbers]:
    parts = fitting.partitions(len(sample.y), plan.folds, plan.repeats, plan.seed)
    return [fitting.out_of_fold(sample, fold, predict) for fold in parts]


def _probability(sample: Sample, repeats: list[Numbers], plan: Plan, predict: fitting.Predict) -> Probability:
    """The residuals of all repeats; probabilities are judged in the folds of the first, nested."""
    fold = next(fitting.partitions(len(sample.y), plan.folds, 1, plan.seed))
    said = reliability.unseen_chances(sample, fold, predict)
    return Probability(
        folds=plan.folds,
        repeats=plan.repeats,
        seed=plan.seed,
        tables=reliability.judged(said, reliability.true_deciles(sample.y, sample.weight), sample.weight),
        residuals_micro=reliability.residuals(sample.y, repeats, sample.weight),
    )


def _excess(
    planned: SurveyMap, columns: Columns, sample: Sample, ours: list[Numbers], plan: Plan
) -> Mapping[int, Interval]:
    """Our exclusion error minus that of plain least squares on the baseline's columns; empty without a baseline."""
    if not planned.baseline:
        return {}
    other = Sample(np.column_stack([columns[name] for name in planned.baseline]), sample.y, np.ones_like(sample.y))
    theirs = _unseen(other, plan, fitting.predictor(0, plan.seed))
    return fitting.excess(sample.y, ours, theirs, sample.weight, plan.draws, plan.seed)


def _subgroups(planned: SurveyMap, sample: Sample, predicted: Numbers) -> Mapping[str, tuple[Interval, Interval]]:
    """The mean residual where a yes-or-no feature is 1, and where it is 0."""
    found = {}
    for place, feature in enumerate(planned.features):
        column = sample.x[:, place]
        if set(np.unique(column)) == {0.0, 1.0}:
            yes, no = (fitting.residual_of(sample.y, predicted, sample.weight, column == answer) for answer in (1, 0))
            found[feature.name] = (yes, no)
    return found
