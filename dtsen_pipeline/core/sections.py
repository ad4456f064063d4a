"""Which section of a welfare model is a family's: by the region code of its place; a plain expression each.

A model without sections is one part, and every family is of it. A blank place, or one that no section names, is of no
part: nothing is scored by a section that may not be the family's.
"""

from collections.abc import Callable
from functools import reduce
from operator import or_

import narwhals as nw

from dtsen_pipeline.reference import WelfareModel

PLACE = "kode_kelurahan_desa"


def by_part(model: WelfareModel, of: Callable[[WelfareModel], nw.Expr]) -> nw.Expr:
    """What `of` says of the family's part; null where the family is of none."""
    if not model.sections:
        return of(model)
    return nw.coalesce(*(nw.when(_lies_in(part)).then(of(part)) for part in model.parts))


def number(model: WelfareModel) -> nw.Expr:
    """The place of the family's part among the parts; null where the family is of none."""
    numbers = {part.part: place for place, part in enumerate(model.parts)}
    return by_part(model, lambda part: nw.lit(numbers[part.part], dtype=nw.Int64))


def _lies_in(part: WelfareModel) -> nw.Expr:
    return reduce(or_, (nw.col(PLACE).str.starts_with(prefix) for prefix in part.regions))
