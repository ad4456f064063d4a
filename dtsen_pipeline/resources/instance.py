"""Dagster's own storage: where it lies, and the configuration it must have so that nothing personal is stored."""

import os
from pathlib import Path

import dagster as dg

from dtsen_pipeline.resources.home import Home, write_private
from dtsen_pipeline.resources.settings import load_settings

CONFIG = "dagster.yaml"
DAGSTER_YAML = """\
# Dagster's storage for one home; `dtsen` and `make dev` put it into DTSEN_HOME/dagster.
# What runs print is not stored anywhere, since it could hold personal data.
telemetry:
  enabled: false
nux:
  enabled: false
compute_logs:
  module: dagster._core.storage.noop_compute_log_manager
  class: NoOpComputeLogManager
"""


def prepare_instance(home: Home) -> Path:
    """Put the configuration into the home's Dagster directory where there is none; the directory."""
    target = home.dagster / CONFIG
    if not target.exists():
        write_private(target, DAGSTER_YAML.encode())
    return home.dagster


def open_instance(home: Home) -> dg.DagsterInstance:
    """The Dagster instance of a home, the same that `make dev` shows; its files are private."""
    os.umask(0o077)
    return dg.DagsterInstance.from_config(str(prepare_instance(home)))


if __name__ == "__main__":
    print(prepare_instance(Home(load_settings().home).prepare()))  # noqa: T201 - `make dev` reads it
