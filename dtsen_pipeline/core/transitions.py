"""How desil move between two sides: a transition table, and drift in the bands that BPS offices use.

Pure functions over Polars frames. Which two columns are compared, and for whom, is the caller's choice.
"""

from collections.abc import Mapping
from types import MappingProxyType

import polars as pl

INCOMPLETE = "tidak_lengkap"
BANDS: Mapping[str, tuple[int, int]] = MappingProxyType(
    {
        "turun_ekstrem": (-9, -7),
        "turun_signifikan": (-6, -4),
        "turun": (-3, -1),
        "tetap": (0, 0),
        "naik": (1, 3),
        "naik_signifikan": (4, 6),
        "naik_ekstrem": (7, 9),
    }
)
"""Bands of `after - before`, both ends included (practice of BPS Sulawesi Tengah); down is poorer."""
DECILES = range(1, 11)


def drift_band(before: str, after: str) -> pl.Expr:
    """The band of the move from one desil column (1 to 10) to another; `tidak_lengkap` where either is missing."""
    step = pl.col(after).cast(pl.Int64) - pl.col(before).cast(pl.Int64)
    names = {step: name for name, (low, high) in BANDS.items() for step in range(low, high + 1)}
    return step.replace_strict(names, default=INCOMPLETE, return_dtype=pl.String)


def drift(frame: pl.DataFrame, before: str, after: str) -> dict[str, int]:
    """How many rows lie in each band, every band named."""
    counts = dict(frame.select(drift_band(before, after).alias("band"))["band"].value_counts().rows())
    return {name: counts.get(name, 0) for name in (*BANDS, INCOMPLETE)}


def transitions(frame: pl.DataFrame, before: str, after: str) -> dict[int | None, dict[int | None, int]]:
    """Counts of rows by desil before and after, 1 to 10 and none for a missing one; the counts add up to the rows."""
    sides: tuple[int | None, ...] = (*DECILES, None)
    counts = {(row[0], row[1]): row[2] for row in frame.group_by(before, after).len().rows()}
    strange = {side for pair in counts for side in pair} - set(sides)
    if strange:
        raise ValueError("a desil lies between 1 and 10")
    return {first: {second: counts.get((first, second), 0) for second in sides} for first in sides}
