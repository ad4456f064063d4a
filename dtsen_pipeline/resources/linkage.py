"""Training of a linkage model with Splink on DuckDB, and the same comparisons as DuckDB conditions.

Splink learns how often each level occurs among records of one person (m) and of two (u); the weights leave as
whole numbers, and `core.linkage` scores with them on any engine. A test holds both writings of a level equal.
"""

import math
from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple

import polars as pl

from dtsen_pipeline.core.levels import LIKE, NEAR, NEW_YEAR
from dtsen_pipeline.reference.linking import LEVELS, MISSING, RARE, SCALE, Comparison

TRUTH = "truth"
RAREST_M, RAREST_U = 1e-4, 1e-6
"""The least shares of a level; one never seen weighs as if it were seen so often."""
Shares = dict[str, dict[str, tuple[float, float]]]
"""m and u by comparison and level."""


def train(people: pl.DataFrame, comparisons: Sequence[Comparison], *, dedupe: bool, pairs: int) -> Shares:
    """The m and u of every level, from `core.linkage.keyed` people with a whole number as their `truth`.

    m is counted among the records that share a truth; u among about `pairs` random pairs of a record with an even
    and one with an odd truth, so that no pair of one person is among them. `dedupe` also pairs records of one source.
    """
    labelled = _linker(people, comparisons, "dedupe_only" if dedupe else "link_only", "source")
    labelled.training.estimate_m_from_label_column(TRUTH)
    parted = people.with_columns(part=(pl.col(TRUTH) % 2).cast(pl.String))
    strangers = _linker(parted, comparisons, "link_only", "part")
    strangers.training.estimate_u_using_random_sampling(pairs, seed=1, min_count_per_level=None, num_chunks=1)
    m, u = (_shares(linker.misc.save_model_to_json(), comparisons) for linker in (labelled, strangers))
    return {
        name: {level: (m[name][level].m, u[name][level].u) for level in LEVELS[kind]}
        for name, kind in ((comparison.name, comparison.kind) for comparison in comparisons)
    }


def _linker(people: pl.DataFrame, comparisons: Sequence[Comparison], link_type: str, source: str) -> Any:
    """A Splink linker over one table for each value of the column `source`."""
    from splink import DuckDBAPI, Linker, SettingsCreator  # noqa: PLC0415 - two seconds

    settings = SettingsCreator(
        link_type=link_type,
        comparisons=[_declared(comparison) for comparison in comparisons],
        blocking_rules_to_generate_predictions=[],
        unique_id_column_name="id",
        source_dataset_column_name=source,
    )
    api = DuckDBAPI()
    tables = people.partition_by(source, maintain_order=True) if link_type == "link_only" else [people]
    registered = [api.register(table.to_arrow(), table_name=f"list_{at}") for at, table in enumerate(tables)]
    return Linker(registered, settings, log_level=None)


def weights(shares: Mapping[str, tuple[float, float]], kind: str, commonness: float) -> dict[str, int]:
    """The weight of every level in hundredths of a bit.

    `commonness`: the mean share of people who bear a person's name as its rarity has it. Where the rarity of each
    name is added, the mean is taken off, so that the level weighs what it should on the whole.
    """
    found = {}
    for level in LEVELS[kind]:
        m, u = (max(share, least) for share, least in zip(shares[level], (RAREST_M, RAREST_U), strict=True))
        is_rare = kind == "name" and level in RARE
        found[level] = round(SCALE * math.log2(m / u * (commonness if is_rare else 1)))
    return found


def conditions(comparison: Comparison) -> list[tuple[str, str]]:
    """The level and DuckDB condition of every level but the last, closest first, missing values before them."""
    return _SQL[comparison.kind](*comparison.columns)


def _declared(comparison: Comparison) -> dict[str, Any]:
    levels = [
        {"sql_condition": condition, "label_for_charts": level, "is_null_level": level == MISSING}
        for level, condition in conditions(comparison)
    ]
    return {
        "output_column_name": comparison.name,
        "comparison_levels": [*levels, {"sql_condition": "ELSE", "label_for_charts": "other"}],
    }


def _shares(model: Mapping[str, Any], comparisons: Sequence[Comparison]) -> dict[str, dict[str, "_Learnt"]]:
    """What Splink learnt of every level; one that it never saw has a share of zero."""
    return {
        comparison.name: {
            level["label_for_charts"]: _Learnt(_share(level, "m"), _share(level, "u"))
            for level in learnt["comparison_levels"]
        }
        for comparison, learnt in zip(comparisons, model["comparisons"], strict=True)
    }


class _Learnt(NamedTuple):
    m: float
    u: float


def _share(level: Mapping[str, Any], name: str) -> float:
    share = level.get(f"{name}_probability", 0.0)
    return float(share) if isinstance(share, int | float) else 0.0


def _code(column: str) -> list[tuple[str, str]]:
    return [_missing(column), ("exact", f"{column}_l = {column}_r")]


def _text(column: str) -> list[tuple[str, str]]:
    return [
        *_code(column),
        ("near", _near(column)),
        ("like", f"{_common(column)} * {LIKE[1]} >= {_longer(column)} * {LIKE[0]}"),
    ]


def _name(column: str) -> list[tuple[str, str]]:
    key, sound = f"{column}_key", f"{column}_sound"
    left, right = ([f"{column}_{place}_{side}" for place in (1, 2, 3)] for side in "lr")
    turned = " AND ".join(f"{a} = {b}" for a, b in zip(left, reversed(right), strict=True))
    any_word = " OR ".join(f"({a} = {b} AND {a} <> '')" for a in left for b in right)
    return [
        _missing(key),
        ("exact", f"{key}_l = {key}_r"),
        ("sound", f"{sound}_l = {sound}_r OR ({turned} AND {left[2]} <> '')"),
        ("near", _near(sound)),
        ("part", f"({_contained(left, right)}) OR ({_contained(right, left)})"),
        ("word", any_word),
    ]


def _date(column: str) -> list[tuple[str, str]]:
    left, right = f"{column}_l", f"{column}_r"
    same = {name: f"substr({left}, {at}, {size}) = substr({right}, {at}, {size})" for name, at, size in _PARTS}
    year, month, day = same["year"], same["month"], same["day"]
    turned = f"substr({left}, 6, 2) = substr({right}, 9, 2) AND substr({left}, 9, 2) = substr({right}, 6, 2)"
    return [
        _missing(column),
        ("placeholder", f"{year} AND ({left} LIKE '____{NEW_YEAR}' OR {right} LIKE '____{NEW_YEAR}')"),
        ("exact", f"{left} = {right}"),
        ("near", f"({month} AND {day}) OR ({year} AND {month}) OR ({year} AND {day}) OR ({year} AND {turned})"),
        ("year", year),
    ]


_PARTS = (("year", 1, 4), ("month", 6, 2), ("day", 9, 2))


def _place(card: str, village: str) -> list[tuple[str, str]]:
    unknown = " AND ".join(f"({column}_l IS NULL OR {column}_r IS NULL)" for column in (card, village))
    return [(MISSING, unknown), ("card", f"{card}_l = {card}_r"), ("village", f"{village}_l = {village}_r")]


_SQL: dict[str, Callable[..., list[tuple[str, str]]]] = {
    "code": _code,
    "text": _text,
    "name": _name,
    "date": _date,
    "place": _place,
}


def _missing(column: str) -> tuple[str, str]:
    return MISSING, f"{column}_l IS NULL OR {column}_r IS NULL"


def _longer(column: str) -> str:
    return f"greatest(length({column}_l), length({column}_r))"


def _near(column: str) -> str:
    """The differing stretch is short; what is cheap to see is asked first."""
    left, right = f"{column}_l", f"{column}_r"
    is_close = f"abs(length({left}) - length({right})) <= {NEAR}"
    return f"CASE WHEN {is_close} THEN {_longer(column)} - {_common(column)} <= {NEAR} ELSE false END"


def _common(column: str) -> str:
    """Characters in common at both ends of two different texts."""
    left, right = f"{column}_l", f"{column}_r"
    shorter = f"least(length({left}), length({right}))"
    ends = (
        f"len(list_filter(range(1, {shorter} + 1), lambda i: {end}({left}, i) = {end}({right}, i)))"
        for end in ("left", "right")
    )
    return f"least({' + '.join(ends)}, {shorter})"


def _contained(inner: Sequence[str], outer: Sequence[str]) -> str:
    return " AND ".join(
        f"({word} = '' OR {' OR '.join(_stands_for(word, other) for other in outer)})" for word in inner
    )


def _stands_for(word: str, other: str) -> str:
    is_initial = f"(length({word}) = 1 OR length({other}) = 1)"
    return f"({word} = {other} OR ({is_initial} AND left({word}, 1) = left({other}, 1)))"
