"""A release's tables in SQL: loaded under its id before the pointer moves, with views on the current one.

The SQL tables are derived from the models of the release; nothing is declared here. The Parquet files stay
the release: what is here can be loaded again from them.
"""

from collections.abc import Collection, Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

import pandera.polars as pa
import polars as pl
from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    Connection,
    Date,
    Integer,
    MetaData,
    Select,
    Table,
    Text,
    delete,
    func,
    inspect,
    select,
)
from sqlalchemy.schema import CreateView, DropView
from sqlalchemy.types import TypeEngine

from dtsen_pipeline.resources.failpoint import reach
from dtsen_pipeline.resources.registry import Registry
from dtsen_pipeline.resources.registry.models import CurrentRelease, Release
from dtsen_pipeline.schemas.errors import DtsenError
from dtsen_pipeline.schemas.release import TABLES

Models = Mapping[str, type[pa.DataFrameModel]]

TYPES: Mapping[type[pl.DataType], type[TypeEngine[Any]]] = {
    pl.Int32: Integer,
    pl.Int64: BigInteger,
    pl.String: Text,
    pl.Date: Date,
    pl.Boolean: Boolean,
}
RELEASE_ID = "release_id"
CHUNK = 20_000


def sql_tables(models: Models = TABLES) -> dict[str, Table]:
    """The SQL table `release_<name>` of each model: the release's id and the model's columns."""
    metadata = MetaData()
    return {name: _table(name, model, metadata) for name, model in models.items()}


def load_release(
    registry: Registry, release_id: str, directory: Path, files: Iterable[str], models: Models = TABLES
) -> dict[str, int]:
    """Load the Parquet `files` (paths of the manifest) of a release; the number of rows of each table.

    One transaction, and it may be repeated: what the same release, or one that was never registered, left
    before goes first.
    """
    listed = sorted(files)
    with registry.write() as session:
        connection = session.connection()
        registered = set(session.scalars(select(Release.release_id)))
        counts = {}
        for name, table in sql_tables(models).items():
            _prepare(connection, name, table)
            _remove_unregistered(connection, table, registered - {release_id})
            parts = [directory / file for file in listed if file.startswith(f"{name}/")]
            counts[name] = sum(_insert(connection, table, release_id, part) for part in parts)
        reach("sql-before-commit")
    return counts


def remove_unregistered(registry: Registry, models: Models = TABLES) -> None:
    """Remove the rows of ids that were never registered: a killed attempt left them."""
    with registry.write() as session:
        connection = session.connection()
        registered = set(session.scalars(select(Release.release_id)))
        known = set(inspect(connection).get_table_names())
        for table in sql_tables(models).values():
            if table.name in known:
                _remove_unregistered(connection, table, registered)


def _table(name: str, model: type[pa.DataFrameModel], metadata: MetaData) -> Table:
    columns = [Column(str(column.name), _sql_type(column.dtype.type)) for column in model.to_schema().columns.values()]
    key = Column(RELEASE_ID, Text, nullable=False, index=True)
    return Table(f"release_{name}", metadata, key, *columns)


def _sql_type(dtype: pl.DataType) -> type[TypeEngine[Any]]:
    sql_type = TYPES.get(dtype.base_type())
    if sql_type is None:
        raise DtsenError("E_SQL_TYPE", f"a release column has a type that SQL does not keep: {dtype}")
    return sql_type


def _prepare(connection: Connection, name: str, table: Table) -> None:
    """Make the table and its view, or add the columns that a newer model brought."""
    inspector = inspect(connection)
    known: set[str] = set()
    if inspector.has_table(table.name):
        known = {column["name"] for column in inspector.get_columns(table.name)}
        for column in table.columns:
            if column.name not in known:
                _add_column(connection, table, column)
    table.create(connection, checkfirst=True)
    view = CreateView(_current(table), f"v_{name}")
    if view.table.name in inspector.get_view_names():
        if known >= set(table.columns.keys()):
            return
        connection.execute(DropView(view.table))
    connection.execute(view)


def _add_column(connection: Connection, table: Table, column: Column[Any]) -> None:
    quote = connection.dialect.identifier_preparer.quote
    kind = column.type.compile(connection.dialect)
    connection.exec_driver_sql(f"ALTER TABLE {quote(table.name)} ADD COLUMN {quote(column.name)} {kind}")


def _current(table: Table) -> Select[Any]:
    return select(table).join(CurrentRelease, CurrentRelease.release_id == table.c[RELEASE_ID])


def _remove_unregistered(connection: Connection, table: Table, keep: Collection[str]) -> None:
    for found in list(_loaded(connection, table)):
        if found not in keep:
            connection.execute(delete(table).where(table.c[RELEASE_ID] == found))


def _loaded(connection: Connection, table: Table) -> Iterator[str]:
    """The release ids in a table, one step in the index each."""
    key = table.c[RELEASE_ID]
    found: str | None = connection.scalar(select(func.min(key)))
    while found is not None:
        yield found
        found = connection.scalar(select(func.min(key)).where(key > found))


def _insert(connection: Connection, table: Table, release_id: str, part: Path) -> int:
    """Insert the rows of one file with the driver's own statement, a bounded number at a time."""
    statement = str(table.insert().compile(dialect=connection.dialect))
    names = [column.name for column in table.columns if column.name != RELEASE_ID]
    frame = (
        pl.scan_parquet(part, glob=False)
        .select(pl.lit(release_id).alias(RELEASE_ID), pl.col(names))
        .with_columns(pl.col(pl.Date).cast(pl.String))
    )
    count, height = 0, CHUNK
    while height == CHUNK:
        chunk = frame.slice(count, CHUNK).collect()
        height = chunk.height
        if height:
            rows = list(zip(*(column.to_list() for column in chunk), strict=True))
            connection.exec_driver_sql(statement, rows)
        count += height
    return count
