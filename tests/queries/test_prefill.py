"""The form that reads the queue's list: what a choice fills in, what the file holds, and what comes back."""

import csv
import io
import shutil
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path

import polars as pl
import pytest
from pyxform.xls2xform import convert

from dtsen_pipeline.queries import assignment_media
from dtsen_pipeline.queries.assignment_media import media
from dtsen_pipeline.queries.form_book import form_book
from dtsen_pipeline.queries.prefill import COLUMNS, FILE, LIST, prefilled
from dtsen_pipeline.queries.queue import Asked, Assignment, Queue, queue
from dtsen_pipeline.queries.reading import View, view
from dtsen_pipeline.queries.xlsform import form
from dtsen_pipeline.reference import city, profiles
from dtsen_pipeline.resources.delivery import contract_rows, read_all
from dtsen_pipeline.resources.ingest import ingest
from dtsen_pipeline.resources.platform import Platform, opened
from dtsen_pipeline.schemas.errors import DtsenError
from dtsen_pipeline.schemas.tables import VISIT
from tests.phone import Filled, Phone, odk_json
from tests.queries.asking import looks
from tests.queries.world import LOOK, NOW, World

HAS_JAVA = shutil.which("java") is not None
CARD = "nomor_kartu_keluarga"
OPEN = {"hasil_kunjungan": "1", "persetujuan": "OK", "id_petugas": "P1"}
DURING, AFTER = "2026-12-24T16:30:00.000+07:00", "2026-12-25T07:30:00.000+07:00"
"""On the last day of the list, and on the day after."""


@dataclass(frozen=True)
class Desk:
    """A list of two visits in each kelurahan, the file that was written of it, and the form on a phone beside it."""

    found: Queue
    lines: Mapping[str, dict[str, str]]
    content: bytes
    phone: Phone

    def one(self, arm: str) -> Assignment:
        return next(one for one in self.found.assignments if one.arm == arm)

    def fill(self, number: str, **answers: str) -> Filled:
        visit = OPEN | {"waktu_kunjungan": DURING, "id_penugasan": number} | answers
        return self.phone.fill("k", {name: text for name, text in visit.items() if text})


@pytest.fixture(scope="module")
def desk(world: World, tmp_path_factory: pytest.TempPathFactory) -> Desk:
    """Where Java is there, ODK Validate has looked at the form too."""
    with opened(world.settings) as platform:
        release = view(platform)
        found = queue(platform, release, Asked(capacity=2))
        content = media(platform, release, found, LOOK)
    lines = list(csv.DictReader(io.StringIO(content.decode())))
    path = tmp_path_factory.mktemp("form") / "form.xlsx"
    path.write_bytes(form_book(prefilled(form(city("3571")))))
    made = convert(path, validate=HAS_JAVA)
    assert made.warnings == []
    return Desk(found, {line["name"]: line for line in lines}, content, Phone(made.xform, {LIST: lines}))


def named(one: Filled) -> dict[str, str]:
    return {path[-1]: text for path, text in one.visit.items()}


def test_a_choice_fills_in_the_card_the_address_and_which_list_it_was(desk: Desk, release: View) -> None:
    for arm in ("acak", "prioritas"):
        one = desk.one(arm)
        (family,) = release.rows("keluarga", pl.col("family_id") == one.family_id)
        told = named(desk.fill(one.assignment))
        assert told[CARD] == family[CARD]
        assert told["alamat"] == family["alamat"]
        assert told["versi_dilihat"] == release.manifest["base_version"]
        assert told["lengan_acak"] == ("1" if arm == "acak" else "2")


def test_what_was_filled_in_can_be_mended_but_the_card_is_the_chosen_family_s(desk: Desk) -> None:
    number = desk.one("acak").assignment
    assert named(desk.fill(number, alamat="JL CONTOH BARU 9"))["alamat"] == "JL CONTOH BARU 9"
    with pytest.raises(AssertionError, match="nomor_kartu_keluarga is read only"):
        desk.fill(number, nomor_kartu_keluarga="3571010101019001")


def test_nothing_is_asked_of_a_family_that_refuses(desk: Desk) -> None:
    told = named(desk.fill(desk.one("acak").assignment, hasil_kunjungan="4", persetujuan=""))
    assert (told["alamat"], len(told[CARD])) == ("", 16)


def test_a_family_that_is_not_listed_is_written_down_by_hand(desk: Desk) -> None:
    told = named(desk.fill("", nomor_kartu_keluarga="3571010101019001"))
    assert (told[CARD], told["versi_dilihat"], told["lengan_acak"], told["alamat"]) == ("3571010101019001", "", "", "")
    with pytest.raises(AssertionError, match="nomor_kartu_keluarga is required"):
        desk.fill("")


def test_a_list_is_offered_until_its_last_day(desk: Desk) -> None:
    assert {line["berlaku_sampai"] for line in desk.lines.values()} == {DURING[:10]}
    assert desk.phone.offered("id_penugasan", {"waktu_kunjungan": DURING}) == list(desk.lines)
    assert desk.phone.offered("id_penugasan", {"waktu_kunjungan": AFTER}) == []


def test_a_line_shows_whose_list_it_is_on_and_who_lives_there(desk: Desk, release: View) -> None:
    assert [*desk.lines] == [one.assignment for one in desk.found.assignments]
    several = 0
    for one in desk.found.assignments:
        shown = desk.lines[one.assignment]["label"]
        here = pl.col("family_id") == one.family_id, pl.col("keberadaan_anggota") == 1
        people = release.rows("anggota", *here)
        assert all(f"{person['nama']} ({person['tanggal_lahir'].year})" in shown for person in people)
        (family,) = release.rows("keluarga", here[0])
        assert f" 1, {one.rank} · {family['nama_kepala_keluarga']} · {family['alamat']} · " in shown
        several += len(people) > 1
    assert several > 5


def test_the_file_holds_no_nik_and_no_desil_and_every_cell_is_quoted(desk: Desk, release: View) -> None:
    text = desk.content.decode()
    assert text.splitlines()[0] == ",".join(f'"{name}"' for name in COLUMNS)
    assert all(line.startswith('"') and line.endswith('"') for line in text.splitlines())
    niks = [str(row["nomor_induk_kependudukan"]) for row in release.rows("anggota")]
    others = str([cell for line in desk.lines.values() for name, cell in line.items() if name != CARD])
    assert not [nik for nik in niks if nik in others]
    assert "desil" not in text


def test_a_formula_is_left_out(platform: Platform, release: View, desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    hostile = {"nama_kepala_keluarga": '=1+"1"', "alamat": "=1+1", CARD: "3571010101019001"}
    monkeypatch.setattr(
        assignment_media, "people", lambda *_: {one.family_id: hostile for one in desk.found.assignments}
    )
    lines = list(csv.DictReader(io.StringIO(media(platform, release, desk.found, LOOK).decode())))
    assert {line["alamat"] for line in lines} == {""}
    assert not [cell for line in lines for cell in line.values() if cell.startswith("=")]


def test_a_file_needs_a_purpose_and_every_family_is_logged(platform: Platform, release: View, desk: Desk) -> None:
    with pytest.raises(DtsenError, match="E_PURPOSE"):
        media(platform, release, desk.found, replace(LOOK, purpose=None))
    before = len(looks(platform))
    media(platform, release, desk.found, LOOK)
    assert [look.subject for look in looks(platform)[before:]] == [
        None,
        *(one.family_id for one in desk.found.assignments),
    ]


def test_the_visit_comes_back_with_its_assignment(desk: Desk, own_world: World, tmp_path: Path) -> None:
    one = desk.one("acak")
    path = tmp_path / "odk_2026-W52_trc.json"
    path.write_bytes(odk_json([desk.fill(one.assignment, luas_lantai="44")], desk.phone))
    with opened(own_world.settings) as platform:
        arrival = ingest(platform, path, NOW)
        assert (arrival.verdict, arrival.damaged) == ("accepted", 0)
        file = platform.registry.file(arrival.token)
        part, reading = read_all(platform, file.sha256, profiles()["odk_v1_json"])[VISIT]
    (row,) = contract_rows(reading.rows, part, "3571").to_dicts()
    line = desk.lines[one.assignment]
    assert {name: row[name] for name in ("versi_dilihat", "lengan_acak", CARD, "alamat")} == {
        name: line[name] for name in ("versi_dilihat", "lengan_acak", CARD, "alamat")
    }
    assert (row["id_penugasan"], row["luas_lantai"]) == (one.assignment, "44")


def test_the_form_asks_the_same_questions_under_another_version() -> None:
    plain = form(city("3571"))
    made = prefilled(plain)
    assert [row["name"] for row in made.survey] == [row["name"] for row in plain.survey]
    assert (made.form_id, made.choices) == (plain.form_id, plain.choices)
    assert made.version != plain.version
    assert FILE in str(made.survey)
