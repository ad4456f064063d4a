"""What is merged: families or persons, with the columns that take part and their lineage bits."""

from dataclasses import dataclass
from functools import cache

from dtsen_pipeline.core.entities import CARD
from dtsen_pipeline.schemas.columns import Column, Kind, Sensitivity
from dtsen_pipeline.schemas.release import FAMILY_BIT
from dtsen_pipeline.schemas.tables import FAMILY, MEMBER, VISIT, VISIT_MEMBER, tables

PRESENCE, OFFICIAL = "keberadaan_anggota", "official"
MEMBERSHIP = "membership"
"""The group that tells whether a person is there, and in which family."""


@dataclass(frozen=True)
class Subject:
    """One kind of entity: its tables, its id column, and its columns.

    `merged`: columns that officers and snapshots both answer. `fixed`: columns taken from a snapshot as sent
    (official deciles, provenance flags, and a family's own card number). `derived`: names of regions, which
    follow the code that won.
    """

    table: str
    field_table: str
    entity: str
    merged: tuple[Column, ...]
    fixed: tuple[Column, ...]
    derived: tuple[Column, ...]

    @property
    def columns(self) -> tuple[Column, ...]:
        """The columns that carry values of their own, merged first."""
        return self.merged + self.fixed

    @property
    def official(self) -> tuple[Column, ...]:
        """The fixed columns that a snapshot without them does not erase: the official deciles."""
        return tuple(column for column in self.fixed if column.group == OFFICIAL)

    @property
    def names(self) -> list[str]:
        """Names of the columns that carry values of their own."""
        return [column.name for column in self.columns]

    def bits(self, column: Column) -> int:
        """A column's bit, together with the bits of the names that follow from it."""
        followers = [name for name in self.derived if name.comes_from == (column.name,)]
        return bit(column) + sum(bit(name) for name in followers)


def bit(column: Column) -> int:
    """The column's place in a mask, as a whole number."""
    if column.bit is None:
        message = f"{column.name} has no lineage bit"
        raise ValueError(message)
    return 1 << column.bit


@cache
def families() -> Subject:
    """Families: a visit is tied by the card, so the card itself is not merged."""
    asked = {column.name for column in tables()[VISIT].answers} - {CARD}
    declared = tables()[FAMILY].answers
    return Subject(
        table=FAMILY,
        field_table=VISIT,
        entity="family_id",
        merged=tuple(column for column in _own(declared) if column.name in asked),
        fixed=tuple(column for column in _own(declared) if column.name not in asked),
        derived=_names(declared),
    )


@cache
def persons() -> Subject:
    """Persons: presence and the family they belong to are merged like any other column."""
    field = tables()[VISIT_MEMBER]
    home = Column(
        name="family_id",
        kind=Kind.TEXT,
        label="Nomor keluarga",
        group=MEMBERSHIP,
        sensitivity=Sensitivity.ROW,
        bit=FAMILY_BIT,
        codes=None,
        comes_from=(),
        required=True,
        checks=(),
    )
    return Subject(
        table=MEMBER,
        field_table=VISIT_MEMBER,
        entity="person_id",
        merged=(*_own(tables()[MEMBER].answers), field.column(PRESENCE), home),
        fixed=(),
        derived=_names(tables()[MEMBER].answers),
    )


def _own(declared: tuple[Column, ...]) -> tuple[Column, ...]:
    return tuple(column for column in declared if column.kind is not Kind.REGION_NAME)


def _names(declared: tuple[Column, ...]) -> tuple[Column, ...]:
    return tuple(column for column in declared if column.kind is Kind.REGION_NAME)
