"""How long a counterfactual card takes: the officers' and the public one, of families of the home of `DTSEN_HOME`.

    make demo && python -m benchmarks.cards

Imports and the opening of the release are left out; `RESULTS.md` keeps what it printed. Every look is written down, as
any look is.
"""

import time
from collections.abc import Sequence
from datetime import UTC, datetime
from statistics import fmean, median

import polars as pl

from dtsen_pipeline.queries.access import Look
from dtsen_pipeline.queries.counterfactual import counterfactual
from dtsen_pipeline.queries.reading import View, view
from dtsen_pipeline.resources.platform import Platform, opened

FAMILIES, SEED, MOST_SECONDS = 100, 1, 3.0


def chosen(release: View) -> Sequence[str]:
    """Families with an estimate, drawn by lot, and the ten with the most members."""
    size = release.scan("anggota").group_by("family_id").len("members")
    stands = release.scan("keluarga").filter(pl.col("desil_estimasi").is_not_null()).select("family_id")
    rows = stands.join(size, on="family_id", validate="1:1").collect().sort("members", "family_id")
    drawn = rows.sample(min(FAMILIES, rows.height), seed=SEED)
    return pl.concat([drawn, rows.tail(10)])["family_id"].unique(maintain_order=True).to_list()


def seconds(platform: Platform, release: View, families: Sequence[str], *, is_public: bool) -> list[float]:
    """The time of each card."""
    found = []
    for family_id in families:
        look = Look("benchmark", datetime.now(UTC), "benchmark")
        started = time.perf_counter()
        counterfactual(platform, release, family_id, look, is_public=is_public)
        found.append(time.perf_counter() - started)
    return found


def main() -> None:
    """Time both cards and print a Markdown table; an error where one takes longer than is promised."""
    with opened() as platform:
        release = view(platform)
        families = chosen(release)
        counterfactual(platform, release, families[0], Look("benchmark", datetime.now(UTC), "benchmark"))
        times = {
            name: seconds(platform, release, families, is_public=is_public)
            for name, is_public in (("officers'", False), ("public", True))
        }
    print(f"{len(families)} families\n\n| card | median s | mean s | slowest s |\n|---|---:|---:|---:|")
    for name, found in times.items():
        print(f"| {name} | {median(found):.2f} | {fmean(found):.2f} | {max(found):.2f} |")
    if max(map(max, times.values())) > MOST_SECONDS:
        raise SystemExit(f"a card took longer than {MOST_SECONDS} s")


if __name__ == "__main__":
    main()
