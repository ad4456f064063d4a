"""Stages 3 and 4: findings by row rule, and the rejected rows. Counts per rule are shown, never a value."""

from collections.abc import Iterator
from typing import Any

import dagster as dg
import polars as pl

from dtsen_pipeline.assets.stage import INPUTS, SESSION, WEEKS, frames, ins, outs, session_of, told
from dtsen_pipeline.core.engine import Frame
from dtsen_pipeline.core.flow import Checked, check_all
from dtsen_pipeline.core.inputs import InputList
from dtsen_pipeline.schemas.reasons import reason_of
from dtsen_pipeline.schemas.tables import INPUT_TABLES

NAMES = {table: f"Temuan pada {table}." for table in INPUT_TABLES} | {
    "rejected": "Baris yang ditolak beserta alasannya.",
    "aside": "Kiriman yang belum disetujui, dan versi kiriman yang digantikan atau berulang.",
    "households": "Peringatan antara keluarga dan anggotanya.",
    "numbers": "Peringatan antara NIK beberapa anggota.",
}


@dg.multi_asset(
    outs=outs("checked", NAMES),
    ins=INPUTS | ins("records", *INPUT_TABLES) | ins("intake", "damaged", "ties"),
    partitions_def=WEEKS,
    required_resource_keys=SESSION,
    name="validate",
)
@told
def validate(
    context: dg.AssetExecutionContext, inputs: InputList, intake_damaged: Frame, intake_ties: Frame, **records: Frame
) -> Iterator[dg.MaterializeResult[Any]]:
    """Check every table."""
    engine = session_of(context).engine
    ties = intake_ties if inputs.has_corrections else None
    checked = check_all(tabled("records", records), intake_damaged, inputs, engine, ties)
    for table, found in checked.by_table.items():
        counts = rule_counts(engine.fetch(found))
        yield from frames("checked", {table: found}, facts={"rules": dg.MetadataValue.md(rule_table(counts))})
    between = {
        "rejected": checked.rejected,
        "aside": checked.aside,
        "households": checked.households,
        "numbers": checked.numbers,
    }
    yield from frames("checked", between)


def rule_counts(found: pl.DataFrame) -> dict[str, int]:
    """How many rows broke each rule, by its code (and column)."""
    codes = pl.concat([found["reasons"], found["warnings"]]).drop_nulls().str.split("|").explode()
    counted = codes.value_counts().sort(["count", codes.name], descending=[True, False])
    return dict(counted.iter_rows())


def rule_table(counts: dict[str, int]) -> str:
    """The counts for people, with each rule's Indonesian text."""
    lines = [f"| {count} | {code} | {reason_of(code)[0].id} |" for code, count in counts.items()]
    return "\n".join(["| baris | aturan | arti |", "|---|---|---|", *lines])


def tabled(stage: str, given: dict[str, Frame]) -> dict[str, Frame]:
    """Frames that came as `stage_table` by table."""
    return {name.removeprefix(f"{stage}_"): frame for name, frame in given.items()}


def checked_of(given: dict[str, Frame]) -> Checked:
    """The findings, read back."""
    found = tabled("checked", given)
    between = {name: found.pop(name) for name in ("rejected", "aside", "households", "numbers")}
    return Checked(by_table=found, **between)
