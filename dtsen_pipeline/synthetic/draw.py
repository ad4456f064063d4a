"""Random streams and the few draws that every part of the synthetic city shares.

Each part asks for its own named stream, so that adding a draw in one place moves nothing elsewhere.
What is drawn, and with which shares, lives in the parts.
"""

from collections.abc import Callable, Mapping
from statistics import NormalDist
from typing import Any
from zlib import crc32

import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]
Texts = NDArray[np.object_]
Table = dict[str, NDArray[Any]]
Streams = Callable[[str], Generator]

BLANK = -1
"""An integer cell without a value."""
NONE_FOUND = -2
"""An integer cell of a visit: asked, and there is none."""


def streams(seed: int) -> Streams:
    """The named generators that grow from one seed."""

    def stream(name: str) -> Generator:
        return np.random.default_rng(np.random.SeedSequence(seed, spawn_key=(crc32(name.encode()),)))

    return stream


def share(rate: float, total: int) -> int:
    """How many of a total, at least one."""
    return max(1, round(rate * total))


def weighted(rng: Generator, shares: Mapping[int, float], size: int) -> Ints:
    """Codes drawn independently by their shares."""
    weights = np.array(list(shares.values()), dtype=np.float64)
    cuts = np.cumsum(weights / weights.sum())[:-1]
    return _coded(shares, np.searchsorted(cuts, rng.random(size), side="right"))


def ladder(rng: Generator, welfare: Floats, loading: float, shares: Mapping[int, float]) -> Ints:
    """Codes from worst to best, drawn so that welfare explains `loading` squared of the hidden score."""
    score = loading * welfare + np.sqrt(1 - loading**2) * rng.standard_normal(len(welfare))
    weights = np.array(list(shares.values()), dtype=np.float64)
    cuts = [NormalDist().inv_cdf(float(c)) for c in np.cumsum(weights / weights.sum())[:-1]]
    return _coded(shares, np.searchsorted(np.array(cuts), score, side="right"))


def happens(rng: Generator, welfare: Floats, loading: float, rate: float) -> Bools:
    """A yes or no that leans on welfare."""
    happened: Bools = ladder(rng, welfare, loading, {0: 1 - rate, 1: rate}) == 1
    return happened


def where(mask: Bools, values: Ints) -> Ints:
    """The values under a mask, blank elsewhere."""
    return np.where(mask, values, BLANK).astype(np.int64)


def pick(rng: Generator, mask: Bools, count: int) -> Ints:
    """Up to `count` different positions of a mask, in order."""
    found = np.flatnonzero(mask)
    chosen = rng.choice(found, size=min(count, len(found)), replace=False)
    return np.sort(chosen).astype(np.int64)


def _coded(shares: Mapping[int, float], positions: NDArray[np.intp]) -> Ints:
    return np.fromiter(shares, dtype=np.int64)[positions]


def rank_within(keys: Ints) -> Ints:
    """The running number of each element among those with the same key."""
    order = np.argsort(keys, kind="stable")
    ordered = keys[order]
    starts = np.flatnonzero(np.r_[True, ordered[1:] != ordered[:-1]])
    lengths = np.diff(np.r_[starts, len(keys)])
    ranks = np.empty(len(keys), dtype=np.int64)
    ranks[order] = np.arange(len(keys)) - np.repeat(starts, lengths)
    return ranks
