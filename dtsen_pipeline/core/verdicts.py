"""A verified value against the ministry's: confirmed, adopted, blocked, pending, expired, changed or refined.

The decided table, over the cells of visited entities: *ver* is the latest verified value of a column, *seen* the
value in the snapshot the visit names (else the latest dated on or before it), *new* what the ministry says now.
"""

from dataclasses import dataclass
from datetime import date

import narwhals as nw

from dtsen_pipeline.core.cells import (
    COLUMN,
    VALUE,
    agrees,
    beside,
    is_finer,
    known,
    masked,
    wide,
)
from dtsen_pipeline.core.clashes import CLASH, clash_masks, with_clash
from dtsen_pipeline.core.engine import Engine, Frame
from dtsen_pipeline.core.rows import ROW
from dtsen_pipeline.core.subject import Subject
from dtsen_pipeline.reference import MergePolicy
from dtsen_pipeline.schemas.columns import CLEARED, CLEARED_TEXT, UNKNOWN_CODE, Column, Kind

EPOCH = date(1970, 1, 1)
NO_LIMIT = 10**6
"""Days; more than any age between two dates of this registry."""
CONCLUDED = ("decision", "base_decision", "wins", "clears", "confirmed", "final")
WINS = ("changed", "blocked", "pending", "filled", "refined")
LOSSES = ("expired", "superseded", "reviewed")
BASE_LOSSES = {"changed": "overridden", "blocked": "blocked", "pending": "pending"}
SURE = "sure_"
VER, SEEN, NEW, SAID, FINAL = (nw.col(name) for name in (VALUE, "seen", "new", "said", "final"))


@dataclass(frozen=True)
class Verdicts:
    """`over`: entity and over_<column>, the verified values that stand (null where none does).

    `lineage`, `conflict`: entity, src, row, sumber, decision, mask; the latter also the masks of `clashes`.
    `settled`: entity and column of the cells that a visit decides. `silent`: src, row of visits without a value.
    """

    over: Frame
    lineage: Frame
    conflict: Frame
    settled: Frame
    silent: Frame


@dataclass(frozen=True)
class Facts:
    """What the judged visits are held against.

    `seen`: entity, seen_version and the merged columns, one row each. `told`: entity, src, row of the base pointer,
    and the merged columns twice, one row each: new_<column> as the base snapshot has it, said_<column> with its
    blanks filled.
    """

    seen: Frame
    told: Frame
    base_tokens: tuple[str, ...]
    base_day: date


def verdicts(
    visits: Frame, facts: Facts, subject: Subject, policy: MergePolicy, engine: Engine, chosen: Frame | None = None
) -> Verdicts:
    """Judge the visits: entity, src, row, day, at, seen_version, seen_day and the merged columns of `subject`.

    `chosen`: src, row, column of answers that reviewers put behind those of the record winner_src, winner_row.
    """
    rows = engine.checkpoint(_faced(visits, facts, subject))
    agreed = engine.checkpoint(_agreed(rows, subject))
    told = engine.checkpoint(_yielding(_told(_disputed(rows, subject), subject), chosen, subject.entity))
    judged = engine.checkpoint(_judged(told, facts, subject, policy))
    entity = subject.entity
    wins = engine.checkpoint(judged.filter(nw.col("wins")))
    cleared = judged.filter(nw.col("clears"))
    deciding = engine.checkpoint(nw.concat([wins, cleared]))
    losing = judged.filter(nw.col("decision").is_in(LOSSES))
    agreeing = nw.concat([judged.filter(nw.col("decision").is_in(["adopted"])), _confirmed(judged)])
    lineage = nw.concat([_by_record(agreeing, subject), _by_record(wins, subject), agreed])
    answering = nw.concat([judged.select(*ROW), agreed.select(*ROW)])
    return Verdicts(
        over=engine.checkpoint(wide(deciding, entity, subject.merged, "over_")),
        lineage=lineage.group_by(entity, *ROW, "sumber", "decision").agg(nw.col("mask").sum().cast(nw.Int64)),
        conflict=nw.concat([_lost(losing, subject, subject.field_table), _lost_by_base(judged, facts, subject)]),
        settled=deciding.select(entity, COLUMN).unique(),
        silent=visits.select(*ROW).join(answering, on=list(ROW), how="anti"),
    )


def _faced(visits: Frame, facts: Facts, subject: Subject) -> Frame:
    """The visits with what was seen, what is new and what the ministry says, each column under a prefix.

    `visits`: how many rows of visits speak of the entity; `is_known`: whether the base snapshot lists it; `sure_` and
    a column's name: whether its answer is disputed by nobody.
    """
    entity, names = subject.entity, [column.name for column in subject.merged]
    told = facts.told.with_columns(is_known=nw.col("src").is_in(list(facts.base_tokens))).drop(*ROW)
    seen = facts.seen.select(entity, "seen_version", *(nw.col(name).alias(f"seen_{name}") for name in names))
    faced = (
        visits.with_columns(visits=nw.len().over(entity).cast(nw.Int64))
        .join(told, on=entity, how="inner")
        .join(seen, on=[entity, "seen_version"], how="left")
    )
    return faced.with_columns(_is_undisputed(column).alias(f"{SURE}{column.name}") for column in subject.merged)


def _agreed(rows: Frame, subject: Subject) -> Frame:
    """entity, src, row, sumber, decision and mask of what nobody disputes: most answers."""
    nothing = nw.lit(0, dtype=nw.Int64)
    bits = [
        nw.when(nw.col(f"{SURE}{column.name}")).then(nw.lit(subject.bits(column), dtype=nw.Int64)).otherwise(nothing)
        for column in subject.merged
    ]
    masked_rows = rows.select(
        subject.entity,
        *ROW,
        sumber=nw.lit(subject.field_table),
        decision=nw.lit("confirmed"),
        mask=nw.sum_horizontal(*bits).cast(nw.Int64) if bits else nothing,
    )
    return masked_rows.filter(nw.col("mask") > 0)


def _disputed(rows: Frame, subject: Subject) -> Frame:
    """The rows that have an answer which somebody disputes, without their other answers."""
    names = [column.name for column in subject.merged]
    left = rows.with_columns(nw.when(~nw.col(f"{SURE}{name}")).then(nw.col(name)).alias(name) for name in names)
    return left.filter(~nw.all_horizontal(*(nw.col(name).is_null() for name in names), ignore_nulls=True))


def _is_undisputed(column: Column) -> nw.Expr:
    """Whether the only visit says what its officer saw and the ministry says; never null."""
    mine = nw.col(column.name)
    same = (mine == nw.col(f"new_{column.name}")) & (mine == nw.col(f"seen_{column.name}"))
    if column.kind is not Kind.DATE:
        same &= mine != (UNKNOWN_CODE if column.is_integer else str(UNKNOWN_CODE))
    return known(same & (nw.col("visits") == 1))


def _told(rows: Frame, subject: Subject) -> Frame:
    """Every answered cell with what was seen and what is new; an answer outside its code list is not used."""
    index = [subject.entity, *ROW, "day", "at", "seen_day", "visits", "is_known"]
    told = beside(rows, index, subject.merged, {"seen_": "seen", "new_": "new", "said_": "said"})
    return told.filter(~VER.is_in([str(UNKNOWN_CODE)]))


def _yielding(told: Frame, chosen: Frame | None, entity: str) -> Frame:
    """`yields`: whether a reviewer put the answer behind another visit's, which answers the same column."""
    if chosen is None:
        return told.with_columns(yields=nw.lit(value=False))
    winner = ["winner_src", "winner_row"]
    named = told.select(entity, *ROW, COLUMN)
    answering = named.rename(dict(zip(ROW, winner, strict=True)))
    behind = named.join(chosen, on=[*ROW, COLUMN], how="inner").join(
        answering, on=[entity, *winner, COLUMN], how="inner"
    )
    marked = behind.select(*ROW, COLUMN).unique().with_columns(is_behind=nw.lit(value=True))
    joined = told.join(marked, on=[*ROW, COLUMN], how="left")
    return joined.with_columns(yields=known(nw.col("is_behind"))).drop("is_behind")


def _judged(told: Frame, facts: Facts, subject: Subject, policy: MergePolicy) -> Frame:
    """`decision` of every cell, whether it `wins`, `clears` or is `confirmed`, and the `final` value.

    Most cells are the only ones of their column: windows are computed for the others alone.
    """
    group = [subject.entity, COLUMN]
    sole = told.filter(nw.col("visits") == 1).with_columns(of=nw.lit(1, dtype=nw.Int64))
    counted = told.filter(nw.col("visits") > 1).with_columns(of=nw.len().over(*group).cast(nw.Int64))
    lone = nw.concat([sole, counted.filter(nw.col("of") == 1)]).with_columns(nth=nw.col("of"))
    voice = nw.when(~nw.col("yields")).then(nw.lit(1)).otherwise(nw.lit(0))
    several = counted.filter(nw.col("of") > 1).with_columns(voice=voice)
    several = several.with_columns(nth=nw.col("row").cum_count().over(*group, order_by=["voice", "at", *ROW]))
    judged = [_decided(lone, [], facts, subject, policy), _decided(several, group, facts, subject, policy)]
    return nw.concat([rows.select(subject.entity, *ROW, COLUMN, VALUE, "new", CLASH, *CONCLUDED) for rows in judged])


def _decided(numbered: Frame, group: list[str], facts: Facts, subject: Subject, policy: MergePolicy) -> Frame:
    """The decided table over cells of one `group` each, or over cells that stand alone."""
    columns = subject.merged
    age = nw.lit((facts.base_day - EPOCH).days) - nw.col("day")
    is_none = agrees(VER, NEW, columns) & NEW.is_null()
    rows = numbered.with_columns(
        speaks=nw.col("nth") == nw.col("of"),
        fits_new=agrees(VER, NEW, columns) & ~(is_none & ~nw.col("is_known")),
        fits_seen=agrees(VER, SEEN, columns),
        is_unmoved=NEW.is_null() | agrees(NEW, SEEN, columns),
        is_finer=is_finer(VER, NEW, columns),
        is_later=age < 0,
        is_expired=age > _limit(columns, policy),
    )
    rows = with_clash(rows, group, columns, (facts.base_day - EPOCH).days)
    rows = rows.with_columns(decision=nw.when(nw.col("speaks")).then(_decision()))
    is_clearing = known(nw.col("speaks") & nw.col("fits_new") & is_none)
    won = nw.when(known(nw.col("decision").is_in(WINS)) | is_clearing).then(VER)
    winner = _greatest(won, group)
    rows = rows.with_columns(
        clears=is_clearing, stands=nw.coalesce(winner, SAID), refinable=nw.coalesce(winner, NEW, SAID)
    )
    return _concluded(_refined(rows, group, subject), columns)


def _greatest(value: nw.Expr, group: list[str]) -> nw.Expr:
    """The greatest value of the cells of a group; without a group, the cell's own."""
    return value.max().over(*group) if group else value


def _refined(rows: Frame, group: list[str], subject: Subject) -> Frame:
    """An earlier visit's finer code of the same branch refines what stands: `refines`, `is_refined`, `final`.

    It is held against the base snapshot's own coarse code, so that an older snapshot's finer one does not come first.
    """
    finer = is_finer(VER, nw.col("refinable"), subject.merged) & ~nw.col("speaks") & ~nw.col("yields")
    rows = rows.with_columns(finer_nth=_greatest(nw.when(finer).then(nw.col("nth")), group))
    rows = rows.with_columns(
        refines=known(nw.col("nth") == nw.col("finer_nth")), is_refined=~nw.col("finer_nth").is_null()
    )
    finest = _greatest(nw.when(nw.col("refines")).then(VER), group)
    return rows.with_columns(final=nw.coalesce(finest, nw.col("stands")))


def _concluded(rows: Frame, columns: tuple[Column, ...]) -> Frame:
    """What each cell comes to: a win, an agreement, a loss, or nothing."""
    decides = known(nw.col("decision").is_in(WINS))
    lost = ~nw.col("speaks") & ~agrees(VER, FINAL, columns)
    replaced = known(nw.col("decision").is_in(["changed", "expired"]))
    holds = nw.col("speaks") & nw.col("fits_seen") & ~replaced
    refining = nw.when(nw.col("refines")).then(nw.lit("refined"))
    losing = nw.when(lost & nw.col("yields")).then(nw.lit("reviewed")).when(lost).then(nw.lit("superseded"))
    return rows.with_columns(
        base_decision=nw.when(decides).then(nw.col("decision")),
        decision=nw.coalesce(refining, losing, nw.col("decision")),
        wins=nw.col("refines") | (decides & ~nw.col("is_refined")),
        confirmed=holds | (decides & nw.col("is_refined")),
    )


def _decision() -> nw.Expr:
    """The decided table for a value that speaks; null where it merely agrees with what stands already."""
    fits_new, fits_seen, expired = nw.col("fits_new"), nw.col("fits_seen"), nw.col("is_expired")
    agreeing = _first([(nw.col("is_finer"), "refined"), (~fits_seen, "adopted")])
    later = _first([(fits_seen & NEW.is_null(), "filled")], otherwise="changed")
    earlier = _first(
        [
            (NEW.is_null() & fits_seen & ~expired, "filled"),
            (expired & SAID.is_null(), "filled"),
            (expired, "expired"),
            (fits_seen, "superseded"),
            (nw.col("is_unmoved"), "blocked"),
        ],
        otherwise="pending",
    )
    against = nw.when(nw.col("is_later")).then(later).otherwise(earlier)
    return nw.when(fits_new).then(agreeing).otherwise(against)


def _first(cases: list[tuple[nw.Expr, str]], otherwise: str | None = None) -> nw.Expr:
    picked: nw.Expr = nw.lit(otherwise, dtype=nw.String)
    for condition, decision in reversed(cases):
        picked = nw.when(condition).then(nw.lit(decision)).otherwise(picked)
    return picked


def _limit(columns: tuple[Column, ...], policy: MergePolicy) -> nw.Expr:
    """The maximum age of a cell's column in days."""
    limits = {column.name: policy.max_age_days(column.name, column.group) for column in columns}
    days = [NO_LIMIT if limit is None else limit for limit in limits.values()]
    return nw.col(COLUMN).replace_strict(list(limits), days, default=None, return_dtype=nw.Int64)


def _confirmed(judged: Frame) -> Frame:
    return judged.filter(nw.col("confirmed")).with_columns(decision=nw.lit("confirmed"))


def _by_record(rows: Frame, subject: Subject) -> Frame:
    """A row per entity, record and decision, with the bits of its columns."""
    named = rows.with_columns(sumber=nw.lit(subject.field_table))
    return masked(named, subject, subject.entity, *ROW, "sumber", "decision")


def _lost(rows: Frame, subject: Subject, source: str) -> Frame:
    """The same for what lost, with the bits of the columns that clash."""
    named = rows.with_columns(sumber=nw.lit(source))
    return clash_masks(named, subject, subject.entity, *ROW, "sumber", "decision")


def _lost_by_base(judged: Frame, facts: Facts, subject: Subject) -> Frame:
    """The base snapshot's own values that a visit replaced, under the base record."""
    entity = subject.entity
    pointer = facts.told.select(entity, base_src="src", base_row="row")
    replaced = judged.filter(nw.col("base_decision").is_in(list(BASE_LOSSES)), ~NEW.is_null()).filter(
        ~agrees(FINAL, NEW, subject.merged)
    )
    named = nw.col("base_decision").replace_strict(
        list(BASE_LOSSES), list(BASE_LOSSES.values()), default=None, return_dtype=nw.String
    )
    pointed = replaced.drop(*ROW).join(pointer, on=entity, how="inner")
    lost = pointed.rename({"base_src": "src", "base_row": "row"}).with_columns(decision=named)
    return _lost(lost, subject, subject.table)


def published(cell: nw.Expr, column: Column) -> nw.Expr:
    """A merged value as it is published: "there is none" and a code outside its list become null."""
    if column.is_integer:
        return nw.when(cell > CLEARED).then(cell)
    if column.kind is Kind.DATE:
        return cell
    return nw.when(cell != CLEARED_TEXT).then(cell)
