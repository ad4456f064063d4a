"""What became of every input row: exactly one fate each, found by joins that do not use the merge's own sums."""

from collections.abc import Mapping, Sequence

import narwhals as nw

from dtsen_pipeline.core.engine import Engine, Frame
from dtsen_pipeline.core.rows import ROW
from dtsen_pipeline.schemas.errors import DtsenError
from dtsen_pipeline.schemas.release import WINNING
from dtsen_pipeline.schemas.tables import SNAPSHOT_TABLES

CONTRIBUTING = (*WINNING, "confirmed")


def fates(
    received: Mapping[str, Frame],
    rejected: Frame,
    aside: Frame,
    published: Sequence[Frame],
    lineage: Frame,
    engine: Engine,
) -> Frame:
    """src, row, sumber, fate, reason for every received row.

    `received`: src, row of every line of every input table, damaged ones included; `rejected`, `aside`: rows
    with their reasons; `published`: release tables with base pointers; `lineage`: as published.
    """
    rows = nw.concat([frame.select(*ROW, sumber=nw.lit(table)) for table, frame in received.items()])
    base = nw.concat([frame.select(*ROW) for frame in published]).with_columns(is_base=nw.lit(value=True))
    worked = (
        lineage.filter(nw.col("decision").is_in(CONTRIBUTING))
        .select(*ROW)
        .unique()
        .with_columns(has_worked=nw.lit(value=True))
    )
    told = nw.concat(
        [
            rejected.select(*ROW, told=nw.lit("rejected"), reason="reasons"),
            aside.select(*ROW, "reason", told="fate").select(*ROW, "told", "reason"),
        ]
    )
    joined = rows.join(told, on=list(ROW), how="left")
    joined = joined.join(base, on=list(ROW), how="left").join(worked, on=list(ROW), how="left")
    is_snapshot = nw.col("sumber").is_in(list(SNAPSHOT_TABLES))
    as_base = nw.when(nw.col("is_base") & is_snapshot).then(nw.lit("base"))
    as_worker = nw.when(nw.col("has_worked")).then(nw.lit("contributed"))
    fate = nw.coalesce(nw.col("told"), as_base, as_worker, nw.lit("superseded"))
    return engine.checkpoint(joined.select(*ROW, "sumber", fate.alias("fate"), "reason"))


def check_fates(received: Mapping[str, Frame], found: Frame, engine: Engine) -> None:
    """Raise E_FATES unless every received row has exactly one fate and no other row has any."""
    sent = nw.concat([frame.select(*ROW) for frame in received.values()])
    rows_sent = engine.fetch(sent.select(nw.len().alias("rows"))).item()
    rows_found = engine.fetch(found.select(nw.len().alias("rows"))).item()
    distinct = engine.fetch(found.select(*ROW).unique().select(nw.len().alias("rows"))).item()
    strangers = engine.fetch(found.join(sent, on=list(ROW), how="anti").select(nw.len().alias("rows"))).item()
    if not rows_sent == rows_found == distinct or strangers:
        raise DtsenError(
            "E_FATES",
            f"{rows_sent} rows came in, {rows_found} fates were found for {distinct} rows, "
            f"{strangers} of them for rows that never came; nothing is published",
        )
