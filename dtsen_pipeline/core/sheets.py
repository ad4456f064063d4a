"""Rows of a workbook's sheet as a profile declares them: text as delivered, and numbers in place of identifiers shown.

Pure: a workbook is anything that lists its sheets and gives their rows. Opening one, and judging the archive it
lies in, is done elsewhere.
"""

import re
from collections.abc import Container, Iterable, Iterator, Sequence
from itertools import islice
from typing import NamedTuple, Protocol

import polars as pl

from dtsen_pipeline.core.intake import DAMAGED_SHARE, Reading, header_error
from dtsen_pipeline.reference import Profile, parts, profiles
from dtsen_pipeline.schemas.errors import DtsenError
from dtsen_pipeline.schemas.tables import tables

CONTROL = re.compile(r"[\x00-\x1f\x7f]")
SURROGATE = re.compile(r"[\ud800-\udfff]")
DIGITS = re.compile(r"-?[0-9]+")
HEADER_ROW = 1
AT_ONCE = 2_000
"""How many rows are held at a time, first as Python texts."""


class Row(NamedTuple):
    """A row that holds a text: its number in the sheet, its cells, and a letter for each cell's kind.

    t: text, n: number as it is stored, d: day or time as an ISO text, x: number shown as a day that is none,
    b: truth value, e: error.
    """

    number: int
    cells: list[str]
    kinds: str


class SheetHead(NamedTuple):
    """A sheet's name, whether it is hidden, and its first row with its number (0 where the sheet is empty)."""

    name: str
    is_hidden: bool
    row: int
    cells: tuple[str, ...]


class Book(Protocol):
    """An open workbook."""

    def heads(self) -> list[SheetHead]:
        """Its sheets, in order."""
        ...

    def rows(self, place: int) -> Iterator[Row]:
        """The rows of a sheet by its place, from 0."""
        ...


def read(book: Book, profile: Profile, token: str) -> Reading:
    """The rows of a profile's sheet; DtsenError where the workbook or its header is not as declared."""
    parts = list(readings(book, profile, token))
    return Reading(pl.concat([part.rows for part in parts]), pl.concat([part.damaged for part in parts]))


def readings(book: Book, profile: Profile, token: str) -> Iterator[Reading]:
    """The rows of a profile's sheet, `AT_ONCE` at a time, after a reading without any.

    Raises DtsenError where the workbook or its header is not as declared. Whether the sheet is damaged all over shows
    only at its end: nothing that was yielded counts before the last one came.
    """
    heads = book.heads()
    place = place_of(heads, profile, token)
    if not is_head(heads[place], profile):
        raise header_error(heads[place].cells, profile, token)
    rows = (row for row in book.rows(place) if row.number > HEADER_ROW)
    yield _reading(_piece([], profile), profile, token)
    count = damaged = 0
    for chunk in _chunks(rows):
        found = _reading(_piece(chunk, profile), profile, token)
        yield found
        count, damaged = count + len(chunk), damaged + found.damaged.height
    _check_damage(damaged, count, token)


def reading_of(piece: pl.DataFrame, profile: Profile, token: str) -> Reading:
    """A frame of columns row, reasons and the header's as a reading; E_STRUCTURE where too much is damaged."""
    found = _reading(piece, profile, token)
    _check_damage(found.damaged.height - found.waiting, found.rows.height + found.damaged.height, token)
    return found


def _reading(piece: pl.DataFrame, profile: Profile, token: str) -> Reading:
    damaged, source = piece.filter(pl.col("reasons").is_not_null()), pl.lit(token).alias("src")
    rows = piece.filter(pl.col("reasons").is_null())
    return Reading(rows.select(source, "row", *profile.header), damaged.select(source, "row", "reasons"))


def _check_damage(damaged: int, rows: int, token: str) -> None:
    if damaged > DAMAGED_SHARE * rows:
        raise DtsenError("E_STRUCTURE", "more than one row in five is damaged; the file is refused", token=token)


def piece_of(records: list[tuple[str | int | None, ...]], profile: Profile) -> pl.DataFrame:
    """Records of row number, reason and cells as a frame."""
    return pl.DataFrame(records, schema=_schema(profile), orient="row")


def shown(book: Book, profile: Profile, wanted: Container[int], token: str) -> Iterator[tuple[int, str]]:
    """What can be read of rows that are wanted, damaged ones too, by their number."""
    for row in book.rows(place_of(book.heads(), profile, token)):
        number = profile.row_base + row.number
        if row.number > HEADER_ROW and number in wanted:
            beyond = (f"kolom {place}" for place in range(len(profile.header) + 1, len(row.cells) + 1))
            yield number, told(zip((*profile.header, *beyond), row.cells, strict=False))


def told(answers: Iterable[tuple[str, str]]) -> str:
    """What a row says, each cell that is not blank behind its column's name."""
    return "; ".join(f"{name}: {text}" for name, text in answers if text)


def place_of(heads: Sequence[SheetHead], profile: Profile, token: str) -> int:
    """The place of a profile's sheet; DtsenError where it is hidden or the sheets are not the declared ones."""
    names = [head.name for head in heads]
    place = sheet_of(names, profile)
    if place is None:
        raise DtsenError("E_SHEET_NAMES", f"its sheets are not those of {profile.id}", token=token)
    if heads[place].is_hidden:
        raise DtsenError("E_SHEET_HIDDEN", "a sheet with data is hidden", token=token)
    return place


def sheet_of(names: Sequence[str], profile: Profile) -> int | None:
    """The place of a profile's sheet; none where a sheet is missing, or there is one that nobody declared."""
    if profile.sheet is None:
        return 0 if len(names) == 1 else None
    declared = {part.sheet for part in _all_parts(profile)}
    if not declared <= set(names) <= declared | set(profile.other_sheets) or len(set(names)) != len(names):
        return None
    return names.index(profile.sheet)


def is_head(head: SheetHead, profile: Profile) -> bool:
    """Whether a sheet begins, in its first row, with the profile's header."""
    return head.row == HEADER_ROW and profile.is_header(head.cells)


def identifiers(profile: Profile) -> tuple[str, ...]:
    """The columns of a profile that hold identifiers of digits."""
    table = tables()[profile.table]
    return tuple(name for name in profile.columns if table.column(name).is_identifier)


def as_number(text: str) -> str:
    """A number in place of an identifier, written so that it cannot be taken for one: digits get `.0`."""
    return f"{text}.0" if DIGITS.fullmatch(text) else text


def damage_of(text: str) -> str | None:
    """Why the joined cells of a record cannot be kept as text."""
    if CONTROL.search(text):
        return "E_LINE_CONTROL"
    return "E_LINE_ENCODING" if SURROGATE.search(text) else None


def _all_parts(profile: Profile) -> tuple[Profile, ...]:
    whole = next((known for known in profiles().values() if profile.id in known.carries), profile)
    return parts(whole)


def _schema(profile: Profile) -> dict[str, type[pl.DataType]]:
    return {"row": pl.Int64, "reasons": pl.String} | dict.fromkeys(profile.header, pl.String)


def _chunks(rows: Iterator[Row]) -> Iterator[list[Row]]:
    while chunk := list(islice(rows, AT_ONCE)):
        yield chunk


def _piece(rows: Iterable[Row], profile: Profile) -> pl.DataFrame:
    places = [profile.header.index(name) for name in identifiers(profile)]
    return piece_of([_record(row, profile, places) for row in rows], profile)


def _record(row: Row, profile: Profile, places: Sequence[int]) -> tuple[str | int | None, ...]:
    width, number = len(profile.header), profile.row_base + row.number
    others = [place for place in places if place < len(row.kinds) and row.kinds[place] != "t"]
    reason = _damage(row, width, others)
    if reason is not None:
        return (number, reason, *[None] * width)
    cells = [*row.cells[:width], *[""] * (width - len(row.cells))]
    for place in others:
        cells[place] = as_number(cells[place])
    return (number, None, *cells)


def _damage(row: Row, width: int, others: Sequence[int]) -> str | None:
    """Why a row cannot be kept; `others`: the places of identifiers that are no text, which are judged as numbers."""
    if any(row.cells[width:]):
        return "E_LINE_WIDTH"
    kinds = [row.kinds[place] for place in others]
    if "e" in row.kinds or row.kinds.count("x") > kinds.count("x"):
        return "E_CELL_ERROR"
    return damage_of("".join(row.cells))
