"""The quarantine as one XLSX workbook: a sheet a table, the cells at fault coloured, drop-downs for codes.

Every cell is text: a spreadsheet neither runs it as a formula nor takes digits off an identifier. Which rows it
holds is decided in `quarantine`.
"""

from collections.abc import Mapping, Sequence
from io import BytesIO
from typing import Any

from xlsxwriter import Workbook
from xlsxwriter.utility import xl_col_to_name

from dtsen_pipeline.queries.quarantine import Quarantined
from dtsen_pipeline.reference import code_lists
from dtsen_pipeline.schemas.tables import INPUT_TABLES, delivered, tables

LEADING = ("token_baris", "alasan", "batch", "petugas", "kelurahan")
GUIDE, CODES = "Petunjuk", "Kode"
TEXT_ONLY = {"in_memory": True, "strings_to_formulas": False, "strings_to_numbers": False, "strings_to_urls": False}
ROWS = 1_048_575
"""Rows below a heading in one sheet."""


def workbook(rows: Sequence[Quarantined], release_id: str) -> bytes:
    """The workbook's bytes; a row beyond what a sheet can hold raises ValueError rather than being left out."""
    target = BytesIO()
    with Workbook(target, TEXT_ONLY) as book:
        looks = {
            "head": book.add_format({"bold": True, "bg_color": "#1F4E78", "font_color": "#FFFFFF", "num_format": "@"}),
            "text": book.add_format({"num_format": "@", "valign": "top"}),
            "told": book.add_format({"num_format": "@", "valign": "top", "text_wrap": True}),
            "fault": book.add_format({"num_format": "@", "valign": "top", "bg_color": "#F8CBAD", "bold": True}),
        }
        _guide(book, rows, release_id, looks)
        used = [table for table in INPUT_TABLES if any(row.table == table for row in rows)]
        ranges = _codes(book, _lists(used), looks)
        for table in used:
            _sheet(book, table, [row for row in rows if row.table == table], ranges, looks)
        book.get_worksheet_by_name(GUIDE).activate()
    return target.getvalue()


def _guide(book: Workbook, rows: Sequence[Quarantined], release_id: str, looks: Mapping[str, Any]) -> None:
    sheet = book.add_worksheet(GUIDE)
    sheet.set_column(0, 0, 110, looks["told"])
    said = [
        f"Baris yang ditolak dalam rilis {release_id}: {len(rows)} baris, menurut tabel sumbernya.",
        "Setiap baris memuat teks yang dikirim; kode, tanggal dan angka sumber lain ditulis menurut kamus data.",
        "Sel yang menjadi alasan penolakan diwarnai.",
        "Kolom alasan menjelaskan apa yang salah; kolom token_baris menunjuk berkas dan barisnya, jangan diubah.",
        "Daftar pilihan pada kolom kode diambil dari lembar Kode. Biarkan nomor identitas sebagai teks.",
        "Baris tanpa isi tidak dapat dibaca sebagai catatan; isilah semua selnya dari baris asli di kolom alasan.",
        "Buku kerja ini memuat data pribadi: simpan dan hapus sesuai aturan kantor.",
    ]
    for number, sentence in enumerate(said):
        sheet.write_string(number, 0, sentence, looks["told"])


def _lists(used: Sequence[str]) -> list[str]:
    """The code lists that the workbook's columns use, in the order of their names."""
    return sorted({column.codes for table in used for column in tables()[table].columns if column.codes})


def _codes(book: Workbook, lists: Sequence[str], looks: Mapping[str, Any]) -> dict[str, str]:
    """The sheet of codes with their labels; where the codes of each list stand."""
    sheet = book.add_worksheet(CODES)
    ranges = {}
    for number, name in enumerate(lists):
        column, listed = number * 2, code_lists()[name].labels
        sheet.write_string(0, column, name, looks["head"])
        sheet.write_string(0, column + 1, "arti", looks["head"])
        sheet.set_column(column + 1, column + 1, 28)
        for line, label in enumerate(listed.values(), start=1):
            sheet.write_string(line, column + 1, label, looks["text"])
        for line, code in enumerate(listed, start=1):
            sheet.write_string(line, column, str(code), looks["text"])
        letter = xl_col_to_name(column, col_abs=True)
        ranges[name] = f"={CODES}!{letter}$2:{letter}${len(listed) + 1}"
    return ranges


def _sheet(
    book: Workbook,
    table: str,
    rows: Sequence[Quarantined],
    ranges: Mapping[str, str],
    looks: Mapping[str, Any],
) -> None:
    if len(rows) > ROWS:
        problem = "more rows than a sheet can hold; choose fewer"
        raise ValueError(problem)
    sheet = book.add_worksheet(table)
    names = delivered(tables()[table])
    for place, name in enumerate((*LEADING, *names)):
        sheet.write_string(0, place, name, looks["head"])
        sheet.set_column(place, place, 60 if name == "alasan" else 20, looks["text"])
    sheet.freeze_panes(1, 2)
    sheet.autofilter(0, 0, len(rows), len(LEADING) + len(names) - 1)
    for line, row in enumerate(rows, start=1):
        leading = (row.token, "\n".join(row.reasons), row.batch, row.officer, row.kelurahan)
        for place, text in enumerate(leading):
            sheet.write_string(line, place, text or "", looks["told"])
        for place, name in enumerate(names, start=len(LEADING)):
            look = looks["fault" if name in row.columns else "text"]
            sheet.write_string(line, place, (row.cells or {}).get(name, ""), look)
    for place, name in enumerate(names, start=len(LEADING)):
        codes = tables()[table].column(name).codes
        if codes:
            choice = {"validate": "list", "source": ranges[codes], "error_type": "warning"}
            sheet.data_validation(1, place, len(rows), place, choice)
