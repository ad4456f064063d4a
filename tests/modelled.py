"""Welfare models of a city's own: the one that ships with other numbers, written into a home."""

from pathlib import Path
from typing import Any

import yaml

from dtsen_pipeline.reference import welfare_models
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
