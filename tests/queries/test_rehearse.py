"""What another model would change: counted by hand on a release, masked where few, and recorded by nobody's name."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import polars as pl
import pytest

from dtsen_pipeline.core.transitions import BANDS
from dtsen_pipeline.queries.access import Look
from dtsen_pipeline.queries.diff import diff
from dtsen_pipeline.queries.explain import explain
from dtsen_pipeline.queries.reading import View, view
from dtsen_pipeline.queries.rehearse import Rehearsed, rehearse
from dtsen_pipeline.resources.approving import SHIPPED, Rehearsal, approve, record_rehearsal
from dtsen_pipeline.resources.decide import Word
from dtsen_pipeline.resources.models import load
from dtsen_pipeline.resources.platform import Platform, opened
from dtsen_pipeline.schemas.errors import DtsenError
from tests.modelled import give_model
from tests.queries.world import LOOK, NOW, World, copied, publish

ESTIMATE, SCORE = "desil_estimasi", "desil_verifikasi"


@pytest.fixture(scope="module")
def turned(world: World, tmp_path_factory: pytest.TempPathFactory) -> World:
    """A home with a model of its own, rehearsed, approved and used for a second release."""
    home = copied(world, tmp_path_factory.mktemp("turned") / "home")
    give_model(home.settings.home)
    with opened(home.settings) as platform:
        model = load("kota", home.settings.home)
        record_rehearsal(platform, Rehearsal("kota", model.sha256, world.release_id, "r"), NOW)
        approve(platform, "kota", Word("tried", "head", NOW))
    return World(home.settings, publish(home.settings), world.city)


@pytest.fixture(scope="module")
def told(turned: World) -> tuple[Rehearsed, pl.DataFrame]:
    """The rehearsal on the first release, and both releases' desil side by side: the second is what it foretold."""
    with opened(turned.settings) as platform:
        before, after = releases(platform)
        columns = ("family_id", "kode_kelurahan_desa", ESTIMATE, SCORE)
        one, other = (found.scan("keluarga").select(columns).collect() for found in (before, after))
        both = one.join(other, on="family_id", suffix="_new", validate="1:1")
        assert both.height == one.height == other.height
        return rehearse(platform, "kota", [before]), both


@pytest.fixture
def house(turned: World) -> Iterator[Platform]:
    """The opened house."""
    with opened(turned.settings) as platform:
        yield platform


def releases(platform: Platform) -> tuple[View, View]:
    after = view(platform)
    (before,) = [one.release_id for one in platform.registry.releases() if one.release_id != after.release_id]
    return view(platform, before), after


def masked(count: int) -> object:
    return "<5" if 0 < count < 5 else count


def test_the_rehearsal_foretold_the_release(told: tuple[Rehearsed, pl.DataFrame]) -> None:
    found, both = told
    (one,) = found.releases
    assert (found.model, one.model, one.families) == ("kota", SHIPPED, both.height)
    for scale, column in (("estimasi", ESTIMATE), ("verifikasi", SCORE)):
        moves = one.scales[scale]
        pairs = both.select(column, f"{column}_new").rows()
        names = {str(number): number for number in range(1, 11)} | {"tidak_lengkap": None}
        for first, row in moves.transitions.items():
            for second, count in row.items():
                assert count == masked(pairs.count((names[first], names[second])))
        steps = [after - before for before, after in pairs if before and after]
        for band, (low, high) in BANDS.items():
            assert moves.drift[band] == masked(sum(low <= step <= high for step in steps))
        assert (moves.groups[0].families, moves.groups[0].poorer) == (len(steps), masked(sum(s < 0 for s in steps)))
        assert moves.groups[0].richer == masked(sum(step > 0 for step in steps))
        line = next(line for line in moves.lines if (line.first, line.last) == (1, 4))
        inside = [(before and before <= 4, after and after <= 4) for before, after in pairs]
        assert line.families == masked(sum(bool(before) for before, _ in inside))
        assert line.entering == masked(sum(bool(after) and not before for before, after in inside))
        assert line.leaving == masked(sum(bool(before) and not after for before, after in inside))
        assert "pkh" in line.programmes
    assert any(one.scales["verifikasi"].groups[0].moved or 0 for one in found.releases)


def test_a_small_group_says_nothing(told: tuple[Rehearsed, pl.DataFrame]) -> None:
    found, both = told
    groups = {one.group: one for one in found.releases[0].scales["verifikasi"].groups if one.by == "kelurahan"}
    known = both.drop_nulls([SCORE, f"{SCORE}_new"])
    sizes = dict(known["kode_kelurahan_desa"].value_counts().rows())
    assert {group: one.families for group, one in groups.items()} == {g: masked(n) for g, n in sizes.items()}
    small = [groups[group] for group, size in sizes.items() if size < 5]
    assert small
    assert {(one.families, one.poorer, one.richer, one.moved) for one in small} == {("<5", "<5", "<5", None)}


def test_a_release_that_is_not_reproduced_is_not_rehearsed(house: Platform) -> None:
    before, after = releases(house)
    wrong = replace(before, manifest={**before.manifest, "model": after.manifest["model"]})
    with pytest.raises(DtsenError, match="E_SCORE_DIFFERS"):
        rehearse(house, SHIPPED, [wrong])
    other = {**before.manifest["inputs"], "key_id": "another"}
    with pytest.raises(DtsenError, match="E_KEY_CHANGED"):
        rehearse(house, SHIPPED, [replace(before, manifest={**before.manifest, "inputs": other})])


def test_a_rehearsal_is_asked_for_once_something_is_published(own_world: World) -> None:
    word = Word("better errors", "head", NOW)
    with opened(own_world.settings) as platform:
        give_model(platform.settings.home)
        model = load("kota", platform.settings.home)
        record_rehearsal(platform, Rehearsal("kota", model.sha256, "ab" * 8, "r"), NOW)
        record_rehearsal(platform, Rehearsal("kota", load(SHIPPED, None).sha256, own_world.release_id, "r"), NOW)
        with pytest.raises(DtsenError, match="E_MODEL_REHEARSAL"):
            approve(platform, "kota", word)
        record_rehearsal(platform, Rehearsal("kota", model.sha256, own_world.release_id, "report"), NOW)
        _, decision = approve(platform, "kota", word)
        assert (decision.payload["release_id"], decision.payload["report"]) == (own_world.release_id, "report")
        give_model(platform.settings.home, intercept_micro=1)
        with pytest.raises(DtsenError, match="E_MODEL_REHEARSAL"):
            approve(platform, "kota", word)


class TestAfterTheChange:
    """Everything that asks for the model by its name finds the one that scored the release."""

    def test_the_manifest_names_model_and_approval(self, house: Platform) -> None:
        before, after = (release.manifest for release in releases(house))
        assert before["model"]["approval"] is None
        assert after["model"]["sha256"] == after["inputs"]["model_sha256"] == load("kota", house.settings.home).sha256
        assert after["model"]["approval"]["digest"] in after["inputs"]["decisions"]
        assert after["model"]["approval"]["rehearsed_on"] == before["release_id"]

    def test_a_family_is_explained_by_both_models(self, house: Platform) -> None:
        before, after = releases(house)
        both = before.scan("keluarga").join(after.scan("keluarga"), on="family_id", suffix="_new").collect()
        moved = both.filter(pl.col("skor_estimasi") != pl.col("skor_estimasi_new"), pl.col("is_lengkap"))
        for family_id in moved["family_id"].to_list()[:5]:
            found = explain(house, after, family_id, LOOK, before)
            assert found.moved is not None
            parts = found.moved.contributions or ()
            assert "koefisien" in {part.cause for part in parts}
            assert sum(part.steps for part in parts) == (found.moved.after or 0) - (found.moved.before or 0)
        assert moved.height > 5

    def test_the_difference_is_the_models(self, house: Platform) -> None:
        before, after = releases(house)
        found = diff(house, before, after, Look("tester", NOW, "audit"))
        assert {one.cause for one in found.counts if one.column == ESTIMATE} == {"model"}
        older = {name: value for name, value in before.manifest["model"].items() if name not in ("sha256", "approval")}
        old = replace(before, manifest={**before.manifest, "model": older})
        assert diff(house, old, before, Look("tester", NOW, "audit")).cells == 0
        assert old.model == before.model

    def test_a_changed_file_explains_nothing(self, turned: World, tmp_path: Path) -> None:
        with opened(copied(turned, tmp_path / "home").settings) as platform:
            give_model(platform.settings.home, intercept_micro=1)
            _, after = releases(platform)
            with pytest.raises(DtsenError, match="E_MODEL_HASH"):
                explain(platform, after, after.rows("keluarga")[0]["family_id"], LOOK)
