"""DTSEN pipeline: from ministry snapshots and field verification to a verified dataset with lineage."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import pandas as pd

__version__ = "0.1.0"


def load_release(
    purpose: str, release: str | None = None, tables: Sequence[str] | None = None
) -> "dict[str, pd.DataFrame]":
    """The tables of a release (default: the current one, all tables) as pandas, for analysts.

    The home is that of `DTSEN_HOME`. The purpose is written to the access log.
    """
    from dtsen_pipeline.queries.load import load_release as load  # noqa: PLC0415 - importing the package stays quick

    return load(purpose, release, tables)
