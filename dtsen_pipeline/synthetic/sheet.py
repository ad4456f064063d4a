"""A file before it is written: its rows as text, whose they are, and what is wrong with each.

Turning values into the text of a cell lives here; what the values are does not.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
import polars as pl

from dtsen_pipeline.synthetic import kinds
from dtsen_pipeline.synthetic.draw import BLANK, NONE_FOUND, Bools, Ints, Table, Texts

DATES = ("tanggal_lahir", "card_recorded")
"""Columns of days since 1970, never blank: the numbers that mean blank elsewhere are days of 1969 here."""
PADDED = ("rt_ktp", "rw_ktp")
NONE_TOKEN = "TIDAK_ADA"  # noqa: S105


@dataclass
class Sheet:
    """The rows of one file."""

    name: str
    frame: pl.DataFrame
    person: Ints
    family: Ints
    kinds: Texts

    def clean(self) -> Bools:
        """The rows with no error planted in them."""
        is_clean: Bools = np.isin(self.kinds, ["", *kinds.NO_ERROR])
        return is_clean

    def mark(self, rows: Ints, kind: str) -> None:
        """Note a kind on some rows."""
        kinds.mark(self.kinds, rows, kind)

    def edit(self, rows: Ints, column: str, values: Sequence[str] | pl.Series) -> None:
        """Overwrite some cells of a column."""
        self.frame = self.frame.with_columns(
            self.frame[column].scatter(pl.Series(rows), pl.Series(values, dtype=pl.String)).alias(column)
        )

    def cells(self, rows: Ints, column: str) -> pl.Series:
        """Some cells of a column."""
        return self.frame[column].gather(pl.Series(rows))

    def take(self, rows: Ints) -> None:
        """Keep these rows, in this order; a row may come twice."""
        self.frame = self.frame[pl.Series(rows)]
        self.person, self.family, self.kinds = self.person[rows], self.family[rows], self.kinds[rows]

    def append(self, other: "Sheet") -> None:
        """Put the rows of another sheet behind these."""
        self.frame = pl.concat([self.frame, other.frame])
        self.person = np.concatenate([self.person, other.person])
        self.family = np.concatenate([self.family, other.family])
        self.kinds = np.concatenate([self.kinds, other.kinds])

    def part(self, rows: Ints) -> "Sheet":
        """A copy of some rows."""
        copy = Sheet(self.name, self.frame, self.person, self.family, self.kinds.copy())
        copy.take(rows)
        return copy


def text(table: Table, header: Iterable[str], rows: Ints) -> pl.DataFrame:
    """The text of every cell of the header; blank cells are null."""
    return pl.DataFrame([_column(name, table[name][rows]) for name in header])


def _column(name: str, values: Ints | Texts) -> pl.Series:
    if values.dtype == np.object_:
        column = pl.Series(name, values.tolist(), dtype=pl.String)
        return column.replace("", None)
    column = pl.Series(name, values)
    if name in DATES:
        return column.cast(pl.Int32).cast(pl.Date).cast(pl.String)
    written = column.cast(pl.String)
    if name in PADDED:
        written = written.str.zfill(3)
    frame = pl.select(
        pl.when(column == BLANK)
        .then(None)
        .when(column == NONE_FOUND)
        .then(pl.lit(NONE_TOKEN))
        .otherwise(written)
        .alias(name)
    )
    return frame.to_series()
