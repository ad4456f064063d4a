"""Programmes and whom they are for: the records, and the strict reader of their data file.

What a named column is, and whether a family meets a rule, is decided in the rooms above.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from itertools import pairwise
from pathlib import Path
from types import MappingProxyType
from typing import Any

from dtsen_pipeline.reference.strict import fields, one_of, read_yaml, texts, typed

GRADES = ("secondary", "code", "unverified")
LAST_DESIL, OLDEST = 10, 150


@dataclass(frozen=True)
class ProgrammeSource:
    """Who states a rule, when, and how good that source is."""

    id: str
    title: str
    date: date
    grade: str


@dataclass(frozen=True)
class MemberTest:
    """What one member must show in any of the columns: one of the codes, or an age between two years, both included."""

    columns: tuple[str, ...]
    codes: tuple[int, ...] = ()
    ages: tuple[int, int] | None = None


@dataclass(frozen=True)
class Component:
    """A kind of member that a programme asks for; one that is not recorded in the data can only stay open."""

    id: str
    label: str
    grade: str
    is_recorded: bool
    tests: tuple[MemberTest, ...]


@dataclass(frozen=True)
class Rule:
    """Desil `first` to `last` of `column`, both included; up to `reserve` only where places are left."""

    effective: date
    until: date | None
    column: str
    first: int
    last: int
    reserve: int
    any_of: tuple[Component, ...]

    def is_in_force(self, on: date) -> bool:
        """Whether the rule is stated for this day."""
        return self.effective <= on and (self.until is None or on <= self.until)


@dataclass(frozen=True)
class Reading:
    """What one source says about a programme, in rules that follow one another."""

    source: ProgrammeSource
    rules: tuple[Rule, ...]

    def on(self, day: date) -> Rule | None:
        """The rule in force on a day."""
        return next((rule for rule in self.rules if rule.is_in_force(day)), None)


@dataclass(frozen=True)
class Programme:
    """A programme with every source's reading of it."""

    id: str
    title: str
    note: str
    readings: tuple[Reading, ...]

    @property
    def rules(self) -> Iterator[Rule]:
        """Every rule of every reading."""
        return (rule for reading in self.readings for rule in reading.rules)


def read_programmes(path: Path) -> Mapping[str, Programme]:
    """Read a file of programmes; ValueError for a loose end, a rule without a column or overlapping dates."""
    top = fields(read_yaml(path), path.name, "sources components programmes")
    sources = {name: _source(name, value) for name, value in _mapping(top["sources"], f"{path.name}: sources")}
    parts = {name: _component(name, value) for name, value in _mapping(top["components"], f"{path.name}: components")}
    listed = _mapping(top["programmes"], f"{path.name}: programmes")
    return MappingProxyType({name: _programme(name, value, sources, parts) for name, value in listed})


def _mapping(value: object, where: str) -> Iterator[tuple[str, Any]]:
    for name, item in typed(value, dict, where).items():
        yield typed(name, str, where), item


def _source(name: str, value: object) -> ProgrammeSource:
    facts = fields(value, name, "title date grade")
    return ProgrammeSource(
        id=name,
        title=typed(facts["title"], str, name),
        date=typed(facts["date"], date, name),
        grade=one_of(facts["grade"], GRADES, f"{name}: grade"),
    )


def _component(name: str, value: object) -> Component:
    facts = fields(value, name, "label grade is_recorded tests")
    tests = tuple(_test(item, name) for item in typed(facts["tests"], list, name))
    if not tests:
        raise ValueError(f"{name}: a component needs at least one test")
    return Component(
        id=name,
        label=typed(facts["label"], str, name),
        grade=one_of(facts["grade"], GRADES, f"{name}: grade"),
        is_recorded=typed(facts["is_recorded"], bool, name),
        tests=tests,
    )


def _test(value: object, where: str) -> MemberTest:
    facts = fields(value, f"{where}: test", "columns", "codes ages")
    columns = texts(facts["columns"], f"{where}: columns")
    if not columns:
        raise ValueError(f"{where}: a test names no column")
    if ("codes" in facts) is ("ages" in facts):
        raise ValueError(f"{where}: a test asks for either codes or ages")
    if "ages" in facts:
        return MemberTest(columns, ages=_span(facts["ages"], f"{where}: ages", 0, OLDEST))
    codes = tuple(typed(code, int, f"{where}: codes") for code in typed(facts["codes"], list, where))
    return MemberTest(columns, codes=codes)


def _span(value: object, where: str, low: int, high: int) -> tuple[int, int]:
    ends = [typed(end, int, where) for end in typed(value, list, where)]
    if len(ends) != 2 or not low <= ends[0] <= ends[1] <= high:  # noqa: PLR2004 - a first and a last
        raise ValueError(f"{where}: two numbers between {low} and {high} are expected, the smaller first")
    return ends[0], ends[1]


def _programme(
    name: str, value: object, sources: Mapping[str, ProgrammeSource], parts: Mapping[str, Component]
) -> Programme:
    facts = fields(value, name, "title note readings")
    readings = [
        Reading(sources[one_of(source, sources, f"{name}: source")], _rules(rules, f"{name}: {source}", parts))
        for source, rules in _mapping(facts["readings"], f"{name}: readings")
    ]
    if not readings:
        raise ValueError(f"{name}: a programme needs at least one reading")
    return Programme(name, typed(facts["title"], str, name), typed(facts["note"], str, name), tuple(readings))


def _rules(value: object, where: str, parts: Mapping[str, Component]) -> tuple[Rule, ...]:
    rules = [_rule(item, where, parts) for item in typed(value, list, where)]
    rules.sort(key=lambda rule: rule.effective)
    for earlier, later in pairwise(rules):
        if earlier.until is None or earlier.until >= later.effective:
            raise ValueError(f"{where}: overlapping dates: the rule of {later.effective} begins before another ends")
    return tuple(rules)


def _rule(value: object, where: str, parts: Mapping[str, Component]) -> Rule:
    facts = fields(value, where, "effective until column desil", "reserve any_of")
    effective, until = typed(facts["effective"], date, where), facts["until"]
    if until is not None and typed(until, date, f"{where}: until") < effective:
        raise ValueError(f"{where}: the rule of {effective} ends before it begins")
    first, last = _span(facts["desil"], f"{where}: desil", 1, LAST_DESIL)
    reserve = typed(facts.get("reserve", last), int, f"{where}: reserve")
    if not last <= reserve <= LAST_DESIL:
        raise ValueError(f"{where}: reserve: {reserve} is not a desil after {last}")
    named = texts(facts.get("any_of", []), f"{where}: any_of")
    any_of = tuple(parts[one_of(name, parts, f"{where}: any_of")] for name in named)
    column = typed(facts["column"], str, f"{where}: column")
    return Rule(effective, until, column, first, last, reserve, any_of)
