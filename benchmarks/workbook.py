"""How much memory it takes to take in a workbook of 20,000 families, and what of it grows with the sheet.

    python -m benchmarks.workbook

A BPS v2 workbook of a generated city's families and one of its members, three times as many rows. Each is taken in
by a process of its own with an empty home; the process that opens the archive is measured apart. Prints Markdown; ends
with an error where a longer sheet takes more than a part of it.
"""

import resource
import subprocess
import sys
import tempfile
from datetime import UTC, datetime
from pathlib import Path

from benchmarks.compute import ROOT
from benchmarks.worker import peak_mb
from dtsen_pipeline.resources.ingest import ingest
from dtsen_pipeline.resources.platform import opened
from dtsen_pipeline.resources.settings import load_settings
from dtsen_pipeline.resources.workbook import UNPACK
from dtsen_pipeline.synthetic import every_shape, generate

FAMILIES, SEED = 20_000, 7
NOW = datetime(2026, 10, 1, 3, tzinfo=UTC)
GROWTH = 1.1
"""How much more memory a sheet three times as long may take."""


OPENING = """
import resource, subprocess, sys
with open(sys.argv[1], "rb") as file:
    subprocess.run([sys.executable, "-I", "-S", *sys.argv[2:]], stdin=file, stdout=subprocess.DEVNULL, check=True)
print(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss // 1024)
"""
"""A process smaller than the one it starts, whose peak it prints."""


def main() -> int:
    """Measure and print; 0 where memory does not grow with the sheet."""
    with tempfile.TemporaryDirectory(prefix="dtsen-bench-") as folder:
        city = Path(folder, "city")
        generate(FAMILIES, SEED, city)
        books = [path for path in every_shape(city) if path.name.endswith("v2_2026_3571.xlsx")]
        print("| rows | file MB | imports and an empty home MB | peak MB | opening it, apart MB | processor s |")
        print("|---:|---:|---:|---:|---:|---:|")
        peaks = [_measured(path, Path(folder, f"home{place}")) for place, path in enumerate(books)]
    return 0 if max(peaks) <= GROWTH * min(peaks) else 1


def _measured(path: Path, home: Path) -> int:
    """Print a row about one workbook; the peak of taking it in."""
    rows, before, peak, cpu = _said("-m", "benchmarks.workbook", path, home).split()
    limits = (load_settings().sheet_memory_mb, load_settings().sheet_inflated_mb)
    opening = _said("-c", OPENING, path, UNPACK, "0", *limits)
    print(f"| {int(rows):,} | {path.stat().st_size // 1_000_000} | {before} | {peak} | {opening} | {cpu} |")
    return int(peak)


def _said(*arguments: object) -> str:
    command = [sys.executable, "-W", "ignore", *map(str, arguments)]
    return subprocess.run(command, cwd=ROOT, check=True, capture_output=True, text=True).stdout.strip()


def take_in(path: Path, home: Path) -> None:
    """Take a workbook in; print its rows, this process's peak in MB before and after, and processor seconds of both."""
    with opened(load_settings(home=home)) as platform:
        before = peak_mb()
        rows = ingest(platform, path, NOW).rows
    used = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    print(rows, before, peak_mb(), round(sum(one.ru_utime + one.ru_stime for one in used), 1))


if __name__ == "__main__":
    sys.exit(take_in(Path(sys.argv[1]), Path(sys.argv[2])) if len(sys.argv) > 1 else main())
