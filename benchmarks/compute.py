"""Times the compute on Polars against a fair pandas script of the same steps, and compares every table.

    python benchmarks/compute.py                       one snapshot and two field batches, 100,000 families
    python benchmarks/compute.py --copies 10 --ours --rounds 1         ten such cities in one: 1,000,000 families
    sudo chrt -f 20 python benchmarks/compute.py       ahead of everything else, where the machine is not quiet

Each measurement is a process of its own (`worker`), and the two take turns. The city is generated once and kept
in the temporary folder. Prints Markdown; `RESULTS.md` keeps what it printed.
"""

import argparse
import json
import os
import platform
import re
import shutil
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Mapping, Sequence
from importlib.metadata import version
from pathlib import Path
from typing import Any

import polars as pl

from dtsen_pipeline.reference import provinces
from dtsen_pipeline.schemas.release import KEYS, TABLES
from dtsen_pipeline.synthetic import generate

ROOT = Path(__file__).parent.parent
PACKAGES = ("polars", "narwhals", "pandas", "pandera", "pyarrow", "numpy")
CITY = b"3571"
PROVINCES = [code.encode() for code in provinces()]
IDENTIFIER = re.compile(rb"\b([0-9]{2})([0-9]{2})([0-9]{2})([0-9]{10})\b")
VISIT_ID = re.compile(rb"\bV-(?=L-|20[0-9]{2}W)")
FASTER = 2.5
"""What the pipeline promises over pandas."""
Figures = dict[str, Any]


def main() -> int:
    """Measure, compare and print."""
    asked = _arguments()
    work = asked.work / f"{asked.families}-{asked.seed}"
    city = work / "city"
    if not (city / "truth" / "summary.json").exists():
        generate(asked.families, asked.seed, city)
    if asked.copies > 1:
        work, city = work / f"copies-{asked.copies}", _copied(city, work / f"copies-{asked.copies}", asked.copies)
    _print_machine(asked)
    exact = work / asked.snapshots
    _print_rows("Exact gate (CSV to exact rows)", [measure("gate", city, exact, asked.snapshots)])
    taken = _take_turns(exact, asked.rounds, [] if asked.ours else ["pandas"])
    for name, rounds in taken.items():
        _print_rows(f"Compute, {name}", rounds)
    _print_rows("Content root", [measure("root", exact / "polars")])
    return 0 if asked.ours else _verdict(taken, exact)


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--families", type=int, default=100_000)
    parser.add_argument("--seed", type=int, default=7)
    parser.add_argument("--copies", type=int, default=1, help="so many cities of that size in one")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument(
        "--snapshots", default="snapshot_1", choices=["snapshot_1", "snapshot_2", "snapshot_1+snapshot_2"]
    )
    parser.add_argument("--ours", action="store_true", help="leave pandas out (it knows one snapshot only)")
    parser.add_argument("--work", type=Path, default=Path(tempfile.gettempdir()) / f"dtsen-bench-{os.getuid()}")
    return parser.parse_args()


def _copied(city: Path, target: Path, copies: int) -> Path:
    """One city of several copies; in each, NIK, family cards and visits have numbers of their own.

    The generator itself ends at some hundred thousand families, since synthetic serials are 9000 to 9999.
    """
    for path in city.glob("*/*.csv"):
        place = target / "city" / path.relative_to(city)
        if place.exists():
            continue
        place.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(path.with_name(f"{path.name}.json"), place.parent)
        header, _, lines = path.read_bytes().partition(b"\n")
        with place.open("wb") as file:
            file.write(header + b"\n")
            for copy in range(copies):
                file.write(_renumbered(lines, copy))
    return target / "city"


def _renumbered(lines: bytes, copy: int) -> bytes:
    """In the city's own numbers its three districts move on, in all others the province does, among the real ones."""

    def moved(found: re.Match[bytes]) -> bytes:
        province, regency, district, rest = found.groups()
        if province + regency == CITY:
            return b"%s%02d%s" % (CITY, int(district) + 3 * copy, rest)
        place = (PROVINCES.index(province) + 3 * copy) % len(PROVINCES)
        return b"%s%s%s%s" % (PROVINCES[place], regency, district, rest)

    return VISIT_ID.sub(b"V%d-" % copy, IDENTIFIER.sub(moved, lines))


def measure(job: str, *arguments: object) -> Figures:
    """The figures of one job in a process of its own."""
    command = [sys.executable, "-W", "ignore", "-m", "benchmarks.worker", job, *map(str, arguments)]
    done = subprocess.run(command, cwd=ROOT, check=True, stdout=subprocess.PIPE, text=True)
    figures: Figures = json.loads(done.stdout)
    return figures


def _take_turns(exact: Path, rounds: int, others: Sequence[str]) -> dict[str, list[Figures]]:
    taken: dict[str, list[Figures]] = {name: [] for name in ("polars", *others)}
    for _ in range(rounds):
        for name, figures in taken.items():
            figures.append(measure(name, exact, exact / name))
    return taken


def _verdict(taken: Mapping[str, Sequence[Figures]], exact: Path) -> int:
    """Whether the tables are equal, and whether the promise holds."""
    different = [table for table in TABLES if not _equal(table, exact)]
    ours, theirs = (_medians(taken[name]) for name in ("polars", "pandas"))
    ratio = {name: theirs[name] / ours[name] for name in ours}
    holds = not different and ratio["wall"] >= FASTER and ratio["peak_mb"] >= 1
    print(f"\nTables that differ: {', '.join(different) or 'none'} (of {', '.join(TABLES)}).")
    print(f"pandas / Polars: {ratio['wall']:.2f} in time, {ratio['cpu']:.2f} in processor seconds,", end=" ")
    print(f"{ratio['peak_mb']:.2f} in peak memory; promised: {FASTER} and 1.")
    return 0 if holds else 1


def _equal(table: str, exact: Path) -> bool:
    """Row by row, values as the pipeline types them."""
    ours, theirs = (pl.read_parquet(exact / name / f"{table}.parquet") for name in ("polars", "pandas"))
    same_columns = set(ours.columns) == set(theirs.columns)
    keys = list(KEYS[table])
    return same_columns and ours.sort(keys).equals(theirs.select(ours.columns).cast(ours.schema).sort(keys))


def _medians(rounds: Sequence[Figures]) -> dict[str, float]:
    return {name: statistics.median(figures[name] for figures in rounds) for name in ("wall", "cpu", "peak_mb")}


def _print_machine(asked: argparse.Namespace) -> None:
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    packages = ", ".join(f"{name} {version(name)}" for name in PACKAGES)
    families, snapshots = asked.families * asked.copies, asked.snapshots.replace("+", " and ")
    print(f"{families:,} families, seed {asked.seed}, {snapshots}, two field batches.")
    print(f"{os.cpu_count()} cores, {memory:.0f} GB, Python {platform.python_version()}, {packages}.")


def _print_rows(title: str, rounds: Sequence[Figures]) -> None:
    steps = list(rounds[0]["steps"])
    print(f"\n**{title}**\n\n| | seconds | processor s | peak MB | load | {' | '.join(steps)} |")
    print(f"|---|{'---:|' * (4 + len(steps))}")
    for number, figures in enumerate(rounds, start=1):
        laps = " | ".join(f"{figures['steps'][step]:.2f}" for step in steps)
        print(f"| {number} | {figures['wall']:.2f} | {figures['cpu']:.2f} | {figures['peak_mb']} |", end="")
        print(f" {figures['load']:.1f} | {laps} |", flush=True)
    if len(rounds) > 1:
        median = _medians(rounds)
        laps = " | ".join(f"{statistics.median(f['steps'][step] for f in rounds):.2f}" for step in steps)
        print(f"| median | {median['wall']:.2f} | {median['cpu']:.2f} | {median['peak_mb']:.0f} | | {laps} |")
    for name in ("rows", "content_root"):
        if name in rounds[0]:
            print(f"\n{name.replace('_', ' ')}: {rounds[0][name]}", flush=True)


if __name__ == "__main__":
    sys.exit(main())
