"""What a phone submits with our form comes back through `ingest` as it was answered, in every export that is taken."""

import re
import shutil
from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime

import narwhals as nw
import polars as pl
import pytest
from pyxform.xls2xform import convert

from dtsen_pipeline.core.normalise import normalise
from dtsen_pipeline.core.rules.context import Context
from dtsen_pipeline.core.validate import check
from dtsen_pipeline.queries.form_book import form_book
from dtsen_pipeline.queries.xlsform import form, takes_token
from dtsen_pipeline.reference import city, profiles
from dtsen_pipeline.resources.delivery import contract_rows, read_all
from dtsen_pipeline.resources.ingest import ingest
from dtsen_pipeline.schemas.columns import CLEARED, CLEARED_TEXT, Column, Kind
from dtsen_pipeline.schemas.tables import VISIT, VISIT_MEMBER, delivered, tables
from tests import phone as phones
from tests.core.rows import card, nik
from tests.house import house
from tests.keys import give_key
from tests.phone import Filled, Phone, Question

NOW = datetime(2026, 9, 28, 3, tzinfo=UTC)
CITY = "3571"
AT = "2026-09-22T09:30:00.000+07:00"
WHERE = "-7.816512345678 112.011234567891 70.5 4.5"
CANDIDATES = ("CONTOH NAMA", "35", "3571", "3571010", "3571010007", card(1), "12")
OPEN_HERE = {
    "sumber_penerangan_utama": "1",
    "fasilitas_bab": "1",
    "kode_kecamatan": "3571010",
    "kode_kelurahan_desa": "3571010007",
}
OPEN_THERE = {"partisipasi_sekolah": "2", "status_bekerja": "1", "kepemilikan_usaha": "1"}
"""Answers that close no gate, for the visit and for its members."""
HAS_JAVA = shutil.which("java") is not None
EVERY, NONE, ABSENT, SILENT, GONE = "a1", "b2", "c3", "d4", "e5"
Rows = Mapping[str, pl.DataFrame]


@pytest.fixture(scope="module")
def phone(tmp_path_factory: pytest.TempPathFactory) -> Phone:
    """The form on a phone; where Java is there, ODK Validate has looked at it too."""
    path = tmp_path_factory.mktemp("form") / "form.xlsx"
    path.write_bytes(form_book(form(city(CITY))))
    made = convert(path, validate=HAS_JAVA)
    assert made.warnings == []
    return Phone(made.xform)


def something(one: Question) -> str:
    """An answer with a value, a different one from question to question."""
    place = sum(map(ord, one.name))
    fixed = {
        "dateTime": AT,
        "date": "1980-01-31",
        "geopoint": WHERE,
        "binary": f"{one.name}.jpg",
        "int": f"{place % 90}",
    }
    if one.choices:
        known = [choice for choice in one.choices if choice != CLEARED_TEXT]
        return known[place % len(known)]
    if one.name == "persetujuan":
        return "OK"
    return fixed.get(one.type) or next(text for text in CANDIDATES if one.accepts(text))


def nothing(one: Question) -> str:
    """The answer "there is none", however the question takes it; none where the contract has no such answer."""
    if one.type == "int":
        return "0"
    is_told = one.choices or "constraint" in one.bind
    return CLEARED_TEXT if is_told and one.accepts(CLEARED_TEXT) else ""


def head(phone: Phone, outcome: str, number: int, answer: phones.Answer | None = None) -> dict[str, str]:
    """What every visit says, and the answers of an interview."""
    fixed = {
        "hasil_kunjungan": outcome,
        "id_petugas": "P1",
        "waktu_kunjungan": AT,
        "nomor_kartu_keluarga": card(number),
    }
    if answer is None:
        return fixed
    return phones.answered(phone.visit, answer, **fixed, persetujuan="OK") | (OPEN_HERE if answer is something else {})


@pytest.fixture(scope="module")
def filled(phone: Phone) -> list[Filled]:
    """A visit that was told everything, one that was told "none" throughout, three without answers."""
    member = {"keberadaan_anggota": "1", "nomor_induk_kependudukan": nik(1)}
    told = phones.answered(phone.member, something, **member) | OPEN_THERE
    new = phones.answered(phone.member, something, **member | {"keberadaan_anggota": "5"}) | OPEN_THERE
    dead = {"keberadaan_anggota": "2", "nomor_induk_kependudukan": nik(2)}
    none = phones.answered(phone.member, nothing, keberadaan_anggota="1")
    return [
        phone.fill(EVERY, head(phone, "1", 1, something), [told, new, dead]),
        phone.fill(NONE, head(phone, "2", 2, nothing), [none]),
        phone.fill(ABSENT, head(phone, "3", 3)),
        phone.fill(SILENT, head(phone, "1", 4) | {"persetujuan": "OK"}),
        phone.fill(GONE, head(phone, "5", 5) | {"lokasi": WHERE}),
    ]


@pytest.fixture(scope="module")
def arrived(phone: Phone, filled: list[Filled], tmp_path_factory: pytest.TempPathFactory) -> dict[str, Rows]:
    """The rows of every kind of export after ingest, by table, in the contract's way of writing."""
    folder = tmp_path_factory.mktemp("exports")
    grouped, plain = (phones.odk_csv(filled, phone, grouped=flag) for flag in (True, False))
    exports = {
        "kobo_json": [("kobo_2026-W39_a.json", phones.kobo_json(filled, phone))],
        "odk_json": [("odk_2026-W39_b.json", phones.odk_json(filled, phone))],
        "kobo_csv": [("kobo_2026-W39_c.csv", phones.kobo_csv(filled, phone))],
        "odk_csv": [("odk_2026-W39_d.csv", grouped[0]), ("odk-anggota_2026-W39_d.csv", grouped[1])],
        "odk_csv_plain": [("odk_2026-W39_e.csv", plain[0]), ("odk-anggota_2026-W39_e.csv", plain[1])],
    }
    home = tmp_path_factory.mktemp("house") / "home"
    give_key(home)
    found: dict[str, Rows] = {}
    with house(home) as platform:
        for name, files in exports.items():
            tables_of: dict[str, pl.DataFrame] = {}
            for file, data in files:
                (folder / file).write_bytes(data)
                arrival = ingest(platform, folder / file, NOW)
                assert (arrival.verdict, arrival.code, arrival.damaged) == ("accepted", None, 0), (
                    file,
                    arrival.message,
                )
                known = platform.registry.file(arrival.token)
                parts = read_all(platform, known.sha256, profiles()[known.profile or ""])
                tables_of |= {table: contract_rows(got.rows, part, CITY) for table, (part, got) in parts.items()}
            found[name] = tables_of
    return found


SHAPES = ("kobo_json", "odk_json", "kobo_csv", "odk_csv", "odk_csv_plain")


def told(answers: Mapping[tuple[str, ...], str], table: str) -> dict[str, str]:
    """The answers by column, as the contract writes them."""
    found = {path[-1]: text for path, text in answers.items()}
    where = found.get("lokasi", "").split()
    found |= dict(zip(("lintang", "bujur"), (text[: text.index(".") + 9] for text in where[:2]), strict=False))
    found["waktu_kunjungan"] = found.get("waktu_kunjungan", "").replace(".000", "")
    found["foto"] = found.get("foto", "").strip()
    return {name: found.get(name, "") for name in delivered(tables()[table]) if name != "id_kunjungan"}


@pytest.mark.parametrize("shape", SHAPES)
def test_every_answer_comes_out_as_it_was_given(shape: str, arrived: dict[str, Rows], filled: list[Filled]) -> None:
    expected = {VISIT: [told(one.visit, VISIT) for one in filled]}
    if shape != "kobo_csv":
        expected[VISIT_MEMBER] = [told(met, VISIT_MEMBER) for one in filled for met in one.members]
    assert arrived[shape].keys() == expected.keys()
    for table, rows in expected.items():
        assert _rows(arrived[shape][table], table) == rows


def _rows(frame: pl.DataFrame, table: str) -> list[dict[str, str]]:
    names = [name for name in delivered(tables()[table]) if name != "id_kunjungan"]
    return [{name: (text or "").strip() for name, text in row.items()} for row in frame.select(names).to_dicts()]


@pytest.mark.parametrize("shape", SHAPES)
def test_no_row_is_rejected_and_members_know_their_visit(shape: str, arrived: dict[str, Rows]) -> None:
    for table, frame in arrived[shape].items():
        found = check(records(frame, table), tables()[table], Context(city(CITY))).to_native().collect()
        assert found.filter(pl.col("reasons").is_not_null())["reasons"].to_list() == []
    if shape != "kobo_csv":
        visits, members = (arrived[shape][table]["id_kunjungan"].to_list() for table in (VISIT, VISIT_MEMBER))
        assert [visits.index(own) for own in members] == [0, 0, 0, 1]


def records(frame: pl.DataFrame, table: str) -> nw.LazyFrame[pl.LazyFrame]:
    """The canonical values of rows."""
    return normalise(nw.from_native(frame.lazy()), tables()[table], city(CITY))


TOLD, NONE_TOLD, NOT_TOLD = {VISIT: 0, VISIT_MEMBER: 0}, {VISIT: 1, VISIT_MEMBER: 3}, {VISIT: 3, VISIT_MEMBER: 2}
"""The rows that answer everything, "none" throughout, and nothing that one may leave out."""


@pytest.mark.parametrize("shape", SHAPES)
def test_none_is_a_cleared_value_and_a_blank_was_not_asked(shape: str, arrived: dict[str, Rows]) -> None:
    for table, frame in arrived[shape].items():
        rows = records(frame, table).to_native().collect()
        asked = [column for column in tables()[table].columns if takes_token(column) and not column.comes_from]
        assert len(asked) > 30
        for column in asked:
            values = rows[column.name].to_list()
            assert values[TOLD[table]] not in (None, *cleared(column)), column.name
            assert values[NONE_TOLD[table]] in cleared(column), column.name
            assert values[NOT_TOLD[table]] is None or column.group == "identity", column.name
    zeros = records(arrived[shape][VISIT], VISIT).to_native().collect()["jumlah_ternak_sapi"]
    assert zeros.to_list()[1:] == [0, None, None, None]


def cleared(column: Column) -> tuple[object, ...]:
    """What stands for "there is none" in a column."""
    return (CLEARED,) if column.is_integer else (CLEARED_TEXT,)


def test_members_who_are_gone_are_asked_no_more(phone: Phone) -> None:
    visit = head(phone, "1", 1) | {"persetujuan": "OK"}
    gone = {"keberadaan_anggota": "3", "nama": "CONTOH"}
    phone.fill("x", visit, [gone])
    with pytest.raises(AssertionError, match="status_kawin is not asked"):
        phone.fill("x", visit, [gone | {"status_kawin": "1"}])
    with pytest.raises(AssertionError, match="tanggal_lahir is required"):
        phone.fill("x", visit, [{"keberadaan_anggota": "5", "nama": "CONTOH"}])


def test_without_a_respondent_or_consent_nothing_is_asked_of_the_family(phone: Phone) -> None:
    for outcome in ("3", "4", "5"):
        with pytest.raises(AssertionError, match="persetujuan is not asked"):
            phone.fill("x", head(phone, outcome, 1) | {"persetujuan": "OK"})
    with pytest.raises(AssertionError, match="persetujuan is required"):
        phone.fill("x", head(phone, "1", 1))
    with pytest.raises(AssertionError, match="luas_lantai is not asked"):
        phone.fill("x", head(phone, "4", 1) | {"luas_lantai": "30"})
    with pytest.raises(AssertionError, match="foto_depan is not asked"):
        phone.fill("x", head(phone, "3", 1) | {"foto_depan": "a.jpg"})
    with pytest.raises(AssertionError, match="anggota is not asked"):
        phone.fill("x", head(phone, "3", 1), [{"keberadaan_anggota": "1"}])


def test_a_closed_gate_is_not_asked_behind(phone: Phone) -> None:
    visit = head(phone, "1", 1) | {"persetujuan": "OK", "fasilitas_bab": "6"}
    with pytest.raises(AssertionError, match="jenis_kloset is not asked"):
        phone.fill("x", visit | {"jenis_kloset": "1"})
    phone.fill("x", visit | {"fasilitas_bab": "2", "jenis_kloset": "1"})
    phone.fill("x", visit | {"fasilitas_bab": CLEARED_TEXT, "jenis_kloset": "1"})


def test_villages_are_those_of_the_chosen_district(phone: Phone) -> None:
    every = [place.bps for place in city(CITY).kelurahan]
    here = phone.offered("kode_kelurahan_desa", {"kode_kecamatan": "3571030"})
    assert sorted(here) == [*sorted(code for code in every if code.startswith("3571030")), CLEARED_TEXT]
    assert sorted(phone.offered("kode_kelurahan_desa", {})) == [*sorted(every), CLEARED_TEXT]


@pytest.mark.parametrize(
    ("name", "good", "bad"),
    [
        (
            "nomor_induk_kependudukan",
            ["0571010101809001", CLEARED_TEXT],
            ["357101010180900", "3.57E15", "tidak ada", ""],
        ),
        ("nomor_kartu_keluarga", [card(1)], [CLEARED_TEXT, f"{card(1)}0", f"{card(1)}.0"]),
        ("luas_lantai", ["1", "997", CLEARED_TEXT], ["0", "998", "3,5", "-"]),
        ("jumlah_ternak_sapi", ["0", "999"], ["-1", "1000"]),
        ("tanggal_lahir", [phones.TODAY], ["2026-10-06"]),
        ("alamat", ["JL TIDAK ADA 3", CLEARED_TEXT], ["-", "Tidak ada", "TIDAK ADA", "tidak_ada "]),
        ("kode_kelurahan_desa", ["3571010007", CLEARED_TEXT], ["3571999999", "35.71.01.1001"]),
        ("kode_kelurahan_desa_ktp", ["3571010007", CLEARED_TEXT], ["357101000", "35.71.01.1001"]),
        ("nama", ["CONTOH", "ADA"], [CLEARED_TEXT, "tidak ada", "-"]),
        ("jenis_kelamin", ["1", "2"], [CLEARED_TEXT, "L"]),
        ("hasil_kunjungan", ["1", "5"], [CLEARED_TEXT, "6"]),
        ("jenis_lantai_terluas", ["1", "9", CLEARED_TEXT], ["91", "Ubin"]),
        ("keberadaan_anggota", ["1", "6"], [CLEARED_TEXT, "7"]),
    ],
)
def test_the_phone_lets_through_what_the_contract_takes(
    phone: Phone, name: str, good: list[str], bad: list[str]
) -> None:
    one = next(one for one in (*phone.visit, *phone.member) if one.name == name)
    assert [text for text in good if not one.accepts(text)] == []
    assert [text for text in bad if one.accepts(text)] == []


def test_identifiers_are_text_on_the_phone(phone: Phone) -> None:
    kinds = {column.name: column.kind for table in (VISIT, VISIT_MEMBER) for column in tables()[table].columns}
    found = [one for one in (*phone.visit, *phone.member) if kinds.get(one.name) in {Kind.NIK, Kind.CARD}]
    assert len(found) == 3
    assert {one.type for one in found} == {"string"}
    assert not any(re.search("number|int", one.bind["constraint"]) for one in found)


def test_everything_that_can_be_answered_is_a_question(phone: Phone) -> None:
    visit = [one.name for one in phone.visit]
    ours = {"start", "end", "lokasi", "foto_depan", "foto_dalam", "persetujuan"}
    by_system = {"id_kunjungan", "lintang", "bujur"}
    assert sorted(visit) == sorted(ours | set(delivered(tables()[VISIT])) - by_system)
    assert [one.name for one in phone.member] == list(delivered(tables()[VISIT_MEMBER]))[1:]


def test_profiles_know_the_groups_of_the_form(phone: Phone) -> None:
    for questions, depth, names in (
        (phone.visit, 0, ("kobo_v1_json", "odk_v1_json", "kobo_v1_csv", "odk_v1_csv")),
        (phone.member, 1, ("kobo_v1_json_anggota", "odk_v1_json_anggota", "odk_v1_csv_anggota")),
    ):
        groups = tuple(dict.fromkeys(one.path[depth] for one in questions if len(one.path) > depth + 1))
        assert {profiles()[name].groups for name in names} == {groups}


def test_the_version_changes_with_what_is_asked_and_with_nothing_else() -> None:
    here = city(CITY)
    first, other = form(here), form(replace(here, kelurahan=here.kelurahan[1:]))
    assert first.form_id == other.form_id
    assert first.version != other.version
    assert form_book(form(here)) == form_book(first)
