"""Stage 2: records, the same rows with canonical values."""

from collections.abc import Iterator
from typing import Any

import dagster as dg

from dtsen_pipeline.assets.stage import INPUTS, SESSION, WEEKS, Origin, frames, ins, outs, told
from dtsen_pipeline.core.engine import Frame
from dtsen_pipeline.core.flow import records_of
from dtsen_pipeline.core.inputs import InputList
from dtsen_pipeline.schemas.tables import INPUT_TABLES, delivered, tables


@dg.multi_asset(
    outs=outs("records", {table: f"Nilai baku {table}." for table in INPUT_TABLES}),
    ins=INPUTS | ins("intake", *INPUT_TABLES),
    partitions_def=WEEKS,
    required_resource_keys=SESSION,
    name="normalise",
)
@told
def normalise(
    context: dg.AssetExecutionContext, inputs: InputList, **intake: Frame
) -> Iterator[dg.MaterializeResult[Any]]:
    """Normalise every table."""
    values = {table: records_of(intake[f"intake_{table}"], table, inputs) for table in INPUT_TABLES}
    yield from frames("records", values, {table: [_origin(table)] for table in INPUT_TABLES})


def _origin(table: str) -> Origin:
    """A record's column comes from the delivered column of its name, a region's name from its code."""
    declared = tables()[table]
    return Origin(
        asset=("intake", table),
        columns=frozenset(delivered(declared)) | {"src", "row"},
        renamed={column.name: column.comes_from for column in declared.columns if column.comes_from},
    )
