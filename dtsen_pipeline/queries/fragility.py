"""How much hangs on little: families near a cut-off, and what a small error in the model's coefficients would do."""

import hashlib
from dataclasses import dataclass
from statistics import fmean

import numpy as np
import polars as pl
from numpy.typing import NDArray

from dtsen_pipeline.queries.prospects import Prospects

DISTANCES_MICRO = (10_000, 50_000, 100_000)
"""Distances from a cut-off in millionths of the score's unit: about 1, 5 and 10 per cent of consumption."""
NOISE, DRAWS = 0.01, 25
Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Near:
    """Families whose verified score lies within a distance of the cut-off above the line."""

    distance_micro: int
    families: int
    share: float


@dataclass(frozen=True)
class Fragility:
    """Over the families with a verified score. `moved`: the share whose decile of the score changes under 1% noise in
    every coefficient, the mean of 25 draws; `crossed`: the share that crosses the line.
    """  # noqa: D205 - the fields are the summary

    families: int
    cut_off: int
    near: tuple[Near, ...]
    moved: float
    crossed: float


def fragility(found: Prospects, line: int) -> Fragility:
    """Fragility of the line between decile `line` and the next (1 to 9); draws hang on the release id alone.

    Under noise the cut-offs move along: every decile keeps the number of families it holds today.
    """
    table = found.features.join(found.families.select("family_id", "skor_verifikasi"), on="family_id", validate="1:1")
    table = table.filter(pl.col("skor_verifikasi").is_not_null()).drop_nulls([one.name for one in found.model.features])
    held = table["skor_verifikasi"].to_numpy().astype(np.float64)
    cut = int(found.view.manifest["cuts"][line - 1])
    distance = np.abs(held - cut)
    near = [Near(micro, int((distance <= micro).sum()), _mean(distance <= micro)) for micro in DISTANCES_MICRO]
    decile = _deciles(held, np.array(found.view.manifest["cuts"], dtype=np.float64))
    moves = [_moved(found, table, decile, line, rng) for rng in _draws(found.view.release_id)]
    moved, crossed = (fmean(values) for values in zip(*moves, strict=True))
    return Fragility(table.height, cut, tuple(near), moved, crossed)


def _draws(release_id: str) -> list[np.random.Generator]:
    seed = int.from_bytes(hashlib.sha256(f"{release_id}|fragility".encode()).digest()[:8], "big")
    return [np.random.default_rng([seed, number]) for number in range(DRAWS)]


def _moved(
    found: Prospects, table: pl.DataFrame, decile: Floats, line: int, rng: np.random.Generator
) -> tuple[float, float]:
    """The shares that move and that cross the line under one draw of coefficients, of every section its own."""
    score = np.zeros(table.height)
    of = table["part"].to_numpy()
    for number, part in enumerate(found.model.parts):
        rows = table.filter(of == number)
        score[of == number] = part.intercept_micro
        for feature, noise in zip(part.features, rng.normal(1, NOISE, len(part.features)), strict=True):
            score[of == number] += rows[feature.name].to_numpy() * feature.coefficient_micro * noise
    counts = np.cumsum(np.bincount(decile.astype(np.int64), minlength=11)[1:10])
    ordered = np.sort(score)
    cuts = np.where(counts > 0, ordered[np.maximum(counts, 1) - 1], -np.inf)
    again = _deciles(score, cuts)
    return _mean(again != decile), _mean((again <= line) != (decile <= line))


def _deciles(score: Floats, cuts: Floats) -> Floats:
    return np.asarray(1 + np.searchsorted(cuts, score, side="left"), dtype=np.float64)


def _mean(hits: NDArray[np.bool_]) -> float:
    return float(hits.mean()) if len(hits) else 0.0
