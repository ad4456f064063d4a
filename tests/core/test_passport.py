"""A passport shows everything that was planted between two snapshots, in counts, and nothing that was not."""

from dataclasses import replace
from typing import Any

import polars as pl
import pytest

from dtsen_pipeline.core.passport import Snapshot, figures, passport
from dtsen_pipeline.reference import city, profiles

CITY = city()
PLACES = list(CITY.by_bps)
FAMILIES, MEMBERS = 920, 1840


def _rows(profile: str, count: int, **cells: list[str]) -> pl.DataFrame:
    blank = dict.fromkeys(profiles()[profile].header, [""] * count)
    return pl.DataFrame(blank | cells)


def _base() -> Snapshot:
    """Twenty families in each kelurahan, two members each; every second floor is tiled."""
    cards = [f"35710101{at:04d}9001" for at in range(FAMILIES)]
    family = _rows(
        "bps_v3_keluarga",
        FAMILIES,
        nomor_kartu_keluarga=cards,
        kode_kelurahan_desa=[PLACES[at % len(PLACES)] for at in range(FAMILIES)],
        jenis_lantai_terluas=["2" if at % 2 else "6" for at in range(FAMILIES)],
        jenis_atap_terluas=["2"] * (FAMILIES - 7) + ["8"] * 7,
        desil_nasional=[str(1 + at % 5) for at in range(FAMILIES)],
        is_gc_kemensos=["1" if at % 10 == 0 else "2" for at in range(FAMILIES)],
        is_siks_ng=["Ya" if at % 20 == 0 else "Tidak" for at in range(FAMILIES)],
    )
    member = _rows(
        "bps_v3_anggota",
        MEMBERS,
        nomor_induk_kependudukan=[f"35710101{at:04d}9{at % 2:03d}" if at else "" for at in range(MEMBERS)],
        nomor_kartu_keluarga=[cards[at // 2] for at in range(MEMBERS)],
        jenis_kelamin=["1" if at % 2 else "2" for at in range(MEMBERS)],
    )
    return Snapshot("v3_2026", "2026-07-01", {"keluarga": family, "anggota": member}, {"keluarga": 2, "anggota": 0})


BASE = _base()
number = pl.int_range(pl.len())


def _with(table: str, *changes: pl.Expr) -> Snapshot:
    rows = {**BASE.rows, table: BASE.rows[table].with_columns(*changes)}
    return replace(BASE, version="v4_2026", data_date="2026-10-01", rows=rows)


def _of(new: Snapshot) -> dict[str, Any]:
    return passport(new, BASE, CITY)


def _column(found: dict[str, Any], name: str) -> dict[str, Any]:
    return next(column for column in found["columns"] if column["column"] == name)


def test_the_same_rows_show_nothing() -> None:
    found = _of(replace(BASE, version="v4_2026"))
    assert not any(found["signals"].values())
    assert {column["drift_per_mille"] for column in found["columns"]} == {0}
    assert found["overlap"] == {
        "kartu_keluarga": {"both": FAMILIES, "came": 0, "went": 0},
        "nik": {"both": MEMBERS - 1, "came": 0, "went": 0},
    }
    assert found["desil_nasional"]["tetap"] == FAMILIES
    assert {(place["now"], place["before"], place["came"], place["went"]) for place in found["kelurahan"][:-1]} == {
        (20, 20, 0, 0)
    }


def test_the_first_snapshot_has_nothing_beside_it() -> None:
    found = passport(BASE, None, CITY)
    assert (found["before"], found["desil_nasional"]) == (None, None)
    assert found["rows"]["keluarga"] == {"now": FAMILIES, "before": None, "damaged": 2, "damaged_before": None}
    assert found["overlap"]["nik"] == {"both": None, "came": None, "went": None}
    assert {column["drift_per_mille"] for column in found["columns"]} == {None}
    assert not any(found["signals"].values())
    assert all(place["before"] is None for place in found["kelurahan"])
    assert figures(found)["baris_keluarga"] == FAMILIES


def test_half_a_snapshot_is_compared_as_far_as_it_came() -> None:
    half = replace(BASE, rows={"keluarga": BASE.rows["keluarga"]}, damaged={"keluarga": 2})
    found = passport(half, BASE, CITY)
    assert found["rows"]["anggota"]["now"] is None
    assert found["overlap"]["nik"] == {"both": None, "came": None, "went": None}
    assert found["overlap"]["kartu_keluarga"]["both"] == FAMILIES
    assert {column["table"] for column in found["columns"]} == {"keluarga"}


def test_a_column_that_drifted_is_named_with_how_far() -> None:
    floor = pl.when(number % 10 < 3).then(pl.lit("8")).otherwise(pl.col("jenis_lantai_terluas"))
    found = _of(_with("keluarga", floor.alias("jenis_lantai_terluas")))
    assert found["signals"]["drifted"] == ["jenis_lantai_terluas"]
    assert _column(found, "jenis_lantai_terluas")["drift_per_mille"] == 300
    assert found["signals"]["codes_new"] == ["jenis_lantai_terluas"]


@pytest.mark.parametrize(("moved", "is_drifted"), [(0.04, False), (0.09, False), (0.15, True)])
def test_what_chance_may_move_is_no_drift(moved: float, is_drifted: bool) -> None:  # noqa: FBT001
    count = int(FAMILIES * moved)
    roof = pl.when(number < count).then(pl.lit("8")).otherwise(pl.col("jenis_atap_terluas"))
    found = _of(_with("keluarga", roof.alias("jenis_atap_terluas")))
    assert _column(found, "jenis_atap_terluas")["is_drifted"] is is_drifted


def test_codes_that_are_new_gone_or_in_no_list_are_named() -> None:
    roof = pl.when(number < 9).then(pl.lit("77")).when(number < 30).then(pl.lit("3")).otherwise(pl.lit("Genteng"))
    found = _of(_with("keluarga", roof.alias("jenis_atap_terluas")))
    assert found["signals"]["codes_unlisted"] == ["jenis_atap_terluas"]
    column = _column(found, "jenis_atap_terluas")
    assert (column["codes_new"], column["codes_gone"]) == (["3"], ["8"])
    counts = {code["code"]: (code["now"], code["before"]) for code in column["codes"]}
    assert counts == {"2": (FAMILIES - 30, FAMILIES - 7), "3": (21, 0), "8": (0, 7), "?": (9, 0)}
    assert "77" not in {code["code"] for code in column["codes"]}


@pytest.mark.parametrize(("rows", "shown"), [(0, 0), (1, None), (4, None), (5, 5)])
def test_a_small_count_of_a_code_is_hidden(rows: int, shown: int | None) -> None:
    roof = pl.when(number < rows).then(pl.lit("3")).otherwise(pl.lit("2"))
    codes = _column(_of(_with("keluarga", roof.alias("jenis_atap_terluas"))), "jenis_atap_terluas")["codes"]
    assert next((code["now"] for code in codes if code["code"] == "3"), 0) == shown


def test_families_that_came_went_and_moved_are_counted_where_they_live() -> None:
    """Five cards of the first kelurahan are replaced, and three move from the second to the first."""
    card = pl.when((pl.col("kode_kelurahan_desa") == PLACES[0]) & (number < 5 * len(PLACES)))
    card = card.then(pl.lit("35710201") + number.cast(pl.String).str.zfill(4) + pl.lit("9002"))
    place = pl.when((pl.col("kode_kelurahan_desa") == PLACES[1]) & (number < 3 * len(PLACES))).then(pl.lit(PLACES[0]))
    found = _of(
        _with(
            "keluarga",
            card.otherwise(pl.col("nomor_kartu_keluarga")).alias("nomor_kartu_keluarga"),
            place.otherwise(pl.col("kode_kelurahan_desa")).alias("kode_kelurahan_desa"),
        )
    )
    assert found["overlap"]["kartu_keluarga"] == {"both": FAMILIES - 5, "came": 5, "went": 5}
    first, second = found["kelurahan"][:2]
    assert (first["now"], first["before"], first["came"], first["went"]) == (23, 20, 5, 5)
    assert (second["now"], second["before"], second["came"], second["went"]) == (17, 20, 0, 0)


def test_a_kelurahan_that_vanished_and_one_that_is_unknown_show() -> None:
    place = pl.when(pl.col("kode_kelurahan_desa") == PLACES[3]).then(pl.lit("9999999999"))
    found = _of(_with("keluarga", place.otherwise(pl.col("kode_kelurahan_desa")).alias("kode_kelurahan_desa")))
    assert found["signals"]["kelurahan_gone"] == [CITY.by_bps[PLACES[3]].name]
    assert found["signals"]["kelurahan_new"] == ["(tidak dikenal)"]
    back = passport(
        BASE, replace(_with("keluarga", place.otherwise(pl.lit(PLACES[0])).alias("kode_kelurahan_desa"))), CITY
    )
    assert CITY.by_bps[PLACES[3]].name in back["signals"]["kelurahan_new"]


def test_either_numbering_of_a_kelurahan_counts_as_the_same() -> None:
    other = {bps: kemendagri for kemendagri, bps in CITY.crosswalk.items()}
    found = _of(_with("keluarga", pl.col("kode_kelurahan_desa").replace(other)))
    assert not any(found["signals"].values())
    assert found["kelurahan"] == _of(replace(BASE, version="v4_2026"))["kelurahan"]


def test_provenance_flags_are_counted_in_every_spelling() -> None:
    found = _of(_with("keluarga", pl.when(number < 100).then(pl.lit("ya")).otherwise(pl.lit("2")).alias("is_siks_ng")))
    assert found["provenance"]["is_siks_ng"] == {"now": 100, "before": FAMILIES // 20}
    assert found["provenance"]["is_gc_kemensos"] == {"now": FAMILIES // 10, "before": FAMILIES // 10}
    assert found["provenance"]["is_pbi_se"] == {"now": 0, "before": 0}


def test_columns_that_came_and_went_are_named() -> None:
    rows = BASE.rows["keluarga"].drop("is_pbi_se").with_columns(kolom_baru=pl.lit("x"))
    found = _of(replace(BASE, rows={**BASE.rows, "keluarga": rows}))
    assert found["schema"]["keluarga"] == {"added": ["kolom_baru"], "removed": ["is_pbi_se"]}
    assert found["provenance"]["is_pbi_se"] == {"now": None, "before": 0}


def test_moves_of_the_official_decile_are_classed() -> None:
    """Of five families in a row: one falls by one, one rises by five, one has none any more, two stay."""
    old = pl.col("desil_nasional").cast(pl.Int64)
    new = pl.when(number % 5 == 1).then(old - 1).when(number % 5 == 2).then(old + 5).when(number % 5 != 3).then(old)
    found = _of(_with("keluarga", new.cast(pl.String).fill_null("").alias("desil_nasional")))
    fifth = FAMILIES // 5
    assert found["desil_nasional"] == {
        "turun_4_atau_lebih": 0,
        "turun": fifth,
        "tetap": 2 * fifth,
        "naik": 0,
        "naik_4_atau_lebih": fifth,
        "tidak_lengkap": fifth,
    }


def test_a_card_that_stands_twice_has_no_decile_to_compare() -> None:
    cards = BASE.rows["keluarga"]["nomor_kartu_keluarga"]
    twice = pl.when(number == 0).then(pl.lit(cards[1])).otherwise(pl.col("nomor_kartu_keluarga"))
    found = _of(_with("keluarga", twice.alias("nomor_kartu_keluarga")))
    assert sum(found["desil_nasional"].values()) == FAMILIES - 2
    assert found["overlap"]["kartu_keluarga"] == {"both": FAMILIES - 1, "came": 0, "went": 1}


def test_the_figures_are_counts_and_nothing_else() -> None:
    found = figures(_of(_with("keluarga", pl.lit("8").alias("jenis_lantai_terluas"))))
    assert found["drifted"] == 1
    assert found["kartu_keluarga_both"] == FAMILIES
    assert all(type(count) is int for count in found.values())
