"""How doubtful each input of the welfare model is for each family: missing, contested, old, or never verified.

The rates come from the release itself: how often visits found a column different. Visits by lot count in full; those
that were chosen for a reason find more than is there, so they only serve as a prior. What doubt means for a family's
desil is computed in `core.queue`.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from functools import cached_property

import numpy as np
import polars as pl
from numpy.typing import NDArray

from dtsen_pipeline.queries.reading import ENTITY_ID, View, fetched
from dtsen_pipeline.queries.sources import VISIT, VISIT_MEMBER
from dtsen_pipeline.queries.visits import last_answered
from dtsen_pipeline.reference import merge_policy
from dtsen_pipeline.schemas.release import FAMILY_BIT, PRESENCE_BIT
from dtsen_pipeline.schemas.tables import tables

FAMILY, PERSON = "keluarga", "anggota"
COMPOSITION = f"{PERSON}.nomor_kartu_keluarga"
HEAD = f"{PERSON}.status_hubungan_keluarga"
DIFFERS, AGREES = ("changed", "blocked", "pending", "adopted"), ("confirmed",)
CONTESTED, TOSS = "pending", 0.5
"""Two sources that contradict each other: each is right as often as the other, for want of better knowledge."""
PRIOR = 50
"""So many answers the visits that were chosen for a reason weigh, however many they are."""
Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Doubt:
    """The probability that an input is not as published, and whether it is contested, or was verified once."""

    chance: Floats
    is_contested: NDArray[np.bool_]
    is_verified: NDArray[np.bool_]


class Doubts:
    """The doubt of every column over the families of a release, in the order of `families`."""

    def __init__(self, view: View, families: Sequence[str], visits: pl.DataFrame, sizes: Floats) -> None:
        self._view, self._families, self._sizes = view, list(families), sizes
        self._by_lot = visits.filter("is_random")["family_id"].drop_nulls().unique().to_list()
        visited = last_answered(visits)
        base = date.fromisoformat(view.manifest["base_date"])
        self._age = np.array([(base - visited.get(name, base)).days for name in families], dtype=np.float64).clip(0)

    @cached_property
    def _lineage(self) -> pl.DataFrame:
        """Every word of a visit about a cell: table, family_id, decision, mask."""
        found = self._view.scan("lineage").filter(pl.col("sumber").is_in([VISIT, VISIT_MEMBER]))
        homes = [
            self._view.scan(table).select(tabel=pl.lit(table), entity_id=ENTITY_ID[table], family_id="family_id")
            for table in (FAMILY, PERSON)
        ]
        joined = found.join(pl.concat(homes), on=["tabel", "entity_id"], how="inner", validate="m:1")
        return fetched(joined.select("tabel", "family_id", "decision", "mask"))

    def of(self, columns: Sequence[str], *, of_head: bool) -> Doubt:
        """The doubt of an input that reads these columns, such as `keluarga.luas_lantai`.

        Columns are taken as independent; a member column counts once for each member, or once where the input reads
        the head alone.
        """
        right, contested = np.ones(len(self._families)), np.zeros(len(self._families), dtype=np.bool_)
        verified = np.ones(len(self._families), dtype=np.bool_)
        for name in columns:
            chance, is_contested, is_verified = self._column(name)
            times = self._sizes if name.startswith(f"{PERSON}.") and not of_head and name != COMPOSITION else 1.0
            right *= (1 - chance) ** times
            contested |= is_contested
            verified &= is_verified
        return Doubt(1 - right, contested, verified)

    def _column(self, name: str) -> tuple[Floats, NDArray[np.bool_], NDArray[np.bool_]]:
        about = self._about(name)
        rate = self.rate(name)
        contested = self._among(about.filter(pl.col("decision") == CONTESTED))
        verified = self._among(about) & ~contested
        limit = merge_policy().max_age_days(name.partition(".")[2], self._group(name))
        aged = rate * np.minimum(1.0, self._age / limit) if limit else np.zeros(len(self._families))
        return np.where(contested, TOSS, np.where(verified, aged, rate)), contested, verified

    def rate(self, name: str) -> float:
        """How often a visit finds the column different: by lot, shrunk towards the rate of all other visits."""
        about = self._about(name)
        by_lot = pl.col("family_id").is_in(self._by_lot)
        differing, answered = _counted(about.filter(~by_lot))
        prior = (differing + 1) / (answered + 2)
        differing, answered = _counted(about.filter(by_lot))
        return (differing + PRIOR * prior) / (answered + PRIOR)

    def _about(self, name: str) -> pl.DataFrame:
        table, _, column = name.partition(".")
        bits = (PRESENCE_BIT, FAMILY_BIT) if name == COMPOSITION else (tables()[table].column(column).bit,)
        asked = pl.any_horizontal(pl.col("mask") // (1 << bit) % 2 == 1 for bit in bits if bit is not None)
        return self._lineage.filter(pl.col("tabel") == table, asked)

    def _group(self, name: str) -> str:
        table, _, column = name.partition(".")
        return "membership" if name == COMPOSITION else tables()[table].column(column).group

    def _among(self, found: pl.DataFrame) -> NDArray[np.bool_]:
        return np.isin(self._families, found["family_id"].unique().to_numpy())


def _counted(about: pl.DataFrame) -> tuple[int, int]:
    """How many words of visits differ from what stood, and how many differ or agree."""
    differing = int(about["decision"].is_in(DIFFERS).sum())
    return differing, differing + int(about["decision"].is_in(AGREES).sum())
