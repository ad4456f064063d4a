"""The door of a release: every written table is proved, then the population is judged; both must pass.

Whoever publishes calls the door, so that no way leads past it. What a proof and a judgement are stands in
`proof` and `judge`.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import narwhals as nw
import polars as pl

from dtsen_pipeline.core.profile import profile, standings
from dtsen_pipeline.reference import City
from dtsen_pipeline.resources.judge import LABELS, Thresholds, Verdict, judge
from dtsen_pipeline.resources.proof import Failure, Proof, prove
from dtsen_pipeline.schemas.errors import DtsenError
from dtsen_pipeline.schemas.release import TABLES


@dataclass(frozen=True)
class DoorReport:
    """What the door found; there is no verdict on tables that are not proved."""

    passed: bool
    proofs: tuple[Proof, ...]
    verdict: Verdict | None


def door(
    files: Mapping[str, Sequence[Path]],
    summary: pl.DataFrame,
    city: City,
    thresholds: Thresholds | None = None,
) -> DoorReport:
    """Prove every table of a release in its written `files` and judge its population by `summary`."""
    proofs = tuple(prove(table, files.get(table, ())) for table in TABLES)
    strangers = len(files.keys() - TABLES.keys())
    if strangers:
        proofs += (Proof("?", 0, (Failure("undeclared_table", None, strangers),)),)
    if not all(proof.passed for proof in proofs):
        return DoorReport(passed=False, proofs=proofs, verdict=None)
    verdict = judged(files, summary, city, thresholds)
    return DoorReport(passed=verdict.passed, proofs=proofs, verdict=verdict)


def judged(
    files: Mapping[str, Sequence[Path]],
    summary: pl.DataFrame,
    city: City,
    thresholds: Thresholds | None = None,
) -> Verdict:
    """The judgement of a population alone, without the proofs of its tables."""
    return judge(_profile(files, summary, city).to_pandas(), thresholds)


def require(report: DoorReport) -> None:
    """Raise E_DOOR, naming what failed, unless the door is open."""
    if not report.passed:
        reasons = "; ".join([*unproved(report.proofs), *unacceptable(report.verdict)])
        raise DtsenError("E_DOOR", reasons)


def _profile(files: Mapping[str, Sequence[Path]], summary: pl.DataFrame, city: City) -> pl.DataFrame:
    scans = {
        table: nw.from_native(pl.scan_parquet(list(files[table]), glob=False, hive_partitioning=False))
        for table in TABLES
    }
    rows: pl.LazyFrame = standings(scans).to_native()
    return profile(summary, rows.collect(engine="streaming"), city)


def unproved(proofs: Sequence[Proof]) -> Iterator[str]:
    """What is not proved, a plain sentence each: table, check, column and counts."""
    for proof in proofs:
        for failure in proof.failures:
            where = f" pada kolom {failure.column}" if failure.column else ""
            yield f"tabel {proof.table}: {failure.check}{where} ({failure.rows_failed} dari {proof.rows} baris)"


def unacceptable(verdict: Verdict | None) -> Iterator[str]:
    """Which figures of the population are out of bounds, a plain sentence each."""
    for result in verdict.results if verdict else ():
        if not result.passed:
            yield f"{' / '.join(LABELS[result.name])}: {result.figure_text}"
