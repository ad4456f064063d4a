"""Versions of a submission that say again what was said before: whole exports bring every old one each week.

A version repeats the one before it where its visit rows say the same in every column of the contract and break the
same rules, and its member rows do too; members of a batch that brings none are those of before. What cannot be read
is compared by that alone. Works on numbered versions (see `editions`).
"""

from collections.abc import Mapping

import narwhals as nw

from dtsen_pipeline.core.engine import Engine, Frame
from dtsen_pipeline.core.entities import VISIT_ID
from dtsen_pipeline.core.normalise import UNREADABLE
from dtsen_pipeline.core.rows import ROW
from dtsen_pipeline.core.rowtext import row_text
from dtsen_pipeline.schemas.tables import FIELD_TABLES, VISIT, VISIT_MEMBER, tables

VERSION = (VISIT_ID, "edition")


def repeated_versions(contents: Mapping[str, Frame], full: Frame) -> Frame:
    """VISIT_ID and edition of versions that repeat an older one, and `first`, the edition where they were new.

    `contents`: as `contents_of`; `full`: VISIT_ID and edition of the versions that came with their members. A version
    that was edited and edited back is a new one.
    """
    came = contents[VISIT].select(*VERSION).unique()
    changed = nw.concat([_changed(came, contents[VISIT]), _changed(full, contents[VISIT_MEMBER])]).unique()
    told = came.join(changed.with_columns(news=nw.lit(1)), on=list(VERSION), how="left")
    turns = told.with_columns(turn=nw.col("news").cum_count().over(VISIT_ID, order_by="edition"))
    found = turns.with_columns(first=nw.col("edition").min().over(VISIT_ID, "turn"))
    return found.filter(nw.col("edition") > nw.col("first")).select(*VERSION, "first")


def contents_of(
    records: Mapping[str, Frame], delivered: Mapping[str, Frame], rejected: Frame, engine: Engine
) -> dict[str, Frame]:
    """By table, src, row, VISIT_ID, edition and `content` of the rows of visits that came in several editions.

    `delivered`: src, row, VISIT_ID and edition of rows that are no corrections. `rejected`: src, row, reasons, which
    belong to the content, since a visit that is later than one batch's week is none in the next batch.
    """
    came = delivered[VISIT].select(*VERSION).unique().group_by(VISIT_ID).agg(times=nw.len())
    several = engine.checkpoint(came.filter(nw.col("times") > 1).select(VISIT_ID))
    content = nw.concat_str(nw.col("content"), nw.lit("|"), nw.coalesce(nw.col("reasons"), nw.lit("")))
    refused, found = rejected.select(*ROW, "reasons"), {}
    for table in FIELD_TABLES:
        schema = records[table].collect_schema()
        names = [*(name for name in tables()[table].names if name in schema.names()), UNREADABLE]
        rows = delivered[table].select(*ROW, *VERSION).join(several, on=VISIT_ID, how="semi")
        texts = records[table].select(*ROW, content=row_text(schema, names))
        told = rows.join(texts, on=list(ROW), how="inner").join(refused, on=list(ROW), how="left")
        found[table] = engine.checkpoint(told.with_columns(content=content).drop("reasons"))
    return found


def twins_of(contents: Frame, again: Frame) -> Frame:
    """The src and row of rows of repeating versions, and twin_src, twin_row: the latest earlier row that says the same.

    `contents`: those of one table; `again`: as `repeated_versions`.
    """
    told = contents.join(again, on=list(VERSION), how="left")
    repeats = told.filter(~nw.col("first").is_null()).select(*ROW, VISIT_ID, "content", "edition")
    news = told.filter(nw.col("first").is_null()).select(
        VISIT_ID, "content", twin_src="src", twin_row="row", age=-nw.col("edition")
    )
    pairs = repeats.join(news, on=[VISIT_ID, "content"], how="inner").filter(nw.col("edition") > -nw.col("age"))
    order = ["age", "twin_src", "twin_row"]
    ranked = pairs.with_columns(nth=nw.col("twin_row").cum_count().over(*ROW, order_by=order))
    return ranked.filter(nw.col("nth") == 1).select(*ROW, "twin_src", "twin_row")


def _changed(versions: Frame, contents: Frame) -> Frame:
    """The versions whose contents are not those of the version before; the first one's are new unless it has none."""
    numbered = versions.with_columns(nth=nw.col("edition").cum_count().over(VISIT_ID, order_by="edition"))
    said = contents.join(numbered, on=list(VERSION), how="inner").select(VISIT_ID, "nth", "content").unique()
    before = said.with_columns(nth=nw.col("nth") + 1)
    keys = [VISIT_ID, "nth", "content"]
    differing = nw.concat([said.join(before, on=keys, how="anti"), before.join(said, on=keys, how="anti")])
    return numbered.join(differing.select(VISIT_ID, "nth").unique(), on=[VISIT_ID, "nth"], how="inner").select(*VERSION)
