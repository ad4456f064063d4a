"""Named row rules: which records break a hard rule, and which raise a warning. Nothing is dropped here.

Column rules are compiled from the Pandera models; rules across columns, rows and tables are written below.
Every code has its texts in `schemas.reasons`. The published tables are proved by Pandera itself at the door.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import date

import narwhals as nw
from pandera.api.checks import Check

from dtsen_pipeline.core.engine import Frame
from dtsen_pipeline.core.normalise import UNREADABLE, exactly
from dtsen_pipeline.reference import City, code_lists
from dtsen_pipeline.schemas.columns import (
    CLEARED,
    CLEARED_TEXT,
    UNKNOWN_CODE,
    Column,
    Kind,
)
from dtsen_pipeline.schemas.tables import FAMILY, MEMBER, VISIT, VISIT_MEMBER, Table

NUMERIC_ID = exactly(r"[0-9]+\.0*|[0-9](?:[.,][0-9]+)?[Ee][+]?[0-9]+")
UNREADABLE_CODE = {Kind.COUNT: "E_NUMBER", Kind.DATE: "E_DATE", Kind.MOMENT: "E_TIME"}
Predicates = dict[str, nw.Expr]


@dataclass(frozen=True)
class Context:
    """What the rules may know beside the rows.

    `observed`: the day each file speaks of (the snapshot's data date), by file token; `confirmed`: code lists
    whose mapping a person has confirmed, so that a value outside is an error and not a warning.
    """

    city: City
    observed: Mapping[str, date] = field(default_factory=dict)
    confirmed: frozenset[str] = frozenset()


def check(records: Frame, table: Table, context: Context) -> Frame:
    """Findings of one table: src, row, reasons (E codes) and warnings (W codes), each joined by `|` or null."""
    rules = predicates(table, context)
    flagged = _with_row_counts(records, table).filter(nw.any_horizontal(*rules.values(), ignore_nulls=True))
    return flagged.select(
        "src",
        "row",
        _joined(rules, "E_").alias("reasons"),
        _joined(rules, "W_").alias("warnings"),
    )


def check_households(families: Frame, members: Frame, version_of: Mapping[str, str]) -> Frame:
    """Family rows whose members in the same snapshot do not fit: src, row, reasons (null), warnings."""
    card = "nomor_kartu_keluarga"
    is_head = nw.when(nw.col("status_hubungan_keluarga") == 1).then(nw.lit(1)).otherwise(nw.lit(0))
    counts = (
        _versioned(members, version_of)
        .group_by("version", card)
        .agg(nw.len().cast(nw.Int64).alias("found"), is_head.sum().cast(nw.Int64).alias("heads"))
    )
    joined = _versioned(families, version_of).join(counts, on=["version", card], how="left")
    rules = {
        "W_FAMILY_EMPTY": nw.col("found").is_null(),
        "W_HEAD_COUNT": nw.col("heads") != 1,
        "W_MEMBER_COUNT": nw.col("jumlah_anggota_keluarga") != nw.col("found"),
    }
    return joined.filter(nw.any_horizontal(*rules.values(), ignore_nulls=True)).select(
        "src",
        "row",
        nw.lit(None, dtype=nw.String).alias("reasons"),
        _joined(rules, "W_").alias("warnings"),
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


def _joined(rules: Predicates, prefix: str) -> nw.Expr:
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
    if column.kind in {Kind.NIK, Kind.CARD}:
        found[f"E_NIK_NUMERIC:{column.name}"] = cell.str.contains(NUMERIC_ID)
    for constraint in column.checks:
        found[f"{constraint.error}:{column.name}"] = _broken(cell, column, constraint, table)
    return found


def _blank_allowed(column: Column, table: Table) -> bool:
    """A visit member row takes its family card from its visit."""
    return table.name == VISIT_MEMBER and column.kind is Kind.CARD


def _code_rule(column: Column, context: Context) -> Predicates:
    codes = column.codes or ""
    is_hard = codes in context.confirmed or code_lists()[codes].status == "confirmed"
    return {f"{'E' if is_hard else 'W'}_CODE:{column.name}": nw.col(column.name) == UNKNOWN_CODE}


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
        return records.with_columns(card_rows=nw.len().over("src", "nomor_kartu_keluarga"))
    if table.name == MEMBER:
        return records.with_columns(nik_rows=nw.len().over("src", "nomor_induk_kependudukan"))
    return records


def _versioned(frame: Frame, version_of: Mapping[str, str]) -> Frame:
    version = nw.col("src").replace_strict(
        list(version_of), list(version_of.values()), default=None, return_dtype=nw.String
    )
    return frame.with_columns(version=version)


def _family_rules(_: Context) -> Predicates:
    return _dwelling_rules() | {"W_KK_TWICE": (nw.col("card_rows") > 1) & ~nw.col("nomor_kartu_keluarga").is_null()}


def _visit_rules(_: Context) -> Predicates:
    return _dwelling_rules()


def _dwelling_rules() -> Predicates:
    fuel, cylinder = nw.col("bahan_bakar_utama_memasak"), nw.col("aset_bergerak_tabung_gas")
    lighting, toilet = nw.col("sumber_penerangan_utama"), nw.col("fasilitas_bab")
    return {
        "W_POWER_WITHOUT_METER": (lighting > 1) & (nw.col("daya_terpasang") > 0),
        "W_GAS_CYLINDER_FUEL": ((cylinder == 1) & fuel.is_in([4, 7, 8, 9, 10]))
        | ((cylinder == 2) & fuel.is_in([2, 3])),  # noqa: PLR2004 - the code for "Tidak"
        "W_CLOSET_WITHOUT_TOILET": (toilet > 3) & (nw.col("jenis_kloset") > 0),  # noqa: PLR2004
    }


def _member_rules(context: Context) -> Predicates:
    nik = nw.col("nomor_induk_kependudukan")
    return _person_rules(context) | {
        "W_NIK_MISSING": nik.is_null(),
        "W_NIK_TWICE": (nw.col("nik_rows") > 1) & ~nik.is_null(),
    }


def _person_rules(context: Context) -> Predicates:
    """NIK against birth date, sex and domicile; school and work against their own questions."""
    nik, born = nw.col("nomor_induk_kependudukan"), nw.col("tanggal_lahir")
    is_nik = nik.str.contains(exactly("[0-9]{16}"))
    day = _digits(nik, is_nik, 6)
    is_woman = day > 40  # noqa: PLR2004 - the day of a woman's number is raised by 40
    day_of_birth = nw.when(is_woman).then(day - 40).otherwise(day)
    year, month, month_day = (part.cast(nw.Int64) for part in _parts(born))
    differs = (
        (day_of_birth != month_day) | (_digits(nik, is_nik, 8) != month) | (_digits(nik, is_nik, 10) != year % 100)
    )
    sex = nw.col("jenis_kelamin")
    province_city = context.city.kemendagri.replace(".", "")
    return {
        "E_BIRTH_FUTURE": _born_after(born, context),
        "W_NIK_BIRTHDATE": differs,
        "W_NIK_SEX": (is_woman & (sex == 1)) | (~is_woman & (sex == 2)),  # noqa: PLR2004
        "W_NIK_REGION": is_nik & (nik.str.slice(0, 4) != province_city),
        "W_NIK_SERIAL": is_nik & (nik.str.slice(12, 4) == "0000"),
        "W_SCHOOL_WITHOUT_LEVEL": (nw.col("partisipasi_sekolah") == 1)
        & (nw.col("jenjang_tertinggi_yang_diduduki") > 0),
        "W_JOB_WITHOUT_WORK": (nw.col("status_bekerja") == 2)  # noqa: PLR2004 - the code for "Tidak"
        & (nw.col("status_dalam_pekerjaan_utama") > 0),
    }


def _digits(text: nw.Expr, is_valid: nw.Expr, start: int) -> nw.Expr:
    return nw.when(is_valid).then(text.str.slice(start, 2)).cast(nw.Int64)


def _parts(day: nw.Expr) -> tuple[nw.Expr, nw.Expr, nw.Expr]:
    return day.dt.year(), day.dt.month(), day.dt.day()


def _born_after(born: nw.Expr, context: Context) -> nw.Expr:
    if not context.observed:
        return nw.lit(value=False)
    days = {token: day.isoformat() for token, day in context.observed.items()}
    observed = nw.col("src").replace_strict(list(days), list(days.values()), default=None, return_dtype=nw.String)
    return born.dt.to_string("%Y-%m-%d") > observed


CROSS_RULES: Mapping[str, Callable[[Context], Predicates]] = {
    FAMILY: _family_rules,
    MEMBER: _member_rules,
    VISIT: _visit_rules,
    VISIT_MEMBER: _person_rules,
}
