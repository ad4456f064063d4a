"""A source's way of writing becomes the contract's on every engine; what a profile does not explain is marked."""

import os
import shutil
from collections.abc import Iterator
from dataclasses import replace
from importlib.util import find_spec
from pathlib import Path

import polars as pl
import pytest

from dtsen_pipeline.core.engine import Engine
from dtsen_pipeline.core.normalise import normalise
from dtsen_pipeline.core.translate import filled, translate
from dtsen_pipeline.reference import city, profiles
from dtsen_pipeline.resources.engines import open_engine
from dtsen_pipeline.schemas.columns import UNKNOWN_CODE
from dtsen_pipeline.schemas.tables import tables

HAS_JAVA = bool(os.environ.get("JAVA_HOME") or shutil.which("java")) and find_spec("pyspark") is not None
SIKS, BPS, KOBO = "a" * 12, "b" * 12, "c" * 12
PLACE = city()


@pytest.fixture(
    scope="module",
    params=["polars", "duckdb", pytest.param("spark", marks=pytest.mark.skipif(not HAS_JAVA, reason="no Java"))],
)
def engine(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Engine]:
    """Each engine."""
    opened = open_engine(request.param, tmp_path_factory.mktemp("scratch"))
    yield opened
    opened.close()


def cells(engine: Engine, table: str, column: str, rows: list[tuple[str, str | None]]) -> list[object]:
    """What one column of rows (file, text) reads as in the contract, in order."""
    frame = pl.DataFrame(
        [(src, place, text) for place, (src, text) in enumerate(rows, start=2)],
        schema={"src": pl.String, "row": pl.Int64, column: pl.String},
        orient="row",
    )
    suffix = "keluarga" if table == "keluarga" else "anggota"
    known = {BPS: profiles()[f"bps_v3_{suffix}"], SIKS: profiles()[f"kemensos_v1_{suffix}"]}
    if table == "kunjungan":
        known = {KOBO: profiles()["kobo_v1_json"], BPS: profiles()["lapangan_v1_kunjungan"]}
    read = translate(engine.load(filled(frame, table)), tables()[table], known, PLACE)
    found = engine.fetch(normalise(read, tables()[table], PLACE)).sort("row")
    return found[column].to_list()


def test_a_code_map_is_the_file_s_own(engine: Engine) -> None:
    texts = ["1", "0", " Ya ", "1.0", "0.0", "2", "", None]
    found = cells(engine, "keluarga", "pbi_nas", [(SIKS, text) for text in texts])
    assert found == [1, 2, 1, 1, 2, UNKNOWN_CODE, None, None]
    assert cells(engine, "keluarga", "pbi_nas", [(BPS, "2"), (SIKS, "2"), (BPS, "0")]) == [
        2,
        UNKNOWN_CODE,
        UNKNOWN_CODE,
    ]
    assert cells(engine, "anggota", "jenis_kelamin", [(SIKS, "L"), (SIKS, "P"), (SIKS, "Laki-laki")]) == [
        1,
        2,
        UNKNOWN_CODE,
    ]


def test_a_day_is_read_in_the_declared_form_only(engine: Engine) -> None:
    rows = [(SIKS, "31/12/1990"), (SIKS, "1990-12-31"), (SIKS, "31-12-1990"), (SIKS, "31/02/1990"), (BPS, "1990-12-31")]
    found = [str(day) if day else None for day in cells(engine, "anggota", "tanggal_lahir", rows)]
    assert found == ["1990-12-31", None, None, None, "1990-12-31"]
    assert cells(engine, "anggota", "tanggal_lahir", [(BPS, "31/12/1990")]) == [None]


def test_point_zero_is_whole_where_the_profile_says_so(engine: Engine) -> None:
    rows = [(SIKS, "36.0"), (SIKS, "36"), (SIKS, "36.5"), (SIKS, "1.0.0"), (BPS, "36.0")]
    assert cells(engine, "keluarga", "luas_lantai", rows) == [36, 36, None, None, None]
    assert cells(engine, "keluarga", "jenis_lantai_terluas", [(SIKS, "2.0"), (BPS, "2.0")]) == [2, UNKNOWN_CODE]


def test_region_codes_of_the_home_ministry_become_those_of_bps(engine: Engine) -> None:
    village = [(SIKS, "35.71.01.1001"), (SIKS, "3571011001"), (SIKS, "3506011001"), (BPS, "3571010007")]
    assert cells(engine, "keluarga", "kode_kelurahan_desa", village) == [
        "3571010007",
        "3571010007",
        "3506011001",
        "3571010007",
    ]
    assert cells(engine, "keluarga", "kode_kecamatan", [(SIKS, "35.71.01"), (SIKS, "357103")]) == ["3571010", "3571030"]
    assert cells(engine, "keluarga", "kode_kabupaten_kota", [(SIKS, "35.71")]) == ["3571"]


def test_a_phone_s_moments_and_places_fit_the_contract(engine: Engine) -> None:
    rows = [
        (KOBO, "2026-10-05T09:30:00.123+07:00"),
        (KOBO, "2026-10-05T02:30:00.000Z"),
        (KOBO, "2026-10-05T09:30:00+07:00"),
        (KOBO, "2026-10-05T09:30:00.1+07:00"),
        (BPS, "2026-10-05T09:30:00.123+07:00"),
    ]
    assert cells(engine, "kunjungan", "waktu_kunjungan", rows) == [
        "2026-10-05T09:30:00+07:00",
        "2026-10-05T02:30:00+00:00",
        "2026-10-05T09:30:00+07:00",
        None,
        None,
    ]
    long = [(KOBO, "-7.816543210123456"), (KOBO, "112.0123456789"), (KOBO, "-7.8165"), (BPS, "-7.816543210123456")]
    assert cells(engine, "kunjungan", "lintang", long) == [
        "-7.81654321",
        "112.01234567",
        "-7.8165",
        "-7.816543210123456",
    ]


def test_there_is_none_stays_an_answer(engine: Engine) -> None:
    assert cells(engine, "kunjungan", "luas_lantai", [(KOBO, "TIDAK_ADA")]) == [-1]


def test_a_profile_in_the_contract_s_own_words_changes_nothing(tmp_path: Path) -> None:
    engine = open_engine("polars", tmp_path)
    frame = engine.load(filled(pl.DataFrame({"src": [BPS], "row": [2], "pbi_nas": [" 1 "]}), "keluarga"))
    assert translate(frame, tables()["keluarga"], {BPS: profiles()["bps_v3_keluarga"]}, PLACE) is frame
    other = replace(profiles()["bps_v3_keluarga"], id="x", codes={"pbi_nas": {"1": "2"}})
    assert engine.fetch(translate(frame, tables()["keluarga"], {BPS: other}, PLACE))["pbi_nas"].to_list() == ["2"]
