"""Which families are incomplete because a member's row was rejected or is held.

Such a family keeps its official decile and gets no recomputed one. Other reasons for a missing score (no
member, a missing answer) are found in `score`.
"""

from collections.abc import Mapping

import narwhals as nw

from dtsen_pipeline.core.engine import Engine, Frame
from dtsen_pipeline.core.entities import CARD, with_family_id
from dtsen_pipeline.core.identity import Scene
from dtsen_pipeline.core.rows import ROW
from dtsen_pipeline.schemas.tables import MEMBER, VISIT, VISIT_MEMBER

REJECTED, HELD = "anggota_ditolak", "anggota_ditahan"


def incomplete(
    records: Mapping[str, Frame], rejected: Frame, aside: Frame, scene: Scene, engine: Engine, key: bytes
) -> Frame:
    """family_id, reason and is_ministry (the base snapshot alone makes it so), one row a family.

    `rejected`: src, row; `aside`: src, row, fate.
    """
    held = aside.filter(nw.col("fate") == "held")
    bad = nw.concat(
        [
            rejected.select(*ROW, reason=nw.lit(REJECTED)),
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
    cards = (
        records[VISIT]
        .filter(~nw.col(CARD).is_null(), ~nw.col("id_kunjungan").is_null())
        .group_by("id_kunjungan")
        .agg(nw.col(CARD).min())
    )
    visited = (
        records[VISIT_MEMBER]
        .select(*ROW, "id_kunjungan")
        .join(bad, on=list(ROW), how="inner")
        .join(cards, on="id_kunjungan", how="inner")
        .select(CARD, "reason", is_ministry=nw.lit(0, dtype=nw.Int64))
    )
    known = nw.concat([members, visited]).filter(~nw.col(CARD).is_null())
    worst = known.group_by(CARD).agg(nw.col("reason").max(), nw.col("is_ministry").max().cast(nw.Int64))
    return engine.checkpoint(with_family_id(worst, engine, key).drop(CARD))
