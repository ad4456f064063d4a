"""The quarantine workbook: every rejected row as delivered, faults marked, and nothing that a spreadsheet would run."""

from collections import Counter
from collections.abc import Iterator
from datetime import date, timedelta
from io import BytesIO
from typing import Any

import openpyxl
import polars as pl
import pytest
from openpyxl.cell import Cell
from openpyxl.workbook.workbook import Workbook

from dtsen_pipeline.queries.access import Look
from dtsen_pipeline.queries.labels import MASK
from dtsen_pipeline.queries.quarantine import UNDATED, Chosen, Quarantined, band_of, debt, quarantine
from dtsen_pipeline.queries.reading import View, view
from dtsen_pipeline.queries.workbook import LEADING, workbook
from dtsen_pipeline.reference import city
from dtsen_pipeline.resources.platform import Platform, opened
from dtsen_pipeline.schemas.errors import DtsenError
from dtsen_pipeline.schemas.tables import INPUT_TABLES, delivered, tables
from tests.queries.asking import looks, raw
from tests.queries.world import LOOK, NOW, OPEN, World

FAULT = "FFF8CBAD"
NASTY = (
    "=1+1",
    "+62",
    "-1",
    "@SUM(A1)",
    "3571012345679001",
    "0012",
    " dua  spasi ",
    "_x0041_",
    "http://x",
    "1,5",
    "'x",
)


@pytest.fixture(scope="module")
def rows(world: World) -> tuple[Quarantined, ...]:
    """The quarantine of the published city."""
    with opened(world.settings) as platform:
        return quarantine(platform, view(platform), OPEN)


@pytest.fixture(scope="module")
def book(rows: tuple[Quarantined, ...]) -> Workbook:
    """The workbook, as another program reads it."""
    return openpyxl.load_workbook(BytesIO(workbook(rows, "0" * 16)))


def records(book: Workbook) -> Iterator[tuple[str, dict[str, Cell]]]:
    """Every row below a heading, by the heading's names."""
    for table in set(book.sheetnames) & set(INPUT_TABLES):
        head, *below = book[table].iter_rows()
        for line in below:
            yield table, {str(name.value): cell for name, cell in zip(head, line, strict=True)}  # type: ignore[misc]


def test_every_rejected_row_stands_there_as_it_was_delivered(platform: Platform, release: View, book: Workbook) -> None:
    waiting = release.scan("rejected").filter(pl.col("resolved_by").is_null()).collect()
    expected = {f"{row['src']}-{row['row']}": row for row in waiting.iter_rows(named=True)}
    found = {str(cells["token_baris"].value): cells for _, cells in records(book)}
    assert found.keys() == expected.keys()
    assert {table for table, _ in records(book)} == {row["sumber"] for row in expected.values()}
    readable = 0
    for token, cells in found.items():
        said = {name: str(cell.value or "") for name, cell in cells.items() if name not in LEADING}
        if expected[token]["reasons"].startswith("E_LINE"):
            assert not any(said.values())
            src, row = expected[token]["src"], expected[token]["row"]
            with platform.vault.open(platform.registry.file(src).sha256) as stored:
                line = stored.read().split(b"\n")[row - 1]
            told = str(cells["alasan"].value).partition("Baris aslinya: ")[2]
            assert [piece for piece in told.split("�") if piece.encode() not in line] == []
            assert len(told) > len(line) / 2
            continue
        readable += 1
        assert said == raw(platform, expected[token]["src"], expected[token]["row"])
    assert readable > 10


def test_the_columns_at_fault_and_only_they_are_coloured(release: View, book: Workbook) -> None:
    reasons = {f"{row['src']}-{row['row']}": row["reasons"] for row in release.scan("rejected").collect().to_dicts()}
    seen = set()
    for _, cells in records(book):
        codes = reasons[str(cells["token_baris"].value)].split("|")
        columns = {code.partition(":")[2] for code in codes if ":" in code}
        assert {name for name, cell in cells.items() if cell.fill.fgColor.rgb == FAULT} == columns
        seen |= columns
    assert len(seen) > 3


def test_reasons_are_told_in_indonesian_with_the_columns_label(rows: tuple[Quarantined, ...]) -> None:
    labels = {column.name: column.label for table in tables().values() for column in table.columns}
    for row in rows:
        assert row.reasons
        assert not [reason for reason in row.reasons if reason.startswith("E_")]
        assert all(any(labels[column] in reason for reason in row.reasons) for column in row.columns)


def test_codes_have_their_drop_down(book: Workbook) -> None:
    for table in set(book.sheetnames) & set(INPUT_TABLES):
        coded = [name for name in delivered(tables()[table]) if tables()[table].column(name).codes]
        ranges = [str(one.sqref) for one in book[table].data_validations.dataValidation]
        assert len(ranges) == len(coded) > 0
        choices = {one.formula1 for one in book[table].data_validations.dataValidation}
        assert all("Kode!" in str(choice) for choice in choices)
    codes = book["Kode"]
    assert [codes.cell(1, 1).value, codes.cell(1, 2).value] != [None, None]


def test_nothing_in_it_is_a_formula_or_a_number(rows: tuple[Quarantined, ...]) -> None:
    names = delivered(tables()["keluarga"])
    cells = dict.fromkeys(names, "") | dict(zip(names, NASTY, strict=False))
    nasty = Quarantined("0" * 12 + "-2", "keluarga", "=B", "=P", "=K", None, ("=alasan",), frozenset(), cells)
    book = openpyxl.load_workbook(BytesIO(workbook([*rows, nasty], "0" * 16)))
    kinds = {cell.data_type for sheet in book for line in sheet.iter_rows() for cell in line if cell.value is not None}
    assert kinds == {"s"}
    found = [cells for _, cells in records(book) if str(cells["token_baris"].value).startswith("0" * 12)]
    assert [str(found[0][name].value) for name in names[: len(NASTY)]] == list(NASTY)


def test_rows_are_chosen_by_batch_officer_and_kelurahan(platform: Platform, release: View) -> None:
    everything = quarantine(platform, release, OPEN)
    for name in ("batch", "officer", "kelurahan"):
        values = {getattr(row, name) for row in everything} - {None}
        assert values
        one = min(values)
        chosen: Any = Chosen(**{name: one})
        found = quarantine(platform, release, OPEN, chosen)
        assert list(found) == [row for row in everything if getattr(row, name) == one]
        assert 0 < len(found) < len(everything)


def test_the_look_is_written_down_and_needs_a_purpose(platform: Platform, release: View) -> None:
    with pytest.raises(DtsenError, match="E_PURPOSE"):
        quarantine(platform, release, Look("tester", NOW, " ", is_revealed=True))
    before = len(looks(platform))
    quarantine(platform, release, OPEN)
    assert [look.action for look in looks(platform)[before:]] == ["rejected.export.reveal"]


def test_a_resolved_row_is_no_longer_asked_about(platform: Platform, release: View) -> None:
    table = release.scan("rejected").collect()
    assert table.filter(pl.col("resolved_by").is_null()).height == len(quarantine(platform, release, OPEN))


def test_debt_counts_every_row_that_waits_once(
    platform: Platform, release: View, rows: tuple[Quarantined, ...]
) -> None:
    shut, bare = debt(platform, release, LOOK), debt(platform, release, OPEN)
    assert sum(one.rows for one in shut) == sum(one.rows for one in bare) == len(rows)
    assert {one.officer for one in shut} <= {None, MASK}
    assert {one.officer for one in bare} == {row.officer for row in rows}
    assert [one.rows for one in bare] == sorted((one.rows for one in bare), reverse=True)
    places = Counter(one.kelurahan for one in bare for _ in range(one.rows))
    assert {place for place in places if place} <= set(city("3571").by_bps)
    assert places[None] == sum(row.kelurahan not in city("3571").by_bps for row in rows)


@pytest.mark.parametrize(
    ("days", "band"), [(0, "<1"), (6, "<1"), (7, "1-3"), (27, "1-3"), (28, "4-12"), (90, "4-12"), (91, ">12")]
)
def test_bands_are_whole_weeks(days: int, band: str) -> None:
    today = date(2026, 11, 24)
    assert band_of(today - timedelta(days=days), today) == band
    assert band_of(None, today) == UNDATED
