"""Rows as things to be named and set aside: the row key, rows sent twice, and the table of set-aside rows."""

from collections.abc import Sequence

import narwhals as nw

from dtsen_pipeline.core.engine import Engine, Frame
from dtsen_pipeline.core.rowtext import row_text
from dtsen_pipeline.schemas.tables import tables

ROW = ("src", "row")


def pointer(token: str) -> tuple[str, int]:
    """File token and line of a row's token, as `0123456789ab-17`."""
    src, _, row = token.partition("-")
    return src, int(row)


def aside(rows: Frame, table: str, fate: nw.Expr, reason: nw.Expr) -> Frame:
    """Set-aside rows: src, row, sumber, fate, reason."""
    return rows.select(*ROW, nw.lit(table).alias("sumber"), fate.alias("fate"), reason.cast(nw.String).alias("reason"))


def repeated_rows(rows: Frame, group: Sequence[str], table: str, engine: Engine, ties: Frame | None = None) -> Frame:
    """Rows that repeat the whole content of an earlier row of their group: src, row, twin ("duplicate").

    `ties` brings group columns that the rows do not have, one tie a row. Earlier means the lower (src, row).
    """
    keys = (rows if ties is None else ties).select(*ROW, *(name for name in group if name not in ROW))
    counted = keys.with_columns(times=nw.len().over(*group))
    repeated = engine.checkpoint(counted.filter(nw.col("times") > 1).drop("times"))
    names = [name for name in tables()[table].names if name in rows.collect_schema().names()]
    content = rows.join(repeated.select(*ROW), on=list(ROW), how="semi").select(
        *ROW, content=row_text(rows.collect_schema(), names)
    )
    numbered = repeated.join(content, on=list(ROW), how="inner").with_columns(
        nth=nw.col("content").cum_count().over(*group, "content", order_by=list(ROW))
    )
    return engine.checkpoint(numbered.filter(nw.col("nth") > 1).select(*ROW, twin=nw.lit("duplicate")))
