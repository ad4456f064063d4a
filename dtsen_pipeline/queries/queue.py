"""Whom to visit next: a list by what visits set right under a capacity per kelurahan, with a random arm beside it.

The priority arm goes by what a visit is expected to set right in programmes' answers; the random arm is drawn by lot
from all families still to be verified, so that targeting error can be measured. Same release, capacity and seed, same
list. Nothing here decides about aid, and no identifying value is shown.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date

import polars as pl

from dtsen_pipeline.core.queue import lot
from dtsen_pipeline.queries.access import Look, note
from dtsen_pipeline.queries.prospects import VILLAGE, Cause, Prospects
from dtsen_pipeline.queries.reading import Row, View
from dtsen_pipeline.resources.platform import Platform

PRIORITY, RANDOM = "prioritas", "acak"
RANDOM_SHARE = 0.1
"""The share of a kelurahan's capacity that goes by lot; at least one visit."""


@dataclass(frozen=True)
class Asked:
    """What is asked for: visits an officer, officers a kelurahan, the lottery's seed, and perhaps one kelurahan."""

    capacity: int
    officers: int = 1
    seed: str = "lengan-acak-1"
    kelurahan: str | None = None

    @property
    def visits(self) -> int:
        """Visits a kelurahan."""
        return self.capacity * self.officers


@dataclass(frozen=True)
class Assignment:
    """A visit to make.

    `expected`: programme answers that it is expected to set right; `flip`: the chance that the estimate moves;
    `likely`: of a hundred families with this score, how many have the deciles 1 to 10 of welfare, if the model tells.
    `drawn_from`: families of the kelurahan that the random arm was drawn from, and `drawn` how many were.
    """

    assignment: str
    kelurahan: str
    officer: int
    rank: int
    arm: str
    family_id: str
    official: int | None
    estimate: int | None
    expected: float
    flip: float
    likely: tuple[int, ...] | None
    causes: tuple[Cause, ...]
    drawn: int
    drawn_from: int


@dataclass(frozen=True)
class Queue:
    """The list of a release, whose model is told as in its manifest.

    `open`: families still to be verified; `verified`: those verified on this snapshot.
    """

    release_id: str
    model: Row
    on: date
    seed: str
    capacity: int
    officers: int
    open: int
    verified: int
    unplaced: int
    assignments: tuple[Assignment, ...]


def queue(platform: Platform, view: View, asked: Asked) -> Queue:
    """The visits to make under a capacity; families without a kelurahan are counted (`unplaced`) and not listed."""
    found = Prospects(platform, view)
    rows = found.frame.with_row_index("place")
    open_ = rows.filter(~pl.col("is_verified"), pl.col(VILLAGE).is_not_null())
    if asked.kelurahan is not None:
        open_ = open_.filter(pl.col(VILLAGE) == asked.kelurahan)
    listed = [
        assignment
        for (village,), homes in open_.sort(VILLAGE).group_by(VILLAGE, maintain_order=True)
        for assignment in _village(found, str(village), homes, asked)
    ]
    return Queue(
        release_id=view.release_id,
        model=view.model_facts,
        on=found.on,
        seed=asked.seed,
        capacity=asked.capacity,
        officers=asked.officers,
        open=open_.height,
        verified=int(rows["is_verified"].sum()),
        unplaced=rows[VILLAGE].null_count(),
        assignments=tuple(listed),
    )


def _village(found: Prospects, village: str, homes: pl.DataFrame, asked: Asked) -> Iterator[Assignment]:
    """The random arm first, then the families that most is expected of among the others."""
    count = min(asked.visits, homes.height)
    drawn = max(1, round(count * RANDOM_SHARE))
    order = lot(f"{found.view.release_id}|{asked.seed}", homes["family_id"].to_list())
    by_lot = set(order[:drawn])
    others = homes.filter(~pl.col("family_id").is_in(by_lot)).sort(
        "expected", "flip", "family_id", descending=[True, True, False]
    )
    chosen = pl.concat([others.head(count - drawn), homes.filter(pl.col("family_id").is_in(by_lot)).sort("family_id")])
    for rank, row in enumerate(chosen.iter_rows(named=True), start=1):
        yield Assignment(
            assignment=f"T-{found.view.release_id[:8]}-{village[-6:]}-{rank:04d}",
            kelurahan=village,
            officer=(rank - 1) % asked.officers + 1,
            rank=rank,
            arm=RANDOM if row["family_id"] in by_lot else PRIORITY,
            family_id=row["family_id"],
            official=row["desil_nasional"],
            estimate=row["desil_estimasi"],
            expected=round(row["expected"], 4),
            flip=round(row["flip"], 4),
            likely=found.likely.of(row["score"]) if found.likely else None,
            causes=found.causes(row["place"]),
            drawn=drawn,
            drawn_from=homes.height,
        )


def by_officer(found: Queue) -> Mapping[tuple[str, int], list[Assignment]]:
    """The assignments of each officer of each kelurahan."""
    lists: dict[tuple[str, int], list[Assignment]] = {}
    for one in found.assignments:
        lists.setdefault((one.kelurahan, one.officer), []).append(one)
    return lists


def logged(platform: Platform, found: Queue, look: Look, limit: int | None) -> None:
    """Write down the look at a list, and at each of its first `limit` families (all where there is no limit)."""
    note(platform.registry, look, "queue", release_id=found.release_id)
    for one in found.assignments[:limit]:
        note(platform.registry, look, "queue", subject=one.family_id, release_id=found.release_id)
