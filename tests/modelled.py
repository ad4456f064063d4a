"""Welfare models of a city's own: the one that ships with other numbers, written into a home."""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import yaml

from dtsen_pipeline.reference import Section, WelfareModel, welfare_model, welfare_models
from dtsen_pipeline.reference.models import written
from dtsen_pipeline.resources.home import make_private

SHIPPED = "demo_alatas_2008"


def facts(**changes: Any) -> dict[str, Any]:
    """The facts of the model that ships, as a city's model for the city of the tests."""
    found: dict[str, Any] = yaml.safe_load(welfare_models()[SHIPPED].read_text(encoding="utf-8"))
    return found | {"status": "city", "regions": ["3571"]} | changes


def give_model(home: Path, name: str = "kota", **changes: Any) -> Path:
    """A model in the home: what adds to a score is turned round for what a family owns."""
    features = facts()["features"]
    for feature in features:
        if feature["name"].startswith("owns_"):
            feature["coefficient_micro"] *= -1
    make_private(home / "models")
    path = home / "models" / f"{name}.yaml"
    path.write_text(written(facts(id=name, features=features) | changes), encoding="utf-8")
    return path


def sections(*regions: Sequence[str]) -> list[dict[str, Any]]:
    """Sections for a model file: the weights that ship, half of them more with each section, and another intercept."""
    shipped = facts()
    found = []
    for nth, codes in enumerate(regions):
        weights = {
            one["name"]: one["coefficient_micro"] * (2 + nth * (place % 2)) // 2
            for place, one in enumerate(shipped["features"])
        }
        told = {"name": f"bagian_{nth + 1}", "value": nth + 1, "regions": list(codes), "n": 100, "r2": "0.5"}
        intercept = shipped["intercept_micro"] + 40_000 * nth
        numbers = {"residual_sd_micro": 400_000, "intercept_micro": intercept, "coefficients_micro": weights}
        found.append(told | numbers)
    return found


def sectioned_facts(*regions: Sequence[str], **changes: Any) -> dict[str, Any]:
    """The facts of a city's model with sections."""
    found = facts(section="urban", sections=sections(*regions)) | changes
    features = [{key: one[key] for key in one if key != "coefficient_micro"} for one in found["features"]]
    return {key: found[key] for key in found if key not in ("intercept_micro", "levels", "place")} | {
        "features": features
    }


def sectioned(*regions: Sequence[str]) -> WelfareModel:
    """A model with sections that is read from no file."""
    parts = [
        Section(
            weights=one["coefficients_micro"],
            regions=tuple(one["regions"]),
            **{key: one[key] for key in ("name", "value", "n", "r2", "residual_sd_micro", "intercept_micro")},
        )
        for one in sections(*regions)
    ]
    return replace(welfare_model(SHIPPED), regions=("3571",), intercept_micro=0, sections=tuple(parts), section="urban")
