"""Times identity and merge against reading and writing the same tables as Parquet, and says whether the promise holds.

    python -m benchmarks.merging                 100,000 families, a snapshot and 20,000 visits in two batches

Both sides run on Polars. The tables are the valid rows of families, members, visits and members met. Reading and
writing is one scan of their files into sorted ones; identity and merge start from the rows in memory and end with
every merged table, lineage and conflict. Every round measures one after the other. Prints Markdown.
"""

import argparse
import os
import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from unittest.mock import patch

from benchmarks.worker import INPUTS, KEY, gate, peak_mb
from dtsen_pipeline.core import flow
from dtsen_pipeline.core.engine import Frame
from dtsen_pipeline.core.identity import identify
from dtsen_pipeline.core.inputs import InputList
from dtsen_pipeline.core.merge import merge
from dtsen_pipeline.core.rows import ROW
from dtsen_pipeline.reference import merge_policy
from dtsen_pipeline.resources.engines import OpenEngine, open_engine
from dtsen_pipeline.schemas.tables import INPUT_TABLES
from dtsen_pipeline.synthetic import field, generate

VISITED = 0.1
"""The share of families that each of two batches visits."""
MOST = 3.0
"""What identity and merge may cost, in readings and writings of the tables."""


def main() -> int:
    """Measure and print; 1 where the promise does not hold."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--families", type=int, default=100_000)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--work", type=Path, default=Path(tempfile.gettempdir()) / f"dtsen-bench-{os.getuid()}")
    asked = parser.parse_args()
    exact = _exact(asked.work / f"{asked.families}-visited", asked.families)
    with tempfile.TemporaryDirectory() as folder:
        work = Path(folder)
        engine = open_engine("polars", work / "scratch")
        inputs = InputList.from_json((exact / INPUTS).read_text())
        valid = _valid(exact, inputs, engine)
        rows = {table: engine.sink(frame, work / f"{table}.parquet", ROW) for table, frame in valid.items()}
        rounds = [_round(valid, inputs, work, engine) for _ in range(asked.rounds)]
    print(f"{', '.join(f'{count:,} {table}' for table, count in rows.items())}; load {os.getloadavg()[0]:.1f}\n")
    print("| | read and write s | processor s | identity and merge s | processor s | ratio | in processor s |")
    print("|---|---:|---:|---:|---:|---:|---:|")
    for number, figures in enumerate(rounds, start=1):
        ratios = (figures[2] / figures[0], figures[3] / figures[1])
        print(f"| {number} | {' | '.join(f'{figure:.2f}' for figure in (*figures, *ratios))} |")
    ratio = statistics.median(figures[2] / figures[0] for figures in rounds)
    print(f"\nIdentity and merge / reading and writing: {ratio:.2f}; promised: under {MOST:.0f}. Peak {peak_mb()} MB.")
    return 0 if ratio < MOST else 1


def _exact(work: Path, families: int) -> Path:
    """The exact rows of a city in which officers visit a family in ten each week."""
    exact = work / "snapshot_1"
    if not (exact / INPUTS).exists():
        with patch.object(field, "_RATE", VISITED):
            generate(families, 7, work / "city")
        gate(work / "city", exact, "snapshot_1")
    return exact


def _valid(exact: Path, inputs: InputList, engine: OpenEngine) -> dict[str, Frame]:
    records = {
        table: engine.checkpoint(flow.records_of(engine.scan(exact / f"{table}.parquet"), table, inputs))
        for table in INPUT_TABLES
    }
    checked = flow.check_all(records, engine.scan(exact / "damaged.parquet"), inputs, engine)
    return {table: engine.checkpoint(frame) for table, frame in flow.valid_of(records, checked).items()}


def _round(
    valid: dict[str, Frame], inputs: InputList, work: Path, engine: OpenEngine
) -> tuple[float, float, float, float]:
    """Wall and processor seconds of reading and writing, then of identity and merge."""
    scene = flow.scene_of(inputs)

    def copied() -> None:
        for table in INPUT_TABLES:
            engine.sink(engine.scan(work / f"{table}.parquet"), work / f"{table}-copy.parquet", ROW)

    def merged() -> None:
        observed = flow.stored(identify(valid, scene, engine, KEY), engine)
        found = merge(observed, scene, merge_policy(), engine)
        for frame in (found.families.merged, found.persons.merged, found.lineage, found.conflict):
            engine.checkpoint(frame)

    return *_timed(copied), *_timed(merged)


def _timed(job: Callable[[], None]) -> tuple[float, float]:
    clock, work = time.perf_counter(), time.process_time()
    job()
    return time.perf_counter() - clock, time.process_time() - work


if __name__ == "__main__":
    sys.exit(main())
