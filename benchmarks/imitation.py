"""What an imitation of the ministry's rule recovers on generated cities whose official deciles follow a hidden rule.

    python -m benchmarks.imitation

The synthetic city's own official desil hangs on welfare, not on what was written down. Here it is written anew: a
hidden rule (the shipped model's weights, each times a random factor) is applied to the inputs as the ministry holds
them, with their planted errors, and a part that no input tells is added. The same rule on the city's truth gives the
true desil, which no part of the pipeline sees. Prints Markdown; `RESULTS.md` keeps what it printed.
"""

import json
import os
import shutil
import sys
import tempfile
import time
from pathlib import Path
from unittest.mock import patch

import narwhals as nw
import numpy as np
import polars as pl
from numpy.typing import NDArray

from benchmarks.refresh import arrived, dtsen
from benchmarks.verification_queue import _named
from dtsen_pipeline.core.declared import DECLARED
from dtsen_pipeline.core.features import features, household
from dtsen_pipeline.core.flow import prepared
from dtsen_pipeline.queries.prospects import Prospects
from dtsen_pipeline.queries.reading import view
from dtsen_pipeline.queries.visits import ANSWERED
from dtsen_pipeline.reference import welfare_model
from dtsen_pipeline.resources.approving import SHIPPED
from dtsen_pipeline.resources.engines import open_engine
from dtsen_pipeline.resources.freeze import snapshot_inputs
from dtsen_pipeline.resources.platform import opened
from dtsen_pipeline.resources.readings import received
from dtsen_pipeline.resources.settings import load_settings
from dtsen_pipeline.synthetic import generate

FAMILIES, SEEDS, UNTOLD, DRAWS = 5000, (201, 202), (0.0, 0.2), 2000
"""`UNTOLD`: the share of the rule's variance that no input tells."""
NOISE, WORD = 0.5, "benchmark"
Floats = NDArray[np.float64]


def main() -> int:
    """Measure and print."""
    started = time.perf_counter()
    print("| no input tells | seed | exact | within one | Kendall |\n|---:|---:|---|---|---|")
    with tempfile.TemporaryDirectory(prefix="dtsen-bench-") as folder:
        found = {share: [_city(Path(folder), seed, share) for seed in SEEDS] for share in UNTOLD}
    for share, cities in found.items():
        _print_recovery(share, pl.concat(cities))
    print(f"\n{len(SEEDS)} cities of {FAMILIES:,} families, {time.perf_counter() - started:.0f} s.")
    return 0


def _city(folder: Path, seed: int, share: float) -> pl.DataFrame:
    """Official, true and estimated desil of the visited families of a city, by both models; prints the agreement."""
    work = folder / f"{seed}-{share}"
    work.mkdir()
    generate(FAMILIES, seed, work / "city")
    rule = _Rule(seed, share, work / "city")
    home = arrived(work)
    with patch.dict(os.environ, {"DTSEN_HOME": str(home)}):
        cuts = _relabelled(rule, work / "city")
    shutil.rmtree(home)
    home = arrived(work)
    told = json.loads(dtsen(home, "model", "fit", "--kind", "imitation", "--name", "tiruan", "--json"))
    spans = (
        f"{told[n]['value']:.3f} ({told[n]['low']:.3f} to {told[n]['high']:.3f})"
        for n in ("exact", "within_one", "kendall")
    )
    print(f"| {share:.0%} | {seed} | {' | '.join(spans)} |", flush=True)
    dtsen(home, "refresh", "--json")
    shipped = _estimates(home, work / "city", rule, cuts)
    dtsen(home, "model", "rehearse", "tiruan", "--json")
    dtsen(home, "model", "approve", "tiruan", "--reason", WORD)
    dtsen(home, "refresh", "--json")
    imitated = _estimates(home, work / "city", rule, cuts).select("truth_family", imitation="estimate")
    return shipped.join(imitated, on="truth_family", validate="1:1").drop_nulls()


class _Rule:
    """The hidden rule: weights of the inputs, and for each family of the truth the part that no input tells."""

    def __init__(self, seed: int, share: float, city: Path) -> None:
        rng = np.random.default_rng([seed, 9])
        model = welfare_model(SHIPPED)
        self.weights = {f.name: f.coefficient_micro * float(np.exp(rng.normal(0, NOISE))) for f in model.features}
        truth = pl.read_parquet(city / "truth" / "families.parquet", columns=["truth_family"])
        told = self.score(true_inputs(city))
        spread = float(np.nanstd(told.to_numpy()))
        part = rng.normal(0, spread * np.sqrt(share / (1 - share)), truth.height)
        self.untold = truth.with_columns(untold=pl.Series(part))

    def score(self, inputs: pl.DataFrame) -> pl.Series:
        """What the inputs tell; null where one is missing."""
        return inputs.select(
            pl.sum_horizontal([pl.col(n) * w for n, w in self.weights.items()], ignore_nulls=False)
        ).to_series()


def true_inputs(city: Path) -> pl.DataFrame:
    """truth_family and every declared input as it is when the officers come, in the order of the truth's families."""
    truth = city / "truth"
    people = pl.scan_parquet(truth / "persons.parquet").filter(pl.col("truth_family_after").is_not_null())
    after = {name: pl.col(f"{name}_after") for name in ("status_hubungan_keluarga", "status_kawin")}
    people = people.with_columns(keberadaan_anggota=pl.lit(1), family_id=pl.col("truth_family_after"), **after)
    homes = pl.scan_parquet(truth / "families.parquet").with_columns(family_id=pl.col("truth_family"))
    day = json.loads(next(city.glob("snapshot_2/*.json")).read_text())["data_date"]
    counted = household(nw.from_native(people), pl.Series([day]).str.to_date()[0])
    joined = nw.from_native(homes).join(counted, on="family_id", how="left")
    return joined.select("truth_family", **features()).to_native().collect()


def _relabelled(rule: _Rule, city: Path) -> Floats:
    """Write the rule's deciles into the newer snapshot; the nine cuts. A missing input counts as the usual answer."""
    (path,) = city.glob("snapshot_2/*keluarga*.csv")
    places = pl.read_parquet(city / "truth" / "occurrences.parquet").filter(file=f"snapshot_2/{path.name}")
    with opened(load_settings()) as platform:
        inputs = snapshot_inputs(platform, pl.Series(["2100-01-01"]).str.to_date()[0], SHIPPED)
        engine = open_engine("polars", platform.home.work / "scratch")
        merged = prepared(received(platform, inputs, engine), inputs, engine, platform.key.secret).merged
        people = household(merged.persons.ministry, inputs.base_date)
        joined = merged.families.ministry.join(people, on="family_id", how="left")
        held = engine.fetch(joined.select("row", **features())).sort("row")
        engine.close()
    held = held.with_columns(pl.col(name).fill_null(pl.col(name).median().round()) for name in DECLARED)
    scored = held.select("row", score=rule.score(held)).join(places.select("truth_family", row="line"), on="row")
    scored = scored.join(rule.untold, on="truth_family").with_columns(score=pl.col("score") + pl.col("untold"))
    cuts = np.quantile(scored["score"].to_numpy(), np.arange(1, 10) / 10)
    decile = dict(zip(scored["row"], (1 + np.searchsorted(cuts, scored["score"].to_numpy())).tolist(), strict=True))
    text = path.read_text(encoding="latin-1")
    cells = [line.split('"|"') for line in text.removesuffix("\n").split("\n")]
    place = [name.strip('"') for name in cells[0]].index("desil_nasional")
    for number, row in enumerate(cells[1:], start=2):
        if number in decile and row[place].strip('"'):
            row[place] = str(decile[number])
    path.write_text("\n".join('"|"'.join(row) for row in cells) + "\n", encoding="latin-1")
    return np.asarray(cuts)


def _estimates(home: Path, city: Path, rule: _Rule, cuts: Floats) -> pl.DataFrame:
    """truth_family, official, true and estimated desil of the families that answered a visit."""
    with patch.dict(os.environ, {"DTSEN_HOME": str(home)}), opened(load_settings()) as platform:
        release = view(platform)
        answered = Prospects(platform, release).visits.filter(pl.col("outcome").is_in(ANSWERED))
    inputs = true_inputs(city)
    truth = inputs.select("truth_family", score=rule.score(inputs)).join(rule.untold, on="truth_family")
    truth = truth.with_columns(score=pl.col("score") + pl.col("untold")).drop_nulls()
    truth = truth.with_columns(true=pl.Series(1 + np.searchsorted(cuts, truth["score"].to_numpy())))
    named = _named(release, city).filter(pl.col("family_id").is_in(answered["family_id"].drop_nulls().to_list()))
    return (
        named.join(truth, on="truth_family", validate="m:1")
        .select("truth_family", "true", official="desil_nasional", estimate="desil_estimasi")
        .unique("truth_family", keep="none")
    )


def _print_recovery(share: float, homes: pl.DataFrame) -> None:
    told = f"{homes.height} visited families, {_moved(homes)} whose true desil is not the official"
    print(f"\n{share:.0%} that no input tells: {told}.\n")
    print("| desil | exact | within one | exact, minus official | mean distance |\n|---|---|---|---|---|")
    rng = np.random.default_rng(5)
    drawn = rng.integers(0, homes.height, (DRAWS, homes.height))
    before = np.abs((homes["official"] - homes["true"]).to_numpy())
    for title, name in (("official", "official"), ("shipped model", "estimate"), ("imitation", "imitation")):
        off = np.abs((homes[name].cast(pl.Int64) - homes["true"]).to_numpy())
        cells = (
            _interval(off == 0, drawn),
            _interval(off <= 1, drawn),
            _interval((off == 0).astype(float) - (before == 0), drawn),
            _interval(off, drawn),
        )
        print(f"| {title} | {' | '.join(cells)} |")


def _moved(homes: pl.DataFrame) -> int:
    return homes.filter(pl.col("official") != pl.col("true")).height


def _interval(values: NDArray[np.generic], drawn: NDArray[np.int64]) -> str:
    plain = np.asarray(values, dtype=np.float64)
    low, high = np.quantile(plain[drawn].mean(axis=1), (0.025, 0.975))
    return f"{plain.mean():.3f} ({low:.3f} to {high:.3f})"


if __name__ == "__main__":
    sys.exit(main())
