"""Correction files for a run's rejected rows, as an office would send them: every second row mended, some badly."""

import hashlib
import re
from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace

import polars as pl

from dtsen_pipeline.core import intake
from dtsen_pipeline.core.corrections import Correction, correction_file, profile_named, ties
from dtsen_pipeline.core.inputs import Source, freeze
from dtsen_pipeline.schemas.tables import delivered, tables
from tests.running import Readings, Run

MENDED = {
    "luas_lantai": "45",
    "tanggal_lahir": "1980-01-01",
    "jumlah_anggota_keluarga": "1",
    "waktu_kunjungan": "2026-09-07T09:30:00+07:00",
    "nomor_induk_kependudukan": "",
}
LAST_YEAR = 27
"""Two-digit years below it belong to this century."""
STILL_WRONG = {"luas_lantai": "99999", "tanggal_lahir": "kemarin"}


@dataclass(frozen=True)
class CorrectionFile:
    """The bytes of a correction file, and the source it stands beside."""

    data: bytes
    source: Source

    @property
    def sha256(self) -> str:
        """The hash of its bytes."""
        return hashlib.sha256(self.data).hexdigest()


def correction_files(run: Run) -> list[CorrectionFile]:
    """Corrections of the run's readable rejected rows, and one of a row that was never rejected."""
    cells = {table: _cells(rows) for table, rows in run.readings.rows.items()}
    found: dict[tuple[str, str], list[Correction]] = defaultdict(list)
    for place, row in enumerate(run.engine.fetch(run.checked.rejected).sort("src", "row").to_dicts()):
        token, table = f"{row['src']}-{row['row']}", row["sumber"]
        if token in cells[table] and place % 2 == 0:
            columns = [one.partition(":")[2] for one in row["reasons"].split("|")]
            mended = _mended(cells[table][token], columns, is_wrong=place % 8 == 0)
            found[table, row["src"]].append(Correction(token, token, mended))
    valid = run.readings.rows["keluarga"].row(3, named=True)
    token = f"{valid['src']}-{valid['row']}"
    found["keluarga", valid["src"]].append(Correction(token, token, cells["keluarga"][token]))
    sources = {source.token: source for source in run.readings.inputs.sources}
    return [CorrectionFile(correction_file(table, rows), sources[src]) for (table, src), rows in sorted(found.items())]


def _cells(rows: pl.DataFrame) -> Mapping[str, tuple[str, ...]]:
    return {f"{src}-{row}": tuple(cells) for src, row, *cells in rows.rows()}


def _mended(cells: tuple[str, ...], columns: list[str], *, is_wrong: bool) -> tuple[str, ...]:
    table = next(table for table in tables().values() if len(delivered(table)) == len(cells))
    told = dict(zip(delivered(table), cells, strict=True))
    values = MENDED | _born(told.get("nomor_induk_kependudukan", "")) | (STILL_WRONG if is_wrong else {})
    return tuple((told | {name: values.get(name, told[name]) for name in columns if name in told}).values())


def _born(nik: str) -> dict[str, str]:
    """The birth date that a population number states; nothing where it is none."""
    if not re.fullmatch("[0-9]{16}", nik):
        return {}
    day, month, year = int(nik[6:8]) % 40, nik[8:10], int(nik[10:12])
    return {"tanggal_lahir": f"{2000 + year if year < LAST_YEAR else 1900 + year}-{month}-{day:02}"}


def corrected(readings: Readings, files: list[CorrectionFile]) -> Readings:
    """The readings with the correction files among them."""
    rows, tied = {table: [found] for table, found in readings.rows.items()}, []
    sources = list(readings.inputs.sources)
    for file, source in zip(files, _sources(files), strict=True):
        reading = intake.read(file.data, profile_named(source.profile), source.token)
        rows[source.table].append(reading.rows.select(readings.rows[source.table].columns))
        tied.append(ties(reading.rows))
        sources.append(source)
    facts = {name: getattr(readings.inputs, name) for name in ("city", "model", "key_id")}
    return Readings(
        {table: pl.concat(found) for table, found in rows.items()},
        readings.damaged,
        freeze(sources, **facts),
        pl.concat(tied),
    )


def _sources(files: list[CorrectionFile]) -> Iterator[Source]:
    for file in files:
        profile = f"koreksi_{file.source.table}"
        yield replace(file.source, sha256=file.sha256, profile=profile, profile_version=1, corrects=file.source.sha256)
