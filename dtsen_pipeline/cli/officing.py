"""`dtsen ingest --kind officer`: the list of officers with their roles and terms on its way in."""

from collections.abc import Sequence
from datetime import date, datetime
from pathlib import Path

from dtsen_pipeline.cli import returning

OFFICERS = returning.Sort(
    suffixes=(".csv",),
    usage="these files have neither a profile nor a data date",
    columns={
        "argument": "Argumen",
        "token": "Token",
        "verdict": "Putusan",
        "rows": "Masa tugas",
        "is_new": "Baru",
        "rejected": "Baris ditolak",
        "code": "Kode",
    },
    following="Daftar ini menggantikan daftar sebelumnya. Berikutnya: dtsen refresh",
)


def take(paths: Sequence[Path], profile: str | None, data_date: date | datetime | None, *, as_json: bool) -> None:
    """Take the lists in; the last one counts."""
    from dtsen_pipeline.resources.officers import list_officers  # noqa: PLC0415 - imports the models

    returning.take(paths, OFFICERS, list_officers, profile, data_date, as_json=as_json)
