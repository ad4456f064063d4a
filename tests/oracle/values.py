"""The text of a cell as a value, and when two values agree, written from the schema's labels and the code lists."""

from dataclasses import dataclass
from datetime import date
from enum import Enum
from functools import cache
from pathlib import Path
from typing import Any

import yaml

import dtsen_pipeline.reference
from dtsen_pipeline.schemas.columns import Column, Kind
from dtsen_pipeline.schemas.tables import tables

REFERENCE = Path(dtsen_pipeline.reference.__file__).parent
TOKEN_OF_NONE = "TIDAK_ADA"  # noqa: S105 - what officers write for "there is none"
PRESENCE, HOME = "keberadaan_anggota", "family_id"


class Mark(Enum):
    """Answers that are no value: asked and there is none; a code that no list holds."""

    NONE = "none"
    UNKNOWN = "unknown"


Value = str | int | date | Mark | None


@dataclass(frozen=True)
class Answer:
    """A published column that takes part in the merge or comes from the base record alone."""

    name: str
    bit: int
    kind: Kind
    group: str
    codes: str | None = None
    low: int | None = None
    region_code: str | None = None
    gate: tuple[str, tuple[int, ...]] = ("", ())
    """A column, and its answers after which this one is not asked."""


@cache
def answers(table: str) -> tuple[Answer, ...]:
    """The published columns of `keluarga` or `anggota` that have a lineage bit, in order."""
    found = [_answer(column) for column in tables()[table].columns]
    if table == "anggota":
        found.append(Answer(PRESENCE, 48, Kind.CODE, "membership", codes="keberadaan"))
        found.append(Answer(HOME, 49, Kind.TEXT, "membership"))
    return tuple(found)


def _answer(column: Column) -> Answer:
    if column.bit is None:
        raise ValueError(column.name)
    bounds = [check.statistics or {} for check in column.checks if column.kind is Kind.COUNT]
    low = next((facts["min_value"] for facts in bounds), None)
    source = column.comes_from[0] if column.kind is Kind.REGION_NAME else None
    gate = (column.gate.column, column.gate.closed_by) if column.gate else ("", ())
    return Answer(column.name, column.bit, column.kind, column.group, column.codes, low, source, gate)


def read(answer: Answer, text: str | None) -> Value:  # noqa: PLR0911 - a line each kind
    """The value of a delivered cell; None where it is blank or the file has no such column."""
    cell = (text or "").strip(" ")
    if not cell:
        return None
    if cell == TOKEN_OF_NONE:
        return 0 if answer.low == 0 else Mark.NONE
    match answer.kind:
        case Kind.CODE:
            return spellings(answer.codes or "").get(cell.upper(), Mark.UNKNOWN)
        case Kind.COUNT:
            return int(cell)
        case Kind.DATE:
            return date.fromisoformat(cell)
        case Kind.NAME:
            words = _single_spaced(cell)
            return words.upper() if words.isascii() else words
        case Kind.TEXT:
            return _single_spaced(cell)
        case _:
            return cell


def _single_spaced(text: str) -> str:
    return " ".join(word for word in text.split(" ") if word)


def shown(value: Value) -> str | int | date | None:
    """A value as it is published."""
    return None if isinstance(value, Mark) else value


def is_finer(mine: Value, theirs: Value, answer: Answer) -> bool:
    """Whether `mine` is a finer code under the coarse code `theirs`."""
    return (mine, theirs) in pairs(answer.codes or "")


def agrees(mine: Value, theirs: Value, answer: Answer) -> bool:
    """Whether an officer's answer agrees with another value; "there is none" agrees with a blank."""
    if mine is None or mine is Mark.UNKNOWN:
        return False
    if mine is Mark.NONE:
        return theirs is None or theirs is Mark.NONE
    return mine == theirs or is_finer(mine, theirs, answer) or is_finer(theirs, mine, answer)


@cache
def _lists() -> dict[str, Any]:
    found: dict[str, Any] = yaml.safe_load((REFERENCE / "code_lists.yaml").read_text("utf-8"))["lists"]
    return found


@cache
def spellings(codes: str) -> dict[str, int]:
    """Every text of a code list in upper case to its code: numbers, aliases, and labels that are not ambiguous."""
    numbers, words = dict[str, int](), dict[str, set[int]]()
    for code, facts in _lists()[codes]["codes"].items():
        entry = facts if isinstance(facts, dict) else {"label": facts}
        numbers |= {str(number): code for number in (code, *entry.get("aliases", ()))}
        for text in (entry["label"], *entry.get("also", ())):
            words.setdefault(text.upper(), set()).add(code)
    single = {text: owners.pop() for text, owners in words.items() if len(owners) == 1}
    return single | numbers


@cache
def pairs(codes: str) -> frozenset[tuple[Value, Value]]:
    """Every (finer code, coarse code) of a code list; the lists are two levels deep."""
    if not codes:
        return frozenset()
    listed = _lists()[codes]["codes"].items()
    return frozenset(
        (child, code) for code, facts in listed if isinstance(facts, dict) for child in facts.get("children", ())
    )


@cache
def region_names(city: str) -> dict[str, str]:
    """Name by BPS code: province, city, districts and villages."""
    facts = yaml.safe_load((REFERENCE / "regions.yaml").read_text("utf-8"))["cities"][city]
    names = {facts["province"]["bps"]: facts["province"]["name"], city: facts["name"]}
    for district in facts["kecamatan"]:
        names[district["bps"]] = district["name"].upper()
        names |= {village["bps"]: village["name"].upper() for village in district["kelurahan"]}
    return names


@cache
def max_age_days(column: str, group: str) -> int | None:
    """How long a verified value of a column stands against a newer snapshot: its own limit, else its group's."""
    policy = yaml.safe_load((REFERENCE / "merge_policy.yaml").read_text("utf-8"))
    own = [entry["max_age_days"] for entry in policy["columns"] if entry["column"] == column]
    found: int | None = [
        *own,
        *(entry["max_age_days"] for entry in policy["field_groups"] if entry["group"] == group),
    ][0]
    return found
