"""The review list of a release: pairs of persons who may be one."""

from datetime import date
from pathlib import Path

import polars as pl

from dtsen_pipeline.core.engine import Engine
from dtsen_pipeline.queries.alike import alike
from dtsen_pipeline.queries.reading import View

BORN = date(1980, 3, 17)
HOMES = [("f1", "3571010001"), ("f2", "3571010001"), ("f3", "3571020001")]
PEOPLE = [
    ("p1", "f1", "3571015703809001", "DEWI KUSUMA CONTOH", BORN, "3571010101019001"),
    ("p2", "f2", None, "HJ. DEWI KOESOEMA CONTOH", BORN, "3571010101019002"),
    ("p3", "f3", "3571015703809003", "RATNA LAKSONO CONTOH", BORN, "3571010101019003"),
    ("p4", "f3", "3571015703809004", "RATNA LAKSONO CONTOH", BORN, "3571010101019003"),
]


def _view(folder: Path) -> View:
    """A release of two tables, as its files stand."""
    tables = {
        "keluarga": pl.DataFrame(HOMES, schema=["family_id", "kode_kelurahan_desa"], orient="row"),
        "anggota": pl.DataFrame(
            PEOPLE,
            orient="row",
            schema=[
                "person_id",
                "family_id",
                "nomor_induk_kependudukan",
                "nama",
                "tanggal_lahir",
                "nomor_kartu_keluarga",
            ],
        ).with_columns(jenis_kelamin=pl.lit(2, dtype=pl.Int32)),
    }
    for name, table in tables.items():
        (folder / name).mkdir()
        table.write_parquet(folder / name / "part-0.parquet")
    return View("r", folder, {"files": {f"{name}/part-0.parquet": {} for name in tables}})


def test_a_person_without_a_nik_is_paired_with_who_is_alike(tmp_path: Path, engine: Engine) -> None:
    (pair,) = alike(_view(tmp_path), engine).to_dicts()
    assert (pair["id_l"], pair["id_r"], pair["decision"]) == ("p1", "p2", "sure")
    assert (pair["name"], pair["born"], pair["home"], pair["nik"]) == ("sound", "exact", "village", "missing")


def test_the_list_holds_no_value(tmp_path: Path, engine: Engine) -> None:
    text = str(alike(_view(tmp_path), engine).to_dicts())
    assert not [fact for row in PEOPLE for fact in row[2:] if fact is not None and str(fact) in text]
