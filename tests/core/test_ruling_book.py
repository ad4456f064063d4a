"""Which rows of a decision file are decisions, and what is said of the others; never what stands in them."""

from collections.abc import Callable, Iterator, Sequence
from datetime import date

import pytest

from dtsen_pipeline.core.ruling_book import Filled, rows_of_book, rows_of_text, ruling_of, sorted_out
from dtsen_pipeline.core.rulings import COLUMNS, PERSONS, VISITS, Ruling, case_of
from dtsen_pipeline.core.sheets import Row, SheetHead
from dtsen_pipeline.schemas.errors import DtsenError

KEY, TODAY, TOKEN = b"k" * 32, date(2026, 10, 5), "0" * 12
A, B = "a" * 32, "b" * 32
PAIR = case_of(PERSONS, A, B)
CALLS = case_of(VISITS, "c1-2", "c1-3", "dwelling")
GOOD = {
    "kasus": PAIR.number(KEY),
    "jenis": PERSONS,
    "pihak_a": A,
    "pihak_b": B,
    "kelompok": "",
    "putusan": "sama",
    "tanggal_putusan": "2026-10-01",
    "peninjau": "p-1",
    "bukti": "KTP-el",
    "catatan": "",
}
NUMBER = "3571019901999998"


def row(line: int = 2, **cells: str) -> Filled:
    """A filled row, good but for what is named."""
    return Filled(1, line, GOOD | cells)


def read(one: Filled) -> Ruling:
    """The decision of a row."""
    return ruling_of(one, KEY, TODAY)


def test_a_row_is_a_decision_of_whoever_reviewed() -> None:
    expected = Ruling(PAIR, "2026-10-01", "sama", "P-1", "KTP-el", "")
    assert read(row()) == expected
    calls = {"kasus": CALLS.number(KEY), "jenis": VISITS, "pihak_a": "c1-2", "pihak_b": "c1-3", "kelompok": "dwelling"}
    assert read(row(**calls, putusan="pilih_b")).case == CALLS
    assert read(row(putusan="catatan", bukti="", catatan="tanya lagi")).note == "tanya lagi"


@pytest.mark.parametrize(
    ("cells", "code", "column"),
    [
        ({"kasus": "0" * 16}, "E_DECISION_CASE", "kasus"),
        ({"pihak_a": "c" * 32}, "E_DECISION_CASE", "kasus"),
        ({"pihak_a": B, "pihak_b": A}, "E_DECISION_CASE", "kasus"),
        ({"kelompok": "dwelling"}, "E_DECISION_CASE", "kasus"),
        ({"jenis": VISITS}, "E_DECISION_CASE", "kasus"),
        ({"putusan": "pilih_a"}, "E_DECISION_ANSWER", "putusan"),
        ({"putusan": NUMBER}, "E_DECISION_ANSWER", "putusan"),
        ({"peninjau": ""}, "E_DECISION_REVIEWER", "peninjau"),
        ({"tanggal_putusan": ""}, "E_DECISION_DAY", "tanggal_putusan"),
        ({"tanggal_putusan": "1/10/2026"}, "E_DECISION_DAY", "tanggal_putusan"),
        ({"tanggal_putusan": "2026-02-30"}, "E_DECISION_DAY", "tanggal_putusan"),
        ({"tanggal_putusan": "2026-10-06"}, "E_DECISION_DAY", "tanggal_putusan"),
        ({"bukti": ""}, "E_DECISION_EVIDENCE", "bukti"),
        ({"catatan": f"{NUMBER}\x07"}, "E_DECISION_CELL", "catatan"),
    ],
)
def test_a_row_that_is_no_decision_is_told_by_its_place(cells: dict[str, str], code: str, column: str) -> None:
    found, problems = sorted_out([row(2, **cells), row(3, peninjau="P-2")], read, {A, B}.__contains__, [])
    assert [one.reviewer for one in found] == ["P-2"]
    assert [(one.code, one.line, one.column) for one in problems] == [(code, 2, column)]
    assert NUMBER not in str(problems)


def test_a_decision_about_somebody_unknown_is_not_taken() -> None:
    found, problems = sorted_out([row(2), row(3, peninjau="P-2")], read, {A}.__contains__, [])
    assert not found
    assert [(one.code, one.line, one.column) for one in problems] == [
        ("E_DECISION_ENTITY", 2, "pihak_b"),
        ("E_DECISION_ENTITY", 3, "pihak_b"),
    ]


def _contradicting(rows: Sequence[Filled], past: Sequence[Ruling] = ()) -> tuple[list[str], list[int | None]]:
    found, problems = sorted_out(rows, read, {A, B}.__contains__, past)
    assert {one.code for one in problems} <= {"E_DECISION_CONTRADICTS"}
    return [f"{one.reviewer} {one.answer}" for one in found], [one.line for one in problems]


def test_one_reviewer_with_two_answers_on_one_day_has_decided_nothing() -> None:
    both = [row(2), row(3, putusan="beda"), row(4, putusan="catatan"), row(5, peninjau="P-2", putusan="beda")]
    assert _contradicting(both) == (["P-1 catatan", "P-2 beda"], [2, 3])
    assert _contradicting([row(2), row(3, putusan="beda", tanggal_putusan="2026-10-02")]) == (
        ["P-1 sama", "P-1 beda"],
        [],
    )


def test_an_answer_against_an_earlier_file_is_not_taken_and_the_same_one_is() -> None:
    past = [read(row())]
    assert _contradicting([row(2, putusan="beda")], past) == ([], [2])
    assert _contradicting([row(2), row(3, putusan="beda")], past) == (["P-1 sama"], [3])


def test_a_csv_file_is_read_line_by_line() -> None:
    told = {**GOOD, "catatan": "=1+1", "isi_a": NUMBER}
    lines = [",".join(told), ",".join(told.values()), ",".join("" if name == "putusan" else "x" for name in told)]
    found = rows_of_text("\n".join(lines).encode(), TOKEN)
    assert [(one.sheet, one.line, one.cells) for one in found] == [(0, 2, {name: told[name] for name in COLUMNS})]


@pytest.mark.parametrize("data", [b"", b"\xff\xfe", b"kasus;putusan\n", b'kasus,"putusan\n', b"kasus,kasus,putusan\n"])
def test_another_file_is_refused(data: bytes) -> None:
    with pytest.raises(DtsenError, match=r"^E_DECISION_BOOK"):
        rows_of_text(data, TOKEN)


class _Book:
    """A workbook of one sheet for people and one for answers."""

    def __init__(
        self, cells: Sequence[str], kinds: str, *, is_hidden: bool = False, head: Sequence[str] = COLUMNS
    ) -> None:
        self.sheets = [
            SheetHead("Petunjuk", is_hidden=False, row=1, cells=("baca",)),
            SheetHead("Kasus", is_hidden, 1, tuple(head)),
        ]
        self.lines = [Row(1, list(head), "t" * len(head)), Row(4, list(cells), kinds)]

    def heads(self) -> list[SheetHead]:
        """Both sheets."""
        return self.sheets

    def rows(self, place: int) -> Iterator[Row]:
        """The rows of the second."""
        return iter(self.lines if place else [])


def test_a_day_that_a_spreadsheet_typed_is_a_day_and_an_error_is_nothing() -> None:
    cells = [*GOOD.values()]
    cells[COLUMNS.index("tanggal_putusan")] = "2026-10-01T00:00:00"
    cells[COLUMNS.index("bukti")] = "#REF!"
    kinds = "".join({"tanggal_putusan": "d", "bukti": "e"}.get(name, "t") for name in COLUMNS)
    (found,) = rows_of_book(_Book(cells, kinds), TOKEN)
    assert (found.sheet, found.line, found.cells["tanggal_putusan"], found.cells["bukti"]) == (2, 4, "2026-10-01", "")


@pytest.mark.parametrize(
    ("book", "code"),
    [
        (lambda: _Book(["x"], "t", is_hidden=True), "E_SHEET_HIDDEN"),
        (lambda: _Book(["x"], "t", head=["kasus", "nama"]), "E_DECISION_BOOK"),
        (lambda: _Book(["x"], "t", head=["kasus", "putusan"]), "E_DECISION_BOOK"),
    ],
)
def test_another_workbook_is_refused(book: Callable[[], _Book], code: str) -> None:
    with pytest.raises(DtsenError, match=code):
        rows_of_book(book(), TOKEN)
