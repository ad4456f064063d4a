"""Failures of an engine without their texts: an engine's message quotes the cell it stumbled on."""

from collections.abc import Callable
from typing import TypeVar

from dtsen_pipeline.schemas.errors import DtsenError

Result = TypeVar("Result")
Failures = tuple[type[Exception], ...]


def silently(engine: str, step: Callable[[], Result], failures: Failures, passing: Failures = ()) -> Result:
    """The result of `step`; `failures` become E_ENGINE_FAILED, which names only their kind.

    `passing` are those raised before any row is read. The raise stands outside the handler, so that the
    engine's exception is not chained to ours.
    """
    try:
        return step()
    except passing:
        raise
    except failures as failure:
        kind = type(failure).__name__
    raise DtsenError("E_ENGINE_FAILED", f"{engine} could not compute a table ({kind})")
