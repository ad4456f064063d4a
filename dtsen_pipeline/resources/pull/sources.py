"""Which form servers are asked: a YAML file without secrets that DTSEN_PULL_SOURCES names, read strictly.

The secrets stand in DTSEN_PULL_TOKENS, by the name of the source; neither a URL nor a secret is ever repeated.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Any

import httpx
from pydantic import SecretStr

from dtsen_pipeline.reference import parts, profiles
from dtsen_pipeline.reference.profile import JSON
from dtsen_pipeline.reference.strict import fields, read_yaml, typed
from dtsen_pipeline.resources.settings import Settings
from dtsen_pipeline.schemas.errors import DtsenError

NAME = re.compile(r"[a-z][a-z0-9]{0,19}")
FORM = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,99}")
LOOPBACK = frozenset({"127.0.0.1", "::1", "localhost"})
KEYS = {"odk": ("server url project form", "since profile"), "kobo": ("server url asset", "since profile")}
"""What an entry of each kind must say and may say."""
PROFILES = {"odk": "odk_v1_json", "kobo": "kobo_v1_json"}


@dataclass(frozen=True)
class Source:
    """A form on a server; `since` leaves out what was submitted before that day. The secret shows nowhere."""

    name: str
    kind: str
    url: str = field(repr=False)
    profile: str
    secret: SecretStr
    project: int = 0
    form: str = ""
    since: date | None = None

    @property
    def is_local(self) -> bool:
        """Whether the server is this machine."""
        return httpx.URL(self.url).host in LOOPBACK


def sources_of(settings: Settings) -> Mapping[str, Source]:
    """Every declared source by name, none where there is no file; E_SETTINGS for a file that is not as documented."""
    if settings.pull_sources is None:
        return {}
    try:
        entries = typed(fields(read_yaml(settings.pull_sources), "", "sources")["sources"], dict, "")
    except (OSError, ValueError):
        raise _wrong("be a YAML file with the one key `sources`") from None
    return {
        name: _source(name, entry, settings) for name, entry in sorted(entries.items(), key=lambda pair: str(pair[0]))
    }


def chosen(settings: Settings, name: str | None) -> list[Source]:
    """The named source, or every one; E_PULL_SOURCE where there is none."""
    known = sources_of(settings)
    if not known:
        raise DtsenError("E_PULL_SOURCE", "DTSEN_PULL_SOURCES names no file of sources")
    if name is None:
        return list(known.values())
    if name not in known:
        raise DtsenError("E_PULL_SOURCE", f"--source must be one of: {', '.join(known)}")
    return [known[name]]


def _source(name: object, entry: object, settings: Settings) -> Source:
    if not isinstance(name, str) or not NAME.fullmatch(name):
        raise _wrong("name its sources with up to 20 small letters and digits, a letter first")
    kind = entry.get("server") if isinstance(entry, dict) else None
    if kind not in KEYS:
        raise _wrong("say `server: odk` or `server: kobo`", name)
    try:
        facts = fields(entry, "", *KEYS[kind])
    except ValueError:
        raise _wrong(f"have the keys {KEYS[kind][0]} and may have {KEYS[kind][1]}, no others", name) from None
    return Source(
        name=name,
        kind=kind,
        url=_url(facts["url"], name),
        profile=_profile(facts.get("profile", PROFILES[kind]), kind, name),
        secret=_secret(name, settings),
        project=_project(facts.get("project", 0), name),
        form=_form(facts.get("form", facts.get("asset")), name),
        since=_since(facts.get("since"), name),
    )


def _url(value: Any, name: str) -> str:
    """An address without secrets and query; encrypted unless the server is this machine."""
    try:
        url = httpx.URL(typed(value, str, ""))
    except (ValueError, httpx.InvalidURL):
        raise _wrong("give `url` as an address", name) from None
    is_safe = url.scheme == "https" or (url.scheme == "http" and url.host in LOOPBACK)
    if not is_safe or not url.host or url.userinfo or url.query or url.fragment:
        raise _wrong("give `url` as https://… without user, password, query and fragment", name)
    return str(url).rstrip("/")


def _profile(value: Any, kind: str, name: str) -> str:
    known = profiles()
    default = known[PROFILES[kind]]
    found = known.get(value) if isinstance(value, str) else None
    if found is None or (found.format, found.records, found.kind) != (JSON, default.records, "field"):
        raise _wrong("give `profile` as a field profile in JSON of that server", name)
    return parts(found)[0].id


def _secret(name: str, settings: Settings) -> SecretStr:
    if name not in settings.pull_tokens:
        raise DtsenError("E_SETTINGS", f"DTSEN_PULL_TOKENS must have a token for the source {name}")
    return settings.pull_tokens[name]


def _project(value: Any, name: str) -> int:
    if type(value) is not int or value < 0:
        raise _wrong("give `project` as a number", name)
    return value


def _form(value: Any, name: str) -> str:
    if not isinstance(value, str) or not FORM.fullmatch(value):
        raise _wrong("give `form` or `asset` as letters, digits, dots, hyphens and underscores", name)
    return value


def _since(value: Any, name: str) -> date | None:
    if value is not None and type(value) is not date:
        raise _wrong("give `since` as a day, YYYY-MM-DD", name)
    return value


def _wrong(what: str, name: str | None = None) -> DtsenError:
    where = f" (source {name})" if name else ""
    return DtsenError("E_SETTINGS", f"the file of DTSEN_PULL_SOURCES{where} must {what}")
