"""By which edges the linkage tied the records of a person, from the release's own table."""

from collections.abc import Collection
from dataclasses import dataclass

import polars as pl

from dtsen_pipeline.core.rulings import PERSONS, case_of
from dtsen_pipeline.queries.reading import Row, View
from dtsen_pipeline.resources.platform import Platform

TIES = "tautan"


@dataclass(frozen=True)
class Tie:
    """A deciding edge: the case by which reviewers can part the two, both records' ids and rows, and the weight.

    `weight` is in hundredths of a bit; `model` the sha256 of the model that gave it.
    """

    person_id: str
    number: str
    a: str
    b: str
    row_a: str
    row_b: str
    weight: int
    probability_ppm: int
    model: str


def ties_of(platform: Platform, view: View, persons: Collection[str] | None = None) -> tuple[Tie, ...]:
    """The edges of some persons, of all where none is named; releases from before there were ties have none."""
    if TIES not in view.manifest["tables"]:
        return ()
    conditions = [] if persons is None else [pl.col("person_id").is_in(list(persons))]
    found = (_tie(row, platform.key.secret) for row in view.rows(TIES, *conditions))
    return tuple(sorted(found, key=lambda tie: (tie.person_id, tie.a, tie.b)))


def _tie(row: Row, key: bytes) -> Tie:
    a, b = row["pihak_a"], row["pihak_b"]
    return Tie(
        person_id=row["person_id"],
        number=case_of(PERSONS, a, b).number(key),
        a=a,
        b=b,
        row_a=f"{row['src']}-{row['row']}",
        row_b=f"{row['src_b']}-{row['row_b']}",
        weight=row["bobot"],
        probability_ppm=row["peluang_per_sejuta"],
        model=row["model"],
    )
