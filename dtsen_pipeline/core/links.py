"""Persons whom reviewers tie or keep apart: the ids that decisions name, found among the keys of the rows.

Only where decisions are in force is anything computed. Ties by the rules about NIK and likeness stand in `identity`.
"""

from collections.abc import Collection
from dataclasses import dataclass, field

import narwhals as nw
import polars as pl

from dtsen_pipeline.core.engine import Engine, Frame
from dtsen_pipeline.core.entities import with_person_id
from dtsen_pipeline.core.rulings import Standing, sets_of


@dataclass(frozen=True)
class Links:
    """What decisions about persons come to among the records of a run.

    `merged`: the entity key that a linked entity key gives way to. `detached`: keys of records that stand by
    themselves again. `strangers`: for each person id that no snapshot record has, the ids it is one with.
    """

    merged: dict[str, str] = field(default_factory=dict)
    detached: tuple[str, ...] = ()
    apart: frozenset[frozenset[str]] = frozenset()
    strangers: dict[str, tuple[str, ...]] = field(default_factory=dict)


def links(keyed: Frame, standing: Standing, engine: Engine, key: bytes) -> Links:
    """The decisions in force, over member rows with `own_key` and `entity_key`."""
    named = sorted({name for pair in (*standing.same, *standing.apart) for name in pair})
    if not named:
        return Links()
    keys = with_person_id(keyed.select("own_key", "entity_key").unique(), "own_key", "named_id", engine, key)
    known = engine.fetch(keys.filter(nw.col("named_id").is_in(named)))
    own = dict(known.select("named_id", "own_key").iter_rows())
    entity = dict(known.select("named_id", "entity_key").iter_rows())
    detached = {
        own[name]
        for pair in standing.apart
        if entity.get(pair[0], "") == entity.get(pair[1])
        for name in pair
        if own[name] != entity[name]
    }
    node = {name: own[name] if own.get(name) in detached else entity.get(name, name) for name in named}
    whole = sets_of(standing, node).whole
    listed = {node[name] for name in own}
    merged = {one: min(nodes & listed) for nodes in whole for one in nodes & listed}
    apart = [{merged.get(node[name], node[name]) for name in pair} for pair in standing.apart]
    return Links(
        merged=merged,
        detached=tuple(sorted(detached)),
        apart=frozenset(map(frozenset, apart)),
        strangers={
            name: tuple(other for other in named if node[other] in nodes) for nodes in whole for name in nodes - listed
        },
    )


def relinked(keyed: Frame, found: Links, engine: Engine) -> Frame:
    """The rows with the `entity_key` that decisions give them; one row each."""
    rows = keyed
    if found.detached:
        alone = nw.when(nw.col("own_key").is_in(list(found.detached))).then(nw.col("own_key"))
        rows = rows.with_columns(entity_key=nw.coalesce(alone, nw.col("entity_key")))
    if not found.merged:
        return rows
    table = pl.DataFrame({"entity_key": list(found.merged), "merged_key": list(found.merged.values())})
    joined = rows.join(engine.load(table), on="entity_key", how="left")
    merged = joined.with_columns(entity_key=nw.coalesce(nw.col("merged_key"), nw.col("entity_key")))
    return merged.select(keyed.collect_schema().names())


def same_ids(persons: Frame, found: Links, engine: Engine, key: bytes) -> dict[str, str]:
    """The person id that a person met for the first time is published under, where a decision says so.

    A snapshot's person comes before one whom only officers met; among the latter, the lowest id.
    """
    if not found.strangers:
        return {}
    known = _published(persons, {name for names in found.strangers.values() for name in names}, engine, key)
    return {
        stranger: min((known[name] for name in names if name in known), default=min(names))
        for stranger, names in found.strangers.items()
    }


def apart_ids(persons: Frame, standing: Standing, engine: Engine, key: bytes) -> frozenset[frozenset[str]]:
    """The pairs of ids that are to be kept apart, by the ids that persons of the snapshots are published under."""
    known = _published(persons, {name for pair in standing.apart for name in pair}, engine, key)
    return frozenset(frozenset(known.get(name, name) for name in pair) for pair in standing.apart)


def _published(persons: Frame, names: Collection[str], engine: Engine, key: bytes) -> dict[str, str]:
    """The published id of each of `names` under which a record of a snapshot is known."""
    if not names:
        return {}
    own = with_person_id(persons.select("own_key", "person_id").unique(), "own_key", "named_id", engine, key)
    found = own.filter(nw.col("named_id").is_in(sorted(names))).select("named_id", "person_id")
    return dict(engine.fetch(found).iter_rows())
