"""What happens between the first snapshot and the visits: births, deaths, moves; families gone and new.

The world changes once, in July and August 2026, so that every visit sees the same world.
What the ministry learns of it, and when, is `register`'s work.
"""

# ruff: noqa: PLR2004 - shares, ages and codes are the model itself

from dataclasses import dataclass
from enum import IntEnum

import numpy as np
from numpy.random import Generator

from dtsen_pipeline.synthetic.draw import BLANK, Bools, Ints, Table, pick, share
from dtsen_pipeline.synthetic.people import (
    CHILD,
    FEMALE,
    HEAD,
    MALE,
    MARRIED,
    OTHER,
    SINGLE,
    SPOUSE,
    TODAY,
    WIDOWED,
    ages,
)


class Fate(IntEnum):
    """Where a person is when the officers come."""

    PRESENT = 0
    DIED_BEFORE = 1
    DIED = 2
    MOVED_WITHIN_CITY = 3
    MOVED_OUT = 4
    ABROAD = 5
    NOT_FOUND = 6
    BORN = 7
    FAMILY_GONE = 8


@dataclass
class World:
    """All people and families that ever appear, with their state before and after."""

    people: Table
    families: Table
    first: int
    """The number of families in the first snapshot; the later ones are new."""


def unfold(rng: Generator, people: Table, first: int, total: int) -> World:
    """Let things happen to the families and their members."""
    families = _families(rng, first, total)
    born = _births(rng, people, families, share(0.0034, first * 3))
    people = {name: np.concatenate([values, born[name]]) for name, values in people.items()}
    size = len(people["family"])
    people["fate"] = np.full(size, Fate.PRESENT)
    people["fate"][size - len(born["family"]) :] = Fate.BORN
    people["fate"][families["is_gone"][people["family"]]] = Fate.FAMILY_GONE
    people |= {f"{name}_after": people[name].copy() for name in ("family", "status_hubungan_keluarga", "status_kawin")}
    _leave(rng, people, families)
    _keep_silent(people, families)
    _inherit(people)
    people["family_after"][np.isin(people["fate"], _AWAY)] = BLANK
    people["family_after"][people["fate"] == Fate.MOVED_WITHIN_CITY] = _destinations(rng, people, families)
    people["family"] = np.where(people["fate"] == Fate.BORN, BLANK, people["family"])
    return World(people, families, first)


_AWAY = [Fate.DIED_BEFORE, Fate.DIED, Fate.MOVED_OUT, Fate.ABROAD, Fate.NOT_FOUND, Fate.FAMILY_GONE]


def _families(rng: Generator, first: int, total: int) -> Table:
    """Families that leave, that left long ago, that moved inside the city, that never lived in it."""
    free = np.arange(total) < first
    table: Table = {"is_new": ~free}
    for name, rate in {"is_gone": 0.012, "has_left": 0.004, "has_moved": 0.006, "is_outside": 0.0002}.items():
        table[name] = np.zeros(total, dtype=np.bool_)
        table[name][pick(rng, free, share(rate, first))] = True
        free = free & ~table[name]
    table["is_told"] = rng.random(total) < 0.7
    return table


def _births(rng: Generator, people: Table, families: Table, count: int) -> Table:
    age = ages(people["tanggal_lahir"])
    wife = people["jenis_kelamin"] == FEMALE
    wife &= np.isin(people["status_hubungan_keluarga"], [HEAD, SPOUSE]) & (people["status_kawin"] == MARRIED)
    mother = pick(rng, wife & (age >= 18) & (age <= 43) & _settled(people["family"], families), count)
    size = len(mother)
    return {
        "family": people["family"][mother],
        "status_hubungan_keluarga": np.full(size, CHILD),
        "jenis_kelamin": rng.integers(MALE, FEMALE + 1, size),
        "tanggal_lahir": TODAY + rng.integers(1, 55, size),
        "status_kawin": np.full(size, SINGLE),
    }


def _settled(family: Ints, families: Table) -> Bools:
    stays: Bools = ~(families["is_gone"] | families["has_left"] | families["is_outside"] | families["is_new"])
    return stays[family]


def _leave(rng: Generator, people: Table, families: Table) -> None:
    """Deaths old and new, moves, and people whom nobody can find."""
    age = ages(people["tanggal_lahir"])
    relation = people["status_hubungan_keluarga"]
    paired = np.bincount(people["family"][relation == SPOUSE], minlength=len(families["is_new"])) > 0
    here = (people["fate"] == Fate.PRESENT) & _settled(people["family"], families)
    guest = ~np.isin(relation, [HEAD, SPOUSE])
    widowing = np.where(relation == HEAD, paired[people["family"]], relation != SPOUSE)
    adult = guest & (age >= 17)
    candidates: dict[Fate, tuple[Bools, float, bool]] = {
        Fate.DIED_BEFORE: (relation != HEAD, 0.0024, True),
        Fate.MOVED_WITHIN_CITY: (adult, 0.003, False),
        Fate.MOVED_OUT: (adult, 0.002, False),
        Fate.ABROAD: (adult, 0.0006, False),
        Fate.NOT_FOUND: (adult, 0.002, False),
        Fate.DIED: (widowing, 0.0018, True),
    }
    for fate, (who, rate, is_aged) in candidates.items():
        mask, count = here & who & (people["fate"] == Fate.PRESENT), share(rate, len(age))
        chosen = _by_age(rng, mask, age, count) if is_aged else pick(rng, mask, count)
        people["fate"][chosen] = fate
        here &= ~np.isin(people["family"], people["family"][chosen])


def _by_age(rng: Generator, mask: Bools, age: Ints, count: int) -> Ints:
    found = np.flatnonzero(mask)
    weight = (age[found] + 1.0) ** 3
    return np.sort(rng.choice(found, min(count, len(found)), replace=False, p=weight / weight.sum())).astype(np.int64)


def _keep_silent(people: Table, families: Table) -> None:
    """However small the city, one death, one move and one birth are news to the ministry."""
    for fate in (Fate.DIED, Fate.MOVED_WITHIN_CITY, Fate.MOVED_OUT, Fate.BORN):
        families["is_told"][people["family"][people["fate"] == fate][:1]] = False


def _inherit(people: Table) -> None:
    """The spouse of a head who died becomes the head."""
    dead = (people["fate"] == Fate.DIED) & (people["status_hubungan_keluarga"] == HEAD)
    heir = np.isin(people["family"], people["family"][dead]) & (people["status_hubungan_keluarga"] == SPOUSE)
    people["status_hubungan_keluarga_after"][heir] = HEAD
    people["status_kawin_after"][heir] = WIDOWED


def _destinations(rng: Generator, people: Table, families: Table) -> Ints:
    """The families that take in those who moved inside the city."""
    movers = people["fate"] == Fate.MOVED_WITHIN_CITY
    people["status_hubungan_keluarga_after"][movers] = OTHER
    every = np.arange(len(families["is_new"]))
    hosts = _settled(every, families) & ~np.isin(every, people["family"][movers])
    return rng.choice(every[hosts], int(movers.sum()), replace=False).astype(np.int64)
