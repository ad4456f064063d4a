"""The reason codes and outcomes of the pipeline with their texts, Indonesian first.

A code is stable: once released it keeps its meaning. Which rule gives which code stands in `core` and in the
rooms above; nothing here decides.
"""

from collections.abc import Mapping
from types import MappingProxyType

from dtsen_pipeline.schemas.reasons.answers import ANSWERS
from dtsen_pipeline.schemas.reasons.arrivals import ARRIVALS
from dtsen_pipeline.schemas.reasons.asking import ASKING
from dtsen_pipeline.schemas.reasons.correcting import CORRECTING
from dtsen_pipeline.schemas.reasons.files import FILES
from dtsen_pipeline.schemas.reasons.households import HOUSEHOLDS
from dtsen_pipeline.schemas.reasons.modelling import MODELLING
from dtsen_pipeline.schemas.reasons.numbers import NUMBERS
from dtsen_pipeline.schemas.reasons.operations import OPERATIONS
from dtsen_pipeline.schemas.reasons.outcomes import CLASHES, DECISIONS, EVENT_TEXTS, FATE_TEXTS, INCOMPLETE_TEXTS
from dtsen_pipeline.schemas.reasons.publishing import PUBLISHING
from dtsen_pipeline.schemas.reasons.record import Reason, ReasonKind, Severity, Text
from dtsen_pipeline.schemas.reasons.reviewing import REVIEWING
from dtsen_pipeline.schemas.reasons.rows import ROWS
from dtsen_pipeline.schemas.reasons.ties import TIES

__all__ = [
    "CLASHES",
    "DECISIONS",
    "EVENT_TEXTS",
    "FATE_TEXTS",
    "INCOMPLETE_TEXTS",
    "REASONS",
    "ROW_REASONS",
    "Reason",
    "ReasonKind",
    "Severity",
    "Text",
    "reason_of",
]

ROW_REASONS = (*ROWS, *NUMBERS, *ANSWERS, *HOUSEHOLDS)
"""The findings about rows of the input tables, by themselves and beside each other."""
REASONS: Mapping[str, Reason] = MappingProxyType(
    {
        reason.code: reason
        for reason in (
            *FILES,
            *ARRIVALS,
            *ROW_REASONS,
            *TIES,
            *OPERATIONS,
            *PUBLISHING,
            *ASKING,
            *CORRECTING,
            *REVIEWING,
            *MODELLING,
        )
    }
)


def reason_of(finding: str) -> tuple[Reason, str | None]:
    """The reason of a finding such as `E_RANGE:luas_lantai`, and the column it names."""
    code, _, column = finding.partition(":")
    return REASONS[code], column or None
