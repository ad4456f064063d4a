"""Which physical lines of delimited text are sound records, judged over whole blocks of bytes at once.

A line is one record: a quoted cell never spans lines. What the cells hold is read elsewhere (see `intake`);
nothing here loops over characters, cells or sound lines.
"""

import codecs
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

REASONS: Final = (
    "",
    "E_LINE_WIDTH",
    "E_LINE_QUOTE",
    "E_LINE_CONTROL",
    "E_LINE_ENCODING",
    "E_LINE_TORN",
    "E_LINE_HEADER",
)
"""What may be wrong with a line, by its number; where several hold, the highest number but one of them stands."""
WIDTH, QUOTES, CONTROL, ENCODING, TORN, HEADER = range(1, 7)
LF, QUOTE, DELETE = 0x0A, 0x22, 0x7F
SPACE = 0x20
STRANGERS: Final = b"'`"
"""Marks that other dialects quote with."""
WINDOWS: Final = (0xC5, 0xC6, 0xCB, 0xE2)
"""How UTF-8 begins what Windows-1252 has instead of the control characters U+0080 to U+009F."""
MANGLED: Final = tuple(text.encode() for text in ("\ufffd", "\ufeff", "\u00e2\u20ac"))
"""A replacement mark, a byte-order mark within the text, and how a typographic mark begins that was read wrongly."""

Flags = NDArray[np.bool_]
Places = NDArray[np.int64]


@dataclass(frozen=True)
class Dialect:
    """How records are written: the delimiter, the number of cells, and whether every cell stands in quotes."""

    delimiter: str
    width: int
    quotes_all: bool = False


@dataclass(frozen=True)
class Lines:
    """The lines of a block: the reason number of each, the sound ones as bytes, and how many bytes their cells hold.

    `held`: the last lines of the block, which cannot be judged before the next block is known; they are not counted.
    """

    reasons: NDArray[np.int8]
    sound: bytes
    size: int
    held: bytes


def judge(data: bytes, dialect: Dialect, *, is_last: bool = True) -> Lines:
    """Judge a block of whole lines that end in LF, each by RFC 4180 and its width; a blank line is no record.

    Enclosing and doubled quotes, delimiters and line ends are no part of the size of the cells.
    """
    signs = np.frombuffer(data, np.uint8)
    ends = np.flatnonzero(signs == LF)
    quotes, inside, odd = _quoted(signs, ends)
    between = signs == ord(dialect.delimiter)
    np.greater(between, inside, out=between)
    joints = np.flatnonzero(between)
    widths = np.diff(np.searchsorted(joints, ends), prepend=0) + 1
    stray, doubled = _met(signs, quotes, inside, between)
    reasons = np.zeros(len(ends), np.int8)
    reasons[(widths != dialect.width) | (_lengths(ends) == 1)] = WIDTH
    _mark(reasons, ends, stray, QUOTES)
    _mark(reasons, ends, _foreign(data, signs, between, ends), QUOTES)
    reasons[odd] = QUOTES
    if dialect.quotes_all:
        reasons[_open_edges(signs, ends, dialect.delimiter)] = QUOTES
    _mark(reasons, ends, _controls(data, signs, len(ends)), CONTROL)
    if not data.isascii():
        _mark(reasons, ends, _mangled(data, signs), ENCODING)
        reasons[list(_undecodable(data, ends))] = ENCODING
    lone = (widths == 1) & (dialect.width > 1)
    beside = _beside(signs, ends, lone, lone & ~odd)
    reasons[beside[reasons[beside] == 0]] = TORN
    return _sound(data, ends[: None if is_last else _settled(lone)], reasons, doubled, dialect.width)


def _sound(data: bytes, ends: Places, reasons: NDArray[np.int8], doubled: Places, width: int) -> Lines:
    """The lines of these ends, the rest held; `doubled` is where a doubled quote begins."""
    until = int(ends[-1]) + 1 if len(ends) else 0
    reasons = reasons[: len(ends)]
    is_sound = reasons == 0
    kept = data[:until]
    if not is_sound.all():
        kept = np.frombuffer(kept, np.uint8)[np.repeat(is_sound, _lengths(ends))].tobytes()
    pairs = np.count_nonzero(is_sound[np.searchsorted(ends, doubled[doubled < until])])
    size = len(kept) - int(np.count_nonzero(is_sound)) * width - kept.count(b'"') + int(pairs)
    return Lines(reasons, kept, size, data[until:])


def _settled(lone: Flags) -> int:
    """How many of the lines no later line can say anything about: those before the last two that are no fragments."""
    pairs = np.flatnonzero(~lone[1:] & ~lone[:-1])
    return int(pairs[-1]) + 1 if len(pairs) else 0


def _beside(signs: NDArray[np.uint8], ends: Places, lone: Flags, fragments: Flags) -> Places:
    """The lines beside a fragment whose cell at that side is not closed by a quote.

    A line end inside the first or the last cell of a record leaves a fragment of one cell, and beside it a line that
    has the right width and half a cell. A blank line took nothing from its neighbours.
    """
    places = np.flatnonzero(fragments & (_lengths(ends) > 1))
    if not len(places):
        return places
    others = np.flatnonzero(~lone)
    at = np.searchsorted(others, places)
    before, behind = others[at[at > 0] - 1], others[at[at < len(others)]]
    starts = ends - _lengths(ends) + 1
    is_open = (signs[ends[before] - 1] != QUOTE, signs[starts[behind]] != QUOTE)
    return np.concatenate([before[is_open[0]], behind[is_open[1]]])


def _open_edges(signs: NDArray[np.uint8], ends: Places, delimiter: str) -> Flags:
    """The lines that begin or end with a delimiter; where every cell stands in quotes, a cell was cut off there."""
    starts = ends - _lengths(ends) + 1
    found: Flags = (signs[starts] == ord(delimiter)) | (signs[ends - 1] == ord(delimiter))
    return found


def _met(signs: NDArray[np.uint8], quotes: Flags, inside: Flags, between: Flags) -> tuple[Places, Places]:
    """Where a quote stands neither at an edge of its cell nor doubled, and where doubled ones begin."""
    edges = between | quotes
    edges |= signs == LF
    opening = quotes & inside
    closing = np.greater(quotes, inside)
    stray = np.greater(opening[1:], edges[:-1]) | np.greater(closing[:-1], edges[1:])
    return _places(stray), _places(closing[:-1] & opening[1:])


def _quoted(signs: NDArray[np.uint8], ends: Places) -> tuple[Flags, Flags, Flags]:
    """The quotes that count, whether each byte or the one after it is inside of them, and the lines with an odd number.

    The quotes of a line with an odd number do not count, so that they cannot reach into the next line.
    """
    quotes = signs == QUOTE
    inside = _odd_so_far(quotes)
    torn = np.diff(inside[ends], prepend=np.False_)
    if torn.any():
        quotes &= ~np.repeat(torn, _lengths(ends))
        inside = _odd_so_far(quotes)
    return quotes, inside, torn


def _odd_so_far(flags: Flags) -> Flags:
    """Whether an odd number of flags stands up to each place; on bytes, which NumPy does twice as fast as on flags."""
    return np.bitwise_xor.accumulate(flags.view(np.uint8)).view(np.bool_)


def _places(flags: Flags) -> Places:
    """Where flags stand; asking first whether any does is much faster where none does."""
    return np.flatnonzero(flags) if flags.any() else np.zeros(0, np.int64)


def _lengths(ends: Places) -> Places:
    return np.diff(ends, prepend=-1)


def _mark(reasons: NDArray[np.int8], ends: Places, places: Places, reason: int) -> None:
    """Give the lines in which these bytes stand a reason."""
    reasons[np.searchsorted(ends, places)] = reason


def _foreign(data: bytes, signs: NDArray[np.uint8], between: Flags, ends: Places) -> Places:
    """Where a cell without quotes begins and ends with a mark that another dialect quotes with."""
    found = []
    for mark in STRANGERS:
        if mark not in data:
            continue
        places = np.flatnonzero(signs == mark)
        places = places[between[places - 1] | (signs[places - 1] == LF) | (places == 0)]
        joints = np.flatnonzero(between) if len(places) else places
        last = np.minimum(_next(joints, places, len(signs)), _next(ends, places, len(signs))) - 1
        found.append(places[(signs[last] == mark) & (last > places)])
    return np.concatenate(found) if found else np.zeros(0, np.int64)


def _next(stops: Places, places: Places, none: int) -> Places:
    """For each place the first stop behind it; `none` where there is none."""
    return np.append(stops, none)[np.searchsorted(stops, places)]


def _controls(data: bytes, signs: NDArray[np.uint8], lines: int) -> Places:
    """Where a control character stands, of ASCII or of the upper block (U+0080 to U+009F)."""
    found = np.zeros(0, np.int64)
    if DELETE in data or np.count_nonzero(signs < SPACE) != lines:
        found = np.flatnonzero(((signs < SPACE) & (signs != LF)) | (signs == DELETE))
    if b"\xc2" not in data:
        return found
    leads = np.flatnonzero(signs[:-1] == 0xC2)  # noqa: PLR2004 - how UTF-8 begins U+0080 to U+00BF
    return np.concatenate([found, leads[signs[leads + 1] < 0xA0]])  # noqa: PLR2004 - U+00A0


def _mangled(data: bytes, signs: NDArray[np.uint8]) -> Places:
    """Where text shows that somebody decoded it wrongly before, such as UTF-8 that was read as Latin-1.

    UTF-8 read as Latin-1 or Windows-1252 turns an accented letter into a capital of U+00C2 to U+00DF and a mark of
    U+00A0 to U+00BF, and a typographic mark into U+00E2 and a euro sign; Indonesian text has neither.
    """
    leads = np.flatnonzero(signs[:-3] == 0xC3)  # noqa: PLR2004 - how UTF-8 begins U+00C0 to U+00FF
    second, third, fourth = (signs[leads + step] for step in (1, 2, 3))
    capital = (second >= 0x82) & (second <= 0x9F)  # noqa: PLR2004 - U+00C2 to U+00DF
    mark = (third == 0xC2) & (fourth >= 0xA0)  # noqa: PLR2004 - U+00A0 to U+00BF
    misread = leads[(capital & mark) | ((second == 0x83) & np.isin(third, WINDOWS))]  # noqa: PLR2004 - U+00C3
    marks = [place for text in MANGLED for place in _each(data, text)]
    return np.concatenate([misread, np.array(marks, np.int64)])


def _each(data: bytes, text: bytes) -> Iterator[int]:
    place = data.find(text)
    while place >= 0:
        yield place
        place = data.find(text, place + 1)


def _undecodable(data: bytes, ends: Places) -> Iterator[int]:
    """The lines that are not UTF-8; each step of the loop finds one."""
    view, start = memoryview(data), 0
    while start < len(data):
        try:
            codecs.utf_8_decode(view[start:], "strict", True)  # noqa: FBT003 - its own signature
        except UnicodeDecodeError as error:
            line = int(np.searchsorted(ends, start + error.start))
            yield line
            start = int(ends[line]) + 1
        else:
            return
