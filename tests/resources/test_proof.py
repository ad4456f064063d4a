"""The proof of written tables: a sound release passes, each kind of damage is named, and no value is."""

import logging
from collections.abc import Callable
from pathlib import Path

import polars as pl
import pytest

from dtsen_pipeline.resources import proof
from dtsen_pipeline.resources.proof import Failure, Proof, prove
from dtsen_pipeline.schemas.release import KEYS, TABLES, polars_types
from tests.small_release import small_release, write

CANARY = "KENARI9127"
Change = Callable[[pl.DataFrame], pl.DataFrame]
FIRST, FOURTH = pl.int_range(pl.len()) == 0, pl.int_range(pl.len()) < 4


@pytest.fixture(autouse=True)
def _small_parts(monkeypatch: pytest.MonkeyPatch) -> None:
    """Every table of more than 40 rows is proved in several parts."""
    monkeypatch.setattr(proof, "PART", 40)


def proved(table: str, change: Change, directory: Path) -> Proof:
    tables = small_release()
    tables[table] = change(tables[table])
    return prove(table, write(tables, directory)[table])


def where(is_row: pl.Expr, column: str, value: object) -> Change:
    def changed(rows: pl.DataFrame) -> pl.DataFrame:
        kind = rows.schema[column]
        return rows.with_columns(pl.when(is_row).then(pl.lit(value, dtype=kind)).otherwise(column).alias(column))

    return changed


@pytest.mark.parametrize("table", TABLES)
def test_a_sound_table_passes(table: str, tmp_path: Path) -> None:
    tables = small_release()
    found = prove(table, write(tables, tmp_path)[table])
    assert found == Proof(table, tables[table].height, ())
    assert found.passed


@pytest.mark.parametrize("table", TABLES)
def test_a_table_without_rows_passes(table: str, tmp_path: Path) -> None:
    assert proved(table, lambda rows: rows.clear(), tmp_path) == Proof(table, 0, ())


VALUES = {
    "code outside its list": ("keluarga", where(FOURTH, "jenis_kloset", 98), "E_CODE", "jenis_kloset", 4),
    "decile out of range": ("keluarga", where(FOURTH, "desil_estimasi", 11), "in_range", "desil_estimasi", 4),
    "malformed card": (
        "keluarga",
        where(FIRST, "nomor_kartu_keluarga", CANARY),
        "E_KK_FORMAT",
        "nomor_kartu_keluarga",
        1,
    ),
    "malformed NIK": (
        "anggota",
        where(FIRST, "nomor_induk_kependudukan", CANARY),
        "E_NIK_FORMAT",
        "nomor_induk_kependudukan",
        1,
    ),
    "bad token": ("keluarga", where(FOURTH, "src", CANARY), "str_matches", "src", 4),
    "bad entity": ("lineage", where(FIRST, "entity_id", CANARY), "str_matches", "entity_id", 1),
    "null in a required column": (
        "keluarga",
        where(FOURTH, "nomor_kartu_keluarga", None),
        "series_contains_nulls",
        "nomor_kartu_keluarga",
        4,
    ),
    "unknown decision": ("lineage", where(FIRST, "decision", CANARY), "isin", "decision", 1),
    "unknown fate": ("fate", where(FOURTH, "fate", CANARY), "isin", "fate", 4),
    "empty mask": ("conflict", where(FIRST, "mask", 0), "greater_than", "mask", 1),
}


@pytest.mark.parametrize("case", VALUES)
def test_a_wrong_value_is_counted_and_not_shown(
    case: str,
    tmp_path: Path,
    capfd: pytest.CaptureFixture[str],
    caplog: pytest.LogCaptureFixture,
) -> None:
    table, change, check, column, rows = VALUES[case]
    with caplog.at_level(logging.DEBUG):
        found = proved(table, change, tmp_path)
    assert Failure(check, column, rows) in found.failures
    assert {failure.column for failure in found.failures} <= {column, None, *_keys(table)}
    assert not found.passed
    _assert_silent(found, capfd, caplog)


STRUCTURES = {
    "unknown column": (lambda rows: rows.with_columns(pl.lit(CANARY).alias(CANARY)), "column_not_in_schema"),
    "missing column": (lambda rows: rows.drop("alamat"), "column_not_in_dataframe"),
    "other order": (lambda rows: rows.select(rows.columns[::-1]), "column_not_ordered"),
    "other type": (lambda rows: rows.with_columns(pl.lit(CANARY).alias("luas_lantai")), "wrong_dtype"),
    "key of another type": (lambda rows: rows.with_columns(pl.lit(1).alias("family_id")), "wrong_dtype"),
    "key missing": (lambda rows: rows.drop("family_id"), "column_not_in_dataframe"),
}


@pytest.mark.parametrize("case", STRUCTURES)
def test_a_wrong_structure_is_named_without_undeclared_names(
    case: str,
    tmp_path: Path,
    capfd: pytest.CaptureFixture[str],
    caplog: pytest.LogCaptureFixture,
) -> None:
    change, check = STRUCTURES[case]
    found = proved("keluarga", change, tmp_path)
    assert check in {failure.check for failure in found.failures}
    assert all(failure.column is None or failure.column in polars_types("keluarga") for failure in found.failures)
    _assert_silent(found, capfd, caplog)


def test_all_failures_are_collected(tmp_path: Path) -> None:
    def broken(rows: pl.DataFrame) -> pl.DataFrame:
        return where(FOURTH, "desil_nasional", 0)(where(FIRST, "jenis_kloset", 98)(rows)).drop("alamat")

    assert proved("keluarga", broken, tmp_path).failures == (
        Failure("E_CODE", "jenis_kloset", 1),
        Failure("E_DESIL", "desil_nasional", 4),
        Failure("column_not_in_dataframe", "alamat", 92),
    )


@pytest.mark.parametrize("apart", [1, 60])
def test_a_repeated_key_is_found_within_and_across_parts(apart: int, tmp_path: Path) -> None:
    def repeated(rows: pl.DataFrame) -> pl.DataFrame:
        return pl.concat([rows, rows.head(apart).tail(1)]).sort("family_id")

    assert proved("keluarga", repeated, tmp_path).failures == (Failure("unique", "family_id", 1),)


def test_a_repeated_key_is_counted_where_the_order_is_wrong_too(tmp_path: Path) -> None:
    def repeated(rows: pl.DataFrame) -> pl.DataFrame:
        return pl.concat([rows, rows.head(2)])

    assert proved("keluarga", repeated, tmp_path).failures == (
        Failure("key_order", "family_id", 1),
        Failure("unique", "family_id", 2),
    )


def test_a_key_of_several_columns_is_compared_as_a_whole(tmp_path: Path) -> None:
    def swapped(rows: pl.DataFrame) -> pl.DataFrame:
        return pl.concat([rows.slice(1, 1), rows.slice(0, 1), rows.slice(2)])

    assert proved("fate", swapped, tmp_path).failures == (Failure("key_order", "src, row", 1),)


def test_files_in_the_wrong_order_break_the_sort_order(tmp_path: Path) -> None:
    files = write(small_release(), tmp_path)["anggota"]
    assert prove("anggota", files[::-1]).failures == (Failure("key_order", "person_id", 1),)


def test_a_second_unique_column_is_counted_over_all_parts(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(KEYS, "keluarga", ("src", "row"))
    change = where(pl.int_range(pl.len()) == pl.len() - 1, "family_id", f"{1:032x}")
    assert proved("keluarga", change, tmp_path).failures == (Failure("unique", "family_id", 1),)


def test_a_table_without_files_is_not_proved() -> None:
    assert prove("alias", []).failures == (Failure("no_files", None, 0),)


def test_a_file_that_cannot_be_read_is_a_failure(
    tmp_path: Path, capfd: pytest.CaptureFixture[str], caplog: pytest.LogCaptureFixture
) -> None:
    broken = tmp_path / f"{CANARY}.parquet"
    for path in (broken, tmp_path / f"{CANARY}-none.parquet"):
        broken.write_text(CANARY)
        found = prove("alias", [path])
        assert found.failures == (Failure("unreadable", None, 1),)
        _assert_silent(found, capfd, caplog)


def test_the_environment_cannot_switch_the_proof_off(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("pandera.config.CONFIG.validation_enabled", False)
    assert not proved("keluarga", where(FIRST, "jenis_kloset", 98), tmp_path).passed


def _keys(table: str) -> set[str]:
    return {", ".join(KEYS[table])}


def _assert_silent(found: Proof, capfd: pytest.CaptureFixture[str], caplog: pytest.LogCaptureFixture) -> None:
    printed = capfd.readouterr()
    assert CANARY not in f"{found!r}{printed.out}{printed.err}{caplog.text}"
