"""A model with sections over a whole city: every score by the section of its place, and alike on every engine."""

from collections.abc import Collection, Mapping
from contextlib import closing
from dataclasses import fields, replace
from datetime import date
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from dtsen_pipeline.core.engine import Engine
from dtsen_pipeline.core.flow import _gaps
from dtsen_pipeline.core.merge import Entities, Merged
from dtsen_pipeline.core.score import Scored, score
from dtsen_pipeline.reference import Section, WelfareModel, welfare_model
from dtsen_pipeline.resources.engines import open_engine
from tests.core.test_parity import needs_java
from tests.modelled import sectioned, sectioned_facts
from tests.oracle import scores
from tests.running import KEY, Run

REGIONS = (("3571010", "3571030"), ("3571020",))
MODEL, FACTS = sectioned(*REGIONS), sectioned_facts(*REGIONS)
PLACE = "kode_kelurahan_desa"
SIDES = {"skor_bayangan": "ministry", "skor_verifikasi": "merged"}


class City:
    """What scoring needs of the city, fetched once; three families have lost their place, on one side or on both."""

    def __init__(self, run: Run) -> None:
        self.on: date = run.readings.inputs.base_date
        found = _gaps(run.records, run.checked, run.observed, run.merged, run.readings.inputs, run.engine, KEY)
        self.gaps = run.engine.fetch(found)
        self.parts = {
            table: {one.name: run.engine.fetch(getattr(entities, one.name)) for one in fields(entities)}
            for table, entities in (("families", run.merged.families), ("persons", run.merged.persons))
        }
        families = self.parts["families"]
        whole = families["ministry"].join(self.gaps, on="family_id", how="anti").sort("family_id")
        both, early, late = (whole["family_id"][place] for place in (3, 5, 7))
        self.lost = (both, early, late)
        for side, names in (("ministry", [both, early]), ("merged", [both, late])):
            blank = pl.when(~pl.col("family_id").is_in(names)).then(PLACE).alias(PLACE)
            families[side] = families[side].with_columns(blank)
        moved = families["ministry"].filter(pl.col("family_id").is_in([early, late])).select("family_id")
        families["touched"] = pl.concat([families["touched"].select("family_id"), moved]).unique()

    def scored(
        self, model: WelfareModel, engine: Engine, only: Collection[str] | None = None
    ) -> tuple[Scored, pl.DataFrame]:
        """The cut-offs, and the scores of every family (or some), on an engine."""

        def some(frame: pl.DataFrame) -> pl.DataFrame:
            is_asked = only is not None and "family_id" in frame.columns
            return frame.filter(pl.col("family_id").is_in(list(only or ()))) if is_asked else frame

        loaded = {
            table: Entities(**{name: engine.load(some(frame)) for name, frame in part.items()})
            for table, part in self.parts.items()
        }
        found = score(Merged(**loaded), engine.load(self.gaps), model, self.on, engine)
        return found, engine.fetch(found.families).sort("family_id")


@pytest.fixture(scope="module")
def town(run: Run) -> City:
    """The city of the tests."""
    return City(run)


@pytest.fixture(scope="module")
def told(town: City, engine: Engine) -> tuple[Scored, pl.DataFrame]:
    """The city under the model with sections."""
    return town.scored(MODEL, engine)


def test_every_score_is_that_of_the_section_of_its_place(town: City, told: tuple[Scored, pl.DataFrame]) -> None:
    rows = {row["family_id"]: row for row in told[1].to_dicts() if row["is_lengkap"]}
    counted = 0
    for name, side in SIDES.items():
        people: dict[str, list[Mapping[str, Any]]] = {}
        for person in town.parts["persons"][side].to_dicts():
            people.setdefault(person["family_id"], []).append(person)
        for home in town.parts["families"][side].to_dicts():
            if home["family_id"] in rows:
                expected = scores.score(home, people[home["family_id"]], town.on, FACTS)
                assert rows[home["family_id"]][name] == expected
                counted += expected is not None
    assert counted > 600


def test_sections_that_are_all_alike_are_the_model_without_them(town: City, engine: Engine) -> None:
    plain = welfare_model("demo_alatas_2008")
    weights = {one.name: one.coefficient_micro for one in plain.features}
    alike = [
        Section(name=str(n), value=n, regions=codes, intercept_micro=plain.intercept_micro, weights=weights)
        for n, codes in enumerate((*REGIONS, ("35719",)))
    ]
    placed = ~pl.col("family_id").is_in(town.lost)
    (_, found), (_, expected) = (
        town.scored(model, engine) for model in (replace(plain, sections=tuple(alike), section="x"), plain)
    )
    same = ["family_id", "skor_bayangan", "skor_verifikasi", "alasan_tidak_lengkap"]
    assert found.filter(placed).select(same).equals(expected.filter(placed).select(same))


def test_a_family_without_a_known_place_has_no_score_and_bounds(told: tuple[Scored, pl.DataFrame], town: City) -> None:
    rows = {row["family_id"]: row for row in told[1].to_dicts()}
    for name in town.lost:
        row = rows[name]
        assert row["alasan_tidak_lengkap"] == "masukan_kosong"
        assert (row["is_lengkap"], row["desil_estimasi"]) == (False, None)
        assert 1 <= row["desil_verifikasi_min"] <= row["desil_verifikasi_max"] <= 10
    both, early, late = (rows[name] for name in town.lost)
    assert both["desil_estimasi_min"] == both["desil_estimasi_max"]
    assert early["skor_verifikasi"] is not None
    assert late["skor_bayangan"] is not None


@pytest.mark.parametrize("name", ["duckdb", pytest.param("spark", marks=[needs_java, pytest.mark.sweep])])
def test_every_engine_scores_sections_alike(name: str, town: City, engine: Engine, tmp_path: Path) -> None:
    some = {*town.parts["families"]["merged"]["family_id"].sort().head(40), *town.lost}
    expected, rows = town.scored(MODEL, engine, some)
    with closing(open_engine(name, tmp_path, memory_mb=1536)) as other:
        found, table = town.scored(MODEL, other, some)
    assert found.cuts == expected.cuts
    assert table.select(rows.columns).cast(dict(rows.schema)).equals(rows)
    assert rows["alasan_tidak_lengkap"].is_in(["masukan_kosong"]).sum() >= len(town.lost)
