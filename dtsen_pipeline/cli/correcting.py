"""`dtsen ingest --kind correction`: corrected workbooks on their way back, and what became of their rows."""

from collections.abc import Sequence
from datetime import date, datetime
from pathlib import Path

from dtsen_pipeline.cli import returning

WORKBOOK = returning.Sort(
    suffixes=(".xlsx",),
    usage="profile and date are those of the rows that the workbook corrects",
    columns={
        "argument": "Argumen",
        "token": "Token",
        "verdict": "Putusan",
        "rows": "Dikoreksi",
        "unchanged": "Tidak diubah",
        "known": "Sudah masuk",
        "code": "Kode",
    },
    following="Berikutnya: dtsen refresh, lalu dtsen rejected",
)


def take(paths: Sequence[Path], profile: str | None, data_date: date | datetime | None, *, as_json: bool) -> None:
    """Take the workbooks in; one that cannot be taken keeps none of the others from it."""
    from dtsen_pipeline.resources.correct import correct  # noqa: PLC0415 - imports the models

    returning.take(paths, WORKBOOK, correct, profile, data_date, as_json=as_json)
