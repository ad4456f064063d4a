"""The canonical text of a row: equal on every engine and different for different rows.

Each cell is its length and its text, or `~` where it is null, so that no two rows share a text. Used for
duplicates and for the content root.
"""

import narwhals as nw

NULL = "~"


def row_text(schema: nw.Schema, names: list[str]) -> nw.Expr:
    """The cells called `names`, in this order, as one text; floats have no canonical text and are refused."""
    return nw.concat_str(*(_cell(name, schema[name]) for name in names), separator="")


def _cell(name: str, dtype: nw.dtypes.DType) -> nw.Expr:
    text = as_text(nw.col(name), dtype)
    length = text.str.len_chars().cast(nw.String)
    cell = nw.concat_str(length, nw.lit(":"), text)
    return nw.coalesce(cell, nw.lit(NULL))


def as_text(cell: nw.Expr, dtype: nw.dtypes.DType) -> nw.Expr:
    """A cell as text: ISO days, plain digits, `1`/`0` for booleans."""
    if dtype == nw.Date():
        return cell.dt.to_string("%Y-%m-%d")
    if dtype == nw.Boolean():
        return nw.when(cell).then(nw.lit("1")).otherwise(nw.when(~cell).then(nw.lit("0")))
    if dtype.is_integer():
        return cell.cast(nw.String)
    if dtype == nw.String():
        return cell
    message = f"a column of type {dtype} has no canonical text"
    raise TypeError(message)
