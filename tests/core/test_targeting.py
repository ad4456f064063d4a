"""Targeting errors by hand, and their intervals by drawing many samples from a known population."""

import numpy as np
import pytest

from dtsen_pipeline.core.targeting import Design, Share, share_of, wilson

INSIDE = np.array([True, True, False, False, True, False])
SHOULD = np.array([True, False, True, False, True, False])


def test_errors_by_hand() -> None:
    """Weights 10 (three of 30) and 2 (three of 6): 10 of 14 who should be in are out... by weight, not by count.

    Should be in: families 1 and 3 (weight 10 each) and 5 (weight 2); out of them is 3: 10 / 22.
    Should be out: 2 (10), 4 and 6 (2 each); in of them is 2: 10 / 14.
    """
    design = Design(["a", "a", "a", "b", "b", "b"], {"a": 30, "b": 6})
    exclusion, inclusion = share_of(~INSIDE, SHOULD, design), share_of(INSIDE, ~SHOULD, design)
    assert (exclusion.share, inclusion.share) == (pytest.approx(10 / 22), pytest.approx(10 / 14))
    assert (exclusion.sampled, inclusion.sampled) == (3, 3)


def test_a_census_knows_its_share() -> None:
    found = share_of(~INSIDE, SHOULD, Design(["a"] * 6, {"a": 6}))
    assert found == Share(pytest.approx(1 / 3), pytest.approx(1 / 3), pytest.approx(1 / 3), 3)


def test_hits_that_were_corrected_leave_the_total() -> None:
    """Two of four hit in a stratum of 40: 20 of 40; 5 known to be corrected leave 15 of 40, 25 leave none."""
    hit, counted = np.array([True, True, False, False]), np.ones(4, dtype=bool)
    design = Design(["a"] * 4, {"a": 40})
    assert share_of(hit, counted, design, corrected=5).share == pytest.approx(15 / 40)
    assert share_of(hit, counted, design, corrected=25).share == 0


def test_a_part_of_the_population_has_its_own_errors() -> None:
    part = np.array([True, True, True, False, False, False])
    design = Design(["a"] * 6, {"a": 60})
    exclusion, inclusion = share_of(~INSIDE, SHOULD & part, design), share_of(INSIDE, ~SHOULD & part, design)
    assert (exclusion.share, inclusion.share) == (0.5, 1.0)
    assert (exclusion.sampled, inclusion.sampled) == (2, 1)


def test_nobody_counted_is_no_answer() -> None:
    assert share_of(INSIDE, np.zeros(6, dtype=bool), Design(["a"] * 6, {"a": 9})) == Share(None, None, None, 0)


def test_a_share_of_none_still_has_an_upper_bound() -> None:
    found = share_of(np.zeros(6, dtype=bool), np.ones(6, dtype=bool), Design(["a"] * 6, {"a": 600}))
    assert (found.share, found.low) == (0.0, 0.0)
    assert found.high == pytest.approx(wilson(0.0, 6)[1])
    assert found.high == pytest.approx(0.39, abs=0.005)


def test_lone_families_are_joined_and_weighted_together() -> None:
    """Two strata of one family each (5 and 15) count as one stratum of 20 with two families: weight 10 each."""
    design = Design(["a", "b"], {"a": 5, "b": 15})
    assert share_of(np.array([True, False]), np.array([True, True]), design).share == 0.5
    (group,) = design.joined()
    assert group[1] == 20
    joined = Design(["a", "a", "c", "c", "b"], {"a": 10, "b": 4, "c": 50}).joined()
    assert [(places.tolist(), size) for places, size in joined] == [([2, 3], 50), ([0, 1, 4], 14)]


def test_a_stratum_smaller_than_its_sample_is_refused() -> None:
    with pytest.raises(ValueError, match="fewer families"):
        Design(["a", "a"], {"a": 1})
    with pytest.raises(ValueError, match="fewer families"):
        Design(["a"], {})


def test_wilson_against_published_limits() -> None:
    """Newcombe (Statistics in Medicine 17, 1998), table I: 81/263, 15/148, 0/20 and 1/29."""
    assert wilson(81 / 263, 263) == pytest.approx((0.2553, 0.3662), abs=5e-5)
    assert wilson(15 / 148, 148) == pytest.approx((0.0624, 0.1605), abs=5e-5)
    assert wilson(0.0, 20) == pytest.approx((0.0, 0.1611), abs=5e-5)
    assert wilson(1 / 29, 29) == pytest.approx((0.0061, 0.1718), abs=5e-5)


def test_intervals_hold_the_truth_as_often_as_they_say() -> None:
    """Two unequal strata sampled at different rates, 600 times; a plain binomial interval on weights would miss."""
    rng = np.random.default_rng(11)
    strata = np.repeat(["a", "b"], [3000, 600])
    should = rng.random(3600) < np.where(strata == "a", 0.3, 0.6)
    inside = np.where(rng.random(3600) < np.where(strata == "a", 0.2, 0.5), ~should, should)
    truth = float((~inside & should).sum() / should.sum())
    held = 0
    for _ in range(600):
        drawn = np.concatenate(
            [rng.choice(np.flatnonzero(strata == name), size, replace=False) for name, size in (("a", 80), ("b", 120))]
        )
        design = Design(strata[drawn].tolist(), {"a": 3000, "b": 600})
        found = share_of(~inside[drawn], should[drawn], design)
        assert found.low is not None
        assert found.high is not None
        held += found.low <= truth <= found.high
    assert 0.925 <= held / 600 <= 0.985


def test_what_is_left_after_visits_by_purpose_is_not_biased() -> None:
    """The lottery is drawn first, then the most suspect of the others are visited; 1,500 times on 300 families."""
    rng = np.random.default_rng(12)
    should = rng.random(300) < 0.4
    wrong = should & (rng.random(300) < 0.5)
    suspicion = wrong + rng.normal(0, 1.5, 300)
    off = []
    for _ in range(1500):
        lottery = rng.choice(300, 60, replace=False)
        others = np.setdiff1d(np.arange(300), lottery)
        visited = np.concatenate([lottery, others[np.argsort(-suspicion[others])[:30]]])
        design = Design([0] * 60, {0: 300})
        found = share_of(wrong[lottery], should[lottery], design, corrected=int(wrong[visited].sum()))
        assert found.share is not None
        off.append(found.share - (wrong.sum() - wrong[visited].sum()) / should.sum())
    assert abs(float(np.mean(off))) < 0.01
