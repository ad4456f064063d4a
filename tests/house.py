"""Homes for the tests of the running pipeline: filled with a small city, published, and copied for each test.

The town's first half (first snapshot, first week of visits) came in January, its second half in March.
"""

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any
from unittest.mock import patch

import dagster as dg
import pytest
from sqlalchemy import text

from dtsen_pipeline.definitions import defs
from dtsen_pipeline.refresh import Refreshed, refresh
from dtsen_pipeline.resources.codes import look
from dtsen_pipeline.resources.decide import Word, accept
from dtsen_pipeline.resources.home import Home
from dtsen_pipeline.resources.ingest import ingest
from dtsen_pipeline.resources.instance import open_instance
from dtsen_pipeline.resources.platform import Platform, opened
from dtsen_pipeline.resources.session import REFRESH_JOB
from dtsen_pipeline.resources.settings import load_settings
from dtsen_pipeline.synthetic import generate
from tests.keys import give_key

ROOT = Path(__file__).parents[1]
EARLY, LATE = datetime(2026, 1, 13, 3, tzinfo=UTC), datetime(2026, 3, 3, 3, tzinfo=UTC)
EARLY_DAY, LATE_DAY = date(2026, 1, 14), date(2026, 3, 4)
EARLY_WEEK, LATE_WEEK = "2026-01-12", "2026-03-02"
TABLES_IN_SQL = "SELECT name FROM sqlite_master WHERE type = 'table' AND name LIKE 'release\\_%' ESCAPE '\\'"


def early_files(town: Path) -> list[Path]:
    """The first snapshot and the first week of visits."""
    return [*sorted(town.glob("snapshot_1/*.csv")), *sorted(town.glob("batches/*W37*.csv"))]


def late_files(town: Path) -> list[Path]:
    """The second snapshot and the second week of visits."""
    return [*sorted(town.glob("snapshot_2/*.csv")), *sorted(town.glob("batches/*W41*.csv"))]


def fill(home: Path, files: Sequence[Path], now: datetime) -> None:
    """Take files in, and confirm their codes."""
    give_key(home)
    with house(home) as platform:
        for file in files:
            ingest(platform, file, now)
        for held in platform.registry.files(verdict="held")[:1]:
            accept(platform, held.token, Word("codes looked at", "tester", now), seen=look(platform, held.token))


@contextmanager
def house(home: Path) -> Iterator[Platform]:
    """The opened house of a home."""
    with opened(load_settings(home=home)) as platform:
        yield platform


def refreshed(home: Path, as_of: date, **how: Any) -> Refreshed:
    """Refresh a home as the command line does."""
    with patch.dict(os.environ, {"DTSEN_HOME": str(home)}):
        return refresh(as_of, **how)


def materialised(home: Path, week: str, *assets: str, job: str = REFRESH_JOB) -> dg.ExecuteInProcessResult:
    """Launch a selection of assets on the home's instance, as a person does in the UI."""
    found = defs.resolve_implicit_global_asset_job_def() if job == "" else defs.resolve_job_def(job)
    with patch.dict(os.environ, {"DTSEN_HOME": str(home)}), open_instance(Home(home)) as instance:
        return found.execute_in_process(
            instance=instance,
            partition_key=week,
            raise_on_error=False,
            asset_selection=[dg.AssetKey(asset.split("/")) for asset in assets],
            run_config={"loggers": {"console": {"config": {"log_level": "CRITICAL"}}}},
        )


def failures(result: dg.ExecuteInProcessResult) -> list[str]:
    """What a person reads beside the steps that failed."""
    found = []
    for event in result.all_events:
        data = getattr(event.event_specific_data, "user_failure_data", None)
        error = getattr(event.event_specific_data, "error", None)
        if data is not None and data.description:
            found.append(data.description)
        elif error is not None:
            found.append(str(error.message))
    return found


def dagster_runs(home: Path) -> dict[str, str]:
    """The status of every Dagster run of a home by its id."""
    with open_instance(Home(home)) as instance:
        return {run.run_id: run.status.value for run in instance.get_runs()}


def program(script: str, home: Path, *arguments: str, **environment: str) -> "subprocess.CompletedProcess[str]":
    """Run a script in a process of its own on a home; warnings of libraries are not its output.

    From a file, since PySpark ends a process that was started with `-c`.
    """
    file = home.parent / f"{home.name}.py"
    file.write_text(script)
    return subprocess.run(
        [sys.executable, "-W", "ignore", str(file), *arguments],
        env=os.environ | {"DTSEN_HOME": str(home), "PYTHONPATH": str(ROOT)} | environment,
        capture_output=True,
        text=True,
        check=False,
    )


def copied(home: Path, target: Path) -> Path:
    """A copy of a home."""
    shutil.copytree(home, target)
    return target


def query(home: Path, statement: str) -> list[tuple[Any, ...]]:
    """Rows of the registry."""
    with house(home) as platform, platform.registry.read() as session:
        return [tuple(row) for row in session.execute(text(statement))]


def loaded_ids(home: Path) -> set[str]:
    """The release ids that have rows in SQL."""
    tables = [name for (name,) in query(home, TABLES_IN_SQL) if name != "release_id"]
    return {found for table in tables for (found,) in query(home, f"SELECT DISTINCT release_id FROM {table}")}  # noqa: S608


def leftovers(home: Path) -> list[str]:
    """What should not be there between two runs: foreign directories, SQL rows, notes, leases, started runs."""
    with house(home) as platform:
        paths = platform.registry.release_paths()
        ids = {release.release_id for release in platform.registry.releases()}
        started = [run.run_key for run in platform.registry.runs(status="started")]
    lying = {path.relative_to(home / "releases").as_posix() for path in (home / "releases").glob("*/*")}
    found = [f"directory {path}" for path in lying ^ paths]
    found += [
        f"week {path.name}" for path in (home / "releases").iterdir() if not any(path.parent.glob(f"{path.name}/*"))
    ]
    found += [f"rows {name}" for name in loaded_ids(home) ^ ids]
    found += [f"run {key}" for key in started]
    found += [f"lease {name}" for (name,) in query(home, "SELECT name FROM lease")]
    found += [
        f"dagster {run} {status}" for run, status in dagster_runs(home).items() if status in ("STARTED", "QUEUED")
    ]
    return found


def unsound(home: Path) -> list[str]:
    """What `verify` says about every registered release, and about the chain of events."""
    with house(home) as platform:
        found = [
            str(finding)
            for release in platform.registry.releases()
            for finding in platform.store.verify(platform.store.directory(release.path), release.manifest_sha256)
        ]
        chain = platform.registry.verify_events()
    return found + ([] if chain.broken_at is None else ["events"])


def current(home: Path) -> str | None:
    """The id of the release that readers see."""
    with house(home) as platform:
        found = platform.registry.current()
    return found.release_id if found else None


def table_bytes(home: Path, release_id: str) -> Mapping[str, bytes]:
    """The bytes of every table file of a release."""
    with house(home) as platform:
        directory = platform.store.directory(platform.registry.release(release_id).path)
    return {path.relative_to(directory).as_posix(): path.read_bytes() for path in directory.glob("*/*.parquet")}


def manifest(home: Path, release_id: str) -> dict[str, Any]:
    """The manifest of a release."""
    with house(home) as platform:
        directory = platform.store.directory(platform.registry.release(release_id).path)
    facts: dict[str, Any] = json.loads((directory / "manifest.json").read_text())
    return facts


@pytest.fixture(scope="session")
def town(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A city with a family in each of its kelurahan, which the door asks for; not to be changed."""
    out = tmp_path_factory.mktemp("town")
    generate(500, 15, out)
    return out


@pytest.fixture(scope="session")
def filled_home(town: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Every file of the town taken in and accepted; not to be changed."""
    home = tmp_path_factory.mktemp("filled") / "home"
    fill(home, early_files(town), EARLY)
    fill(home, late_files(town), LATE)
    return home


@pytest.fixture(scope="session")
def early_home(filled_home: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The January release is published; not to be changed."""
    home = copied(filled_home, tmp_path_factory.mktemp("early") / "home")
    done = refreshed(home, EARLY_DAY)
    assert (done.status, done.moved, done.problem) == ("published", True, None)
    return home


@pytest.fixture(scope="session")
def late_home(early_home: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The January and the March release are published; not to be changed."""
    home = copied(early_home, tmp_path_factory.mktemp("late") / "home")
    done = refreshed(home, LATE_DAY)
    assert (done.status, done.moved, done.problem) == ("published", True, None)
    return home


@pytest.fixture(scope="session")
def waiting_home(early_home: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The January release is published and the March one lies before the door; not to be changed."""
    home = copied(early_home, tmp_path_factory.mktemp("waiting") / "home")
    done = refreshed(home, LATE_DAY, preview=True)
    assert (done.status, done.problem) == ("preview", None)
    return home


@pytest.fixture
def new_home(tmp_path: Path) -> Path:
    """A home in which nothing is."""
    return tmp_path / "home"
