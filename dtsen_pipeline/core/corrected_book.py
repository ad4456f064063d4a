"""What people filled into the quarantine workbook: its sheets as text, and the rows that they changed.

A sheet is a table of the contract; other sheets are for people. Only text, and whole numbers or days where the
column holds such, are taken as they stand; an identifier that a spreadsheet made a number is refused, since its
digits may be lost. Which rows exist and what they said before is handed in.
"""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from dtsen_pipeline.core.corrections import TARGET
from dtsen_pipeline.core.sheets import HEADER_ROW, Book, Row, damage_of
from dtsen_pipeline.schemas.columns import Column, Kind
from dtsen_pipeline.schemas.errors import DtsenError
from dtsen_pipeline.schemas.tables import INPUT_TABLES, Table, delivered, tables

ROW_TOKEN = re.compile(r"[0-9a-f]{12}-[1-9][0-9]{0,8}")
WHOLE = re.compile("[0-9]{1,9}")
DAY = len("2026-09-21")
MIDNIGHT = "T 0:."
"""What may stand behind a day that is no time of day."""
NUMBERS = frozenset({Kind.CODE, Kind.COUNT})


@dataclass(frozen=True)
class Filled:
    """A row of the workbook: the table, its line in the sheet, the row it speaks of, and every delivered cell."""

    table: str
    line: int
    target: str
    cells: tuple[str, ...]


def filled_rows(book: Book, token: str) -> list[Filled]:
    """The rows of every sheet that is a table; raises DtsenError where the workbook cannot be read exactly."""
    heads = book.heads()
    places = {head.name: place for place, head in enumerate(heads) if head.name in INPUT_TABLES}
    if not places:
        raise DtsenError("E_CORRECTION_BOOK", "no sheet of it is one that dtsen rejected --export writes", token=token)
    found: list[Filled] = []
    for name, place in places.items():
        if heads[place].is_hidden:
            raise DtsenError("E_SHEET_HIDDEN", "a sheet with data is hidden", token=token)
        found += _sheet(tables()[name], heads[place].cells, book.rows(place), token)
    _check_once(found, token)
    return found


def _sheet(table: Table, head: Sequence[str], rows: Iterable[Row], token: str) -> Iterator[Filled]:
    wanted = (TARGET, *delivered(table))
    missing = [name for name in wanted if head.count(name) != 1]
    if missing:
        raise DtsenError("E_CORRECTION_BOOK", f"sheet {table.name} lacks a column", token=token, column=missing[0])
    places = [head.index(name) for name in wanted]
    for row in rows:
        cells = [_cell(row, place) for place in places]
        if row.number == HEADER_ROW or not any(text for text, _ in cells):
            continue
        target = cells[0][0]
        if not ROW_TOKEN.fullmatch(target):
            raise DtsenError(
                "E_CORRECTION_ROW",
                f"sheet {table.name}: not a row's token",
                token=token,
                line=row.number,
                column=TARGET,
            )
        columns = (table.column(name) for name in delivered(table))
        texts = tuple(_text(cell, column, token, row.number) for cell, column in zip(cells[1:], columns, strict=True))
        yield Filled(table.name, row.number, target, texts)


def _cell(row: Row, place: int) -> tuple[str, str]:
    """A cell's text and the letter of its kind; a row may end before its last columns."""
    return (row.cells[place], row.kinds[place]) if place < len(row.cells) else ("", "t")


def _text(cell: tuple[str, str], column: Column, token: str, line: int) -> str:
    text, kind = cell
    if not text or (kind == "t" and damage_of(text) is None):
        return text
    if column.kind in NUMBERS and kind == "n" and WHOLE.fullmatch(text):
        return text
    if column.kind is Kind.DATE and kind == "d" and not text[DAY:].strip(MIDNIGHT):
        return text[:DAY]
    code = "E_NIK_NUMERIC" if column.is_identifier else "E_CORRECTION_CELL"
    raise DtsenError(code, "the cell must hold plain text", token=token, line=line, column=column.name)


def _check_once(rows: Iterable[Filled], token: str) -> None:
    seen = set()
    for row in rows:
        if row.target in seen:
            raise DtsenError(
                "E_CORRECTION_ROW",
                f"sheet {row.table}: the row stands twice",
                token=token,
                line=row.line,
                column=TARGET,
            )
        seen.add(row.target)


def is_changed(filled: Filled, delivered_cells: Mapping[str, str] | None) -> bool:
    """Whether a row says anything else than what was delivered; an unreadable line said nothing."""
    if delivered_cells is None:
        return any(filled.cells)
    names = delivered(tables()[filled.table])
    return filled.cells != tuple(delivered_cells[name] for name in names)
