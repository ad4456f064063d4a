"""Stage folders of old input lists go; those of recent weeks, and everything else, stay."""

from pathlib import Path

import pytest

from dtsen_pipeline.core.inputs import Source, freeze
from dtsen_pipeline.resources.workroom import tidy


@pytest.fixture
def work(tmp_path: Path) -> Path:
    """Six weeks with a list and a stage folder each, and a folder that no list names."""
    (tmp_path / "lists").mkdir()
    for day in range(1, 7):
        snapshot = Source(f"{day:064x}", "keluarga", "bps_v3_keluarga", 1, "v3_2026", "3571", "2026-07-01")
        listed = freeze([snapshot], city="3571", model="m", key_id="k")
        (tmp_path / "lists" / f"2026-0{day}-05.json").write_text(listed.to_json())
        stage = tmp_path / listed.hash[:16]
        stage.mkdir()
        (stage / f"week_{day}.parquet").touch()
    (tmp_path / "0123456789abcdef").mkdir()
    (tmp_path / "scratch").mkdir()
    return tmp_path


def test_recent_weeks_stay(work: Path) -> None:
    assert tidy(work, "2026-06-05", weeks=4) == 3
    assert sorted(path.name for path in work.glob("*/*.parquet")) == [f"week_{day}.parquet" for day in (3, 4, 5, 6)]
    assert sorted(path.stem for path in (work / "lists").iterdir()) == [f"2026-0{day}-05" for day in (3, 4, 5, 6)]
    assert (work / "scratch").is_dir()


def test_nothing_goes_twice(work: Path) -> None:
    tidy(work, "2026-06-05", weeks=4)
    assert tidy(work, "2026-06-05", weeks=4) == 0


def test_an_old_week_that_is_run_again_stays(work: Path) -> None:
    assert tidy(work, "2026-01-05", weeks=4) == 2
    assert (work / "lists" / "2026-01-05.json").is_file()
    assert list(work.glob("*/week_1.parquet"))
