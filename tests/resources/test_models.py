"""A model is in force for its regions and days, and a run that has none does not begin."""

from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest

from dtsen_pipeline.reference import welfare_model
from dtsen_pipeline.resources import models
from dtsen_pipeline.resources.models import check_in_force
from dtsen_pipeline.schemas.errors import DtsenError
from tests.modelled import sectioned

MODEL = replace(welfare_model("demo_alatas_2008"), regions=("35",), effective=date(2026, 1, 1), until=date(2026, 6, 30))


@pytest.mark.parametrize("day", [date(2026, 1, 1), date(2026, 6, 30)])
def test_the_first_and_the_last_day_count(day: date) -> None:
    check_in_force(MODEL, "3571", day)
    check_in_force(replace(MODEL, until=None), "3571", date(2099, 1, 1))


@pytest.mark.parametrize("day", [date(2025, 12, 31), date(2026, 7, 1)])
def test_a_day_outside_is_refused(day: date) -> None:
    with pytest.raises(DtsenError, match="E_MODEL_PERIOD"):
        check_in_force(MODEL, "3571", day)


def test_another_region_is_refused() -> None:
    with pytest.raises(DtsenError, match="E_MODEL_REGION"):
        check_in_force(MODEL, "3301", date(2026, 2, 1))


def test_a_part_of_the_city_without_a_section_is_refused() -> None:
    whole = sectioned(("3571010", "3571020"), ("3571030",))
    check_in_force(whole, "3571", date(2026, 2, 1))
    for regions in ((("3571010",), ("3571030",)), (("3571010", "3571020"), ("3571030001",))):
        with pytest.raises(DtsenError, match="E_MODEL_SECTION"):
            check_in_force(sectioned(*regions), "3571", date(2026, 2, 1))


def test_a_citys_model_does_not_hide_a_delivered_one(tmp_path: Path) -> None:
    (tmp_path / "models").mkdir()
    (tmp_path / "models" / "demo_alatas_2008.yaml").write_text("id: demo_alatas_2008\n", encoding="utf-8")
    assert models.load("demo_alatas_2008", tmp_path) == welfare_model("demo_alatas_2008")
