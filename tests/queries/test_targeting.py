"""Targeting error from the random arm, and fragility, over a release."""

from collections.abc import Callable, Mapping
from datetime import date
from typing import Any

import numpy as np
import polars as pl
import pytest

from dtsen_pipeline.core.targeting import Design, share_of
from dtsen_pipeline.queries import targeting as queries
from dtsen_pipeline.queries.fragility import fragility
from dtsen_pipeline.queries.prospects import Prospects
from dtsen_pipeline.queries.reading import View
from dtsen_pipeline.queries.targeting import Targeting, targeting
from dtsen_pipeline.resources.platform import Platform

LINE = 4
Staged = Callable[[Mapping[str, tuple[str, int, int | None]]], Targeting]


@pytest.fixture
def staged(platform: Platform, release: View, monkeypatch: pytest.MonkeyPatch) -> Staged:
    """Measure over the release with other visits: by family how it was visited, its official desil and its estimate.

    `lot` and `purpose` are answered visits after the data date; every family that is not named keeps its official desil
    and was not visited.
    """

    def measure(visited: Mapping[str, tuple[str, int, int | None]]) -> Targeting:
        found = Prospects(platform, release)
        visit = {"src": "a" * 12, "visited_on": date(2026, 11, 2), "outcome": 1}
        rows: list[dict[str, Any]] = [
            visit | {"row": row, "family_id": name, "is_random": how == "lot"}
            for row, (name, (how, _, _)) in enumerate(visited.items(), start=2)
        ]
        found.visits = pl.DataFrame(rows, schema=found.visits.schema)
        official, estimate = ({name: facts[place] for name, facts in visited.items()} for place in (1, 2))
        own = pl.col("family_id")
        found.families = found.families.with_columns(
            pl.when(own.is_in(list(visited)))
            .then(own.replace_strict(desil, default=None))
            .otherwise("desil_nasional")
            .alias(name)
            for name, desil in (("desil_nasional", official), ("desil_estimasi", estimate))
        )
        monkeypatch.setattr(queries, "Prospects", lambda *_: found)
        return targeting(platform, release, LINE)

    return measure


def _village(release: View, size: int) -> tuple[list[str], int]:
    """The first families of the largest kelurahan with official desil, and how many it has."""
    homes = release.scan("keluarga").filter(pl.col("desil_nasional").is_not_null()).collect()
    village = homes["kode_kelurahan_desa"].value_counts(sort=True)["kode_kelurahan_desa"][0]
    own = homes.filter(pl.col("kode_kelurahan_desa") == village).sort("family_id")
    return own["family_id"].to_list()[:size], own.height


def test_errors_are_those_of_the_random_arm(staged: Staged, release: View) -> None:
    """Ten by lot in one kelurahan: 2 of 5 who should be in are out, 1 of 5 who should not is in."""
    names, size = _village(release, 10)
    desils = [(3, 3), (2, 4), (4, 1), (6, 3), (5, 4), (4, 6), (7, 7), (8, 9), (9, 9), (10, 10)]
    found = staged({name: ("lot", *pair) for name, pair in zip(names, desils, strict=True)})
    assert (found.drawn, found.answered, found.judged, found.by_purpose) == (10, 10, 10, 0)
    assert found.covered == size < found.population
    whole = found.groups[0]
    assert (whole.by, whole.before.exclusion.share, whole.before.inclusion.share) == (
        "semua",
        pytest.approx(0.4),
        pytest.approx(0.2),
    )
    should = np.array([after <= LINE for _, after in desils])
    inside = np.array([before <= LINE for before, _ in desils])
    stratum = Design([0] * 10, {0: size})
    assert whole.before.exclusion == share_of(~inside, should, stratum)
    weight = size / 10
    assert whole.after.exclusion.share == pytest.approx((2 * weight - 2) / (5 * weight))
    assert whole.after.inclusion.share == pytest.approx((1 * weight - 1) / (5 * weight))


def test_visits_by_purpose_correct_and_do_not_measure(staged: Staged, release: View) -> None:
    names, size = _village(release, 11)
    desils = [(3, 3), (2, 4), (4, 1), (6, 3), (5, 4), (4, 6), (7, 7), (8, 9), (9, 9), (10, 10)]
    lot = {name: ("lot", *pair) for name, pair in zip(names[:10], desils, strict=True)}
    purpose: dict[str, tuple[str, int, int | None]] = dict.fromkeys(names[10:], ("purpose", 5, 3))
    alone, both = staged(lot), staged(lot | purpose)
    assert both.by_purpose == 1
    assert both.groups[0].before == alone.groups[0].before
    weight = size / 10
    assert both.groups[0].after.exclusion.share == pytest.approx((2 * weight - 2 - 1) / (5 * weight))
    assert both.groups[0].after.inclusion == alone.groups[0].after.inclusion


def test_a_family_without_an_estimate_is_counted_and_not_judged(staged: Staged, release: View) -> None:
    names, _ = _village(release, 6)
    visited: dict[str, tuple[str, int, int | None]] = dict.fromkeys(names[:5], ("lot", 3, 3))
    found = staged(visited | {names[5]: ("lot", 3, None)})
    assert (found.answered, found.judged) == (6, 5)


def test_small_groups_are_not_shown(staged: Staged, release: View) -> None:
    names, _ = _village(release, 8)
    found = staged({name: ("lot", 3 if place < 4 else 8, 3 if place < 4 else 8) for place, name in enumerate(names)})
    whole = found.groups[0]
    assert (whole.before.exclusion.share, whole.before.exclusion.sampled) == (None, 4)
    assert {one.by for one in found.groups} >= {"semua", "kelurahan", "jenis_kelamin_kepala"}
    for one in found.groups:
        for share in (one.before.exclusion, one.before.inclusion, one.after.exclusion, one.after.inclusion):
            assert (share.share is None) is (share.sampled < 5)


def test_groups_by_trait_add_up_to_the_sample(staged: Staged, release: View) -> None:
    names, _ = _village(release, 12)
    found = staged({name: ("lot", 3, 3 + place % 3) for place, name in enumerate(names)})
    for by in ("jenis_kelamin_kepala", "umur_kepala", "disabilitas", "kelurahan"):
        own = [one for one in found.groups if one.by == by]
        sampled = sum(one.before.inclusion.sampled + one.before.exclusion.sampled for one in own)
        assert 0 < sampled <= found.judged
        assert by != "kelurahan" or sampled == found.judged


def test_without_a_random_arm_nothing_is_claimed(staged: Staged) -> None:
    found = staged({})
    (whole,) = found.groups
    assert (found.judged, whole.before.exclusion.share, whole.after.inclusion.share) == (0, None, None)


def test_a_release_is_measured_by_its_own_visits(platform: Platform, release: View) -> None:
    found = targeting(platform, release, LINE)
    families = release.scan("keluarga").collect()
    assert found.since.isoformat() == release.manifest["base_date"]
    assert sum(found.drift.values()) == families.height
    assert sum(sum(row.values()) for row in found.transitions.values()) == families.height
    assert found.population == families["desil_nasional"].is_not_null().sum()
    assert targeting(platform, release, LINE) == found


def test_families_near_the_cut_off_are_counted(platform: Platform, release: View) -> None:
    found = fragility(Prospects(platform, release), LINE)
    cut = release.manifest["cuts"][LINE - 1]
    scores = [row["skor_verifikasi"] for row in release.rows("keluarga") if row["skor_verifikasi"] is not None]
    assert (found.cut_off, found.families) == (cut, len(scores))
    for near in found.near:
        assert near.families == sum(abs(score - cut) <= near.distance_micro for score in scores)
    assert 0 <= found.crossed <= found.moved < 0.5


def test_much_noise_moves_more_than_cross_the_line(
    platform: Platform, release: View, monkeypatch: pytest.MonkeyPatch
) -> None:
    little = fragility(Prospects(platform, release), LINE)
    monkeypatch.setattr("dtsen_pipeline.queries.fragility.NOISE", 0.1)
    found = fragility(Prospects(platform, release), LINE)
    assert 0 < found.crossed < found.moved < 1
    assert little.moved < found.moved


def test_no_noise_moves_nobody(platform: Platform, release: View, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("dtsen_pipeline.queries.fragility.NOISE", 0.0)
    found = fragility(Prospects(platform, release), LINE)
    assert (found.moved, found.crossed) == (0.0, 0.0)
