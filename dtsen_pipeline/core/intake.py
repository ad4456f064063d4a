"""Exact reading of a delivered CSV: every line is read exactly, or is damaged with a reason, or the file is refused.

Works on blocks of bytes that someone else read, in memory that does not grow with the file; works with Polars
alone, since exact reading is the same on every engine. Which lines are sound is judged in `lines`; what the
text means is not decided here (see `normalise`).
"""

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import chain

import numpy as np
import polars as pl

from dtsen_pipeline.core.lines import HEADER, REASONS, Dialect, Lines, judge
from dtsen_pipeline.reference import Profile
from dtsen_pipeline.schemas.errors import DtsenError

DELIMITERS = {",": "comma", ";": "semicolon", "|": "pipe", "\t": "tab"}
SHOWN = 5
"""How many columns a refusal names."""
UNAPPROVED = "H_NOT_APPROVED"
"""Why a row waits that its source says somebody still has to approve, or did not."""
DAMAGED_SHARE = 0.2
"""Above this share of damaged lines the structure itself is damaged, and the file is refused."""
UTF8_BOM = b"\xef\xbb\xbf"
MARKS = (b"\xff\xfe", b"\xfe\xff", UTF8_BOM, b"\x00")
BLOCK = 8 << 20
"""Bytes that are read at a time."""
HEAD = 1 << 16
"""The header ends within so many bytes."""
LONGEST = 1 << 20
"""A block without a line end and longer than this is no text of lines."""


@dataclass(frozen=True)
class Reading:
    """The exact rows of a file and its damaged lines, with those that wait for approval.

    `rows`: src, row and every delivered column as text. `damaged`: src, row, reasons. `unreviewed`: rows that say
    nothing about a review that their source knows; `continues`: whether the file says that more pages follow.
    """

    rows: pl.DataFrame
    damaged: pl.DataFrame
    unreviewed: int = 0
    continues: bool = False

    @property
    def waiting(self) -> int:
        """How many of the rows that are set aside wait for approval; the others are damaged."""
        return self.damaged.filter(pl.col("reasons") == UNAPPROVED).height


def read(data: bytes, profile: Profile, token: str) -> Reading:
    """Read `data` under a declared dialect; raise DtsenError where the file as a whole cannot be trusted."""
    blocks = (data[start : start + BLOCK] for start in range(0, len(data), BLOCK))
    parts = list(readings(blocks, profile, token))
    return Reading(
        pl.concat([part.rows for part in parts]),
        pl.concat([part.damaged for part in parts]),
        sum(part.unreviewed for part in parts),
    )


def readings(blocks: Iterable[bytes], profile: Profile, token: str) -> Iterator[Reading]:
    """Read the blocks of a file one after another; at least one reading, in the order of the lines.

    Raises DtsenError where the file as a whole cannot be trusted. Whether it was cut off or is damaged all over
    shows only at its end: nothing that was yielded counts before the last one came.
    """
    parts = iter(blocks)
    first = without_bom(next(parts, b""), profile)
    check_start(first[:HEAD], token)
    line, _, rest = first.partition(b"\n")
    check_header(_decoded(line.removesuffix(b"\r")), profile, token)
    row, damaged = 2, 0
    for lines in _judged(chain([rest], parts), profile, token, is_crlf=line.endswith(b"\r")):
        found = _reading(lines, row, profile, token)
        row += len(lines.reasons)
        damaged += found.damaged.height - found.waiting
        yield found
    if damaged > DAMAGED_SHARE * (row - 2):
        raise DtsenError("E_STRUCTURE", "more than one line in five is damaged; the file is refused", token=token)


def without_bom(data: bytes, profile: Profile) -> bytes:
    """The bytes behind a UTF-8 byte-order mark, where the profile allows one."""
    return data.removeprefix(UTF8_BOM) if profile.may_have_bom else data


def check_start(head: bytes, token: str) -> None:
    """Refuse a file whose first bytes are nothing, not UTF-8 text, or a first line that never ends."""
    if not head.strip():
        raise DtsenError("E_EMPTY", "the file holds no data", token=token)
    if head.startswith(MARKS) or b"\x00" in head[:4096]:
        raise DtsenError("E_ENCODING", "the file is not plain UTF-8 (a byte-order mark or a NUL byte)", token=token)
    if b"\n" not in head:
        raise DtsenError("E_TRUNCATED", "the first line has no line end, so the file may be cut off", token=token)


def header_of(data: bytes, profile: Profile) -> tuple[str, ...] | None:
    """The header cells of `data` in the dialect and words of `profile`; None where the line cannot be read."""
    line = _decoded(without_bom(data, profile).split(b"\n", 1)[0].removesuffix(b"\r"))
    cells = None if line is None else cells_of(line, profile.delimiter)
    return None if cells is None else profile.named(cells)


def check_header(line: str | None, profile: Profile, token: str) -> None:
    """Refuse a header that is not exactly the profile's, saying what differs without quoting the file."""
    cells = None if line is None else cells_of(line, profile.delimiter)
    if cells is not None and profile.is_header(cells):
        return
    for delimiter, title in DELIMITERS.items():
        if line is not None and profile.is_header(cells_of(line, delimiter) or ()):
            raise DtsenError("E_DELIMITER", f"the file is separated by {title}", token=token, line=1)
    raise header_error(cells or (), profile, token)


def header_error(delivered: Sequence[str], profile: Profile, token: str) -> DtsenError:
    """E_HEADER with the contract's names that are missing and the places of unknown names, which are not quoted."""
    missing, unknown = profile.difference(delivered)
    detail = f"{len(missing)} columns missing, {len(unknown)} unknown"
    if missing:
        detail += f"; missing: {_listed(missing)}"
    if unknown:
        detail += f"; unknown at: {_listed(str(place) for place in unknown)}"
    if not missing and not unknown:
        detail += "; the columns stand in another order, or twice"
    return DtsenError("E_HEADER", f"the header is not that of {profile.id} ({detail})", token=token, line=1)


def _listed(names: Iterable[str]) -> str:
    shown = list(names)
    return ", ".join(shown[:SHOWN]) + (", …" if len(shown) > SHOWN else "")


def cells_of(line: str, delimiter: str) -> list[str] | None:
    """The cells of one record by RFC 4180; None where a quote stands where none may."""
    sep = re.escape(delimiter)
    pattern = re.compile(rf'(?:"((?:[^"]|"")*)"|([^"{sep}]*))({sep}|\Z)')
    cells, at = [], 0
    while True:
        match = pattern.match(line, at)
        if match is None:
            return None
        quoted, plain, end = match.groups()
        cells.append(plain if quoted is None else quoted.replace('""', '"'))
        at = match.end()
        if end == "":
            return cells


def _decoded(line: bytes) -> str | None:
    try:
        return line.decode("utf-8")
    except UnicodeDecodeError:
        return None


def _judged(blocks: Iterable[bytes], profile: Profile, token: str, *, is_crlf: bool) -> Iterator[Lines]:
    """The lines of the blocks, each judged once what stands beside it is known."""
    dialect = Dialect(profile.delimiter, len(profile.header), profile.quoting == "all")
    held = rest = b""
    for block in blocks:
        whole, rest = _whole_lines(rest + block)
        lines = judge(held + _ended(whole, is_crlf=is_crlf), dialect, is_last=False)
        held = lines.held
        if len(rest) > LONGEST or len(held) > 2 * BLOCK:
            raise DtsenError("E_STRUCTURE", "line ends are missing or damaged; the file is refused", token=token)
        yield lines
    if rest:
        raise DtsenError("E_TRUNCATED", "the last line has no line end, so the file may be cut off", token=token)
    yield judge(held, dialect)


def _whole_lines(data: bytes) -> tuple[bytes, bytes]:
    """Everything up to the last line end, and what stands behind it."""
    cut = data.rfind(b"\n") + 1
    return data[:cut], data[cut:]


def _ended(lines: bytes, *, is_crlf: bool) -> bytes:
    """The lines with LF as their end."""
    return lines.replace(b"\r\n", b"\n") if is_crlf else lines


def _reading(lines: Lines, row: int, profile: Profile, token: str) -> Reading:
    """The cells of judged lines, of which the first is physical line `row`."""
    rows = _parsed(lines, profile, token)
    sound = np.flatnonzero(lines.reasons == 0)
    rows = rows.select(pl.lit(token).alias("src"), pl.Series("row", row + sound, dtype=pl.Int64), pl.all())
    reasons = lines.reasons.copy()
    again = _header_again(rows, profile)
    if again.any():
        reasons[sound[again.to_numpy()]] = HEADER
        rows = rows.filter(~again)
    broken = np.flatnonzero(reasons)
    texts = pl.Series("reasons", REASONS, dtype=pl.String).gather(reasons[broken])
    places = pl.DataFrame({"row": pl.Series(row + broken, dtype=pl.Int64), "reasons": texts})
    state = review_of(rows, profile)
    waits = rows.filter(is_unapproved(state, profile)).select("src", "row", pl.lit(UNAPPROVED).alias("reasons"))
    damaged = pl.concat([places.select(pl.lit(token).alias("src"), "row", "reasons"), waits]).sort("row")
    unreviewed = 0 if profile.review is None else int((state == "").sum())
    return Reading(rows.filter(~is_unapproved(state, profile)), damaged, unreviewed)


def review_of(rows: pl.DataFrame, profile: Profile) -> pl.Series:
    """The review state of every row as delivered; blank where the source knows none."""
    if profile.review is None:
        return pl.Series("review", [""] * rows.height, dtype=pl.String)
    return rows[profile.review].str.strip_chars(" ")


def is_unapproved(state: pl.Series, profile: Profile) -> pl.Series:
    """Which states are told and are not good; a state that nobody told counts as delivered."""
    return (state != "") & ~state.is_in(list(profile.approved))


def _parsed(lines: Lines, profile: Profile, token: str) -> pl.DataFrame:
    """The cells of the sound lines, by Polars, which must find as many rows and bytes as were judged sound."""
    head = (profile.delimiter.join(profile.header) + "\n").encode()
    rows = pl.read_csv(head + lines.sound, separator=profile.delimiter, infer_schema=False, empty_string_is_null=False)
    size = sum(rows.select(pl.all().str.len_bytes().sum()).row(0))
    if (rows.height, size) != (int(np.count_nonzero(lines.reasons == 0)), lines.size):
        raise DtsenError("E_READING", "the engine read something else than stands in the file", token=token)
    return rows


def _header_again(rows: pl.DataFrame, profile: Profile) -> pl.Series:
    """Which rows are the header once more, as in files that were put one behind the other."""
    spelled = {name: profile.spellings(name) for name in rows.columns}
    first, *others = profile.header
    found = rows[first].is_in(spelled[first])
    if others and found.any():
        found &= rows.select(pl.all_horizontal(pl.col(name).is_in(spelled[name]) for name in others)).to_series()
    return found
