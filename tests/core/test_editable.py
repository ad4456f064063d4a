"""What an officer could find different is declared once, with what a card for the public leaves out and why."""

from dataclasses import replace

import pytest

from dtsen_pipeline.core.declared import BORN, CARD, DECLARED, SEX
from dtsen_pipeline.core.editable import CERTIFICATES, EDITABLE, LEFT_OUT, Editable, Withheld, asked
from dtsen_pipeline.core.rules.persons import LEVEL_OF
from dtsen_pipeline.reference import code_lists, welfare_model
from dtsen_pipeline.schemas.tables import VISIT, VISIT_MEMBER, tables

MODEL = welfare_model("demo_alatas_2008")
FIELD = {"keluarga": VISIT, "anggota": VISIT_MEMBER}


def test_every_column_behind_a_verifiable_input_is_asked_or_left_out_with_a_reason() -> None:
    columns = {column for one in DECLARED.values() if one.is_verifiable for column in one.columns}
    declared = [one.column for one in EDITABLE]
    assert len(declared) == len(set(declared))
    assert not set(declared) & set(LEFT_OUT)
    assert columns <= set(declared) | set(LEFT_OUT)
    assert set(declared) <= columns
    assert all(LEFT_OUT.values())


@pytest.mark.parametrize("question", EDITABLE, ids=lambda one: one.column)
def test_an_answer_is_one_that_a_visit_can_bring(question: Editable) -> None:
    column = tables()[FIELD[question.table]].column(question.cell)
    assert column.codes == question.list_id
    assert set(question.codes) <= set(code_lists()[column.codes].values if column.codes else ())
    assert bool(question.list_id) != bool(question.within)
    assert bool(question.withheld) == bool(question.reason)


def test_the_public_is_told_of_no_person_and_of_nothing_that_can_be_carried_away() -> None:
    assert {one.column for one in EDITABLE if one.withheld is Withheld.FIXED} == {BORN, SEX}
    told = {one.column for one in asked(MODEL, is_public=True)}
    assert all(column.startswith("keluarga.") and "_bergerak_" not in column for column in told)
    assert told | {one.column for one in EDITABLE if one.withheld} == {one.column for one in EDITABLE}
    assert CARD not in told


def test_a_card_asks_only_what_the_model_reads() -> None:
    one = [feature for feature in MODEL.features if feature.name == "owns_car"]
    small = replace(MODEL, features=tuple(one))
    assert [question.column for question in asked(small, is_public=False)] == ["keluarga.aset_bergerak_mobil"]
    told = [feature for feature in MODEL.features if not DECLARED[feature.name].is_verifiable]
    unproven = replace(MODEL, features=tuple(told))
    assert asked(unproven, is_public=False) == ()


def test_the_usual_certificates_stand_for_all_levels_that_a_rule_or_an_input_parts() -> None:
    levels = {LEVEL_OF[code] for code in CERTIFICATES if code in LEVEL_OF}
    assert levels == set(LEVEL_OF.values()) - {max(LEVEL_OF.values())}
    assert 23 in CERTIFICATES
