"""Targeting error with design-weighted confidence intervals, from a stratified random sample.

Pure functions over NumPy arrays, one place a sampled family. Inclusion error is the share of those who should be
outside that are inside, exclusion error the share of those who should be inside that are outside (Hanna and Olken,
Journal of Economic Perspectives 32(4), 2018). Who should be inside is the caller's to say.
"""

from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass
from statistics import NormalDist

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]
CONFIDENCE = 0.95


@dataclass(frozen=True)
class Share:
    """An estimated share with its confidence interval; all three are missing where nobody was counted.

    `sampled`: families of the sample in the denominator.
    """

    share: float | None
    low: float | None
    high: float | None
    sampled: int


@dataclass(frozen=True)
class Errors:
    """Inclusion and exclusion error."""

    inclusion: Share
    exclusion: Share


@dataclass(frozen=True)
class Design:
    """The stratum of each sampled family, and how many families each stratum holds in all.

    Strata of a single sampled family are joined, since one family tells nothing of its stratum's spread (collapsed
    strata; Cochran, Sampling Techniques, 1977, section 5A.12). Raises ValueError where a stratum of the sample holds
    fewer families than were sampled.
    """

    strata: Sequence[Hashable]
    population: Mapping[Hashable, int]

    def __post_init__(self) -> None:
        """Every stratum is as large as its sample."""
        for stratum in set(self.strata):
            if self.population.get(stratum, 0) < self.strata.count(stratum):
                raise ValueError("a stratum holds fewer families than were sampled in it")

    def joined(self) -> "list[tuple[NDArray[np.int64], int]]":
        """The places of each stratum's families in the sample with the stratum's size, lone ones joined."""
        places: dict[Hashable, list[int]] = {}
        for place, stratum in enumerate(self.strata):
            places.setdefault(stratum, []).append(place)
        groups = [(found, self.population[stratum]) for stratum, found in places.items()]
        many = sorted((group for group in groups if len(group[0]) > 1), key=lambda group: group[1])
        lone = [group for group in groups if len(group[0]) == 1]
        if len(lone) == 1 and many:
            lone.append(many.pop(0))
        if lone:
            many.append((sorted(place for found, _ in lone for place in found), sum(size for _, size in lone)))
        return [(np.array(found, dtype=np.int64), size) for found, size in many]


def share_of(
    hit: Bools, counted: Bools, design: Design, *, corrected: int = 0, confidence: float = CONFIDENCE
) -> Share:
    """The share of the counted families that hit, with a Wilson interval on the effective sample size.

    The share is the ratio of two weighted totals; its variance is that of the linearised ratio under stratified
    sampling without replacement. The effective sample size is share * (1 - share) / variance (Korn and Graubard,
    Survey Methodology 24(2), 1998), or Kish's for a share of 0 or 1. A census has no interval but its own share.
    `corrected`: hits of the population that are known to hit no more and leave the upper total (a difference
    estimator); more of them than were estimated leave 0.
    """
    sampled = int(counted.sum())
    if sampled == 0:
        return Share(None, None, None, 0)
    groups = design.joined()
    weights = _weights(groups, len(counted))
    total = float(weights[counted].sum())
    share = max(0.0, (float(weights[counted & hit].sum()) - corrected) / total)
    residual = np.where(counted, hit - share, 0.0) / total
    effective = _effective(share, _variance(residual, groups), weights[counted])
    is_census = all(len(places) == size for places, size in groups)
    low, high = (share, share) if is_census else wilson(share, effective, confidence)
    return Share(share, low, high, sampled)


def _weights(groups: Sequence[tuple[NDArray[np.int64], int]], size: int) -> Floats:
    weights = np.zeros(size, dtype=np.float64)
    for places, population in groups:
        weights[places] = population / len(places)
    return weights


def _variance(residual: Floats, groups: Sequence[tuple[NDArray[np.int64], int]]) -> float:
    total = 0.0
    for places, population in groups:
        sampled = len(places)
        if sampled > 1:
            spread = float(residual[places].var(ddof=1))
            total += population**2 * (1 - sampled / population) * spread / sampled
    return total


def _effective(share: float, variance: float, weights: Floats) -> float:
    """How many families drawn simply at random would tell as much."""
    kish = float(weights.sum() ** 2 / (weights**2).sum())
    return share * (1 - share) / variance if variance > 0 and 0 < share < 1 else kish


def wilson(share: float, size: float, confidence: float = CONFIDENCE) -> tuple[float, float]:
    """The score interval of Wilson (1927) for a share found among `size` units; it stays between 0 and 1."""
    z = NormalDist().inv_cdf((1 + confidence) / 2)
    centre = (share + z * z / (2 * size)) / (1 + z * z / size)
    half = z / (1 + z * z / size) * float(np.sqrt(share * (1 - share) / size + z * z / (4 * size * size)))
    return max(0.0, min(share, centre - half)), min(1.0, max(share, centre + half))
