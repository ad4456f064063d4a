"""Doubts name rows, columns and reasons; they hold no value, and go when what they ask for is done."""

from collections.abc import Callable
from pathlib import Path

import pytest

from dtsen_pipeline.core.engine import Engine
from dtsen_pipeline.queries.doubts import COMPARED, Doubt, doubts
from dtsen_pipeline.queries.reading import View
from dtsen_pipeline.schemas.release import KEYS
from tests.core.rows import BASE, NIK, OLD, Pointer, Town, card, nik
from tests.running import Run

BORN = "tanggal_lahir"
RIGHT, WRONG = nik(1), f"{nik(1)[:7]}2{nik(1)[8:]}"
"""The second is the first with one digit of the day mistyped."""


@pytest.fixture
def released(engine: Engine, tmp_path: Path) -> Callable[[Town], View]:
    """A town's release, as its readers open it."""

    def released(town: Town) -> View:
        tables = Run(town.readings(), engine).outcome.tables
        for name in ("anggota", "warned"):
            (tmp_path / name).mkdir()
            engine.sink(tables[name], tmp_path / name / "part-0.parquet", KEYS[name])
        return View("r", tmp_path, {"files": {f"{name}/part-0.parquet": {} for name in ("anggota", "warned")}})

    return released


def token(pointer: Pointer) -> str:
    """A row as people name it."""
    return "{}-{}".format(*pointer)


def beside(found: tuple[Doubt, ...], code: str) -> dict[str, tuple[str, ...]]:
    """The rows to compare by the row that a doubt is about."""
    return {row.token: row.beside for row in found if row.code == code}


def _mistyped(town: Town, version: str = BASE) -> tuple[Pointer, Pointer]:
    """Two members of one card, one of whom bears the other's number with a digit mistyped."""
    town.family(card(1), version)
    child = {BORN: "1999-09-09", "nama": "CONTOH DUA", "status_hubungan_keluarga": "3", "status_kawin": "1"}
    return town.member(card(1), None, version, **{NIK: RIGHT}), town.member(
        card(1), None, version, **{NIK: WRONG}, **child
    )


def test_a_mistyped_number_is_doubted_beside_the_number_it_is_nearly(released: Callable[[Town], View]) -> None:
    town = Town()
    right, wrong = _mistyped(town)
    town.member(card(1), 700, nama="CONTOH TIGA", tanggal_lahir="2001-01-01", status_hubungan_keluarga="3")
    found = doubts(released(town))
    assert [(row.token, row.table, row.columns, row.beside) for row in found.rows] == [
        (token(wrong), "anggota", (NIK, "nomor_kartu_keluarga"), (token(right),))
    ]
    assert [(why.code, why.count) for why in found.reasons] == [("W_NIK_NEIGHBOUR", 1)]
    assert not any(number in repr(found) for number in (RIGHT, WRONG, "CONTOH", "1999"))


def test_a_snapshot_that_puts_the_number_right_ends_the_doubt(released: Callable[[Town], View]) -> None:
    town = Town()
    _mistyped(town, OLD)
    town.family(card(1))
    town.member(card(1), 1)
    town.member(card(1), 7, tanggal_lahir="1999-09-09", nama="CONTOH DUA", status_hubungan_keluarga="3")
    assert doubts(released(town)).rows == ()


def test_a_shared_number_is_doubted_on_both_sides(released: Callable[[Town], View]) -> None:
    town = Town()
    town.family(card(1))
    town.family(card(2))
    here = town.member(card(1), 1)
    there = town.member(card(2), None, nomor_induk_kependudukan=nik(1), tanggal_lahir="1985-05-05", nama="CONTOH DUA")
    found = doubts(released(town)).rows
    both = {token(here): (token(there),), token(there): (token(here),)}
    assert beside(found, "W_NIK_TWO_FAMILIES") == beside(found, "W_NIK_TWO_NAMES") == both


def test_one_person_under_two_numbers_is_doubted_on_both_sides(released: Callable[[Town], View]) -> None:
    town = Town()
    town.family(card(1))
    one, other = town.member(card(1), 1), town.member(card(1), 500, status_hubungan_keluarga="8")
    found = doubts(released(town)).rows
    assert beside(found, "W_PERSON_TWICE") == {token(one): (token(other),), token(other): (token(one),)}


def test_every_proposal_stands_on_a_warning_about_numbers() -> None:
    assert set(COMPARED) == {"W_NIK_NEIGHBOUR", "W_PERSON_TWICE", "W_NIK_TWO_FAMILIES", "W_NIK_TWO_NAMES"}
