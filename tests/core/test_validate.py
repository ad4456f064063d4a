"""Every row rule: a sound row that breaks one thing gets exactly that code; a sound row gets none."""

from collections.abc import Mapping
from datetime import date
from functools import cache

import narwhals as nw
import polars as pl
import pytest

from dtsen_pipeline.core.normalise import normalise
from dtsen_pipeline.core.validate import Context, check, check_households, predicates, split
from dtsen_pipeline.reference import city, code_lists
from dtsen_pipeline.schemas.reasons import REASONS, reason_of
from dtsen_pipeline.schemas.reasons.rows import ROWS
from dtsen_pipeline.schemas.tables import FAMILY, INPUT_TABLES, MEMBER, VISIT, VISIT_MEMBER, tables
from tests.core.rows import CARD, CITY, NIK, PLAIN_FAMILY, PLAIN_MEMBER, card, nik, numbered, texts

BORN, SEX, FLOOR, ROOMS = "tanggal_lahir", "jenis_kelamin", "jenis_lantai_terluas", "luas_lantai"
FUEL, CYLINDER, LIGHT, POWER = (
    "bahan_bakar_utama_memasak",
    "aset_bergerak_tabung_gas",
    "sumber_penerangan_utama",
    "daya_terpasang",
)
AT = "waktu_kunjungan"
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
}
DAY = date(2026, 7, 1)
SRC = "a" * 12
Found = list[tuple[set[str], set[str]]]


def findings(table: str, *changes: Mapping[str, str], context: Context | None = None) -> Found:
    """Reasons and warnings of a sound row with each of the changes, each row in a file of its own."""
    rows = [{"src": f"{n:012x}", "row": 2, **SOUND[table], **change} for n, change in enumerate(changes)]
    observed = dict.fromkeys((str(row["src"]) for row in rows), DAY)
    return _findings(texts(table, rows), table, context or Context(city(CITY), observed))


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
    (VISIT, {AT: ""}, f"E_REQUIRED:{AT}"),
    (VISIT, {"hasil_kunjungan": ""}, "E_REQUIRED:hasil_kunjungan"),
    (VISIT_MEMBER, {"id_kunjungan": " "}, "E_REQUIRED:id_kunjungan"),
    (VISIT_MEMBER, {"keberadaan_anggota": ""}, "E_REQUIRED:keberadaan_anggota"),
    *(
        (MEMBER, {NIK: number}, f"E_NIK_FORMAT:{NIK}")
        for number in ("357101010180900", "35710101018090011", "357101010180900A", "3571-0101-0180-9001")
    ),
    (VISIT_MEMBER, {NIK: "12"}, f"E_NIK_FORMAT:{NIK}"),
    *(
        (MEMBER, {NIK: number}, f"E_NIK_NUMERIC:{NIK}")
        for number in ("3.57101E+15", "3,57101E+15", "3571010101809001.0", "3571010101809001.", "3E15", "3.5e15")
    ),
    (FAMILY, {CARD: "3.57E+15"}, f"E_NIK_NUMERIC:{CARD}"),
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
]
WARNED: list[Case] = [
    (FAMILY, {FLOOR: "77"}, f"W_CODE:{FLOOR}"),
    (VISIT, {FLOOR: "77"}, f"W_CODE:{FLOOR}"),
    (MEMBER, {"status_kawin": "x"}, "W_CODE:status_kawin"),
    (MEMBER, {NIK: ""}, "W_NIK_MISSING"),
    *((MEMBER, {BORN: born}, "W_NIK_BIRTHDATE") for born in ("1980-01-02", "1980-02-01", "1981-01-01")),
    (VISIT_MEMBER, {BORN: "1980-01-02"}, "W_NIK_BIRTHDATE"),
    (MEMBER, {NIK: f"{nik(1)[:6]}40{nik(1)[8:]}"}, "W_NIK_BIRTHDATE"),
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
    (MEMBER, {"partisipasi_sekolah": "1", "jenjang_tertinggi_yang_diduduki": "3"}, "W_SCHOOL_WITHOUT_LEVEL"),
    (MEMBER, {"status_bekerja": "2", "status_dalam_pekerjaan_utama": "4"}, "W_JOB_WITHOUT_WORK"),
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
    (MEMBER, {BORN: "2026-07-01", NIK: nik(1, "2026-07-01")}),
    (MEMBER, {BORN: "1926-07-01", NIK: nik(1, "2026-07-01")}),
    (MEMBER, {SEX: "2", NIK: nik(1, "1980-01-31", "2"), BORN: "1980-01-31"}),
    (MEMBER, {BORN: "", SEX: ""}),
    (MEMBER, {"partisipasi_sekolah": "2", "jenjang_tertinggi_yang_diduduki": "3"}),
    (MEMBER, {"status_bekerja": "1", "status_dalam_pekerjaan_utama": "4"}),
    (VISIT_MEMBER, {NIK: "", CARD: ""}),
]
TWICE = {"W_NIK_TWICE", "W_KK_TWICE", "W_NIK_SHARED"}
OF_HOUSEHOLDS = {"W_HEAD_COUNT", "W_MEMBER_COUNT", "W_FAMILY_EMPTY"}


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
    covered = {code.partition(":")[0] for _, _, code in (*REJECTED, *WARNED)} | TWICE | OF_HOUSEHOLDS
    context = Context(city(CITY), {SRC: DAY})
    given = {code for table in INPUT_TABLES for code in predicates(tables()[table], context)}
    assert {code.partition(":")[0] for code in given} <= covered
    assert covered == {reason.code for reason in ROWS}
    for code in given:
        reason, column = reason_of(code)
        assert reason.code in REASONS
        assert column is None or any(column in tables()[table].names for table in INPUT_TABLES)


def test_several_reasons_stand_together() -> None:
    row = {ROOMS: "x", CARD: "", FLOOR: "77", LIGHT: "2", POWER: "1"}
    assert findings(FAMILY, row) == [
        ({f"E_NUMBER:{ROOMS}", f"E_REQUIRED:{CARD}"}, {f"W_CODE:{FLOOR}", "W_POWER_WITHOUT_METER"})
    ]


def test_an_unreadable_required_cell_is_not_also_blank() -> None:
    assert findings(VISIT, {AT: "kemarin"}) == [({f"E_TIME:{AT}"}, set())]


def test_a_confirmed_code_list_rejects() -> None:
    confirmed = Context(city(CITY), {}, frozenset(code_lists()))
    assert findings(FAMILY, {FLOOR: "77"}, context=confirmed) == [({f"E_CODE:{FLOOR}"}, set())]
    assert findings(MEMBER, {"status_kawin": "9"}, context=Context(city(CITY), {}, frozenset({"lantai"}))) == [
        (set(), {"W_CODE:status_kawin"})
    ]


def test_the_future_begins_after_each_files_own_data_date() -> None:
    context = Context(city(CITY), {f"{0:012x}": date(2026, 1, 15), f"{1:012x}": DAY})
    born = {BORN: "2026-03-03", NIK: nik(1, "2026-03-03")}
    assert findings(MEMBER, born, born, born, context=context) == [({"E_BIRTH_FUTURE"}, set()), *[(set(), set())] * 2]


def test_numbers_that_stand_twice_in_a_file() -> None:
    rows = [{**SOUND[MEMBER], NIK: number} for number in (nik(1), nik(1), nik(2), "", "")]
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


def test_households_against_their_members() -> None:
    homes = {
        "sound": (card(1), "2", ["1", "3"]),
        "empty": (card(2), "", []),
        "headless": (card(3), "1", ["3"]),
        "two heads": (card(4), "2", ["1", "1"]),
        "one too few": (card(5), "3", ["1", "2"]),
        "not stated": (card(6), "", ["1"]),
        "relation unknown": (card(7), "2", ["1", ""]),
        "older snapshot": (card(8), "1", []),
    }
    families = [{**SOUND[FAMILY], CARD: number, "jumlah_anggota_keluarga": n} for number, n, _ in homes.values()]
    members = [
        {**SOUND[MEMBER], CARD: number, "status_hubungan_keluarga": relation}
        for number, _, relations in homes.values()
        for relation in relations
    ]
    older = [{**SOUND[MEMBER], CARD: card(8), "status_hubungan_keluarga": "1"}]
    frames = [
        numbered(FAMILY, families, "f" * 12),
        pl.concat([numbered(MEMBER, members, "b" * 12), numbered(MEMBER, older, "c" * 12)]),
    ]
    records = [
        normalise(nw.from_native(frame.lazy()), tables()[table], city(CITY))
        for frame, table in zip(frames, (FAMILY, MEMBER), strict=True)
    ]
    versions = {"f" * 12: "v4", "b" * 12: "v4", "c" * 12: "v3"}
    found = check_households(records[0], records[1], versions).to_native().collect()
    told = {row["row"]: (row["reasons"], row["warnings"]) for row in found.to_dicts()}
    assert {name: told.get(line) for line, name in enumerate(homes, start=2)} == {
        "sound": None,
        "empty": (None, "W_FAMILY_EMPTY"),
        "headless": (None, "W_HEAD_COUNT"),
        "two heads": (None, "W_HEAD_COUNT"),
        "one too few": (None, "W_MEMBER_COUNT"),
        "not stated": None,
        "relation unknown": None,
        "older snapshot": (None, "W_FAMILY_EMPTY"),
    }
