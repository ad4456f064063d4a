"""Visits hold every outcome and presence, prefer the poor, and the second snapshot answers the first week."""

import polars as pl
import pytest

from tests.synthetic.conftest import City

VISITS = {"batches/kunjungan_2026-W37_trc.csv": "v3_2026", "batches/kunjungan_2026-W41_trc.csv": "v4_2026"}
MET = [file.replace("kunjungan_", "anggota_kunjungan_") for file in VISITS]


def test_every_outcome_and_presence(city: City) -> None:
    outcomes = pl.concat([city.intact(file) for file in VISITS])["hasil_kunjungan"]
    assert set(outcomes) == {"1", "2", "3", "4", "5"}
    presence = pl.concat([city.intact(file) for file in MET])["keberadaan_anggota"]
    assert set(presence) == {"1", "2", "3", "4", "5", "6"}


@pytest.mark.parametrize(("file", "seen"), VISITS.items())
def test_visits_name_what_they_saw(city: City, file: str, seen: str) -> None:
    frame = city.intact(file).filter(pl.col("kinds").list.len() == 0)
    assert set(frame["versi_dilihat"]) == {seen}
    month = "2026-09" if seen == "v3_2026" else "2026-10"
    assert frame["waktu_kunjungan"].str.contains(rf"^{month}-[0-9]{{2}}T[0-9:]{{8}}\+07:00$").all()
    assert frame["id_kunjungan"].is_unique().all()
    assert {"1", "2"} == set(frame["lengan_acak"])


def test_nobody_home_means_no_values(city: City) -> None:
    frame = pl.concat([city.intact(file) for file in VISITS]).filter(pl.col("hasil_kunjungan").is_in(["3", "4", "5"]))
    values = frame.select("kode_kelurahan_desa", "alamat", "jenis_lantai_terluas", "aset_bergerak_mobil")
    assert all((values[name] == "").all() for name in values.columns)
    assert not set(frame["id_kunjungan"]) & set(pl.concat([city.intact(file) for file in MET])["id_kunjungan"])


def test_poor_families_first(city: City) -> None:
    visited = city.intact("batches/kunjungan_2026-W37_trc.csv").filter(pl.col("lengan_acak") == "2")
    register = city.intact("snapshot_1/keluarga_dtsen_v3_2026_3571.csv").unique("truth_family")
    joined = visited.join(register, on="truth_family", how="inner", suffix="_register")
    low, usual = (table["desil_nasional"].is_in(["1", "2"]).to_list() for table in (joined, register))
    assert sum(low) / len(low) > 2 * sum(usual) / len(usual)


def test_blank_token_and_coarse_cells(city: City) -> None:
    frame = pl.concat([city.intact(file) for file in VISITS]).filter(pl.col("hasil_kunjungan") == "1")
    cells = pl.concat(
        [frame[name].alias("cell") for name in frame.columns if name.startswith(("jenis", "sumber", "id_pel", "bahan"))]
    )
    assert {"", "TIDAK_ADA", "91"} <= set(cells)


def test_the_ministry_listens_in_part(city: City) -> None:
    verdicts = city.truth("feedback")
    assert set(verdicts["verdict"]) == {"adopted", "ignored", "third"}
    seen, verified, new = (verdicts[name].fill_null(-1) for name in ("seen", "verified", "new"))
    assert (seen != verified).all()
    adopted = verdicts["verdict"] == "adopted"
    assert (new.filter(adopted) == verified.filter(adopted)).all()
    ignored = verdicts["verdict"] == "ignored"
    assert (new.filter(ignored) == seen.filter(ignored)).all()


def test_visits_confirm_more_than_they_change(city: City) -> None:
    visited = city.intact("batches/kunjungan_2026-W37_trc.csv").filter(pl.col("kinds").list.len() == 0)
    register = city.intact("snapshot_1/keluarga_dtsen_v3_2026_3571.csv").filter(pl.col("kinds").list.len() == 0)
    pairs = visited.join(register, on="truth_family", suffix="_register")
    asked = pairs.filter(pl.col("sumber_air_minum_utama") != "")
    same = (asked["sumber_air_minum_utama"] == asked["sumber_air_minum_utama_register"]).sum()
    assert 0.6 * len(asked) < same < len(asked)


def test_the_second_snapshot_moves_on(city: City) -> None:
    persons, families = city.truth("persons"), city.truth("families")
    assert set(persons["fate"]) >= {"born", "died", "moved_within_city", "moved_out", "family_gone"}
    assert families.filter(pl.col("in_snapshot_1") & ~pl.col("in_snapshot_2")).height > 0
    assert families.filter(~pl.col("in_snapshot_1") & pl.col("in_snapshot_2")).height > 0
    born = persons.filter(pl.col("fate") == "born")
    assert born["nik_snapshot_1"].null_count() == born.height
    assert 0 < born["nik_snapshot_2"].null_count() < born.height
