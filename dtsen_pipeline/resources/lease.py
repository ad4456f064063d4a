"""One at a time: a named lease in the registry, with an owner that shows whether its process still lives.

A lease does not make a publication correct, the pointer's compare-and-swap does; it keeps two from working at
once, and it lets the next one clean up after a killed process at once instead of after the lease runs out.
"""

import os
import secrets
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

from sqlalchemy import delete, update

from dtsen_pipeline.resources.registry import Registry
from dtsen_pipeline.resources.registry.models import Lease as Row
from dtsen_pipeline.schemas.errors import DtsenError

PROC = Path("/proc")
START_FIELD = 19
"""Where a process's start time stands in /proc/PID/stat, counted after the closing bracket of its name."""

ENDED = ("Z", "X")
"""The states of a process that has died and that nobody has collected."""


@dataclass(frozen=True)
class Owner:
    """A process: machine, boot, process-id space, process id, and when it started (ids are used again)."""

    host: str
    boot: str
    space: str
    pid: int
    started: str

    @classmethod
    def current(cls) -> "Owner":
        """The process that asks."""
        return cls(socket.gethostname(), _boot(), _space(), os.getpid(), _started(os.getpid()))

    @classmethod
    def parse(cls, text: str) -> "Owner | None":
        """Read back `str(owner)`; none for an owner that is not a process."""
        parts = text.split("|")
        if len(parts) != 5 or not parts[3].isdecimal():  # noqa: PLR2004 - the five fields above
            return None
        return cls(parts[0], parts[1], parts[2], int(parts[3]), parts[4])

    def __str__(self) -> str:
        """One line, read back by `parse`."""
        return "|".join([self.host, self.boot, self.space, str(self.pid), self.started])

    def is_gone(self) -> bool:
        """Whether this process surely runs no more; false where that cannot be seen from here."""
        here = Owner.current()
        if self.host != here.host:
            return False
        if self.boot != here.boot:
            return True
        return self.space == here.space and (not _runs(self.pid) or _started(self.pid) != self.started)


@dataclass(frozen=True)
class Lease:
    """A lease that was taken; `token` tells this taking from every other."""

    registry: Registry
    name: str
    token: str
    seconds: int

    def renew(self, now: datetime) -> None:
        """Hold it longer; E_LEASE_LOST where somebody else took it over meanwhile."""
        with self.registry.write() as session:
            renewed = session.scalars(
                update(Row)
                .where(Row.name == self.name, Row.token == self.token)
                .values(expires_at=now + timedelta(seconds=self.seconds))
                .returning(Row.name)
            ).all()
        if not renewed:
            raise DtsenError("E_LEASE_LOST", f"the lease {self.name} ran out and was taken over")

    def give_back(self) -> None:
        """Let the next one in; a lease that was taken over meanwhile stays with its new holder."""
        with self.registry.write() as session:
            session.execute(delete(Row).where(Row.name == self.name, Row.token == self.token))


def take(registry: Registry, name: str, owner: str, seconds: int, now: datetime) -> Lease:
    """Take the lease; E_LEASE_HELD while a living holder's time has not run out."""
    lease = Lease(registry, name, secrets.token_hex(16), seconds)
    with registry.write() as session:
        held = session.get(Row, name)
        if held is not None and not _is_free(held, now):
            until = held.expires_at.strftime("%Y-%m-%d %H:%M:%S UTC")
            raise DtsenError("E_LEASE_HELD", f"the lease {name} is held by another process until {until}")
        if held is not None:
            session.delete(held)
            session.flush()
        end = now + timedelta(seconds=seconds)
        session.add(Row(name=name, owner=owner, token=lease.token, acquired_at=now, expires_at=end))
    return lease


@contextmanager
def hold(registry: Registry, name: str, owner: str, seconds: int, now: datetime) -> Iterator[Lease]:
    """Hold the lease while the block runs; `owner` is `str(Owner.current())`."""
    lease = take(registry, name, owner, seconds, now)
    try:
        yield lease
    finally:
        lease.give_back()


def _is_free(held: Row, now: datetime) -> bool:
    owner = Owner.parse(held.owner)
    return held.expires_at <= now or (owner is not None and owner.is_gone())


def _boot() -> str:
    return _text(PROC / "sys/kernel/random/boot_id")


def _space() -> str:
    try:
        return str((PROC / "self/ns/pid").readlink())
    except OSError:
        return ""


def _started(pid: int) -> str:
    fields = _text(PROC / str(pid) / "stat").rpartition(")")[2].split()
    if len(fields) <= START_FIELD or fields[0] in ENDED:
        return ""
    return fields[START_FIELD]


def _runs(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True


def _text(path: Path) -> str:
    try:
        return path.read_text().strip()
    except (OSError, UnicodeDecodeError):
        return ""
