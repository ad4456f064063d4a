"""What reviewers decided about a family or person: what the release stands on, and what came since."""

from collections.abc import Collection
from dataclasses import dataclass

import polars as pl

from dtsen_pipeline.core.rulings import VISITS, Ruling, states
from dtsen_pipeline.queries.access import Look
from dtsen_pipeline.queries.labels import MASK
from dtsen_pipeline.queries.reading import View
from dtsen_pipeline.queries.sources import fates_of
from dtsen_pipeline.resources.platform import Platform
from dtsen_pipeline.resources.rulings import registered, rulings_of
from dtsen_pipeline.schemas.fates import NEWER_VERSION


@dataclass(frozen=True)
class Told:
    """A reviewer's decision: the case, both sides and the row that says it.

    `is_in_release`: whether the release was made from it; a decision that changes nothing makes no new release.
    `is_in_force`: whether it is one of those that the release stands on, and is about visits as they are today.
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
    is_in_release: bool
    is_in_force: bool


def rulings_about(
    platform: Platform, view: View, entity_id: str, visits: Collection[tuple[str, int]], look: Look
) -> tuple[Told, ...]:
    """The decisions about a person, whatever id they name, or about one of these rows of visits."""
    made_from = rulings_of(platform, view.manifest["inputs"].get("rulings", ()))
    every = {*made_from, *registered(platform)}
    if not every:
        return ()
    aliases = view.rows("alias", pl.col("entity_id") == entity_id)
    names = {entity_id, *(row["alias_id"] for row in aliases), *(f"{src}-{row}" for src, row in visits)}
    in_force = {one for state in states(made_from).values() for one in state.by if not _has_lapsed(view, one)}
    found = [one for one in every if {one.case.a, one.case.b} & names]
    found.sort(key=lambda one: (one.case, one.day, one.src, one.row))
    return tuple(
        _told(platform, one, look, is_in_release=one in made_from, is_in_force=one in in_force) for one in found
    )


def _has_lapsed(view: View, one: Ruling) -> bool:
    """Whether one of the visits that were compared was edited since, or repeats an older one, which counts instead."""
    if one.case.kind != VISITS:
        return False
    sides = [side.split("-") for side in (one.case.a, one.case.b)]
    found = fates_of(view, [(token, int(row)) for token, row in sides])
    return any(reason == NEWER_VERSION or fate == "duplicate" for fate, reason in found.values())


def _told(platform: Platform, one: Ruling, look: Look, *, is_in_release: bool, is_in_force: bool) -> Told:
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
        is_in_release=is_in_release,
        is_in_force=is_in_force,
    )
