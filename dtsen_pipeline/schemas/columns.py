"""How one column is declared, and how a declared column is read back.

A declaration is a Pandera field whose metadata says what the column means: its kind, code list, label,
sensitivity, field group, lineage bit and what it comes `from`. Rules, SQL tables, the data dictionary and
column lineage are derived from it. The columns themselves stand in the models, not here.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from functools import cache
from typing import TYPE_CHECKING, Any

import pandera.polars as pa
import polars as pl
from pandera.api.checks import Check

from dtsen_pipeline.reference import code_lists

if TYPE_CHECKING:
    Number = int
else:
    Number = pl.Int32
    """A code or a count; nine digits at most."""

CLEARED = -1
"""A code or count that an officer answered with "there is none"; published as null."""
UNKNOWN_CODE = -2
"""A delivered code outside its list; it agrees with nothing and is published as null."""
CLEARED_TEXT = "TIDAK_ADA"
MAX_BIT = 62


class Kind(StrEnum):
    """What the text of a cell stands for; it decides how the cell is normalised."""

    NIK = "nik"
    CARD = "card"
    REGION = "region"
    REGION_NAME = "region_name"
    CODE = "code"
    COUNT = "count"
    DATE = "date"
    MOMENT = "moment"
    COORDINATE = "coordinate"
    NAME = "name"
    TEXT = "text"


INTEGERS = frozenset({Kind.CODE, Kind.COUNT})


class Sensitivity(StrEnum):
    """Who may see a value: the classes used by regional DTSEN catalogues."""

    PERSONAL = "L4"
    QUASI = "L3"
    ROW = "L2"


@dataclass(frozen=True)
class Gate:
    """A column and its answers after which another column is not asked, so that a blank there means "none"."""

    column: str
    closed_by: tuple[int, ...]


@dataclass(frozen=True)
class Column:
    """A declared column, read back from its model."""

    name: str
    kind: Kind
    label: str
    group: str
    sensitivity: Sensitivity
    bit: int | None
    codes: str | None
    comes_from: tuple[str, ...]
    required: bool
    checks: tuple[Check, ...]
    gate: Gate | None = None
    is_numbered: bool = False
    """Whether a text is written with digits that nobody counts with, so that a leading zero belongs to it."""

    @property
    def is_identifier(self) -> bool:
        """Whether a value is a number by name only: what holds it as a number has lost or may lose digits of it."""
        return self.kind in {Kind.NIK, Kind.CARD} or self.is_numbered

    @property
    def is_integer(self) -> bool:
        """Whether canonical values are whole numbers."""
        return self.kind in INTEGERS


def _field(  # noqa: PLR0913 - a declaration names each fact once
    kind: Kind,
    label: str,
    *,
    bit: int | None,
    group: str,
    sensitivity: Sensitivity,
    checks: Mapping[str, Any],
    codes: str | None = None,
    comes_from: tuple[str, ...] = (),
    required: bool = False,
    gate: Gate | None = None,
    is_numbered: bool = False,
) -> Any:
    facts = {
        "kind": kind,
        "label": label,
        "bit": bit,
        "group": group,
        "sensitivity": sensitivity,
        "codes": codes,
        "from": comes_from,
        "gate": gate,
        "is_numbered": is_numbered,
    }
    return pa.Field(nullable=not required, title=label, metadata=facts, **checks)


def _matches(pattern: str, error: str) -> dict[str, Any]:
    return {"str_matches": {"pattern": f"^{pattern}$", "error": error}}


def nik(label: str, *, bit: int, group: str, required: bool = False) -> Any:
    """A population number: 16 digits, kept as text."""
    checks = _matches("[0-9]{16}", "E_NIK_FORMAT")
    return _field(
        Kind.NIK,
        label,
        bit=bit,
        group=group,
        sensitivity=Sensitivity.PERSONAL,
        checks=checks,
        required=required,
    )


def card(label: str, *, bit: int, group: str, required: bool = True) -> Any:
    """A family card number: 16 digits, kept as text."""
    checks = _matches("[0-9]{16}", "E_KK_FORMAT")
    return _field(
        Kind.CARD,
        label,
        bit=bit,
        group=group,
        sensitivity=Sensitivity.PERSONAL,
        checks=checks,
        required=required,
    )


def region(label: str, *, bit: int, digits: int, group: str = "region_address") -> Any:
    """A region code of a fixed number of digits, kept as text."""
    checks = _matches(f"[0-9]{{{digits}}}", "E_REGION_FORMAT")
    level = Sensitivity.QUASI if digits == 10 else Sensitivity.ROW  # noqa: PLR2004 - a village code
    return _field(Kind.REGION, label, bit=bit, group=group, sensitivity=level, checks=checks)


def region_name(label: str, *, bit: int, code: str, group: str = "region_address") -> Any:
    """A region's name, looked up in the reference data from the code column named `code`."""
    return _field(
        Kind.REGION_NAME,
        label,
        bit=bit,
        group=group,
        sensitivity=Sensitivity.QUASI,
        checks={},
        comes_from=(code,),
    )


def code(
    label: str,
    *,
    bit: int | None,
    codes: str,
    group: str,
    sensitivity: Sensitivity = Sensitivity.ROW,
    required: bool = False,
    gate: Gate | None = None,
) -> Any:
    """A coded answer of the code list named `codes`; it has no value where an answer closes its `gate`."""
    values = list(code_lists()[codes].values)
    checks = {"isin": {"allowed_values": values, "error": "E_CODE"}}
    return _field(
        Kind.CODE,
        label,
        bit=bit,
        group=group,
        sensitivity=sensitivity,
        checks=checks,
        codes=codes,
        required=required,
        gate=gate,
    )


def yes_no(label: str, *, bit: int | None, group: str) -> Any:
    """A Ya/Tidak answer."""
    return code(label, bit=bit, codes="ya_tidak", group=group)


def count(label: str, *, bit: int, low: int, high: int, group: str, error: str = "E_RANGE") -> Any:
    """A whole number between `low` and `high`, both included."""
    checks = {"in_range": {"min_value": low, "max_value": high, "error": error}}
    return _field(Kind.COUNT, label, bit=bit, group=group, sensitivity=Sensitivity.ROW, checks=checks)


def date(label: str, *, bit: int | None, group: str, sensitivity: Sensitivity = Sensitivity.PERSONAL) -> Any:
    """A calendar day."""
    return _field(Kind.DATE, label, bit=bit, group=group, sensitivity=sensitivity, checks={})


def moment(label: str, *, group: str) -> Any:
    """A local time with its offset, such as 2026-09-21T09:30:00+07:00, kept as text."""
    return _field(
        Kind.MOMENT,
        label,
        bit=None,
        group=group,
        sensitivity=Sensitivity.ROW,
        checks={},
        required=True,
    )


def coordinate(label: str, *, group: str) -> Any:
    """A coordinate in decimal degrees, kept as text so that no engine rounds it."""
    checks = _matches(r"-?[0-9]{1,3}\.[0-9]{1,8}", "E_COORDINATE")
    return _field(
        Kind.COORDINATE,
        label,
        bit=None,
        group=group,
        sensitivity=Sensitivity.PERSONAL,
        checks=checks,
    )


def name(label: str, *, bit: int, group: str) -> Any:
    """A person's name: one space between words, in upper case where it is plain ASCII."""
    return _field(Kind.NAME, label, bit=bit, group=group, sensitivity=Sensitivity.PERSONAL, checks={})


def text(
    label: str,
    *,
    bit: int | None,
    group: str,
    sensitivity: Sensitivity = Sensitivity.PERSONAL,
    required: bool = False,
    is_numbered: bool = False,
) -> Any:
    """Free text with single spaces; `is_numbered`: an identifier of digits, which may begin with zero."""
    return _field(
        Kind.TEXT,
        label,
        bit=bit,
        group=group,
        sensitivity=sensitivity,
        checks={},
        required=required,
        is_numbered=is_numbered,
    )


@cache
def columns(model: type[pa.DataFrameModel]) -> tuple[Column, ...]:
    """The declared columns of a model, in order; columns without our metadata are left out."""
    found = []
    for column_name, column in model.to_schema().columns.items():
        facts = column.metadata or {}
        if "kind" not in facts:
            continue
        found.append(
            Column(
                name=str(column_name),
                kind=facts["kind"],
                label=facts["label"],
                group=facts["group"],
                sensitivity=facts["sensitivity"],
                bit=facts["bit"],
                codes=facts["codes"],
                comes_from=facts["from"],
                required=not column.nullable,
                checks=tuple(column.checks),
                gate=facts["gate"],
                is_numbered=facts["is_numbered"],
            )
        )
    return tuple(found)
