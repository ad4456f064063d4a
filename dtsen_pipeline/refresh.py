"""Running the weekly refresh from Python: the same Dagster job that the schedule runs, on the home's instance."""

import logging
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from time import perf_counter
from typing import Any

import dagster as dg

from dtsen_pipeline.assets.stage import WEEKS
from dtsen_pipeline.definitions import defs
from dtsen_pipeline.resources.freeze import monday
from dtsen_pipeline.resources.home import Home
from dtsen_pipeline.resources.instance import open_instance
from dtsen_pipeline.resources.session import DETAIL, PREVIEW_JOB, REFRESH_JOB
from dtsen_pipeline.resources.settings import load_settings
from dtsen_pipeline.schemas.errors import DtsenError

FAILURES = frozenset({"STEP_FAILURE", "PIPELINE_FAILURE", "RESOURCE_INIT_FAILURE", "RUN_FAILURE"})


@dataclass(frozen=True)
class Refreshed:
    """What a refresh did.

    `status`: published, unchanged, preview or failed. `problem`: why it failed, as a code and a plain sentence.
    `failed_checks`: `asset check` names of the door that did not pass.
    """

    status: str
    week: str
    run_id: str
    seconds: float
    release_id: str | None = None
    moved: bool = False
    problem: str | None = None
    failed_checks: tuple[str, ...] = ()


def refresh(as_of: date, *, preview: bool = False, tokens: Sequence[str] = ()) -> Refreshed:
    """Refresh the week of `as_of` with the files received until that day, or preview its candidate."""
    started, week = perf_counter(), _week(as_of)
    home = Home(load_settings().home).prepare()
    job = defs.resolve_job_def(PREVIEW_JOB if preview else REFRESH_JOB)
    with open_instance(home) as instance:
        result = job.execute_in_process(
            instance=instance,
            partition_key=week,
            raise_on_error=False,
            run_config=_config(as_of, tokens),
        )
        problem = None if result.success else _problem(result, instance)
    facts = _release_facts(result)
    status = str(facts.get("status", "preview")) if result.success else "failed"
    return Refreshed(
        status=status,
        week=week,
        run_id=result.run_id,
        seconds=perf_counter() - started,
        release_id=facts.get("release_id"),
        moved=bool(facts.get("pointer_moved", False)),
        problem=problem,
        failed_checks=_failed_checks(result),
    )


def _week(as_of: date) -> str:
    """The partition of a day; E_AS_OF for a day before the first week or after the running one."""
    week, keys = monday(as_of).isoformat(), WEEKS.get_partition_keys()
    if week not in keys:
        raise DtsenError("E_AS_OF", f"the as-of date must lie between {keys[0]} and the end of this week")
    return week


def _config(as_of: date, tokens: Sequence[str]) -> dict[str, Any]:
    return {
        "ops": {"freeze": {"config": {"as_of": as_of.isoformat(), "tokens": list(tokens)}}},
        "loggers": {"console": {"config": {"log_level": "CRITICAL"}}},
    }


def _release_facts(result: dg.ExecuteInProcessResult) -> dict[str, Any]:
    for event in result.get_asset_materialization_events():
        made = event.step_materialization_data.materialization
        if made.asset_key.to_user_string() == "release":
            return {name: value.value for name, value in made.metadata.items()}
    return {}


def _problem(result: dg.ExecuteInProcessResult, instance: dg.DagsterInstance) -> str:
    """The text of the first domain error of the run; a failed check where there is none."""
    for entry in instance.all_logs(result.run_id):
        is_ours = entry.dagster_event is None and entry.level == logging.ERROR
        if is_ours and entry.user_message.startswith("E_"):
            return entry.user_message
    for event in result.all_events:
        data = event.event_specific_data
        failure = getattr(data, "user_failure_data", None)
        if failure is not None and DETAIL in failure.metadata:
            return str(failure.metadata[DETAIL].value)
        error = getattr(data, "error", None)
        if event.event_type_value in FAILURES and error is not None and "E_" in (error.message or ""):
            return str(error.message).strip()
    told = [check.description for check in result.get_asset_check_evaluations() if not check.passed]
    if told:
        return f"E_DOOR: {'; '.join(text for text in told if text)}"
    return "E_UNEXPECTED: the run failed; its page in Dagster names the step"


def _failed_checks(result: dg.ExecuteInProcessResult) -> tuple[str, ...]:
    return tuple(
        f"{check.asset_key.to_user_string()} {check.check_name}"
        for check in result.get_asset_check_evaluations()
        if not check.passed
    )
