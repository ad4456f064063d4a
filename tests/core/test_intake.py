"""A delivered file is read exactly, or its damaged lines are named, or it is refused: never a silent difference."""

import csv
import io
import itertools
import json
import os
import re
from collections.abc import Sequence
from dataclasses import replace
from itertools import chain, repeat
from pathlib import Path

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dtsen_pipeline.core import intake
from dtsen_pipeline.core.lines import Dialect, judge
from dtsen_pipeline.reference import Profile, profiles
from dtsen_pipeline.schemas.errors import DtsenError

TOKEN = "0123456789ab"  # noqa: S105 - a file token is no secret
HEADER = ("satu", "dua", "tiga")
DAMAGE = {"E_LINE_ENCODING", "E_LINE_CONTROL", "E_LINE_QUOTE", "E_LINE_WIDTH", "E_LINE_HEADER", "E_LINE_TORN"}
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
        ("a,\ufffd,c", "E_LINE_ENCODING"),
        ("\ufeffa,b,c", "E_LINE_ENCODING"),
        ("a,CAFÃ©,c", "E_LINE_ENCODING"),
        ("a,CAFÃ‰,c", "E_LINE_ENCODING"),
        ("a,â€™,c", "E_LINE_ENCODING"),
        ("a,\x85,c", "E_LINE_CONTROL"),
        ("'a',b,c", "E_LINE_QUOTE"),
        ("a,b,'c'", "E_LINE_QUOTE"),
        ("a,'',c", "E_LINE_QUOTE"),
        ("a,`b`,c", "E_LINE_QUOTE"),
        ("satu,dua,tiga", "E_LINE_HEADER"),
        ('"satu",dua,"tiga"', "E_LINE_HEADER"),
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


@pytest.mark.parametrize(
    "cell", ["'", "'a", "a'", "a'b", "Ã", "Â", "É\u2019", "â", "\u2019", "“a”", "©", "ÀÉ", "`a'", "\u200b"]
)
def test_what_only_looks_odd_is_read(cell: str) -> None:
    assert rows(read(framed([f"{cell},b,{cell}", f'x,"{cell}",y']))) == [(cell, "b", cell), ("x", cell, "y")]


def test_marks_inside_quotes_are_content() -> None:
    assert rows(read(framed(["\"'a'\",b,c", "satu,dua,3"]))) == [("'a'", "b", "c"), ("satu", "dua", "3")]


def test_what_the_engine_reads_is_counted_again(monkeypatch: pytest.MonkeyPatch) -> None:
    """An engine that loses a row, or a byte of a cell, is found out."""
    honest = pl.read_csv
    for loss in (lambda frame: frame[1:], lambda frame: frame.with_columns(pl.col("dua").str.replace("b", ""))):
        monkeypatch.setattr(pl, "read_csv", lambda *given, loss=loss, **named: loss(honest(*given, **named)))
        assert refusal(framed(SOUND)).code == "E_READING"


def test_blocks_of_any_size_give_the_same_rows() -> None:
    lines = [*SOUND, "a,é,c", "a,b", '"a","b,""",', b"a,\xff,c", "satu,dua,tiga"]
    data = framed([*lines, *SOUND * 3], end=b"\r\n")
    whole = read(data)
    for size in (1, 7, 64, 1000):
        blocks = (data[at : at + size] for at in range(0, len(data), size))
        if size < 64:
            with pytest.raises(DtsenError, match="E_TRUNCATED"):
                next(intake.readings(blocks, shaped(), TOKEN))
            continue
        parts = list(intake.readings(blocks, shaped(), TOKEN))
        assert pl.concat([part.rows for part in parts]).equals(whole.rows)
        assert pl.concat([part.damaged for part in parts]).equals(whole.damaged)


def test_a_line_that_never_ends_is_not_collected() -> None:
    blocks = chain([framed([])], repeat(b"x" * 4096))
    with pytest.raises(DtsenError, match="E_STRUCTURE"):
        list(intake.readings(blocks, shaped(), TOKEN))


def test_nothing_but_fragments_is_not_collected(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(intake, "BLOCK", 64)
    with pytest.raises(DtsenError, match="E_STRUCTURE"):
        list(intake.readings(chain([framed([])], repeat(b"x\n" * 32)), shaped(), TOKEN))


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
    assert refusal("satu,dua,tiga").code == "E_TRUNCATED"


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
    assert "1 columns missing, 1 unknown; missing: dua; unknown at: 2" in error.message
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
        if cells is None or len(cells) != width or not line:
            damaged.append(number)
        else:
            found.append(tuple(cells))
    return found, damaged


@pytest.mark.parametrize("width", [1, 2, 3])
def test_every_short_line_is_read_as_by_hand(width: int) -> None:
    """All texts of up to eight characters over a quote, a delimiter and a letter."""
    lines = ["".join(text) for size in range(9) for text in itertools.product('"|a', repeat=size)]
    guard = "|".join(['"x"'] * width)
    data = "".join(f"{line}\n{guard}\n" for line in lines).encode()
    reading = intake._reading(judge(data, Dialect("|", width)), 0, shaped(HEADER[:width], "|"), TOKEN)
    found, damaged = expected(lines, width, "|")
    assert reading.damaged["row"].to_list() == [2 * (number - 2) for number in damaged]
    assert reading.rows.filter(pl.col("row") % 2 == 0).drop("src", "row").rows() == found


@pytest.mark.parametrize(
    ("lines", "torn"),
    [
        (["a,b,c", "x", "a,b,c"], [2, 4]),
        (["a,b,c", "x", "y", "", "z", "a,b,c"], [2, 7]),
        (["a,b,c", "", "x", "a,b,c"], [2, 5]),
        (['a,b,"c"', "x", '"a",b,c'], []),
        (["a,b,c", "", "a,b,c"], []),
        (["a,b,c", '"x', "a,b,c"], []),
        (["a,b,c", "x,y", "a,b,c"], []),
        (["x", "a,b,c", "a,b,c", "x"], [3, 4, 6]),
        (["a,b", "x", "a,b,c"], [4]),
        (["a,b,c", "satu", "a,b,c"], [2, 4]),
    ],
)
def test_a_line_beside_a_fragment_is_not_trusted(lines: list[str], torn: list[int]) -> None:
    data = framed([*lines, *SOUND * 4])
    for size in (*range(15, 64, 3), 1 << 20):
        blocks = (data[at : at + size] for at in range(0, len(data), size))
        parts = [part.damaged for part in intake.readings(blocks, shaped(), TOKEN)]
        assert pl.concat(parts).filter(reasons="E_LINE_TORN")["row"].to_list() == torn


def test_in_a_file_of_quoted_cells_an_open_edge_is_damage() -> None:
    profile = replace(shaped(), quoting="all")
    lines = ['"a","b",', ',"b","c"', '"a",,"c"', "a,b,c", *['"a","b","c"'] * 8]
    reading = intake.read(framed(lines), profile, TOKEN)
    assert reading.damaged.rows() == [(TOKEN, 2, "E_LINE_QUOTE"), (TOKEN, 3, "E_LINE_QUOTE")]


CELL = st.text(st.sampled_from('",|;a1 é\r\x1f\u2028𐐀'), max_size=5)


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
    reading = intake._reading(judge(text.encode(), Dialect(",", 3)), 2, shaped(), TOKEN)
    torn = reading.damaged.filter(reasons="E_LINE_TORN")["row"].to_list()
    sound = [row for row in range(2, len(lines) + 2) if row not in damaged]
    assert rows(reading) == [cells for cells, row in zip(found, sound, strict=True) if row not in torn]
    assert reading.damaged["row"].to_list() == sorted([*damaged, *torn])
    if not breaks:
        assert not torn
        assert any(control) or rows(reading) == [tuple(cells) for cells in table]
    if reading.damaged.height > len(lines) / 5:
        assert refusal(f"{','.join(HEADER)}\n{text}").code == "E_STRUCTURE"


@pytest.fixture(scope="module")
def corpus() -> list[Path]:
    """Damaged and odd CSV files, where a folder of reference data is at hand."""
    folder = os.environ.get("DTSEN_REFERENCE_DATA")
    if not folder or not Path(folder, "csv-torture", "corpus").is_dir():
        pytest.skip("DTSEN_REFERENCE_DATA names no folder with csv-torture/corpus")
    return sorted(Path(folder, "csv-torture", "corpus").glob("*.csv"))


READ = """
    accounting_parentheses ambiguous_delimiter backslash_in_quoted_rfc basic_new basic_old caret_basic caret_delimiter
    caret_quoted crlf_line_endings currency_values empty_fields excel_quoted_commas header_only hex_prefix_header
    locale_decimal missing_tokens missingness_numeric_vs_missing mixed_line_endings mixed_types_numeric_text
    non_ascii_header numeric_thousands only_header percent_values pipe_delimiter pipe_quoted pipe_with_spaces
    plus_sign_numbers quoted_empty_fields rfc4180_quotes scientific_notation single_column semicolon_delimiter
    semicolon_quoted semicolon_with_spaces trailing_spaces_fields u8_prefix_header utf8_accented windows_crlf
    windows_quotes_crlf
"""
"""Read without a damaged line under their own header and the delimiter that the corpus names.

The corpus also reads byte-order marks, `sep=` lines, tabs, blank lines, ragged rows, quoted line ends and a file
without a last line end: here each of these is a refusal or a damaged line, since no profile has them.
"""


def test_tortured_files_are_read_exactly_or_refused(corpus: list[Path]) -> None:
    named = _delimiters(corpus[0].with_name("README.md"))
    read_whole = {path.stem for path in corpus if _is_read(path.read_bytes(), named.get(path.name, ","), path.name)}
    assert len(corpus) > 60
    assert read_whole == set(READ.split())


def _delimiters(listing: Path) -> dict[str, str]:
    """The delimiter that the corpus names for each file."""
    rows = re.findall(r"^\| `(\S+)` \| \w+ \| \S+ \| `(.+?)` \|", listing.read_text(), re.MULTILINE)
    marks = {"\\t": "\t", "0x01": "\x01", "0x1F": "\x1f"}
    return {name: marks.get(mark, mark) for name, mark in rows}


def _is_read(data: bytes, delimiter: str, name: str) -> bool:
    """Whether a file is read without a damaged line; what is read must be what the csv module reads."""
    lines = data.decode("utf-8", "surrogateescape").removeprefix("\ufeff").replace("\r\n", "\n").split("\n")
    header = next((by_hand(line, delimiter) for line in lines if line.strip() and not line.startswith("sep=")), None)
    if not header or len(set(header)) < len(header):
        return False
    try:
        reading = read(data, header, delimiter)
    except DtsenError as error:
        if error.code in REFUSALS:
            return False
        raise
    assert set(reading.damaged["reasons"]) <= DAMAGE
    for row in reading.rows.drop("src").rows():
        assert list(row[1:]) == next(csv.reader([lines[row[0] - 1]], delimiter=delimiter, strict=True)), name
    return reading.damaged.is_empty()


REFUSED = re.compile(r"[\x00-\x1f\x7f-\x9f\ufeff\ufffd]|[\xc2-\xdf][\xa0-\xbf]|\A'.*'\Z|\A`.*`\Z")
"""What a cell may hold that no line is trusted with."""


@pytest.fixture(scope="module")
def naughty() -> list[str]:
    """Strings that break software, where a folder of reference data is at hand."""
    folder = os.environ.get("DTSEN_REFERENCE_DATA")
    if not folder or not Path(folder, "naughty-strings", "blns.json").is_file():
        pytest.skip("DTSEN_REFERENCE_DATA names no folder with naughty-strings/blns.json")
    found: list[str] = json.loads(Path(folder, "naughty-strings", "blns.json").read_text(encoding="utf-8"))
    return found


def test_naughty_strings_are_read_as_they_are_or_their_lines_are_damaged(naughty: list[str]) -> None:
    """In the middle, at the beginning and at the end of a line; always quoted, and quoted only where it must be."""
    assert len(naughty) > 400
    damaged = set()
    for text, place, quoting in itertools.product(naughty, range(3), (csv.QUOTE_ALL, csv.QUOTE_MINIMAL)):
        record = ["a", "b", "c"]
        record[place] = text
        buffer = io.StringIO()
        csv.writer(buffer, lineterminator="\n", quoting=quoting).writerows([["p", "q", "r"], record, ["s", "t", "u"]])
        reading = intake._reading(judge(buffer.getvalue().encode(), Dialect(",", 3)), 2, shaped(), TOKEN)
        if reading.damaged.is_empty():
            assert rows(reading) == [("p", "q", "r"), tuple(record), ("s", "t", "u")]
        else:
            damaged.add(text)
            assert rows(reading) == [("p", "q", "r"), ("s", "t", "u")]
    assert all(REFUSED.search(text) for text in damaged)


def test_no_naughty_string_is_repeated_in_a_message(naughty: list[str]) -> None:
    for text in naughty:
        line = text.replace("\n", " ")
        for data in (f"{line}\na,b,c\n", f"satu,{line},tiga\n", f"satu,dua,tiga\n{line}\n", f"{line}"):
            try:
                read(data)
            except DtsenError as error:
                assert len(text) < 8 or text not in str(error)  # noqa: PT017 - most are refused, a few are read


def test_a_header_with_a_form_s_groups_is_known_again() -> None:
    profile = replace(shaped(), groups=("bagian",))
    head = "bagian-satu,dua,bagian/tiga\n"
    found = intake.read((head + "a,b,c\n" * 9 + head).encode(), profile, TOKEN)
    assert (found.rows.height, found.rows.columns[2:]) == (9, list(HEADER))
    assert found.damaged.rows() == [(TOKEN, 11, "E_LINE_HEADER")]
