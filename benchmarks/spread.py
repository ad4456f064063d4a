"""One spread of residuals for every score, or one for each band of scores: which gives the better probabilities.

    DTSEN_REFERENCE_DATA=FOLDER python -m benchmarks.spread

Nested cross-validation as in `core/reliability.py`: fit, bands, residuals and deciles come from the other folds.
Judged by the ranked probability score and the Brier score of P(desil = k). Prints Markdown; `RESULTS.md` keeps it.
"""

import os
import sys
from pathlib import Path

import numpy as np

from dtsen_pipeline.core import fitting
from dtsen_pipeline.core.cutoffs import DECILES
from dtsen_pipeline.core.fitting import Numbers, Sample, Whole
from dtsen_pipeline.core.judging import sample_of
from dtsen_pipeline.core.microdata import columns_of
from dtsen_pipeline.core.reliability import true_deciles
from dtsen_pipeline.resources.models import load_map
from dtsen_pipeline.resources.surveys import read_survey

SURVEY, MAP = "alatas_2008_train.csv", "alatas_2008"
FOLDS, REPEATS, SEED, BANDS = 10, 5, 77, (2, 3, 5)
HUNDREDTHS = (np.arange(100) + 0.5) / 100
PREDICT = fitting.predictor(0, SEED)


def main() -> int:
    """Measure and print."""
    folder = os.environ.get("DTSEN_REFERENCE_DATA")
    if not folder:
        print("DTSEN_REFERENCE_DATA is not set: the survey is not part of the project")
        return 1
    planned, _ = load_map(MAP)
    read = read_survey(Path(folder) / SURVEY, columns_of(planned), [planned.welfare])
    sample = sample_of(planned, read.columns)
    parts = list(fitting.partitions(len(sample.y), FOLDS, REPEATS, SEED))
    one = _mean(sample, parts, 1)
    print(
        f"{len(sample.y)} households, seed {SEED}, {REPEATS} times {FOLDS} folds, nested. Above 0: bands are worse.\n"
    )
    print("| bands of scores | ranked probability score, less that of one spread | Brier score, less that of one |")
    print("|---|---|---|")
    for bands in BANDS:
        rps, brier = (found - plain for found, plain in zip(_mean(sample, parts, bands), one, strict=True))
        print(f"| {bands} | {_span(rps)} | {_span(brier)} |")
    return 0


def _mean(sample: Sample, parts: list[Whole], bands: int) -> Numbers:
    return np.asarray(np.mean([_scores(sample, fold, bands) for fold in parts], axis=0))


def _scores(sample: Sample, fold: Whole, bands: int) -> Numbers:
    """Ranked probability score and Brier score of every household, two rows."""
    said = np.zeros((len(sample.y), DECILES))
    for number in np.unique(fold):
        out = fold == number
        seen = sample.where(~out)
        inner = fitting.out_of_fold(seen, fold[~out], PREDICT)
        edges = np.quantile(inner, np.arange(1, bands) / bands)
        band = np.searchsorted(edges, inner)
        spread = [np.quantile((seen.y - inner)[band == each], HUNDREDTHS) for each in range(bands)]
        mixture = np.concatenate([np.add.outer(inner[band == each], spread[each]).ravel() for each in range(bands)])
        ends = np.quantile(mixture, np.arange(1, DECILES) / DECILES)
        predicted = PREDICT(seen, sample.where(out))
        for place, at, each in zip(np.flatnonzero(out), predicted, np.searchsorted(edges, predicted), strict=True):
            deciles = np.searchsorted(ends, at + spread[each])
            said[place] = np.bincount(deciles, minlength=DECILES) / len(HUNDREDTHS)
    true = true_deciles(sample.y, sample.weight)[:, None] == np.arange(1, DECILES + 1)
    apart = said - true
    return np.array([(apart.cumsum(axis=1) ** 2).sum(axis=1), (apart**2).sum(axis=1)])


def _span(found: Numbers) -> str:
    half = 1.96 * float(found.std()) / np.sqrt(len(found))
    return f"{found.mean():+.4f} ({found.mean() - half:+.4f} to {found.mean() + half:+.4f})"


if __name__ == "__main__":
    sys.exit(main())
