"""The four desil: calibrated cut-offs, one score for equal inputs, and an estimate that moves with verification."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

import narwhals as nw
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dtsen_pipeline.core.cutoffs import cut_offs, cuts_frame, cuts_of, decile_of
from dtsen_pipeline.core.engine import Engine
from dtsen_pipeline.reference import welfare_model
from dtsen_pipeline.schemas.errors import DtsenError
from dtsen_pipeline.schemas.tables import FAMILY
from tests.core.rows import BASE, CARD, DATES, NIK, Release, Town, card, nik

MONDAY = "2026-08-03"
AREA = 3
"""Square metres that a family of decile k has k times."""


def histogram(rows: list[tuple[int, int]]) -> pl.DataFrame:
    """Families as (score, official decile), counted."""
    counted = [(score, decile, times) for (score, decile), times in Counter(rows).items()]
    names = ("skor_bayangan", "desil_nasional", "families")
    return pl.DataFrame(counted, schema=dict.fromkeys(names, pl.Int64), orient="row")


def test_the_shares_below_the_cut_offs_are_the_official_shares() -> None:
    rows = [(number, number // 10 + 1) for number in range(100)]
    assert cut_offs(histogram(rows)) == (9, 19, 29, 39, 49, 59, 69, 79, 89)


def test_only_the_shares_count_and_not_who_holds_a_decile() -> None:
    rows = [(number, 10 - number // 10) for number in range(100)]
    assert cut_offs(histogram(rows)) == (9, 19, 29, 39, 49, 59, 69, 79, 89)


def test_equal_scores_fall_into_the_lower_decile_together() -> None:
    rows = [(5, 1), (5, 2), (5, 2), (7, 3), (9, 10)]
    assert cut_offs(histogram(rows)) == (5, 5, 7, 7, 7, 7, 7, 7, 7)


def test_a_decile_without_families_takes_nobody() -> None:
    rows = [(1, 3), (2, 3), (3, 5), (4, 10)]
    cuts = cut_offs(histogram(rows))
    assert cuts == (0, 0, 2, 2, 3, 3, 3, 3, 3)
    assert deciles([1, 2, 3, 4], cuts) == [3, 3, 5, 10]


def test_all_in_one_decile() -> None:
    assert cut_offs(histogram([(1, 1), (2, 1)])) == (2,) * 9
    assert cut_offs(histogram([(1, 10), (2, 10)])) == (0,) * 9


def test_nobody_to_count_is_an_error() -> None:
    with pytest.raises(DtsenError, match="E_NO_CALIBRATION"):
        cut_offs(histogram([]))


def test_cut_offs_are_read_back() -> None:
    cuts = (1, 2, 2, 3, 4, 5, 6, 7, 8)
    assert cuts_of(cuts_frame(cuts).sample(fraction=1.0, shuffle=True, seed=1)) == cuts


@pytest.mark.parametrize("cuts", [(1, 2, 3, 4, 5, 6, 7, 9, 8), (1, 2, 3), (*range(8), None)])
def test_cut_offs_that_do_not_ascend_are_refused(cuts: tuple[int, ...]) -> None:
    frame = pl.DataFrame({"decile": range(1, len(cuts) + 1), "score": list(cuts)})
    with pytest.raises(DtsenError, match="E_CUTS"):
        cuts_of(frame)
    assert cuts_of(cuts_frame((1, 1, 1, 2, 2, 3, 3, 3, 3))) == (1, 1, 1, 2, 2, 3, 3, 3, 3)


def deciles(scores: Sequence[int | None], cuts: tuple[int, ...]) -> list[int | None]:
    frame = nw.from_native(pl.DataFrame({"score": pl.Series(scores, dtype=pl.Int64)}))
    found: list[int | None] = frame.select(d=decile_of("score", cuts))["d"].to_list()
    return found


def test_a_score_on_a_cut_off_lies_below_it() -> None:
    cuts = (10, 20, 30, 40, 50, 60, 70, 80, 90)
    assert deciles([9, 10, 11, 20, 90, 91, None], cuts) == [1, 1, 2, 2, 9, 10, None]


FAMILIES = st.lists(st.tuples(st.integers(-50, 50), st.integers(1, 10)), min_size=1, max_size=60)


@settings(max_examples=60, deadline=None)
@given(FAMILIES)
def test_a_higher_score_never_has_a_lower_decile(rows: list[tuple[int, int]]) -> None:
    cuts = cut_offs(histogram(rows))
    assert list(cuts) == sorted(cuts)
    scores = sorted({score for score, _ in rows} | {-60, 60})
    found = deciles(scores, cuts)
    assert all(low is not None and high is not None and 1 <= low <= high <= 10 for low, high in pairwise(found))


@settings(max_examples=60, deadline=None)
@given(FAMILIES)
def test_no_decile_is_smaller_than_its_share_by_a_whole_score(rows: list[tuple[int, int]]) -> None:
    """At every cut-off the share is reached, and without the families at the cut-off it would not be."""
    for number, cut in enumerate(cut_offs(histogram(rows)), start=1):
        share = sum(decile <= number for _, decile in rows)
        assert sum(score <= cut for score, _ in rows) >= share
        assert sum(score < cut for score, _ in rows) < share or share == 0


def ladder(town: Town) -> Town:
    """Ten families, family k in official decile k with the k-th smallest score (the anchor beside the fifth)."""
    town.rows[FAMILY][0]["luas_lantai"] = str(AREA * 5)
    for number in range(1, 11):
        town.family(card(number), desil_nasional=str(number), luas_lantai=str(AREA * number))
        town.member(card(number), number)
    return town


def extended() -> Town:
    """The ladder and four more: two that the ministry ranks the other way round, two persons and one."""
    town = ladder(Town(dates={BASE: DATES[BASE]}))
    for number, official, area in ((14, "4", 3), (18, "3", 4), (15, "1", 3), (16, "3", 3)):
        town.family(card(number), desil_nasional=official, luas_lantai=str(AREA * area))
        town.member(card(number), number)
    town.member(card(15), 150, tanggal_lahir="1979-01-01", status_hubungan_keluarga="3")
    return town


@dataclass(frozen=True)
class Told:
    """The release of the ladder with and without visits."""

    before: Release
    after: Release


@pytest.fixture(scope="module")
def told(engine: Engine) -> Told:
    town = extended()
    for number, official in ((11, ""), (12, "7"), (13, "7"), (17, "3"), (19, "3")):
        town.family(card(number), desil_nasional=official, luas_lantai=str(AREA * 3))
        if number not in (13, 19):
            town.member(card(number), number)
    town.member(card(12), None, **{NIK: "12"})
    town.member(card(19), None, **{NIK: "12"})
    town.member(card(17), None, nama="")
    before = Release(town, engine)
    for number, area in ((3, 6), (8, 10), (9, 1), (14, 10), (18, 1), (11, 5)):
        town.visit(card(number), MONDAY, luas_lantai=str(AREA * area))
    # a visit brings a row that is rejected, and one that is held
    town.met(town.visit(card(4), MONDAY, aset_bergerak_sepeda_motor="1"), **{NIK: "12"})
    town.met(town.visit(card(6), MONDAY), nama="SIAPA")
    # the head died; an input was cleared; somebody moved from family 15 to family 16
    town.met(town.visit(card(5), MONDAY), "2", **{NIK: nik(5)})
    town.visit(card(7), MONDAY, luas_lantai="TIDAK_ADA")
    town.met(town.visit(card(16), MONDAY), **{NIK: nik(150, "1979-01-01")})
    town.visit(card(10), MONDAY, aset_bergerak_sepeda_motor="1")
    return Told(before, Release(town, engine))


def desil(release: Release, number: int) -> tuple[int | None, ...]:
    row = release.family(card(number))
    return tuple(row[f"desil_{name}"] for name in ("nasional", "bayangan", "verifikasi", "estimasi"))


def test_without_verification_the_estimate_is_the_official_decile(told: Told) -> None:
    for number in range(1, 11):
        assert desil(told.before, number) == (number,) * 4
        row = told.before.family(card(number))
        assert (row["is_lengkap"], row["alasan_tidak_lengkap"]) == (True, None)
        assert row["skor_bayangan"] == row["skor_verifikasi"]
    assert desil(told.before, 14) == (4, 3, 3, 4)
    assert desil(told.before, 18) == (3, 4, 4, 3)


def test_the_estimate_is_the_official_decile_moved_by_what_verification_changed(told: Told) -> None:
    assert desil(told.after, 3) == (3, 3, 6, 6)
    assert desil(told.after, 9) == (9, 9, 1, 1)
    assert desil(told.after, 8) == (8, 8, 10, 10)
    assert desil(told.after, 14) == (4, 3, 10, 10)
    assert desil(told.after, 18) == (3, 4, 1, 1)


def test_without_an_official_decile_there_is_no_estimate(told: Told) -> None:
    assert desil(told.after, 11) == (None, 3, 5, None)


@pytest.mark.parametrize(
    ("number", "reason"),
    [
        (12, "anggota_ditolak"),
        (17, "anggota_ditahan"),
        (13, "tanpa_anggota"),
        (19, "anggota_ditolak"),
        (4, "anggota_ditolak"),
        (6, "anggota_ditahan"),
        (5, "tanpa_anggota"),
    ],
)
def test_incomplete_families_keep_the_official_decile_alone(number: int, reason: str, told: Told) -> None:
    row = told.after.family(card(number))
    assert (row["is_lengkap"], row["alasan_tidak_lengkap"]) == (False, reason)
    assert desil(told.after, number)[1:] == (None, None, None)
    assert row["desil_nasional"] == told.before.family(card(number))["desil_nasional"] is not None
    assert row["skor_bayangan"] is row["skor_verifikasi"] is None


def test_a_missing_answer_leaves_no_estimate(told: Told) -> None:
    assert desil(told.after, 7) == (7, 7, None, None)
    assert told.after.family(card(7))["alasan_tidak_lengkap"] == "masukan_kosong"


def test_corrections_take_no_part_in_the_cut_offs(told: Told) -> None:
    assert told.before.run.outcome.cuts == told.after.run.outcome.cuts


def test_only_families_that_the_snapshot_leaves_complete_set_the_cut_offs(told: Told) -> None:
    counted = [row for row in told.before.tables["keluarga"] if row["is_lengkap"] and row["desil_nasional"]]
    assert len(told.before.tables["keluarga"]) - len(counted) == 5
    rows = histogram([(row["skor_bayangan"], row["desil_nasional"]) for row in counted])
    assert told.before.run.outcome.cuts == cut_offs(rows)


def test_a_score_is_the_sum_of_the_weights(told: Told) -> None:
    model = welfare_model("demo_alatas_2008")
    weights = {feature.name: feature.coefficient_micro for feature in model.features}
    holds = {
        "household_size": 1,
        "member_share": 1000,
        "head_age": 46,
        "head_age_squared": 46 * 46,
        "head_male": 1,
        "head_married": 1,
        "head_male_married": 1,
        "head_completed_sd": 1,
        "highest_completed_sd": 1,
        "floor_area_per_head": AREA * 10 * 10,
        "floor_not_earth": 1,
        "wall_brick_or_cement": 1,
        "private_toilet": 1,
        "no_firewood": 1,
        "owns_house": 1,
    }
    row = told.after.family(card(10))
    assert row["skor_bayangan"] == model.intercept_micro + sum(weights[name] * n for name, n in holds.items())
    assert row["skor_verifikasi"] - row["skor_bayangan"] == weights["owns_motorcycle"]


def test_who_moves_is_scored_in_the_new_home(told: Told) -> None:
    left, joined = told.after.family(card(15)), told.after.family(card(16))
    assert left["skor_verifikasi"] == joined["skor_bayangan"] == told.before.family(card(14))["skor_bayangan"]
    assert joined["skor_verifikasi"] == left["skor_bayangan"]
    assert left["skor_bayangan"] != joined["skor_bayangan"]
    assert {row[CARD] for row in told.after.persons(card(16))} == {card(16)}
