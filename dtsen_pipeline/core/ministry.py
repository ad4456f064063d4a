"""What the ministry says of each entity: the base snapshot, blanks filled and coarse codes refined from others.

"Others" are differing rows of the same entity in the base snapshot, and older snapshots, in this order. The
result is also the input of the shadow score. The official deciles are those of one snapshot, whole: the latest whose
source sends them. Visits take no part here (see `verdicts`).
"""

from collections.abc import Sequence
from dataclasses import dataclass

import narwhals as nw

from dtsen_pipeline.core.cells import (
    COLUMN,
    VALUE,
    agrees,
    cells,
    coarse_codes,
    is_finer,
    trees,
    wide,
)
from dtsen_pipeline.core.engine import Engine, Frame
from dtsen_pipeline.core.rows import ROW
from dtsen_pipeline.core.subject import Subject
from dtsen_pipeline.schemas.columns import Column

AGE = "age_rank"
ORDER = (AGE, *ROW)


@dataclass(frozen=True)
class Ministry:
    """What the ministry says: the base snapshot's first row of each entity, and what older or further rows add.

    `plain`: base rows of entities that have one row only. `special`: the first base rows of all others, the blank
    rows of newcomers included. `visited`: the base rows of entities that visits speak of.
    `over`: the fills and refinements alone (entity, over_<column>), for the columns of `filled`.
    `taken`: the cells of other rows that filled or refined (entity, src, row, column, value, decision).
    `disputed`: the cells of further rows of the base snapshot that lost to the first (entity, src, row, column, value).
    """

    plain: Frame
    special: Frame
    visited: Frame
    over: Frame
    taken: Frame
    disputed: Frame
    filled: tuple[Column, ...]


def ministry(
    snapshots: Frame, newcomers: Frame, visits: Frame, subject: Subject, engine: Engine, ranked: int = 0
) -> Ministry:
    """Reduce snapshot rows (with `age_rank`, 0 for the base snapshot) to one row per entity.

    `newcomers`: entity, src, row of entities that only visits know; they stand with all columns blank. `visits`:
    rows with the entities that visits speak of. `ranked`: the age rank of the snapshot that the official deciles
    are taken from, where the base snapshot's source sends none.
    """
    entity, names = subject.entity, [subject.entity, *ORDER, *subject.names]
    current = snapshots.filter(nw.col(AGE) == 0)
    further = _further(current, entity, engine)
    extras = engine.checkpoint(current.join(further, on=list(ROW), how="semi").select(names))
    others = nw.concat([extras, snapshots.filter(nw.col(AGE) > 0).select(names)])
    plain = current.join(extras.select(entity), on=entity, how="anti").select(entity, *ROW, *subject.names)
    several = current.join(extras.select(entity), on=entity, how="semi").join(further, on=list(ROW), how="anti")
    blank = _blank(newcomers, snapshots, subject)
    special = engine.checkpoint(nw.concat([several.select(entity, *ROW, *subject.names), blank]))
    rivalled = engine.checkpoint(of_entities(plain, special, others, entity))
    taken = engine.checkpoint(_taken(rivalled, others, subject, engine))
    official = subject.official if ranked else ()
    if official:
        taken = engine.checkpoint(nw.concat([taken, _ranked(rivalled, others, subject, ranked)]))
    filled = subject.merged + official
    return Ministry(
        plain=plain,
        special=special,
        visited=engine.checkpoint(of_entities(plain, special, visits, entity)),
        over=engine.checkpoint(wide(taken, entity, filled, "over_")),
        taken=taken,
        disputed=_disputed(rivalled, extras, subject),
        filled=filled,
    )


def of_entities(plain: Frame, special: Frame, some: Frame, entity: str) -> Frame:
    """The base rows of some entities: picked before anything wide is joined."""
    picked = some.select(entity).unique()
    return nw.concat([rows.join(picked, on=entity, how="semi") for rows in (plain, special)])


def valued(said: Ministry, overs: Sequence[Frame], subject: Subject) -> Frame:
    """One row per entity with `overs` laid over the base rows in turn; rows that nothing touches are copied once."""
    entity, names = subject.entity, [subject.entity, *ROW, *subject.names]
    touched = nw.concat([over.select(entity) for over in overs]).unique()
    result = of_entities(said.plain, said.special, touched, entity)
    for over in overs:
        result = laid_over(result, over, subject, said.filled if over is said.over else subject.merged)
    untouched = [rows.join(touched, on=entity, how="anti") for rows in (said.plain, said.special)]
    return nw.concat([*untouched, result.select(names)])


def laid_over(values: Frame, over: Frame, subject: Subject, columns: Sequence[Column]) -> Frame:
    """`values` with the non-null cells of `over` (over_<column>, one row per entity at most) laid over `columns`."""
    names = [column.name for column in columns]
    laid = [nw.coalesce(nw.col(f"over_{name}"), nw.col(name)).alias(name) for name in names]
    kept = [column.name for column in subject.columns if column.name not in names]
    return values.join(over, on=subject.entity, how="left").select(subject.entity, *ROW, *kept, *laid)


def beside_own(said: Ministry, subject: Subject) -> Frame:
    """entity, src, row of the visited entities; new_<column> of their base row, said_<column> with blanks filled."""
    names = [column.name for column in subject.merged]
    joined = said.visited.join(said.over, on=subject.entity, how="left")
    return joined.select(
        subject.entity,
        *ROW,
        *(nw.col(name).alias(f"new_{name}") for name in names),
        *(nw.coalesce(nw.col(f"over_{name}"), nw.col(name)).alias(f"said_{name}") for name in names),
    )


def _further(current: Frame, entity: str, engine: Engine) -> Frame:
    """src, row of every row of an entity but its first."""
    keys = current.select(entity, *ROW)
    several = keys.group_by(entity).agg(times=nw.len()).filter(nw.col("times") > 1)
    repeated = engine.checkpoint(keys.join(several, on=entity, how="semi"))
    numbered = repeated.with_columns(nth=nw.col("row").cum_count().over(entity, order_by=list(ROW)))
    return engine.checkpoint(numbered.filter(nw.col("nth") > 1).select(*ROW))


def _blank(newcomers: Frame, snapshots: Frame, subject: Subject) -> Frame:
    schema = snapshots.collect_schema()
    blanks = [nw.lit(None, dtype=schema[name]).alias(name) for name in subject.names]
    return newcomers.select(subject.entity, *ROW, *blanks)


def _taken(base: Frame, others: Frame, subject: Subject, engine: Engine) -> Frame:
    """The cells of other rows that fill a blank or refine a coarse code, the first of each column in order.

    Columns: entity, src, row, column, value, decision.
    """
    entity = subject.entity
    offered = engine.checkpoint(cells(_offering(base, others, subject), [entity, *ORDER], subject.merged))
    own = cells(base, [entity], trees(subject.merged), "mine")
    told = offered.join(own, on=[entity, COLUMN], how="left").with_columns(
        is_finer=is_finer(nw.col(VALUE), nw.col("mine"), subject.merged)
    )
    usable = told.filter(nw.col("mine").is_null() | nw.col("is_finer"))
    numbered = usable.with_columns(
        decision=nw.when(nw.col("is_finer")).then(nw.lit("refined")).otherwise(nw.lit("filled")),
        nth=nw.col("row").cum_count().over(entity, COLUMN, order_by=list(ORDER)),
    )
    return numbered.filter(nw.col("nth") == 1).select(entity, *ROW, COLUMN, VALUE, "decision")


def _ranked(base: Frame, others: Frame, subject: Subject, age: int) -> Frame:
    """The official deciles of a snapshot for the entities of the base one, as `_taken`; the first row of each."""
    entity = subject.entity
    names = [column.name for column in subject.official]
    of_them = others.filter(nw.col(AGE) == age).join(base.select(entity), on=entity, how="semi")
    numbered = of_them.select(entity, *ROW, *names).with_columns(
        nth=nw.col("row").cum_count().over(entity, order_by=list(ROW))
    )
    first = numbered.filter(nw.col("nth") == 1)
    told = cells(first, [entity, *ROW], subject.official)
    return told.with_columns(decision=nw.lit("filled")).select(entity, *ROW, COLUMN, VALUE, "decision")


def _offering(base: Frame, others: Frame, subject: Subject) -> Frame:
    """Rows of others with only the values that their entity's base row can use."""
    entity = subject.entity
    mine = {column.name: f"mine_{column.name}" for column in subject.merged}
    own = base.select(entity, *(nw.col(name).alias(alias) for name, alias in mine.items()))
    pairs = others.join(own, on=entity, how="inner")
    usable = [_usable(column, mine[column.name]) for column in subject.merged]
    return pairs.select(entity, *ORDER, *usable)


def _usable(column: Column, mine: str) -> nw.Expr:
    """The other row's value where the own one is blank, or a coarse code that could be refined."""
    own, other = nw.col(mine), nw.col(column.name)
    is_gap = own.is_null()
    coarse = coarse_codes(column)
    if coarse:
        is_gap = is_gap | own.is_in(coarse)
    return nw.when(is_gap).then(other).alias(column.name)


def _disputed(base: Frame, extras: Frame, subject: Subject) -> Frame:
    """Rows of the base snapshot that lost to another row of their entity with a different value."""
    entity = subject.entity
    lost = cells(extras, [entity, *ROW], subject.columns)
    kept = cells(base, [entity], subject.columns, "kept")
    differs = ~agrees(nw.col(VALUE), nw.col("kept"), subject.columns)
    return lost.join(kept, on=[entity, COLUMN], how="inner").filter(differs).select(entity, *ROW, COLUMN, VALUE)
