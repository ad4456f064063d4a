"""The declared columns of the input tables: numbers, bits, code lists, labels, groups."""

import json
from pathlib import Path

import pandera.polars as pa
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from dtsen_pipeline.reference import code_lists, merge_policy
from dtsen_pipeline.schemas.civil import CivilStatus
from dtsen_pipeline.schemas.columns import MAX_BIT, Column, Kind, Sensitivity, columns
from dtsen_pipeline.schemas.family import Family
from dtsen_pipeline.schemas.member import Member
from dtsen_pipeline.schemas.release import FAMILY_BIT, Anggota, Keluarga
from dtsen_pipeline.schemas.visit import PresenceHead, VisitHead

MODELS = (Family, Member, VisitHead, PresenceHead, CivilStatus)
RECORDED = json.loads((Path(__file__).parent / "lineage_bits.json").read_text(encoding="utf-8"))
BITS = {
    "keluarga": {column.name: column.bit for column in columns(Keluarga) if column.bit is not None},
    "anggota": {column.name: column.bit for column in columns(Anggota) if column.bit is not None}
    | {"family_id": FAMILY_BIT},
}
UNAGED = {"official", "provenance", "visit", "civil_register"}
NIK_LIKE = st.text(alphabet="0123456789\u0661\u0967 \n.E", min_size=14, max_size=18) | st.from_regex(
    r"\A[0-9]{16}\n?\Z"
)


def declared() -> list[Column]:
    """Every declared column of every model."""
    return [column for model in MODELS for column in columns(model)]


def test_the_family_table_has_52_columns_and_three_flags() -> None:
    """The contract of the 2026 release."""
    flags = [column.name for column in columns(Family) if column.group == "provenance"]
    assert flags == ["is_gc_kemensos", "is_pbi_se", "is_siks_ng"]
    assert len(columns(Family)) - len(flags) == 52


def test_the_member_table_has_48_columns() -> None:
    """The contract of the 2026 release."""
    assert len(columns(Member)) == 48


@pytest.mark.parametrize("model", MODELS)
def test_no_declared_column_is_lost_when_it_is_read_back(model: type[pa.DataFrameModel]) -> None:
    """A field that was not made by the helpers would silently stay out of every derived table."""
    assert [column.name for column in columns(model)] == list(model.to_schema().columns)


@pytest.mark.parametrize("table", BITS)
def test_bits_are_unique_and_fit_a_signed_mask(table: str) -> None:
    """A mask is a 64-bit integer with a sign."""
    bits = list(BITS[table].values())
    assert len(set(bits)) == len(bits)
    assert min(bits) >= 0
    assert max(bits) <= MAX_BIT


@pytest.mark.parametrize("table", BITS)
def test_a_bit_is_never_given_to_another_column(table: str) -> None:
    """Masks of published releases would change their meaning.

    A new column is added to `lineage_bits.json`; a column that goes stays there.
    """
    assert {name: RECORDED[table].get(name) for name in BITS[table]} == BITS[table]
    assert len(set(RECORDED[table].values())) == len(RECORDED[table])


def test_field_columns_share_the_bits_of_the_columns_they_answer() -> None:
    """Presence stands in the field table and in the release under one bit."""
    (presence,) = [column for column in columns(PresenceHead) if column.bit is not None]
    assert presence.bit == BITS["anggota"][presence.name]
    assert all(column.bit is None for column in columns(VisitHead))


@pytest.mark.parametrize("table", BITS)
@given(data=st.data())
def test_a_mask_names_exactly_its_columns(table: str, data: st.DataObject) -> None:
    """Any set of columns survives being written as a 64-bit mask."""
    chosen = data.draw(st.sets(st.sampled_from(sorted(BITS[table])), min_size=1))
    mask = pl.Series([sum(1 << BITS[table][name] for name in chosen)], dtype=pl.Int64).item()
    assert mask > 0
    assert {name for name, bit in BITS[table].items() if mask >> bit & 1} == chosen


def test_every_coded_column_has_a_list_and_no_list_is_unused() -> None:
    """`desil` is a rank, declared as a number with bounds."""
    named = {column.codes for column in declared() if column.kind is Kind.CODE}
    assert named == set(code_lists()) - {"desil"}
    assert {column.codes for column in declared() if column.kind is not Kind.CODE} == {None}


@pytest.mark.parametrize("column", declared(), ids=lambda column: column.name)
def test_every_column_says_what_it_is(column: Column) -> None:
    """Label, group and class are given, and every check has a code of its own."""
    assert column.label
    assert column.label == column.label.strip()
    assert column.group
    assert column.sensitivity in set(Sensitivity)
    assert all(str(check.error).startswith("E_") for check in column.checks)


@pytest.mark.parametrize("model", MODELS)
def test_a_column_comes_from_columns_of_its_table(model: type[pa.DataFrameModel]) -> None:
    """Column lineage points at something."""
    names = {column.name for column in columns(model)}
    for column in columns(model):
        assert set(column.comes_from) <= names - {column.name}
        assert bool(column.comes_from) == (column.kind is Kind.REGION_NAME)


def test_identifiers_and_special_personal_data_are_in_the_strictest_class() -> None:
    """Health and turnover are specific personal data; a number or a name points at a person."""
    kinds = {Kind.NIK, Kind.CARD, Kind.NAME, Kind.DATE, Kind.COORDINATE}
    special = [c for c in declared() if c.kind in kinds or c.group == "health" or c.codes == "omzet"]
    assert {column.sensitivity for column in special} == {Sensitivity.PERSONAL}


def test_the_merge_policy_ages_every_group_that_is_merged() -> None:
    """A group without an entry would live for ever by accident."""
    groups = {column.group for column in declared()}
    assert set(merge_policy().groups) == groups - UNAGED
    assert set(merge_policy().columns) <= {column.name for column in declared() if column.group not in UNAGED}


@given(nik=NIK_LIKE)
def test_a_nik_is_sixteen_ascii_digits(nik: str) -> None:
    """Not Unicode digits, not a number in disguise, no line end behind it."""
    (column,) = [column for column in columns(Member) if column.kind is Kind.NIK]
    pattern = (column.checks[0].statistics or {})["pattern"]
    is_accepted = pl.Series([nik]).str.contains(pattern).item()
    assert is_accepted == (len(nik) == 16 and set(nik) <= set("0123456789"))
