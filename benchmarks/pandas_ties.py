"""Identity in the pandas counterpart: which row speaks of whom, and what is set aside (one snapshot).

Record linkage is the pipeline's own, as a pandas engineer would call a library for it; what it gets and what becomes
of its answers is pandas.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import narwhals as nw
import numpy as np
import pandas as pd
import polars as pl

from benchmarks.pandas_rows import TEXT
from benchmarks.pandas_rules import CARD, NIK, ROW, Series
from dtsen_pipeline.core import sure_links
from dtsen_pipeline.core.engine import Engine
from dtsen_pipeline.core.inputs import InputList
from dtsen_pipeline.reference import linkage_model
from dtsen_pipeline.resources.engines.digests import keyed
from dtsen_pipeline.schemas.tables import FAMILY, MEMBER, VISIT, VISIT_MEMBER, delivered, tables

LIKE = [CARD, "id_name", "born", "sex"]
EPOCH = pd.Timestamp("1970-01-01")
PRESENT, NEW = 1, 5


@dataclass(frozen=True)
class Ties:
    """Rows with entity ids by table, set-aside rows, aliases, rows with a shared NIK, and the linkage's edges."""

    families: pd.DataFrame
    members: pd.DataFrame
    visits: pd.DataFrame
    presences: pd.DataFrame
    aside: list[pd.DataFrame]
    alias: pd.DataFrame
    shared: pd.DataFrame
    links: pd.DataFrame


def tie(valid: Mapping[str, pd.DataFrame], inputs: InputList, key: bytes, engine: Engine) -> Ties:
    """Tie the valid rows of the four tables."""
    cards = _cards(valid[FAMILY], inputs, key)
    placed, kept, twins = _persons(valid[MEMBER], cards, key)
    visits = _visits(valid[VISIT], cards)
    members = valid[MEMBER].loc[kept.index].assign(family_id=kept["family_id"], person_id=kept["person_id"])
    found, set_aside, links = _presences(valid[VISIT_MEMBER], visits, kept, key, engine)
    active = [cards[cards["fate"] == "active"], visits[visits["fate"] == "active"]]
    renamed = kept[kept["own_key"] != kept["founding_key"]]
    sides = pd.concat(
        pd.DataFrame({"tabel": MEMBER, "alias_id": links[side], "entity_id": links["person_id"]})
        for side in ("pihak_a", "pihak_b")
    )
    sides = sides[sides["alias_id"] != sides["entity_id"]]
    aliases = pd.concat([_aliases(renamed, key), _aliases(found, key), sides]).drop_duplicates()
    return Ties(
        families=valid[FAMILY].loc[active[0].index].assign(family_id=active[0]["family_id"]),
        members=members,
        visits=valid[VISIT].merge(active[1][[*ROW, "family_id", "day", "at"]], on=ROW, validate="1:1"),
        presences=valid[VISIT_MEMBER].merge(
            found[[*ROW, "family_id", "person_id", "day", "at", "versi_dilihat", "card"]], on=ROW, validate="1:1"
        ),
        aside=[
            aside(cards[cards["fate"] != "active"], FAMILY),
            aside(placed[placed["fate"] != "active"], MEMBER),
            aside(twins.assign(fate="duplicate", reason=None), MEMBER),
            aside(visits[visits["fate"] != "active"], VISIT),
            *(aside(rows, VISIT_MEMBER) for rows in set_aside),
        ],
        alias=aliases,
        shared=_shared(kept),
        links=links,
    )


def aside(rows: pd.DataFrame, table: str) -> pd.DataFrame:
    """src, row, sumber, fate, reason."""
    reason = rows["reason"].astype(TEXT)
    return rows[[*ROW, "fate"]].assign(sumber=table, reason=reason)


def hashed(texts: Series, table: str, key: bytes) -> Series:
    """Surrogate ids of key texts."""
    seeds = f"1|{table}|" + texts
    return pd.Series(keyed(seeds.astype(object).where(seeds.notna(), None).tolist(), key), texts.index, dtype=TEXT)


def _twins(rows: pd.DataFrame, group: Sequence[str], table: str) -> Series:
    """Whether a row repeats an earlier row of its group."""
    again = rows[rows.duplicated([*group], keep=False)].sort_values(ROW)
    declared = [name for name in tables()[table].names if name in rows]
    repeated = again.index[again.duplicated([*group, *(name for name in declared if name not in group)])]
    return pd.Series(rows.index.isin(repeated), index=rows.index)


def _coalesce(first: Series, *others: Series) -> Series:
    for other in others:
        first = first.fillna(other)
    return first


def _when(condition: Series, value: str) -> Series:
    other: Any = None
    return pd.Series(np.where(condition, value, other), index=condition.index, dtype=TEXT)


def _cards(rows: pd.DataFrame, inputs: InputList, key: bytes) -> pd.DataFrame:
    outside = (rows["kode_kabupaten_kota"] != inputs.city) & rows["kode_kabupaten_kota"].notna()
    twin = _twins(rows, ["src", CARD], FAMILY)
    fate = _coalesce(_when(outside, "out_of_scope"), _when(twin, "duplicate")).fillna("active")
    return rows[[*ROW, CARD]].assign(
        kelurahan=rows["kode_kelurahan_desa"],
        fate=fate,
        reason=_when(outside, "O_CITY"),
        family_id=hashed(rows[CARD], FAMILY, key),
    )


def _homes(cards: pd.DataFrame) -> pd.DataFrame:
    ordered = cards.sort_values("fate").drop_duplicates(CARD)
    places = cards.groupby(CARD)["kelurahan"].min().reset_index()
    homes = ordered[[CARD, "fate", "family_id"]].rename(columns={"fate": "home"})
    return homes.merge(places, on=CARD, how="left", validate="1:1")


def _identified(rows: pd.DataFrame, card: str) -> pd.DataFrame:
    """The rows with born, sex and own_key."""
    born = rows["tanggal_lahir"].dt.strftime("%Y-%m-%d").astype(TEXT).fillna("")
    sex = rows["jenis_kelamin"].where(rows["jenis_kelamin"] > 0).astype(TEXT).fillna("")
    who = ("nik|" + rows[NIK]).fillna("kk|" + rows[card] + "|" + rows["id_name"])
    return rows.assign(born=born, sex=sex, own_key=who + "|" + born + "|" + sex)


def _persons(rows: pd.DataFrame, cards: pd.DataFrame, key: bytes) -> tuple[pd.DataFrame, pd.DataFrame, pd.DataFrame]:
    """All member rows with their fate; those in use with ids; those that repeat another."""
    narrow = _identified(rows[[*ROW, NIK, CARD, "id_name", "tanggal_lahir", "jenis_kelamin"]], CARD)
    placed = narrow.merge(_homes(cards), on=CARD, how="left", validate="m:1")
    lost, nameless = placed["home"].isna(), placed["own_key"].isna()
    outside = placed["home"] == "out_of_scope"
    placed["fate"] = _coalesce(_when(outside, "out_of_scope"), _when(lost | nameless, "held")).fillna("active")
    placed["reason"] = _coalesce(
        _when(outside, "O_CITY"), _when(lost, "H_FAMILY_ABSENT"), _when(nameless, "H_NO_IDENTITY")
    )
    active = _founded(_attached(placed[placed["fate"] == "active"]))
    several = active[active.duplicated(["src", "entity_key"], keep=False)]
    content = rows.loc[several.index].assign(entity_key=several["entity_key"])
    twins = content.loc[_twins(content, ["src", "entity_key"], MEMBER), ROW]
    kept = active.drop(twins.index)
    return placed, kept.assign(person_id=hashed(kept["founding_key"], MEMBER, key)), twins


def _attached(active: pd.DataFrame) -> pd.DataFrame:
    complete = active[active[NIK].notna() & (active["born"] != "") & (active["sex"] != "")]
    alike = complete[[*LIKE, "own_key"]].drop_duplicates()
    alike = alike[~alike.duplicated(LIKE, keep=False)].rename(columns={"own_key": "like_key"})
    missing = active.loc[active[NIK].isna(), LIKE].reset_index()
    like = missing.merge(alike, on=LIKE, how="left", validate="m:1").set_index("index")["like_key"]
    return active.assign(entity_key=like.reindex(active.index).fillna(active["own_key"]))


def _founded(keyed_rows: pd.DataFrame) -> pd.DataFrame:
    """With one snapshot the earliest record is the one with the smallest key."""
    joined = keyed_rows.loc[keyed_rows["own_key"] != keyed_rows["entity_key"], "entity_key"].unique()
    own = keyed_rows[keyed_rows["entity_key"].isin(joined)].groupby("entity_key")["own_key"].min()
    founding = keyed_rows["entity_key"].map(own) if len(own) else keyed_rows["entity_key"]
    return keyed_rows.assign(founding_key=founding.fillna(keyed_rows["entity_key"]))


def _aliases(rows: pd.DataFrame, key: bytes) -> pd.DataFrame:
    others = rows[["own_key", "person_id"]].drop_duplicates()
    alias = hashed(others["own_key"], MEMBER, key)
    found = pd.DataFrame({"tabel": MEMBER, "alias_id": alias, "entity_id": others["person_id"]})
    named: pd.DataFrame = found[alias.notna() & (alias != others["person_id"])]
    return named


def _shared(persons: pd.DataFrame) -> pd.DataFrame:
    known = persons[persons[NIK].notna()]
    owners = known[[NIK, "person_id"]].drop_duplicates()
    shared = owners.loc[owners.duplicated(NIK), NIK]
    return known.loc[known[NIK].isin(shared), ROW].assign(warnings="W_NIK_SHARED", sumber=MEMBER)


def _visits(rows: pd.DataFrame, cards: pd.DataFrame) -> pd.DataFrame:
    moment = rows["waktu_kunjungan"]
    at = pd.to_datetime(moment, format="%Y-%m-%dT%H:%M:%S%z", utc=True)
    day = pd.to_datetime(moment.str.slice(0, 10), format="%Y-%m-%d")
    narrow = rows[[*ROW, CARD, "id_kunjungan", "versi_dilihat", "hasil_kunjungan"]].assign(
        day=(day - EPOCH).dt.days,
        at=(at - EPOCH.tz_localize("UTC")).dt.total_seconds().astype("int64"),
        twin=_twins(rows, ["id_kunjungan"], VISIT),
    )
    placed = narrow.merge(_homes(cards), on=CARD, how="left", validate="m:1")
    outside, lost = placed["home"] == "out_of_scope", placed["home"].isna()
    silent = placed["hasil_kunjungan"].isin([3, 4, 5])
    fates = (
        _when(placed["twin"], "duplicate"),
        _when(outside, "out_of_scope"),
        _when(lost, "held"),
        _when(silent, "no_values"),
    )
    reason = _coalesce(_when(outside, "O_CITY"), _when(lost, "H_FAMILY_UNKNOWN")).mask(placed["twin"])
    return placed.assign(fate=_coalesce(*fates).fillna("active"), reason=reason)


def _presences(
    rows: pd.DataFrame, visits: pd.DataFrame, persons: pd.DataFrame, key: bytes, engine: Engine
) -> tuple[pd.DataFrame, list[pd.DataFrame], pd.DataFrame]:
    """Visit-member rows with their person; those set aside; and the edges by which the linkage tied rows."""
    placed = _identified(_placed(rows, visits), "card")
    active = placed[placed["fate"] == "active"]
    columns = ["person_id", "family_id", NIK, "id_name", "born", "sex"]
    first = _decided(active, persons[columns].drop_duplicates())
    first["new_id"] = hashed(first["new_key"], MEMBER, key)
    made = first[first["new_id"].notna()].drop(columns="person_id").rename(columns={"new_id": "person_id"})
    is_settled = first["held"] != "H_PERSON_UNKNOWN"
    second = _decided(active[~is_settled.loc[active.index]], made[columns].drop_duplicates())
    settled = first[is_settled].assign(person_id=first["person_id"].fillna(first["new_id"]))
    tied, links = _linked(pd.concat([settled, second]), persons, key, engine)
    lost = tied[tied["person_id"].isna()].assign(fate="held")
    return (
        tied[tied["person_id"].notna()],
        [
            placed[placed["fate"] != "active"],
            lost.assign(reason=lost["held"]),
        ],
        links,
    )


def _linked(
    exact: pd.DataFrame, persons: pd.DataFrame, key: bytes, engine: Engine
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Rows whose person the exact rules do not know, with the person that the linkage is sure of."""
    complete = exact["id_name"].notna() & (exact["born"] != "") & (exact["sex"] != "")
    nobody = exact["held"].isna() | (exact["held"] == "H_PERSON_UNKNOWN")
    listed = persons["person_id"].drop_duplicates()
    lone = exact[complete & nobody & ~exact["person_id"].isin(listed)]
    ids = hashed(lone["own_key"], MEMBER, key)
    is_own = (lone["person_id"].isna() | (lone["person_id"] == ids)) & ~ids.isin(listed)
    ids = ids[is_own]
    strangers = lone.loc[ids.index].assign(person_id=ids, first_card=lone["card"])
    named = ids.reindex(exact.index).fillna(exact["person_id"])
    rows = persons.assign(first_card=persons[CARD])
    linking = sure_links.Linking(_handed(rows, [*ROW, "own_key", *FACTS], engine), linkage_model(), engine)
    edges, person_of = sure_links.with_visits(
        _handed(strangers, [*ROW, "person_id", *FACTS], engine),
        _handed(exact.assign(person_id=named), ["person_id", "id_kunjungan"], engine),
        _handed(persons, ["own_key", "person_id", NIK], engine),
        linking,
        (),
        engine,
    )
    links = sure_links.table(edges, person_of, linking, engine, key).to_pandas()
    return exact.assign(person_id=named.map(person_of).fillna(exact["person_id"])), links


FACTS = [NIK, "id_name", "born", "sex", "first_card", "kelurahan"]


def _handed(rows: pd.DataFrame, columns: Sequence[str], engine: Engine) -> nw.LazyFrame[Any]:
    return engine.load(pl.from_pandas(rows[[*columns]]))


def _placed(rows: pd.DataFrame, visits: pd.DataFrame) -> pd.DataFrame:
    narrow = rows[[*ROW, "id_kunjungan", "keberadaan_anggota", NIK, "id_name", "tanggal_lahir", "jenis_kelamin"]]
    narrow = narrow.assign(twin=_twins(rows, ["id_kunjungan"], VISIT_MEMBER))
    in_use = (visits["fate"] == "active").astype("int8")
    latest = visits.assign(rank=in_use).sort_values(["rank", "at", *ROW]).drop_duplicates("id_kunjungan", keep="last")
    head = latest[["id_kunjungan", "versi_dilihat", "family_id", "day", "at", CARD, "kelurahan", "fate"]]
    placed = narrow.merge(
        head.rename(columns={CARD: "card", "fate": "visit_fate"}), on="id_kunjungan", how="left", validate="m:1"
    )
    unsent, told = placed["visit_fate"].isna(), placed["visit_fate"]
    fate = _coalesce(_when(placed["twin"], "duplicate"), _when(unsent, "held"), told)
    reason = _coalesce(
        _when(unsent, "H_VISIT_UNKNOWN"), _when(told == "held", "H_VISIT_HELD"), _when(told == "out_of_scope", "O_CITY")
    )
    return placed.assign(fate=fate, reason=reason.mask(placed["twin"]))


def _decided(rows: pd.DataFrame, candidates: pd.DataFrame) -> pd.DataFrame:
    rows = _by_name(_by_nik(rows, candidates), candidates)
    by_nik = _coalesce(
        rows["nik_home_id"].where(rows["nik_home"] == 1), rows["nik_agree_id"].where(rows["nik_agree"] == 1)
    )
    unknown = rows["nik_all"] == 0
    rows["person_id"] = by_nik.fillna(rows["name_all_id"].where(unknown & (rows["name_all"] == 1)))
    is_open = rows["person_id"].isna()
    code = rows["keberadaan_anggota"]
    complete = rows["id_name"].notna() & (rows["born"] != "") & (rows["sex"] != "")
    nobody = unknown & (rows["name_all"] == 0)
    other = (code == NEW) & ~unknown & (rows["nik_agree"] == 0)
    is_new = is_open & code.isin([PRESENT, NEW]) & complete & (nobody | other)
    rows["new_key"] = rows["own_key"].where(is_new.astype(bool))
    held = _coalesce(
        _when(rows["nik_agree"] > 1, "H_NIK_AMBIGUOUS"),
        _when(~unknown & (rows["nik_agree"] == 0), "H_NIK_CONTRADICTED"),
        _when(rows["name_all"] > 1, "H_NAME_AMBIGUOUS"),
    ).fillna("H_PERSON_UNKNOWN")
    rows["held"] = held.where(is_open & rows["new_key"].isna())
    return rows


def _agrees(pairs: pd.DataFrame, name: str) -> Series:
    mine, theirs = pairs[name], pairs[f"{name}_known"]
    return (mine == "") | (theirs == "") | (mine == theirs)


def _by_nik(rows: pd.DataFrame, candidates: pd.DataFrame) -> pd.DataFrame:
    theirs = candidates.drop(columns="id_name").rename(
        columns={"family_id": "home", "born": "born_known", "sex": "sex_known"}
    )
    pairs = rows[rows[NIK].notna()].merge(theirs[theirs[NIK].notna()], on=NIK, validate="m:m")
    agree = _agrees(pairs, "born") & _agrees(pairs, "sex")
    at_home = agree & (pairs["home"] == pairs["family_id"])
    for name, some in (("nik_all", pairs), ("nik_agree", pairs[agree]), ("nik_home", pairs[at_home])):
        rows = _counted(rows, some, name)
    return rows


def _by_name(rows: pd.DataFrame, candidates: pd.DataFrame) -> pd.DataFrame:
    theirs = candidates.rename(columns={NIK: "nik_known", "born": "born_known", "sex": "sex_known"})
    pairs = rows[rows["id_name"].notna()].merge(
        theirs[theirs["id_name"].notna()], on=["id_name", "family_id"], validate="m:m"
    )
    alike = _agrees(pairs, "born") & _agrees(pairs, "sex") & (pairs[NIK].isna() | pairs["nik_known"].isna())
    return _counted(rows, pairs[alike], "name_all")


def _counted(rows: pd.DataFrame, pairs: pd.DataFrame, name: str) -> pd.DataFrame:
    """`name`: how many persons a row is paired with; `name`_id: the smallest of their ids."""
    distinct = pairs[[*ROW, "person_id"]].drop_duplicates()
    counts = distinct.groupby(ROW)["person_id"].agg(["size", "min"]).set_axis([name, f"{name}_id"], axis=1)
    joined = rows.join(counts, on=ROW, validate="1:1")
    return joined.assign(**{name: joined[name].fillna(0)})


def received(rows: Mapping[str, pd.DataFrame], damaged: pd.DataFrame) -> pd.DataFrame:
    """src, row, sumber of every line that came in."""
    lines = [frame[ROW].assign(sumber=table) for table, frame in rows.items()]
    return pd.concat([*lines, damaged[[*ROW, "sumber"]]], ignore_index=True)


def read_columns(table: str) -> list[str]:
    """The columns of a table of exact rows."""
    return [*ROW, *delivered(tables()[table])]
