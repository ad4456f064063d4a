"""What is counted of a file while it is read, part by part, and the refusals that follow from the counts.

Reading is exact already (see `intake`). Rows that the rules reject are counted here and named later (see `validate`).
"""

from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from decimal import Decimal

import polars as pl

from dtsen_pipeline.core.intake import Reading
from dtsen_pipeline.core.validate import NUMERIC_ID
from dtsen_pipeline.reference import Profile
from dtsen_pipeline.schemas.columns import Kind
from dtsen_pipeline.schemas.errors import DtsenError
from dtsen_pipeline.schemas.tables import FAMILY, MEMBER, REGISTER, VISIT, VISIT_MEMBER, tables

KEYS = {
    FAMILY: ("nomor_kartu_keluarga",),
    MEMBER: ("nomor_induk_kependudukan",),
    VISIT: ("id_kunjungan",),
    VISIT_MEMBER: ("id_kunjungan", "nomor_induk_kependudukan"),
    REGISTER: ("nomor_induk_kependudukan",),
}
"""What a row of a table is expected to bring once in a file."""
VILLAGE = "kode_kelurahan_desa"
MAJORITY = Decimal("0.5")
WHOLE = r"\A[0-9]{16}\z"
FEWEST_IDS = 30
"""Below this a share of last digits says nothing."""
FEWEST_NUMBERS = 5
"""Fewer numbers are slips of the hand, whose rows are rejected: a spreadsheet that stores numbers spoils a column."""
ONE_IN = 10
"""One identifier in so many ends in zero by chance."""
DEVIATIONS = 6
"""How many standard deviations above that no chance explains: once in 400,000 files of `FEWEST_IDS`, or rarer."""


@dataclass(frozen=True)
class Survey:
    """The counts of a file: its lines, the damaged ones, those of the city, and numbers where identifiers belong.

    `inside` is none for a table that is of no one city; `officers` gives the role of each, where one is stated.
    `rejected` counts the readable rows that break a hard rule, `repeated` those whose key came before, `villages` the
    rows of each kelurahan code of a family file. `waiting` rows are not approved and no damage, `unreviewed` ones tell
    no state; `continues`: the file is one page of more.
    """

    rows: int
    damaged: int
    inside: int | None
    numeric: Mapping[str, int]
    officers: Mapping[str, str | None]
    rejected: int = 0
    repeated: int = 0
    villages: Mapping[str, int] = field(default_factory=dict)
    zeroed: Mapping[str, tuple[tuple[int, int], ...]] = field(default_factory=dict)
    """Per identifier and table: how many different ones are whole, and how many of those end in zero."""
    waiting: int = 0
    unreviewed: int = 0
    continues: bool = False


def combined(surveys: Iterable[Survey]) -> Survey:
    """The counts of a file of several tables; the first is the one that it is registered under."""
    first, *others = surveys
    every = (first, *others)
    return replace(
        first,
        rows=sum(one.rows for one in every),
        damaged=sum(one.damaged for one in every),
        numeric=_added(one.numeric for one in every),
        officers={who: role for one in every for who, role in one.officers.items()},
        rejected=sum(one.rejected for one in every),
        repeated=sum(one.repeated for one in every),
        zeroed=_beside(one.zeroed for one in every),
        waiting=sum(one.waiting for one in every),
        unreviewed=sum(one.unreviewed for one in every),
        continues=any(one.continues for one in every),
    )


def _added(counts: Iterable[Mapping[str, int]]) -> dict[str, int]:
    total = Counter[str]()
    for one in counts:
        total.update(one)
    return dict(total)


def _beside(counts: Iterable[Mapping[str, tuple[tuple[int, int], ...]]]) -> dict[str, tuple[tuple[int, int], ...]]:
    found: dict[str, tuple[tuple[int, int], ...]] = {}
    for one in counts:
        found |= {name: (*found.get(name, ()), *pairs) for name, pairs in one.items()}
    return found


def survey(
    parts: Iterable[Reading],
    profile: Profile,
    city: str,
    in_contract: Callable[[pl.DataFrame], pl.DataFrame],
    rejects: Callable[[pl.DataFrame], int],
) -> Survey:
    """Count over the parts of a file, holding one at a time, and of keys and identifiers eight bytes a row.

    `in_contract` gives rows as the contract writes them: places are counted by its region codes, and `rejects` counts
    among such rows those that the row rules reject.
    """
    asked = _asked(profile)
    totals, villages = Counter[str](), Counter[str]()
    officers = set[tuple[str, str]]()
    keys = [pl.Series(dtype=pl.UInt64)]
    whole: dict[str, list[pl.Series]] = {name: [pl.Series(name, dtype=pl.Int64)] for name in asked}
    for part in parts:
        totals.update(rows=part.rows.height + part.damaged.height, damaged=part.damaged.height - part.waiting)
        totals.update(waiting=part.waiting, unreviewed=part.unreviewed, continues=part.continues)
        totals.update(
            part.rows.select(expression.sum().alias(name) for name, expression in asked.items()).row(0, named=True)
        )
        keys.append(_keys(part.rows, profile.table))
        for name, found in whole.items():
            found.append(_whole(part.rows[name]))
        places = in_contract(part.rows)
        totals.update(rejected=rejects(places))
        if profile.table == FAMILY:
            totals.update(inside=places.select((pl.col("kode_kabupaten_kota") == city).sum()).item() or 0)
            villages.update(dict(places[VILLAGE].drop_nulls().str.strip_chars(" ").value_counts().rows()))
        if profile.table == VISIT:
            officers.update(_officers(part.rows).rows())
    hashes = pl.concat(keys)
    return Survey(
        rows=totals["rows"],
        damaged=totals["damaged"],
        inside=totals["inside"] if profile.table == FAMILY else None,
        numeric={name: totals[name] for name in asked},
        zeroed={name: (_last_zeros(pl.concat(found)),) for name, found in whole.items()},
        officers={who: role or None for who, role in sorted(officers) if who},
        rejected=totals["rejected"],
        repeated=len(hashes) - hashes.n_unique(),
        villages=dict(sorted(villages.items())),
        waiting=totals["waiting"],
        unreviewed=totals["unreviewed"],
        continues=totals["continues"] > 0,
    )


def _asked(profile: Profile) -> dict[str, pl.Expr]:
    """What is counted in every part: of each population or card number those that a spreadsheet made a number."""
    ids = [column.name for column in tables()[profile.table].columns if column.kind in {Kind.NIK, Kind.CARD}]
    return {name: pl.col(name).str.contains(NUMERIC_ID) for name in ids if name in profile.header}


def _officers(rows: pl.DataFrame) -> pl.DataFrame:
    """Numbers of officers with their roles; none that is held as a number, whose row is rejected."""
    return rows.select("id_petugas", "peran_petugas").filter(~pl.col("id_petugas").str.contains(NUMERIC_ID)).unique()


def _whole(cells: pl.Series) -> pl.Series:
    """The different identifiers of sixteen digits: a card stands in a row of each of its people."""
    return cells.filter(cells.str.contains(WHOLE)).cast(pl.Int64).unique()


def _last_zeros(ids: pl.Series) -> tuple[int, int]:
    """How many different identifiers there are, and how many of them end in zero."""
    different = ids.unique()
    return len(different), int((different % ONE_IN == 0).sum())


def _keys(rows: pl.DataFrame, table: str) -> pl.Series:
    """A hash of the key of every row that has a whole one."""
    names = KEYS[table]
    whole = rows.filter(pl.all_horizontal(pl.col(name).str.strip_chars(" ") != "" for name in names))
    return whole.select(pl.concat_str(names, separator="|").hash().alias("key")).to_series()


def check_survey(found: Survey, share: Decimal, zero_share: Decimal, token: str) -> None:
    """Refuse a file whose identifiers went through a spreadsheet as numbers, or most of whose rows lie elsewhere.

    Zeros at the end count as lost digits where their share is above `zero_share` and chance does not explain them.
    """
    for name, counts in found.zeroed.items():
        if any(zero > zero_share * whole and _is_beyond_chance(whole, zero) for whole, zero in counts):
            raise DtsenError("E_NIK_ZEROED", "too many identifiers end in zero", token=token, column=name)
    read = found.rows - found.damaged - found.waiting
    for name, count in found.numeric.items():
        if count >= FEWEST_NUMBERS and count > share * read:
            raise DtsenError(
                "E_NIK_NUMERIC",
                "too many identifiers were stored as numbers, so digits are lost for good",
                token=token,
                column=name,
            )
    if read and found.inside is not None and found.inside <= MAJORITY * read:
        raise DtsenError("E_REGION", "most rows belong to another regency or city", token=token)


def _is_beyond_chance(whole: int, zero: int) -> bool:
    """Whether so many of `whole` digits that are evenly spread do not end in zero by chance; in whole numbers.

    The excess over whole/10 is held against `DEVIATIONS` times the square root of whole * 9/100, both squared.
    """
    excess = ONE_IN * zero - whole
    return whole >= FEWEST_IDS and excess > 0 and excess**2 > DEVIATIONS**2 * (ONE_IN - 1) * whole
