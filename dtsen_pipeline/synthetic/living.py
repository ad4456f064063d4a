"""Schooling, work and health of a person, given age, sex and the family's welfare.

Which questions are asked of whom is kept here: nothing about work for those who do not work,
nutrition under five, difficulties from five on, a school level only for those ever at school.
"""

# ruff: noqa: PLR2004 - shares, ages and codes are the model itself

import numpy as np
from numpy.random import Generator

from dtsen_pipeline.synthetic.draw import BLANK, Bools, Floats, Ints, Table, happens, weighted, where
from dtsen_pipeline.synthetic.people import ages

YES, NO = 1, 2
NEVER, STILL, NO_LONGER = 1, 2, 3
NO_DIPLOMA = 23

WORK = (
    "lapangan_usaha_dari_pekerjaan_utama",
    "status_dalam_pekerjaan_utama",
)
BUSINESS = (
    "lapangan_usaha_dari_usaha_utama",
    "jumlah_usaha",
    "jumlah_pekerja_yang_dibayar_dari_usaha_utama",
    "jumlah_pekerja_yang_tidak_dibayar_dari_usaha_utama",
    "omzet_usaha_utama",
)
DIFFICULTIES = (
    "penglihatan",
    "pendengaran",
    "berjalan_atau_naik_tangga",
    "menggunakan_tangan_jari",
    "belajar_kemampuan_intelektual",
    "pengendalian_perilaku",
    "berbicara_komunikasi",
    "mengurus_diri",
    "mengingat_berkonsentrasi",
)
SCHOOL = (
    "partisipasi_sekolah",
    "jenjang_tertinggi_yang_diduduki",
    "kelas_tertinggi_yang_diduduki",
    "ijazah_tertinggi_yang_dimiliki",
)
ANSWERS = (
    *SCHOOL,
    "status_bekerja",
    *WORK,
    "kepemilikan_usaha",
    *BUSINESS,
    "kondisi_gizi",
    *DIFFICULTIES,
    "kesedihan_depresi",
    "penyakit_kronis",
)
_STAGES = np.array([3, 8, 13, 18, 19, 21])
_STAGE_YEARS = np.array([6, 3, 3, 3, 4, 2])
_STAGE_START = np.array([7, 13, 16, 19, 19, 23])
_STAGE_STARTS = np.array([6, 11, 18, 20])
"""The first code of each stage after primary school, among levels and diplomas alike."""
_DIPLOMA_AGE = np.array([10, 12, 14, 16, 20])
_VARIANTS = {3: (4, 0.12), 8: (9, 0.15), 13: (15, 0.5)}
_FORMAL = {8: 0.22, 12: 0.27, 11: 0.07, 13: 0.06, 14: 0.10, 24: 0.09, 21: 0.06, 22: 0.03, 20: 0.05, 16: 0.02,
           15: 0.02, 19: 0.02, 1: 0.05, 5: 0.02, 18: 0.01}  # fmt: skip
_CHRONIC = {
    2: 0.4,
    6: 0.16,
    13: 0.12,
    3: 0.12,
    4: 0.06,
    5: 0.05,
    8: 0.03,
    7: 0.02,
    10: 0.01,
    9: 0.01,
    18: 0.02,
}


def answers(rng: Generator, age: Ints, sex: Ints, lasting: Floats) -> Table:
    """All answers of the education, work and health groups."""
    level = (lasting - lasting.mean()) / lasting.std()
    table = _school(rng, age, level)
    table |= _work(rng, age, sex, level, table)
    return table | _health(rng, age, level)


def consistent(table: Table) -> Table:
    """Blank what nobody asks of those who do not work or own no business; take back impossible diplomas."""
    works = table["status_bekerja"] == YES
    for name in (*WORK, "kepemilikan_usaha"):
        table[name] = where(works, table[name])
    for name in BUSINESS:
        table[name] = where(table["kepemilikan_usaha"] == YES, table[name])
    diploma, level = table["ijazah_tertinggi_yang_dimiliki"], table["jenjang_tertinggi_yang_diduduki"]
    stage = np.searchsorted(_STAGE_STARTS, diploma, "right")
    has_some = (diploma != BLANK) & (diploma != NO_DIPLOMA)
    is_above = (level == BLANK) | (stage > np.searchsorted(_STAGE_STARTS, level, "right"))
    is_early = ages(table["tanggal_lahir"]) < _DIPLOMA_AGE[np.minimum(stage, len(_DIPLOMA_AGE) - 1)]
    table["ijazah_tertinggi_yang_dimiliki"] = np.where(has_some & (is_above | is_early), NO_DIPLOMA, diploma)
    return table


def _school(rng: Generator, age: Ints, level: Floats) -> Table:
    size = len(age)
    goal = _goal(rng, age, level)
    start = _STAGE_START[goal]
    done_at = start + _STAGE_YEARS[goal]
    never = (age < 6) | ((age >= 45) & (rng.random(size) < np.clip((age - 45) / 300, 0, 0.12)))
    studying = ~never & (age < done_at) & ((age < 25) | (rng.random(size) < 0.1))
    # Those still at school stand at the stage of their age; the others at their goal.
    stage = np.where(studying, np.minimum(np.clip(np.searchsorted([13, 16, 19], age, "right"), 0, 3), goal), goal)
    stage = np.where(studying & (stage == 3) & (goal >= 4), 4, stage)
    grade = np.clip(age - _STAGE_START[stage] + 1, 1, _STAGE_YEARS[stage])
    dropped = ~studying & (rng.random(size) < 0.06)
    finished = ~studying & ~dropped
    kind = _kind(rng, stage)
    below = np.where(stage == 0, NO_DIPLOMA, _kind(rng, np.maximum(np.where(stage == 4, 2, stage - 1), 0)))
    grade = np.where(dropped, rng.integers(1, 1 + _STAGE_YEARS[stage]), grade)
    return {
        "partisipasi_sekolah": np.where(never, NEVER, np.where(studying, STILL, NO_LONGER)),
        "jenjang_tertinggi_yang_diduduki": where(~never, kind),
        "kelas_tertinggi_yang_diduduki": where(~never, np.where(finished, 8, grade)),
        "ijazah_tertinggi_yang_dimiliki": where(age >= 5, np.where(never, NO_DIPLOMA, np.where(finished, kind, below))),
    }


def _goal(rng: Generator, age: Ints, level: Floats) -> Ints:
    """The highest stage a person reaches in the end: richer and younger people go further."""
    reach = 0.65 * level + 0.76 * rng.standard_normal(len(age)) - np.clip((age - 30) / 28, -0.4, 1.6)
    return np.searchsorted([-2.0, -1.0, 0.75, 0.95, 2.3], reach, side="right").astype(np.int64)


def _kind(rng: Generator, stage: Ints) -> Ints:
    kind = _STAGES[stage]
    for base, (variant, rate) in _VARIANTS.items():
        kind = np.where((kind == base) & (rng.random(len(stage)) < rate), variant, kind)
    return kind.astype(np.int64)


def _work(rng: Generator, age: Ints, sex: Ints, level: Floats, school: Table) -> Table:
    size = len(age)
    prime = np.clip(np.minimum((age - 15) / 8, (82 - age) / 22), 0, 1)
    studying = school["partisipasi_sekolah"] == STILL
    works = (age >= 15) & (rng.random(size) < prime * np.where(sex == 1, 0.92, 0.54) * np.where(studying, 0.1, 1))
    degree = np.isin(school["ijazah_tertinggi_yang_dimiliki"], [18, 19, 20, 21, 22])
    status = weighted(rng, {1: 0.24, 2: 0.05, 3: 0.03, 4: 0.46, 6: 0.04, 7: 0.12, 8: 0.06}, size)
    civil = degree & (rng.random(size) < 0.35)
    steady = happens(rng, level, 0.6, 0.35) & np.isin(status, [6, 7])
    status = np.where(civil, 5, np.where(steady, 4, status))
    sector = np.where(civil, weighted(rng, {20: 0.5, 21: 0.35, 22: 0.15}, size), weighted(rng, _FORMAL, size))
    sector = np.where(status == 6, weighted(rng, {1: 0.7, 2: 0.15, 5: 0.15}, size), sector)
    owns = works & (np.isin(status, [1, 2, 3]) | (rng.random(size) < 0.02))
    return {
        "status_bekerja": where(age >= 10, np.where(works, YES, NO)),
        "lapangan_usaha_dari_pekerjaan_utama": where(works, sector),
        "status_dalam_pekerjaan_utama": where(works, status),
        "kepemilikan_usaha": where(works, np.where(owns, YES, NO)),
    } | _business(rng, owns, sector, status, level)


def _business(rng: Generator, owns: Bools, sector: Ints, status: Ints, level: Floats) -> Table:
    size = len(owns)
    paid = np.where(status == 3, rng.poisson(2, size) + 1, np.where(status == 2, rng.poisson(0.3, size), 0))
    turnover = np.searchsorted([0.9, 1.9, 2.4, 3.6], 0.5 * level + rng.standard_normal(size), "right") + 1
    return {
        "lapangan_usaha_dari_usaha_utama": where(owns, sector),
        "jumlah_usaha": where(owns, 1 + (rng.random(size) < 0.06).astype(np.int64)),
        "jumlah_pekerja_yang_dibayar_dari_usaha_utama": where(owns, paid),
        "jumlah_pekerja_yang_tidak_dibayar_dari_usaha_utama": where(owns, rng.poisson(0.4, size)),
        "omzet_usaha_utama": where(owns, turnover),
    }


def _health(rng: Generator, age: Ints, level: Floats) -> Table:
    size = len(age)
    frail = rng.random(size) < np.clip(0.012 + (age - 50) / 200, 0.012, 0.25)
    table: Table = {}
    for name in DIFFICULTIES:
        hit = frail & (rng.random(size) < 0.3)
        table[name] = where(age >= 5, np.where(hit, weighted(rng, {3: 0.75, 2: 0.2, 1: 0.05}, size), 4))
    table["kesedihan_depresi"] = where(age >= 5, weighted(rng, {4: 0.90, 3: 0.085, 2: 0.012, 1: 0.003}, size))
    ill = rng.random(size) < np.clip(0.01 + (age - 30) / 160, 0.01, 0.35)
    table["penyakit_kronis"] = np.where(ill, weighted(rng, _CHRONIC, size), 1)
    poor = happens(rng, -level, 0.4, 0.12)
    thin = np.where(poor, 2, weighted(rng, {1: 0.03, 3: 0.9, 8: 0.07}, size))
    table["kondisi_gizi"] = where(age < 5, thin)
    return table
