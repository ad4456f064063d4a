"""The pandas counterpart of the benchmark knows every rule: it warns of the examples as the pipeline does."""

import pandas as pd
import polars as pl
import pytest

from benchmarks.pandas_homes import households, numbers
from benchmarks.pandas_rows import hard, normalise, warnings, with_visit_day
from dtsen_pipeline.core.engine import Engine
from dtsen_pipeline.core.inputs import Source, freeze
from dtsen_pipeline.schemas.tables import FAMILY, INPUT_TABLES, MEMBER, VISIT, VISIT_MEMBER, tables
from tests.core.rows import CITY, texts
from tests.core.test_examples import BY_IDENTITY, BY_REGISTER, CASES, findings, written
from tests.core.test_validate import DAY, FLOOR, SOUND, cases, of_cases


@pytest.fixture(scope="module")
def ours(engine: Engine) -> dict[str, set[str]]:
    """What the pipeline finds."""
    return findings(engine)


@pytest.fixture(scope="module")
def theirs() -> dict[str, set[str]]:
    """What the counterpart warns of; it knows one snapshot, so that what is between rows is asked case by case."""
    readings, own = written(CASES)
    records = {name: normalise(_pandas(rows), tables()[name], readings.inputs) for name, rows in readings.rows.items()}
    records[VISIT_MEMBER] = with_visit_day(records[VISIT_MEMBER], records[VISIT])
    raised = {name: warnings(rows, tables()[name], readings.inputs) for name, rows in records.items()}
    told: dict[str, set[str]] = {name: set() for name in CASES}
    between = [_between(records, raised[MEMBER], token[:3]) for token, _ in own]
    for src, row, text in pd.concat([*raised.values(), *between])[["src", "row", "warnings"]].itertuples(index=False):
        if (src, row) in own:
            told[own[src, row]] |= set(text.split("|"))
    return told


def _between(records: dict[str, pd.DataFrame], raised: pd.DataFrame, case: str) -> pd.DataFrame:
    family, member = (records[name][records[name]["src"].str.startswith(case)] for name in (FAMILY, MEMBER))
    return pd.concat([households(family, member), numbers(member, raised[raised["src"].str.startswith(case)])])


def _pandas(frame: pl.DataFrame) -> pd.DataFrame:
    return frame.to_pandas().astype({name: "str" for name in frame.columns if name != "row"})


@pytest.mark.parametrize("name", [name for name in CASES if name not in (BY_IDENTITY, *BY_REGISTER)])
def test_pandas_warns_of_what_the_pipeline_warns_of(
    name: str, ours: dict[str, set[str]], theirs: dict[str, set[str]]
) -> None:
    assert theirs[name] == {finding for finding in ours[name] if not finding.startswith("E_")}


@pytest.mark.parametrize("table", INPUT_TABLES)
def test_pandas_agrees_at_every_limit(table: str) -> None:
    rows = [{"src": f"{n:012x}", "row": 2, **SOUND[table], **change} for n, (change, _, _) in enumerate(cases(table))]
    sources = [
        Source(f"{n:012x}" + "0" * 52, MEMBER, "bps_v3", 3, f"v{n}", CITY, DAY.isoformat()) for n in range(len(rows))
    ]
    inputs = freeze(sources, city=CITY, model="demo_alatas_2008", key_id="test")
    told = warnings(normalise(_pandas(texts(table, rows)), tables()[table], inputs), tables()[table], inputs)
    found = {src: set(text.split("|")) for src, text in told[["src", "warnings"]].itertuples(index=False)}
    assert [found.get(str(row["src"]), set()) for row in rows] == [warned for _, warned in of_cases(table)]


def test_pandas_rejects_an_unknown_code_where_the_source_s_list_is_confirmed() -> None:
    rows = [{"src": letter * 12, "row": 2, **SOUND[FAMILY], FLOOR: "77"} for letter in "ab"]
    sources = [
        Source("a" * 64, FAMILY, "bps_v3_keluarga", 3, "v1", CITY, DAY.isoformat()),
        Source("b" * 64, FAMILY, "kemensos_v1_keluarga", 1, "v2", CITY, DAY.isoformat()),
    ]
    told = {"bps_v3": ("lantai",)}
    inputs = freeze(sources, city=CITY, model="demo_alatas_2008", key_id="test", confirmed_lists=told)
    records = normalise(_pandas(texts(FAMILY, rows)), tables()[FAMILY], inputs)
    refused = hard(records, tables()[FAMILY], inputs)
    assert dict(zip(refused["src"], refused["reasons"], strict=True)) == {"a" * 12: f"E_CODE:{FLOOR}"}
    warned = warnings(records, tables()[FAMILY], inputs)
    assert dict(zip(warned["src"], warned["warnings"], strict=True)) == {"b" * 12: f"W_CODE:{FLOOR}"}
