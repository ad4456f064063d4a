"""Transition tables and drift bands."""

import polars as pl
import pytest

from dtsen_pipeline.core.transitions import BANDS, drift, transitions

MOVES = pl.DataFrame(
    {"before": [10, 8, 7, 4, 4, 4, 1, 1, 3, None, 2], "after": [1, 1, 1, 1, 4, 7, 5, 8, None, None, 1]},
    schema={"before": pl.Int64, "after": pl.Int64},
)


def test_bands_are_those_of_the_field() -> None:
    assert drift(MOVES, "before", "after") == {
        "turun_ekstrem": 2,
        "turun_signifikan": 1,
        "turun": 2,
        "tetap": 1,
        "naik": 1,
        "naik_signifikan": 1,
        "naik_ekstrem": 1,
        "tidak_lengkap": 2,
    }


def test_every_step_has_one_band() -> None:
    steps = [step for low, high in BANDS.values() for step in range(low, high + 1)]
    assert sorted(steps) == list(range(-9, 10))


def test_a_transition_table_counts_every_row_once() -> None:
    table = transitions(MOVES, "before", "after")
    assert sum(sum(row.values()) for row in table.values()) == MOVES.height
    assert (table[4][1], table[4][4], table[4][7], table[3][None], table[None][None]) == (1, 1, 1, 1, 1)
    assert set(table) == {*range(1, 11), None} == set(table[1])


def test_a_desil_of_eleven_is_refused() -> None:
    with pytest.raises(ValueError, match="between 1 and 10"):
        transitions(pl.DataFrame({"before": [11], "after": [1]}), "before", "after")
