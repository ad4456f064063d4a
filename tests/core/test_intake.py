"""A delivered file is read exactly, or its damaged lines are named, or it is refused: never a silent difference."""

import csv
import io
import itertools
import os
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dtsen_pipeline.core import intake
from dtsen_pipeline.reference import Profile, profiles
from dtsen_pipeline.schemas.errors import DtsenError

TOKEN = "0123456789ab"  # noqa: S105 - a file token is no secret
HEADER = ("satu", "dua", "tiga")
DAMAGE = {"E_LINE_ENCODING", "E_LINE_CONTROL", "E_LINE_QUOTE", "E_LINE_WIDTH"}
REFUSALS = {"E_EMPTY", "E_ENCODING", "E_TRUNCATED", "E_DELIMITER", "E_HEADER", "E_STRUCTURE"}


def shaped(header: Sequence[str] = HEADER, delimiter: str = ",") -> Profile:
    """A profile of any header and delimiter."""
    return replace(profiles()["lapangan_v1_kunjungan"], header=tuple(header), delimiter=delimiter)


def read(data: bytes | str, header: Sequence[str] = HEADER, delimiter: str = ",") -> intake.Reading:
    return intake.read(data if isinstance(data, bytes) else data.encode(), shaped(header, delimiter), TOKEN)


def rows(reading: intake.Reading) -> list[tuple[str, ...]]:
    return reading.rows.drop("src", "row").rows()


def refusal(data: bytes | str, header: Sequence[str] = HEADER, delimiter: str = ",") -> DtsenError:
    with pytest.raises(DtsenError) as caught:
        read(data, header, delimiter)
    return caught.value


def framed(lines: Sequence[bytes | str], end: bytes = b"\n") -> bytes:
    """A file of these data lines under the header, with sound lines enough that few damaged ones may pass."""
    encoded = [line if isinstance(line, bytes) else line.encode() for line in (",".join(HEADER), *lines)]
    return b"".join(line + end for line in encoded)


SOUND = ("a,b,c",) * 8


def test_rows_keep_their_physical_line_numbers_and_every_character() -> None:
    reading = read(framed(["a,b,c", " x ,,é", '"p,""q""",,""', "a,b", "1,2,3", "0,007,1e5"]))
    assert reading.rows["row"].to_list() == [2, 3, 4, 6, 7]
    assert reading.rows["src"].unique().to_list() == [TOKEN]
    assert rows(reading) == [
        ("a", "b", "c"),
        (" x ", "", "é"),
        ('p,"q"', "", ""),
        ("1", "2", "3"),
        ("0", "007", "1e5"),
    ]
    assert reading.damaged.rows() == [(TOKEN, 5, "E_LINE_WIDTH")]


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        ("a,b", "E_LINE_WIDTH"),
        ("a,b,c,d", "E_LINE_WIDTH"),
        ("", "E_LINE_WIDTH"),
        ('"a","b"', "E_LINE_WIDTH"),
        ('"a",b,c,"d"', "E_LINE_WIDTH"),
        ('a,b"x,c', "E_LINE_QUOTE"),
        ('"a"x,b,c', "E_LINE_QUOTE"),
        ('a,"b,c', "E_LINE_QUOTE"),
        ('a, "b",c', "E_LINE_QUOTE"),
        (b"a,\xff,c", "E_LINE_ENCODING"),
        (b"a,\xed\xa0\x80,c", "E_LINE_ENCODING"),
        ("a,b\x07,c", "E_LINE_CONTROL"),
        ("a,b\tx,c", "E_LINE_CONTROL"),
        ("a,b,c\r", "E_LINE_CONTROL"),
        ("a\x7f,b,c", "E_LINE_CONTROL"),
    ],
)
def test_a_damaged_line_is_named_and_the_others_are_read(line: bytes | str, reason: str) -> None:
    reading = read(framed([*SOUND, line, *SOUND]))
    assert reading.damaged.rows() == [(TOKEN, 10, reason)]
    assert reading.rows["row"].to_list() == [*range(2, 10), *range(11, 19)]


def test_a_nul_far_behind_the_first_lines_damages_its_line() -> None:
    reading = read(framed([*SOUND * 100, "a,\x00b,c"]))
    assert reading.damaged["reasons"].to_list() == ["E_LINE_CONTROL"]
    assert refusal(framed([*SOUND, "a,\x00b,c"])).code == "E_ENCODING"


def test_a_newline_inside_quotes_is_damage() -> None:
    reading = read(framed([*SOUND, '"a\nx",b,c', *SOUND]))
    assert [reason for _, _, reason in reading.damaged.rows()] == ["E_LINE_QUOTE", "E_LINE_QUOTE"]


def test_lines_may_end_in_crlf_throughout() -> None:
    reading = read(framed(['"a","b","c"', "1,2,3"], end=b"\r\n"))
    assert rows(reading) == [("a", "b", "c"), ("1", "2", "3")]
    assert reading.damaged.is_empty()


def test_a_carriage_return_in_a_file_of_crlf_lines_is_no_part_of_a_cell() -> None:
    reading = read(framed([*SOUND, "a,b\rx,c"], end=b"\r\n"))
    assert reading.damaged["reasons"].to_list() == ["E_LINE_CONTROL"]


@pytest.mark.parametrize("data", [b"", b"\n", b" \r\n\n"])
def test_a_file_without_anything_is_empty(data: bytes) -> None:
    assert refusal(data).code == "E_EMPTY"


def test_a_header_alone_is_a_file_without_rows() -> None:
    reading = read(framed([]))
    assert reading.rows.is_empty()
    assert reading.rows.columns == ["src", "row", *HEADER]


@pytest.mark.parametrize("mark", [b"\xef\xbb\xbf", b"\xff\xfe", b"\xfe\xff", b"\x00\x00\xfe\xff", b"satu\x00"])
def test_another_encoding_is_refused(mark: bytes) -> None:
    assert refusal(mark + framed(SOUND)).code == "E_ENCODING"
    for encoding in ("utf-16-le", "utf-16-be", "utf-32-le"):
        assert refusal(framed(SOUND).decode().encode(encoding)).code == "E_ENCODING"


def test_a_missing_last_line_end_is_refused() -> None:
    assert refusal(framed(SOUND)[:-1]).code == "E_TRUNCATED"


@pytest.mark.parametrize("delimiter", [";", "|", "\t"])
def test_another_delimiter_is_named(delimiter: str) -> None:
    error = refusal(framed(SOUND).replace(b",", delimiter.encode()))
    assert (error.code, error.token, error.line) == ("E_DELIMITER", TOKEN, 1)
    assert intake.DELIMITERS[delimiter] in error.message


@pytest.mark.parametrize(
    "header",
    [
        b"satu,dua",
        b"satu,dua,tiga,empat",
        b"dua,satu,tiga",
        b"Satu,dua,tiga",
        b"satu, dua,tiga",
        b'satu,"dua,tiga',
        b"satu,\xff,tiga",
        b"satu,dua,tiga ",
    ],
)
def test_another_header_is_refused(header: bytes) -> None:
    error = refusal(b"\n".join([header, b"a,b,c", b""]))
    assert (error.code, error.token, error.line) == ("E_HEADER", TOKEN, 1)


def test_the_refusal_of_a_header_counts_and_quotes_nothing_of_the_file() -> None:
    error = refusal("satu,SITI AMINAH,tiga\na,b,c\n")
    assert "1 columns missing, 1 unknown; first missing: dua" in error.message
    assert "SITI" not in str(error)


def test_the_header_may_be_quoted() -> None:
    assert rows(read('"satu","dua",tiga\na,b,c\n')) == [("a", "b", "c")]


def test_header_of_reads_only_what_it_can() -> None:
    assert intake.header_of(b'"satu",dua\r\nx', shaped()) == ("satu", "dua")
    assert intake.header_of(b'sa"tu,dua\n', shaped()) is None
    assert intake.header_of(b"\xff\n", shaped()) is None


def test_more_than_one_damaged_line_in_five_refuses_the_file() -> None:
    assert read(framed(["a,b", *["a,b,c"] * 4])).damaged.height == 1
    assert refusal(framed(["a,b", *["a,b,c"] * 3])).code == "E_STRUCTURE"
    assert refusal(framed(["a,b"])).code == "E_STRUCTURE"


@pytest.mark.parametrize(("inside", "is_refused"), [(3, False), (2, True), (1, True), (0, True)])
def test_a_file_of_another_city_is_refused(inside: int, is_refused: bool) -> None:  # noqa: FBT001
    cells = ["3571"] * inside + ["3506", None, "3578", "3579"][: 4 - inside]
    frame = pl.DataFrame({"kode_kabupaten_kota": pl.Series(cells, dtype=pl.String)})
    if not is_refused:
        intake.check_city(frame, "3571", TOKEN)
        return
    with pytest.raises(DtsenError, match="E_REGION"):
        intake.check_city(frame, "3571", TOKEN)


def test_a_file_without_rows_belongs_to_no_other_city() -> None:
    intake.check_city(pl.DataFrame(schema={"kode_kabupaten_kota": pl.String}), "3571", TOKEN)


def by_hand(line: str, delimiter: str) -> list[str] | None:
    """RFC 4180, one character at a time: an independent reading of one record."""
    cells, at, end = [], 0, len(line)
    while True:
        cell = ""
        if at < end and line[at] == '"':
            at += 1
            while at < end and (line[at] != '"' or line[at : at + 2] == '""'):
                cell += line[at]
                at += 2 if line[at] == '"' else 1
            if at == end:
                return None
            at += 1
        else:
            while at < end and line[at] != delimiter:
                if line[at] == '"':
                    return None
                cell += line[at]
                at += 1
        cells.append(cell)
        if at == end:
            return cells
        if line[at] != delimiter:
            return None
        at += 1


def expected(lines: Sequence[str], width: int, delimiter: str) -> tuple[list[tuple[str, ...]], list[int]]:
    """The rows and the damaged physical lines, by hand."""
    found, damaged = list[tuple[str, ...]](), []
    for number, line in enumerate(lines, start=2):
        cells = by_hand(line, delimiter)
        if cells is None or len(cells) != width:
            damaged.append(number)
        else:
            found.append(tuple(cells))
    return found, damaged


@pytest.mark.parametrize("width", [1, 2, 3])
def test_every_short_line_is_read_as_by_hand(width: int) -> None:
    """All texts of up to eight characters over a quote, a delimiter and a letter."""
    lines = ["".join(text) for size in range(9) for text in itertools.product('"|a', repeat=size)]
    header = HEADER[:width]
    frame = intake._split(lines, shaped(header, "|"))
    found, damaged = expected(lines, width, "|")
    assert frame.filter(pl.col("reasons").is_not_null())["row"].to_list() == damaged
    assert frame.filter(pl.col("reasons").is_null()).select(header).rows() == found


CELL = st.text(st.sampled_from('",|;a1 é\r\x1f\u2028\ufeff𐐀'), max_size=5)


@given(
    table=st.lists(st.tuples(CELL, CELL, CELL), max_size=12),
    quoted=st.booleans(),
    breaks=st.lists(st.tuples(st.integers(0, 60), st.sampled_from(['"', ",", "\n", "x"])), max_size=2),
)
@settings(max_examples=150, deadline=None)
def test_nothing_is_read_silently_otherwise(
    table: list[tuple[str, str, str]],
    quoted: bool,  # noqa: FBT001
    breaks: list[tuple[int, str]],
) -> None:
    """Rows written by the csv module, then torn: what is read is what stands there, the rest is named."""
    buffer = io.StringIO()
    csv.writer(buffer, lineterminator="\n", quoting=csv.QUOTE_ALL if quoted else csv.QUOTE_MINIMAL).writerows(table)
    text = buffer.getvalue()
    for place, mark in breaks:
        text = text[:place] + mark + text[place:]
    lines = text.split("\n")[: text.count("\n")]
    text = "".join(f"{line}\n" for line in lines)
    control = [any(ord(sign) < 32 or ord(sign) == 127 for sign in line) for line in lines]
    found, damaged = expected(["" if bad else line for line, bad in zip(lines, control, strict=True)], 3, ",")
    if len(damaged) > len(lines) / 5:
        assert refusal(f"{','.join(HEADER)}\n{text}").code == "E_STRUCTURE"
    else:
        reading = read(f"{','.join(HEADER)}\n{text}")
        assert rows(reading) == found
        assert reading.damaged["row"].to_list() == damaged
        assert reading.rows.height + reading.damaged.height == len(lines)
        if not breaks and not any(control):
            assert rows(reading) == [tuple(cells) for cells in table]


@pytest.fixture(scope="module")
def corpus() -> list[Path]:
    """Damaged and odd CSV files, where a folder of reference data is at hand."""
    folder = os.environ.get("DTSEN_REFERENCE_DATA")
    if not folder or not Path(folder, "csv-torture", "corpus").is_dir():
        pytest.skip("DTSEN_REFERENCE_DATA names no folder with csv-torture/corpus")
    return sorted(Path(folder, "csv-torture", "corpus").glob("*.csv"))


def test_tortured_files_are_read_exactly_or_refused(corpus: list[Path]) -> None:
    read_whole = set()
    for path in corpus:
        data = path.read_bytes()
        for delimiter in (*intake.DELIMITERS, "^"):
            if _is_read(data, delimiter, path.name):
                read_whole.add(path.name)
    assert len(corpus) > 60
    assert {"basic_new.csv", "pipe_quoted.csv", "rfc4180_quotes.csv", "crlf_line_endings.csv"} <= read_whole
    assert not read_whole & {"empty_file.csv", "utf8_bom.csv", "utf16le_bom.csv", "no_trailing_newline.csv"}


def _reading(data: bytes, renamed: bytes, header: Sequence[str], delimiter: str) -> intake.Reading | None:
    try:
        intake.check_bytes(data, TOKEN)
        return read(renamed, header, delimiter)
    except DtsenError as error:
        if error.code in REFUSALS:
            return None
        raise


def _is_read(data: bytes, delimiter: str, name: str) -> bool:
    """Whether a file is read without a damaged line; what is read must be what the csv module reads."""
    first = data.split(b"\n", 1)[0].removesuffix(b"\r").decode("utf-8", "replace")
    header = by_hand(first, delimiter) or [first]
    named = [f"c{number}" for number in range(len(header))]
    renamed = delimiter.join(named).encode() + data[len(data.split(b"\n", 1)[0].removesuffix(b"\r")) :]
    reading = _reading(data, renamed, named, delimiter)
    if reading is None:
        return False
    assert set(reading.damaged["reasons"]) <= DAMAGE
    lines = renamed.decode("utf-8", "surrogateescape").replace("\r\n", "\n").split("\n")[:-1]
    for row in reading.rows.drop("src").rows():
        record = next(csv.reader([lines[row[0] - 1]], delimiter=delimiter, strict=True))
        assert list(row[1:]) == (record or [""]), name
    return reading.damaged.is_empty()
