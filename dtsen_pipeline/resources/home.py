"""The directories of a home, and how a private file is written; what lies in them is not known here."""

import os
from pathlib import Path

from dtsen_pipeline.schemas.errors import DtsenError

PRIVATE_DIRECTORY = 0o700
PRIVATE_FILE = 0o600


class Home:
    """The layout below DTSEN_HOME: the secure zone, and Dagster's own storage beside it."""

    def __init__(self, root: Path) -> None:
        self.root = root.absolute()
        self.inbox = self.root / "inbox"
        self.vault = self.root / "vault"
        self.work = self.root / "work"
        self.releases = self.root / "releases"
        self.dagster = self.root / "dagster"
        self.registry = self.root / "registry.db"
        self.key = self.root / "key"

    def prepare(self) -> "Home":
        """Make the directories that are missing; all are closed to other users afterwards."""
        for directory in (self.root, self.inbox, self.vault, self.work, self.releases, self.dagster):
            make_private(directory)
        return self


def make_private(directory: Path) -> None:
    """Make `directory` (parents included), or close it to other users where it exists."""
    try:
        directory.mkdir(mode=PRIVATE_DIRECTORY, parents=True, exist_ok=True)
        directory.chmod(PRIVATE_DIRECTORY)
    except OSError:
        usable = False
    else:
        usable = True
    if not usable:
        raise DtsenError("E_HOME", "a directory of the home cannot be made private; check DTSEN_HOME")


def write_private(path: Path, content: bytes) -> None:
    """Write a new file of mode 0600 and make it durable; a name that is taken raises FileExistsError."""
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, PRIVATE_FILE)
    with os.fdopen(descriptor, "wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    sync(path.parent)


def sync(path: Path) -> None:
    """Make a file or the entries of a directory durable."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
