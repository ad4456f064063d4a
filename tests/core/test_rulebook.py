"""The rule book says of every rule what the rule itself reads, and leaves none out."""

from datetime import date

import narwhals as nw
import polars as pl
import pytest
from polars.exceptions import ColumnNotFoundError

from dtsen_pipeline.core.entities import ID_NAME
from dtsen_pipeline.core.normalise import UNREADABLE, normalise
from dtsen_pipeline.core.officers import Term
from dtsen_pipeline.core.rulebook import TIED, rulebook
from dtsen_pipeline.core.rules.context import Context
from dtsen_pipeline.core.validate import predicates
from dtsen_pipeline.reference import city
from dtsen_pipeline.schemas.reasons import ROW_REASONS, reason_of
from dtsen_pipeline.schemas.tables import FAMILY, INPUT_TABLES, MEMBER, tables
from tests.core.rows import texts

COUNTS = {"card_rows", "nik_rows", "person_rows"}
STANDS_FOR = {"nama": ID_NAME}


def test_every_finding_about_rows_is_in_the_book() -> None:
    assert {rule.reason for rule in rulebook()} == set(ROW_REASONS)


def test_every_rule_names_columns_of_its_table_or_of_the_members_beside_it() -> None:
    beside = {FAMILY: tables()[MEMBER].names}
    for rule in rulebook():
        assert rule.columns
        assert set(rule.columns) <= {*tables()[rule.table].names, *beside.get(rule.table, ())}
        assert len(set(rule.columns)) == len(rule.columns)


@pytest.mark.parametrize("name", INPUT_TABLES)
def test_a_rule_compares_the_columns_it_says(name: str) -> None:
    """Evaluated on its declared columns alone it works; without any one of them it does not."""
    table = tables()[name]
    records = normalise(nw.from_native(texts(name, [{}]).lazy()), table, city()).with_columns(
        **{count: nw.lit(1) for count in COUNTS}
    )
    context = Context(
        city(),
        {"a" * 12: date(2026, 7, 1)},
        batch_ends={"a" * 12: date(2026, 7, 5)},
        officers=(Term("P1", 1, "2026-01-01"),),
    )
    for finding, broken in predicates(table, context).items():
        reason, column = reason_of(finding)
        if column:
            continue
        for left_out in (None, *reason.reads):
            kept = {"src", "row", UNREADABLE, ID_NAME, *COUNTS, *reason.reads} - {
                left_out,
                STANDS_FOR.get(left_out or ""),
            }
            present = [column for column in records.collect_schema().names() if column in kept]
            asked = records.select(present).select(broken)
            if left_out is None:
                assert isinstance(asked.collect().to_native(), pl.DataFrame)
            elif not _is_counted(reason.code, left_out):
                with pytest.raises((ColumnNotFoundError, nw.exceptions.ColumnNotFoundError)):
                    asked.collect()


def _is_counted(code: str, column: str) -> bool:
    """How often a row's key occurs is counted before the rule reads it."""
    return code.endswith("_TWICE") and column != "nomor_induk_kependudukan"


def test_what_identity_gives_is_no_row_rule() -> None:
    given = {
        reason_of(finding)[0].code for name in INPUT_TABLES for finding in predicates(tables()[name], Context(city()))
    }
    assert not given & set(TIED)
