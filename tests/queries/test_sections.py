"""A release of a model with sections: explained, decomposed, listed and tried by the section of each family's place."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
import polars as pl
import pytest

from dtsen_pipeline.queries.counterfactual import counterfactual
from dtsen_pipeline.queries.explain import Explained, explain
from dtsen_pipeline.queries.fragility import fragility
from dtsen_pipeline.queries.prospects import Prospects
from dtsen_pipeline.queries.queue import Asked, queue
from dtsen_pipeline.queries.reading import View, view
from dtsen_pipeline.reference.models import written
from dtsen_pipeline.resources.approving import approve
from dtsen_pipeline.resources.decide import Word
from dtsen_pipeline.resources.home import make_private
from dtsen_pipeline.resources.platform import Platform, opened
from dtsen_pipeline.resources.settings import load_settings
from dtsen_pipeline.synthetic import generate
from tests.modelled import sectioned_facts
from tests.queries.world import LOOK, NOW, World, fill, publish

REGIONS = (("3571010", "3571030"), ("3571020",))
FACTS = sectioned_facts(*REGIONS, id="berbagian")
PLACE = "kode_kelurahan_desa"


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> World:
    """A small city whose release is scored by sections."""
    folder = tmp_path_factory.mktemp("sections")
    generate(120, 5, folder / "city")
    settings = load_settings(home=folder / "home")
    fill(settings, sorted((folder / "city").glob("*/*.csv")))
    make_private(settings.home / "models")
    (settings.home / "models" / "berbagian.yaml").write_text(written(FACTS), encoding="utf-8")
    with opened(settings) as platform:
        approve(platform, "berbagian", Word("checked", "tester", NOW))
    return World(settings, publish(settings), folder / "city")


@pytest.fixture
def house(home: World) -> Iterator[Platform]:
    """The opened house."""
    with opened(home.settings) as platform:
        yield platform


def section_of(code: str) -> int:
    return next(nth for nth, codes in enumerate(REGIONS) if code.startswith(codes))


def placed(release: View) -> list[dict[str, Any]]:
    """Families with an estimate, half of them of each section at least."""
    whole = pl.col("is_lengkap") & pl.col("desil_estimasi").is_not_null()
    found = [dict(row) for row in release.rows("keluarga", whole)]
    assert {section_of(row[PLACE]) for row in found} == {0, 1}
    return found


@dataclass(frozen=True)
class Elsewhere(View):
    """The same release, in which one family stands otherwise."""

    family: str = ""
    stands: tuple[tuple[str, Any], ...] = ()

    def scan(self, table: str) -> pl.LazyFrame:
        """A table of the release, with what is other about the family."""
        rows = super().scan(table)
        if table != "keluarga":
            return rows
        types, mine = rows.collect_schema(), pl.col("family_id") == self.family
        return rows.with_columns(
            pl.when(mine).then(pl.lit(value, dtype=types[name])).otherwise(name).alias(name)
            for name, value in self.stands
        )


def elsewhere(release: View, family: str, **stands: Any) -> View:
    facts = {name: getattr(release, name) for name in ("release_id", "directory", "manifest", "home")}
    return Elsewhere(**facts, family=family, stands=tuple(stands.items()))


def test_points_are_those_of_the_familys_section(house: Platform) -> None:
    release = view(house)
    for row in placed(release)[:12]:
        found = explain(house, release, row["family_id"], LOOK)
        section = FACTS["sections"][section_of(row[PLACE])]
        assert (found.section, found.intercept) == (section["name"], section["intercept_micro"])
        assert {one.name: one.weight for one in found.inputs} == section["coefficients_micro"]
        assert section["intercept_micro"] + sum(one.points or 0 for one in found.inputs) == row["skor_verifikasi"]


def test_a_family_of_no_known_place_is_told_so(house: Platform) -> None:
    release = view(house)
    name = placed(release)[0]["family_id"]
    blank = elsewhere(release, name, **{PLACE: None}, skor_verifikasi=None, skor_estimasi=None, desil_estimasi=None)
    found = explain(house, blank, name, LOOK)
    assert (found.section, found.intercept, found.total, found.likely) == (None, None, None, None)
    assert PLACE in found.missing
    assert {one.weight for one in found.inputs} == {None}


def moved(house: Platform, row: dict[str, Any]) -> tuple[Explained, int]:
    """Explained against a release in which the family lived in the other section, and its score there."""
    release = view(house)
    other = FACTS["sections"][1 - section_of(row[PLACE])]
    now = explain(house, release, row["family_id"], LOOK)
    score = other["intercept_micro"] + sum(
        other["coefficients_micro"][one.name] * (one.value or 0) for one in now.inputs
    )
    anchor = row["skor_estimasi"] - row["skor_verifikasi"]
    desil = 1 + int(np.searchsorted(now.cuts, anchor + score, side="left"))
    stands = {"skor_verifikasi": score, "skor_estimasi": anchor + score, "desil_estimasi": desil}
    code = f"{other['regions'][0]}001"
    earlier = elsewhere(release, row["family_id"], **{PLACE: code}, **stands)
    return explain(house, release, row["family_id"], LOOK, earlier), score


def test_a_move_between_sections_is_decomposed_exactly(house: Platform) -> None:
    for row in placed(view(house))[:4]:
        found, score = moved(house, row)
        assert found.moved is not None
        parts = found.moved.contributions or ()
        assert found.moved.before is not None
        assert found.moved.before + sum(one.steps for one in parts) == found.moved.after
        assert sum(one.points for one in parts) == row["skor_verifikasi"] - score
        assert {one.cause for one in parts} <= {"bagian", "batas"}
        assert parts[0].cause == "bagian"


def test_the_queue_and_the_fragility_go_by_section(house: Platform) -> None:
    release = view(house)
    found = Prospects(house, release)
    scores = found.families["skor_verifikasi"].cast(pl.Float64).fill_null(float("nan")).to_numpy()
    held = found._inputs
    total = held.intercept + held.held.sum(axis=1)
    known = np.isfinite(scores) & np.isfinite(total)
    assert known.sum() > 50
    assert (total[known] == scores[known]).all()
    assert any(one.expected > 0 for one in queue(house, release, Asked(capacity=3)).assignments)
    shaken = fragility(found, 4)
    assert 0 < shaken.moved < 0.2


def test_the_findings_on_a_card_are_scored_by_the_section(house: Platform) -> None:
    release = view(house)
    cards = [counterfactual(house, release, row["family_id"], LOOK) for row in placed(release)[:3]]
    assert any(card.lower or card.higher for card in cards)
