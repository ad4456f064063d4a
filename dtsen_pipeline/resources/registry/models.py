"""The tables of the registry, declared once; the migrations make them, the modules beside this one fill them.

Bulk rows are not here: they live in Parquet, and a release's tables come into SQL by `resources.sql`.
"""

from datetime import UTC, date, datetime
from typing import Any, Literal, get_args

from sqlalchemy import (
    JSON,
    BigInteger,
    CheckConstraint,
    DateTime,
    Dialect,
    ForeignKey,
    MetaData,
    String,
    Text,
)
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column
from sqlalchemy.types import TypeDecorator

Verdict = Literal["accepted", "waiting", "held", "refused"]
RunStatus = Literal["started", "published", "unchanged", "failed", "abandoned"]
DecisionKind = Literal[
    "accept",
    "refuse",
    "confirm_codes",
    "rollback",
    "withdraw",
    "republish",
    "approve_model",
    "close_row",
    "reopen_row",
]
ReleaseStatus = Literal["published", "withdrawn"]

CONVENTION = {
    "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "ck": "ck_%(table_name)s_%(constraint_name)s",
    "fk": "fk_%(table_name)s_%(column_0_N_name)s",
    "pk": "pk_%(table_name)s",
}
POINTER = 1
"""The one row of `current_release`."""


class Moment(TypeDecorator[datetime]):
    """A time with its zone, kept in UTC; a time without a zone is refused."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:  # noqa: ARG002
        """Turn a time into UTC."""
        if value is None:
            return None
        if value.tzinfo is None:
            problem = "a time in the registry needs a time zone"
            raise ValueError(problem)
        return value.astimezone(UTC)

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:  # noqa: ARG002
        """Give back UTC; SQLite keeps no zone."""
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


class Base(DeclarativeBase):
    """The registry's metadata, with names for every constraint."""

    metadata = MetaData(naming_convention=CONVENTION)
    type_annotation_map = {  # noqa: RUF012 - SQLAlchemy reads it from the class
        str: Text(),
        datetime: Moment(),
        dict[str, Any]: JSON(),
    }


def _one_of(column: str, values: object) -> CheckConstraint:
    listed = ", ".join(f"'{value}'" for value in get_args(values))
    return CheckConstraint(f"{column} IN ({listed})", name=column)


class Batch(Base):
    """A week's field visits of one team, delivered in one or more files."""

    __tablename__ = "batch"

    batch_id: Mapped[str] = mapped_column(primary_key=True)
    first_received_at: Mapped[datetime]


class SourceFile(Base):
    """A received file: accepted, waiting, held or refused; its bytes are in the vault."""

    __tablename__ = "source_file"
    __table_args__ = (_one_of("verdict", Verdict),)

    sha256: Mapped[str] = mapped_column(String(64), primary_key=True)
    token: Mapped[str] = mapped_column(String(12), unique=True)
    kind: Mapped[str | None]
    table_name: Mapped[str | None]
    profile: Mapped[str | None]
    profile_version: Mapped[int | None]
    version: Mapped[str | None]
    region: Mapped[str | None]
    data_date: Mapped[date | None]
    batch_id: Mapped[str | None] = mapped_column(ForeignKey("batch.batch_id"), index=True)
    verdict: Mapped[Verdict] = mapped_column(String(10))
    code: Mapped[str | None]
    message: Mapped[str | None]
    rows: Mapped[int | None]
    size: Mapped[int] = mapped_column(BigInteger)
    received_at: Mapped[datetime]
    corrects: Mapped[str | None] = mapped_column(String(64), index=True)
    """The sha256 of the file whose rows a correction file stands for."""
    derived_from: Mapped[str | None] = mapped_column(String(64), index=True)
    """The sha256 of the workbook that a correction file was written from."""


class Officer(Base):
    """A person who visits families, known by the id in the field files."""

    __tablename__ = "officer"

    officer_id: Mapped[str] = mapped_column(primary_key=True)
    role: Mapped[str | None]
    first_seen_at: Mapped[datetime]


class Release(Base):
    """A published directory; `path` is relative to the releases. A withdrawal changes the status only."""

    __tablename__ = "release"
    __table_args__ = (_one_of("status", ReleaseStatus),)

    release_id: Mapped[str] = mapped_column(primary_key=True)
    week: Mapped[str]
    content_root: Mapped[str] = mapped_column(String(64), index=True)
    list_hash: Mapped[str] = mapped_column(String(64))
    manifest_sha256: Mapped[str] = mapped_column(String(64))
    path: Mapped[str] = mapped_column(unique=True)
    status: Mapped[ReleaseStatus] = mapped_column(String(10))
    published_at: Mapped[datetime]


class CurrentRelease(Base):
    """The pointer: one row, moved by comparing and swapping `version`."""

    __tablename__ = "current_release"
    __table_args__ = (CheckConstraint(f"id = {POINTER}", name="one_row"),)

    id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    release_id: Mapped[str | None] = mapped_column(ForeignKey("release.release_id"))
    week: Mapped[str | None]
    moved_at: Mapped[datetime | None]
    version: Mapped[int]


class Run(Base):
    """One weekly refresh, from its start to its end."""

    __tablename__ = "run"
    __table_args__ = (_one_of("status", RunStatus),)

    run_key: Mapped[str] = mapped_column(primary_key=True)
    dagster_run_id: Mapped[str | None] = mapped_column(index=True)
    week: Mapped[str]
    as_of: Mapped[date]
    list_hash: Mapped[str | None] = mapped_column(String(64))
    status: Mapped[RunStatus] = mapped_column(String(10), index=True)
    code: Mapped[str | None]
    started_at: Mapped[datetime]
    finished_at: Mapped[datetime | None]
    release_id: Mapped[str | None] = mapped_column(ForeignKey("release.release_id"))


class RuleVersion(Base):
    """A set of row rules that judged rows, by the digest of its text."""

    __tablename__ = "rule_version"

    digest: Mapped[str] = mapped_column(String(64), primary_key=True)
    name: Mapped[str]
    recorded_at: Mapped[datetime]


class ModelVersion(Base):
    """A welfare model with its cut-offs that scored families, by the digest of both."""

    __tablename__ = "model_version"

    digest: Mapped[str] = mapped_column(String(64), primary_key=True)
    name: Mapped[str]
    payload: Mapped[dict[str, Any]]
    recorded_at: Mapped[datetime]


class Decision(Base):
    """What a person decided, about which file, profile, release or model, and why."""

    __tablename__ = "decision"
    __table_args__ = (_one_of("kind", DecisionKind),)

    id: Mapped[int] = mapped_column(primary_key=True)
    kind: Mapped[DecisionKind] = mapped_column(String(20))
    subject: Mapped[str] = mapped_column(index=True)
    reason: Mapped[str]
    actor: Mapped[str]
    at: Mapped[datetime]
    payload: Mapped[dict[str, Any]]


class ProposalExport(Base):
    """A list of proposals that was handed over: what it was made from and the digest of its bytes.

    The proposals themselves are a function of the release and the kelurahan, so that they are kept once.
    """

    __tablename__ = "proposal_export"

    id: Mapped[int] = mapped_column(primary_key=True)
    release_id: Mapped[str] = mapped_column(ForeignKey("release.release_id"), index=True)
    kelurahan: Mapped[str | None]
    rows: Mapped[int]
    sha256: Mapped[str] = mapped_column(String(64))
    actor: Mapped[str]
    purpose: Mapped[str]
    at: Mapped[datetime]


class PulledSubmission(Base):
    """A version of a form server's submission, by digests, and the file that it was written into.

    The note is made before the file is taken in, and counts once the file is registered.
    """

    __tablename__ = "pulled_submission"

    source: Mapped[str] = mapped_column(primary_key=True)
    instance: Mapped[str] = mapped_column(String(64), primary_key=True)
    version: Mapped[str] = mapped_column(String(64), primary_key=True)
    sha256: Mapped[str] = mapped_column(String(64), primary_key=True)
    at: Mapped[datetime]


class Event(Base):
    """A link of the append-only chain: its hash covers the hash before it."""

    __tablename__ = "event"

    seq: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    at: Mapped[datetime]
    kind: Mapped[str]
    payload: Mapped[dict[str, Any]]
    prev_hash: Mapped[str] = mapped_column(String(64))
    hash: Mapped[str] = mapped_column(String(64), unique=True)


class Outbox(Base):
    """What other systems are to be told, written in the transaction that made it true."""

    __tablename__ = "outbox"

    seq: Mapped[int] = mapped_column(primary_key=True)
    topic: Mapped[str]
    payload: Mapped[dict[str, Any]]
    created_at: Mapped[datetime]
    delivered_at: Mapped[datetime | None]


class Lease(Base):
    """Who may do a thing that only one may do at a time, and until when."""

    __tablename__ = "lease"

    name: Mapped[str] = mapped_column(primary_key=True)
    owner: Mapped[str]
    token: Mapped[str]
    acquired_at: Mapped[datetime]
    expires_at: Mapped[datetime]


class AccessLog(Base):
    """A look at a person's data; `subject` is a surrogate id."""

    __tablename__ = "access_log"

    id: Mapped[int] = mapped_column(primary_key=True)
    at: Mapped[datetime]
    actor: Mapped[str]
    action: Mapped[str]
    purpose: Mapped[str | None]
    subject: Mapped[str | None] = mapped_column(index=True)
    release_id: Mapped[str | None]
