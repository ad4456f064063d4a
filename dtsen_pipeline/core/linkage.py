"""Which records may be one person: candidate pairs, their weight under a frozen model, and clusters of sure links.

The weight of a pair depends on the pair and the model alone, so that linking a batch against what is known gives
the links that linking everything gives. Nothing here ties rows to ids (see `identity`); training is not done here.
"""

from collections.abc import Sequence
from functools import reduce
from operator import add, or_

import narwhals as nw
import polars as pl
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

from dtsen_pipeline.core import levels
from dtsen_pipeline.core.engine import Engine, Frame
from dtsen_pipeline.core.names import first_word, last_word, middle_words, name_key, sound_key, squeezed
from dtsen_pipeline.reference.linking import MISSING, RARE, SCALE, LinkageModel

ID, SOURCE = "id", "source"
PAIR = (f"{ID}_l", f"{ID}_r")
SURE, POSSIBLE = "sure", "possible"
MILLION = 1_000_000
CERTAIN = 20 * SCALE
"""Beyond this weight a probability in millionths does not change."""


def keyed(people: Frame, model: LinkageModel, engine: Engine) -> Frame:
    """`people` (id, source, and the model's columns as text) with the keys that blocks and comparisons use.

    A name gets its key, its sound, three words and its rarity, a date its year. Ids are unique and of one type.
    """
    for comparison in model.of_kind("name"):
        people = _named(people, comparison.columns[0], model, engine)
    years = {f"{c.columns[0]}_year": nw.col(c.columns[0]).str.slice(0, 4) for c in model.of_kind("date")}
    return engine.checkpoint(people.with_columns(**years))


def link(new: Frame, known: Frame, model: LinkageModel, engine: Engine) -> Frame:
    """The edges between `new` and `known` people, both `keyed`; `known` holds `new` as well.

    One row a pair, id_l before id_r: both sources, the level of every comparison, weight (hundredths of a bit),
    probability_ppm, decision (sure, possible) and the model's hash. Pairs below `possible`, and pairs of one
    source, are left out.
    """
    pairs = engine.checkpoint(candidates(new, known, model))
    return _scored(_beside(pairs, known, model), model, engine)


def link_few(new: Frame, known: Frame, model: LinkageModel, engine: Engine) -> pl.DataFrame:
    """The edges of `link`, for so few `new` people that the candidates fit into memory: they are scored in Polars."""
    pairs = engine.fetch(candidates(new, known, model))
    ids = pl.concat([pairs[side] for side in PAIR]).unique().sort().alias(ID)
    people = engine.fetch(known.join(engine.load(ids.to_frame()), on=ID, how="semi"))
    beside = _beside(nw.from_native(pairs.lazy()), nw.from_native(people.lazy()), model)
    edges: pl.DataFrame = _decided(beside, model).collect().to_native()
    probability = [probability_ppm(weight) for weight in edges["bounded"]]
    return edges.drop("bounded").with_columns(probability_ppm=pl.Series(probability, dtype=pl.Int64))


def candidates(new: Frame, known: Frame, model: LinkageModel) -> Frame:
    """Pairs of different sources that agree on every key of at least one block: id_l, id_r, each pair once."""
    return nw.concat([_block(new, known, keys) for keys in model.blocks]).unique()


def settled(edges: Frame) -> Frame:
    """`edges` where an edge stays sure only if each side has no better and no equal one among the other's source.

    The rest is for a person: two equal candidates are nobody's, and a lesser edge never wins over a better one that
    is merely possible. A function of all edges, so that it is the same whenever and in whatever order they came.
    """
    ends = (("id_l", "source_r"), ("id_r", "source_l"))
    best = edges.with_columns(**{f"best_{side}": nw.col("weight").max().over(side, other) for side, other in ends})
    is_best = [nw.col("weight") == nw.col(f"best_{side}") for side, _ in ends]
    tied = [at.cast(nw.Int64).sum().over(*end) for at, end in zip(is_best, ends, strict=True)]
    counted = best.with_columns(times_l=tied[0], times_r=tied[1])
    is_alone = is_best[0] & is_best[1] & (nw.col("times_l") == 1) & (nw.col("times_r") == 1)
    decision = nw.when(~is_alone).then(nw.lit(POSSIBLE)).otherwise(nw.col("decision"))
    return counted.with_columns(decision=decision).select(*edges.collect_schema().names())


def clusters(edges: pl.DataFrame) -> pl.DataFrame:
    """The people that edges join: id, cluster (the least id of those joined), the same in any order of edges."""
    ids = pl.concat([edges[PAIR[0]], edges[PAIR[1]]]).unique().sort().alias(ID)
    places = [ids.search_sorted(edges[side]).to_numpy() for side in PAIR]
    ones = pl.ones(edges.height, eager=True).to_numpy()
    _, labels = connected_components(coo_array((ones, places), shape=(ids.len(),) * 2), directed=False)
    found = pl.DataFrame({ID: ids, "label": labels})
    return found.select(ID, cluster=pl.col(ID).min().over("label"))


def probability_ppm(weight: int) -> int:
    """The probability, in millionths, of a match that weighs `weight` hundredths of a bit."""
    return round(MILLION / (1 + 2 ** (-weight / SCALE)))


def _named(people: Frame, column: str, model: LinkageModel, engine: Engine) -> Frame:
    heard = people.with_columns(written=name_key(nw.col(column))).with_columns(heard=sound_key(nw.col("written")))
    sound = nw.col("heard")
    parts = {"1": first_word(sound), "2": middle_words(sound), "3": last_word(sound)}
    worded = heard.with_columns(
        squeezed(nw.col("written")).alias(f"{column}_key"),
        squeezed(sound).alias(f"{column}_sound"),
        *(part.alias(f"{column}_{place}") for place, part in parts.items()),
    ).drop("written", "heard")
    return _rated(worded, column, model, engine)


def _rated(people: Frame, column: str, model: LinkageModel, engine: Engine) -> Frame:
    """`<column>_rarity`: the weight of the name's words, at most the ceiling."""
    words = {"word": list(model.rarity.words), "bits": list(model.rarity.words.values())}
    listed = engine.load(pl.DataFrame(words, schema={"word": pl.String, "bits": pl.Int64}))
    weights = []
    for place in ("1", "2", "3"):
        word, weight = f"{column}_{place}", f"{column}_{place}_weight"
        people = people.join(listed, left_on=word, right_on="word", how="left").with_columns(
            nw.when(nw.col(word).str.len_chars() > 1)
            .then(nw.coalesce(nw.col("bits"), nw.lit(model.rarity.unlisted, dtype=nw.Int64)))
            .otherwise(nw.lit(0, dtype=nw.Int64))
            .alias(weight)
        )
        people = people.drop("bits")
        weights.append(weight)
    total, ceiling = reduce(add, map(nw.col, weights)), nw.lit(model.rarity.ceiling, dtype=nw.Int64)
    rarity = nw.when(total > ceiling).then(ceiling).otherwise(total)
    return people.with_columns(rarity.alias(f"{column}_rarity")).drop(*weights)


def _block(new: Frame, known: Frame, keys: Sequence[str]) -> Frame:
    facts = [ID, SOURCE, *keys]
    mine = new.select(facts).filter(*(nw.col(key) != "" for key in keys))
    theirs = known.select(facts).rename({ID: "id_2", SOURCE: "source_2"})
    pairs = mine.join(theirs, on=list(keys), how="inner").filter(
        nw.col(ID) != nw.col("id_2"), nw.col(SOURCE) != nw.col("source_2")
    )
    is_first = nw.col(ID) < nw.col("id_2")
    low = nw.when(is_first).then(nw.col(ID)).otherwise(nw.col("id_2"))
    high = nw.when(is_first).then(nw.col("id_2")).otherwise(nw.col(ID))
    return pairs.select(low.alias(PAIR[0]), high.alias(PAIR[1]))


def _beside(pairs: Frame, people: Frame, model: LinkageModel) -> Frame:
    """Each pair with the keys of both sides."""
    names = [SOURCE, *dict.fromkeys(name for c in model.comparisons for name in _columns(c.kind, c.columns))]
    for side in ("_l", "_r"):
        facts = people.select(nw.col(ID).alias(f"{ID}{side}"), *(nw.col(name).alias(f"{name}{side}") for name in names))
        pairs = pairs.join(facts, on=f"{ID}{side}", how="inner")
    return pairs


def _columns(kind: str, columns: Sequence[str]) -> list[str]:
    if kind != "name":
        return list(columns)
    return [f"{columns[0]}_{part}" for part in ("key", "sound", "1", "2", "3", "rarity")]


def _scored(pairs: Frame, model: LinkageModel, engine: Engine) -> Frame:
    return _decided(pairs, model).join(_probabilities(engine), on="bounded", how="left").drop("bounded")


def _decided(pairs: Frame, model: LinkageModel) -> Frame:
    """The pairs that weigh enough, with `bounded`, the weight as far as a probability in millionths tells it."""
    named = [comparison.name for comparison in model.comparisons]
    compared = pairs.with_columns(*(levels.KINDS[c.kind](*c.columns).alias(c.name) for c in model.comparisons))
    weighed = compared.with_columns(weight=_weight(model))
    kept = weighed.filter(nw.col("weight") >= model.possible)
    guarded = reduce(
        or_, (nw.col(c.name).is_in(list(c.never_sure)) for c in model.comparisons if c.never_sure), nw.lit(value=False)
    )
    is_sure = (nw.col("weight") >= model.sure) & ~guarded
    return kept.select(
        *PAIR,
        f"{SOURCE}_l",
        f"{SOURCE}_r",
        *named,
        "weight",
        bounded=_between(nw.col("weight"), -CERTAIN, CERTAIN),
        decision=nw.when(is_sure).then(nw.lit(SURE)).otherwise(nw.lit(POSSIBLE)),
        model=nw.lit(model.sha256),
    )


def _weight(model: LinkageModel) -> nw.Expr:
    parts = [
        nw.col(c.name).replace_strict([*c.weights, MISSING], [*c.weights.values(), 0], default=0, return_dtype=nw.Int64)
        for c in model.comparisons
    ]
    rarities = [
        nw.when(nw.col(c.name).is_in(RARE)).then(_rarity(c.columns[0])).otherwise(nw.lit(0, dtype=nw.Int64))
        for c in model.of_kind("name")
    ]
    return reduce(add, (*parts, *rarities), nw.lit(model.prior, dtype=nw.Int64))


def _rarity(column: str) -> nw.Expr:
    """That of the side with less: a shorter or otherwise divided name."""
    left, right = nw.col(f"{column}_rarity_l"), nw.col(f"{column}_rarity_r")
    return nw.when(left < right).then(left).otherwise(right)


def _between(weight: nw.Expr, low: int, high: int) -> nw.Expr:
    lowest, highest = nw.lit(low, dtype=nw.Int64), nw.lit(high, dtype=nw.Int64)
    return nw.when(weight < lowest).then(lowest).otherwise(nw.when(weight > highest).then(highest).otherwise(weight))


def _probabilities(engine: Engine) -> Frame:
    """Every bounded weight with its probability: looked up, since engines round floats in their own ways."""
    weights = range(-CERTAIN, CERTAIN + 1)
    table = {"bounded": weights, "probability_ppm": [probability_ppm(weight) for weight in weights]}
    return engine.load(pl.DataFrame(table, schema={"bounded": pl.Int64, "probability_ppm": pl.Int64}))
