"""Who looks, when and for what purpose: every look at a person's data is written down before it happens.

What is shown is decided in `labels`; the log itself belongs to the registry.
"""

from dataclasses import dataclass
from datetime import datetime

from dtsen_pipeline.resources.registry import Registry
from dtsen_pipeline.schemas.errors import DtsenError


@dataclass(frozen=True)
class Look:
    """A look: who, when, why, and whether identifying values are to be shown."""

    actor: str
    now: datetime
    purpose: str | None = None
    is_revealed: bool = False


def check_purpose(look: Look) -> None:
    """Raise E_PURPOSE where no purpose is stated."""
    if not (look.purpose or "").strip():
        raise DtsenError("E_PURPOSE", "state the purpose with --purpose")


def note(
    registry: Registry, look: Look, action: str, *, subject: str | None = None, release_id: str | None = None
) -> None:
    """Write the look down; `subject` is a surrogate id. A look that reveals needs a purpose."""
    if look.is_revealed:
        check_purpose(look)
    registry.log_access(
        f"{action}.reveal" if look.is_revealed else action,
        look.actor,
        look.now,
        purpose=look.purpose,
        subject=subject,
        release_id=release_id,
    )
