"""Which families are incomplete because a member's row was rejected or is held.

Such a family keeps its official decile and gets no recomputed one. Other reasons for a missing score (no
member, a missing answer) are found in `score`.
"""

from collections.abc import Mapping

import narwhals as nw

from dtsen_pipeline.core.editions import VERSION_UNKNOWN
from dtsen_pipeline.core.engine import Engine, Frame
from dtsen_pipeline.core.entities import CARD, VISIT_ID, with_family_id, with_lasting_id
from dtsen_pipeline.core.identity import Scene
from dtsen_pipeline.core.moments import utc_second
from dtsen_pipeline.core.rows import ROW
from dtsen_pipeline.schemas.tables import MEMBER, VISIT, VISIT_MEMBER

REJECTED, HELD = "anggota_ditolak", "anggota_ditahan"


def incomplete(
    records: Mapping[str, Frame],
    rejected: Frame,
    aside: Frame,
    aliases: Frame,
    scene: Scene,
    engine: Engine,
    key: bytes,
) -> Frame:
    """family_id, reason and is_ministry (the base snapshot alone makes it so), one row a family.

    `rejected`: src, row, resolved_by (a corrected row leaves no gap); `aside`: src, row, fate, reason; `aliases`: as in
    `Observations`, since a row may name a card that the family has changed. Rows of a version that nobody approved
    leave no gap either: the version before it stands.
    """
    held = aside.filter((nw.col("fate") == "held") & (nw.col("reason") != VERSION_UNKNOWN))
    bad = nw.concat(
        [
            rejected.filter(nw.col("resolved_by").is_null()).select(*ROW, reason=nw.lit(REJECTED)),
            held.select(*ROW, reason=nw.lit(HELD)),
        ]
    )
    base = [token for token, version in scene.version_of.items() if version == scene.base]
    members = (
        records[MEMBER]
        .filter(nw.col("src").is_in(base))
        .select(*ROW, CARD)
        .join(bad, on=list(ROW), how="inner")
        .select(CARD, "reason", is_ministry=nw.lit(1, dtype=nw.Int64))
    )
    cards = _cards(records[VISIT], rejected, aside)
    visited = (
        records[VISIT_MEMBER]
        .select(*ROW, VISIT_ID)
        .join(bad, on=list(ROW), how="inner")
        .join(cards, on=VISIT_ID, how="inner")
        .select(CARD, "reason", is_ministry=nw.lit(0, dtype=nw.Int64))
    )
    known = nw.concat([members, visited]).filter(~nw.col(CARD).is_null())
    by_card = with_family_id(_worst(known, CARD), engine, key)
    return engine.checkpoint(_worst(with_lasting_id(by_card, aliases), "family_id"))


def _worst(rows: Frame, by: str) -> Frame:
    return rows.group_by(by).agg(nw.col("reason").max(), nw.col("is_ministry").max().cast(nw.Int64))


def _cards(visits: Frame, rejected: Frame, aside: Frame) -> Frame:
    """The card of the visit that a visit id's member rows follow: one in use before others, then the latest."""
    refused = rejected.select(*ROW, refused=nw.lit(2, dtype=nw.Int64))
    unused = aside.select(*ROW, unused=nw.lit(1, dtype=nw.Int64))
    zero = nw.lit(0, dtype=nw.Int64)
    ranked = (
        visits.filter(~nw.col(CARD).is_null(), ~nw.col(VISIT_ID).is_null())
        .select(*ROW, CARD, VISIT_ID, at=nw.coalesce(utc_second(nw.col("waktu_kunjungan")), zero))
        .join(refused, on=list(ROW), how="left")
        .join(unused, on=list(ROW), how="left")
        .with_columns(rank=-nw.coalesce(nw.col("refused"), nw.col("unused"), zero))
    )
    numbered = ranked.with_columns(
        nth=nw.col("row").cum_count().over(VISIT_ID, order_by=["rank", "at", *ROW]),
        of=nw.len().over(VISIT_ID),
    )
    return numbered.filter(nw.col("nth") == nw.col("of")).select(VISIT_ID, CARD)
