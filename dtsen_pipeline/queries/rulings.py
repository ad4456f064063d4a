"""What reviewers decided about a family or person of a release, from the decision files that it was made from."""

from collections.abc import Collection
from dataclasses import dataclass

import polars as pl

from dtsen_pipeline.core.rulings import Ruling, rulings_in, states
from dtsen_pipeline.queries.access import Look
from dtsen_pipeline.queries.labels import MASK
from dtsen_pipeline.queries.reading import View
from dtsen_pipeline.resources.platform import Platform
from dtsen_pipeline.schemas.errors import TOKEN_LENGTH


@dataclass(frozen=True)
class Told:
    """A reviewer's decision: the case, both sides, the row that says it, and whether it is in force.

    Reviewer, evidence and note are masked unless the look reveals them.
    """

    number: str
    a: str
    b: str
    group: str
    answer: str
    day: str
    reviewer: str
    evidence: str
    note: str
    source: str
    is_in_force: bool


def rulings_about(
    platform: Platform, view: View, entity_id: str, visits: Collection[tuple[str, int]], look: Look
) -> tuple[Told, ...]:
    """The decisions about a person, whatever id they name, or about one of these rows of visits."""
    hashes = view.manifest["inputs"].get("rulings", ())
    if not hashes:
        return ()
    every = [one for sha in hashes for one in rulings_in(platform.vault.read_bytes(sha), sha[:TOKEN_LENGTH])]
    aliases = view.rows("alias", pl.col("entity_id") == entity_id)
    names = {entity_id, *(row["alias_id"] for row in aliases), *(f"{src}-{row}" for src, row in visits)}
    in_force = {one for state in states(every).values() for one in state.by}
    found = [one for one in every if {one.case.a, one.case.b} & names]
    found.sort(key=lambda one: (one.case, one.day, one.src, one.row))
    return tuple(_told(platform, one, look, is_in_force=one in in_force) for one in found)


def _told(platform: Platform, one: Ruling, look: Look, *, is_in_force: bool) -> Told:
    def seen(text: str) -> str:
        return text if look.is_revealed or not text else MASK

    return Told(
        number=one.case.number(platform.key.secret),
        a=one.case.a,
        b=one.case.b,
        group=one.case.group,
        answer=one.answer,
        day=one.day,
        reviewer=seen(one.reviewer),
        evidence=seen(one.evidence),
        note=seen(one.note),
        source=f"{one.src}-{one.row}",
        is_in_force=is_in_force,
    )
