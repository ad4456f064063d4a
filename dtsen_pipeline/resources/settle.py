"""Whether files are still being written to, as far as a moment's look can tell.

The inbox sensor waits longer (see `assets.ingest`); a person who names a file waits at most a moment. A file that
changes while it is copied is refused by the vault.
"""

import time
from collections.abc import Collection
from pathlib import Path
from typing import Final

FRESH: Final = 2.0
"""Seconds after a change in which a file may still be growing; older ones are not looked at twice."""
PAUSE = 0.5
"""Seconds between the two looks, once for all files together."""


def unsettled(paths: Collection[Path]) -> frozenset[Path]:
    """The files among these that changed within a moment; nothing is waited for where all are old enough."""
    now = time.time()
    fresh = {path: state for path in paths if (state := _state(path)) and now - state[0] / 1e9 < FRESH}
    if fresh:
        time.sleep(PAUSE)
    return frozenset(path for path, before in fresh.items() if _state(path) != before)


def _state(path: Path) -> tuple[int, int] | None:
    """When it was changed, in nanoseconds, and its size in bytes; none for what is no regular file."""
    try:
        status = path.lstat()
    except OSError:
        return None
    return (status.st_mtime_ns, status.st_size) if path.is_file() and not path.is_symlink() else None
