"""How long the exact gate takes beside a plain reading of the same file, and how much memory a larger file takes.

    python -m benchmarks.gate

300,000 rows of 48 columns, quoted as the ministry's files are, quoted only where it must be, and without quotes; the
two readers take turns, and the quickest round of each counts, since others may use the machine. Memory is measured in
processes of their own. Prints Markdown; ends with an error where a promise does not hold.
"""

import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from functools import partial
from pathlib import Path

import numpy as np
import polars as pl

from benchmarks.compute import ROOT
from benchmarks.worker import peak_mb
from dtsen_pipeline.core import intake
from dtsen_pipeline.reference import Profile, profiles

ROWS, COLUMNS, ROUNDS = 300_000, 48, 7
PROMISED = 4.0
"""Times a plain reading, at most."""
GROWTH = 1.2
"""How much more memory a file four times as large may take."""
Seconds = tuple[float, float]
"""By the clock, and of all processors together."""
SHAPES = {"all quoted, pipe": ("|", "all"), "some quoted, comma": (",", "minimal"), "no quotes, pipe": ("|", "minimal")}


def main() -> int:
    """Measure and print; 0 where both promises hold."""
    with tempfile.TemporaryDirectory(prefix="dtsen-bench-") as folder:
        path = Path(folder, "file.csv")
        machine = f"{os.cpu_count()} cores, load {os.getloadavg()[0]:.1f}"
        print(f"{ROWS:,} rows, {COLUMNS} columns; {machine}; {ROUNDS} rounds.\n")
        print("| | MB | polars.read_csv s | gate s | times | processor s | processor s | times |")
        print("|---|---:|---:|---:|---:|---:|---:|---:|")
        worst = max(_compared(title, path) for title in SHAPES)
        table = _table(ROWS)
        peaks = []
        for copies in (1, 4):
            _written(pl.concat([table] * copies), path, *SHAPES["all quoted, pipe"])
            peaks.append(_peak(path))
    print(f"\nPeak memory of reading part by part: {peaks[0]} MB; of a file four times as large: {peaks[1]} MB.")
    return 0 if worst <= PROMISED and peaks[1] <= GROWTH * peaks[0] else 1


def _compared(title: str, path: Path) -> float:
    """Write one shape, time both readers in turn, print a row of the quickest rounds; times by the clock."""
    delimiter, quoting = SHAPES[title]
    profile = _written(_table(ROWS), path, delimiter, quoting)
    plain, exact = list[Seconds](), list[Seconds]()
    for _ in range(ROUNDS):
        plain.append(_timed(lambda: pl.read_csv(path, separator=delimiter, infer_schema=False)))
        exact.append(_timed(lambda: list(_readings(path, profile))))
    (first, first_cpu), (gate, gate_cpu) = (tuple(map(min, zip(*rounds, strict=True))) for rounds in (plain, exact))
    told = [f"{first:.3f}", f"{gate:.3f}", f"{gate / first:.2f}"]
    told += [f"{first_cpu:.3f}", f"{gate_cpu:.3f}", f"{gate_cpu / first_cpu:.2f}"]
    print(f"| {title} | {path.stat().st_size // 1_000_000} | {' | '.join(told)} |")
    return gate / first


def _table(rows: int) -> pl.DataFrame:
    """Cells as long as those of a member file; some hold a comma, and none is anybody's."""
    rng = np.random.default_rng(7)
    numbers = {f"c{at}": rng.integers(0, 20, rows) for at in range(COLUMNS)}
    numbers |= {f"c{at}": rng.integers(10**15, 10**16, rows) for at in (0, 1)}
    table = pl.DataFrame(numbers).cast(pl.String)
    words = pl.lit("KATA ") + pl.col("c2") + pl.lit(", ")
    return table.with_columns((words + pl.col(name)).alias(name) for name in ("c3", "c40", "c41"))


def _written(table: pl.DataFrame, path: Path, delimiter: str, quoting: str) -> Profile:
    table.write_csv(path, separator=delimiter, quote_style="always" if quoting == "all" else "necessary")
    return _profile(delimiter, quoting)


def _profile(delimiter: str, quoting: str) -> Profile:
    header = tuple(f"c{at}" for at in range(COLUMNS))
    return replace(profiles()["bps_v3_anggota"], header=header, delimiter=delimiter, quoting=quoting)


def _readings(path: Path, profile: Profile) -> Iterator[intake.Reading]:
    with path.open("rb") as file:
        yield from intake.readings(iter(partial(file.read, intake.BLOCK), b""), profile, "0" * 12)


def _timed(step: Callable[[], object]) -> Seconds:
    started, before = time.perf_counter(), time.process_time()
    step()
    return time.perf_counter() - started, time.process_time() - before


def _peak(path: Path) -> int:
    """The peak of a process that reads the file and keeps nothing but a count."""
    command = [sys.executable, "-m", "benchmarks.gate", str(path)]
    done = subprocess.run(command, cwd=ROOT, check=True, capture_output=True, text=True)
    return int(done.stdout)


def count(path: Path) -> None:
    """Read a file of quoted cells part by part and print the peak of this process in MB."""
    rows = sum(part.rows.height for part in _readings(path, _profile(*SHAPES["all quoted, pipe"])))
    if rows % ROWS:
        raise RuntimeError(rows)
    print(peak_mb())


if __name__ == "__main__":
    sys.exit(count(Path(sys.argv[1])) if len(sys.argv) > 1 else main())
