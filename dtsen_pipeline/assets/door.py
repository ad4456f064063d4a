"""Stage 8: the candidate, its contract checks, and the judgement of its population."""

from collections.abc import Iterator
from typing import Any

import dagster as dg
import polars as pl

from dtsen_pipeline.assets.identity import NAMES as OBSERVED
from dtsen_pipeline.assets.identity import observations_of
from dtsen_pipeline.assets.merge import NAMES as MERGED
from dtsen_pipeline.assets.merge import merged_of, settled_of
from dtsen_pipeline.assets.score import NAMES as SCORED
from dtsen_pipeline.assets.stage import (
    INPUTS,
    SESSION,
    WEEKS,
    Origin,
    frames,
    ins,
    outs,
    session_of,
    told,
)
from dtsen_pipeline.assets.validate import NAMES as CHECKED
from dtsen_pipeline.assets.validate import tabled
from dtsen_pipeline.core.cutoffs import cuts_of
from dtsen_pipeline.core.engine import Frame
from dtsen_pipeline.core.flow import received_of, release_of
from dtsen_pipeline.core.inputs import InputList
from dtsen_pipeline.core.score import Scored
from dtsen_pipeline.reference import city
from dtsen_pipeline.resources.door import judged, unacceptable, unproved
from dtsen_pipeline.resources.judge import render
from dtsen_pipeline.resources.proof import prove
from dtsen_pipeline.resources.readme import MEANINGS
from dtsen_pipeline.resources.session import Session, telling
from dtsen_pipeline.resources.stages import CANDIDATE
from dtsen_pipeline.schemas.errors import DtsenError
from dtsen_pipeline.schemas.release import TABLES
from dtsen_pipeline.schemas.tables import INPUT_TABLES


@dg.multi_asset(
    outs=outs(CANDIDATE, MEANINGS),
    ins=INPUTS
    | ins("intake", *INPUT_TABLES, "damaged")
    | ins("checked", *CHECKED)
    | ins("observations", *OBSERVED)
    | ins("merged", *MERGED)
    | ins("scored", *SCORED),
    partitions_def=WEEKS,
    required_resource_keys=SESSION,
    name="candidate",
)
@told
def candidate(
    context: dg.AssetExecutionContext, inputs: InputList, **given: Frame
) -> Iterator[dg.MaterializeResult[Any]]:
    """The tables of a release, before the door."""
    engine = session_of(context).engine
    intake = {name: frame for name, frame in given.items() if name.startswith("intake_")}
    rows = tabled("intake", intake)
    damaged = rows.pop("damaged")
    tables = release_of(
        received_of(rows, damaged),
        settled_of(given),
        observations_of(given),
        merged_of(given),
        Scored(families=given["scored_families"], cuts=cuts_of(engine.fetch(given["scored_cuts"]))),
        engine,
    )
    yield from frames(CANDIDATE, tables, _origins(given))


def _origins(given: dict[str, Frame]) -> dict[str, list[Origin]]:
    """Published values come from the merge, scores and desil from the scoring."""

    def origin(stage: str, name: str) -> Origin:
        return Origin((stage, name), frozenset(given[f"{stage}_{name}"].collect_schema().names()))

    return {
        "keluarga": [origin("merged", "families_merged"), origin("scored", "families")],
        "anggota": [origin("merged", "persons_merged")],
    }


def contract_check(table: str) -> dg.AssetChecksDefinition:
    """A blocking check that proves a candidate table by its Pandera model."""

    @dg.asset_check(
        asset=[CANDIDATE, table],
        name="kontrak",
        blocking=True,
        required_resource_keys=SESSION,
        description=f"Tabel {table} memenuhi kontraknya (Pandera), bagian demi bagian.",
    )
    def kontrak(context: dg.AssetCheckExecutionContext) -> dg.AssetCheckResult:
        with telling():
            proof = prove(table, [_path(context, table)])
        return dg.AssetCheckResult(
            passed=proof.passed, description="; ".join(unproved([proof])) or None, metadata={"rows": proof.rows}
        )

    return kontrak


@dg.asset_check(
    asset=[CANDIDATE, "summary"],
    name="populasi",
    blocking=True,
    required_resource_keys=SESSION,
    description="Great Expectations menilai profil penduduk calon rilis.",
)
def populasi(context: dg.AssetCheckExecutionContext) -> dg.AssetCheckResult:
    """Judge the population of the candidate."""
    session: Session = context.resources.session
    with telling():
        files = {table: [_path(context, table)] for table in TABLES}
        summary = pl.read_parquet(files["summary"][0])
        verdict = judged(files, summary, city(session.platform.settings.city))
    return dg.AssetCheckResult(
        passed=verdict.passed,
        description="; ".join(unacceptable(verdict)) or None,
        metadata={"profil": dg.MetadataValue.md(render(verdict))},
    )


def _path(context: dg.AssetCheckExecutionContext, table: str) -> Any:
    session: Session = context.resources.session
    week = context.run.tags["dagster/partition"]
    path = session.stage_path(week, f"{CANDIDATE}/{table}")
    if not path.is_file():
        raise DtsenError("E_NO_CANDIDATE", f"no candidate table {table} for this input list")
    return path


CONTRACTS = [contract_check(table) for table in TABLES]
