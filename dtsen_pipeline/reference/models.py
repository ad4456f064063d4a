"""From a model file to a welfare model, and from a survey map to one without numbers; and back to text.

A model file names its own digest, so that a changed number is found before anything is computed. Whether a feature
exists in the core, and which model is in force, is decided in higher rooms.
"""

import hashlib
import json
import re
from collections import Counter
from collections.abc import Mapping
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any

import yaml

from dtsen_pipeline.reference.probability import Probability, read_probability
from dtsen_pipeline.reference.records import Agreement, Dropped, Feature, Section, SurveyMap, WelfareModel
from dtsen_pipeline.reference.strict import fields, once, one_of, read_yaml, texts, typed

MICRO, DECILES, CODE_PARTS = 1_000_000, 10, 2
IMITATION = "imitation"
STATUSES, KINDS, UNITS = ("demonstration", "city"), ("coefficients", "fitted", IMITATION), ("keluarga",)
SCOPES = ("demonstrasi", "nasional", "provinsi", "kabupaten_kota")
_WORDS = "name label label_id columns definition survey_variable reading"
_MAP = "title source effective unit scope outcome welfare features"
_SECTION, _SECTION_NUMBERS = "name value regions", "n r2 residual_sd_micro intercept_micro coefficients_micro"
_MAP_OPTIONS = "dropped baseline regions weight place until section sections"
_NUMBERS = "n residual_sd_micro scale"
_MODEL = f"{_MAP} id status kind r2 sha256 {_NUMBERS}"
_AGREEMENT = "snapshot files folds seed penalty exact within_one kendall chances"
_HEAD = (
    "# score_micro = intercept_micro + sum(coefficient_micro * feature), all integers. Written by `dtsen model fit`.\n"
)


class _Lines(yaml.SafeDumper):
    """Writes what is a tuple on one line."""


def _line(dumper: yaml.SafeDumper, row: tuple[int, ...]) -> yaml.Node:
    return dumper.represent_sequence("tag:yaml.org,2002:seq", row, flow_style=True)


_Lines.add_representer(tuple, _line)


class WrongDigestError(ValueError):
    """The numbers of a model file are not those that its digest was taken of."""


def digest_of(facts: Mapping[str, Any]) -> str:
    """The sha256 of a model file's facts, its own digest and its comments left out."""
    plain = {key: value for key, value in facts.items() if key != "sha256"}
    return hashlib.sha256(json.dumps(plain, sort_keys=True, default=str).encode()).hexdigest()


def read_survey_map(path: Path) -> SurveyMap:
    """Read a survey map; its features have the weight 0."""
    facts = fields(read_yaml(path), path.name, _MAP, _MAP_OPTIONS)
    return SurveyMap(**_mapped(facts, path.name, is_weighted=False))


def read_welfare_model(path: Path) -> WelfareModel:
    """Read a welfare model; its id is the file's name. Raises WrongDigestError where a number was changed."""
    where = path.name
    facts = read_yaml(path)
    is_sectioned = isinstance(facts, dict) and "sections" in facts
    needed = _MODEL if is_sectioned else f"{_MODEL} intercept_micro"
    facts = fields(facts, where, needed, f"{_MAP_OPTIONS} agreement levels probability")
    one_of(facts["id"], (path.stem,), f"{where}: id")
    one_of(facts["status"], STATUSES, f"{where}: status")
    one_of(facts["kind"], KINDS, f"{where}: kind")
    one_of(facts["scale"], (MICRO,), f"{where}: scale")
    for key in [*_NUMBERS.split(), *([] if is_sectioned else ["intercept_micro"])]:
        typed(facts[key], int, f"{where}: {key}")
    for key in ("r2", "sha256"):
        typed(facts[key], str, f"{where}: {key}")
    told = {
        "agreement": _agreement(facts, where),
        "levels": _levels(facts, where),
        "probability": _probability(facts, where),
    }
    mapped = _mapped(facts, where, is_weighted=not is_sectioned)
    read = WelfareModel(**{"intercept_micro": 0} | mapped | {"sections": _weighted(facts, mapped, where)} | told)
    if facts["sha256"] != digest_of(facts):
        message = f"{where}: sha256 is not that of the file's facts"
        raise WrongDigestError(message)
    return read


def written(facts: Mapping[str, Any]) -> str:
    """The text of a model file, with its digest."""
    sealed = {**facts, "sha256": digest_of(facts)}
    return _HEAD + yaml.dump(sealed, Dumper=_Lines, sort_keys=False, allow_unicode=True, width=110)


def read_facts(path: Path) -> dict[str, Any]:
    """The facts of a survey map as they stand in it."""
    return fields(read_yaml(path), path.name, _MAP, _MAP_OPTIONS)


def model_label(facts: Mapping[str, Any]) -> str:
    """A model's name for people, from its facts in a manifest; an imitation says that it is one."""
    if facts.get("kind") != IMITATION:
        return f"{facts['id']} ({facts['status']})"
    return (
        f"{facts['id']} ({facts['status']}; tiruan aturan kementerian, bukan ukuran kesejahteraan / "
        "an imitation of the ministry's rule, not a measure of welfare)"
    )


def _agreement(facts: Mapping[str, Any], where: str) -> Agreement | None:
    """What an imitation must say of itself, and no other model may."""
    if (facts["kind"] == IMITATION) != ("agreement" in facts):
        message = f"{where}: agreement belongs to imitations, and to each of them"
        raise ValueError(message)
    if "agreement" not in facts:
        return None
    where = f"{where}: agreement"
    told = fields(facts["agreement"], where, _AGREEMENT)
    for key in ("snapshot", "penalty", "exact", "within_one", "kendall"):
        typed(told[key], str, f"{where}: {key}")
    for key in ("folds", "seed"):
        typed(told[key], int, f"{where}: {key}")
    chances = [typed(row, list, where) for row in typed(told["chances"], list, where)]
    if [len(row) for row in chances] != [DECILES] * DECILES:
        message = f"{where}: chances are ten rows of ten"
        raise ValueError(message)
    for cell in (cell for row in chances for cell in row if cell is not None):
        typed(cell, int, f"{where}: chances")
    return Agreement(**told | {"files": texts(told["files"], where), "chances": tuple(map(tuple, chances))})


def _probability(facts: Mapping[str, Any], where: str) -> Probability | None:
    """What the residuals say; of an imitation they would say nothing of welfare."""
    if "probability" not in facts:
        return None
    if facts["kind"] == IMITATION:
        message = f"{where}: an imitation says nothing of welfare, so it has no probability"
        raise ValueError(message)
    return read_probability(facts["probability"], f"{where}: probability")


def _levels(facts: Mapping[str, Any], where: str) -> dict[str, int]:
    """The levels by place; a model has them where it names the columns that tell the place."""
    if ("levels" in facts) != (facts.get("place") is not None):
        message = f"{where}: levels belong to models with a place"
        raise ValueError(message)
    levels = typed(facts.get("levels", {}), dict, f"{where}: levels")
    for code, level in levels.items():
        if not re.fullmatch("[0-9]{4}", typed(code, str, f"{where}: levels")):
            message = f"{where}: levels are named by four digits of BPS codes"
            raise ValueError(message)
        typed(level, int, f"{where}: levels")
    return levels


def _sections(facts: Mapping[str, Any], where: str) -> tuple[Section, ...]:
    """The sections of a map or a model, without their numbers; no region code may be of two."""
    where = f"{where}: sections"
    if ("sections" in facts) != (facts.get("section") is not None) or ("sections" in facts and facts.get("place")):
        message = f"{where} belong to a column that tells them, and not to places with levels"
        raise ValueError(message)
    if "sections" not in facts:
        return ()
    typed(facts["section"], str, where)
    found = tuple(_section(item, where) for item in typed(facts["sections"], list, where))
    for key in ("name", "value"):
        once(Counter(getattr(one, key) for one in found), key, where)
    codes = [(code, one.name) for one in found for code in one.regions]
    if len(found) < 2 or any(a.startswith(b) for a, mine in codes for b, theirs in codes if mine != theirs):  # noqa: PLR2004 - one section is none
        message = f"{where}: two at least, and no region code of two"
        raise ValueError(message)
    return found


def _section(value: object, where: str) -> Section:
    told = fields(value, where, _SECTION, _SECTION_NUMBERS)
    typed(told["name"], str, where)
    typed(told["value"], int, where)
    regions = texts(told["regions"], where)
    _check_regions(regions, where)
    if not regions:
        message = f"{where}: a section needs a region"
        raise ValueError(message)
    return Section(name=told["name"], value=told["value"], regions=regions)


def _weighted(facts: Mapping[str, Any], mapped: Mapping[str, Any], where: str) -> tuple[Section, ...]:
    """The sections of a model with their numbers: each has a weight for every feature."""
    names = " ".join(feature.name for feature in mapped["features"])
    found = []
    for section, value in zip(mapped["sections"], facts.get("sections", []), strict=True):
        place = f"{where}: {section.name}"
        told = fields(value, place, f"{_SECTION} {_SECTION_NUMBERS}")
        weights = {
            name: typed(weight, int, place) for name, weight in fields(told["coefficients_micro"], place, names).items()
        }
        numbers = {key: typed(told[key], int, place) for key in ("n", "residual_sd_micro", "intercept_micro")}
        found.append(replace(section, **numbers, r2=typed(told["r2"], str, place), weights=weights))
    return tuple(found)


def _mapped(facts: Mapping[str, Any], where: str, *, is_weighted: bool) -> dict[str, Any]:
    """The facts with their features, lists and dates as records have them."""
    one_of(facts["unit"], UNITS, f"{where}: unit")
    one_of(facts["scope"], SCOPES, f"{where}: scope")
    for key in ("title", "source", "outcome", "welfare"):
        typed(facts[key], str, f"{where}: {key}")
    for key in ("weight", "place"):
        if facts.get(key) is not None:
            typed(facts[key], str, f"{where}: {key}")
    parts = [] if facts.get("place") is None else facts["place"].split(",")
    if len(parts) > CODE_PARTS or not all(name.strip() for name in parts):
        message = f"{where}: place names the one or two columns of a code"
        raise ValueError(message)
    _check_period(facts, where)
    features = tuple(_feature(item, where, is_weighted=is_weighted) for item in typed(facts["features"], list, where))
    once(Counter(feature.name for feature in features), "features", where)
    if not features:
        message = f"{where}: a model needs a feature"
        raise ValueError(message)
    dropped = tuple(_dropped(item, where) for item in typed(facts.get("dropped", []), list, where))
    lists = {key: texts(facts.get(key, []), f"{where}: {key}") for key in ("baseline", "regions")}
    _check_regions(lists["regions"], where)
    sections = _sections(facts, where)
    return {**facts, **lists, "features": features, "dropped": dropped, "sections": sections}


def _check_period(facts: Mapping[str, Any], where: str) -> None:
    start = typed(facts["effective"], date, f"{where}: effective")
    until = facts.get("until")
    if until is not None and typed(until, date, f"{where}: until") < start:
        message = f"{where}: until lies before effective"
        raise ValueError(message)


def _check_regions(regions: tuple[str, ...], where: str) -> None:
    if not all(re.fullmatch("[0-9]{2,10}", region) for region in regions):
        message = f"{where}: regions are leading digits of BPS codes"
        raise ValueError(message)
    once(Counter(regions), "regions", where)


def _feature(value: object, where: str, *, is_weighted: bool) -> Feature:
    facts = fields(value, f"{where}: feature", f"{_WORDS} coefficient_micro" if is_weighted else _WORDS)
    where = f"{where}: {facts['name']}"
    words = {key: typed(facts[key], str, where) for key in _WORDS.split() if key != "columns"}
    weight = typed(facts["coefficient_micro"], int, where) if is_weighted else 0
    return Feature(coefficient_micro=weight, columns=texts(facts["columns"], where), **words)


def _dropped(value: object, where: str) -> Dropped:
    facts = fields(value, f"{where}: dropped", "survey_variable reason")
    return Dropped(**{key: typed(text, str, where) for key, text in facts.items()})
