"""The input tables by name: which columns each kind of file brings, derived from the models.

Holds no column of its own and no rule.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cache

from dtsen_pipeline.schemas.civil import CivilStatus
from dtsen_pipeline.schemas.columns import Column, Kind, columns
from dtsen_pipeline.schemas.family import Family
from dtsen_pipeline.schemas.member import Member
from dtsen_pipeline.schemas.visit import PresenceHead, VisitHead

FAMILY, MEMBER = "keluarga", "anggota"
VISIT, VISIT_MEMBER = "kunjungan", "kunjungan_anggota"
SNAPSHOT_TABLES = (FAMILY, MEMBER)
FIELD_TABLES = (VISIT, VISIT_MEMBER)
REGISTER = "kependudukan"
INPUT_TABLES = (*SNAPSHOT_TABLES, *FIELD_TABLES, REGISTER)
REGISTERED = ("nomor_induk_kependudukan", "nama", "tanggal_lahir", "jenis_kelamin", "nomor_kartu_keluarga")
"""The member columns that a row of the population register brings; the last one may be blank."""
OFFICIAL = ("desil_nasional", "desil_provinsi", "desil_kabupaten_kota")
NOT_ASKED_IN_FIELD = frozenset({"official", "provenance"})


@dataclass(frozen=True)
class Table:
    """An input table: its columns in canonical order, and whether officers or an authority fill it in."""

    name: str
    columns: tuple[Column, ...]

    @property
    def names(self) -> tuple[str, ...]:
        """Column names in order."""
        return tuple(column.name for column in self.columns)

    @property
    def answers(self) -> tuple[Column, ...]:
        """The columns that take part in the merge: those with a lineage bit."""
        return tuple(column for column in self.columns if column.bit is not None)

    @property
    def is_field(self) -> bool:
        """Whether the table comes from officers, so that a token may clear a value."""
        return self.name in FIELD_TABLES

    def column(self, name: str) -> Column:
        """The column called `name`; KeyError where there is none."""
        return {column.name: column for column in self.columns}[name]


def _asked(declared: tuple[Column, ...]) -> tuple[Column, ...]:
    return tuple(column for column in declared if column.group not in NOT_ASKED_IN_FIELD)


def _registered(declared: tuple[Column, ...]) -> tuple[Column, ...]:
    named = {column.name: column for column in declared}
    return tuple(replace(named[name], required=name != REGISTERED[-1]) for name in REGISTERED)


@cache
def tables() -> Mapping[str, Table]:
    """Every input table by name."""
    family, member = columns(Family), columns(Member)
    return {
        FAMILY: Table(FAMILY, family),
        MEMBER: Table(MEMBER, member),
        VISIT: Table(VISIT, columns(VisitHead) + _asked(family)),
        VISIT_MEMBER: Table(VISIT_MEMBER, columns(PresenceHead) + _asked(member)),
        REGISTER: Table(REGISTER, _registered(member) + columns(CivilStatus)),
    }


def delivered(table: Table) -> tuple[str, ...]:
    """The columns a file of the current profiles carries: all but the names looked up from codes."""
    return tuple(column.name for column in table.columns if column.kind is not Kind.REGION_NAME)
