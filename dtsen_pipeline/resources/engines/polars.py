"""Polars, the embedded default: lazy scans, hashes in Python."""

import os
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path

import narwhals as nw
import polars as pl
from polars.exceptions import ComputeError, InvalidOperationError

from dtsen_pipeline.core.engine import Frame
from dtsen_pipeline.resources.engines.digests import keyed, plain
from dtsen_pipeline.resources.engines.files import (
    ROW_GROUP,
    ZSTD_LEVEL,
    parts,
    private,
)
from dtsen_pipeline.resources.engines.silence import Result, silently

SPILL = "POLARS_OOC_SPILL_DIR"


def connect(scratch: Path) -> "PolarsEngine":
    """The engine; large sorts, joins and groups of this process spill to `scratch`."""
    os.environ[SPILL] = str(scratch)
    pl.Config.reload_env_vars()
    return PolarsEngine()


class PolarsEngine:
    """Lazy frames of Polars. Its writer cannot delta-encode a column: `row` is plain under zstd."""

    name = "polars"

    def scan(self, path: Path) -> Frame:
        """See `core.engine`."""
        return nw.from_native(pl.scan_parquet(parts(path), glob=False, hive_partitioning=False))

    def sink(self, frame: Frame, path: Path, by: Sequence[str]) -> int:
        """See `core.engine`."""
        rows = self.fetch(frame).sort(*by)
        with private(path) as target:
            rows.write_parquet(target, compression="zstd", compression_level=ZSTD_LEVEL, row_group_size=ROW_GROUP)
        return rows.height

    def checkpoint(self, frame: Frame) -> Frame:
        """See `core.engine`."""
        return self.load(self.fetch(frame))

    def load(self, frame: pl.DataFrame) -> Frame:
        """See `core.engine`."""
        return nw.from_native(frame.lazy())

    def fetch(self, frame: Frame) -> pl.DataFrame:
        """See `core.engine`."""
        rows: pl.LazyFrame = frame.to_native()
        return _silently(rows.collect)

    def hmac(self, frame: Frame, column: str, key: bytes) -> Frame:
        """See `core.engine`."""
        return _mapped(frame, column, lambda texts: keyed(texts, key))

    def sha256(self, frame: Frame, column: str) -> Frame:
        """See `core.engine`."""
        return _mapped(frame, column, plain)

    def close(self) -> None:
        """Nothing is held."""


def _mapped(frame: Frame, column: str, digest: Callable[[Iterable[str | None]], list[str | None]]) -> Frame:
    def hashed(texts: pl.Series) -> pl.Series:
        return pl.Series(texts.name, digest(texts), dtype=pl.String)

    rows: pl.LazyFrame = frame.to_native()
    cell = pl.col(column).map_batches(hashed, return_dtype=pl.String, is_elementwise=True)
    return nw.from_native(rows.with_columns(cell))


def _silently(step: Callable[[], Result]) -> Result:
    return silently("polars", step, (ComputeError, InvalidOperationError))
