"""From survey columns to features and scores, and what may not be a feature."""

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from dtsen_pipeline.core import microdata
from dtsen_pipeline.reference import Feature, WelfareModel, welfare_model, welfare_models
from dtsen_pipeline.schemas.errors import DtsenError
from dtsen_pipeline.schemas.release import polars_types


@pytest.fixture
def model() -> WelfareModel:
    return welfare_model("demo_alatas_2008")


def with_feature(model: WelfareModel, **changes: Any) -> WelfareModel:
    return replace(model, features=(replace(model.features[0], **changes), *model.features[1:]))


def test_every_delivered_model_can_be_computed() -> None:
    for name in welfare_models():
        microdata.check_features(welfare_model(name))


@pytest.mark.parametrize("column", sorted(microdata.RECEIPT))
@pytest.mark.parametrize("owner", ["keluarga", "anggota"])
def test_programme_receipt_is_never_a_feature(model: WelfareModel, owner: str, column: str) -> None:
    with pytest.raises(DtsenError, match="E_MODEL_RECEIPT"):
        microdata.check_features(with_feature(model, columns=(f"{owner}.{column}",)))


def test_programme_receipt_covers_the_contract() -> None:
    """The columns of the contract that tell of aid or of a decile by their names."""
    sent = {name for table in ("keluarga", "anggota") for name in polars_types(table)}
    told = {name for name in sent if name.startswith(("pbi_", "desil_", "skor_", "is_"))} - {"is_lengkap"}
    assert told <= microdata.RECEIPT


@pytest.mark.parametrize(
    "changes",
    [
        {"name": "owns_horse"},
        {"columns": ("keluarga.kuda",)},
        {"columns": ("luas_lantai",)},
        {"reading": "guess"},
        {"survey_variable": "hhsize, hhage"},
        {"survey_variable": ""},
    ],
)
def test_what_is_not_declared_is_refused(model: WelfareModel, changes: dict[str, Any]) -> None:
    with pytest.raises(DtsenError, match="E_MODEL_FEATURE"):
        microdata.check_features(with_feature(model, **changes))


@pytest.mark.parametrize(
    ("reading", "columns", "answers"),
    [
        ("as_is", [[3, 0]], [3, 0]),
        ("member_share", [[1, 3, 8]], [1000, 333, 125]),
        ("minors", [[7, 5, 1], [5.04968, 3.880788, 1.0]], [4, 1, 0]),
        ("elders", [[1.333333, 0.25, 0.0], [7, 5, 1], [5.094356, 3.927575, 1.0]], [1, 1, 0]),
        ("tenths_per_head", [[7.857143, 500.0, 7.5], [7, 1, 2]], [78, 300, 75]),
    ],
)
def test_a_reading_gives_whole_numbers(
    model: WelfareModel, reading: str, columns: list[list[float]], answers: list[int]
) -> None:
    given = {name: np.array(values, dtype=np.float64) for name, values in zip("abc", columns, strict=False)}
    feature: Feature = replace(model.features[0], reading=reading, survey_variable=", ".join(given))
    found = microdata.matrix(replace(model, features=(feature,)), given)
    assert found.dtype == np.int64
    assert found[:, 0].tolist() == answers


def test_a_half_is_no_count(model: WelfareModel) -> None:
    one = replace(model, features=(model.features[0],))
    with pytest.raises(DtsenError, match="E_SURVEY_WHOLE column hhsize"):
        microdata.matrix(one, {"hhsize": np.array([2.0, 2.5])})


def test_a_household_of_nobody_has_no_share(model: WelfareModel) -> None:
    one = replace(model, features=(replace(model.features[0], reading="member_share"),))
    with pytest.raises(DtsenError, match="E_SURVEY_WHOLE column hhsize"):
        microdata.matrix(one, {"hhsize": np.array([2.0, 0.0])})


def test_a_score_is_the_sum_of_its_terms(model: WelfareModel) -> None:
    two = replace(model, features=model.features[:2])
    answers = np.array([[4, 16], [1, 1]])
    first, second = (feature.coefficient_micro for feature in two.features)
    expected = [two.intercept_micro + 4 * first + 16 * second, two.intercept_micro + first + second]
    assert microdata.scores(two, answers).tolist() == expected


def test_a_place_adds_its_level_and_one_that_is_not_known_nothing(model: WelfareModel) -> None:
    one = replace(model, features=model.features[:1], levels={"0371": 5, "7302": -7})
    place = microdata.places(one, {"province": np.array([3.0, 73.0, 12.0]), "district": np.array([71.0, 2.0, 15.0])})
    assert place is not None
    assert place.tolist() == [371, 7302, 1215]
    answers = np.array([[1], [2], [3]])
    apart = microdata.scores(one, answers, place) - microdata.scores(one, answers)
    assert apart.tolist() == [5, -7, 0]


def test_a_place_is_told_by_one_code_by_its_parts_or_not_at_all(model: WelfareModel) -> None:
    whole = microdata.places(replace(model, place="kode"), {"kode": np.array([3571.0, 971.0])})
    assert whole is not None
    assert whole.tolist() == [3571, 971]
    assert microdata.places(replace(model, place=None), {}) is None


@pytest.mark.parametrize("district", [100.0, -1.0, 1.5])
def test_a_part_of_a_place_that_is_no_code_is_refused(model: WelfareModel, district: float) -> None:
    with pytest.raises(DtsenError, match="E_SURVEY_WHOLE column district"):
        microdata.places(model, {"province": np.array([12.0]), "district": np.array([district])})


def test_columns_are_asked_for_once(model: WelfareModel) -> None:
    names = microdata.columns_of(replace(model, weight="w"))
    assert len(names) == len(set(names))
    assert {"consumption", "w", "hhsize", "pcfloor", "province", "district"} <= set(names)
    assert "hp" not in names
    assert "hp" in microdata.columns_of(model, is_compared=True)
