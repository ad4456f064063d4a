"""A home with a published release, built from a small synthetic city without Dagster and without the door."""

import shutil
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from functools import cache
from pathlib import Path
from unittest.mock import patch

from dtsen_pipeline.core import flow
from dtsen_pipeline.core.inputs import InputList
from dtsen_pipeline.queries.access import Look
from dtsen_pipeline.resources import publish as publishing
from dtsen_pipeline.resources.codes import look
from dtsen_pipeline.resources.decide import Word, accept
from dtsen_pipeline.resources.engines import OpenEngine, open_engine
from dtsen_pipeline.resources.freeze import freeze_inputs, monday
from dtsen_pipeline.resources.home import make_private
from dtsen_pipeline.resources.ingest import ingest
from dtsen_pipeline.resources.models import model_of
from dtsen_pipeline.resources.platform import Platform, opened
from dtsen_pipeline.resources.readings import received
from dtsen_pipeline.resources.registry import NewRun
from dtsen_pipeline.resources.settings import Settings, load_settings
from dtsen_pipeline.schemas.release import KEYS
from tests.keys import give_key

NOW = datetime(2026, 11, 24, 3, tzinfo=UTC)
AS_OF = date(2026, 11, 24)


LOOK = Look("tester", NOW, "audit")
OPEN = Look("tester", NOW, "audit", is_revealed=True)


@dataclass(frozen=True)
class World:
    """A home with one release of a city."""

    settings: Settings
    release_id: str
    city: Path


@cache
def template(city: Path) -> World:
    """The home of a city, built once; tests that change something work on a copy."""
    settings = load_settings(home=city.parent / f"{city.name}-home")
    fill(settings, sorted(city.glob("*/*.csv")))
    return World(settings, publish(settings), city)


def copied(world: World, home: Path) -> World:
    """The same home somewhere else."""
    shutil.copytree(world.settings.home, home)
    return World(load_settings(home=home), world.release_id, world.city)


def fill(settings: Settings, files: Sequence[Path]) -> None:
    """Ingest files and confirm their codes."""
    give_key(settings.home)
    with opened(settings) as platform:
        for file in files:
            ingest(platform, file, NOW)
        held = platform.registry.files(verdict="held")
        if held:
            accept(platform, held[0].token, Word("checked", "tester", NOW), seen=look(platform, held[0].token))


def publish(settings: Settings, as_of: date = AS_OF) -> str:
    """Compute and publish a release of everything that is accepted; its id."""
    with opened(settings) as platform:
        inputs = freeze_inputs(platform, as_of)
        engine = open_engine("polars", platform.home.work / "scratch")
        candidate = _candidate(platform, inputs, engine)
        week = monday(as_of).isoformat()
        run_key = f"{week}-{inputs.hash[:12]}"
        platform.registry.start_run(NewRun(run_key, week, as_of, inputs.hash), NOW)
        attempt = publishing.Attempt(run_key, week, as_of.isoformat(), NOW)
        with patch.object(publishing, "_door", return_value=None):
            done = publishing.publish(platform, candidate, attempt, engine)
        engine.close()
    return done.release_id


def _candidate(platform: Platform, inputs: InputList, engine: OpenEngine) -> publishing.Candidate:
    model = model_of(inputs, platform.settings.home)
    outcome = flow.run(received(platform, inputs, engine), inputs, model, engine, platform.key.secret)
    folder = platform.home.work / inputs.hash[:16]
    make_private(folder)
    files = {name: folder / f"{name}.parquet" for name in outcome.tables}
    for name, frame in outcome.tables.items():
        engine.sink(frame, files[name], KEYS[name])
    return publishing.Candidate(files, inputs, outcome.cuts)
