"""Parquet files as engines leave them: private, durable, counted, of one layout. Computes no frame."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import polars as pl

ROW_GROUP = 100_000
ZSTD_LEVEL = 1
POINTER = "row"
"""The physical line number; delta-encoded by the writers that can (all but Polars 2.1)."""


def parts(path: Path) -> list[Path]:
    """The Parquet file at `path`, or the files of the directory in the order of their names."""
    return sorted(path.glob("*.parquet")) if path.is_dir() else [path]


@contextmanager
def private(path: Path) -> Iterator[str]:
    """A new empty file of mode 0600 to be filled under its name; on disk when the block ends.

    What stood at `path` is unlinked, not cut: another reader may have it mapped.
    """
    path.unlink(missing_ok=True)
    os.close(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600))
    try:
        yield str(path)
    except BaseException:
        path.unlink(missing_ok=True)
        raise
    _sync(path)
    _sync(path.parent)


def height(path: Path) -> int:
    """The number of rows, from the file's footer."""
    return int(pl.scan_parquet(path, glob=False).select(pl.len()).collect().item())


def _sync(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
