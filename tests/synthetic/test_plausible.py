"""The city looks like a city: sizes, kinship, deciles, and columns that fit together."""

import re

import polars as pl
import pytest

from dtsen_pipeline import reference
from tests.synthetic.conftest import FILES, SNAPSHOTS, City

FAMILIES = [file for file in SNAPSHOTS if "keluarga" in file]
MEMBERS = [file for file in SNAPSHOTS if "anggota" in file]


def _mean(values: pl.Series) -> float:
    return sum(values) / len(values)


def _clean(city: City, file: str) -> pl.DataFrame:
    return city.intact(file).filter(pl.col("kinds").list.len() == 0)


def test_family_size(city: City) -> None:
    members = city.truth("persons")["truth_family_before"].drop_nulls()
    sizes = members.value_counts()["count"]
    assert 2.8 < _mean(sizes) < 3.3
    assert max(sizes) <= 8


@pytest.mark.parametrize("file", FAMILIES)
def test_city_desil_is_uniform_and_national_is_not(city: City, file: str) -> None:
    frame = city.intact(file).filter(pl.col("desil_nasional") != "")
    share = frame["desil_kabupaten_kota"].value_counts()["count"] / len(frame)
    assert len(share) == 10
    assert max(share) - min(share) < 0.03
    national = frame.filter(pl.col("desil_nasional") != "11")["desil_nasional"].cast(pl.Int64)
    low, high = _mean(national <= 2), _mean(national >= 9)
    assert 0.08 < low < 0.18
    assert high > low + 0.05
    assert 0 < _mean(city.intact(file)["desil_nasional"] == "") < 0.08


@pytest.mark.parametrize("file", FAMILIES)
def test_family_columns_fit_together(city: City, file: str) -> None:
    frame = _clean(city, file)
    wired = pl.col("sumber_penerangan_utama") == "1"
    toilet = pl.col("fasilitas_bab").is_in(["1", "2", "3"])
    assert frame.filter(~wired & (pl.col("daya_terpasang") != "")).is_empty()
    for column in ("jenis_kloset", "pembuangan_akhir_tinja"):
        assert frame.filter(~toilet & (pl.col(column) != "")).is_empty()
    places = {place.bps for place in reference.city("3571").kelurahan}
    assert set(frame["kode_kelurahan_desa"]) <= places
    assert len(set(frame["kode_kelurahan_desa"])) == 46
    assert (frame["kode_kelurahan_desa"].str.slice(0, 7) == frame["kode_kecamatan"]).all()


@pytest.mark.parametrize("file", MEMBERS)
def test_member_columns_fit_together(city: City, file: str) -> None:
    frame = _clean(city, file).with_columns(
        age=(pl.date(2026, 7, 1) - pl.col("tanggal_lahir").str.to_date("%Y-%m-%d")).dt.total_days() / 365.25
    )
    idle = frame.filter(pl.col("status_bekerja") != "1")
    assert (idle["status_dalam_pekerjaan_utama"] == "").all()
    assert (idle["lapangan_usaha_dari_pekerjaan_utama"] == "").all()
    unowned = frame.filter(pl.col("kepemilikan_usaha") != "1")
    assert (unowned["omzet_usaha_utama"] == "").all()
    assert (frame.filter(pl.col("age") > 5.1)["kondisi_gizi"] == "").all()
    assert (frame.filter(pl.col("age") < 4.9)["penglihatan"] == "").all()
    unschooled = frame.filter(pl.col("partisipasi_sekolah") == "1")
    assert (unschooled["jenjang_tertinggi_yang_diduduki"] == "").all()


@pytest.mark.parametrize("file", MEMBERS)
def test_one_head_a_family(city: City, file: str) -> None:
    frame = city.intact(file)
    wrong = frame.filter(pl.col("kinds").list.contains("two_heads"))["truth_family"]
    damaged = frame.filter(pl.col("kinds").list.len() > 0)["truth_family"]
    heads = frame.filter(pl.col("status_hubungan_keluarga") == "1")["truth_family"].value_counts()
    twice = heads.filter(pl.col("count") > 1)["truth_family"]
    assert set(wrong) <= set(twice)
    assert set(twice) <= set(damaged)


def test_codes_are_in_the_lists(city: City) -> None:
    frame = _clean(city, FAMILIES[0])
    lists = {"jenis_lantai_terluas": "lantai", "daya_terpasang": "daya", "fasilitas_bab": "bab"}
    for column, name in lists.items():
        assert set(frame[column]) - {""} <= set(reference.code_lists()[name].spellings())


def test_welfare_shows_in_columns_but_not_fully(city: City) -> None:
    table = city.truth("families").with_columns(
        (pl.col("aset_bergerak_mobil") == 1).cast(pl.Int64),
        (pl.col("jenis_lantai_terluas") == 6).cast(pl.Int64),
    )
    car = table.select(pl.corr("welfare", "aset_bergerak_mobil")).item()
    bare = table.select(pl.corr("welfare", "jenis_lantai_terluas")).item()
    hidden = table.select(pl.corr("hidden_shock", "aset_bergerak_mobil")).item()
    assert 0.25 < car < 0.7
    assert -0.7 < bare < -0.2
    assert abs(hidden) < 0.1


def test_serials_belong_to_nobody(city: City) -> None:
    for file in FILES:
        for number in re.findall(rb"(?<![0-9.])[0-9]{16}(?![0-9])", b"\n".join(city.lines(file))):
            assert 9000 <= int(number[-4:]) <= 9999


def test_numbers_follow_the_rules(city: City) -> None:
    persons = city.truth("persons").filter(~pl.col("wrong_day") & ~pl.col("wrong_sex"))
    nik = persons["nomor_induk_kependudukan"]
    day = nik.str.slice(6, 2).cast(pl.Int64) - pl.when(persons["jenis_kelamin"] == 2).then(40).otherwise(0)
    born = persons["tanggal_lahir"]
    assert persons.select((day == born.dt.day().cast(pl.Int64)).all()).item()
    assert (nik.str.slice(8, 4) == born.dt.strftime("%m%y")).all()
    local = nik.str.slice(0, 6).is_in(["357101", "357102", "357103"])
    assert 0.75 < _mean(local) < 0.95
    wrong = city.truth("persons").filter(pl.col("wrong_sex"))
    is_woman = wrong["nomor_induk_kependudukan"].str.slice(6, 2).cast(pl.Int64) > 40
    assert (is_woman != (wrong["jenis_kelamin"] == 2)).all()


def test_everybody_has_a_birth_date(city: City) -> None:
    assert city.truth("persons")["tanggal_lahir"].null_count() == 0
    assert all((_clean(city, file)["tanggal_lahir"] != "").all() for file in MEMBERS)
