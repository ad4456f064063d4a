"""A rejected row's way back: exported, corrected in the workbook, taken in, and published in the next release."""

from collections import Counter
from collections.abc import Callable
from datetime import datetime
from io import BytesIO
from pathlib import Path
from typing import Any

import openpyxl
import polars as pl
import pytest
from openpyxl.workbook.workbook import Workbook

from dtsen_pipeline.queries.quarantine import quarantine
from dtsen_pipeline.queries.reading import view
from dtsen_pipeline.queries.workbook import workbook
from dtsen_pipeline.resources.correct import Corrected, correct
from dtsen_pipeline.resources.decide import Word, accept, refuse
from dtsen_pipeline.resources.freeze import freeze_inputs
from dtsen_pipeline.resources.platform import Platform, opened
from dtsen_pipeline.schemas.errors import DtsenError
from dtsen_pipeline.schemas.tables import INPUT_TABLES
from tests.queries.world import AS_OF, NOW, OPEN, World, copied, publish, template

NIK, CARD = "nomor_induk_kependudukan", "nomor_kartu_keluarga"
WORD = Word("looked at", "tester", NOW)
SAMPLE = {
    "luas_lantai": "45",
    "tanggal_lahir": "1980-01-01",
    "jumlah_anggota_keluarga": "1",
    "waktu_kunjungan": "2026-09-07T09:30:00+07:00",
}


@pytest.fixture
def world(city: Path, tmp_path: Path) -> World:
    """A published city of one's own."""
    return copied(template(city), tmp_path / "home")


def exported(platform: Platform) -> Workbook:
    """The quarantine of the current release, opened as a person opens it."""
    opened_view = view(platform)
    return openpyxl.load_workbook(BytesIO(workbook(quarantine(platform, opened_view, OPEN), opened_view.release_id)))


def sent(platform: Platform, book: Workbook, folder: Path) -> Corrected:
    """Save a workbook and take it in."""
    path = folder / f"{len(list(folder.glob('*.xlsx')))}.xlsx"
    book.save(path)
    return correct(platform, path, NOW)


def cells(book: Workbook, table: str) -> list[dict[str, Any]]:
    """The cells of a sheet by the heading's names, a mapping a row."""
    if table not in book.sheetnames:
        return []
    head, *lines = book[table].iter_rows()
    return [{str(name.value): cell for name, cell in zip(head, line, strict=True)} for line in lines]


def mended(book: Workbook) -> list[str]:
    """Fill what can be known into every coloured cell of numbers and dates; the tokens of the rows."""
    tokens = []
    for table in INPUT_TABLES:
        for row in cells(book, table):
            faults = [name for name, cell in row.items() if cell.fill.fgColor.rgb == "FFF8CBAD"]
            if faults and set(faults) <= set(SAMPLE):
                tokens.append(str(row["token_baris"].value))
                for name in faults:
                    row[name].value = SAMPLE[name]
    return tokens


def rejected(platform: Platform) -> dict[str, str | None]:
    """Who resolves each rejected row of the current release."""
    rows = view(platform).scan("rejected").collect().iter_rows(named=True)
    return {f"{row['src']}-{row['row']}": row["resolved_by"] for row in rows}


def fate(platform: Platform, token: str) -> str:
    """The fate of one row."""
    src, _, row = token.partition("-")
    found = view(platform).rows("fate", pl.col("src") == src, pl.col("row") == int(row))
    return str(found[0]["fate"])


def test_a_mended_row_is_published_and_the_rejected_one_names_it(world: World, tmp_path: Path) -> None:
    with opened(world.settings) as platform:
        book = exported(platform)
        tokens = mended(book)
        assert len(tokens) > 2
        before = rejected(platform)
        done = sent(platform, book, tmp_path)
        assert (done.verdict, done.rows, done.known) == ("accepted", len(tokens), 0)
        waiting = {token for token, by in before.items() if by is None}
        assert done.unchanged == len(waiting) - len(tokens)
    publish(world.settings)
    with opened(world.settings) as platform:
        after = rejected(platform)
        assert after.keys() == before.keys()
        assert {token for token in waiting if after[token]} == set(tokens)
        for token in tokens:
            assert fate(platform, token) == "rejected"
        found = Counter(fate(platform, after[token] or "") for token in tokens)
        assert found["base"] > 1
        assert found.keys() <= {"base", "contributed", "superseded", "no_values", "held"}
        assert {row.token for row in quarantine(platform, view(platform), OPEN)} == waiting - set(tokens)


def test_a_family_is_complete_again_once_its_member_is_mended(world: World, tmp_path: Path) -> None:
    with opened(world.settings) as platform:
        gaps = view(platform).scan("keluarga").filter(pl.col("alasan_tidak_lengkap") == "anggota_ditolak").collect()
        book = exported(platform)
        for row in cells(book, "anggota"):
            for name, cell in row.items():
                if cell.fill.fgColor.rgb == "FFF8CBAD":
                    cell.value = None if name == NIK else SAMPLE.get(name, cell.value)
        sent(platform, book, tmp_path)
    publish(world.settings)
    with opened(world.settings) as platform:
        left = view(platform).scan("keluarga").filter(pl.col("alasan_tidak_lengkap") == "anggota_ditolak").collect()
    assert gaps.height > left.height


def test_the_same_or_a_longer_workbook_adds_only_what_is_new(world: World, tmp_path: Path) -> None:
    with opened(world.settings) as platform:
        book = exported(platform)
        first = cells(book, "anggota")[0]
        first["nama"].value = "CONTOH SATU"
        assert sent(platform, book, tmp_path).rows == 1
        again = correct(platform, tmp_path / "0.xlsx", NOW)
        assert (again.is_new, again.rows, again.known) == (False, 0, 1)
        cells(book, "anggota")[1]["nama"].value = "CONTOH DUA"
        longer = sent(platform, book, tmp_path)
        assert (longer.rows, longer.known) == (1, 1)
        assert len(platform.registry.files(kind="correction")) == 4


def test_a_row_is_not_corrected_twice_in_two_ways(world: World, tmp_path: Path) -> None:
    with opened(world.settings) as platform:
        book = exported(platform)
        cells(book, "anggota")[0]["nama"].value = "CONTOH SATU"
        first = sent(platform, book, tmp_path)
        cells(book, "anggota")[0]["nama"].value = "CONTOH DUA"
        done = sent(platform, book, tmp_path)
        assert (done.verdict, done.code, done.line, done.column) == ("refused", "E_CORRECTED_TWICE", 2, "token_baris")
        refuse(platform, first.token, WORD)
        assert platform.registry.file(first.files[0]).verdict == "refused"
        assert correct(platform, tmp_path / "1.xlsx", NOW).rows == 1
        assert correct(platform, tmp_path / "0.xlsx", NOW).code == "E_REFUSED"
        for token in (first.token, first.files[0]):
            with pytest.raises(DtsenError, match="E_CORRECTED_TWICE"):
                accept(platform, token, WORD)


def test_a_refused_workbook_takes_its_rows_with_it_and_brings_them_back(world: World, tmp_path: Path) -> None:
    with opened(world.settings) as platform:
        plain = freeze_inputs(platform, AS_OF)
        book = exported(platform)
        cells(book, "anggota")[0]["nama"].value = "CONTOH SATU"
        done = sent(platform, book, tmp_path)
        listed = freeze_inputs(platform, AS_OF)
        assert {s.token for s in listed.sources} - {s.token for s in plain.sources} == set(done.files)
        assert listed.has_corrections
        assert not plain.has_corrections
        refuse(platform, done.token, WORD)
        assert freeze_inputs(platform, AS_OF).sources == plain.sources
        assert set(accept(platform, done.token, WORD)) == {done.token, *done.files}
        assert freeze_inputs(platform, AS_OF).sources == listed.sources


def test_a_correction_that_is_wrong_again_is_corrected_by_the_next_export(world: World, tmp_path: Path) -> None:
    with opened(world.settings) as platform:
        book = exported(platform)
        row = next(row for row in cells(book, "keluarga") if row["luas_lantai"].fill.fgColor.rgb == "FFF8CBAD")
        root = str(row["token_baris"].value)
        row["luas_lantai"].value = "99999"
        first = sent(platform, book, tmp_path)
    publish(world.settings)
    with opened(world.settings) as platform:
        attempt = f"{first.files[0]}-2"
        assert rejected(platform)[attempt] is None
        tokens = {row.token for row in quarantine(platform, view(platform), OPEN)}
        assert attempt in tokens
        assert root not in tokens
        book = exported(platform)
        next(row for row in cells(book, "keluarga") if row["token_baris"].value == attempt)["luas_lantai"].value = "45"
        second = sent(platform, book, tmp_path)
        assert second.rows == 1
        assert platform.registry.file(second.files[0]).corrects == platform.registry.file(root[:12]).sha256
    publish(world.settings)
    with opened(world.settings) as platform:
        by = f"{second.files[0]}-2"
        assert rejected(platform)[root] == by
        assert rejected(platform)[attempt] == by
        assert fate(platform, by) in ("base", "superseded")
        refuse(platform, first.token, WORD)
    publish(world.settings)
    with opened(world.settings) as platform:
        assert rejected(platform)[root] == by
        assert attempt not in rejected(platform)


def test_a_row_that_was_not_rejected_takes_no_correction(world: World, tmp_path: Path) -> None:
    with opened(world.settings) as platform:
        base = view(platform).scan("keluarga").collect().row(0, named=True)
        book = exported(platform)
        row = cells(book, "keluarga")[0]
        row["token_baris"].value = f"{base['src']}-{base['row']}"
        done = sent(platform, book, tmp_path)
        assert done.rows == 1
    publish(world.settings)
    with opened(world.settings) as platform:
        found = view(platform).rows("rejected", pl.col("src") == done.files[0])
        assert [row["reasons"] for row in found if "E_CORRECTS_VALID" in row["reasons"].split("|")]
        same = view(platform).rows("keluarga", pl.col("family_id") == base["family_id"])
        assert [(row["src"], row["row"]) for row in same] == [(base["src"], base["row"])]


def test_a_line_that_could_not_be_read_is_written_anew(world: World, tmp_path: Path) -> None:
    with opened(world.settings) as platform:
        lines = view(platform).rows("rejected", pl.col("reasons").str.starts_with("E_LINE"))
        token, table = f"{lines[0]['src']}-{lines[0]['row']}", lines[0]["sumber"]
        book = exported(platform)
        model = view(platform).scan("rejected").collect()
        row = next(row for row in cells(book, table) if row["token_baris"].value == token)
        assert not any(cell.value for name, cell in row.items() if name in (CARD, "nama", "luas_lantai"))
        row[CARD].value = "3571010101209876"
        assert sent(platform, book, tmp_path).rows == 1
    publish(world.settings)
    with opened(world.settings) as platform:
        assert rejected(platform)[token] in (None, *rejected(platform).values())
        assert view(platform).scan("rejected").collect().height >= model.height


Break = Callable[[list[dict[str, Any]]], None]


def put(name: str, value: object) -> Break:
    """Write a value into a cell of the first row."""

    def damage(rows: list[dict[str, Any]]) -> None:
        rows[0][name].value = value

    return damage


def twice(rows: list[dict[str, Any]]) -> None:
    """Let the first row speak of the second one's row."""
    rows[0]["token_baris"].value = rows[1]["token_baris"].value


def no_such_row(rows: list[dict[str, Any]]) -> None:
    """Point behind the end of the file."""
    rows[0]["token_baris"].value = f"{str(rows[0]['token_baris'].value)[:12]}-99999"


def renamed(rows: list[dict[str, Any]]) -> None:
    """Change a heading."""
    cell = rows[0]["nama"]
    cell.parent.cell(1, cell.column).value = "nama lengkap"


@pytest.mark.parametrize(
    ("damage", "code", "line"),
    [
        (put("token_baris", "f" * 12 + "-2"), "E_CORRECTION_ROW", 2),
        (no_such_row, "E_CORRECTION_ROW", 2),
        (put("token_baris", "baris 3"), "E_CORRECTION_ROW", 2),
        (twice, "E_CORRECTION_ROW", 3),
        (put(NIK, 3571012345679001), "E_NIK_NUMERIC", 2),
        (put("nama", "=1+1"), "E_SHEET_FORMULA", 2),
        (put("jumlah_usaha", 1.5), "E_CORRECTION_CELL", 2),
        (put("nama", "DUA\nBARIS"), "E_CORRECTION_CELL", 2),
        (renamed, "E_CORRECTION_BOOK", None),
    ],
)
def test_a_workbook_that_cannot_be_tied_is_refused_and_kept(
    world: World, tmp_path: Path, damage: Break, code: str, line: int | None
) -> None:
    with opened(world.settings) as platform:
        book = exported(platform)
        damage(cells(book, "anggota"))
        done = sent(platform, book, tmp_path)
        assert (done.verdict, done.code, done.line, done.is_new) == ("refused", code, line, True)
        assert platform.registry.file(done.token).code == code
        assert platform.vault.read_bytes(platform.registry.file(done.token).sha256)
        assert not platform.registry.files(kind="correction", verdict="accepted")
        assert "3571012345679001" not in (done.message or "")


@pytest.mark.parametrize("content", [b"", b"PK\x03\x04 no archive", b"nama;nik\n"])
def test_what_is_no_workbook_is_refused(world: World, tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "x.xlsx"
    path.write_bytes(content)
    with opened(world.settings) as platform:
        assert correct(platform, path, NOW).code == "E_SHEET_ARCHIVE"
        with pytest.raises(DtsenError, match="E_MISSING"):
            correct(platform, tmp_path / "none.xlsx", NOW)


def test_a_workbook_without_any_of_our_sheets_is_refused(world: World, tmp_path: Path) -> None:
    with opened(world.settings) as platform:
        assert sent(platform, Workbook(), tmp_path).code == "E_CORRECTION_BOOK"
        book = exported(platform)
        book["anggota"].sheet_state = "hidden"
        assert sent(platform, book, tmp_path).code == "E_SHEET_HIDDEN"


def test_whole_numbers_and_days_that_a_spreadsheet_typed_are_taken(world: World, tmp_path: Path) -> None:
    with opened(world.settings) as platform:
        book = exported(platform)
        row = cells(book, "anggota")[0]
        row["jumlah_usaha"].value, row["tanggal_lahir"].value = 2, datetime(1980, 2, 1, 9)  # noqa: DTZ001
        assert sent(platform, book, tmp_path).code == "E_CORRECTION_CELL"
        row["tanggal_lahir"].value = datetime(1980, 2, 1)  # noqa: DTZ001
        done = sent(platform, book, tmp_path)
        data = platform.vault.read_bytes(platform.registry.file(done.files[0]).sha256).decode()
        assert "1980-02-01" in data
        assert done.rows == 1
