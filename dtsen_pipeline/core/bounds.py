"""Hard bounds of a family's decile where inputs are missing: no completion of the blanks leads outside them.

A completion gives every missing answer a value that the contract allows; what is blank in the ministry's data and in
the verified data alike gets the same value in both. Inputs whose answers verification left as they were then add
nothing to the difference, all others add what the ends of their ranges allow. Cut-offs and points stay as they are.
A family of no known section (see `sections`) may be of each.
Families whose rows were rejected or held can be anything. Bounds need not be reached: ranges are taken input by input.
"""

from collections.abc import Callable, Mapping, Sequence
from datetime import date
from functools import reduce
from operator import add, and_

import narwhals as nw

from dtsen_pipeline.core.cutoffs import DECILES, Cuts, by_decile, decile_of
from dtsen_pipeline.core.declared import CARD, DECLARED, Counted, Joint, bundles
from dtsen_pipeline.core.engine import Frame
from dtsen_pipeline.core.estimate import OFFICIAL, POINT
from dtsen_pipeline.core.features import PRESENT, features, household
from dtsen_pipeline.core.merge import Merged
from dtsen_pipeline.core.sections import PLACE, number
from dtsen_pipeline.core.subject import PRESENCE
from dtsen_pipeline.reference import WelfareModel

MINISTRY, FOUND = "m", "v"
ENDS = ("min", "max")
Bundles = Sequence[Joint | Counted]


def bounds(
    blank: Frame, merged: Merged, model: WelfareModel, on: date, cuts: Cuts, span: Mapping[int, tuple[int, int]]
) -> Frame:
    """family_id and the least and greatest desil_verifikasi and desil_estimasi of the families in `blank`.

    `blank`: family_id, desil_nasional and titik (null where the shadow score is missing) of families that miss an
    input; `span` as in `estimate.spans`.
    """
    named = {feature.name for feature in model.features}
    asked = [bundle for bundle in bundles() if named & set(bundle.names)]
    ministry = _ranges(blank, merged.families.ministry, merged.persons.ministry, model, on, asked, MINISTRY)
    found = _ranges(blank, merged.families.merged, merged.persons.merged, model, on, asked, FOUND)
    rows = (
        blank.select("family_id", OFFICIAL, POINT)
        .join(ministry, on="family_id", how="left")
        .join(found, on="family_id", how="left")
        .join(_regrouped(blank, merged, asked), on="family_id", how="left")
        .with_columns(kept=nw.col("kept").is_null())
    )
    return _deciles(rows.with_columns(**_totals(asked, model)), cuts, span)


def _columns(asked: Bundles, table: str) -> list[str]:
    """The columns of a table that these inputs come from; membership itself is compared by ids."""
    named = {column for bundle in asked for name in bundle.names for column in DECLARED[name].columns} - {CARD}
    return sorted(column.partition(".")[2] for column in named if column.startswith(f"{table}."))


def _ranges(
    blank: Frame, families: Frame, persons: Frame, model: WelfareModel, on: date, asked: Bundles, side: str
) -> Frame:
    """family_id, place and section; for each section and bundle the least and most of the score; own answers."""
    people = household(persons.join(blank, on="family_id", how="semi"), on)
    joined = families.join(blank, on="family_id", how="semi").join(people, on="family_id", how="left")
    known = features()
    ranges = {
        f"{side}_{end}_{part}_{place}": value
        for part, weights in enumerate(_weights(model))
        for place, bundle in enumerate(asked)
        for end, value in zip(ENDS, bundle.range(known, weights), strict=True)
    }
    return joined.select(
        "family_id",
        *([number(model).alias(f"{side}_part"), nw.col(PLACE).alias(f"{side}_{PLACE}")] if model.sections else []),
        *(value.alias(name) for name, value in ranges.items()),
        *(nw.col(name).alias(f"{side}_{name}") for name in _columns(asked, "keluarga")),
    )


def _weights(model: WelfareModel) -> list[dict[str, int]]:
    return [{feature.name: feature.coefficient_micro for feature in part.features} for part in model.parts]


def _regrouped(blank: Frame, merged: Merged, asked: Bundles) -> Frame:
    """family_id and `kept` = 0 of the families whose present members, or answers of theirs, are not the same."""
    names = ["family_id", "person_id", *_columns(asked, "anggota")]
    sides = [
        part.filter(nw.col(PRESENCE) == PRESENT).join(blank, on="family_id", how="semi").select(*names)
        for part in (merged.persons.ministry, merged.persons.merged)
    ]
    counted = nw.concat(sides).group_by(*names).agg(sides=nw.len())
    return counted.filter(nw.col("sides") == 1).select("family_id").unique().with_columns(kept=nw.lit(0))


def _totals(asked: Bundles, model: WelfareModel) -> dict[str, nw.Expr]:
    """The ends of the verified score, and of its difference from the shadow score, over the sections it may be of."""
    parts = range(len(model.parts))
    found = {}
    for end, other, widest in ((*ENDS, nw.min_horizontal), (*ENDS[::-1], nw.max_horizontal)):
        scores = [(_may_be(FOUND, part), _scored(asked, model, end, part)) for part in parts]
        apart = [(_may_move(a, b), _apart(asked, model, end, other, a, b)) for a in parts for b in parts]
        found[f"skor_{end}"], found[f"beda_{end}"] = _widest(scores, widest), _widest(apart, widest)
    return found


def _widest(cases: Sequence[tuple[nw.Expr, nw.Expr]], widest: Callable[..., nw.Expr]) -> nw.Expr:
    """The end of the values whose case may be; a single case always is."""
    if len(cases) == 1:
        return cases[0][1]
    return widest(*(nw.when(may_be).then(value) for may_be, value in cases))


def _scored(asked: Bundles, model: WelfareModel, end: str, part: int) -> nw.Expr:
    intercept = nw.lit(model.parts[part].intercept_micro, dtype=nw.Int64)
    return reduce(add, [nw.col(f"{FOUND}_{end}_{part}_{place}") for place in range(len(asked))], intercept).cast(
        nw.Int64
    )


def _apart(asked: Bundles, model: WelfareModel, end: str, other: str, before: int, after: int) -> nw.Expr:
    """How far the verified score in a section lies from the shadow score in another, or in the same one.

    In the same section, inputs whose answers are kept add nothing.
    """
    total = nw.lit(model.parts[after].intercept_micro - model.parts[before].intercept_micro, dtype=nw.Int64)
    for place, bundle in enumerate(asked):
        apart = nw.col(f"{FOUND}_{end}_{after}_{place}") - nw.col(f"{MINISTRY}_{other}_{before}_{place}")
        nothing = nw.lit(0, dtype=nw.Int64)
        total = total + (nw.when(_is_kept(bundle)).then(nothing).otherwise(apart) if before == after else apart)
    return total.cast(nw.Int64)


def _may_be(side: str, part: int) -> nw.Expr:
    section = nw.col(f"{side}_part")
    return section.is_null() | (section == part)


def _may_move(before: int, after: int) -> nw.Expr:
    """Whether a family may be of these sections; one that is the same blank on both sides is of the same section."""
    may_be = _may_be(MINISTRY, before) & _may_be(FOUND, after)
    if before == after:
        return may_be
    is_tied = nw.col(f"{MINISTRY}_part").is_null() & nw.col(f"{FOUND}_part").is_null() & _same(PLACE)
    return may_be & ~is_tied


def _is_kept(bundle: Joint | Counted) -> nw.Expr:
    """Whether verification left every answer behind these inputs as it was."""
    columns = {column for name in bundle.names for column in DECLARED[name].columns}
    same = [_same(name) for name in _columns([bundle], "keluarga")]
    members = [nw.col("kept")] if any(column.startswith("anggota.") for column in columns) else []
    return reduce(and_, [*same, *members])


def _same(name: str) -> nw.Expr:
    mine, theirs = nw.col(f"{FOUND}_{name}"), nw.col(f"{MINISTRY}_{name}")
    return (mine.is_null() & theirs.is_null()) | (~mine.is_null() & ~theirs.is_null() & (mine == theirs))


def _deciles(rows: Frame, cuts: Cuts, span: Mapping[int, tuple[int, int]]) -> Frame:
    """Both ends of both deciles; the official decile lies inside where the difference can be nothing."""
    official = nw.col(OFFICIAL)
    rows = rows.with_columns(
        titik_min=nw.coalesce(nw.col(POINT), by_decile(official, {d: low for d, (low, _) in span.items()}))
        + nw.col("beda_min"),
        titik_max=nw.coalesce(nw.col(POINT), by_decile(official, {d: high for d, (_, high) in span.items()}))
        + nw.col("beda_max"),
    )
    ends = {f"desil_verifikasi_{end}": decile_of(f"skor_{end}", cuts) for end in ENDS}
    rows = rows.with_columns(**ends, low=decile_of("titik_min", cuts), high=decile_of("titik_max", cuts))
    can_stay = (nw.col("beda_min") <= 0) & (nw.col("beda_max") >= 0)
    cannot_move = (nw.col("beda_min") == 0) & (nw.col("beda_max") == 0)
    low = nw.when(cannot_move | (can_stay & (nw.col("low") > official))).then(official)
    high = nw.when(cannot_move | (can_stay & (nw.col("high") < official))).then(official)
    return rows.select(
        "family_id",
        *ends,
        desil_estimasi_min=nw.coalesce(low.cast(nw.Int64), nw.col("low")),
        desil_estimasi_max=nw.coalesce(high.cast(nw.Int64), nw.col("high")),
    )


def bounded(rows: Frame) -> Frame:
    """`rows` with both bounds: the value itself where there is one, what `bounds` found, else everything."""
    exact = rows.with_columns(
        *(
            nw.coalesce(nw.col(f"desil_{name}"), nw.col(f"desil_{name}_{end}")).alias(f"desil_{name}_{end}")
            for name in ("verifikasi", "estimasi")
            for end in ENDS
        )
    )
    ends = {"min": nw.lit(1, dtype=nw.Int64), "max": nw.lit(DECILES, dtype=nw.Int64)}
    has_official = ~nw.col(OFFICIAL).is_null()
    return exact.with_columns(
        *(
            nw.coalesce(nw.col(f"desil_verifikasi_{end}"), edge).alias(f"desil_verifikasi_{end}")
            for end, edge in ends.items()
        ),
        *(
            nw.when(has_official)
            .then(nw.coalesce(nw.col(f"desil_estimasi_{end}"), edge))
            .alias(f"desil_estimasi_{end}")
            for end, edge in ends.items()
        ),
    )
