"""Targeting error of a release, measured by the visits that fell by lot: before verification and after it.

The random arm of the visits since the base snapshot's data date stands for all families of a kelurahan; whoever
answered counts, weighted as if the others were like them. Should be inside: the estimate after the visit lies at or
below the line. Inside before: the official desil does. After verification the errors that visits corrected are known
one by one and leave the total; every family that nobody visited keeps its official desil. Kelurahan without a judged
visit by lot are not stood for (`population` against `covered`). Lotteries of several weeks count as one, although
families verified before a later lottery could not be drawn in it: with many visits between them the errors before are
a little understated. Shares from fewer than five families are not shown.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date

import numpy as np
import polars as pl
from numpy.typing import NDArray

from dtsen_pipeline.core.targeting import Design, Errors, Share, share_of
from dtsen_pipeline.core.transitions import drift, transitions
from dtsen_pipeline.queries.fragility import Fragility, fragility
from dtsen_pipeline.queries.prospects import VILLAGE, Prospects
from dtsen_pipeline.queries.reading import View
from dtsen_pipeline.queries.traits import EVERYBODY, GROUPS, SMALL, traits
from dtsen_pipeline.queries.visits import ANSWERED
from dtsen_pipeline.reference.models import model_label
from dtsen_pipeline.resources.platform import Platform

Bools = NDArray[np.bool_]


@dataclass(frozen=True)
class Measured:
    """Errors of one group of families; shares are missing where too few of the sample tell."""

    by: str
    group: str
    before: Errors
    after: Errors


@dataclass(frozen=True)
class Targeting:
    """The answer. `drawn`: visits by lot since the data date; `answered`: somebody answered; `judged`: the estimate is
    known. `by_purpose`: families that answered a visit for another reason. `covered`: families, of the `population`
    with an official desil, in kelurahan with a judged visit by lot.
    """  # noqa: D205 - the fields are the summary

    release_id: str
    model: str
    line: int
    since: date
    drawn: int
    answered: int
    judged: int
    by_purpose: int
    population: int
    covered: int
    groups: tuple[Measured, ...]
    fragility: Fragility
    transitions: Mapping[int | None, Mapping[int | None, int]]
    drift: Mapping[str, int]


def targeting(platform: Platform, view: View, line: int) -> Targeting:
    """Errors of the line `desil <= line`, fragility, and the moves from the official desil to the estimate."""
    found = Prospects(platform, view)
    frame = _frame(found)
    sample = frame.filter("is_drawn", pl.col("estimate").is_not_null())
    covered = frame.join(sample, on="kelurahan", how="semi")
    return Targeting(
        release_id=view.release_id,
        model=model_label(view.manifest["model"]),
        line=line,
        since=found.base,
        drawn=found.visits.filter("is_random", pl.col("visited_on") > found.base)["family_id"].n_unique(),
        answered=int(frame["is_drawn"].sum()),
        judged=sample.height,
        by_purpose=int((frame["is_verified"] & ~frame["is_drawn"]).sum()),
        population=frame.height,
        covered=covered.height,
        groups=tuple(_groups(covered, sample, line)),
        fragility=fragility(found, line),
        transitions=transitions(found.families, "desil_nasional", "desil_estimasi"),
        drift=drift(found.families, "desil_nasional", "desil_estimasi"),
    )


def _frame(found: Prospects) -> pl.DataFrame:
    """Every family with an official desil and a kelurahan: desil, how it was visited, and the groups it belongs to."""
    answered = found.visits.filter(pl.col("outcome").is_in(ANSWERED), pl.col("visited_on") > found.base)
    by_lot = answered.filter("is_random")["family_id"].drop_nulls().to_list()
    table = found.families.join(traits(found.view), on="family_id", how="left", validate="1:1")
    return table.filter(pl.col("desil_nasional").is_not_null(), pl.col(VILLAGE).is_not_null()).select(
        "family_id",
        official="desil_nasional",
        estimate="desil_estimasi",
        is_drawn=pl.col("family_id").is_in(by_lot),
        is_verified=pl.col("family_id").is_in(answered["family_id"].drop_nulls().to_list()),
        kelurahan=VILLAGE,
        jenis_kelamin_kepala="jenis_kelamin_kepala",
        disabilitas="disabilitas",
        umur_kepala="umur_kepala",
    )


def _groups(frame: pl.DataFrame, sample: pl.DataFrame, line: int) -> Iterator[Measured]:
    yield _measured(frame, sample, line, EVERYBODY, EVERYBODY)
    for by in GROUPS:
        for group in sorted(sample[by].drop_nulls().unique().to_list()):
            yield _measured(frame, sample, line, by, group)


def _measured(frame: pl.DataFrame, sample: pl.DataFrame, line: int, by: str, group: str) -> Measured:
    within = pl.lit(value=True) if by == EVERYBODY else (pl.col(by) == group).fill_null(value=False)
    design = Design(sample["kelurahan"].to_list(), dict(frame["kelurahan"].value_counts().rows()))
    inside, should, part = (
        sample.select(one).to_series().to_numpy()
        for one in (pl.col("official") <= line, pl.col("estimate") <= line, within.alias("part") & pl.col("is_drawn"))
    )
    visited = frame.filter(within, "is_verified", pl.col("estimate").is_not_null())
    official, estimate = pl.col("official") <= line, pl.col("estimate") <= line
    wrongly_in, wrongly_out = (visited.filter(one).height for one in (official & ~estimate, ~official & estimate))
    return Measured(
        by=by,
        group=group,
        before=_errors(inside, should, part, design, (0, 0)),
        after=_errors(inside, should, part, design, (wrongly_in, wrongly_out)),
    )


def _errors(inside: Bools, should: Bools, part: Bools, design: Design, corrected: Sequence[int]) -> Errors:
    wrongly_in, wrongly_out = corrected
    return Errors(
        inclusion=_shown(share_of(inside, ~should & part, design, corrected=wrongly_in)),
        exclusion=_shown(share_of(~inside, should & part, design, corrected=wrongly_out)),
    )


def _shown(share: Share) -> Share:
    """The share, or nothing but its sample size where too few families tell."""
    return share if share.sampled >= SMALL else replace(share, share=None, low=None, high=None)
