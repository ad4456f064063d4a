"""Corrections in the flow: what they resolve, what they do not, and an independent judgement of what is published."""

from collections import Counter
from collections.abc import Sequence
from datetime import date
from pathlib import Path

import polars as pl
import pytest

from dtsen_pipeline.core import intake
from dtsen_pipeline.core.corrections import Correction, correction_file, correction_profiles, profile_named
from dtsen_pipeline.core.engine import Engine
from dtsen_pipeline.core.rows import pointer
from dtsen_pipeline.schemas.tables import INPUT_TABLES, delivered, tables
from tests.correcting import CorrectionFile, corrected, correction_files
from tests.oracle.city import raw_files
from tests.oracle.judge import Release, judge
from tests.oracle.raw import RawFile
from tests.running import Run


@pytest.fixture(scope="module")
def files(noisy_run: Run) -> Sequence[CorrectionFile]:
    """What an office sends back after the run over the noisy city."""
    return correction_files(noisy_run)


@pytest.fixture(scope="module")
def second_run(noisy_run: Run, files: list[CorrectionFile], engine: Engine) -> Run:
    """The run with the corrections among its inputs."""
    return Run(corrected(noisy_run.readings, files), engine)


def test_the_judge_finds_nothing(second_run: Run, files: list[CorrectionFile], noisy_city: Path) -> None:
    extra = [RawFile(file.data, file.source.table, file.source.version, _day(file)) for file in files]
    release = Release(second_run.tables, second_run.outcome.cuts)
    verdict = judge(release, [*raw_files(noisy_city), *extra])
    assert not verdict.faults, verdict.summary()
    assert verdict.compared["resolved keluarga"] > 0


def _day(file: CorrectionFile) -> date | None:
    return date.fromisoformat(file.source.data_date) if file.source.data_date else None


def test_corrected_rows_name_the_valid_row_that_stands_for_them(noisy_run: Run, second_run: Run) -> None:
    before = {(row["src"], row["row"]) for row in noisy_run.tables["rejected"]}
    after = {(row["src"], row["row"]): row for row in second_run.tables["rejected"]}
    assert before <= after.keys()
    resolved = {place: row["resolved_by"] for place, row in after.items() if row["resolved_by"]}
    assert len(resolved) > 5
    by_correction = [by for place, by in resolved.items() if place in before and pointer(by) not in _places(noisy_run)]
    assert len(by_correction) > 5
    assert not {pointer(by) for by in resolved.values()} & after.keys()
    fates = {(row["src"], row["row"]): row["fate"] for row in second_run.tables["fate"]}
    assert {fates[place] for place in resolved} == {"rejected"}
    assert Counter(fates[pointer(by)] for by in resolved.values())["base"] > 0


def _places(run: Run) -> set[tuple[str, int]]:
    return {(row["src"], row["row"]) for row in run.tables["fate"]}


def test_a_bad_correction_resolves_nothing_and_a_valid_row_takes_none(second_run: Run) -> None:
    added = {source.token for source in second_run.readings.inputs.sources if source.corrects}
    bad = [row for row in second_run.tables["rejected"] if row["src"] in added]
    assert len(bad) > 1
    named = {row["resolved_by"] for row in second_run.tables["rejected"]}
    assert not named & {f"{row['src']}-{row['row']}" for row in bad}
    assert [row["reasons"] for row in bad if "E_CORRECTS_VALID" in row["reasons"]] == ["E_CORRECTS_VALID"]


def test_households_are_counted_without_the_rows_that_were_corrected(noisy_run: Run, second_run: Run) -> None:
    def warned(run: Run) -> int:
        rows = [row["warnings"] for row in run.engine.fetch(run.checked.households).to_dicts()]
        return sum("W_MEMBER_COUNT" in warnings for warnings in rows)

    assert warned(second_run) <= warned(noisy_run)


def test_a_correction_file_does_not_depend_on_the_order_of_its_rows() -> None:
    width = len(delivered(tables()["keluarga"]))
    rows = [Correction(f"{'a' * 12}-{line}", f"{'a' * 12}-{line}", ("x",) * width) for line in (2, 3, 20)]
    assert correction_file("keluarga", rows) == correction_file("keluarga", reversed(rows))
    assert correction_file("keluarga", rows) == correction_file("keluarga", [*rows, rows[0]])


@pytest.mark.parametrize("table", INPUT_TABLES)
def test_every_table_has_its_profile(table: str) -> None:
    profile = profile_named(f"koreksi_{table}")
    assert profile.table == table
    assert profile.header[2:] == delivered(tables()[table])
    assert len(correction_profiles()) == len(INPUT_TABLES)


def test_a_profile_that_nobody_declared_is_unknown() -> None:
    with pytest.raises(KeyError):
        profile_named("koreksi_dompet")


def test_text_that_could_break_a_csv_comes_back_as_it_was() -> None:
    names = delivered(tables()["anggota"])
    nasty = tuple(f'a,"{place}";|' for place in range(len(names)))
    data = correction_file("anggota", [Correction(f"{'a' * 12}-2", f"{'b' * 12}-3", nasty)])
    reading = intake.read(data, profile_named("koreksi_anggota"), "c" * 12)
    assert reading.damaged.height == 0
    assert reading.rows.select(pl.exclude("src", "row", "token_baris", "token_asal")).row(0) == nasty
