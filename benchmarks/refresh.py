"""What a refresh costs beyond its compute: orchestration, imports, SQL load, the door and publishing.

    python -m benchmarks.refresh

Every measurement is a process of its own, in a home of its own on the demo city. Great Expectations' own import
is timed apart. Prints Markdown; `RESULTS.md` keeps what it printed.
"""

import json
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from benchmarks.compute import ROOT, measure
from dtsen_pipeline.demo import FAMILIES, REASON, SEED
from dtsen_pipeline.synthetic import generate

ROUNDS = 3
PROMISED = 8.0
"""Seconds over the compute, at most."""
SNAPSHOTS = "snapshot_1+snapshot_2"
CLI = [str(Path(sys.executable).with_name("dtsen"))]


def main() -> int:
    """Measure and print; 0 where the promise holds."""
    with tempfile.TemporaryDirectory(prefix="dtsen-bench-") as folder:
        work = Path(folder)
        generate(FAMILIES, SEED, work / "city")
        measure("gate", work / "city", work / "exact", SNAPSHOTS)
        waiting = arrived(work)
        print(f"Demo city of {FAMILIES:,} families; {os.cpu_count()} cores, load {os.getloadavg()[0]:.1f}.\n")
        print("| | refresh | compute | import of Great Expectations | over |\n|---|---:|---:|---:|---:|")
        found = [_round(number, waiting, work) for number in range(1, ROUNDS + 1)]
    over = statistics.median(found)
    print(f"\nOver the compute: {over:.2f} s (median); promised: {PROMISED:.0f} s.")
    return 0 if over <= PROMISED else 1


def arrived(work: Path) -> Path:
    """A home that has taken the city in, codes confirmed."""
    home = work / "waiting"
    city = [str(work / "city" / name) for name in ("snapshot_1", "snapshot_2", "batches")]
    dtsen(home, "ingest", *city)
    arrived = json.loads(dtsen(home, "ingest", *city, "--json"))
    held = next(file["token"] for file in arrived["files"] if file["verdict"] == "held")
    dtsen(home, "accept", held, "--confirm-codes", "--reason", REASON)
    return home


def _round(number: int, waiting: Path, work: Path) -> float:
    home = work / f"home-{number}"
    shutil.copytree(waiting, home)
    refresh = _timed(lambda: dtsen(home, "refresh", "--json"))
    compute = measure("polars", work / "exact", work / "exact" / "polars")["wall"]
    judge = _timed(lambda: _import(work, "great_expectations")) - _timed(lambda: _import(work, "pandas", "pydantic"))
    over: float = refresh - compute - judge
    print(f"| {number} | {refresh:.2f} | {compute:.2f} | {judge:.2f} | {over:.2f} |", flush=True)
    return over


def _timed(step: Callable[[], object]) -> float:
    started = time.perf_counter()
    step()
    return time.perf_counter() - started


def _import(work: Path, *modules: str) -> None:
    """Run a program that only imports; a file, since under `-c` pyspark ends the interpreter silently."""
    program = work / "imports.py"
    program.write_text(f"import {', '.join(modules)}\nprint('imported')\n")
    if _run([sys.executable, "-W", "ignore", str(program)], dict(os.environ)) != "imported\n":
        raise RuntimeError(modules)


def dtsen(home: Path, *arguments: str) -> str:
    """Run a command of ours on a home; what it printed."""
    return _run([*CLI, *arguments], os.environ | {"DTSEN_HOME": str(home)})


def _run(command: list[str], environment: dict[str, str]) -> str:
    done = subprocess.run(command, cwd=ROOT, check=True, env=environment, capture_output=True, text=True)
    return done.stdout


if __name__ == "__main__":
    sys.exit(main())
