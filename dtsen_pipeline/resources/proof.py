"""Proof that a written table is what its Pandera model says: structure, values, sort order and unique keys.

Tables are read part by part, so that memory stays bounded. A failing proof is data, and holds names and
counts only: Pandera's and Polars' own errors quote the values they stumbled on and never leave this file.
What a table must be stands in `schemas.release`.
"""

from collections import Counter
from collections.abc import Iterator, Sequence
from copy import deepcopy
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, Final

import pandera.polars as pa
import polars as pl
from pandera.config import ValidationDepth, config_context
from pandera.errors import SchemaError, SchemaErrorReason, SchemaErrors
from polars.exceptions import PolarsError

from dtsen_pipeline.schemas.reasons import REASONS
from dtsen_pipeline.schemas.release import KEYS, TABLES, polars_types

PART = 100_000
IN_CASES = (SchemaErrorReason.COLUMN_NOT_IN_DATAFRAME, SchemaErrorReason.COLUMN_NOT_ORDERED)
THOROUGH: Final[dict[str, Any]] = {
    "validation_enabled": True,
    "validation_depth": ValidationDepth.SCHEMA_AND_DATA,
    "use_narwhals_backend": False,
}
UNREADABLE, NO_FILES = "unreadable", "no_files"
KEY_ORDER, UNIQUE = "key_order", "unique"


@dataclass(frozen=True)
class Failure:
    """A check that did not hold, the declared column it is about, and how many rows broke it.

    `check` is the check's reason code where it has one, else its name. A structural failure counts every row
    of the parts it was found in, `unique` the rows beyond the first of each key, `unreadable` the files.
    """

    check: str
    column: str | None
    rows_failed: int


@dataclass(frozen=True)
class Proof:
    """What was found in the files of one table."""

    table: str
    rows: int
    failures: tuple[Failure, ...]

    @property
    def passed(self) -> bool:
        """Whether nothing failed."""
        return not self.failures


Broken = Counter[tuple[str, str | None]]


def prove(table: str, files: Sequence[Path]) -> Proof:
    """Prove the table whose parts are `files`, in this order."""
    if not files:
        return Proof(table, 0, (Failure(NO_FILES, None, 0),))
    order = _Order(table)
    broken: Broken = Counter()
    rows = 0
    try:
        for part in _parts(files):
            rows += part.height
            broken += _broken(table, part)
            order.follow(part)
        broken += order.broken(files)
    except (PolarsError, OSError):
        broken[UNREADABLE, None] += 1
    found = sorted(broken.items(), key=lambda item: (item[0][0], item[0][1] or ""))
    return Proof(table, rows, tuple(Failure(*name, count) for name, count in found))


def _parts(files: Sequence[Path]) -> Iterator[pl.DataFrame]:
    """Slices of every file; a file without rows is one empty slice."""
    for file in files:
        scan = pl.scan_parquet(file, glob=False, hive_partitioning=False)
        height = int(scan.select(pl.len()).collect().item())
        for offset in range(0, max(height, 1), PART):
            yield scan.slice(offset, PART).collect()


@cache
def _model(table: str) -> pa.DataFrameSchema:
    """The table's model with the order of columns required; uniqueness is proved over the whole table."""
    schema = deepcopy(TABLES[table].to_schema())
    schema.ordered = True
    for column in schema.columns.values():
        column.unique = False
    return schema


def _broken(table: str, part: pl.DataFrame) -> Broken:
    """What Pandera finds, whatever the environment says about the depth of its validation."""
    found: Broken = Counter()
    try:
        with config_context(**THOROUGH):
            _model(table).validate(part, lazy=True)
    except SchemaErrors as errors:
        for error in errors.schema_errors:
            name = _check_name(error), _column_name(error, table)
            found[name] = max(found[name], _rows_failed(error, part.height))
    return found


def _check_name(error: SchemaError) -> str:
    """The reason code of a check, else its name, else the kind of structural failure."""
    declared = getattr(error.check, "error", None)
    if declared is not None and declared in REASONS:
        return str(declared)
    named = getattr(error.check, "name", None)
    return str(named if named is not None else error.reason_code.value)


def _column_name(error: SchemaError, table: str) -> str | None:
    """The column, where it is a declared one: the name of an unknown column may be anything."""
    reason = error.reason_code
    named = error.failure_cases if reason in IN_CASES else getattr(error.schema, "name", None)
    return named if isinstance(named, str) and named in polars_types(table) else None


def _rows_failed(error: SchemaError, height: int) -> int:
    cases = error.failure_cases
    return cases.height if isinstance(cases, pl.DataFrame) else max(height, 1)


class _Order:
    """Follows the parts of a table and compares each key with the one before it.

    Where keys only rise, every key is unique; only where they do not are the keys counted over all files.
    """

    def __init__(self, table: str) -> None:
        types = polars_types(table)
        self.key = KEYS[table]
        self.types = {name: types[name] for name in self.key}
        self.others = _unique_columns(table) - {self.key}
        self.last = pl.DataFrame(schema=self.types)
        self.falls = self.ties = 0

    def follow(self, part: pl.DataFrame) -> None:
        """Compare the next part; one whose key columns are not of their types is not compared."""
        if {name: part.schema.get(name) for name in self.key} != self.types:
            return
        keys = pl.concat([self.last, part.select(self.key)])
        falls, ties = keys.select(*_steps(self.key)).row(0)
        self.falls += falls
        self.ties += ties
        self.last = keys.tail(1)

    def broken(self, files: Sequence[Path]) -> Broken:
        """Rows out of order, and rows that repeat a key or another unique column."""
        found: Broken = Counter()
        found[KEY_ORDER, ", ".join(self.key)] += self.falls
        repeated = _repeats(files, self.key) if self.falls else self.ties
        found[UNIQUE, ", ".join(self.key)] += repeated
        for columns in self.others:
            found[UNIQUE, ", ".join(columns)] += _repeats(files, columns)
        return +found


def _unique_columns(table: str) -> set[tuple[str, ...]]:
    columns = TABLES[table].to_schema().columns
    return {(str(name),) for name, column in columns.items() if column.unique}


def _steps(key: tuple[str, ...]) -> tuple[pl.Expr, pl.Expr]:
    """How often a key is lower than, and equal to, the one before it."""
    is_lower, is_equal = pl.lit(value=False), pl.lit(value=True)
    for name in key:
        before, now = pl.col(name).shift(), pl.col(name)
        is_lower = is_lower | (is_equal & (now < before))
        is_equal = is_equal & (now == before)
    return is_lower.sum().alias("falls"), is_equal.sum().alias("ties")


def _repeats(files: Sequence[Path], columns: tuple[str, ...]) -> int:
    """Rows beyond the first of each value, counted by the engine over all files."""
    rows = pl.scan_parquet(list(files), glob=False, hive_partitioning=False).select(columns)
    counted = rows.group_by(columns).agg(pl.len().alias("times")).filter(pl.col("times") > 1)
    beyond = counted.select((pl.col("times").cast(pl.Int64) - 1).sum())
    return int(beyond.collect(engine="streaming").item())
