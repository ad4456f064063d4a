"""One small synthetic city for all tests, its files read exactly, and the release made from them."""

import os
from pathlib import Path

import hypothesis
import pytest

from dtsen_pipeline.core.engine import Engine
from dtsen_pipeline.core.flow import Outcome
from dtsen_pipeline.resources.engines import open_engine
from dtsen_pipeline.synthetic import generate
from tests.running import Readings, Run, delivered, read

pytest_plugins = ("tests.house",)

FAMILIES, SEED = 400, 7

hypothesis.settings.register_profile("steady", derandomize="DTSEN_TEST_STORIES" not in os.environ)
hypothesis.settings.load_profile("steady")


@pytest.fixture(scope="session")
def city(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with two snapshots, two field batches and the truth of 400 families."""
    out = tmp_path_factory.mktemp("city")
    generate(FAMILIES, SEED, out)
    return out


@pytest.fixture(scope="session")
def engine(tmp_path_factory: pytest.TempPathFactory) -> Engine:
    """The default engine."""
    return open_engine("polars", tmp_path_factory.mktemp("scratch"))


@pytest.fixture(scope="session")
def readings(city: Path) -> Readings:
    """The files of the city, read exactly."""
    return read(delivered(city))


@pytest.fixture(scope="session")
def run(readings: Readings, engine: Engine) -> Run:
    """The run over the city, stage by stage."""
    return Run(readings, engine)


@pytest.fixture(scope="session")
def outcome(run: Run) -> Outcome:
    """The release tables and cut-offs of the city."""
    return run.outcome
