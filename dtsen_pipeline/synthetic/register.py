"""What the ministry believes: the truth seen late, coarsely and with wrong numbers, at two data dates."""

# ruff: noqa: PLR2004 - shares, ages and codes are the model itself

from dataclasses import dataclass, field

import numpy as np
import polars as pl
from numpy.random import Generator

from dtsen_pipeline.synthetic import cards, feedback, housing, kinds, living, people, ranking
from dtsen_pipeline.synthetic.city import KTP, regions
from dtsen_pipeline.synthetic.draw import (
    BLANK,
    Bools,
    Floats,
    Ints,
    Streams,
    Table,
    Texts,
    pick,
    share,
)
from dtsen_pipeline.synthetic.events import Fate, World

YES, NO = 1, 2
ANSWERED = (1, 2)
"""Visit outcomes with answers: complete, incomplete."""
FLAGS = ("is_gc_kemensos", "is_pbi_se", "is_siks_ng")
_FEEDBACK_FAMILY = housing.DWELLING
_FEEDBACK_PERSON = living.ANSWERS
_FAMILY_KINDS = {
    "family_left_city": "has_left",
    "family_moved_within_city": "has_moved",
    "family_outside_city": "is_outside",
}
_KNOWN_PERSON = (
    "nomor_induk_kependudukan",
    "nama",
    "tanggal_lahir",
    "jenis_kelamin",
    "status_hubungan_keluarga",
    "status_kawin",
    *living.ANSWERS,
    *KTP,
)


@dataclass
class Register:
    """One state of the ministry's register."""

    families: Table
    people: Table
    is_listed: Bools
    family_of: Ints
    scores: Floats
    person_errors: Texts = field(default_factory=lambda: kinds.blank(0))
    """Errors of a person that go from one snapshot to the next."""
    person_kinds: Texts = field(default_factory=lambda: kinds.blank(0))
    """Those, and what is wrong with the listing on this data date."""
    family_kinds: Texts = field(default_factory=lambda: kinds.blank(0))


def first(stream: Streams, world: World) -> Register:
    """The register on the first data date."""
    families = _copied(world.families, (*housing.DWELLING, "id_pelanggan_pln", "nomor_kartu_keluarga"))
    regions(families, world.families["registered_kelurahan"])
    families["alamat"] = world.families["registered_alamat"]
    _age(stream("stale families"), families)
    persons = _copied(world.people, _KNOWN_PERSON)
    _age_people(stream("stale people"), persons)
    is_listed = ~world.families["is_new"]
    here = (world.people["family"] >= 0) & is_listed[world.people["family"]]
    family_of = np.where(here, world.people["family"], BLANK)
    scores = ranking.score(stream("score"), world.families["welfare"])
    register = Register(families, persons, is_listed, family_of, scores)
    register.person_errors = kinds.blank(len(family_of))
    _flags(stream("flags"), register)
    _damage_people(stream, world, register)
    _refresh(stream, "1", world, register)
    return register


def later(
    stream: Streams, world: World, before: Register, visits: feedback.Answers, members: feedback.Answers
) -> tuple[Register, pl.DataFrame]:
    """The register on the second data date, and what became of each change that the first week proposed."""
    rng = stream("second register")
    families = _copied(before.families, tuple(before.families))
    persons = _copied(before.people, tuple(before.people))
    _catch_up(rng, families, world.families, housing.DWELLING, 0.06)
    _catch_up(rng, persons, world.people, living.ANSWERS, 0.02)
    _age(rng, families, base=0.004, old=0.01)
    feedback.listen(stream("adopt families"), before.families, families, visits, _FEEDBACK_FAMILY)
    feedback.listen(stream("adopt people"), before.people, persons, members, _FEEDBACK_PERSON)
    answered = visits.rows[np.isin(visits.table["hasil_kunjungan"], ANSWERED)]
    has_new_card = cards.renewed(stream, world, answered, _with_unnumbered(before))
    families["nomor_kartu_keluarga"] = world.families["nomor_kartu_keluarga_after"].copy()
    housing.consistent(families)
    living.consistent(persons)
    _outgrow(persons, members.rows)
    is_listed = ~world.families["is_gone"]
    family_of = _relisted(world, before, persons)
    scores = before.scores + rng.normal(0, 0.12, len(is_listed))
    register = Register(families, persons, is_listed, family_of, scores, before.person_errors)
    _refresh(stream, "2", world, register)
    kinds.mark(register.family_kinds, is_listed & has_new_card, "family_card_changed")
    verdicts = [
        feedback.outcome("keluarga", before.families, families, visits, _FEEDBACK_FAMILY),
        feedback.outcome("anggota", before.people, persons, members, _FEEDBACK_PERSON),
    ]
    return register, pl.concat(verdicts)


def _outgrow(persons: Table, visited: Ints) -> None:
    """Nutrition is no longer told of those who turned five, unless a visit has just answered it."""
    grown = people.ages(persons["tanggal_lahir"], people.SECOND_DAY) >= 5
    grown[visited] = False
    persons["kondisi_gizi"][grown] = BLANK


def _with_unnumbered(register: Register) -> Ints:
    """Families that list members with a NIK and members without one."""
    is_blank, listed = register.people["nomor_induk_kependudukan"] == BLANK, register.family_of >= 0
    return np.intersect1d(register.family_of[listed & is_blank], register.family_of[listed & ~is_blank])


def _copied(table: Table, names: tuple[str, ...]) -> Table:
    return {name: table[name].copy() for name in names}


def _age(rng: Generator, table: Table, base: float = 0.025, old: float = 0.25) -> None:
    """Some cells hold another family's value; a few families are coarse, incomplete, or long unvisited."""
    size = len(table["luas_lantai"])
    rate = np.where(rng.random(size) < 0.16, old, base)
    for name in (*housing.LADDERS, "luas_lantai", *housing.ASSETS):
        _swap(rng, table[name], rate)
    odd = rng.random(size) < 0.5
    fuel = table["bahan_bakar_utama_memasak"]
    table["bahan_bakar_utama_memasak"] = np.where((fuel == 12) & odd, 0, fuel)
    housing.consistent(table)
    housing.coarsen(table, rng.random(size) < 0.04)
    housing.incomplete(rng, table, 0.008)


def _swap(rng: Generator, values: Ints, rate: Floats) -> None:
    donor = values[rng.integers(0, len(values), len(values))]
    hit = (rng.random(len(values)) < rate) & (values != BLANK) & (donor != BLANK)
    values[hit] = donor[hit]


def _age_people(rng: Generator, table: Table) -> None:
    size = len(table["nama"])
    rate = np.full(size, 0.015)
    for name in ("ijazah_tertinggi_yang_dimiliki", *living.WORK, "penyakit_kronis", *living.DIFFICULTIES):
        _swap(rng, table[name], rate)
    # Those who lost their work are still recorded with it.
    age = people.ages(table["tanggal_lahir"])
    idle = (table["status_bekerja"] == NO) & (age >= 20) & (age <= 60) & (rng.random(size) < 0.08)
    donor = rng.choice(np.flatnonzero(table["status_bekerja"] == YES), int(idle.sum()))
    for name in ("status_bekerja", *living.WORK, "kepemilikan_usaha", *living.BUSINESS):
        table[name][idle] = table[name][donor]
    living.consistent(table)


def _flags(rng: Generator, register: Register) -> None:
    size = len(register.is_listed)
    for name, rate in zip(FLAGS, (0.12, 0.05, 0.18), strict=True):
        register.families[name] = np.where(rng.random(size) < rate, YES, NO)


def _damage_people(stream: Streams, world: World, register: Register) -> None:
    """Wrong numbers, dates and heads that the register carries from one snapshot to the next."""
    table, marks = register.people, register.person_errors
    size = len(marks)
    free = (register.family_of >= 0) & (world.people["fate"] == Fate.PRESENT)
    sound = ~(world.people["wrong_day"] | world.people["wrong_sex"])
    free &= sound
    chosen = pick(stream("two heads"), free & _adult_guest(table), share(0.0005, size))
    table["status_hubungan_keluarga"][chosen] = people.HEAD
    free = _spend(free, marks, chosen, "two_heads")
    rng = stream("future births")
    chosen = pick(rng, free, share(0.0002, size))
    table["tanggal_lahir"][chosen] = people.TODAY + 200 + rng.integers(0, 20_000, len(chosen))
    free = _spend(free, marks, chosen, "birth_in_future")
    _share_niks(stream, register, free)
    chosen = pick(stream("missing niks"), sound & (marks == ""), share(0.05, size))
    table["nomor_induk_kependudukan"][chosen] = BLANK
    kinds.mark(marks, chosen, "nik_missing")


def _adult_guest(table: Table) -> Bools:
    age = people.ages(table["tanggal_lahir"])
    guest: Bools = ~np.isin(table["status_hubungan_keluarga"], [people.HEAD, people.SPOUSE])
    return guest & (age >= 17)


def _spend(free: Bools, marks: Texts, rows: Ints, kind: str) -> Bools:
    kinds.mark(marks, rows, kind)
    left = free.copy()
    left[rows] = False
    return left


def _share_niks(stream: Streams, register: Register, free: Bools) -> None:
    """Give people another's number: mostly across families, a few times inside one."""
    rng, table, size = stream("shared niks"), register.people, len(free)
    neighbours = free[:-1] & free[1:] & (register.family_of[:-1] == register.family_of[1:])
    a = pick(rng, neighbours, share(0.0004, size))
    a = a[np.r_[True, np.diff(a) > 1]]
    table["nomor_induk_kependudukan"][a + 1] = table["nomor_induk_kependudukan"][a]
    free = _spend(free, register.person_errors, np.r_[a, a + 1], "nik_shared_same_family")
    a = rng.permutation(pick(rng, free, share(0.0055, size)))
    elsewhere = free & ~np.isin(register.family_of, register.family_of[a])
    b = rng.permutation(pick(rng, elsewhere, len(a)))
    differs = table["tanggal_lahir"][a] != table["tanggal_lahir"][b]
    a, b = a[differs], b[differs]
    table["nomor_induk_kependudukan"][b] = table["nomor_induk_kependudukan"][a]
    kinds.mark(register.person_errors, np.r_[a, b], "nik_shared_two_people")


def _relisted(world: World, before: Register, persons: Table) -> Ints:
    """Who is listed where in the second snapshot: only families that told the ministry are up to date."""
    truth, families = world.people, world.families
    told = families["is_told"][truth["home"]] & ~np.isin(truth["fate"], [Fate.DIED_BEFORE, Fate.NOT_FOUND])
    for name in ("status_hubungan_keluarga", "status_kawin"):
        changed = told & (truth[name] != truth[f"{name}_after"])
        persons[name][changed] = truth[f"{name}_after"][changed]
    listed = np.where(told, truth["family_after"], before.family_of)
    new = (truth["family"] >= 0) & families["is_new"][truth["home"]]
    gone = families["is_gone"][truth["home"]]
    return np.where(new, truth["family_after"], np.where(gone, BLANK, listed)).astype(np.int64)


def _refresh(stream: Streams, version: str, world: World, register: Register) -> None:
    """What follows from who is listed: deciles, aid, counts, heads, and the kinds of stale listing."""
    families, listed = register.families, register.is_listed
    families |= ranking.desil(stream(f"unranked {version}"), register.scores, listed)
    for name in ("desil_nasional", "desil_provinsi", "desil_kabupaten_kota"):
        families[name][families["luas_lantai"] == BLANK] = BLANK
    rng = stream(f"aid {version}")
    low = (families["desil_nasional"] <= 5) & (families["desil_nasional"] != BLANK)
    families["pbi_nas"] = np.where(low & (rng.random(len(low)) < 0.75), YES, NO)
    families["pbi_pemda"] = np.where((families["pbi_nas"] == NO) & (rng.random(len(low)) < 0.25), YES, NO)
    family_of = register.family_of
    inside = family_of >= 0
    families["jumlah_anggota_keluarga"] = np.bincount(family_of[inside], minlength=len(listed))
    families["nama_kepala_keluarga"] = heads(world.people["nama"], family_of, register.people, len(listed))
    _mark(world, register, is_second=version == "2")


def heads(names: Texts, family_of: Ints, table: Table, families: int) -> Texts:
    """The name of the first head of every family."""
    rows = np.flatnonzero((family_of >= 0) & (table["status_hubungan_keluarga"] == people.HEAD))[::-1]
    head = np.full(families, "", dtype=np.object_)
    head[family_of[rows]] = names[rows]
    return head


def _mark(world: World, register: Register, *, is_second: bool) -> None:
    """The kinds that follow from who is listed on this data date."""
    fate, here, truth = world.people["fate"], register.family_of >= 0, world.people
    marks = register.person_kinds = register.person_errors.copy()
    own = here & (register.people["nomor_induk_kependudukan"] == truth["nomor_induk_kependudukan"])
    kinds.mark(marks, own & truth["wrong_day"], "nik_contradicts_birth_date")
    kinds.mark(marks, own & truth["wrong_sex"], "nik_contradicts_sex")
    dead = [Fate.DIED_BEFORE, Fate.DIED] if is_second else [Fate.DIED_BEFORE]
    kinds.mark(marks, here & np.isin(fate, dead), "deceased_still_listed")
    kinds.mark(marks, here & (fate == Fate.NOT_FOUND), "member_not_found")
    if is_second:
        left = here & np.isin(fate, [Fate.MOVED_WITHIN_CITY, Fate.MOVED_OUT, Fate.ABROAD])
        kinds.mark(marks, left & (register.family_of != truth["family_after"]), "member_moved_still_listed")
    register.family_kinds = kinds.blank(len(register.is_listed))
    for kind, flag in _FAMILY_KINDS.items():
        kinds.mark(register.family_kinds, register.is_listed & world.families[flag], kind)


def _catch_up(rng: Generator, table: Table, truth: Table, names: tuple[str, ...], rate: float) -> None:
    """Some rows are put right, column by column."""
    rows = rng.random(len(truth[names[0]])) < rate
    for name in names:
        hit = rows & (rng.random(len(rows)) < 0.5)
        table[name][hit] = truth[name][hit]
