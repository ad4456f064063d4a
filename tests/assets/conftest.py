"""What the assets of one refresh handed over, read back from Dagster's storage."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import dagster as dg
import pytest

from dtsen_pipeline.definitions import defs
from dtsen_pipeline.resources.home import Home
from dtsen_pipeline.resources.instance import open_instance

Metadata = Mapping[str, Mapping[str, Any]]


@pytest.fixture(scope="session")
def handed_over(late_home: Path) -> Metadata:
    """The metadata of the newest materialisation of every asset, by its name."""
    found = {}
    with open_instance(Home(late_home)) as instance:
        for key in defs.resolve_asset_graph().get_all_asset_keys():
            event = instance.get_latest_materialization_event(key)
            assert event is not None, key
            assert event.asset_materialization is not None
            facts = event.asset_materialization.metadata
            found[key.to_user_string()] = {name: value.value for name, value in facts.items()}
    return found


@pytest.fixture(scope="session")
def evaluations(late_home: Path) -> list[dg.AssetCheckEvaluation]:
    """Every check of the newest refresh."""
    with open_instance(Home(late_home)) as instance:
        (newest, *_) = instance.get_runs(limit=1)
        events = [entry.dagster_event for entry in instance.all_logs(newest.run_id) if entry.dagster_event]
    kind = dg.DagsterEventType.ASSET_CHECK_EVALUATION
    return [event.asset_check_evaluation_data for event in events if event.event_type == kind]
