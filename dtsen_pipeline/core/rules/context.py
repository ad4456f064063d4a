"""What the row rules may know beside the rows, and ages as whole numbers."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date

import narwhals as nw

from dtsen_pipeline.core.officers import Term
from dtsen_pipeline.reference import City

Predicates = dict[str, nw.Expr]
YEAR = 10_000
"""One year between two days that are written as numbers: 20260701 less 20250701."""


@dataclass(frozen=True)
class Context:
    """What the rules may know beside the rows.

    `observed`: the day each file speaks of (the snapshot's data date), by file token; `confirmed`: the code lists
    whose mapping a person has confirmed for the rows of a file, by file token, so that a value outside is an error
    there and not a warning. `batch_ends`: the last day of the week that a field file's batch names, by file token;
    `officers`: the terms of the listed officers, none where there is no list.
    """

    city: City
    observed: Mapping[str, date] = field(default_factory=dict)
    confirmed: Mapping[str, frozenset[str]] = field(default_factory=dict)
    batch_ends: Mapping[str, date] = field(default_factory=dict)
    officers: tuple[Term, ...] = ()


def lived(born: nw.Expr, context: Context) -> nw.Expr:
    """The file's day less the birth date, both written as numbers (YYYYMMDD): at least n * YEAR from age n on.

    Negative for a birth after that day; null where either day is not known.
    """
    days = {token: day.year * YEAR + day.month * 100 + day.day for token, day in context.observed.items()}
    if not days:
        return nw.lit(None, dtype=nw.Int64)
    observed = nw.col("src").replace_strict(list(days), list(days.values()), default=None, return_dtype=nw.Int64)
    return observed - as_number(born)


def lived_at(born: nw.Expr, moment: nw.Expr) -> nw.Expr:
    """The same against the day that a moment (ISO text) begins with."""
    year, month, day = (moment.str.slice(start, length).cast(nw.Int64) for start, length in ((0, 4), (5, 2), (8, 2)))
    return year * YEAR + month * 100 + day - as_number(born)


def as_number(day: nw.Expr) -> nw.Expr:
    """A day as YYYYMMDD."""
    year, month, number = parts(day)
    return year * YEAR + month * 100 + number


def parts(day: nw.Expr) -> tuple[nw.Expr, nw.Expr, nw.Expr]:
    """Year, month and day of the month as wide integers."""
    return day.dt.year().cast(nw.Int64), day.dt.month().cast(nw.Int64), day.dt.day().cast(nw.Int64)
