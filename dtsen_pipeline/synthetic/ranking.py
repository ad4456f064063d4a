"""The official desil: a noisy ranking of welfare against the nation, the province and the city."""

from statistics import NormalDist

import numpy as np
from numpy.random import Generator

from dtsen_pipeline.synthetic.draw import BLANK, Bools, Floats, Ints, Table

_NATION, _PROVINCE = NormalDist(0.0, 1.12), NormalDist(0.03, 1.08)
_UNRANKED = 0.02


def score(rng: Generator, welfare: Floats) -> Floats:
    """What the ranking sees of welfare."""
    return welfare + rng.normal(0, 0.42, len(welfare))


def desil(rng: Generator, scores: Floats, listed: Bools) -> Table:
    """The three desil columns; the city's is uniform over the listed families, some have none at all."""
    order = np.argsort(np.argsort(scores[listed], kind="stable"), kind="stable")
    local = np.full(len(scores), BLANK, dtype=np.int64)
    local[listed] = order * 10 // max(len(order), 1) + 1
    table: Table = {
        "desil_nasional": _cut(scores, _NATION),
        "desil_provinsi": _cut(scores, _PROVINCE),
        "desil_kabupaten_kota": local,
    }
    unranked = rng.random(len(scores)) < _UNRANKED
    return {name: np.where(unranked, BLANK, values) for name, values in table.items()}


def _cut(scores: Floats, population: NormalDist) -> Ints:
    cuts = [population.inv_cdf(tenth / 10) for tenth in range(1, 10)]
    return (np.searchsorted(np.array(cuts), scores, side="right") + 1).astype(np.int64)
