"""Nine cut-offs and what they cut: the decile of a score, and the cut-offs on both sides of a decile.

Equal scores are never parted: a score that hits a cut-off exactly lies in the lower decile. How families are
scored stands in `score`.
"""

from collections.abc import Sequence
from functools import reduce
from operator import add

import narwhals as nw
import polars as pl

from dtsen_pipeline.schemas.errors import DtsenError

DECILES = 10
SHADOW = "skor_bayangan"
Cuts = Sequence[int]


def cut_offs(histogram: pl.DataFrame) -> tuple[int, ...]:
    """Nine scores so that the shares at or below them are the official shares of deciles 1 to k.

    `histogram`: skor_bayangan, desil_nasional, families. Equal scores are never parted: all of them fall into
    the lower decile. Raises E_NO_CALIBRATION where no family can be counted.
    """
    if histogram.is_empty():
        raise DtsenError("E_NO_CALIBRATION", "no family of the snapshot has both an official decile and a score")
    scores = histogram.group_by(SHADOW).agg(pl.col("families").sum()).sort(SHADOW)
    reached = scores.select(pl.col(SHADOW), below=pl.col("families").cum_sum())
    lowest = int(scores[SHADOW][0])
    cuts = []
    for decile in range(1, DECILES):
        share = histogram.filter(pl.col("desil_nasional") <= decile)["families"].sum()
        at = reached.filter(pl.col("below") >= share)[SHADOW]
        cuts.append(int(at[0]) if share else lowest - 1)
    return tuple(cuts)


def decile_of(name: str, cuts: Cuts) -> nw.Expr:
    """1 plus the number of cut-offs that lie below the score; null where there is no score."""
    one, zero = nw.lit(1, dtype=nw.Int64), nw.lit(0, dtype=nw.Int64)
    above = [nw.when(nw.col(name) > cut).then(one).otherwise(zero) for cut in cuts]
    total = reduce(add, above, one).cast(nw.Int64)
    return nw.when(~nw.col(name).is_null()).then(total)


def below(decile: nw.Expr, cuts: Cuts) -> nw.Expr:
    """The cut-off under a decile; null under the first."""
    return by_decile(decile, dict(enumerate(cuts, start=2)))


def above(decile: nw.Expr, cuts: Cuts) -> nw.Expr:
    """The cut-off over a decile, the highest score that still lies in it; null over the tenth."""
    return by_decile(decile, dict(enumerate(cuts, start=1)))


def by_decile(decile: nw.Expr, values: dict[int, int]) -> nw.Expr:
    """The number that stands for a decile; null where none does."""
    chosen = [nw.when(decile == number).then(nw.lit(value, dtype=nw.Int64)) for number, value in values.items()]
    return nw.coalesce(*chosen)


def cuts_frame(cuts: Cuts) -> pl.DataFrame:
    """The cut-offs as a table: decile (1 to 9) and the highest score that still lies in it."""
    return pl.DataFrame({"decile": list(range(1, DECILES)), "score": list(cuts)})


def cuts_of(frame: pl.DataFrame) -> tuple[int, ...]:
    """The cut-offs, read back; E_CUTS where they are not nine, one is missing, or one lies under the one before."""
    found = frame.sort("decile")["score"].to_list()
    if len(found) != DECILES - 1 or None in found or found != sorted(found):
        raise DtsenError("E_CUTS", "nine cut-offs are expected, none of them under the one before")
    return tuple(found)
