"""The demonstration model is what its survey says: refitted, and compared number by number.

The survey is not part of the project. Its folder is named by DTSEN_REFERENCE_DATA; without it only the
checks on the file itself run.
"""

import csv
import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
import yaml

from dtsen_pipeline.core.fitting import least_squares
from dtsen_pipeline.core.judging import sample_of
from dtsen_pipeline.core.microdata import columns_of
from dtsen_pipeline.reference import profiles, survey_maps
from dtsen_pipeline.reference.loader import ROOM
from dtsen_pipeline.reference.models import read_survey_map

Numbers = npt.NDArray[np.floating[Any]]
Survey = Mapping[str, Numbers]

SURVEY = "alatas_2008_train.csv"
MODEL = ROOM / "models" / "demo_alatas_2008.yaml"
CARD = Path(__file__).parents[2] / "docs" / "models" / "demo-alatas-2008.md"
MICRO = 1_000_000
FLOOR_CAP = 300
WIDEST = {
    "member_share": 1000,
    "head_age": 130,
    "head_age_squared": 130**2,
    "floor_area_per_head": FLOOR_CAP,
}


def _as_is(column: str) -> Callable[[Survey], Numbers]:
    return lambda survey: survey[column]


def _dependents(survey: Survey) -> Numbers:
    ratio = survey["depratio"]
    return np.rint(survey["hhsize"] * ratio / (1 + ratio))


def _minors(survey: Survey) -> Numbers:
    return np.rint((survey["hhsize"] - survey["hhsize_ae"] ** (20 / 17)) * 100 / 7)


def _floor_area(survey: Survey) -> Numbers:
    return np.rint(survey["pcfloor"] * survey["hhsize"])


FEATURES: dict[str, Callable[[Survey], Numbers]] = {
    "household_size": _as_is("hhsize"),
    "member_share": lambda survey: 1000 // survey["hhsize"],
    "head_age": _as_is("hhage"),
    "head_age_squared": _as_is("hhage2"),
    "head_male": _as_is("hhmale"),
    "head_married": _as_is("hhmarried"),
    "head_male_married": _as_is("hhmalemarr"),
    "children_0_4": _as_is("age04"),
    "children_0_14": _minors,
    "elders": lambda survey: _dependents(survey) - _minors(survey),
    "children_in_sd": _as_is("eschild"),
    "children_in_smp": _as_is("jschild"),
    "children_in_sma": _as_is("sschild"),
    "head_completed_sd": _as_is("hheduc2"),
    "head_completed_smp": _as_is("hheduc3"),
    "head_completed_sma": _as_is("hheduc4"),
    "highest_completed_sd": _as_is("higheduc2"),
    "highest_completed_smp": _as_is("higheduc3"),
    "highest_completed_sma": _as_is("higheduc4"),
    "floor_area_per_head": lambda survey: np.minimum(10 * _floor_area(survey) // survey["hhsize"], FLOOR_CAP),
    "floor_not_earth": _as_is("tfloor"),
    "wall_brick_or_cement": _as_is("twall"),
    "private_toilet": _as_is("toilet"),
    "no_firewood": _as_is("fcook"),
    "owns_house": _as_is("house"),
    "owns_ac": _as_is("ac"),
    "owns_computer": _as_is("computer"),
    "owns_refrigerator": _as_is("refrigerator"),
    "owns_bicycle": _as_is("bicycle"),
    "owns_motorcycle": _as_is("motorcycle"),
    "owns_car": _as_is("auto"),
    "owns_cattle": _as_is("cow"),
}


def load(path: Path) -> Survey:
    """The survey's columns as numbers."""
    with path.open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    return {name: np.array([float(row[name]) for row in rows]) for name in rows[0]}


def matrix(survey: Survey) -> Numbers:
    """The features in the order of the model file."""
    return np.column_stack([feature(survey) for feature in FEATURES.values()])


def places(survey: Survey) -> Numbers:
    """The BPS code of the household's regency or city."""
    return 100 * survey["province"] + survey["district"]


def outcome(survey: Survey) -> Numbers:
    """What the model predicts."""
    logs: Numbers = np.log(survey["consumption"])
    return logs


@dataclass(frozen=True)
class Solved:
    """Weights of the features, and the mean outcome at no features of every place and of all households."""

    weights: Numbers
    levels: Mapping[float, float]
    mean: float

    def predict(self, x: Numbers, place: Numbers) -> Numbers:
        """A household of a place that is not known has the mean of all."""
        return np.array([self.levels.get(one, self.mean) for one in place]) + x @ self.weights


def solve(x: Numbers, y: Numbers, place: Numbers) -> Solved:
    """Ordinary least squares of what lies around the means of the places."""
    rows = [place == one for one in np.unique(place)]
    inner, left = x.copy(), y.copy()
    for mask in rows:
        inner[mask] -= x[mask].mean(axis=0)
        left[mask] -= y[mask].mean()
    weights: Numbers = np.linalg.lstsq(inner, left, rcond=None)[0]
    rest = y - x @ weights
    return Solved(weights, {float(place[mask][0]): float(rest[mask].mean()) for mask in rows}, float(rest.mean()))


def r2(y: Numbers, predicted: Numbers) -> float:
    """The share of the outcome's variance that is explained."""
    return 1 - float(np.sum((y - predicted) ** 2) / np.sum((y - y.mean()) ** 2))


@dataclass(frozen=True)
class Fit:
    """The numbers of the model file, the intercept first among the weights."""

    n: int
    r2: str
    residual_sd_micro: int
    weights_micro: tuple[int, ...]
    levels_micro: Mapping[str, int]


def fit(x: Numbers, y: Numbers, place: Numbers) -> Fit:
    """Fit once, in the file's units."""
    solved = solve(x, y, place)
    predicted = solved.predict(x, place)
    freedom = len(y) - x.shape[1] - len(solved.levels)
    spread = float(np.sqrt(np.sum((y - predicted) ** 2) / freedom))
    return Fit(
        n=len(y),
        r2=f"{r2(y, predicted):.4f}",
        residual_sd_micro=round(spread * MICRO),
        weights_micro=tuple(round(float(weight) * MICRO) for weight in (solved.mean, *solved.weights)),
        levels_micro={f"{one:04.0f}": round((at - solved.mean) * MICRO) for one, at in solved.levels.items()},
    )


SPLITS: dict[str, Callable[[Survey], Numbers]] = {
    "ten folds": lambda survey: np.arange(len(survey["hhsize"]), dtype=np.float64) % 10,
    "district left out": places,
}


def predict_unseen(x: Numbers, y: Numbers, place: Numbers, groups: Numbers) -> Numbers:
    """Every household predicted by a fit on the other groups."""
    predicted = np.empty_like(y)
    for group in np.unique(groups):
        out = groups == group
        predicted[out] = solve(x[~out], y[~out], place[~out]).predict(x[out], place[out])
    return predicted


def _ranks(values: Numbers) -> Numbers:
    """Ranks from 0, equal values sharing the middle of theirs."""
    ordered = np.sort(values)
    first, last = np.searchsorted(ordered, values, "left"), np.searchsorted(ordered, values, "right")
    return (first + last - 1) / 2.0


def _missed(y: Numbers, predicted: Numbers, percent: int) -> float:
    """The poorest percent that a list of the same length leaves out; it is also the share wrongly let in."""
    count = len(y) * percent // 100
    poor, chosen = np.argsort(y, kind="stable")[:count], np.argsort(predicted, kind="stable")[:count]
    return 1 - len(np.intersect1d(poor, chosen)) / count


def out_of_sample(survey: Survey, groups: Numbers) -> tuple[str, ...]:
    """R2, Spearman and the errors at 20% and 40%, as the model card prints them."""
    y = outcome(survey)
    predicted = predict_unseen(matrix(survey), y, places(survey), groups)
    spearman = float(np.corrcoef(_ranks(y), _ranks(predicted))[0, 1])
    errors = (f"{100 * _missed(y, predicted, percent):.1f}%" for percent in (20, 40))
    return f"{r2(y, predicted):.3f}", f"{spearman:.3f}", *errors


@pytest.fixture(scope="module")
def survey() -> Survey:
    folder = os.environ.get("DTSEN_REFERENCE_DATA")
    if not folder:
        pytest.skip("DTSEN_REFERENCE_DATA is not set: the survey is not part of the project")
    return load(Path(folder) / SURVEY)


@pytest.fixture(scope="module")
def model() -> dict[str, Any]:
    facts: dict[str, Any] = yaml.safe_load(MODEL.read_text(encoding="utf-8"))
    return facts


def test_refit_gives_the_file(survey: Survey, model: dict[str, Any]) -> None:
    weights = [model["intercept_micro"], *(item["coefficient_micro"] for item in model["features"])]
    written = Fit(model["n"], model["r2"], model["residual_sd_micro"], tuple(weights), model["levels"])
    assert fit(matrix(survey), outcome(survey), places(survey)) == written


def test_the_residuals_of_the_file_are_those_of_households_not_seen(survey: Survey, model: dict[str, Any]) -> None:
    """Ten other folds and plain least squares give the same spread, which is wider than that of the fit."""
    y = outcome(survey)
    left = y - predict_unseen(matrix(survey), y, places(survey), SPLITS["ten folds"](survey))
    stated = np.array(model["probability"]["residuals_micro"]) / MICRO
    expected = np.quantile(left, (np.arange(100) + 0.5) / 100)
    np.testing.assert_allclose(stated[5:95], expected[5:95], atol=0.04)
    assert float(stated.std()) * MICRO > model["residual_sd_micro"]


def test_the_card_prints_what_the_data_say(survey: Survey) -> None:
    card = CARD.read_text(encoding="utf-8")
    for name, groups in SPLITS.items():
        figures = " | ".join(out_of_sample(survey, groups(survey)))
        assert f"| {name} | {figures} |" in card


def test_survey_counts_are_whole(survey: Survey) -> None:
    size, dependents = survey["hhsize"], _dependents(survey)
    np.testing.assert_allclose(dependents / (size - dependents), survey["depratio"], atol=1e-6)
    np.testing.assert_allclose(_floor_area(survey) / size, survey["pcfloor"], rtol=1e-6)


def test_adult_equivalents_tell_children_from_elders(survey: Survey) -> None:
    """Adult equivalents are (size - 0.07 minors) ** 0.85, and every head over 64 is one of the elders that follow."""
    minors, elders = _minors(survey), _dependents(survey) - _minors(survey)
    np.testing.assert_allclose((survey["hhsize"] - 0.07 * minors) ** 0.85, survey["hhsize_ae"], rtol=1e-5)
    assert np.all(minors >= survey["age04"])
    assert np.all(elders >= (survey["hhage"] > 64))
    assert elders[survey["hhage"] > 64].min() == 1


def test_places_are_bps_codes(survey: Survey) -> None:
    """Codes of cities begin at 71 in BPS's list; the survey has Pematang Siantar, Semarang and Makassar."""
    found = {int(place) for place in places(survey)}
    assert {place for place in found if place % 100 > 70} == {1273, 3374, 7371}
    assert len(found) == 12


def test_nobody_in_the_survey_lacks_a_member_of_working_age(survey: Survey) -> None:
    alone = survey["hhsize"] == 1
    assert survey["hhage"][alone].max() == 64


def test_certificates_are_completed_levels_of_every_member(survey: Survey) -> None:
    pupil = survey["sschild"] > 0
    assert np.all(survey["higheduc3"][pupil] + survey["higheduc4"][pupil] == 1)
    assert survey["higheduc3"][pupil].sum() > 0


def test_the_firewood_column_is_reversed(survey: Survey) -> None:
    makassar = (survey["province"] == 73) & (survey["district"] == 71)
    assert survey["fcook"][makassar].mean() > 0.9
    assert survey["fcook"][survey["ac"] == 1].min() == 1


def test_features_are_those_of_the_file_in_order(model: dict[str, Any]) -> None:
    assert [item["name"] for item in model["features"]] == list(FEATURES)


def test_every_column_is_delivered(model: dict[str, Any]) -> None:
    known = {
        f"{table}.{column}" for table in ("keluarga", "anggota") for column in profiles()[f"bps_v3_{table}"].header
    }
    assert {column for item in model["features"] for column in item["columns"]} <= known


def test_numbers_are_integers_and_the_score_fits_in_64_bits(model: dict[str, Any]) -> None:
    weights = {item["name"]: item["coefficient_micro"] for item in model["features"]}
    assert all(type(weight) is int for weight in (model["intercept_micro"], *weights.values()))
    assert model["scale"] == MICRO
    assert all(type(level) is int and abs(level) < MICRO for level in model["levels"].values())
    total = abs(model["intercept_micro"]) + sum(abs(weight) * WIDEST.get(name, 99) for name, weight in weights.items())
    assert total < 10**9


def _survey_variables(items: list[dict[str, Any]]) -> set[str]:
    return {name.strip() for item in items for name in item["survey_variable"].split(",")}


def test_every_dropped_variable_has_a_reason_and_is_not_used(model: dict[str, Any]) -> None:
    assert all(item["reason"] for item in model["dropped"])
    assert not _survey_variables(model["dropped"]) & _survey_variables(model["features"])


def test_the_card_lists_every_weight_and_every_dropped_variable(model: dict[str, Any]) -> None:
    card = CARD.read_text(encoding="utf-8")
    for item in model["features"]:
        assert f"| `{item['name']}` | {item['coefficient_micro']} |" in card
    for item in model["dropped"]:
        assert f"| {item['survey_variable']} | {item['reason']} |" in card
    for place, level in model["levels"].items():
        assert f"| {place} | {level} |" in card
    for key in ("intercept_micro", "residual_sd_micro", "n", "r2"):
        assert str(model[key]) in card


def test_the_generated_card_carries_the_numbers_of_the_file(model: dict[str, Any]) -> None:
    card = CARD.with_name("demo-alatas-2008-fit.md").read_text(encoding="utf-8")
    assert f"| `(intercept)` | {model['intercept_micro'] / MICRO:.6f} |" in card
    for item in model["features"]:
        assert f"| `{item['name']}` | {item['coefficient_micro'] / MICRO:.6f} |" in card
    assert f"R2 {model['r2']}, residual spread" in card


def test_the_generated_card_has_every_band_of_the_file(model: dict[str, Any]) -> None:
    card = CARD.with_name("demo-alatas-2008-fit.md").read_text(encoding="utf-8")
    for table in model["probability"]["tables"]:
        assert f"| `{table['event']}` | {table['brier']} | {table['blind']} | {table['calibration_error']} |" in card
        for least, most, answers, *shares in table["bands"]:
            said, seen, low, high = (f"{share / 100:.2f}%" for share in shares)
            assert f"| {least}-{most}% | {answers} | {said} | {seen} | {low} to {high} |" in card


def test_the_model_card_sums_up_the_calibration(model: dict[str, Any]) -> None:
    card = CARD.read_text(encoding="utf-8")
    for table in model["probability"]["tables"]:
        figures = (table["brier"], table["blind"], table["calibration_error"])
        assert f"| `{table['event']}` | {' | '.join(figures)} |" in card


def test_probabilities_of_households_not_seen_hold(model: dict[str, Any]) -> None:
    """All but one of the nine bands lie within the interval of what was seen, and all is better than saying nothing."""
    each, *lines = model["probability"]["tables"]
    assert sum(not low <= said <= high for *_, said, _, low, high in each["bands"]) <= 1
    assert float(each["calibration_error"]) < 0.01
    for table in (each, *lines):
        assert float(table["brier"]) < float(table["blind"])
        assert float(table["calibration_error"]) < 0.03


def test_the_fit_command_gives_the_file(survey: Survey) -> None:
    """The documented command's fit and the plain least squares of this file are the same numbers."""
    planned = read_survey_map(survey_maps()["alatas_2008"])
    columns = {name: survey[name] for name in columns_of(planned)}
    fitted = least_squares(sample_of(planned, columns))
    found = tuple(round(float(value) * MICRO) for value in fitted.coefficients)
    assert found == fit(matrix(survey), outcome(survey), places(survey)).weights_micro
