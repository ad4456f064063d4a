"""What the ministry says of each entity: the base snapshot, blanks filled and coarse codes refined from others.

"Others" are differing rows of the same entity in the base snapshot, and older snapshots, in this order. The
result is also the input of the shadow score. Visits take no part here (see `verdicts`).
"""

from dataclasses import dataclass

import narwhals as nw

from dtsen_pipeline.core.cells import (
    COLUMN,
    VALUE,
    agrees,
    cells,
    coarse_codes,
    is_finer,
    masked,
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
    """`base`: one row per entity as the base snapshot sends it; `values`: the same with fills and refinements.

    `over`: the fills and refinements alone (entity, over_<column>).
    `taken`: the cells of other rows that filled or refined (entity, src, row, column, value, decision).
    `conflict`: entity, src, row, decision, mask.
    """

    base: Frame
    values: Frame
    over: Frame
    taken: Frame
    conflict: Frame


def ministry(snapshots: Frame, newcomers: Frame, subject: Subject, engine: Engine) -> Ministry:
    """Reduce snapshot rows (with `age_rank`, 0 for the base snapshot) to one row per entity.

    `newcomers`: entity, src, row of entities that only visits know; they stand with all columns blank.
    """
    entity = subject.entity
    current = snapshots.filter(nw.col(AGE) == 0)
    further = _further(current, entity, engine)
    first = current.join(further, on=list(ROW), how="anti")
    base = nw.concat([first.select(entity, *ROW, *subject.names), _blank(newcomers, snapshots, subject)])
    names = [entity, *ORDER, *subject.names]
    extras = engine.checkpoint(current.join(further, on=list(ROW), how="semi").select(names))
    older = snapshots.filter(nw.col(AGE) > 0).select(names)
    taken = engine.checkpoint(_taken(base, nw.concat([extras, older]), subject, engine))
    over = engine.checkpoint(wide(taken, entity, subject.merged, "over_"))
    return Ministry(
        base=base,
        values=laid_over(base, over, subject),
        over=over,
        taken=taken,
        conflict=_disputed(base, extras, subject),
    )


def laid_over(values: Frame, over: Frame, subject: Subject) -> Frame:
    """`values` with the non-null cells of `over` (over_<column>, one row per entity at most) laid over them."""
    entity, names = subject.entity, [subject.entity, *ROW, *subject.names]
    touched = values.join(over, on=entity, how="inner").with_columns(
        nw.coalesce(nw.col(f"over_{column.name}"), nw.col(column.name)).alias(column.name) for column in subject.merged
    )
    untouched = values.join(over.select(entity), on=entity, how="anti")
    return nw.concat([untouched.select(names), touched.select(names)])


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
    visited = base.join(offered.select(entity).unique(), on=entity, how="semi")
    own = cells(visited, [entity], trees(subject.merged), "mine")
    told = offered.join(own, on=[entity, COLUMN], how="left").with_columns(
        is_finer=is_finer(nw.col(VALUE), nw.col("mine"), subject.merged)
    )
    usable = told.filter(nw.col("mine").is_null() | nw.col("is_finer"))
    numbered = usable.with_columns(
        decision=nw.when(nw.col("is_finer")).then(nw.lit("refined")).otherwise(nw.lit("filled")),
        nth=nw.col("row").cum_count().over(entity, COLUMN, order_by=list(ORDER)),
    )
    return numbered.filter(nw.col("nth") == 1).select(entity, *ROW, COLUMN, VALUE, "decision")


def _offering(base: Frame, others: Frame, subject: Subject) -> Frame:
    """Rows of others with only the values that their entity's base row can use."""
    entity = subject.entity
    mine = {column.name: f"mine_{column.name}" for column in subject.merged}
    own = base.join(others.select(entity), on=entity, how="semi")
    pairs = others.join(
        own.select(entity, *(nw.col(name).alias(alias) for name, alias in mine.items())), on=entity, how="inner"
    )
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
    disputed = base.join(extras.select(entity).unique(), on=entity, how="semi")
    kept = cells(disputed, [entity], subject.columns, "kept")
    differs = ~agrees(nw.col(VALUE), nw.col("kept"), subject.columns)
    disagreeing = lost.join(kept, on=[entity, COLUMN], how="inner").filter(differs)
    named = disagreeing.with_columns(decision=nw.lit("superseded"))
    return masked(named, subject, entity, *ROW, "decision")
