"""How a table passes from asset to asset."""

from pathlib import Path

import narwhals as nw
import polars as pl
import pytest

from dtsen_pipeline.resources.stages import sort_key, table_schema
from dtsen_pipeline.schemas.release import KEYS, TABLES
from tests.house import LATE_WEEK, copied, failures, materialised


def _frame(*names: str) -> nw.LazyFrame[pl.LazyFrame]:
    return nw.from_native(pl.LazyFrame({name: ["x"] for name in names}))


@pytest.mark.parametrize(
    ("asset", "names", "key"),
    [
        ("candidate/keluarga", ("src", "row", "family_id"), KEYS["keluarga"]),
        ("records/keluarga", ("alamat", "row", "src"), ["src", "row"]),
        ("merged/families_touched", ("family_id",), ["family_id"]),
        ("merged/x", ("row", "b"), ["row", "b"]),
    ],
)
def test_the_order_of_a_stage_file(asset: str, names: tuple[str, ...], key: list[str]) -> None:
    assert list(sort_key(asset, _frame(*names))) == list(key)


def test_a_schema_names_columns_and_types() -> None:
    schema = table_schema(nw.from_native(pl.LazyFrame({"a": [1], "b": ["x"]})))
    assert [(column.name, column.type) for column in schema.columns] == [("a", "Int64"), ("b", "String")]


def test_stage_files_are_sorted_and_no_pickle_is_left(late_home: Path) -> None:
    for table in TABLES:
        (path,) = (p for p in late_home.glob(f"work/*/candidate_{table}.parquet") if _is_late(p))
        frame = pl.read_parquet(path)
        assert frame.equals(frame.sort(KEYS[table])), table
    suffixes = {path.suffix for path in late_home.glob("work/*/*") if path.is_file()}
    assert suffixes == {".parquet", ".json", ".day"}
    assert not list((late_home / "dagster").glob("storage/*/*"))


def _is_late(path: Path) -> bool:
    return len(pl.read_parquet(path.parent / "intake_keluarga.parquet")["src"].unique()) == 2


def test_a_stage_again_leaves_the_same_bytes(waiting_home: Path, tmp_path: Path) -> None:
    home = copied(waiting_home, tmp_path / "home")
    before = {path: path.read_bytes() for path in home.glob("work/*/scored_*.parquet") if _is_late(path)}
    assert len(before) == 2
    for path in before:
        path.write_bytes(b"")
    assert materialised(home, LATE_WEEK, "scored/families", "scored/cuts").success
    assert {path: path.read_bytes() for path in before} == before


def test_a_stage_without_a_frozen_list_says_so(filled_home: Path, tmp_path: Path) -> None:
    home = copied(filled_home, tmp_path / "home")
    result = materialised(home, LATE_WEEK, "scored/families", "scored/cuts")
    assert failures(result)[0].startswith("E_NO_LIST")
