"""The extract of the population register tells the truth, and the rest of the city is what it is without it."""

from pathlib import Path

import polars as pl
import pytest

from dtsen_pipeline.synthetic import generate

FATES = {"died_before": "2", "died": "2", "moved_out": "3", "family_gone": "3", "abroad": "4"}
NIK, BORN = "nomor_induk_kependudukan", "tanggal_lahir"


@pytest.fixture(scope="module")
def cities(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """A city with an extract, and the same one without."""
    folder = tmp_path_factory.mktemp("extract")
    for name in ("told", "plain"):
        generate(200, 9, folder / name, has_extract=name == "told")
    return folder / "told", folder / "plain"


def extract(city: Path) -> pl.DataFrame:
    """The rows of the extract as text."""
    return pl.read_csv(city / "register" / "kependudukan_3571.csv", infer_schema=False)


def persons(city: Path) -> pl.DataFrame:
    """The truth about everybody."""
    return pl.read_parquet(city / "truth" / "persons.parquet")


def test_everybody_is_in_it_but_those_whom_the_register_does_not_know(cities: tuple[Path, Path]) -> None:
    truth = persons(cities[0])
    known = truth.filter(~pl.col("nik_unmatched"))
    rows = extract(cities[0]).join(known, on=NIK, suffix="_true")
    assert rows.height == known.height == extract(cities[0]).height < truth.height
    status = rows["fate"].replace_strict(FATES, default="1")
    assert rows["status_kependudukan"].to_list() == status.to_list()
    assert set(status) == {"1", "2", "3", "4"}
    assert rows[BORN].to_list() == rows[f"{BORN}_true"].cast(pl.String).to_list()
    assert (rows["tanggal_status"].is_null() == (status == "1")).all()


def test_some_birth_dates_of_both_snapshots_are_wrong_and_nothing_else_changed(cities: tuple[Path, Path]) -> None:
    told, plain = cities
    for file in sorted(plain.glob("*/*.csv")):
        mine, other = ((city / file.parent.name / file.name).read_bytes().split(b"\n") for city in cities)
        differing = sum(a != b for a, b in zip(mine, other, strict=True))
        assert (differing > 0) == file.name.startswith("anggota_dtsen")
        assert differing < len(other) / 50
    assert not (plain / "register").exists()
    assert b'"birth_date_wrong"' in (told / "truth" / "planted.json").read_bytes()
