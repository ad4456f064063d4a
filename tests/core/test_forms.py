"""Form submissions in JSON: each answer exactly as it was sent, or a refusal; never a guess between two readings."""

import json
from typing import Any

import pytest

from dtsen_pipeline.core import forms
from dtsen_pipeline.core.intake import Reading
from dtsen_pipeline.reference import profiles
from dtsen_pipeline.schemas.errors import DtsenError

TOKEN = "0123456789ab"  # noqa: S105 - a file token is no secret
CARD, NIK = "3571010101159001", "3571010101909001"
KOBO, ODK = profiles()["kobo_v1_json"], profiles()["odk_v1_json"]
KOBO_MEMBERS, ODK_MEMBERS = profiles()["kobo_v1_json_anggota"], profiles()["odk_v1_json_anggota"]


def kobo(**answers: Any) -> dict[str, Any]:
    """A submission as KoboToolbox's data API gives it."""
    return {
        "_id": 7,
        "_uuid": "u-1",
        "formhub/uuid": "f",
        "start": "2026-10-05T09:30:00.000+07:00",
        "nomor_kartu_keluarga": CARD,
        "_geolocation": [-7.8165, 112.01],
        "_attachments": [{"id": 1, "filename": "a.jpg"}],
        "_validation_status": {},
        "_tags": [],
        "anggota": [
            {"anggota/nama": "A", "anggota/nomor_induk_kependudukan": NIK},
            {"anggota/nama": "B"},
        ],
    } | answers


def odk(**answers: Any) -> dict[str, Any]:
    """A submission as ODK Central's OData gives it."""
    return {
        "__id": "uuid:1",
        "__system": {"submissionDate": "2026-10-05T02:30:00.000Z", "reviewState": None},
        "meta": {"instanceID": "uuid:1"},
        "lokasi": {"type": "Point", "coordinates": [112.01, -7.8165, 0], "properties": {"accuracy": 5}},
        "luas_lantai": 36,
        "nomor_kartu_keluarga": CARD,
        "anggota": [{"__id": "m1", "nama": "A", "jenis_kelamin": None}],
        "anggota@odata.navigationLink": "Submissions('uuid:1')/anggota",
    } | answers


def document(*records: dict[str, Any], key: str = "results") -> bytes:
    return json.dumps({"count": len(records), "next": None, key: records}).encode()


def read(data: bytes, profile: Any = KOBO) -> Reading:
    return forms.read(data, profile, TOKEN)


def refusal(data: bytes, profile: Any = KOBO) -> DtsenError:
    with pytest.raises(DtsenError) as caught:
        read(data, profile)
    assert caught.value.token == TOKEN
    return caught.value


def test_a_submission_is_a_visit_and_its_repeat_the_members() -> None:
    data = document(kobo(), kobo(_uuid="u-2", anggota=[{"anggota/nama": "C"}]))
    visits, members = read(data).rows, read(data, KOBO_MEMBERS).rows
    assert visits.select("row", "id_kunjungan", "lintang", "bujur", "nomor_kartu_keluarga").rows() == [
        (1, "u-1", "-7.8165", "112.01", CARD),
        (2, "u-2", "-7.8165", "112.01", CARD),
    ]
    assert members.select("row", "id_kunjungan", "nama", "nomor_induk_kependudukan").rows() == [
        (10_000_001, "u-1", "A", NIK),
        (10_000_002, "u-1", "B", ""),
        (10_000_003, "u-2", "C", ""),
    ]


def test_odk_central_says_the_same_in_its_own_shape() -> None:
    data = document(odk(), key="value")
    visit = read(data, ODK).rows
    assert visit.select("id_kunjungan", "lintang", "bujur", "luas_lantai").rows() == [
        ("uuid:1", "-7.8165", "112.01", "36")
    ]
    member = read(data, ODK_MEMBERS).rows
    assert member.select("id_kunjungan", "nama", "jenis_kelamin").rows() == [("uuid:1", "A", "")]


def test_the_name_of_a_form_s_group_may_stand_before_a_question() -> None:
    sent = document(kobo(**{"dwelling/luas_lantai": "36"}), kobo(luas_lantai="37"))
    assert read(sent).rows["luas_lantai"].to_list() == ["36", "37"]
    nested = document(odk(luas_lantai=None, dwelling={"jenis_lantai_terluas": "6"}), key="value")
    assert read(nested, ODK).rows["jenis_lantai_terluas"].to_list() == ["6"]
    met = document(kobo(anggota=[{"anggota/identity/nama": "A"}]))
    assert read(met, KOBO_MEMBERS).rows["nama"].to_list() == ["A"]


def test_a_visit_without_a_place_is_read() -> None:
    assert read(document(odk(lokasi=None), key="value"), ODK).rows["lintang"].to_list() == [""]


def test_numbers_are_kept_as_written_and_are_no_identifiers() -> None:
    text = document(kobo()).decode().replace(f'"{CARD}"', "3571010101159001").replace("-7.8165", "-7.81650")
    found = read(text.encode()).rows
    assert found.select("nomor_kartu_keluarga", "lintang").rows() == [("3571010101159001.0", "-7.81650")]


@pytest.mark.parametrize(
    ("answer", "reason"), [("a\nb", "E_LINE_CONTROL"), ("\x00", "E_LINE_CONTROL"), ("\ud800", "E_LINE_ENCODING")]
)
def test_a_text_that_cannot_be_kept_rejects_its_record_alone(answer: str, reason: str) -> None:
    records = [kobo(_uuid=f"u-{place}") for place in range(9)]
    found = read(document(*records, kobo(alamat=answer)))
    assert (found.rows.height, found.damaged.rows()) == (9, [(TOKEN, 10, reason)])


@pytest.mark.parametrize(
    ("data", "code"),
    [
        (b'{"results": [{"_uuid": "a", "_uuid": "b"}]}', "E_JSON_KEY_TWICE"),
        (b'{"results": [{"_uuid": "a", "luas_lantai": NaN}]}', "E_JSON_NUMBER"),
        (b'{"results": [{"_uuid": "a", "luas_lantai": -Infinity}]}', "E_JSON_NUMBER"),
        (b'{"results": [{"_uuid": "a"}]', "E_JSON"),
        (b'{"results": [{"_uuid": "a"}]}x', "E_JSON"),
        (b'{"results": [{"_uuid": "\xff"}]}', "E_JSON"),
        (b'{"results": [{"_uuid": "a\nb"}]}', "E_JSON"),
        (b'{"results": ' + b"[" * 13 + b"]" * 13 + b"}", "E_JSON_DEPTH"),
        (b"[" * 200_000, "E_JSON_DEPTH"),
        (b'{"results": [{"_uuid": "a\\\\"}, {"b\\"": ' + b"[" * 11, "E_JSON_DEPTH"),
        pytest.param(b'{"results": [{"_uuid": "' + b'\\"' * 1_000_000, "E_JSON", id="a text that never ends"),
        (b'{"results": {"_uuid": "a"}}', "E_JSON_SHAPE"),
        (b'{"results": ["a"]}', "E_JSON_SHAPE"),
        (b'[{"_uuid": "a"}]', "E_JSON_SHAPE"),
        (b'{"results": [{"_uuid": "a", "visit/foto": "x", "foto": "y"}]}', "E_JSON_SHAPE"),
        (b'{"results": [{"_uuid": "a", "visit/foto": "x", "assets/foto": "y"}]}', "E_JSON_SHAPE"),
        (b'{"results": [{"_uuid": "a", "meta": {"instanceID": "x"}, "meta/instanceID": "y"}]}', "E_JSON_SHAPE"),
        (b'{"results": [{"_uuid": "a", "lain/foto": "x"}]}', "E_HEADER"),
        (b'{"results": [{"_uuid": "a", "lain": "x"}]}', "E_HEADER"),
        (b'{"results": [{"_uuid": "a", "id_kunjungan": "b"}]}', "E_HEADER"),
    ],
)
def test_what_could_be_understood_in_two_ways_is_refused(data: bytes, code: str) -> None:
    assert refusal(data).code == code


def test_brackets_in_a_text_are_no_depth() -> None:
    assert read(document(kobo(alamat='["' + "[" * 99))).rows["alamat"].to_list() == ['["' + "[" * 99]


def test_a_refusal_quotes_no_key() -> None:
    error = refusal(document(kobo(RAHASIA="x", lain="y")))
    assert "2 keys unknown" in error.message
    assert "RAHASIA" not in error.message


@pytest.mark.parametrize("members", ["x", [{"anggota/nama": "A"}, "x"], {"anggota/nama": "A"}])
def test_a_repeat_that_is_no_list_of_members_is_refused(members: Any) -> None:
    assert refusal(document(kobo(anggota=members)), KOBO_MEMBERS).code == "E_JSON_SHAPE"


def test_an_edited_submission_keeps_the_id_of_its_root() -> None:
    edited = kobo(_uuid="u-9", **{"meta/rootUuid": "uuid:u-1"})
    data = document(edited, kobo(_uuid="u-2", anggota=[]))
    assert read(data).rows["id_kunjungan"].to_list() == ["uuid:u-1", "u-2"]
    assert read(data, KOBO_MEMBERS).rows["id_kunjungan"].to_list() == ["uuid:u-1", "uuid:u-1"]
    first = {"meta/rootUuid": "uuid:u-1"} | kobo(_uuid="u-9")
    assert read(document(first)).rows["id_kunjungan"].to_list() == ["uuid:u-1"]
