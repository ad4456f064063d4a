"""Structural blanks: a cell that its gate closes says "there is none". An open gate leaves a blank unasked.

A questionnaire asks some columns only after certain answers to another (the kind of closet only where there is a
toilet). Which column is a gate of which is declared in the schema.
"""

import narwhals as nw

from dtsen_pipeline.core.engine import NUMBER, Frame
from dtsen_pipeline.core.subject import Subject
from dtsen_pipeline.schemas.columns import CLEARED, Gate


def with_closed(rows: Frame, subject: Subject) -> Frame:
    """`rows` with "there is none" in every blank cell that the row's own answer to its gate closes."""
    return rows.with_columns(
        _closed(nw.col(column.name), column.gate).alias(column.name) for column in subject.merged if column.gate
    )


def _closed(cell: nw.Expr, gate: Gate) -> nw.Expr:
    is_closed = cell.is_null() & nw.col(gate.column).is_in(list(gate.closed_by))
    return nw.when(is_closed).then(nw.lit(CLEARED, dtype=NUMBER)).otherwise(cell)
