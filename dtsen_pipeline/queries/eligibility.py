"""Whether a family meets a programme's rule, with the reason: yes, no, or undecided where the data cannot tell.

Pure functions over the `keluarga` and `anggota` tables of a release. A missing desil is undecided, never no. What
is counted and shown is for `programmes`.
"""

from collections.abc import Mapping
from datetime import date
from functools import reduce
from operator import and_, or_
from types import MappingProxyType

import polars as pl

from dtsen_pipeline.reference import Component, MemberTest, Rule
from dtsen_pipeline.schemas.reasons import Text

YES, NO, UNDECIDED = "ya", "tidak", "belum"
OFFICIAL, ESTIMATE = "resmi", "estimasi"
BASES = (OFFICIAL, ESTIMATE)
ESTIMATE_OF: Mapping[str, str] = MappingProxyType({"desil_nasional": "desil_estimasi"})
"""The estimate that stands beside an official desil; the other scopes have none."""
PRESENT = 1
REASONS: Mapping[str, Text] = MappingProxyType(
    {
        "memenuhi": Text("Desil dan komponen memenuhi aturan.", "The desil and the component meet the rule."),
        "desil_di_luar": Text("Desil di luar batas aturan.", "The desil lies outside the rule."),
        "tanpa_komponen": Text(
            "Tidak ada anggota yang memenuhi komponen program.", "No member meets a component of the programme."
        ),
        "cadangan": Text(
            "Hanya bila kuota atau tempat tersisa.", "Only where a quota or places are left, which the data do not say."
        ),
        "komponen_belum_jelas": Text(
            "Komponen tidak dapat dinilai: data anggota kosong, atau tidak ada dalam DTSEN.",
            "The component cannot be told: a member's data are missing, or DTSEN does not hold it.",
        ),
        "desil_resmi_kosong": Text("Desil resmi kosong.", "There is no official desil."),
        "estimasi_kosong": Text(
            "Tidak ada estimasi: keluarga tidak lengkap, atau cakupan desil ini tidak diestimasi.",
            "There is no estimate: the family is incomplete, or this scope is not estimated.",
        ),
    }
)


def judged(families: pl.DataFrame, persons: pl.DataFrame, rule: Rule, born_by: date) -> pl.DataFrame:
    """A row per family: family_id, kelurahan, and on each basis desil, verdict and reason (`desil_resmi`, ...).

    `families` and `persons` are published tables; ages are completed years on `born_by`.
    """
    column = rule.column.partition(".")[2]
    estimate = pl.col(ESTIMATE_OF[column]) if column in ESTIMATE_OF else pl.lit(None)
    desils = {OFFICIAL: pl.col(column).cast(pl.Int64), ESTIMATE: estimate.cast(pl.Int64)}
    rows = families.select(
        "family_id",
        pl.col("kode_kelurahan_desa").alias("kelurahan"),
        "is_lengkap",
        *(desil.alias(f"desil_{basis}") for basis, desil in desils.items()),
    )
    reasons = [_reason(rule, basis).alias(f"alasan_{basis}") for basis in BASES]
    verdicts = [_verdict(f"alasan_{basis}").alias(f"putusan_{basis}") for basis in BASES]
    met = _with_met(rows, persons, rule.any_of, born_by)
    return met.with_columns(reasons).with_columns(verdicts).drop("met", "is_lengkap").sort("family_id")


def _with_met(rows: pl.DataFrame, persons: pl.DataFrame, any_of: tuple[Component, ...], born_by: date) -> pl.DataFrame:
    """The rows with `met`: whether a component is met; open where nobody is known to live there or a row is missing."""
    if not any_of:
        return rows.with_columns(met=pl.lit(value=True))
    joined = rows.join(components(persons, any_of, born_by), on="family_id", how="left", validate="1:1")
    is_certain = pl.col("met") | pl.col("is_lengkap")
    return joined.with_columns(pl.when(is_certain).then("met").alias("met"))


def components(persons: pl.DataFrame, any_of: tuple[Component, ...], born_by: date) -> pl.DataFrame:
    """family_id and `met`, whether some member who lives there meets a component: true, false, or null where open."""
    present = persons.filter(pl.col("keberadaan_anggota") == PRESENT)
    found = reduce(or_, (_member(part, born_by) for part in any_of))
    return present.group_by("family_id").agg(found.any(ignore_nulls=False).alias("met"))


def _member(part: Component, born_by: date) -> pl.Expr:
    """Whether a member meets a component, in three values; what is not recorded is never more than open."""
    found = reduce(and_, (_test(test, born_by) for test in part.tests))
    return found if part.is_recorded else pl.when(found.is_null() | found).then(None).otherwise(found)


def _test(test: MemberTest, born_by: date) -> pl.Expr:
    names = [name.partition(".")[2] for name in test.columns]
    if test.ages is not None:
        return reduce(or_, (age(name, born_by).is_between(*test.ages) for name in names))
    return reduce(or_, (pl.col(name).is_in(list(test.codes)) for name in names))


def age(name: str, on: date) -> pl.Expr:
    """Completed years on a day; a later birth counts as zero."""
    born = pl.col(name).dt
    number = born.year().cast(pl.Int64) * 10_000 + born.month().cast(pl.Int64) * 100 + born.day().cast(pl.Int64)
    return ((on.year * 10_000 + on.month * 100 + on.day - number) // 10_000).clip(lower_bound=0)


def _reason(rule: Rule, basis: str) -> pl.Expr:
    desil = pl.col(f"desil_{basis}")
    missing = "desil_resmi_kosong" if basis == OFFICIAL else "estimasi_kosong"
    return (
        pl.when(desil.is_null())
        .then(pl.lit(missing))
        .when((desil < rule.first) | (desil > rule.reserve))
        .then(pl.lit("desil_di_luar"))
        .when(pl.col("met").not_())
        .then(pl.lit("tanpa_komponen"))
        .when(desil > rule.last)
        .then(pl.lit("cadangan"))
        .when(pl.col("met").is_null())
        .then(pl.lit("komponen_belum_jelas"))
        .otherwise(pl.lit("memenuhi"))
    )


def _verdict(reason: str) -> pl.Expr:
    verdicts = {"memenuhi": YES, "desil_di_luar": NO, "tanpa_komponen": NO}
    return pl.col(reason).replace_strict(verdicts, default=UNDECIDED, return_dtype=pl.String)
