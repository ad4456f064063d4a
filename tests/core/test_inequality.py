"""Weighted statistics against hand-computed answers, the World Bank handbook and R's laeken."""

import shutil
import subprocess
from pathlib import Path

import numpy as np
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from dtsen_pipeline.core.inequality import (
    at_risk_of_poverty_rate,
    gini,
    poverty,
    quintile_share_ratio,
    weighted_quantiles,
)

ONES = [1.0] * 5
EXPORT = """
suppressMessages(library(laeken)); data(eusilc)
write.csv(eusilc[, c("db030", "db090", "rb050", "eqIncome")], commandArgs(TRUE)[1], row.names = FALSE)
"""


def test_the_handbook_case() -> None:
    """World Bank Handbook on Poverty and Inequality: four incomes and a line of 125."""
    found = poverty([100, 110, 150, 160], [1, 1, 1, 1], 125)
    assert (found.headcount, found.gap) == (0.5, pytest.approx(0.08))
    assert found.squared_gap == pytest.approx(0.0136)


def test_who_stands_on_the_line_is_not_poor_and_weights_count() -> None:
    """Weight 3 of 8 is 50 below a line of 100: P0 3/8, P1 3/8 * 1/2, P2 3/8 * 1/4."""
    found = poverty([50, 100, 200], [3, 1, 4], 100)
    assert (found.headcount, found.gap, found.squared_gap) == (0.375, 0.1875, 0.09375)


@pytest.mark.parametrize(
    ("weights", "shares", "expected"),
    [
        (ONES, (0.5,), [30]),
        ([1, 1, 1, 1, 0], (0.5,), [25]),
        (ONES, (0.2, 0.8), [15, 45]),
        (ONES, (0.19, 0.21, 0.81), [10, 20, 50]),
        ([4, 1, 1, 1, 1], (0.49, 0.5, 0.51), [10, 15, 20]),
        ([1, 1, 1, 1, 4], (0.5, 0.51), [45, 50]),
        (ONES, (0, 1), [10, 50]),
        ([0, 1, 1, 1, 0], (0, 1), [20, 40]),
    ],
)
def test_quantiles_follow_the_stated_rule(
    weights: list[float], shares: tuple[float, ...], expected: list[float]
) -> None:
    values, order = np.array([10, 20, 30, 40, 50]), [3, 0, 4, 1, 2]
    assert weighted_quantiles(values, weights, shares) == expected
    assert weighted_quantiles(values[order], np.array(weights)[order], shares) == expected


def test_the_quintile_share_ratio_by_hand() -> None:
    """Ten equal weights: quantiles 2.5 and 8.5, so (9 + 10) / (1 + 2)."""
    assert quintile_share_ratio(range(1, 11), [1] * 10) == pytest.approx(19 / 3)
    with pytest.raises(ValueError, match="not defined"):
        quintile_share_ratio([5, 5], [1, 1])


def test_gini_by_hand() -> None:
    """1, 2, 3: 100 * ((2 * (1 + 4 + 9) - 6) / (3 * 6) - 1) = 22.2; one owner of all among four: 75."""
    assert gini([3, 1, 2], [1, 1, 1]) == pytest.approx(200 / 9)
    assert gini([0, 0, 0, 8], [1, 1, 1, 1]) == pytest.approx(75)
    assert gini([7, 7], [1, 5]) == pytest.approx(100 * ((2 * 7 * (1 + 30) - 7 * 26) / (6 * 42) - 1))


def test_at_risk_of_poverty_by_hand() -> None:
    """Median 30, line 18: only the 10 lies below; with its weight 4 the median is 15 and the line 9."""
    assert at_risk_of_poverty_rate([10, 20, 30, 40, 50], ONES) == pytest.approx(20)
    assert at_risk_of_poverty_rate([10, 20, 30, 40, 50], [4, 1, 1, 1, 1]) == 0
    assert at_risk_of_poverty_rate([17.9, 18, 30, 40, 50], ONES) == pytest.approx(20)


@pytest.mark.parametrize(
    ("values", "weights"),
    [([1, 2], [1, -1]), ([1, 2], [0, 0]), ([], []), ([1, float("nan")], [1, 1]), ([1, 2], [1]), ([1, 2], [1, np.inf])],
)
def test_bad_input_is_refused(values: list[float], weights: list[float]) -> None:
    for measure in (gini, quintile_share_ratio, at_risk_of_poverty_rate):
        with pytest.raises(ValueError, match=r"weights|values"):
            measure(values, weights)
    with pytest.raises(ValueError, match="between 0 and 1"):
        weighted_quantiles([1], [1], (1.1,))
    with pytest.raises(ValueError, match="above 0"):
        poverty([1], [1], 0)


@given(
    st.lists(st.tuples(st.integers(1, 1000), st.integers(1, 9)), min_size=2, max_size=30),
    st.integers(2, 5),
)
def test_a_weight_is_so_many_equal_units(units: list[tuple[int, int]], scale: int) -> None:
    values, weights = zip(*units, strict=True)
    repeated = [value for value, weight in units for _ in range(weight)]
    ones, scaled = [1] * len(repeated), [weight * scale for weight in weights]
    shares = (0.1, 0.25, 0.5, 0.9)
    assert weighted_quantiles(values, weights, shares) == pytest.approx(weighted_quantiles(repeated, ones, shares))
    assert weighted_quantiles(values, scaled, shares) == pytest.approx(weighted_quantiles(repeated, ones, shares))
    assert at_risk_of_poverty_rate(values, weights) == pytest.approx(at_risk_of_poverty_rate(repeated, ones))
    left, right = poverty(values, weights, 500), poverty(repeated, ones, 500)
    assert left.squared_gap == pytest.approx(right.squared_gap)
    assert right.squared_gap <= right.gap <= right.headcount


@pytest.fixture(scope="module")
def eusilc(tmp_path_factory: pytest.TempPathFactory) -> pl.DataFrame:
    """The synthetic EU-SILC data of R's laeken, exported for this run only."""
    rscript = shutil.which("Rscript")
    if rscript is None:
        pytest.skip("R is not installed: the figures of eusilc are not compared")
    folder: Path = tmp_path_factory.mktemp("eusilc")
    (folder / "export.R").write_text(EXPORT)
    command = [rscript, str(folder / "export.R"), str(folder / "eusilc.csv")]
    if subprocess.run(command, capture_output=True, check=False).returncode:
        pytest.skip("R's package laeken is not installed: the figures of eusilc are not compared")
    return pl.read_csv(folder / "eusilc.csv")


def test_the_figures_of_eusilc(eusilc: pl.DataFrame) -> None:
    income, weight = eusilc["eqIncome"].to_numpy(), eusilc["rb050"].to_numpy()
    assert weighted_quantiles(income, weight, (0.2, 0.5, 0.8)) == pytest.approx(
        [12212.60, 18098.73, 25997.65], abs=0.005
    )
    assert quintile_share_ratio(income, weight) == pytest.approx(3.970004, abs=5e-7)
    assert gini(income, weight) == pytest.approx(26.48962, abs=5e-6)
    assert at_risk_of_poverty_rate(income, weight) == pytest.approx(14.44422, abs=5e-6)


def test_persons_and_households_are_different_units(eusilc: pl.DataFrame) -> None:
    homes = eusilc.unique("db030", keep="first", maintain_order=True)
    by_person = weighted_quantiles(eusilc["eqIncome"].to_numpy(), eusilc["rb050"].to_numpy(), (0.1,))
    by_home = weighted_quantiles(homes["eqIncome"].to_numpy(), homes["db090"].to_numpy(), (0.1,))
    assert by_person == pytest.approx([9653.39], abs=0.005)
    assert by_home == pytest.approx([9325.59], abs=0.005)
