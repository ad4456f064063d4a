"""What a person should look at in the numbers of a release: which row, which columns, beside which other row, and why.

A doubt changes nothing and holds no value. It is made only while both sides stand in the release, so that it is gone
once a corrected row or a later snapshot has done what it asks.
"""

from collections import defaultdict
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType

import narwhals as nw
import polars as pl

from dtsen_pipeline.core.entities import BORN, NAME, NIK
from dtsen_pipeline.core.numbers import is_neighbour
from dtsen_pipeline.queries.reading import View, fetched
from dtsen_pipeline.schemas.reasons import REASONS
from dtsen_pipeline.schemas.tables import MEMBER

HOME, OTHER = "family_id", "_other"


@dataclass(frozen=True)
class Doubt:
    """A row by its token, the columns to compare, and the rows to compare it with."""

    token: str
    table: str
    code: str
    columns: tuple[str, ...]
    beside: tuple[str, ...]


@dataclass(frozen=True)
class Why:
    """A reason for doubts, how many there are, and what to do about them."""

    code: str
    count: int
    id: str
    en: str
    advice_id: str


@dataclass(frozen=True)
class Doubts:
    """The doubts of a release."""

    release_id: str
    reasons: tuple[Why, ...]
    rows: tuple[Doubt, ...]


@dataclass(frozen=True)
class _Compared:
    """Which rows stand beside a warned one: those equal in the column `by` for which the test holds."""

    by: str
    holds: Callable[[pl.DataFrame], pl.DataFrame]


def _near(pairs: pl.DataFrame) -> pl.DataFrame:
    numbers = pairs.drop_nulls([NIK, f"{NIK}{OTHER}"])
    return nw.from_native(numbers).filter(is_neighbour(nw.col(NIK), nw.col(f"{NIK}{OTHER}"))).to_native()


def _differing(column: str) -> Callable[[pl.DataFrame], pl.DataFrame]:
    return lambda pairs: pairs.filter(pl.col(column) != pl.col(f"{column}{OTHER}"))


def _alike(pairs: pl.DataFrame) -> pl.DataFrame:
    return pairs.filter(*(pl.col(column) == pl.col(f"{column}{OTHER}") for column in (NAME, BORN)))


COMPARED: Mapping[str, _Compared] = MappingProxyType(
    {
        "W_NIK_NEIGHBOUR": _Compared(HOME, _near),
        "W_PERSON_TWICE": _Compared(HOME, _alike),
        "W_NIK_TWO_FAMILIES": _Compared(NIK, _differing(HOME)),
        "W_NIK_TWO_NAMES": _Compared(NIK, _differing(NAME)),
    }
)
"""The warnings that propose something, and what they are about."""


def doubts(view: View) -> Doubts:
    """Every doubt of a release, the most frequent reason first, rows in the order of their tokens."""
    people = view.scan("anggota").select("src", "row", HOME, NIK, NAME, BORN)
    codes = pl.col("warnings").str.split("|")
    warned = fetched(
        view.scan("warned")
        .filter(pl.col("sumber") == MEMBER, codes.list.eval(pl.element().is_in(list(COMPARED))).list.any())
        .select("src", "row", codes=codes)
        .join(people, on=["src", "row"], how="inner")
    )
    rows = [row for code, way in COMPARED.items() for row in _rows(code, way, warned, people)]
    rows.sort(key=lambda row: (row.token, row.code))
    return Doubts(view.release_id, _reasons(rows), tuple(rows))


def _rows(code: str, way: _Compared, warned: pl.DataFrame, people: pl.LazyFrame) -> list[Doubt]:
    mine = warned.filter(pl.col("codes").list.contains(code)).drop("codes")
    pairs = fetched(mine.lazy().join(people, on=way.by, how="inner", suffix=OTHER, coalesce=False))
    others = way.holds(
        pairs.filter((pl.col("src") != pl.col(f"src{OTHER}")) | (pl.col("row") != pl.col(f"row{OTHER}")))
    )
    beside: dict[str, list[str]] = defaultdict(list)
    for src, row, *other in others.select("src", "row", f"src{OTHER}", f"row{OTHER}").rows():
        beside[f"{src}-{row}"].append("{}-{}".format(*other))
    columns = REASONS[code].reads
    return [Doubt(token, MEMBER, code, columns, tuple(sorted(found))) for token, found in beside.items()]


def _reasons(rows: list[Doubt]) -> tuple[Why, ...]:
    counts = {code: sum(row.code == code for row in rows) for code in COMPARED}
    found = [
        Why(code, count, reason.id, reason.en, reason.advice_id)
        for code, count in counts.items()
        for reason in [REASONS[code]]
        if count
    ]
    return tuple(sorted(found, key=lambda why: (-why.count, why.code)))
