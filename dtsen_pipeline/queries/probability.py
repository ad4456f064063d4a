"""P(desil = k) of the families of a release: the decile of welfare by the survey's measure, given the model.

The deciles are those of the city: as many families in each as have that official decile, among the families with an
official decile and a shadow score. The arithmetic stands in `core/probability.py`. An estimate beside the release.
"""

from dataclasses import dataclass

import numpy as np
import polars as pl

from dtsen_pipeline.core.cutoffs import DECILES, SHADOW
from dtsen_pipeline.core.probability import Whole, by_decile, chances, limits
from dtsen_pipeline.core.queue import Floats
from dtsen_pipeline.queries.reading import View, fetched

OFFICIAL, VERIFIED = "desil_nasional", "skor_verifikasi"


@dataclass(frozen=True)
class Likely:
    """What a release's model says: `residuals` and `ends` (the highest welfare of deciles 1 to 9) in millionths.

    `population`: skor_bayangan, desil_nasional and families, a row each.
    """

    residuals: tuple[int, ...]
    ends: tuple[int, ...]
    population: pl.DataFrame

    def of(self, score: int | None) -> tuple[int, ...] | None:
        """Of a hundred families with this score, how many have the deciles 1 to 10; none without a score."""
        if score is None:
            return None
        return tuple(self.among(np.array([score], dtype=np.int64))[0].tolist())

    def among(self, scores: Whole) -> Whole:
        """The same for many scores, a row each."""
        return chances(scores, self.residuals, self.ends)

    def by_decile(self, cuts: list[int]) -> Floats:
        """For families of each decile of the score, the mean chance of each decile of welfare, ten by ten."""
        scores = self.population[SHADOW].to_numpy()
        decile = 1 + np.searchsorted(np.array(cuts, dtype=np.int64), scores, side="left")
        return by_decile(self.among(scores), decile, self.population["families"].to_numpy())


def likely(view: View) -> Likely | None:
    """What the model of a release says; None for an imitation, and for a model that was not judged on a survey."""
    stated = view.model.probability
    if stated is None:
        return None
    known = fetched(view.scan("keluarga").select(SHADOW, OFFICIAL).drop_nulls())
    population = known.group_by(SHADOW, OFFICIAL).agg(pl.len().cast(pl.Int64).alias("families")).sort(SHADOW, OFFICIAL)
    if population.is_empty():
        return None
    families = population["families"]
    reached = [int(families.filter(population[OFFICIAL] <= decile).sum()) for decile in range(1, DECILES)]
    scores, weight = population[SHADOW].to_numpy(), families.to_numpy()
    ends = limits(scores, weight, stated.residuals_micro, reached)
    return Likely(stated.residuals_micro, ends, population)
