"""The verdict of a file that was read: whether it counts, waits or is held, and which other files it frees.

A snapshot file without a data date or without its partner waits, and so do an extract of the register without its date
or region and a form server's file without a week. The first snapshot of a source is held until a person confirms its
codes; a file whose manifest lists others is held until they came. Reading files and refusing what cannot be read is
the work of `ingest`; what a person decides, of `decide`.
"""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from dtsen_pipeline.core.coded import lists_of
from dtsen_pipeline.core.corrections import family_of, profile_named
from dtsen_pipeline.core.editions import has_versions
from dtsen_pipeline.core.inputs import week_end
from dtsen_pipeline.resources.batch_manifest import lacking
from dtsen_pipeline.resources.breakers import BREAKERS, Case, tripped
from dtsen_pipeline.resources.delivery import surveyed_again
from dtsen_pipeline.resources.platform import Platform
from dtsen_pipeline.resources.registry import NewFile
from dtsen_pipeline.resources.registry.files import TWICE
from dtsen_pipeline.resources.registry.models import SourceFile, Verdict
from dtsen_pipeline.resources.trips import INCOMPLETE, Trip, trips_of, written
from dtsen_pipeline.schemas.errors import DtsenError

SNAPSHOT, REGISTER = "snapshot", "register"
NO_DATE, NO_WEEK, NO_PARTNER, UNCONFIRMED = "W_NO_DATA_DATE", "W_NO_WEEK", "W_NO_PARTNER", "H_CODES_UNCONFIRMED"
PARTNER_HELD = "W_PARTNER_HELD"
BY_PERSON = "E_REFUSED"
_Verdict = tuple[Verdict, str | None, str | None]


def amend(platform: Platform, token: str, now: datetime, **facts: Any) -> None:
    """Record what changed; nothing where nothing did."""
    known = platform.registry.file(token)
    changes = {name: value for name, value in facts.items() if getattr(known, name) != value}
    if changes:
        platform.registry.amend_file(token, now, **changes)


def verdict_of(platform: Platform, file: NewFile, trips: tuple[Trip, ...] = ()) -> _Verdict:
    """What becomes of a file that was read: verdict, code and message."""
    unplaced = _unplaced(platform, file) if file.kind == SNAPSHOT else _undated(file) or _unscoped(file)
    if unplaced is not None:
        return unplaced
    if trips:
        return "held", *written(trips)
    if file.kind != SNAPSHOT:
        return "accepted", None, None
    if not _partners(platform, file):
        return "waiting", NO_PARTNER, None
    return ("accepted", None, None) if has_confirmed_codes(platform, file) else ("held", UNCONFIRMED, None)


def has_confirmed_codes(platform: Platform, file: NewFile | SourceFile) -> bool:
    """Whether a person has confirmed, for its source, every code list that a file uses."""
    confirmed = platform.registry.confirmed_lists().get(family_of(file))
    return confirmed is not None and lists_of(profile_named(file.profile or "")) <= confirmed


def judge_again(platform: Platform, token: str, now: datetime, trips: tuple[Trip, ...] = ()) -> SourceFile:
    """The verdict of a file that a person lets in: every gate is asked again; `trips` are those nobody saw yet."""
    known = platform.registry.file(token)
    with platform.registry.together():
        _judge(platform, known, trips, now)
        release_batches(platform, now)
        return platform.registry.file(token)


def release_partners(
    platform: Platform, file: NewFile, verdict: Verdict, code: str | None, now: datetime
) -> tuple[str, ...]:
    """Tokens of the files that waited for this one and now have its verdict; they wait on where a breaker holds it."""
    if file.kind != SNAPSHOT or verdict not in ("accepted", "held"):
        return ()
    waiting = [partner.token for partner in _partners(platform, file) if partner.verdict == "waiting"]
    if code in BREAKERS:
        for token in waiting:
            amend(platform, token, now, code=PARTNER_HELD)
        return ()
    for token in waiting:
        amend(platform, token, now, verdict=verdict, code=code, message=None)
    return tuple(waiting)


def forsake_partners(platform: Platform, refused: SourceFile, now: datetime) -> None:
    """Whoever waited for a file that a person refuses waits for another."""
    for partner in _partners(platform, _as_new(refused)):
        if partner.code == PARTNER_HELD:
            amend(platform, partner.token, now, code=NO_PARTNER)


def release_batches(platform: Platform, now: datetime) -> tuple[str, ...]:
    """Tokens of the files that were held until the others of their manifest came, and now are not.

    The other breakers are asked again, on the bytes in the vault; one whose bytes cannot be read stays held. Where
    fewer files are missing, their number is kept.
    """
    freed: list[str] = []
    for held in platform.registry.files(verdict="held", code=INCOMPLETE):
        count = lacking(platform.registry, held.sha256)
        if count is None or Trip.missing(count) in trips_of(held.code, held.message):
            continue
        try:
            trips = trips_again(platform, held)
        except DtsenError:
            continue
        freed += _judge(platform, held, trips, now)
    return tuple(freed)


def trips_again(platform: Platform, known: SourceFile) -> tuple[Trip, ...]:
    """What holds a file by its bytes in the vault and all that is known today; DtsenError where it cannot be read."""
    found = surveyed_again(platform, known)
    return tripped(platform, Case(_as_new(known), found, lacking(platform.registry, known.sha256)))


def _judge(platform: Platform, known: SourceFile, trips: tuple[Trip, ...], now: datetime) -> tuple[str, ...]:
    """Give a known file its verdict again; tokens of the files that are not held for their manifest any more."""
    file = _as_new(known)
    verdict, code, message = verdict_of(platform, file, trips)
    amend(platform, known.token, now, verdict=verdict, code=code, message=message)
    partners = release_partners(platform, file, verdict, code, now)
    return partners if code == INCOMPLETE else (known.token, *partners)


def _as_new(known: SourceFile) -> NewFile:
    """A known file as it is registered, without a verdict yet."""
    return NewFile(
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


def _unplaced(platform: Platform, file: NewFile) -> _Verdict | None:
    """What becomes of a snapshot file that has no place among the snapshots; none where it has one."""
    unknown = _unknown({"data date": file.data_date, "version": file.version, "region": file.region})
    if unknown is not None:
        return unknown
    same = _same_snapshot(platform, file)
    if any(other.table_name == file.table_name for other in same):
        return "refused", TWICE, None
    if any(family_of(other) != family_of(file) for other in same):
        return "refused", TWICE, "its version is that of a snapshot from another source"
    return None


def _unscoped(file: NewFile) -> _Verdict | None:
    """An extract of the register waits until its data date and the region that it covers are known."""
    return _unknown({"data date": file.data_date, "region": file.region}) if file.kind == REGISTER else None


def _unknown(named: Mapping[str, object]) -> _Verdict | None:
    unknown = [name for name, value in named.items() if value is None]
    return ("waiting", NO_DATE, f"not known yet: {', '.join(unknown)}") if unknown else None


def _undated(file: NewFile) -> _Verdict | None:
    """A form server's file waits until its batch names a week: which version of a visit is the newer hangs on it."""
    return ("waiting", NO_WEEK, None) if has_versions(file) and week_end(file.batch_id) is None else None


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
