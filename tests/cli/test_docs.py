"""The pages about the command line speak of what there is."""

import re
import shlex
from datetime import datetime, timedelta
from pathlib import Path

import openpyxl
import pytest
from pyxform.xls2xform import convert

from dtsen_pipeline.cli import COMMANDS
from dtsen_pipeline.cli.docs import cli_page
from dtsen_pipeline.core.microdata import READINGS
from dtsen_pipeline.core.rulings import ANSWERS, PERSONS
from dtsen_pipeline.queries.reading import view
from dtsen_pipeline.queries.review import REASONS
from dtsen_pipeline.resources.platform import opened
from dtsen_pipeline.resources.settings import ZONE
from tests import phone as phones
from tests.cli.conftest import Dtsen
from tests.core.rows import card
from tests.queries.world import World, publish

DOCS = Path(__file__).parents[2] / "docs"


def test_every_command_is_on_the_page() -> None:
    page = cli_page()
    assert all(f"\n## dtsen {command}\n" in page for command in COMMANDS)
    assert "E_USAGE" not in page
    assert "--reveal" in page


@pytest.mark.parametrize(
    ("page", "commands"),
    [
        ("trace-a-value.md", {"find", "trace", "verify"}),
        ("follow-proposals.md", {"proposals", "ledger", "guard"}),
        ("explain-a-desil.md", {"explain", "diff"}),
        (
            "use-a-register-extract.md",
            {"ingest", "refresh", "receipt", "balance", "trace", "rejected", "generate"},
        ),
    ],
)
def test_the_how_to_uses_commands_and_options_that_exist(page: str, commands: set[str], dtsen: Dtsen) -> None:
    text = (DOCS / "how-to" / page).read_text(encoding="utf-8")
    lines = re.findall(r"^ {4,}dtsen (\w+)(.*)$", text, re.MULTILINE)
    assert {command for command, _ in lines} == commands
    for command, rest in lines:
        shown = dtsen(command, "--help").out
        assert all(option in shown for option in re.findall(r"--[a-z]+", rest))


def test_a_newcomer_follows_the_how_to_from_a_rejected_row_to_its_publication(
    dtsen: Dtsen, world: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    text = (DOCS / "how-to" / "correct-rejected-rows.md").read_text(encoding="utf-8")
    commands = [shlex.split(line) for line in re.findall(r"^    dtsen (.*)$", text, re.MULTILINE)]
    assert [command[0] for command in commands] == [
        *("rejected", "rejected", "ingest", "refresh", "rejected"),
        *("close", "reopen", "debt"),
    ]
    monkeypatch.chdir(tmp_path)
    listed, export, ingest, _, _, close, reopen, debt = commands
    assert dtsen(*listed).code == 0
    assert dtsen(*export).code == 0
    book = openpyxl.load_workbook(tmp_path / "karantina.xlsx")
    heads = [cell.value for cell in book["keluarga"][1]]
    column = heads.index("luas_lantai")
    row = next(line for line in book["keluarga"].iter_rows(min_row=2) if line[column].fill.fgColor.rgb == "FFF8CBAD")
    row[column].value = "45"
    book.save(tmp_path / "karantina.xlsx")
    said = dtsen(*ingest, "--json").document["files"][0]
    assert (said["verdict"], said["rows"]) == ("accepted", 1)
    assert "diterima" in dtsen(*ingest).out
    assert dtsen(*debt).code == 0
    publish(world.settings, datetime.now(ZONE).date() + timedelta(days=1))
    rows = dtsen("rejected", "--json").document["rows"]
    resolved = {one["token"]: one["resolved_by"] for one in rows}
    assert f"{sum(by is not None for by in resolved.values())} sudah selesai" in dtsen("rejected").out
    assert resolved[row[0].value] == f"{said['files'][0]}-2"
    open_row = next(token for token, by in resolved.items() if by is None)
    assert [
        dtsen(*(open_row if word == "TOKEN_BARIS" else word for word in told)).code for told in (close, reopen)
    ] == [
        0,
        0,
    ]


def test_a_workbook_that_is_none_is_refused_with_its_code(dtsen: Dtsen, home: Path, tmp_path: Path) -> None:
    assert home
    (tmp_path / "x.xlsx").write_bytes(b"nama SITI")
    said = dtsen("ingest", tmp_path, tmp_path / "none.xlsx", "--kind", "correction")
    assert said.code == 1
    assert "E_SHEET_ARCHIVE" in said.out
    assert "E_MISSING" in said.out
    assert "SITI" not in said.all
    assert "x.xlsx" not in said.all


def test_a_reviewer_follows_the_how_to_from_the_list_to_a_decision(
    dtsen: Dtsen, world: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    text = (DOCS / "how-to" / "review-doubtful-cases.md").read_text(encoding="utf-8")
    commands = [shlex.split(line) for line in re.findall(r"^    dtsen (.*)$", text, re.MULTILINE)]
    assert [command[0] for command in commands] == ["review", "review", "ingest", "refresh", "trace"]
    assert set(re.findall(r"^\| `(\w+)`(?:, `(\w+)`)? \|", text, re.MULTILINE)) == {
        *((reason, "") for reason in REASONS),
        ("pilih_a", "pilih_b"),
        *((answer, "") for answer in ANSWERS[PERSONS]),
    }
    monkeypatch.chdir(tmp_path)
    shown, export, ingest, _, trace = commands
    assert dtsen(*shown).code == 0
    assert dtsen(*export).code == 0
    book = openpyxl.load_workbook(tmp_path / "tinjauan.xlsx")
    heads = [cell.value for cell in book["Kasus"][1]]
    good, bad = (
        {str(name): cell for name, cell in zip(heads, row, strict=True)} for row in book["Kasus"].iter_rows(2, 3)
    )
    for row, answer in ((good, "beda"), (bad, "SITI")):
        told = {"putusan": answer, "tanggal_putusan": "2026-11-20", "peninjau": "P-1", "bukti": "KTP-el"}
        for name, said in told.items():
            row[name].value = said
    book.save(tmp_path / "tinjauan.xlsx")
    sent = dtsen(*ingest)
    assert (sent.code, "E_DECISION_ANSWER" in sent.out, "SITI" in sent.all) == (1, True, False)
    again = dtsen(*ingest, "--json").document["files"][0]
    assert (again["verdict"], again["rows"], again["known"]) == ("accepted", 0, 1)
    assert [(one["code"], one["line"], one["column"]) for one in again["rejected"]] == [
        ("E_DECISION_ANSWER", 3, "putusan")
    ]
    publish(world.settings, datetime.now(ZONE).date() + timedelta(days=1))
    traced = dtsen(*(good["pihak_a"].value if word == "ID" else word for word in trace))
    assert str(good["kasus"].value) in traced.out
    assert "datang sesudah rilis ini" in traced.out


def test_the_review_list_shows_a_value_only_for_a_purpose(dtsen: Dtsen, world: World, tmp_path: Path) -> None:
    for options in (("--reveal",), ("--export", tmp_path / "t.xlsx")):
        said = dtsen("review", *options)
        assert (said.code, "E_PURPOSE" in said.err) == (2, True)
    with opened(world.settings) as platform:
        names = {row["nama"] for row in view(platform).rows("anggota")}
    printed = dtsen("review")
    hidden, open_list = dtsen("review", "--json"), dtsen("review", "--json", "--reveal", "--purpose", "tinjauan")
    assert not [name for name in names if name and (name in hidden.out or name in printed.out)]
    assert [*hidden.document] == ["release_id", "cases", "likeness"]
    assert any(name in open_list.out for name in names if name)


def test_choosing_whom_to_verify_works_as_written(
    dtsen: Dtsen, world: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Every example of the page is run in a home with a release."""
    monkeypatch.chdir(tmp_path)
    with opened(world.settings) as platform:
        family = view(platform).rows("keluarga")[0]["family_id"]
    text = (DOCS / "how-to" / "choose-whom-to-verify.md").read_text(encoding="utf-8")
    lines = re.findall(r"^    dtsen (.*)$", text, re.MULTILINE)
    assert len(lines) >= 6
    for line in lines:
        said = dtsen(*shlex.split(line.replace("ID", str(family))))
        assert (said.code, said.err) == (0, ""), line
    assert (tmp_path / "daftar.xlsx").is_file()
    assert (tmp_path / "penugasan.csv").is_file()
    assert (tmp_path / "daftar.pdf").read_bytes().startswith(b"%PDF")
    words = re.findall(r"^\| `(\w+)` \|", text, re.MULTILINE)
    assert words == ["prioritas", "acak"]


def test_a_newcomer_makes_the_form_and_brings_its_answers_in(
    dtsen: Dtsen, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Every example of the page is run, with exports of a form that the page's own workbook became."""
    text = (DOCS / "how-to" / "make-the-field-form.md").read_text(encoding="utf-8")
    commands = [shlex.split(line) for line in re.findall(r"^    dtsen (.*)$", text, re.MULTILINE)]
    assert [command[0] for command in commands] == [*["form"] * 3, *["ingest"] * 4]
    monkeypatch.chdir(tmp_path)
    assert [dtsen(*command).code for command in commands[:3]] == [0, 0, 0]
    phone = phones.Phone(convert(tmp_path / "formulir.xlsx").xform)
    visit = {"hasil_kunjungan": "1", "id_petugas": "P1", "waktu_kunjungan": "2026-09-29T09:00:00.000+07:00"}
    visit |= {"nomor_kartu_keluarga": card(1), "persetujuan": "OK"}
    made = [phone.fill("a1", visit, [{"keberadaan_anggota": "1", "nama": "CONTOH"}])]
    names = [name for command in commands[3:] for name in command[1:]]
    exports = [phones.odk_json(made, phone), *phones.odk_csv(made, phone, grouped=True)]
    exports += [phones.kobo_json(made, phone), phones.kobo_csv(made, phone)]
    for name, data in zip(names, exports, strict=True):
        assert f"`{name}`" in text
        Path(name).write_bytes(data)
    taken = [one for command in commands[3:] for one in dtsen(*command, "--json").document["files"]]
    assert [(one["verdict"], one["rows"]) for one in taken] == [("accepted", rows) for rows in (2, 1, 1, 2, 1)]


def test_the_page_on_models_uses_what_exists(dtsen: Dtsen) -> None:
    text = (DOCS / "how-to" / "fit-a-model.md").read_text(encoding="utf-8")
    lines = re.findall(r"^ +dtsen (model \w+)(.*)$", text, re.MULTILINE)
    assert {command for command, _ in lines} == {command for command in COMMANDS if command.startswith("model ")}
    for command, rest in lines:
        shown = dtsen(*command.split(), "--help").out
        assert all(option in shown for option in re.findall(r"--[a-z]+", rest))
    assert all(f"`{reading}`" in text for reading in READINGS)
