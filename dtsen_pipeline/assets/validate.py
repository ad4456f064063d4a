"""Stages 3 and 4: findings by row rule, and the rejected rows. Counts per rule are shown, never a value."""

from collections.abc import Iterator
from typing import Any

import dagster as dg

from dtsen_pipeline.assets.stage import INPUTS, SESSION, WEEKS, frames, ins, outs, session_of, told
from dtsen_pipeline.core.engine import Frame
from dtsen_pipeline.core.flow import Checked, check_all
from dtsen_pipeline.core.inputs import InputList
from dtsen_pipeline.schemas.tables import INPUT_TABLES

NAMES = {table: f"Temuan pada {table}." for table in INPUT_TABLES} | {
    "rejected": "Baris yang ditolak beserta alasannya.",
    "households": "Peringatan antara keluarga dan anggotanya.",
}


@dg.multi_asset(
    outs=outs("checked", NAMES),
    ins=INPUTS | ins("records", *INPUT_TABLES) | ins("intake", "damaged"),
    partitions_def=WEEKS,
    required_resource_keys=SESSION,
    name="validate",
)
@told
def validate(
    context: dg.AssetExecutionContext, inputs: InputList, intake_damaged: Frame, **records: Frame
) -> Iterator[dg.MaterializeResult[Any]]:
    """Check every table."""
    engine = session_of(context).engine
    checked = check_all(tabled("records", records), intake_damaged, inputs, engine)
    yield from frames("checked", dict(checked.by_table))
    yield from frames("checked", {"rejected": checked.rejected, "households": checked.households})


def tabled(stage: str, given: dict[str, Frame]) -> dict[str, Frame]:
    """Frames that came as `stage_table` by table."""
    return {name.removeprefix(f"{stage}_"): frame for name, frame in given.items()}


def checked_of(given: dict[str, Frame]) -> Checked:
    """The findings, read back."""
    found = tabled("checked", given)
    rejected, households = found.pop("rejected"), found.pop("households")
    return Checked(by_table=found, rejected=rejected, households=households)
