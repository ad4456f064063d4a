"""The rules between rows in pandas: members against their family, and NIK side by side (one snapshot)."""

# ruff: noqa: PLR2004 - codes are the rules themselves

import numpy as np
import pandas as pd

from benchmarks.pandas_rows import joined
from benchmarks.pandas_rules import CARD, NIK, ROW, matches
from dtsen_pipeline.schemas.tables import FAMILY, MEMBER

RELATION, BORN = "status_hubungan_keluarga", "tanggal_lahir"
DOUBTED = "W_NIK_BIRTHDATE|W_NIK_DATE|W_NIK_SEX|W_NIK_REGION_UNKNOWN|W_PERSON_TWICE"


def households(families: pd.DataFrame, members: pd.DataFrame) -> pd.DataFrame:
    """Rows that do not fit their family: src, row, sumber, warnings."""
    homes = _homes(members)
    fitted = families[[*ROW, CARD, "jumlah_anggota_keluarga"]].join(homes, on=CARD, validate="m:1")
    found, heads, spouses = (fitted[name].astype("Int64") for name in ("found", "heads", "spouses"))
    is_couple = (heads == 1) & (spouses == 1) & (fitted["head_sex"] > 0)
    masks = {
        "W_FAMILY_EMPTY": found.isna(),
        "W_HEAD_COUNT": heads != 1,
        "W_MEMBER_COUNT": fitted["jumlah_anggota_keluarga"] != found,
        "W_SPOUSE_COUNT": spouses > 1,
        "W_HEAD_UNMARRIED": (heads == 1) & (spouses > 0) & (fitted["head_marital"] == 1),
        "W_COUPLE_SEX": is_couple & (fitted["head_sex"] == fitted["spouse_sex"]),
    }
    kin = members.loc[members[RELATION].isin([3, 5, 6]), [*ROW, CARD, RELATION, BORN]]
    kin = kin.join(homes.loc[homes["heads"] == 1, ["head_born"]], on=CARD, how="inner", validate="m:1")
    is_parent = kin[RELATION] == 6
    older = {
        "W_CHILD_OLDER": ~is_parent & (kin[BORN] <= kin["head_born"]),
        "W_PARENT_YOUNGER": is_parent & (kin[BORN] >= kin["head_born"]),
    }
    return pd.concat(
        [joined(families[ROW], masks).assign(sumber=FAMILY), joined(kin[ROW], older).assign(sumber=MEMBER)]
    )


def _homes(members: pd.DataFrame) -> pd.DataFrame:
    """One row per card."""
    is_head, is_spouse = (members[RELATION].eq(code).fillna(value=False) for code in (1, 2))
    found = members.groupby(CARD).size().rename("found").to_frame()
    heads, spouses = members[is_head].groupby(CARD), members[is_spouse].groupby(CARD)
    head = (
        heads[[BORN, "status_kawin", "jenis_kelamin"]].max().set_axis(["head_born", "head_marital", "head_sex"], axis=1)
    )
    spouse = spouses["jenis_kelamin"].max().rename("spouse_sex")
    counts = {"heads": heads.size(), "spouses": spouses.size()}
    counted = found.assign(**{name: count.reindex(found.index, fill_value=0) for name, count in counts.items()})
    return counted.join([head, spouse])


def numbers(members: pd.DataFrame, raised: pd.DataFrame) -> pd.DataFrame:
    """Member rows with a shared or nearly shared NIK: src, row, warnings; `raised` are their own warnings."""
    doubted = raised.index[raised["warnings"].str.contains(DOUBTED)]
    twice = raised.index[raised["warnings"].str.contains("W_NIK_TWICE")]
    rows = members.loc[twice.union(doubted), [*ROW, CARD, NIK, "id_name"]]
    shared = rows.loc[twice].groupby([ROW[0], NIK])
    masks = {
        "W_NIK_TWO_FAMILIES": shared[CARD].transform("nunique") > 1,
        "W_NIK_TWO_NAMES": shared["id_name"].transform("nunique") > 1,
    }
    masks = {code: mask.reindex(rows.index, fill_value=False) for code, mask in masks.items()}
    near = _near(rows.loc[doubted], members)
    return joined(rows[ROW], masks | {"W_NIK_NEIGHBOUR": pd.Series(rows.index.isin(near), index=rows.index)})


def _near(rows: pd.DataFrame, members: pd.DataFrame) -> pd.Index:
    """The doubted rows whose number is a near miss of another of their card."""
    cards = members.loc[members[CARD].isin(rows[CARD]), [ROW[0], CARD, NIK]]
    pairs = rows.reset_index(names="at").merge(cards, on=[ROW[0], CARD], suffixes=("", "_other"), validate="m:m")
    pairs = pairs[matches(pairs[NIK], "[0-9]{16}") & matches(pairs[f"{NIK}_other"], "[0-9]{16}")]
    mine, other = (
        np.array(pairs[name].to_list(), dtype="S16").view("u1").reshape(-1, 16) for name in (NIK, f"{NIK}_other")
    )
    differs = mine != other
    apart = differs.sum(axis=1)
    swapped = (mine[:, :-1] == other[:, 1:]) & (mine[:, 1:] == other[:, :-1]) & differs[:, :-1]
    return pd.Index(pairs["at"][(apart == 1) | ((apart == 2) & swapped.any(axis=1))].unique())
