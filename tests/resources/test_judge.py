"""The population judge: each expectation holds at its limit and fails beyond it; figures are our own."""

import os
import subprocess
import sys
from dataclasses import fields
from pathlib import Path

import pandas as pd
import pytest

from dtsen_pipeline.resources.judge import LABELS, Limit, Thresholds, Verdict, judge, render

NAMES = [field.name for field in fields(Thresholds)]
STEP = 0.001


def limit_of(name: str) -> Limit:
    limit = getattr(Thresholds(), name)
    assert isinstance(limit, Limit)
    return limit


def profile_with(**changes: float | None) -> pd.DataFrame:
    """Every judged figure at the highest value that is allowed (the lowest where there is none)."""
    values: dict[str, float | None] = {}
    for name in NAMES:
        limit = limit_of(name)
        values[name] = limit.low if limit.high is None else limit.high
    values.update(changes)
    rows = [{"figure": name, "count": 7, "out_of": 1234, "value": value} for name, value in values.items()]
    return pd.DataFrame([*rows, {"figure": "desil_nasional_1", "count": 1, "out_of": 9, "value": 1 / 9}])


def failed(verdict: Verdict) -> list[str]:
    return [result.name for result in verdict.results if not result.passed]


def test_a_population_at_its_limits_passes() -> None:
    verdict = judge(profile_with())
    assert failed(verdict) == []
    assert verdict.passed
    assert [result.name for result in verdict.results] == NAMES


@pytest.mark.parametrize("name", [name for name in NAMES if limit_of(name).high is not None])
def test_a_figure_above_its_limit_fails(name: str) -> None:
    high = limit_of(name).high
    assert high is not None
    verdict = judge(profile_with(**{name: high + STEP}))
    assert failed(verdict) == [name]
    assert not verdict.passed


@pytest.mark.parametrize("name", [name for name in NAMES if limit_of(name).low > 0])
def test_a_figure_below_its_limit_fails(name: str) -> None:
    assert failed(judge(profile_with(**{name: limit_of(name).low - STEP}))) == [name]


@pytest.mark.parametrize("value", [None, float("nan"), float("inf")])
def test_a_figure_that_is_no_number_fails(value: float | None) -> None:
    assert failed(judge(profile_with(anggota_tanpa_nik=value))) == ["anggota_tanpa_nik"]


def test_a_figure_that_is_missing_fails() -> None:
    profile = profile_with()
    verdict = judge(profile[profile["figure"] != "kelurahan_hadir"])
    assert failed(verdict) == ["kelurahan_hadir"]
    assert "tidak ada angka" in render(verdict)


def test_thresholds_can_be_set() -> None:
    assert failed(judge(profile_with(), Thresholds(baris_ditolak=Limit(0, 0.01)))) == ["baris_ditolak"]


def test_the_defaults_are_the_documented_ones() -> None:
    limits = Thresholds()
    assert limits.keluarga_terbit == limits.kelurahan_hadir == Limit(1, 1)
    assert limits.anggota_tanpa_nik.high == 0.25
    assert limits.desil_nasional_kosong.high == 0.15
    assert limits.kunjungan_tanpa_keluarga.high == limits.keluarga_tidak_lengkap.high == 0.10
    assert limits.baris_ditolak.high == 0.05
    assert limits.desil_bergerak_jauh.high == 0.02


def test_every_expectation_is_labelled() -> None:
    assert list(LABELS) == NAMES


def test_the_verdict_is_rendered_with_failures_first() -> None:
    page = render(judge(profile_with(baris_ditolak=0.0503)))
    lines = page.splitlines()
    assert lines[0] == "**Tidak lolos** / *not passed*"
    assert lines[4] == "| ✗ | Baris ditolak / *Rejected rows* | 7 / 1.234 = 5,03 % (batas ≤ 5 %) |"
    assert "| ✓ | Anggota per keluarga / *Members per family* | 7 / 1.234 = 8 (batas 1 … 8) |" in lines
    assert "| ✓ | Keluarga terbit / *Published families* | 7 / 1.234 = 1 (batas ≥ 1) |" in lines
    assert render(judge(profile_with())).startswith("**Lolos** / *passed*")


WATCHED = """
import os, sys
def watch(event, arguments):
    if event in ("socket.connect", "socket.getaddrinfo", "socket.sendto", "os.mkdir", "os.rename"):
        os._exit(91)
    if event == "open" and isinstance(arguments[1], str) and set(arguments[1]) & set("wax+"):
        os._exit(92)
import warnings
warnings.filterwarnings("ignore", "PySpark does not yet fully support pandas", FutureWarning)
from tests.resources.test_judge import profile_with
from dtsen_pipeline.resources.judge import judge
assert "great_expectations" not in sys.modules
sys.addaudithook(watch)
assert judge(profile_with()).passed
assert os.environ["GX_ANALYTICS_ENABLED"] == "false"
"""


def test_judging_writes_nothing_prints_nothing_and_opens_no_connection(tmp_path: Path) -> None:
    environment = {name: value for name, value in os.environ.items() if not name.startswith("GX_")}
    root, home = Path(__file__).parents[2], tmp_path / "home"
    environment |= {"HOME": str(home), "PYTHONDONTWRITEBYTECODE": "1", "PYTHONPATH": str(root)}
    script = tmp_path / "watched.py"
    script.write_text(WATCHED)
    home.mkdir()
    done = subprocess.run(
        [sys.executable, "-W", "error", str(script)],
        cwd=home,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
    assert list(home.iterdir()) == []
