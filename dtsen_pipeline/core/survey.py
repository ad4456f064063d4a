"""What is counted of a file while it is read, part by part, and the refusals that follow from the counts.

Reading is exact already (see `intake`); rows are judged one by one later (see `validate`).
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from decimal import Decimal

import polars as pl

from dtsen_pipeline.core.intake import Reading
from dtsen_pipeline.core.validate import NUMERIC_ID
from dtsen_pipeline.reference import Profile
from dtsen_pipeline.schemas.columns import Kind
from dtsen_pipeline.schemas.errors import DtsenError
from dtsen_pipeline.schemas.tables import FAMILY, VISIT, tables

MAJORITY = Decimal("0.5")


@dataclass(frozen=True)
class Survey:
    """The counts of a file: its lines, the damaged ones, those of the city, and numbers where identifiers belong.

    `inside` is none for a table that is of no one city; `officers` gives the role of each, where one is stated.
    """

    rows: int
    damaged: int
    inside: int | None
    numeric: Mapping[str, int]
    officers: Mapping[str, str | None]


def survey(parts: Iterable[Reading], profile: Profile, city: str) -> Survey:
    """Count over the parts of a file, holding one at a time."""
    ids = [column.name for column in tables()[profile.table].columns if column.kind in {Kind.NIK, Kind.CARD}]
    asked = {name: pl.col(name).str.contains(NUMERIC_ID) for name in ids if name in profile.header}
    if profile.table == FAMILY:
        asked["inside"] = pl.col("kode_kabupaten_kota") == city
    totals = dict.fromkeys(asked, 0)
    rows = damaged = 0
    officers = set[tuple[str, str]]()
    for part in parts:
        rows += part.rows.height + part.damaged.height
        damaged += part.damaged.height
        counts = part.rows.select(expression.sum().alias(name) for name, expression in asked.items()).row(0)
        totals = {name: totals[name] + count for name, count in zip(totals, counts, strict=True)}
        if profile.table == VISIT:
            officers.update(part.rows.select("id_petugas", "peran_petugas").unique().rows())
    inside = totals.pop("inside", None)
    return Survey(rows, damaged, inside, totals, {who: role or None for who, role in sorted(officers) if who})


def check_survey(found: Survey, share: Decimal, token: str) -> None:
    """Refuse a file whose identifiers went through a spreadsheet as numbers, or most of whose rows lie elsewhere."""
    read = found.rows - found.damaged
    for name, count in found.numeric.items():
        if count > share * read:
            raise DtsenError(
                "E_NIK_NUMERIC",
                "too many identifiers were stored as numbers, so digits are lost for good",
                token=token,
                column=name,
            )
    if read and found.inside is not None and found.inside <= MAJORITY * read:
        raise DtsenError("E_REGION", "most rows belong to another regency or city", token=token)
