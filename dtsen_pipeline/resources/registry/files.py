"""Received files, their batches and officers: what was registered, and how a verdict on a file changes."""

import re
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from dtsen_pipeline.resources.registry import events
from dtsen_pipeline.resources.registry.database import Database
from dtsen_pipeline.resources.registry.decisions import decide
from dtsen_pipeline.resources.registry.models import Batch, Decision, Officer, SourceFile, Verdict
from dtsen_pipeline.schemas.errors import TOKEN_LENGTH, DtsenError

SHA256 = re.compile(r"[0-9a-f]{64}")
TWICE = "E_SNAPSHOT_TWICE"
"""The refusal of a sound file whose place is taken."""
AMENDABLE = frozenset(
    {"kind", "table_name", "profile", "profile_version", "version", "region", "data_date", "batch_id"}
    | {"verdict", "code", "message", "rows"}
)


@dataclass(frozen=True)
class NewFile:
    """What is known of a file when it is registered."""

    sha256: str
    size: int
    verdict: Verdict
    code: str | None = None
    message: str | None = None
    kind: str | None = None
    table_name: str | None = None
    profile: str | None = None
    profile_version: int | None = None
    version: str | None = None
    region: str | None = None
    data_date: date | None = None
    batch_id: str | None = None
    rows: int | None = None
    corrects: str | None = None
    derived_from: str | None = None


class Files(Database):
    """The registry's files."""

    def add_file(self, file: NewFile, now: datetime) -> tuple[SourceFile, bool]:
        """Register a file, accepted or not; the same bytes again change nothing (`False`)."""
        if not SHA256.fullmatch(file.sha256):
            problem = "a file is registered under 64 hexadecimal digits"
            raise ValueError(problem)
        with self.write() as session:
            known = session.get(SourceFile, file.sha256)
            if known is not None:
                return known, False
            _ensure_batch(session, file.batch_id, now)
            added = SourceFile(**asdict(file), token=file.sha256[:TOKEN_LENGTH], received_at=now)
            session.add(added)
            session.flush()
            facts = {"sha256": added.sha256, "verdict": added.verdict, "code": added.code}
            events.append(session, "file.received", facts, now)
            return added, True

    def file(self, token_or_sha: str) -> SourceFile:
        """The file with this token or sha256."""
        with self.read() as session:
            return _find(session, token_or_sha)

    def find_file(self, token_or_sha: str) -> SourceFile | None:
        """The file with this token or sha256, or none."""
        with self.read() as session:
            return _look_up(session, token_or_sha)

    def files(self, *, until: datetime | None = None, **equal: str | int | date | None) -> list[SourceFile]:
        """The files whose columns equal what is given, in the order of their hashes.

        `until` leaves out what was received later.
        """
        query = select(SourceFile).filter_by(**equal).order_by(SourceFile.sha256)
        if until is not None:
            query = query.where(SourceFile.received_at <= until)
        with self.read() as session:
            return list(session.scalars(query))

    def amend_file(self, token: str, now: datetime, **changes: Any) -> SourceFile:
        """Change what the pipeline itself learned later, such as a data date or that the partner came."""
        if not changes.keys() <= AMENDABLE:
            problem = "only facts about a file can be amended"
            raise TypeError(problem)
        with self.write() as session:
            file = _find(session, token)
            _ensure_batch(session, changes.get("batch_id"), now)
            for name, value in changes.items():
                setattr(file, name, value)
            facts = {"sha256": file.sha256, "verdict": file.verdict, "code": file.code}
            events.append(session, "file.amended", facts | {"columns": sorted(changes)}, now)
            return file

    def set_verdict(
        self,
        token: str,
        verdict: Verdict,
        code: str | None,
        reason: str,
        actor: str,
        now: datetime,
    ) -> SourceFile:
        """A person accepts a held file, or refuses any; the decision is kept with what was shown of the file."""
        if verdict not in ("accepted", "refused"):
            raise DtsenError("E_VERDICT", "a person can accept or refuse a file")
        with self.write() as session:
            file = _find(session, token)
            _check_change(session, file, verdict)
            kind = "accept" if verdict == "accepted" else "refuse"
            facts = {"from": file.verdict, "code": file.code, "message": file.message}
            file.verdict, file.code, file.message = verdict, code, None
            decide(session, kind, file.sha256, reason, actor, now, facts)  # type: ignore[arg-type]
            return file

    def add_officers(self, roles: Mapping[str, str | None], now: datetime) -> None:
        """Register the officers of a batch; known ones stay as they are."""
        with self.write() as session:
            known = set(session.scalars(select(Officer.officer_id)))
            session.add_all(
                Officer(officer_id=officer, role=role, first_seen_at=now)
                for officer, role in sorted(roles.items())
                if officer not in known
            )


def _look_up(session: Session, token_or_sha: str) -> SourceFile | None:
    column = SourceFile.token if len(token_or_sha) == TOKEN_LENGTH else SourceFile.sha256
    return session.scalars(select(SourceFile).where(column == token_or_sha)).one_or_none()


def _find(session: Session, token_or_sha: str) -> SourceFile:
    file = _look_up(session, token_or_sha)
    if file is None:
        raise DtsenError("E_TOKEN_UNKNOWN", "no registered file has that token")
    return file


def _ensure_batch(session: Session, batch_id: str | None, now: datetime) -> None:
    if batch_id is not None and session.get(Batch, batch_id) is None:
        session.add(Batch(batch_id=batch_id, first_received_at=now))
        session.flush()


def _check_change(session: Session, file: SourceFile, verdict: Verdict) -> None:
    """Damage cannot be accepted: only what was held, refused by a person, or refused beside another, can."""
    if file.verdict == verdict:
        raise DtsenError("E_VERDICT", f"the file is already {verdict}", token=file.token)
    if verdict == "accepted" and file.verdict == "waiting":
        raise DtsenError("E_VERDICT", "the file waits for its data date or its partner", token=file.token)
    if verdict == "accepted" and file.verdict == "refused" and not _is_sound(session, file):
        raise DtsenError("E_VERDICT", "the file could not be read exactly; send a sound one", token=file.token)


def _is_sound(session: Session, file: SourceFile) -> bool:
    """Whether a refused file could be read: its place was taken, or the last decision about it is a refusal."""
    if file.code == TWICE:
        return True
    query = select(Decision).where(Decision.subject == file.sha256).order_by(Decision.id.desc()).limit(1)
    last = session.scalars(query).first()
    return last is not None and last.kind == "refuse"
