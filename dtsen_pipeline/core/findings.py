"""Rejected and warned rows: the findings of intake, validate and identity gathered, one row per input row."""

from collections.abc import Mapping

import narwhals as nw

from dtsen_pipeline.core.engine import Engine, Frame
from dtsen_pipeline.core.rows import ROW

SOURCE = "sumber"


def rejected(damaged: Frame, checked: Mapping[str, Frame]) -> Frame:
    """src, row, sumber, reasons, resolved_by of damaged lines and of rows that break a hard rule."""
    parts = [damaged.select(*ROW, SOURCE, "reasons")]
    for table, found in checked.items():
        hard = found.filter(~nw.col("reasons").is_null())
        parts.append(hard.select(*ROW, nw.lit(table).alias(SOURCE), "reasons"))
    return nw.concat(parts).with_columns(resolved_by=nw.lit(None, dtype=nw.String))


def joined(first: Frame, second: Frame) -> Frame:
    """Two findings of one table as one, a row each: src, row, reasons, warnings."""
    rows = nw.concat([first.select(*ROW), second.select(*ROW)]).unique()
    both = rows.join(first, on=list(ROW), how="left").join(
        second.select(*ROW, more="reasons", also="warnings"), on=list(ROW), how="left"
    )
    return both.select(*ROW, reasons=_together("reasons", "more"), warnings=_together("warnings", "also"))


def _together(first: str, second: str) -> nw.Expr:
    text = nw.concat_str(nw.col(first), nw.col(second), separator="|", ignore_nulls=True)
    return nw.when(text != "").then(text)


def warned(warnings: list[Frame], unused: Frame, engine: Engine) -> Frame:
    """src, row, sumber, warnings of all rows but the unused; each frame brings these columns, one row a row."""
    kept = [frame.filter(~nw.col("warnings").is_null()) for frame in warnings]
    rows = nw.concat([frame.select(*ROW, SOURCE) for frame in kept]).unique()
    joined = rows.join(unused, on=list(ROW), how="anti")
    names = []
    for number, frame in enumerate(kept):
        names.append(f"warnings_{number}")
        joined = joined.join(frame.select(*ROW, nw.col("warnings").alias(names[-1])), on=list(ROW), how="left")
    texts = nw.concat_str(*(nw.col(name) for name in names), separator="|", ignore_nulls=True)
    return engine.checkpoint(joined.select(*ROW, SOURCE, warnings=texts))


def sourced(found: Frame, table: str) -> Frame:
    """The warnings of one table's findings with the table's name."""
    return found.select(*ROW, nw.lit(table).alias(SOURCE), "warnings")
