"""The rules about rows as a list, read off the rules themselves: which code, on which table, about which columns.

It describes what `validate`, `households`, `numbers` and `identity` do and judges nothing.
"""

from collections.abc import Iterator
from dataclasses import dataclass

import narwhals as nw

from dtsen_pipeline.core.households import household_rules
from dtsen_pipeline.core.numbers import number_rules
from dtsen_pipeline.core.rules.context import Context
from dtsen_pipeline.core.rules.persons import visited_age_rules
from dtsen_pipeline.core.validate import predicates
from dtsen_pipeline.reference import city
from dtsen_pipeline.schemas.reasons import Reason, reason_of
from dtsen_pipeline.schemas.tables import INPUT_TABLES, MEMBER, REGISTER, VISIT_MEMBER, tables

TIED = ("W_NIK_SHARED", "W_NIK_UNMATCHED")
"""Given by `identity` and `register` to member rows, beside the rules."""
OF_REGISTER = ("W_REGISTER_NAME",)
"""Given by `register` to the rows of an extract."""
OF_VISITS = tuple(visited_age_rules(nw.lit(None, dtype=nw.String)))
"""Given by `check_ages` to the member rows of visits."""


@dataclass(frozen=True)
class Rule:
    """A rule on one table: the columns at fault, or those that it compares."""

    reason: Reason
    table: str
    columns: tuple[str, ...]


def rulebook() -> tuple[Rule, ...]:
    """Every rule about rows, table by table; a code list that nobody confirmed warns, as it does at first."""
    found = dict[tuple[str, str], list[str]]()
    for table, finding in _findings():
        reason, column = reason_of(finding)
        found.setdefault((table, reason.code), []).extend([column] if column else reason.reads)
    return tuple(Rule(reason_of(code)[0], table, tuple(columns)) for (table, code), columns in found.items())


def _findings() -> Iterator[tuple[str, str]]:
    context, between = Context(city()), household_rules()
    for table in INPUT_TABLES:
        rules = [*predicates(tables()[table], context), *between.get(table, {})]
        if table == MEMBER:
            rules += [*number_rules(), *TIED]
        if table == VISIT_MEMBER:
            rules += OF_VISITS
        if table == REGISTER:
            rules += OF_REGISTER
        yield from ((table, finding) for finding in rules)
