"""The files of an input list read from the vault: rows by table, damaged lines, and what corrections correct."""

from dataclasses import dataclass

import polars as pl

from dtsen_pipeline.core.corrections import TIES, profile_named, ties
from dtsen_pipeline.core.engine import Engine
from dtsen_pipeline.core.flow import Received
from dtsen_pipeline.core.inputs import InputList
from dtsen_pipeline.core.translate import filled
from dtsen_pipeline.resources.delivery import read
from dtsen_pipeline.resources.platform import Platform
from dtsen_pipeline.resources.rulings import rulings_of
from dtsen_pipeline.schemas.tables import INPUT_TABLES

KEY = {"src": pl.String, "row": pl.Int64}
DAMAGED = KEY | {"reasons": pl.String, "sumber": pl.String}


@dataclass(frozen=True)
class TableReading:
    """What the files of a list bring for one table.

    `rows`: src, row and every delivered column as text; `damaged`: as `DAMAGED`; `ties`: as `corrections.TIES`.
    """

    rows: pl.DataFrame
    damaged: pl.DataFrame
    ties: pl.DataFrame


def read_table(platform: Platform, table: str, inputs: InputList) -> TableReading:
    """Read every file of the list that brings rows of `table`, in the order of the list."""
    rows, damaged = [filled(pl.DataFrame(schema=KEY), table)], [pl.DataFrame(schema=DAMAGED)]
    tied = [pl.DataFrame(schema=dict(TIES))]
    for source in inputs.of(table):
        reading = read(platform, source.sha256, profile_named(source.profile))
        rows.append(filled(reading.rows, table))
        damaged.append(reading.damaged.with_columns(sumber=pl.lit(table)))
        if source.corrects:
            tied.append(ties(reading.rows))
    return TableReading(pl.concat(rows), pl.concat(damaged), pl.concat(tied))


def received(platform: Platform, inputs: InputList, engine: Engine) -> Received:
    """Everything that an input list names, as frames of an engine."""
    found = {table: read_table(platform, table, inputs) for table in INPUT_TABLES}
    return Received(
        rows={table: engine.load(one.rows) for table, one in found.items()},
        damaged=engine.load(pl.concat([one.damaged for one in found.values()])),
        ties=engine.load(pl.concat([one.ties for one in found.values()])) if inputs.has_corrections else None,
        rulings=rulings_of(platform, inputs.rulings),
    )
