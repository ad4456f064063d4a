"""Canonical values: what is read, what is marked unreadable, and that doing it twice changes nothing."""

from datetime import date, datetime, timedelta
from random import Random
from typing import Any

import narwhals as nw
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dtsen_pipeline.core.normalise import normalise, region_names
from dtsen_pipeline.reference import city
from dtsen_pipeline.schemas.columns import CLEARED, UNKNOWN_CODE, Kind
from dtsen_pipeline.schemas.tables import FAMILY, INPUT_TABLES, MEMBER, REGISTER, VISIT, VISIT_MEMBER, Table, tables
from tests.core.rows import CARD, CITY, NIK, numbered

FLOOR, ROOMS, CATTLE, BORN, AT = (
    "jenis_lantai_terluas",
    "luas_lantai",
    "jumlah_ternak_sapi",
    "tanggal_lahir",
    "waktu_kunjungan",
)


def records(table: str, *rows: dict[str, str]) -> pl.DataFrame:
    frame = nw.from_native(numbered(table, rows).lazy())
    found: pl.LazyFrame = normalise(frame, tables()[table], city(CITY)).to_native()
    return found.collect()


def alone(table: str, column: str, *cells: str) -> pl.DataFrame:
    """One column by itself."""
    time_or_number = AT if table == VISIT else BORN if table in (MEMBER, VISIT_MEMBER) else ROOMS
    only = Table(table, tuple(tables()[table].column(name) for name in {time_or_number: "", column: ""}))
    blanks = {"src": "a" * 12, "row": range(len(cells)), time_or_number: ""}
    frame = pl.DataFrame(blanks | {column: pl.Series(cells, dtype=pl.String)})
    found: pl.LazyFrame = normalise(nw.from_native(frame.lazy()), only, city(CITY)).to_native()
    return found.collect()


def values(table: str, column: str, *cells: str) -> list[Any]:
    return alone(table, column, *cells)[column].to_list()


def unreadable(table: str, column: str, *cells: str) -> list[bool]:
    marks = alone(table, column, *cells)["unreadable"].fill_null("")
    assert set(marks) <= {"", f"|{column}|"}
    return [bool(mark) for mark in marks]


@pytest.mark.parametrize("table", INPUT_TABLES)
def test_every_row_stays_in_its_place_with_every_column(table: str) -> None:
    found = records(table, {CARD: "b"}, {CARD: "a"}, {CARD: "b"})
    assert found[CARD].to_list() == ["b", "a", "b"]
    assert found["row"].to_list() == [2, 3, 4]
    assert found.columns[:2] == ["src", "row"]
    assert set(tables()[table].names) < set(found.columns)
    assert ("id_name" in found.columns) == (table in (MEMBER, VISIT_MEMBER, REGISTER))


def test_codes_are_read_by_number_and_by_label() -> None:
    cells = ("6", " 6 ", "Semen/bata merah", "SEMEN/BATA MERAH", "semen/bata merah", "91")
    assert values(FAMILY, FLOOR, *cells) == [6, 6, 6, 6, 6, 91]
    assert values(FAMILY, "bahan_bakar_utama_memasak", "0", "12") == [12, 12]
    assert values(MEMBER, "jenis_kelamin", "L", "P", "Laki-laki") == [1, 2, 1]


@pytest.mark.parametrize("cell", ["06", "6.0", "6 ", "-1", "-2", "99", "Semen", "6|", "TIDAK_ADA"])
def test_other_codes_are_unknown_and_never_guessed(cell: str) -> None:
    assert values(FAMILY, FLOOR, cell) == [6 if cell == "6 " else UNKNOWN_CODE]


def test_blank_is_null() -> None:
    for column in (FLOOR, "alamat", CARD, "nama_kepala_keluarga", "kode_kelurahan_desa"):
        assert values(FAMILY, column, "", " ", "   ") == [None, None, None]
    for table, column in ((FAMILY, ROOMS), (MEMBER, BORN), (VISIT, AT)):
        assert values(table, column, "", " ") == [None, None]
        assert unreadable(table, column, "", " ") == [False, False]


def test_there_is_none_counts_only_in_the_field() -> None:
    assert values(VISIT, FLOOR, "TIDAK_ADA") == [CLEARED]
    assert values(VISIT, ROOMS, "TIDAK_ADA") == [CLEARED]
    assert values(VISIT, CATTLE, "TIDAK_ADA") == [0]
    assert values(VISIT, "alamat", "TIDAK_ADA") == ["TIDAK_ADA"]
    assert values(VISIT, "lengan_acak", "TIDAK_ADA") == values(VISIT, "hasil_kunjungan", "TIDAK_ADA") == [UNKNOWN_CODE]
    assert values(VISIT_MEMBER, "keberadaan_anggota", "TIDAK_ADA") == [UNKNOWN_CODE]
    assert values(FAMILY, ROOMS, "TIDAK_ADA") == [None]
    assert unreadable(FAMILY, ROOMS, "TIDAK_ADA") == [True]
    assert unreadable(VISIT, ROOMS, "TIDAK_ADA") == [False]


def test_counts_are_whole_numbers() -> None:
    cells = ("0", "30", "007", "999999999", "1e3", "3.0", "3,5", "-3", "+3", "1 000", "9999999999", "٣")
    assert values(FAMILY, ROOMS, *cells) == [0, 30, 7, 999_999_999, *[None] * 8]
    assert unreadable(FAMILY, ROOMS, *cells) == [False] * 4 + [True] * 8


def test_every_day_of_the_calendar_and_no_other() -> None:
    days = [date(1899, 12, 31) + timedelta(days=number) for number in range(0, 51_000, 5)]
    days += [date(year, 2, 29) for year in (1904, 2000, 2024, 2400)]
    assert values(MEMBER, BORN, *(day.isoformat() for day in days)) == days
    false = ["2025-02-29", "1900-02-29", "2100-02-29", "2026-04-31", "2026-13-01", "2026-00-10", "2026-01-00"]
    false += ["2026-1-01", "01-01-2026", "2026/01/01", "20260101", "2026-01-01 ", "2026-01-01T00:00:00", "26-01-01"]
    found = values(MEMBER, BORN, *false)
    assert found == [date(2026, 1, 1) if cell == "2026-01-01 " else None for cell in false]
    assert unreadable(MEMBER, BORN, *false) == [cell != "2026-01-01 " for cell in false]


@settings(max_examples=15, deadline=None)
@given(st.lists(st.from_regex(r"[0-9]{4}-[0-9]{2}-[0-9]{2}", fullmatch=True), min_size=20, max_size=90))
def test_a_date_is_read_where_the_standard_library_reads_it(cells: list[str]) -> None:
    assert [value for value in values(MEMBER, BORN, *cells) if value] == [day for day in map(_day, cells) if day]


def _day(text: str) -> date | None:
    try:
        return date.fromisoformat(text) if text.isascii() else None
    except ValueError:
        return None


def test_a_moment_has_its_offset() -> None:
    good = ("2026-09-21T09:30:00+07:00", "2026-09-21T23:59:59-03:30", "2024-02-29T00:00:00+14:00")
    assert values(VISIT, AT, *good) == list(good)
    assert all(datetime.fromisoformat(moment) for moment in good)
    bad = ["2026-09-21T09:30:00", "2026-09-21", "2026-09-21T24:00:00+07:00", "2026-09-21T09:60:00+07:00"]
    bad += ["2025-02-29T09:30:00+07:00", "2026-09-21T09:30:00Z", "2026-09-21 09:30:00+07:00", "2026-09-21T09:30+07:00"]
    bad += ["2026-09-21T09:30:00+15:00", "2026-09-21T09:30:00+07:60", "2026-09-21T09:30:61+07:00"]
    assert values(VISIT, AT, *bad) == [None] * len(bad)
    assert unreadable(VISIT, AT, *bad) == [True] * len(bad)


def test_names_are_single_spaced_and_ascii_ones_in_upper_case() -> None:
    cells = (" siti  aminah ", "SITI AMINAH", "Müller", "I'm b.", "ß")
    assert values(MEMBER, "nama", *cells) == ["SITI AMINAH", "SITI AMINAH", "Müller", "I'M B.", "ß"]
    assert values(FAMILY, "alamat", "Jl.  Mawar   1") == ["Jl. Mawar 1"]


def test_numbers_keep_their_text() -> None:
    assert values(MEMBER, NIK, " 3571010101809001 ", "0071", "3.57E+15") == ["3571010101809001", "0071", "3.57E+15"]
    assert values(FAMILY, "kode_kelurahan_desa", "3571010007", "0") == ["3571010007", "0"]


def test_names_of_regions_come_from_their_codes() -> None:
    row = {
        "kode_provinsi": "35",
        "kode_kabupaten_kota": "3571",
        "kode_kecamatan": "3571010",
        "kode_kelurahan_desa": "3571010007",
    }
    found = records(FAMILY, row, row | {"kode_kelurahan_desa": "3506130001"}).to_dicts()
    known = region_names(city(CITY))
    assert [found[0][name] for name in ("provinsi", "kabupaten_kota", "kecamatan", "kelurahan_desa")] == [
        known[code] for code in row.values()
    ]
    assert found[1]["kelurahan_desa"] is None
    assert known["3571"].endswith("KEDIRI")
    assert len(known) == 1 + 1 + 3 + 46


TOKENS = (
    *("", " ", "1", "2", "02", "0", "91", "99", "TIDAK_ADA", "Ya", "tidak", "2026-02-29", "2024-02-29", "siti  a"),
    *(" siti ", "Kramik", "2026-09-21T09:30:00+07:00", "3571010101809001", "35", "-7.81", "é", "1e3", "12"),
)


@settings(max_examples=2, deadline=None)
@given(seed=st.integers(0, 2**32))
@pytest.mark.parametrize("table", INPUT_TABLES)
def test_doing_it_twice_changes_nothing(table: str, seed: int) -> None:
    names = [column.name for column in tables()[table].columns if column.kind is not Kind.REGION_NAME]
    random = Random(seed)  # noqa: S311 - which cells are drawn is no secret
    once = records(table, *({name: random.choice(TOKENS) for name in names} for _ in range(40)))
    told = [{name: _told(row[name]) for name in names} for row in once.to_dicts()]
    again = records(table, *told)
    assert again.drop("unreadable").equals(once.drop("unreadable"))


def _told(value: object) -> str:
    """A canonical value as it would be delivered."""
    marks: dict[object, str] = {None: "", CLEARED: "TIDAK_ADA", UNKNOWN_CODE: "99"}
    return marks[value] if value in marks else str(value)
