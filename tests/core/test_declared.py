"""Every model input is declared once: with its label, unit, columns, proof, and what it may be where it is missing."""

from collections import Counter

import pytest

from dtsen_pipeline.core.declared import DECLARED, Declared, Proof, bundles
from dtsen_pipeline.core.features import features
from dtsen_pipeline.reference import welfare_model
from dtsen_pipeline.schemas.release import TABLES

MODEL = welfare_model("demo_alatas_2008")


def test_every_feature_is_declared_and_has_a_range_once() -> None:
    assert set(DECLARED) == set(features())
    assert Counter(name for bundle in bundles() for name in bundle.names) == dict.fromkeys(DECLARED, 1)


@pytest.mark.parametrize("declared", DECLARED.values(), ids=lambda one: one.name)
def test_a_declaration_says_where_the_input_comes_from(declared: Declared) -> None:
    assert declared.label
    assert declared.unit
    for column in declared.columns:
        table, _, name = column.partition(".")
        assert name in TABLES[table].to_schema().columns


def test_the_model_file_names_the_same_columns() -> None:
    assert {feature.name: set(feature.columns) for feature in MODEL.features} == {
        feature.name: set(DECLARED[feature.name].columns) for feature in MODEL.features
    }


def test_only_what_is_told_cannot_be_verified() -> None:
    told = {name for name, declared in DECLARED.items() if not declared.is_verifiable}
    assert told == {"children_in_sd", "children_in_smp", "children_in_sma"}
    assert {declared.proof for declared in DECLARED.values()} == set(Proof)
