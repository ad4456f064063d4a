"""From the columns of a household survey to the whole numbers of a model's features, and the model's scores of them.

A reading says how columns answer one feature, by the arithmetic that `features` uses for families. Programme
receipt is named here too: it may never be a feature, since it tells the past decision.
"""

from collections.abc import Callable, Mapping, Sequence
from functools import reduce
from types import MappingProxyType
from typing import Any

import numpy as np
import numpy.typing as npt

from dtsen_pipeline.core.features import FLOOR_CAP, THOUSAND, features
from dtsen_pipeline.core.fitting import Numbers
from dtsen_pipeline.reference import SurveyMap, WelfareModel
from dtsen_pipeline.schemas.errors import DtsenError
from dtsen_pipeline.schemas.release import polars_types

Whole = npt.NDArray[np.int64]
Columns = Mapping[str, Numbers]
LAST_PART, LAST_CODE = 99, 9999
RECEIPT = frozenset(
    {
        "pbi_nas",
        "pbi_pemda",
        "is_pbi_se",
        "is_siks_ng",
        "is_gc_kemensos",
        *(
            f"desil_{scope}"
            for scope in ("nasional", "provinsi", "kabupaten_kota", "bayangan", "verifikasi", "estimasi")
        ),
        *(f"desil_{kind}_{end}" for kind in ("verifikasi", "estimasi") for end in ("min", "max")),
        "skor_bayangan",
        "skor_estimasi",
        "skor_verifikasi",
    }
)
"""Columns that tell what was decided about a family before, not how it lives."""


def _as_is(column: Numbers) -> Numbers:
    return column


def _minors(size: Numbers, equivalent: Numbers) -> Numbers:
    """Members under 15, from the number of adult equivalents: (size - 0.07 * minors) ** 0.85."""
    return np.rint((size - equivalent ** (1 / 0.85)) / 0.07)


def _elders(ratio: Numbers, size: Numbers, equivalent: Numbers) -> Numbers:
    """Members over 64: the dependents that are not under 15."""
    return np.rint(size * ratio / (1 + ratio)) - _minors(size, equivalent)


def _member_share(size: Numbers) -> Numbers:
    """What each member is of the household, per thousand."""
    return THOUSAND // size


def _tenths_per_head(area_per_head: Numbers, size: Numbers) -> Numbers:
    """Tenths of a square metre a head, from an area that is whole for the household."""
    return np.minimum(10 * np.rint(area_per_head * size) // size, FLOOR_CAP)


READINGS: Mapping[str, tuple[int, Callable[..., Numbers]]] = MappingProxyType(
    {
        "as_is": (1, _as_is),
        "member_share": (1, _member_share),
        "minors": (2, _minors),
        "elders": (3, _elders),
        "tenths_per_head": (2, _tenths_per_head),
    }
)
"""Every reading with the number of survey columns that it takes."""


def check_features(model: SurveyMap) -> None:
    """Refuse a model that the core cannot compute or must not.

    E_MODEL_FEATURE for a feature, a DTSEN column or a reading that is not declared, E_MODEL_RECEIPT for programme
    receipt or an official decile among the columns.
    """
    known = {f"{owner}.{name}" for owner in ("keluarga", "anggota") for name in polars_types(owner)}
    for feature in model.features:
        if feature.name not in features():
            raise DtsenError("E_MODEL_FEATURE", "a feature of the model is not one the core computes")
        if any(column.partition(".")[2] in RECEIPT for column in feature.columns):
            raise DtsenError("E_MODEL_RECEIPT", f"{feature.name} rests on programme receipt or an official decile")
        if not set(feature.columns) <= known:
            raise DtsenError("E_MODEL_FEATURE", f"{feature.name} names a column that is not in the contract")
        _check_reading(feature.reading, feature.survey_columns, feature.name)


def columns_of(model: SurveyMap, *, is_compared: bool = False) -> tuple[str, ...]:
    """The survey columns that a model needs, welfare and weight included; with its baseline where it is compared."""
    named = [name for feature in model.features for name in feature.survey_columns]
    extra = [*([model.weight] if model.weight else []), *model.place_columns]
    extra += [model.section] if model.section else []
    return tuple(dict.fromkeys([model.welfare, *extra, *named, *(model.baseline if is_compared else ())]))


def matrix(model: SurveyMap, columns: Columns) -> Whole:
    """The features of every household, in the model's order; E_SURVEY_WHOLE for one that is not a whole number."""
    return np.column_stack([_answer(feature.reading, feature.survey_columns, columns) for feature in model.features])


def places(model: SurveyMap, columns: Columns) -> Whole | None:
    """The BPS code of every household's place as a number; E_SURVEY_WHOLE where a part is not of two digits.

    None where the model has no places. A single column has the whole code.
    """
    if not model.place_columns:
        return None
    parts = [columns[name] for name in model.place_columns]
    highest = LAST_CODE if len(parts) == 1 else LAST_PART
    for name, part in zip(model.place_columns, parts, strict=True):
        if not np.isin(part, np.arange(highest + 1)).all():
            raise DtsenError("E_SURVEY_WHOLE", "a place has a code of digits", column=name)
    return np.asarray(reduce(lambda code, part: code * (LAST_PART + 1) + part, parts), dtype=np.int64)


def sections(model: SurveyMap, columns: Columns) -> Whole | None:
    """The place of every household's section among the model's; None where it has none.

    E_SURVEY_SECTION for an answer that means no section.
    """
    if model.section is None:
        return None
    values = np.array([one.value for one in model.sections])
    matches = columns[model.section][:, None] == values
    if not matches.any(axis=1).all():
        raise DtsenError("E_SURVEY_SECTION", "an answer means no section of the map", column=model.section)
    return np.asarray(matches.argmax(axis=1), dtype=np.int64)


def scores(model: WelfareModel, answers: Whole, place: Whole | None = None, section: Whole | None = None) -> Whole:
    """The model's scores in millionths, whole numbers throughout; with the level of each household's place.

    `section`: as `sections` gives it, for a model that has some.
    """
    of = np.zeros(len(answers), dtype=np.int64) if section is None else section
    weights = np.array([[one.coefficient_micro for one in part.features] for part in model.parts], dtype=np.int64)
    intercepts = np.array([part.intercept_micro for part in model.parts], dtype=np.int64)
    found: Whole = intercepts[of] + (answers * weights[of]).sum(axis=1)
    if place is None:
        return found
    return found + np.array([model.levels.get(f"{code:04d}", 0) for code in place.tolist()], dtype=np.int64)


def _answer(reading: str, names: Sequence[str], columns: Columns) -> npt.NDArray[Any]:
    with np.errstate(divide="ignore", invalid="ignore"):
        value = READINGS[reading][1](*(columns[name] for name in names))
    if not np.isfinite(value).all() or not np.array_equal(value, np.rint(value)):
        raise DtsenError("E_SURVEY_WHOLE", "a feature counts whole things", column=names[0])
    return value.astype(np.int64)


def _check_reading(reading: str, names: Sequence[str], feature: str) -> None:
    takes = READINGS[reading][0] if reading in READINGS else 0
    if len(names) != takes or not all(names):
        raise DtsenError("E_MODEL_FEATURE", f"{feature}: its reading is not declared, or takes other columns")
