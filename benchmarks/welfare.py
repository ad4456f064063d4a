"""The demonstration model against plain least squares on 40 columns, by paired repeated cross-validation.

    DTSEN_REFERENCE_DATA=FOLDER python -m benchmarks.welfare

Every fit, and every choice between fits, sees the other folds alone; all fits have the same folds, and the same drawn
households in an interval. Forms and losses were compared on the seeds `CHOICE`; what is reported is drawn by `REPORT`.
Prints Markdown; `RESULTS.md` keeps what it printed. The survey is not part of the project.
"""

import os
import sys
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from dtsen_pipeline.core import fitting
from dtsen_pipeline.core.fitting import Mask, Numbers, Predict, Sample, Whole
from dtsen_pipeline.core.judging import sample_of
from dtsen_pipeline.core.microdata import columns_of, places
from dtsen_pipeline.reference import SurveyMap
from dtsen_pipeline.resources.models import load_map
from dtsen_pipeline.resources.surveys import read_survey

SURVEY, MAP = "alatas_2008_train.csv", "alatas_2008"
OTHERS = ("hhsize2", "depratio", "lighting", "hp")
FOLDS, REPORT, CHOICE, INNER = 5, (77, 20), (101, 5), 909
"""Folds; seed and repeats of the report and of the choice; seed of the folds inside a fold."""
PERCENTS, SMOOTH = (40, 30, 20), tuple(range(15, 46, 5))
DRAWS, DRAW_SEED = 500, 5
BASELINE, EARLIER, OURS = "least squares on 40 columns", "the earlier form", "the model"
REPORTED = (BASELINE, EARLIER, "the model without levels", OURS)
Columns = Mapping[str, Numbers]


@dataclass(frozen=True)
class Fit:
    """Households as one fit sees them, and how it is made; `may_ship`: its columns mean what DTSEN's mean."""

    sample: Sample
    predict: Predict
    may_ship: bool = True


def main() -> int:
    """Measure and print."""
    started = time.perf_counter()
    folder = os.environ.get("DTSEN_REFERENCE_DATA")
    if not folder:
        print("DTSEN_REFERENCE_DATA is not set: the survey is not part of the project")
        return 1
    planned, _ = load_map(MAP)
    names = dict.fromkeys((*columns_of(planned, is_compared=True), *OTHERS))
    columns = read_survey(Path(folder) / SURVEY, list(names), [planned.welfare]).columns
    fits = _fits(planned, columns)
    y, place = fits[OURS].sample.y, np.asarray(places(planned, columns))
    seed, repeats = CHOICE
    print(f"The choice: seed {seed}, {repeats} times {FOLDS} folds.\n")
    folds = list(fitting.partitions(len(y), FOLDS, repeats, seed))
    _print_table(y, {name: _unseen(fit, folds) for name, fit in fits.items()}, BASELINE)
    seed, repeats = REPORT
    print(f"\nThe report: seed {seed}, {repeats} times {FOLDS} folds.\n")
    folds = list(fitting.partitions(len(y), FOLDS, repeats, seed))
    told = {name: _unseen(fits[name], folds) for name in REPORTED}
    _print_table(y, told | {"chosen anew in every fold": _chosen(fits, folds)}, BASELINE)
    print("\nThe same, against the earlier form.\n")
    _print_table(y, {name: told[name] for name in (EARLIER, OURS)}, EARLIER)
    print("\nA district left out, and the poorest of each district.\n")
    _print_table(y, {name: _unseen(fits[name], [place]) for name in REPORTED}, BASELINE, place)
    print(f"\n{len(y)} households, {time.perf_counter() - started:.0f} s.")
    return 0


def _fits(planned: SurveyMap, columns: Columns) -> dict[str, Fit]:
    """Every fit by its name: the baseline, the model, its earlier form and the steps between, and what was tried."""
    ours = sample_of(planned, columns)
    column_of = {feature.name: number for number, feature in enumerate(planned.features)}
    size, ratio = columns["hhsize"], columns["depratio"]
    area = np.minimum(10 * np.rint(columns["pcfloor"] * size) // size, 1000)
    share = 100 * np.rint(size * ratio / (1 + ratio)) // size

    def with_columns(sample: Sample, **changed: Numbers) -> Sample:
        x = sample.x.copy()
        for name, values in changed.items():
            x[:, column_of[name]] = values
        return replace(sample, x=x)

    def without(sample: Sample, name: str) -> Sample:
        return replace(sample, x=np.delete(sample.x, column_of[name], axis=1))

    def added(name: str) -> Sample:
        return replace(ours, x=np.column_stack([ours.x, columns[name]]))

    plain = fitting.predictor(0, 0)
    unplaced = replace(ours, place=None)
    wide = with_columns(unplaced, floor_area_per_head=area)
    shared = without(with_columns(wide, children_0_14=share), "elders")
    before = without(with_columns(wide, children_0_14=share, member_share=columns["hhsize2"]), "elders")
    baseline = Sample(np.column_stack([columns[name] for name in planned.baseline]), ours.y, ours.weight)
    return {
        BASELINE: Fit(baseline, plain, may_ship=False),
        EARLIER: Fit(before, plain),
        "+ a member's share for the square of size": Fit(shared, plain),
        "+ children and elders for the share of dependents": Fit(wide, plain),
        "the model without levels": Fit(unplaced, plain),
        OURS: Fit(ours, plain),
        "the model, floor area up to 100 square metres": Fit(replace(wide, place=ours.place), plain),
        "the model, ridge penalty 30": Fit(ours, _ridge(30)),
        "the model, richest tenth top-coded": Fit(ours, _topcoded(0.9)),
        "the model, less weight above the median": Fit(ours, _bottom_heavy),
        "the model, Huber's loss": Fit(ours, _huber),
        "the model without cattle": Fit(without(ours, "owns_cattle"), plain),
        "the model and lighting": Fit(added("lighting"), plain, may_ship=False),
        "the model and any cell phone": Fit(added("hp"), plain, may_ship=False),
    }


def _ridge(penalty: float) -> Predict:
    """Least squares whose standardised weights are drawn to nothing; levels of places are not."""

    def predict(seen: Sample, unseen: Sample) -> Numbers:
        groups = np.zeros(len(seen.y)) if seen.place is None else seen.place
        rows = {int(place): groups == place for place in np.unique(groups)}
        spread = seen.x.std(axis=0)
        spread[spread == 0] = 1
        z, y = seen.x / spread, seen.y.copy()
        for mask in rows.values():
            z[mask] -= z[mask].mean(axis=0)
            y[mask] -= y[mask].mean()
        weights = np.linalg.solve(z.T @ z + penalty * np.eye(z.shape[1]), z.T @ y) / spread
        left = seen.y - seen.x @ weights
        levels = {place: float(left[mask].mean()) for place, mask in rows.items()}
        return np.asarray(unseen.x @ weights + fitting.level_of(levels, unseen))

    return predict


def _topcoded(share: float) -> Predict:
    """Welfare above its quantile counts as the quantile."""

    def predict(seen: Sample, unseen: Sample) -> Numbers:
        return fitting.predictor(0, 0)(replace(seen, y=np.minimum(seen.y, np.quantile(seen.y, share))), unseen)

    return predict


def _bottom_heavy(seen: Sample, unseen: Sample) -> Numbers:
    """A second fit in which weights fall from 1 at the predicted median to 0.2 at the top."""
    place = np.argsort(np.argsort(fitting.predictor(0, 0)(seen, seen))) / len(seen.y)
    return fitting.predictor(0, 0)(replace(seen, weight=1 - 1.6 * np.maximum(place - 0.5, 0)), unseen)


def _huber(seen: Sample, unseen: Sample) -> Numbers:
    """Iterated fits in which far households count less."""
    now = seen
    for _ in range(8):
        left = np.abs(seen.y - fitting.predictor(0, 0)(now, seen))
        bend = 1.345 * np.median(left) / 0.6745
        now = replace(seen, weight=np.minimum(1, bend / np.maximum(left, 1e-9)))
    return fitting.predictor(0, 0)(now, unseen)


def _unseen(fit: Fit, folds: Sequence[Whole]) -> list[Numbers]:
    return [fitting.out_of_fold(fit.sample, fold, fit.predict) for fold in folds]


def _chosen(fits: Mapping[str, Fit], folds: Sequence[Whole]) -> list[Numbers]:
    """Predictions of the fit that does best in folds of what is seen: the price of having chosen is in them."""
    ours = {name: fit for name, fit in fits.items() if fit.may_ship}
    found: list[Numbers] = [np.empty(len(fold)) for fold in folds]
    taken = dict.fromkeys(ours, 0)
    for predicted, fold in zip(found, folds, strict=True):
        for number in range(FOLDS):
            seen, out = fold != number, fold == number
            name = min(ours, key=lambda one: _inner(ours[one], seen))
            taken[name] += 1
            predicted[out] = ours[name].predict(ours[name].sample.where(seen), ours[name].sample.where(out))
    print("Chosen anew:", ", ".join(f"{name} {count}" for name, count in taken.items() if count), end=".\n\n")
    return found


def _inner(fit: Fit, seen: Mask) -> float:
    """The mean exclusion error in folds of the households that are seen."""
    sample = fit.sample.where(seen)
    (fold,) = fitting.partitions(len(sample.y), FOLDS, 1, INNER)
    predicted = fitting.out_of_fold(sample, fold, fit.predict)
    return float(np.mean([_missed(sample.y, predicted, None, percent) for percent in SMOOTH]))


def _missed(y: Numbers, predicted: Numbers, group: Whole | None, percent: int) -> float:
    """The share of the poorest that is left out; with groups, of the poorest of each."""
    if group is None:
        return fitting.shares(y, predicted, np.ones_like(y), percent)[0]
    left, poor = 0.0, 0
    for number in np.unique(group):
        rows = group == number
        count = int(fitting.bottom(y[rows], np.ones(int(rows.sum())), percent).sum())
        left += count * _missed(y[rows], predicted[rows], None, percent)
        poor += count
    return left / poor


def _print_table(y: Numbers, told: Mapping[str, list[Numbers]], against: str, group: Whole | None = None) -> None:
    """Exclusion error at each percentage and over a range, and minus that of the fit `against`, with its interval."""
    print(
        "| fit | R2 |", " | ".join(f"{percent}%" for percent in PERCENTS), f"| mean of {SMOOTH[0]} to {SMOOTH[-1]}% |"
    )
    print("|---|---:|" + "---|" * (len(PERCENTS) + 1))
    drawn = list(fitting.draws(len(y), DRAWS, DRAW_SEED))
    asked = [(percent,) for percent in PERCENTS] + [SMOOTH]
    theirs = [_errors(y, told[against], group, percents, drawn) for percents in asked]
    for name, predicted in told.items():
        r2 = np.mean([fitting.r_squared(y, one, np.ones_like(y)) for one in predicted])
        ours = [_errors(y, predicted, group, percents, drawn) for percents in asked]
        print(f"| {name} | {r2:.3f} |", " | ".join(map(_cell, ours, theirs)), "|", flush=True)


def _errors(
    y: Numbers, predicted: list[Numbers], group: Whole | None, percents: Sequence[int], drawn: Sequence[Whole]
) -> tuple[float, Numbers]:
    """The mean exclusion error over repeats, and one of each draw of households (the repeats in turn)."""

    def of(rows: Whole, repeat: int) -> float:
        among = None if group is None else group[rows]
        return float(np.mean([_missed(y[rows], predicted[repeat][rows], among, percent) for percent in percents]))

    everyone = np.arange(len(y))
    value = float(np.mean([of(everyone, repeat) for repeat in range(len(predicted))]))
    return value, np.array([of(rows, number % len(predicted)) for number, rows in enumerate(drawn)])


def _cell(ours: tuple[float, Numbers], theirs: tuple[float, Numbers]) -> str:
    low, high = np.percentile(ours[1] - theirs[1], fitting.INTERVAL)
    return f"{ours[0]:.3f}, {ours[0] - theirs[0]:+.3f} ({low:+.3f} to {high:+.3f})"


if __name__ == "__main__":
    sys.exit(main())
