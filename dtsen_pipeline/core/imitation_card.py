"""The words of an imitation's card, as Markdown: what it is, how often it agrees on the unseen, and its weights."""

from collections.abc import Mapping
from typing import Any

from dtsen_pipeline.core.cutoffs import DECILES
from dtsen_pipeline.core.fitting import Interval
from dtsen_pipeline.core.imitation import DRAWS, FEW, MICRO, Imitated, chances

WARNING = (
    "**Tiruan, bukan ukuran kesejahteraan.** Model ini meniru desil resmi dari masukan kementerian: ia mengatakan apa "
    "yang kiranya dikatakan aturan kementerian tentang sebuah keluarga. Bila aturan itu keliru, tiruannya keliru juga."
    "\n\n**An imitation, not a measure of welfare.** It says what the ministry's rule would probably say of a family, "
    "not how the family lives. Where that rule errs, the imitation errs with it; to agree with it is not to be right."
)
ERROR = (
    "Of a thousand families with the decile of the score on the left, how many have which official decile. It is the "
    "error of the imitation, not the probability of being poor; `-` where it would show 1 to 4 families."
)


def imitation_card(done: Imitated, name: str, command: str, about: Mapping[str, Any]) -> str:
    """The card of an imitation; counts of 1 to 4 families are not shown."""
    files = ", ".join(f"`{token}`" for token in about["files"])
    method = (
        f"Ordered (proportional-odds) logit of `desil_nasional` on {len(done.weights)} declared inputs of "
        f"{done.families} families that are complete by the snapshot alone ({about['snapshot']}, files {files}); ridge "
        f"penalty {done.plan.penalty:g} on standardised inputs. No verified value, no correction and no programme "
        f"receipt takes part. R2 of the latent variable (McKelvey and Zavoina) {done.r2:.4f}."
    )
    quality = (
        f"{done.plan.folds}-fold cross-validation, seed {done.plan.seed}: the weights and cut-offs that judge a family "
        f"have not seen it. In brackets 95% of {DRAWS} bootstrap draws of families."
    )
    measures = [
        ["exact", _span(done.exact)],
        ["within one decile", _span(done.within_one)],
        ["Kendall's tau-b", _span(done.kendall)],
    ]
    blocks = [
        f"# Kartu model / model card: `{name}`",
        "Written by `dtsen model fit`; do not edit.",
        f"    {command}",
        WARNING,
        method,
        "## Kesesuaian pada keluarga yang belum dilihat / agreement on families not seen",
        quality,
        _table(("measure", "value"), measures),
        "Rows: official decile; columns: decile of the score. Families.",
        _table(("official", *_deciles()), [[str(row), *map(_shown, cells)] for row, cells in _rows(done)]),
        "## P(desil resmi | desil bayangan): galat tiruan / imitation error",
        ERROR,
        _table(("decile of the score", *_deciles()), _chances(done)),
        "## Bobot / weights",
        "Millionths of a logit for each unit of the input.",
        _table(
            ("input", "weight", "logits"), [[f"`{one}`", str(w), f"{w / MICRO:.6f}"] for one, w in done.weights.items()]
        ),
    ]
    left = ", ".join(f"`{one}`" for one in done.constant)
    return "\n\n".join([*blocks, *([f"Constant in this snapshot, so left out: {left}."] if left else [])]) + "\n"


def _deciles() -> list[str]:
    return [str(decile) for decile in range(1, DECILES + 1)]


def _rows(done: Imitated) -> list[tuple[int, list[int]]]:
    return list(enumerate(done.confusion.tolist(), start=1))


def _chances(done: Imitated) -> list[list[str]]:
    return [
        [str(decile), *("-" if share is None else str(share) for share in row)]
        for decile, row in enumerate(chances(done.confusion), start=1)
    ]


def _shown(count: int) -> str:
    return f"<{FEW}" if 0 < count < FEW else str(count)


def _span(found: Interval) -> str:
    return f"{found.value:.3f} ({found.low:.3f} to {found.high:.3f})"


def _table(head: tuple[str, ...], rows: list[list[str]]) -> str:
    lines = [head, ("---",) * len(head), *rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)
