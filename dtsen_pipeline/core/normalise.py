"""Canonical values: codes, numbers, days, names and ids. Same rows, same order; doing it twice changes nothing.

Only expressions that mean the same on every engine stand here: ASCII patterns, explicit formats, look-ups.
Whether a value is *right* is for `validate`; what cannot be read is marked, never guessed.
"""

import narwhals as nw

from dtsen_pipeline.core.engine import NUMBER, Frame
from dtsen_pipeline.core.entities import ID_NAME, NAME, id_name
from dtsen_pipeline.reference import City, code_lists
from dtsen_pipeline.schemas.columns import CLEARED, CLEARED_TEXT, UNKNOWN_CODE, Column, Kind
from dtsen_pipeline.schemas.tables import Table

LEAP = r"(?:[0-9]{2}(?:0[48]|[2468][048]|[13579][26])|(?:[02468][048]|[13579][26])00)"
DAY = (
    r"(?:[0-9]{4}-(?:(?:0[13578]|1[02])-(?:0[1-9]|[12][0-9]|3[01])"
    r"|(?:0[469]|11)-(?:0[1-9]|[12][0-9]|30)|02-(?:0[1-9]|1[0-9]|2[0-8]))"
    rf"|{LEAP}-02-29)"
)
MOMENT = DAY + r"T(?:[01][0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9][+-](?:0[0-9]|1[0-4]):[0-5][0-9]"
COUNT = r"[0-9]{1,9}"
UNREADABLE = "unreadable"
"""The names of the columns whose text cannot be read as their kind, each between bars; null where all can."""


def exactly(pattern: str) -> str:
    """`pattern` anchored at both ends."""
    return rf"\A(?:{pattern})\z"


def normalise(frame: Frame, table: Table, city: City) -> Frame:
    """The records of a table: src, row, every column of the contract in canonical form, and `unreadable`.

    Tables of persons also get `id_name`, the name as it enters ids, from the delivered text.
    """
    present = set(frame.collect_schema().names())
    has_name = NAME in present
    named = frame.with_columns(id_name(nw.col(NAME)).alias(ID_NAME)) if has_name else frame
    stripped = named.with_columns(nw.col(*(name for name in table.names if name in present)).str.strip_chars(" "))
    values = {column.name: _value(column, table, city, present) for column in table.columns}
    lost = [
        _unreadable(column.name, values[column.name])
        for column in table.columns
        if column.kind in {Kind.COUNT, Kind.DATE, Kind.MOMENT} and column.name in present
    ]
    return stripped.select(
        "src",
        "row",
        *(value.alias(name) for name, value in values.items()),
        nw.concat_str(*lost, ignore_nulls=True).alias(UNREADABLE),
        *([ID_NAME] if has_name else []),
    )


def _said(cell: nw.Expr) -> nw.Expr:
    """Text without outer spaces; null where nothing is left."""
    return nw.when(cell != "").then(cell)


def spellings(codes: str) -> dict[str, int]:
    """Every accepted spelling of a code list: digits, and the labels in upper, lower and printed case."""
    found = dict(code_lists()[codes].spellings())
    labels = code_lists()[codes].labels
    for value, label in labels.items():
        if found.get(label.upper()) == value:
            found |= {label: value, label.lower(): value}
    return found


def _value(column: Column, table: Table, city: City, present: set[str]) -> nw.Expr:  # noqa: PLR0911 - one case a kind
    if column.kind is Kind.REGION_NAME:
        return _region_name(column, city)
    if column.name not in present:
        return nw.lit(None, dtype=_type(column))
    cell = nw.col(column.name)
    match column.kind:
        case Kind.CODE:
            return _code(cell, column, table)
        case Kind.COUNT:
            number = nw.when(cell.str.contains(exactly(COUNT))).then(cell).cast(NUMBER)
            return _cleared(cell, number, column) if table.is_field else number
        case Kind.DATE:
            return nw.when(cell.str.contains(exactly(DAY))).then(cell).str.to_date("%Y-%m-%d")
        case Kind.MOMENT:
            return nw.when(cell.str.contains(exactly(MOMENT))).then(cell)
        case Kind.CARD:
            return nw.when((cell != "") & (cell != CLEARED_TEXT)).then(cell)
        case Kind.NAME:
            return _name(_said(cell))
        case Kind.TEXT:
            return _said(cell.str.replace_all(" {2,}", " "))
        case _:
            return _said(cell)


def _type(column: Column) -> nw.dtypes.DType:
    if column.kind is Kind.DATE:
        return nw.Date()
    return NUMBER() if column.is_integer else nw.String()


def _code(cell: nw.Expr, column: Column, table: Table) -> nw.Expr:
    known = spellings(column.codes or "")
    if table.is_field and column.bit is not None and not column.required:
        known |= {CLEARED_TEXT: CLEARED}
    value = cell.replace_strict(list(known), list(known.values()), default=None, return_dtype=NUMBER)
    return nw.when(cell != "").then(nw.coalesce(value, nw.lit(UNKNOWN_CODE, dtype=NUMBER)))


def _cleared(cell: nw.Expr, number: nw.Expr, column: Column) -> nw.Expr:
    """A count answered with "there is none" is zero where zero is a count, else cleared."""
    low = next((check.statistics["min_value"] for check in column.checks if check.statistics), 1)
    none = nw.lit(0 if low == 0 else CLEARED, dtype=NUMBER)
    return nw.when(cell == CLEARED_TEXT).then(none).otherwise(number)


def _name(cell: nw.Expr) -> nw.Expr:
    """Names in upper case; a name with other than ASCII letters keeps its case, since engines disagree."""
    single = cell.str.replace_all(" {2,}", " ")
    return nw.when(single.str.contains(r"\A[ -~]*\z")).then(single.str.to_uppercase()).otherwise(single)


def _region_name(column: Column, city: City) -> nw.Expr:
    names = region_names(city)
    code = nw.col(column.comes_from[0])
    return code.replace_strict(list(names), list(names.values()), default=None, return_dtype=nw.String)


def region_names(city: City) -> dict[str, str]:
    """Name by code for the province, the city, its districts and its villages (codes as in BPS files)."""
    named = {city.province_bps: city.province, city.bps: city.name}
    named |= {village.kecamatan_bps: village.kecamatan.upper() for village in city.kelurahan}
    return named | {village.bps: village.name.upper() for village in city.kelurahan}


def _unreadable(name: str, value: nw.Expr) -> nw.Expr:
    return nw.when((nw.col(name) != "") & value.is_null()).then(nw.lit(f"|{name}|"))
