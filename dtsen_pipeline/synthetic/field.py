"""A week of visits: which families, who went, what they found.

Officers see the world as it is after the events of summer; an answer is the truth, sometimes coarse,
often not asked. The card is the one that their list has. Damage to the files is elsewhere.
"""

# ruff: noqa: PLR2004 - shares, ages and codes are the model itself

from dataclasses import dataclass, field

import numpy as np
from numpy.random import Generator

from dtsen_pipeline.synthetic import housing, living
from dtsen_pipeline.synthetic.city import KTP, members_after
from dtsen_pipeline.synthetic.draw import (
    BLANK,
    NONE_FOUND,
    Bools,
    Ints,
    Streams,
    Table,
    Texts,
    pick,
    share,
    weighted,
)
from dtsen_pipeline.synthetic.events import Fate, World
from dtsen_pipeline.synthetic.feedback import Answers
from dtsen_pipeline.synthetic.register import Register, heads

COMPLETE, INCOMPLETE, NO_RESPONDENT, REFUSED, GONE = range(1, 6)
PRESENT, DEAD, MOVED, ABROAD, NEW, NOT_FOUND = range(1, 7)
SMALLEST = 20
_RATE = 0.015
_OLD_MONDAY = np.datetime64("2022-11-07", "D")
_OUTCOMES = {COMPLETE: 0.85, INCOMPLETE: 0.06, NO_RESPONDENT: 0.06, REFUSED: 0.03}
_TELLING = (
    Fate.DIED_BEFORE,
    Fate.DIED,
    Fate.MOVED_WITHIN_CITY,
    Fate.MOVED_OUT,
    Fate.ABROAD,
    Fate.NOT_FOUND,
    Fate.BORN,
)
_PRESENCE = {Fate.DIED_BEFORE: DEAD, Fate.DIED: DEAD, Fate.MOVED_WITHIN_CITY: MOVED, Fate.MOVED_OUT: MOVED,
             Fate.ABROAD: ABROAD, Fate.NOT_FOUND: NOT_FOUND}  # fmt: skip
_MAYBE_NONE = ("id_pelanggan_pln", "daya_terpasang", "jenis_kloset", "pembuangan_akhir_tinja")
_IDENTITY = ("nama", "tanggal_lahir", "jenis_kelamin")
_KINSHIP = ("status_hubungan_keluarga", "status_kawin")


@dataclass(frozen=True)
class Week:
    """One batch: its ISO week, its Monday and the snapshot that the officers carry."""

    label: str
    monday: str
    seen: str


@dataclass
class Batch:
    """The visits of a week and the members met, as integers and texts."""

    week: Week
    visits: Answers
    members: Answers
    visit_of_member: Ints
    expired: Bools = field(default_factory=lambda: np.zeros(0, dtype=np.bool_))


def visit(stream: Streams, week: Week, world: World, register: Register, visited: Ints) -> Batch:
    """A week of visits, deciles 1 and 2 first."""
    rng = stream(f"visits {week.label}")
    rows, random_arm, outcome = _chosen(rng, world, register, visited)
    table = _envelope(rng, week, outcome, random_arm)
    table |= _dwelling(rng, world, register, rows, outcome)
    members, visit_of_member = _members(rng, world, register, rows, outcome)
    return Batch(week, Answers(rows, table), members, visit_of_member, np.zeros(len(rows), dtype=np.bool_))


def add_expired(rng: Generator, batch: Batch, world: World, register: Register) -> None:
    """A few visits of 2022, whose answers were true of another time."""
    free = register.is_listed & ~np.isin(np.arange(len(register.is_listed)), batch.visits.rows)
    free &= ~(world.families["is_outside"] | world.families["has_left"])
    free &= world.families["card_recorded"] < _OLD_MONDAY.astype(np.int64)
    rows = pick(rng, free, share(0.0003, int(register.is_listed.sum())))
    outcome = np.full(len(rows), COMPLETE)
    table = _envelope(rng, Week("2022-W45", str(_OLD_MONDAY), ""), outcome, np.zeros(len(rows), dtype=np.bool_))
    table |= _dwelling(rng, world, register, rows, outcome)
    for name in housing.LADDERS:
        other = rng.integers(0, len(world.families[name]), len(rows))
        table[name] = np.where(rng.random(len(rows)) < 0.3, world.families[name][other], table[name])
    table["id_kunjungan"] = np.array([text.replace("V-", "V-L-") for text in table["id_kunjungan"]], dtype=np.object_)
    held = batch.visits.table
    batch.visits.table = {name: np.concatenate([held[name], table[name]]) for name in held}
    batch.visits.rows = np.concatenate([batch.visits.rows, rows])
    batch.expired = np.concatenate([batch.expired, np.ones(len(rows), dtype=np.bool_)])


def _chosen(rng: Generator, world: World, register: Register, visited: Ints) -> tuple[Ints, Bools, Ints]:
    """Telling families first, then by decile, a tenth by lot; and what came of each visit."""
    size = len(register.is_listed)
    count = max(SMALLEST, share(_RATE, int(register.is_listed.sum())))
    open_ = register.is_listed & ~world.families["is_outside"]
    open_[visited] = False
    telling = _telling(rng, world, register, open_, max(1, count // 14))
    away = pick(rng, open_ & (world.families["has_left"] | world.families["is_gone"]), max(1, count // 25))
    moved = pick(rng, open_ & world.families["has_moved"], max(1, count // 30))
    rows = np.unique(np.concatenate([telling, away, moved]))
    open_[rows] = False
    open_ &= ~(world.families["has_left"] | world.families["is_gone"])
    by_lot = pick(rng, open_, max(1, count // 10))
    open_[by_lot] = False
    low = np.isin(register.families["desil_nasional"], [1, 2])
    weight = np.where(open_, np.where(low, 25.0, 1.0), 0.0)
    left = max(count - len(rows) - len(by_lot), 4)
    rest = rng.choice(size, min(left, int(open_.sum())), replace=False, p=weight / weight.sum())
    order = rng.permutation(np.concatenate([rows, by_lot, rest])).astype(np.int64)
    return order, np.isin(order, by_lot), _outcomes(rng, world, order, np.concatenate([telling, moved]), rest)


def _telling(rng: Generator, world: World, register: Register, open_: Bools, count: int) -> Ints:
    """Families of whose members the register knows too little or too much."""
    truth, stays = world.people, world.families
    found = []
    for fate in _TELLING:
        home = truth["family_after"] if fate == Fate.BORN else register.family_of
        hit = (truth["fate"] == fate) & (home >= 0) & (register.family_of != truth["family_after"])
        mask = np.zeros(len(open_), dtype=np.bool_)
        mask[home[hit]] = True
        found.append(pick(rng, mask & open_ & ~(stays["is_gone"] | stays["has_left"]), count))
    return np.unique(np.concatenate(found))


def _outcomes(rng: Generator, world: World, order: Ints, sure: Ints, rest: Ints) -> Ints:
    outcome = weighted(rng, _OUTCOMES, len(order))
    for code, family in zip((INCOMPLETE, NO_RESPONDENT, REFUSED), rest, strict=False):
        outcome[order == family] = code
    outcome[np.isin(order, sure)] = COMPLETE
    away = world.families["has_left"] | world.families["is_gone"]
    outcome[away[order]] = GONE
    return outcome


def _envelope(rng: Generator, week: Week, outcome: Ints, random_arm: Bools) -> Table:
    """Who went, when and where; photos and minutes."""
    size = len(outcome)
    minutes = rng.integers(0, 6, size) * 1440 + rng.integers(8 * 60, 16 * 60, size)
    minutes.sort()
    times = np.datetime64(week.monday, "m") + minutes.astype("timedelta64[m]")
    officer = rng.integers(1, 1 + max(3, size // 40), size)
    stem = week.label.replace("-", "")
    ids = [f"V-{stem}-{number:05d}" for number in range(1, size + 1)]
    filled = np.isin(outcome, [COMPLETE, INCOMPLETE])
    latitude, longitude = -7.82 + rng.normal(0, 0.02, size), 112.01 + rng.normal(0, 0.02, size)
    return {
        "id_kunjungan": _texts(ids),
        "id_petugas": _texts([f"TRC-{number:03d}" for number in officer]),
        "peran_petugas": _texts([("TRC", "TAGANA", "TKS", "PKH")[min(number % 7, 3)] for number in officer]),
        "waktu_kunjungan": _texts([f"{time}:00+07:00" for time in times]),
        "versi_dilihat": _texts([week.seen] * size),
        "id_penugasan": _texts([f"T-{stem}-{number:05d}" for number in range(1, size + 1)]),
        "lengan_acak": np.where(random_arm, 1, 2),
        "hasil_kunjungan": outcome,
        "lintang": _texts([f"{value:.6f}" for value in latitude]),
        "bujur": _texts([f"{value:.6f}" for value in longitude]),
        "foto": _texts([f"{i}-depan.jpg;{i}-dalam.jpg" if ok else "" for i, ok in zip(ids, filled, strict=True)]),
        "nomor_berita_acara": _texts(
            [f"BA/{week.label}/{n:03d}" if ok else "" for n, ok in zip(officer, filled, strict=True)]
        ),
    }


def _dwelling(rng: Generator, world: World, register: Register, rows: Ints, outcome: Ints) -> Table:
    """The family columns: only the card number where nobody answered."""
    truth = world.families
    filled = np.isin(outcome, [COMPLETE, INCOMPLETE])
    skipped = np.where(outcome == INCOMPLETE, 0.5, 0.06)
    table: Table = {"nomor_kartu_keluarga": register.families["nomor_kartu_keluarga"][rows]}
    for name in ("kode_provinsi", "kode_kabupaten_kota", "kode_kecamatan", "kode_kelurahan_desa"):
        table[name] = np.where(filled, truth[name][rows], BLANK)
    for name in (*housing.DWELLING, "id_pelanggan_pln"):
        values = truth[name][rows]
        values = np.where((values == BLANK) & (name in _MAYBE_NONE), NONE_FOUND, values)
        table[name] = np.where(filled & (rng.random(len(rows)) >= skipped), values, BLANK)
    housing.coarsen(table, rng.random(len(rows)) < 0.06)
    for name in ("pbi_nas", "pbi_pemda"):
        table[name] = np.where(filled & (rng.random(len(rows)) < 0.1), register.families[name][rows], BLANK)
    table["jumlah_anggota_keluarga"] = np.where(filled, members_after(world)[rows], BLANK)
    after = {"status_hubungan_keluarga": world.people["status_hubungan_keluarga_after"]}
    head = heads(world.people["nama"], world.people["family_after"], after, len(truth["is_new"]))
    for name, column in {"nama_kepala_keluarga": head, "alamat": truth["alamat"]}.items():
        table[name] = np.where(filled, column[rows], "")
    return table


def _members(rng: Generator, world: World, register: Register, rows: Ints, outcome: Ints) -> tuple[Answers, Ints]:
    """Everybody listed in the families that answered, and everybody found there who is not."""
    truth = world.people
    visit_of_family = np.full(len(register.is_listed), BLANK, dtype=np.int64)
    answered = np.isin(outcome, [COMPLETE, INCOMPLETE])
    visit_of_family[rows[answered]] = np.flatnonzero(answered)
    listed = _inside(visit_of_family, register.family_of)
    found = _inside(visit_of_family, truth["family_after"]) & (truth["family_after"] != register.family_of)
    who = np.concatenate([np.flatnonzero(listed), np.flatnonzero(found)])
    family = np.concatenate([register.family_of[listed], truth["family_after"][found]])
    is_new = np.arange(len(who)) >= listed.sum()
    presence = np.where(is_new, NEW, _presence(truth, who, family))
    order = np.argsort(visit_of_family[family], kind="stable")
    who, family, presence = who[order], family[order], presence[order]
    table = _answers(rng, world, register, who, presence)
    table["nomor_kartu_keluarga"] = register.families["nomor_kartu_keluarga"][family]
    return Answers(who, table), visit_of_family[family]


def _inside(visit_of_family: Ints, family: Ints) -> Bools:
    inside: Bools = (family >= 0) & (visit_of_family[family] >= 0)
    return inside


def _presence(truth: Table, who: Ints, family: Ints) -> Ints:
    presence = np.full(len(who), PRESENT, dtype=np.int64)
    away = truth["family_after"][who] != family
    for fate, code in _PRESENCE.items():
        presence[away & (truth["fate"][who] == fate)] = code
    return presence


def _answers(rng: Generator, world: World, register: Register, who: Ints, presence: Ints) -> Table:
    """The member columns: all for those met, identity as listed for the others."""
    truth, listed = world.people, register.people
    met = np.isin(presence, [PRESENT, NEW])
    table: Table = {"keberadaan_anggota": presence}
    for name in ("nomor_induk_kependudukan", *_IDENTITY):
        table[name] = np.where(met, truth[name][who], listed[name][who])
    shown = rng.random(len(who)) < 0.95
    table["nomor_induk_kependudukan"] = np.where(shown, table["nomor_induk_kependudukan"], BLANK)
    for name in _KINSHIP:
        table[name] = np.where(met, truth[f"{name}_after"][who], BLANK)
    for name in living.ANSWERS:
        values = truth[name][who]
        none = (values == BLANK) & np.isin(name, living.WORK) & (listed[name][who] != BLANK)
        values = np.where(none, NONE_FOUND, values)
        table[name] = np.where(met & (rng.random(len(who)) >= 0.08), values, BLANK)
    for name in KTP:
        blank = "" if truth[name].dtype == np.object_ else BLANK
        table[name] = np.where(presence == NEW, truth[name][who], blank)
    for name in ("pbi_nas", "pbi_pemda"):
        table[name] = np.full(len(who), BLANK, dtype=np.int64)
    return table


def _texts(values: list[str]) -> Texts:
    return np.array(values, dtype=np.object_)
