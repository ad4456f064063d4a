"""Taking a file in: bytes to the vault, an exact reading, a verdict, a row in the registry.

A refused file is kept with its code. A snapshot file without a data date or without its partner waits. The
first snapshot of a profile is held until a person confirms its codes. Rows are judged later, by the flow.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from pathlib import Path
from typing import Any

from dtsen_pipeline.core.survey import check_survey
from dtsen_pipeline.reference import Profile, profiles
from dtsen_pipeline.resources.batch_manifest import LABEL, Manifest, check_listed, manifest_beside, missing
from dtsen_pipeline.resources.breakers import BREAKERS, Case, Trip, tripped
from dtsen_pipeline.resources.choice import choose
from dtsen_pipeline.resources.delivery import limits_of, surveyed
from dtsen_pipeline.resources.platform import Platform
from dtsen_pipeline.resources.registry import NewFile
from dtsen_pipeline.resources.registry.files import TWICE
from dtsen_pipeline.resources.registry.models import SourceFile, Verdict
from dtsen_pipeline.resources.vault import Deposit
from dtsen_pipeline.schemas.errors import DtsenError

SNAPSHOT = "snapshot"
NO_DATE, NO_PARTNER, UNCONFIRMED = "W_NO_DATA_DATE", "W_NO_PARTNER", "H_CODES_UNCONFIRMED"
BY_PERSON = "E_REFUSED"
FACTS = ("kind", "table_name", "profile", "profile_version", "version", "region", "data_date", "batch_id", "rows")
SIDECAR_FACTS = frozenset({"data_date", "version", "region", "batch_id"})
SIDECAR_LIMIT = 65_536
_Verdict = tuple[Verdict, str | None, str | None]


@dataclass(frozen=True)
class Declared:
    """What the sender says beside the bytes; each may be missing."""

    profile: str | None = None
    data_date: date | None = None
    version: str | None = None
    region: str | None = None
    batch_id: str | None = None


@dataclass(frozen=True)
class Arrival:
    """What became of one file."""

    token: str
    verdict: str
    is_new: bool
    code: str | None = None
    message: str | None = None
    profile: str | None = None
    table: str | None = None
    rows: int | None = None
    damaged: int | None = None
    unapproved: int | None = None
    """Rows that wait because their source says that they are not approved."""
    line: int | None = None
    released: tuple[str, ...] = field(default=())
    """Tokens of files that waited for this one and count from now on."""


def ingest(platform: Platform, path: Path, now: datetime, declared: Declared | None = None) -> Arrival:
    """Take one file in; the same bytes again change nothing.

    Raises DtsenError where there is nothing that could be kept (no such file, not a regular file, changing).
    """
    told = declared or Declared()
    deposit = platform.vault.put(path)
    known = platform.registry.find_file(deposit.sha256)
    if known is not None and _is_settled(known):
        return _seen(known)
    try:
        found = _read(platform, deposit, path, told)
    except DtsenError as error:
        return _refused(platform, deposit, error, now)
    with platform.registry.together():
        return _registered(platform, found, now)


def _registered(platform: Platform, found: "_Read", now: datetime) -> Arrival:
    """Give a file its verdict, and its partner too, whatever another process did meanwhile."""
    known = platform.registry.find_file(found.file.sha256)
    before = None if known is None else _seen(known)
    if before is not None and known is not None and _is_settled(known):
        return before
    file = _kept(found.file, known)
    platform.registry.add_officers(found.officers, now)
    if known is None:
        platform.registry.add_file(file, now)
    if found.manifest is not None and (before is None or before.verdict == "refused"):
        platform.registry.append_event("file.manifest", {"sha256": file.sha256} | found.manifest.facts(), now)
    verdict, code, message = _verdict(platform, file, found.trip)
    facts = {name: getattr(file, name) for name in FACTS}
    _amend(platform, file.sha256, now, **facts, verdict=verdict, code=code, message=message)
    released = _release_partners(platform, file, verdict, code, now)
    after = _seen(platform.registry.file(file.sha256))
    return replace(after, is_new=before != after, damaged=found.damaged, unapproved=found.unapproved, released=released)


def _is_settled(known: SourceFile) -> bool:
    """Whether nothing that stands beside the bytes can change the verdict: it counts, or a person decided."""
    return known.verdict in ("accepted", "held") or known.code == BY_PERSON


def _kept(file: NewFile, known: SourceFile | None) -> NewFile:
    """A file that was waiting keeps what was told before and is not told again."""
    if known is None or known.verdict != "waiting":
        return file
    kept = {name: getattr(file, name) or getattr(known, name) for name in ("data_date", "version", "region")}
    return replace(file, **kept)


def _amend(platform: Platform, token: str, now: datetime, **facts: Any) -> None:
    """Record what changed; nothing where nothing did."""
    known = platform.registry.file(token)
    changes = {name: value for name, value in facts.items() if getattr(known, name) != value}
    if changes:
        platform.registry.amend_file(token, now, **changes)


def _seen(known: SourceFile) -> Arrival:
    return Arrival(
        token=known.token,
        verdict=known.verdict,
        is_new=False,
        code=known.code,
        message=known.message,
        profile=known.profile,
        table=known.table_name,
        rows=known.rows,
    )


def _refused(platform: Platform, deposit: Deposit, error: DtsenError, now: datetime) -> Arrival:
    """Keep a refusal, but never over a better verdict of the same bytes: those were read well with another note."""
    file = NewFile(
        sha256=deposit.sha256,
        size=deposit.size,
        verdict="refused",
        code=error.code,
        message=error.message,
    )
    with platform.registry.together():
        earlier = platform.registry.find_file(deposit.sha256)
        if earlier is not None and _is_settled(earlier):
            return _seen(earlier)
        if earlier is not None and earlier.verdict == "waiting":
            raise error
        known, is_new = platform.registry.add_file(file, now)
        before = _seen(known)
        _amend(platform, deposit.sha256, now, verdict="refused", code=error.code, message=error.message)
        after = _seen(platform.registry.file(deposit.sha256))
    return replace(after, is_new=is_new or before != after, line=error.line)


@dataclass(frozen=True)
class _Read:
    """A file to be registered, its damaged lines and unapproved rows, who visited, why it is held, what was told."""

    file: NewFile
    damaged: int
    unapproved: int
    officers: Mapping[str, str | None]
    trip: Trip | None
    manifest: Manifest | None


def _read(platform: Platform, deposit: Deposit, path: Path, told: Declared) -> _Read:
    """Read a deposited file exactly; raises DtsenError where it must be refused."""
    manifest, settings = manifest_beside(path, deposit.sha256), platform.settings
    with platform.vault.open(deposit.sha256) as stored:
        profile = choose(stored, path.suffix, deposit.token, told.profile, limits_of(platform))
    found = surveyed(platform, deposit.sha256, profile)
    check_survey(found, settings.numeric_id_share, settings.zero_id_share, deposit.token)
    who = _identity(path, profile, told, deposit.token, manifest)
    if who.region is not None and who.region != platform.settings.city:
        raise DtsenError("E_REGION", "the file is of another regency or city", token=deposit.token)
    is_snapshot = profile.kind == SNAPSHOT
    new = NewFile(
        sha256=deposit.sha256,
        size=deposit.size,
        verdict="waiting" if is_snapshot else "accepted",
        code=NO_PARTNER if is_snapshot else None,
        kind=profile.kind,
        table_name=profile.table,
        profile=profile.id,
        profile_version=profile.version,
        version=who.version if is_snapshot else None,
        region=who.region if is_snapshot else None,
        data_date=who.data_date if is_snapshot else None,
        batch_id=None if is_snapshot else who.batch_id or deposit.token,
        rows=found.rows,
    )
    lacking = None
    if manifest is not None:
        check_listed(manifest, path.name, deposit.sha256, found.rows, new.batch_id)
        lacking = missing(manifest, path, deposit.sha256, platform.registry)
    trip = tripped(platform, Case(new, found, lacking))
    return _Read(new, found.damaged, found.waiting, found.officers, trip, manifest)


def _identity(path: Path, profile: Profile, told: Declared, token: str, manifest: Manifest | None) -> Declared:
    """Version, region, data date and batch: as told, else from the sidecar, the manifest, or the file's name."""
    named: dict[str, Any] = dict(profile.identify(path.name))
    if manifest is not None:
        named |= {key: value for key, value in vars(manifest).items() if key in SIDECAR_FACTS and value is not None}
    beside = _sidecar(path, token)
    found = named | beside | {k: v for k, v in vars(told).items() if v is not None}
    labels = [str(value) for key, value in found.items() if key != "data_date"]
    if not all(LABEL.fullmatch(label) for label in labels):
        raise DtsenError("E_SIDECAR", "a version, region or batch has an impossible name", token=token)
    return Declared(**{key: found.get(key) for key in SIDECAR_FACTS})


def _sidecar(path: Path, token: str) -> dict[str, Any]:
    """The facts of `<file name>.json` beside the file; E_SIDECAR where it cannot be trusted."""
    beside = path.with_name(f"{path.name}.json")
    if not beside.is_file() or beside.is_symlink():
        return {}
    problem = DtsenError("E_SIDECAR", "the JSON file beside it cannot be read exactly", token=token)
    try:
        facts = json.loads(beside.read_bytes()[:SIDECAR_LIMIT], object_pairs_hook=_unique)
        if not isinstance(facts, dict) or not all(isinstance(v, str) for v in facts.values()):
            raise problem
        found = {key: value for key, value in facts.items() if key in SIDECAR_FACTS}
        if "data_date" in found:
            found["data_date"] = date.fromisoformat(found["data_date"])
    except (ValueError, RecursionError):
        raise problem from None
    return found


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    if len({key for key, _ in pairs}) != len(pairs):
        raise ValueError("a key stands twice")
    return dict(pairs)


def judge_again(platform: Platform, token: str, now: datetime) -> SourceFile:
    """The verdict of a file that a person had refused and now lets in: every gate is asked again."""
    known = platform.registry.file(token)
    file = NewFile(
        sha256=known.sha256,
        size=known.size,
        verdict="waiting",
        kind=known.kind,
        table_name=known.table_name,
        profile=known.profile,
        profile_version=known.profile_version,
        version=known.version,
        region=known.region,
        data_date=known.data_date,
        batch_id=known.batch_id,
        rows=known.rows,
    )
    with platform.registry.together():
        verdict, code, message = _verdict(platform, file)
        _amend(platform, token, now, verdict=verdict, code=code, message=message)
        _release_partners(platform, file, verdict, code, now)
        return platform.registry.file(token)


def _verdict(platform: Platform, file: NewFile, trip: Trip | None = None) -> _Verdict:
    """What becomes of a file that was read: verdict, code and message."""
    unplaced = _unplaced(platform, file) if file.kind == SNAPSHOT else None
    if unplaced is not None:
        return unplaced
    if trip is not None:
        return "held", trip.code, trip.message
    if file.kind != SNAPSHOT:
        return "accepted", None, None
    if not _partners(platform, file):
        return "waiting", NO_PARTNER, None
    family = profiles()[file.profile or ""].family
    if family in platform.registry.confirmed_profiles():
        return "accepted", None, None
    return "held", UNCONFIRMED, None


def _unplaced(platform: Platform, file: NewFile) -> _Verdict | None:
    """What becomes of a snapshot file that has no place among the snapshots; none where it has one."""
    named = {"data date": file.data_date, "version": file.version, "region": file.region}
    unknown = [name for name, value in named.items() if value is None]
    if unknown:
        return "waiting", NO_DATE, f"not known yet: {', '.join(unknown)}"
    if any(other.table_name == file.table_name for other in _same_snapshot(platform, file)):
        return "refused", TWICE, None
    return None


def _same_snapshot(platform: Platform, file: NewFile) -> list[SourceFile]:
    """The other files of the same version and region that were not refused."""
    same = platform.registry.files(kind=SNAPSHOT, version=file.version, region=file.region)
    return [other for other in same if other.sha256 != file.sha256 and other.verdict != "refused"]


def _partners(platform: Platform, file: NewFile) -> list[SourceFile]:
    return [
        other
        for other in _same_snapshot(platform, file)
        if other.table_name != file.table_name and other.data_date == file.data_date
    ]


def _release_partners(
    platform: Platform, file: NewFile, verdict: Verdict, code: str | None, now: datetime
) -> tuple[str, ...]:
    """Tokens of the files that waited for this one and now have its verdict."""
    if file.kind != SNAPSHOT or verdict not in ("accepted", "held") or code in BREAKERS:
        return ()
    waiting = [partner.token for partner in _partners(platform, file) if partner.verdict == "waiting"]
    for token in waiting:
        _amend(platform, token, now, verdict=verdict, code=code, message=None)
    return tuple(waiting)
