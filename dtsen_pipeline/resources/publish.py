"""Publishing a candidate: write, sync, re-read, door on the written files, SQL, then one short transaction.

Old or new, never half: until the pointer moves, readers see the old release; what a killed attempt left is
removed by the next one. The caller holds the lease and has started the run. No clock: the time is given.
"""

import hashlib
import json
import os
import shutil
import socket
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import polars as pl

from dtsen_pipeline.core.engine import Engine
from dtsen_pipeline.core.inputs import InputList
from dtsen_pipeline.core.root import TableRoot, content_root, table_root
from dtsen_pipeline.reference import city
from dtsen_pipeline.resources.approving import model_facts
from dtsen_pipeline.resources.door import DoorReport, door, require
from dtsen_pipeline.resources.failpoint import reach
from dtsen_pipeline.resources.home import PRIVATE_FILE, make_private, sync
from dtsen_pipeline.resources.manifest import hash_file
from dtsen_pipeline.resources.platform import Platform
from dtsen_pipeline.resources.readme import readme
from dtsen_pipeline.resources.registry import NewRelease
from dtsen_pipeline.resources.sql import load_release, remove_unregistered
from dtsen_pipeline.schemas.columns import columns
from dtsen_pipeline.schemas.errors import DtsenError
from dtsen_pipeline.schemas.reasons import REASONS
from dtsen_pipeline.schemas.release import KEYS, SCHEMA_VERSION, TABLES, polars_types

PART = "part-00000.parquet"
RELEASE_ID_LENGTH = 16


@dataclass(frozen=True)
class Candidate:
    """The tables of a release before it is one: a Parquet file each, and what they were computed from."""

    files: Mapping[str, Path]
    inputs: InputList
    cuts: Sequence[int]


@dataclass(frozen=True)
class Attempt:
    """Which run publishes, for which week and as of which day, and when."""

    run_key: str
    week: str
    as_of: str
    now: datetime


@dataclass(frozen=True)
class Publication:
    """What became of a candidate: `published` or `unchanged`."""

    status: str
    release_id: str
    content_root: str
    moved: bool
    door: DoorReport | None
    directory: Path | None


def publish(platform: Platform, candidate: Candidate, attempt: Attempt, engine: Engine) -> Publication:
    """Publish a candidate, or record that nothing changed.

    Raises E_DOOR where the door stays shut, E_WITHDRAWN for content that a person withdrew.
    """
    registry, store = platform.registry, platform.store
    store.settle(registry.release_paths())
    remove_unregistered(registry)
    roots = _roots(candidate, engine)
    root = content_root(roots)
    known = _known(platform, root, attempt)
    if known is not None:
        return known
    release_id = root[:RELEASE_ID_LENGTH]
    current = registry.current()
    directory = store.stage(attempt.week, release_id, registry.release_paths())
    names = _write(candidate, directory)
    reach("release-after-write")
    _reread(candidate, directory)
    reach("release-after-reread")
    try:
        report = _door({table: directory / table / PART for table in TABLES}, candidate)
    except DtsenError:
        store.settle(registry.release_paths())
        raise
    sealed = store.seal(directory, _manifest(platform, candidate, roots, root, attempt, engine), names, readme)
    load_release(registry, release_id, directory, names)
    reach("release-after-sql")
    _record(platform, candidate, attempt)
    new = NewRelease(
        release_id=release_id,
        week=attempt.week,
        content_root=root,
        list_hash=candidate.inputs.hash,
        manifest_sha256=sealed.manifest_sha256,
        path=sealed.path,
    )
    done = registry.publish(new, current.release_id if current else None, attempt.run_key, attempt.now)
    store.settle(registry.release_paths())
    return Publication("published", release_id, root, done.moved, report, directory)


def _roots(candidate: Candidate, engine: Engine) -> dict[str, TableRoot]:
    return {table: table_root(engine.scan(candidate.files[table]), table, engine) for table in TABLES}


def _known(platform: Platform, root: str, attempt: Attempt) -> Publication | None:
    """What becomes of content that is a release already: unchanged where it is current, else current again."""
    registry = platform.registry
    if registry.is_withdrawn(root):
        raise DtsenError(
            "E_WITHDRAWN",
            "this content was withdrawn by a person; `dtsen rollback` with a reason brings it back",
        )
    same = [release for release in registry.releases() if release.content_root == root]
    if not same:
        return None
    release, current = same[-1], registry.current()
    directory = platform.store.directory(release.path)
    is_current = current is not None and current.release_id == release.release_id
    if not is_current and platform.store.verify(directory, release.manifest_sha256):
        raise DtsenError("E_RELEASE_DAMAGED", "the release of this content is not whole, so it does not become current")
    moved = registry.bring_back(
        release.release_id, attempt.week, current.release_id if current else None, attempt.run_key, attempt.now
    )
    if not moved:
        return Publication("unchanged", release.release_id, root, moved=False, door=None, directory=None)
    return Publication("published", release.release_id, root, moved=True, door=None, directory=directory)


def _record(platform: Platform, candidate: Candidate, attempt: Attempt) -> None:
    """Record the model with the cut-offs it was used with, and the rules."""
    inputs, cuts = candidate.inputs, list(candidate.cuts)
    facts = {"model": inputs.model, "base_version": inputs.base_version, "cuts": cuts, "files": dict(inputs.reference)}
    facts |= {"sha256": inputs.model_sha256}
    digest = hashlib.sha256(json.dumps(facts, sort_keys=True).encode()).hexdigest()
    platform.registry.record_model(digest, inputs.model, facts, attempt.now)
    rules = sorted((code, reason.severity.value) for code, reason in REASONS.items())
    platform.registry.record_rules(
        hashlib.sha256(json.dumps(rules).encode()).hexdigest(), inputs.code_version, attempt.now
    )


def _write(candidate: Candidate, directory: Path) -> list[str]:
    """Copy every table into the release directory, durably; the relative names."""
    names = []
    for table in TABLES:
        make_private(directory / table)
        target = directory / table / PART
        with (
            candidate.files[table].open("rb") as source,
            os.fdopen(os.open(target, os.O_WRONLY | os.O_CREAT | os.O_EXCL, PRIVATE_FILE), "wb") as copy,
        ):
            shutil.copyfileobj(source, copy, 1 << 20)
            copy.flush()
            os.fsync(copy.fileno())
        sync(directory / table)
        names.append(f"{table}/{PART}")
    return names


def _reread(candidate: Candidate, directory: Path) -> None:
    """Compare what lies on the disk with what was computed."""
    for table in TABLES:
        if hash_file(directory / table / PART) != hash_file(candidate.files[table]):
            raise DtsenError("E_REREAD", f"the table {table} was not written as it was computed")


def _door(files: Mapping[str, Path], candidate: Candidate) -> DoorReport:
    summary = pl.read_parquet(files["summary"])
    report = door({table: [path] for table, path in files.items()}, summary, city(candidate.inputs.city))
    require(report)
    return report


def _manifest(
    platform: Platform,
    candidate: Candidate,
    roots: Mapping[str, TableRoot],
    root: str,
    attempt: Attempt,
    engine: Engine,
) -> dict[str, Any]:
    """Everything a reader needs to trust the tables without this code."""
    inputs = candidate.inputs
    return {
        "format": 1,
        "release_id": root[:RELEASE_ID_LENGTH],
        "content_root": root,
        "schema_version": SCHEMA_VERSION,
        "tables": {table: _table_facts(table, found) for table, found in roots.items()},
        "columns": {table: _column_facts(table) for table in ("keluarga", "anggota")},
        "inputs": inputs.as_dict(),
        "list_hash": inputs.hash,
        "base_version": inputs.base_version,
        "base_date": inputs.base_date.isoformat(),
        "official_version": inputs.official_version,
        "official_date": inputs.official_date.isoformat() if inputs.official_date else None,
        "cuts": list(candidate.cuts),
        "model": model_facts(platform, inputs),
        "envelope": {
            "week": attempt.week,
            "as_of": attempt.as_of,
            "run_key": attempt.run_key,
            "dagster_run_id": attempt.run_key,
            "created_at": attempt.now.isoformat(),
            "host": socket.gethostname(),
            "engine": engine.name,
        },
    }


def _table_facts(table: str, found: TableRoot) -> dict[str, Any]:
    types = {name: str(dtype) for name, dtype in polars_types(table).items()}
    return {
        "rows": found.rows,
        "sha256": found.sha256,
        "key": list(KEYS[table]),
        "columns": [{"name": name, "type": dtype} for name, dtype in types.items()],
    }


def _column_facts(table: str) -> list[dict[str, Any]]:
    return [
        {
            "name": column.name,
            "label": column.label,
            "kind": column.kind.value,
            "group": column.group,
            "sensitivity": column.sensitivity.value,
            "bit": column.bit,
            "codes": column.codes,
            "from": list(column.comes_from),
        }
        for column in columns(TABLES[table])
    ]
