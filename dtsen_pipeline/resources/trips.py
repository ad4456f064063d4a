"""Why a file is held, in the form in which the registry keeps it: every trip, and the ones a person was shown.

The code of the first trip is the file's own, and its message the beginning of the file's. Which breaker trips when
stands in `breakers`.
"""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from dtsen_pipeline.resources.registry import Registry
from dtsen_pipeline.schemas.reasons import REASONS
from dtsen_pipeline.schemas.reasons.record import Severity

INCOMPLETE = "H_BATCH_INCOMPLETE"
ANOTHER = re.compile(r" \| (?=H_[A-Z_]+: )")
"""Between two trips in a message; no message and no name of a kelurahan contains it."""


@dataclass(frozen=True)
class Trip:
    """Why a file is held, in counts."""

    code: str
    message: str

    @classmethod
    def missing(cls, count: int) -> "Trip":
        """So many files that a manifest lists did not come."""
        return cls(INCOMPLETE, f"{count} listed files did not come")


def written(trips: Sequence[Trip]) -> tuple[str, str]:
    """The code and the message of a file that these trips hold; there is at least one."""
    first, *others = trips
    return first.code, " | ".join([first.message, *(f"{trip.code}: {trip.message}" for trip in others)])


def trips_of(code: str | None, message: str | None) -> tuple[Trip, ...]:
    """The trips that a file's code and message tell of; none where no breaker holds it."""
    reason = REASONS.get(code or "")
    if code is None or message is None or reason is None or reason.severity is not Severity.HOLDS:
        return ()
    first, *others = ANOTHER.split(message)
    return Trip(code, first), *(Trip(*text.split(": ", 1)) for text in others)


def shown(registry: Registry, sha256: str) -> frozenset[Trip]:
    """The trips of a file that a person saw who accepted or refused it."""
    told = [one.payload for kind in ("accept", "refuse") for one in registry.decisions(kind, sha256)]
    return frozenset(trip for payload in told for trip in trips_of(payload.get("code"), payload.get("message")))


def unseen(trips: Iterable[Trip], seen: frozenset[Trip]) -> tuple[Trip, ...]:
    """Those of the trips that nobody has decided about."""
    return tuple(trip for trip in trips if trip not in seen)


def told(code: str | None, message: str | None) -> list[dict[str, str]]:
    """The trips of a file as a document: code, counts, and the sentence of each, Indonesian and English."""
    return [
        {
            "code": trip.code,
            "detail": trip.message,
            "message": REASONS[trip.code].id,
            "message_en": REASONS[trip.code].en,
        }
        for trip in trips_of(code, message)
    ]
