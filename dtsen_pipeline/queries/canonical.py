"""Raw rows in the canonical form that the flow gives them: codes, dates and whole numbers."""

from collections.abc import Mapping

import narwhals as nw
import polars as pl

from dtsen_pipeline.core.normalise import normalise
from dtsen_pipeline.core.translate import translate
from dtsen_pipeline.queries.rawtext import Pointer, Raw, RawRows
from dtsen_pipeline.queries.reading import Row, fetched
from dtsen_pipeline.reference import city
from dtsen_pipeline.resources.platform import Platform
from dtsen_pipeline.schemas.tables import delivered, tables


def records_of(platform: Platform, table: str, rows: Mapping[Pointer, Raw]) -> nw.LazyFrame[pl.LazyFrame]:
    """Src, row and every column of an input table; at least one row is needed."""
    schema = {"src": pl.String, "row": pl.Int64} | dict.fromkeys(delivered(tables()[table]), pl.String)
    found = [{"src": src, "row": row, **cells} for (src, row), cells in rows.items()]
    raw = pl.DataFrame([{name: one.get(name) for name in schema} for one in found], schema)
    raws, place = RawRows(platform), city(platform.settings.city)
    profile_of = {src: raws.profile((src, row)) for src, row in rows}
    contract = translate(nw.from_native(raw.lazy()), tables()[table], profile_of, place)
    return normalise(contract, tables()[table], place)


def published_rows(records: nw.LazyFrame[pl.LazyFrame]) -> dict[Pointer, Row]:
    """The records by pointer; marks that stand for no value ("there is none", an unknown code) are null."""
    integers = pl.col(pl.Int32)
    frame = fetched(records.to_native().with_columns(pl.when(integers >= 0).then(integers)))
    return {(row["src"], row["row"]): row for row in frame.iter_rows(named=True)}
