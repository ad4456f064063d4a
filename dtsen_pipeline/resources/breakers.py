"""The circuit breakers: what makes a file that can be read so unlike what is usual that a person must look first.

They compare counts, never rows, and hold a file; nothing is refused here. The thresholds are settings. Whoever
accepted a file once has decided: its breakers stay closed.
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

INCOMPLETE = "H_BATCH_INCOMPLETE"
BREAKERS = frozenset(
    {
        "H_DUPLICATES",
        "H_REJECTS",
        "H_SNAPSHOT_SIZE",
        "H_KELURAHAN_GONE",
        "H_BATCH_SIZE",
        INCOMPLETE,
        "H_PAGE_OF_MORE",
        "H_UNREVIEWED",
    }
)
FLOOR = 20
"""Below so many lines or families a share says nothing."""
HISTORY = 4
"""From so many earlier batches on a usual size is known."""


@dataclass(frozen=True)
class Trip:
    """Why a file is held, in counts."""

    code: str
    message: str

    @classmethod
    def missing(cls, count: int) -> "Trip":
        """So many files that a manifest lists did not come."""
        return cls(INCOMPLETE, f"{count} listed files did not come")


@dataclass(frozen=True)
class Case:
    """A file that was read: what is known of it, its counts, and how many files of its manifest are missing.

    `missing` is none where there is no manifest.
    """

    file: NewFile
    found: Survey
    missing: int | None = None


def tripped(platform: Platform, case: Case) -> Trip | None:
    """The first breaker that opens; none where a person accepted this file before."""
    if platform.registry.decisions("accept", case.file.sha256):
        return None
    return next((trip for check in CHECKS for trip in check(platform, case)), None)


def previous(platform: Platform, file: NewFile | SourceFile) -> SourceFile | None:
    """The accepted snapshot file of the same table and region with the latest earlier data date."""
    same = platform.registry.files(kind="snapshot", table_name=file.table_name, region=file.region, verdict="accepted")
    dated = [(other.data_date, other.sha256, other) for other in same if other.data_date is not None]
    earlier = [known for known in dated if file.data_date is not None and known[0] < file.data_date]
    return max(earlier, key=lambda known: known[:2])[2] if earlier else None


def _duplicates(platform: Platform, case: Case) -> Iterator[Trip]:
    count, read = case.found.repeated, case.found.rows - case.found.damaged - case.found.waiting
    if count >= FLOOR and count > platform.settings.duplicate_share * read:
        yield Trip("H_DUPLICATES", f"{count} of {read} rows repeat a key")


def _rejects(platform: Platform, case: Case) -> Iterator[Trip]:
    found = case.found
    count = found.damaged + found.rejected
    if count >= FLOOR and count > platform.settings.rejected_share * found.rows:
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
    if case.file.kind == "snapshot" or case.missing is not None:
        return
    accepted = platform.registry.files(kind=case.file.kind, table_name=case.file.table_name, verdict="accepted")
    sizes = [other.rows or 0 for other in accepted]
    if len(sizes) < HISTORY:
        return
    usual, times = median(sizes), float(platform.settings.batch_times)
    if max(usual, case.found.rows) >= FLOOR and not usual / times <= case.found.rows <= usual * times:
        yield Trip("H_BATCH_SIZE", f"{case.found.rows} rows; usual are about {usual:.0f}")


def _snapshot(platform: Platform, case: Case) -> Iterator[Trip]:
    before = previous(platform, case.file) if case.file.kind == "snapshot" else None
    if before is None or before.rows is None:
        return
    change = abs(case.found.rows - before.rows)
    if change >= FLOOR and change > platform.settings.snapshot_change * before.rows:
        yield Trip("H_SNAPSHOT_SIZE", f"{case.found.rows} rows; the snapshot before had {before.rows}")
    if case.found.villages:
        place = cities()[platform.settings.city]
        gone = _gone(place, case.found.villages, surveyed_again(platform, before).villages)
        if gone:
            yield Trip("H_KELURAHAN_GONE", f"no family any more in: {', '.join(gone)}")


def _gone(place: City, now: Mapping[str, int], before: Mapping[str, int]) -> list[str]:
    """The names of the kelurahan that had families and have none."""
    return [
        kelurahan.name
        for code, kelurahan in place.by_bps.items()
        if _families(place, before, code) >= FLOOR and _families(place, now, code) == 0
    ]


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
