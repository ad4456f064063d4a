"""What happened to a family or person, from the release's own table of events."""

from dataclasses import dataclass

import polars as pl

from dtsen_pipeline.queries.reading import View
from dtsen_pipeline.schemas.reasons import EVENT_TEXTS

EVENTS, FAMILY = "peristiwa", "keluarga"


@dataclass(frozen=True)
class Happened:
    """One event, its day (ISO), the families that were left and joined, and the token of the row that shows it."""

    event: str
    event_id: str
    event_en: str
    day: str
    entity_id: str
    left: str | None
    joined: str | None
    source: str


def events_of(view: View, table: str, entity_id: str) -> tuple[Happened, ...]:
    """The events of an entity, the oldest first; for a family those, too, in which another left or joined it."""
    if EVENTS not in view.manifest["tables"]:
        return ()
    is_named = pl.col("entity_id") == entity_id
    if table == FAMILY:
        is_named |= (pl.col("dari_id") == entity_id) | (pl.col("ke_id") == entity_id)
    rows = view.rows(EVENTS, (pl.col("tabel") == table) & is_named)
    found = (
        Happened(
            event=row["peristiwa"],
            event_id=EVENT_TEXTS[row["peristiwa"]].id,
            event_en=EVENT_TEXTS[row["peristiwa"]].en,
            day=row["hari"].isoformat(),
            entity_id=row["entity_id"],
            left=row["dari_id"],
            joined=row["ke_id"],
            source=f"{row['src']}-{row['row']}",
        )
        for row in rows
    )
    return tuple(sorted(found, key=lambda one: (one.day, one.event, one.source)))
