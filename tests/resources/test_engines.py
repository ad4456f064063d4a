"""The engines: what they promise the core, one test for all three where the promise is the same."""

import hashlib
import hmac
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from datetime import date
from importlib.util import find_spec
from pathlib import Path

import narwhals as nw
import polars as pl
import pyarrow.parquet as pq  # type: ignore[import-untyped]
import pytest

from dtsen_pipeline.resources.engines import ENGINES, OpenEngine, open_engine
from dtsen_pipeline.schemas.errors import DtsenError

KEY = b"a key for tests"
HAS_JAVA = bool(os.environ.get("JAVA_HOME") or shutil.which("java")) and find_spec("pyspark") is not None
needs_java = pytest.mark.skipif(not HAS_JAVA, reason="Java or pyspark is not installed")
EVERY = [pytest.param(name, marks=[needs_java] if name == "spark" else []) for name in ENGINES]
TEXTS = ["b", "a", None, "é ü", "", "a", "x" * 500]
TYPES = {"row": pl.Int64, "text": pl.String, "day": pl.Date, "flag": pl.Boolean}


@pytest.fixture(scope="module", params=EVERY)
def engine(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[OpenEngine]:
    opened = open_engine(request.param, tmp_path_factory.mktemp("scratch"), memory_mb=1024)
    yield opened
    opened.close()


@pytest.fixture
def rows() -> pl.DataFrame:
    days = [date(1, 1, 1), None, date(1900, 2, 28), date(2024, 2, 29), date(9999, 12, 31), None, date(1970, 1, 1)]
    flags = [True, None, False, True, False, None, True]
    numbers = [3, 2**53 + 1, 5, -4, 1, 2**63 - 1, -(2**63)]
    return pl.DataFrame({"row": numbers, "text": TEXTS, "day": days, "flag": flags}, schema=TYPES)


def test_an_unknown_name_is_refused_with_the_allowed_ones(tmp_path: Path) -> None:
    with pytest.raises(DtsenError, match="polars, duckdb, spark") as refusal:
        open_engine("pandas", tmp_path)
    assert refusal.value.code == "E_ENGINE"


def test_polars_alone_is_loaded_for_a_run_on_polars(tmp_path: Path) -> None:
    script = (
        "import sys; from pathlib import Path; from dtsen_pipeline.resources.engines import open_engine;"
        "open_engine('polars', Path(sys.argv[1])); print([m for m in ('duckdb', 'pyspark') if m in sys.modules])"
    )
    assert _run(script, str(tmp_path)) == "[]"


def test_types_and_nulls_survive_a_round_trip(engine: OpenEngine, rows: pl.DataFrame, tmp_path: Path) -> None:
    path = tmp_path / "rows.parquet"
    assert engine.sink(engine.load(rows), path, ["row"]) == rows.height
    expected = rows.sort("row")
    assert pl.read_parquet(path).equals(expected)
    found = engine.fetch(engine.scan(path).sort("row"))
    assert dict(found.schema) == TYPES
    assert found.equals(expected)


def test_an_empty_table_keeps_its_types(engine: OpenEngine, rows: pl.DataFrame, tmp_path: Path) -> None:
    path = tmp_path / "empty.parquet"
    assert engine.sink(engine.load(rows.clear()), path, ["row"]) == 0
    assert dict(engine.fetch(engine.scan(path)).schema) == TYPES


def test_a_file_is_private_and_replaced_as_a_whole(engine: OpenEngine, rows: pl.DataFrame, tmp_path: Path) -> None:
    path = tmp_path / "rows.parquet"
    engine.sink(engine.load(rows), path, ["row"])
    before = path.stat()
    assert before.st_mode & 0o777 == 0o600
    engine.sink(engine.load(rows.head(1)), path, ["row"])
    assert path.stat().st_mode & 0o777 == 0o600
    assert pl.read_parquet(path).height == 1


def test_the_same_rows_in_another_order_give_the_same_bytes(
    engine: OpenEngine, rows: pl.DataFrame, tmp_path: Path
) -> None:
    files = [tmp_path / "one.parquet", tmp_path / "other.parquet"]
    for path, table in zip(files, (rows, rows.reverse()), strict=True):
        engine.sink(engine.load(table), path, ["row"])
    assert files[0].read_bytes() == files[1].read_bytes()


def test_nulls_of_a_key_come_first_and_text_is_ordered_by_its_bytes(engine: OpenEngine, tmp_path: Path) -> None:
    texts = ["b", "B", None, "é", "a", "_", "10", "9"]
    path = tmp_path / "text.parquet"
    engine.sink(engine.load(pl.DataFrame({"text": texts})), path, ["text"])
    expected = [None, *sorted((text for text in texts if text is not None), key=str.encode)]
    assert pl.read_parquet(path)["text"].to_list() == expected


def test_a_directory_is_scanned_as_one_table(engine: OpenEngine, rows: pl.DataFrame, tmp_path: Path) -> None:
    folder = tmp_path / "part=1"
    folder.mkdir()
    for number in range(3):
        engine.sink(engine.load(rows), folder / f"part-{number}.parquet", ["row"])
    (folder / "manifest.json").write_text("{}")
    found = engine.fetch(engine.scan(folder))
    assert (found.height, found.columns) == (3 * rows.height, rows.columns)


def test_keyed_hashes_are_those_of_plain_python(engine: OpenEngine, rows: pl.DataFrame) -> None:
    found = engine.fetch(engine.hmac(engine.load(rows), "text", KEY).sort("row"))
    expected = [
        None if text is None else hmac.new(KEY, text.encode(), hashlib.sha256).hexdigest()[:32]
        for text in rows.sort("row")["text"]
    ]
    assert found["text"].to_list() == expected
    assert found.drop("text").equals(rows.sort("row").drop("text"))


def test_two_keys_give_two_hashes(engine: OpenEngine, rows: pl.DataFrame) -> None:
    table = engine.load(rows.head(1))
    found = [engine.fetch(engine.hmac(table, "text", key))["text"].item() for key in (KEY, b"other", KEY)]
    assert found[0] == found[2] != found[1]


def test_hashes_are_those_of_hashlib_and_differ_between_rows(engine: OpenEngine, rows: pl.DataFrame) -> None:
    found = engine.fetch(engine.sha256(engine.load(rows), "text").sort("row"))["text"].to_list()
    expected = [
        None if text is None else hashlib.sha256(text.encode()).hexdigest() for text in rows.sort("row")["text"]
    ]
    assert found == expected
    assert len(set(found)) == len(set(TEXTS))


def test_a_checkpoint_holds_the_same_rows(engine: OpenEngine, rows: pl.DataFrame) -> None:
    held = engine.checkpoint(engine.hmac(engine.load(rows), "text", KEY))
    twice = nw.concat([held, held])
    assert engine.fetch(twice).height == 2 * rows.height
    assert engine.fetch(twice.unique()).height == rows.height


def test_wide_rows_can_be_made_long(engine: OpenEngine, rows: pl.DataFrame) -> None:
    long = engine.load(rows).select("row", "text", other="text").unpivot(on=["text", "other"], index=["row"])
    found = engine.fetch(long.filter(~nw.col("value").is_null()))
    assert found.height == 2 * sum(text is not None for text in TEXTS)


def test_a_failure_does_not_quote_the_cell(
    engine: OpenEngine, rows: pl.DataFrame, capfd: pytest.CaptureFixture[str]
) -> None:
    number = "9999990101909000"
    table = engine.load(rows.with_columns(text=pl.lit(f"x{number}")))
    with pytest.raises(DtsenError) as failure:
        engine.fetch(table.with_columns(nw.col("text").cast(nw.Int64)))
    assert failure.value.code == "E_ENGINE_FAILED"
    assert (failure.value.__cause__, failure.value.__context__) == (None, None)
    assert number not in "".join((str(failure.value), *capfd.readouterr()))


def test_a_failed_sink_leaves_no_file(engine: OpenEngine, rows: pl.DataFrame, tmp_path: Path) -> None:
    path = tmp_path / "rows.parquet"
    table = engine.load(rows).with_columns(nw.col("text").cast(nw.Int64))
    with pytest.raises(DtsenError):
        engine.sink(table, path, ["row"])
    assert not path.exists()


def test_row_is_delta_encoded_by_the_writers_that_can(engine: OpenEngine, rows: pl.DataFrame, tmp_path: Path) -> None:
    path = tmp_path / "rows.parquet"
    engine.sink(engine.load(rows), path, ["row"])
    group = pq.read_metadata(path).row_group(0)
    assert group.column(0).compression == "ZSTD"
    assert ("DELTA_BINARY_PACKED" in group.column(0).encodings) == (engine.name != "polars")


SINK = """
import sys
from pathlib import Path
import polars as pl
from dtsen_pipeline.resources.engines import open_engine
name, folder = sys.argv[1], Path(sys.argv[2])
options = {"threads": int(sys.argv[3])} if name == "duckdb" else {}
engine = open_engine(name, folder / "scratch", **options)
numbers = pl.int_range(250_000, eager=True)
rows = pl.DataFrame({"row": numbers.shuffle(seed=7), "text": numbers.hash(3).cast(pl.String)})
print(engine.sink(engine.hmac(engine.load(rows), "text", b"k"), folder / f"{sys.argv[3]}.parquet", ["text", "row"]))
"""


@pytest.mark.parametrize("name", ["polars", "duckdb"])
def test_bytes_do_not_depend_on_the_number_of_threads(name: str, tmp_path: Path) -> None:
    for threads in ("1", "2"):
        assert _run(SINK, name, str(tmp_path), threads, POLARS_MAX_THREADS=threads) == "250000"
    one, two = (tmp_path / f"{threads}.parquet" for threads in (1, 2))
    assert one.read_bytes() == two.read_bytes()
    assert pq.read_metadata(one).num_row_groups == 3


SPILL = """
import sys, threading, time
from pathlib import Path
import polars as pl
from dtsen_pipeline.resources.engines import open_engine
folder, spilled, done = Path(sys.argv[1]), set(), threading.Event()
engine = open_engine("polars", folder / "scratch")
def watch():
    while not done.wait(0.01):
        spilled.update((folder / "scratch").rglob("*.ipc"))
watcher = threading.Thread(target=watch)
watcher.start()
numbers = pl.int_range(2_000_000, eager=True)
rows = pl.DataFrame({"a": numbers.hash(1), "b": numbers.hash(2).cast(pl.String)})
rows.write_parquet(folder / "in.parquet", row_group_size=100_000)
engine.sink(engine.scan(folder / "in.parquet"), folder / "out.parquet", ["b"])
done.set()
watcher.join()
print(bool(spilled))
"""


def test_what_polars_spills_lies_in_the_scratch_directory(tmp_path: Path) -> None:
    assert _run(SPILL, str(tmp_path), POLARS_OOC_MEMORY_BUDGET_MB="10") == "True"
    assert (tmp_path / "scratch").stat().st_mode & 0o777 == 0o700


def _run(script: str, *arguments: str, **environment: str) -> str:
    """What a fresh Python prints; the project is found as in this process."""
    result = subprocess.run(
        [sys.executable, "-c", script, *arguments],
        env=os.environ | {"PYTHONPATH": os.pathsep.join(filter(None, sys.path))} | environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert result.returncode == 0, result.stderr
    return result.stdout.strip()
