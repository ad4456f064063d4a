"""The figures of the population profile, each against counts made by hand."""

import narwhals as nw
import polars as pl
import pytest

from dtsen_pipeline.core.profile import profile, standings
from tests.small_release import CITY, FAMILY_FILE, Tables, shaped, small_release, summed

Answer = tuple[int | None, int | None, float]
LAST = pl.int_range(pl.len()) == pl.len() - 1


def ended(tables: Tables) -> pl.DataFrame:
    found: pl.LazyFrame = standings({name: nw.from_native(t.lazy()) for name, t in tables.items()}).to_native()
    return found.collect()


def figures(tables: Tables) -> dict[str, Answer]:
    found = profile(tables["summary"], ended(tables), CITY)
    return {name: (count, out_of, value) for name, count, out_of, value in found.iter_rows()}


def test_the_figures_of_a_sound_release() -> None:
    found = figures(small_release())
    assert found["keluarga"] == (92, None, 92.0)
    assert found["anggota"] == (276, None, 276.0)
    assert found["anggota_per_keluarga"] == (276, 92, 3.0)
    assert found["keluarga_terbit"] == (92, 92, 1.0)
    assert found["anggota_terbit"] == (276, 276, 1.0)
    assert found["keluarga_tanpa_jejak"] == (0, 93, 0.0)
    assert found["anggota_tanpa_jejak"] == (0, 277, 0.0)
    assert found["anggota_baru"] == (0, 276, 0.0)
    assert found["anggota_tanpa_nik"] == (28, 276, 28 / 276)
    assert found["kelurahan_hadir"] == (46, 46, 1.0)
    assert found["keluarga_di_luar_kelurahan"] == (0, 92, 0.0)
    assert found["keluarga_tidak_lengkap"] == (0, 92, 0.0)
    assert found["desil_nasional_1"] == (10, 92, 10 / 92)
    assert found["desil_estimasi_10"] == (9, 92, 9 / 92)
    assert found["desil_nasional_kosong"] == (0, 92, 0.0)
    assert found["desil_bergerak"] == (0, 92, 0.0)
    assert found["desil_terpadat"] == (10, 92, 10 / 92)
    assert found["pergeseran_sebaran"] == (None, None, 0.0)
    assert found["kunjungan_tanpa_keluarga"] == (1, 20, 0.05)
    assert found["baris_ditolak"] == (1, 390, 1 / 390)


def test_families_that_moved_count_by_how_far() -> None:
    tables = small_release()
    estimate = pl.when(pl.col("desil_nasional") == 1).then(5).when(pl.col("desil_nasional") == 2).then(5)
    tables["keluarga"] = tables["keluarga"].with_columns(desil_estimasi=estimate.otherwise("desil_nasional"))
    found = figures(summed(tables))
    assert found["desil_bergerak"] == (20, 92, 20 / 92)
    assert found["desil_bergerak_jauh"] == (10, 92, 10 / 92)
    assert found["desil_terpadat"] == (29, 92, 29 / 92)
    assert found["pergeseran_sebaran"][2] == pytest.approx(20 / 92)


def test_families_without_a_decile_do_not_count_as_unmoved() -> None:
    tables = small_release()
    unknown = pl.when(pl.col("desil_nasional") > 1).then("desil_nasional")
    incomplete = pl.when(pl.col("desil_nasional") == 2).then(pl.lit("tanpa_anggota"))
    tables["keluarga"] = tables["keluarga"].with_columns(desil_nasional=unknown, alasan_tidak_lengkap=incomplete)
    found = figures(summed(tables))
    assert found["desil_nasional_kosong"] == (10, 92, 10 / 92)
    assert found["desil_bergerak"] == (0, 82, 0.0)
    assert found["keluarga_tidak_lengkap"] == (10, 92, 10 / 92)


def test_a_family_outside_the_kelurahan_and_an_empty_kelurahan_show() -> None:
    tables = small_release()
    first = CITY.kelurahan[0].bps
    strange = pl.when(pl.col("kode_kelurahan_desa") == first).then(pl.lit("3571010999"))
    tables["keluarga"] = tables["keluarga"].with_columns(kode_kelurahan_desa=strange.otherwise("kode_kelurahan_desa"))
    found = figures(summed(tables))
    assert found["kelurahan_hadir"] == (45, 46, 45 / 46)
    assert found["keluarga_di_luar_kelurahan"] == (2, 92, 2 / 92)


@pytest.mark.parametrize("table", ["keluarga", "anggota"])
def test_an_entity_that_is_lost_leaves_an_untraced_row(table: str) -> None:
    tables = small_release()
    lost = tables[table].tail(1)
    tables[table] = tables[table].head(-1)
    is_lost = (pl.col("src") == lost["src"].item()) & (pl.col("row") == lost["row"].item())
    tables["fate"] = tables["fate"].with_columns(fate=pl.when(is_lost).then(pl.lit("superseded")).otherwise("fate"))
    found = figures(summed(tables))
    assert found[f"{table}_tanpa_jejak"][0] == 1
    assert found[f"{table}_terbit"][2] == 1.0


def test_a_trace_to_an_entity_that_is_not_published_is_none() -> None:
    tables = small_release()
    tables["conflict"] = tables["conflict"].with_columns(entity_id=pl.lit("f" * 32))
    assert figures(tables)["keluarga_tanpa_jejak"] == (1, 93, 1 / 93)


def test_a_published_row_that_no_input_row_answers_for_shows() -> None:
    tables = small_release()
    tables["anggota"] = tables["anggota"].with_columns(row=pl.when(LAST).then(5000).otherwise("row"))
    tables["fate"] = tables["fate"].filter(~((pl.col("sumber") == "anggota") & (pl.col("row") == 277)))
    assert figures(summed(tables))["anggota_terbit"] == (276, 275, 276 / 275)


def test_members_known_from_visits_are_newcomers() -> None:
    tables = small_release()
    source = {"src": "dddddddddddd", "row": 2}
    newcomer = {"person_id": "e" * 32, "family_id": f"{1:032x}", "nomor_kartu_keluarga": "3571010101909000"}
    fate = {**source, "sumber": "kunjungan_anggota", "fate": "contributed"}
    tables["anggota"] = pl.concat([tables["anggota"], shaped("anggota", [{**newcomer, **source}])])
    tables["fate"] = pl.concat([tables["fate"], shaped("fate", [fate])])
    found = figures(summed(tables))
    assert found["anggota_baru"] == (1, 277, 1 / 277)
    assert found["anggota_terbit"] == (277, 277, 1.0)


def test_older_snapshots_take_no_part() -> None:
    tables = small_release()
    older = [{"src": "eeeeeeeeeeee", "row": 2, "sumber": "keluarga", "fate": "superseded"}]
    tables["fate"] = pl.concat([tables["fate"], shaped("fate", older)])
    assert figures(summed(tables))["keluarga_tanpa_jejak"] == (0, 93, 0.0)


def test_standings_name_how_each_base_row_ended() -> None:
    tables = small_release()
    aside = [
        {"src": FAMILY_FILE, "row": 950 + number, "sumber": "keluarga", "fate": fate}
        for number, fate in enumerate(("held", "duplicate", "out_of_scope", "contributed"))
    ]
    tables["fate"] = pl.concat([tables["fate"], shaped("fate", aside)])
    found = ended(tables).filter(pl.col("tabel") == "keluarga")
    assert dict(found.select("standing", "count").iter_rows()) == {
        "base": 92,
        "traced": 1,
        "held": 1,
        "duplicate": 1,
        "out_of_scope": 1,
        "untraced": 1,
    }


def test_an_empty_release_divides_by_nothing() -> None:
    tables = summed({name: table.clear() for name, table in small_release().items()})
    found = figures(tables)
    assert found["keluarga"] == (0, None, 0.0)
    assert found["anggota_tanpa_nik"] == (0, 0, 0.0)
    assert found["kelurahan_hadir"] == (0, 46, 0.0)
