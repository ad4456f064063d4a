"""From `profiles.yaml` to profiles: a profile may be `like` another and say only what differs.

Refuses unknown keys, doubles and loose ends. What a file of the profile holds is not looked at.
"""

import re
from collections import Counter
from collections.abc import Iterable, Mapping
from datetime import date
from pathlib import Path
from types import MappingProxyType
from typing import Any

from dtsen_pipeline.reference.profile import CSV, JSON, XLSX, Profile
from dtsen_pipeline.reference.strict import ascii_text, fields, once, one_of, read_yaml, texts, typed

REQUIRED = "title family version kind table status source effective file_name_pattern header"
CHOICES: Mapping[str, tuple[str, ...]] = {
    "kind": ("snapshot", "field", "register"),
    "status": ("inferred", "confirmed"),
    "format": (CSV, XLSX, JSON),
    "encoding": ("utf-8",),
    "delimiter": ("|", ",", ";"),
    "quoting": ("all", "minimal"),
    "date_format": ("YYYY-MM-DD", "DD/MM/YYYY", "DD-MM-YYYY"),
    "moment_format": ("YYYY-MM-DDThh:mm:ss+hh:mm", "YYYY-MM-DDThh:mm:ss.fff+hh:mm"),
    "coordinate_format": ("decimal", "long_decimal"),
    "number_format": ("integer", "integer_or_point_zero"),
    "region_codes": ("bps", "kemendagri"),
}
TYPES: Mapping[str, type] = {
    "title": str,
    "family": str,
    "version": int,
    "table": str,
    "source": str,
    "effective": date,
    "has_quoted_newlines": bool,
    "may_have_bom": bool,
    "sheet": str,
    "records": str,
    "repeat": str,
    "row_base": int,
    "review": str,
    "id_prefix": str,
}
LISTS = ("newlines", "other_sheets", "carries", "groups", "approved", "parent_id")
MAPPINGS = "synonyms ignored codes cleared_token"
OPTIONAL = " ".join([*CHOICES, *TYPES, *LISTS, MAPPINGS])
ONLY = {"delimiter": CSV, "quoting": CSV, "newlines": CSV, "may_have_bom": CSV, "sheet": XLSX, "records": JSON}
"""Which format a fact belongs to."""
GROUPS = {"snapshot": {"version", "region"}, "field": {"batch"}, "register": {"region"}}


def read_profiles(path: Path) -> Mapping[str, Profile]:
    """Read a file of source profiles; raises ValueError naming the profile and what is wrong with it."""
    entries = typed(fields(read_yaml(path), path.name, "profiles")["profiles"], dict, path.name)
    found: dict[str, Profile] = {}
    facts: dict[str, dict[str, Any]] = {}
    for name, value in entries.items():
        facts[name] = _complete(name, value, facts)
        found[name] = _profile(name, facts[name])
    for profile in found.values():
        _check_parts(profile, found)
    return MappingProxyType(found)


def _complete(name: str, value: object, earlier: Mapping[str, Mapping[str, Any]]) -> dict[str, Any]:
    """The facts of an entry, with those of the earlier entry that it is like."""
    said = fields(value, name, "", f"like {REQUIRED} {OPTIONAL}")
    if "like" not in said:
        return fields(said | {"header": _header(said.get("header"), (), name)}, name, REQUIRED, OPTIONAL)
    other = dict(earlier[one_of(said.pop("like"), earlier, f"{name}: like")])
    header = _header(said.pop("header", {}), other.pop("header"), name)
    chosen = said.get("format", other.get("format", CSV))
    inherited = {key: fact for key, fact in other.items() if ONLY.get(key, chosen) == chosen}
    return fields(inherited | said | {"header": header}, name, REQUIRED, OPTIONAL)


def _header(value: object, base: Iterable[str], where: str) -> list[str]:
    """A list of columns, or what is put before, after and left out of the header of the other profile."""
    if not isinstance(value, dict):
        return list(texts(value, f"{where}: header"))
    change = fields(value, f"{where}: header", "", "before after without")
    parts = {key: texts(change.get(key, []), f"{where}: header") for key in ("before", "after", "without")}
    one_of(set(parts["without"]) <= set(base), (True,), f"{where}: header: without")
    return [*parts["before"], *(name for name in base if name not in parts["without"]), *parts["after"]]


def _profile(name: str, facts: Mapping[str, Any]) -> Profile:
    for key in facts.keys() & CHOICES.keys():
        one_of(facts[key], CHOICES[key], f"{name}: {key}")
    for key in facts.keys() & TYPES.keys():
        typed(facts[key], TYPES[key], f"{name}: {key}")
    once(Counter(facts["header"]), "columns", name)
    _pattern(facts["file_name_pattern"], facts["kind"], name)
    for key, owner in ONLY.items():
        if key in facts and facts.get("format", CSV) != owner:
            message = f"{name}: {key} belongs to {owner} profiles"
            raise ValueError(message)
    for newline in texts(facts.get("newlines", []), f"{name}: newlines"):
        one_of(newline, ("lf", "crlf"), f"{name}: newlines")
    if bool(facts.get("review")) is not bool(facts.get("approved")):
        message = f"{name}: review and approved belong together"
        raise ValueError(message)
    lists = {key: texts(facts[key], f"{name}: {key}") for key in facts.keys() & set(LISTS)}
    special = {
        "header": tuple(facts["header"]),
        "synonyms": _synonyms(facts.get("synonyms", {}), facts["header"], name),
        "ignored": _known(facts.get("ignored", []), facts["header"], f"{name}: ignored"),
        "codes": _code_maps(facts.get("codes", {}), facts["header"], name),
        "cleared_token": _cleared(facts.get("cleared_token"), facts["kind"], name),
    }
    return Profile(**({"id": name} | dict(facts) | lists | special))


def _pattern(text: object, kind: str, where: str) -> None:
    try:
        groups = set(re.compile(typed(text, str, where)).groupindex)
    except re.error as error:
        message = f"{where}: file_name_pattern: {error}"
        raise ValueError(message) from error
    if groups != GROUPS[kind]:
        message = f"{where}: file_name_pattern: groups must be {', '.join(sorted(GROUPS[kind]))}"
        raise ValueError(message)


def _cleared(value: object, kind: str, where: str) -> str | None:
    if (kind == "field") is (value is None):
        message = f"{where}: a cleared_token belongs to field profiles, and to them only"
        raise ValueError(message)
    return None if value is None else ascii_text(value, where)


def _known(value: object, header: list[str], where: str) -> frozenset[str]:
    names = texts(value, where)
    once(Counter(names), "names", where)
    for name in names:
        one_of(name, header, where)
    return frozenset(names)


def _synonyms(value: object, header: list[str], where: str) -> Mapping[str, str]:
    """Delivered names (one or a list) by column, turned round; a name stands for one column only."""
    listed = {
        column: texts([names] if isinstance(names, str) else names, f"{where}: synonyms")
        for column, names in typed(value, dict, f"{where}: synonyms").items()
    }
    _known(list(listed), header, f"{where}: synonyms")
    once(Counter(name for names in listed.values() for name in names), "synonyms", where)
    return MappingProxyType({name: column for column, names in listed.items() for name in names})


def _code_maps(value: object, header: list[str], where: str) -> Mapping[str, Mapping[str, str]]:
    maps = typed(value, dict, f"{where}: codes")
    _known(list(maps), header, f"{where}: codes")
    return MappingProxyType({column: _code_map(pairs, f"{where}: codes: {column}") for column, pairs in maps.items()})


def _code_map(value: object, where: str) -> Mapping[str, str]:
    pairs = typed(value, dict, where)
    return MappingProxyType({typed(text, str, where): ascii_text(code, where) for text, code in pairs.items()})


def _check_parts(profile: Profile, known: Mapping[str, Profile]) -> None:
    """The parts of one file differ in table, share format and family, and number their rows apart."""
    parts = [profile, *(known[one_of(name, known, f"{profile.id}: carries")] for name in profile.carries)]
    for what in ("table", "row_base"):
        once(Counter(str(getattr(part, what)) for part in parts), what, profile.id)
    for what in ("format", "family", "kind"):
        one_of(len({getattr(part, what) for part in parts}), (1,), f"{profile.id}: {what} of its parts")
