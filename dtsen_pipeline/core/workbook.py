"""What people filled into the quarantine workbook: its sheets as text, and the rows that they changed.

A sheet is a table of the contract; other sheets are for people. Only text, and whole numbers or days where the
column holds such, are taken as they stand; an identifier that a spreadsheet made a number is refused, since its
digits may be lost. Which rows exist and what they said before is handed in.
"""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from io import BytesIO
from typing import Any

import openpyxl

from dtsen_pipeline.core.corrections import TARGET
from dtsen_pipeline.schemas.columns import Column, Kind
from dtsen_pipeline.schemas.errors import DtsenError
from dtsen_pipeline.schemas.tables import INPUT_TABLES, Table, delivered, tables

ROW_TOKEN = re.compile(r"[0-9a-f]{12}-[1-9][0-9]{0,8}")
CONTROL = re.compile(r"[\x00-\x1f\x7f]")
NUMBERS = frozenset({Kind.CODE, Kind.COUNT})


@dataclass(frozen=True)
class Filled:
    """A row of the workbook: the table, its line in the sheet, the row it speaks of, and every delivered cell."""

    table: str
    line: int
    target: str
    cells: tuple[str, ...]


def filled_rows(data: bytes, token: str) -> list[Filled]:
    """The rows of every sheet that is a table; raises DtsenError where the workbook cannot be read exactly."""
    try:
        book = openpyxl.load_workbook(BytesIO(data), read_only=True)
        sheets = {name: list(book[name].iter_rows()) for name in INPUT_TABLES if name in book.sheetnames}
    except Exception:  # noqa: BLE001 - whatever the library stumbles over, the workbook cannot be read
        sheets = {}
    if not sheets:
        raise DtsenError("E_CORRECTION_BOOK", "no sheet of it is one that dtsen rejected --export writes", token=token)
    found = [row for name, lines in sheets.items() for row in _sheet(tables()[name], lines, token)]
    _check_once(found, token)
    return found


def _sheet(table: Table, lines: Sequence[Sequence[Any]], token: str) -> Iterator[Filled]:
    head = [str(cell.value or "") for cell in lines[0]] if lines else []
    wanted = (TARGET, *delivered(table))
    missing = [name for name in wanted if head.count(name) != 1]
    if missing:
        raise DtsenError("E_CORRECTION_BOOK", f"sheet {table.name} lacks a column", token=token, column=missing[0])
    places = [head.index(name) for name in wanted]
    for line, cells in enumerate(lines[1:], start=2):
        row = [cells[place] if place < len(cells) else None for place in places]
        if all(cell is None or cell.value in (None, "") for cell in row):
            continue
        target = "" if row[0] is None else str(row[0].value or "")
        if not ROW_TOKEN.fullmatch(target):
            raise DtsenError(
                "E_CORRECTION_ROW", f"sheet {table.name}: not a row's token", token=token, line=line, column=TARGET
            )
        columns = (table.column(name) for name in delivered(table))
        texts = tuple(_text(cell, column, token, line) for cell, column in zip(row[1:], columns, strict=True))
        yield Filled(table.name, line, target, texts)


def _text(cell: Any, column: Column, token: str, line: int) -> str:
    value = None if cell is None else cell.value
    if value is None:
        return ""
    is_text = isinstance(value, str) and cell.data_type != "f"
    if is_text and not CONTROL.search(value):
        return str(value)
    if column.kind in NUMBERS and isinstance(value, int) and not isinstance(value, bool):
        return str(value)
    if column.kind is Kind.DATE and isinstance(value, datetime):
        return value.date().isoformat()
    code = "E_NIK_NUMERIC" if column.kind in {Kind.NIK, Kind.CARD} else "E_CORRECTION_CELL"
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
