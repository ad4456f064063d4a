"""The secret behind family and person ids: made at first use, refused where others can read it."""

import hashlib
import hmac
import os
import secrets
import stat
from dataclasses import dataclass, field
from pathlib import Path

from dtsen_pipeline.resources.home import write_private
from dtsen_pipeline.resources.settings import Settings
from dtsen_pipeline.schemas.errors import DtsenError

SIZE = 32
ID_LENGTH = 12
OTHERS = stat.S_IRWXG | stat.S_IRWXO


@dataclass(frozen=True)
class Key:
    """The secret, and an id that tells two keys apart without revealing either."""

    secret: bytes = field(repr=False)

    @property
    def id(self) -> str:
        """The first twelve hexadecimal digits of a keyed hash of a fixed text."""
        return hmac.new(self.secret, b"key-id", hashlib.sha256).hexdigest()[:ID_LENGTH]


def load_key(settings: Settings) -> Key:
    """The key of this home, made where there is none yet."""
    path = settings.key_path
    if not os.path.lexists(path):
        _make(path)
    return Key(_read(path))


def _make(path: Path) -> None:
    """A complete file is linked into place, so that two first uses at once end with one and the same key."""
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    draft = path.with_name(f".key-{secrets.token_hex(8)}")
    write_private(draft, secrets.token_bytes(SIZE))
    try:
        os.link(draft, path)
    except FileExistsError:
        pass
    finally:
        draft.unlink()


def _read(path: Path) -> bytes:
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK)
    except OSError:
        descriptor = -1
    if descriptor < 0:
        raise DtsenError("E_KEY", "the key file cannot be opened; check DTSEN_KEY_FILE")
    with os.fdopen(descriptor, "rb") as file:
        _judge(os.fstat(descriptor))
        return file.read()


def _judge(status: os.stat_result) -> None:
    if not stat.S_ISREG(status.st_mode) or status.st_size != SIZE:
        raise DtsenError("E_KEY", f"the key must be a regular file of exactly {SIZE} bytes")
    if status.st_mode & OTHERS:
        raise DtsenError("E_KEY_MODE", "other users can read the key file; set its mode to 0600")
