"""Workbooks are judged before they are read: real files, written as a spreadsheet would, and then broken."""

import io
import re
import zipfile
from collections.abc import Callable, Iterator, Sequence
from datetime import date, datetime
from itertools import count, islice
from pathlib import Path
from typing import Any

import openpyxl
import polars as pl
import pytest
import xlsxwriter

from dtsen_pipeline.core import sheets
from dtsen_pipeline.core.corrected_book import filled_rows
from dtsen_pipeline.core.intake import Reading
from dtsen_pipeline.core.validate import NUMERIC_ID
from dtsen_pipeline.queries.quarantine import Quarantined
from dtsen_pipeline.queries.workbook import workbook
from dtsen_pipeline.reference import profiles
from dtsen_pipeline.resources.choice import choose
from dtsen_pipeline.resources.unpack import day_of
from dtsen_pipeline.resources.workbook import Limits, Workbook
from dtsen_pipeline.schemas.errors import DtsenError
from dtsen_pipeline.schemas.tables import MEMBER

TOKEN = "0123456789ab"  # noqa: S105 - a file token is no secret
LIMITS = Limits(memory_mb=256, inflated_mb=200, document_mb=64)
FAMILIES = profiles()["bps_v2_keluarga"]
MEMBERS = profiles()["bps_v2_anggota"]
VISITS, PEOPLE = profiles()["lapangan_v1_buku"], profiles()["lapangan_v1_buku_anggota"]
NIK, CARD = "3571010101909001", "3571010101159001"
MAIN = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
MACROS = "application/vnd.ms-excel.sheet.macroEnabled.main+xml"
Cells = dict[str, Any]
Change = Callable[[zipfile.ZipFile, zipfile.ZipFile], None]


def row(header: Sequence[str], **said: Any) -> list[Any]:
    """A row with these cells, the others blank."""
    return [said.get(name, "") for name in header]


def written(path: Path, rows: Sequence[Sequence[Any]], name: str = "Sheet1") -> Path:
    """A workbook of one sheet, written by XlsxWriter."""
    with xlsxwriter.Workbook(path) as book:
        sheet = book.add_worksheet(name)
        for place, cells in enumerate(rows):
            for column, cell in enumerate(cells):
                (sheet.write_string if isinstance(cell, str) else sheet.write)(place, column, cell)
    return path


def members(path: Path, *rows: Cells) -> Path:
    """A member workbook of the ministry."""
    return written(path, [MEMBERS.header, *(row(MEMBERS.header, **cells) for cells in rows)])


def read(path: Path, limits: Limits = LIMITS) -> Reading:
    """Choose the profile, and read its first part."""
    with path.open("rb") as file:
        profile = choose(file, path.suffix, TOKEN, None, limits)
        return sheets.read(Workbook(file, limits, TOKEN), profile, TOKEN)


def refusal(path: Path, limits: Limits = LIMITS) -> DtsenError:
    with pytest.raises(DtsenError) as caught:
        read(path, limits)
    assert NIK not in str(caught.value)
    assert caught.value.token == TOKEN
    return caught.value


def rebuilt(path: Path, change: Callable[[str, bytes], bytes | None], extra: dict[str, bytes] | None = None) -> Path:
    """The workbook with every entry as `change` gives it, left out where it gives none, and with extra entries."""
    source = io.BytesIO(path.read_bytes())
    with zipfile.ZipFile(source) as old, zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as new:
        for entry in old.infolist():
            content = change(entry.filename, old.read(entry))
            if content is not None:
                new.writestr(entry.filename, content)
        for name, content in (extra or {}).items():
            new.writestr(name, content)
    return path


def in_sheet(old: str, new: str) -> Callable[[str, bytes], bytes | None]:
    """Replace a text in the sheet's XML."""

    def change(name: str, content: bytes) -> bytes:
        if not name.startswith("xl/worksheets/sheet"):
            return content
        assert re.search(old, content.decode())
        return re.sub(old, new, content.decode(), count=1).encode()

    return change


def related(kind: str, *, mode: str) -> str:
    """The end of a relationship part with one more relationship."""
    office = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
    target = "https://example.org/a.xlsx" if mode == "External" else "other.xml"
    return f'<Relationship Id="x" Type="{office}/{kind}" Target="{target}" TargetMode="{mode}"/></Relationships>'


def with_extended_lists(name: str, content: bytes) -> bytes:
    """A sheet's drop-down lists in the form in which Excel saves those whose choices stand on another sheet."""
    lists = re.search(rb"<dataValidations.*?</dataValidations>", content, re.DOTALL)
    if not name.startswith("xl/worksheets/sheet") or lists is None:
        return content
    choices = re.findall(rb"<formula1>(.*?)</formula1>", lists[0])
    assert choices
    each = b"".join(
        b'<x14:dataValidation type="list"><x14:formula1><xm:f>%b</xm:f></x14:formula1>'
        b"<xm:sqref>J2</xm:sqref></x14:dataValidation>" % choice
        for choice in choices
    )
    ends = b'<extLst><ext xmlns:x14="urn:x14" xmlns:xm="urn:xm" uri="{CCE6A557-97BC-4b89-ADB6-D9C93CAAB3DF}">'
    ends += b"<x14:dataValidations>%b</x14:dataValidations></ext></extLst></worksheet>" % each
    return content.replace(lists[0], b"").replace(b"</worksheet>", ends)


class TestReading:
    """Text comes as it was delivered; numbers, days and blanks as the sheet says."""

    def test_every_character_of_a_text(self, tmp_path: Path) -> None:
        texts = [" a ", "=1+1", "é ”", "007", "1e5", "_x0041_", "TRUE", "a&<b>"]
        found = read(members(tmp_path / "a.xlsx", *({"nama": text} for text in texts)))
        assert found.rows["nama"].to_list() == texts
        assert found.rows["row"].to_list() == list(range(2, 10))
        assert found.rows["src"].unique().to_list() == [TOKEN]

    def test_openpyxl_and_inline_texts_read_alike(self, tmp_path: Path) -> None:
        book = openpyxl.Workbook()
        book.active.append(MEMBERS.header)
        book.active.append(row(MEMBERS.header, nomor_induk_kependudukan=NIK, nama="B", status_bekerja=1))
        book.save(tmp_path / "b.xlsx")
        path = members(tmp_path / "a.xlsx", {"nama": "?", "nomor_induk_kependudukan": NIK, "status_bekerja": 1})
        inline = in_sheet(
            r'<c r="C2" t="s"><v>[0-9]+</v></c>',
            '<c r="C2" t="inlineStr"><is><r><t>B</t></r><rPh><t>x</t></rPh></is></c>',
        )
        frames = [read(file).rows for file in (tmp_path / "b.xlsx", rebuilt(path, inline))]
        assert frames[0].equals(frames[1])
        assert frames[0]["status_bekerja"].to_list() == ["1"]

    def test_numbers_are_as_stored_and_days_as_days(self, tmp_path: Path) -> None:
        book = openpyxl.Workbook()
        book.active.append(MEMBERS.header)
        cells = [date(1990, 12, 31), datetime(2026, 1, 2, 3, 4, 5), "31/12/1990", 33238, True]  # noqa: DTZ001
        for cell in cells:
            book.active.append(row(MEMBERS.header, tanggal_lahir=cell))
        book.save(tmp_path / "a.xlsx")
        found = read(tmp_path / "a.xlsx").rows["tanggal_lahir"].to_list()
        assert found == ["1990-12-31", "2026-01-02T03:04:05", "31/12/1990", "33238", "TRUE"]

    def test_blank_rows_are_no_records_and_keep_the_numbers_of_others(self, tmp_path: Path) -> None:
        found = read(members(tmp_path / "a.xlsx", {"nama": "A"}, {}, {"nama": "B"}, {}))
        assert found.rows["row"].to_list() == [2, 4]

    @pytest.mark.parametrize(
        ("serial", "epoch", "day"),
        [
            ("1", 1900, "1900-01-01"),
            ("59", 1900, "1900-02-28"),
            ("60", 1900, None),
            ("0", 1900, None),
            ("-1", 1904, None),
            ("0", 1904, "1904-01-01"),
            ("61", 1900, "1900-03-01"),
            ("45000", 1900, "2023-03-15"),
            ("43538", 1904, "2023-03-15"),
            ("45000.5", 1900, "2023-03-15T12:00:00"),
            ("9999999", 1900, None),
        ],
    )
    def test_day_numbers(self, serial: str, epoch: int, day: str | None) -> None:
        assert day_of(serial, epoch) == day


class TestSavedAgain:
    """A workbook that dtsen writes may be saved by a spreadsheet, which writes the same in its own way."""

    def test_lists_to_choose_from_that_stand_on_another_sheet(self, tmp_path: Path) -> None:
        line = Quarantined("0123456789ab-5", MEMBER, "b", None, None, None, ("x",), frozenset({"nama"}), {"nama": "A"})
        path = tmp_path / "a.xlsx"
        path.write_bytes(workbook([line], "r1"))
        with path.open("rb") as file:
            before = filled_rows(Workbook(file, LIMITS, TOKEN), TOKEN)
        with rebuilt(path, with_extended_lists).open("rb") as file:
            assert filled_rows(Workbook(file, LIMITS, TOKEN), TOKEN) == before != []


class TestIdentifiers:
    """A number in place of an identifier is shown as one, so that its row is rejected."""

    def test_a_numeric_cell_cannot_be_taken_for_text(self, tmp_path: Path) -> None:
        path = members(tmp_path / "a.xlsx", {"nomor_induk_kependudukan": NIK, "nomor_kartu_keluarga": CARD})
        number = in_sheet(r'<c r="A2" t="s"><v>[0-9]+</v></c>', f'<c r="A2"><v>{NIK[:-1]}0</v></c>')
        found = read(rebuilt(path, number)).rows
        assert found["nomor_induk_kependudukan"].to_list() == [f"{NIK[:-1]}0.0"]
        assert found["nomor_kartu_keluarga"].to_list() == [CARD]

    def test_scientific_notation_stays(self, tmp_path: Path) -> None:
        path = members(tmp_path / "a.xlsx", {"nomor_induk_kependudukan": NIK})
        number = in_sheet(r'<c r="A2" t="s"><v>[0-9]+</v></c>', '<c r="A2"><v>3.57101E+15</v></c>')
        assert read(rebuilt(path, number)).rows["nomor_induk_kependudukan"].to_list() == ["3.57101E+15"]

    def test_a_cell_that_is_no_text_is_no_identifier_however_it_is_shown(self, tmp_path: Path) -> None:
        with xlsxwriter.Workbook(tmp_path / "a.xlsx") as book:
            sheet, shown_as_day = book.add_worksheet(), book.add_format({"num_format": "dd/mm/yyyy"})
            sheet.write_row(0, 0, MEMBERS.header)
            for line, number in enumerate((float(f"{NIK[:-1]}0"), 33238, 33238.5, 1, 1, True), 1):
                sheet.write(line, 0, number, shown_as_day)
            for line in range(7, 13):
                sheet.write_string(line, 0, NIK)
            sheet.write_number(12, 3, 60, shown_as_day)
        cells = in_sheet(r'(<c r="A5" s="1")><v>1<', rf'\g<1> t="d"><v>{NIK}<')
        found = read(rebuilt(tmp_path / "a.xlsx", cells))
        shown = [f"{NIK[:-1]}0.0", "1990-12-31", "1990-12-31T12:00:00", f"{NIK}.0", "1900-01-01", "TRUE"]
        assert found.rows["nomor_induk_kependudukan"].to_list() == [*shown, *[NIK] * 5]
        assert pl.Series(shown).str.contains(NUMERIC_ID).all()
        assert found.damaged.rows() == [(TOKEN, line, "E_CELL_ERROR") for line in (13,)]

    def test_a_customer_number_may_begin_with_zero_and_a_count_may_not(self, tmp_path: Path) -> None:
        cells = {"id_pelanggan_pln": 51234567890, "luas_lantai": 36}
        found = read(written(tmp_path / "a.xlsx", [FAMILIES.header, row(FAMILIES.header, **cells)])).rows
        assert found.select(*cells).rows() == [("51234567890.0", "36")]


class TestDamagedRows:
    """A row that cannot be kept as text is named; the others count."""

    @pytest.mark.parametrize(
        ("cell", "reason"),
        [("a_x000D_b", "E_LINE_CONTROL"), ("a\tb", "E_LINE_CONTROL"), ("_xD800_", "E_LINE_ENCODING")],
    )
    def test_control_bytes(self, tmp_path: Path, cell: str, reason: str) -> None:
        path = members(tmp_path / "a.xlsx", *({"nama": "SOUND"} for _ in range(9)), {"nama": "BROKEN"})

        def broken(name: str, content: bytes) -> bytes:
            return content.replace(b"BROKEN", cell.encode()) if name == "xl/sharedStrings.xml" else content

        found = read(rebuilt(path, broken))
        assert (found.rows.height, found.damaged.rows()) == (9, [(TOKEN, 11, reason)])

    def test_errors_and_cells_beyond_the_header(self, tmp_path: Path) -> None:
        rows = [row(MEMBERS.header, nama="A") for _ in range(12)]
        rows[3] = [*rows[3], "beyond"]
        path = written(tmp_path / "a.xlsx", [MEMBERS.header, *rows])
        error = in_sheet(r'<c r="C2" t="s"><v>[0-9]+</v></c>', '<c r="C2" t="e"><v>#N/A</v></c>')
        found = read(rebuilt(path, error))
        assert found.damaged.rows() == [(TOKEN, 2, "E_CELL_ERROR"), (TOKEN, 5, "E_LINE_WIDTH")]

    def test_too_many_refuse_the_file(self, tmp_path: Path) -> None:
        path = members(tmp_path / "a.xlsx", {"nama": "a\nb"}, {"nama": "A"})
        assert refusal(path).code == "E_STRUCTURE"


class TestRefused:
    """What could hide something, or cannot be understood in one way, is refused with a code."""

    def test_a_formula(self, tmp_path: Path) -> None:
        with xlsxwriter.Workbook(tmp_path / "a.xlsx") as book:
            sheet = book.add_worksheet()
            sheet.write_row(0, 0, MEMBERS.header)
            sheet.write_formula(4, 2, "=A1")
        assert (refusal(tmp_path / "a.xlsx").code, refusal(tmp_path / "a.xlsx").line) == ("E_SHEET_FORMULA", 5)

    @pytest.mark.parametrize(
        "formula", ['<f t="shared" si="0"/>', '<f t="array" ref="C2">A1</f>', "<x:f>A1</x:f>", "<f/>"]
    )
    def test_a_formula_of_any_kind(self, tmp_path: Path, formula: str) -> None:
        path = members(tmp_path / "a.xlsx", {"nama": "A"})
        cell = in_sheet(r'<c r="C2" t="s"><v>', f'<c xmlns:x="{MAIN}" r="C2" t="s">{formula}<v>')
        assert refusal(rebuilt(path, cell)).code == "E_SHEET_FORMULA"

    def test_merged_cells(self, tmp_path: Path) -> None:
        with xlsxwriter.Workbook(tmp_path / "a.xlsx") as book:
            sheet = book.add_worksheet()
            sheet.write_row(0, 0, MEMBERS.header)
            sheet.merge_range("A2:A3", NIK)
        assert refusal(tmp_path / "a.xlsx").code == "E_SHEET_MERGED"

    @pytest.mark.parametrize(
        "entry", ["xl/vbaProject.bin", "xl/externalLinks/externalLink1.xml", "xl/embeddings/o.bin"]
    )
    def test_active_content(self, tmp_path: Path, entry: str) -> None:
        path = rebuilt(members(tmp_path / "a.xlsx", {"nama": "A"}), lambda _, content: content, {entry: b"x"})
        assert refusal(path).code == "E_SHEET_ACTIVE"

    @pytest.mark.parametrize(
        ("part", "old", "new"),
        [
            ("[Content_Types].xml", r"application/[a-z.-]+sheet\.main\+xml", MACROS),
            ("xl/_rels/workbook.xml.rels", "</Relationships>", related("externalLinkPath", mode="External")),
            ("xl/_rels/workbook.xml.rels", "</Relationships>", related("externalLink", mode="Internal")),
            ("_rels/.rels", "</Relationships>", related("image", mode="External")),
        ],
    )
    def test_active_content_that_no_name_tells(self, tmp_path: Path, part: str, old: str, new: str) -> None:
        def declared(name: str, content: bytes) -> bytes:
            assert name != part or re.search(old, content.decode())
            return re.sub(old, new, content.decode()).encode() if name == part else content

        assert refusal(rebuilt(members(tmp_path / "a.xlsx", {"nama": "A"}), declared)).code == "E_SHEET_ACTIVE"

    def test_the_address_behind_a_cell_is_harmless(self, tmp_path: Path) -> None:
        with xlsxwriter.Workbook(tmp_path / "a.xlsx") as book:
            sheet = book.add_worksheet()
            sheet.write_row(0, 0, MEMBERS.header)
            sheet.write_url(1, 2, "https://example.org/", string="A")
        assert read(tmp_path / "a.xlsx").rows["nama"].to_list() == ["A"]

    def test_a_hidden_sheet(self, tmp_path: Path) -> None:
        book = openpyxl.Workbook()
        book.active.title = "kunjungan"
        book.active.append(VISITS.header)
        book.create_sheet("anggota").append(PEOPLE.header)
        book["anggota"].sheet_state = "hidden"
        book.save(tmp_path / "a.xlsx")
        with (tmp_path / "a.xlsx").open("rb") as file, pytest.raises(DtsenError, match=r"^E_SHEET_HIDDEN"):
            sheets.read(Workbook(file, LIMITS, TOKEN), PEOPLE, TOKEN)

    def test_a_sheet_that_nobody_declared(self, tmp_path: Path) -> None:
        book = openpyxl.load_workbook(members(tmp_path / "a.xlsx", {"nama": "A"}))
        book.create_sheet("lain").append(["x"])
        book.save(tmp_path / "a.xlsx")
        assert refusal(tmp_path / "a.xlsx").code == "E_SHEET_NAMES"

    def test_another_header_says_what_is_missing_and_where_something_is_unknown(self, tmp_path: Path) -> None:
        header = ["RAHASIA" if name == "nama" else name for name in MEMBERS.header]
        error = refusal(written(tmp_path / "a.xlsx", [header]))
        assert (error.code, error.line) == ("E_HEADER", 1)
        assert "bps_v2_anggota (1 columns missing, 1 unknown; missing: nama; unknown at: 3)" in error.message
        below = written(tmp_path / "b.xlsx", [[], MEMBERS.header])
        assert refusal(below).code == "E_HEADER"

    def test_a_bomb(self, tmp_path: Path) -> None:
        path = rebuilt(
            members(tmp_path / "a.xlsx", {"nama": "A"}), lambda _, content: content, {"xl/x.xml": b"0" * 30_000_000}
        )
        assert refusal(path).code == "E_SHEET_BOMB"
        assert refusal(members(tmp_path / "b.xlsx"), Limits(256, 0, 64)).code == "E_SHEET_BOMB"

    def test_too_little_memory(self, tmp_path: Path) -> None:
        noise = bytes(range(32, 127)).decode() * 9
        path = members(tmp_path / "a.xlsx", *({"nama": f"{place} {noise[place % 90 :]}"} for place in range(40_000)))
        assert refusal(path, Limits(memory_mb=30, inflated_mb=1000, document_mb=64)).code == "E_SHEET_MEMORY"

    @pytest.mark.parametrize(
        ("end", "code"),
        [
            ("sys.exit(3)", "E_SHEET_MEMORY"),
            ("os.kill(os.getpid(), 9)", "E_SHEET_MEMORY"),
            ("raise KeyError", "E_SHEET_ARCHIVE"),
            ("os.kill(os.getpid(), 11)", "E_SHEET_ARCHIVE"),
            ("print('[2,[', end='')", "E_SHEET_ARCHIVE"),
            ("pass", "E_SHEET_ARCHIVE"),
        ],
    )
    def test_only_a_process_without_memory_says_so(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, end: str, code: str
    ) -> None:
        (tmp_path / "unpack.py").write_text(f"import os, sys\n{end}\n")
        monkeypatch.setattr("dtsen_pipeline.resources.workbook.UNPACK", tmp_path / "unpack.py")
        assert refusal(members(tmp_path / "a.xlsx", {"nama": "A"})).code == code

    def test_a_stream_that_cannot_be_inflated(self, tmp_path: Path) -> None:
        path = members(tmp_path / "a.xlsx", {"nama": "A"})
        with zipfile.ZipFile(path) as archive:
            start = archive.getinfo("xl/worksheets/sheet1.xml").header_offset
        data = bytearray(path.read_bytes())
        data[start + 60 : start + 70] = b"\xff" * 10
        path.write_bytes(data)
        assert refusal(path).message == "an entry of the archive is missing or damaged"

    def test_entities_are_not_expanded(self, tmp_path: Path) -> None:
        bomb = b'<!DOCTYPE x [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;">]>'

        def declared(name: str, content: bytes) -> bytes:
            return content.replace(b"?>", b"?>" + bomb, 1) if name == "xl/sharedStrings.xml" else content

        assert refusal(rebuilt(members(tmp_path / "a.xlsx", {"nama": "A"}), declared)).code == "E_SHEET_ARCHIVE"

    @pytest.mark.parametrize(
        ("old", "new"),
        [
            (r'<row r="2"', '<row r="1"'),
            (r'(?s)<row r="2".*?</row>', '<row r="1"><c r="A1"><v>5</v></c></row>'),
            (r'<c r="B2"', '<c r="A2"'),
            (r'<c r="B2"', '<c r="B7"'),
            (r"</sheetData>", ""),
            (r'(<c r="C2" t="s"><v>)[0-9]+', r"\g<1>99999"),
        ],
    )
    def test_a_sheet_that_contradicts_itself(self, tmp_path: Path, old: str, new: str) -> None:
        path = members(tmp_path / "a.xlsx", {"nama": "A", "nomor_kartu_keluarga": CARD})
        assert refusal(rebuilt(path, in_sheet(old, new))).code == "E_SHEET_ARCHIVE"

    def test_a_broken_archive(self, tmp_path: Path) -> None:
        path = members(tmp_path / "a.xlsx", {"nama": "A"})
        whole = path.read_bytes()
        for place in range(0, len(whole) - 1, max(1, len(whole) // 15)):
            path.write_bytes(whole[:place] + bytes([whole[place] ^ 0xFF]) + whole[place + 1 :])
            try:
                found = read(path)
            except DtsenError as error:
                assert error.code  # noqa: PT017 - either outcome is sound
            else:
                assert found.rows["nama"].to_list() == ["A"]
        path.write_bytes(whole[: len(whole) // 2])
        assert refusal(path).code == "E_SHEET_ARCHIVE"

    @pytest.mark.parametrize(
        ("suffix", "content"),
        [(".csv", b"PK\x03\x04"), (".xlsx", b"a,b\n1,2\n"), (".json", b"a,b\n"), (".xlsx", b"\xd0\xcf\x11\xe0")],
    )
    def test_content_that_the_name_does_not_say(self, tmp_path: Path, suffix: str, content: bytes) -> None:
        path = tmp_path / f"a{suffix}"
        path.write_bytes(content)
        assert refusal(path).code == "E_MAGIC"


class Endless:
    """A workbook whose sheet has as many rows as are asked for, and counts them."""

    given = 0

    def heads(self) -> list[sheets.SheetHead]:
        return [sheets.SheetHead("Sheet1", is_hidden=False, row=1, cells=MEMBERS.header)]

    def rows(self, place: int) -> Iterator[sheets.Row]:
        assert place == 0
        for number in count(2):
            self.given += 1
            yield sheets.Row(number, ["1"] * len(MEMBERS.header), "t" * len(MEMBERS.header))


class TestParts:
    """A sheet is read a part at a time, whatever its length."""

    def test_no_more_is_held_than_a_part(self) -> None:
        book = Endless()
        first, second, third = islice(sheets.readings(book, MEMBERS, TOKEN), 3)
        assert (first.rows.height, second.rows.height, third.rows.height) == (0, sheets.AT_ONCE, sheets.AT_ONCE)
        assert book.given == 2 * sheets.AT_ONCE
        assert third.rows["row"].to_list() == [*range(2 + sheets.AT_ONCE, 2 + 2 * sheets.AT_ONCE)]

    def test_the_parts_are_the_whole(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        path = members(tmp_path / "a.xlsx", *({"nama": f"A{place}", "status_bekerja": place} for place in range(7)))
        whole = read(path)
        monkeypatch.setattr(sheets, "AT_ONCE", 3)
        with path.open("rb") as file:
            parts = list(sheets.readings(Workbook(file, LIMITS, TOKEN), MEMBERS, TOKEN))
        assert [part.rows.height for part in parts] == [0, 3, 3, 1]
        assert pl.concat([part.rows for part in parts]).equals(whole.rows)

    def test_damage_is_weighed_over_the_whole_sheet(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(sheets, "AT_ONCE", 2)

        class Short(Endless):
            def rows(self, place: int) -> Iterator[sheets.Row]:
                rows = list(islice(super().rows(place), 10))
                yield from [row._replace(kinds="e") for row in rows[:bad]] + rows[bad:]

        bad = 2
        assert sum(part.damaged.height for part in sheets.readings(Short(), MEMBERS, TOKEN)) == 2
        bad = 3
        with pytest.raises(DtsenError, match=r"^E_STRUCTURE"):
            list(sheets.readings(Short(), MEMBERS, TOKEN))


def test_a_workbook_of_two_sheets_brings_two_tables(tmp_path: Path) -> None:
    book = openpyxl.Workbook()
    book.active.title = "petunjuk"
    book.active.append(["Isi lembar berikutnya."])
    for profile in (PEOPLE, VISITS):
        sheet = book.create_sheet(profile.sheet)
        sheet.append(profile.header)
        sheet.append(row(profile.header, id_kunjungan="V1"))
    book.save(tmp_path / "a.xlsx")
    with (tmp_path / "a.xlsx").open("rb") as file:
        assert choose(file, ".xlsx", TOKEN, None, LIMITS) is VISITS
        found = [sheets.read(Workbook(file, LIMITS, TOKEN), part, TOKEN).rows for part in (VISITS, PEOPLE)]
    assert [frame["id_kunjungan"].to_list() for frame in found] == [["V1"], ["V1"]]
    assert [frame["row"].to_list() for frame in found] == [[2], [10_000_002]]
