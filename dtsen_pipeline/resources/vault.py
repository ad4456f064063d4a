"""Received bytes, kept for ever under their sha256.

What a file means, and what it was called, is not known here.
"""

import errno
import fcntl
import hashlib
import os
import re
import secrets
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from io import BufferedReader
from pathlib import Path

from dtsen_pipeline.resources.home import PRIVATE_FILE, make_private, sync, write_private
from dtsen_pipeline.schemas.errors import TOKEN_LENGTH, DtsenError

CHUNK = 1 << 20
DRAFT = "draft-"
SHA256 = re.compile(r"[0-9a-f]{64}")


@dataclass(frozen=True)
class Deposit:
    """Bytes that are now in the vault; `is_new` is false where they already were."""

    sha256: str
    size: int
    is_new: bool

    @property
    def token(self) -> str:
        """The name under which people and messages know the file."""
        return self.sha256[:TOKEN_LENGTH]


class Vault:
    """A content-addressed store: `vault/ab/<sha256>`."""

    def __init__(self, root: Path, limit: int | None = None) -> None:
        """`limit` is the largest number of bytes a file may have."""
        self.root = root
        self.limit = limit

    def put(self, path: Path) -> Deposit:
        """Copy a regular file in; a file that changes meanwhile is refused and nothing of it is kept."""
        with _opened(path) as source, self._draft() as draft:
            before = os.fstat(source.fileno())
            if self.limit is not None and before.st_size > self.limit:
                raise DtsenError("E_TOO_LARGE", "the file is larger than DTSEN_MAX_FILE_MB allows")
            sha256, size = _copy(source, draft, before.st_size + 1)
            after = os.fstat(source.fileno())
            if size != before.st_size or _state(before) != _state(after):
                raise DtsenError("E_CHANGING", "the file changed while it was read")
            return Deposit(sha256, size, self._place(draft, sha256))

    def keep(self, content: bytes) -> Deposit:
        """Keep bytes that the project wrote itself."""
        with self._draft() as draft:
            write_private(draft, content)
            sha256 = hashlib.sha256(content).hexdigest()
            return Deposit(sha256, len(content), self._place(draft, sha256))

    def path(self, sha256: str) -> Path:
        """Where these bytes lie; they are there only if they were put."""
        if not SHA256.fullmatch(sha256):
            raise DtsenError("E_VAULT_MISSING", "a vault address is 64 hexadecimal digits")
        return self.root / sha256[:2] / sha256

    def open(self, sha256: str) -> BufferedReader:
        """The bytes for reading; their hash is not checked."""
        path = self.path(sha256)
        if not path.is_file():
            raise DtsenError(
                "E_VAULT_MISSING", "the bytes of this file are not in the vault", token=sha256[:TOKEN_LENGTH]
            )
        return path.open("rb")

    def read_bytes(self, sha256: str) -> bytes:
        """All bytes, after checking that they are still the ones that were put."""
        with self.open(sha256) as file:
            content = file.read()
        if hashlib.sha256(content).hexdigest() != sha256:
            raise DtsenError("E_VAULT_DAMAGED", "the bytes in the vault have changed", token=sha256[:TOKEN_LENGTH])
        return content

    def check(self, sha256: str) -> Path:
        """The path of the bytes, after checking their hash in bounded memory."""
        with self.open(sha256) as file:
            if hashlib.file_digest(file, "sha256").hexdigest() != sha256:
                raise DtsenError("E_VAULT_DAMAGED", "the bytes in the vault have changed", token=sha256[:TOKEN_LENGTH])
        return self.path(sha256)

    @contextmanager
    def _draft(self) -> Iterator[Path]:
        """A name for a private draft; drafts of killed processes go when nobody else is writing."""
        make_private(self.root)
        lock = os.open(self.root / ".lock", os.O_RDWR | os.O_CREAT, PRIVATE_FILE)
        try:
            _sweep(self.root, lock)
            fcntl.flock(lock, fcntl.LOCK_SH)
            draft = self.root / f"{DRAFT}{secrets.token_hex(8)}"
            try:
                yield draft
            finally:
                draft.unlink(missing_ok=True)
        finally:
            os.close(lock)

    def _place(self, draft: Path, sha256: str) -> bool:
        final = self.path(sha256)
        make_private(final.parent)
        sync(self.root)
        try:
            os.link(draft, final)
        except FileExistsError:
            self._mend(draft, sha256)
            is_new = False
        else:
            is_new = True
        sync(final.parent)
        return is_new

    def _mend(self, draft: Path, sha256: str) -> None:
        """Known bytes that were damaged in the vault are put right by the same bytes coming again."""
        with self.open(sha256) as file:
            intact = hashlib.file_digest(file, "sha256").hexdigest() == sha256
        if not intact:
            draft.replace(self.path(sha256))


@contextmanager
def _opened(path: Path) -> Iterator[BufferedReader]:
    """A regular file, never through a link; no message and no chained error repeats its name."""
    code, message, descriptor = "E_NOT_REGULAR", "what was named is not a regular file", -1
    try:
        if stat.S_ISREG(os.lstat(path).st_mode):
            descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
    except (OSError, ValueError) as error:
        code, message = _failure(error)
    if descriptor < 0:
        raise DtsenError(code, message)
    with os.fdopen(descriptor, "rb") as file:
        if not stat.S_ISREG(os.fstat(descriptor).st_mode):
            raise DtsenError(code, message)
        yield file


def _failure(error: OSError | ValueError) -> tuple[str, str]:
    number = error.errno if isinstance(error, OSError) else errno.ENOENT
    if number in (errno.ENOENT, errno.ENOTDIR, errno.ENAMETOOLONG, errno.EINVAL):
        return "E_MISSING", "there is no such file"
    if number == errno.ELOOP:
        return "E_NOT_REGULAR", "what was named is not a regular file"
    return "E_UNREADABLE", "the file cannot be read; check its permissions"


def _copy(source: BufferedReader, draft: Path, most: int) -> tuple[str, int]:
    """The hash and size of what was copied, at most `most` bytes."""
    digest, size = hashlib.sha256(), 0
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, PRIVATE_FILE)
    with os.fdopen(descriptor, "wb") as target:
        while size < most and (chunk := source.read(min(CHUNK, most - size))):
            digest.update(chunk)
            target.write(chunk)
            size += len(chunk)
        target.flush()
        os.fsync(target.fileno())
    return digest.hexdigest(), size


def _state(status: os.stat_result) -> tuple[int, int]:
    return status.st_size, status.st_mtime_ns


def _sweep(root: Path, lock: int) -> None:
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return
    for draft in root.glob(f"{DRAFT}*"):
        draft.unlink()
