"""For every finding about rows, the smallest change of a sound row that triggers it.

The reference page shows them, and a test runs them through the rules. All people and numbers are invented.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

from dtsen_pipeline.schemas.tables import FAMILY, MEMBER, REGISTER, VISIT, VISIT_MEMBER

DATA_DATE = "2026-07-01"
NIK, CARD, BORN, SEX = "nomor_induk_kependudukan", "nomor_kartu_keluarga", "tanggal_lahir", "jenis_kelamin"
RELATION, MARITAL = "status_hubungan_keluarga", "status_kawin"
LEVEL, DIPLOMA = "jenjang_tertinggi_yang_diduduki", "ijazah_tertinggi_yang_dimiliki"
Cells = Mapping[str, str]

SOUND: Mapping[str, Cells] = MappingProxyType(
    {
        FAMILY: {
            CARD: "3571010101209001",
            "kode_provinsi": "35",
            "kode_kabupaten_kota": "3571",
            "kode_kecamatan": "3571010",
            "kode_kelurahan_desa": "3571010007",
            "jumlah_anggota_keluarga": "1",
        },
        MEMBER: {
            CARD: "3571010101209001",
            NIK: "3571010101809001",
            "nama": "CONTOH",
            BORN: "1980-01-01",
            SEX: "1",
            RELATION: "1",
            MARITAL: "2",
        },
        VISIT: {
            "id_kunjungan": "V1",
            "id_petugas": "P1",
            "waktu_kunjungan": "2026-09-21T09:30:00+07:00",
            "hasil_kunjungan": "1",
            CARD: "3571010101209001",
        },
        VISIT_MEMBER: {"id_kunjungan": "V1", "keberadaan_anggota": "1", NIK: "3571010101809001"},
        REGISTER: {
            NIK: "3571010101809001",
            "nama": "CONTOH",
            BORN: "1980-01-01",
            SEX: "1",
            "status_kependudukan": "1",
        },
    }
)
"""A row of each table that breaks no rule; the cells that are not named are blank."""


LISTED = ("P1", 1, "2026-01-01")
"""The one officer on the list that the examples are held against: since that day, in that role."""


@dataclass(frozen=True)
class Example:
    """A row by what differs from the sound row of its table, and the rows of the same snapshot beside it."""

    table: str
    cells: Cells
    beside: tuple[tuple[str, Cells], ...] = ()


def _of(table: str, **cells: str) -> Example:
    return Example(table, cells)


def _beside(table: str, cells: Cells, *members: Cells) -> Example:
    return Example(table, cells, tuple((MEMBER, member) for member in members))


TWIN = {NIK: "3571010101809002", "nama": "CONTOH DUA", RELATION: "8"}
SPOUSE = {NIK: "3571014101809003", "nama": "CONTOH TIGA", SEX: "2", RELATION: "2"}
ELDER = {NIK: "3571010101709004", "nama": "CONTOH EMPAT", BORN: "1970-01-01", RELATION: "3"}
COUPLE = {"jumlah_anggota_keluarga": "2"}

EXAMPLES: Mapping[str, Example] = MappingProxyType(
    {
        "E_REQUIRED": _of(VISIT, id_petugas=""),
        "E_NIK_FORMAT": _of(MEMBER, nomor_induk_kependudukan="357101010180900"),
        "E_NIK_NUMERIC": _of(MEMBER, nomor_induk_kependudukan="3.57101E+15"),
        "E_KK_FORMAT": _of(FAMILY, nomor_kartu_keluarga="KK-1"),
        "E_REGION_FORMAT": _of(FAMILY, kode_kecamatan="35.71.01"),
        "E_CODE": _of(VISIT, hasil_kunjungan="9"),
        "W_CODE": _of(FAMILY, jenis_lantai_terluas="77"),
        "E_RANGE": _of(FAMILY, luas_lantai="998"),
        "E_DESIL": _of(FAMILY, desil_nasional="11"),
        "E_NUMBER": _of(FAMILY, luas_lantai="30 m2"),
        "E_DATE": _of(MEMBER, tanggal_lahir="1980-02-30"),
        "E_TIME": _of(VISIT, waktu_kunjungan="2026-09-21T09:30:00"),
        "E_COORDINATE": _of(VISIT, lintang="-7,8"),
        "E_BIRTH_FUTURE": _of(MEMBER, tanggal_lahir="2026-07-02"),
        "E_BIRTH_AFTER_VISIT": Example(
            VISIT_MEMBER,
            {"id_kunjungan": "K-002", "tanggal_lahir": "2026-09-22", "nomor_induk_kependudukan": ""},
            ((VISIT, {"id_kunjungan": "K-002", "waktu_kunjungan": "2026-09-21T09:30:00+07:00"}),),
        ),
        "E_VISIT_FUTURE": _of(VISIT, waktu_kunjungan="2026-10-05T08:00:00+07:00"),
        "E_VISIT_ROLE": _of(VISIT, waktu_kunjungan="2025-12-31T08:00:00+07:00"),
        "W_OFFICER_UNKNOWN": _of(VISIT, id_petugas="P9"),
        "E_STATUS_DATE": _of(REGISTER, status_kependudukan="2", tanggal_status="2026-07-02"),
        "W_NIK_UNMATCHED": Example(MEMBER, {}, ((FAMILY, {}), (REGISTER, {NIK: "3571010101809002"}))),
        "W_REGISTER_NAME": Example(REGISTER, {}, ((FAMILY, {}), (MEMBER, {"nama": "SUPARMAN"}))),
        "W_NIK_MISSING": _of(MEMBER, nomor_induk_kependudukan=""),
        "W_NIK_BIRTHDATE": _of(MEMBER, tanggal_lahir="1980-01-02"),
        "W_NIK_SEX": _of(MEMBER, jenis_kelamin="2"),
        "W_NIK_REGION": _of(MEMBER, nomor_induk_kependudukan="3506010101809001"),
        "W_NIK_SERIAL": _of(MEMBER, nomor_induk_kependudukan="3571010101800000"),
        "W_NIK_PLACEHOLDER": _of(MEMBER, nomor_induk_kependudukan="1234567890123456"),
        "W_NIK_DATE": _of(MEMBER, nomor_induk_kependudukan="3571013202809001", tanggal_lahir=""),
        "W_NIK_REGION_UNKNOWN": _of(MEMBER, nomor_induk_kependudukan="9971010101809001"),
        "W_NIK_IS_CARD": _of(MEMBER, nomor_induk_kependudukan="3571010101209001", tanggal_lahir="2020-01-01"),
        "W_NIK_TWICE": _beside(MEMBER, {}, TWIN | {NIK: "3571010101809001"}),
        "W_NIK_SHARED": _beside(MEMBER, {}, TWIN | {NIK: "3571010101809001", BORN: "1975-05-05"}),
        "W_NIK_TWO_FAMILIES": _beside(MEMBER, {}, {CARD: "3571010101209002"}),
        "W_NIK_TWO_NAMES": _beside(MEMBER, {}, {"nama": "CONTOH DUA"}),
        "W_NIK_NEIGHBOUR": _beside(MEMBER, {NIK: "3571010102809002"}, TWIN),
        "W_PERSON_TWICE": _beside(MEMBER, {}, {NIK: "3571010101809555"}),
        "W_KK_TWICE": Example(FAMILY, {}, ((FAMILY, {}),)),
        "W_KK_PLACEHOLDER": _of(FAMILY, nomor_kartu_keluarga="1111111111111111"),
        "W_KK_DATE": _of(FAMILY, nomor_kartu_keluarga="3571013102209001"),
        "W_KK_REGION": _of(FAMILY, nomor_kartu_keluarga="3506010101209001"),
        "W_KK_REGION_UNKNOWN": _of(FAMILY, nomor_kartu_keluarga="3500010101209001"),
        "W_KK_SERIAL": _of(FAMILY, nomor_kartu_keluarga="3571010101200000"),
        "W_FAMILY_EMPTY": Example(FAMILY, {}),
        "W_HEAD_COUNT": _beside(FAMILY, {}, {RELATION: "3"}),
        "W_MEMBER_COUNT": _beside(FAMILY, COUPLE, {}),
        "W_SPOUSE_COUNT": _beside(FAMILY, {}, {}, SPOUSE, SPOUSE | {NIK: "3571014101809005"}),
        "W_HEAD_UNMARRIED": _beside(FAMILY, COUPLE, {MARITAL: "1"}, SPOUSE),
        "W_COUPLE_SEX": _beside(FAMILY, COUPLE, {}, SPOUSE | {SEX: "1"}),
        "W_CHILD_OLDER": _beside(MEMBER, ELDER, {}),
        "W_PARENT_YOUNGER": _beside(MEMBER, TWIN | {RELATION: "6"}, {}),
        "W_REGION_NESTING": _of(FAMILY, kode_kelurahan_desa="3571020007"),
        "W_VILLAGE_UNKNOWN": _of(FAMILY, kode_kelurahan_desa="3571010099"),
        "W_POWER_WITHOUT_METER": _of(FAMILY, sumber_penerangan_utama="2", daya_terpasang="1"),
        "W_PLN_ID_WITHOUT_METER": _of(FAMILY, sumber_penerangan_utama="3", id_pelanggan_pln="990000000001"),
        "W_ELECTRIC_GOODS": _of(FAMILY, sumber_penerangan_utama="4", aset_bergerak_lemari_es="1"),
        "W_ELECTRIC_COOKING": _of(FAMILY, sumber_penerangan_utama="4", bahan_bakar_utama_memasak="1"),
        "W_GAS_CYLINDER_FUEL": _of(FAMILY, bahan_bakar_utama_memasak="10", aset_bergerak_tabung_gas="1"),
        "W_CLOSET_WITHOUT_TOILET": _of(FAMILY, fasilitas_bab="6", jenis_kloset="1"),
        "W_DISPOSAL_WITHOUT_TOILET": _of(FAMILY, fasilitas_bab="6", pembuangan_akhir_tinja="1"),
        "W_ASSETS_DENIED": _of(FAMILY, kepemilikan_aset="2", aset_bergerak_sepeda="1"),
        "W_NAME_CHARACTERS": _of(MEMBER, nama="C0NTOH"),
        "W_BLANK": _of(MEMBER, jenis_kelamin=""),
        "W_SCHOOL_WITHOUT_LEVEL": _of(MEMBER, partisipasi_sekolah="1", jenjang_tertinggi_yang_diduduki="3"),
        "W_DIPLOMA_LEVEL": Example(MEMBER, {LEVEL: "3", DIPLOMA: "8"}),
        "W_JOB_WITHOUT_WORK": _of(MEMBER, status_bekerja="2", status_dalam_pekerjaan_utama="4"),
        "W_SECTOR_WITHOUT_WORK": _of(MEMBER, status_bekerja="2", lapangan_usaha_dari_pekerjaan_utama="12"),
        "W_BUSINESS_WITHOUT_OWNER": _of(MEMBER, kepemilikan_usaha="2", omzet_usaha_utama="1"),
        "W_SPOUSE_UNMARRIED": Example(MEMBER, {RELATION: "2", MARITAL: "1"}),
        "W_AGE_RANGE": _of(MEMBER, tanggal_lahir="1905-07-01"),
        "W_HEAD_AGE": _of(MEMBER, tanggal_lahir="2009-07-02", status_kawin="1"),
        "W_MARRIED_AGE": _of(MEMBER, tanggal_lahir="2011-07-02", status_hubungan_keluarga="3"),
        "W_SCHOOL_AGE": Example(MEMBER, {LEVEL: "13", BORN: "2015-01-01", MARITAL: "1", RELATION: "3"}),
        "W_DIPLOMA_AGE": Example(MEMBER, {DIPLOMA: "3", BORN: "2018-01-01", MARITAL: "1", RELATION: "3"}),
        "W_WORK_AGE": Example(MEMBER, {"status_bekerja": "1", BORN: "2015-01-01", MARITAL: "1", RELATION: "3"}),
        "W_NUTRITION_AGE": _of(MEMBER, kondisi_gizi="2"),
        "W_DISABILITY_AGE": Example(MEMBER, {"mengurus_diri": "4", BORN: "2025-01-01", MARITAL: "1", RELATION: "3"}),
    }
)
