"""The source profiles: exact headers, dialects and file names."""

import pytest

from dtsen_pipeline.reference import merge_policy, part_of, parts, profiles


@pytest.mark.parametrize(
    ("name", "width"),
    [
        ("bps_v3_keluarga", 51),
        ("bps_v3_anggota", 44),
        ("lapangan_v1_kunjungan", 12 + 45),
        ("lapangan_v1_anggota", 2 + 44),
    ],
)
def test_headers_have_the_agreed_width(name: str, width: int) -> None:
    assert len(set(profiles()[name].header)) == len(profiles()[name].header) == width


def test_snapshots_and_visits_speak_of_the_same_columns() -> None:
    family, visit = profiles()["bps_v3_keluarga"].header, profiles()["lapangan_v1_kunjungan"].header
    official = {"desil_nasional", "desil_provinsi", "desil_kabupaten_kota"}
    asked = [name for name in family if name not in official and not name.startswith("is_")]
    assert list(visit[12:]) == asked
    assert profiles()["lapangan_v1_anggota"].header[2:] == profiles()["bps_v3_anggota"].header


def test_dialects() -> None:
    shapes = {
        name: (p.kind, p.delimiter, p.quoting, p.may_have_bom) for name, p in profiles().items() if p.format == "csv"
    }
    assert shapes == {
        "bps_v3_keluarga": ("snapshot", "|", "all", False),
        "bps_v3_anggota": ("snapshot", "|", "all", False),
        "kemensos_v1_keluarga": ("snapshot", ";", "minimal", True),
        "kemensos_v1_anggota": ("snapshot", ";", "minimal", True),
        "lapangan_v1_kunjungan": ("field", ",", "minimal", False),
        "lapangan_v1_anggota": ("field", ",", "minimal", False),
        "dukcapil_v1": ("register", ",", "minimal", True),
        "kobo_v1_csv": ("field", ";", "all", True),
        "odk_v1_csv": ("field", ",", "minimal", False),
        "odk_v1_csv_anggota": ("field", ",", "minimal", False),
    }
    assert {(p.encoding, p.newlines, p.has_quoted_newlines) for p in profiles().values()} == {
        ("utf-8", ("lf", "crlf"), False)
    }
    assert {p.kind: p.cleared_token for p in profiles().values()} == {
        "snapshot": None,
        "field": "TIDAK_ADA",
        "register": None,
    }


def test_parts_of_one_file_number_their_rows_apart() -> None:
    for name in ("lapangan_v1_buku", "kobo_v1_json", "odk_v1_json"):
        first, second = parts(profiles()[name])
        assert (first.table, second.table) == ("kunjungan", "kunjungan_anggota")
        assert part_of(first, 2) is first
        assert part_of(first, second.row_base) is first
        assert part_of(first, second.row_base + 1) is second


def test_a_difference_names_only_what_the_contract_names() -> None:
    profile = profiles()["kemensos_v1_anggota"]
    delivered = ("Nik", "no_kk", "nama", "SECRET", "jk", "id_hub_keluarga", "id_status_kawin", "pbi")
    assert profile.difference(delivered) == (["tanggal_lahir"], [4])
    assert not profile.is_header(delivered)
    assert profile.is_header([name.replace("SECRET", "tgl_lahir") for name in delivered])


@pytest.mark.parametrize(
    ("name", "file_name", "says"),
    [
        ("bps_v3_keluarga", "keluarga_dtsen_v3_2026_3571.csv", {"version": "v3_2026", "region": "3571"}),
        ("bps_v3_anggota", "anggota_dtsen_v4_2026_3571.csv", {"version": "v4_2026", "region": "3571"}),
        ("bps_v2_keluarga", "keluarga_dtsen_v2_2026_3571.xlsx", {"version": "v2_2026", "region": "3571"}),
        ("kemensos_v1_anggota", "anggota_siks_siks_2026-08_3571.csv", {"version": "siks_2026-08", "region": "3571"}),
        ("lapangan_v1_buku", "kunjungan_2026-W40_trc.xlsx", {"batch_id": "2026-W40-TRC"}),
        ("kobo_v1_json", "kobo_2026-W40_trc.json", {"batch_id": "2026-W40-TRC"}),
        ("odk_v1_csv", "odk_2026-W40_trc.csv", {"batch_id": "2026-W40-TRC"}),
        ("lapangan_v1_kunjungan", "kunjungan_2026-W40_trc.csv", {"batch_id": "2026-W40-TRC"}),
        ("lapangan_v1_anggota", "anggota_kunjungan_2026-W40_trc.csv", {"batch_id": "2026-W40-TRC"}),
    ],
)
def test_a_file_name_belongs_to_one_profile(name: str, file_name: str, says: dict[str, str]) -> None:
    found = {key: profile.identify(file_name) for key, profile in profiles().items()}
    assert found == {key: says if key == name else {} for key in profiles()}


def test_a_foreign_file_name_says_nothing() -> None:
    names = ("keluarga_dtsen_v3_2026_3571.csv.bak", "keluarga.csv", "kunjungan_2026-W40_trc.csv\n")
    assert not any(profile.identify(name) for profile in profiles().values() for name in names)


def test_the_merge_policy_limits_ages() -> None:
    policy = merge_policy()
    assert {group: limit.days for group, limit in policy.groups.items()} == {
        "identity": None,
        "region_address": 730,
        "membership": None,
        "demography": 1095,
        "education": 1095,
        "work": 365,
        "health": 730,
        "dwelling": 1095,
        "water_sanitation": 1095,
        "energy": 730,
        "assets": 730,
        "aid": 365,
        "register_ktp": None,
    }
    assert {column: limit.days for column, limit in policy.columns.items()} == {
        "kondisi_gizi": 180,
        "partisipasi_sekolah": 365,
    }
    assert all(limit.reason for limit in (*policy.groups.values(), *policy.columns.values()))


def test_a_column_has_its_own_limit_or_that_of_its_group() -> None:
    policy = merge_policy()
    assert policy.max_age_days("kondisi_gizi", "health") == 180
    assert policy.max_age_days("penglihatan", "health") == 730
    with pytest.raises(KeyError):
        policy.max_age_days("kolom_baru", "kelompok_baru")
