"""The code location as Dagster sees it: assets, checks, partitions, jobs, schedule, sensors, and how it is loaded."""

import json
import subprocess
import sys
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import dagster as dg
import pytest
import yaml

from dtsen_pipeline.assets.stage import WEEKS
from dtsen_pipeline.definitions import defs, monday_refresh
from dtsen_pipeline.resources.instance import DAGSTER_YAML
from dtsen_pipeline.schemas.release import TABLES

ROOT = Path(__file__).parents[1]
GRAPH = Path(__file__).with_name("asset_graph.json")
JAKARTA = ZoneInfo("Asia/Jakarta")


def _graph() -> dict[str, Any]:
    """Every asset with its group, what it is made from, and its checks."""
    graph = defs.resolve_asset_graph()
    found = {}
    for key in graph.get_all_asset_keys():
        node = graph.get(key)
        found[key.to_user_string()] = {
            "group": node.group_name,
            "from": sorted(parent.to_user_string() for parent in node.parent_keys),
            "checks": sorted(check.name for check in node.check_keys),
        }
    return dict(sorted(found.items()))


def test_the_asset_graph_is_the_recorded_one() -> None:
    """A wanted change is recorded with `python -m tests.test_definitions`."""
    assert _graph() == json.loads(GRAPH.read_text())


def test_every_table_is_proved_and_every_check_blocks() -> None:
    graph = defs.resolve_asset_graph()
    checks = {(key.asset_key.to_user_string(), key.name) for key in graph.asset_check_keys}
    assert checks == {(f"candidate/{table}", "kontrak") for table in TABLES} | {("candidate/summary", "populasi")}
    assert all(graph.get_check_spec(key).blocking for key in graph.asset_check_keys)


def test_every_asset_is_described_and_of_a_week() -> None:
    graph = defs.resolve_asset_graph()
    for key in graph.get_all_asset_keys():
        node = graph.get(key)
        assert node.description, key
        assert node.partitions_def == WEEKS, key


@pytest.mark.parametrize(
    ("moment", "last"),
    [
        ("2026-01-11T23:59:59", "2026-01-05"),
        ("2026-01-12T00:00:01", "2026-01-12"),
        ("2026-01-14T12:00:00", "2026-01-12"),
        ("2026-01-18T23:59:59", "2026-01-12"),
    ],
)
def test_a_partition_is_a_week_named_after_its_monday(moment: str, last: str) -> None:
    """The running week is the last one, by the clock of Jakarta."""
    now = datetime.fromisoformat(moment).replace(tzinfo=JAKARTA)
    keys = WEEKS.get_partition_keys(current_time=now)
    assert (keys[0], keys[-1]) == ("2026-01-05", last)
    assert all(datetime.fromisoformat(key).weekday() == 0 for key in keys)


def test_jobs_run_in_one_process() -> None:
    assert {job.name for job in defs.resolve_all_job_defs()} >= {"weekly_refresh", "preview", "ingest"}
    for job in defs.resolve_all_job_defs():
        assert job.executor_def is dg.in_process_executor, job.name


def test_the_refresh_takes_everything_and_the_preview_stops_before_the_release() -> None:
    everything = {key.to_user_string() for key in defs.resolve_asset_graph().get_all_asset_keys()}
    assert _made_by("weekly_refresh") == everything
    assert _made_by("preview") == everything - {"release"}


def _made_by(job: str) -> set[str]:
    layer = defs.resolve_job_def(job).asset_layer
    return {key.to_user_string() for key in layer.executable_asset_keys}


class TestSchedule:
    """Every Monday at two in the morning in Jakarta, for the week that begins."""

    def test_when(self) -> None:
        assert (monday_refresh.cron_schedule, monday_refresh.execution_timezone) == ("0 2 * * 1", "Asia/Jakarta")
        assert monday_refresh.job_name == "weekly_refresh"

    @pytest.mark.parametrize("zone", ["Asia/Jakarta", "UTC"])
    @pytest.mark.parametrize("monday", ["2026-01-05", "2026-01-12", "2026-03-02"])
    def test_it_asks_for_that_mondays_partition(self, monday: str, zone: str) -> None:
        moment = datetime.fromisoformat(f"{monday}T02:00:00").replace(tzinfo=JAKARTA).astimezone(ZoneInfo(zone))
        context = dg.build_schedule_context(scheduled_execution_time=moment)
        request = monday_refresh(context)
        assert isinstance(request, dg.RunRequest)
        assert (request.partition_key, request.run_key) == (monday, monday)
        assert request.partition_key in WEEKS.get_partition_keys(current_time=moment + timedelta(seconds=1))


@pytest.mark.parametrize(("name", "job"), [("inbox", "ingest"), ("form_servers", "pull")])
def test_the_sensors_start_their_jobs_and_are_on(name: str, job: str) -> None:
    sensor = defs.resolve_sensor_def(name)
    assert sensor.job_name == job
    assert sensor.default_status == dg.DefaultSensorStatus.RUNNING


class TestDefaultManager:
    """An asset that names no IO manager leaves nothing behind."""

    def test_a_value_is_refused(self) -> None:
        @dg.asset
        def forgotten() -> int:
            return 1

        manager = defs.resources["io_manager"] if defs.resources else None
        result = dg.materialize([forgotten], resources={"io_manager": manager}, raise_on_error=False)
        assert not result.success
        (failure,) = [event for event in result.all_events if event.is_step_failure]
        assert failure.step_failure_data.user_failure_data is not None
        assert str(failure.step_failure_data.user_failure_data.description).startswith("E_IO_MANAGER")

    def test_a_step_without_a_value_passes(self) -> None:
        @dg.asset
        def quiet() -> None: ...

        manager = defs.resources["io_manager"] if defs.resources else None
        assert dg.materialize([quiet], resources={"io_manager": manager}).success


class TestFiles:
    """What stands at the root of the repository for `dg` and `dagster`."""

    def test_dagster_yaml_is_the_one_that_homes_get(self) -> None:
        assert (ROOT / "dagster.yaml").read_text() == DAGSTER_YAML

    def test_the_workspace_loads_this_code_location(self) -> None:
        workspace = yaml.safe_load((ROOT / "workspace.yaml").read_text())
        (location,) = workspace["load_from"]
        named = location["python_module"]
        module = named if isinstance(named, str) else named["module_name"]
        assert module == "dtsen_pipeline.definitions"

    def test_dagster_and_dg_find_no_fault(self, tmp_path: Path) -> None:
        binaries = Path(sys.executable).parent
        homes = {name: tmp_path / name for name in ("dg", "dagster")}
        for home in homes.values():
            home.mkdir()
            (home / "dagster.yaml").write_text(DAGSTER_YAML)
        commands = (["dg", "check", "defs"], ["dagster", "definitions", "validate", "-w", "workspace.yaml"])
        started = [
            subprocess.Popen(
                [str(binaries / name), *arguments],
                cwd=ROOT,
                env={"PATH": str(binaries), "DAGSTER_HOME": str(homes[name]), "HOME": str(tmp_path)},
                text=True,
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
            )
            for name, *arguments in commands
        ]
        for process in started:
            said, _ = process.communicate()
            assert process.returncode == 0, said


if __name__ == "__main__":
    GRAPH.write_text(json.dumps(_graph(), indent=1) + "\n")
