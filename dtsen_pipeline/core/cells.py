"""Wide rows as long cells and back: one row per answered column, the value as canonical text.

In long form a rule is written once and not once a column. "There is none" is one mark for every type; the
bits of a mask are summed from the cells. What is decided about cells stands in `ministry` and `verdicts`.
"""

from collections.abc import Mapping, Sequence

import narwhals as nw

from dtsen_pipeline.core.engine import NUMBER, Frame
from dtsen_pipeline.core.subject import Subject
from dtsen_pipeline.reference import code_lists
from dtsen_pipeline.schemas.columns import CLEARED, CLEARED_TEXT, UNKNOWN_CODE, Column, Kind

COLUMN, VALUE = "column", "value"


def cells(rows: Frame, index: Sequence[str], columns: Sequence[Column], value: str = VALUE) -> Frame:
    """`index`, column and `value` for every column of `columns` that is not null."""
    if not columns:
        none = nw.lit(None, dtype=nw.String)
        return rows.head(0).select(*index, none.alias(COLUMN), none.alias(value))
    texts = [_stated(column).alias(column.name) for column in columns]
    hidden = {name: f"key_{name}" for name in index}
    keyed = rows.select(*(nw.col(name).alias(key) for name, key in hidden.items()), *texts)
    names = [column.name for column in columns]
    long = keyed.unpivot(on=names, index=list(hidden.values()), variable_name=COLUMN, value_name=value)
    named = {key: name for name, key in hidden.items()}
    return long.filter(~nw.col(value).is_null()).rename(named)


def beside(rows: Frame, index: Sequence[str], columns: Sequence[Column], sides: Mapping[str, str]) -> Frame:
    """`index`, column, value and what others say of the same cell, for every column of `columns` that is not null.

    `sides`: the name of each other's value by the prefix of its columns, of which `rows` has one for every column.
    """
    if not columns:
        none = nw.lit(None, dtype=nw.String)
        return rows.head(0).select(*index, *(none.alias(name) for name in (COLUMN, VALUE, *sides.values())))
    said = {"": VALUE, **sides}
    hidden = {name: f"key_{name}" for name in index}
    packed = [
        nw.struct(*(_stated(column, prefix).alias(name) for prefix, name in said.items())).alias(column.name)
        for column in columns
    ]
    keyed = rows.select(*(nw.col(name).alias(key) for name, key in hidden.items()), *packed)
    names = [column.name for column in columns]
    long = keyed.unpivot(on=names, index=list(hidden.values()), variable_name=COLUMN, value_name="cell")
    told = long.with_columns(nw.col("cell").struct.field(name).alias(name) for name in said.values())
    named = {key: name for name, key in hidden.items()}
    return told.drop("cell").filter(~nw.col(VALUE).is_null()).rename(named)


def wide(long: Frame, entity: str, columns: Sequence[Column], prefix: str = "", value: str = VALUE) -> Frame:
    """One row per entity with a typed column for each of `columns`, named with `prefix`; one cell each at most."""
    here = nw.col(COLUMN)
    texts = [
        nw.when(here == column.name).then(nw.col(value)).max().alias(f"{prefix}{column.name}") for column in columns
    ]
    grouped = long.group_by(entity).agg(*texts)
    return grouped.with_columns(_typed(column, f"{prefix}{column.name}") for column in columns)


def masked(rows: Frame, subject: Subject, *by: str) -> Frame:
    """Cells summed into masks: one row per `by` with `mask`, the bits of its columns."""
    return rows.with_columns(mask=bit_of(subject)).group_by(*by).agg(nw.col("mask").sum().cast(nw.Int64))


def bit_of(subject: Subject) -> nw.Expr:
    """The bits of a cell's column."""
    bits = {column.name: subject.bits(column) for column in subject.columns}
    return nw.col(COLUMN).replace_strict(list(bits), list(bits.values()), default=None, return_dtype=nw.Int64)


def is_finer(mine: nw.Expr, theirs: nw.Expr, columns: Sequence[Column]) -> nw.Expr:
    """Whether a cell's value `mine` is a strictly finer code of the branch of `theirs`; never null."""
    pair = nw.concat_str(nw.col(COLUMN), mine, theirs, separator="|")
    return known(pair.is_in(_finer_pairs(columns)))


def agrees(mine: nw.Expr, theirs: nw.Expr, columns: Sequence[Column]) -> nw.Expr:
    """Whether a verified value agrees with another: equal, coarse and fine of one branch, or "none" and a blank."""
    is_none = (mine == CLEARED_TEXT) & theirs.is_null()
    return (
        known((mine == theirs) & (mine != str(UNKNOWN_CODE)))
        | known(is_none)
        | is_finer(mine, theirs, columns)
        | is_finer(theirs, mine, columns)
    )


def known(condition: nw.Expr) -> nw.Expr:
    """A condition with null read as false."""
    return nw.coalesce(condition, nw.lit(value=False))


def trees(columns: Sequence[Column]) -> list[Column]:
    """The columns whose code list has coarse and fine codes."""
    return [column for column in columns if column.codes and code_lists()[column.codes].tree()]


def coarse_codes(column: Column) -> list[int]:
    """The codes of a column that have finer ones below them."""
    return sorted(set(code_lists()[column.codes].tree().values())) if column.codes else []


def _finer_pairs(columns: Sequence[Column]) -> list[str]:
    found = []
    for column in trees(columns):
        listed = code_lists()[column.codes or ""]
        for value in listed.values:
            found += [f"{column.name}|{value}|{coarse}" for coarse in listed.ancestors(value)]
    return found


def _stated(column: Column, prefix: str = "") -> nw.Expr:
    """A wide column as text, with one mark for "there is none"."""
    text = _text(column, prefix)
    if not column.is_integer:
        return text
    return nw.when(nw.col(f"{prefix}{column.name}") == CLEARED).then(nw.lit(CLEARED_TEXT)).otherwise(text)


def _text(column: Column, prefix: str) -> nw.Expr:
    cell = nw.col(f"{prefix}{column.name}")
    if column.kind is Kind.DATE:
        return cell.dt.to_string("%Y-%m-%d")
    return cell.cast(nw.String) if column.is_integer else cell


def _typed(column: Column, name: str) -> nw.Expr:
    cell = nw.col(name)
    if column.kind is Kind.DATE:
        return cell.str.to_date("%Y-%m-%d").alias(name)
    if not column.is_integer:
        return cell
    number = nw.when(cell != CLEARED_TEXT).then(cell).cast(NUMBER)
    none = nw.lit(CLEARED, dtype=NUMBER)
    return nw.when(cell == CLEARED_TEXT).then(none).otherwise(number).alias(name)
