"""The circuit breakers: what makes a file that can be read so unlike what is usual that a person must look first.

They compare counts, never rows, and hold a file; nothing is refused here. The thresholds are settings. A person who
decides about a file decides about the trips that were shown: those stay closed, and another one opens again.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from statistics import median

from dtsen_pipeline.core.survey import Survey
from dtsen_pipeline.reference import City, cities
from dtsen_pipeline.resources.delivery import surveyed_again
from dtsen_pipeline.resources.platform import Platform
from dtsen_pipeline.resources.registry import NewFile
from dtsen_pipeline.resources.registry.models import SourceFile
from dtsen_pipeline.resources.trips import INCOMPLETE, Trip, shown, unseen

BREAKERS = frozenset(
    {
        "H_DUPLICATES",
        "H_REJECTS",
        "H_SNAPSHOT_SIZE",
        "H_KELURAHAN_GONE",
        "H_KELURAHAN_SHRUNK",
        "H_BATCH_SIZE",
        INCOMPLETE,
        "H_PAGE_OF_MORE",
        "H_UNREVIEWED",
    }
)


@dataclass(frozen=True)
class Case:
    """A file that was read: what is known of it, its counts, and how many files of its manifest are missing.

    `missing` is none where there is no manifest.
    """

    file: NewFile
    found: Survey
    missing: int | None = None


def tripped(platform: Platform, case: Case) -> tuple[Trip, ...]:
    """Every breaker that opens, in the order of `CHECKS`, but those that a person saw who decided about the file."""
    found = [trip for check in CHECKS for trip in check(platform, case)]
    return unseen(found, shown(platform.registry, case.file.sha256))


def previous(platform: Platform, file: NewFile | SourceFile) -> SourceFile | None:
    """The accepted snapshot file of the same table and region with the latest earlier data date."""
    same = platform.registry.files(kind="snapshot", table_name=file.table_name, region=file.region, verdict="accepted")
    dated = [(other.data_date, other.sha256, other) for other in same if other.data_date is not None]
    earlier = [known for known in dated if file.data_date is not None and known[0] < file.data_date]
    return max(earlier, key=lambda known: known[:2])[2] if earlier else None


def _duplicates(platform: Platform, case: Case) -> Iterator[Trip]:
    count, read = case.found.repeated, case.found.rows - case.found.damaged - case.found.waiting
    if count >= platform.settings.breaker_floor and count > platform.settings.duplicate_share * read:
        yield Trip("H_DUPLICATES", f"{count} of {read} rows repeat a key")


def _rejects(platform: Platform, case: Case) -> Iterator[Trip]:
    found = case.found
    count = found.damaged + found.rejected
    if count >= platform.settings.breaker_floor and count > platform.settings.rejected_share * found.rows:
        yield Trip("H_REJECTS", f"{found.damaged} lines damaged, {found.rejected} rows break a hard rule")


def _incomplete(_: Platform, case: Case) -> Iterator[Trip]:
    if case.missing:
        yield Trip.missing(case.missing)


def _page(_: Platform, case: Case) -> Iterator[Trip]:
    if case.found.continues:
        yield Trip("H_PAGE_OF_MORE", "the document says that another page follows")


def _unreviewed(platform: Platform, case: Case) -> Iterator[Trip]:
    if platform.settings.review_required and case.found.unreviewed:
        yield Trip("H_UNREVIEWED", f"{case.found.unreviewed} rows tell no review state")


def _batch_size(platform: Platform, case: Case) -> Iterator[Trip]:
    """Without a manifest nothing else shows that the end of a batch is missing."""
    if case.file.kind != "field" or case.missing is not None:
        return
    accepted = platform.registry.files(kind=case.file.kind, table_name=case.file.table_name, verdict="accepted")
    sizes = [other.rows or 0 for other in accepted]
    if len(sizes) < platform.settings.batch_history:
        return
    usual, times, floor = median(sizes), float(platform.settings.batch_times), platform.settings.breaker_floor
    if max(usual, case.found.rows) >= floor and not usual / times <= case.found.rows <= usual * times:
        yield Trip("H_BATCH_SIZE", f"{case.found.rows} rows; usual are about {usual:.0f}")


def _snapshot(platform: Platform, case: Case) -> Iterator[Trip]:
    before = previous(platform, case.file) if case.file.kind == "snapshot" else None
    if before is None or before.rows is None:
        return
    change = abs(case.found.rows - before.rows)
    if change >= platform.settings.breaker_floor and change > platform.settings.snapshot_change * before.rows:
        yield Trip("H_SNAPSHOT_SIZE", f"{case.found.rows} rows; the snapshot before had {before.rows}")
    if case.found.villages:
        yield from _kelurahan(platform, case.found.villages, surveyed_again(platform, before).villages)


def _kelurahan(platform: Platform, now: Mapping[str, int], before: Mapping[str, int]) -> Iterator[Trip]:
    """The kelurahan that had families and have none, and those that lost too many of them."""
    place, settings = cities()[platform.settings.city], platform.settings
    counts = {
        kelurahan.name: (_families(place, now, code), _families(place, before, code))
        for code, kelurahan in place.by_bps.items()
    }
    large = {name: pair for name, pair in counts.items() if pair[1] >= settings.breaker_floor}
    gone = [name for name, (left, _) in large.items() if left == 0]
    shrunk = [
        f"{name} ({left} of {had})"
        for name, (left, had) in large.items()
        if left and had - left > settings.kelurahan_loss * had
    ]
    if gone:
        yield Trip("H_KELURAHAN_GONE", f"no family any more in: {', '.join(gone)}")
    if shrunk:
        yield Trip("H_KELURAHAN_SHRUNK", f"families left in: {', '.join(shrunk)}")


def _families(place: City, counts: Mapping[str, int], code: str) -> int:
    """The families of a kelurahan, under either numbering."""
    return sum(count for known, count in counts.items() if place.crosswalk.get(known, known) == code)


CHECKS: tuple[Callable[[Platform, Case], Iterator[Trip]], ...] = (
    _incomplete,
    _page,
    _unreviewed,
    _snapshot,
    _batch_size,
    _rejects,
    _duplicates,
)
"""In the order in which a person wants to know."""
