"""A person's answers: school, work and business against their own questions, and everything against the age.

Ages are as of the snapshot's data date, and in a member row of a visit as of the day of the visit.
"""

# ruff: noqa: PLR2004 - the codes and ages are the rules themselves

from collections.abc import Mapping

import narwhals as nw

from dtsen_pipeline.core.entities import BORN
from dtsen_pipeline.core.normalise import UNREADABLE
from dtsen_pipeline.core.rules.context import YEAR, Context, Predicates, lived, lived_at
from dtsen_pipeline.core.rules.dwelling import NO, YES
from dtsen_pipeline.schemas.columns import columns
from dtsen_pipeline.schemas.member import Member

LEVEL, DIPLOMA = "jenjang_tertinggi_yang_diduduki", "ijazah_tertinggi_yang_dimiliki"
LEVELS = (5, 10, 17, 19)
"""The last code of primary, lower and upper secondary school and of a first degree; higher codes follow."""
LEVEL_OF = {code: sum(code > last for last in LEVELS) for code in range(1, 23)}
SCHOOL_AGES = {code: (5, 10, 13, 15, 19)[level] for code, level in LEVEL_OF.items()}
"""The least plausible age at each level: the usual age of entry less what a fast pupil gains."""
DIPLOMA_AGES = {code: (10, 12, 14, 16, 20)[level] for code, level in LEVEL_OF.items()}
"""The least plausible age with the diploma of each level."""
BUSINESS = ("lapangan_usaha_dari_usaha_utama", "jumlah_usaha", "jumlah_pekerja_yang_dibayar_dari_usaha_utama",
            "jumlah_pekerja_yang_tidak_dibayar_dari_usaha_utama", "omzet_usaha_utama")  # fmt: skip
DIFFICULTIES = tuple(column.name for column in columns(Member) if column.codes in {"disabilitas", "depresi"})
IDENTIFYING = ("nama", BORN, "jenis_kelamin", "status_hubungan_keluarga", "status_kawin")


def answer_rules() -> Predicates:
    """What a person answered against the questions that open it."""
    school, level, diploma = nw.col("partisipasi_sekolah"), nw.col(LEVEL), nw.col(DIPLOMA)
    is_idle, relation = nw.col("status_bekerja") == NO, nw.col("status_hubungan_keluarga")
    has_business = nw.any_horizontal(*(nw.col(name) > 0 for name in BUSINESS), ignore_nulls=True)
    return {
        "W_SCHOOL_WITHOUT_LEVEL": (school == 1) & (level > 0),
        "W_DIPLOMA_LEVEL": (diploma > 0) & (diploma <= 22) & ((school == 1) | _is_above(diploma, level)),
        "W_JOB_WITHOUT_WORK": is_idle & (nw.col("status_dalam_pekerjaan_utama") > 0),
        "W_SECTOR_WITHOUT_WORK": is_idle & (nw.col("lapangan_usaha_dari_pekerjaan_utama") > 0),
        "W_BUSINESS_WITHOUT_OWNER": (nw.col("kepemilikan_usaha") == NO) & has_business,
        "W_SPOUSE_UNMARRIED": relation.is_in([2, 4]) & (nw.col("status_kawin") == 1),
    }


def age_rules(context: Context) -> Predicates:
    """Births and ages on the data date."""
    passed = lived(nw.col(BORN), context)
    return {"E_BIRTH_FUTURE": passed < 0} | ages(passed)


def visited_age_rules(moment: nw.Expr) -> Predicates:
    """Births and ages on the day of the visit, whose moment is an ISO text."""
    passed = lived_at(nw.col(BORN), moment)
    return {"E_BIRTH_AFTER_VISIT": passed < 0} | ages(passed)


def ages(passed: nw.Expr) -> Predicates:
    """The age against kinship, school, work and health; the unborn are judged no further.

    `passed`: what was lived, as `context.lived` counts it.
    """
    age = nw.when(passed >= 0).then(passed)
    answers = nw.any_horizontal(*(nw.col(name) > 0 for name in DIFFICULTIES), ignore_nulls=True)
    return {
        "W_AGE_RANGE": age >= 121 * YEAR,
        "W_HEAD_AGE": (nw.col("status_hubungan_keluarga") == 1) & (age < 17 * YEAR),
        "W_MARRIED_AGE": (nw.col("status_kawin") > 1) & (age < 15 * YEAR),
        "W_SCHOOL_AGE": _is_too_young(nw.col(LEVEL), age, SCHOOL_AGES),
        "W_DIPLOMA_AGE": _is_too_young(nw.col(DIPLOMA), age, DIPLOMA_AGES),
        "W_WORK_AGE": (nw.col("status_bekerja") == YES) & (age < 13 * YEAR),
        "W_NUTRITION_AGE": (nw.col("kondisi_gizi") > 0) & (age >= 5 * YEAR),
        "W_DISABILITY_AGE": answers & (age < 2 * YEAR),
    }


def blanks() -> Predicates:
    """What a member row should say of everybody; an unreadable birth date is not blank."""
    is_unreadable = nw.coalesce(nw.col(UNREADABLE).str.contains(f"|{BORN}|", literal=True), nw.lit(value=False))
    found = {f"W_BLANK:{name}": nw.col(name).is_null() for name in IDENTIFYING}
    return found | {f"W_BLANK:{BORN}": nw.col(BORN).is_null() & ~is_unreadable}


def _is_above(diploma: nw.Expr, level: nw.Expr) -> nw.Expr:
    """A diploma of a higher level than was ever attended."""
    is_above = [(diploma > last) & (level > 0) & (level <= last) for last in LEVELS]
    return nw.any_horizontal(*is_above, ignore_nulls=True)


def _is_too_young(code: nw.Expr, age: nw.Expr, least: Mapping[int, int]) -> nw.Expr:
    """A code that nobody of this age has reached; the code for no diploma is of no level."""
    years = code.replace_strict(list(least), list(least.values()), default=None, return_dtype=nw.Int64)
    return age < years * YEAR
