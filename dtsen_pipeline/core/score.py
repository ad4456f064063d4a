"""The four desil: official as sent, shadow from the ministry's inputs, verified, and the estimate.

Scores are whole numbers (millionths of a log), so that every engine ranks alike. Cut-offs are calibrated to the
city's official national distribution from the snapshot alone and serve both scores. How the estimate follows stands
in `estimate`, how far a missing input reaches in `bounds`.
"""

from dataclasses import dataclass
from datetime import date
from functools import reduce
from operator import add

import narwhals as nw
import polars as pl

from dtsen_pipeline.core.bounds import bounded, bounds
from dtsen_pipeline.core.cutoffs import SHADOW, Cuts, cut_offs, decile_of
from dtsen_pipeline.core.engine import Engine, Frame
from dtsen_pipeline.core.estimate import ESTIMATED, OFFICIAL, POINT, VERIFIED, estimated, points, spans
from dtsen_pipeline.core.features import features, household
from dtsen_pipeline.core.merge import Entities, Merged
from dtsen_pipeline.core.sections import by_part
from dtsen_pipeline.reference import WelfareModel

NO_MEMBERS, NO_INPUT = "tanpa_anggota", "masukan_kosong"
REASON = "alasan_tidak_lengkap"
PUBLISHED = (
    "family_id",
    "is_lengkap",
    REASON,
    SHADOW,
    VERIFIED,
    ESTIMATED,
    "desil_bayangan",
    "desil_verifikasi",
    "desil_verifikasi_min",
    "desil_verifikasi_max",
    "desil_estimasi",
    "desil_estimasi_min",
    "desil_estimasi_max",
    "jarak_batas_bawah",
    "jarak_batas_atas",
)


@dataclass(frozen=True)
class Scored:
    """`families`: family_id and the columns of `PUBLISHED`; `cuts`: nine cut-offs."""

    families: Frame
    cuts: tuple[int, ...]


def score(merged: Merged, incomplete: Frame, model: WelfareModel, on: date, engine: Engine) -> Scored:
    """Score every family of `merged`; `incomplete` as in `complete`; ages are reckoned at `on`."""
    shadow = engine.checkpoint(_scores(merged.families.ministry, merged.persons.ministry, model, on, SHADOW))
    changed = engine.checkpoint(_changed(merged))
    verified = _verified(merged, changed, shadow, model, on)
    official = merged.families.merged.select("family_id", OFFICIAL)
    joined = engine.checkpoint(
        official.join(shadow, on="family_id", how="left")
        .join(verified, on="family_id", how="left")
        .join(incomplete, on="family_id", how="left")
    )
    histogram = _histogram(joined, engine)
    cuts = cut_offs(histogram)
    pointed = points(histogram, cuts)
    rows = _reasoned(joined).join(engine.load(pointed), on=[OFFICIAL, SHADOW], how="left")
    rows = engine.checkpoint(rows)
    blank = rows.filter(nw.col(REASON) == NO_INPUT).select("family_id", OFFICIAL, POINT)
    bound = bounds(engine.checkpoint(blank), merged, model, on, cuts, spans(pointed, cuts))
    rows = rows.join(engine.checkpoint(bound), on="family_id", how="left")
    return Scored(families=engine.checkpoint(_with_deciles(rows, cuts)), cuts=cuts)


def _scores(families: Frame, persons: Frame, model: WelfareModel, on: date, name: str) -> Frame:
    """family_id, the score by the section of its place, and whether somebody lives there.

    A missing input leaves the score null, and so does a place of which the model has no section.
    """
    available = features()

    def of(part: WelfareModel) -> nw.Expr:
        terms = [available[one.name] * nw.lit(one.coefficient_micro, dtype=nw.Int64) for one in part.features]
        return reduce(add, terms, nw.lit(part.intercept_micro, dtype=nw.Int64)).cast(nw.Int64)

    total = by_part(model, of)
    people = household(persons, on)
    return families.join(people, on="family_id", how="left").select(
        "family_id", total.alias(name), (~nw.col("n").is_null()).alias(f"{name}_peopled")
    )


def rescored(families: Frame, persons: Frame, model: WelfareModel, on: date, cuts: Cuts) -> Frame:
    """What families would be estimated at if verification had found these answers; a row each, as in `estimated`.

    `families`: verified answers with desil_nasional, skor_bayangan and titik of the release; `persons`: theirs.
    `model`: the part of their section, where it has sections.
    """
    found = _scores(families, persons, model, on, VERIFIED)
    stands = families.select("family_id", OFFICIAL, SHADOW, POINT)
    return estimated(stands.join(found.select("family_id", VERIFIED), on="family_id", how="left"), cuts)


def ministry_inputs(merged: Merged, incomplete: Frame, on: date) -> Frame:
    """The official decile and every declared input, of the families that calibrate cut-offs and miss no input."""
    known = features()
    official = merged.families.merged.select("family_id", OFFICIAL)
    gaps = incomplete.filter(nw.col("is_ministry") == 1)
    rows = (
        merged.families.ministry.drop(OFFICIAL)
        .join(official, on="family_id", how="inner")
        .join(household(merged.persons.ministry, on), on="family_id", how="inner")
        .join(gaps, on="family_id", how="anti")
    )
    whole = rows.select(nw.col(OFFICIAL).cast(nw.Int64), *(value.alias(name) for name, value in known.items()))
    return whole.drop_nulls([OFFICIAL, *known])


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
        ~nw.col(OFFICIAL).is_null(),
        nw.col("is_ministry").is_null() | (nw.col("is_ministry") == 0),
    )
    grouped = counted.group_by(SHADOW, OFFICIAL).agg(nw.len().cast(nw.Int64).alias("families"))
    return engine.fetch(grouped)


def _reasoned(joined: Frame) -> Frame:
    """Completeness with its reason, and scores only where they may be shown."""
    peopled = nw.col(f"{SHADOW}_peopled") & nw.col(f"{VERIFIED}_peopled")
    empty = nw.when(~peopled).then(nw.lit(NO_MEMBERS))
    blank = nw.when(nw.col(SHADOW).is_null() | nw.col(VERIFIED).is_null()).then(nw.lit(NO_INPUT))
    withheld = nw.coalesce(nw.col("reason"), empty)
    is_shown = withheld.is_null()
    return joined.with_columns(
        nw.coalesce(withheld, blank).alias(REASON),
        nw.when(is_shown).then(nw.col(SHADOW)).alias(SHADOW),
        nw.when(is_shown).then(nw.col(VERIFIED)).alias(VERIFIED),
    )


def _with_deciles(rows: Frame, cuts: Cuts) -> Frame:
    """The published columns; `rows` as in `estimated`, with the bounds of families that miss an input."""
    shown = estimated(rows, cuts).with_columns(
        is_lengkap=nw.col(REASON).is_null(),
        desil_bayangan=decile_of(SHADOW, cuts),
        desil_verifikasi=decile_of(VERIFIED, cuts),
    )
    return bounded(shown).select(*PUBLISHED)


def with_scores(families: Entities, scored: Scored) -> Frame:
    """The merged families with their scores and desil beside the official ones (one score a family)."""
    return families.merged.join(scored.families, on="family_id", how="left")
