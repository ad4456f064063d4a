"""The four desil: official as sent, shadow from the ministry's inputs, verified, and the estimate.

Scores are whole numbers (millionths of a log), so that every engine ranks alike. Cut-offs are calibrated to the
city's official national distribution from the snapshot alone and serve both scores.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from functools import reduce
from operator import add

import narwhals as nw
import polars as pl

from dtsen_pipeline.core.engine import Engine, Frame
from dtsen_pipeline.core.features import features, household
from dtsen_pipeline.core.merge import Entities, Merged
from dtsen_pipeline.reference import WelfareModel
from dtsen_pipeline.schemas.errors import DtsenError

DECILES = 10
NO_MEMBERS, NO_INPUT = "tanpa_anggota", "masukan_kosong"
SHADOW, VERIFIED = "skor_bayangan", "skor_verifikasi"


@dataclass(frozen=True)
class Scored:
    """`families`: family_id, completeness, both scores and the three recomputed desil; `cuts`: nine cut-offs."""

    families: Frame
    cuts: tuple[int, ...]


def score(merged: Merged, incomplete: Frame, model: WelfareModel, on: date, engine: Engine) -> Scored:
    """Score every family of `merged`; `incomplete` as in `complete`; ages are reckoned at `on`."""
    shadow = engine.checkpoint(_scores(merged.families.ministry, merged.persons.ministry, model, on, SHADOW))
    changed = engine.checkpoint(_changed(merged))
    verified = _verified(merged, changed, shadow, model, on)
    official = merged.families.merged.select("family_id", "desil_nasional")
    joined = engine.checkpoint(
        official.join(shadow, on="family_id", how="left")
        .join(verified, on="family_id", how="left")
        .join(incomplete, on="family_id", how="left")
    )
    cuts = cut_offs(_histogram(joined, engine))
    return Scored(families=_with_deciles(_reasoned(joined), cuts), cuts=cuts)


def _scores(families: Frame, persons: Frame, model: WelfareModel, on: date, name: str) -> Frame:
    """family_id, the score and whether somebody lives there; a missing input leaves the score null."""
    available = features()
    terms = [available[feature.name] * nw.lit(feature.coefficient_micro, dtype=nw.Int64) for feature in model.features]
    total = reduce(add, terms, nw.lit(model.intercept_micro, dtype=nw.Int64)).cast(nw.Int64)
    people = household(persons, on)
    return families.join(people, on="family_id", how="left").select(
        "family_id", total.alias(name), (~nw.col("n").is_null()).alias(f"{name}_peopled")
    )


def _changed(merged: Merged) -> Frame:
    """Families whose inputs verification may have changed: visited ones, and homes of visited persons."""
    touched = merged.persons.touched
    homes = [
        frame.join(touched, on="person_id", how="semi").select("family_id")
        for frame in (merged.persons.merged, merged.persons.ministry)
    ]
    found = nw.concat([merged.families.touched.select("family_id"), *homes])
    return found.filter(~nw.col("family_id").is_null()).unique()


def _verified(merged: Merged, changed: Frame, shadow: Frame, model: WelfareModel, on: date) -> Frame:
    """Verified scores: computed where something may have changed, the shadow score elsewhere."""
    families = merged.families.merged.join(changed, on="family_id", how="semi")
    persons = merged.persons.merged.join(changed, on="family_id", how="semi")
    again = _scores(families, persons, model, on, VERIFIED)
    same = shadow.join(changed, on="family_id", how="anti").select(
        "family_id",
        nw.col(SHADOW).alias(VERIFIED),
        nw.col(f"{SHADOW}_peopled").alias(f"{VERIFIED}_peopled"),
    )
    return nw.concat([again, same])


def _histogram(joined: Frame, engine: Engine) -> pl.DataFrame:
    """How many families have each shadow score and official decile, by snapshot facts alone."""
    counted = joined.filter(
        ~nw.col(SHADOW).is_null(),
        ~nw.col("desil_nasional").is_null(),
        nw.col("is_ministry").is_null() | (nw.col("is_ministry") == 0),
    )
    grouped = counted.group_by(SHADOW, "desil_nasional").agg(nw.len().cast(nw.Int64).alias("families"))
    return engine.fetch(grouped)


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


def _reasoned(joined: Frame) -> Frame:
    """Completeness with its reason, and scores only where they may be shown."""
    peopled = nw.col(f"{SHADOW}_peopled") & nw.col(f"{VERIFIED}_peopled")
    empty = nw.when(~peopled).then(nw.lit(NO_MEMBERS))
    blank = nw.when(nw.col(SHADOW).is_null() | nw.col(VERIFIED).is_null()).then(nw.lit(NO_INPUT))
    withheld = nw.coalesce(nw.col("reason"), empty)
    is_shown = withheld.is_null()
    return joined.with_columns(
        nw.coalesce(withheld, blank).alias("alasan_tidak_lengkap"),
        nw.when(is_shown).then(nw.col(SHADOW)).alias(SHADOW),
        nw.when(is_shown).then(nw.col(VERIFIED)).alias(VERIFIED),
    )


def _with_deciles(rows: Frame, cuts: Sequence[int]) -> Frame:
    reason = nw.col("alasan_tidak_lengkap")
    official = nw.col("desil_nasional")
    rows = rows.with_columns(desil_bayangan=decile_of(SHADOW, cuts), desil_verifikasi=decile_of(VERIFIED, cuts))
    moved = official + nw.col("desil_verifikasi") - nw.col("desil_bayangan")
    return rows.select(
        "family_id",
        reason.is_null().alias("is_lengkap"),
        "alasan_tidak_lengkap",
        SHADOW,
        VERIFIED,
        "desil_bayangan",
        "desil_verifikasi",
        nw.when(reason.is_null()).then(clipped(moved)).alias("desil_estimasi"),
    )


def decile_of(name: str, cuts: Sequence[int]) -> nw.Expr:
    """1 plus the number of cut-offs that lie below the score; null where there is no score."""
    one, zero = nw.lit(1, dtype=nw.Int64), nw.lit(0, dtype=nw.Int64)
    above = [nw.when(nw.col(name) > cut).then(one).otherwise(zero) for cut in cuts]
    total = reduce(add, above, one).cast(nw.Int64)
    return nw.when(~nw.col(name).is_null()).then(total)


def clipped(value: nw.Expr) -> nw.Expr:
    """The value held between 1 and 10; null stays null."""
    low, high = nw.lit(1, dtype=nw.Int64), nw.lit(DECILES, dtype=nw.Int64)
    upper = nw.when(value > DECILES).then(high).otherwise(value)
    return nw.when(value < 1).then(low).otherwise(upper).cast(nw.Int64)


def with_scores(families: Entities, scored: Scored) -> Frame:
    """The merged families with their scores and desil beside the official ones (one score a family)."""
    return families.merged.join(scored.families, on="family_id", how="left")


def cuts_frame(cuts: Sequence[int]) -> pl.DataFrame:
    """The cut-offs as a table: decile (1 to 9) and the highest score that still lies in it."""
    return pl.DataFrame({"decile": list(range(1, DECILES)), "score": list(cuts)})


def cuts_of(frame: pl.DataFrame) -> tuple[int, ...]:
    """The cut-offs, read back."""
    return tuple(frame.sort("decile")["score"].to_list())
