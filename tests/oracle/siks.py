"""A SIKS-NG export's cells in the contract's words, written from the description of its columns alone."""

import re
from collections.abc import Mapping
from functools import cache

import yaml

from tests.oracle.values import REFERENCE

FIRST = {"keluarga": "kode_prop", "anggota": "NIK"}
NAMES = {
    "kode_prop": "kode_provinsi",
    "kode_kab": "kode_kabupaten_kota",
    "kode_kec": "kode_kecamatan",
    "kode_kel": "kode_kelurahan_desa",
    "no_kk": "nomor_kartu_keluarga",
    "NIK": "nomor_induk_kependudukan",
    "tgl_lahir": "tanggal_lahir",
    "jk": "jenis_kelamin",
    "id_hub_keluarga": "status_hubungan_keluarga",
    "id_status_kawin": "status_kawin",
    "pbi": "pbi_nas",
    "jml_anggota": "jumlah_anggota_keluarga",
    "id_status_penguasaan_bangunan": "status_kepemilikan_rumah",
    "id_lantai_terluas": "jenis_lantai_terluas",
    "luas_lantai_bangunan": "luas_lantai",
    "id_dinding_terluas": "jenis_dinding_terluas",
    "id_atap_terluas": "jenis_atap_terluas",
    "id_sumber_airminum": "sumber_air_minum_utama",
    "id_sumberpenerangan": "sumber_penerangan_utama",
    "id_dayapenerangan": "daya_terpasang",
    "id_bb_utama": "bahan_bakar_utama_memasak",
    "id_fasilitas_bab": "fasilitas_bab",
    "id_jenis_kloset": "jenis_kloset",
    "id_pembuangan_tinja": "pembuangan_akhir_tinja",
    "lahan_tempat_lain": "aset_tidak_bergerak_lahan_lainnya",
    "rumah_tempat_lain": "aset_tidak_bergerak_rumah_lainnya",
    "jml_sapi": "jumlah_ternak_sapi",
    "jml_kerbau": "jumlah_ternak_kerbau",
    "jml_kuda": "jumlah_ternak_kuda",
    "jml_babi": "jumlah_ternak_babi",
    "jml_kambing": "jumlah_ternak_kambing_domba",
}
YES_NO = {"pbi_nas", "aset_tidak_bergerak_lahan_lainnya", "aset_tidak_bergerak_rumah_lainnya"}
WORDS = {"alamat", "nama", "nama_kepala_keluarga", "nomor_kartu_keluarga", "nomor_induk_kependudukan"}


def is_siks(header: str) -> bool:
    """Whether a header line is that of such an export."""
    return header.split(";", maxsplit=1)[0] in FIRST.values() and ";" in header


def plain(cells: Mapping[str, str]) -> dict[str, str]:
    """The cells of one line under the contract's names, as the contract writes them."""
    named = {NAMES.get(name, name): text for name, text in cells.items()}
    return {name: _said(name, text) for name, text in named.items()}


def _said(name: str, text: str) -> str:
    if name in YES_NO:
        return {"1": "1", "0": "2"}.get(text, text)
    if name == "jenis_kelamin":
        return {"L": "1", "P": "2"}.get(text, text)
    if name == "tanggal_lahir":
        return "-".join(reversed(text.split("/")))
    if name.startswith("kode_"):
        return _bps().get(text, text)
    return text if name in WORDS else re.sub(r"^([0-9]+)\.0$", r"\1", text)


@cache
def _bps() -> dict[str, str]:
    """The BPS code of every place by the ministry of home affairs' one."""
    cities = yaml.safe_load((REFERENCE / "regions.yaml").read_text("utf-8"))["cities"]
    places = [place for city in cities.values() for place in city["kecamatan"]]
    places += [village for place in places for village in place["kelurahan"]]
    return {place["kemendagri"]: place["bps"] for place in places}
