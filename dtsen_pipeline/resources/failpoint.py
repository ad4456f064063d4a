"""A hook for tests that kill a publishing process; it does nothing unless DTSEN_FAILPOINT names the point."""

import os
import signal


def reach(name: str) -> None:
    """Die here, as by `kill -9`, when a test asked for it."""
    if name and os.environ.get("DTSEN_FAILPOINT") == name:
        os.kill(os.getpid(), signal.SIGKILL)
