"""Edited submissions: the same visit id in a later batch of a form server stands for the older ones.

Only files of form servers: their ids are the servers' own and stay when a submission is edited. The order of files is
that of their batches' names; within one batch neither file is the newer one.
"""

from collections.abc import Mapping
from datetime import date

import narwhals as nw

from dtsen_pipeline.core.corrections import profile_named
from dtsen_pipeline.core.engine import Frame
from dtsen_pipeline.core.inputs import InputList, Source
from dtsen_pipeline.core.rows import ROW, aside
from dtsen_pipeline.reference import profiles
from dtsen_pipeline.schemas.tables import FIELD_TABLES, VISIT

VISIT_ID = "id_kunjungan"


def outdated(valid: Mapping[str, Frame], inputs: InputList) -> Frame | None:
    """Valid rows of older versions, as `rows.aside`; none where no two batches are of form servers."""
    edition = _editions(inputs)
    if len(set(edition.values())) < 2:  # noqa: PLR2004 - there is nothing newer
        return None
    number = nw.col("src").replace_strict(list(edition), list(edition.values()), default=None, return_dtype=nw.Int64)
    rows = {
        table: valid[table].select(*ROW, VISIT_ID, edition=number).filter(~nw.col("edition").is_null())
        for table in FIELD_TABLES
    }
    newest = rows[VISIT].group_by(VISIT_ID).agg(newest=nw.col("edition").max())
    found = [
        aside(
            frame.join(newest, on=VISIT_ID, how="inner").filter(nw.col("edition") < nw.col("newest")),
            table,
            nw.lit("superseded"),
            nw.lit(None, dtype=nw.String),
        )
        for table, frame in rows.items()
    ]
    return nw.concat(found)


def _editions(inputs: InputList) -> dict[str, int]:
    """The place of each form server's file among their batches, by token."""
    families = {profile.family for profile in profiles().values() if profile.review is not None}
    files = {source.token: _order(source) for source in inputs.sources if _family(source) in families}
    places = {order: place for place, order in enumerate(sorted(set(files.values())))}
    return {token: places[order] for token, order in files.items()}


def _family(source: Source) -> str:
    return profile_named(source.profile).family


def _order(source: Source) -> tuple[date, str]:
    return source.batch_end or date.min, source.batch or ""
