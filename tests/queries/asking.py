"""What tests of the read side look up for themselves: raw rows by line number, and the access log."""

import csv
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import polars as pl
from sqlalchemy import select

from dtsen_pipeline.queries.reading import View
from dtsen_pipeline.resources.platform import Platform
from dtsen_pipeline.resources.registry.models import AccessLog

DELIMITER = {"keluarga": "|", "anggota": "|", "kunjungan": ",", "kunjungan_anggota": ","}


@cache
def lines(path: Path) -> list[bytes]:
    """The physical lines of a file."""
    return path.read_bytes().split(b"\n")


def raw(platform: Platform, token: str, row: int) -> dict[str, str]:
    """A raw row, read without the code under test."""
    file = platform.registry.file(token)
    stored = lines(platform.vault.path(file.sha256))
    delimiter = DELIMITER[file.table_name or ""]
    texts = [stored[number].decode() for number in (0, row - 1)]
    head, cells = csv.reader(texts, delimiter=delimiter, strict=True)
    return dict(zip(head, cells, strict=True))


def rows(platform: Platform, release: View, table: str) -> Iterator[tuple[str, int, dict[str, str]]]:
    """Every readable raw row of an input table."""
    for source in release.sources:
        if source["table"] != table:
            continue
        token = source["sha256"][:12]
        for number in range(2, len(lines(platform.vault.path(source["sha256"])))):
            try:
                yield token, number, raw(platform, token, number)
            except (UnicodeDecodeError, ValueError, csv.Error):
                continue


def some(release: View, table: str, *conditions: pl.Expr) -> dict[str, object]:
    """The first row of a release table that meets the conditions."""
    return dict(release.rows(table, *conditions)[0])


def looks(platform: Platform) -> list[AccessLog]:
    """The access log, the oldest first."""
    with platform.registry.read() as session:
        return list(session.scalars(select(AccessLog).order_by(AccessLog.id)))
