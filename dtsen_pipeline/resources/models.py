"""Where welfare models lie: those of the reference room, and a city's own in the home; read with a code for each fault.

What a model file holds is read in `reference/models.py`; what the core can compute is said by `core/microdata.py`.
"""

import re
from collections.abc import Callable, Mapping
from datetime import date
from pathlib import Path
from typing import TypeVar

from dtsen_pipeline.core.inputs import InputList
from dtsen_pipeline.core.microdata import check_features
from dtsen_pipeline.reference import SurveyMap, WelfareModel, city, survey_maps, welfare_models
from dtsen_pipeline.reference.models import IMITATION, WrongDigestError, read_survey_map, read_welfare_model
from dtsen_pipeline.resources.home import make_private, write_private
from dtsen_pipeline.schemas.errors import DtsenError

FOLDER = "models"
Read = TypeVar("Read", bound=SurveyMap)


def known(home: Path | None) -> Mapping[str, Path]:
    """Every model's file by id; a city's own model may not bear the name of one of the reference room."""
    own = {path.stem: path for path in sorted((home / FOLDER).glob("*.yaml"))} if home else {}
    return {**own, **welfare_models()}


def load(name: str, home: Path | None) -> WelfareModel:
    """One model by its id; E_MODEL_UNKNOWN, or what `read_model` raises."""
    path = known(home).get(name)
    if path is None:
        raise DtsenError("E_MODEL_UNKNOWN", "see dtsen model show")
    return read_model(path)


def exact(name: str, sha256: str, home: Path | None) -> WelfareModel:
    """A model as it was when it was used or approved; E_MODEL_HASH where a file of that name says other things now.

    An empty digest is that of a release from before digests were recorded: the model of that name is taken.
    """
    model = load(name, home)
    if sha256 not in ("", model.sha256):
        raise DtsenError("E_MODEL_HASH", f"{name} is not the model of that name that was used or approved")
    return model


def model_of(inputs: InputList, home: Path) -> WelfareModel:
    """The model that an input list names; faults as `exact`."""
    return exact(inputs.model, inputs.model_sha256, home)


def read_model(path: Path) -> WelfareModel:
    """A model file, checked: E_MODEL_HASH, E_MODEL_FILE, E_MODEL_FEATURE, E_MODEL_RECEIPT."""
    return _checked(path, read_welfare_model)


def load_map(name: str) -> tuple[SurveyMap, Path]:
    """A survey map by its name or as a file, and where it lies; faults as `read_model`."""
    path = survey_maps().get(name, Path(name))
    return _checked(path, read_survey_map), path


def _checked(path: Path, read: Callable[[Path], Read]) -> Read:
    code, problem = "E_MODEL_FILE", "the file cannot be opened"
    if path.is_file():
        try:
            found = read(path)
        except WrongDigestError:
            code, problem = "E_MODEL_HASH", "a number was changed after the model was written"
        except ValueError as error:
            problem = _problem(error)
        else:
            check_features(found)
            return found
    raise DtsenError(code, problem)


def _problem(error: ValueError) -> str:
    """What is wrong, without the value: the file may be any file."""
    kinds = ("missing keys", "unknown keys", "duplicate", "not of type", "not one of", "until lies before effective")
    return next((kind for kind in kinds if kind in str(error)), "it does not follow the format of a model")


def check_region(model: WelfareModel, region: str) -> None:
    """E_MODEL_REGION where the model is not made for the region, E_MODEL_SECTION where it has none for a part of it."""
    if not model.covers(region):
        raise DtsenError("E_MODEL_REGION", f"{model.id} is made for other regions")
    outside = [] if not model.sections else [one for one in city(region).kelurahan if model.part_of(one.bps) is None]
    if outside:
        problem = f"{model.id} has no section for {len(outside)} kelurahan of the city"
        raise DtsenError("E_MODEL_SECTION", problem)


def check_in_force(model: WelfareModel, region: str, day: date) -> None:
    """E_MODEL_REGION as `check_region`, E_MODEL_PERIOD where the model is not in force on the day."""
    check_region(model, region)
    if not model.effective <= day <= (model.until or date.max):
        raise DtsenError("E_MODEL_PERIOD", f"{model.id} is not in force on {day.isoformat()}")


def check_new(name: str, planned: SurveyMap, home: Path) -> None:
    """Refuse a name of the home that is taken (E_MODEL_EXISTS) or a second model for a family and a day.

    E_MODEL_OVERLAP looks at the city's own models; demonstrations and imitations are in nobody's way.
    """
    check_name(name, home)
    others = [load(other, home) for other, path in known(home).items() if path.parent == home / FOLDER]
    surveyed = [other for other in others if other.status != "demonstration" and other.kind != IMITATION]
    if any(planned.overlaps(other) for other in surveyed):
        raise DtsenError("E_MODEL_OVERLAP", "a model of this home is in force for the same region on one of the days")


def check_name(name: str, home: Path) -> None:
    """E_USAGE for a name that no model may have, E_MODEL_EXISTS for one that is taken."""
    if not re.fullmatch(r"[a-z][a-z0-9_]{2,60}", name):
        raise DtsenError("E_USAGE", "a model's name has 3 to 61 small letters, digits or underscores")
    if name in known(home):
        raise DtsenError("E_MODEL_EXISTS", "a model is never written over; choose another name")


def store(name: str, text: str, home: Path) -> Path:
    """Keep a city's own model in its home."""
    make_private(home / FOLDER)
    return write_new(home / FOLDER / f"{name}.yaml", text)


def write_new(path: Path, text: str) -> Path:
    """Write a file that is not there yet; E_MODEL_EXISTS, or E_MODEL_WRITE where it cannot be written."""
    code = "E_MODEL_WRITE"
    try:
        write_private(path, text.encode())
    except FileExistsError:
        code = "E_MODEL_EXISTS"
    except OSError:
        code = "E_MODEL_WRITE"
    else:
        return path
    raise DtsenError(code, "choose another file")
