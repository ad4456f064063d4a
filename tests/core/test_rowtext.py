"""The canonical text of a row: different for different rows, the same for the same row, and never of a float."""

from collections.abc import Sequence
from datetime import date

import narwhals as nw
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dtsen_pipeline.core.rowtext import row_text

CELL = st.one_of(st.none(), st.text(st.sampled_from("~:01 2aé|𐐀"), max_size=4))
ROW = st.tuples(CELL, CELL, CELL)


def text_of(rows: Sequence[tuple[object, ...]], **types: object) -> list[str]:
    frame = nw.from_native(pl.DataFrame(rows, schema=types, orient="row"))  # type: ignore[arg-type]
    found: list[str] = frame.select(text=row_text(frame.schema, list(types)))["text"].to_list()
    return found


@settings(deadline=None, max_examples=60)
@given(st.lists(ROW, min_size=2, max_size=30))
def test_different_rows_have_different_texts(rows: list[tuple[str | None, ...]]) -> None:
    texts = text_of(rows, a=pl.String, b=pl.String, c=pl.String)
    assert None not in texts
    assert len(set(texts)) == len(set(rows))


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (("ab", ""), ("a", "b")),
        ((None, "a"), ("a", None)),
        (("", None), (None, "")),
        (("~", None), (None, "~")),
        (("1:a", ""), ("", "1:a")),
        (("a0:", ""), ("a", "0:")),
    ],
)
def test_no_cell_flows_into_the_next(one: tuple[str, str], other: tuple[str, str]) -> None:
    first, second = text_of([one, other], a=pl.String, b=pl.String)
    assert first != second


def test_each_type_has_one_text() -> None:
    row = (date(2026, 7, 1), -12, True, "é", None)
    types = {"d": pl.Date, "i": pl.Int64, "t": pl.Boolean, "s": pl.String, "n": pl.Int64}
    assert text_of([row], **types) == ["10:2026-07-013:-121:11:é~"]
    assert text_of([(False, None)], a=pl.Boolean, b=pl.Boolean) == ["1:0~"]
    assert text_of([(7,)], a=pl.Int32) == text_of([(7,)], a=pl.Int64)


@pytest.mark.parametrize("dtype", [pl.Float64, pl.Float32, pl.Datetime])
def test_floats_and_clocks_have_none(dtype: pl.DataType) -> None:
    with pytest.raises(TypeError, match="no canonical text"):
        text_of([(None,)], a=dtype)
