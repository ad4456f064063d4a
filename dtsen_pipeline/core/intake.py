"""Exact reading of a delivered file: every line is read exactly, or is damaged with a reason, or the file is refused.

Works on bytes that someone else read; works with Polars alone, since exact reading is the same on every
engine. What the text means is not decided here (see `normalise`).
"""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import polars as pl

from dtsen_pipeline.reference import Profile
from dtsen_pipeline.schemas.errors import DtsenError

DELIMITERS = {",": "comma", ";": "semicolon", "|": "pipe", "\t": "tab"}
DAMAGED_SHARE = 0.2
"""Above this share of damaged lines the structure itself is damaged, and the file is refused."""
BOMS = (b"\xff\xfe", b"\xfe\xff", b"\xef\xbb\xbf", b"\x00")


@dataclass(frozen=True)
class Reading:
    """The exact rows of a file and its damaged lines.

    `rows`: src, row and every delivered column as text. `damaged`: src, row, reasons.
    """

    rows: pl.DataFrame
    damaged: pl.DataFrame


def read(data: bytes, profile: Profile, token: str) -> Reading:
    """Read `data` under a declared dialect; raise DtsenError where the file as a whole cannot be trusted."""
    check_bytes(data, token)
    lines = _lines(data)
    check_header(lines[0], profile, token)
    frame = _split(lines[1:], profile)
    damaged = frame.filter(pl.col("reasons").is_not_null())
    if damaged.height > DAMAGED_SHARE * frame.height:
        raise DtsenError("E_STRUCTURE", "more than one line in five is damaged; the file is refused", token=token)
    source = pl.lit(token).alias("src")
    return Reading(
        rows=frame.filter(pl.col("reasons").is_null()).select(source, "row", *profile.header),
        damaged=damaged.select(source, "row", "reasons"),
    )


def check_bytes(data: bytes, token: str) -> None:
    """Refuse a file that is empty, not UTF-8 text from its first byte, or cut off in its last line."""
    if not data.strip():
        raise DtsenError("E_EMPTY", "the file holds no data", token=token)
    if data.startswith(BOMS) or b"\x00" in data[:4096]:
        raise DtsenError("E_ENCODING", "the file is not plain UTF-8 (a byte-order mark or a NUL byte)", token=token)
    if not data.endswith(b"\n"):
        raise DtsenError("E_TRUNCATED", "the last line has no line end, so the file may be cut off", token=token)


def header_of(data: bytes, profile: Profile) -> tuple[str, ...] | None:
    """The header cells of `data` in the dialect of `profile`; None where the line cannot be read."""
    try:
        line = data.split(b"\n", 1)[0].removesuffix(b"\r").decode("utf-8")
    except UnicodeDecodeError:
        return None
    cells = cells_of(line, profile.delimiter)
    return None if cells is None else tuple(cells)


def check_header(line: str | None, profile: Profile, token: str) -> None:
    """Refuse a header that is not exactly the profile's, saying what differs without quoting the file."""
    cells = None if line is None else cells_of(line, profile.delimiter)
    if cells is not None and tuple(cells) == profile.header:
        return
    for delimiter, title in DELIMITERS.items():
        if line is not None and tuple(cells_of(line, delimiter) or ()) == profile.header:
            raise DtsenError("E_DELIMITER", f"the file is separated by {title}", token=token, line=1)
    known = set(profile.header)
    missing = [name for name in profile.header if name not in set(cells or ())]
    extra = sum(1 for cell in cells or () if cell not in known)
    detail = f"{len(missing)} columns missing, {extra} unknown"
    if missing:
        detail += f"; first missing: {missing[0]}"
    raise DtsenError("E_HEADER", f"the header is not that of {profile.id} ({detail})", token=token, line=1)


def check_city(rows: pl.DataFrame, city: str, token: str) -> None:
    """Refuse a family file most of whose rows lie in another regency or city."""
    inside = rows.select((pl.col("kode_kabupaten_kota") == city).fill_null(value=False).mean()).item()
    if rows.height and inside <= 0.5:  # noqa: PLR2004 - a majority
        raise DtsenError("E_REGION", "most rows belong to another regency or city", token=token)


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


def _lines(data: bytes) -> list[str | None]:
    """The physical lines without their ends; None for one that is not UTF-8."""
    crlf = data.split(b"\n", 1)[0].endswith(b"\r")
    body = data[:-1]
    try:
        lines: Iterable[str | None] = body.decode("utf-8").split("\n")
    except UnicodeDecodeError:
        lines = map(_decoded, body.split(b"\n"))
    if not crlf:
        return list(lines)
    return [line if line is None else line.removesuffix("\r") for line in lines]


def _decoded(line: bytes) -> str | None:
    try:
        return line.decode("utf-8")
    except UnicodeDecodeError:
        return None


def _split(lines: Sequence[str | None], profile: Profile) -> pl.DataFrame:
    """Columns row, reasons and the profile's header; lines in a regular shape are split in bulk."""
    width, sep = len(profile.header), profile.delimiter
    frame = pl.DataFrame({"line": pl.Series(lines, dtype=pl.String)}).with_row_index("row", offset=2)
    line, joint = pl.col("line"), f'"{sep}"'
    inner = line.str.slice(1, line.str.len_chars() - 2)
    quoted = (
        line.str.starts_with('"')
        & line.str.ends_with('"')
        & (line.str.len_chars() > 1)
        & (inner.str.count_matches('"', literal=True) == 2 * (width - 1))
        & (inner.str.count_matches(joint, literal=True) == width - 1)
    )
    quotes = line.str.count_matches('"', literal=True)
    plain = (quotes == 0) & (line.str.count_matches(sep, literal=True) == width - 1)
    frame = frame.with_columns(
        pl.col("row").cast(pl.Int64),
        shape=pl.when(line.is_null() | line.str.contains(r"[\x00-\x1f\x7f]"))
        .then(pl.lit("odd"))
        .when(quoted)
        .then(pl.lit("quoted"))
        .when(plain)
        .then(pl.lit("plain"))
        .otherwise(pl.lit("odd")),
    )
    parts = [
        _bulk(frame.filter(shape="quoted"), inner, joint, profile),
        _bulk(frame.filter(shape="plain"), line, sep, profile),
        _one_by_one(frame.filter(shape="odd"), profile),
    ]
    return pl.concat(parts).sort("row")


def _bulk(frame: pl.DataFrame, line: pl.Expr, sep: str, profile: Profile) -> pl.DataFrame:
    cells = line.str.split_exact(sep, len(profile.header) - 1).struct.rename_fields(profile.header)
    none = pl.lit(None, dtype=pl.String).alias("reasons")
    return frame.select("row", none, cells.alias("cells")).unnest("cells")


def _one_by_one(frame: pl.DataFrame, profile: Profile) -> pl.DataFrame:
    width = len(profile.header)
    records: list[list[str | None]] = []
    for line in frame["line"].to_list():
        reason, cells = _record(line, profile.delimiter, width)
        blank: list[str | None] = [None] * width
        records.append([reason, *(cells or blank)])
    schema = {"reasons": pl.String} | dict.fromkeys(profile.header, pl.String)
    table = pl.DataFrame(records, schema=schema, orient="row")
    return pl.concat([frame.select("row"), table], how="horizontal")


def _record(line: str | None, delimiter: str, width: int) -> tuple[str | None, list[str] | None]:
    if line is None:
        return "E_LINE_ENCODING", None
    if re.search(r"[\x00-\x1f\x7f]", line):
        return "E_LINE_CONTROL", None
    cells = cells_of(line, delimiter)
    if cells is None:
        return "E_LINE_QUOTE", None
    if len(cells) != width:
        return "E_LINE_WIDTH", None
    return None, cells
