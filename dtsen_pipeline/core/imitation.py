"""An imitation of the ministry's rule: fitted on a snapshot's official deciles, judged on families it has not seen.

It says what the ministry's rule would probably say of a family, not how the family lives. Weights become whole
millionths before anything is judged, and cut-offs are those of `cutoffs`, so that what is judged is what will score.
The fit is `ordered`, the words of the card stand in `imitation_card`, files are the resources' work.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray

from dtsen_pipeline.core.cutoffs import DECILES, SHADOW, cut_offs
from dtsen_pipeline.core.declared import DECLARED
from dtsen_pipeline.core.estimate import OFFICIAL
from dtsen_pipeline.core.fitting import INTERVAL, Interval, partitions
from dtsen_pipeline.core.ordered import SPREAD, Floats, Whole, weights_of
from dtsen_pipeline.reference import WelfareModel
from dtsen_pipeline.schemas.errors import DtsenError

MICRO, THOUSAND, FEW = 1_000_000, 1000, 5
"""Cells of fewer families than the last are not shown."""
DRAWS = 500
SOURCE = (
    "Dicocokkan pada desil_nasional dan masukan kementerian dari potret kota itu sendiri, tanpa verifikasi / fitted on "
    "the official deciles and the ministry's own inputs of the city's snapshot, without verification"
)
OUTCOME = (
    "Logit kumulatif desil_nasional: apa yang kiranya dikatakan aturan kementerian, bukan kesejahteraan / cumulative "
    "logit of the official decile: what the ministry's rule would probably say, not welfare"
)


@dataclass(frozen=True)
class ImitationPlan:
    """How to fit and judge: folds, seed of the folds and of the intervals, penalty of the weights."""

    folds: int = 10
    seed: int = 2026
    penalty: float = 1.0


@dataclass(frozen=True)
class Imitated:
    """A fit on `families` and what it gives out of fold, with bootstrap intervals.

    `weights`: millionths of a logit by input, constant inputs left out; `confusion`: families by official decile (row)
    and by the decile of the score (column); `r2`: the share of the latent variable's variance (McKelvey and Zavoina).
    """

    plan: ImitationPlan
    families: int
    weights: Mapping[str, int]
    constant: tuple[str, ...]
    r2: float
    confusion: Whole
    exact: Interval
    within_one: Interval
    kendall: Interval


def imitate(labelled: pl.DataFrame, plan: ImitationPlan) -> Imitated:
    """Fit on everybody, and judge by folds; E_MODEL_FIT for fewer than 20 families a fold or a single decile.

    `labelled`: desil_nasional and every declared input, whole numbers, a row a family. Rows are taken in the order of
    their values, so that neither the order of arrival nor a family's id has a part in the folds.
    """
    if labelled.height < 20 * plan.folds:
        raise DtsenError("E_MODEL_FIT", f"an imitation in {plan.folds} folds needs {20 * plan.folds} complete families")
    ordered = labelled.select(OFFICIAL, *DECLARED).sort(pl.all())
    decile = ordered[OFFICIAL].cast(pl.Int64).to_numpy()
    x = ordered.select(pl.col(*DECLARED).cast(pl.Int64)).to_numpy()
    weights = _weights(x, decile, plan)
    varies = x.std(axis=0) > 0
    names = np.array(list(DECLARED))
    confusion = _confusion(decile, _unseen(x, decile, plan))
    spread = float((x @ weights / MICRO).var())
    return Imitated(
        plan=plan,
        families=len(decile),
        weights=dict(zip(names[varies].tolist(), weights[varies].tolist(), strict=True)),
        constant=tuple(names[~varies].tolist()),
        r2=spread / (spread + SPREAD**2),
        confusion=confusion,
        **_judged(confusion, plan),
    )


def model_facts(name: str, done: Imitated, words: WelfareModel, about: Mapping[str, Any]) -> dict[str, Any]:
    """The facts of the model's file. `words`: a model with every input's words; `about`: city, snapshot, files, day."""
    known = {feature.name: feature for feature in words.features}
    features = [
        {
            **{key: getattr(known[input_], key) for key in ("name", "label", "label_id", "definition")},
            "columns": list(known[input_].columns),
            "survey_variable": input_,
            "reading": "as_is",
            "coefficient_micro": weight,
        }
        for input_, weight in done.weights.items()
    ]
    dropped = [{"survey_variable": one, "reason": "Tetap pada potret ini / constant"} for one in done.constant]
    return {
        "id": name,
        "status": "city",
        "kind": "imitation",
        "title": f"Tiruan aturan kementerian pada potret {about['snapshot']} / an imitation of the ministry's rule",
        "source": SOURCE,
        "effective": about["day"],
        "unit": "keluarga",
        "scope": "kabupaten_kota",
        "outcome": OUTCOME,
        "welfare": OFFICIAL,
        "regions": [about["city"]],
        "n": done.families,
        "r2": f"{done.r2:.4f}",
        "residual_sd_micro": round(SPREAD * MICRO),
        "scale": MICRO,
        "intercept_micro": 0,
        "agreement": _agreement(done, about),
        "features": features,
        "dropped": dropped,
    }


def chances(confusion: Whole) -> list[list[int | None]]:
    """For each decile of the score, of a thousand families the number with each official decile.

    Null where a count of 1 to 4 stands behind it, and everywhere for a decile that nobody has.
    """
    found: list[list[int | None]] = []
    for column in confusion.T.tolist():
        total = sum(column)
        found.append([_share(count, total) for count in column])
    return found


def kendall(confusion: Floats | Whole) -> float:
    """Kendall's tau-b of a table of two ordered answers; 0 where one of them is always the same."""
    table = np.asarray(confusion, dtype=np.float64)
    total = table.sum()
    later = np.cumsum(np.cumsum(table[::-1, ::-1], axis=0), axis=1)[::-1, ::-1]
    lower = np.cumsum(np.cumsum(table[::-1], axis=0), axis=1)[::-1]
    concordant = float((table[:-1, :-1] * later[1:, 1:]).sum())
    discordant = float((table[:-1, 1:] * lower[1:, :-1]).sum())
    pairs = total * (total - 1) / 2
    tied = [float((sums * (sums - 1) / 2).sum()) for sums in (table.sum(axis=0), table.sum(axis=1))]
    free = (pairs - tied[0]) * (pairs - tied[1])
    return (concordant - discordant) / float(np.sqrt(free)) if free > 0 else 0.0


def _share(count: int, total: int) -> int | None:
    return None if total == 0 or 0 < count < FEW else (THOUSAND * count + total // 2) // total


def _weights(x: Whole, decile: Whole, plan: ImitationPlan) -> Whole:
    return np.rint(weights_of(x, decile, plan.penalty) * MICRO).astype(np.int64)


def _unseen(x: Whole, decile: Whole, plan: ImitationPlan) -> Whole:
    """The decile of every family by a fit, and by cut-offs, that have not seen its fold."""
    (fold,) = partitions(len(decile), plan.folds, 1, plan.seed)
    found = np.zeros(len(decile), dtype=np.int64)
    for number in range(plan.folds):
        out = fold == number
        score = x @ _weights(x[~out], decile[~out], plan)
        found[out] = 1 + np.searchsorted(_cuts(score[~out], decile[~out]), score[out], side="left")
    return found


def _cuts(score: Whole, decile: Whole) -> Whole:
    rows = pl.DataFrame({SHADOW: score, OFFICIAL: decile})
    return np.array(cut_offs(rows.group_by(SHADOW, OFFICIAL).agg(pl.len().cast(pl.Int64).alias("families"))))


def _confusion(official: Whole, said: Whole) -> Whole:
    places = (official - 1) * DECILES + said - 1
    return np.bincount(places, minlength=DECILES**2).reshape(DECILES, DECILES).astype(np.int64)


def _agreed(confusion: NDArray[Any]) -> tuple[float, float, float]:
    """The shares with the same decile and within one of it, and Kendall's tau-b."""
    total = confusion.sum()
    beside = confusion.trace(1) + confusion.trace(-1)
    return float(confusion.trace() / total), float((confusion.trace() + beside) / total), kendall(confusion)


def _judged(confusion: Whole, plan: ImitationPlan) -> dict[str, Interval]:
    """The three measures, each between the bounds of 95% of the draws of families from the table."""
    draw = np.random.default_rng(plan.seed)
    total = int(confusion.sum())
    drawn = draw.multinomial(total, (confusion / total).ravel(), DRAWS).reshape(-1, DECILES, DECILES)
    low, high = np.percentile([_agreed(one) for one in drawn], INTERVAL, axis=0)
    names = ("exact", "within_one", "kendall")
    ends = zip(names, _agreed(confusion), low, high, strict=True)
    return {name: Interval(value, float(least), float(most)) for name, value, least, most in ends}


def _agreement(done: Imitated, about: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "snapshot": about["snapshot"],
        "files": list(about["files"]),
        "folds": done.plan.folds,
        "seed": done.plan.seed,
        "penalty": f"{done.plan.penalty:g}",
        "exact": f"{done.exact.value:.4f}",
        "within_one": f"{done.within_one.value:.4f}",
        "kendall": f"{done.kendall.value:.4f}",
        "chances": chances(done.confusion),
    }
