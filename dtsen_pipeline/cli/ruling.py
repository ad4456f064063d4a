"""`dtsen ingest --kind decision`: files of reviewers' decisions on their way in, and what became of their rows."""

from collections.abc import Sequence
from datetime import date, datetime
from pathlib import Path

from dtsen_pipeline.cli import returning

DECISIONS = returning.Sort(
    suffixes=(".xlsx", ".csv"),
    usage="these files have neither a profile nor a data date",
    columns={
        "argument": "Argumen",
        "token": "Token",
        "verdict": "Putusan",
        "rows": "Keputusan baru",
        "known": "Sudah masuk",
        "rejected": "Baris ditolak",
        "code": "Kode",
    },
    following="Berikutnya: dtsen refresh, lalu dtsen review",
)


def take(paths: Sequence[Path], profile: str | None, data_date: date | datetime | None, *, as_json: bool) -> None:
    """Take the files in; a file or a row that cannot be taken keeps none of the others from it."""
    from dtsen_pipeline.resources.rule import rule  # noqa: PLC0415 - imports the models

    returning.take(paths, DECISIONS, rule, profile, data_date, as_json=as_json)
