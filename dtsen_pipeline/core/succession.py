"""Families that go on under another card: matched between two lists by who belongs to them.

A pure function of the two memberships; it gives no ids and no aliases (see `identity` and `entities`).
"""

import narwhals as nw

from dtsen_pipeline.core.engine import Engine, Frame

FAMILY, PERSON = "family_id", "person_id"


def successions(before: Frame, after: Frame, engine: Engine) -> Frame:
    """Families of `before` that stand in `after` under another id: before_id, after_id, shared (persons).

    `before`, `after`: family_id, person_id, each person once a list. A family goes on in the one that has more than
    half of its members and of whose members it is more than half, so that no family has two successors or two
    forerunners. Families that keep their id take no part.
    """
    ended = engine.checkpoint(_sized(before.join(after.select(FAMILY), on=FAMILY, how="anti"), "before"))
    begun = engine.checkpoint(_sized(after.join(before.select(FAMILY), on=FAMILY, how="anti"), "after"))
    shared = (
        ended.join(begun, on=PERSON, how="inner")
        .group_by("before_id", "after_id")
        .agg(nw.len().alias("shared"), nw.col("before_size").max(), nw.col("after_size").max())
    )
    return shared.filter(
        nw.col("shared") * 2 > nw.col("before_size"), nw.col("shared") * 2 > nw.col("after_size")
    ).select("before_id", "after_id", "shared")


def _sized(members: Frame, name: str) -> Frame:
    """Each member with the id and the size of the family."""
    return members.select(PERSON, nw.col(FAMILY).alias(f"{name}_id")).with_columns(
        nw.len().over(f"{name}_id").alias(f"{name}_size")
    )
