"""The NIK of several people side by side: one number in two families or under two names, and near misses.

A near miss is a number that differs from another of the same family card in one digit, or in two neighbouring
digits that changed places. It is told of only where a mistake is likely: the number contradicts its own bearer, or
the bearer stands on the card twice. Nothing is corrected here; what to look at is listed by `queries.doubts`.
"""

from itertools import pairwise

import narwhals as nw

from dtsen_pipeline.core.engine import Engine, Frame
from dtsen_pipeline.core.entities import CARD, ID_NAME, NIK
from dtsen_pipeline.core.rows import ROW
from dtsen_pipeline.core.rules.context import Predicates
from dtsen_pipeline.core.rules.identifiers import SIXTEEN
from dtsen_pipeline.core.validate import joined

LENGTH = 16
TWICE = "W_NIK_TWICE"
DOUBTED = ("W_NIK_BIRTHDATE", "W_NIK_DATE", "W_NIK_SEX", "W_NIK_REGION_UNKNOWN", "W_PERSON_TWICE")
"""The row findings after which a number is compared with the others of its family card."""


def number_rules() -> Predicates:
    """The rules for a member row beside what `check_numbers` found about its number."""
    is_shared = (nw.col("nik_rows") > 1) & ~nw.col(NIK).is_null()
    return {
        "W_NIK_TWO_FAMILIES": is_shared & (nw.col("first_card") != nw.col("last_card")),
        "W_NIK_TWO_NAMES": is_shared & (nw.col("first_name") != nw.col("last_name")),
        "W_NIK_NEIGHBOUR": ~nw.col("is_near").is_null(),
    }


def check_numbers(members: Frame, found: Frame, engine: Engine) -> Frame:
    """Member rows with a shared or nearly shared NIK: src, row, reasons (null), warnings.

    `found`: the findings of the members' own row rules, which leave few rows to compare.
    """
    narrow = members.select(*ROW, CARD, NIK, ID_NAME)
    marked = found.filter(_has(TWICE, *DOUBTED)).select(*ROW, "warnings")
    suspects = engine.checkpoint(narrow.join(marked, on=list(ROW), how="inner"))
    near = _near(suspects.filter(_has(*DOUBTED)), narrow)
    compared = _compared(suspects).join(near, on=list(ROW), how="left")
    rules = number_rules()
    return compared.filter(nw.any_horizontal(*rules.values(), ignore_nulls=True)).select(
        *ROW, nw.lit(None, dtype=nw.String).alias("reasons"), joined(rules, "W_").alias("warnings")
    )


def _has(*codes: str) -> nw.Expr:
    return nw.any_horizontal(
        *(nw.col("warnings").str.contains(code, literal=True) for code in codes), ignore_nulls=True
    )


def _compared(suspects: Frame) -> Frame:
    """How many rows of the file bear the number, and the first and last card and name among them."""
    alike = ("src", NIK)
    return suspects.with_columns(
        nik_rows=nw.len().over(*alike),
        first_card=nw.col(CARD).min().over(*alike),
        last_card=nw.col(CARD).max().over(*alike),
        first_name=nw.col(ID_NAME).min().over(*alike),
        last_name=nw.col(ID_NAME).max().over(*alike),
    )


def _near(doubted: Frame, members: Frame) -> Frame:
    """Src and row of doubted rows whose number is a near miss of another on their card, with `is_near`."""
    others = members.select("src", CARD, other=nw.col(NIK))
    are_numbers = nw.col(NIK).str.contains(SIXTEEN) & nw.col("other").str.contains(SIXTEEN)
    pairs = doubted.join(others, on=["src", CARD], how="inner").filter(are_numbers)
    near = pairs.filter(is_neighbour(nw.col(NIK), nw.col("other")))
    return near.select(*ROW).unique().with_columns(is_near=nw.lit(1))


def is_neighbour(mine: nw.Expr, other: nw.Expr) -> nw.Expr:
    """Whether two texts of 16 digits differ in one digit, or in two neighbouring digits that changed places."""
    pairs = [(mine.str.slice(place, 1), other.str.slice(place, 1)) for place in range(LENGTH)]
    differing = nw.sum_horizontal(*(nw.when(a != b).then(nw.lit(1)).otherwise(nw.lit(0)) for a, b in pairs))
    swapped = [(a == next_b) & (next_a == b) & (a != b) for (a, b), (next_a, next_b) in pairwise(pairs)]
    has_swap = nw.any_horizontal(*swapped, ignore_nulls=True)
    return (differing == 1) | ((differing == 2) & has_swap)  # noqa: PLR2004 - one pair of digits
