"""Fits a welfare model on a survey's columns, judges it out of fold, and gives the facts of its file.

Judging uses predictions of fits that have not seen a household. How a card is worded stands in `card`.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from dtsen_pipeline.core import fitting, reliability
from dtsen_pipeline.core.fitting import Error, Fitted, Interval, Mask, Numbers, Sample
from dtsen_pipeline.core.microdata import Columns, matrix, places, sections
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
class Part:
    """The fit of a section, or of everybody (no `name`); `kept` are the features that were selected."""

    name: str | None
    households: int
    kept: Mask
    fitted: Fitted
    stability: Numbers

    @property
    def spare(self) -> int:
        """Degrees of freedom that the residuals keep."""
        return self.households - 1 - int(self.kept.sum()) - max(0, len(self.fitted.levels) - 1)


@dataclass(frozen=True)
class Judged:
    """A fit, of which `parts` are the sections, and what it does out of fold.

    `fitted_r2` and `residual_sd` (units of the outcome) are those of the whole fit on what it has seen.
    """

    plan: Plan
    households: int
    parts: tuple[Part, ...]
    fitted_r2: float
    residual_sd: float
    r2: float
    spearman: float
    errors: tuple[Error, ...]
    excess: Mapping[int, Interval]
    calibration: tuple[tuple[float, float], ...]
    subgroups: Mapping[str, tuple[Interval, Interval]]
    probability: Probability

    @property
    def kept(self) -> Mask:
        """The features that one part at least selected."""
        return np.asarray(np.any([part.kept for part in self.parts], axis=0))


def sample_of(planned: SurveyMap, columns: Columns) -> Sample:
    """The households of a survey as a sample."""
    welfare = columns[planned.welfare]
    weight = columns[planned.weight] if planned.weight else np.ones_like(welfare)
    x = matrix(planned, columns).astype(np.float64)
    return Sample(x, np.log(welfare), weight, places(planned, columns), sections(planned, columns))


def judge(planned: SurveyMap, columns: Columns, plan: Plan) -> Judged:
    """Fit once on everybody, and judge by repeated cross-validation; E_MODEL_FIT where nothing can be fitted."""
    sample = sample_of(planned, columns)
    parts = _parts(planned, sample, plan)
    predict = fitting.predictor(plan.stability, plan.seed)
    predict = fitting.by_section(predict) if planned.sections else predict
    repeats = _unseen(sample, plan, predict)
    mean = np.mean(repeats, axis=0)
    facts = (sample.y, mean, sample.weight)
    return Judged(
        plan=plan,
        households=len(sample.y),
        parts=parts,
        **_whole(sample, parts),
        r2=float(np.mean([fitting.r_squared(sample.y, one, sample.weight) for one in repeats])),
        spearman=float(np.mean([fitting.spearman(sample.y, one) for one in repeats])),
        errors=fitting.errors(sample.y, repeats, sample.weight, plan.draws, plan.seed),
        excess=_excess(planned, columns, sample, repeats, plan),
        calibration=fitting.calibration(*facts),
        subgroups=_subgroups(planned, sample, mean),
        probability=_probability(sample, repeats, plan, predict),
    )


def _parts(planned: SurveyMap, sample: Sample, plan: Plan) -> tuple[Part, ...]:
    """The fit of each section, or the one of everybody."""
    if not planned.sections:
        return (_part(None, sample, plan),)
    return tuple(_part(one.name, sample.of_section(place), plan) for place, one in enumerate(planned.sections))


def _part(name: str | None, sample: Sample, plan: Plan) -> Part:
    where = f"section {name}: " if name else ""
    if len(sample.y) < 2 * plan.folds or not fitting.is_determined(sample):
        problem = "too few households, or a feature that is constant or follows from others"
        raise DtsenError("E_MODEL_FIT", f"{where}{problem}")
    kept = fitting.stable(sample, plan.stability, plan.seed)
    if not kept.any():
        raise DtsenError("E_MODEL_FIT", f"{where}no feature is as stable as asked for")
    fitted = fitting.least_squares(sample.only(kept))
    return Part(name, len(sample.y), kept, fitted, fitting.stability(sample, plan.seed))


def _whole(sample: Sample, parts: tuple[Part, ...]) -> dict[str, float]:
    """R2 and spread of the residuals over all sections; those of the fit itself where it is one."""
    if len(parts) == 1:
        return {"fitted_r2": parts[0].fitted.r2, "residual_sd": parts[0].fitted.residual_sd}
    squares = sum(part.fitted.residual_sd**2 * part.spare for part in parts)
    mean = float(np.average(sample.y, weights=sample.weight))
    around = float(np.sum(sample.weight * (sample.y - mean) ** 2))
    spread = float(np.sqrt(squares / sum(part.spare for part in parts)))
    return {"fitted_r2": 1 - squares / around, "residual_sd": spread}


def model_facts(name: str, written: Mapping[str, Any], judged: Judged, status: str) -> dict[str, Any]:
    """The facts of the model's file: those of the survey map as `written`, with the numbers in millionths."""
    features = [item for item, is_kept in zip(written["features"], judged.kept, strict=True) if is_kept]
    numbers = {
        "n": judged.households,
        "r2": f"{judged.fitted_r2:.4f}",
        "residual_sd_micro": round(judged.residual_sd * MICRO),
        "scale": MICRO,
    }
    told: dict[str, Any]
    if judged.parts[0].name is None:
        weights, levels = _micro(judged.parts[0], judged.kept), judged.parts[0].fitted.levels
        features = [{**item, "coefficient_micro": weights[1 + place]} for place, item in enumerate(features)]
        numbers |= {"intercept_micro": weights[0]}
        told = {"levels": {f"{place:04d}": round(level * MICRO) for place, level in levels.items()}} if levels else {}
    else:
        told = {"sections": _section_facts(written, judged, [item["name"] for item in features])}
    told |= {"probability": plain(judged.probability)}
    lists = {"features": features, "dropped": list(written.get("dropped", []))}
    rest = {key: value for key, value in written.items() if key not in lists.keys() | told.keys()}
    return {"id": name, "status": status, "kind": "fitted", **rest, **numbers, **told, **lists}


def _section_facts(written: Mapping[str, Any], judged: Judged, names: list[str]) -> list[dict[str, Any]]:
    """Each section of the map with the numbers of its fit."""
    found = []
    for words, part in zip(written["sections"], judged.parts, strict=True):
        intercept, *weights = _micro(part, judged.kept)
        numbers = {
            "n": part.households,
            "r2": f"{part.fitted.r2:.4f}",
            "residual_sd_micro": round(part.fitted.residual_sd * MICRO),
            "intercept_micro": intercept,
            "coefficients_micro": dict(zip(names, weights, strict=True)),
        }
        found.append({**words, **numbers})
    return found


def _micro(part: Part, kept: Mask) -> list[int]:
    """The intercept and the weight of every feature in `kept`, in millionths; 0 for one that the part left out."""
    intercept, *found = (round(float(value) * MICRO) for value in part.fitted.coefficients)
    weights = np.zeros(len(kept), dtype=np.int64)
    weights[part.kept] = found
    return [intercept, *weights[kept].tolist()]


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
