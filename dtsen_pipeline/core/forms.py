"""Submissions of a phone form in JSON, as rows: one a visit, one a member of its repeat, each answer as its text.

A key path such as `meta/instanceID` or `lokasi/coordinates/0` is a column's delivered name, without the form's group
before it. Exact like every reading: a document that could be understood in two ways is refused.
"""

import json
import re
from collections.abc import Container, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, NoReturn

from dtsen_pipeline.core.intake import UNAPPROVED, Reading
from dtsen_pipeline.core.sheets import as_number, damage_of, identifiers, piece_of, reading_of, told
from dtsen_pipeline.reference import Profile, parts
from dtsen_pipeline.schemas.errors import DtsenError

DEPTH = 12
BRACKET = re.compile(rb'(?:[^][{}"]++|"(?:[^"\\]++|\\.)*+")*+([][{}]?)', re.DOTALL)
"""The next bracket outside of texts; none at the end, and before a text that never ends."""
NEXT = ("next", "@odata.nextLink")
"""The keys under which a server says that the document is one page of more."""
ANNOTATION = "@odata."
"""In the keys that say something about the document and not about a visit."""


class Number(str):
    """A JSON number, kept as it is written."""

    __slots__ = ()


Answers = Mapping[str, str]


@dataclass(frozen=True)
class Submission:
    """A record of one part: its answers by key path, its review state, and the id of the record it belongs to."""

    answers: Answers
    review: str = ""
    parent: str | None = None


def parse(data: bytes, token: str) -> Any:
    """A JSON document with numbers as written; DtsenError for what is no exact JSON."""
    _check_depth(data, token)

    def refuse(code: str, message: str) -> NoReturn:
        raise DtsenError(code, message, token=token)

    def unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        found = dict(pairs)
        return found if len(found) == len(pairs) else refuse("E_JSON_KEY_TWICE", "a key stands twice in one object")

    def constant(_: str) -> NoReturn:
        refuse("E_JSON_NUMBER", "NaN and Infinity are no JSON numbers")

    try:
        text = data.decode("utf-8")
        return json.loads(text, object_pairs_hook=unique, parse_int=Number, parse_float=Number, parse_constant=constant)
    except (ValueError, RecursionError):
        raise DtsenError("E_JSON", "the file is not one JSON document in UTF-8", token=token) from None


def read(data: bytes, profile: Profile, token: str) -> Reading:
    """The rows of one part; DtsenError where the document or its keys are not as the profile declares."""
    document = parse(data, token)
    found = submissions(document, profile)
    if found is None:
        raise DtsenError("E_JSON_SHAPE", f"the document has not the shape of {profile.id}", token=token)
    if unknown_keys(found, profile):
        raise shape_error(found, profile, token)
    numeric = frozenset(identifiers(profile))
    records = [_record(place, item, profile, numeric) for place, item in enumerate(found, start=1)]
    unreviewed = 0 if profile.review is None else sum(not item.review for item in found)
    continues = any(document.get(key) for key in NEXT)
    return replace(reading_of(piece_of(records, profile), profile, token), unreviewed=unreviewed, continues=continues)


def shown(data: bytes, profile: Profile, wanted: Container[int], token: str) -> Iterator[tuple[int, str]]:
    """What the wanted records of one part say, damaged ones too, by their row's number."""
    for place, item in enumerate(submissions(parse(data, token), profile) or (), start=1):
        if profile.row_base + place in wanted:
            parent = [("id_kunjungan", item.parent)] if item.parent else []
            yield profile.row_base + place, told([*parent, *item.answers.items()])


def submissions(document: Any, profile: Profile) -> list[Submission] | None:
    """The records of one part, in the order of the document.

    None where the document has another shape, or a record two answers under one name.
    """
    records = document.get(profile.records) if isinstance(document, dict) else None
    if not isinstance(records, list) or not all(isinstance(record, dict) for record in records):
        return None
    if profile.repeat is None:
        return _all(_visit(record, profile) for record in records)
    repeats = [(record, record.get(profile.repeat) or []) for record in records]
    if not all(isinstance(items, list) and all(isinstance(item, dict) for item in items) for _, items in repeats):
        return None
    return _all(_member(record, item, profile) for record, items in repeats for item in items)


def unknown_keys(found: Sequence[Submission], profile: Profile) -> list[str]:
    """The key paths that the profile does not know, each once, in order."""
    paths = dict.fromkeys(path for item in found for path in item.answers)
    known = set(profile.header) - set(profile.synonyms.values()) | profile.synonyms.keys()
    return [path for path in paths if path not in known and not _is_ignored(path, profile)]


def has_id(found: Sequence[Submission], profile: Profile) -> bool:
    """Whether every record has the key that the profile takes the visit's id from."""
    known = [name for name, column in profile.synonyms.items() if column == "id_kunjungan"] or ["id_kunjungan"]
    return all(any(name in item.answers for name in known) for item in found)


def shape_error(found: Sequence[Submission], profile: Profile, token: str) -> DtsenError:
    """E_HEADER: how many keys nobody declared, and whether the visit's id is missing; no key is quoted."""
    unknown = len(unknown_keys(found, profile))
    detail = f"{unknown} keys unknown" + ("" if has_id(found, profile) else "; missing: id_kunjungan")
    return DtsenError("E_HEADER", f"the keys are not those of {profile.id} ({detail})", token=token)


def _check_depth(data: bytes, token: str) -> None:
    depth = 0
    for match in BRACKET.finditer(data):
        if not match[1]:
            return
        depth += 1 if match[1] in b"[{" else -1
        if depth > DEPTH:
            raise DtsenError("E_JSON_DEPTH", f"the document is nested more than {DEPTH} levels deep", token=token)


def _all(found: Iterable[Submission | None]) -> list[Submission] | None:
    listed = list(found)
    sound = [item for item in listed if item is not None]
    return sound if len(sound) == len(listed) else None


def _visit(record: dict[str, Any], profile: Profile) -> Submission | None:
    answers = _answers(_flat(record), profile)
    return None if answers is None else Submission(answers, answers.get(profile.review or "", ""))


def _member(record: dict[str, Any], item: dict[str, Any], profile: Profile) -> Submission | None:
    """A record of a repeat: its keys without the repeat's name, with its parent's review state and id."""
    prefix = f"{profile.repeat}/"
    parent = dict(_flat(record))
    answers = _answers(((path.removeprefix(prefix), text) for path, text in _flat(item)), profile)
    if answers is None:
        return None
    return Submission(answers, parent.get(profile.review or "", ""), _first(parent, profile.parent_id))


def _answers(pairs: Iterable[tuple[str, str]], profile: Profile) -> Answers | None:
    """The answers of a record whose names each have one."""
    named = [(profile.ungrouped(path), text) for path, text in pairs]
    answers = dict(named)
    return answers if len(answers) == len(named) else None


def _first(answers: Answers, names: Iterable[str]) -> str | None:
    """The first of several answers that is told."""
    return next((answers[name] for name in names if answers.get(name)), None)


def _flat(value: dict[str, Any], prefix: str = "") -> Iterator[tuple[str, str]]:
    for key, child in value.items():
        path = f"{prefix}{key}"
        if ANNOTATION not in key:
            yield from _pairs(path, child)


def _pairs(path: str, value: Any) -> Iterator[tuple[str, str]]:
    match value:
        case dict():
            yield from _flat(value, f"{path}/")
        case list() if not any(isinstance(item, dict) for item in value):
            for place, item in enumerate(value):
                yield from _pairs(f"{path}/{place}", item)
        case list():
            yield path, ""
        case bool():
            yield path, str(value).upper()
        case None:
            yield path, ""
        case _:
            yield path, value


def _is_ignored(path: str, profile: Profile) -> bool:
    ignored = profile.ignored | {part.repeat for part in parts(profile) if part.repeat}
    steps = path.split("/")
    return any("/".join(steps[:count]) in ignored for count in range(1, len(steps) + 1))


def _record(place: int, item: Submission, profile: Profile, numeric: frozenset[str]) -> tuple[str | int | None, ...]:
    answers = dict(item.answers)
    for name in dict.fromkeys(profile.synonyms.values()):
        told = _first(item.answers, (own for own, column in profile.synonyms.items() if column == name))
        answers |= {} if told is None else {name: told}
    if item.parent is not None:
        answers["id_kunjungan"] = item.parent
    cells = [_cell(answers.get(name, ""), is_identifier=name in numeric) for name in profile.header]
    is_waiting = item.review not in ("", *profile.approved)
    reason = UNAPPROVED if is_waiting else damage_of("".join(cells))
    return (profile.row_base + place, reason, *(cells if reason is None else [None] * len(cells)))


def _cell(text: str, *, is_identifier: bool) -> str:
    return as_number(text) if is_identifier and isinstance(text, Number) else str(text)
