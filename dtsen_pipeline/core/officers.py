"""The list of officers: who may visit in which role, from when until when, and how such a list is written.

The list in force stands in the frozen input list (see `inputs`); the rules that compare visits with it stand in
`rules.officers`. No file is opened here.
"""

import csv
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from io import StringIO

from dtsen_pipeline.reference import code_lists
from dtsen_pipeline.schemas.errors import DtsenError

KIND = "officer"
OFFICER, ROLE, BEGIN, END = "id_petugas", "peran_petugas", "mulai", "selesai"
COLUMNS = (OFFICER, ROLE, BEGIN, END)
BAD = "E_OFFICER_LIST"
OPEN_END = "9999-12-31"
"""The end of a term that has none."""


@dataclass(frozen=True, order=True)
class Term:
    """An officer in a role (a code), from the ISO day `begin` to the ISO day `end`, both included."""

    officer: str
    role: int
    begin: str
    end: str = OPEN_END


def terms_in(data: bytes, token: str) -> tuple[Term, ...]:
    """The terms of a list, in order; raises E_OFFICER_LIST with line and column for one that cannot be used whole.

    UTF-8 with commas and the columns id_petugas, peran_petugas (name or code), mulai, selesai (blank: still in office).
    """
    try:
        lines = list(_lines(data.decode("utf-8-sig")))
    except (UnicodeDecodeError, csv.Error) as error:
        raise DtsenError(BAD, "the file is no CSV in UTF-8 with commas", token=token) from error
    if not lines or tuple(lines[0][1]) != COLUMNS:
        raise DtsenError(BAD, f"the heading is not {','.join(COLUMNS)}", token=token, line=1)
    found: dict[tuple[str, int], Term] = {}
    for line, cells in lines[1:]:
        term = _term(cells, line, token)
        if (term.officer, term.role) in found:
            raise DtsenError(BAD, "an officer has a role twice", token=token, line=line, column=ROLE)
        found[term.officer, term.role] = term
    if not found:
        raise DtsenError(BAD, "the list names nobody", token=token)
    return tuple(sorted(found.values()))


def spans(terms: Sequence[Term]) -> dict[tuple[str, str], tuple[str, str]]:
    """First and last day by officer and role; under a blank role those of all roles of the officer."""
    found: dict[tuple[str, str], tuple[str, str]] = {}
    for term in terms:
        for role in (str(term.role), ""):
            begin, end = found.get((term.officer, role), (term.begin, term.end))
            found[term.officer, role] = (min(begin, term.begin), max(end, term.end))
    return found


def _lines(text: str) -> Iterator[tuple[int, list[str]]]:
    reader = csv.reader(StringIO(text, newline=""), strict=True)
    yield from ((reader.line_num, [cell.strip() for cell in cells]) for cells in reader if cells)


def _term(cells: Sequence[str], line: int, token: str) -> Term:
    if len(cells) != len(COLUMNS):
        raise DtsenError(BAD, "a line does not have four cells", token=token, line=line)
    officer, written, begin, end = cells
    role = code_lists()[ROLE].spellings().get(written.upper())
    told = {OFFICER: bool(officer), ROLE: role is not None, BEGIN: _is_day(begin), END: not end or _is_day(end)}
    wrong = [name for name, is_right in told.items() if not is_right]
    if role is None or wrong:
        raise DtsenError(BAD, "a cell is blank or cannot be read", token=token, line=line, column=wrong[0])
    if end and end < begin:
        raise DtsenError(BAD, "a role ends before it begins", token=token, line=line, column=END)
    return Term(officer, role, begin, end or OPEN_END)


def _is_day(text: str) -> bool:
    try:
        return date.fromisoformat(text).isoformat() == text
    except ValueError:
        return False
