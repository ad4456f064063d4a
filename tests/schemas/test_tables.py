"""The input tables derived from the models, against the files of the source profiles."""

import pytest

from dtsen_pipeline.reference import Profile, code_lists, english_labels, profiles
from dtsen_pipeline.schemas.columns import Kind, columns
from dtsen_pipeline.schemas.family import Family
from dtsen_pipeline.schemas.tables import (
    FAMILY,
    FIELD_TABLES,
    INPUT_TABLES,
    MEMBER,
    OFFICIAL,
    REGISTER,
    VISIT,
    VISIT_MEMBER,
    delivered,
    tables,
)


def test_the_tables_are_the_inputs() -> None:
    """In the order in which they are named."""
    assert tuple(tables()) == INPUT_TABLES
    assert {name: len(table.columns) for name, table in tables().items()} == {
        FAMILY: 55,
        MEMBER: 48,
        VISIT: 61,
        VISIT_MEMBER: 50,
        REGISTER: 7,
    }


@pytest.mark.parametrize("name", INPUT_TABLES)
def test_a_table_names_a_column_once(name: str) -> None:
    """A head and the columns behind it do not overlap."""
    names = tables()[name].names
    assert len(set(names)) == len(names)
    assert tables()[name].column(names[0]).name == names[0]


@pytest.mark.parametrize("profile", profiles().values(), ids=lambda profile: profile.id)
def test_a_profile_delivers_the_declared_columns(profile: Profile) -> None:
    """What a file brings stands in the model behind it; our own and the ministry's newest shapes bring all of it."""
    declared = delivered(tables()[profile.table])
    assert set(profile.columns) <= set(declared)
    if profile.family in ("bps_v3", "lapangan_v1", "dukcapil_v1"):
        assert profile.header == declared


@pytest.mark.parametrize("profile", profiles().values(), ids=lambda profile: profile.id)
def test_a_profile_brings_what_every_row_must_have(profile: Profile) -> None:
    """A shape without a required column could bring no valid row; a member's card may come from its visit."""
    required = {column.name for column in tables()[profile.table].columns if column.required}
    inherited = {"id_kunjungan"} if profile.parent_id else set()
    assert required <= {*profile.columns, *inherited}


@pytest.mark.parametrize("profile", profiles().values(), ids=lambda profile: profile.id)
def test_a_code_map_leads_to_codes_of_the_list(profile: Profile) -> None:
    """Another number would turn sound answers into unknown codes."""
    for name, pairs in profile.codes.items():
        codes = code_lists()[tables()[profile.table].column(name).codes or ""]
        assert set(pairs.values()) <= {str(value) for value in codes.values}


@pytest.mark.parametrize("name", INPUT_TABLES)
def test_names_that_follow_from_codes_are_not_delivered(name: str) -> None:
    """They are looked up in the reference data."""
    looked_up = {column.name for column in tables()[name].columns if column.kind is Kind.REGION_NAME}
    assert looked_up == set(tables()[name].names) - set(delivered(tables()[name]))


def test_official_deciles_and_flags_are_not_asked_in_the_field() -> None:
    """An officer cannot overwrite what the ministry ranked."""
    hidden = {column.name for column in columns(Family)} - set(tables()[VISIT].names)
    assert set(OFFICIAL) < hidden
    assert {column.group for column in columns(Family) if column.name in hidden} == {"official", "provenance"}


def test_only_columns_with_a_bit_are_answers() -> None:
    """Who visited and when is not a value of the family."""
    answers = {column.group for column in tables()[VISIT].answers}
    assert "visit" not in answers
    assert [name for name, table in tables().items() if table.is_field] == [VISIT, VISIT_MEMBER]


def test_everything_that_officers_read_has_an_english_label() -> None:
    english = english_labels()
    asked = {column.name: column for table in FIELD_TABLES for column in tables()[table].columns}
    assert english.columns.keys() == {name for table in FIELD_TABLES for name in delivered(tables()[table])}
    assert english.groups.keys() == {column.group for column in asked.values()}
    lists = {column.codes for column in asked.values() if column.codes}
    assert english.codes.keys() == lists
    for name in lists:
        codes = code_lists()[name]
        assert english.codes[name].keys() == set(codes.labels) - set(codes.tree().values())
