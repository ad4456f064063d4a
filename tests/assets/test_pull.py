"""The pull job and its sensor: off where nothing is configured, one at a time, and a failure that names its code."""

import json
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import dagster as dg
import pytest

from dtsen_pipeline.assets.pull import form_servers
from dtsen_pipeline.definitions import defs
from dtsen_pipeline.resources.home import Home
from dtsen_pipeline.resources.instance import open_instance
from tests.house import failures, house
from tests.resources.form_server import TOKEN, Fault, FormServer, odk, serving


@pytest.fixture
def server(new_home: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[FormServer]:
    """A server that the settings of a home name."""
    Home(new_home).prepare()
    file = new_home.parent / "sources.yaml"
    with serving(FormServer(records=[odk(1), odk(2, None)])) as server:
        file.write_text(f"sources: {{trc: {{server: odk, url: '{server.url}', project: 3, form: kunjungan}}}}")
        monkeypatch.setenv("DTSEN_HOME", str(new_home))
        monkeypatch.setenv("DTSEN_PULL_SOURCES", str(file))
        monkeypatch.setenv("DTSEN_PULL_TOKENS", json.dumps({"trc": TOKEN}))
        yield server


def tick(home: Path) -> object:
    with open_instance(Home(home)) as instance, dg.build_sensor_context(instance) as context:
        return form_servers(context)


def run(home: Path) -> dg.ExecuteInProcessResult:
    config = {"loggers": {"console": {"config": {"log_level": "CRITICAL"}}}}
    with open_instance(Home(home)) as instance:
        return defs.resolve_job_def("pull").execute_in_process(
            instance=instance, raise_on_error=False, run_config=config
        )


def test_the_sensor_is_off_until_a_server_is_named(
    server: FormServer, new_home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert isinstance(tick(new_home), dg.RunRequest)
    assert server.asked == []
    monkeypatch.delenv("DTSEN_PULL_SOURCES")
    assert isinstance(tick(new_home), dg.SkipReason)


def test_the_sensor_waits_for_the_pull_before_but_not_for_ever(
    server: FormServer, new_home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert server
    with open_instance(Home(new_home)) as instance:
        job = defs.resolve_job_def("pull")
        instance.create_run_for_job(job, status=dg.DagsterRunStatus.STARTED)
        with dg.build_sensor_context(instance) as context:
            assert isinstance(form_servers(context), dg.SkipReason)
            monkeypatch.setattr("dtsen_pipeline.assets.pull.LONGEST", timedelta(0))
            assert isinstance(form_servers(context), dg.RunRequest)


def test_the_job_takes_in_what_is_approved_and_tells_counts_only(server: FormServer, new_home: Path) -> None:
    done = run(new_home)
    assert done.success
    (event,) = [event for event in done.all_events if event.is_successful_output]
    facts = event.step_output_data.metadata
    assert facts["submissions"].value == 1
    with house(new_home) as platform:
        (file,) = platform.registry.files()
    assert f"| trc | 1 | 1 | 0 | 1 | `{file.token}` | accepted |" in str(facts["sources"].value)
    server.faults = [Fault(403)]
    failed = run(new_home)
    assert not failed.success
    said = failures(failed)[0]
    assert said.startswith("E_PULL_AUTH")
    for event in [*done.all_events, *failed.all_events]:
        assert TOKEN not in str(event)
        assert server.url not in str(event)
