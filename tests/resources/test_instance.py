"""Dagster's storage of a home: where it lies, its configuration, and that it is private."""

from pathlib import Path

import pytest
import yaml

from dtsen_pipeline.resources.home import Home
from dtsen_pipeline.resources.instance import DAGSTER_YAML, open_instance, prepare_instance


@pytest.fixture
def home(new_home: Path) -> Home:
    """A prepared home."""
    return Home(new_home).prepare()


def test_the_configuration_is_laid_down_once(home: Home) -> None:
    assert prepare_instance(home) == home.dagster
    path = home.dagster / "dagster.yaml"
    assert path.read_text() == DAGSTER_YAML
    assert path.stat().st_mode & 0o777 == 0o600
    path.write_text("telemetry:\n  enabled: false\n")
    prepare_instance(home)
    assert path.read_text() == "telemetry:\n  enabled: false\n"


def test_it_stores_no_output_and_sends_nothing(home: Home) -> None:
    config = yaml.safe_load(DAGSTER_YAML)
    assert config["telemetry"] == config["nux"] == {"enabled": False}
    with open_instance(home) as instance:
        assert type(instance.compute_log_manager).__name__ == "NoOpComputeLogManager"
        assert instance.telemetry_enabled is False
        assert instance.nux_enabled is False


def test_it_lies_in_the_home_and_is_private(home: Home) -> None:
    with open_instance(home) as instance:
        assert Path(instance.root_directory) == home.dagster
        assert list(instance.get_runs()) == []
    files = [path for path in home.dagster.rglob("*") if path.is_file()]
    assert len(files) > 1
    assert not [path for path in files if path.stat().st_mode & 0o077]
