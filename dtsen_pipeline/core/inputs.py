"""The frozen input list: what a release is a function of, beside the code.

Holds hashes and declared facts about files, decisions, reference data, the model and the key's id; no path,
no receive time, no row. Choosing the files for a date is the registry's work.
"""

import hashlib
import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, field
from datetime import date
from typing import Any

from dtsen_pipeline.core.officers import Term
from dtsen_pipeline.reference import profiles
from dtsen_pipeline.schemas.errors import TOKEN_LENGTH, DtsenError
from dtsen_pipeline.schemas.tables import FAMILY, REGISTER, SNAPSHOT_TABLES

FORMAT = 1
WEEK = re.compile(r"([0-9]{4})-W([0-9]{2})(?:-.*)?", re.DOTALL)


def week_end(batch: str | None) -> date | None:
    """The Sunday of the ISO week that a batch's name begins with; None where it begins with no week."""
    found = WEEK.fullmatch(batch or "")
    try:
        return date.fromisocalendar(int(found[1]), int(found[2]), 7) if found else None
    except ValueError:
        return None


@dataclass(frozen=True, order=True)
class Source:
    """An accepted file. `data_date` is an ISO day (snapshots, register extracts); `batch` names a field batch.

    `region`: the regency or city of a snapshot; of an extract also a district or village of it.

    `corrects`: the sha256 of the file whose rejected rows a correction file stands for.
    """

    sha256: str
    table: str
    profile: str
    profile_version: int
    version: str | None = None
    region: str | None = None
    data_date: str | None = None
    batch: str | None = None
    corrects: str | None = None

    @property
    def token(self) -> str:
        """The name under which people and messages know the file."""
        return self.sha256[:TOKEN_LENGTH]

    @property
    def batch_end(self) -> date | None:
        """The last day of the week that the batch names; see `week_end`."""
        return week_end(self.batch)

    @property
    def is_snapshot(self) -> bool:
        """Whether the file belongs to a ministry snapshot, as delivered or corrected."""
        return self.table in SNAPSHOT_TABLES


@dataclass(frozen=True)
class InputList:
    """Everything a release depends on, in one order that does not depend on arrival.

    `decisions`: digests of what was decided about files; `rulings`: sha256 of the reviewers' decision files.
    `confirmed_profiles`: the sources whose codes a person confirmed; `confirmed_lists`: the code lists of each, see
    `coded.confirmed_in`. `officers`: the terms of the list of officers in force. `model_sha256`: the digest of the
    model's facts. Lists from before one of these was recorded have none, and keep their hash.
    """

    sources: tuple[Source, ...]
    city: str
    model: str
    key_id: str
    decisions: tuple[str, ...] = ()
    rulings: tuple[str, ...] = ()
    confirmed_profiles: tuple[str, ...] = ()
    confirmed_lists: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    reference: Mapping[str, str] = field(default_factory=dict)
    code_version: str = ""
    model_sha256: str = ""
    officers: tuple[Term, ...] = ()

    @property
    def hash(self) -> str:
        """SHA-256 over the canonical JSON of the list."""
        return hashlib.sha256(self.to_json().encode()).hexdigest()

    @property
    def snapshot_dates(self) -> dict[str, date]:
        """The data date of each snapshot version, oldest first; of one day, those with the official deciles last."""
        found = {
            source.version: date.fromisoformat(source.data_date)
            for source in self.sources
            if source.is_snapshot and source.version and source.data_date
        }
        ranked = self._ranked
        return dict(sorted(found.items(), key=lambda item: (item[1], item[0] in ranked, item[0])))

    @property
    def base_version(self) -> str:
        """The snapshot with the latest data date."""
        dates = self.snapshot_dates
        if not dates:
            raise DtsenError(
                "E_NO_SNAPSHOT",
                "no complete snapshot is accepted yet; ingest a family file and its member file",
            )
        return list(dates)[-1]

    @property
    def official_version(self) -> str | None:
        """The latest snapshot whose source sends the official deciles; None where none does."""
        return next((version for version in reversed(self.snapshot_dates) if version in self._ranked), None)

    @property
    def official_date(self) -> date | None:
        """The data date of that snapshot."""
        return self.snapshot_dates.get(self.official_version or "")

    @property
    def _ranked(self) -> set[str]:
        known = profiles()
        return {
            source.version
            for source in self.of(FAMILY)
            if source.version and source.profile in known and known[source.profile].is_ranked
        }

    @property
    def base_date(self) -> date:
        """The data date of the base snapshot."""
        return self.snapshot_dates[self.base_version]

    @property
    def version_of(self) -> dict[str, str]:
        """The snapshot version each snapshot file belongs to, by token."""
        return {s.token: s.version for s in self.sources if s.is_snapshot and s.version}

    @property
    def observed(self) -> dict[str, date]:
        """The data date of each snapshot file and register extract, by token."""
        dates = self.snapshot_dates
        return {token: dates[version] for token, version in self.version_of.items()} | self.registers

    @property
    def registers(self) -> dict[str, date]:
        """The data date of each extract of the population register, by token."""
        return {token: day for token, (day, _) in self.register_scopes.items()}

    @property
    def register_scopes(self) -> dict[str, tuple[date, str]]:
        """The data date of each extract of the population register and the region that it covers, by token."""
        return {
            source.token: (date.fromisoformat(source.data_date), source.region)
            for source in self.of(REGISTER)
            if source.data_date and source.region
        }

    @property
    def has_corrections(self) -> bool:
        """Whether any file corrects another."""
        return any(source.corrects for source in self.sources)

    @property
    def batch_ends(self) -> dict[str, date]:
        """The last day of the week that each field file's batch names, by token."""
        return {source.token: source.batch_end for source in self.sources if source.batch_end}

    def of(self, table: str) -> tuple[Source, ...]:
        """The files that bring rows of `table`."""
        return tuple(source for source in self.sources if source.table == table)

    def as_dict(self) -> dict[str, Any]:
        """The list as plain data; what older lists did not have only where it is told, so that they keep their hash."""
        facts = asdict(self)
        for name in ("model_sha256", "rulings", "officers", "confirmed_lists"):
            if not facts[name]:
                facts.pop(name)
        return {"format": FORMAT} | facts

    def to_json(self) -> str:
        """Canonical JSON: sorted keys, no spaces."""
        return json.dumps(self.as_dict(), sort_keys=True, separators=(",", ":"))

    @classmethod
    def from_json(cls, text: str) -> "InputList":
        """Read back what `to_json` wrote."""
        facts: dict[str, Any] = json.loads(text)
        facts.pop("format")
        facts["sources"] = tuple(Source(**source) for source in facts["sources"])
        facts["officers"] = tuple(Term(**term) for term in facts.get("officers", ()))
        for name in ("decisions", "confirmed_profiles", "rulings"):
            facts[name] = tuple(facts.get(name, ()))
        told = facts.get("confirmed_lists", {})
        facts["confirmed_lists"] = {family: tuple(lists) for family, lists in told.items()}
        return cls(**facts)


def freeze(sources: Iterable[Source], **facts: Any) -> InputList:
    """An input list in canonical order; raises E_NO_SNAPSHOT where no snapshot is complete."""
    listed = InputList(sources=tuple(sorted(set(sources), key=lambda s: (s.table, s.sha256))), **facts)
    _ = listed.base_version
    return listed
