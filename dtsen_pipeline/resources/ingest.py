"""Taking a file in: bytes to the vault, an exact reading, a verdict, a row in the registry.

A refused file is kept with its code. Which verdict a file that was read gets, and which others it frees, stands in
`admission`. Rows are judged later, by the flow.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from pathlib import Path
from typing import Any

from dtsen_pipeline.core.survey import check_survey
from dtsen_pipeline.reference import Profile, city
from dtsen_pipeline.resources.admission import (
    BY_PERSON,
    NO_DATE,
    NO_PARTNER,
    NO_WEEK,
    REGISTER,
    SNAPSHOT,
    amend,
    release_batches,
    release_partners,
    verdict_of,
)
from dtsen_pipeline.resources.batch_manifest import (
    LABEL,
    Manifest,
    check_listed,
    manifest_beside,
    manifest_told,
    missing,
    note_manifest,
)
from dtsen_pipeline.resources.breakers import Case, tripped
from dtsen_pipeline.resources.choice import choose
from dtsen_pipeline.resources.delivery import limits_of, surveyed
from dtsen_pipeline.resources.platform import Platform
from dtsen_pipeline.resources.registry import NewFile
from dtsen_pipeline.resources.registry.models import SourceFile
from dtsen_pipeline.resources.trips import Trip
from dtsen_pipeline.resources.vault import Deposit
from dtsen_pipeline.schemas.errors import DtsenError

FACTS = ("kind", "table_name", "profile", "profile_version", "version", "region", "data_date", "batch_id", "rows")
SIDECAR_FACTS = frozenset({"data_date", "version", "region", "batch_id"})
SIDECAR_LIMIT = 65_536
AGAIN = (None, SNAPSHOT, REGISTER)
"""The kinds that a file has which this module refused: none where it could not be read."""
FIELD = "field"
WAITING_FOR_WORDS = frozenset({NO_DATE, NO_WEEK})
"""Why a file waits that a person can say more about."""
BY_REGION = "E_REGION"
BY_MANIFEST = frozenset({"E_BATCH_MISMATCH", "E_BATCH_MANIFEST"})
"""Refusals for what a manifest said, which is not kept with the bytes that it contradicts."""
UNPROVEN, UNREVIEWED = "W_NO_MANIFEST", "W_UNREVIEWED"


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
    batch: str | None = None
    """The name of a field file's batch, by which `dtsen receipt` knows it."""
    rows: int | None = None
    damaged: int | None = None
    unapproved: int | None = None
    """Rows that wait because their source says that they are not approved."""
    unreviewed: int | None = None
    """Rows that are used although they tell no review state."""
    warnings: tuple[str, ...] = ()
    """Codes of what a person should know of a file that is read now, whatever becomes of it."""
    line: int | None = None
    released: tuple[str, ...] = field(default=())
    """Tokens of files that waited for this one, or were held until it came, and have another verdict now."""


def ingest(platform: Platform, path: Path, now: datetime, declared: Declared | None = None) -> Arrival:
    """Take one file in; the same bytes again change nothing.

    Raises DtsenError where there is nothing that could be kept (no such file, not a regular file, changing).
    """
    deposit = platform.vault.put(path)
    known = platform.registry.find_file(deposit.sha256)
    if known is not None and _is_settled(known):
        return _seen(known)
    return _judged(platform, deposit, path, declared or Declared(), now)


def ingest_again(platform: Platform, token: str, now: datetime, declared: Declared) -> Arrival:
    """Read a refused file again from the vault, as today's profiles and settings read it.

    What stood beside it is not kept: its name and its note are not asked. A snapshot is said to be of the served
    city, and its rows are held against that; where it was refused for its region, a person must say the region. Which
    region an extract of the register covers its rows do not say, so that it waits until it is sent again under its
    name. What a manifest contradicted is asked again where a later one, taken in with another file, lists the same
    bytes. A field file's batch must be said (E_USAGE), since its week bounds what its visits may tell. A file that
    waits for its data date, or for a batch that names a week, may be read again too. E_VERDICT for what cannot be
    asked again.
    """
    known = platform.registry.file(token)
    manifest = manifest_told(platform.registry, known.sha256)
    _check_can_be_asked(known, declared, manifest)
    if not all(LABEL.fullmatch(label) for label in (declared.version, declared.batch_id) if label is not None):
        raise DtsenError("E_USAGE", "a version or batch has an impossible name")
    path = platform.vault.check(known.sha256)
    told = replace(
        declared,
        region=declared.region or platform.settings.city,
        version=declared.version or known.version,
        data_date=declared.data_date or known.data_date,
    )
    deposit = Deposit(known.sha256, known.size, is_new=False)
    return _judged(platform, deposit, path, told, now, manifest, has_name=False)


def _check_can_be_asked(known: SourceFile, declared: Declared, manifest: Manifest | None) -> None:
    """E_VERDICT, saying why, for a file about which reading it again could find nothing else."""
    problem = None
    if known.code == BY_PERSON:
        problem = "a person refused the file; dtsen accept takes that back"
    elif known.code in WAITING_FOR_WORDS:
        return
    elif known.verdict != "refused" or known.kind not in AGAIN:
        problem = "only a file that could not be taken in is read again"
    elif known.code == BY_REGION and declared.region is None:
        problem = "it was refused for its region, and its name is not kept: say the region with --region"
    elif known.code in BY_MANIFEST and manifest is None:
        problem = "no manifest that came since lists these bytes: send the file again with a sound manifest beside it"
    if problem is not None:
        raise DtsenError("E_VERDICT", problem, token=known.token)


def _judged(
    platform: Platform,
    deposit: Deposit,
    path: Path,
    told: Declared,
    now: datetime,
    manifest: Manifest | None = None,
    *,
    has_name: bool = True,
) -> Arrival:
    try:
        found = _read(platform, deposit, path, told, manifest)
    except DtsenError as error:
        return _refused(platform, deposit, error, now)
    if not has_name and found.file.kind == FIELD and found.file.batch_id == deposit.token:
        raise DtsenError("E_USAGE", "the name of a field file is not kept: say its batch with --batch")
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
    if found.manifest is not None:
        note_manifest(platform.registry, file.sha256, found.manifest, now)
    verdict, code, message = verdict_of(platform, file, found.trips)
    facts = {name: getattr(file, name) for name in FACTS}
    amend(platform, file.sha256, now, **facts, verdict=verdict, code=code, message=message)
    released = release_partners(platform, file, verdict, code, now) + release_batches(platform, now)
    after = _seen(platform.registry.file(file.sha256))
    return replace(
        after,
        is_new=before != after,
        damaged=found.damaged,
        unapproved=found.unapproved,
        unreviewed=found.unreviewed,
        warnings=_warnings(found),
        released=_others(released, file),
    )


def _warnings(found: "_Read") -> tuple[str, ...]:
    given = {UNPROVEN: found.manifest is None, UNREVIEWED: found.unreviewed > 0}
    return tuple(code for code, is_given in given.items() if is_given)


def _others(tokens: tuple[str, ...], file: NewFile) -> tuple[str, ...]:
    return tuple(sorted({token for token in tokens if not file.sha256.startswith(token)}))


def _is_settled(known: SourceFile) -> bool:
    """Whether nothing that stands beside the bytes can change the verdict: it counts, or a person decided."""
    return known.verdict in ("accepted", "held") or known.code == BY_PERSON


def _kept(file: NewFile, known: SourceFile | None) -> NewFile:
    """A file that was waiting keeps what was told before and is not told again."""
    if known is None or known.verdict != "waiting":
        return file
    kept = {name: getattr(file, name) or getattr(known, name) for name in ("data_date", "version", "region")}
    return replace(file, **kept)


def _seen(known: SourceFile) -> Arrival:
    return Arrival(
        token=known.token,
        verdict=known.verdict,
        is_new=False,
        code=known.code,
        message=known.message,
        profile=known.profile,
        table=known.table_name,
        batch=known.batch_id if known.kind == FIELD else None,
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
        amend(platform, deposit.sha256, now, verdict="refused", code=error.code, message=error.message)
        after = _seen(platform.registry.file(deposit.sha256))
    return replace(after, is_new=is_new or before != after, line=error.line)


@dataclass(frozen=True)
class _Read:
    """A file to be registered, counts of its rows, who visited, why it is held, what was told."""

    file: NewFile
    damaged: int
    unapproved: int
    unreviewed: int
    officers: Mapping[str, str | None]
    trips: tuple[Trip, ...]
    manifest: Manifest | None


def _read(platform: Platform, deposit: Deposit, path: Path, told: Declared, recorded: Manifest | None = None) -> _Read:
    """Read a deposited file exactly; raises DtsenError where it must be refused.

    `recorded`: a manifest that was told before, where none lies beside the file any more.
    """
    manifest, settings = manifest_beside(path, deposit.sha256) or recorded, platform.settings
    with platform.vault.open(deposit.sha256) as stored:
        profile = choose(stored, path.suffix, deposit.token, told.profile, limits_of(platform))
    who = _identity(path, profile, told, deposit.token, manifest)
    found = surveyed(platform, deposit.sha256, profile, who.data_date, who.batch_id)
    check_survey(found, settings.numeric_id_share, settings.zero_id_share, deposit.token)
    if who.region is not None and not _is_here(who.region, profile, platform):
        raise DtsenError(BY_REGION, "the file is of another regency or city", token=deposit.token)
    is_snapshot, is_dated = profile.kind == SNAPSHOT, profile.kind in (SNAPSHOT, REGISTER)
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
        region=who.region if is_dated else None,
        data_date=who.data_date if is_dated else None,
        batch_id=None if is_snapshot else who.batch_id or deposit.token,
        rows=found.rows,
    )
    lacking = None
    if manifest is not None:
        check_listed(manifest, path.name, deposit.sha256, found.rows, new.batch_id)
        lacking = missing(manifest, path, deposit.sha256, platform.registry)
    trips = tripped(platform, Case(new, found, lacking))
    return _Read(new, found.damaged, found.waiting, found.unreviewed, found.officers, trips, manifest)


def _is_here(region: str, profile: Profile, platform: Platform) -> bool:
    """Whether a region is the served city; for an extract of the register also a district or village of it."""
    place = city(platform.settings.city)
    villages = place.kelurahan if profile.kind == REGISTER else ()
    return region in {place.bps} | {code for one in villages for code in (one.kecamatan_bps, one.bps)}


def _identity(path: Path, profile: Profile, told: Declared, token: str, manifest: Manifest | None) -> Declared:
    """Version, region, data date and batch: as told, else from the sidecar, the manifest, or the file's name."""
    named: dict[str, Any] = dict(profile.identify(path.name))
    if manifest is not None:
        named |= {key: value for key, value in vars(manifest).items() if key in SIDECAR_FACTS and value is not None}
    beside = _sidecar(path, token)
    found = named | beside | {k: v for k, v in vars(told).items() if v is not None}
    if profile.kind == REGISTER and told.region is not None:
        found.pop("region")
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
