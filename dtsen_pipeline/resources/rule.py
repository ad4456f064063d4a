"""Taking decision files in: the file to the vault, and its new decisions as a file of the project's own beside it.

A row that is no decision is told with its code and line and keeps none of the others from counting; its text stays
in the vault with the file. Sending the same file again, or a later state of it, adds only what is new. What a row
must hold stands in `core.ruling_book`.
"""

from dataclasses import dataclass
from datetime import datetime
from functools import partial
from pathlib import Path

import polars as pl

from dtsen_pipeline.core.ruling_book import Filled, rows_of_book, rows_of_text, ruling_of, sorted_out
from dtsen_pipeline.core.rulings import KIND, SIDE_A, SIDE_B, Ruling, ruling_file
from dtsen_pipeline.reference.profile import CSV, XLSX
from dtsen_pipeline.resources.admission import BY_PERSON
from dtsen_pipeline.resources.choice import format_of
from dtsen_pipeline.resources.delivery import limits_of
from dtsen_pipeline.resources.platform import Platform
from dtsen_pipeline.resources.registry import NewFile
from dtsen_pipeline.resources.returned import Returned, keep_accepted, keep_refused, refused_by_person
from dtsen_pipeline.resources.rulings import registered
from dtsen_pipeline.resources.settings import ZONE
from dtsen_pipeline.resources.vault import Deposit
from dtsen_pipeline.resources.workbook import Workbook
from dtsen_pipeline.schemas.errors import DtsenError
from dtsen_pipeline.schemas.tables import FIELD_TABLES


@dataclass(frozen=True)
class Ruled(Returned):
    """What became of a decision file: new and known decisions, and the rows that are none."""

    rejected: tuple[DtsenError, ...] = ()


def rule(platform: Platform, path: Path, now: datetime) -> Ruled:
    """Take a decision file in; raises DtsenError where there is nothing that could be kept."""
    deposit = platform.vault.put(path)
    stored = refused_by_person(platform, deposit)
    if stored is not None:
        return Ruled(stored.token, stored.verdict, is_new=False, code=stored.code)
    try:
        rows = _rows(platform, deposit, path.suffix)
    except DtsenError as error:
        return keep_refused(platform, deposit, KIND, error, now, Ruled)
    past = registered(platform)
    read = partial(ruling_of, key=platform.key.secret, today=now.astimezone(ZONE).date())
    sides = {row.cells[side] for row in rows for side in (SIDE_A, SIDE_B)}
    known = _known(platform, sides) | {side for one in past for side in (one.case.a, one.case.b)}
    found, problems = sorted_out(rows, read, known.__contains__, past)
    return _accepted(platform, deposit, sorted(set(found)), set(past), tuple(problems), now)


def _rows(platform: Platform, deposit: Deposit, suffix: str) -> list[Filled]:
    platform.vault.check(deposit.sha256)
    with platform.vault.open(deposit.sha256) as file:
        found = format_of(file, suffix, deposit.token)
        if found == XLSX:
            return rows_of_book(Workbook(file, limits_of(platform), deposit.token), deposit.token)
    if found == CSV:
        return rows_of_text(platform.vault.read_bytes(deposit.sha256), deposit.token)
    raise DtsenError("E_DECISION_BOOK", "the file is neither a workbook nor a CSV file", token=deposit.token)


def _known(platform: Platform, sides: set[str]) -> set[str]:
    """Which of the sides are persons or visits of the current release."""
    release = platform.registry.current()
    if release is None:
        return set()
    directory = platform.store.directory(release.path)
    files = sorted(platform.store.manifest(directory)["files"])

    def column(table: str, name: pl.Expr, *conditions: pl.Expr) -> pl.LazyFrame:
        paths = [directory / file for file in files if file.startswith(f"{table}/")]
        scan = pl.scan_parquet(paths, glob=False, hive_partitioning=False)
        return scan.filter(*conditions).select(side=name)

    token = pl.concat_str("src", pl.lit("-"), "row")
    frames = [
        column("anggota", pl.col("person_id")),
        column("alias", pl.col("alias_id")),
        column("vanished", pl.col("entity_id"), pl.col("tabel") == "anggota"),
        column("fate", token, pl.col("sumber").is_in(list(FIELD_TABLES))),
    ]
    return set(pl.concat(frames).filter(pl.col("side").is_in(list(sides))).collect()["side"])


def _accepted(
    platform: Platform,
    deposit: Deposit,
    found: list[Ruling],
    past: set[Ruling],
    problems: tuple[DtsenError, ...],
    now: datetime,
) -> Ruled:
    """Register the file, and the file written from its new decisions, in one transaction."""
    new = [ruling for ruling in found if ruling not in past]
    kept = platform.vault.keep(ruling_file(new)) if new else None
    with platform.registry.together():
        is_new = keep_accepted(platform, deposit, KIND, len(new), now)
        if kept is not None:
            own = NewFile(kept.sha256, kept.size, "accepted", kind=KIND, rows=len(new), derived_from=deposit.sha256)
            same, _ = platform.registry.add_file(own, now)
            if same.verdict != "accepted":
                raise DtsenError(BY_PERSON, "a person refused these decisions; accept them again", token=same.token)
    return Ruled(
        token=deposit.token,
        verdict="accepted",
        is_new=is_new or kept is not None,
        rows=len(new),
        known=len(found) - len(new),
        rejected=problems,
        files=(kept.token,) if kept is not None else (),
    )
