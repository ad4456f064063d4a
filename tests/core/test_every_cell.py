"""Every published cell is recomputed from raw bytes by a judge that shares no code with the core."""

from collections import Counter
from pathlib import Path

import pytest

from dtsen_pipeline.resources.engines import open_engine
from dtsen_pipeline.schemas.release import AGREEING, WINNING, polars_types
from dtsen_pipeline.synthetic import generate
from tests import oracle
from tests.oracle.city import judged, raw_files, with_noise
from tests.oracle.judge import KEYS, SCORES, Judgement
from tests.oracle.values import answers
from tests.running import Run, delivered, read

POINTER = {"src", "row"}


@pytest.fixture(scope="module", params=["plain", "noisy"])
def case(request: pytest.FixtureRequest) -> tuple[Run, Path]:
    prefix = "" if request.param == "plain" else "noisy_"
    return request.getfixturevalue(f"{prefix}run"), request.getfixturevalue(f"{prefix}city")


@pytest.fixture(scope="module")
def verdict(case: tuple[Run, Path]) -> Judgement:
    return judged(*case)


def test_nothing_differs(verdict: Judgement) -> None:
    assert not verdict.faults, verdict.summary()


@pytest.mark.sweep
@pytest.mark.parametrize("seed", range(20, 32))
def test_nothing_differs_in_other_noisy_cities(seed: int, tmp_path: Path) -> None:
    generate(120 + 5 * seed, seed, tmp_path / "city")
    noisy = with_noise(tmp_path / "city", tmp_path / "noisy", seed, 0.5)
    found = judged(Run(read(delivered(noisy)), open_engine("polars", tmp_path / "scratch")), noisy)
    assert not found.faults, found.summary()


def test_every_cell_was_compared(case: tuple[Run, Path], verdict: Judgement) -> None:
    run, city = case
    for table in KEYS:
        rows = len(run.tables[table])
        for check in ("cell", "merge"):
            assert verdict.compared[f"{check} {table}"] == rows * len(answers(table))
        assert verdict.compared[f"unique {table}"] == rows
    assert verdict.compared["score keluarga"] == len(run.tables["keluarga"]) * len(SCORES)
    assert verdict.compared["cut keluarga"] == 9
    lines = Counter(file.table for file in raw_files(city) for _ in file.rows)
    assert {table: verdict.compared[f"fate {table}"] for table in lines} == lines


@pytest.mark.parametrize("table", KEYS)
def test_no_published_column_is_left_out(table: str) -> None:
    judged_columns = {answer.name for answer in answers(table)} | {KEYS[table]} | POINTER
    judged_columns |= set(SCORES) if table == "keluarga" else set()
    assert set(polars_types(table)) == judged_columns


def test_the_judge_shares_no_code_with_the_core() -> None:
    modules = [path for path in Path(oracle.__file__).parent.glob("*.py") if path.name != "city.py"]
    assert len(modules) > 5
    for path in modules:
        text = path.read_text(encoding="utf-8")
        assert not any(name in text for name in ("dtsen_pipeline.core", "polars", "narwhals", "pandas"))


def test_noise_takes_every_decision(noisy_run: Run) -> None:
    taken = Counter((row["tabel"], row["decision"]) for row in noisy_run.tables["lineage"])
    lost = Counter((row["tabel"], row["decision"]) for row in noisy_run.tables["conflict"])
    for table in KEYS:
        assert all(taken[table, decision] for decision in ("confirmed", "adopted", "changed", "blocked", "pending"))
        assert all(lost[table, decision] for decision in ("overridden", "blocked", "pending", "expired", "superseded"))
    assert {decision for _, decision in taken} == {*WINNING, *AGREEING}
    assert lost["anggota", "overruled"]
