"""A phone that fills in an XForm as ODK Collect does, and what ODK Central and KoboToolbox hand out of it.

Works on the form's XML and the files that it reads: its instance, binds, choices, and what a choice fills in.
Conditions of our own forms are few and plain, so they are evaluated here as Python; a full evaluator is what the phone
itself has.
"""

import csv
import io
import json
import math
import re
import xml.etree.ElementTree as ET
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

XFORMS = "{http://www.w3.org/2002/xforms}"
TEMPLATE = "{http://openrosa.org/javarosa}template"
PATH = re.compile(r"(?:/data|\.\.)(?:/[\w.]+)*/(\w+)")
LOOKED_UP = re.compile(r"instance\('(\w+)'\)/root/item\[name = +(\S+) +\]/(\w+)")
TODAY = "2026-10-05"
Answers = Mapping[str, str]
Lists = Mapping[str, Sequence[Answers]]
"""The rows of choices and of files by the name of their instance."""


def local(node: ET.Element) -> str:
    """The name of an element without its namespace."""
    return node.tag.rpartition("}")[2]


def day_number(text: str) -> float:
    """Days since 1970 of a day or moment; no number where there is none, which nothing is less or more than."""
    return datetime.fromisoformat(text).replace(tzinfo=UTC).timestamp() / 86_400 if text else math.nan


def said(expression: str, answers: Answers, lists: Lists | None = None, **words: Any) -> Any:
    """What an expression says with these answers; `here` is the answer that it is about."""
    text = LOOKED_UP.sub(r"looked_up('\1', \2, '\3')", expression).replace("decimal-date-time", "day_number")
    text = PATH.sub(r"value('\1')", text)
    text = re.sub(r"(?<![!<>=])=(?!=)", "==", text)
    text = re.sub(r"(?<![\w.])\.(?=[\s,)])", "here", text)
    words |= {
        "value": lambda name: answers.get(name, ""),
        "looked_up": lambda name, key, column: next(
            (row[column] for row in (lists or {})[name] if row["name"] == key), ""
        ),
        "coalesce": lambda first, other: first or other,
        "once": lambda other: words.get("here") or other,
        "day_number": day_number,
        "regex": lambda value, pattern: re.search(pattern, value) is not None,
        "number": int,
        "concat": lambda *parts: "".join(parts),
        "today": lambda: TODAY,
        "true": lambda: True,
    }
    return eval(text.strip(), {"__builtins__": {}}, words)  # noqa: S307 - the conditions of our own form


@dataclass(frozen=True)
class Question:
    """A leaf of the instance: where it stands, what its bind says, and what may be chosen."""

    path: tuple[str, ...]
    bind: Mapping[str, str]
    choices: tuple[str, ...]

    @property
    def name(self) -> str:
        return self.path[-1]

    @property
    def type(self) -> str:
        return self.bind.get("type", "")

    def accepts(self, text: str) -> bool:
        """Whether the phone would let an answer through."""
        if self.choices:
            return text in self.choices
        return "constraint" not in self.bind or bool(self._said("constraint", text, {}))

    def asked(self, answers: Answers) -> bool:
        return "relevant" not in self.bind or bool(self._said("relevant", "", answers))

    def required(self, answers: Answers) -> bool:
        return "required" in self.bind and bool(self._said("required", "", answers))

    def computed(self, answers: Answers, lists: Lists, here: str = "") -> str:
        return str(self._said("calculate", here, answers, lists))

    def readonly(self, answers: Answers) -> bool:
        return "readonly" in self.bind and bool(self._said("readonly", "", answers))

    def _said(self, what: str, here: str, answers: Answers, lists: Lists | None = None) -> Any:
        return said(self.bind[what], answers, lists, here=int(here) if self.type == "int" and here else here)


@dataclass(frozen=True)
class Filled:
    """A submission: the answers of the visit and of each member, by the question's path."""

    id: str
    visit: Mapping[tuple[str, ...], str]
    members: tuple[Mapping[tuple[str, ...], str], ...]


class Phone:
    """A form on a phone, with the files that lie beside it, by name without `.csv`."""

    def __init__(self, xform: str, media: Lists | None = None) -> None:
        root = ET.fromstring(xform)  # noqa: S314 - pyxform wrote it
        self.model = root.find(f".//{XFORMS}model")
        assert self.model is not None
        self.binds = {node.attrib["nodeset"]: node.attrib for node in self.model.findall(f"{XFORMS}bind")}
        shown = [node for node in root.iter() if "ref" in node.attrib and local(node) != "setvalue"]
        self.controls = {node.attrib["ref"]: node for node in shown}
        instances = self.model.findall(f"{XFORMS}instance")
        self.lists: Lists = {
            node.attrib["id"]: [{local(part): part.text or "" for part in item} for item in node.iter(f"{XFORMS}item")]
            for node in instances
            if "id" in node.attrib and "src" not in node.attrib
        } | dict(media or {})
        self.data = next(node[0] for node in instances if "id" not in node.attrib)
        self.repeats = {node.attrib["nodeset"] for node in root.iter(f"{XFORMS}repeat")}
        every = list(self._questions(self.data, ()))
        (self.repeat,) = (nodeset.split("/")[2] for nodeset in self.repeats)
        self.visit = [one for one in every if one.path[0] not in (self.repeat, "meta")]
        self.member = [one for one in every if one.path[0] == self.repeat]

    def fill(self, key: str, answers: Answers, members: Sequence[Answers] = ()) -> Filled:
        """Answer as far as the form asks; what it does not ask, or would not let through, fails the test."""
        head = self._answered(self.visit, answers, {})
        relevant = self.binds[f"/data/{self.repeat}"].get("relevant", "true()")
        assert not members or said(relevant, _named(head)), f"{self.repeat} is not asked"
        met = tuple(self._answered(self.member, one, _named(head)) for one in members)
        return Filled(key, head, met)

    def _answered(self, questions: Sequence[Question], given: Answers, outer: Answers) -> dict[tuple[str, ...], str]:
        found: dict[tuple[str, ...], str] = {}
        assert given.keys() <= {one.name for one in questions}
        filled_in = self._filled_in(given)
        for one in questions:
            known = {**outer, **_named(found)}
            assert not (given.get(one.name) and one.readonly(known)), f"{one.name} is read only"
            if "calculate" in one.bind:
                found[one.path] = one.computed(known, self.lists, given.get(one.name, ""))
                assert found[one.path] or not one.required(known), f"{one.name} is required"
                continue
            text = given.get(one.name, filled_in.get(one.name, "")) if one.asked(known) else ""
            assert not (given.get(one.name) and not text), f"{one.name} is not asked"
            assert text or not (one.asked(known) and one.required(known)), f"{one.name} is required"
            assert not text or one.accepts(text), f"{one.name} is not let through"
            found[one.path] = text
        return found

    def _filled_in(self, given: Answers) -> dict[str, str]:
        """What the questions that are answered write into others."""
        return {
            value.attrib["ref"].rpartition("/")[2]: str(said(value.attrib["value"], given, self.lists))
            for ref, control in self.controls.items()
            if ref.rpartition("/")[2] in given
            for value in control.findall(f"{XFORMS}setvalue")
        }

    def _questions(self, node: ET.Element, path: tuple[str, ...]) -> Iterator[Question]:
        for child in node:
            own = (*path, local(child))
            if TEMPLATE in child.attrib:
                continue
            if len(child):
                yield from self._questions(child, own)
            else:
                nodeset = "/".join(("/data", *own))
                yield Question(own, self.binds[nodeset], self._choices(nodeset))

    def offered(self, name: str, answers: Answers) -> list[str]:
        """The choices that a question of the visit shows beside these answers."""
        one = next(one for one in self.visit if one.name == name)
        items, condition = self._items("/".join(("/data", *one.path)))
        return [item["name"] for item in items if said(condition, answers, **{"induk": "", **item})]

    def _choices(self, ref: str) -> tuple[str, ...]:
        return tuple(item["name"] for item in self._items(ref)[0])

    def _items(self, ref: str) -> tuple[Sequence[Answers], str]:
        """The items of a choice's list, and the condition under which one is shown."""
        control = self.controls.get(ref)
        found = None if control is None else control.find(f"{XFORMS}itemset")
        if found is None:
            return [], "true()"
        match = re.fullmatch(r"instance\('(\w+)'\)/root/item(?:\[(.*)\])?", found.attrib["nodeset"])
        assert match is not None
        return self.lists[match[1]], match[2] or "true()"


def _named(answers: Mapping[tuple[str, ...], str]) -> dict[str, str]:
    return {path[-1]: text for path, text in answers.items()}


def _point(text: str) -> list[float]:
    """Latitude, longitude, altitude and accuracy as the phone wrote them."""
    return [float(part) for part in text.split()]


def odk_json(filled: Sequence[Filled], phone: Phone) -> bytes:
    """OData of ODK Central with every repeat in its place: groups are objects, blanks are null."""
    types = {one.path: one.type for one in (*phone.visit, *phone.member)}

    def nested(answers: Mapping[tuple[str, ...], str], depth: int) -> dict[str, Any]:
        made: dict[str, Any] = {}
        for path, text in answers.items():
            at = made
            for group in path[depth:-1]:
                at = at.setdefault(group, {})
            at[path[-1]] = _odata(text, types[path])
        return made

    records = [
        {"__id": f"uuid:{one.id}", "__system": {"submissionDate": "2026-09-22T02:00:00.000Z", "reviewState": None}}
        | nested(one.visit, 0)
        | {"meta": {"instanceID": f"uuid:{one.id}", "instanceName": None}}
        | {f"{phone.repeat}@odata.navigationLink": f"Submissions('uuid%3A{one.id}')/{phone.repeat}"}
        | {phone.repeat: [{"__id": f"m{place}"} | nested(met, 1) for place, met in enumerate(one.members)]}
        for one in filled
    ]
    return json.dumps({"value": records, "@odata.context": "https://example.org/x.svc/$metadata#Submissions"}).encode()


def _odata(text: str, kind: str) -> Any:
    if not text:
        return None
    if kind == "geopoint":
        north, east, up, accuracy = _point(text)
        return {"type": "Point", "coordinates": [east, north, up], "properties": {"accuracy": accuracy}}
    return int(text) if kind == "int" else text


def kobo_json(filled: Sequence[Filled], phone: Phone) -> bytes:
    """Data of KoboToolbox's API: flat keys with the path, only what was answered, everything text."""
    records = []
    for number, one in enumerate(filled, start=1):
        flat: dict[str, Any] = {"/".join(path): text for path, text in one.visit.items() if text}
        where = _point(flat["lokasi"])[:2] if "lokasi" in flat else [None, None]
        met = [{"/".join(path): text for path, text in member.items() if text} for member in one.members]
        records.append(
            {"_id": number, "formhub/uuid": "f", "__version__": "v", "meta/instanceID": f"uuid:{one.id}"}
            | {"meta/rootUuid": f"uuid:{one.id}", "_xform_id_string": "a", "_uuid": one.id, "_attachments": []}
            | {"_status": "submitted_via_web", "_geolocation": where, "_submission_time": "2026-09-22T02:00:00"}
            | {"_tags": [], "_notes": [], "_validation_status": {}, "_submitted_by": None}
            | flat
            | ({phone.repeat: met} if met else {})
        )
    return json.dumps({"count": len(records), "next": None, "previous": None, "results": records}).encode()


def odk_csv(filled: Sequence[Filled], phone: Phone, *, grouped: bool) -> tuple[bytes, bytes]:
    """The visits and the members of ODK Central's archive, with or without the names of groups."""

    def head(one: Question, depth: int) -> list[str]:
        name = "-".join(one.path[depth:]) if grouped else one.name
        if one.type == "geopoint":
            return [f"{name}-{part}" for part in ("Latitude", "Longitude", "Altitude", "Accuracy")]
        return [name]

    def cells(one: Question, answers: Mapping[tuple[str, ...], str]) -> list[str]:
        text = answers[one.path]
        return (text.split() or [""] * 4) if one.type == "geopoint" else [text]

    after = ["KEY", "SubmitterID", "SubmitterName", "AttachmentsPresent", "AttachmentsExpected", "Status",
             "ReviewState", "DeviceID", "Edits", "FormVersion"]  # fmt: skip
    own = "meta-instanceID" if grouped else "instanceID"
    visits = [["SubmissionDate", *(name for one in phone.visit for name in head(one, 0)), own, *after]]
    members = [[*(name for one in phone.member for name in head(one, 1)), "PARENT_KEY", "KEY"]]
    for one in filled:
        said = [cell for question in phone.visit for cell in cells(question, one.visit)]
        key = f"uuid:{one.id}"
        visits.append(["2026-09-22T02:00:00.000Z", *said, key, key, "7", "a", "2", "2", "", "", "d", "0", "1"])
        for place, met in enumerate(one.members, start=1):
            members.append([*(met[question.path] for question in phone.member), key, f"{key}/anggota[{place}]"])
    return _csv(visits, ","), _csv(members, ",")


def kobo_csv(filled: Sequence[Filled], phone: Phone) -> bytes:
    """KoboToolbox's export with XML values and headers, without groups and without links to media."""

    def head(one: Question) -> list[str]:
        parts = [f"_{one.name}_{part}" for part in ("latitude", "longitude", "altitude", "precision")]
        return [one.name, *(parts if one.type == "geopoint" else [])]

    def cells(one: Question, answers: Mapping[tuple[str, ...], str]) -> list[str]:
        text = answers[one.path]
        return [text, *((text.split() or [""] * 4) if one.type == "geopoint" else [])]

    after = ["_id", "_uuid", "_submission_time", "_validation_status", "_notes", "_status", "_submitted_by",
             "__version__", "_tags", "_index"]  # fmt: skip
    rows = [[*(name for one in phone.visit for name in head(one)), *after]]
    for number, one in enumerate(filled, start=1):
        said = [cell for question in phone.visit for cell in cells(question, one.visit)]
        rows.append([*said, str(number), one.id, "2026-09-22T02:00:00", "", "", "x", "", "v", "", str(number)])
    return b"\xef\xbb\xbf" + _csv(rows, ";", quoting=csv.QUOTE_ALL)


def _csv(rows: Sequence[Sequence[str]], delimiter: str, quoting: Any = csv.QUOTE_MINIMAL) -> bytes:
    held = io.StringIO()
    csv.writer(held, delimiter=delimiter, quoting=quoting, lineterminator="\n").writerows(rows)
    return held.getvalue().encode()


Answer = Callable[[Question], str]


def answered(questions: Sequence[Question], answer: Answer, **fixed: str) -> dict[str, str]:
    """An answer to every question that is typed or chosen; blank answers are left out."""
    given = {one.name: fixed.get(one.name, answer(one)) for one in questions if "calculate" not in one.bind}
    return {name: text for name, text in given.items() if text}
