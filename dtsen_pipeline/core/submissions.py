"""What a submission of a form server says of itself: its id, its version and its review state, in the server's words.

Works on parsed JSON (see `forms`); asking a server is done elsewhere, and what an answer means is not known here.
"""

import hashlib
import json
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from dtsen_pipeline.core.forms import Number

APPROVED, RECEIVED = "approved", "received"
"""Two states that both servers have: looked at and good, and not looked at yet."""
Record = Mapping[str, Any]


@dataclass(frozen=True)
class Dialect:
    """How one kind of server writes a submission.

    `states`: the other review states; `volatile`: keys that change without an answer changing.
    """

    records: str
    states: tuple[str, ...]
    volatile: frozenset[str]
    id_of: Callable[[Record], str | None]
    state_of: Callable[[Record], str]
    edits_of: Callable[[Record], str]


def _text(value: Any) -> str | None:
    return str(value) if isinstance(value, str) and value else None


def _odk_system(record: Record) -> Record:
    found = record.get("__system")
    return found if isinstance(found, dict) else {}


def _kobo_id(record: Record) -> str | None:
    """The id that stays when a submission is edited: the root's where it is told, else its own."""
    found = _text(record.get("meta/rootUuid")) or _text(record.get("_uuid"))
    return None if found is None else found.removeprefix("uuid:")


def _kobo_state(record: Record) -> str:
    status = record.get("_validation_status")
    found = _text(status.get("uid")) if isinstance(status, dict) else None
    return (found or RECEIVED).removeprefix("validation_status_")


DIALECTS: Mapping[str, Dialect] = {
    "odk": Dialect(
        records="value",
        states=("edited", "hasIssues", "rejected"),
        volatile=frozenset({"__system"}),
        id_of=lambda record: _text(record.get("__id")),
        state_of=lambda record: _text(_odk_system(record).get("reviewState")) or RECEIVED,
        edits_of=lambda record: str(_odk_system(record).get("edits") or "0"),
    ),
    "kobo": Dialect(
        records="results",
        states=("on_hold", "not_approved"),
        volatile=frozenset({"_validation_status", "_attachments", "_tags", "_notes", "_status"}),
        id_of=_kobo_id,
        state_of=_kobo_state,
        edits_of=lambda record: _text(record.get("_uuid")) or "",
    ),
}
"""By the kind of server."""


def key_of(record: Record, dialect: Dialect) -> tuple[str, str]:
    """The digests of a submission's id and of its version: the number of its edits with its answers."""
    answers = {key: value for key, value in record.items() if key not in dialect.volatile}
    version = f"{dialect.edits_of(record)}|{_written(answers, is_sorted=True)}"
    return _digest(dialect.id_of(record) or ""), _digest(version)


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode("utf-8", errors="surrogatepass")).hexdigest()


def document(records: Iterable[Record], dialect: Dialect) -> bytes:
    """A JSON export of these submissions, a line each in the order of their ids; numbers stay as they were written."""
    ordered = sorted(records, key=lambda record: dialect.id_of(record) or "")
    lines = ",\n".join(_written(record) for record in ordered)
    return f"{{{json.dumps(dialect.records)}: [\n{lines}\n]}}\n".encode()


def _written(value: Any, *, is_sorted: bool = False) -> str:
    match value:
        case dict():
            pairs = sorted(value.items()) if is_sorted else value.items()
            return "{" + ", ".join(f"{json.dumps(k)}: {_written(v, is_sorted=is_sorted)}" for k, v in pairs) + "}"
        case list():
            return "[" + ", ".join(_written(item, is_sorted=is_sorted) for item in value) + "]"
        case Number():
            return str(value)
        case _:
            return json.dumps(value)
