"""`dtsen form` at a terminal."""

import stat
from pathlib import Path

from openpyxl import load_workbook

from tests.cli.conftest import Dtsen


def test_the_form_is_described_without_a_home(dtsen: Dtsen, home: Path) -> None:
    told = dtsen("form", "--json").document
    assert told["form_id"] == "dtsen_lapangan_v1"
    titles = [(part["table"], part["title"], part["title_en"]) for part in told["sections"]]
    assert titles[0] == ("kunjungan", "Kunjungan", "Visit")
    assert ("kunjungan_anggota", "Keanggotaan", "Membership") in titles
    words = dtsen("form")
    assert (words.code, told["version"] in words.out) == (0, True)
    assert not home.exists()


def test_the_workbook_carries_the_version_and_never_overwrites(dtsen: Dtsen, tmp_path: Path) -> None:
    file = tmp_path / "formulir.xlsx"
    assert dtsen("form", "--export", file).code == 0
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    book = load_workbook(file, read_only=True)
    assert book.sheetnames == ["survey", "choices", "settings"]
    head, values = book["settings"].iter_rows(values_only=True)
    settings = dict(zip(head, values, strict=True))
    assert settings["version"] == dtsen("form", "--json").document["version"]
    again = dtsen("form", "--export", file)
    assert (again.code, again.err.startswith("E_EXPORT")) == (1, True)


def test_the_form_that_reads_the_queue_has_a_version_of_its_own(dtsen: Dtsen, tmp_path: Path) -> None:
    file = tmp_path / "formulir.xlsx"
    told = dtsen("form", "--prefilled", "--export", file, "--json").document
    plain = dtsen("form", "--json").document
    assert (told["form_id"], told["sections"]) == (plain["form_id"], plain["sections"])
    assert told["version"] != plain["version"]
    book = load_workbook(file, read_only=True)
    assert "select_one_from_file penugasan.csv" in [row[0] for row in book["survey"].iter_rows(values_only=True)]
