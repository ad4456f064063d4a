"""One core, three engines: every table of every stage is the same on Polars, DuckDB and Spark.

The city is a worn one with visits that say anything at all, so that few branches of the core stay unused.
"""

import ast
import os
import shutil
from collections import defaultdict
from collections.abc import Iterator, Mapping
from contextlib import closing
from dataclasses import fields, is_dataclass, replace
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import narwhals as nw
import polars as pl
import pytest
from polars import selectors

from dtsen_pipeline import core
from dtsen_pipeline.core.flow import Prepared
from dtsen_pipeline.core.root import content_root, table_root
from dtsen_pipeline.core.rulings import PERSONS, VISITS, Ruling, case_of
from dtsen_pipeline.resources.engines import open_engine
from dtsen_pipeline.schemas.tables import MEMBER
from dtsen_pipeline.synthetic import generate
from tests.correcting import corrected, correction_files
from tests.oracle.city import with_noise
from tests.running import KEY, Readings, Run, delivered, read

FAMILIES, SEED = 80, 11
STAGES = ("records", "checked", "observed", "merged")
HAS_JAVA = bool(os.environ.get("JAVA_HOME") or shutil.which("java")) and find_spec("pyspark") is not None
needs_java = pytest.mark.skipif(not HAS_JAVA, reason="Java or pyspark is not installed")
Tables = Mapping[str, pl.DataFrame]


@pytest.fixture(scope="module")
def worn(tmp_path_factory: pytest.TempPathFactory) -> Readings:
    """A small noisy city, read exactly, corrections of half of its rejected rows, and reviewers' decisions."""
    folder = tmp_path_factory.mktemp("parity")
    generate(FAMILIES, SEED, folder / "plain")
    readings = read(delivered(with_noise(folder / "plain", folder / "city", seed=SEED, share=1.0)))
    readings = replace(readings, rows=dict(readings.rows) | {MEMBER: _written_otherwise(readings.rows[MEMBER])})
    with closing(open_engine("polars", folder / "scratch", memory_mb=1536)) as engine:
        run = Run(readings, engine)
        told = replace(readings.inputs, confirmed_lists={"bps_v3": ("lantai",)})
        readings = replace(readings, inputs=told)
        return replace(corrected(readings, correction_files(run)), rulings=tuple(_rulings(run)))


def _written_otherwise(members: pl.DataFrame) -> pl.DataFrame:
    """The first file of members writes those without a NIK with a title."""
    is_old = pl.col("src") == members["src"].min()
    titled = pl.when(is_old & (pl.col("nomor_induk_kependudukan") == "")).then(pl.concat_str(pl.lit("HJ. "), "nama"))
    return members.with_columns(nama=pl.coalesce(titled, "nama"))


def _rulings(run: Run) -> Iterator[Ruling]:
    """Reviewers tie neighbours in a list of persons, part a row from whom the rules tie it to, and choose visits."""
    observed, day = run.observed, "2026-10-01"
    people = sorted(set(run.engine.fetch(observed.members)["person_id"]))
    met = sorted(set(run.engine.fetch(observed.presences)["person_id"]) - set(people))
    for one, other in [*zip(people[:20:2], people[1:20:2], strict=True), *zip(met[:4], people[30:34], strict=True)]:
        yield from (Ruling(case_of(PERSONS, one, other), day, "sama", who) for who in ("P1", "P2"))
    for alias, entity in sorted(run.engine.fetch(observed.aliases).select("alias_id", "entity_id").rows())[::2]:
        yield Ruling(case_of(PERSONS, alias, entity), day, "beda", "P1")
    calls: dict[str, list[str]] = defaultdict(list)
    for family, src, row in sorted(run.engine.fetch(observed.visits).select("family_id", "src", "row").rows()):
        calls[family].append(f"{src}-{row}")
    for first, second in (tokens[:2] for tokens in calls.values() if len(tokens) > 1):
        for group in ("dwelling", "assets"):
            yield Ruling(case_of(VISITS, first, second, group), day, "pilih_a", "P1")


@pytest.fixture(scope="module")
def reference(worn: Readings, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Run]:
    """The run on Polars."""
    yield from _run("polars", worn, tmp_path_factory)


@pytest.fixture(scope="module")
def on_duckdb(worn: Readings, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Run]:
    """The same run on DuckDB."""
    yield from _run("duckdb", worn, tmp_path_factory)


@pytest.fixture(scope="module")
def on_spark(worn: Readings, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Run]:
    """The same run on Spark."""
    yield from _run("spark", worn, tmp_path_factory)


@pytest.fixture(params=["on_duckdb", pytest.param("on_spark", marks=[needs_java])])
def other(request: pytest.FixtureRequest) -> Run:
    """The same run on another engine."""
    run: Run = request.getfixturevalue(request.param)
    return run


def _run(name: str, readings: Readings, folders: pytest.TempPathFactory) -> Iterator[Run]:
    engine = open_engine(name, folders.mktemp("scratch"), memory_mb=1536)
    yield Run(readings, engine)
    engine.close()


def test_what_an_imitation_is_fitted_on_is_the_same(reference: Run, on_duckdb: Run) -> None:
    expected, found = (_labelled(run) for run in (reference, on_duckdb))
    assert expected.height > 20
    assert found.equals(expected)


def _labelled(run: Run) -> pl.DataFrame:
    stages = Prepared(run.records, run.checked, run.observed, run.merged)
    rows = run.engine.fetch(stages.ministry_inputs(run.readings.inputs, run.engine, KEY))
    return rows.select(pl.col(sorted(rows.columns)).cast(pl.Int64)).sort(pl.all())


@pytest.mark.parametrize("stage", STAGES)
def test_every_table_of_a_stage_is_the_same(reference: Run, on_duckdb: Run, stage: str) -> None:
    expected, found = _tables(reference, stage), _tables(on_duckdb, stage)
    assert list(found) == list(expected)
    assert not {name: _difference(found[name], expected[name]) for name in expected if _differs(found, expected, name)}


def test_the_release_is_the_same_row_by_row(reference: Run, other: Run) -> None:
    expected, found = reference.outcome, other.outcome
    assert found.cuts == expected.cuts
    tables = [
        {name: run.engine.fetch(frame) for name, frame in run.outcome.tables.items()} for run in (reference, other)
    ]
    assert not [name for name in tables[0] if _differs(tables[1], tables[0], name)]
    assert all(table.height for table in tables[0].values())
    assert "keluarga" in tables[0]["alias"]["tabel"].to_list()


def test_the_content_root_is_the_same(reference: Run, other: Run) -> None:
    assert _root(other) == _root(reference)


def test_the_order_of_rows_does_not_count(worn: Readings, reference: Run) -> None:
    rows = {name: table.reverse() for name, table in worn.rows.items()}
    turned = Run(replace(worn, rows=rows, damaged=worn.damaged.reverse()), reference.engine)
    assert _root(turned) == _root(reference)


def test_a_look_up_says_what_becomes_of_the_rest() -> None:
    """`replace_strict` without a default is refused by the SQL engines."""
    folder = Path(core.__file__).parent
    calls = [
        (path.name, node)
        for path in folder.rglob("*.py")
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.Call) and getattr(node.func, "attr", "") == "replace_strict"
    ]
    assert calls
    assert not [
        f"{name}:{call.lineno}" for name, call in calls if "default" not in {word.arg for word in call.keywords}
    ]


def _root(run: Run) -> str:
    return content_root({name: table_root(frame, name, run.engine) for name, frame in run.outcome.tables.items()})


def _tables(run: Run, stage: str) -> dict[str, pl.DataFrame]:
    """Every frame of a stage by its path of names."""
    return {name: run.engine.fetch(frame) for name, frame in _frames(getattr(run, stage), stage)}


def _frames(value: Any, path: str) -> Iterator[tuple[str, nw.LazyFrame[Any]]]:
    if isinstance(value, nw.LazyFrame):
        yield path, value
    elif isinstance(value, Mapping):
        for name, part in value.items():
            yield from _frames(part, f"{path}.{name}")
    elif is_dataclass(value):
        for field in fields(value):
            yield from _frames(getattr(value, field.name), f"{path}.{field.name}")


def _differs(found: Tables, expected: Tables, name: str) -> bool:
    return not _ordered(found[name]).equals(_ordered(expected[name]))


def _difference(found: pl.DataFrame, expected: pl.DataFrame) -> str:
    """Shapes, and the columns that differ; never a value."""
    if (found.height, found.columns) != (expected.height, expected.columns):
        return f"{found.shape} for {expected.shape}"
    pair = _ordered(found), _ordered(expected)
    return ", ".join(name for name in expected.columns if not pair[0][name].equals(pair[1][name]))


def _ordered(table: pl.DataFrame) -> pl.DataFrame:
    """Rows in one order; every whole number 64 bits wide, since engines count in different widths."""
    return table.with_columns(selectors.integer().cast(pl.Int64)).sort(pl.all())
