"""Releases and the pointer to the current one: publishing, rolling back, withdrawing, publishing again.

Every change is one short transaction. The directories of the releases belong to `resources.store`.
"""

from dataclasses import dataclass
from datetime import date, datetime, timedelta

from sqlalchemy import func, select, update
from sqlalchemy.orm import Session

from dtsen_pipeline.resources.failpoint import reach
from dtsen_pipeline.resources.registry import events
from dtsen_pipeline.resources.registry.database import Database
from dtsen_pipeline.resources.registry.decisions import decide
from dtsen_pipeline.resources.registry.models import POINTER, CurrentRelease, Outbox, Release, Run
from dtsen_pipeline.resources.registry.runs import close_run, started_run
from dtsen_pipeline.schemas.errors import DtsenError


@dataclass(frozen=True)
class NewRelease:
    """A sealed release directory that is about to be published; `path` is `week/release_id`."""

    release_id: str
    week: str
    content_root: str
    list_hash: str
    manifest_sha256: str
    path: str


@dataclass(frozen=True)
class Published:
    """What publishing did: `moved` is false for a week older than the current one."""

    release_id: str
    moved: bool


def week_start(week: str) -> date:
    """The Monday of a week that is written as `2026-W40` or as a date in it."""
    try:
        day = date.fromisoformat(week)
    except ValueError:
        day = None
    if day is None:
        raise DtsenError("E_WEEK", "a week is written as 2026-W40 or as the date of its Monday")
    return day - timedelta(days=day.weekday())


class Releases(Database):
    """The registry's releases."""

    def publish(self, release: NewRelease, expected_current: str | None, run_key: str, now: datetime) -> Published:
        """Register a release, make it current unless one of a newer week or later day is, and end its run.

        All or nothing.

        E_CURRENT_MOVED where another release than `expected_current` is current by now.
        """
        with self.write() as session:
            _refuse_published(session, release)
            session.add(Release(**vars(release), status="published", published_at=now))
            session.flush()
            pointer = _pointer(session, expected_current)
            moved = not _is_ahead(session, pointer, release.week, run_key)
            if moved:
                _move(session, pointer, release.release_id, release.week, now)
            close_run(session, run_key, "published", now, release_id=release.release_id)
            _announce(session, "release.published", vars(release) | {"moved": moved}, now)
            reach("publish-before-commit")
        reach("publish-after-commit")
        return Published(release.release_id, moved)

    def bring_back(self, release_id: str, week: str, expected_current: str | None, run_key: str, now: datetime) -> bool:
        """End a run whose inputs lead to an earlier release again, and make that one current: whether it moved.

        It moves nothing where that content is current, or where the current one is of a newer week or a later day.
        """
        with self.write() as session:
            release = _find(session, release_id)
            if _is_withdrawn(session, release.content_root):
                raise DtsenError("E_WITHDRAWN", "this content was withdrawn; a person must give a reason")
            pointer = _pointer(session, expected_current)
            moved = pointer.release_id != release_id and not _is_ahead(session, pointer, week, run_key)
            if moved:
                _move(session, pointer, release_id, week, now)
                _announce(session, "release.returned", {"release_id": release_id, "week": week}, now)
            close_run(session, run_key, "published" if moved else "unchanged", now, release_id=release_id)
            return moved

    def rollback(self, release_id: str, reason: str, actor: str, now: datetime) -> Release:
        """Make an earlier release current; the content of the one left behind counts as withdrawn."""
        with self.write() as session:
            target = _find(session, release_id)
            pointer = session.get_one(CurrentRelease, POINTER)
            left = _find(session, pointer.release_id or "")
            if target.content_root == left.content_root:
                raise DtsenError("E_ROLLBACK", "the current release has this content already")
            if target.status == "withdrawn":
                raise DtsenError("E_WITHDRAWN", "that release was withdrawn; publish it again with a reason")
            _mark(session, left.content_root, "withdrawn")
            _move(session, pointer, target.release_id, target.week, now)
            facts: dict[str, object] = {"from": left.release_id, "to": target.release_id}
            decide(session, "rollback", target.release_id, reason, actor, now, facts)
            _announce(session, "release.rolled_back", facts, now)
            return target

    def withdraw(self, release_id: str, reason: str, actor: str, now: datetime) -> Release:
        """Withdraw the content of a release that is not current; nothing is deleted."""
        with self.write() as session:
            release = _find(session, release_id)
            current = _current(session)
            if current is not None and current.content_root == release.content_root:
                raise DtsenError("E_ROLLBACK", "that content is current; roll back to another release first")
            _mark(session, release.content_root, "withdrawn")
            decide(session, "withdraw", release_id, reason, actor, now)
            _announce(session, "release.withdrawn", {"release_id": release_id}, now)
            session.refresh(release)
            return release

    def republish(self, release_id: str, reason: str, actor: str, now: datetime) -> Release:
        """A person makes withdrawn content current again, whatever week it is of."""
        with self.write() as session:
            release = _find(session, release_id)
            if release.status != "withdrawn":
                raise DtsenError("E_NOT_WITHDRAWN", "that release was not withdrawn")
            pointer = session.get_one(CurrentRelease, POINTER)
            _mark(session, release.content_root, "published")
            _move(session, pointer, release.release_id, release.week, now)
            decide(session, "republish", release_id, reason, actor, now)
            _announce(session, "release.republished", {"release_id": release_id}, now)
            session.refresh(release)
            return release

    def current(self) -> Release | None:
        """The release that readers see."""
        with self.read() as session:
            return _current(session)

    def release(self, release_id: str) -> Release:
        """The release with this id."""
        with self.read() as session:
            return _find(session, release_id)

    def releases(self) -> list[Release]:
        """Every release, in the order in which they were published."""
        with self.read() as session:
            return list(session.scalars(select(Release).order_by(Release.published_at, Release.release_id)))

    def release_paths(self) -> frozenset[str]:
        """The directories that belong to a registered release, as `week/release_id`."""
        return frozenset(release.path for release in self.releases())

    def is_withdrawn(self, content_root: str) -> bool:
        """Whether this content may be published only with a person's reason."""
        with self.read() as session:
            return _is_withdrawn(session, content_root)

    def undelivered(self) -> list[Outbox]:
        """What other systems have not been told yet, oldest first."""
        with self.read() as session:
            query = select(Outbox).where(Outbox.delivered_at.is_(None)).order_by(Outbox.seq)
            return list(session.scalars(query))

    def mark_delivered(self, seq: int, now: datetime) -> None:
        """Another system has taken note."""
        with self.write() as session:
            session.get_one(Outbox, seq).delivered_at = now


def _find(session: Session, release_id: str) -> Release:
    release = session.get(Release, release_id)
    if release is None:
        raise DtsenError("E_RELEASE_UNKNOWN", "there is no release with that id; see dtsen releases")
    return release


def _current(session: Session) -> Release | None:
    query = select(Release).join(CurrentRelease, CurrentRelease.release_id == Release.release_id)
    return session.scalars(query).one_or_none()


def _is_withdrawn(session: Session, content_root: str) -> bool:
    query = select(Release.release_id).where(Release.content_root == content_root, Release.status == "withdrawn")
    return session.scalars(query.limit(1)).first() is not None


def _refuse_published(session: Session, release: NewRelease) -> None:
    if session.get(Release, release.release_id) is not None:
        raise DtsenError("E_RELEASE_EXISTS", "a release with this id is registered already")
    if _is_withdrawn(session, release.content_root):
        raise DtsenError("E_WITHDRAWN", "this content was withdrawn; a person must give a reason")


def _pointer(session: Session, expected: str | None) -> CurrentRelease:
    pointer = session.get_one(CurrentRelease, POINTER)
    if pointer.release_id != expected:
        raise DtsenError("E_CURRENT_MOVED", "another release became current meanwhile; refresh again")
    return pointer


def _is_ahead(session: Session, pointer: CurrentRelease, week: str, run_key: str) -> bool:
    """Whether the current release is of a newer week than a run, or of this week and as of a later day."""
    if pointer.week is None or pointer.release_id is None:
        return False
    made = select(func.max(Run.as_of)).where(Run.release_id == pointer.release_id, Run.status != "failed")
    as_of = started_run(session, run_key).as_of
    ours, theirs = (week_start(week), as_of), (week_start(pointer.week), session.scalar(made) or as_of)
    return theirs > ours


def _move(session: Session, seen: CurrentRelease, release_id: str, week: str, now: datetime) -> None:
    """Compare and swap: of two that saw the same version, one moves the pointer and the other fails."""
    swapped = session.scalars(
        update(CurrentRelease)
        .where(CurrentRelease.id == POINTER, CurrentRelease.version == seen.version)
        .values(release_id=release_id, week=week, moved_at=now, version=seen.version + 1)
        .returning(CurrentRelease.id)
        .execution_options(synchronize_session=False)
    ).all()
    if len(swapped) != 1:
        raise DtsenError("E_CURRENT_MOVED", "another release became current meanwhile; refresh again")
    session.expire(seen)


def _mark(session: Session, content_root: str, status: str) -> None:
    session.execute(update(Release).where(Release.content_root == content_root).values(status=status))


def _announce(session: Session, kind: str, facts: dict[str, object], now: datetime) -> None:
    events.append(session, kind, facts, now)
    session.add(Outbox(topic=kind, payload=dict(facts), created_at=now))
    session.flush()
