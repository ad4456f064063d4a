"""A whole release as pandas tables, for analysts. It holds personal data, so it needs a purpose and is logged."""

import getpass
from collections.abc import Sequence
from datetime import UTC, datetime

import pandas as pd

from dtsen_pipeline.queries.access import Look, note
from dtsen_pipeline.queries.reading import fetched, view
from dtsen_pipeline.resources.platform import opened
from dtsen_pipeline.resources.settings import Settings
from dtsen_pipeline.schemas.errors import DtsenError
from dtsen_pipeline.schemas.release import TABLES


def load_release(
    purpose: str, release: str | None = None, tables: Sequence[str] | None = None, settings: Settings | None = None
) -> dict[str, pd.DataFrame]:
    """The tables of a release by name (default: all tables of the current one).

    `purpose` is written to the access log with the account and the time. Raises E_RELEASE_UNKNOWN where there is no
    such release, E_TABLE_UNKNOWN for a table that no release has.
    """
    wanted = tuple(TABLES) if tables is None else tuple(tables)
    if not TABLES.keys() >= set(wanted):
        raise DtsenError("E_TABLE_UNKNOWN", f"a release has the tables {', '.join(TABLES)}")
    with opened(settings) as platform:
        found = view(platform, release)
        look = Look(getpass.getuser(), datetime.now(UTC), purpose, is_revealed=True)
        note(platform.registry, look, "load", release_id=found.release_id)
        return {table: fetched(found.scan(table)).to_pandas() for table in wanted}
