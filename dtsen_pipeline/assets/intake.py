"""Stage 1: every accepted file read exactly, as text with its file and physical row number."""

from collections.abc import Iterator
from typing import Any

import dagster as dg
import polars as pl

from dtsen_pipeline.assets.stage import INPUTS, SESSION, WEEKS, frames, outs, session_of, told
from dtsen_pipeline.core.inputs import InputList
from dtsen_pipeline.resources.readings import read_table
from dtsen_pipeline.schemas.tables import INPUT_TABLES


@dg.multi_asset(
    outs=outs(
        "intake",
        {table: f"Baris {table} sebagaimana diterima." for table in INPUT_TABLES}
        | {"damaged": "Baris rusak beserta alasannya.", "ties": "Baris koreksi dan baris yang dikoreksinya."},
    ),
    ins=INPUTS,
    partitions_def=WEEKS,
    required_resource_keys=SESSION,
    name="intake",
)
@told
def intake(context: dg.AssetExecutionContext, inputs: InputList) -> Iterator[dg.MaterializeResult[Any]]:
    """Read the files of the frozen list from the vault."""
    session = session_of(context)
    damaged, ties = [], []
    for table in INPUT_TABLES:
        found = read_table(session.platform, table, inputs)
        damaged.append(found.damaged)
        ties.append(found.ties)
        yield from frames("intake", {table: session.engine.load(found.rows)})
    yield from frames("intake", {"damaged": session.engine.load(pl.concat(damaged))})
    yield from frames("intake", {"ties": session.engine.load(pl.concat(ties))})
