"""A home with three releases: the older snapshot and a batch, another batch, then the newer snapshot."""

from dataclasses import dataclass
from functools import cache
from pathlib import Path

from dtsen_pipeline.resources.settings import Settings, load_settings
from tests.queries.world import fill, publish


@dataclass(frozen=True)
class Later:
    """A home with an early, a visited and a late release."""

    settings: Settings
    early: str
    visited: str
    late: str


@cache
def later(city: Path) -> Later:
    """Snapshot 1 with the first batch; with the second; with snapshot 2. Built once; only its access log changes."""
    settings = load_settings(home=city.parent / f"{city.name}-later")
    visits, members = (sorted(city.glob(f"batches/{name}_2*.csv")) for name in ("kunjungan", "anggota_kunjungan"))
    fill(settings, [*sorted(city.glob("snapshot_1/*.csv")), visits[0], members[0]])
    early = publish(settings)
    fill(settings, [*visits[1:], *members[1:]])
    visited = publish(settings)
    fill(settings, sorted(city.glob("snapshot_2/*.csv")))
    return Later(settings, early, visited, publish(settings))
