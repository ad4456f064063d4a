"""Families and their members: size, kinship, age, sex and marital status.

Everything about money, houses, schooling, numbers and names is elsewhere.
"""

# ruff: noqa: PLR2004 - shares, ages and codes are the model itself

import numpy as np
from numpy.random import Generator

from dtsen_pipeline.synthetic.draw import Bools, Floats, Ints, Table, rank_within, weighted

TODAY = int(np.datetime64("2026-07-01").astype("datetime64[D]").astype(np.int64))
"""The data date of the first snapshot, in days since 1970; ages are as of this day."""
SECOND_DAY = int(np.datetime64("2026-10-01").astype("datetime64[D]").astype(np.int64))
"""The data date of the second."""
MALE, FEMALE = 1, 2
HEAD, SPOUSE, CHILD, IN_LAW, GRANDCHILD, PARENT, HELPER, OTHER = range(1, 9)
SINGLE, MARRIED, DIVORCED, WIDOWED = range(1, 5)

_SIZES = {1: 0.12, 2: 0.245, 3: 0.295, 4: 0.215, 5: 0.085, 6: 0.03, 7: 0.008, 8: 0.002}
_YOUNG = {CHILD: 0.93, PARENT: 0.04, OTHER: 0.028, HELPER: 0.002}
_OLD = {CHILD: 0.68, GRANDCHILD: 0.18, IN_LAW: 0.06, PARENT: 0.02, OTHER: 0.058, HELPER: 0.002}
_FEMALE_HEAD = np.array([0.0, 0.45, 0.20, 0.08, 0.06, 0.06, 0.06, 0.06, 0.06])


def members(rng: Generator, families: int) -> Table:
    """All members of `families` families, family by family, the head first."""
    size = weighted(rng, _SIZES, families)
    head_age = np.clip(rng.normal(48, 13.5, families), 19, 92)
    head_sex = np.where(rng.random(families) < _FEMALE_HEAD[size], FEMALE, MALE)
    paired = (size > 1) & (rng.random(families) < np.where(head_sex == MALE, 0.94, 0.06))
    family = np.repeat(np.arange(families, dtype=np.int64), size)
    slot = rank_within(family)
    relation = _relations(rng, slot, paired[family], head_age[family])
    age = _ages(rng, relation, head_age[family], head_sex[family])
    sex = _sexes(rng, relation, head_sex[family])
    return {
        "family": family,
        "status_hubungan_keluarga": relation,
        "jenis_kelamin": sex,
        "tanggal_lahir": TODAY - np.floor(age * 365.25).astype(np.int64) - 1,
        "status_kawin": _marital(rng, relation, sex, age, paired[family]),
    }


def ages(born: Ints, day: int = TODAY) -> Ints:
    """Whole years on a day, by default the first snapshot's data date; zero for those born after it."""
    passed = _written(np.array([day])) - _written(born)
    years: Ints = np.maximum(passed // 10_000, 0)
    return years


def _written(days: Ints) -> Ints:
    """Days as numbers such as 20260701, so that a difference counts birthdays."""
    stamp = days.astype("datetime64[D]")
    month = stamp.astype("datetime64[M]")
    year = stamp.astype("datetime64[Y]")
    written: Ints = (year.astype(np.int64) + 1970) * 10_000 + (month - year).astype(np.int64) * 100
    written += (stamp - month).astype(np.int64)
    return written


def _relations(rng: Generator, slot: Ints, paired: Bools, head_age: Floats) -> Ints:
    rest = np.where(head_age < 45, weighted(rng, _YOUNG, len(slot)), weighted(rng, _OLD, len(slot)))
    relation = np.where((slot == 1) & paired, SPOUSE, rest)
    return np.where(slot == 0, HEAD, relation).astype(np.int64)


def _ages(rng: Generator, relation: Ints, head_age: Floats, head_sex: Ints) -> Floats:
    size = len(relation)
    spouse = np.clip(head_age + np.where(head_sex == MALE, -3.5, 3.5) + rng.normal(0, 4, size), 18, 95)
    mother = np.where(head_sex == MALE, head_age - 3.5, head_age)
    child = mother - np.clip(rng.normal(27, 5.5, size), 17, 42)
    child = np.where(child < 0, rng.random(size) * np.maximum(mother - 17, 1), child)
    options = {
        HEAD: head_age,
        SPOUSE: spouse,
        CHILD: child,
        IN_LAW: np.maximum(child, 19 + rng.random(size) * 8),
        GRANDCHILD: np.clip(mother - rng.normal(50, 6, size), 0.1, 28),
        PARENT: np.minimum(head_age + rng.normal(26, 4, size), 97 + rng.random(size)),
        HELPER: 18 + rng.random(size) * 40,
        OTHER: rng.random(size) * 75,
    }
    age: Floats = np.select([relation == code for code in options], list(options.values()))
    return age


def _sexes(rng: Generator, relation: Ints, head_sex: Ints) -> Ints:
    sex = np.where(rng.random(len(relation)) < 0.512, MALE, FEMALE)
    sex = np.where((relation == PARENT) & (rng.random(len(relation)) < 0.6), FEMALE, sex)
    sex = np.where(relation == SPOUSE, MALE + FEMALE - head_sex, sex)
    return np.where(relation == HEAD, head_sex, sex).astype(np.int64)


def _marital(rng: Generator, relation: Ints, sex: Ints, age: Floats, paired: Bools) -> Ints:
    size = len(relation)
    widowed = rng.random(size) < np.clip((age - 30) / 45, 0.02, 0.95) * np.where(sex == FEMALE, 1, 0.7)
    never = rng.random(size) < np.clip((48 - age) / 25, 0.03, 0.95)
    alone = np.where(never, SINGLE, np.where(widowed, WIDOWED, DIVORCED))
    grown = np.where(rng.random(size) < np.clip((age - 18) / 60, 0, 0.25), MARRIED, SINGLE)
    coupled = (relation == SPOUSE) | (relation == IN_LAW) | ((relation == HEAD) & paired)
    status = np.where(np.isin(relation, [HEAD, PARENT, OTHER, HELPER]), alone, grown)
    status = np.where(coupled, MARRIED, status)
    return np.where(age < 18, SINGLE, status).astype(np.int64)
