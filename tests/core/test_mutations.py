"""The judge is worth something: each of these mistakes in the core makes it speak.

A mistake is planted into one function, the stages from there on are run again, and the judge must find a fault of
the kind that the mistake makes, which it does not find in the sound run.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path
from types import ModuleType
from typing import Any

import narwhals as nw
import polars as pl
import pytest

from dtsen_pipeline.core import bounds, cells, clashes, features, flow, merge, ministry, normalise, score, verdicts
from dtsen_pipeline.core.rows import ROW
from dtsen_pipeline.schemas.tables import FAMILY, tables
from tests.oracle.city import judged
from tests.oracle.judge import Fault
from tests.running import Run

STAGES = ("records", "checked", "observed", "merged", "outcome")
Original = Callable[..., Any]


@dataclass(frozen=True)
class Mistake:
    """What is broken, from which stage on it shows, and which check must notice."""

    module: ModuleType
    name: str
    broken: Callable[[Any], object]
    stage: str
    check: str


def _nothing_is_cleared(original: Original) -> Original:
    return lambda cell, column, _: original(cell, column, tables()[FAMILY])


def _every_visit_is_later(original: Original) -> Original:
    return lambda *facts: replace(original(*facts), base_day=date(2000, 1, 1))


def _only_the_base_was_seen(original: Original) -> Original:
    return lambda visits, scene: original(visits, scene).with_columns(seen_version=nw.lit(scene.base))


def _file_order_instead_of_time(original: Any) -> Any:
    return lambda *given: original(*given).with_columns(at=nw.lit(0, dtype=nw.Int64))


def _years_alone(_: Original) -> Original:
    return lambda on: nw.lit(on.year) - nw.col("tanggal_lahir").dt.year().cast(nw.Int64)


def _upper(original: Original) -> Original:
    return lambda name, cuts: original(name, [cut - 1 for cut in cuts])


def _own_score(original: Original) -> Original:
    return lambda *facts: original(*facts).with_columns(titik=pl.col("skor_bayangan"))


def _one_further(original: Original) -> Original:
    return lambda rows, cuts: original(rows, cuts).with_columns(jarak_batas_atas=nw.col("jarak_batas_atas") + 1)


def _bits_shifted(original: Original) -> Original:
    return lambda *facts: original(*facts).with_columns(mask=nw.col("mask") * 2)


MISTAKES = {
    "a none is an unknown code": Mistake(normalise, "_code", _nothing_is_cleared, "records", "merge"),
    "visits always beat snapshots": Mistake(merge, "_facts", _every_visit_is_later, "merged", "merge"),
    "a third value wins": Mistake(verdicts, "WINS", lambda wins: tuple({*wins} - {"pending"}), "merged", "merge"),
    "nothing expires": Mistake(verdicts, "_limit", lambda _: lambda *_: nw.lit(verdicts.NO_LIMIT), "merged", "merge"),
    "the seen snapshot is forgotten": Mistake(merge, "_with_seen", _only_the_base_was_seen, "merged", "merge"),
    "every clash is soft": Mistake(clashes, "HARD", lambda _: clashes.SOFT, "merged", "clash"),
    "the last line speaks, not the last visit": Mistake(
        verdicts, "_told", _file_order_instead_of_time, "merged", "merge"
    ),
    "blanks are filled in file order": Mistake(ministry, "ORDER", lambda order: (*ROW, order[0]), "merged", "merge"),
    "coarse codes contradict fine ones": Mistake(cells, "_finer_pairs", lambda _: lambda _: ["-"], "merged", "merge"),
    "a closed gate is not seen": Mistake(merge, "with_closed", lambda _: lambda rows, _: rows, "merged", "merge"),
    "lineage points to the next column": Mistake(verdicts, "masked", _bits_shifted, "merged", "cell"),
    "age is the difference of years": Mistake(features, "_age", _years_alone, "outcome", "score"),
    "men and women are swapped": Mistake(features, "MALE", lambda _: 2, "outcome", "score"),
    "cut-offs are one too low": Mistake(
        score, "cut_offs", lambda original: lambda rows: tuple(c - 1 for c in original(rows)), "outcome", "cut"
    ),
    "ties fall into the upper decile": Mistake(score, "decile_of", _upper, "outcome", "score"),
    "nothing is scored again after verification": Mistake(
        score, "_changed", lambda original: lambda merged: original(merged).head(0), "outcome", "score"
    ),
    "a family stands where its shadow score is": Mistake(score, "points", _own_score, "outcome", "score"),
    "the distance to a cut-off is one too long": Mistake(score, "estimated", _one_further, "outcome", "score"),
    "blanks that nobody touched move a family": Mistake(
        bounds, "_is_kept", lambda _: lambda _: nw.lit(value=False), "outcome", "score"
    ),
    "members who left are not noticed": Mistake(
        bounds, "_regrouped", lambda original: lambda *facts: original(*facts).head(0), "outcome", "score"
    ),
    "held members are forgotten": Mistake(
        flow, "incomplete", lambda original: lambda *facts: original(*facts).head(0), "outcome", "score"
    ),
}


@pytest.fixture(scope="module")
def sound(noisy_run: Run, noisy_city: Path) -> frozenset[Fault]:
    """What the judge says of the sound run."""
    return frozenset(judged(noisy_run, noisy_city).faults)


def _again(run: Run, stage: str) -> Run:
    """A run that shares the stages before `stage`."""
    fresh = Run(run.readings, run.engine)
    vars(fresh).update({name: getattr(run, name) for name in ("rows", "damaged", *STAGES[: STAGES.index(stage)])})
    return fresh


@pytest.mark.parametrize("name", MISTAKES)
def test_the_judge_notices(
    name: str, noisy_run: Run, noisy_city: Path, sound: frozenset[Fault], monkeypatch: pytest.MonkeyPatch
) -> None:
    mistake = MISTAKES[name]
    run = _again(noisy_run, mistake.stage)
    broken = mistake.broken(getattr(mistake.module, mistake.name))
    monkeypatch.setattr(mistake.module, mistake.name, broken)
    found = {fault.check for fault in frozenset(judged(run, noisy_city).faults) - sound}
    assert mistake.check in found
