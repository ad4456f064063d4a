"""The inputs of a welfare model as whole numbers, one named expression each; a missing answer stays missing.

Definitions follow the model files in `reference/models`. Weights, cut-offs and deciles are for `score`.
"""

from datetime import date

import narwhals as nw

from dtsen_pipeline.core.engine import Frame
from dtsen_pipeline.core.subject import PRESENCE

PRESENT, HEAD, MALE, MARRIED, AT_SCHOOL, NEVER_AT_SCHOOL, NO_CERTIFICATE = 1, 1, 1, 2, 2, 1, 23
LAST_YOUNG, FIRST_OLD, FIRST_SCHOOL_AGE, LAST_SCHOOL_AGE = 14, 65, 5, 24
SD, SMP, SMA = (1, 5), (6, 10), (11, 22)
SMA_LEVELS = (11, 17)
FLOOR_CAP = 300
THOUSAND = 1000
HOUSEHOLD = (
    "n",
    "heads",
    "head_age",
    "head_sex",
    "head_marital",
    "head_level",
    "children_0_4",
    "children_0_14",
    "elders",
    "undated",
    "school_gaps",
    "in_sd",
    "in_smp",
    "in_sma",
    "level_gaps",
    "highest",
)


def household(persons: Frame, on: date) -> Frame:
    """Counts over the members who are present, a row per family_id; `on` is the day ages are reckoned at."""
    present = persons.filter(nw.col(PRESENCE) == PRESENT).with_columns(age=_age(on), level=_level())
    age, school = nw.col("age"), nw.col("partisipasi_sekolah")
    level_at_school = nw.col("jenjang_tertinggi_yang_diduduki")
    is_head = nw.col("status_hubungan_keluarga") == HEAD
    is_pupil_age = age.is_between(FIRST_SCHOOL_AGE, LAST_SCHOOL_AGE)
    is_pupil = is_pupil_age & (school == AT_SCHOOL)

    def of_head(value: nw.Expr) -> nw.Expr:
        return nw.when(is_head).then(value).max()

    return present.group_by("family_id").agg(
        n=nw.len().cast(nw.Int64),
        heads=_count(is_head),
        head_age=of_head(age),
        head_sex=of_head(nw.col("jenis_kelamin")),
        head_marital=of_head(nw.col("status_kawin")),
        head_level=of_head(nw.col("level")),
        children_0_4=_count(age < FIRST_SCHOOL_AGE),
        children_0_14=_count(age <= LAST_YOUNG),
        elders=_count(age >= FIRST_OLD),
        undated=_count(age.is_null()),
        school_gaps=_count(is_pupil_age & (school.is_null() | (is_pupil & level_at_school.is_null()))),
        in_sd=_count(is_pupil & level_at_school.is_between(*SD)),
        in_smp=_count(is_pupil & level_at_school.is_between(*SMP)),
        in_sma=_count(is_pupil & level_at_school.is_between(*SMA_LEVELS)),
        level_gaps=_count((age >= FIRST_SCHOOL_AGE) & nw.col("level").is_null()),
        highest=nw.when(age >= FIRST_SCHOOL_AGE).then(nw.col("level")).max(),
    )


def features() -> dict[str, nw.Expr]:
    """Every feature by name, over a family row joined with its `household` counts; null where missing."""
    dated = nw.col("undated") == 0
    has_head = nw.col("heads") == 1
    schooled = dated & (nw.col("school_gaps") == 0)
    levelled = dated & (nw.col("level_gaps") == 0)
    people = nw.col("n")

    def where(condition: nw.Expr, value: nw.Expr) -> nw.Expr:
        return nw.when(condition).then(value).cast(nw.Int64)

    head_age, head_level = where(has_head, nw.col("head_age")), where(has_head, nw.col("head_level"))
    male = _code("head_sex", yes=[MALE], no=[2], where=has_head)
    married = _code("head_marital", yes=[MARRIED], no=[1, 3, 4], where=has_head)
    highest = where(levelled, nw.coalesce(nw.col("highest"), nw.lit(0)))
    per_head = nw.col("luas_lantai") * 10 // people
    floor = nw.when(per_head > FLOOR_CAP).then(nw.lit(FLOOR_CAP)).otherwise(per_head)
    return {
        "household_size": people,
        "member_share": nw.lit(THOUSAND, dtype=nw.Int64) // people,
        "head_age": head_age,
        "head_age_squared": head_age * head_age,
        "head_male": male,
        "head_married": married,
        "head_male_married": male * married,
        "children_0_4": where(dated, nw.col("children_0_4")),
        "children_0_14": where(dated, nw.col("children_0_14")),
        "elders": where(dated, nw.col("elders")),
        "children_in_sd": where(schooled, nw.col("in_sd")),
        "children_in_smp": where(schooled, nw.col("in_smp")),
        "children_in_sma": where(schooled, nw.col("in_sma")),
        "head_completed_sd": _equals(head_level, 1),
        "head_completed_smp": _equals(head_level, 2),
        "head_completed_sma": _equals(head_level, 3),
        "highest_completed_sd": _equals(highest, 1),
        "highest_completed_smp": _equals(highest, 2),
        "highest_completed_sma": _equals(highest, 3),
        "floor_area_per_head": floor,
        "floor_not_earth": _code("jenis_lantai_terluas", yes=[1, 2, 3, 4, 5, 6, 7, 9, 91], no=[8]),
        "wall_brick_or_cement": _code("jenis_dinding_terluas", yes=[1, 2], no=[3, 4, 5, 6, 7]),
        "private_toilet": _code("fasilitas_bab", yes=[1], no=[2, 3, 4, 5, 6]),
        "no_firewood": _code("bahan_bakar_utama_memasak", yes=[1, 2, 3, 4, 5, 6, 7, 8, 9, 11, 12, 91], no=[10]),
        "owns_house": _code("status_kepemilikan_rumah", yes=[1], no=[2, 3, 4, 5]),
        "owns_ac": _owns("ac"),
        "owns_computer": _owns("komputer_laptop_tablet"),
        "owns_refrigerator": _owns("lemari_es"),
        "owns_bicycle": _owns("sepeda"),
        "owns_motorcycle": _owns("sepeda_motor"),
        "owns_car": _owns("mobil"),
        "owns_cattle": _positive(nw.col("jumlah_ternak_sapi") + nw.col("jumlah_ternak_kerbau")),
    }


def _count(condition: nw.Expr) -> nw.Expr:
    one, zero = nw.lit(1, dtype=nw.Int64), nw.lit(0, dtype=nw.Int64)
    return nw.when(condition).then(one).otherwise(zero).sum().cast(nw.Int64)


def _age(on: date) -> nw.Expr:
    """Completed years; a birth after `on` counts as zero."""
    born = nw.col("tanggal_lahir").dt
    number = born.year().cast(nw.Int64) * 10_000 + born.month().cast(nw.Int64) * 100 + born.day().cast(nw.Int64)
    years = (on.year * 10_000 + on.month * 100 + on.day - number) // 10_000
    return nw.when(years < 0).then(nw.lit(0, dtype=nw.Int64)).otherwise(years).cast(nw.Int64)


def _level() -> nw.Expr:
    """Completed level: 0 none, 1 SD, 2 SMP, 3 SMA or higher; null where it cannot be said."""
    certificate = nw.col("ijazah_tertinggi_yang_dimiliki")
    none = (certificate == NO_CERTIFICATE) | (
        certificate.is_null() & (nw.col("partisipasi_sekolah") == NEVER_AT_SCHOOL)
    )
    level: nw.Expr = nw.when(none).then(nw.lit(0, dtype=nw.Int64))
    for value, bounds in enumerate((SD, SMP, SMA), start=1):
        inside = certificate.is_between(*bounds)
        level = nw.coalesce(level, nw.when(inside).then(nw.lit(value, dtype=nw.Int64)))
    return level


def _code(name: str, *, yes: list[int], no: list[int], where: nw.Expr | None = None) -> nw.Expr:
    """1 for the codes `yes`, 0 for the codes `no`, null for any other."""
    cell = nw.col(name)
    is_yes, is_no = cell.is_in(yes), cell.is_in(no)
    if where is not None:
        is_yes, is_no = is_yes & where, is_no & where
    zero = nw.when(is_no).then(nw.lit(0, dtype=nw.Int64))
    return nw.coalesce(nw.when(is_yes).then(nw.lit(1, dtype=nw.Int64)), zero)


def _owns(asset: str) -> nw.Expr:
    return _code(f"aset_bergerak_{asset}", yes=[1], no=[2])


def _equals(value: nw.Expr, level: int) -> nw.Expr:
    one, zero = nw.lit(1, dtype=nw.Int64), nw.lit(0, dtype=nw.Int64)
    same = nw.when(value == level).then(one).otherwise(zero)
    return nw.when(~value.is_null()).then(same)


def _positive(value: nw.Expr) -> nw.Expr:
    one, zero = nw.lit(1, dtype=nw.Int64), nw.lit(0, dtype=nw.Int64)
    return nw.when(~value.is_null()).then(nw.when(value > 0).then(one).otherwise(zero))
