"""Files that people filled in and sent back: what became of one, and its verdict in the registry.

Workbooks of corrections and files of decisions alike: the file is kept as it came, and what counts is written from it
beside it. What stands in them is read in `correct` and `rule`.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import TypeVar

from dtsen_pipeline.resources.admission import BY_PERSON
from dtsen_pipeline.resources.platform import Platform
from dtsen_pipeline.resources.registry import NewFile
from dtsen_pipeline.resources.registry.models import SourceFile
from dtsen_pipeline.resources.vault import Deposit
from dtsen_pipeline.schemas.errors import DtsenError


@dataclass(frozen=True)
class Returned:
    """What became of a file: its new and known rows, and the tokens of the files written from it."""

    token: str
    verdict: str
    is_new: bool
    code: str | None = None
    message: str | None = None
    line: int | None = None
    column: str | None = None
    rows: int = 0
    known: int = 0
    files: tuple[str, ...] = ()


Outcome = TypeVar("Outcome", bound=Returned)


def refused_by_person(platform: Platform, deposit: Deposit) -> SourceFile | None:
    """The file, where a person refused these bytes before."""
    stored = platform.registry.find_file(deposit.sha256)
    return stored if stored is not None and stored.code == BY_PERSON else None


def keep_accepted(platform: Platform, deposit: Deposit, kind: str, rows: int, now: datetime) -> bool:
    """Register a file that counts; whether it did not before."""
    stored, is_new = platform.registry.add_file(
        NewFile(deposit.sha256, deposit.size, "accepted", kind=kind, rows=rows), now
    )
    if stored.verdict != "refused":
        return is_new
    platform.registry.amend_file(stored.token, now, verdict="accepted", code=None, message=None, rows=rows)
    return True


def keep_refused(
    platform: Platform, deposit: Deposit, kind: str, error: DtsenError, now: datetime, outcome: type[Outcome]
) -> Outcome:
    """Keep a refused file, but never over an accepted state of the same bytes."""
    book = NewFile(deposit.sha256, deposit.size, "refused", error.code, error.message, kind=kind)
    with platform.registry.together():
        stored, is_new = platform.registry.add_file(book, now)
        if stored.verdict == "refused" and (stored.code, stored.message) != (error.code, error.message):
            platform.registry.amend_file(stored.token, now, code=error.code, message=error.message)
    return outcome(deposit.token, "refused", is_new, error.code, error.message, line=error.line, column=error.column)
