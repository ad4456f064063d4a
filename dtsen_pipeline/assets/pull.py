"""The pull job: approved submissions from the form servers of the settings, each version once.

An operation and no asset, like the ingest job: it changes the registry, from which a refresh freezes its inputs.
"""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

import dagster as dg

from dtsen_pipeline.resources.platform import Platform, opened
from dtsen_pipeline.resources.pull import Pulled, pull
from dtsen_pipeline.resources.pull.sources import Source, chosen
from dtsen_pipeline.resources.session import check_guards, failure, telling
from dtsen_pipeline.resources.settings import load_settings
from dtsen_pipeline.schemas.errors import DtsenError

PULL_JOB = "pull"
EVERY = 1800
"""Seconds between two pulls."""
LONGEST = timedelta(hours=2)
"""After so long a pull that says it runs was killed."""
UNFINISHED = [dg.DagsterRunStatus.QUEUED, dg.DagsterRunStatus.STARTING, dg.DagsterRunStatus.STARTED]


@dg.op(description="Menarik kiriman yang disetujui dari server formulir")
def fetch(context: dg.OpExecutionContext) -> None:
    """Pull from every source; one that fails keeps no other waiting."""
    with telling():
        check_guards(context.instance)
        with opened() as platform:
            found = [_pulled(platform, source) for source in chosen(platform.settings, None)]
    done = [one for one in found if isinstance(one, Pulled)]
    new = sum(one.new + one.edited for one in done)
    context.add_output_metadata({"submissions": new, "sources": dg.MetadataValue.md(_table(done))})
    for one in found:
        if isinstance(one, DtsenError):
            raise failure(one) from None


def _pulled(platform: Platform, source: Source) -> Pulled | DtsenError:
    try:
        return pull(platform, source, datetime.now(UTC))
    except DtsenError as error:
        return error


def _table(done: Sequence[Pulled]) -> str:
    lines = ["| sumber | disetujui | baru | disunting | menunggu | berkas | putusan |", "|---|---|---|---|---|---|---|"]
    for one in done:
        file = f"`{one.arrival.token}` | {one.arrival.verdict}" if one.arrival else "– | –"
        lines.append(
            f"| {one.source} | {one.approved} | {one.new} | {one.edited} | {sum(one.waiting.values())} | {file} |"
        )
    return "\n".join(lines)


@dg.job(name=PULL_JOB, description="Menarik kiriman dari server formulir", executor_def=dg.in_process_executor)
def pull_submissions() -> None:
    """Pull from the form servers of the settings."""
    fetch()


@dg.sensor(job=pull_submissions, minimum_interval_seconds=EVERY, default_status=dg.DefaultSensorStatus.RUNNING)
def form_servers(context: dg.SensorEvaluationContext) -> dg.RunRequest | dg.SkipReason:
    """Start the pull job, one at a time, where the settings name form servers; no server is asked here."""
    if load_settings().pull_sources is None:
        return dg.SkipReason("DTSEN_PULL_SOURCES tidak diisi; tidak ada yang ditarik.")
    running = dg.RunsFilter(job_name=PULL_JOB, statuses=UNFINISHED, created_after=datetime.now(UTC) - LONGEST)
    if context.instance.get_runs(filters=running, limit=1):
        return dg.SkipReason("Penarikan sebelumnya belum selesai.")
    return dg.RunRequest()
