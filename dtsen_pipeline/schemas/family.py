"""The family table of a ministry snapshot: the 52 columns of the DTSEN 2026 release and three provenance flags.

Column names and questionnaire codes are the ministry's (REGSOSEK 2022 and the DTSEN 2026 catalogue). Lineage
bits are explicit and never reused. What happens to a value stands in `core`, not here.
"""

import pandera.polars as pa

from dtsen_pipeline.schemas.columns import (
    Gate,
    Number,
    card,
    code,
    count,
    name,
    region,
    region_name,
    text,
    yes_no,
)

REGION, HOUSE, WATER = "region_address", "dwelling", "water_sanitation"
ENERGY, ASSETS, AID = "energy", "assets", "aid"
WITHOUT_METER = Gate("sumber_penerangan_utama", (2, 3, 4))
WITHOUT_TOILET = Gate("fasilitas_bab", (4, 5, 6))
"""Toilets that are no family's own or shared one: closet and disposal are asked for 1 to 3 only."""


class Family(pa.DataFrameModel):
    """One family as the ministry describes it (columns after normalisation)."""

    kode_provinsi: str = region("Kode provinsi", bit=0, digits=2)
    provinsi: str = region_name("Provinsi", bit=1, code="kode_provinsi")
    kode_kabupaten_kota: str = region("Kode kabupaten/kota", bit=2, digits=4)
    kabupaten_kota: str = region_name("Kabupaten/kota", bit=3, code="kode_kabupaten_kota")
    kode_kecamatan: str = region("Kode kecamatan", bit=4, digits=7)
    kecamatan: str = region_name("Kecamatan", bit=5, code="kode_kecamatan")
    kode_kelurahan_desa: str = region("Kode kelurahan/desa", bit=6, digits=10)
    kelurahan_desa: str = region_name("Kelurahan/desa", bit=7, code="kode_kelurahan_desa")
    alamat: str = text("Alamat domisili", bit=8, group=REGION)
    nomor_kartu_keluarga: str = card("Nomor kartu keluarga", bit=9, group="identity")
    nama_kepala_keluarga: str = name("Nama kepala keluarga", bit=10, group="identity")
    jumlah_anggota_keluarga: Number = count("Jumlah anggota keluarga", bit=11, low=1, high=50, group="demography")
    desil_nasional: Number = count("Desil nasional", bit=12, low=1, high=10, group="official", error="E_DESIL")
    desil_provinsi: Number = count("Desil provinsi", bit=13, low=1, high=10, group="official", error="E_DESIL")
    desil_kabupaten_kota: Number = count(
        "Desil kabupaten/kota", bit=14, low=1, high=10, group="official", error="E_DESIL"
    )
    pbi_nas: Number = yes_no("PBI-JK nasional", bit=15, group=AID)
    pbi_pemda: Number = yes_no("PBI-JK pemerintah daerah", bit=16, group=AID)
    id_pelanggan_pln: str = text("Nomor pelanggan PLN", bit=17, group=ENERGY, is_numbered=True)
    status_kepemilikan_rumah: Number = code("Status kepemilikan rumah", bit=18, codes="kepemilikan_rumah", group=HOUSE)
    jenis_lantai_terluas: Number = code("Jenis lantai terluas", bit=19, codes="lantai", group=HOUSE)
    luas_lantai: Number = count("Luas lantai (m²)", bit=20, low=1, high=997, group=HOUSE)
    jenis_dinding_terluas: Number = code("Jenis dinding terluas", bit=21, codes="dinding", group=HOUSE)
    jenis_atap_terluas: Number = code("Jenis atap terluas", bit=22, codes="atap", group=HOUSE)
    sumber_air_minum_utama: Number = code("Sumber air minum utama", bit=23, codes="air_minum", group=WATER)
    sumber_penerangan_utama: Number = code("Sumber penerangan utama", bit=24, codes="penerangan", group=ENERGY)
    daya_terpasang: Number = code("Daya terpasang", bit=25, codes="daya", group=ENERGY, gate=WITHOUT_METER)
    bahan_bakar_utama_memasak: Number = code("Bahan bakar utama memasak", bit=26, codes="bahan_bakar", group=ENERGY)
    fasilitas_bab: Number = code("Fasilitas buang air besar", bit=27, codes="bab", group=WATER)
    jenis_kloset: Number = code("Jenis kloset", bit=28, codes="kloset", group=WATER, gate=WITHOUT_TOILET)
    pembuangan_akhir_tinja: Number = code(
        "Pembuangan akhir tinja", bit=29, codes="tinja", group=WATER, gate=WITHOUT_TOILET
    )
    kepemilikan_aset: Number = yes_no("Memiliki aset", bit=30, group=ASSETS)
    aset_bergerak_tabung_gas: Number = yes_no("Tabung gas 5,5 kg atau lebih", bit=31, group=ASSETS)
    aset_bergerak_lemari_es: Number = yes_no("Lemari es", bit=32, group=ASSETS)
    aset_bergerak_ac: Number = yes_no("Penyejuk udara (AC)", bit=33, group=ASSETS)
    aset_bergerak_pemanas_air: Number = yes_no("Pemanas air", bit=34, group=ASSETS)
    aset_bergerak_telepon_rumah: Number = yes_no("Telepon rumah", bit=35, group=ASSETS)
    aset_bergerak_tv_datar: Number = yes_no("TV layar datar 30 inci atau lebih", bit=36, group=ASSETS)
    aset_bergerak_emas_perhiasan: Number = yes_no("Emas atau perhiasan 10 gram atau lebih", bit=37, group=ASSETS)
    aset_bergerak_komputer_laptop_tablet: Number = yes_no("Komputer, laptop atau tablet", bit=38, group=ASSETS)
    aset_bergerak_sepeda_motor: Number = yes_no("Sepeda motor", bit=39, group=ASSETS)
    aset_bergerak_sepeda: Number = yes_no("Sepeda", bit=40, group=ASSETS)
    aset_bergerak_mobil: Number = yes_no("Mobil", bit=41, group=ASSETS)
    aset_bergerak_perahu: Number = yes_no("Perahu", bit=42, group=ASSETS)
    aset_bergerak_kapal_perahu_motor: Number = yes_no("Kapal atau perahu motor", bit=43, group=ASSETS)
    aset_bergerak_smartphone: Number = yes_no("Telepon pintar", bit=44, group=ASSETS)
    aset_tidak_bergerak_lahan_lainnya: Number = yes_no("Lahan lain", bit=45, group=ASSETS)
    aset_tidak_bergerak_rumah_lainnya: Number = yes_no("Rumah lain", bit=46, group=ASSETS)
    jumlah_ternak_sapi: Number = count("Jumlah ternak sapi", bit=47, low=0, high=999, group=ASSETS)
    jumlah_ternak_kerbau: Number = count("Jumlah ternak kerbau", bit=48, low=0, high=999, group=ASSETS)
    jumlah_ternak_kuda: Number = count("Jumlah ternak kuda", bit=49, low=0, high=999, group=ASSETS)
    jumlah_ternak_babi: Number = count("Jumlah ternak babi", bit=50, low=0, high=999, group=ASSETS)
    jumlah_ternak_kambing_domba: Number = count("Jumlah ternak kambing/domba", bit=51, low=0, high=999, group=ASSETS)
    is_gc_kemensos: Number = yes_no("Diperbarui ground check Kemensos", bit=52, group="provenance")
    is_pbi_se: Number = yes_no("Diperbarui data PBI", bit=53, group="provenance")
    is_siks_ng: Number = yes_no("Diperbarui SIKS-NG", bit=54, group="provenance")
