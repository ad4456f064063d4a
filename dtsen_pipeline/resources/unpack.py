"""The process that opens a workbook: standard library only, run by its path, with memory bounded before it looks.

It reads a ZIP archive from standard input and writes JSON lines: a line a sheet, then a line a row. It judges the
archive and the workbook's structure, and leaves what the cells say to `core.sheets`. It ends with a line `end`, with
a line that names a refusal, or with the status `OUT_OF_MEMORY`; its messages hold codes and places, never a text of
the file.
"""

import json
import os
import re
import resource
import sys
import zipfile
import zlib
from collections.abc import Iterator
from typing import Any, BinaryIO, NoReturn, TextIO
from xml.parsers import expat

MEGABYTE = 1_000_000
MAX_ENTRIES = 500
MAX_RATIO = 200
SMALL = MEGABYTE
"""An entry smaller than this may be compressed as well as it likes."""
ACTIVE = re.compile(
    r"vbaproject|/externallinks/|/embeddings/|/activex/|/connections\.xml|/querytables/|macrosheets", re.IGNORECASE
)
ACTIVE_TYPE = re.compile(
    r"macro|vba|externallink|oleobject|activex|/package$|/control$|connections|querytable", re.IGNORECASE
)
"""Content types and relationship types of parts that run, reach out, or hold another file."""
CONTENT_TYPES = "[Content_Types].xml"
ESCAPED = re.compile(r"_x([0-9A-Fa-f]{4})_")
COLUMN = re.compile(r"[A-Z]{1,3}")
NUMBER = re.compile(r"-?[0-9]+(?:\.[0-9]+)?(?:[Ee][+-]?[0-9]+)?")
ISO = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}(?:T[0-9]{2}:[0-9]{2}(?::[0-9]{2}(?:\.[0-9]+)?)?)?")
DATE_FORMATS = frozenset({*range(14, 23), *range(27, 37), *range(45, 48), *range(50, 59)})
QUOTED = re.compile(r'"[^"]*"|\[[^\]]*\]|\\.|_.|\*.')
FIRST_DAY = {1900: 1, 1904: 0}
"""The first day number by the year in which days begin."""
CHUNK = 1 << 16
CPU_SECONDS = 300
OUT_OF_MEMORY = 3
NO_MEMORY = expat.errors.codes[expat.errors.XML_ERROR_NO_MEMORY]
DAMAGES = (
    KeyError,
    zipfile.BadZipFile,
    zlib.error,
    EOFError,
    OSError,
    RuntimeError,
    NotImplementedError,
    ValueError,
)
"""What reading an entry of a damaged archive may raise."""


class Refusal(Exception):  # noqa: N818 - a verdict on the file, not a fault of ours
    """The workbook cannot be trusted: a code, a plain sentence, and perhaps a row and a sheet's place."""

    def __init__(self, code: str, message: str, row: int | None = None) -> None:
        super().__init__(code)
        self.facts = {"refused": code, "message": message, "line": row}


def main(stream: BinaryIO, out: TextIO, mode: str, inflated_mb: int) -> None:
    """Write the sheets of a workbook: `heads` for the first row of each, else the rows of the sheet numbered `mode`."""
    book = Book(stream, inflated_mb * MEGABYTE)
    for place, sheet in enumerate(book.sheets):
        _line(out, {"sheet": sheet["name"], "hidden": sheet["hidden"]})
        if mode == "heads" or mode == str(place):
            for row in book.rows(sheet["part"], only_first=mode == "heads"):
                _line(out, row)
    _line(out, "end")


def _line(out: TextIO, content: object) -> None:
    out.write(json.dumps(content, ensure_ascii=True, separators=(",", ":")) + "\n")


class Book:
    """A workbook whose archive was judged before anything in it was inflated."""

    def __init__(self, stream: BinaryIO, most: int) -> None:
        try:
            self.archive = zipfile.ZipFile(stream)
        except DAMAGES:
            raise Refusal("E_SHEET_ARCHIVE", "the archive is damaged") from None
        _judge(self.archive.infolist(), most)
        self._check_parts()
        root = "xl/workbook.xml"
        links = self._relations("xl/_rels/workbook.xml.rels")
        found = Tags(("sheet", "workbookPr"))
        self._parse(root, found)
        flags = [facts.get("date1904", "0") for name, facts in found.seen if name == "workbookPr"]
        self.epoch = 1904 if flags and flags[0] in ("1", "true") else 1900
        self.sheets: list[dict[str, Any]] = [
            {
                "name": facts.get("name", ""),
                "hidden": facts.get("state", "visible") != "visible",
                "part": links.get(facts.get("id", ""), ""),
            }
            for name, facts in found.seen
            if name == "sheet"
        ]
        if not self.sheets:
            raise Refusal("E_SHEET_ARCHIVE", "the archive holds no workbook")
        self._texts: list[str] | None = None
        self._dates: list[bool] | None = None

    def rows(self, part: str, *, only_first: bool) -> Iterator[list[Any]]:
        """Row number, cells as text, and a letter a cell.

        t: text, n: number, d: day or time, x: number shown as a day that is none, b: truth value, e: error.
        """
        if self._texts is None or self._dates is None:
            self._texts, self._dates = self._shared(), self._date_styles()
        return Sheet(self._texts, self._dates, self.epoch).rows(self._chunks(part), only_first=only_first)

    def _check_parts(self) -> None:
        """What the parts are declared as, whatever their names: none may be active or lie outside."""
        for name in [CONTENT_TYPES, *(name for name in self.archive.namelist() if name.lower().endswith(".rels"))]:
            self._parse(name, Declarations())

    def _relations(self, name: str) -> dict[str, str]:
        found = Tags(("Relationship",))
        self._parse(name, found)
        return {facts.get("Id", ""): _target(facts.get("Target", "")) for _, facts in found.seen}

    def _shared(self) -> list[str]:
        if "xl/sharedStrings.xml" not in self.archive.namelist():
            return []
        found = Texts()
        self._parse("xl/sharedStrings.xml", found)
        return found.texts

    def _date_styles(self) -> list[bool]:
        if "xl/styles.xml" not in self.archive.namelist():
            return []
        found = Tags(("numFmt", "cellXfs", "/cellXfs", "xf"))
        self._parse("xl/styles.xml", found)
        formats = {facts["numFmtId"]: facts.get("formatCode", "") for name, facts in found.seen if name == "numFmt"}
        inside, styles = False, []
        for name, facts in found.seen:
            inside = name == "cellXfs" or (inside and name != "/cellXfs")
            if inside and name == "xf":
                styles.append(_is_date(facts.get("numFmtId", "0"), formats))
        return styles

    def _chunks(self, name: str) -> Iterator[bytes]:
        try:
            with self.archive.open(name) as entry:
                while chunk := entry.read(CHUNK):
                    yield chunk
        except DAMAGES:
            raise Refusal("E_SHEET_ARCHIVE", "an entry of the archive is missing or damaged") from None

    def _parse(self, name: str, handler: "Tags | Texts | Declarations") -> None:
        parser = strict_parser()
        handler.attach(parser)
        try:
            for chunk in self._chunks(name):
                parser.Parse(chunk, False)  # noqa: FBT003 - expat's signature
            parser.Parse(b"", True)  # noqa: FBT003 - expat's signature
        except expat.ExpatError as error:
            _check_memory(error)
            raise Refusal("E_SHEET_ARCHIVE", "an entry of the archive is not well-formed") from None


def _judge(entries: list[zipfile.ZipInfo], most: int) -> None:
    """Entry count, names, inflated size and ratio, as the directory says: nothing is inflated beyond what it says."""
    if len(entries) > MAX_ENTRIES or len({entry.filename for entry in entries}) != len(entries):
        raise Refusal("E_SHEET_ARCHIVE", "the archive has too many entries, or one twice")
    if any(entry.flag_bits & 1 for entry in entries):
        raise Refusal("E_SHEET_ARCHIVE", "the archive is encrypted")
    big = [entry for entry in entries if entry.file_size > SMALL]
    is_bomb = any(entry.file_size > MAX_RATIO * max(entry.compress_size, 1) for entry in big)
    if is_bomb or sum(entry.file_size for entry in entries) > most:
        raise Refusal("E_SHEET_BOMB", "the archive would inflate beyond what is allowed")
    if any(ACTIVE.search(f"/{entry.filename}") for entry in entries):
        raise Refusal("E_SHEET_ACTIVE", "the workbook brings macros, links or embedded objects")


def _target(path: str) -> str:
    return path.removeprefix("/") if path.startswith("/") else f"xl/{path}"


def _is_date(number: str, formats: dict[str, str]) -> bool:
    if number in formats:
        return bool(set(QUOTED.sub("", formats[number]).lower()) & set("ymdhs"))
    return int(number) in DATE_FORMATS


def strict_parser() -> expat.XMLParserType:
    """A parser that refuses a document type, and with it every entity of the file's own."""
    parser = expat.ParserCreate()
    parser.buffer_text = True

    def refuse(*_: object) -> NoReturn:
        raise Refusal("E_SHEET_ARCHIVE", "an entry of the archive declares a document type")

    parser.StartDoctypeDeclHandler = refuse
    return parser


def _check_memory(error: Exception) -> None:
    """The parser tells a lack of memory as an error of the text."""
    if isinstance(error, expat.ExpatError) and error.code == NO_MEMORY:
        raise MemoryError


def _facts(attributes: dict[str, str]) -> dict[str, str]:
    return {LOCAL[name]: value for name, value in attributes.items()}


class Tags:
    """The elements of some names with their attributes, in order; `/name` asks for the end of one."""

    def __init__(self, names: tuple[str, ...]) -> None:
        self.names = frozenset(names)
        self.seen: list[tuple[str, dict[str, str]]] = []

    def attach(self, parser: expat.XMLParserType) -> None:
        """Listen to a parser."""
        parser.StartElementHandler = self._start
        parser.EndElementHandler = self._end

    def _start(self, name: str, attributes: dict[str, str]) -> None:
        if LOCAL[name] in self.names:
            self.seen.append((LOCAL[name], _facts(attributes)))

    def _end(self, name: str) -> None:
        if f"/{LOCAL[name]}" in self.names:
            self.seen.append((f"/{LOCAL[name]}", {}))


class Declarations:
    """Refuses parts that are declared active, and links to anything outside but the address behind a cell.

    Such an address is not followed, and the cell's text is read like any other.
    """

    def attach(self, parser: expat.XMLParserType) -> None:
        """Listen to a parser."""
        parser.StartElementHandler = self._start

    def _start(self, _: str, attributes: dict[str, str]) -> None:
        facts = _facts(attributes)
        kind = facts.get("Type", "")
        is_outside = facts.get("TargetMode", "").lower() == "external" and not kind.endswith("/hyperlink")
        if is_outside or ACTIVE_TYPE.search(kind) or ACTIVE_TYPE.search(facts.get("ContentType", "")):
            raise Refusal("E_SHEET_ACTIVE", "the workbook declares macros, links or embedded objects")


class Texts:
    """The shared texts: the runs of an item in one, without the readings given beside them."""

    def __init__(self) -> None:
        self.texts: list[str] = []
        self._runs: list[str] = []
        self._is_text, self._is_reading = False, False

    def attach(self, parser: expat.XMLParserType) -> None:
        """Listen to a parser."""
        parser.StartElementHandler = self._start
        parser.EndElementHandler = self._end
        parser.CharacterDataHandler = self._data

    def _start(self, name: str, _: dict[str, str]) -> None:
        match LOCAL[name]:
            case "si":
                self._runs = []
            case "t":
                self._is_text = not self._is_reading
            case "rPh":
                self._is_reading = True

    def _end(self, name: str) -> None:
        match LOCAL[name]:
            case "si":
                self.texts.append(unescaped("".join(self._runs)))
            case "t":
                self._is_text = False
            case "rPh":
                self._is_reading = False

    def _data(self, data: str) -> None:
        if self._is_text:
            self._runs.append(data)


def unescaped(text: str) -> str:
    """A text as it is meant: `_x000D_` stands for the character of that number."""
    return ESCAPED.sub(lambda match: chr(int(match[1], 16)), text) if "_x" in text else text


class Sheet:
    """A sheet read row by row."""

    def __init__(self, texts: list[str], dates: list[bool], epoch: int) -> None:
        self.texts, self.dates, self.epoch = texts, dates, epoch
        self.done: list[list[Any]] = []
        self.row, self.digits, self.last, self.column = 0, "0", 0, 0
        self.kind, self.style = "n", "0"
        self.cells: list[str] = []
        self.kinds: list[str] = []
        self.runs: list[str] = []
        self.is_cell = self.is_value = self.is_reading = False

    def rows(self, chunks: Iterator[bytes], *, only_first: bool) -> Iterator[list[Any]]:
        """Every row that holds a text, in order."""
        parser = strict_parser()
        parser.StartElementHandler, parser.EndElementHandler = self._start, self._end
        parser.CharacterDataHandler = self._data
        try:
            for chunk in chunks:
                parser.Parse(chunk, False)  # noqa: FBT003 - expat's signature
                yield from self.done[:1] if only_first else self.done
                if only_first and self.done:
                    return
                self.done.clear()
            parser.Parse(b"", True)  # noqa: FBT003 - expat's signature
        except (expat.ExpatError, ValueError, IndexError) as error:
            _check_memory(error)
            raise Refusal("E_SHEET_ARCHIVE", "a sheet is not well-formed", self.row) from None

    def _start(self, name: str, attributes: dict[str, str]) -> None:
        match LOCAL[name]:
            case "c":
                self._open_cell(attributes)
            case "v" | "t":
                self.is_value = not self.is_reading
            case "row":
                self._open_row(attributes.get("r", str(self.row + 1)))
            case "rPh":
                self.is_reading = True
            case "f" if self.is_cell:  # lists to choose from and conditional formats have formulas of their own
                raise Refusal("E_SHEET_FORMULA", "a cell is computed by a formula", self.row)
            case "mergeCell":
                raise Refusal("E_SHEET_MERGED", "cells of the sheet are merged")

    def _open_row(self, digits: str) -> None:
        """Rows stand in their order and once."""
        self.last, self.row, self.digits = self.row, int(digits), digits
        if self.row <= self.last:
            raise ValueError
        self.column, self.cells, self.kinds = 0, [], []

    def _open_cell(self, attributes: dict[str, str]) -> None:
        """Cells stand in their order, in the row that they name."""
        place = attributes.get("r")
        column = self.column + 1 if place is None else COLUMNS[place.removesuffix(self.digits)]
        if column <= self.column:
            raise ValueError
        self.column, self.kind, self.style = column, attributes.get("t", "n"), attributes.get("s", "0")
        self.runs, self.is_cell = [], True

    def _data(self, data: str) -> None:
        if self.is_value:
            self.runs.append(data)

    def _end(self, name: str) -> None:
        match LOCAL[name]:
            case "v" | "t":
                self.is_value = False
            case "c":
                self._close_cell()
                self.is_cell = False
            case "row" if any(self.cells):
                self.done.append([self.row, self.cells, "".join(self.kinds)])
            case "rPh":
                self.is_reading = False

    def _close_cell(self) -> None:
        text, kind = self._read(self.runs[0] if len(self.runs) == 1 else "".join(self.runs))
        gap = self.column - 1 - len(self.cells)
        if gap:
            self.cells += [""] * gap
            self.kinds.append("t" * gap)
        self.cells.append(text)
        self.kinds.append(kind)

    def _read(self, value: str) -> tuple[str, str]:
        match self.kind:
            case "s":
                return self.texts[int(value)], "t"
            case "inlineStr" | "str":
                return unescaped(value), "t"
            case "b":
                return ("TRUE" if value == "1" else "FALSE"), "b"
            case "e":
                return value, "e"
            case "d":
                return self._dated(value)
            case _:
                return self._numeric(value)

    def _dated(self, value: str) -> tuple[str, str]:
        if ISO.fullmatch(value):
            return value, "d"
        if not NUMBER.fullmatch(value):
            raise ValueError
        return value, "x"

    def _numeric(self, value: str) -> tuple[str, str]:
        if not value:
            return value, "t"
        if not NUMBER.fullmatch(value):
            raise ValueError
        style = int(self.style)
        if not 0 <= style < len(self.dates) or not self.dates[style]:
            return value, "n"
        day = day_of(value, self.epoch)
        return (value, "x") if day is None else (day, "d")


class _Local(dict[str, str]):
    """Element and attribute names without their prefix."""

    def __missing__(self, name: str) -> str:
        self[name] = local = name.rpartition(":")[2]
        return local


class _Columns(dict[str, int]):
    """The place of a column by its letters, from 1; ValueError for what is no column."""

    def __missing__(self, letters: str) -> int:
        if not COLUMN.fullmatch(letters):
            raise ValueError
        number = 0
        for letter in letters:
            number = number * 26 + ord(letter) - 64
        self[letters] = number
        return number


LOCAL, COLUMNS = _Local(), _Columns()


def day_of(serial: str, epoch: int) -> str | None:
    """The day, and time of day, of a spreadsheet's day number; none where a spreadsheet knows no such day."""
    from datetime import datetime, timedelta  # noqa: PLC0415 - most workbooks hold no day

    days = float(serial)
    if days < FIRST_DAY[epoch] or (epoch == 1900 and 60 <= days < 61):  # noqa: PLR2004 - 29 February 1900 was no day
        return None
    start = datetime(1904, 1, 1) if epoch == 1904 else datetime(1899, 12, 31 if days < 60 else 30)  # noqa: DTZ001, PLR2004
    try:
        moment = start + timedelta(seconds=round(days * 86_400))
    except OverflowError:
        return None
    return moment.date().isoformat() if days == int(days) else moment.isoformat()


if __name__ == "__main__":
    MEMORY = int(sys.argv[2]) * MEGABYTE
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
    resource.setrlimit(resource.RLIMIT_CPU, (CPU_SECONDS, CPU_SECONDS))
    try:
        main(sys.stdin.buffer, sys.stdout, sys.argv[1], int(sys.argv[3]))
    except Refusal as refusal:
        _line(sys.stdout, refusal.facts)
    except (MemoryError, ImportError):  # a module that cannot be loaded found no memory either
        os._exit(OUT_OF_MEMORY)
