"""How ODK Central and KoboToolbox are asked for submissions: addresses, filters, and the documented answers.

Facts and their sources: docs/reference/form-servers.md.
"""

import json
from collections.abc import Callable, Mapping
from typing import Any

from dtsen_pipeline.core.submissions import APPROVED, DIALECTS, RECEIVED, Record
from dtsen_pipeline.resources.pull.client import Client
from dtsen_pipeline.resources.pull.paging import Page
from dtsen_pipeline.resources.pull.sources import Source
from dtsen_pipeline.schemas.errors import DtsenError

Asked = tuple[str, str, Mapping[str, str]]
"""A path, the key of the count in the answer, and the query."""


def log_in(client: Client, source: Source) -> None:
    """Authorise the client by the source's secret; `email:password` opens a session of ODK Central first."""
    secret = source.secret.get_secret_value()
    if source.kind == "kobo":
        client.authorise(f"Token {secret}")
        return
    email, separator, password = secret.partition(":")
    if separator:
        answer = client.ask("v1/sessions", body={"email": email, "password": password})
        token = answer.get("token") if isinstance(answer, dict) else None
        if not isinstance(token, str):
            raise DtsenError("E_PULL_ANSWER", "the server opens no session")
        secret = token
    client.authorise(f"Bearer {secret}")


def page_of(client: Client, source: Source, state: str | None, skip: int, top: int) -> Page:
    """A page of the submissions in a review state (none: in any); DtsenError where the answer is another."""
    path, counted, query = ASKING[source.kind](source, state, skip, top)
    answer = client.ask(path, query)
    dialect = DIALECTS[source.kind]
    count = answer.get(counted) if isinstance(answer, dict) else None
    records = answer.get(dialect.records) if isinstance(answer, dict) else None
    if not isinstance(count, str) or not count.isdecimal() or not isinstance(records, list):
        raise DtsenError("E_PULL_ANSWER", "the answer is no page of submissions with a count")
    for record in records:
        _check(record, source, state)
    return Page(int(count), records)


def waiting_of(client: Client, source: Source, approved: int) -> dict[str, int]:
    """How many submissions are in each state that is not approved; the states are counted one after another."""
    counts = {state: page_of(client, source, state, 0, 1).total for state in DIALECTS[source.kind].states}
    every = page_of(client, source, None, 0, 1).total
    return {RECEIVED: max(0, every - approved - sum(counts.values())), **counts}


def _check(record: Any, source: Source, state: str | None) -> None:
    """A server that passes over our filter would have us take in what nobody approved."""
    dialect = DIALECTS[source.kind]
    if not isinstance(record, dict) or dialect.id_of(record) is None:
        raise DtsenError("E_PULL_ANSWER", "a submission has no id")
    if state is not None and dialect.state_of(record) != state:
        raise DtsenError("E_PULL_ANSWER", "the server gives submissions in another review state than asked for")


def id_of(source: Source) -> Callable[[Record], str]:
    """The id of a record that was checked."""
    return lambda record: DIALECTS[source.kind].id_of(record) or ""


def _odk(source: Source, state: str | None, skip: int, top: int) -> Asked:
    told = [] if state is None else [f"__system/reviewState eq '{state}'"]
    told += [] if source.since is None else [f"__system/submissionDate ge {source.since.isoformat()}T00:00:00.000Z"]
    query = {"$top": str(top), "$skip": str(skip), "$count": "true"}
    query |= {"$filter": " and ".join(told)} if told else {}
    query |= {"$expand": "*"} if state == APPROVED else {}
    return f"v1/projects/{source.project}/forms/{source.form}.svc/Submissions", "@odata.count", query


def _kobo(source: Source, state: str | None, skip: int, top: int) -> Asked:
    told: dict[str, Any] = {} if state is None else {"_validation_status.uid": f"validation_status_{state}"}
    told |= {} if source.since is None else {"_submission_time": {"$gte": source.since.isoformat()}}
    query = {"format": "json", "start": str(skip), "limit": str(top), "sort": json.dumps({"_id": 1})}
    query |= {"query": json.dumps(told)} if told else {}
    return f"api/v2/assets/{source.form}/data.json", "count", query


ASKING: Mapping[str, Callable[[Source, str | None, int, int], Asked]] = {"odk": _odk, "kobo": _kobo}
