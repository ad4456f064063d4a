"""A rejected row is made good by a later valid row about the same subject, and by nothing else."""

import pytest

from dtsen_pipeline.core.engine import Engine
from dtsen_pipeline.schemas.tables import FAMILY, MEMBER, VISIT, VISIT_MEMBER
from tests.core.rows import ANCIENT, BASE, CARD, NIK, OLD, Pointer, Town, card, nik
from tests.running import Run

BAD = {FAMILY: {"luas_lantai": "99999"}, MEMBER: {"jumlah_usaha": "banyak"}}


def resolved(town: Town, engine: Engine, pointer: Pointer) -> str | None:
    """Who made a rejected row good; fails where the row was not rejected."""
    rows = {(row["src"], row["row"]): row["resolved_by"] for row in Run(town.readings(), engine).tables["rejected"]}
    by = rows[pointer]
    return None if by is None else str(by)


def token(pointer: Pointer) -> str:
    """A row's token."""
    return f"{pointer[0]}-{pointer[1]}"


def test_the_newest_snapshot_answers_for_a_family(engine: Engine) -> None:
    town = Town()
    bad = town.family(card(1), ANCIENT, **BAD[FAMILY])
    town.family(card(1), OLD)
    newest = town.family(card(1), BASE)
    assert resolved(town, engine, bad) == token(newest)


@pytest.mark.parametrize("version", [ANCIENT, OLD])
def test_an_older_or_equal_snapshot_answers_for_nothing(engine: Engine, version: str) -> None:
    town = Town()
    bad = town.family(card(1), OLD, **BAD[FAMILY])
    town.family(card(1), version)
    assert resolved(town, engine, bad) is None


def test_a_rejected_row_answers_for_nothing(engine: Engine) -> None:
    town = Town()
    bad = town.family(card(1), OLD, **BAD[FAMILY])
    town.family(card(1), BASE, **BAD[FAMILY])
    assert resolved(town, engine, bad) is None


def test_a_member_is_known_by_a_number_and_by_nothing_else(engine: Engine) -> None:
    town = Town()
    for version in (OLD, BASE):
        town.family(card(1), version)
    known = town.member(card(1), 1, OLD, **BAD[MEMBER])
    nameless = town.member(card(1), None, OLD, nama="LAIN", **BAD[MEMBER])
    numeric = town.member(card(1), None, OLD, **{NIK: "3.57E+15"})
    later = town.member(card(1), 1, BASE)
    town.member(card(1), None, BASE, nama="LAIN")
    assert resolved(town, engine, known) == token(later)
    assert resolved(town, engine, nameless) is None
    assert resolved(town, engine, numeric) is None


def test_a_later_visit_answers_for_a_visit_and_a_snapshot_does_not(engine: Engine) -> None:
    town = Town()
    town.family(card(1), BASE)
    town.member(card(1), 1, BASE)
    bad = town.visit(card(1), "2026-02-02", luas_lantai="99999")
    alone = town.visit(card(2), "2026-02-02", luas_lantai="99999")
    timeless = town.visit(card(1), "2026-02-02T99:00:00+07:00")
    town.visit(card(1), "2026-02-01")
    later = town.visit(card(1), "2026-02-03", luas_lantai="60")
    town.visit(card(1), "2026-02-04")
    assert resolved(town, engine, bad) == token(later)
    assert resolved(town, engine, alone) is None
    assert resolved(town, engine, timeless) is None


def test_a_row_that_takes_no_part_makes_nothing_good(engine: Engine) -> None:
    town = Town()
    for version in (OLD, BASE):
        town.family(card(1), version)
    town.member(card(1), 2, BASE)
    listed = town.member(card(1), 1, OLD, **BAD[MEMBER])
    town.member(card(9), 1, BASE)
    silent = town.met(town.visit(card(1), "2026-02-02"), keberadaan_anggota="2", jumlah_usaha="banyak", **{NIK: nik(2)})
    town.met(town.visit(card(1), "2026-02-09", hasil_kunjungan="3"), keberadaan_anggota="6", **{NIK: nik(2)})
    unknown = town.visit(card(5), "2026-02-02", luas_lantai="99999")
    town.visit(card(5), "2026-02-03", luas_lantai="60")
    assert resolved(town, engine, listed) is None
    assert resolved(town, engine, silent) is None
    assert resolved(town, engine, unknown) is None
    gap = {row[CARD]: row["alasan_tidak_lengkap"] for row in Run(town.readings(), engine).tables["keluarga"]}
    assert gap[card(1)] == "anggota_ditolak"


@pytest.mark.parametrize(("presence", "sex", "is_answered"), [("1", "1", True), ("1", "", True), ("5", "2", False)])
def test_another_person_with_the_number_makes_nothing_good(
    engine: Engine, presence: str, sex: str, *, is_answered: bool
) -> None:
    town = Town()
    town.family(card(1), BASE)
    town.member(card(1), 1, BASE, jenis_kelamin="1")
    bad = town.met(town.visit(card(1), "2026-02-02"), jumlah_usaha="banyak", jenis_kelamin="1", **{NIK: nik(1)})
    who = {NIK: nik(1), "nama": "LAIN", "tanggal_lahir": "1990-01-01"} if presence == "5" else {NIK: nik(1)}
    later = town.met(town.visit(card(1), "2026-02-09"), presence, jenis_kelamin=sex, **who)
    fates = {(row["src"], row["row"]): row["fate"] for row in Run(town.readings(), engine).tables["fate"]}
    assert fates[later] in ("contributed", "superseded")
    assert resolved(town, engine, bad) == (token(later) if is_answered else None)


def test_a_family_is_followed_to_its_new_card(engine: Engine) -> None:
    town = Town()
    for version, number in ((OLD, 1), (BASE, 2)):
        for person in (1, 2, 3):
            town.member(card(number), person, version)
    town.family(card(1), OLD)
    town.family(card(2), BASE)
    bad = town.visit(card(1), "2026-02-02", luas_lantai="99999")
    later = town.visit(card(2), "2026-08-03", luas_lantai="60")
    assert resolved(town, engine, bad) == token(later)


def test_a_rejected_visits_time_says_nothing_of_its_members(engine: Engine) -> None:
    town = Town()
    town.family(card(1), BASE)
    town.member(card(1), 1, BASE)
    town.visit(card(1), "2026-08-02", id_kunjungan="V", luas_lantai="99999")
    town.visit(card(1), "2026-02-01", id_kunjungan="V")
    town.met("V", **{NIK: nik(1)})
    bad = town.met(town.visit(card(1), "2026-02-02"), jumlah_usaha="banyak", **{NIK: nik(1)})
    assert resolved(town, engine, bad) is None


def test_a_member_met_again_leaves_the_family_complete(engine: Engine) -> None:
    town = Town()
    town.family(card(1), BASE)
    town.member(card(1), 1, BASE)
    first = town.visit(card(1), "2026-02-02")
    bad = town.met(first, jumlah_usaha="banyak", **{NIK: nik(1)})
    gap = {row[CARD]: row["alasan_tidak_lengkap"] for row in Run(town.readings(), engine).tables["keluarga"]}
    assert gap[card(1)] == "anggota_ditolak"
    again = town.met(town.visit(card(1), "2026-02-09"), **{NIK: nik(1)})
    assert resolved(town, engine, bad) == token(again)
    whole = {row[CARD]: row["alasan_tidak_lengkap"] for row in Run(town.readings(), engine).tables["keluarga"]}
    assert whole[card(1)] is None
    assert {VISIT, VISIT_MEMBER} <= {row["sumber"] for row in Run(town.readings(), engine).tables["fate"]}
