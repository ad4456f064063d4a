"""Stage 1: every accepted file read exactly, as text with its file and physical row number."""

from collections.abc import Iterator
from typing import Any

import dagster as dg
import polars as pl

from dtsen_pipeline.assets.stage import INPUTS, SESSION, WEEKS, frames, outs, session_of, told
from dtsen_pipeline.core.inputs import InputList
from dtsen_pipeline.core.intake import read
from dtsen_pipeline.reference import profiles
from dtsen_pipeline.resources.session import Session
from dtsen_pipeline.schemas.tables import INPUT_TABLES, delivered, tables

DAMAGED = {"src": pl.String, "row": pl.Int64, "reasons": pl.String, "sumber": pl.String}


@dg.multi_asset(
    outs=outs(
        "intake",
        {table: f"Baris {table} sebagaimana diterima." for table in INPUT_TABLES}
        | {"damaged": "Baris rusak beserta alasannya."},
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
    damaged = [pl.DataFrame(schema=DAMAGED)]
    for table in INPUT_TABLES:
        rows, broken = _rows(table, inputs, session)
        damaged.append(broken)
        yield from frames("intake", {table: session.engine.load(rows)})
    yield from frames("intake", {"damaged": session.engine.load(pl.concat(damaged))})


def _rows(table: str, inputs: InputList, session: Session) -> tuple[pl.DataFrame, pl.DataFrame]:
    """All rows of a table and its damaged lines, over the files of the list."""
    schema = {"src": pl.String, "row": pl.Int64} | dict.fromkeys(delivered(tables()[table]), pl.String)
    rows, damaged = [pl.DataFrame(schema=schema)], [pl.DataFrame(schema=DAMAGED)]
    for source in inputs.of(table):
        data = session.platform.vault.read_bytes(source.sha256)
        reading = read(data, profiles()[source.profile], source.token)
        rows.append(reading.rows.select(*schema))
        damaged.append(reading.damaged.with_columns(sumber=pl.lit(table)))
    return pl.concat(rows), pl.concat(damaged)
