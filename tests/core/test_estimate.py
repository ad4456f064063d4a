"""The estimate by latent points: what an official decile becomes when verification moves a score."""

from collections import Counter
from collections.abc import Sequence
from itertools import pairwise, product

import narwhals as nw
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dtsen_pipeline.core.cutoffs import cut_offs
from dtsen_pipeline.core.estimate import estimated, points, spans
from tests.oracle.scores import Ranked, Scale

Family = tuple[int, int]
"""A shadow score and an official decile."""
TENTHS = [(number, number // 10 + 1) for number in range(100)]


def histogram(families: Sequence[Family]) -> pl.DataFrame:
    counted = [(score, decile, times) for (score, decile), times in Counter(families).items()]
    names = ("skor_bayangan", "desil_nasional", "families")
    return pl.DataFrame(counted, schema=dict.fromkeys(names, pl.Int64), orient="row")


def table(families: Sequence[Family]) -> dict[Family, int]:
    """The point of every calibrated (score, decile)."""
    counted = histogram(families)
    found = points(counted, cut_offs(counted))
    return {(score, decile): at for decile, score, at in found.iter_rows()}


def estimates(families: Sequence[Family], asked: Sequence[tuple[int, int, int]]) -> list[dict[str, int | None]]:
    """The estimate of families asked for as (shadow, official, verified)."""
    at = table(families)
    rows = [(official, shadow, verified, at[shadow, official]) for shadow, official, verified in asked]
    names = ("desil_nasional", "skor_bayangan", "skor_verifikasi", "titik")
    frame = pl.DataFrame(rows, schema=dict.fromkeys(names, pl.Int64), orient="row").lazy()
    found = estimated(nw.from_native(frame), cut_offs(histogram(families)))
    return found.to_native().collect().to_dicts()


def desil(families: Sequence[Family], shadow: int, official: int, verified: int) -> int | None:
    (found,) = estimates(families, [(shadow, official, verified)])
    return found["desil_estimasi"]


def test_where_both_rank_alike_a_family_stands_at_its_own_score() -> None:
    assert table(TENTHS) == {family: family[0] for family in TENTHS}


def test_the_rank_within_the_official_decile_finds_the_point() -> None:
    families = [(number, 10 - number // 10) for number in range(100)]
    at = table(families)
    assert (at[90, 1], at[95, 1], at[99, 1]) == (0, 5, 9)
    assert (at[0, 10], at[9, 10]) == (90, 99)


def test_equal_families_stand_at_the_middle_of_their_places() -> None:
    families = [(number, 1) for number in range(4)] + [(10, 2)] * 4 + [(20, 2)] + [(30, 3), (31, 10)]
    # places 5 to 8 for the four equals: the sixth score, the 10; cut-offs 3, 20, 30, ...
    assert table(families)[10, 2] == 10
    families = [(100, 2), (200, 2), (300, 2), (1, 5), (2, 5), (7, 5), (8, 10)]
    # the second decile takes the places of the scores 1, 2, 7
    assert [table(families)[score, 2] for score in (100, 200, 300)] == [1, 2, 7]
    families = [(100, 2)] * 3 + [(1, 5), (2, 5), (7, 5), (8, 10)]
    assert table(families)[100, 2] == 2


def test_a_point_is_held_inside_its_official_decile() -> None:
    families = [(5, 1), (5, 2), (9, 2)]
    assert cut_offs(histogram(families))[:2] == (5, 9)
    assert table(families) == {(5, 1): 5, (5, 2): 6, (9, 2): 9}


def test_a_decile_without_room_keeps_its_families_until_they_move() -> None:
    families = [(5, 1), (5, 2), (5, 3), (9, 10)]
    assert table(families)[5, 2] == 5
    assert [desil(families, 5, 2, verified) for verified in (4, 5, 6)] == [1, 2, 10]


@pytest.mark.parametrize(("verified", "expected"), [(44, 5), (49, 5), (50, 6), (59, 6), (60, 7), (-900, 1), (900, 10)])
def test_the_sum_is_cut_again_and_a_hit_lies_below(verified: int, expected: int) -> None:
    assert desil(TENTHS, 44, 5, verified) == expected


def test_the_difference_is_added_to_the_point_and_not_to_the_shadow_score() -> None:
    families = [(number, 10 - number // 10) for number in range(100)]
    (found,) = estimates(families, [(95, 1, 107)])
    assert (found["skor_estimasi"], found["desil_estimasi"]) == (17, 2)


def test_the_distances_lead_to_the_cut_offs() -> None:
    low, middle, high = estimates(TENTHS, [(3, 1, 3), (44, 5, 47), (95, 10, 95)])
    assert [(row["jarak_batas_bawah"], row["jarak_batas_atas"]) for row in (low, middle, high)] == [
        (None, 6),
        (8, 2),
        (6, None),
    ]


FAMILIES = st.lists(st.tuples(st.integers(-20, 20), st.integers(1, 10)), min_size=1, max_size=40)


@settings(max_examples=80, deadline=None)
@given(FAMILIES, st.lists(st.integers(-60, 60), min_size=1, max_size=6))
def test_laws(families: list[Family], moves: list[int]) -> None:
    """No change keeps the official decile; a better score never lowers it; 1 to 10; and all is as the oracle says."""
    asked = [(s, d, s + move) for (s, d), move in product(dict.fromkeys(families), sorted({0, *moves}))]
    found = estimates(families, asked)
    scale = Scale([Ranked(*family) for family in families], cut_offs(histogram(families)))
    for (shadow, official, verified), row in zip(asked, found, strict=True):
        assert (row["desil_estimasi"], row["skor_estimasi"]) == scale.estimate(official, verified, shadow)
        assert row["desil_estimasi"] in range(1, 11)
        assert verified != shadow or row["desil_estimasi"] == official
    told = [(*family, row["desil_estimasi"] or 0) for family, row in zip(asked, found, strict=True)]
    assert all(low[:2] != high[:2] or low[3] <= high[3] for low, high in pairwise(told))


@settings(max_examples=40, deadline=None)
@given(FAMILIES.flatmap(lambda families: st.tuples(st.just(families), st.permutations(families))))
def test_order_is_nothing(pair: tuple[list[Family], list[Family]]) -> None:
    assert table(pair[0]) == table(pair[1])


@settings(max_examples=80, deadline=None)
@given(FAMILIES)
def test_every_point_lies_in_its_span_and_every_decile_has_one(families: list[Family]) -> None:
    counted = histogram(families)
    cuts = cut_offs(counted)
    span = spans(points(counted, cuts), cuts)
    scale = Scale([Ranked(*family) for family in families], cuts)
    assert span == {decile: scale.span(decile) for decile in range(1, 11)}
