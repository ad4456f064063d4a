"""Every finding about rows has an example on its reference page, and the example triggers it."""

from collections import defaultdict
from collections.abc import Mapping
from datetime import date
from pathlib import Path

import pytest

from dtsen_pipeline.core.corrections import DIALECT_OF
from dtsen_pipeline.core.engine import Engine
from dtsen_pipeline.core.flow import check_all, records_of
from dtsen_pipeline.core.inputs import Source, freeze
from dtsen_pipeline.core.officers import Term
from dtsen_pipeline.resources.engines import open_engine
from dtsen_pipeline.schemas.reasons import ROW_REASONS
from dtsen_pipeline.schemas.reasons.examples import CARD, DATA_DATE, EXAMPLES, LISTED, NIK, SOUND, Example
from dtsen_pipeline.schemas.tables import FAMILY, INPUT_TABLES, MEMBER, REGISTER, SNAPSHOT_TABLES
from tests.core.rows import CITY, Pointer, Release, Town, texts
from tests.core.test_parity import needs_java
from tests.running import Readings

BATCH = "2026-W40-CONTOH"
BY_IDENTITY = "W_NIK_SHARED"
BY_REGISTER = ("W_NIK_UNMATCHED", "W_REGISTER_NAME")
SOUND_HOME = Example(FAMILY, {}, ((MEMBER, {}),))
CASES: Mapping[str, Example] = {**EXAMPLES, "sound home": SOUND_HOME} | {
    f"sound {table}": Example(table, {}, ((FAMILY, {}),) if table == MEMBER else ())
    for table in SOUND
    if table != FAMILY
}


@pytest.fixture(scope="module")
def given(engine: Engine) -> dict[str, set[str]]:
    """The findings of each case's own row."""
    return findings(engine)


def findings(engine: Engine) -> dict[str, set[str]]:
    """The findings of each case's own row on an engine, each case in a snapshot of its own."""
    readings, own = written(CASES)
    return _found(readings, own, engine)


def written(cases: Mapping[str, Example]) -> tuple[Readings, dict[Pointer, str]]:
    """The rows of the cases, and which case each own row is of."""
    rows = defaultdict[str, list[dict[str, str | int]]](list)
    sources, own = set[Source](), dict[Pointer, str]()
    for number, (name, case) in enumerate(cases.items(), start=1):
        for line, (table, cells) in enumerate([(case.table, case.cells), *case.beside], start=2):
            source = _source(number, table)
            sources.add(source)
            rows[table].append({"src": source.token, "row": line, **SOUND[table], **cells})
            own |= {(source.token, line): name} if line == 2 else {}
    frames = {table: texts(table, rows[table]) for table in INPUT_TABLES}
    inputs = freeze(sources, city=CITY, model="demo_alatas_2008", key_id="test", officers=(Term(*LISTED),))
    return Readings(frames, Town().readings().damaged, inputs), own


def _source(number: int, table: str) -> Source:
    dated = {"region": CITY, "data_date": DATA_DATE}
    if table in SNAPSHOT_TABLES:
        dated |= {"version": f"v{number}"}
    elif table != REGISTER:
        dated = {"batch": BATCH}
    return Source(f"{number:03}{INPUT_TABLES.index(table)}" * 16, table, DIALECT_OF[table], 3, **dated)


def _found(readings: Readings, own: Mapping[Pointer, str], engine: Engine) -> dict[str, set[str]]:
    records = {
        table: engine.checkpoint(records_of(engine.load(rows), table, readings.inputs))
        for table, rows in readings.rows.items()
    }
    checked = check_all(records, engine.load(readings.damaged), readings.inputs, engine)
    told: dict[str, set[str]] = {name: set() for name in CASES}
    for found in (*checked.by_table.values(), checked.households, checked.numbers):
        for row in engine.fetch(found).to_dicts():
            name = own.get((row["src"], row["row"]))
            if name:
                told[name] |= set(f"{row['reasons'] or ''}|{row['warnings'] or ''}".split("|")) - {""}
    return told


def test_every_finding_about_rows_has_an_example() -> None:
    assert set(EXAMPLES) == {reason.code for reason in ROW_REASONS}
    assert date.fromisoformat(DATA_DATE)


@pytest.mark.parametrize("name", [name for name in CASES if name.startswith("sound")])
def test_what_the_examples_start_from_breaks_no_rule(name: str, given: dict[str, set[str]]) -> None:
    assert given[name] == set()


@pytest.mark.parametrize("code", [code for code in EXAMPLES if code not in (BY_IDENTITY, *BY_REGISTER)])
def test_an_example_triggers_its_finding(code: str, given: dict[str, set[str]]) -> None:
    assert code in {finding.partition(":")[0] for finding in given[code]}


@pytest.mark.parametrize("name", ["duckdb", pytest.param("spark", marks=[needs_java, pytest.mark.sweep])])
def test_every_engine_finds_the_same(name: str, given: dict[str, set[str]], tmp_path: Path) -> None:
    other = open_engine(name, tmp_path, memory_mb=1536)
    try:
        assert findings(other) == given
    finally:
        other.close()


@pytest.mark.parametrize("code", BY_REGISTER)
def test_a_finding_of_the_register_is_found_beside_it(code: str, engine: Engine) -> None:
    example, town = EXAMPLES[code], Town()
    rows = [(example.table, example.cells), *example.beside]
    told = {table: {**SOUND[table], **cells} for table, cells in rows}
    town.family(told[FAMILY][CARD])
    cells = told.get(MEMBER, SOUND[MEMBER])
    pointers = {MEMBER: town.member(cells[CARD], None, **cells), REGISTER: town.registered(1, **told[REGISTER])}
    assert code in Release(town, engine).warnings(pointers[example.table])


def test_a_number_of_two_persons_is_found_when_rows_are_tied(engine: Engine) -> None:
    example, town = EXAMPLES[BY_IDENTITY], Town()
    card = SOUND[FAMILY][CARD]
    town.family(card)
    rows = [{**SOUND[MEMBER], **cells} for cells in (example.cells, *(cells for _, cells in example.beside))]
    pointers = [town.member(card, None, **{**row, NIK: row[NIK]}) for row in rows]
    release = Release(town, engine)
    assert [BY_IDENTITY in release.warnings(pointer) for pointer in pointers] == [True, True]
