"""Fits and judges welfare models on survey files, and keeps what came of it: a model file and its card beside it.

How a fit is made and judged is `core/judging.py`; where models lie is `models`.
"""

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from dtsen_pipeline.core import fitting, reliability
from dtsen_pipeline.core.card import card
from dtsen_pipeline.core.fitting import Error, Numbers
from dtsen_pipeline.core.judging import Judged, Plan, judge, model_facts
from dtsen_pipeline.core.microdata import columns_of, matrix, places, scores, sections
from dtsen_pipeline.core.probability import Whole, chances, limits
from dtsen_pipeline.reference import SurveyMap, WelfareModel
from dtsen_pipeline.reference.models import read_facts, written
from dtsen_pipeline.reference.probability import Reliability
from dtsen_pipeline.resources import models
from dtsen_pipeline.resources.surveys import Survey, read_survey


@dataclass(frozen=True)
class Fit:
    """A model that was fitted and kept at `path`, with its card beside it; `left_out` households had a blank."""

    path: Path
    judged: Judged
    left_out: int


@dataclass(frozen=True)
class Tried:
    """How well a model ranks the households of a survey; errors with their intervals.

    `probability`: how well its P(desil = k) holds there, where it tells any.
    """

    model: str
    survey: str
    households: int
    left_out: int
    draws: int
    seed: int
    r2: float
    spearman: float
    errors: tuple[Error, ...]
    probability: tuple[Reliability, ...]


def fit(survey: Path, map_name: str, name: str, plan: Plan, home: Path, out: Path | None) -> Fit:
    """Fit a model by a survey map into the home, or into the folder `out`; nothing that exists is written over."""
    planned, map_path = models.load_map(map_name)
    if out is None:
        models.check_new(name, planned, home)
    read = _read(survey, planned, is_compared=True)
    judged = judge(planned, read.columns, plan)
    status = "demonstration" if planned.scope == "demonstrasi" else "city"
    text = written(model_facts(name, read_facts(map_path), judged, status))
    path = models.store(name, text, home) if out is None else models.write_new(out / f"{name}.yaml", text)
    models.write_new(path.with_suffix(".md"), card(planned, judged, name, _command(map_path, name, plan)))
    return Fit(path, judged, read.left_out)


def try_model(model: WelfareModel, survey: Path, draws: int, seed: int) -> Tried:
    """Score a survey's households by a model, in whole numbers, and compare with their welfare."""
    read = _read(survey, model, is_compared=False)
    columns = read.columns
    scored = scores(model, matrix(model, columns), places(model, columns), sections(model, columns))
    said = scored.astype(np.float64)
    y = np.log(read.columns[model.welfare])
    weight = read.columns[model.weight] if model.weight else np.ones_like(y)
    return Tried(
        model=model.id,
        survey=read.sha256,
        households=read.households,
        left_out=read.left_out,
        draws=draws,
        seed=seed,
        r2=fitting.r_squared(y, said / model.scale, weight),
        spearman=fitting.spearman(y, said),
        errors=fitting.errors(y, [said], weight, draws, seed),
        probability=_tried_chances(model, scored, y, weight),
    )


def _tried_chances(model: WelfareModel, scored: Whole, y: Numbers, weight: Numbers) -> tuple[Reliability, ...]:
    """The model's probabilities held against the deciles of the survey's own welfare; none where it tells none."""
    if model.probability is None:
        return ()
    residuals = model.probability.residuals_micro
    ends = limits(scored, weight, residuals, reliability.tenths(weight))
    decile = reliability.true_deciles(y, weight)
    return reliability.judged(chances(scored, residuals, ends), decile, weight)


def _read(survey: Path, planned: SurveyMap, *, is_compared: bool) -> Survey:
    positive = [planned.welfare, *([planned.weight] if planned.weight else [])]
    return read_survey(survey, columns_of(planned, is_compared=is_compared), positive)


def _command(map_path: Path, name: str, plan: Plan) -> str:
    options = f"--repeats {plan.repeats} --seed {plan.seed}"
    stable = f" --stability {plan.stability}" if plan.stability else ""
    return f"dtsen model fit --survey FILE.csv --map {map_path.stem} --name {name} {options}{stable}"
