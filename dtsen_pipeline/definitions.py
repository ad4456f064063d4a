"""The one composition root: assets, checks, jobs, schedule, sensors and resources of the code location."""

from datetime import date, timedelta

import dagster as dg

from dtsen_pipeline.assets.door import CONTRACTS, candidate, populasi
from dtsen_pipeline.assets.identity import identity
from dtsen_pipeline.assets.ingest import inbox, ingest_inbox
from dtsen_pipeline.assets.inputs import freeze
from dtsen_pipeline.assets.intake import intake
from dtsen_pipeline.assets.merge import merged
from dtsen_pipeline.assets.normalise import normalise
from dtsen_pipeline.assets.pull import form_servers, pull_submissions
from dtsen_pipeline.assets.release import release
from dtsen_pipeline.assets.score import scored
from dtsen_pipeline.assets.validate import validate
from dtsen_pipeline.resources.session import (
    PREVIEW_JOB,
    REFRESH_JOB,
    session_resource,
    silence_originals,
)
from dtsen_pipeline.resources.settings import ZONE
from dtsen_pipeline.resources.stages import STAGES, Refusing, stages

silence_originals()

ASSETS = [freeze, intake, normalise, validate, identity, merged, scored, candidate, release]

CHOICES = {"ops": {"freeze": {"config": {"as_of": "", "tokens": []}}}}
"""What the launchpad shows for editing; empty means the partition's Monday, and every accepted file."""

weekly_refresh = dg.define_asset_job(
    REFRESH_JOB,
    selection=dg.AssetSelection.all(),
    executor_def=dg.in_process_executor,
    config=CHOICES,
    description="Penyegaran mingguan: dari berkas yang diterima sampai rilis.",
)
preview = dg.define_asset_job(
    PREVIEW_JOB,
    selection=dg.AssetSelection.all() - dg.AssetSelection.assets("release"),
    executor_def=dg.in_process_executor,
    config=CHOICES,
    description="Calon rilis sampai pintu, tanpa menerbitkan.",
)


@dg.schedule(
    job=weekly_refresh,
    cron_schedule="0 2 * * 1",
    execution_timezone=ZONE.key,
    default_status=dg.DefaultScheduleStatus.RUNNING,
    description="Setiap Senin pukul 02.00 WIB.",
)
def monday_refresh(context: dg.ScheduleEvaluationContext) -> dg.RunRequest:
    """Refresh the week that has just begun."""
    day: date = context.scheduled_execution_time.astimezone(ZONE).date()
    monday = day - timedelta(days=day.weekday())
    return dg.RunRequest(run_key=monday.isoformat(), partition_key=monday.isoformat())


defs = dg.Definitions(
    assets=ASSETS,
    asset_checks=[*CONTRACTS, populasi],
    jobs=[weekly_refresh, preview, ingest_inbox, pull_submissions],
    schedules=[monday_refresh],
    sensors=[inbox, form_servers],
    resources={
        "session": session_resource,
        STAGES: stages,
        "io_manager": dg.IOManagerDefinition.hardcoded_io_manager(Refusing()),
    },
    executor=dg.in_process_executor,
)
