"""The family table of a ministry snapshot: the 52 columns of the DTSEN 2026 release and three provenance flags.

Column names and questionnaire codes are the ministry's (REGSOSEK 2022 and the DTSEN 2026 catalogue). Lineage
bits are explicit and never reused. What happens to a value stands in `core`, not here.
"""

import pandera.polars as pa

from dtsen_pipeline.schemas.columns import (
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
    jumlah_anggota_keluarga: int = count("Jumlah anggota keluarga", bit=11, low=1, high=50, group="demography")
    desil_nasional: int = count("Desil nasional", bit=12, low=1, high=10, group="official", error="E_DESIL")
    desil_provinsi: int = count("Desil provinsi", bit=13, low=1, high=10, group="official", error="E_DESIL")
    desil_kabupaten_kota: int = count("Desil kabupaten/kota", bit=14, low=1, high=10, group="official", error="E_DESIL")
    pbi_nas: int = yes_no("PBI-JK nasional", bit=15, group=AID)
    pbi_pemda: int = yes_no("PBI-JK pemerintah daerah", bit=16, group=AID)
    id_pelanggan_pln: str = text("Nomor pelanggan PLN", bit=17, group=ENERGY)
    status_kepemilikan_rumah: int = code("Status kepemilikan rumah", bit=18, codes="kepemilikan_rumah", group=HOUSE)
    jenis_lantai_terluas: int = code("Jenis lantai terluas", bit=19, codes="lantai", group=HOUSE)
    luas_lantai: int = count("Luas lantai (m²)", bit=20, low=1, high=997, group=HOUSE)
    jenis_dinding_terluas: int = code("Jenis dinding terluas", bit=21, codes="dinding", group=HOUSE)
    jenis_atap_terluas: int = code("Jenis atap terluas", bit=22, codes="atap", group=HOUSE)
    sumber_air_minum_utama: int = code("Sumber air minum utama", bit=23, codes="air_minum", group=WATER)
    sumber_penerangan_utama: int = code("Sumber penerangan utama", bit=24, codes="penerangan", group=ENERGY)
    daya_terpasang: int = code("Daya terpasang", bit=25, codes="daya", group=ENERGY)
    bahan_bakar_utama_memasak: int = code("Bahan bakar utama memasak", bit=26, codes="bahan_bakar", group=ENERGY)
    fasilitas_bab: int = code("Fasilitas buang air besar", bit=27, codes="bab", group=WATER)
    jenis_kloset: int = code("Jenis kloset", bit=28, codes="kloset", group=WATER)
    pembuangan_akhir_tinja: int = code("Pembuangan akhir tinja", bit=29, codes="tinja", group=WATER)
    kepemilikan_aset: int = yes_no("Memiliki aset", bit=30, group=ASSETS)
    aset_bergerak_tabung_gas: int = yes_no("Tabung gas 5,5 kg atau lebih", bit=31, group=ASSETS)
    aset_bergerak_lemari_es: int = yes_no("Lemari es", bit=32, group=ASSETS)
    aset_bergerak_ac: int = yes_no("Penyejuk udara (AC)", bit=33, group=ASSETS)
    aset_bergerak_pemanas_air: int = yes_no("Pemanas air", bit=34, group=ASSETS)
    aset_bergerak_telepon_rumah: int = yes_no("Telepon rumah", bit=35, group=ASSETS)
    aset_bergerak_tv_datar: int = yes_no("TV layar datar 30 inci atau lebih", bit=36, group=ASSETS)
    aset_bergerak_emas_perhiasan: int = yes_no("Emas atau perhiasan 10 gram atau lebih", bit=37, group=ASSETS)
    aset_bergerak_komputer_laptop_tablet: int = yes_no("Komputer, laptop atau tablet", bit=38, group=ASSETS)
    aset_bergerak_sepeda_motor: int = yes_no("Sepeda motor", bit=39, group=ASSETS)
    aset_bergerak_sepeda: int = yes_no("Sepeda", bit=40, group=ASSETS)
    aset_bergerak_mobil: int = yes_no("Mobil", bit=41, group=ASSETS)
    aset_bergerak_perahu: int = yes_no("Perahu", bit=42, group=ASSETS)
    aset_bergerak_kapal_perahu_motor: int = yes_no("Kapal atau perahu motor", bit=43, group=ASSETS)
    aset_bergerak_smartphone: int = yes_no("Telepon pintar", bit=44, group=ASSETS)
    aset_tidak_bergerak_lahan_lainnya: int = yes_no("Lahan lain", bit=45, group=ASSETS)
    aset_tidak_bergerak_rumah_lainnya: int = yes_no("Rumah lain", bit=46, group=ASSETS)
    jumlah_ternak_sapi: int = count("Jumlah ternak sapi", bit=47, low=0, high=999, group=ASSETS)
    jumlah_ternak_kerbau: int = count("Jumlah ternak kerbau", bit=48, low=0, high=999, group=ASSETS)
    jumlah_ternak_kuda: int = count("Jumlah ternak kuda", bit=49, low=0, high=999, group=ASSETS)
    jumlah_ternak_babi: int = count("Jumlah ternak babi", bit=50, low=0, high=999, group=ASSETS)
    jumlah_ternak_kambing_domba: int = count("Jumlah ternak kambing/domba", bit=51, low=0, high=999, group=ASSETS)
    is_gc_kemensos: int = yes_no("Diperbarui ground check Kemensos", bit=52, group="provenance")
    is_pbi_se: int = yes_no("Diperbarui data PBI", bit=53, group="provenance")
    is_siks_ng: int = yes_no("Diperbarui SIKS-NG", bit=54, group="provenance")
