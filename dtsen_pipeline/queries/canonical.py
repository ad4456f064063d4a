"""Raw rows in the canonical form that the flow gives them: codes, dates and whole numbers."""

from collections.abc import Mapping

import narwhals as nw
import polars as pl

from dtsen_pipeline.core.normalise import normalise
from dtsen_pipeline.queries.rawtext import Pointer, Raw
from dtsen_pipeline.queries.reading import Row, fetched
from dtsen_pipeline.reference import city
from dtsen_pipeline.resources.platform import Platform
from dtsen_pipeline.schemas.tables import tables


def records_of(platform: Platform, table: str, rows: Mapping[Pointer, Raw]) -> nw.LazyFrame[pl.LazyFrame]:
    """Src, row and every column of an input table; at least one row is needed."""
    raw = pl.DataFrame([{"src": src, "row": row, **cells} for (src, row), cells in rows.items()])
    return normalise(nw.from_native(raw.lazy()), tables()[table], city(platform.settings.city))


def published_rows(records: nw.LazyFrame[pl.LazyFrame]) -> dict[Pointer, Row]:
    """The records by pointer; marks that stand for no value ("there is none", an unknown code) are null."""
    integers = pl.col(pl.Int32)
    frame = fetched(records.to_native().with_columns(pl.when(integers >= 0).then(integers)))
    return {(row["src"], row["row"]): row for row in frame.iter_rows(named=True)}
