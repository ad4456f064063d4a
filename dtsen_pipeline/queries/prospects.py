"""What a visit to each family of a release is expected to change, and through which inputs.

Features, doubt and stakes come together here; the arithmetic stands in `core.queue`, the choice of visits in `queue`.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from functools import cached_property

import narwhals as nw
import numpy as np
import polars as pl
from numpy.typing import NDArray

from dtsen_pipeline.core import queue as chances
from dtsen_pipeline.core.features import features, household
from dtsen_pipeline.core.sections import number
from dtsen_pipeline.queries.input_doubt import HEAD, Doubt, Doubts
from dtsen_pipeline.queries.probability import Likely, likely
from dtsen_pipeline.queries.programmes import in_force_on
from dtsen_pipeline.queries.reading import View, fetched
from dtsen_pipeline.queries.visits import ANSWERED, visits
from dtsen_pipeline.reference import Feature, Rule
from dtsen_pipeline.resources.platform import Platform

VILLAGE = "kode_kelurahan_desa"
CAUSES = 3
MISSING, CONTESTED, OLD, UNVERIFIED = "kosong", "bertentangan", "lama", "belum diverifikasi"
Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
NAN = float("nan")


@dataclass(frozen=True)
class Cause:
    """An input that may move the family's desil: how doubtful, why, and its share in what may move."""

    input: str
    cause: str
    doubt: float
    share: float


class Prospects:
    """What a visit to each family of a release is expected to change, families by id."""

    def __init__(self, platform: Platform, view: View) -> None:
        self.view = view
        self.model = view.model
        self.on = date.fromisoformat(view.envelope["as_of"])
        self.base = date.fromisoformat(view.manifest["base_date"])
        self.families = fetched(view.scan("keluarga")).sort("family_id")
        self.visits = visits(platform, view)

    @cached_property
    def frame(self) -> pl.DataFrame:
        """Each family with kelurahan, desil, verified score, whether it is verified, and what a visit changes."""
        answered = self.visits.filter(pl.col("outcome").is_in(ANSWERED), pl.col("visited_on") > self.base)
        return self.families.select(
            "family_id",
            VILLAGE,
            "desil_nasional",
            "desil_estimasi",
            pl.col("family_id").is_in(answered["family_id"].drop_nulls().to_list()).alias("is_verified"),
            pl.Series("expected", self.expected),
            pl.Series("flip", self.flip),
            score="skor_verifikasi",
        )

    @cached_property
    def expected(self) -> Floats:
        """Programme answers that a visit is expected to set right; 0 for families without an official desil.

        Under a model that says nothing of P(desil = k), as an imitation, the answers that it is expected to change.
        """
        stake = chances.expected_stake(self._after, self._estimate, self._stakes)
        return np.where(self._is_ranked, stake, 0.0)

    @cached_property
    def flip(self) -> Floats:
        """The chance that the estimated desil moves."""
        stays = self._after[np.arange(len(self._estimate)), self._estimate - 1]
        return np.where(self._is_ranked, 1 - stays, 0.0)

    @cached_property
    def likely(self) -> Likely | None:
        """P(desil = k) under the release's model, where it tells any."""
        return likely(self.view)

    @cached_property
    def _stakes(self) -> Floats:
        change = stakes(self.on)
        if self.likely is None:
            return change
        return chances.set_right(change, self.likely.by_decile(self.view.manifest["cuts"]))

    def causes(self, place: int) -> tuple[Cause, ...]:
        """The inputs of a family that may move its desil most."""
        weight = self._inputs.weight[place]
        total = float(weight.sum())
        order = [int(one) for one in np.argsort(-weight, kind="stable")[:CAUSES] if weight[one] > 0]
        return tuple(
            Cause(
                input=self._blocks[one][0].label_id,
                cause=self._cause(place, one),
                doubt=round(
                    float(self._doubts[one].chance[place]) if np.isfinite(self._inputs.held[place, one]) else 1.0, 3
                ),
                share=round(float(weight[one]) / total, 3),
            )
            for one in order
        )

    def _cause(self, place: int, one: int) -> str:
        if not np.isfinite(self._inputs.held[place, one]):
            return MISSING
        if self._doubts[one].is_contested[place]:
            return CONTESTED
        return OLD if self._doubts[one].is_verified[place] else UNVERIFIED

    @cached_property
    def _is_ranked(self) -> NDArray[np.bool_]:
        return self.families["desil_nasional"].is_not_null().to_numpy()

    @cached_property
    def _estimate(self) -> Ints:
        """The desil a family stands in: the estimate, else that of its score with what its peers have."""
        cut = 1 + np.searchsorted(np.array(self.view.manifest["cuts"]), self._inputs.score, side="left")
        found = self.families["desil_estimasi"].cast(pl.Int64).fill_null(0).to_numpy()
        return np.where(found > 0, found, cut)

    @cached_property
    def _blocks(self) -> list[list[Feature]]:
        """The model's features that read the same columns, since they change together."""
        found: dict[tuple[str, ...], list[Feature]] = {}
        for feature in self.model.features:
            found.setdefault(feature.columns, []).append(feature)
        return list(found.values())

    @cached_property
    def features(self) -> pl.DataFrame:
        """Every feature of every family in whole numbers, by family id, with its number of members and its section.

        `part`: the place of its section among the model's parts, null where it is of none.
        """
        persons = nw.from_native(fetched(self.view.scan("anggota")).lazy())
        joined = nw.from_native(self.families.lazy()).join(household(persons, self.base), on="family_id", how="left")
        available = features()
        names = {feature.name: available[feature.name] for feature in self.model.features}
        rows = joined.select("family_id", size=nw.col("n"), part=number(self.model), **names).to_native()
        return fetched(rows).sort("family_id")

    @cached_property
    def _inputs(self) -> chances.Inputs:
        blocks = [
            pl.sum_horizontal(
                (
                    pl.col(feature.name).cast(pl.Float64) * self._by_part(self._weights[feature.name])
                    for feature in block
                ),
                ignore_nulls=False,
            ).alias(str(place))
            for place, block in enumerate(self._blocks)
        ]
        intercept = self.features.select(self._by_part([part.intercept_micro for part in self.model.parts]))
        held = self.features.select(blocks).fill_null(NAN).to_numpy()
        group = self.families["desil_nasional"].fill_null(0).cast(pl.Int64).to_numpy()
        doubt = np.column_stack([doubt.chance for doubt in self._doubts])
        unknown = pl.repeat(None, self.families.height, dtype=pl.Float64, eager=True)
        at = self.families.get_column("skor_estimasi", default=unknown).cast(pl.Float64)
        return chances.Inputs(
            held,
            doubt,
            chances.peers_of(held, group),
            intercept.to_series().to_numpy(),
            at.fill_null(NAN).to_numpy(),
        )

    @cached_property
    def _weights(self) -> dict[str, list[int]]:
        """The weight of each feature in each part of the model."""
        parts = [{one.name: one.coefficient_micro for one in part.features} for part in self.model.parts]
        return {one.name: [part[one.name] for part in parts] for one in self.model.features}

    def _by_part(self, values: Sequence[int]) -> pl.Expr:
        """The value of each family's section; the mean of all where it is not known, since a visit may find any."""
        known = dict(enumerate(map(float, values)))
        return pl.col("part").replace_strict(known, default=sum(known.values()) / len(known), return_dtype=pl.Float64)

    @cached_property
    def _doubts(self) -> list[Doubt]:
        sizes = self.features["size"].fill_null(1).cast(pl.Float64).to_numpy()
        asked = Doubts(self.view, self.families["family_id"].to_list(), self.visits, sizes)
        return [asked.of(block[0].columns, of_head=HEAD in block[0].columns) for block in self._blocks]

    @cached_property
    def _after(self) -> Floats:
        """The chance of each estimated desil after a visit."""
        cuts: Sequence[int] = self.view.manifest["cuts"]
        return chances.decile_chances(self._inputs, cuts)


def stakes(on: date) -> Floats:
    """What moving from one desil to another means: programme answers that change, ten by ten.

    An answer is 1 inside a rule's desil, one half in its reserve, 0 outside; a programme's sources count equally and
    together as one programme.
    """
    found = np.zeros((chances.DECILES, chances.DECILES))
    for rules in in_force_on(on).values():
        for rule in rules:
            answers = np.array([_answer(rule, desil) for desil in range(1, chances.DECILES + 1)])
            found += np.abs(answers[:, None] - answers[None, :]) / len(rules)
    return found


def _answer(rule: Rule, desil: int) -> float:
    if rule.first <= desil <= rule.last:
        return 1.0
    return 0.5 if rule.last < desil <= rule.reserve else 0.0
