"""A second city for the tests of the core: worn snapshots, and visits that say anything at all."""

from pathlib import Path

import pytest

from dtsen_pipeline.core.engine import Engine
from dtsen_pipeline.synthetic import generate
from tests.oracle.city import with_noise
from tests.running import Run, delivered, read

FAMILIES, SEED = 150, 5


@pytest.fixture(scope="session")
def noisy_city(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with three worn snapshots and a noisy batch beside the two usual ones."""
    folder = tmp_path_factory.mktemp("noisy")
    generate(FAMILIES, SEED, folder / "plain")
    return with_noise(folder / "plain", folder / "city", seed=3, share=1.0)


@pytest.fixture(scope="session")
def noisy_run(noisy_city: Path, engine: Engine) -> Run:
    """The run over the noisy city, stage by stage."""
    return Run(read(delivered(noisy_city)), engine)
