"""Whether P(desil = k) holds: nothing behind a probability has seen its household, and a wrong spread is found."""

import numpy as np
import pytest

from dtsen_pipeline.core import reliability
from dtsen_pipeline.core.fitting import Numbers, Sample, partitions, predictor
from dtsen_pipeline.core.probability import chances, limits
from dtsen_pipeline.reference.probability import Reliability

HOUSEHOLDS = 1500


@pytest.fixture(scope="module")
def sample() -> Sample:
    """Welfare that hangs on one input, and on luck."""
    draw = np.random.default_rng(3)
    x = draw.normal(0, 1, (HOUSEHOLDS, 1))
    return Sample(x, 5 + x[:, 0] + draw.normal(0, 1, HOUSEHOLDS), np.ones(HOUSEHOLDS))


def judged(sample: Sample, said: reliability.Whole) -> dict[str, Reliability]:
    decile = reliability.true_deciles(sample.y, sample.weight)
    return {one.event: one for one in reliability.judged(said, decile, sample.weight)}


def apart(table: Reliability) -> int:
    """Bands whose predicted share lies outside the interval of what was seen."""
    return sum(not band.low <= band.predicted <= band.high for band in table.bands)


def test_residuals_are_the_middles_of_hundredths_by_weight() -> None:
    y = np.arange(100.0)
    even = reliability.residuals(y, [np.zeros(100)], np.ones(100))
    assert even == tuple(range(0, 100_000_000, 1_000_000))
    heavy = reliability.residuals(np.array([0.0, 1.0]), [np.zeros(2), np.zeros(2)], np.array([1.0, 3.0]))
    assert (heavy.count(0), heavy.count(1_000_000)) == (25, 75)


def test_nothing_behind_a_probability_has_seen_its_household() -> None:
    """A household's input is its number: no fit that judges a fold saw one of it, nor a fit behind its residuals."""
    names = np.arange(60.0)
    sample = Sample(names[:, None], names, np.ones(60))
    (fold,) = partitions(60, 5, 1, 1)
    asked: list[tuple[set[float], set[float]]] = []

    def predict(seen: Sample, unseen: Sample) -> Numbers:
        asked.append((set(seen.x[:, 0]), set(unseen.x[:, 0])))
        return np.asarray(unseen.y * 0.5)

    reliability.unseen_chances(sample, fold, predict)
    size = 5
    assert len(asked) == 5 * size
    for start in range(0, len(asked), size):
        *inner, (seen, out) = asked[start : start + size]
        assert not seen & out
        for fitted, judged_by in inner:
            assert not fitted & judged_by
            assert not (fitted | judged_by) & out


def test_honest_probabilities_hold_and_beat_giving_all_the_same(sample: Sample) -> None:
    (fold,) = partitions(HOUSEHOLDS, 10, 1, 1)
    said = reliability.unseen_chances(sample, fold, predictor(0, 1))
    assert (said.sum(axis=1) == 100).all()
    tables = judged(sample, said)
    assert list(tables) == ["desil = k", "desil <= 1", "desil <= 2", "desil <= 4"]
    for table in tables.values():
        assert float(table.brier) < float(table.blind)
        assert float(table.calibration_error) < 0.04
        assert apart(table) <= 1
    assert sum(band.answers for band in tables["desil = k"].bands) == 10 * HOUSEHOLDS
    assert sum(band.answers for band in tables["desil <= 4"].bands) == HOUSEHOLDS


@pytest.mark.parametrize("factor", [0.4, 2.5])
def test_a_spread_that_is_wrong_is_found(sample: Sample, factor: float) -> None:
    score = reliability.micro(5 + sample.x[:, 0])
    left = tuple(round(factor * one) for one in reliability.residuals(sample.y, [5 + sample.x[:, 0]], sample.weight))
    ends = limits(score, sample.weight, left, reliability.tenths(sample.weight))
    table = judged(sample, chances(score, left, ends))["desil = k"]
    assert apart(table) >= 4
    assert float(table.calibration_error) > 0.02


def test_a_table_by_hand() -> None:
    """Four households: three said to be in decile 1 with 50 of a hundred, one of them of weight 2; half come true."""
    said = np.zeros((4, 10), dtype=np.int64)
    said[:3, [0, 9]] = 50
    said[3, 9] = 100
    decile, weight = np.array([1, 10, 10, 10]), np.array([2.0, 1.0, 1.0, 1.0])
    tables = {one.event: one for one in reliability.judged(said, decile, weight)}
    line = tables["desil <= 1"]
    nothing, half = line.bands
    assert (nothing.least, nothing.most, nothing.answers, nothing.predicted, nothing.observed) == (0, 2, 1, 0, 0)
    assert (nothing.low, nothing.high > 5000) == (0, True)
    assert (half.least, half.most, half.answers, half.predicted, half.observed) == (41, 60, 3, 5000, 5000)
    assert line.brier == "0.2000"
    assert line.blind == "0.2400"
    assert line.calibration_error == "0.0000"
    assert tables["desil = k"].brier == "0.4000"


def test_true_deciles_go_by_weight() -> None:
    y = np.arange(10.0)[::-1]
    assert reliability.true_deciles(y, np.ones(10)).tolist() == list(range(10, 0, -1))
    heavy = reliability.true_deciles(np.array([1.0, 2.0]), np.array([1.0, 9.0]))
    assert heavy.tolist() == [1, 10]
