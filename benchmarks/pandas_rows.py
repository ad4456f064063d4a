"""The first half of the pandas counterpart: records and findings. What rows mean for people is in `pandas_flow`.

Shares declarations with the pipeline (columns, code lists, patterns) and none of its code, so that the comparison
of the tables says something. Strings are pandas 3's Arrow-backed `str`; numbers are nullable integers.
"""

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd
import pandera.pandas as pa
from pandera.errors import SchemaErrors

from benchmarks.pandas_rules import ROW, Series, judged, matches
from dtsen_pipeline.core.coded import confirmed_in
from dtsen_pipeline.core.inputs import InputList
from dtsen_pipeline.core.normalise import COUNT, DAY, MOMENT, region_names, spellings
from dtsen_pipeline.core.officers import spans
from dtsen_pipeline.core.validate import NOT_IN_NAMES, NUMERIC_ID
from dtsen_pipeline.reference import city, code_lists
from dtsen_pipeline.schemas.columns import CLEARED, CLEARED_TEXT, UNKNOWN_CODE, Column, Kind
from dtsen_pipeline.schemas.tables import MEMBER, REGISTER, VISIT, VISIT_MEMBER, Table

CODES = {Kind.COUNT: "E_NUMBER", Kind.DATE: "E_DATE", Kind.MOMENT: "E_TIME"}
TEXT = pd.StringDtype(na_value=np.nan)


def normalise(rows: pd.DataFrame, table: Table, inputs: InputList) -> pd.DataFrame:
    """Records in canonical form; `lost_<column>` marks text that cannot be read as its kind."""
    made: dict[str, Series] = {"src": rows["src"], "row": rows["row"]}
    names = region_names(city(inputs.city))
    for column in table.columns:
        if column.kind is Kind.REGION_NAME:
            made[column.name] = looked_up(_stripped(rows[column.comes_from[0]]), names)
            continue
        cell = _stripped(rows[column.name])
        made[column.name] = _value(cell, column, table)
        if column.kind in CODES:
            made[f"lost_{column.name}"] = cell.notna() & made[column.name].isna()
    if "nama" in rows:
        made["id_name"] = _upper(_stripped(rows["nama"]).str.replace(" +", " ", regex=True))
    return pd.DataFrame(made)


def looked_up(cell: Series, values: Mapping[str, Any], dtype: Any = TEXT) -> Series:
    """`cell` mapped through its distinct values; missing where it is not known."""
    codes, distinct = pd.factorize(cell)
    found = pd.array([*(values.get(text) for text in distinct), None], dtype=dtype)
    return pd.Series(found.take(codes), index=cell.index)


def _stripped(cell: Series) -> Series:
    bare = cell.str.strip(" ")
    return bare.mask(bare == "")


def _upper(cell: Series) -> Series:
    return cell.mask(cell.str.fullmatch("[ -~]*").fillna(value=False).astype(bool), cell.str.upper())


def _value(cell: Series, column: Column, table: Table) -> Series:  # noqa: PLR0911 - one case a kind
    match column.kind:
        case Kind.CODE:
            known = spellings(column.codes or "") | ({CLEARED_TEXT: CLEARED} if table.is_field else {})
            return looked_up(cell, known, "Int32").where(lambda code: code.notna() | cell.isna(), UNKNOWN_CODE)
        case Kind.COUNT:
            return _counted(cell, column, table)
        case Kind.DATE:
            return pd.to_datetime(cell.where(matches(cell, DAY)), format="%Y-%m-%d").astype("datetime64[s]")
        case Kind.MOMENT:
            return cell.where(matches(cell, MOMENT))
        case Kind.NIK | Kind.CARD:
            return cell.mask(cell == CLEARED_TEXT)
        case Kind.NAME:
            return _upper(cell.str.replace(" +", " ", regex=True))
        case Kind.TEXT:
            return cell.str.replace(" +", " ", regex=True)
        case _:
            return cell


def _counted(cell: Series, column: Column, table: Table) -> Series:
    number = cell.where(matches(cell, COUNT)).astype("Int64").astype("Int32")
    if not table.is_field:
        return number
    low = next((check.statistics["min_value"] for check in column.checks if check.statistics), 1)
    return number.mask(cell == CLEARED_TEXT, 0 if low == 0 else CLEARED)


def hard(records: pd.DataFrame, table: Table, inputs: InputList) -> pd.DataFrame:
    """Pandera's failures: src, row, reasons."""
    schema, order = _schema(records, table, inputs)
    try:
        schema.validate(records, lazy=True)
    except SchemaErrors as problem:
        found = problem.failure_cases[["column", "check", "index"]].drop_duplicates()
    else:
        return records.loc[[], ROW].assign(reasons=pd.Series(dtype=TEXT))
    required = found["check"] == "not_nullable"
    found["check"] = found["check"].mask(required, "E_REQUIRED:" + found["column"])
    found["place"] = found["check"].map(order)
    found = found.sort_values(["index", "place"])
    reasons = found.groupby("index")["check"].agg("|".join)
    at = reasons.index.astype("int64")
    failed: pd.DataFrame = records.loc[at, ROW].assign(reasons=reasons.to_numpy())
    return failed


def _schema(records: pd.DataFrame, table: Table, inputs: InputList) -> tuple[pa.DataFrameSchema, dict[str, int]]:
    columns, order = {}, []
    for column in table.columns:
        checks, lost = _checks(column, records, inputs), f"lost_{column.name}"
        required = column.required and not (table.name == VISIT_MEMBER and column.kind is Kind.CARD)
        if lost in records:
            code = f"{CODES[column.kind]}:{column.name}"
            columns[lost] = pa.Column(bool, pa.Check.eq(False, error=code))  # noqa: FBT003 - the value looked for
            order.append(code)
        columns[column.name] = pa.Column(checks=checks, nullable=not required or lost in records)
        order += [f"E_REQUIRED:{column.name}", *(str(check.error) for check in checks)]
    if table.name in (MEMBER, VISIT_MEMBER, REGISTER):
        columns["tanggal_lahir"].checks.append(_born(records, inputs))
    if table.name == VISIT:
        columns["waktu_kunjungan"].checks += [_visited(records, inputs), _in_office(records, inputs)]
    if table.name == VISIT_MEMBER:
        columns["hari_kunjungan"] = pa.Column(checks=_before_visit(records), nullable=True)
    if table.name == REGISTER:
        columns["tanggal_status"].checks.append(_since(records, inputs))
    order += ["E_BIRTH_FUTURE", "E_STATUS_DATE", "E_VISIT_FUTURE", "E_VISIT_ROLE", "E_BIRTH_AFTER_VISIT"]
    return pa.DataFrameSchema(columns), {code: place for place, code in enumerate(order)}


def _born(records: pd.DataFrame, inputs: InputList) -> pa.Check:
    observed = {token: pd.Timestamp(day) for token, day in inputs.observed.items()}
    limit = records["src"].map(observed)
    return pa.Check(lambda born: ~(born > limit.loc[born.index]), error="E_BIRTH_FUTURE")


def _since(records: pd.DataFrame, inputs: InputList) -> pa.Check:
    limit = records["src"].map({token: pd.Timestamp(day) for token, day in inputs.observed.items()})
    born = records["tanggal_lahir"]
    return pa.Check(lambda day: ~((day > limit.loc[day.index]) | (day < born.loc[day.index])), error="E_STATUS_DATE")


def _visited(records: pd.DataFrame, inputs: InputList) -> pa.Check:
    last = records["src"].map({token: day.isoformat() for token, day in inputs.batch_ends.items()})
    return pa.Check(lambda at: ~(at.str.slice(0, 10) > last.loc[at.index]), error="E_VISIT_FUTURE")


def _in_office(records: pd.DataFrame, inputs: InputList) -> pa.Check:
    """Visits by listed officers lie in their term."""
    days = {f"{officer}|{role}": span for (officer, role), span in spans(inputs.officers).items()}
    role = records["peran_petugas"].where(records["peran_petugas"] > 0).astype(TEXT).fillna("")
    key, is_listed = records["id_petugas"] + "|" + role, (records["id_petugas"] + "|").isin(days)
    begin, end = (key.map({name: span[at] for name, span in days.items()}).astype(TEXT) for at in (0, 1))

    def holds(at: Series) -> Series:
        day, is_known = at.str.slice(0, 10), begin.loc[at.index].notna()
        is_inside = is_known & (day >= begin.loc[at.index]) & (day <= end.loc[at.index])
        return ~is_listed.loc[at.index] | is_inside.fillna(value=False)

    return pa.Check(holds, error="E_VISIT_ROLE")


def _before_visit(records: pd.DataFrame) -> pa.Check:
    born = records["tanggal_lahir"]
    return pa.Check(lambda day: ~(born.loc[day.index] > day), error="E_BIRTH_AFTER_VISIT")


def with_visit_day(met: pd.DataFrame, visits: pd.DataFrame) -> pd.DataFrame:
    """The member rows with the last day of their visit."""
    days = pd.to_datetime(visits["waktu_kunjungan"].str.slice(0, 10), format="%Y-%m-%d").astype("datetime64[s]")
    return met.assign(hari_kunjungan=met["id_kunjungan"].map(days.groupby(visits["id_kunjungan"]).max()))


def _checks(column: Column, records: pd.DataFrame, inputs: InputList) -> list[pa.Check]:
    if column.kind is Kind.CODE:
        return _code_checks(column, records, inputs)
    is_id, checks = column.is_identifier, []
    if is_id:
        checks.append(pa.Check(lambda cell: ~matches(cell, NUMERIC_ID), error=f"E_NIK_NUMERIC:{column.name}"))
    for declared in column.checks:
        facts, error = declared.statistics or {}, f"{declared.error}:{column.name}"
        if declared.name == "in_range":
            checks.append(_in_range(facts["min_value"], facts["max_value"], error))
        else:
            pattern = facts["pattern"].removeprefix("^").removesuffix("$")
            also = "|" + NUMERIC_ID.removeprefix(r"\A(?:").removesuffix(r")\z") if is_id else ""
            checks.append(_text(f"{pattern}{also}|{CLEARED_TEXT}", error))
    return checks


def _certain(column: Column, records: pd.DataFrame, inputs: InputList) -> Series:
    """Of which rows somebody is certain what the codes of a column mean."""
    codes = column.codes or ""
    files = [token for token, lists in confirmed_in(inputs).items() if codes in lists]
    return records["src"].isin(files) | (code_lists()[codes].status == "confirmed")


def _code_checks(column: Column, records: pd.DataFrame, inputs: InputList) -> list[pa.Check]:
    certain = _certain(column, records, inputs)
    if not certain.any():
        return []
    return [pa.Check(lambda code: ~((code == UNKNOWN_CODE) & certain.loc[code.index]), error=f"E_CODE:{column.name}")]


def _in_range(low: int, high: int, error: str) -> pa.Check:
    return pa.Check(lambda cell: cell.between(low, high) | (cell == CLEARED), error=error)


def _text(pattern: str, error: str) -> pa.Check:
    return pa.Check(lambda cell: matches(cell, pattern), error=error)


def warnings(records: pd.DataFrame, table: Table, inputs: InputList) -> pd.DataFrame:
    """src, row, warnings."""
    masks: dict[str, Series] = {}
    for column in table.columns:
        if column.kind is Kind.CODE:
            masks[f"W_CODE:{column.name}"] = (records[column.name] == UNKNOWN_CODE) & ~_certain(column, records, inputs)
        if column.kind is Kind.NAME:
            named = records[column.name]
            is_token = (named == CLEARED_TEXT) & table.is_field
            masks[f"W_NAME_CHARACTERS:{column.name}"] = named.str.contains(NOT_IN_NAMES) & ~is_token
    masks |= judged(records, table, inputs)
    return joined(records[ROW], masks)


def joined(rows: pd.DataFrame, masks: Mapping[str, Series]) -> pd.DataFrame:
    """The rows of which a mask holds, with the names of their masks in order."""
    held = np.column_stack([mask.fillna(value=False).to_numpy(bool) for mask in masks.values()])
    raised = held.any(axis=1)
    distinct, which = np.unique(np.packbits(held[raised], axis=1), axis=0, return_inverse=True)
    names = np.array(list(masks), dtype=object)
    texts = ["|".join(names[row]) for row in np.unpackbits(distinct, axis=1, count=len(names)).astype(bool)]
    return rows[raised].assign(warnings=pd.array(texts, dtype=TEXT).take(which))
