"""Opens a household survey and hands over the columns that are needed as numbers. What they mean is not known here.

A household with a blank (or NA) in one of them is left out and counted; anything else that is no number refuses the
file. Messages name lines and columns, never a value.
"""

import csv
import hashlib
import io
import math
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from dtsen_pipeline.core.fitting import Numbers
from dtsen_pipeline.schemas.errors import TOKEN_LENGTH, DtsenError

BLANK = frozenset({"", "NA"})


@dataclass(frozen=True)
class Survey:
    """The columns by name, over the households that answered all of them; `left_out` did not."""

    columns: dict[str, Numbers]
    sha256: str
    left_out: int

    @property
    def households(self) -> int:
        """How many households count."""
        return len(next(iter(self.columns.values())))


def read_survey(path: Path, names: Sequence[str], positive: Sequence[str]) -> Survey:
    """Read a CSV of one line a household; the columns `positive` must lie above 0.

    Raises E_MISSING, E_SURVEY_FILE (no text table, ragged lines, no complete household), E_SURVEY_COLUMN (a column is
    missing or there twice), E_SURVEY_VALUE (no number, or not above 0).
    """
    try:
        content = path.read_bytes()
    except OSError:
        content = None
    if content is None:
        raise DtsenError("E_MISSING", "the survey cannot be opened")
    sha256 = hashlib.sha256(content).hexdigest()
    token = sha256[:TOKEN_LENGTH]
    lines = _lines(content, token)
    places = _places(lines[0], names, token)
    answered = [
        (number, cells)
        for number, cells in enumerate(lines[1:], start=2)
        if not any(cells[place].strip() in BLANK for place in places.values())
    ]
    if not answered:
        raise DtsenError("E_SURVEY_FILE", "no household answers every column that is needed", token=token)
    found = {
        name: np.array(
            [_number(cells[place], number, name, token, is_positive=name in positive) for number, cells in answered]
        )
        for name, place in places.items()
    }
    return Survey(found, sha256, len(lines) - 1 - len(answered))


def _lines(content: bytes, token: str) -> list[list[str]]:
    try:
        lines = list(csv.reader(io.StringIO(content.decode("utf-8-sig"), newline=""), strict=True))
    except (UnicodeDecodeError, csv.Error):
        lines = []
    if not lines:
        raise DtsenError("E_SURVEY_FILE", "not a comma-separated table in UTF-8", token=token)
    for number, cells in enumerate(lines, start=1):
        if len(cells) != len(lines[0]):
            raise DtsenError("E_SURVEY_FILE", "a line has not as many cells as the header", token=token, line=number)
    return lines


def _places(header: Sequence[str], names: Sequence[str], token: str) -> dict[str, int]:
    for name in names:
        if header.count(name) != 1:
            raise DtsenError("E_SURVEY_COLUMN", "the column is needed exactly once", token=token, column=name)
    return {name: header.index(name) for name in names}


def _number(cell: str, line: int, column: str, token: str, *, is_positive: bool) -> float:
    try:
        value = float(cell)
    except ValueError:
        value = math.nan
    if not math.isfinite(value) or (is_positive and value <= 0):
        problem = "a number above 0 is expected" if is_positive else "a number is expected"
        raise DtsenError("E_SURVEY_VALUE", problem, token=token, line=line, column=column)
    return value
