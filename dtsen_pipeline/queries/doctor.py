"""What is wrong with a home: modes, key, registry, vault, current release, model, Dagster's settings, runs.

Nothing is repaired and nothing is made; findings name places of the home and tokens only.
"""

import os
import stat
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

import yaml
from sqlalchemy import select, text
from sqlalchemy.exc import SQLAlchemyError

from dtsen_pipeline.resources.approving import approval, approved_model
from dtsen_pipeline.resources.home import PRIVATE_DIRECTORY, Home
from dtsen_pipeline.resources.key import load_key
from dtsen_pipeline.resources.lease import Owner
from dtsen_pipeline.resources.models import check_in_force
from dtsen_pipeline.resources.registry import Registry
from dtsen_pipeline.resources.registry.database import HEAD
from dtsen_pipeline.resources.registry.models import Lease
from dtsen_pipeline.resources.settings import Settings
from dtsen_pipeline.resources.store import Store
from dtsen_pipeline.resources.vault import Vault
from dtsen_pipeline.schemas.errors import DtsenError

SAMPLE = 20
OTHERS = stat.S_IRWXG | stat.S_IRWXO
NOOP = "NoOpComputeLogManager"


@dataclass(frozen=True)
class Examined:
    """One examination: what was looked at, what is wrong, and what is worth knowing."""

    name: str
    id: str
    findings: tuple[str, ...] = ()
    note: str | None = None

    @property
    def is_sound(self) -> bool:
        """Whether nothing is wrong."""
        return not self.findings


def doctor(settings: Settings, day: date, *, is_thorough: bool = False) -> list[Examined]:
    """Examine the home of these settings on a day; `is_thorough` reads every file of the vault."""
    home = Home(settings.home)
    if not home.root.is_dir():
        return [Examined("home", "Folder data", ("home_missing: DTSEN_HOME names no directory yet",))]
    first = [_home(home), _key(settings, home), _dagster(home.dagster / "dagster.yaml")]
    if not home.registry.is_file() and settings.database_url is None:
        return [*first, Examined("registry", "Pencatatan", (), "nothing was ingested yet")]
    registry = Registry(settings.registry_url)
    try:
        return [*first, *_registered(registry, settings, home, day, is_thorough=is_thorough)]
    finally:
        registry.close()


def _registered(
    registry: Registry, settings: Settings, home: Home, day: date, *, is_thorough: bool
) -> Iterator[Examined]:
    schema = _guarded("registry", "Pencatatan", lambda: _schema(registry))
    yield schema
    if not schema.is_sound:
        return
    yield _guarded("events", "Rantai peristiwa", lambda: _events(registry))
    yield _guarded("vault", "Brankas", lambda: _vault(registry, home, is_thorough=is_thorough))
    yield _guarded("release", "Rilis yang berlaku", lambda: _release(registry, home))
    yield _guarded("model", "Model yang berlaku", lambda: _model(registry, settings, day))
    yield _guarded("runs", "Proses", lambda: _runs(registry))


def _model(registry: Registry, settings: Settings, day: date) -> tuple[list[str], str | None]:
    model = approved_model(approval(registry), settings.home)
    check_in_force(model, settings.city, day)
    return [], model.id


def _guarded(name: str, title: str, examine: Callable[[], tuple[list[str], str | None]]) -> Examined:
    """An examination that cannot be finished is a finding; no error's own text is repeated."""
    try:
        findings, note = examine()
    except DtsenError as error:
        findings, note = [str(error)], None
    except (SQLAlchemyError, OSError) as error:
        findings, note = [f"cannot be examined ({type(error).__name__})"], None
    return Examined(name, title, tuple(findings), note)


def _home(home: Home) -> Examined:
    """Whether the secure zone is closed to others: every directory and file below it."""
    open_ones = {"directories": 0, "files": 0}
    for base in (home.root, home.inbox, home.vault, home.work, home.releases, home.dagster):
        if base.is_dir() and stat.S_IMODE(base.stat().st_mode) != PRIVATE_DIRECTORY:
            open_ones["directories"] += 1
    for base in (home.vault, home.work, home.releases):
        for folder, folders, files in os.walk(base):
            open_ones["directories"] += sum(_is_open(Path(folder) / name) for name in folders)
            open_ones["files"] += sum(_is_open(Path(folder) / name) for name in files)
    open_ones["files"] += sum(_is_open(path) for path in home.root.glob("registry.db*"))
    findings = [f"home_open: others can enter or read {n} {what}" for what, n in open_ones.items() if n]
    return Examined("home", "Hak akses folder data", tuple(findings))


def _is_open(path: Path) -> bool:
    return bool(path.lstat().st_mode & OTHERS)


def _key(settings: Settings, home: Home) -> Examined:
    title = "Kunci"
    if not os.path.lexists(settings.key_path):
        used = any(home.releases.glob("*/*"))
        findings = ("key_missing: there are releases, but the key that made their ids is gone",) if used else ()
        return Examined("key", title, findings, None if used else "made at first use")
    try:
        key = load_key(settings)
    except DtsenError as error:
        return Examined("key", title, (str(error),))
    return Examined("key", title, (), f"key id {key.id}")


def _schema(registry: Registry) -> tuple[list[str], str | None]:
    with registry.read() as session:
        damage = session.execute(text("PRAGMA quick_check")).scalar()
        revision = session.execute(text("SELECT version_num FROM alembic_version")).scalar()
    findings = [] if damage == "ok" else ["registry_damaged: SQLite finds damage in the registry"]
    if revision != HEAD:
        findings.append(f"registry_schema: the registry is at migration {revision}, this version needs {HEAD}")
    return findings, f"migration {revision}"


def _events(registry: Registry) -> tuple[list[str], str | None]:
    chain = registry.verify_events()
    if chain.broken_at is not None:
        return [f"events_broken: event {chain.broken_at} does not follow from the one before it"], None
    return [], f"{chain.count} events"


def _vault(registry: Registry, home: Home, *, is_thorough: bool) -> tuple[list[str], str | None]:
    vault, files = Vault(home.vault), registry.files()
    chosen = files if is_thorough else files[:: max(1, len(files) // SAMPLE)][:SAMPLE]
    findings = []
    for file in chosen:
        try:
            vault.check(file.sha256)
        except DtsenError as error:
            findings.append(str(error))
    return findings, f"{len(chosen)} of {len(files)} files read"


def _release(registry: Registry, home: Home) -> tuple[list[str], str | None]:
    release = registry.current()
    if release is None:
        return [], "nothing was published yet"
    store = Store(home.releases)
    found = store.verify(store.directory(release.path), release.manifest_sha256)
    return [str(finding) for finding in found], release.release_id


def _runs(registry: Registry) -> tuple[list[str], str | None]:
    """Runs that were started and whose process cannot be running any more."""
    with registry.read() as session:
        leases = list(session.scalars(select(Lease)))
    owners = [Owner.parse(lease.owner) for lease in leases]
    is_working = any(owner is None or not owner.is_gone() for owner in owners)
    started = registry.runs(status="started")
    if not started or is_working:
        return [], f"{len(started)} running"
    return [
        f"run_stale: the run of week {run.week} was started and never ended; the next refresh marks it"
        for run in started
    ], None


def _dagster(path: Path) -> Examined:
    """Whether Dagster keeps no output of processes and sends nothing home."""
    title = "Pengaturan Dagster"
    if not path.is_file():
        return Examined("dagster", title, (), "not started yet")
    try:
        facts: Any = yaml.safe_load(path.read_text(encoding="utf-8"))
    except (yaml.YAMLError, UnicodeDecodeError, OSError):
        facts = None
    if not isinstance(facts, dict):
        return Examined("dagster", title, ("dagster_settings: dagster.yaml cannot be read",))
    findings = []
    if _inside(facts, "telemetry", "enabled") is not False:
        findings.append("dagster_telemetry: telemetry is not switched off in dagster.yaml")
    if _inside(facts, "compute_logs", "class") != NOOP:
        findings.append("dagster_logs: dagster.yaml lets Dagster keep the output of processes")
    return Examined("dagster", title, tuple(findings))


def _inside(facts: dict[str, Any], section: str, name: str) -> object:
    found = facts.get(section)
    return found.get(name) if isinstance(found, dict) else None
