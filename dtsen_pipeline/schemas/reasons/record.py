"""What a reason is: a stable code with its texts, what follows from it and what it was found in.

The reasons themselves stand in the files beside this one.
"""

from dataclasses import dataclass
from enum import StrEnum


class Severity(StrEnum):
    """What follows when a reason is given."""

    REJECTS = "rejects"
    WARNS = "warns"
    HOLDS = "holds"
    OUT_OF_SCOPE = "out of scope"
    SUPERSEDES = "superseded"
    REFUSES_FILE = "refuses the file"
    STATE = "state"


class ReasonKind(StrEnum):
    """What a reason was found in."""

    FORMAT = "format"
    CODE = "code"
    RANGE = "range"
    CROSS_COLUMN = "cross-column"
    CROSS_ROW = "cross-row"
    CROSS_TABLE = "cross-table"
    FILE = "file"
    LINE = "line"
    IDENTITY = "identity"
    OPERATION = "operation"


@dataclass(frozen=True)
class Text:
    """One sentence for people, Indonesian first."""

    id: str
    en: str


@dataclass(frozen=True)
class Reason:
    """A reason code: `basis` is the source that the rule rests on, `advice_id` what to do about it.

    `reads`: the columns that a rule compares; empty where the finding itself names its column, or none is at fault.
    """

    code: str
    severity: Severity
    kind: ReasonKind
    id: str
    en: str
    basis: str
    advice_id: str
    reads: tuple[str, ...] = ()
