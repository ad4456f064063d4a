"""What the readers refuse, the digests, and the price of asking."""

import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from dtsen_pipeline.reference import digests, welfare_model
from dtsen_pipeline.reference.loader import ROOM, read_digests
from dtsen_pipeline.reference.profile_reader import read_profiles
from dtsen_pipeline.reference.readers import (
    read_cities,
    read_code_lists,
    read_english_labels,
    read_merge_policy,
    read_provinces,
)

READERS: dict[str, Callable[[Path], object]] = {
    "regions.yaml": read_cities,
    "profiles.yaml": read_profiles,
    "merge_policy.yaml": read_merge_policy,
    "provinces.yaml": read_provinces,
    "labels_en.yaml": read_english_labels,
}
LISTS = """
sources: {umum: Sumber umum}
lists:
  contoh:
    title: Contoh
    status: inferred
    source: umum
    effective: 2026-01-01
    codes:
      1: Satu
      2: {label: Dua, aliases: [0]}
      9: {label: Kasar, children: [1, 2]}
"""


def _written(folder: Path, text: str, name: str = "contoh.yaml") -> Path:
    path = folder / name
    path.write_text(text, encoding="utf-8")
    return path


def test_a_good_list_is_read(tmp_path: Path) -> None:
    contoh = read_code_lists(_written(tmp_path, LISTS))["contoh"]
    assert contoh.values == (1, 2, 9)
    assert contoh.tree() == {1: 9, 2: 9}
    assert contoh.source == "Sumber umum"


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("title: Contoh", "judul: Contoh", "contoh: unknown keys: judul"),
        ("    title: Contoh\n", "", "contoh: missing keys: title"),
        ("2: {label: Dua, aliases: [0]}", "1: Dua", "duplicate key: 1"),
        ("aliases: [0]", "aliases: [1]", "contoh: duplicate codes: 1"),
        ("aliases: [0]", "alias: [0]", "contoh 2: unknown keys: alias"),
        ("aliases: [0]", "aliases: 0", "contoh 2: 0 is not of type list"),
        ("children: [1, 2]", "children: [1, 7]", "contoh: unknown children: 7"),
        ("children: [1, 2]", "children: [1, 1]", "contoh: duplicate children: 1"),
        ("children: [1, 2]", "children: [9]", "contoh: code 9 is its own ancestor"),
        ("status: inferred", "status: seen", "contoh: status: 'seen' is not one of inferred, confirmed"),
        ("source: umum", "source: lain", "contoh: source: 'lain' is not one of umum"),
        ("1: Satu", "1: Sat\u00fa", "contoh 1: .* is not plain ASCII text"),
        ("1: Satu", "satu: Satu", "contoh: 'satu' is not of type int"),
        ("1: Satu", "true: Satu", "contoh: True is not of type int"),
        ("effective: 2026-01-01", "effective: kemarin", "contoh: 'kemarin' is not of type date"),
        ("codes:", "codes: [", "contoh.yaml: "),
    ],
)
def test_a_faulty_list_is_refused(tmp_path: Path, old: str, new: str, message: str) -> None:
    assert old in LISTS
    with pytest.raises(ValueError, match=message):
        read_code_lists(_written(tmp_path, LISTS.replace(old, new)))


@pytest.mark.parametrize(
    ("name", "old", "new", "message"),
    [
        ("regions.yaml", "3571010012", "3571010007", "3571: duplicate bps codes: 3571010007"),
        ("regions.yaml", "35.71.01.1007", "35.71.01.1001", "duplicate kemendagri codes"),
        ("regions.yaml", '"3571010012"', '"3571020099"', "BPS code 3571020099 lies elsewhere"),
        ("regions.yaml", "35.71.01.1007", "35.71.02.1099", "Kemendagri code 35.71.02.1099 lies"),
        ("regions.yaml", "name: GAYAM", "name: BUJEL", "3571: duplicate names: BUJEL"),
        ("profiles.yaml", "nama_kepala_keluarga", "alamat", "duplicate columns: alamat"),
        ("profiles.yaml", "(?P<region>", "(?P<daerah>", "groups must be region, version"),
        ("profiles.yaml", "(?P<region>", "(?P<region>(", "file_name_pattern: "),
        (
            "profiles.yaml",
            '    delimiter: "|"\n',
            "    cleared_token: X\n",
            "belongs to field profiles",
        ),
        (
            "profiles.yaml",
            "    cleared_token: TIDAK_ADA\n",
            "",
            "belongs to field",
        ),
        (
            "profiles.yaml",
            "quoting: all",
            "quoting: some",
            "'some' is not one of all, minimal",
        ),
        ("profiles.yaml", "newlines: [lf", "newlines: [cr", "'cr' is not one of lf, crlf"),
        ("provinces.yaml", '"11": ACEH', '"12": ACEH', "duplicate key: 12"),
        ("labels_en.yaml", "  nama: Name", "  nama: Sex", "labels_en.yaml: columns: duplicate labels: Sex"),
        ("labels_en.yaml", "2: Female", "2: Male", "labels_en.yaml: jenis_kelamin: duplicate labels: Male"),
        ("labels_en.yaml", '1: "Yes"', "1: yes", "labels_en.yaml: ya_tidak: True is not of type str"),
        ("provinces.yaml", '"11": ACEH', '"1": ACEH', "'1' is not a province code"),
        ("provinces.yaml", '"11": ACEH', "11: ACEH", "11 is not of type str"),
        ("provinces.yaml", "effective: 2025-01-01", "effective: baru", "'baru' is not of type date"),
        ("profiles.yaml", "like: bps_v3_keluarga", "like: bps_v9_keluarga", "'bps_v9_keluarga' is not one of"),
        ("profiles.yaml", "format: xlsx", 'format: xlsx\n    delimiter: ","', "delimiter belongs to csv profiles"),
        ("profiles.yaml", "without: [kode_provinsi,", "without: [kode_negara,", "bps_v2_keluarga: header: without"),
        (
            "profiles.yaml",
            "nama_kepala_keluarga: nama_anggota",
            "nama_kepala: nama_anggota",
            "'nama_kepala' is not one of",
        ),
        (
            "profiles.yaml",
            "carries: [lapangan_v1_buku_anggota]",
            "carries: [lapangan_v1_buku]",
            "duplicate table: kunjungan",
        ),
        ("profiles.yaml", "    row_base: 10000000\n", "", "duplicate row_base: 0"),
        (
            "profiles.yaml",
            "carries: [lapangan_v1_buku_anggota]",
            "carries: [kobo_v1_json_anggota]",
            "format of its parts",
        ),
        ("profiles.yaml", "jml_sapi", "jml_kerbau", "duplicate synonyms: jml_kerbau"),
        ("profiles.yaml", "jumlah_ternak_sapi: jml_sapi", "jumlah_ternak_sapi: 1", "1 is not of type list"),
        ("profiles.yaml", '"L": "1"', '"L": 1', "1 is not of type str"),
        ("profiles.yaml", "ignored: [KEY]", "ignored: [KUNCI]", "'KUNCI' is not one of"),
        ("merge_policy.yaml", "group: work", "group: aid", "duplicate group: aid"),
        (
            "merge_policy.yaml",
            "column: kondisi_gizi",
            "column: partisipasi_sekolah",
            "duplicate column: partisipasi_sekolah",
        ),
        ("merge_policy.yaml", "field_groups:", "tiers: []\nfield_groups:", "unknown keys: tiers"),
        ("merge_policy.yaml", "max_age_days: 365", "max_age_days: 0", "must be positive"),
        ("merge_policy.yaml", "max_age_days: 365", "max_age_days: 1.5", "not of type int"),
    ],
)
def test_faulty_data_is_refused(tmp_path: Path, name: str, old: str, new: str, message: str) -> None:
    text = (ROOM / name).read_text(encoding="utf-8")
    assert old in text
    with pytest.raises(ValueError, match=message):
        READERS[name](_written(tmp_path, text.replace(old, new), name))


def test_an_unknown_welfare_model_is_no_path() -> None:
    with pytest.raises(ValueError, match="unknown welfare model"):
        welfare_model("../merge_policy")


def test_digests_name_every_data_file_in_order() -> None:
    files = {path.relative_to(ROOM).as_posix() for path in ROOM.rglob("*.yaml")}
    assert list(digests()) == sorted(files)
    assert {"code_lists.yaml", "merge_policy.yaml", "profiles.yaml", "regions.yaml"} <= files


def test_a_digest_changes_with_one_byte(tmp_path: Path) -> None:
    room = Path(shutil.copytree(ROOM, tmp_path / "room"))
    assert read_digests(room) == digests()
    path = room / "code_lists.yaml"
    path.write_bytes(path.read_bytes() + b"\n")
    after = read_digests(room)
    assert {name for name in digests() if after[name] != digests()[name]} == {"code_lists.yaml"}


def test_asking_for_everything_is_quick() -> None:
    script = (
        "import time; start = time.process_time()\n"
        "import dtsen_pipeline.reference as r\n"
        "r.code_lists(), r.cities(), r.profiles(), r.merge_policy(), r.digests()\n"
        "[r.welfare_model(name) for name in r.welfare_models()]\n"
        "print(time.process_time() - start)"
    )
    command = [sys.executable, "-c", script]
    # The processor's time, and the best of a few: a busy machine must not fail the test.
    assert any(float(subprocess.check_output(command, cwd=ROOM.parents[1])) < 0.1 for _ in range(5))
