"""Figures of record linkage against the truth: pairs, clusters, wrong merges. Shared by training and benchmark."""

from dataclasses import dataclass

import polars as pl

from dtsen_pipeline.core.engine import Engine
from dtsen_pipeline.core.linkage import SURE, clusters, keyed, link, settled
from dtsen_pipeline.reference.linking import LinkageModel

PEOPLE = 100_000


@dataclass(frozen=True)
class Judged:
    """`edges`: every edge, settled, with `is_true`; `truth`: id and truth of every record."""

    edges: pl.DataFrame
    truth: pl.DataFrame

    @property
    def links(self) -> pl.DataFrame:
        """The edges that are sure."""
        return self.edges.filter(pl.col("decision") == SURE)


@dataclass(frozen=True)
class Quality:
    """Shares from 0 to 1; `wrong`: wrong pairs per 100,000 records; `review`: possible edges per 100,000 records.

    Pairs are those of the clusters that sure links make; `cluster_f1` counts clusters found exactly.
    """

    precision: float
    recall: float
    f1: float
    cluster_f1: float
    wrong: float
    review: float


def judged(people: pl.DataFrame, model: LinkageModel, engine: Engine, *, blank: tuple[str, ...] = ()) -> Judged:
    """Link people with a known `truth` and mark every edge as true or wrong; `blank` columns are emptied before."""
    known = people.drop("truth").with_columns(pl.lit(None, dtype=pl.String).alias(column) for column in blank)
    keys = keyed(engine.load(known), model, engine)
    edges = engine.fetch(settled(engine.checkpoint(link(keys, keys, model, engine))))
    truth = people.select("id", "truth")
    for side in ("l", "r"):
        edges = edges.join(truth.rename({"id": f"id_{side}", "truth": f"truth_{side}"}), on=f"id_{side}", how="left")
    return Judged(edges.with_columns(is_true=pl.col("truth_l") == pl.col("truth_r")), truth)


def quality(found: Judged) -> Quality:
    """The figures of one linkage."""
    joined = clusters(found.links) if found.links.height else found.truth.select("id", cluster="id").clear()
    people = found.truth.join(joined, on="id", how="left").with_columns(pl.coalesce("cluster", "id"))
    true, made, both = (_pairs(people, keys) for keys in (["truth"], ["cluster"], ["truth", "cluster"]))
    groups = people.group_by("cluster").agg(
        pl.col("truth").n_unique().alias("truths"), pl.col("truth").first(), size=pl.len()
    )
    sizes = people.group_by("truth").agg(whole=pl.len())
    exact = groups.filter(pl.col("truths") == 1).join(sizes, on="truth").filter(pl.col("size") == pl.col("whole"))
    several = [groups.filter(pl.col("size") > 1).height, sizes.filter(pl.col("whole") > 1).height]
    return Quality(
        precision=both / max(made, 1),
        recall=both / max(true, 1),
        f1=_f1(both, made, true),
        cluster_f1=_f1(exact.filter(pl.col("size") > 1).height, *several),
        wrong=PEOPLE * (made - both) / people.height,
        review=PEOPLE * (found.edges.height - found.links.height) / people.height,
    )


def _pairs(people: pl.DataFrame, keys: list[str]) -> int:
    """How many pairs of records agree on the keys."""
    sizes = people.group_by(keys).len()["len"].cast(pl.Int64)
    return int((sizes * (sizes - 1) // 2).sum())


def _f1(right: int, found: int, true: int) -> float:
    return 2 * right / max(found + true, 1)
