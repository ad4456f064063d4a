"""What the verification queue finds per visit, against visits at random and oldest first, on generated cities.

    python -m benchmarks.verification_queue

Each city is published as the command line does it; then the city's truth, which no part of the pipeline sees, says what
a complete visit to every family would find. Prints Markdown; `RESULTS.md` keeps what it printed.
"""

import hashlib
import os
import sys
import tempfile
import time
from collections.abc import Mapping
from pathlib import Path
from unittest.mock import patch

import narwhals as nw
import numpy as np
import polars as pl
from numpy.typing import NDArray

from benchmarks.refresh import arrived, dtsen
from dtsen_pipeline.core.features import features, household
from dtsen_pipeline.core.queue import lot
from dtsen_pipeline.queries.prospects import VILLAGE, Prospects, stakes
from dtsen_pipeline.queries.queue import Asked, queue
from dtsen_pipeline.queries.reading import View, view
from dtsen_pipeline.queries.visits import last_answered
from dtsen_pipeline.resources.platform import opened
from dtsen_pipeline.resources.settings import load_settings
from dtsen_pipeline.synthetic import generate

FAMILIES, SEEDS, CAPACITY = 10_000, (101, 102, 103, 104, 105), 8
RESAMPLES, PROMISED = 4000, 2.0
"""Flips across a programme boundary, at least so many times those of visits at random."""
MEASURES = {
    "boundary": "flips across a programme boundary",
    "flip": "flips of the desil",
    "stake": "programme answers changed",
}
WAYS = ("queue", "priority arm", "random", "oldest first")
Sums = dict[str, NDArray[np.float64]]


def main() -> int:
    """Measure and print; 0 where the promise holds."""
    started = time.perf_counter()
    with tempfile.TemporaryDirectory(prefix="dtsen-bench-") as folder:
        villages = [found for seed in SEEDS for found in _city(Path(folder) / str(seed), seed)]
    sums = {way: np.array([found[way] for found in villages]) for way in WAYS}
    print(f"{len(SEEDS)} cities of {FAMILIES:,} families (seeds {SEEDS[0]} to {SEEDS[-1]}), {CAPACITY} visits in each")
    print(f"kelurahan; {len(villages)} kelurahan, {time.perf_counter() - started:.0f} s.\n")
    print("| found per 100 visits | queue | priority arm | random | oldest first | queue / random | queue / oldest |")
    print("|---|---:|---:|---:|---:|---:|---:|")
    ratios = [_line(name, place, sums) for place, name in enumerate(MEASURES, start=1)]
    return 0 if ratios[0] >= PROMISED else 1


def _line(name: str, place: int, sums: Sums) -> float:
    """Print one measure; its ratio of the queue to random."""
    rates = [100 * found[:, place].sum() / found[:, 0].sum() for found in sums.values()]
    told = [_ratio(sums["queue"], sums[way], place) for way in ("random", "oldest first")]
    cells = [f"{rate:.1f}" for rate in rates] + [f"{ratio:.2f} ({low:.2f} to {high:.2f})" for ratio, low, high in told]
    print(f"| {MEASURES[name]} | {' | '.join(cells)} |")
    return told[0][0]


def _ratio(one: NDArray[np.float64], other: NDArray[np.float64], place: int) -> tuple[float, float, float]:
    """Found per visit, one over the other, with a 95% interval from resampling kelurahan in pairs."""
    rng = np.random.default_rng(5)
    drawn = rng.integers(0, len(one), (RESAMPLES, len(one)))
    found = [
        (part[:, place].sum() / part[:, 0].sum()) / (rest[:, place].sum() / rest[:, 0].sum())
        for part, rest in ((one, other), *((one[rows], other[rows]) for rows in drawn))
    ]
    low, high = np.quantile(found[1:], (0.025, 0.975))
    return float(found[0]), float(low), float(high)


def _city(folder: Path, seed: int) -> list[Mapping[str, list[float]]]:
    """Per kelurahan and way: visits, and what they find of each measure."""
    folder.mkdir(parents=True)
    generate(FAMILIES, seed, folder / "city")
    home = arrived(folder)
    dtsen(home, "refresh", "--json")
    with patch.dict(os.environ, {"DTSEN_HOME": str(home)}), opened(load_settings()) as platform:
        release = view(platform)
        prospects = Prospects(platform, release)
        truth = prospects.frame.drop("flip").join(
            _found(release, prospects, folder / "city"), on="family_id", validate="1:1"
        )
        listed = queue(platform, release, Asked(CAPACITY)).assignments
        arms = {one.family_id: one.arm for one in listed}
    open_ = _ordered(truth.filter(~pl.col("is_verified")), prospects, seed)
    return [_village(homes, arms) for (_,), homes in open_.group_by(VILLAGE, maintain_order=True)]


def _village(homes: pl.DataFrame, arms: Mapping[str, str]) -> Mapping[str, list[float]]:
    ids = pl.col("family_id")
    chosen = homes.filter(ids.is_in(list(arms)))
    first = chosen.filter(ids.replace_strict(arms, default=None) == "prioritas")
    count = chosen.height
    mean = [count * float(homes[name].cast(pl.Float64).mean() or 0) for name in MEASURES]
    return {
        "queue": _sums(chosen),
        "priority arm": _sums(first),
        "random": [float(count), *mean],
        "oldest first": _sums(homes.head(count)),
    }


def _sums(homes: pl.DataFrame) -> list[float]:
    return [float(homes.height), *(float(homes[name].cast(pl.Float64).sum()) for name in MEASURES)]


def _ordered(homes: pl.DataFrame, prospects: Prospects, seed: int) -> pl.DataFrame:
    """By kelurahan, the longest unseen first: no answered visit, then no ground check, then the oldest visit; then by
    lot, since a snapshot has one data date.
    """  # noqa: D205 - one sentence
    last = last_answered(prospects.visits)
    order = {name: place for place, name in enumerate(lot(str(seed), homes["family_id"].to_list()))}
    checked = prospects.families.select("family_id", is_checked=pl.col("is_gc_kemensos") == 1)
    return (
        homes.join(checked, on="family_id", how="left", validate="1:1")
        .with_columns(
            last=pl.col("family_id").replace_strict(last, default=None, return_dtype=pl.Date),
            place=pl.col("family_id").replace_strict(order),
        )
        .sort(VILLAGE, pl.col("last").is_not_null(), "is_checked", "last", "place", nulls_last=False)
    )


def _found(release: View, prospects: Prospects, city: Path) -> pl.DataFrame:
    """family_id and what a complete visit would find (`flip`, `boundary`, `stake`); nothing where it is gone."""
    named = _named(release, city)
    scores = _true_scores(prospects, city)
    families = pl.read_parquet(city / "truth" / "families.parquet", columns=["truth_family", "is_gone", "has_left"])
    table = (
        named.join(scores, on="truth_family", how="left", validate="m:1")
        .join(families, on="truth_family", how="left", validate="m:1")
        .sort("family_id")
    )
    moved = table.select(pl.col("skor_estimasi") + pl.col("score") - pl.col("skor_verifikasi")).to_series()
    decile = 1 + np.searchsorted(np.array(release.manifest["cuts"]), moved.fill_null(0).to_numpy(), side="left")
    after = pl.when(pl.Series(moved).is_not_null()).then(pl.Series(decile))
    same = pl.col("score") == pl.col("skor_verifikasi")
    table = table.with_columns(
        after=pl.when(same).then("desil_estimasi").otherwise(after), now=pl.col("desil_estimasi")
    )
    is_there = ~(pl.col("is_gone").fill_null(value=True) | pl.col("has_left").fill_null(value=True))
    counts = is_there & pl.col("after").is_not_null() & pl.col("now").is_not_null() & pl.col("score").is_not_null()
    meaning = stakes(prospects.on)[table["now"].fill_null(1).to_numpy() - 1, table["after"].fill_null(1).to_numpy() - 1]
    table = table.with_columns(stake=pl.when(counts).then(pl.Series(meaning)).otherwise(0.0))
    return table.select(
        "family_id",
        "stake",
        flip=counts & (pl.col("after") != pl.col("now")),
        boundary=pl.col("stake") > 0,
    )


def _named(release: View, city: Path) -> pl.DataFrame:
    """The published families with the truth's own names, by the row each stands on."""
    files = {hashlib.sha256(file.read_bytes()).hexdigest()[:12]: file for file in city.glob("*/*.csv")}
    names = {token: f"{file.parent.name}/{file.name}" for token, file in files.items()}
    rows = pl.read_parquet(city / "truth" / "occurrences.parquet").select("file", "truth_family", row="line")
    desil = ("desil_nasional", "desil_estimasi", "skor_estimasi", "skor_verifikasi")
    published = release.scan("keluarga").select("family_id", "src", "row", *desil).collect()
    published = published.with_columns(file=pl.col("src").replace_strict(names))
    return published.join(rows, on=["file", "row"], how="left", validate="1:1")


def _true_scores(prospects: Prospects, city: Path) -> pl.DataFrame:
    """truth_family and the model's score on what is true when the officers come."""
    truth = city / "truth"
    people = pl.scan_parquet(truth / "persons.parquet").filter(pl.col("truth_family_after").is_not_null())
    after = {name: pl.col(f"{name}_after") for name in ("status_hubungan_keluarga", "status_kawin")}
    people = people.with_columns(keberadaan_anggota=pl.lit(1), family_id=pl.col("truth_family_after"), **after)
    homes = pl.scan_parquet(truth / "families.parquet").with_columns(family_id=pl.col("truth_family"))
    joined = nw.from_native(homes).join(household(nw.from_native(people), prospects.base), on="family_id", how="left")
    available, model = features(), prospects.model
    parts = {feature.name: available[feature.name] * feature.coefficient_micro for feature in model.features}
    table = joined.select("truth_family", **parts).to_native().collect()
    total = pl.sum_horizontal(list(parts), ignore_nulls=False) + model.intercept_micro
    return table.select("truth_family", score=total)


if __name__ == "__main__":
    sys.exit(main())
