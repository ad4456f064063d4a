"""How far missing inputs reach, in the pandas counterpart: the least and greatest decile of families that miss one."""

import numpy as np
import pandas as pd

from benchmarks.pandas_merge import Entities
from benchmarks.pandas_rows import Series
from dtsen_pipeline.core.subject import PRESENCE
from dtsen_pipeline.reference import WelfareModel

LEVELS = ("sd", "smp", "sma")
HEAD = ("head_male", "head_married", "head_male_married")
HEADS = ((0, 0, 0), (1, 0, 0), (0, 1, 0), (1, 1, 1))
OLDEST = 120
HOUSE = {"floor_area_per_head": ["luas_lantai"], "owns_cattle": ["jumlah_ternak_sapi", "jumlah_ternak_kerbau"]}
ANSWERS = [
    "status_hubungan_keluarga",
    "tanggal_lahir",
    "jenis_kelamin",
    "status_kawin",
    "partisipasi_sekolah",
    "jenjang_tertinggi_yang_diduduki",
    "ijazah_tertinggi_yang_dimiliki",
]
Range = tuple[Series, Series]
Facts = tuple[pd.DataFrame, dict[str, Series]]
"""Household counts by family, and the features of the same rows."""


def ranges(facts: Facts, model: WelfareModel, coded: dict[str, str]) -> dict[str, Range]:
    """The least and the most that each group of inputs adds; `coded`: the column behind each yes-or-no input."""
    weight = {feature.name: feature.coefficient_micro for feature in model.features}
    rows, known = facts
    by_age = ("children_0_4", "children_0_14", "elders")
    whole = {name: rows[name].astype("Int64") for name in ("n", "undated", "school_gaps", *by_age)}
    n, undated = whole["n"], whole["undated"]
    found: dict[str, Range] = {}

    def between(name: str, low: Series, high: Series) -> None:
        ends = [known[name].fillna(end) * weight[name] for end in (low, high)]
        found[name] = (ends[0], ends[1]) if weight[name] >= 0 else (ends[1], ends[0])

    def together(name: str, names: tuple[str, ...], costs: list[int]) -> None:
        total = sum((known[part] * weight[part] for part in names), start=n * 0)
        found[name] = (total.fillna(min(costs)), total.fillna(max(costs)))

    for name in ("household_size", "member_share"):
        between(name, known[name], known[name])
    for name in by_age:
        between(name, whole[name], whole[name] + undated)
    between("floor_area_per_head", 10 // n, (9970 // n).clip(upper=300))
    for level in LEVELS:
        pupils = rows[f"in_{level}"].astype("Int64")
        between(f"children_in_{level}", pupils, pupils + whole["school_gaps"] + undated)
    ages = [weight["head_age"] * age + weight["head_age_squared"] * age * age for age in range(OLDEST + 1)]
    together("head_age", ("head_age", "head_age_squared"), ages)
    for who in ("head", "highest"):
        names = tuple(f"{who}_completed_{level}" for level in LEVELS)
        together(names[0], names, [0, *(weight[name] for name in names)])
    for name in (*coded, "owns_cattle"):
        together(name, (name,), [0, weight[name]])
    found["head_male"] = _head(known, weight)
    return found


def _head(known: dict[str, Series], weight: dict[str, int]) -> Range:
    low = high = pd.Series(pd.NA, index=known["head_male"].index, dtype="Int64")
    for values in HEADS:
        fits = pd.Series(data=True, index=low.index)
        for name, value in zip(HEAD, values, strict=True):
            fits &= known[name].isna() | (known[name] == value).fillna(value=False)
        cost = sum(weight[name] * value for name, value in zip(HEAD, values, strict=True))
        low = low.mask(fits & (low.isna() | (low > cost).fillna(value=False)), cost)
        high = high.mask(fits & (high.isna() | (high < cost).fillna(value=False)), cost)
    return low, high


def regrouped(both: tuple[Entities, Entities], blank: Series) -> set[str]:
    """Families whose present members, or answers of theirs, are not the same on both sides."""
    people = both[1]
    names = ["family_id", "person_id", *ANSWERS]
    sides = [
        rows.loc[(rows[PRESENCE] == 1).fillna(value=False).astype(bool) & rows["family_id"].isin(blank), names]
        for rows in (people.ministry, people.merged)
    ]
    counted = pd.concat(sides).groupby(names, dropna=False).size()
    return set(counted[counted == 1].index.get_level_values("family_id"))


def kept(name: str, homes: tuple[pd.DataFrame, pd.DataFrame], coded: dict[str, str], changed: Series) -> Series:
    """Whether verification left the answers behind a group of inputs as they were."""
    before, after = homes
    columns = HOUSE.get(name, [coded[name]] if name in coded else [])
    same = pd.Series(data=True, index=before.index)
    for column in columns:
        mine, theirs = before[column].astype("Int64"), after[column].astype("Int64")
        same &= (mine == theirs).fillna(value=False) | (mine.isna() & theirs.isna())
    is_of_house = name in coded or name == "owns_cattle"
    return same if is_of_house else same & ~changed


def ends(
    sides: tuple[dict[str, Range], dict[str, Range]], held: dict[str, Series], model: WelfareModel
) -> dict[str, Series]:
    """The ends of the verified score and of its difference from the shadow score."""
    before, after = sides
    start = next(iter(after.values()))[0] * 0
    found = {}
    for end, name in enumerate(("min", "max")):
        found[f"skor_{name}"] = sum((part[end] for part in after.values()), start=start + model.intercept_micro)
        apart = ((after[group][end] - before[group][1 - end]).mask(held[group], 0) for group in after)
        found[f"beda_{name}"] = sum(apart, start=start)
    return found


def points(rows: pd.DataFrame, cuts: list[int]) -> pd.DataFrame:
    """desil_nasional, skor_bayangan and the point of every pair that calibrated the cut-offs."""
    counted = rows.groupby(["desil_nasional", "skor_bayangan"], as_index=False).size()
    counted = counted.astype({"desil_nasional": "int64", "skor_bayangan": "int64"})
    counted["place"] = counted["size"].cumsum() - counted["size"] + (counted["size"] + 1) // 2
    reached = counted.groupby("skor_bayangan")["size"].sum().cumsum().reset_index(name="place")
    reached = reached.rename(columns={"skor_bayangan": "titik"})
    found = pd.merge_asof(counted, reached, on="place", direction="forward")
    official = found["desil_nasional"].to_numpy()
    low = np.array([np.iinfo("int64").min, *(cut + 1 for cut in cuts)])[official - 1]
    high = np.array([*cuts, np.iinfo("int64").max])[official - 1]
    found["titik"] = np.minimum(np.maximum(found["titik"].to_numpy(), low), high)
    return found[["desil_nasional", "skor_bayangan", "titik"]]


def decile(score: Series, cuts: list[int]) -> Series:
    """The decile of a score; null where there is none."""
    place = np.searchsorted(cuts, score.fillna(0).to_numpy("int64"), side="left") + 1
    return pd.Series(place, index=score.index, dtype="Int64").where(score.notna())
