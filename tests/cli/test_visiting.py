"""`dtsen queue` at a terminal."""

import csv
import stat
from pathlib import Path

from openpyxl import load_workbook

from tests.cli.conftest import Dtsen
from tests.queries.world import World


def test_a_list_is_one_document(dtsen: Dtsen, world: World) -> None:
    told = dtsen("queue", "--capacity", 2, "--json")
    assert told.code == 0
    assert told.document["release_id"] == world.release_id
    assert {one["arm"] for one in told.document["assignments"]} == {"acak", "prioritas"}
    words = dtsen("queue", "--capacity", 2)
    assert words.code == 0
    assert "dengan undian" in words.out
    assert told.document["model"]["id"] == "demo_alatas_2008"
    assert "model demo_alatas_2008 (demonstration)" in words.out


def test_one_kelurahan_may_be_asked_for(dtsen: Dtsen, world: World) -> None:
    assert world
    told = dtsen("queue", "--capacity", 5, "--kelurahan", "Bandar Lor", "--json").document
    assert {one["kelurahan"] for one in told["assignments"]} == {"3571010007"}
    assert dtsen("queue", "--capacity", 5, "--kelurahan", "Atlantis").code == 2


def test_the_workbook_is_private_and_never_overwrites(dtsen: Dtsen, world: World, tmp_path: Path) -> None:
    assert world
    file = tmp_path / "daftar.xlsx"
    assert dtsen("queue", "--capacity", 2, "--export", file).code == 2
    assert not file.exists()
    made = dtsen("queue", "--capacity", 2, "--export", file, "--purpose", "verifikasi")
    assert made.code == 0
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    names = {str(row[4].value) for sheet in load_workbook(file).worksheets[1:] for row in list(sheet.iter_rows())[1:]}
    assert names
    assert not [name for name in names if name in made.all]
    again = dtsen("queue", "--capacity", 2, "--export", file, "--purpose", "verifikasi")
    assert (again.code, "E_EXPORT" in again.err) == (1, True)
    nowhere = dtsen("queue", "--capacity", 2, "--export", tmp_path / "no" / "x.xlsx", "--purpose", "verifikasi")
    assert "E_EXPORT" in nowhere.err


def test_the_list_for_the_form_is_private_and_never_overwrites(dtsen: Dtsen, world: World, tmp_path: Path) -> None:
    assert world
    asked = ("queue", "--capacity", 1, "--kelurahan", "Bandar Lor", "--media", tmp_path)
    assert (dtsen(*asked).code, [*tmp_path.glob("*.csv")]) == (2, [])
    made = dtsen(*asked, "--export", tmp_path / "daftar.xlsx", "--purpose", "verifikasi", "--json")
    assert made.code == 0
    file = tmp_path / "penugasan.csv"
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    with file.open(encoding="utf-8", newline="") as lines:
        listed = list(csv.DictReader(lines))
    assert [line["name"] for line in listed] == [one["assignment"] for one in made.document["assignments"]]
    assert not [line for line in listed if line["nomor_kartu_keluarga"] in made.all or line["alamat"] in made.all]
    again = dtsen(*asked, "--purpose", "verifikasi")
    assert (again.code, "E_EXPORT" in again.err) == (1, True)


def test_wrong_usage(dtsen: Dtsen, world: World) -> None:
    assert world
    assert dtsen("queue").code == 2
    assert dtsen("queue", "--capacity", 0).code == 2
