"""What a reviewer filled in, in a workbook's sheets or a CSV file, and whether a row of it is a decision.

A sheet takes part where it has a column for answers; its other columns are for people. A row without an answer is an
open case. What decisions do stands in `rulings`; which persons and visits are known is handed in.
"""

import csv
import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from io import StringIO

from dtsen_pipeline.core.rulings import (
    ANSWER,
    ANSWERS,
    CASE,
    COLUMNS,
    DAY,
    EVIDENCE,
    GROUP,
    KIND_OF,
    NOTE,
    NOTED,
    REVIEWER,
    SIDE_A,
    SIDE_B,
    Ruling,
    case_of,
)
from dtsen_pipeline.core.sheets import HEADER_ROW, Book, damage_of
from dtsen_pipeline.schemas.errors import DtsenError

ISO_DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
DAY_LENGTH = len("2026-10-01")
WRONG = "ebx"
"""The letters of cells that hold no text: errors, truth values, and numbers shown as days that are none."""


@dataclass(frozen=True)
class Filled:
    """A row with an answer: its sheet from 1 (0 for a CSV file), its line, and the text of each of `COLUMNS`."""

    sheet: int
    line: int
    cells: Mapping[str, str]


def rows_of_book(book: Book, token: str) -> list[Filled]:
    """The answered rows of every sheet that asks for answers; DtsenError where the workbook is another one."""
    found: list[Filled] = []
    is_one = False
    for place, head in enumerate(book.heads()):
        if ANSWER not in head.cells:
            continue
        if head.is_hidden:
            raise DtsenError("E_SHEET_HIDDEN", "a sheet with decisions is hidden", token=token)
        is_one = True
        places = _places(head.cells, token)
        for row in book.rows(place):
            if row.number != HEADER_ROW:
                pairs = list(zip(row.cells, row.kinds, strict=True))
                found += _filled(place + 1, row.number, pairs, places)
    if not is_one:
        raise DtsenError("E_DECISION_BOOK", "no sheet of it asks for decisions", token=token)
    return found


def rows_of_text(data: bytes, token: str) -> list[Filled]:
    """The answered rows of a CSV file with commas; DtsenError where it is another one."""
    try:
        lines = list(_lines(data.decode("utf-8-sig")))
    except (UnicodeDecodeError, csv.Error):
        lines = []
    if not lines:
        raise DtsenError("E_DECISION_BOOK", "the file is no CSV in UTF-8 with commas", token=token)
    places = _places(lines[0][1], token)
    return [row for line, cells in lines[1:] for row in _filled(0, line, [(cell, "t") for cell in cells], places)]


def _lines(text: str) -> Iterator[tuple[int, list[str]]]:
    reader = csv.reader(StringIO(text, newline=""), strict=True)
    for cells in reader:
        yield reader.line_num, cells


def _places(head: Sequence[str], token: str) -> dict[str, int]:
    missing = [name for name in COLUMNS if list(head).count(name) != 1]
    if missing:
        raise DtsenError("E_DECISION_BOOK", "a column is missing or stands twice", token=token, column=missing[0])
    return {name: head.index(name) for name in COLUMNS}


def _filled(sheet: int, line: int, cells: Sequence[tuple[str, str]], places: Mapping[str, int]) -> Iterator[Filled]:
    told = {name: _text(*cells[place]) if place < len(cells) else "" for name, place in places.items()}
    if told[ANSWER]:
        yield Filled(sheet, line, told)


def _text(text: str, kind: str) -> str:
    """One line of text; a day without its hours, and nothing in place of an error."""
    told = "" if kind in WRONG else " ".join(text.split())
    return told[:DAY_LENGTH] if kind == "d" else told


def ruling_of(row: Filled, key: bytes, today: date) -> Ruling:
    """The decision of a row; a DtsenError with the column at fault where it is none."""
    told = row.cells
    case = case_of(told[KIND_OF], told[SIDE_A], told[SIDE_B], told[GROUP])
    is_case = case.number(key) == told[CASE] and (case.a, case.b) == (told[SIDE_A], told[SIDE_B])
    checks: Iterable[tuple[bool, str, str]] = (
        (any(damage_of(text) for text in told.values()), "E_DECISION_CELL", NOTE),
        (not is_case or case.kind not in ANSWERS, "E_DECISION_CASE", CASE),
        (told[ANSWER] not in ANSWERS.get(case.kind, ()), "E_DECISION_ANSWER", ANSWER),
        (not told[REVIEWER], "E_DECISION_REVIEWER", REVIEWER),
        (not _is_day(told[DAY], today), "E_DECISION_DAY", DAY),
        (told[ANSWER] != NOTED and not told[EVIDENCE], "E_DECISION_EVIDENCE", EVIDENCE),
    )
    for is_wrong, code, column in checks:
        if is_wrong:
            raise DtsenError(code, _place(row), line=row.line, column=column)
    return Ruling(case, told[DAY], told[ANSWER], told[REVIEWER].upper(), told[EVIDENCE], told[NOTE])


def _is_day(text: str, today: date) -> bool:
    try:
        return ISO_DAY.fullmatch(text) is not None and date.fromisoformat(text) <= today
    except ValueError:
        return False


def _place(row: Filled) -> str:
    return f"sheet {row.sheet}" if row.sheet else "the row is not taken"


def sorted_out(
    rows: Iterable[Filled],
    read: Callable[[Filled], Ruling],
    is_known: Callable[[str], bool],
    past: Iterable[Ruling],
) -> tuple[list[Ruling], list[DtsenError]]:
    """The decisions of the rows, and what is wrong with the others.

    A reviewer who answers one case in two ways on one day has decided nothing: in one file both rows fall, against
    `past` decisions the new one does.
    """
    taken: list[tuple[Filled, Ruling]] = []
    problems: list[DtsenError] = []
    for row in rows:
        try:
            taken.append((row, _known(row, read(row), is_known)))
        except DtsenError as error:
            problems.append(error)
    here = [ruling for _, ruling in taken]
    earlier = _answers(past)
    both = _answers([*here, *past])
    found = []
    for row, ruling in taken:
        said = both[_voice(ruling)]
        if ruling.answer != NOTED and len(said) > 1 and earlier.get(_voice(ruling)) != {ruling.answer}:
            problems.append(DtsenError("E_DECISION_CONTRADICTS", _place(row), line=row.line, column=ANSWER))
        else:
            found.append(ruling)
    return found, sorted(problems, key=lambda error: (error.message, error.line or 0))


def _known(row: Filled, ruling: Ruling, is_known: Callable[[str], bool]) -> Ruling:
    for side, column in ((ruling.case.a, SIDE_A), (ruling.case.b, SIDE_B)):
        if not is_known(side):
            raise DtsenError("E_DECISION_ENTITY", _place(row), line=row.line, column=column)
    return ruling


Voice = tuple[object, str, str]


def _voice(ruling: Ruling) -> Voice:
    return ruling.case, ruling.day, ruling.reviewer


def _answers(rulings: Iterable[Ruling]) -> dict[Voice, set[str]]:
    found: dict[Voice, set[str]] = {}
    for ruling in rulings:
        if ruling.answer != NOTED:
            found.setdefault(_voice(ruling), set()).add(ruling.answer)
    return found
