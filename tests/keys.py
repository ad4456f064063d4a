"""The key of a test's home: of its name, so that ids, and with them the order of rows, are the same in every run."""

import hashlib
from pathlib import Path

from dtsen_pipeline.resources.home import make_private, write_private


def give_key(home: Path) -> None:
    """Write the key of a home that has none yet."""
    make_private(home)
    if not (home / "key").exists():
        write_private(home / "key", hashlib.sha256(home.name.encode()).digest())
