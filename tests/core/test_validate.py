"""Every row rule: a sound row that breaks one thing gets exactly that code; a sound row gets none."""

from collections.abc import Mapping
from datetime import date
from functools import cache

import narwhals as nw
import polars as pl
import pytest

from dtsen_pipeline.core.normalise import normalise
from dtsen_pipeline.core.rules.context import Context
from dtsen_pipeline.core.rules.identifiers import PLACEHOLDERS
from dtsen_pipeline.core.rules.persons import DIFFICULTIES
from dtsen_pipeline.core.validate import check, check_ages, predicates, split
from dtsen_pipeline.reference import city, code_lists
from dtsen_pipeline.schemas.reasons import REASONS, ROW_REASONS, reason_of
from dtsen_pipeline.schemas.tables import FAMILY, INPUT_TABLES, MEMBER, REGISTER, VISIT, VISIT_MEMBER, tables
from tests.core.rows import CARD, CITY, NIK, PLAIN_FAMILY, PLAIN_MEMBER, card, nik, numbered, texts

BORN, SEX, FLOOR, ROOMS = "tanggal_lahir", "jenis_kelamin", "jenis_lantai_terluas", "luas_lantai"
FUEL, CYLINDER, LIGHT, POWER = (
    "bahan_bakar_utama_memasak",
    "aset_bergerak_tabung_gas",
    "sumber_penerangan_utama",
    "daya_terpasang",
)
AT = "waktu_kunjungan"
RELATION, MARITAL = "status_hubungan_keluarga", "status_kawin"
LEVEL, DIPLOMA = "jenjang_tertinggi_yang_diduduki", "ijazah_tertinggi_yang_dimiliki"
LEVELS = [("1", 5, 10), ("5", 5, 10), ("6", 10, 12), ("10", 10, 12), ("11", 13, 14), ("17", 13, 14), ("18", 15, 16),
          ("19", 15, 16), ("20", 19, 20), ("22", 19, 20)]  # fmt: skip
"""A code of each level, and the least age at it and with its diploma."""
SOUND = {
    FAMILY: {**PLAIN_FAMILY, CARD: card(1)},
    MEMBER: {**PLAIN_MEMBER, CARD: card(1), NIK: nik(1)},
    VISIT: {
        "id_kunjungan": "V1",
        "id_petugas": "P1",
        AT: "2026-09-21T09:30:00+07:00",
        "hasil_kunjungan": "1",
        CARD: card(1),
    },
    VISIT_MEMBER: {"id_kunjungan": "V1", "keberadaan_anggota": "1", NIK: nik(1)},
    REGISTER: {NIK: nik(1), "nama": "CONTOH", BORN: "1980-01-01", SEX: "1", "status_kependudukan": "1"},
}
DAY, SUNDAY = date(2026, 7, 1), date(2026, 10, 4)
SRC = "a" * 12
Found = list[tuple[set[str], set[str]]]


def child(born: str) -> dict[str, str]:
    """A single child by its birth date."""
    return {BORN: born, NIK: nik(1, born), RELATION: "3", MARITAL: "1", "ijazah_tertinggi_yang_dimiliki": ""}


def findings(table: str, *changes: Mapping[str, str], context: Context | None = None) -> Found:
    """Reasons and warnings of a sound row with each of the changes, each row in a file of its own."""
    rows = [{"src": f"{n:012x}", "row": 2, **SOUND[table], **change} for n, change in enumerate(changes)]
    files = [str(row["src"]) for row in rows]
    usual = Context(city(CITY), dict.fromkeys(files, DAY), batch_ends=dict.fromkeys(files, SUNDAY))
    return _findings(texts(table, rows), table, context or usual)


def _findings(frame: pl.DataFrame, table: str, context: Context) -> Found:
    records = normalise(nw.from_native(frame.lazy()), tables()[table], context.city)
    found: pl.DataFrame = check(records, tables()[table], context).to_native().collect()
    told = {(row["src"], row["row"]): row for row in found.to_dicts()}
    blank: dict[str, str | None] = {"reasons": None, "warnings": None}
    rows = [told.get(pointer, blank) for pointer in frame.select("src", "row").rows()]
    return [(_codes(row["reasons"]), _codes(row["warnings"])) for row in rows]


def _codes(text: str | None) -> set[str]:
    return set(text.split("|")) if text is not None else set()


@pytest.mark.parametrize("table", INPUT_TABLES)
def test_a_sound_row_raises_nothing(table: str) -> None:
    assert findings(table, {}) == [(set(), set())]


Case = tuple[str, dict[str, str], str]
REJECTED: list[Case] = [
    (FAMILY, {CARD: ""}, f"E_REQUIRED:{CARD}"),
    (MEMBER, {CARD: ""}, f"E_REQUIRED:{CARD}"),
    (VISIT, {CARD: ""}, f"E_REQUIRED:{CARD}"),
    (VISIT, {"id_kunjungan": ""}, "E_REQUIRED:id_kunjungan"),
    (VISIT, {"id_petugas": ""}, "E_REQUIRED:id_petugas"),
    *((VISIT, {"id_petugas": number}, "E_NIK_NUMERIC:id_petugas") for number in ("7.0", "1.98E+17")),
    (VISIT, {AT: ""}, f"E_REQUIRED:{AT}"),
    (VISIT, {"hasil_kunjungan": ""}, "E_REQUIRED:hasil_kunjungan"),
    (VISIT_MEMBER, {"id_kunjungan": " "}, "E_REQUIRED:id_kunjungan"),
    *((REGISTER, {name: ""}, f"E_REQUIRED:{name}") for name in (NIK, "nama", BORN, SEX, "status_kependudukan")),
    (REGISTER, {"status_kependudukan": "9"}, "E_CODE:status_kependudukan"),
    (REGISTER, {"tanggal_status": "2026-07-02"}, "E_STATUS_DATE"),
    (REGISTER, {"tanggal_status": "1979-12-31"}, "E_STATUS_DATE"),
    (REGISTER, {"tanggal_status": "kemarin"}, "E_DATE:tanggal_status"),
    (REGISTER, {BORN: "2026-07-02", NIK: nik(1, "2026-07-02")}, "E_BIRTH_FUTURE"),
    (VISIT_MEMBER, {"keberadaan_anggota": ""}, "E_REQUIRED:keberadaan_anggota"),
    *(
        (MEMBER, {NIK: number}, f"E_NIK_FORMAT:{NIK}")
        for number in ("357101010180900", "35710101018090011", "357101010180900A", "3571-0101-0180-9001")
    ),
    (VISIT_MEMBER, {NIK: "12"}, f"E_NIK_FORMAT:{NIK}"),
    *(
        (MEMBER, {NIK: number}, f"E_NIK_NUMERIC:{NIK}")
        for number in (
            "3.57101E+15",
            "3,57101E+15",
            "3571010101809001.0",
            "3571010101809001.",
            "3E15",
            "3.5e15",
            "-3.0",
            "TRUE",
        )
    ),
    (FAMILY, {CARD: "3.57E+15"}, f"E_NIK_NUMERIC:{CARD}"),
    (FAMILY, {"id_pelanggan_pln": "51234567890.0"}, "E_NIK_NUMERIC:id_pelanggan_pln"),
    (VISIT, {"id_pelanggan_pln": "5.12346E+11"}, "E_NIK_NUMERIC:id_pelanggan_pln"),
    (FAMILY, {CARD: "35710101012090"}, f"E_KK_FORMAT:{CARD}"),
    (VISIT, {CARD: "KK-1"}, f"E_KK_FORMAT:{CARD}"),
    (VISIT_MEMBER, {CARD: "KK-1"}, f"E_KK_FORMAT:{CARD}"),
    (FAMILY, {"kode_provinsi": "3"}, "E_REGION_FORMAT:kode_provinsi"),
    (FAMILY, {"kode_kecamatan": "35.71.01"}, "E_REGION_FORMAT:kode_kecamatan"),
    (FAMILY, {"kode_kelurahan_desa": "35710100070"}, "E_REGION_FORMAT:kode_kelurahan_desa"),
    (MEMBER, {"kode_kabupaten_kota_ktp": "357"}, "E_REGION_FORMAT:kode_kabupaten_kota_ktp"),
    (VISIT, {"hasil_kunjungan": "9"}, "E_CODE:hasil_kunjungan"),
    (VISIT_MEMBER, {"keberadaan_anggota": "9"}, "E_CODE:keberadaan_anggota"),
    (FAMILY, {ROOMS: "0"}, f"E_RANGE:{ROOMS}"),
    (FAMILY, {ROOMS: "998"}, f"E_RANGE:{ROOMS}"),
    (FAMILY, {"jumlah_anggota_keluarga": "51"}, "E_RANGE:jumlah_anggota_keluarga"),
    (FAMILY, {"jumlah_ternak_sapi": "1000"}, "E_RANGE:jumlah_ternak_sapi"),
    *(
        (FAMILY, {f"desil_{level}": decile}, f"E_DESIL:desil_{level}")
        for level in ("nasional", "provinsi", "kabupaten_kota")
        for decile in ("0", "11")
    ),
    (FAMILY, {ROOMS: "30 m2"}, f"E_NUMBER:{ROOMS}"),
    (FAMILY, {"desil_nasional": "lima"}, "E_NUMBER:desil_nasional"),
    (MEMBER, {BORN: "1980-02-30"}, f"E_DATE:{BORN}"),
    (VISIT_MEMBER, {BORN: "01/01/1980"}, f"E_DATE:{BORN}"),
    (VISIT, {AT: "2026-09-21T09:30:00"}, f"E_TIME:{AT}"),
    (VISIT, {"lintang": "-7,8"}, "E_COORDINATE:lintang"),
    (VISIT, {"bujur": "112"}, "E_COORDINATE:bujur"),
    (MEMBER, {BORN: "2026-07-02"}, "E_BIRTH_FUTURE"),
    (VISIT, {AT: "2026-10-05T00:00:00+07:00"}, "E_VISIT_FUTURE"),
]
WARNED: list[Case] = [
    (FAMILY, {FLOOR: "77"}, f"W_CODE:{FLOOR}"),
    (VISIT, {FLOOR: "77"}, f"W_CODE:{FLOOR}"),
    (MEMBER, {"status_kawin": "x"}, "W_CODE:status_kawin"),
    (MEMBER, {NIK: ""}, "W_NIK_MISSING"),
    *((MEMBER, {BORN: born}, "W_NIK_BIRTHDATE") for born in ("1980-01-02", "1980-02-01", "1981-01-01")),
    (VISIT_MEMBER, {BORN: "1980-01-02"}, "W_NIK_BIRTHDATE"),
    (MEMBER, {SEX: "2"}, "W_NIK_SEX"),
    (MEMBER, {NIK: nik(1, sex="2")}, "W_NIK_SEX"),
    (VISIT_MEMBER, {SEX: "2"}, "W_NIK_SEX"),
    (MEMBER, {NIK: f"3506{nik(1)[4:]}"}, "W_NIK_REGION"),
    (MEMBER, {NIK: f"3572{nik(1)[4:]}"}, "W_NIK_REGION"),
    (MEMBER, {NIK: f"{nik(1)[:12]}0000"}, "W_NIK_SERIAL"),
    (FAMILY, {LIGHT: "2", POWER: "1"}, "W_POWER_WITHOUT_METER"),
    (VISIT, {LIGHT: "4", POWER: "5"}, "W_POWER_WITHOUT_METER"),
    *((FAMILY, {CYLINDER: "1", FUEL: fuel}, "W_GAS_CYLINDER_FUEL") for fuel in ("4", "7", "8", "9", "10")),
    *((FAMILY, {CYLINDER: "2", FUEL: fuel}, "W_GAS_CYLINDER_FUEL") for fuel in ("2", "3")),
    *((FAMILY, {"fasilitas_bab": toilet, "jenis_kloset": "1"}, "W_CLOSET_WITHOUT_TOILET") for toilet in "456"),
    (MEMBER, {"partisipasi_sekolah": "1", LEVEL: "3", DIPLOMA: ""}, "W_SCHOOL_WITHOUT_LEVEL"),
    (MEMBER, {"status_bekerja": "2", "status_dalam_pekerjaan_utama": "4"}, "W_JOB_WITHOUT_WORK"),
    *((MEMBER, {NIK: number}, "W_NIK_PLACEHOLDER") for number in PLACEHOLDERS),
    *((FAMILY, {CARD: number}, "W_KK_PLACEHOLDER") for number in PLACEHOLDERS),
    (VISIT, {CARD: "0" * 16}, "W_KK_PLACEHOLDER"),
    *(
        (VISIT_MEMBER, {NIK: f"{nik(1)[:6]}{date}{nik(1)[10:]}"}, "W_NIK_DATE")
        for date in ("0001", "3201", "4001", "7201", "0100", "0113", "3002", "3104", "7102")
    ),
    *((FAMILY, {CARD: f"{card(1)[:6]}{date}{card(1)[10:]}"}, "W_KK_DATE") for date in ("4101", "0013", "3002", "3111")),
    *(
        (MEMBER, {NIK: f"{area}{nik(1)[6:]}"}, "W_NIK_REGION_UNKNOWN")
        for area in ("377101", "350001", "357100", "357199")
    ),
    *(
        (FAMILY, {CARD: f"{area}{card(1)[6:]}"}, "W_KK_REGION_UNKNOWN")
        for area in ("007101", "350001", "357100", "357104")
    ),
    *((FAMILY, {CARD: f"{area}{card(1)[6:]}"}, "W_KK_REGION") for area in ("350601", "966401")),
    (VISIT, {CARD: f"3506{card(1)[4:]}"}, "W_KK_REGION"),
    (FAMILY, {CARD: f"{card(1)[:12]}0000"}, "W_KK_SERIAL"),
    (MEMBER, {NIK: card(1), BORN: "2020-01-01", RELATION: "3", MARITAL: "1", DIPLOMA: ""}, "W_NIK_IS_CARD"),
    *((MEMBER, {"nama": name}, "W_NAME_CHARACTERS:nama") for name in ("SIT1", "SITI?", "A_B", "TIDAK_ADA", "A [B]")),
    (FAMILY, {"nama_kepala_keluarga": "A/B"}, "W_NAME_CHARACTERS:nama_kepala_keluarga"),
    (VISIT_MEMBER, {"nama": "S1TI"}, "W_NAME_CHARACTERS:nama"),
    *((MEMBER, {name: ""}, f"W_BLANK:{name}") for name in ("nama", BORN, SEX, RELATION, MARITAL)),
    (FAMILY, {"kode_kelurahan_desa": "3571020007"}, "W_REGION_NESTING:kode_kelurahan_desa"),
    (FAMILY, {"kode_provinsi": "33"}, "W_REGION_NESTING:kode_kabupaten_kota"),
    (VISIT, {"kode_kecamatan": "3571010", "kode_kabupaten_kota": "3506"}, "W_REGION_NESTING:kode_kecamatan"),
    (
        MEMBER,
        {"kode_kelurahan_desa_ktp": "3506130001", "kode_kecamatan_ktp": "3506120"},
        "W_REGION_NESTING:kode_kelurahan_desa_ktp",
    ),
    (VISIT, {"kode_kelurahan_desa": "3571011001"}, "W_VILLAGE_UNKNOWN"),
    (FAMILY, {LIGHT: "2", "id_pelanggan_pln": "990000000001"}, "W_PLN_ID_WITHOUT_METER"),
    *(
        (FAMILY, {LIGHT: "4", f"aset_bergerak_{name}": "1"}, "W_ELECTRIC_GOODS")
        for name in ("lemari_es", "ac", "pemanas_air", "tv_datar", "komputer_laptop_tablet")
    ),
    (VISIT, {LIGHT: "4", FUEL: "1"}, "W_ELECTRIC_COOKING"),
    *((FAMILY, {"fasilitas_bab": code, "pembuangan_akhir_tinja": "1"}, "W_DISPOSAL_WITHOUT_TOILET") for code in "456"),
    *(
        (FAMILY, {"kepemilikan_aset": "2", name: "1"}, "W_ASSETS_DENIED")
        for name in ("aset_bergerak_perahu", "aset_tidak_bergerak_rumah_lainnya")
    ),
    (MEMBER, {"status_bekerja": "2", "lapangan_usaha_dari_pekerjaan_utama": "1"}, "W_SECTOR_WITHOUT_WORK"),
    (MEMBER, {"kepemilikan_usaha": "2", "jumlah_usaha": "1"}, "W_BUSINESS_WITHOUT_OWNER"),
    (VISIT_MEMBER, {"kepemilikan_usaha": "2", "omzet_usaha_utama": "7"}, "W_BUSINESS_WITHOUT_OWNER"),
    *((MEMBER, {RELATION: code, MARITAL: "1"}, "W_SPOUSE_UNMARRIED") for code in "24"),
    *(
        (MEMBER, {LEVEL: level, DIPLOMA: code}, "W_DIPLOMA_LEVEL")
        for level, code in (("5", "6"), ("10", "11"), ("17", "18"), ("19", "20"), ("1", "22"))
    ),
    (MEMBER, {"partisipasi_sekolah": "1", DIPLOMA: "3"}, "W_DIPLOMA_LEVEL"),
    (MEMBER, {BORN: "1905-07-01", NIK: nik(1, "2005-07-01")}, "W_AGE_RANGE"),
    (MEMBER, child("2009-07-02") | {RELATION: "1"}, "W_HEAD_AGE"),
    *((MEMBER, child("2011-07-02") | {MARITAL: code}, "W_MARRIED_AGE") for code in "234"),
    *((MEMBER, child(f"{2026 - age}-07-02") | {LEVEL: code}, "W_SCHOOL_AGE") for code, age, _ in LEVELS),
    *((MEMBER, child(f"{2026 - age}-07-02") | {DIPLOMA: code}, "W_DIPLOMA_AGE") for code, _, age in LEVELS),
    (MEMBER, child("2013-07-02") | {"status_bekerja": "1"}, "W_WORK_AGE"),
    (MEMBER, child("2021-07-01") | {"kondisi_gizi": "1"}, "W_NUTRITION_AGE"),
    *((MEMBER, child("2024-07-02") | {name: "4"}, "W_DISABILITY_AGE") for name in DIFFICULTIES),
]
SOUND_TOO: list[tuple[str, dict[str, str]]] = [
    (FAMILY, {ROOMS: "1"}),
    (FAMILY, {ROOMS: "997"}),
    (FAMILY, {"jumlah_ternak_sapi": "999", "desil_nasional": "10", "desil_provinsi": "1"}),
    (FAMILY, {LIGHT: "1", POWER: "1"}),
    (FAMILY, {LIGHT: "2", POWER: ""}),
    (VISIT, {LIGHT: "2", POWER: "TIDAK_ADA"}),
    (FAMILY, {CYLINDER: "1", FUEL: "2"}),
    (FAMILY, {CYLINDER: "2", FUEL: "4"}),
    (FAMILY, {"fasilitas_bab": "3", "jenis_kloset": "1"}),
    (VISIT, {ROOMS: "TIDAK_ADA", FLOOR: "TIDAK_ADA", "kode_kelurahan_desa": "TIDAK_ADA"}),
    (VISIT, {"lintang": "-7.8166", "bujur": "112.01179999", "lengan_acak": "2", "peran_petugas": "TRC"}),
    (MEMBER, child("2026-07-01")),
    (MEMBER, {BORN: "1926-07-01", NIK: nik(1, "2026-07-01")}),
    (MEMBER, {BORN: "1905-07-02", NIK: nik(1, "2005-07-02")}),
    (MEMBER, child("2009-07-01") | {RELATION: "1"}),
    (MEMBER, child("2011-07-01") | {MARITAL: "2"}),
    (MEMBER, child("2013-07-01") | {"status_bekerja": "1"}),
    (MEMBER, child("2021-07-02") | {"kondisi_gizi": "8"}),
    *((MEMBER, child("2024-07-01") | {name: "4"}) for name in DIFFICULTIES),
    *((MEMBER, child(f"{2026 - age}-07-01") | {LEVEL: code}) for code, age, _ in LEVELS),
    *((MEMBER, child(f"{2026 - age}-07-01") | {DIPLOMA: code}) for code, _, age in LEVELS),
    (MEMBER, child("2022-01-01") | {DIPLOMA: "23", "partisipasi_sekolah": "1"}),
    (MEMBER, {LEVEL: "8", DIPLOMA: "3"}),
    (VISIT_MEMBER, {LEVEL: "TIDAK_ADA", DIPLOMA: "8"}),
    (MEMBER, {LEVEL: "8", DIPLOMA: "6"}),
    (MEMBER, {"nama": "SITI NUR'AINI, S.PD.", RELATION: "2"}),
    (MEMBER, {"kode_kelurahan_desa_ktp": "3571010007", "kode_kecamatan_ktp": "3571010"}),
    (VISIT, {"nama_kepala_keluarga": "TIDAK_ADA", "id_pelanggan_pln": "TIDAK_ADA", LIGHT: "2"}),
    (VISIT, {"kode_kelurahan_desa": "3571010007", "kode_kecamatan": "TIDAK_ADA"}),
    (FAMILY, {LIGHT: "3", "aset_bergerak_ac": "1"}),
    (FAMILY, {LIGHT: "4", FUEL: "91"}),
    (FAMILY, {CYLINDER: "1", FUEL: "91"}),
    (FAMILY, {CYLINDER: "2", FUEL: "91"}),
    (FAMILY, {"kepemilikan_aset": "1", "aset_bergerak_ac": "1"}),
    (FAMILY, {CARD: f"{card(1)[:6]}2902{card(1)[10:]}"}),
    (MEMBER, {SEX: "2", NIK: nik(1, "1980-01-31", "2"), BORN: "1980-01-31"}),
    (MEMBER, {"partisipasi_sekolah": "2", "jenjang_tertinggi_yang_diduduki": "3"}),
    (MEMBER, {"status_bekerja": "1", "status_dalam_pekerjaan_utama": "4"}),
    (VISIT_MEMBER, {NIK: "", CARD: ""}),
    (VISIT, {AT: "2026-10-04T23:59:59+07:00"}),
]
TWICE = {"W_NIK_TWICE", "W_KK_TWICE", "W_PERSON_TWICE"}
OF_VISITS = {"E_BIRTH_AFTER_VISIT", "E_VISIT_ROLE", "W_OFFICER_UNKNOWN"}


@cache
def of_cases(table: str) -> Found:
    """The findings of all cases of a table, in the order of `cases`."""
    return findings(table, *(change for change, _, _ in cases(table)))


def cases(table: str) -> list[tuple[dict[str, str], str | None, str | None]]:
    """Change, reason and warning."""
    rejected = [(change, code, None) for of, change, code in REJECTED if of == table]
    warned = [(change, None, code) for of, change, code in WARNED if of == table]
    return [*rejected, *warned, *((change, None, None) for of, change in SOUND_TOO if of == table)]


@pytest.mark.parametrize("table", INPUT_TABLES)
def test_what_rejects_a_row(table: str) -> None:
    for (change, code, _), (reasons, _) in zip(cases(table), of_cases(table), strict=True):
        assert reasons == ({code} if code else set()), change


@pytest.mark.parametrize("table", INPUT_TABLES)
def test_what_warns_of_a_row(table: str) -> None:
    for (change, reason, code), (_, warnings) in zip(cases(table), of_cases(table), strict=True):
        if reason is None:
            assert warnings == ({code} if code else set()), change


def test_every_rule_has_a_case_and_every_code_its_text() -> None:
    covered = {code.partition(":")[0] for _, _, code in (*REJECTED, *WARNED)} | TWICE | OF_VISITS
    context = Context(city(CITY), {SRC: DAY})
    given = {code for table in INPUT_TABLES for code in predicates(tables()[table], context)}
    assert {code.partition(":")[0] for code in given} <= covered
    assert covered <= {reason.code for reason in ROW_REASONS}
    for code in given:
        reason, column = reason_of(code)
        assert reason.code in REASONS
        assert column is None or any(column in tables()[table].names for table in INPUT_TABLES)


def test_an_impossible_date_in_a_nik_also_contradicts_the_birth_date() -> None:
    number = f"{nik(1)[:6]}40{nik(1)[8:]}"
    assert findings(MEMBER, {NIK: number}) == [(set(), {"W_NIK_DATE", "W_NIK_BIRTHDATE"})]


def test_the_unborn_are_judged_no_further() -> None:
    assert findings(MEMBER, {BORN: "2027-01-01"}) == [({"E_BIRTH_FUTURE"}, {"W_NIK_BIRTHDATE"})]


def test_ages_are_as_of_each_files_own_data_date() -> None:
    context = Context(city(CITY), {f"{0:012x}": date(2026, 1, 15), f"{1:012x}": DAY})
    rows = [child("2021-03-03") | {"kondisi_gizi": "1"}] * 3
    assert findings(MEMBER, *rows, context=context) == [(set(), set()), (set(), {"W_NUTRITION_AGE"}), (set(), set())]


def test_an_unreadable_birth_date_is_not_also_blank() -> None:
    assert findings(MEMBER, {BORN: "kemarin"}) == [({f"E_DATE:{BORN}"}, set())]


def test_a_person_stands_twice_on_one_card_of_one_file() -> None:
    other = {"nama": "CONTOH LAIN"}
    changes: list[dict[str, str]] = [
        {},
        {NIK: nik(2)},
        {NIK: nik(3), CARD: card(2)},
        {NIK: nik(4)} | other,
        {NIK: nik(5), BORN: "1981-01-01"},
    ]
    rows = [SOUND[MEMBER] | change for change in changes]
    twins = [SOUND[MEMBER] | {NIK: "", BORN: "", "nama": name} for name in ("A", "A")]
    found = _findings(numbered(MEMBER, [*rows, *twins]), MEMBER, Context(city(CITY)))
    assert ["W_PERSON_TWICE" in warnings for _, warnings in found] == [True, True, *[False] * 5]
    assert findings(MEMBER, {}, {}) == [(set(), set())] * 2


def test_several_reasons_stand_together() -> None:
    row = {ROOMS: "x", CARD: "", FLOOR: "77", LIGHT: "2", POWER: "1"}
    assert findings(FAMILY, row) == [
        ({f"E_NUMBER:{ROOMS}", f"E_REQUIRED:{CARD}"}, {f"W_CODE:{FLOOR}", "W_POWER_WITHOUT_METER"})
    ]


def test_an_unreadable_required_cell_is_not_also_blank() -> None:
    assert findings(VISIT, {AT: "kemarin"}) == [({f"E_TIME:{AT}"}, set())]


def test_a_confirmed_code_list_rejects() -> None:
    confirmed = Context(city(CITY), {}, {f"{0:012x}": frozenset(code_lists())})
    assert findings(FAMILY, {FLOOR: "77"}, context=confirmed) == [({f"E_CODE:{FLOOR}"}, set())]
    floors = Context(city(CITY), {}, {f"{0:012x}": frozenset({"lantai"})})
    assert findings(MEMBER, {"status_kawin": "9"}, context=floors) == [(set(), {"W_CODE:status_kawin"})]


def test_a_code_list_is_confirmed_for_the_rows_of_one_file() -> None:
    """The same unknown code: an error where the file's source was confirmed, a warning beside it."""
    context = Context(city(CITY), {}, {f"{0:012x}": frozenset({"lantai"}), "f" * 12: frozenset({"lantai"})})
    rows = [{"src": f"{number:012x}", "row": 2, **SOUND[FAMILY], FLOOR: "77"} for number in range(2)]
    assert _findings(texts(FAMILY, rows), FAMILY, context) == [
        ({f"E_CODE:{FLOOR}"}, set()),
        (set(), {f"W_CODE:{FLOOR}"}),
    ]


def test_the_future_begins_after_each_files_own_data_date() -> None:
    context = Context(city(CITY), {f"{0:012x}": date(2026, 1, 15), f"{1:012x}": DAY})
    born = child("2026-03-03")
    assert findings(MEMBER, born, born, born, context=context) == [({"E_BIRTH_FUTURE"}, set()), *[(set(), set())] * 2]


def test_numbers_that_stand_twice_in_a_file() -> None:
    numbers = (nik(1), nik(1), nik(2), "", "")
    rows = [{**SOUND[MEMBER], NIK: number, "nama": f"CONTOH {'ABCDE'[i]}"} for i, number in enumerate(numbers)]
    found = _findings(numbered(MEMBER, rows), MEMBER, Context(city(CITY)))
    assert [warnings for _, warnings in found] == [
        {"W_NIK_TWICE"},
        {"W_NIK_TWICE"},
        set(),
        {"W_NIK_MISSING"},
        {"W_NIK_MISSING"},
    ]
    rows = [{**SOUND[FAMILY], CARD: number} for number in (card(1), card(1), card(2), "", "")]
    found = _findings(numbered(FAMILY, rows), FAMILY, Context(city(CITY)))
    assert [warnings for _, warnings in found] == [{"W_KK_TWICE"}, {"W_KK_TWICE"}, set(), set(), set()]
    assert findings(MEMBER, {}, {}) == [(set(), set())] * 2


def test_the_valid_rows_are_those_without_a_reason() -> None:
    frame = numbered(FAMILY, [SOUND[FAMILY], {**SOUND[FAMILY], ROOMS: "x"}, {**SOUND[FAMILY], FLOOR: "77"}])
    records = normalise(nw.from_native(frame.lazy()), tables()[FAMILY], city(CITY))
    checked = check(records, tables()[FAMILY], Context(city(CITY)))
    assert split(records, checked).to_native().collect()["row"].to_list() == [2, 4]


def test_births_against_the_day_of_the_visit() -> None:
    visits = {"V1": ("2026-09-21T23:30:00+07:00",), "V2": ("2026-09-20T08:00:00+07:00", "2026-09-22T08:00:00+07:00")}
    born = {
        "on the day": ("V1", "2026-09-21"),
        "after it": ("V1", "2026-09-22"),
        "before the last of two": ("V2", "2026-09-22"),
        "after both": ("V2", "2026-09-23"),
        "not asked": ("V1", ""),
        "a visit that never came": ("V3", "2030-01-01"),
    }
    sent = [{**SOUND[VISIT], "id_kunjungan": visit, AT: at} for visit, times in visits.items() for at in times]
    met = [{**SOUND[VISIT_MEMBER], "id_kunjungan": visit, BORN: day, NIK: ""} for visit, day in born.values()]
    records = {
        table: normalise(nw.from_native(numbered(table, rows).lazy()), tables()[table], city(CITY))
        for table, rows in ((VISIT, sent), (VISIT_MEMBER, met))
    }
    found = check_ages(records[VISIT_MEMBER], records[VISIT]).to_native().collect()
    told = {row["row"]: (row["reasons"], row["warnings"]) for row in found.to_dicts()}
    reasons = {name: told.get(line, (None, None)) for line, name in enumerate(born, start=2)}
    assert {name for name, reason in reasons.items() if reason == ("E_BIRTH_AFTER_VISIT", None)} == {
        "after it",
        "after both",
    }
    assert len(told) == 2


AGED = ("W_AGE", "W_HEAD_AGE", "W_MARRIED_AGE", "W_SCHOOL_AGE", "W_DIPLOMA_AGE", "W_WORK_AGE", "W_NUTRITION_AGE",
        "W_DISABILITY_AGE")  # fmt: skip


def test_a_visit_s_member_is_judged_by_age_on_the_day_of_the_visit_as_a_snapshot_s_on_the_data_date() -> None:
    """The same people, the day being the same: the same findings about ages, at every limit."""
    rows = [
        {**SOUND[MEMBER], **change} for of, change, _ in [*WARNED, *((*one, "") for one in SOUND_TOO)] if of == MEMBER
    ]
    sent = [{**SOUND[VISIT], AT: f"{DAY.isoformat()}T09:30:00+07:00"}]
    met = [{**row, "id_kunjungan": "V1", "keberadaan_anggota": "4"} for row in rows]
    records = {
        table: normalise(nw.from_native(numbered(table, lines).lazy()), tables()[table], city(CITY))
        for table, lines in ((VISIT, sent), (VISIT_MEMBER, met))
    }
    found = check_ages(records[VISIT_MEMBER], records[VISIT]).to_native().collect()
    told = {row["row"]: _codes(row["warnings"]) for row in found.to_dicts()}
    of_members = findings(MEMBER, *({key: str(cell) for key, cell in row.items()} for row in rows))
    expected = [{code for code in warnings if code.startswith(AGED)} for _, warnings in of_members]
    assert [told.get(line, set()) for line in range(2, len(rows) + 2)] == expected
    assert {code for codes in expected for code in codes} >= set(AGED[1:])
