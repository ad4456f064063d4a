"""The tables of a release come into SQL unchanged, and readers see those of the current one."""

import subprocess
import sys
from collections.abc import Sequence
from datetime import date, datetime
from pathlib import Path

import pandera.polars as pa
import polars as pl
import pytest
from sqlalchemy import BigInteger, Boolean, Date, Text, inspect, text

from dtsen_pipeline.resources import sql
from dtsen_pipeline.resources.registry import NewRelease, NewRun, Registry
from dtsen_pipeline.resources.sql import load_release, sql_tables
from dtsen_pipeline.schemas.errors import DtsenError
from dtsen_pipeline.schemas.release import TABLES


class Family(pa.DataFrameModel):
    """A toy of every type."""

    family_id: str
    luas: int = pa.Field(nullable=True)
    lahir: pl.Date = pa.Field(nullable=True)
    is_lengkap: bool = pa.Field(nullable=True)


class Wider(Family):
    """The toy after a column came."""

    order: str = pa.Field(nullable=True)


class Note(pa.DataFrameModel):
    """A second table."""

    text: str


MODELS = {"keluarga": Family, "conflict": Note}
ROWS = [
    ("f1", 2**62, date(1999, 12, 31), True),
    ("f2", None, None, None),
    ("f3", -1, date(1, 1, 1), False),
]
TYPES = {"family_id": pl.String, "luas": pl.Int64, "lahir": pl.Date, "is_lengkap": pl.Boolean}


def _write(directory: Path, rows: Sequence[tuple[object, ...]], part: int = 0) -> str:
    name = f"keluarga/part-{part:05}.parquet"
    (directory / name).parent.mkdir(parents=True, exist_ok=True)
    pl.DataFrame(rows, schema=TYPES, orient="row").write_parquet(directory / name)
    return name


def _all(registry: Registry, query: str) -> list[tuple[object, ...]]:
    with registry.read() as session:
        return [tuple(row) for row in session.execute(text(query))]


def _publish(registry: Registry, release_id: str, expected: str | None, now: datetime) -> None:
    registry.start_run(NewRun(release_id, "2026-W40", date(2026, 9, 28)), now)
    path = f"2026-W40/{release_id}"
    new = NewRelease(release_id, "2026-W40", f"{release_id:0>64}", "1" * 64, "2" * 64, path)
    registry.publish(new, expected, release_id, now)


def test_the_tables_are_derived_from_the_models() -> None:
    table = sql_tables(MODELS)["keluarga"]
    kinds = {column.name: type(column.type) for column in table.columns}
    assert table.name == "release_keluarga"
    assert kinds == {
        "release_id": Text,
        "family_id": Text,
        "luas": BigInteger,
        "lahir": Date,
        "is_lengkap": Boolean,
    }


def test_every_table_of_a_release_has_its_columns_in_sql() -> None:
    tables = sql_tables()
    assert tables.keys() == TABLES.keys()
    for name, model in TABLES.items():
        assert list(tables[name].columns.keys()) == ["release_id", *model.to_schema().columns]


def test_a_type_that_sql_does_not_keep_is_refused() -> None:
    class Odd(pa.DataFrameModel):
        weight: float

    with pytest.raises(DtsenError, match=r"^E_SQL_TYPE"):
        sql_tables({"odd": Odd})


def test_values_come_in_unchanged(registry: Registry, tmp_path: Path) -> None:
    name = _write(tmp_path, ROWS)
    assert load_release(registry, "r1", tmp_path, [name], MODELS) == {"keluarga": 3, "conflict": 0}
    table = sql_tables(MODELS)["keluarga"]
    with registry.read() as session:
        found = [tuple(row) for row in session.execute(table.select().order_by("family_id"))]
    assert found == [("r1", *row) for row in ROWS]


@pytest.mark.parametrize("chunk", [1, 2, 3, 4])
def test_every_row_of_every_part_once(
    registry: Registry, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, chunk: int
) -> None:
    monkeypatch.setattr(sql, "CHUNK", chunk)
    names = [_write(tmp_path, ROWS, 0), _write(tmp_path, [("f4", 1, None, True)], 1), _write(tmp_path, [], 2)]
    assert load_release(registry, "r1", tmp_path, names, MODELS)["keluarga"] == 4
    found = _all(registry, "SELECT family_id FROM release_keluarga ORDER BY rowid")
    assert found == [("f1",), ("f2",), ("f3",), ("f4",)]


def test_only_what_the_manifest_names_is_loaded(registry: Registry, tmp_path: Path) -> None:
    named = _write(tmp_path, ROWS[:1], 0)
    _write(tmp_path, ROWS[1:], 1)
    listed = [named, "README.md", "keluarga_lain/part-00000.parquet"]
    assert load_release(registry, "r1", tmp_path, listed, MODELS)["keluarga"] == 1


def test_loading_again_replaces(registry: Registry, tmp_path: Path) -> None:
    load_release(registry, "r1", tmp_path, [_write(tmp_path, ROWS)], MODELS)
    load_release(registry, "r1", tmp_path, [_write(tmp_path, ROWS[:1])], MODELS)
    assert _all(registry, "SELECT release_id, family_id FROM release_keluarga") == [("r1", "f1")]


def test_what_was_never_registered_goes_and_what_was_stays(registry: Registry, tmp_path: Path, now: datetime) -> None:
    name = _write(tmp_path, ROWS[:1])
    for release_id in ("r2", "r1", "r4"):
        load_release(registry, release_id, tmp_path, [name], MODELS)
        if release_id != "r4":
            _publish(registry, release_id, None if release_id == "r2" else "r2", now)
        if release_id == "r1":
            registry.rollback("r2", "wrong", "ani", now)
    load_release(registry, "r3", tmp_path, [name], MODELS)
    found = _all(registry, "SELECT release_id FROM release_keluarga ORDER BY 1")
    assert found == [("r1",), ("r2",), ("r3",)]


def test_readers_see_the_current_release_only(registry: Registry, tmp_path: Path, now: datetime) -> None:
    query = "SELECT release_id, family_id FROM v_keluarga"
    load_release(registry, "r1", tmp_path, [_write(tmp_path, ROWS[:1])], MODELS)
    assert _all(registry, query) == []
    _publish(registry, "r1", None, now)
    assert _all(registry, query) == [("r1", "f1")]
    load_release(registry, "r2", tmp_path, [_write(tmp_path, ROWS[1:2])], MODELS)
    assert _all(registry, query) == [("r1", "f1")]
    _publish(registry, "r2", "r1", now)
    assert _all(registry, query) == [("r2", "f2")]
    registry.rollback("r1", "wrong", "ani", now)
    assert _all(registry, query) == [("r1", "f1")]


def test_a_new_column_joins_the_table_and_its_view(registry: Registry, tmp_path: Path, now: datetime) -> None:
    load_release(registry, "r1", tmp_path, [_write(tmp_path, ROWS[:1])], MODELS)
    _publish(registry, "r1", None, now)
    name = _write(tmp_path, ROWS[1:2])
    wider = pl.read_parquet(tmp_path / name).with_columns(order=pl.lit("x"))
    wider.write_parquet(tmp_path / name)
    for _ in range(2):
        load_release(registry, "r2", tmp_path, [name], {"keluarga": Wider})
    found = _all(registry, 'SELECT release_id, "order" FROM release_keluarga ORDER BY 1')
    assert found == [("r1", None), ("r2", "x")]
    assert _all(registry, 'SELECT family_id, "order" FROM v_keluarga') == [("f1", None)]


def test_a_failed_load_leaves_what_was_there(registry: Registry, tmp_path: Path) -> None:
    load_release(registry, "r1", tmp_path, [_write(tmp_path, ROWS[:1])], MODELS)
    names = [_write(tmp_path, ROWS[1:], 0), "keluarga/part-00009.parquet"]
    with pytest.raises(FileNotFoundError):
        load_release(registry, "r1", tmp_path, names, MODELS)
    assert _all(registry, "SELECT release_id, family_id FROM release_keluarga") == [("r1", "f1")]


def test_the_release_id_is_indexed(registry: Registry, tmp_path: Path) -> None:
    load_release(registry, "r1", tmp_path, [], MODELS)
    indexes = inspect(registry.engine).get_indexes("release_keluarga")
    assert [index["column_names"] for index in indexes] == [["release_id"]]


def test_killed_before_the_commit(registry: Registry, tmp_path: Path) -> None:
    name = _write(tmp_path, ROWS)
    script = (
        "import pathlib, sys; from tests.resources.test_sql import MODELS\n"
        "from dtsen_pipeline.resources.registry import Registry\n"
        "from dtsen_pipeline.resources.sql import load_release\n"
        "load_release(Registry(sys.argv[1]).open(), 'r1', pathlib.Path(sys.argv[2]), [sys.argv[3]], MODELS)"
    )
    died = subprocess.run(
        [sys.executable, "-c", script, str(registry.url), tmp_path, name],
        env={"DTSEN_FAILPOINT": "sql-before-commit"},
        check=False,
        capture_output=True,
    )
    assert died.returncode == -9
    assert not inspect(registry.engine).has_table("release_keluarga")
    assert load_release(registry, "r1", tmp_path, [name], MODELS)["keluarga"] == 3


def test_the_values_do_not_show_when_the_database_complains(registry: Registry, tmp_path: Path) -> None:
    name = _write(tmp_path, [("CANARY", 1, None, True)])
    load_release(registry, "r1", tmp_path, [name], MODELS)
    with registry.write() as session:
        session.execute(text("CREATE UNIQUE INDEX one ON release_keluarga (family_id)"))
    with pytest.raises(Exception, match="UNIQUE") as caught:
        load_release(registry, "r2", tmp_path, [name, _write(tmp_path, [("CANARY", 1, None, True)], 1)], MODELS)
    assert "CANARY" not in str(caught.value)
