"""Every way in which a sound CSV is damaged on its journey, one at a time, over a small family file.

A polluted file says which records its damage may cost. Nothing here knows how files are read. Left out is damage that
gives another sound file: a letter changed inside a cell, a delimiter moved, a stretch of bytes lost from the middle of
one record to the same place of another, the quotes of a cell that holds quotes alone. Only a checksum shows those.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

MARKS: Final = {"comma": ",", "semicolon": ";", "pipe": "|", "tab": "\t", "space": " ", "caret": "^"}
BYTES: Final = {
    "nul": b"\x00",
    "bell": b"\x07",
    "tab": b"\t",
    "unit": b"\x1f",
    "delete": b"\x7f",
    "return": b"\r",
    "feed": b"\x0c",
    "upper control": b"\xc2\x85",
    "latin1": b"\xe9",
    "half a letter": b"\xc3",
    "surrogate": b"\xed\xa0\x80",
    "overlong": b"\xc0\xaf",
    "replacement": "\ufffd".encode(),
    "byte-order mark": "\ufeff".encode(),
    "read twice": "Ã©".encode(),
    "Windows quote": "â€™".encode(),
}
STRANGE_QUOTES: Final = {"apostrophe": "'", "backtick": "`"}


@dataclass(frozen=True)
class Sheet:
    """A sound file: its header and records, and how they are written."""

    header: tuple[str, ...]
    records: tuple[tuple[str, ...], ...]
    delimiter: str
    quotes_all: bool
    end: str

    def cell(self, text: str) -> str:
        """A cell as this dialect writes it."""
        if self.quotes_all or self.delimiter in text or '"' in text:
            return '"' + text.replace('"', '""') + '"'
        return text

    def grid(self) -> list[list[str]]:
        """The written cells, header first."""
        return [[self.cell(text) for text in record] for record in (self.header, *self.records)]

    def lines(self) -> list[str]:
        """The written lines without their ends, header first."""
        return [self.delimiter.join(cells) for cells in self.grid()]

    def bytes(self, lines: Sequence[str] | None = None) -> bytes:
        """These lines as a file; the sound one where none are given."""
        return "".join(f"{line}{self.end}" for line in (self.lines() if lines is None else lines)).encode()


@dataclass(frozen=True)
class Polluted:
    """A damaged file, and the records that may be missing from it.

    `is_cut`: whole lines are gone, which nothing inside the file can show.
    """

    kind: str
    data: bytes
    touched: frozenset[int]
    is_cut: bool = False


def pollutions(sheet: Sheet) -> Iterator[Polluted]:
    """All of them."""
    yield from delimiters(sheet)
    yield from quotes(sheet)
    yield from newlines(sheet)
    yield from heads(sheet)
    yield from cuts(sheet)
    yield from foreign_bytes(sheet)
    yield from encodings(sheet)


def delimiters(sheet: Sheet) -> Iterator[Polluted]:
    """Missing, extra and changed delimiters, at every row and column, in whole rows and everywhere."""
    yield from missing_and_extra(sheet)
    grid = sheet.grid()
    others = {name: mark for name, mark in MARKS.items() if mark != sheet.delimiter}
    for name, mark in others.items():
        for row, cells in enumerate(grid):
            for at in range(1, len(cells)):
                line = mark.join([sheet.delimiter.join(part) for part in (cells[:at], cells[at:])])
                yield _row(sheet, f"one delimiter is a {name}", row, line)
            yield _row(sheet, f"the delimiters of a row are a {name}", row, mark.join(cells))
        head, *body = (mark.join(cells) for cells in grid)
        yield _all(sheet, f"all delimiters are a {name}", sheet.bytes([head, *body]))
        yield _all(sheet, f"all but the header's are a {name}", sheet.bytes([sheet.lines()[0], *body]))
    for tail in (sheet.delimiter, sheet.delimiter * 3):
        yield _all(sheet, "delimiters behind every row", sheet.bytes([line + tail for line in sheet.lines()]))
        first, *rest = sheet.lines()
        yield _all(sheet, "behind all but the header", sheet.bytes([first, *(line + tail for line in rest)]))


def missing_and_extra(sheet: Sheet) -> Iterator[Polluted]:
    """One delimiter too few or too many, at every row and column."""
    for row, cells in enumerate(sheet.grid()):
        for at in range(len(cells) + 1):
            if 0 < at < len(cells):
                line = sheet.delimiter.join(cells[:at]) + sheet.delimiter.join(cells[at:])
                yield _row(sheet, "missing delimiter", row, line)
            yield _row(sheet, "extra delimiter", row, sheet.delimiter.join([*cells[:at], "", *cells[at:]]))


def quotes(sheet: Sheet) -> Iterator[Polluted]:
    """Quotes and escapes lost, added and changed: in every cell, in whole rows, everywhere."""
    for row, cells in enumerate(sheet.grid()):
        for at, cell in enumerate(cells):
            for kind, changed in _requoted(cell):
                yield _row(sheet, kind, row, sheet.delimiter.join([*cells[:at], changed, *cells[at + 1 :]]))
        whole = sheet.delimiter.join(cells)
        doubled = whole.replace('"', '""')
        yield _row(sheet, "a row in quotes", row, f'"{whole}"')
        yield _row(sheet, "a row in quotes, escaped", row, f'"{doubled}"')
        for name, mark in STRANGE_QUOTES.items():
            yield _row(sheet, f"a row quoted by {name}", row, sheet.delimiter.join(_strange(cells, mark)))
    for kind, old, new in (("backslash", '""', '\\"'), ("nothing", '""', '"'), ("apostrophe", '""', "'\"")):
        for row, cells in enumerate(sheet.grid()):
            inner = [cell[:1] + cell[1:-1].replace(old, new) + cell[-1:] if len(cell) > 1 else cell for cell in cells]
            yield _row(sheet, f"escaped by {kind}", row, sheet.delimiter.join(inner))
    for name, mark in STRANGE_QUOTES.items():
        body = [sheet.delimiter.join(_strange(cells, mark)) for cells in sheet.grid()[1:]]
        yield _all(sheet, f"all but the header quoted by {name}", sheet.bytes([sheet.lines()[0], *body]))


def _strange(cells: Sequence[str], mark: str) -> list[str]:
    return [mark + cell.strip('"').replace('""', '"') + mark for cell in cells]


def _requoted(cell: str) -> Iterator[tuple[str, str]]:
    is_quoted = cell.startswith('"') and len(cell) > 1
    inner = cell[1:-1] if is_quoted else cell
    yield "opening quote missing", f'{inner}"'
    yield "closing quote missing", f'"{inner}'
    yield "no quotes", inner
    yield "quotes", f'"{inner}"'
    yield "space around quotes", f' "{inner}" '
    yield "text behind the closing quote", f'"{inner}"x'
    yield "three quotes", f'""{inner}"'
    for name, mark in STRANGE_QUOTES.items():
        yield f"quoted by {name}", f"{mark}{inner}{mark}"
        yield f"opened by {name}", f'{mark}{inner}"'
        yield f"closed by {name}", f'"{inner}{mark}'


def newlines(sheet: Sheet) -> Iterator[Polluted]:
    """Line ends lost, doubled, changed and added: behind every row, in every cell, everywhere."""
    lines, end = [line.encode() for line in sheet.lines()], sheet.end.encode()
    others = {
        "LF": b"\n",
        "CR": b"\r",
        "CRLF": b"\r\n",
        "LFCR": b"\n\r",
        "two": end * 2,
        "none": b"",
        "NEL": b"\xc2\x85",
    }
    for name, other in others.items():
        for row in range(len(lines)):
            data = b"".join(line + (other if at == row else end) for at, line in enumerate(lines))
            yield Polluted(f"a line ends in {name}", data, frozenset({row - 1, row}) - {-1})
        yield _all(sheet, f"all lines end in {name}", b"".join(line + other for line in lines))
        head, *body = lines
        yield _all(sheet, f"all but the first end in {name}", head + end + b"".join(line + other for line in body))
    for row, cells in enumerate(sheet.grid()):
        for at, cell in enumerate(cells):
            for name, mark in {"LF": "\n", "CRLF": "\r\n", "CR": "\r"}.items():
                for place in {0, len(cell) // 2, len(cell)}:
                    torn = [*cells[:at], cell[:place] + mark + cell[place:], *cells[at + 1 :]]
                    yield _row(sheet, f"{name} in a cell", row, sheet.delimiter.join(torn))


def heads(sheet: Sheet) -> Iterator[Polluted]:
    """A header that is missing, changed, repeated or not the first line; lines around the table."""
    head, *body = sheet.lines()
    cells = sheet.grid()[0]
    yield _all(sheet, "no header", sheet.bytes(body))
    yield _all(sheet, "two headers", sheet.bytes([head, head, *body]))
    for at in range(1, len(body) + 1):
        yield _all(sheet, "the header again", sheet.bytes([head, *body[:at], head, *body[at:]]))
        marked = sheet.bytes([head, *body[:at]]) + b"\xef\xbb\xbf" + sheet.bytes([head, *body[at:]])
        yield _all(sheet, "a file behind a file", marked)
    for at in range(len(cells)):
        for new in ([], [cells[at], cells[at]], [cells[at].upper()], ["x"]):
            changed = sheet.delimiter.join([*cells[:at], *new, *cells[at + 1 :]])
            yield _row(sheet, "a column of the header", 0, changed)
        swapped = [*cells[:at], *cells[at + 1 :], cells[at]]
        yield _row(sheet, "columns of the header in another order", 0, sheet.delimiter.join(swapped))
    extras = ("", " ", "x", f"sep={sheet.delimiter}", "# x", sheet.delimiter * (len(cells) - 1), "-" * 20)
    for text in extras[:-2]:
        yield _all(sheet, "a line above", sheet.bytes([text, head, *body]))
    for text in (*extras[:5], extras[-1]):
        yield _all(sheet, "a line below the header", sheet.bytes([head, text, *body]))
        yield _all(sheet, "a line at the end", sheet.bytes([head, *body, text]))


def cuts(sheet: Sheet) -> Iterator[Polluted]:
    """The file ends early, at every byte; somebody put a line end behind it; a line or a stretch of bytes is gone."""
    data = sheet.bytes()
    starts = [0]
    for line in sheet.lines():
        starts.append(starts[-1] + len(sheet.bytes([line])))
    for at in range(len(data)):
        lost = frozenset(range(sum(start <= at for start in starts) - 2, len(sheet.records)))
        yield Polluted("cut off", data[:at], lost, is_cut=at in starts)
        if sheet.quotes_all:
            is_whole = data[:at].endswith(b'"') and at + len(sheet.end) in starts
            yield Polluted("cut off and ended", data[:at] + sheet.end.encode(), lost, is_cut=is_whole or at in starts)
    for row in range(1, len(starts) - 1):
        gone = data[: starts[row]] + data[starts[row + 1] :]
        yield Polluted("a line is gone", gone, frozenset({row - 1}), is_cut=True)


def foreign_bytes(sheet: Sheet) -> Iterator[Polluted]:
    """Bytes that no text has, at the beginning, in the middle and at the end of every cell, and before the file."""
    lines = [line.encode() for line in sheet.lines()]
    for name, mark in BYTES.items():
        for row, cells in enumerate(sheet.grid()):
            for at, cell in enumerate(cells):
                for place in {0, 1, len(cell)}:
                    before = sheet.delimiter.join([*cells[:at], cell[:place]]).encode()
                    behind = sheet.delimiter.join([cell[place:], *cells[at + 1 :]]).encode()
                    changed = [*lines[:row], before + mark + behind, *lines[row + 1 :]]
                    data = b"".join(line + sheet.end.encode() for line in changed)
                    yield Polluted(f"{name} in a cell", data, frozenset({row - 1} - {-1}))
        yield _all(sheet, f"{name} before the file", mark + sheet.bytes())
        yield _all(sheet, f"{name} behind the file", sheet.bytes() + mark)
        yield _all(sheet, f"many {name} behind the file", sheet.bytes() + mark * 500)


def encodings(sheet: Sheet) -> Iterator[Polluted]:
    """The file, or single lines of it, in another encoding, or read and written under a wrong one."""
    text = sheet.bytes().decode()
    for name in ("utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "utf-32", "latin-1", "cp1252", "cp037"):
        yield _all(sheet, f"the file in {name}", text.encode(name, "replace"))
    lines, end = [line.encode() for line in sheet.lines()], sheet.end.encode()
    for name in ("latin-1", "cp1252"):
        yield _all(sheet, f"the file read as {name}", text.encode().decode(name, "replace").encode())
        for row, line in enumerate(lines):
            damaged = {"in": line.decode().encode(name, "ignore"), "read as": line.decode(name, "replace").encode()}
            for kind, changed in damaged.items():
                if not changed.isascii():
                    data = b"".join(part + end for part in [*lines[:row], changed, *lines[row + 1 :]])
                    yield Polluted(f"a line {kind} {name}", data, frozenset({row - 1}))


def _row(sheet: Sheet, kind: str, row: int, line: str) -> Polluted:
    """The file with another line at `row`, of which 0 is the header."""
    lines = sheet.lines()
    return Polluted(kind, sheet.bytes([*lines[:row], line, *lines[row + 1 :]]), frozenset({row - 1}) - {-1})


def _all(sheet: Sheet, kind: str, data: bytes) -> Polluted:
    return Polluted(kind, data, frozenset(range(len(sheet.records))))
