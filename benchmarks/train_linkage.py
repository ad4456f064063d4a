"""Trains the linkage model of `reference/linkage/` on generated cities, and writes it with its training record.

    python -m benchmarks.train_linkage

Cities are split by seed: weights come from TRAINING, thresholds from TUNING, and `benchmarks/linkage.py` judges on
seeds of its own. Every city is generated twice, at the assumed error rates and at twice those.
"""

import math
import tempfile
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from importlib.metadata import version
from pathlib import Path
from typing import Any

import polars as pl
import yaml

from benchmarks.linking import Judged, judged
from dtsen_pipeline.core.engine import Engine
from dtsen_pipeline.core.linkage import keyed
from dtsen_pipeline.reference.linking import LEVELS, SCALE, LinkageModel, linkage_model_of, read_linkage_model
from dtsen_pipeline.resources.engines import open_engine
from dtsen_pipeline.resources.linkage import Shares, train, weights
from dtsen_pipeline.synthetic.relisting import relisted

ROOM = Path(__file__).parent.parent / "dtsen_pipeline" / "reference" / "linkage"
MODEL = "generated_cities_v1"
TRAINING, TUNING = range(1001, 1005), range(2001, 2003)
FAMILIES, LARGER, PAIRS = 3_000, 100_000, 500_000
ERRORS = (1.0, 2.0)
POPULATION = 300_000
"""People of the city that the prior is stated for: Kota Kediri in the snapshot of 2025 had 294,463."""
POSSIBLE = -2 * SCALE
WRONG = 0.0001
"""The share of wrong links that a sure link may have on the tuning cities."""
COMPARISONS: Mapping[str, tuple[str, list[str]]] = {
    "nik": ("text", ["nik"]),
    "name": ("name", ["nama"]),
    "born": ("date", ["tanggal_lahir"]),
    "sex": ("code", ["jenis_kelamin"]),
    "home": ("place", ["card", "kelurahan"]),
}
BLOCKS = [
    ["nik"],
    ["card", "nama_1"],
    ["card", "tanggal_lahir_year"],
    ["tanggal_lahir", "nama_1"],
    ["tanggal_lahir", "nama_3"],
    ["tanggal_lahir", "kelurahan"],
    ["nama_sound", "tanggal_lahir_year"],
    ["nama_sound", "kelurahan"],
]
NEVER_SURE = {"name": ["other"], "born": ["other"]}


def main() -> None:
    """Train, tune and write."""
    with tempfile.TemporaryDirectory() as scratch:
        engine = open_engine("polars", Path(scratch))
        cities = [relisted(FAMILIES, seed, errors) for seed in TRAINING for errors in ERRORS]
        blank = _model(_facts(_untrained(), {}, 1.0))
        keys = [_keys(city, blank, engine) for city in cities]
        words = _rarity(keys)
        learnt = _mean([train(city, blank.comparisons, dedupe=False, pairs=PAIRS) for city in keys])
        rated = _model(_facts(learnt, words, 1.0))
        commonness = _commonness([_keys(city, rated, engine)["nama_rarity"] for city in cities])
        tuned = _tuned(_facts(learnt, words, commonness), engine)
    path = ROOM / f"{MODEL}.yaml"
    path.parent.mkdir(exist_ok=True)
    path.write_text(HEAD + yaml.safe_dump(tuned, sort_keys=False, width=120), encoding="utf-8", newline="\n")
    model = read_linkage_model(path)
    print(f"{path.name}: sha256 {model.sha256}, sure from {model.sure}, possible from {model.possible}")


HEAD = "# Written by benchmarks/train_linkage.py; a change by hand is a new model and needs a new id.\n"


def _keys(city: pl.DataFrame, model: LinkageModel, engine: Engine) -> pl.DataFrame:
    return engine.fetch(keyed(engine.load(city), model, engine)).sort("id")


def _model(facts: Mapping[str, Any]) -> LinkageModel:
    return linkage_model_of(facts, "untrained")


def _untrained() -> Shares:
    return {name: dict.fromkeys(LEVELS[kind], (0.5, 0.5)) for name, (kind, _) in COMPARISONS.items()}


def _mean(learnt: Sequence[Shares]) -> Shares:
    """The mean share of every level over the cities."""
    return {
        name: {
            level: (
                _average(city[name][level][0] for city in learnt),
                _average(city[name][level][1] for city in learnt),
            )
            for level in LEVELS[kind]
        }
        for name, (kind, _) in COMPARISONS.items()
    }


def _average(shares: Iterable[float]) -> float:
    found = list(shares)
    return math.fsum(found) / len(found)


def _rarity(cities: Iterable[pl.DataFrame]) -> dict[str, int]:
    """The weight of every word that one person in 10,000 or more bears, counted over all training lists."""
    people, counts = 0, Counter[str]()
    for city in cities:
        people += city.height
        words = pl.concat([city[f"nama_{place}"] for place in (1, 2, 3)])
        counts.update(words.drop_nulls().filter(words.drop_nulls() != "").to_list())
    common = {word: count for word, count in counts.items() if count * 10_000 >= people}
    return {word: round(-SCALE * math.log2(common[word] / people)) for word in sorted(common)}


def _commonness(rarities: Sequence[pl.Series]) -> float:
    """The mean share of people who bear a person's name."""
    return _average(2 ** (-rarity / SCALE) for rarity in pl.concat(rarities).drop_nulls().to_list())


def _facts(shares: Shares, words: Mapping[str, int], commonness: float) -> dict[str, Any]:
    comparisons = {
        name: {"kind": kind, "columns": columns, "weights": weights(shares[name], kind, commonness)}
        for name, (kind, columns) in COMPARISONS.items()
    }
    listed = sorted(words.values())
    return {
        "id": MODEL,
        "title": "Linkage of people between lists of one city, trained on generated cities",
        "status": "demonstration",
        "source": "benchmarks/train_linkage.py",
        "effective": date(2026, 11, 24),
        "scale": SCALE,
        "prior": round(-SCALE * math.log2(POPULATION)),
        "sure": POSSIBLE + 1,
        "possible": POSSIBLE,
        "never_sure": NEVER_SURE,
        "comparisons": comparisons,
        "blocks": BLOCKS,
        "rarity": {
            "unlisted": listed[len(listed) // 2] if listed else 0,
            "ceiling": 2_000,
            "words": dict(words),
        },
        "training": {},
    }


def _tuned(facts: dict[str, Any], engine: Engine) -> dict[str, Any]:
    """The facts with both thresholds and the record: the lowest weights that keep their promise without NIK."""
    model = _model(facts)
    found = [
        judged(relisted(LARGER, seed, errors), model, engine, blank=("nik",)) for seed in TUNING for errors in ERRORS
    ]
    sure = _lowest(found)
    record = {
        "trained_with": f"splink {version('splink')} on duckdb {version('duckdb')}",
        "families_of_weights": FAMILIES,
        "families_of_thresholds": LARGER,
        "error_levels": list(ERRORS),
        "seeds_of_weights": list(TRAINING),
        "seeds_of_thresholds": list(TUNING),
        "pairs_drawn_for_u_each": PAIRS,
        "population_of_prior": POPULATION,
        "wrong_among_sure_on_tuning_cities_ppm": round(1e6 * _wrong(found, sure)),
    }
    return facts | {"sure": sure, "training": record}


def _lowest(found: Sequence[Judged]) -> int:
    """The lowest weight, in half bits, from which on at most WRONG of the links are wrong."""
    for weight in range(0, 40 * SCALE, SCALE // 2):
        if _wrong(found, weight) <= WRONG:
            return weight
    raise ValueError("no threshold keeps its promise")


def _wrong(found: Sequence[Judged], sure: int) -> float:
    links = pl.concat([city.links for city in found]).filter(pl.col("weight") >= sure)
    return links.filter(~pl.col("is_true")).height / max(links.height, 1)


if __name__ == "__main__":
    main()
