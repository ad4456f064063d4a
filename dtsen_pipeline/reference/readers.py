"""From a data file to records: one reader a kind of file, each refusing unknown keys, doubles and loose ends.

Where the files lie and what is kept in memory is the loader's business.
"""

import re
from collections import Counter
from collections.abc import Mapping
from datetime import date
from pathlib import Path
from types import MappingProxyType
from typing import Any, TypeVar

from dtsen_pipeline.reference.records import (
    AgeLimit,
    City,
    Code,
    CodeList,
    EnglishLabels,
    Kelurahan,
    MergePolicy,
)
from dtsen_pipeline.reference.strict import ascii_text, fields, once, one_of, read_yaml, texts, typed

K = TypeVar("K")
STATUSES = ("inferred", "confirmed")
MICRO = 1_000_000


def _top(path: Path, required: str) -> dict[str, Any]:
    return fields(read_yaml(path), path.name, required)


def _answer(value: object, where: str) -> dict[str, Any]:
    facts = value if isinstance(value, dict) else {"label": value}
    facts = {"children": [], "aliases": [], "also": []} | facts
    fields(facts, where, "label children aliases also")
    for key in ("children", "aliases"):
        for number in typed(facts[key], list, where):
            typed(number, int, where)
    return facts


def _parents(answers: Mapping[int, Mapping[str, Any]], where: str) -> dict[int, int]:
    pairs = [(child, parent) for parent, facts in answers.items() for child in facts["children"]]
    unknown = sorted(str(child) for child, _ in pairs if child not in answers)
    if unknown:
        message = f"{where}: unknown children: {', '.join(unknown)}"
        raise ValueError(message)
    once(Counter(child for child, _ in pairs), "children", where)
    return dict(pairs)


def _no_cycles(parents: Mapping[int, int], where: str) -> None:
    for start in parents:
        seen, code = {start}, start
        while code in parents:
            code = parents[code]
            if code in seen:
                message = f"{where}: code {start} is its own ancestor"
                raise ValueError(message)
            seen.add(code)


def _codes(value: object, where: str) -> tuple[Code, ...]:
    answers = {
        typed(number, int, where): _answer(facts, f"{where} {number}")
        for number, facts in typed(value, dict, where).items()
    }
    parents = _parents(answers, where)
    _no_cycles(parents, where)
    once(Counter(n for code, facts in answers.items() for n in (code, *facts["aliases"])), "codes", where)
    return tuple(
        Code(
            code=code,
            label=ascii_text(facts["label"], f"{where} {code}"),
            parent=parents.get(code),
            aliases=tuple(facts["aliases"]),
            also=tuple(ascii_text(text, where) for text in texts(facts["also"], where)),
        )
        for code, facts in answers.items()
    )


def _code_list(name: str, value: object, sources: Mapping[str, str]) -> CodeList:
    facts = fields(value, name, "title status source effective codes")
    source = sources[one_of(facts["source"], sources, f"{name}: source")]
    return CodeList(
        id=name,
        title=typed(facts["title"], str, name),
        status=one_of(facts["status"], STATUSES, f"{name}: status"),
        source=typed(source, str, f"{name}: source"),
        effective=typed(facts["effective"], date, name),
        codes=_codes(facts["codes"], name),
    )


def read_code_lists(path: Path) -> Mapping[str, CodeList]:
    """Read a file of code lists."""
    top = _top(path, "sources lists")
    sources = typed(top["sources"], dict, f"{path.name}: sources")
    lists = typed(top["lists"], dict, f"{path.name}: lists")
    return MappingProxyType({name: _code_list(name, value, sources) for name, value in lists.items()})


def read_english_labels(path: Path) -> EnglishLabels:
    """Read a file of English labels."""
    top = _top(path, "source effective groups columns codes")
    lists = typed(top["codes"], dict, f"{path.name}: codes")
    return EnglishLabels(
        source=typed(top["source"], str, f"{path.name}: source"),
        effective=typed(top["effective"], date, path.name),
        groups=_labels(top["groups"], str, f"{path.name}: groups"),
        columns=_labels(top["columns"], str, f"{path.name}: columns"),
        codes=MappingProxyType({name: _labels(value, int, f"{path.name}: {name}") for name, value in lists.items()}),
    )


def _labels(value: object, kind: type[K], where: str) -> Mapping[K, str]:
    """Texts by a key of one kind; two answers of one list never read alike."""
    found = {typed(key, kind, where): typed(text, str, where) for key, text in typed(value, dict, where).items()}
    once(Counter(found.values()), "labels", where)
    return MappingProxyType(found)


def _kelurahan(value: object, district: Mapping[str, Any]) -> Kelurahan:
    where = f"kelurahan of {district['name']}"
    facts = fields(value, where, "bps kemendagri name status", "aliases")
    if not re.fullmatch(district["bps"] + "[0-9]{3}", typed(facts["bps"], str, where)):
        message = f"{where}: BPS code {facts['bps']} lies elsewhere"
        raise ValueError(message)
    if not re.fullmatch(re.escape(district["kemendagri"]) + r"\.[0-9]{4}", typed(facts["kemendagri"], str, where)):
        message = f"{where}: Kemendagri code {facts['kemendagri']} lies elsewhere"
        raise ValueError(message)
    return Kelurahan(
        bps=facts["bps"],
        kemendagri=facts["kemendagri"],
        name=ascii_text(facts["name"], where),
        aliases=tuple(ascii_text(text, where) for text in texts(facts.get("aliases", []), where)),
        kecamatan=district["name"],
        kecamatan_bps=district["bps"],
        kecamatan_kemendagri=district["kemendagri"],
        status=one_of(facts["status"], STATUSES, f"{where}: status"),
    )


def _district(value: object, where: str) -> list[Kelurahan]:
    facts = fields(value, where, "bps kemendagri name kelurahan")
    for key in ("bps", "kemendagri", "name"):
        ascii_text(facts[key], f"{where}: kecamatan {key}")
    return [_kelurahan(item, facts) for item in typed(facts["kelurahan"], list, where)]


def _city(code: str, value: object, source: str, effective: date) -> City:
    facts = fields(value, code, "kemendagri name province kecamatan")
    province = fields(facts["province"], f"{code}: province", "bps name")
    places = tuple(place for item in typed(facts["kecamatan"], list, code) for place in _district(item, code))
    for what in ("bps", "kemendagri"):
        once(Counter(getattr(place, what) for place in places), f"{what} codes", code)
    once(Counter(text for place in places for text in (place.name, *place.aliases)), "names", code)
    return City(
        bps=code,
        kemendagri=typed(facts["kemendagri"], str, code),
        name=ascii_text(facts["name"], code),
        province_bps=typed(province["bps"], str, code),
        province=ascii_text(province["name"], code),
        kelurahan=places,
        source=source,
        effective=effective,
    )


def read_cities(path: Path) -> Mapping[str, City]:
    """Read a file of regions."""
    top = _top(path, "source effective cities")
    source, effective = typed(top["source"], str, path.name), typed(top["effective"], date, path.name)
    cities = typed(top["cities"], dict, path.name)
    return MappingProxyType({code: _city(code, value, source, effective) for code, value in cities.items()})


def read_provinces(path: Path) -> Mapping[str, str]:
    """Read the provinces: name by two-digit Kemendagri code."""
    top = _top(path, "source effective provinces")
    typed(top["effective"], date, f"{path.name}: effective")
    named = typed(top["provinces"], dict, f"{path.name}: provinces")
    for code in named:
        if not re.fullmatch("[1-9][0-9]", typed(code, str, path.name)):
            message = f"{path.name}: {code!r} is not a province code"
            raise ValueError(message)
    return MappingProxyType({code: ascii_text(name, f"{path.name} {code}") for code, name in named.items()})


def _max_age(value: object, where: str) -> int | None:
    if value is None:
        return None
    days = typed(value, int, where)
    if days <= 0:
        message = f"{where}: days must be positive"
        raise ValueError(message)
    return days


def _limits(value: object, key: str, where: str) -> Mapping[str, AgeLimit]:
    facts = [fields(item, where, f"{key} max_age_days reason") for item in typed(value, list, where)]
    once(Counter(fact[key] for fact in facts), key, where)
    return MappingProxyType({typed(fact[key], str, where): _limit(fact, str(fact[key])) for fact in facts})


def _limit(fact: Mapping[str, Any], where: str) -> AgeLimit:
    return AgeLimit(_max_age(fact["max_age_days"], where), typed(fact["reason"], str, where))


def read_merge_policy(path: Path) -> MergePolicy:
    """Read a merge policy."""
    top, where = _top(path, "id source effective field_groups columns"), path.name
    return MergePolicy(
        id=typed(top["id"], str, where),
        source=typed(top["source"], str, where),
        effective=typed(top["effective"], date, where),
        groups=_limits(top["field_groups"], "group", where),
        columns=_limits(top["columns"], "column", where),
    )
