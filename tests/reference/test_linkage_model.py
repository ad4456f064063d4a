"""The frozen linkage model: what its file must say, and that it is the one that was trained."""

import hashlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml

from dtsen_pipeline.reference import linkage_model
from dtsen_pipeline.reference.linking import LEVELS, linkage_model_of, read_linkage_model
from dtsen_pipeline.reference.loader import ROOM

FILE = ROOM / "linkage" / "generated_cities_v1.yaml"
SHA256 = "07e5332264c174c06220566ab353431c0aed2a151d2b98d45d226b58d1994216"
"""Links name this hash: another file is another model and needs another id."""


def _facts() -> dict[str, Any]:
    found: dict[str, Any] = yaml.safe_load(FILE.read_text(encoding="utf-8"))
    return found


def test_the_model_is_frozen() -> None:
    assert hashlib.sha256(FILE.read_bytes()).hexdigest() == linkage_model().sha256 == SHA256


def test_closer_levels_weigh_more() -> None:
    for comparison in linkage_model().comparisons:
        ranked = [
            comparison.weights[level] for level in LEVELS[comparison.kind] if level not in ("exact", "sound", "part")
        ]
        assert ranked == sorted(ranked, reverse=True) or comparison.name == "nik"
        assert comparison.weights["other"] < 0


def test_training_and_tuning_seeds_are_apart() -> None:
    record = linkage_model().training
    assert not set(record["seeds_of_weights"]) & set(record["seeds_of_thresholds"])
    assert record["wrong_among_sure_on_tuning_cities_ppm"] <= 100


def _set(*path: str, to: Any) -> Callable[[dict[str, Any]], None]:
    def change(facts: dict[str, Any]) -> None:
        for key in path[:-1]:
            facts = facts[key]
        facts[path[-1]] = to

    return change


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (_set("surprise", to=1), "unknown keys: surprise"),
        (_set("scale", to=1000), "scale"),
        (_set("sure", to=-500), "possible must lie below sure"),
        (_set("prior", to=-18.2), "not of type int"),
        (_set("comparisons", "name", "kind", to="guess"), "kind"),
        (_set("comparisons", "sex", "weights", to={"exact": 1}), "missing keys: other"),
        (_set("comparisons", "sex", "weights", "exact", to=True), "not of type int"),
        (_set("never_sure", "nobody", to=["other"]), "never_sure"),
        (_set("never_sure", "name", to=["worst"]), "never_sure"),
        (_set("rarity", "words", "CONTOH\u00c9", to=1), "ASCII"),
        (_set("id", to="another"), "id"),
    ],
)
def test_what_a_model_may_not_say(tmp_path: Path, change: Callable[[dict[str, Any]], None], message: str) -> None:
    facts = _facts()
    linkage_model_of(facts, "")
    change(facts)
    path = tmp_path / FILE.name
    path.write_text(yaml.safe_dump(facts, allow_unicode=True), encoding="utf-8")
    with pytest.raises(ValueError, match=message):
        read_linkage_model(path)


def test_an_unknown_model_is_no_path() -> None:
    with pytest.raises(ValueError, match="unknown linkage model"):
        linkage_model("../merge_policy")
