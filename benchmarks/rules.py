"""Times the rules about members against writing the same table as Parquet, and says whether the promise holds.

    python -m benchmarks.rules          a million members: those of a city of 100,000 families, up to four times

Each copy is a snapshot of its own, so that no rule between rows sees two copies. Both sides start from records in
memory and run on Polars; every round measures one after the other, and the quickest of each step counts, since others
may use the machine. Prints Markdown.
"""

import argparse
import os
import sys
import tempfile
import time
from collections.abc import Callable
from datetime import date
from pathlib import Path

import polars as pl

from dtsen_pipeline.core import intake
from dtsen_pipeline.core.engine import Engine, Frame
from dtsen_pipeline.core.households import check_households
from dtsen_pipeline.core.normalise import normalise
from dtsen_pipeline.core.numbers import check_numbers
from dtsen_pipeline.core.rows import ROW
from dtsen_pipeline.core.rules.context import Context
from dtsen_pipeline.core.validate import check
from dtsen_pipeline.reference import city, profiles
from dtsen_pipeline.resources.engines import open_engine
from dtsen_pipeline.schemas.tables import FAMILY, MEMBER, SNAPSHOT_TABLES, tables
from dtsen_pipeline.synthetic import generate

Seconds = tuple[float, float]
"""By the clock, and of all processors together."""
MOST = 3.0
"""What the rules may cost, in writings of the table."""
DAY = date(2026, 7, 1)


def main() -> int:
    """Measure and print; 1 where the promise does not hold."""
    asked = _arguments()
    with tempfile.TemporaryDirectory() as folder:
        work = Path(folder)
        engine = open_engine("polars", work)
        records = {table: engine.checkpoint(_records(table, asked, engine)) for table in SNAPSHOT_TABLES}
        rounds = [_round(records, work / "anggota.parquet", engine, asked.copies) for _ in range(asked.rounds)]
        members = engine.fetch(records[MEMBER].select("src")).height
    steps = list(rounds[0])
    print(f"{members:,} members, {asked.rounds} rounds, load {os.getloadavg()[0]:.1f}\n")
    print(f"| | {' | '.join(steps)} |\n|---|{'---:|' * len(steps)}")
    ratios = []
    for place, title in enumerate(("seconds", "processor seconds")):
        least = {step: min(one[step][place] for one in rounds) for step in steps}
        print(f"| {title} | {' | '.join(f'{least[step]:.2f}' for step in steps)} |")
        ratios.append(sum(least[step] for step in steps[1:]) / least[steps[0]])
    print(f"\nRules / writing: {ratios[0]:.2f}, in processor seconds {ratios[1]:.2f}; promised: at most {MOST:.0f}.")
    return 0 if ratios[0] <= MOST else 1


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--families", type=int, default=100_000)
    parser.add_argument("--copies", type=int, default=4)
    parser.add_argument("--members", type=int, default=1_000_000, help="at most so many")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--work", type=Path, default=Path(tempfile.gettempdir()) / f"dtsen-bench-{os.getuid()}")
    return parser.parse_args()


def _records(table: str, asked: argparse.Namespace, engine: Engine) -> Frame:
    source = asked.work / f"{asked.families}-7" / "city"
    if not (source / "truth" / "summary.json").exists():
        generate(asked.families, 7, source)
    path = next((source / "snapshot_1").glob(f"{table}*.csv"))
    profile = next(profile for profile in profiles().values() if profile.identify(path.name))
    rows = intake.read(path.read_bytes(), profile, "0").rows
    copies = [rows.with_columns(src=pl.lit(_token(table, copy))) for copy in range(asked.copies)]
    return normalise(engine.load(pl.concat(copies).head(asked.members)), tables()[table], city())


def _token(table: str, copy: int) -> str:
    return f"{table[0]}{copy:011}"


def _round(records: dict[str, Frame], target: Path, engine: Engine, copies: int) -> dict[str, Seconds]:
    """Seconds by step: writing, then the three kinds of rules."""
    context = Context(city(), {_token(MEMBER, copy): DAY for copy in range(copies)})
    versions = {_token(table, copy): str(copy) for table in SNAPSHOT_TABLES for copy in range(copies)}
    members, found = records[MEMBER], dict[str, Frame]()

    def rows() -> None:
        found["rows"] = engine.checkpoint(check(members, tables()[MEMBER], context))

    return {
        "write": _seconds(lambda: engine.sink(members, target, ROW)),
        "rows": _seconds(rows),
        "families": _seconds(lambda: engine.fetch(check_households(records[FAMILY], members, versions, engine))),
        "numbers": _seconds(lambda: engine.fetch(check_numbers(members, found["rows"], engine))),
    }


def _seconds(job: Callable[[], object]) -> Seconds:
    start, before = time.perf_counter(), time.process_time()
    job()
    return time.perf_counter() - start, time.process_time() - before


if __name__ == "__main__":
    sys.exit(main())
