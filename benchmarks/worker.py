"""One measured job in a process of its own: seconds by step, processor seconds and peak memory, as JSON.

The jobs: `gate` reads delivered files exactly, `polars` and `pandas` make the tables of a release from exact
rows, `root` hashes the tables. What is compared with what stands in `compute`.
"""

import hashlib
import json
import os
import re
import sys
import time
import warnings
from collections.abc import Callable
from pathlib import Path

import polars as pl

from dtsen_pipeline.core import flow, intake
from dtsen_pipeline.core.identity import identify
from dtsen_pipeline.core.inputs import InputList, Source, freeze
from dtsen_pipeline.core.merge import merge
from dtsen_pipeline.core.root import content_root, table_root
from dtsen_pipeline.core.translate import filled
from dtsen_pipeline.reference import merge_policy, profiles, welfare_model
from dtsen_pipeline.resources.engines import open_engine
from dtsen_pipeline.schemas.release import KEYS, TABLES
from dtsen_pipeline.schemas.tables import INPUT_TABLES

KEY = b"k" * 32
INPUTS = "inputs.json"


class Clock:
    """Wall and processor seconds since it was made, by step."""

    def __init__(self) -> None:
        self.steps: dict[str, tuple[float, float]] = {}
        self._last = self._now()

    def lap(self, step: str) -> None:
        """End a step, or a further part of it."""
        now, before = self._now(), self.steps.get(step, (0.0, 0.0))
        self.steps[step] = (before[0] + now[0] - self._last[0], before[1] + now[1] - self._last[1])
        self._last = now

    def report(self, **facts: object) -> str:
        """Everything measured, as JSON."""
        wall, cpu = (sum(step[part] for step in self.steps.values()) for part in (0, 1))
        steps = {name: round(step[0], 3) for name, step in self.steps.items()}
        measured = {"wall": round(wall, 3), "cpu": round(cpu, 3), "peak_mb": peak_mb(), "load": os.getloadavg()[0]}
        return json.dumps(measured | {"steps": steps} | facts)

    @staticmethod
    def _now() -> tuple[float, float]:
        return time.perf_counter(), time.process_time()


def peak_mb() -> int:
    """The largest resident size this program has had; `ru_maxrss` would count its parent's too, from before exec."""
    status = Path("/proc/self/status").read_text()
    return int(re.search(r"VmHWM:\s+([0-9]+) kB", status).group(1)) // 1024  # type: ignore[union-attr]


def gate(city: Path, target: Path, snapshots: str) -> str:
    """Read the delivered files exactly and keep the rows as Parquet; only the reading is timed."""
    nothing = pl.DataFrame(schema={"src": pl.String, "row": pl.Int64})
    rows = {table: [filled(nothing, table)] for table in INPUT_TABLES}
    damaged, sources, clock, size = [], [], Clock(), 0
    for path in sorted(city.glob("*/*.csv")):
        if path.parent.name not in (*snapshots.split("+"), "batches"):
            continue
        data = path.read_bytes()
        source = _source(path, data)
        clock.lap("files")
        reading = intake.read(data, profiles()[source.profile], source.token)
        clock.lap(source.table)
        size += len(data)
        sources.append(source)
        rows[source.table].append(filled(reading.rows, source.table))
        damaged.append(reading.damaged.with_columns(sumber=pl.lit(source.table)))
    target.mkdir(parents=True, exist_ok=True)
    counts = {}
    for table, found in rows.items():
        frame = pl.concat(found)
        counts[table] = frame.height
        frame.write_parquet(target / f"{table}.parquet", compression="zstd", compression_level=1)
    pl.concat(damaged).write_parquet(target / "damaged.parquet")
    listed = freeze(sources, city="3571", model="demo_alatas_2008", key_id="bench")
    (target / INPUTS).write_text(listed.to_json())
    return clock.report(mb=size // 1_000_000, rows=counts)


def _source(path: Path, data: bytes) -> Source:
    profile = next(profile for profile in profiles().values() if profile.identify(path.name))
    note = json.loads(path.with_name(f"{path.name}.json").read_text(encoding="utf-8"))
    facts = {name: note.get(name) for name in ("version", "region", "data_date")}
    sha = hashlib.sha256(data).hexdigest()
    return Source(sha, profile.table, profile.id, profile.version, **facts, batch=note.get("batch_id"))


def _inputs(source: Path) -> InputList:
    return InputList.from_json((source / INPUTS).read_text())


def polars(source: Path, target: Path) -> str:
    """The flow, stage by stage as `flow.run` composes it; what a stage leaves lazy is paid by the next."""
    engine, inputs, clock = open_engine("polars", target / "scratch"), _inputs(source), Clock()
    rows = {table: engine.scan(source / f"{table}.parquet") for table in INPUT_TABLES}
    damaged = engine.scan(source / "damaged.parquet")
    records = {table: engine.checkpoint(flow.records_of(rows[table], table, inputs)) for table in INPUT_TABLES}
    clock.lap("read, normalise")
    checked = flow.check_all(records, damaged, inputs, engine)
    clock.lap("validate")
    scene = flow.scene_of(inputs)
    observed = flow.stored(identify(flow.valid_of(records, checked), scene, engine, KEY), engine)
    clock.lap("identity")
    merged = merge(observed, scene, merge_policy(), engine)
    clock.lap("merge, lineage")
    scored = flow.score_all(records, checked, observed, merged, inputs, welfare_model(inputs.model), engine, KEY)
    clock.lap("score")
    found = flow.release_of(flow.received_of(rows, damaged), checked, observed, merged, scored, engine)
    clock.lap("fates")
    counts = {table: engine.sink(found[table], target / f"{table}.parquet", KEYS[table]) for table in TABLES}
    clock.lap("write")
    return clock.report(rows=counts)


def pandas(source: Path, target: Path) -> str:
    """The same steps in pandas and Pandera."""
    warnings.filterwarnings("ignore", "PySpark does not yet fully support pandas", FutureWarning)
    from benchmarks.pandas_flow import run  # noqa: PLC0415 - the other job must not pay for this import

    inputs, clock = _inputs(source), Clock()
    run(source, target, inputs, KEY, clock.lap)
    return clock.report()


def root(target: Path) -> str:
    """The content root of the tables that `polars` wrote."""
    engine, clock = open_engine("polars", target / "scratch"), Clock()
    roots = {table: table_root(engine.scan(target / f"{table}.parquet"), table, engine) for table in TABLES}
    clock.lap("content root")
    return clock.report(content_root=content_root(roots))


JOBS: dict[str, Callable[..., str]] = {"gate": gate, "polars": polars, "pandas": pandas, "root": root}


def main(name: str, *arguments: str) -> None:
    """Run one job and print its figures."""
    places = [text if "snapshot" in text and "/" not in text else Path(text) for text in arguments]
    for place in places:
        if isinstance(place, Path):
            place.mkdir(parents=True, exist_ok=True)
    print(JOBS[name](*places))


if __name__ == "__main__":
    main(*sys.argv[1:])
