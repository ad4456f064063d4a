"""Surrogate ids: keyed, of the identifying fields alone, under a canonicaliser that must not change."""

import hashlib
import hmac

import narwhals as nw
import polars as pl
import pytest

from dtsen_pipeline.core.engine import Engine
from dtsen_pipeline.core.entities import ID_VERSION, id_name, person_key, with_family_id, with_person_id
from tests.core.rows import CARD, NIK, card, nik

KEY, OTHER = b"k" * 32, b"o" * 32


def keyed(text: str, key: bytes = KEY) -> str:
    return hmac.new(key, text.encode(), hashlib.sha256).hexdigest()[:32]


def person(**cells: object) -> dict[str, object]:
    plain = {NIK: nik(1), CARD: card(1), "id_name": "SITI", "tanggal_lahir": "1980-01-01", "jenis_kelamin": 2}
    return plain | cells


def keys(*rows: dict[str, object]) -> list[str | None]:
    frame = pl.DataFrame(rows, schema_overrides={"jenis_kelamin": pl.Int64}).with_columns(
        pl.col("tanggal_lahir").str.to_date(), pl.col(NIK, "id_name").cast(pl.String)
    )
    found: list[str | None] = nw.from_native(frame).select(key=person_key())["key"].to_list()
    return found


def test_a_person_is_the_nik_with_birth_date_and_sex() -> None:
    found = keys(person(), person(**{CARD: card(2), "id_name": "LAIN"}), person(id_name=None))
    assert found == [f"nik|{nik(1)}|1980-01-01|2"] * 3


def test_without_a_nik_it_is_card_name_birth_date_and_sex() -> None:
    rows = [person(**{NIK: None}), person(**{NIK: None, CARD: card(2)}), person(**{NIK: None, "id_name": "AMIN"})]
    assert keys(*rows) == [
        f"kk|{card(1)}|SITI|1980-01-01|2",
        f"kk|{card(2)}|SITI|1980-01-01|2",
        f"kk|{card(1)}|AMIN|1980-01-01|2",
    ]


def test_blank_and_unknown_facts_are_empty_and_nobody_has_no_key() -> None:
    rows = [
        person(tanggal_lahir=None, jenis_kelamin=None),
        person(jenis_kelamin=-2),
        person(**{NIK: None, "id_name": None}),
    ]
    assert keys(*rows) == [f"nik|{nik(1)}||", f"nik|{nik(1)}|1980-01-01|", None]


def test_the_name_of_an_id_is_frozen() -> None:
    cells = ["  siti   aminah ", "SITI AMINAH", "Müller", "haji siti", "", "  ", None, "a\u00a0b", "SITI,S.Pd"]
    frame = nw.from_native(pl.DataFrame({"nama": cells}))
    assert frame.select(name=id_name(nw.col("nama")))["name"].to_list() == [
        "SITI AMINAH",
        "SITI AMINAH",
        "Müller",
        "HAJI SITI",
        None,
        None,
        None,
        "a\u00a0b",
        "SITI,S.PD",
    ]


@pytest.mark.parametrize("key", [KEY, OTHER])
def test_ids_are_keyed_and_frozen_by_their_version(key: bytes, engine: Engine) -> None:
    frame = engine.load(pl.DataFrame({CARD: [card(1), card(2), None], "k": ["kk|x", None, "y"]}))
    found = engine.fetch(with_person_id(with_family_id(frame, engine, key), "k", "person_id", engine, key))
    assert ID_VERSION == "1"
    assert found["family_id"].to_list() == [
        keyed(f"1|keluarga|{card(1)}", key),
        keyed(f"1|keluarga|{card(2)}", key),
        None,
    ]
    assert found["person_id"].to_list() == [keyed("1|anggota|kk|x", key), None, keyed("1|anggota|y", key)]
    assert found[CARD].to_list() == [card(1), card(2), None]
