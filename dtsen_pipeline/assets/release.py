"""Stage 9: the release. Publishing calls the door itself, so launching this alone cannot get past it."""

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import dagster as dg
import polars as pl

from dtsen_pipeline.assets.stage import INPUTS, SESSION, WEEKS, ins, session_of, told
from dtsen_pipeline.core.cutoffs import cuts_of
from dtsen_pipeline.core.engine import Frame
from dtsen_pipeline.core.inputs import InputList
from dtsen_pipeline.resources.judge import render
from dtsen_pipeline.resources.publish import Attempt, Candidate, Publication, publish
from dtsen_pipeline.resources.stages import CANDIDATE
from dtsen_pipeline.schemas.errors import DtsenError
from dtsen_pipeline.schemas.reasons import reason_of
from dtsen_pipeline.schemas.release import TABLES


@dg.multi_asset(
    outs={
        "release": dg.AssetOut(
            key="release",
            group_name="release",
            dagster_type=dg.Nothing,
            description="Rilis data terverifikasi dengan silsilahnya; penunjuk pindah dalam satu transaksi.",
        )
    },
    ins=INPUTS | ins("scored", "cuts"),
    deps=[dg.AssetKey([CANDIDATE, table]) for table in TABLES],
    partitions_def=WEEKS,
    required_resource_keys=SESSION,
    name="publish",
)
@told
def release(
    context: dg.AssetExecutionContext, inputs: InputList, scored_cuts: Frame
) -> Iterator[dg.MaterializeResult[Any]]:
    """Publish the candidate, or record that nothing changed."""
    session, week = session_of(context), context.partition_key
    files = {table: session.stage_path(week, f"{CANDIDATE}/{table}") for table in TABLES}
    missing = [table for table, path in files.items() if not path.is_file()]
    if missing:
        raise DtsenError("E_NO_CANDIDATE", f"no candidate table {missing[0]} for this input list")
    candidate = Candidate(files, inputs, cuts_of(session.engine.fetch(scored_cuts)))
    run = session.started(week, session.noted_day(week))
    session.platform.registry.set_run_list(run.run_key, inputs.hash)
    session.renew()
    attempt = Attempt(run.run_key, week, run.as_of.isoformat(), datetime.now(UTC))
    done = publish(session.platform, candidate, attempt, session.engine)
    yield dg.MaterializeResult(asset_key="release", metadata=_facts(done, pl.read_parquet(files["summary"])))


def _facts(done: Publication, summary: pl.DataFrame) -> dict[str, Any]:
    facts: dict[str, Any] = {
        "status": done.status,
        "release_id": done.release_id,
        "content_root": done.content_root,
        "pointer_moved": done.moved,
        "rejected": dg.MetadataValue.md(_rejected(summary)),
    }
    if done.door is not None and done.door.verdict is not None:
        facts["door"] = dg.MetadataValue.md(render(done.door.verdict))
    if done.directory is not None:
        facts["readme"] = dg.MetadataValue.md((done.directory / "README.md").read_text())
    return facts


def _rejected(summary: pl.DataFrame) -> str:
    """Rejected rows by reason, with the reason's Indonesian text."""
    rows = summary.filter(pl.col("measure") == "ditolak").sort("count", descending=True)
    lines = ["| baris | kode | alasan |", "|---|---|---|"]
    for codes, count in rows.select("category", "count").iter_rows():
        first = codes.split("|")[0]
        lines.append(f"| {count} | {codes.replace('|', ' ')} | {reason_of(first)[0].id} |")
    return "\n".join(lines)
