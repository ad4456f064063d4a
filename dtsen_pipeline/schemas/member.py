"""The member table of a ministry snapshot: the 48 columns of the DTSEN 2026 release.

Column names and questionnaire codes are the ministry's. Bits 48 and 49 belong to the two facts that a
snapshot row states by standing there: that the person is present, and in which family (see `release`).
"""

import pandera.polars as pa
import polars as pl

from dtsen_pipeline.schemas.columns import (
    Gate,
    Number,
    Sensitivity,
    card,
    code,
    count,
    date,
    name,
    nik,
    region,
    region_name,
    text,
    yes_no,
)

IDENTITY, DEMOGRAPHY, EDUCATION = "identity", "demography", "education"
WORK, HEALTH, REGISTER = "work", "health", "register_ktp"
NEVER_AT_SCHOOL = Gate("partisipasi_sekolah", (1,))
WITHOUT_JOB, WITHOUT_BUSINESS = Gate("status_bekerja", (2,)), Gate("kepemilikan_usaha", (2,))


class Member(pa.DataFrameModel):
    """One family member as the ministry describes it (columns after normalisation)."""

    nomor_induk_kependudukan: str = nik("Nomor induk kependudukan", bit=0, group=IDENTITY)
    nomor_kartu_keluarga: str = card("Nomor kartu keluarga", bit=1, group=IDENTITY)
    nama: str = name("Nama", bit=2, group=IDENTITY)
    tanggal_lahir: pl.Date = date("Tanggal lahir", bit=3, group=IDENTITY)
    jenis_kelamin: Number = code("Jenis kelamin", bit=4, codes="jenis_kelamin", group=IDENTITY)
    status_hubungan_keluarga: Number = code(
        "Hubungan dengan kepala keluarga", bit=5, codes="hubungan_keluarga", group=DEMOGRAPHY
    )
    status_kawin: Number = code("Status perkawinan", bit=6, codes="status_kawin", group=DEMOGRAPHY)
    pbi_nas: Number = yes_no("PBI-JK nasional", bit=7, group="aid")
    pbi_pemda: Number = yes_no("PBI-JK pemerintah daerah", bit=8, group="aid")
    partisipasi_sekolah: Number = code("Partisipasi sekolah", bit=9, codes="partisipasi_sekolah", group=EDUCATION)
    jenjang_tertinggi_yang_diduduki: Number = code(
        "Jenjang tertinggi yang diduduki", bit=10, codes="jenjang", group=EDUCATION, gate=NEVER_AT_SCHOOL
    )
    kelas_tertinggi_yang_diduduki: Number = code(
        "Kelas tertinggi yang diduduki", bit=11, codes="kelas", group=EDUCATION, gate=NEVER_AT_SCHOOL
    )
    ijazah_tertinggi_yang_dimiliki: Number = code(
        "Ijazah tertinggi yang dimiliki", bit=12, codes="ijazah", group=EDUCATION
    )
    status_bekerja: Number = code("Bekerja seminggu terakhir", bit=13, codes="ya_tidak", group=WORK)
    lapangan_usaha_dari_pekerjaan_utama: Number = code(
        "Lapangan usaha pekerjaan utama", bit=14, codes="lapangan_usaha", group=WORK, gate=WITHOUT_JOB
    )
    lapangan_usaha_dari_usaha_utama: Number = code(
        "Lapangan usaha dari usaha utama", bit=15, codes="lapangan_usaha", group=WORK, gate=WITHOUT_BUSINESS
    )
    status_dalam_pekerjaan_utama: Number = code(
        "Status dalam pekerjaan utama", bit=16, codes="status_pekerjaan", group=WORK, gate=WITHOUT_JOB
    )
    kepemilikan_usaha: Number = yes_no("Memiliki usaha", bit=17, group=WORK)
    jumlah_usaha: Number = count("Jumlah usaha", bit=18, low=0, high=99, group=WORK)
    jumlah_pekerja_yang_dibayar_dari_usaha_utama: Number = count(
        "Pekerja dibayar", bit=19, low=0, high=9999, group=WORK
    )
    jumlah_pekerja_yang_tidak_dibayar_dari_usaha_utama: Number = count(
        "Pekerja tidak dibayar", bit=20, low=0, high=9999, group=WORK
    )
    omzet_usaha_utama: Number = code(
        "Omzet usaha utama per bulan",
        bit=21,
        codes="omzet",
        group=WORK,
        sensitivity=Sensitivity.PERSONAL,
        gate=WITHOUT_BUSINESS,
    )
    kondisi_gizi: Number = code(
        "Kondisi gizi balita", bit=22, codes="gizi", group=HEALTH, sensitivity=Sensitivity.PERSONAL
    )
    penglihatan: Number = code(
        "Kesulitan melihat", bit=23, codes="disabilitas", group=HEALTH, sensitivity=Sensitivity.PERSONAL
    )
    pendengaran: Number = code(
        "Kesulitan mendengar", bit=24, codes="disabilitas", group=HEALTH, sensitivity=Sensitivity.PERSONAL
    )
    berjalan_atau_naik_tangga: Number = code(
        "Kesulitan berjalan atau naik tangga",
        bit=25,
        codes="disabilitas",
        group=HEALTH,
        sensitivity=Sensitivity.PERSONAL,
    )
    menggunakan_tangan_jari: Number = code(
        "Kesulitan menggunakan tangan atau jari",
        bit=26,
        codes="disabilitas",
        group=HEALTH,
        sensitivity=Sensitivity.PERSONAL,
    )
    belajar_kemampuan_intelektual: Number = code(
        "Kesulitan belajar", bit=27, codes="disabilitas", group=HEALTH, sensitivity=Sensitivity.PERSONAL
    )
    pengendalian_perilaku: Number = code(
        "Kesulitan mengendalikan perilaku",
        bit=28,
        codes="disabilitas",
        group=HEALTH,
        sensitivity=Sensitivity.PERSONAL,
    )
    berbicara_komunikasi: Number = code(
        "Kesulitan berbicara", bit=29, codes="disabilitas", group=HEALTH, sensitivity=Sensitivity.PERSONAL
    )
    mengurus_diri: Number = code(
        "Kesulitan mengurus diri", bit=30, codes="disabilitas", group=HEALTH, sensitivity=Sensitivity.PERSONAL
    )
    mengingat_berkonsentrasi: Number = code(
        "Kesulitan mengingat atau berkonsentrasi",
        bit=31,
        codes="disabilitas",
        group=HEALTH,
        sensitivity=Sensitivity.PERSONAL,
    )
    kesedihan_depresi: Number = code(
        "Kesedihan atau depresi", bit=32, codes="depresi", group=HEALTH, sensitivity=Sensitivity.PERSONAL
    )
    penyakit_kronis: Number = code(
        "Penyakit kronis", bit=33, codes="penyakit_kronis", group=HEALTH, sensitivity=Sensitivity.PERSONAL
    )
    kode_provinsi_ktp: str = region("Kode provinsi KTP", bit=34, digits=2, group=REGISTER)
    provinsi_ktp: str = region_name("Provinsi KTP", bit=35, code="kode_provinsi_ktp", group=REGISTER)
    kode_kabupaten_kota_ktp: str = region("Kode kabupaten/kota KTP", bit=36, digits=4, group=REGISTER)
    kabupaten_kota_ktp: str = region_name("Kabupaten/kota KTP", bit=37, code="kode_kabupaten_kota_ktp", group=REGISTER)
    kode_kecamatan_ktp: str = region("Kode kecamatan KTP", bit=38, digits=7, group=REGISTER)
    kecamatan_ktp: str = region_name("Kecamatan KTP", bit=39, code="kode_kecamatan_ktp", group=REGISTER)
    kode_kelurahan_desa_ktp: str = region("Kode kelurahan/desa KTP", bit=40, digits=10, group=REGISTER)
    kelurahan_desa_ktp: str = region_name("Kelurahan/desa KTP", bit=41, code="kode_kelurahan_desa_ktp", group=REGISTER)
    rt_ktp: str = text("RT KTP", bit=42, group=REGISTER)
    rw_ktp: str = text("RW KTP", bit=43, group=REGISTER)
    dusun_ktp: str = text("Dusun KTP", bit=44, group=REGISTER)
    alamat_ktp: str = text("Alamat KTP", bit=45, group=REGISTER)
    pekerjaan_ktp: str = text("Pekerjaan KTP", bit=46, group=REGISTER)
    pendidikan_akhir_ktp: str = text("Pendidikan akhir KTP", bit=47, group=REGISTER)
