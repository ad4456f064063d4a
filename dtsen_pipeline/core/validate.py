"""Named row rules: which records break a hard rule, and which raise a warning. Nothing is dropped here.

Column rules are compiled from the Pandera models; rules across columns stand in `rules`, those between the rows of
a family in `households` and `numbers`. Every code has its texts in `schemas.reasons`. The published tables are
proved by Pandera itself at the door.
"""

from collections.abc import Callable, Mapping
from datetime import date

import narwhals as nw
from pandera.api.checks import Check

from dtsen_pipeline.core.engine import Frame
from dtsen_pipeline.core.entities import BORN, CARD, ID_NAME, NIK, VISIT_ID
from dtsen_pipeline.core.normalise import UNREADABLE, exactly
from dtsen_pipeline.core.rows import ROW
from dtsen_pipeline.core.rules.context import Context, Predicates, lived
from dtsen_pipeline.core.rules.dwelling import dwelling_rules, nesting, place_rules
from dtsen_pipeline.core.rules.identifiers import card_rules, nik_rules
from dtsen_pipeline.core.rules.officers import officer_rules
from dtsen_pipeline.core.rules.persons import age_rules, answer_rules, blanks, visited_age_rules
from dtsen_pipeline.reference import code_lists
from dtsen_pipeline.schemas.columns import (
    CLEARED,
    CLEARED_TEXT,
    UNKNOWN_CODE,
    Column,
    Kind,
)
from dtsen_pipeline.schemas.tables import FAMILY, MEMBER, REGISTER, VISIT, VISIT_MEMBER, Table

NUMERIC_ID = exactly(
    r"-?[0-9]+\.[0-9]*|-?[0-9]+(?:[.,][0-9]+)?[Ee][+-]?[0-9]+|[0-9]{4}-[0-9]{2}-[0-9]{2}(?:T[0-9:.]+)?|TRUE|FALSE"
)
"""What a file shows of an identifier that it does not hold as text: a number, one in scientific notation, a day, a
truth value."""
UNREADABLE_CODE = {Kind.COUNT: "E_NUMBER", Kind.DATE: "E_DATE", Kind.MOMENT: "E_TIME"}
NOT_IN_NAMES = r"[0-9!\"#$%&()*+/:;<=>?@\[\\\]^_{|}~]"
"""ASCII characters that stand in no name; letters of any script, spaces, dots, commas, hyphens and marks above do."""


def check(records: Frame, table: Table, context: Context) -> Frame:
    """Findings of one table: src, row, reasons (E codes) and warnings (W codes), each joined by `|` or null."""
    rules = predicates(table, context)
    judged = _with_row_counts(records, table).select(*ROW, **rules)
    verdicts = {code: nw.col(code) for code in rules}
    broken = judged.filter(nw.any_horizontal(*verdicts.values(), ignore_nulls=True))
    return broken.select(*ROW, joined(verdicts, "E_").alias("reasons"), joined(verdicts, "W_").alias("warnings"))


def is_rejected(table: Table, context: Context) -> nw.Expr:
    """Whether a record breaks a hard rule; no rule between the rows of a file rejects. Null where nothing is known."""
    hard = [broken for code, broken in predicates(table, context).items() if code.startswith("E_")]
    return nw.any_horizontal(*hard, ignore_nulls=True)


def check_ages(met: Frame, visits: Frame) -> Frame:
    """Member rows of visits whose birth date does not fit the visit's day or their answers: as `check` finds them."""
    days = visits.group_by(VISIT_ID).agg(visited=nw.col("waktu_kunjungan").str.slice(0, 10).max())
    rules = visited_age_rules(nw.col("visited"))
    flagged = met.join(days, on=VISIT_ID, how="inner").with_columns(
        is_broken=nw.any_horizontal(*rules.values(), ignore_nulls=True)
    )
    return flagged.filter(nw.col("is_broken")).select(
        *ROW, joined(rules, "E_").alias("reasons"), joined(rules, "W_").alias("warnings")
    )


def split(records: Frame, checked: Frame) -> Frame:
    """The valid rows: records without a finding that rejects."""
    bad = checked.filter(~nw.col("reasons").is_null()).select("src", "row")
    return records.join(bad, on=["src", "row"], how="anti")


def predicates(table: Table, context: Context) -> Predicates:
    """Reason code (with `:column` where one column is at fault) to an expression true where a row breaks it."""
    found: Predicates = {}
    for column in table.columns:
        found |= _column_rules(column, table, context)
    return found | CROSS_RULES[table.name](context)


def joined(rules: Predicates, prefix: str) -> nw.Expr:
    """The codes with this prefix whose rule a row breaks, joined by `|`; null where it breaks none."""
    texts = [nw.when(broken).then(nw.lit(code)) for code, broken in rules.items() if code.startswith(prefix)]
    if not texts:
        return nw.lit(None, dtype=nw.String)
    joined = nw.concat_str(*texts, separator="|", ignore_nulls=True)
    return nw.when(joined != "").then(joined)


def _column_rules(column: Column, table: Table, context: Context) -> Predicates:
    cell, found = nw.col(column.name), Predicates()
    readable_or_blank = nw.lit(value=True)
    if column.kind in UNREADABLE_CODE:
        is_unreadable = nw.col(UNREADABLE).str.contains(f"|{column.name}|", literal=True)
        found[f"{UNREADABLE_CODE[column.kind]}:{column.name}"] = is_unreadable
        readable_or_blank = ~is_unreadable
    if column.required and column.kind is not Kind.REGION_NAME and not _blank_allowed(column, table):
        found[f"E_REQUIRED:{column.name}"] = cell.is_null() & readable_or_blank
    if column.kind is Kind.CODE:
        return found | _code_rule(column, context)
    if column.is_identifier:
        found[f"E_NIK_NUMERIC:{column.name}"] = cell.str.contains(NUMERIC_ID)
    if column.kind is Kind.NAME:
        is_token = (cell == CLEARED_TEXT) & nw.lit(value=table.is_field)
        found[f"W_NAME_CHARACTERS:{column.name}"] = cell.str.contains(NOT_IN_NAMES) & ~is_token
    for constraint in column.checks:
        found[f"{constraint.error}:{column.name}"] = _broken(cell, column, constraint, table)
    return found


def _blank_allowed(column: Column, table: Table) -> bool:
    """A visit member row takes its family card from its visit."""
    return table.name == VISIT_MEMBER and column.kind is Kind.CARD


def _code_rule(column: Column, context: Context) -> Predicates:
    """An unknown code is an error where the list is certain or was confirmed for the row's file, else a warning."""
    codes, is_unknown = column.codes or "", nw.col(column.name) == UNKNOWN_CODE
    files = sorted(token for token, lists in context.confirmed.items() if codes in lists)
    if code_lists()[codes].status == "confirmed":
        return {f"E_CODE:{column.name}": is_unknown}
    if not files:
        return {f"W_CODE:{column.name}": is_unknown}
    is_hard = nw.col("src").is_in(files)
    return {f"E_CODE:{column.name}": is_unknown & is_hard, f"W_CODE:{column.name}": is_unknown & ~is_hard}


def _broken(cell: nw.Expr, column: Column, constraint: Check, table: Table) -> nw.Expr:
    """A Pandera check as an expression that is true where it fails."""
    facts = constraint.statistics or {}
    if constraint.name == "in_range":
        inside = cell.is_between(facts["min_value"], facts["max_value"])
        return ~(inside | (cell == CLEARED))
    if constraint.name == "str_matches":
        matches = cell.str.contains(exactly(facts["pattern"].removeprefix("^").removesuffix("$")))
        if column.kind in {Kind.NIK, Kind.CARD}:
            matches = matches | cell.str.contains(NUMERIC_ID)
        return ~(matches | (cell == CLEARED_TEXT)) if table.is_field else ~matches
    message = f"no expression for the check {constraint.name!r} of {column.name}"
    raise TypeError(message)


def _with_row_counts(records: Frame, table: Table) -> Frame:
    """How often the key of a row occurs in its file, for the rules across rows."""
    if table.name == FAMILY:
        return records.with_columns(card_rows=nw.len().over("src", CARD))
    if table.name == REGISTER:
        return records.with_columns(nik_rows=nw.len().over("src", NIK))
    if table.name == MEMBER:
        return records.with_columns(
            nik_rows=nw.len().over("src", NIK), person_rows=nw.len().over("src", CARD, ID_NAME, BORN)
        )
    return records


def _family_rules(context: Context) -> Predicates:
    is_twice = (nw.col("card_rows") > 1) & ~nw.col(CARD).is_null()
    return _home_rules(context) | {"W_KK_TWICE": is_twice}


def _visit_rules(context: Context) -> Predicates:
    visited = nw.col("waktu_kunjungan").str.slice(0, 10)
    return _home_rules(context) | {"E_VISIT_FUTURE": _is_after(visited, context.batch_ends)} | officer_rules(context)


def _home_rules(context: Context) -> Predicates:
    return dwelling_rules() | place_rules(context) | card_rules(context)


def _is_after(day: nw.Expr, last_days: Mapping[str, date]) -> nw.Expr:
    """Whether an ISO day lies after the last day that its file may speak of."""
    if not last_days:
        return nw.lit(value=False)
    days = {token: last.isoformat() for token, last in last_days.items()}
    return day > nw.col("src").replace_strict(list(days), list(days.values()), default=None, return_dtype=nw.String)


def _member_rules(context: Context) -> Predicates:
    nik, is_known = nw.col(NIK), ~nw.col(CARD).is_null() & ~nw.col(ID_NAME).is_null() & ~nw.col(BORN).is_null()
    return (
        _person_rules(context)
        | age_rules(context)
        | blanks()
        | {
            "W_NIK_MISSING": nik.is_null(),
            "W_NIK_TWICE": (nw.col("nik_rows") > 1) & ~nik.is_null(),
            "W_PERSON_TWICE": (nw.col("person_rows") > 1) & is_known,
        }
    )


def _register_rules(context: Context) -> Predicates:
    """The register's NIK by its structure, and its days against each other; the extract's day comes last."""
    since = nw.col("tanggal_status")
    is_late, is_early = lived(since, context) < 0, since < nw.col(BORN)
    return nik_rules(context) | {
        "E_BIRTH_FUTURE": lived(nw.col(BORN), context) < 0,
        "E_STATUS_DATE": nw.any_horizontal(is_late, is_early, ignore_nulls=True),
        "W_NIK_TWICE": (nw.col("nik_rows") > 1) & ~nw.col(NIK).is_null(),
    }


def _person_rules(context: Context) -> Predicates:
    return nik_rules(context) | answer_rules() | nesting("_ktp")


CROSS_RULES: Mapping[str, Callable[[Context], Predicates]] = {
    FAMILY: _family_rules,
    MEMBER: _member_rules,
    VISIT: _visit_rules,
    VISIT_MEMBER: _person_rules,
    REGISTER: _register_rules,
}
