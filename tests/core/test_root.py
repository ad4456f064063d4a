"""The content root: moved by every cell of every table, and by nothing else."""

from typing import Any

import polars as pl
import pytest

from dtsen_pipeline.core.engine import Engine
from dtsen_pipeline.core.root import TableRoot, content_root, table_root
from dtsen_pipeline.schemas import release
from dtsen_pipeline.schemas.release import KEYS, TABLES, polars_types


def plain(table: str, rows: int = 3) -> pl.DataFrame:
    """Rows with a different value in every cell."""
    values: dict[Any, Any] = {
        pl.String: lambda n: f"teks {n}",
        pl.Int32: lambda n: n,
        pl.Int64: lambda n: n,
        pl.Boolean: lambda n: n % 2 == 0,
        pl.Date: lambda n: n,
    }
    types = polars_types(table)
    columns = {
        name: pl.Series(
            [values[type(dtype) if isinstance(dtype, pl.DataType) else dtype](row) for row in range(rows)]
        ).cast(dtype)
        for name, dtype in types.items()
    }
    return pl.DataFrame(columns)


def root(frame: pl.DataFrame, table: str, engine: Engine) -> TableRoot:
    return table_root(engine.load(frame), table, engine)


@pytest.mark.parametrize("table", TABLES)
def test_every_cell_moves_the_hash_of_its_row(table: str, engine: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    """A sound row, and below it one row for each column that lacks that column's value."""
    monkeypatch.setattr("dtsen_pipeline.core.root._combined", " ".join)
    sound = plain(table, rows=1)
    lacking = [sound.with_columns(pl.lit(None, dtype=dtype).alias(name)) for name, dtype in sound.schema.items()]
    found = root(pl.concat([sound, *lacking]), table, engine)
    assert found.rows == 1 + len(sound.columns)
    assert len(set(found.sha256.split())) == found.rows


@pytest.mark.parametrize("table", ["alias", "summary", "fate"])
def test_every_cell_moves_the_root(table: str, engine: Engine) -> None:
    frame = plain(table)
    seen = {root(frame, table, engine).sha256}
    last = pl.int_range(pl.len()) == pl.len() - 1
    for name, dtype in frame.schema.items():
        changed = frame.with_columns(pl.when(last).then(pl.lit(None, dtype=dtype)).otherwise(name).alias(name))
        seen.add(root(changed, table, engine).sha256)
    assert len(seen) == 1 + len(frame.columns)


@pytest.mark.parametrize("table", TABLES)
def test_the_order_of_rows_and_columns_does_not(table: str, engine: Engine) -> None:
    frame = plain(table, rows=12)
    shuffled = frame.sample(fraction=1.0, shuffle=True, seed=3).select(reversed(frame.columns))
    assert root(shuffled, table, engine) == root(frame, table, engine)


def test_a_row_more_or_less_does(engine: Engine) -> None:
    frame = plain("alias", rows=4)
    roots = {root(part, "alias", engine).sha256 for part in (frame, frame.head(3), frame.tail(3), frame.clear())}
    assert len(roots) == 4


def test_values_that_trade_places_do(engine: Engine) -> None:
    frame = plain("summary", rows=2).with_columns(kelurahan=pl.lit("a"), category=pl.lit("b"))
    swapped = frame.with_columns(kelurahan=pl.lit("b"), category=pl.lit("a"))
    assert root(swapped, "summary", engine) != root(frame, "summary", engine)


def test_every_table_has_a_total_order() -> None:
    assert set(KEYS) == set(TABLES)
    assert all(set(keys) <= set(polars_types(table)) for table, keys in KEYS.items())


def test_the_root_of_a_release_is_that_of_its_tables(monkeypatch: pytest.MonkeyPatch) -> None:
    roots = {name: TableRoot(rows=2, sha256=name * 2) for name in TABLES}
    sound = content_root(roots)
    assert content_root(dict(reversed(roots.items()))) == sound
    for name, found in roots.items():
        assert content_root(roots | {name: TableRoot(found.rows, "other")}) != sound
        assert content_root(roots | {name: TableRoot(3, found.sha256)}) != sound
        assert content_root({key: value for key, value in roots.items() if key != name}) != sound
    monkeypatch.setattr("dtsen_pipeline.core.root.SCHEMA_VERSION", release.SCHEMA_VERSION + 1)
    assert content_root(roots) != sound
