"""The door: it opens for a sound release only, and says what is wrong in names and counts."""

import logging
from pathlib import Path

import polars as pl
import pytest

from dtsen_pipeline.resources.door import DoorReport, door, require
from dtsen_pipeline.resources.judge import Limit, Thresholds
from dtsen_pipeline.schemas.errors import DtsenError
from dtsen_pipeline.schemas.release import TABLES
from tests.small_release import CITY, Tables, small_release, summed, write

CANARY = "KENARI9127"


def tried(tables: Tables, directory: Path, thresholds: Thresholds | None = None) -> DoorReport:
    return door(write(tables, directory), tables["summary"], CITY, thresholds)


def refusal(report: DoorReport) -> str:
    with pytest.raises(DtsenError) as caught:
        require(report)
    assert caught.value.code == "E_DOOR"
    assert caught.value.__cause__ is caught.value.__context__ is None
    return caught.value.message


def test_a_sound_release_passes(tmp_path: Path) -> None:
    report = tried(small_release(), tmp_path)
    require(report)
    assert report.passed
    assert [proof.table for proof in report.proofs] == list(TABLES)
    assert report.verdict is not None
    assert report.verdict.passed


def test_an_unproved_table_is_named_and_no_population_is_judged(
    tmp_path: Path, capfd: pytest.CaptureFixture[str], caplog: pytest.LogCaptureFixture
) -> None:
    tables = small_release()
    names = ["alamat", "src", "nomor_kartu_keluarga"]
    tables["keluarga"] = tables["keluarga"].with_columns(pl.lit(CANARY).alias(name) for name in names)
    with caplog.at_level(logging.DEBUG):
        report = tried(tables, tmp_path)
        message = refusal(report)
    assert report.verdict is None
    assert message == (
        "tabel keluarga: E_KK_FORMAT pada kolom nomor_kartu_keluarga (92 dari 92 baris); "
        "tabel keluarga: str_matches pada kolom src (92 dari 92 baris)"
    )
    printed = capfd.readouterr()
    assert CANARY not in f"{report!r}{message}{printed.out}{printed.err}{caplog.text}"


def test_an_unlikely_population_is_named_with_its_figure(tmp_path: Path) -> None:
    tables = small_release()
    tables["anggota"] = tables["anggota"].with_columns(nomor_induk_kependudukan=pl.lit(None, dtype=pl.String))
    report = tried(summed(tables), tmp_path)
    assert all(proof.passed for proof in report.proofs)
    assert refusal(report) == "Anggota tanpa NIK / Members without NIK: 276 / 276 = 100 % (batas ≤ 25 %)"


def test_thresholds_reach_the_judge(tmp_path: Path) -> None:
    strict = Thresholds(kunjungan_tanpa_keluarga=Limit(0, 0.01))
    assert refusal(tried(small_release(), tmp_path, strict)).startswith(
        "Kunjungan tanpa keluarga / Visits that meet no family: 1 / 20 "
    )


def test_a_summary_of_other_tables_does_not_pass(tmp_path: Path) -> None:
    tables = small_release()
    fewer = summed({**tables, "keluarga": tables["keluarga"].head(-1)})
    report = door(write(tables, tmp_path), fewer["summary"], CITY)
    assert "Published of the expected families: 91 / 92 " in refusal(report)


def test_a_table_that_is_missing_or_undeclared_closes_the_door(tmp_path: Path) -> None:
    tables = small_release()
    files = write(tables, tmp_path)
    alias = files.pop("alias")
    report = door({**files, CANARY: alias}, tables["summary"], CITY)
    message = refusal(report)
    assert "tabel alias: no_files" in message
    assert "undeclared_table (1 " in message
    assert CANARY not in f"{report!r}{message}"
