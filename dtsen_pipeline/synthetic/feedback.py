"""What the ministry makes of a week of visits: it takes over some proposed values and ignores others.

The rest of the register's second state is `register`'s work.
"""

# ruff: noqa: PLR2004 - shares, ages and codes are the model itself

from dataclasses import dataclass

import numpy as np
import polars as pl
from numpy.random import Generator

from dtsen_pipeline.synthetic.draw import BLANK, NONE_FOUND, Bools, Ints, Table
from dtsen_pipeline.synthetic.housing import COARSE

_COARSE_FROM = 91
_TRIES = 30


@dataclass
class Answers:
    """What officers wrote down: for each row the entity and a value a column, blank where not asked."""

    rows: Ints
    table: Table


def listen(rng: Generator, seen: Table, table: Table, answers: Answers, names: tuple[str, ...]) -> None:
    """The ministry takes over some proposed values, ignores some, and puts a third in place of some."""
    for name in names:
        old, given = seen[name][answers.rows], answers.table[name]
        proposed = _proposed(name, old, given)
        verified = np.where(given == NONE_FOUND, BLANK, given)
        third = _third(rng, seen[name], old, verified)
        luck = rng.random(len(old))
        new = np.where(luck < 0.42, verified, np.where(luck < 0.74, old, third))
        table[name][answers.rows[proposed]] = new[proposed]


def _third(rng: Generator, column: Ints, old: Ints, verified: Ints) -> Ints:
    """A value that others have and that is neither of the two; the old one where none turns up."""
    third = old.copy()
    for _ in range(_TRIES):
        other = column[rng.integers(0, len(column), len(old))]
        fits = (third == old) & (other != verified) & (other != BLANK)
        third = np.where(fits, other, third)
    return third


def _proposed(name: str, old: Ints, given: Ints) -> Bools:
    """Where a visit says something else; coarse codes on either side propose nothing."""
    verified = np.where(given == NONE_FOUND, BLANK, given)
    proposed: Bools = (given != BLANK) & (verified != old)
    return proposed & (np.maximum(given, old) < _COARSE_FROM) if name in COARSE else proposed


def outcome(kind: str, seen: Table, table: Table, answers: Answers, names: tuple[str, ...]) -> pl.DataFrame:
    """The verdict on every proposed value, read off the register's second state."""
    frames = []
    for name in names:
        old, given, new = seen[name][answers.rows], answers.table[name], table[name][answers.rows]
        verified = np.where(given == NONE_FOUND, BLANK, given)
        hit = _proposed(name, old, given)
        verdict = np.where(new == verified, "adopted", np.where(new == old, "ignored", "third"))
        frames.append(
            pl.DataFrame(
                {
                    "entity": answers.rows[hit],
                    "seen": old[hit],
                    "verified": verified[hit],
                    "new": new[hit],
                    "verdict": verdict[hit],
                },
                schema={
                    "entity": pl.Int64,
                    "seen": pl.Int64,
                    "verified": pl.Int64,
                    "new": pl.Int64,
                    "verdict": pl.String,
                },
            ).select(pl.lit(kind).alias("table"), pl.lit(name).alias("column"), pl.all())
        )
    return pl.concat(frames)
