"""Findings of all stages gathered: one row per rejected row, and one per row in use that warned."""

import polars as pl

from dtsen_pipeline.core.engine import Engine, Frame
from dtsen_pipeline.core.findings import joined, rejected, sourced, warned

TEXT = dict.fromkeys(("reasons", "warnings"), pl.String)


def found(engine: Engine, *rows: tuple[str, int, str | None, str | None]) -> Frame:
    return engine.load(pl.DataFrame(rows, schema={"src": pl.String, "row": pl.Int64, **TEXT}, orient="row"))


def test_damaged_lines_and_broken_rows_are_rejected_together(engine: Engine) -> None:
    types = {"src": pl.String, "row": pl.Int64, "sumber": pl.String, "reasons": pl.String}
    damaged = engine.load(pl.DataFrame([("a", 9, "keluarga", "E_LINE_WIDTH")], schema=types, orient="row"))
    checked = {
        "keluarga": found(engine, ("a", 2, "E_RANGE:luas_lantai", "W_KK_TWICE"), ("a", 3, None, "W_KK_TWICE")),
        "anggota": found(engine, ("b", 2, "E_NIK_FORMAT:x|E_DATE:y", None)),
    }
    rows = engine.fetch(rejected(damaged, checked)).sort("src", "row")
    assert rows.columns == ["src", "row", "sumber", "reasons", "resolved_by"]
    assert rows.rows() == [
        ("a", 2, "keluarga", "E_RANGE:luas_lantai", None),
        ("a", 9, "keluarga", "E_LINE_WIDTH", None),
        ("b", 2, "anggota", "E_NIK_FORMAT:x|E_DATE:y", None),
    ]


def test_warnings_of_several_rules_are_joined_and_rejected_rows_left_out(engine: Engine) -> None:
    rules = found(
        engine, ("a", 2, None, "W_X|W_Y"), ("a", 3, "E_Z", "W_X"), ("a", 4, None, None), ("a", 5, None, "W_X")
    )
    households = found(engine, ("a", 2, None, "W_HEAD_COUNT"), ("a", 6, None, "W_FAMILY_EMPTY"))
    refused = found(engine, ("a", 3, "E_Z", None))
    rows = engine.fetch(warned([sourced(rules, "keluarga"), sourced(households, "keluarga")], refused, engine)).sort(
        "row"
    )
    assert rows.rows() == [
        ("a", 2, "keluarga", "W_X|W_Y|W_HEAD_COUNT"),
        ("a", 5, "keluarga", "W_X"),
        ("a", 6, "keluarga", "W_FAMILY_EMPTY"),
    ]


def test_two_findings_of_one_table_become_one_row_a_row(engine: Engine) -> None:
    first = found(engine, ("a", 2, "E_X", "W_X"), ("a", 3, None, "W_X"), ("a", 4, "E_X", None))
    second = found(engine, ("a", 2, "E_Z", None), ("a", 3, "E_Z", None), ("a", 5, "E_Z", None))
    rows = engine.fetch(joined(first, second)).sort("row")
    assert rows.columns == ["src", "row", "reasons", "warnings"]
    assert rows.rows() == [
        ("a", 2, "E_X|E_Z", "W_X"),
        ("a", 3, "E_Z", "W_X"),
        ("a", 4, "E_X", None),
        ("a", 5, "E_Z", None),
    ]
