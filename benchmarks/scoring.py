"""Times scoring, desil and bounds against writing the result as Parquet.

    python -m benchmarks.scoring EXACT --copies 10        after `compute.py`, whose exact rows lie in EXACT

The merge of one city is computed, stacked under new ids (100,000 families ten times are a million) and kept in memory;
then scores, four desil, distances and bounds of every family are timed, and writing families and members.
"""

import argparse
import tempfile
import time
from collections.abc import Callable
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any

import narwhals as nw

from benchmarks.worker import INPUTS, KEY
from dtsen_pipeline.core import flow
from dtsen_pipeline.core.complete import incomplete
from dtsen_pipeline.core.engine import Engine, Frame
from dtsen_pipeline.core.identity import identify
from dtsen_pipeline.core.inputs import InputList
from dtsen_pipeline.core.merge import Entities, Merged, merge
from dtsen_pipeline.core.score import score, with_scores
from dtsen_pipeline.reference import WelfareModel, merge_policy, welfare_model
from dtsen_pipeline.resources.engines import open_engine
from dtsen_pipeline.schemas.tables import INPUT_TABLES

SIDES = ("merged", "ministry", "touched")
HEAD = (
    "| | scoring s | processor s | writing s | processor s | ratio | in processor s |",
    "|---|---:|---:|---:|---:|---:|---:|",
)


def main() -> None:
    """Measure and print Markdown."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("exact", type=Path)
    parser.add_argument("--copies", type=int, default=10)
    parser.add_argument("--rounds", type=int, default=3)
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory() as scratch:
        engine = open_engine("polars", Path(scratch))
        merged, gaps, model, on = _stacked(asked.exact, asked.copies, engine)
        print(*HEAD, sep="\n")
        for number in range(1, asked.rounds + 1):
            print(_round(number, merged, gaps, model, on, engine, Path(scratch)), flush=True)


def _round(number: int, merged: Merged, gaps: Frame, model: WelfareModel, on: date, engine: Engine, out: Path) -> str:
    def scored() -> Frame:
        return engine.checkpoint(score(merged, gaps, model, on, engine).families)

    families, seconds, work = _timed(scored)

    def written() -> None:
        whole = with_scores(merged.families, flow.Scored(families=families, cuts=()))
        engine.sink(whole, out / "keluarga.parquet", ("family_id",))
        engine.sink(merged.persons.merged, out / "anggota.parquet", ("person_id",))

    _, writing, labour = _timed(written)
    figures = (seconds, work, writing, labour, seconds / writing, work / labour)
    return f"| {number} | {' | '.join(f'{figure:.2f}' for figure in figures)} |"


def _timed(job: Callable[[], Any]) -> tuple[Any, float, float]:
    clock, work = time.perf_counter(), time.process_time()
    done = job()
    return done, time.perf_counter() - clock, time.process_time() - work


def _stacked(exact: Path, copies: int, engine: Engine) -> tuple[Merged, Frame, WelfareModel, date]:
    inputs = InputList.from_json((exact / INPUTS).read_text())
    records = {
        table: engine.checkpoint(flow.records_of(engine.scan(exact / f"{table}.parquet"), table, inputs))
        for table in INPUT_TABLES
    }
    checked = flow.check_all(records, engine.scan(exact / "damaged.parquet"), inputs, engine)
    scene = flow.scene_of(inputs)
    observed = flow.stored(identify(flow.valid_of(records, checked), scene, engine, KEY), engine)
    merged = merge(observed, scene, merge_policy(), engine)
    gaps = incomplete(records, checked.rejected, flow.aside_of(observed, merged), observed.aliases, scene, engine, KEY)

    def copied(frame: Frame) -> Frame:
        ids = [name for name in ("family_id", "person_id") if name in frame.collect_schema()]
        parts = [
            frame.with_columns(
                nw.concat_str(nw.lit(f"{copy:02}"), nw.col(name).str.slice(2)).alias(name) for name in ids
            )
            for copy in range(copies)
        ]
        return engine.checkpoint(nw.concat(parts))

    def stacked(entities: Entities) -> Entities:
        return replace(entities, **{side: copied(getattr(entities, side)) for side in SIDES})

    whole = Merged(stacked(merged.families), stacked(merged.persons))
    return whole, copied(gaps), welfare_model(inputs.model), inputs.base_date


if __name__ == "__main__":
    main()
