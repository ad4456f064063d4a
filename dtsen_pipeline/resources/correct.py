"""Taking a corrected workbook in: the workbook to the vault, and its changed rows as correction files beside it.

One correction file for each table and each file that it corrects, written and registered at once; a workbook that
cannot be tied row by row is refused as a whole and kept. Sending it again, or a later state of the same
workbook, adds only what is new. How sheets are read and rows are written stands in the core.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from functools import cached_property
from pathlib import Path

import polars as pl

from dtsen_pipeline.core.corrected_book import Filled, filled_rows, is_changed
from dtsen_pipeline.core.corrections import (
    KIND,
    ROOT,
    TARGET,
    Correction,
    correction_file,
    profile_named,
)
from dtsen_pipeline.core.rows import pointer
from dtsen_pipeline.core.translate import filled
from dtsen_pipeline.reference import part_of
from dtsen_pipeline.resources.admission import BY_PERSON
from dtsen_pipeline.resources.delivery import contract_rows, limits_of, read_all
from dtsen_pipeline.resources.platform import Platform
from dtsen_pipeline.resources.registry import NewFile
from dtsen_pipeline.resources.registry.models import SourceFile
from dtsen_pipeline.resources.returned import Returned, keep_accepted, keep_refused, refused_by_person
from dtsen_pipeline.resources.vault import Deposit
from dtsen_pipeline.resources.workbook import Workbook
from dtsen_pipeline.schemas.errors import DtsenError
from dtsen_pipeline.schemas.tables import delivered, tables


@dataclass(frozen=True)
class Corrected(Returned):
    """What became of a workbook; `rows` are new corrections, `unchanged` rows that nobody changed."""

    unchanged: int = 0


def correct(platform: Platform, path: Path, now: datetime) -> Corrected:
    """Take a workbook in; raises DtsenError where there is nothing that could be kept."""
    deposit = platform.vault.put(path)
    stored = refused_by_person(platform, deposit)
    if stored is not None:
        return Corrected(stored.token, stored.verdict, is_new=False, code=stored.code)
    try:
        platform.vault.check(deposit.sha256)
        with platform.vault.open(deposit.sha256) as file:
            rows = filled_rows(Workbook(file, limits_of(platform), deposit.token), deposit.token)
        found = _sorted_out(platform, rows, deposit.token)
    except DtsenError as error:
        return keep_refused(platform, deposit, KIND, error, now, Corrected)
    return _accepted(platform, deposit, found, now)


def check_free(platform: Platform, files: Iterable[SourceFile]) -> None:
    """E_CORRECTED_TWICE where a row that these correction files correct is corrected by another one that counts."""
    past = _Past(platform)
    for file in files:
        if file.table_name is not None and not past.targets(file).isdisjoint(past.corrections):
            raise DtsenError("E_CORRECTED_TWICE", "another correction of one of its rows counts now", token=file.token)


@dataclass
class _Found:
    """The corrections by table and sha256 of the file they stand beside, and how many rows brought none."""

    new: dict[tuple[str, str], list[Correction]] = field(default_factory=lambda: defaultdict(list))
    unchanged: int = 0
    known: int = 0


def _sorted_out(platform: Platform, rows: Iterable[Filled], token: str) -> _Found:
    """Which rows are new corrections; E_CORRECTION_ROW or E_CORRECTED_TWICE where one cannot be taken."""
    found, past = _Found(), _Past(platform)
    for row in rows:
        file, cells = past.original(row, token)
        if not is_changed(row, cells):
            found.unchanged += 1
            continue
        earlier = past.corrections.get(row.target)
        if earlier is not None and earlier != row.cells:
            raise _problem("E_CORRECTED_TWICE", "the row was corrected before, in another way", row, token)
        if earlier is not None:
            found.known += 1
            continue
        root = row.target if cells is None else cells.get(ROOT, row.target)
        key = row.table, file.corrects or file.sha256
        found.new[key].append(Correction(row.target, root, row.cells))
    return found


def _problem(code: str, message: str, row: Filled, token: str) -> DtsenError:
    return DtsenError(code, f"sheet {row.table}: {message}", token=token, line=row.line, column=TARGET)


class _Past:
    """What was delivered and corrected before, each file read once."""

    def __init__(self, platform: Platform) -> None:
        self.platform = platform
        self._rows: dict[str, Mapping[int, Mapping[str, str] | None]] = {}

    def original(self, row: Filled, token: str) -> tuple[SourceFile, Mapping[str, str] | None]:
        """The file and the cells of the row that a workbook row speaks of; no cells where the line is damaged."""
        src, line = pointer(row.target)
        file = self.platform.registry.find_file(src)
        if file is None or file.verdict != "accepted" or _table(file, line) != row.table:
            raise _problem("E_CORRECTION_ROW", "its file does not count, or brings rows of another table", row, token)
        lines = self._lines(file)
        if line not in lines:
            raise _problem("E_CORRECTION_ROW", "there is no such row", row, token)
        return file, lines[line]

    @cached_property
    def corrections(self) -> dict[str, tuple[str, ...]]:
        """The cells of every correction that counts, by the row it corrects."""
        found = {}
        for file in self.platform.registry.files(kind=KIND, verdict="accepted"):
            if file.table_name is None:
                continue
            names = delivered(tables()[file.table_name])
            for cells in self._lines(file).values():
                if cells is not None:
                    found[cells[TARGET]] = tuple(cells[name] for name in names)
        return found

    def targets(self, file: SourceFile) -> frozenset[str]:
        """The rows that a correction file corrects."""
        return frozenset(cells[TARGET] for cells in self._lines(file).values() if cells is not None)

    def _lines(self, file: SourceFile) -> Mapping[int, Mapping[str, str] | None]:
        if file.token not in self._rows:
            self._rows[file.token] = dict(self._read(file))
        return self._rows[file.token]

    def _read(self, file: SourceFile) -> Iterator[tuple[int, Mapping[str, str] | None]]:
        """Every row of every part of a file, written as the contract writes it."""
        place = self.platform.settings.city
        for part, reading in read_all(self.platform, file.sha256, profile_named(file.profile or "")).values():
            told = contract_rows(filled(reading.rows, part.table), part, place)
            ties = reading.rows.select(name for name in (TARGET, ROOT) if name in reading.rows.columns)
            rows = pl.concat([told, ties], how="horizontal").with_columns(pl.col(pl.String).fill_null(""))
            yield from ((row.pop("row"), row) for row in rows.drop("src").iter_rows(named=True))
            yield from ((line, None) for line in reading.damaged["row"].to_list())


def _table(file: SourceFile, line: int) -> str | None:
    """The table of a row of a file; none for a workbook, which brings no rows itself."""
    return part_of(profile_named(file.profile), line).table if file.profile else None


def _accepted(platform: Platform, deposit: Deposit, found: _Found, now: datetime) -> Corrected:
    """Register the workbook and the files written from it in one transaction."""
    written = [(key, rows, platform.vault.keep(correction_file(key[0], rows))) for key, rows in found.new.items()]
    count = sum(len(rows) for _, rows, _ in written)
    with platform.registry.together():
        is_new = keep_accepted(platform, deposit, KIND, count, now)
        for (table, corrected), rows, kept in written:
            file = _file(platform.registry.file(corrected), table, kept, deposit, len(rows))
            same, _ = platform.registry.add_file(file, now)
            if same.verdict != "accepted":
                raise DtsenError(BY_PERSON, "a person refused these corrections; accept them again", token=same.token)
    tokens = tuple(sorted(kept.token for _, _, kept in written))
    return Corrected(
        token=deposit.token,
        verdict="accepted",
        is_new=is_new or bool(tokens),
        rows=count,
        unchanged=found.unchanged,
        known=found.known,
        files=tokens,
    )


def _file(corrected: SourceFile, table: str, kept: Deposit, book: Deposit, rows: int) -> NewFile:
    """A correction file has the version, date and batch of the file it stands beside."""
    return NewFile(
        sha256=kept.sha256,
        size=kept.size,
        verdict="accepted",
        kind=KIND,
        table_name=table,
        profile=f"koreksi_{table}",
        profile_version=1,
        version=corrected.version,
        region=corrected.region,
        data_date=corrected.data_date,
        batch_id=corrected.batch_id,
        rows=rows,
        corrects=corrected.sha256,
        derived_from=book.sha256,
    )
