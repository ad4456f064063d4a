"""DuckDB, one big machine: one connection in bounded memory, which spills to disk."""

import warnings
from collections.abc import Callable, Sequence
from itertools import count
from pathlib import Path
from typing import Any

import duckdb
import narwhals as nw
import polars as pl
import pyarrow as pa  # type: ignore[import-untyped]
from duckdb.func import FunctionNullHandling, PythonUDFType

from dtsen_pipeline.core.engine import Frame
from dtsen_pipeline.resources.engines.digests import keyed
from dtsen_pipeline.resources.engines.files import (
    ROW_GROUP,
    ZSTD_LEVEL,
    height,
    parts,
    private,
)
from dtsen_pipeline.resources.engines.silence import Result, silently

Relation = duckdb.DuckDBPyRelation
LAYOUT = (
    f"FORMAT parquet, PARQUET_VERSION v2, COMPRESSION zstd, COMPRESSION_LEVEL {ZSTD_LEVEL},"
    f" ROW_GROUP_SIZE {ROW_GROUP}, USE_TMP_FILE false"
)
"""Version 2 of the format delta-encodes integers, `row` among them."""


def connect(scratch: Path, *, memory_mb: int, threads: int | None) -> "DuckdbEngine":
    """The engine, holding at most about `memory_mb`; what does not fit goes to `scratch`.

    Its connection becomes the process's default one, since Narwhals reshapes tables on the default.
    """
    settings: dict[str, Any] = {"memory_limit": f"{memory_mb}MB", "temp_directory": str(scratch)}
    if threads is not None:
        settings["threads"] = threads
    connection = duckdb.connect(config=settings)
    connection.execute("SET enable_progress_bar = false")
    duckdb.set_default_connection(connection)
    return DuckdbEngine(connection)


class DuckdbEngine:
    """Relations of one connection; tables made by `checkpoint` and `load` live until `close`."""

    name = "duckdb"

    def __init__(self, connection: duckdb.DuckDBPyConnection) -> None:
        self._connection = connection
        self._serial = count(1)
        self._functions: dict[bytes, str] = {}

    def scan(self, path: Path) -> Frame:
        """See `core.engine`."""
        files = [str(part) for part in parts(path)]
        return nw.from_native(self._connection.read_parquet(files, hive_partitioning=False))

    def sink(self, frame: Frame, path: Path, by: Sequence[str]) -> int:
        """See `core.engine`."""
        rows: Relation = frame.sort(*by).to_native()
        view = self._named("sink")
        rows.create_view(view)
        with private(path) as target:
            copy = f"COPY (FROM {view}) TO ? ({LAYOUT})"
            _silently(lambda: self._connection.execute(copy, [target]))
        return height(path)

    def checkpoint(self, frame: Frame) -> Frame:
        """See `core.engine`."""
        rows: Relation = frame.to_native()
        return self._stored(rows)

    def load(self, frame: pl.DataFrame) -> Frame:
        """See `core.engine`."""
        return self._stored(self._connection.from_arrow(frame.to_arrow()))

    def fetch(self, frame: Frame) -> pl.DataFrame:
        """See `core.engine`."""
        rows: Relation = frame.to_native()
        return _silently(rows.pl)

    def hmac(self, frame: Frame, column: str, key: bytes) -> Frame:
        """See `core.engine`."""
        return _called(frame, column, self._keyed(key))

    def sha256(self, frame: Frame, column: str) -> Frame:
        """See `core.engine`."""
        return _called(frame, column, "sha256")

    def close(self) -> None:
        """Close the connection: its tables and temporary files go with it."""
        self._connection.close()

    def _named(self, kind: str) -> str:
        return f"{kind}_{next(self._serial)}"

    def _stored(self, rows: Relation) -> Frame:
        table = self._named("checkpoint")
        _silently(lambda: rows.create(table))
        return nw.from_native(self._connection.table(table))

    def _keyed(self, key: bytes) -> str:
        """The name of the SQL function that hashes under `key`."""
        if key not in self._functions:
            name = self._named("keyed")
            self._connection.create_function(
                name,
                _over_arrow(key),
                ["varchar"],
                "varchar",
                type=PythonUDFType.ARROW,
                null_handling=FunctionNullHandling.SPECIAL,
            )
            self._functions[key] = name
        return self._functions[key]


def _over_arrow(key: bytes) -> Callable[[pa.ChunkedArray], pa.Array]:
    def hashed(texts: pa.ChunkedArray) -> pa.Array:
        return pa.array(keyed(texts.to_pylist(), key), type=pa.string())

    return hashed


def _called(frame: Frame, column: str, function: str) -> Frame:
    """`frame` with `function` applied to `column`: to the column, since a plain name would be a literal."""
    rows: Relation = frame.to_native()
    columns = {name: duckdb.ColumnExpression(name) for name in rows.columns}
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        result = duckdb.FunctionExpression(function, columns[column]).alias(column)
    return nw.from_native(rows.select(*(columns | {column: result}).values()))


def _silently(step: Callable[[], Result]) -> Result:
    failures = (duckdb.DataError, duckdb.IntegrityError, duckdb.InvalidInputException)
    return silently("duckdb", step, failures)
