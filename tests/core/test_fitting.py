"""Fitting and judging by hand-made arrays whose answers are known."""

import numpy as np
import pytest

from dtsen_pipeline.core import fitting
from dtsen_pipeline.core.fitting import Numbers, Sample


def households(count: int = 200, seed: int = 1) -> Sample:
    draw = np.random.default_rng(seed)
    x = draw.integers(0, 5, (count, 3)).astype(np.float64)
    return Sample(x, 2 + x @ np.array([1.0, -0.5, 0.0]) + draw.normal(0, 0.1, count), np.ones(count))


def test_an_exact_line_is_found_exactly() -> None:
    x = np.array([[0.0], [1.0], [2.0], [5.0]])
    done = fitting.least_squares(Sample(x, 3 + 2 * x[:, 0], np.ones(4)))
    np.testing.assert_allclose(done.coefficients, [3, 2], atol=1e-12)
    assert done.r2 == pytest.approx(1)
    assert done.residual_sd == pytest.approx(0, abs=1e-12)


def test_a_weight_counts_as_so_many_households() -> None:
    x, y = np.array([[0.0], [1.0], [2.0]]), np.array([1.0, 5.0, 2.0])
    weighted = fitting.solved(Sample(x, y, np.array([1.0, 3.0, 2.0])))
    repeated = fitting.solved(Sample(np.repeat(x, [1, 3, 2], axis=0), np.repeat(y, [1, 3, 2]), np.ones(6)))
    np.testing.assert_allclose(weighted[0], repeated[0])
    np.testing.assert_allclose(weighted[0], fitting.least_squares(Sample(x, y, np.array([1.0, 3.0, 2.0]))).coefficients)


def test_robust_errors_are_those_of_the_sandwich() -> None:
    sample = households()
    x = np.column_stack([np.ones(200), sample.x])
    bread = np.linalg.inv(x.T @ x)
    left = sample.y - x @ fitting.solved(sample)[0]
    meat = (x * left[:, None] ** 2).T @ x
    expected = np.sqrt(np.diag(bread @ meat @ bread) * 200 / (200 - 4))
    np.testing.assert_allclose(fitting.least_squares(sample).errors, expected)


def placed(seed: int = 4) -> tuple[Sample, dict[int, float]]:
    """Households of three places whose levels are known, without noise; the weighted mean of the levels is nothing."""
    draw = np.random.default_rng(seed)
    x, place = draw.integers(0, 5, (90, 2)).astype(np.float64), draw.integers(1, 4, 90) * 11
    weight = draw.integers(1, 4, 90).astype(np.float64)
    lifts = np.select([place == 11, place == 22], [0.0, 0.7], -0.4)
    mean = float(np.average(lifts, weights=weight))
    sample = Sample(x, 3 + mean + x @ np.array([1.0, -0.5]) + lifts - mean, weight, place)
    return sample, {11: -mean, 22: 0.7 - mean, 33: -0.4 - mean}


def test_levels_of_places_lie_around_the_constant() -> None:
    sample, levels = placed()
    mean = -levels[11]
    done = fitting.least_squares(sample)
    np.testing.assert_allclose(done.coefficients, [3 + mean, 1, -0.5], atol=1e-9)
    assert done.levels == pytest.approx(levels)
    assert fitting.solved(sample)[1] == pytest.approx(levels)
    assert len(done.errors) == 3
    assert fitting.is_determined(sample)
    one_place = Sample(sample.x, sample.y, sample.weight, np.full(90, 7))
    assert fitting.least_squares(one_place).levels == {7: 0}
    assert fitting.least_squares(households()).levels == {}


def test_a_place_that_was_not_seen_has_the_mean_level() -> None:
    sample, levels = placed()
    assert sample.place is not None
    out = sample.place == 33
    said = fitting.predictor(0, 1)(sample.where(~out), sample.where(out))
    seen = np.average(
        [levels[11], levels[22]], weights=[sample.weight[sample.place == place].sum() for place in (11, 22)]
    )
    np.testing.assert_allclose(said, sample.y[out] - levels[33] + seen)
    everyone = fitting.out_of_fold(sample, np.arange(90) % 5, fitting.predictor(0, 1))
    np.testing.assert_allclose(everyone, sample.y)


def test_a_feature_that_is_the_same_within_every_place_is_not_determined() -> None:
    sample, _ = placed()
    assert sample.place is not None
    told = np.column_stack([sample.x, sample.place == 22])
    assert not fitting.is_determined(Sample(told, sample.y, sample.weight, sample.place))


@pytest.mark.parametrize(
    ("x", "is_determined"),
    [
        ([[1.0, 2.0], [2.0, 1.0], [3.0, 5.0], [4.0, 0.0]], True),
        ([[1.0, 2.0], [2.0, 4.0], [3.0, 6.0], [4.0, 8.0]], False),
        ([[1.0, 0.0], [2.0, 0.0], [3.0, 0.0], [4.0, 0.0]], False),
        ([[1.0, 7.0], [2.0, 7.0], [3.0, 7.0], [4.0, 7.0]], False),
        ([[1.0, 2.0], [2.0, 1.0], [3.0, 5.0]], False),
    ],
    ids=["free", "twice another", "nothing", "constant", "too few"],
)
def test_what_the_data_do_not_determine_is_told(x: list[list[float]], is_determined: bool) -> None:  # noqa: FBT001
    count = len(x)
    assert fitting.is_determined(Sample(np.array(x), np.ones(count), np.ones(count))) is is_determined


def test_every_household_has_one_fold_and_folds_are_even() -> None:
    parts = list(fitting.partitions(23, 5, 3, seed=7))
    for part in parts:
        assert sorted(np.bincount(part)) == [4, 4, 5, 5, 5]
    assert len({part.tobytes() for part in parts}) == 3
    again = list(fitting.partitions(23, 5, 3, seed=7))
    assert all(np.array_equal(one, other) for one, other in zip(parts, again, strict=True))


def test_a_prediction_never_saw_its_household() -> None:
    """The outcome of a household moves every prediction but those of its own fold."""
    sample, fold = households(), next(fitting.partitions(200, 4, 1, seed=3))
    predict = fitting.predictor(0, 1)
    before = fitting.out_of_fold(sample, fold, predict)
    y = sample.y.copy()
    y[0] += 100
    after = fitting.out_of_fold(Sample(sample.x, y, sample.weight), fold, predict)
    same = fold == fold[0]
    np.testing.assert_array_equal(before[same], after[same])
    assert np.all(before[~same] != after[~same])


def test_an_unstable_feature_is_left_out_and_a_stable_one_is_not() -> None:
    sample = households()
    held = fitting.stability(sample, seed=5)
    assert held[0] == held[1] == 1
    assert 0.5 <= held[2] < 1
    assert list(fitting.stable(sample, 1.0, seed=5)) == [True, True, False]
    assert fitting.stable(sample, 0, seed=5).all()


@pytest.mark.parametrize(
    ("weight", "percent", "chosen"),
    [
        ([1.0] * 5, 40, [False, True, False, False, True]),
        ([1.0] * 5, 39, [False, True, False, False, False]),
        ([1.0, 2.0, 1.0, 1.0, 1.0], 40, [False, True, False, False, False]),
        ([1.0, 4.0, 1.0, 1.0, 1.0], 40, [False] * 5),
    ],
)
def test_the_bottom_is_never_more_than_asked_for(weight: list[float], percent: int, chosen: list[bool]) -> None:
    values = np.array([5.0, 1.0, 4.0, 3.0, 1.0])
    assert list(fitting.bottom(values, np.array(weight), percent)) == chosen


def test_errors_by_hand() -> None:
    """Ten households; of the poorest four, the list has two."""
    y = np.arange(10.0)
    predicted = np.array([0.0, 1.0, 8.0, 9.0, 2.0, 3.0, 4.0, 5.0, 6.0, 7.0])
    assert fitting.shares(y, predicted, np.ones(10), 40) == (0.5, 0.5)
    assert fitting.shares(y, y, np.ones(10), 40) == (0, 0)
    assert fitting.shares(y, -y, np.ones(10), 40) == (1, 1)


def test_weights_part_exclusion_from_inclusion() -> None:
    """Half of the weight is 3: the poor are the first two (2 + 1), the list the second and the third (1 + 1)."""
    weight = np.array([2.0, 1.0, 1.0, 1.0, 1.0])
    y, predicted = np.arange(5.0), np.array([2.0, 0.0, 1.0, 3.0, 4.0])
    exclusion, inclusion = fitting.shares(y, predicted, weight, 50)
    assert exclusion == pytest.approx(2 / 3)
    assert inclusion == 0.5


def test_intervals_hold_the_estimate_and_come_back() -> None:
    sample = households()
    predicted: Numbers = sample.x @ np.array([1.0, 0.0, 0.0])
    found = fitting.errors(sample.y, [predicted], sample.weight, 200, seed=1)
    assert [error.percent for error in found] == [10, 20, 30, 40]
    for error in found:
        assert error.exclusion.low <= error.exclusion.value <= error.exclusion.high
        assert error.exclusion.low < error.exclusion.high
    assert found == fitting.errors(sample.y, [predicted], sample.weight, 200, seed=1)


def test_a_paired_difference_with_oneself_is_nothing() -> None:
    sample = households()
    predicted = [sample.x[:, 0]]
    for gap in fitting.excess(sample.y, predicted, predicted, sample.weight, 100, seed=1).values():
        assert (gap.value, gap.low, gap.high) == (0, 0, 0)
    worse = fitting.excess(sample.y, [-sample.y], [sample.y], sample.weight, 100, seed=1)
    assert {gap.value for gap in worse.values()} == {1}


def test_calibration_of_a_perfect_prediction_is_the_diagonal() -> None:
    y = np.arange(100.0)
    found = fitting.calibration(y, y, np.ones(100))
    assert found == tuple((4.5 + 10 * tenth, 4.5 + 10 * tenth) for tenth in range(10))


def test_a_residual_says_who_is_predicted_too_poor() -> None:
    y, predicted = np.array([2.0, 2.0, 5.0, 7.0]), np.array([1.0, 1.0, 6.0, 6.0])
    rows = np.array([True, True, False, False])
    assert fitting.residual_of(y, predicted, np.ones(4), rows).value == 1
    other = fitting.residual_of(y, predicted, np.ones(4), ~rows)
    assert other.value == 0
    assert other.high == pytest.approx(1.96 * np.sqrt(2) / 2)


def test_r_squared_of_the_mean_is_nothing() -> None:
    y = np.array([1.0, 2.0, 6.0])
    assert fitting.r_squared(y, np.full(3, 3.0), np.ones(3)) == pytest.approx(0)
    assert fitting.r_squared(y, y, np.ones(3)) == 1
