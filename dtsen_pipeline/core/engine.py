"""What the core asks of an engine: the few things Narwhals expressions cannot say.

The engines themselves stand in `resources.engines`; a core function receives one as an argument.
"""

from collections.abc import Sequence
from pathlib import Path
from typing import Any, Protocol

import narwhals as nw
import polars as pl

Frame = nw.LazyFrame[Any]
NUMBER = nw.Int32
"""The type of every code and count of the contract; counts have nine digits at most."""


class Engine(Protocol):
    """An execution engine behind lazy frames."""

    name: str

    def scan(self, path: Path) -> Frame:
        """The Parquet file or directory at `path` as a lazy frame."""
        ...

    def sink(self, frame: Frame, path: Path, by: Sequence[str]) -> int:
        """Write `frame` sorted by `by` to one Parquet file; the number of rows written."""
        ...

    def checkpoint(self, frame: Frame) -> Frame:
        """The same rows, computed once, for a frame that is used more than once."""
        ...

    def load(self, frame: pl.DataFrame) -> Frame:
        """A small Polars table as a frame of this engine."""
        ...

    def fetch(self, frame: Frame) -> pl.DataFrame:
        """The rows of `frame` as a Polars table."""
        ...

    def hmac(self, frame: Frame, column: str, key: bytes) -> Frame:
        """Replace text in `column` by the first 32 hexadecimal digits of its HMAC-SHA256 under `key`."""
        ...

    def sha256(self, frame: Frame, column: str) -> Frame:
        """Replace text in `column` by its SHA-256 in hexadecimal."""
        ...
