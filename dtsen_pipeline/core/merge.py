"""One winner per column by a stated precedence; the losers kept as conflicts.

Register > verified later than the base snapshot > earlier verified where the table of `verdicts` keeps it > base
snapshot > older snapshot. The result is a pure function of the observations; nothing here knows files or ids.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import narwhals as nw
import polars as pl

from dtsen_pipeline.core.cells import COLUMN, masked
from dtsen_pipeline.core.clashes import MASKS, without_clash
from dtsen_pipeline.core.engine import NUMBER, Engine, Frame
from dtsen_pipeline.core.entities import CARD
from dtsen_pipeline.core.gates import with_closed
from dtsen_pipeline.core.identity import Observations, Scene
from dtsen_pipeline.core.ministry import AGE, ORDER, Ministry, beside_own, ministry, of_entities, valued
from dtsen_pipeline.core.normalise import region_names
from dtsen_pipeline.core.precedence import Precedence, precedence, without_settled
from dtsen_pipeline.core.rows import ROW, aside, pointer
from dtsen_pipeline.core.rulings import Chosen
from dtsen_pipeline.core.subject import MEMBERSHIP, PRESENCE, Subject, families, persons
from dtsen_pipeline.core.verdicts import EPOCH, Facts, Verdicts, published, verdicts
from dtsen_pipeline.reference import MergePolicy, city

PRESENT, NEW, NOT_FOUND = 1, 5, 6
MOVED = (3, 4)


@dataclass(frozen=True)
class Entities:
    """The merge of one kind of entity.

    `merged`, `ministry`: entity id, src, row (the base pointer) and every column, published form; `touched`:
    ids of entities whose values differ between the two or that visits made. `lineage`, `conflict`: tabel,
    entity_id, src, row, sumber, decision, mask. `vanished`: tabel, entity_id, src, row of entities that an older
    snapshot lists and nobody else, with the last record that does.
    """

    merged: Frame
    ministry: Frame
    touched: Frame
    lineage: Frame
    conflict: Frame
    silent: Frame
    vanished: Frame


@dataclass(frozen=True)
class Merged:
    """Families and persons."""

    families: Entities
    persons: Entities

    @property
    def lineage(self) -> Frame:
        """The sparse lineage of both."""
        return nw.concat([self.families.lineage, self.persons.lineage])

    @property
    def conflict(self) -> Frame:
        """The losers of both."""
        return nw.concat([self.families.conflict, self.persons.conflict])

    @property
    def vanished(self) -> Frame:
        """The vanished of both."""
        return nw.concat([self.families.vanished, self.persons.vanished])

    @property
    def silent(self) -> Frame:
        """Set-aside rows of visits that answered nothing."""
        return nw.concat([self.families.silent, self.persons.silent])


@dataclass(frozen=True)
class _Before:
    """What comes before the order of visits: the reviewers' choices, and the population register's words."""

    chosen: Frame | None = None
    words: Frame | None = None


def merge(observed: Observations, scene: Scene, policy: MergePolicy, engine: Engine) -> Merged:
    """Merge families and persons."""
    family_rows = with_closed(_aged(observed.families, scene), families())
    visits = with_closed(observed.visits, families())
    nobody = visits.select("family_id", *ROW).head(0)
    member_rows = with_closed(_aged(observed.members, scene), persons())
    person_rows = member_rows.with_columns(nw.lit(PRESENT, dtype=NUMBER).alias(PRESENCE))
    presences = engine.checkpoint(_stated(with_closed(observed.presences, persons()), person_rows, engine))
    return Merged(
        families=_merged(
            family_rows,
            visits,
            nobody,
            families(),
            scene,
            policy,
            engine,
            _Before(chosen_over(scene.standing.chosen, families(), engine)),
        ),
        persons=_merged(
            person_rows,
            presences,
            _newcomers(presences, person_rows, engine),
            persons(),
            scene,
            policy,
            engine,
            _Before(chosen_over(scene.standing.chosen, persons(), engine), observed.words if scene.registers else None),
        ),
    )


def chosen_over(chosen: Sequence[Chosen], subject: Subject, engine: Engine) -> Frame | None:
    """The answers that reviewers put behind others, as `verdicts` takes them; None where there are none.

    Where a person is, and whether they live, is told by the latest visit alone: it is in no group that is chosen.
    """
    found = [
        (*pointer(one.loser), *pointer(one.winner), column.name)
        for one in chosen
        for column in subject.merged
        if column.group == one.group and column.group != MEMBERSHIP
    ]
    if not found:
        return None
    schema = {"src": pl.String, "row": pl.Int64, "winner_src": pl.String, "winner_row": pl.Int64, COLUMN: pl.String}
    return engine.load(pl.DataFrame(found, schema=schema, orient="row"))


def _aged(rows: Frame, scene: Scene) -> Frame:
    """`age_rank`: 0 for rows of the base snapshot, 1 for the next older one, and so on."""
    ranks = _ranks(scene)
    rank = nw.col("version").replace_strict(list(ranks), list(ranks.values()), default=None, return_dtype=nw.Int64)
    return rows.with_columns(rank.alias(AGE))


def _ranks(scene: Scene) -> dict[str, int]:
    return {version: rank for rank, version in enumerate(reversed(list(scene.dates)))}


def _ranked(scene: Scene) -> int:
    """The age rank of the snapshot that the official deciles are taken from."""
    return _ranks(scene)[scene.official or scene.base]


def _stated(presences: Frame, person_rows: Frame, engine: Engine) -> Frame:
    """What a member row states: present or gone, and at home with the visited card only where present.

    A new member is present; "not found" states nothing, so nobody leaves a family unseen. A family can say that
    somebody moved away only from itself.
    """
    code = nw.col(PRESENCE)
    is_there = (code == PRESENT) | (code == NEW)
    homes = person_rows.filter(nw.col(AGE) == 0).group_by("person_id").agg(nw.col("family_id").min().alias("home"))
    placed = engine.checkpoint(
        presences.join(homes, on="person_id", how="left").with_columns(
            seat=nw.col("row").cum_count().over("person_id", order_by=["at", *ROW])
        )
    )
    found = placed.filter(is_there).select("person_id", found_seat="seat", found_home="family_id")
    before = (
        placed.filter(code.is_in(MOVED))
        .select("person_id", *ROW, "seat")
        .join(found, on="person_id", how="inner")
        .filter(nw.col("found_seat") < nw.col("seat"))
    )
    last = before.with_columns(last=nw.col("found_seat").max().over(*ROW)).filter(
        nw.col("found_seat") == nw.col("last")
    )
    known = placed.join(last.select(*ROW, "found_home"), on=list(ROW), how="left")
    return _as_stated(known, is_there)


def _as_stated(known: Frame, is_there: nw.Expr) -> Frame:
    code, present = nw.col(PRESENCE), nw.lit(PRESENT, dtype=NUMBER)
    home = nw.coalesce(nw.col("found_home"), nw.col("home"), nw.col("family_id"))
    is_foreign = code.is_in(MOVED) & (home != nw.col("family_id"))
    gone = nw.when((code != NOT_FOUND) & ~is_foreign).then(code)
    return known.with_columns(
        nw.when(is_there).then(present).otherwise(gone).alias(PRESENCE),
        nw.when(is_there).then(nw.col("family_id")).alias("family_id"),
        nw.coalesce(nw.col(CARD), nw.when(is_there).then(nw.col("card"))).alias(CARD),
    )


def _newcomers(presences: Frame, person_rows: Frame, engine: Engine) -> Frame:
    """Persons whom the base snapshot lacks and whose latest statement is that they are there: first row each."""
    base = person_rows.filter(nw.col(AGE) == 0).select("person_id").unique()
    stated = presences.filter(~nw.col(PRESENCE).is_null()).join(base, on="person_id", how="anti")
    numbered = engine.checkpoint(
        stated.with_columns(
            nth=nw.col("row").cum_count().over("person_id", order_by=["at", *ROW]),
            of=nw.len().over("person_id"),
        ).select("person_id", *ROW, PRESENCE, "nth", "of")
    )
    there = numbered.filter(nw.col("nth") == nw.col("of"), nw.col(PRESENCE) == PRESENT)
    first = numbered.filter(nw.col("nth") == 1)
    return first.join(there, on="person_id", how="semi").select("person_id", *ROW)


def _merged(
    snapshots: Frame,
    visits: Frame,
    newcomers: Frame,
    subject: Subject,
    scene: Scene,
    policy: MergePolicy,
    engine: Engine,
    before: _Before,
) -> Entities:
    facts = ministry(snapshots, newcomers, visits, subject, engine, _ranked(scene))
    in_use = visits.join(facts.visited, on=subject.entity, how="semi")
    names = [subject.entity, *ROW, "day", "at", *(column.name for column in subject.merged)]
    spoken = engine.checkpoint(_with_seen(in_use, scene).select(*names, "seen_version", "seen_day"))
    words, entity = before.words, subject.entity
    asked = spoken if words is None else engine.checkpoint(without_settled(spoken, words, entity))
    judged = verdicts(
        asked, _facts(facts, snapshots, asked, subject, scene, engine), subject, policy, engine, before.chosen
    )
    overs, disputed, unlisted = [judged.over], facts.disputed, []
    if words is not None:
        first = _first(words, facts, spoken, subject, engine)
        judged = _behind(first, judged, entity)
        overs, unlisted = [judged.over, first.over], [first.unlisted]
        disputed = disputed.join(first.settled, on=[entity, COLUMN], how="anti")
    return Entities(
        merged=_published(valued(facts, [facts.over, *overs], subject), subject, scene),
        ministry=_published(valued(facts, [facts.over], subject), subject, scene),
        touched=nw.concat([rows.select(entity) for rows in (*overs, newcomers)]).unique(),
        lineage=nw.concat([_named(_unsettled(facts, judged, subject), subject), _labelled(judged.lineage, subject)]),
        conflict=nw.concat(
            [
                _labelled(part, subject, *MASKS.values())
                for part in (without_clash(_sourced(_lost(disputed, subject), subject)), judged.conflict)
            ]
        ),
        silent=nw.concat(
            [
                aside(judged.silent, subject.field_table, nw.lit("no_values"), nw.lit(None, dtype=nw.String)),
                *unlisted,
            ]
        ),
        vanished=_vanished(snapshots, newcomers, subject, engine),
    )


def _first(words: Frame, facts: Ministry, visits: Frame, subject: Subject, engine: Engine) -> Precedence:
    """The register's word, over what the base records and the visits say of the same cells."""
    own = engine.checkpoint(of_entities(facts.plain, facts.special, words, subject.entity))
    return precedence(words, own, facts.disputed, visits, subject, engine)


def _behind(first: Precedence, judged: Verdicts, entity: str) -> Verdicts:
    """The verdicts, which say nothing of the register's cells, with what was decided about those."""
    return replace(
        judged,
        lineage=nw.concat([judged.lineage, first.lineage])
        .group_by(entity, *ROW, "sumber", "decision")
        .agg(nw.col("mask").sum().cast(nw.Int64)),
        conflict=nw.concat([judged.conflict, without_clash(first.conflict)]),
        settled=nw.concat([judged.settled, first.settled]),
        silent=judged.silent.join(first.answering, on=list(ROW), how="anti"),
    )


def _lost(disputed: Frame, subject: Subject) -> Frame:
    """Further rows of the base snapshot that lost to the first of their entity."""
    return masked(disputed.with_columns(decision=nw.lit("superseded")), subject, subject.entity, *ROW, "decision")


def _vanished(snapshots: Frame, newcomers: Frame, subject: Subject, engine: Engine) -> Frame:
    """Entities of older snapshots that neither the base snapshot nor a visit knows, each with its last record."""
    entity = subject.entity
    rows = snapshots.select(entity, *ORDER)
    known = nw.concat([rows.filter(nw.col(AGE) == 0).select(entity), newcomers.select(entity)])
    gone = engine.checkpoint(rows.join(known, on=entity, how="anti"))
    numbered = gone.with_columns(nth=nw.col("row").cum_count().over(entity, order_by=list(ORDER)))
    return numbered.filter(nw.col("nth") == 1).select(
        nw.lit(subject.table).alias("tabel"), nw.col(entity).alias("entity_id"), *ROW
    )


def _with_seen(visits: Frame, scene: Scene) -> Frame:
    """`seen_version`: the snapshot the visit names, else the latest dated on or before the visit's day; `seen_day`."""
    latest: nw.Expr = nw.lit(None, dtype=nw.String)
    for version, day in scene.dates.items():
        is_known = nw.col("day") >= (day - EPOCH).days
        latest = nw.when(is_known).then(nw.lit(version)).otherwise(latest)
    named = nw.when(nw.col("versi_dilihat").is_in(list(scene.dates))).then(nw.col("versi_dilihat"))
    days = {version: (day - EPOCH).days for version, day in scene.dates.items()}
    day_of = nw.col("seen_version").replace_strict(list(days), list(days.values()), default=None, return_dtype=nw.Int64)
    return visits.with_columns(seen_version=nw.coalesce(named, latest)).with_columns(seen_day=day_of)


def _facts(said: Ministry, snapshots: Frame, visits: Frame, subject: Subject, scene: Scene, engine: Engine) -> Facts:
    """What the visited entities' snapshots said and say."""
    entity, names = subject.entity, [column.name for column in subject.merged]
    visited = visits.select(entity).unique()
    rows = snapshots.join(visited, on=entity, how="semi").with_columns(
        nth=nw.col("row").cum_count().over(entity, "version", order_by=list(ROW))
    )
    seen = rows.filter(nw.col("nth") == 1).select(entity, *names, seen_version="version")
    base = tuple(token for token, version in scene.version_of.items() if version == scene.base)
    return Facts(
        seen=engine.checkpoint(seen),
        told=engine.checkpoint(beside_own(said, subject)),
        base_tokens=base,
        base_day=scene.dates[scene.base],
    )


def _unsettled(said: Ministry, judged: Verdicts, subject: Subject) -> Frame:
    """What other snapshot rows filled or refined, where no visit decides the cell."""
    standing = said.taken.join(judged.settled, on=[subject.entity, COLUMN], how="anti")
    return masked(standing, subject, subject.entity, *ROW, "decision")


def _published(values: Frame, subject: Subject, scene: Scene) -> Frame:
    """Published values, and the names that follow from the codes that won."""
    names = region_names(city(scene.city))
    cleaned = values.with_columns(
        published(nw.col(column.name), column).alias(column.name) for column in subject.columns
    )
    return cleaned.with_columns(
        nw.col(column.comes_from[0])
        .replace_strict(list(names), list(names.values()), default=None, return_dtype=nw.String)
        .alias(column.name)
        for column in subject.derived
    )


def _named(rows: Frame, subject: Subject) -> Frame:
    return _labelled(_sourced(rows, subject), subject)


def _sourced(rows: Frame, subject: Subject) -> Frame:
    return rows.with_columns(sumber=nw.lit(subject.table))


def _labelled(rows: Frame, subject: Subject, *masks: str) -> Frame:
    return rows.select(
        nw.lit(subject.table).alias("tabel"),
        nw.col(subject.entity).alias("entity_id"),
        *ROW,
        "sumber",
        "decision",
        "mask",
        *masks,
    )
