"""Chances of a visit by hand, by simulation, and the lottery."""

from statistics import NormalDist

import numpy as np
import pytest

from dtsen_pipeline.core.queue import (
    Inputs,
    Peers,
    decile_chances,
    expected_stake,
    lot,
    peers_of,
    set_right,
)

CUTS = (10, 20, 30, 40, 50, 60, 70, 80, 90)
NAN = float("nan")


def _inputs(held: list[float], doubt: list[float], mean: list[float], variance: list[float], at: float = NAN) -> Inputs:
    return Inputs(
        np.array([held]), np.array([doubt]), Peers(np.array([mean]), np.array([variance])), 5.0, np.array([at])
    )


def test_peers_are_the_families_of_one_group() -> None:
    found = peers_of(np.array([[1.0], [3.0], [9.0], [NAN]]), np.array([1, 1, 2, 2]))
    assert found.mean[:, 0].tolist() == [2, 2, pytest.approx(13 / 3), pytest.approx(13 / 3)]
    assert found.variance[:2, 0].tolist() == [1, 1]
    assert peers_of(np.array([[NAN]]), np.array([1])).mean.tolist() == [[0.0]]


def test_without_doubt_nothing_moves_and_a_cut_belongs_to_the_lower_decile() -> None:
    for held, decile in ((5.0, 1), (5.5, 2), (15.0, 2), (100.0, 10)):
        chances = decile_chances(_inputs([held], [0.0], [0.0], [0.0]), CUTS)
        assert chances[0].argmax() + 1 == decile
        assert chances[0, decile - 1] == 1


def test_one_doubtful_input_by_hand() -> None:
    """5 + 20 = 25 stands with .75 in decile 3; with .25 the input is as the peers', 5 + 40 = 45, spread 10."""
    chances = decile_chances(_inputs([20.0], [0.25], [40.0], [100.0]), CUTS)[0]
    normal = NormalDist(45, 10)
    assert chances[2] == pytest.approx(0.75 + 0.25 * (normal.cdf(30) - normal.cdf(20)))
    assert chances[4] == pytest.approx(0.25 * (normal.cdf(50) - normal.cdf(40)))
    assert chances.sum() == pytest.approx(1)


def test_a_missing_input_is_as_the_peers_have_it() -> None:
    chances = decile_chances(_inputs([NAN, 0.0], [0.0, 0.0], [40.0, 7.0], [100.0, 9.0]), CUTS)[0]
    normal = NormalDist(45, 10)
    assert chances[3] == pytest.approx(normal.cdf(40) - normal.cdf(30))
    assert _inputs([NAN, 0.0], [0.0, 0.0], [40.0, 7.0], [100.0, 9.0]).score[0] == 45


def test_of_two_doubtful_inputs_one_moves_at_a_time() -> None:
    """Both stand with .8 * .5; the rest is shared 2 to 5 between a move to 65 and a move to 95."""
    chances = decile_chances(_inputs([10.0, 10.0], [0.2, 0.5], [50.0, 80.0], [0.0, 0.0]), CUTS)[0]
    assert chances[[2, 6, 9]].tolist() == pytest.approx([0.4, 0.6 * 2 / 7, 0.6 * 5 / 7])


def test_what_an_input_may_move_is_its_expected_square() -> None:
    """Doubt .2, 30 apart, variance 100: .2 * (900 + 100); a missing one has the peers' variance."""
    weight = _inputs([10.0, NAN], [0.2, 0.2], [40.0, 0.0], [100.0, 64.0]).weight
    assert weight.tolist() == [[200.0, 64.0]]


def test_chances_are_taken_around_the_estimate_where_there_is_one() -> None:
    """The score is 5 + 10 + 10; the estimate stands at 52, and an input 40 higher takes it to 92."""
    known = _inputs([10.0, 10.0], [0.25, 0.0], [50.0, 0.0], [0.0, 0.0], at=52.0)
    assert known.score.tolist() == [52.0]
    chances = decile_chances(known, CUTS)[0]
    assert chances[[5, 9]].tolist() == pytest.approx([0.75, 0.25])
    assert _inputs([10.0, NAN], [0.0, 0.0], [0.0, 7.0], [0.0, 0.0]).score.tolist() == [22.0]


def test_the_stake_is_chance_times_meaning() -> None:
    stakes = np.zeros((10, 10))
    stakes[2, 4] = 3.0
    chances = np.zeros((2, 10))
    chances[:, 4] = 0.5
    assert expected_stake(chances, np.array([3, 4]), stakes).tolist() == [1.5, 0.0]


def test_a_move_counts_by_what_it_sets_right() -> None:
    """Programmes up to decile 4. In truth half of those in desil 5 are below 5, and three quarters of those in 4."""
    line = (np.arange(1, 11) <= 4).astype(np.float64)
    stakes = np.abs(line[:, None] - line[None, :])
    truth = np.eye(10)
    truth[4], truth[3] = 0, 0
    truth[4, [3, 4]], truth[3, [3, 4]] = 0.5, (0.75, 0.25)
    found = set_right(stakes, truth)
    assert found[4, 3] == pytest.approx(0.75 - 0.25)
    assert found[3, 4] == pytest.approx(0)
    assert found[9, 0] == pytest.approx(1)
    assert (found[:4, :4] == 0).all()
    truth[4, [3, 4]] = (0.9, 0.1)
    assert set_right(stakes, truth)[3, 4] == 0
    assert (set_right(stakes, np.eye(10)) == stakes).all()


def test_the_lottery_hangs_on_the_seed_alone() -> None:
    names = [f"{number:03d}" for number in range(200)]
    assert lot("a", names) == lot("a", names[::-1])
    assert lot("a", names) != lot("b", names)
    assert [name for name in lot("a", names) if name in names[:100]] == lot("a", names[:100])


def test_the_lottery_is_fair() -> None:
    """Over 2,000 seeds each of ten families is drawn first about 200 times (five standard deviations)."""
    names = [f"{number}" for number in range(10)]
    first = [lot(str(seed), names)[0] for seed in range(2000)]
    assert all(abs(first.count(name) - 200) < 5 * 13.5 for name in names)
