"""Scores and desil in the pandas counterpart."""

from datetime import date
from typing import Any

import numpy as np
import pandas as pd

from benchmarks import pandas_bounds as reach
from benchmarks.pandas_merge import Entities
from benchmarks.pandas_rules import CARD, ROW, Series
from benchmarks.pandas_ties import hashed
from dtsen_pipeline.core.inputs import InputList
from dtsen_pipeline.core.subject import PRESENCE
from dtsen_pipeline.reference import WelfareModel
from dtsen_pipeline.schemas.tables import FAMILY, MEMBER, VISIT, VISIT_MEMBER

ASSETS = {
    "owns_ac": "ac",
    "owns_computer": "komputer_laptop_tablet",
    "owns_refrigerator": "lemari_es",
    "owns_bicycle": "sepeda",
    "owns_motorcycle": "sepeda_motor",
    "owns_car": "mobil",
}
CODED: dict[str, tuple[str, list[int], list[int]]] = {
    "floor_not_earth": ("jenis_lantai_terluas", [1, 2, 3, 4, 5, 6, 7, 9, 91], [8]),
    "wall_brick_or_cement": ("jenis_dinding_terluas", [1, 2], [3, 4, 5, 6, 7]),
    "private_toilet": ("fasilitas_bab", [1], [2, 3, 4, 5, 6]),
    "no_firewood": ("bahan_bakar_utama_memasak", [1, 2, 3, 4, 5, 6, 7, 8, 9, 11, 12, 91], [10]),
    "owns_house": ("status_kepemilikan_rumah", [1], [2, 3, 4, 5]),
} | {name: (f"aset_bergerak_{asset}", [1], [2]) for name, asset in ASSETS.items()}


def incomplete(
    records: dict[str, pd.DataFrame], rejected: pd.DataFrame, aside: pd.DataFrame, key: bytes
) -> pd.DataFrame:
    """family_id, reason, is_ministry of families with a rejected or held member."""
    held = aside.loc[aside["fate"] == "held", ROW].assign(reason="anggota_ditahan")
    open_rows = rejected[rejected["resolved_by"].isna()]
    bad = pd.concat([open_rows[ROW].assign(reason="anggota_ditolak"), held])
    members = records[MEMBER][[*ROW, CARD]].merge(bad, on=ROW, validate="1:1").assign(is_ministry=1)
    visits = records[VISIT][["id_kunjungan", CARD]].dropna()
    cards = visits.groupby("id_kunjungan", as_index=False)[CARD].min()
    met = records[VISIT_MEMBER][[*ROW, "id_kunjungan"]].merge(bad, on=ROW, validate="1:1")
    met = met.merge(cards, on="id_kunjungan", validate="m:1").assign(is_ministry=0)
    found = pd.concat([members, met])[[CARD, "reason", "is_ministry"]].dropna(subset=CARD)
    worst = found.groupby(CARD, as_index=False).max()
    return worst.assign(family_id=hashed(worst[CARD], FAMILY, key)).drop(columns=CARD)


def score(both: tuple[Entities, Entities], gaps: pd.DataFrame, model: WelfareModel, inputs: InputList) -> pd.DataFrame:
    """family_id, completeness, both scores and the three recomputed desil."""
    homes, people = both
    shadow = _scores(homes.ministry, people.ministry, model, inputs.base_date, "bayangan")
    moved = [rows.loc[rows["person_id"].isin(people.touched), "family_id"] for rows in (people.merged, people.ministry)]
    changed = pd.concat([homes.touched, *moved]).dropna().drop_duplicates()
    part = homes.merged[homes.merged["family_id"].isin(changed)]
    again = _scores(
        part, people.merged[people.merged["family_id"].isin(changed)], model, inputs.base_date, "verifikasi"
    )
    same = shadow[~shadow["family_id"].isin(changed)].set_axis(again.columns, axis=1)
    rows = homes.merged[["family_id", "desil_nasional"]]
    for side in (shadow, pd.concat([again, same]), gaps):
        rows = rows.merge(side, on="family_id", how="left", validate="1:1")
    return _deciles(rows, both, model, inputs.base_date)


def _deciles(rows: pd.DataFrame, both: tuple[Entities, Entities], model: WelfareModel, on: date) -> pd.DataFrame:
    counted = rows.dropna(subset=["skor_bayangan", "desil_nasional"])
    counted = counted[counted["is_ministry"].fillna(0) == 0]
    cuts = _cuts(counted)
    withheld = rows["reason"].mask(
        rows["reason"].isna() & ~(rows["peopled_bayangan"] & rows["peopled_verifikasi"]), "tanpa_anggota"
    )
    blank = rows["skor_bayangan"].isna() | rows["skor_verifikasi"].isna()
    found = pd.DataFrame({"family_id": rows["family_id"], "desil_nasional": rows["desil_nasional"].astype("Int64")})
    found["alasan_tidak_lengkap"] = withheld.mask(withheld.isna() & blank, "masukan_kosong")
    found["is_lengkap"] = found["alasan_tidak_lengkap"].isna()
    for name in ("bayangan", "verifikasi"):
        found[f"skor_{name}"] = rows[f"skor_{name}"].where(withheld.isna())
        found[f"desil_{name}"] = reach.decile(found[f"skor_{name}"], cuts)
    pointed = reach.points(counted, cuts)
    keys = ["desil_nasional", "skor_bayangan"]
    found = found.merge(pointed.astype("Int64"), on=keys, how="left", validate="m:1")
    found["titik"] = found["titik"].where(found["skor_bayangan"].notna() & found["desil_nasional"].notna())
    missing = found.loc[found["alasan_tidak_lengkap"] == "masukan_kosong", ["family_id", "desil_nasional", "titik"]]
    bound = _bounds(missing, both, model, on, (cuts, pointed))
    found = found.merge(bound, on="family_id", how="left", validate="1:1")
    return _estimated(found, cuts).drop(columns=["desil_nasional", "titik"])


def _estimated(found: pd.DataFrame, cuts: list[int]) -> pd.DataFrame:
    moved = found["skor_verifikasi"] - found["skor_bayangan"]
    at = found["titik"] + moved
    official = found["desil_nasional"]
    desil = reach.decile(at, cuts).mask((moved == 0).fillna(value=False) & at.notna(), official)
    found["skor_estimasi"], found["desil_estimasi"] = at, desil
    place = desil.fillna(1).to_numpy("int64")
    below, above = np.array([0, *cuts])[place - 1], np.array([*cuts, 0])[place - 1]
    found["jarak_batas_bawah"] = (at - below).where((desil > 1).fillna(value=False))
    found["jarak_batas_atas"] = (above - at).where((desil < 10).fillna(value=False))  # noqa: PLR2004
    for end, edge in (("min", 1), ("max", 10)):
        for name in ("verifikasi", "estimasi"):
            bound = found[f"desil_{name}"].fillna(found[f"desil_{name}_{end}"]).fillna(edge)
            found[f"desil_{name}_{end}"] = bound if name == "verifikasi" else bound.where(official.notna())
    return found


def _bounds(
    missing: pd.DataFrame,
    both: tuple[Entities, Entities],
    model: WelfareModel,
    on: date,
    scale: tuple[list[int], pd.DataFrame],
) -> pd.DataFrame:
    """family_id and both bounds of families that miss an input."""
    cuts, pointed = scale
    homes, people = both
    coded = {name: column for name, (column, _, _) in CODED.items()}
    sides, rows = [], []
    for home, persons in ((homes.ministry, people.ministry), (homes.merged, people.merged)):
        own = missing[["family_id"]].merge(home, on="family_id", how="left", validate="1:1")
        members = persons[persons["family_id"].isin(missing["family_id"])]
        joined = own.join(_household(members, on), on="family_id", validate="1:1")
        sides.append(reach.ranges((joined, _features(joined)), model, coded))
        rows.append(own)
    changed = rows[0]["family_id"].isin(reach.regrouped(both, missing["family_id"]))
    held = {name: reach.kept(name, (rows[0], rows[1]), coded, changed) for name in sides[0]}
    found = pd.DataFrame(reach.ends((sides[0], sides[1]), held, model))
    least, most = found["beda_min"], found["beda_max"]
    official = missing["desil_nasional"].reset_index(drop=True)
    stays, can_stay = (least == 0) & (most == 0), (least <= 0) & (most >= 0)
    bound = pd.DataFrame({"family_id": rows[0]["family_id"]})
    edges = np.array([*cuts, cuts[-1] + 1])
    for end in ("min", "max"):
        bound[f"desil_verifikasi_{end}"] = reach.decile(found[f"skor_{end}"], cuts)
        span = official.map(dict(enumerate(edges, 1)) | pointed.groupby("desil_nasional")["titik"].agg(end).to_dict())
        at = missing["titik"].reset_index(drop=True).fillna(span.astype("Int64")) + found[f"beda_{end}"]
        desil = reach.decile(at, cuts)
        is_past = ((desil > official) if end == "min" else (desil < official)).fillna(value=False)
        bound[f"desil_estimasi_{end}"] = desil.mask(stays | (can_stay & is_past), official)
    return bound


def _cuts(rows: pd.DataFrame) -> list[int]:
    below = rows.groupby("skor_bayangan").size().cumsum()
    cuts = []
    for decile in range(1, 10):
        share = int((rows["desil_nasional"] <= decile).sum())
        cuts.append(int(below.index[int(below.searchsorted(share))]) if share else int(below.index[0]) - 1)
    return cuts


def _scores(families: pd.DataFrame, people: pd.DataFrame, model: WelfareModel, on: date, name: str) -> pd.DataFrame:
    joined = families.join(_household(people, on), on="family_id", validate="1:1")
    known = _features(joined)
    total = pd.Series(model.intercept_micro, index=joined.index, dtype="Int64")
    for feature in model.features:
        total = total + known[feature.name].astype("Int64") * feature.coefficient_micro
    return pd.DataFrame(
        {"family_id": joined["family_id"], f"skor_{name}": total, f"peopled_{name}": joined["n"].notna()}
    )


def _level(people: pd.DataFrame) -> Series:
    certificate = people["ijazah_tertinggi_yang_dimiliki"]
    none = (certificate == 23) | (certificate.isna() & (people["partisipasi_sekolah"] == 1))  # noqa: PLR2004
    conditions = [none, certificate.between(1, 5), certificate.between(6, 10), certificate.between(11, 22)]
    held = [condition.fillna(value=False).to_numpy(bool) for condition in conditions]
    return pd.Series(np.select(held, [0, 1, 2, 3], -1), index=people.index)


def _household(people: pd.DataFrame, on: date) -> pd.DataFrame:
    present = people[(people[PRESENCE] == 1).fillna(value=False).astype(bool)]
    born = present["tanggal_lahir"].dt
    number = born.year * 10_000 + born.month * 100 + born.day
    age = ((on.year * 10_000 + on.month * 100 + on.day - number) // 10_000).clip(lower=0)
    school, learned = present["partisipasi_sekolah"], present["jenjang_tertinggi_yang_diduduki"]
    level, is_school_age = _level(present), age.between(5, 24)
    pupil = (is_school_age & (school == 2)).fillna(value=False).astype(bool)  # noqa: PLR2004
    is_head = (present["status_hubungan_keluarga"] == 1).fillna(value=False).astype(bool)
    facts: dict[str, Any] = {
        "n": 1,
        "heads": is_head,
        "children_0_4": age < 5,  # noqa: PLR2004
        "children_0_14": age <= 14,  # noqa: PLR2004
        "elders": age >= 65,  # noqa: PLR2004
        "undated": age.isna(),
        "school_gaps": is_school_age & (school.isna() | (pupil & learned.isna())),
        "in_sd": pupil & learned.between(1, 5).fillna(value=False).astype(bool),
        "in_smp": pupil & learned.between(6, 10).fillna(value=False).astype(bool),
        "in_sma": pupil & learned.between(11, 17).fillna(value=False).astype(bool),
        "level_gaps": (age >= 5) & (level < 0),  # noqa: PLR2004
    }
    counts = pd.DataFrame(facts, index=present.index).astype("int64").groupby(present["family_id"]).sum()
    values = {"age": age, "sex": present["jenis_kelamin"], "marital": present["status_kawin"], "level": level}
    heads = pd.DataFrame(values)[is_head].groupby(present["family_id"][is_head]).max()
    grown = level.where((age >= 5) & (level >= 0)).groupby(present["family_id"]).max()  # noqa: PLR2004
    return counts.join(heads.add_prefix("head_")).join(grown.rename("highest"))


def _features(rows: pd.DataFrame) -> dict[str, Series]:
    whole = {name: rows[name].astype("Int64") for name in rows.columns[rows.columns.get_loc("n") :]}
    n, has_head = whole["n"], whole["heads"] == 1
    dated = whole["undated"] == 0
    schooled, levelled = dated & (whole["school_gaps"] == 0), dated & (whole["level_gaps"] == 0)
    age = whole["head_age"].where(has_head)
    head_level = whole["head_level"].where(has_head & (whole["head_level"] >= 0))
    male, married = _code(whole["head_sex"], [1], [2]), _code(whole["head_marital"], [2], [1, 3, 4])
    male, married = male.where(has_head), married.where(has_head)
    highest = whole["highest"].fillna(0).where(levelled & n.notna())
    livestock = rows["jumlah_ternak_sapi"].astype("Int64") + rows["jumlah_ternak_kerbau"]
    found = {name: _code(rows[column], yes, no) for name, (column, yes, no) in CODED.items()}
    found |= {
        "household_size": n,
        "member_share": 1000 // n,
        "head_age": age,
        "head_age_squared": age * age,
        "head_male": male,
        "head_married": married,
        "head_male_married": male * married,
        **{name: whole[name].where(dated) for name in ("children_0_4", "children_0_14", "elders")},
        "floor_area_per_head": (rows["luas_lantai"].astype("Int64") * 10 // n).clip(upper=300),
        "owns_cattle": (livestock > 0).astype("Int64"),
    }
    for place, stage in enumerate(("sd", "smp", "sma"), start=1):
        found[f"children_in_{stage}"] = whole[f"in_{stage}"].where(schooled)
        found[f"head_completed_{stage}"] = (head_level == place).astype("Int64")
        found[f"highest_completed_{stage}"] = (highest == place).astype("Int64")
    return found


def _code(cell: Series, yes: list[int], no: list[int]) -> Series:
    held = np.select([cell.isin(yes).to_numpy(bool), cell.isin(no).to_numpy(bool)], [1, 0], -1)
    return pd.Series(held, index=cell.index, dtype="Int64").where(held >= 0)
