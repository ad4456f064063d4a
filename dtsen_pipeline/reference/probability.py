"""What a model file says of P(desil = k): residuals of households its fit had not seen, and how they were judged.

What follows from them for a family is computed in the core; how the calibration is measured too.
"""

from dataclasses import astuple, dataclass
from typing import Any

from dtsen_pipeline.reference.strict import fields, typed

HUNDRED, WHOLE = 100, 10_000
_STATED = "folds repeats seed tables residuals_micro"
_TABLE = "event brier blind calibration_error bands"
ROW = ("least", "most", "answers", "predicted", "observed", "low", "high")
SHARES = 4
"""A band in a file is a row of these numbers; so many of them, the last, are shares."""


@dataclass(frozen=True, kw_only=True)
class Band:
    """Answers that were given a probability of `least` to `most` per cent, and how often they came true.

    `predicted` and `observed` are means in ten-thousandths, `low` and `high` the ends of the observed share's interval.
    """

    least: int
    most: int
    answers: int
    predicted: int
    observed: int
    low: int
    high: int


@dataclass(frozen=True, kw_only=True)
class Reliability:
    """The calibration of one kind of answer (`event`) on households that the fit had not seen.

    `brier`: the mean squared distance from what was true; `blind`: the same for who gives everybody the city's shares;
    `calibration_error`: the expected calibration error over the bands. Decimals as text.
    """

    event: str
    brier: str
    blind: str
    calibration_error: str
    bands: tuple[Band, ...]


@dataclass(frozen=True, kw_only=True)
class Probability:
    """A hundred residuals in ascending order, millionths of the score's unit, each as probable as the others.

    They are quantiles of outcome minus prediction over `repeats` cross-validations of `folds`; `tables` judge the
    probabilities that follow from one of them, nested.
    """

    folds: int
    repeats: int
    seed: int
    tables: tuple[Reliability, ...]
    residuals_micro: tuple[int, ...]


def read_probability(value: object, where: str) -> Probability:
    """Read the block `probability` of a model file; ValueError where it is not exactly one."""
    told = fields(value, where, _STATED)
    for key in ("folds", "repeats", "seed"):
        typed(told[key], int, f"{where}: {key}")
    residuals = tuple(typed(one, int, where) for one in typed(told["residuals_micro"], list, where))
    if len(residuals) != HUNDRED or list(residuals) != sorted(residuals):
        message = f"{where}: residuals_micro are a hundred numbers, none under the one before"
        raise ValueError(message)
    tables = tuple(_table(one, where) for one in typed(told["tables"], list, where))
    return Probability(**told | {"tables": tables, "residuals_micro": residuals})


def plain(stated: Probability) -> dict[str, Any]:
    """The block as a model file holds it; a tuple becomes a line of numbers."""
    tables = [{**vars(table), "bands": [astuple(band) for band in table.bands]} for table in stated.tables]
    return {**vars(stated), "tables": tables}


def _table(value: object, where: str) -> Reliability:
    told = fields(value, f"{where}: table", _TABLE)
    for key in ("event", "brier", "blind", "calibration_error"):
        typed(told[key], str, f"{where}: {key}")
    return Reliability(**told | {"bands": tuple(_band(one, where) for one in typed(told["bands"], list, where))})


def _band(value: object, where: str) -> Band:
    row = [typed(one, int, f"{where}: band") for one in typed(value, list, f"{where}: band")]
    if len(row) != len(ROW) or not all(0 <= share <= WHOLE for share in row[len(ROW) - SHARES :]):
        message = f"{where}: a band is {' '.join(ROW)}, the last {SHARES} from 0 to {WHOLE}"
        raise ValueError(message)
    return Band(**dict(zip(ROW, row, strict=True)))
