"""What the other rooms ask for, read once from this room's data files, and the digests of those files."""

import hashlib
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from types import MappingProxyType
from typing import TypeVar

from dtsen_pipeline.reference.linking import LinkageModel, read_linkage_model
from dtsen_pipeline.reference.models import read_welfare_model
from dtsen_pipeline.reference.profile import Profile
from dtsen_pipeline.reference.profile_reader import read_profiles
from dtsen_pipeline.reference.programmes import Programme, read_programmes
from dtsen_pipeline.reference.readers import (
    read_cities,
    read_code_lists,
    read_english_labels,
    read_merge_policy,
    read_provinces,
)
from dtsen_pipeline.reference.records import City, CodeList, EnglishLabels, MergePolicy, WelfareModel

ROOM = Path(__file__).parent

T = TypeVar("T")


@cache
def code_lists() -> Mapping[str, CodeList]:
    """The code lists by id."""
    return read_code_lists(ROOM / "code_lists.yaml")


@cache
def english_labels() -> EnglishLabels:
    """The English labels of columns and code lists."""
    return read_english_labels(ROOM / "labels_en.yaml")


@cache
def cities() -> Mapping[str, City]:
    """The cities by four-digit BPS code."""
    return read_cities(ROOM / "regions.yaml")


def city(code: str = "3571") -> City:
    """One city, by its four-digit BPS code."""
    return _known(cities(), code, "city")


@cache
def provinces() -> Mapping[str, str]:
    """The provinces by two-digit Kemendagri code."""
    return read_provinces(ROOM / "provinces.yaml")


@cache
def profiles() -> Mapping[str, Profile]:
    """The source profiles by id."""
    return read_profiles(ROOM / "profiles.yaml")


def parts(profile: Profile) -> tuple[Profile, ...]:
    """The profiles of all parts of a file, the one that it is registered under first."""
    return (profile, *(profiles()[name] for name in profile.carries))


def part_of(profile: Profile, row: int) -> Profile:
    """The part of a file that a row number lies in."""
    return max((part for part in parts(profile) if part.row_base < row), key=lambda part: part.row_base)


@cache
def merge_policy() -> MergePolicy:
    """The merge policy in force."""
    return read_merge_policy(ROOM / "merge_policy.yaml")


@cache
def programmes() -> Mapping[str, Programme]:
    """The programmes by id."""
    return read_programmes(ROOM / "programmes.yaml")


@cache
def welfare_models() -> Mapping[str, Path]:
    """The file of every welfare model by id."""
    return MappingProxyType({path.stem: path for path in sorted((ROOM / "models").glob("*.yaml"))})


@cache
def welfare_model(name: str) -> WelfareModel:
    """One welfare model, by its id."""
    return read_welfare_model(_known(welfare_models(), name, "welfare model"))


@cache
def survey_maps() -> Mapping[str, Path]:
    """The file of every survey map by name."""
    return MappingProxyType({path.stem: path for path in sorted((ROOM / "surveys").glob("*.yaml"))})


@cache
def linkage_model(name: str = "generated_cities_v1") -> LinkageModel:
    """One linkage model, by its id."""
    files = {path.stem: path for path in sorted((ROOM / "linkage").glob("*.yaml"))}
    return read_linkage_model(_known(files, name, "linkage model"))


def _known(items: Mapping[str, T], name: str, what: str) -> T:
    if name not in items:
        message = f"unknown {what} {name!r}; known: {', '.join(items)}"
        raise ValueError(message)
    return items[name]


def read_digests(room: Path) -> Mapping[str, str]:
    """The sha256 of every data file under a folder, by relative path, sorted."""
    files = {path.relative_to(room).as_posix(): path for path in room.rglob("*.yaml")}
    return MappingProxyType({name: hashlib.sha256(files[name].read_bytes()).hexdigest() for name in sorted(files)})


@cache
def digests() -> Mapping[str, str]:
    """The sha256 of every data file of the room."""
    return read_digests(ROOM)
