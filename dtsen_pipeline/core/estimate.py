"""The estimate: an official decile, which is only an interval, moved by what verification changed.

On the scale of the scores (whole millionths of a log), with the cut-offs c1 <= ... <= c9 and the families that
calibrated them:

1. *Place.* A family of official decile d shares its shadow score with m families of that decile; r of the decile
   have lower scores. Its place among all is N(d-1) + r + (m + 1) // 2, where N(k) counts official deciles up to k:
   the middle place of its equals, so that equal families are always treated alike.
2. *Point.* The shadow score that stands at this place when all families are ordered by shadow score, raised to
   c(d-1) + 1 where it is lower, and lowered to c(d) where it is higher. Cut, a point gives back d.
3. *Estimate.* Point + verified score - shadow score, cut again by the same cut-offs; a sum on a cut-off lies in the
   lower decile. Where the verified score equals the shadow score the estimate is the official decile exactly, also
   where equal scores leave a decile no room on the scale (c(d-1) = c(d); the point is then c(d)).

A function of counts by (score, official decile) alone: no order of rows or ids can change it. Cut-offs stand in
`cutoffs`, scores in `score`, bounds in `bounds`.
"""

from collections.abc import Mapping

import narwhals as nw
import polars as pl

from dtsen_pipeline.core.cutoffs import DECILES, SHADOW, Cuts, above, below, decile_of
from dtsen_pipeline.core.engine import Frame

OFFICIAL, VERIFIED, POINT = "desil_nasional", "skor_verifikasi", "titik"
ESTIMATED = "skor_estimasi"


def points(histogram: pl.DataFrame, cuts: Cuts) -> pl.DataFrame:
    """The point of every (desil_nasional, skor_bayangan) that calibrated the cut-offs, a row each.

    `histogram` as in `cut_offs`: skor_bayangan, desil_nasional, families.
    """
    ordered = histogram.sort(OFFICIAL, SHADOW)
    families = pl.col("families")
    placed = ordered.with_columns(place=families.cum_sum() - families + (families + 1) // 2)
    scores = histogram.group_by(SHADOW).agg(families.sum()).sort(SHADOW)
    reached = scores.select(pl.col(SHADOW).alias(POINT), place=families.cum_sum())
    found = placed.join_asof(reached, on="place", strategy="forward")
    return found.select(OFFICIAL, SHADOW, _held_inside(cuts).alias(POINT))


def _held_inside(cuts: Cuts) -> pl.Expr:
    """The point inside its official decile; a decile without room keeps its upper cut-off."""
    low = pl.col(OFFICIAL).replace_strict({d: cuts[d - 2] + 1 for d in range(2, DECILES + 1)}, default=None)
    high = pl.col(OFFICIAL).replace_strict({d: cuts[d - 1] for d in range(1, DECILES)}, default=None)
    raised = pl.max_horizontal(pl.col(POINT), low)
    return pl.min_horizontal(raised, high).cast(pl.Int64)


def spans(pointed: pl.DataFrame, cuts: Cuts) -> Mapping[int, tuple[int, int]]:
    """The lowest and the highest point of each official decile; one that nobody calibrated has its edge alone."""
    found = pointed.group_by(OFFICIAL).agg(pl.col(POINT).min().alias("low"), pl.col(POINT).max().alias("high"))
    edges = {decile: (edge, edge) for decile, edge in enumerate((*cuts, cuts[-1] + 1), start=1)}
    return edges | {decile: (low, high) for decile, low, high in found.rows()}


def estimated(rows: Frame, cuts: Cuts) -> Frame:
    """`rows` with skor_estimasi, desil_estimasi and the distances to the cut-offs on both sides.

    `rows`: desil_nasional, skor_bayangan, skor_verifikasi and titik; all four are null where one of them is.
    """
    moved = nw.col(VERIFIED) - nw.col(SHADOW)
    rows = rows.with_columns((nw.col(POINT) + moved).cast(nw.Int64).alias(ESTIMATED))
    official = nw.when(~nw.col(ESTIMATED).is_null()).then(nw.col(OFFICIAL).cast(nw.Int64))
    cut = nw.when(moved != 0).then(decile_of(ESTIMATED, cuts))
    rows = rows.with_columns(desil_estimasi=nw.coalesce(cut, official))
    desil, at = nw.col("desil_estimasi"), nw.col(ESTIMATED)
    return rows.with_columns(
        jarak_batas_bawah=(at - below(desil, cuts)).cast(nw.Int64),
        jarak_batas_atas=(above(desil, cuts) - at).cast(nw.Int64),
    )
