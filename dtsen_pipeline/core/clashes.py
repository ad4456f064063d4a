"""Soft and hard clashes: whether a record that contradicts an officer's answer came after what the officer saw.

An officer goes out with a snapshot in hand. A record of later date, a newer snapshot or an earlier visit, that answers
a column otherwise than the officer is a *hard* clash where it changed that very column since the officer's snapshot,
and a *soft* one where it says there what the officer had seen, whatever else it changed. A record that is no later
than what the officer saw makes no clash. Nothing is decided by this: winners are found in `verdicts`.
"""

import narwhals as nw

from dtsen_pipeline.core.cells import VALUE, agrees, bit_of, known
from dtsen_pipeline.core.engine import Frame
from dtsen_pipeline.core.rows import ROW
from dtsen_pipeline.core.subject import Subject
from dtsen_pipeline.schemas.columns import Column

CLASH, HARD, SOFT = "clash", "hard", "soft"
MASKS = {HARD: "mask_keras", SOFT: "mask_lunak"}
"""The masks of the columns of each kind."""
FACTS = ("turn", "day", "seen_day", VALUE, "seen")


def with_clash(rows: Frame, group: list[str], columns: tuple[Column, ...], base_day: int) -> Frame:
    """Cells with `clash` (hard, soft or null), as they stand against what they contradict.

    `rows`: cells of one `group` each, or cells that stand alone, with day, seen_day, value, seen, is_unmoved, speaks.
    A cell is held against the base snapshot where it speaks for its column or says what the speaking one says, else
    against the speaking one; of two visits the later one's officer is asked what was seen.
    """
    against_base = _clash(nw.lit(base_day) > nw.col("seen_day"), nw.col("is_unmoved"))
    if not group:
        return rows.with_columns(against_base.alias(CLASH))
    ordered = rows.with_columns(turn=nw.col("at").cum_count().over(*group, order_by=["at", *ROW]))
    spoken = [nw.when(nw.col("speaks")).then(nw.col(name)).max().over(*group).alias(f"main_{name}") for name in FACTS]
    faced = ordered.with_columns(*spoken)
    is_earlier = nw.col("turn") < nw.col("main_turn")

    def of_two(late: str, early: str) -> nw.Expr:
        is_unmoved = agrees(nw.col(f"{early}{VALUE}"), nw.col(f"{late}seen"), columns)
        return _clash(nw.col(f"{early}day") > nw.col(f"{late}seen_day"), is_unmoved)

    against_visit = nw.when(is_earlier).then(of_two("main_", "")).otherwise(of_two("", "main_"))
    is_base = nw.col("speaks") | agrees(nw.col(VALUE), nw.col(f"main_{VALUE}"), columns)
    clash = nw.when(is_base).then(against_base).otherwise(against_visit)
    return faced.with_columns(clash.alias(CLASH)).drop("turn", *(f"main_{name}" for name in FACTS))


def clash_masks(rows: Frame, subject: Subject, *by: str) -> Frame:
    """Cells summed into masks: one row per `by` with `mask` and those of its columns that clash hard and softly."""
    bit, nothing = bit_of(subject), nw.lit(0, dtype=nw.Int64)
    parts = {name: nw.when(known(nw.col(CLASH) == kind)).then(bit).otherwise(nothing) for kind, name in MASKS.items()}
    names = ["mask", *MASKS.values()]
    return rows.with_columns(mask=bit, **parts).group_by(*by).agg(*(nw.col(n).sum().cast(nw.Int64) for n in names))


def without_clash(rows: Frame) -> Frame:
    """Losing rows of snapshots, which no officer's answer stands against."""
    return rows.with_columns(**dict.fromkeys(MASKS.values(), nw.lit(0, dtype=nw.Int64)))


def _clash(is_later: nw.Expr, is_unmoved: nw.Expr) -> nw.Expr:
    kind = nw.when(is_unmoved).then(nw.lit(SOFT)).otherwise(nw.lit(HARD))
    return nw.when(known(is_later)).then(kind)
