"""The release models: a small valid table passes, and each way to break it is refused."""

from datetime import date
from typing import Any

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pandera.errors import SchemaError

from dtsen_pipeline.reference import code_lists
from dtsen_pipeline.schemas.columns import UNKNOWN_CODE, Kind, columns
from dtsen_pipeline.schemas.release import KEYS, TABLES, Keluarga, polars_types

SRC, ENTITY, OTHER = "0123456789ab", "0" * 32, "f" * 32
POINTER: dict[str, Any] = {"src": SRC, "row": 2}
TRACED = POINTER | {"tabel": "keluarga", "entity_id": ENTITY, "mask": 1 << 19}
CARD = "3571010101019001"
VALID: dict[str, dict[str, Any]] = {
    "keluarga": POINTER | {"family_id": ENTITY, "nomor_kartu_keluarga": CARD, "is_lengkap": True, "desil_nasional": 2},
    "anggota": POINTER
    | {"person_id": ENTITY, "family_id": ENTITY, "nomor_kartu_keluarga": CARD, "keberadaan_anggota": 1},
    "lineage": TRACED | {"sumber": "kunjungan", "decision": "changed"},
    "conflict": TRACED | {"sumber": "keluarga", "decision": "overridden", "mask_keras": 1 << 19, "mask_lunak": 0},
    "rejected": POINTER | {"sumber": "anggota", "reasons": "E_NIK_FORMAT:nomor_induk_kependudukan"},
    "warned": POINTER | {"sumber": "anggota", "warnings": "W_NIK_SEX|W_NIK_REGION"},
    "fate": POINTER | {"sumber": "keluarga", "fate": "base"},
    "alias": {"tabel": "anggota", "alias_id": OTHER, "entity_id": ENTITY},
    "vanished": POINTER | {"tabel": "keluarga", "entity_id": ENTITY},
    "peristiwa": POINTER
    | {"tabel": "anggota", "entity_id": ENTITY, "peristiwa": "pindah", "hari": date(2026, 7, 1), "dari_id": OTHER},
    "tautan": POINTER
    | {"person_id": ENTITY, "pihak_a": ENTITY, "pihak_b": OTHER, "src_b": SRC, "row_b": 3}
    | {"bobot": 900, "peluang_per_sejuta": 998_050, "model": "0" * 64},
    "summary": {"measure": "families", "kelurahan": "", "category": "", "count": 0},
}
BROKEN = [
    ("keluarga", "family_id", "0" * 31),
    ("keluarga", "family_id", None),
    ("keluarga", "src", "0123456789AB"),
    ("keluarga", "src", SRC + "\n"),
    ("keluarga", "row", 0),
    ("keluarga", "nomor_kartu_keluarga", None),
    ("keluarga", "nomor_kartu_keluarga", CARD[:-1]),
    ("keluarga", "kode_kelurahan_desa", "3571010"),
    ("keluarga", "is_lengkap", None),
    ("keluarga", "alasan_tidak_lengkap", "lain"),
    ("keluarga", "desil_nasional", 11),
    ("keluarga", "desil_estimasi", 0),
    ("keluarga", "luas_lantai", 998),
    ("keluarga", "jenis_lantai_terluas", UNKNOWN_CODE),
    ("anggota", "nomor_induk_kependudukan", "35710101019001"),
    ("anggota", "family_id", None),
    ("anggota", "keberadaan_anggota", 7),
    ("anggota", "penyakit_kronis", 19),
    ("lineage", "mask", 0),
    ("lineage", "decision", "overridden"),
    ("lineage", "tabel", "kunjungan"),
    ("lineage", "sumber", "register"),
    ("conflict", "decision", "confirmed"),
    ("conflict", "mask_keras", None),
    ("conflict", "mask_lunak", -1),
    ("rejected", "reasons", "W_NIK_SEX"),
    ("rejected", "reasons", None),
    ("warned", "warnings", "E_NIK_FORMAT"),
    ("fate", "fate", "lost"),
    ("fate", "row", None),
    ("alias", "alias_id", SRC),
    ("vanished", "tabel", "kunjungan"),
    ("peristiwa", "peristiwa", "hilang"),
    ("peristiwa", "hari", None),
    ("peristiwa", "dari_id", SRC),
    ("tautan", "person_id", None),
    ("tautan", "pihak_b", SRC),
    ("tautan", "row_b", 0),
    ("tautan", "bobot", None),
    ("tautan", "peluang_per_sejuta", 1_000_001),
    ("tautan", "model", ENTITY),
    ("summary", "count", -1),
]


def table(name: str, *rows: dict[str, Any]) -> pl.DataFrame:
    """Rows of a release table in its published types; what is not given is null."""
    return pl.DataFrame(list(rows), schema=polars_types(name))


@pytest.mark.parametrize("name", TABLES)
def test_a_valid_table_passes_unchanged(name: str) -> None:
    """Validation changes nothing."""
    frame = table(name, VALID[name])
    assert TABLES[name].validate(frame).equals(frame)


@pytest.mark.parametrize("name", TABLES)
def test_an_empty_table_passes(name: str) -> None:
    """A week without conflicts has an empty conflict table."""
    assert TABLES[name].validate(table(name)).is_empty()


@pytest.mark.parametrize(("name", "column", "value"), BROKEN)
def test_a_broken_value_is_refused(name: str, column: str, value: object) -> None:
    """Every rule of the models, broken one at a time."""
    with pytest.raises(SchemaError):
        TABLES[name].validate(table(name, VALID[name] | {column: value}))


@pytest.mark.parametrize("name", TABLES)
def test_an_undeclared_column_is_refused(name: str) -> None:
    """Nothing is published that nobody declared."""
    frame = table(name, VALID[name]).with_columns(catatan=pl.lit("x"))
    with pytest.raises(SchemaError):
        TABLES[name].validate(frame)


@pytest.mark.parametrize("name", TABLES)
def test_a_missing_column_is_refused(name: str) -> None:
    """Every declared column is published, blank or not."""
    frame = table(name, VALID[name])
    with pytest.raises(SchemaError):
        TABLES[name].validate(frame.drop(frame.columns[-1]))


@pytest.mark.parametrize("name", TABLES)
def test_a_column_of_another_type_is_refused(name: str) -> None:
    """A number is not turned into text unseen, nor text into a number."""
    frame = table(name, VALID[name])
    key = KEYS[name][0]
    with pytest.raises(SchemaError):
        TABLES[name].validate(frame.with_columns(pl.lit(1.5).alias(key)))


@pytest.mark.parametrize("name", ["keluarga", "anggota"])
def test_an_entity_is_published_once(name: str) -> None:
    """The same id twice is refused."""
    with pytest.raises(SchemaError):
        TABLES[name].validate(table(name, VALID[name], VALID[name] | {"row": 3}))


@pytest.mark.parametrize("name", TABLES)
def test_the_key_is_made_of_declared_columns(name: str) -> None:
    """Every table is sorted by columns that it has."""
    assert set(KEYS[name]) <= set(polars_types(name))
    assert set(KEYS) == set(TABLES)


@given(
    column=st.sampled_from([column for column in columns(Keluarga) if column.kind is Kind.CODE]),
    value=st.integers(-3, 100),
)
@settings(max_examples=40, deadline=None)
def test_a_code_is_published_only_if_it_is_listed(column: Any, value: int) -> None:
    """For every coded column: listed codes pass, all others are refused."""
    frame = table("keluarga", VALID["keluarga"] | {column.name: value})
    if value in code_lists()[column.codes].values:
        assert Keluarga.validate(frame).equals(frame)
    else:
        with pytest.raises(SchemaError):
            Keluarga.validate(frame)
