"""The counterpart of the flow as a good pandas engineer would write it: exact rows in, the release's tables out.

Vectorised pandas 3 with joins that state their cardinality, and Pandera for the hard row rules. It knows one
snapshot and any visits; the pipeline also merges older snapshots. Nothing is timed here.
"""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pandas as pd

from benchmarks.pandas_events import events
from benchmarks.pandas_homes import households, numbers
from benchmarks.pandas_later import answered
from benchmarks.pandas_merge import Entities, merge
from benchmarks.pandas_rows import hard, normalise, warnings, with_visit_day
from benchmarks.pandas_rules import ROW, Series
from benchmarks.pandas_score import incomplete, score
from benchmarks.pandas_ties import Ties, received, tie
from dtsen_pipeline.core.inputs import InputList
from dtsen_pipeline.reference import welfare_model
from dtsen_pipeline.resources.engines import open_engine
from dtsen_pipeline.schemas.release import AGREEING, KEYS, TABLES, WINNING, polars_types
from dtsen_pipeline.schemas.tables import FAMILY, INPUT_TABLES, MEMBER, SNAPSHOT_TABLES, VISIT, VISIT_MEMBER, tables

Lap = Callable[[str], None]
VILLAGE = "kode_kelurahan_desa"
LAYOUT: dict[str, Any] = {"compression": "zstd", "compression_level": 1, "row_group_size": 100_000, "index": False}


def run(source: Path, target: Path, inputs: InputList, key: bytes, lap: Lap) -> None:
    """Every step from the Parquet files of exact rows to those of the release's tables."""
    rows = {table: pd.read_parquet(source / f"{table}.parquet") for table in INPUT_TABLES}
    damaged = pd.read_parquet(source / "damaged.parquet")
    came = received(rows, damaged)
    lap("read")
    records = {table: normalise(rows.pop(table), tables()[table], inputs) for table in INPUT_TABLES}
    lap("normalise")
    asked = records | {VISIT_MEMBER: with_visit_day(records[VISIT_MEMBER], records[VISIT])}
    found = {table: hard(asked[table], tables()[table], inputs) for table in INPUT_TABLES}
    refused = pd.concat([damaged, *(found[table].assign(sumber=table) for table in INPUT_TABLES)])
    raised = {name: warnings(asked[name], tables()[name], inputs).assign(sumber=name) for name in INPUT_TABLES}
    between = {
        "members": households(records[FAMILY], records[MEMBER]),
        "numbers": numbers(records[MEMBER], raised[MEMBER]).assign(sumber=MEMBER),
    }
    valid = {name: frame.drop(found[name].index).reset_index(drop=True) for name, frame in records.items()}
    lap("validate")
    ties = tie(valid, inputs, key, open_engine("polars", target / "scratch"))
    lap("identity")
    both = merge(ties, inputs)
    lap("merge")
    aside = pd.concat([*ties.aside, *(part.silent for part in both)])
    refused = answered(refused, records, aside, inputs)
    scored = score(both, incomplete(records, refused, aside, key), welfare_model(inputs.model), inputs)
    lap("score")
    release = _release(ties, both, scored, refused, pd.concat(raised.values()), between)
    release["peristiwa"], release["tautan"] = events(ties, inputs), ties.links
    release["fate"] = _fates(came, refused, aside, release)
    release["summary"] = _summary(release)
    lap("fates")
    for table in TABLES:
        ordered = release[table][[*polars_types(table)]].sort_values([*KEYS[table]])
        ordered.to_parquet(target / f"{table}.parquet", **LAYOUT)
    lap("write")


def _release(
    ties: Ties,
    both: tuple[Entities, Entities],
    scored: pd.DataFrame,
    refused: pd.DataFrame,
    told: pd.DataFrame,
    between: dict[str, pd.DataFrame],
) -> dict[str, pd.DataFrame]:
    homes, people = both
    rejected = pd.MultiIndex.from_frame(refused[ROW])
    for name, further in {**between, "shared": ties.shared}.items():
        sides = told.merge(further, on=[*ROW, "sumber"], how="outer", validate="1:1", suffixes=("", f"_{name}"))
        both_texts = sides["warnings"] + "|" + sides[f"warnings_{name}"]
        sides["warnings"] = both_texts.fillna(sides["warnings"]).fillna(sides[f"warnings_{name}"])
        told = sides[[*ROW, "sumber", "warnings"]]
    return {
        "keluarga": homes.merged.merge(scored, on="family_id", how="left", validate="1:1"),
        "anggota": people.merged,
        "lineage": pd.concat([homes.lineage, people.lineage]),
        "conflict": pd.concat([homes.conflict, people.conflict]),
        "rejected": refused,
        "warned": told[~pd.MultiIndex.from_frame(told[ROW]).isin(rejected)],
        "alias": ties.alias,
        "vanished": pd.DataFrame(columns=[*polars_types("vanished")]),  # there is one snapshot only
    }


def _fates(
    came: pd.DataFrame, refused: pd.DataFrame, aside: pd.DataFrame, found: dict[str, pd.DataFrame]
) -> pd.DataFrame:
    """Exactly one fate for every row that came in."""
    told = pd.concat(
        [
            refused[ROW].assign(told="rejected", reason=refused["reasons"]),
            aside[[*ROW, "reason"]].assign(told=aside["fate"]),
        ]
    )
    base = pd.concat([found["keluarga"][ROW], found["anggota"][ROW]]).assign(is_base=True)
    lineage = found["lineage"]
    worked = lineage.loc[lineage["decision"].isin((*WINNING, *AGREEING[:1])), ROW].drop_duplicates()
    fates = came
    for side in (told, base, worked.assign(has_worked=True)):
        fates = fates.merge(side, on=ROW, how="left", validate="1:1")
    is_base = fates["is_base"].notna() & fates["sumber"].isin(SNAPSHOT_TABLES)
    plain = pd.Series("superseded", index=fates.index).mask(fates["has_worked"].notna(), "contributed")
    fates["fate"] = fates["told"].fillna(plain.mask(is_base, "base"))
    if len(fates) != len(came) or fates.duplicated(ROW).any():
        message = "rows were lost or doubled"
        raise ValueError(message)
    return fates


def _summary(found: dict[str, pd.DataFrame]) -> pd.DataFrame:
    homes, people, fate = found["keluarga"], found["anggota"], found["fate"]
    village = people["family_id"].map(homes.set_index("family_id")[VILLAGE])
    everywhere = pd.Series("semua", index=people.index)
    parts = [
        _counts("keluarga", homes[VILLAGE]),
        _counts("anggota", village),
        _counts("anggota_keberadaan", None, people["keberadaan_anggota"]),
        _counts("anggota_tanpa_nik", everywhere[people["nomor_induk_kependudukan"].isna()]),
        _counts("desil_nasional", homes[VILLAGE], homes["desil_nasional"]),
        _counts("desil_estimasi", homes[VILLAGE], homes["desil_estimasi"]),
        _counts("perubahan_desil", None, homes["desil_estimasi"] - homes["desil_nasional"]),
        _counts("tidak_lengkap", None, homes["alasan_tidak_lengkap"]),
        _counts("nasib", None, fate["sumber"] + "/" + fate["fate"]),
        *(_counts(name, None, found[t]["tabel"] + "/" + found[t]["decision"]) for name, t in DECIDED.items()),
        _counts("ditolak", None, found["rejected"]["reasons"]),
        _counts("peringatan", None, found["warned"]["warnings"]),
        _counts("ditahan", None, fate.loc[fate["fate"] == "held", "reason"]),
    ]
    return pd.concat(parts)


DECIDED = {"keputusan": "lineage", "kalah": "conflict"}


def _counts(measure: str, kelurahan: Series, category: Series = None) -> pd.DataFrame:
    given = kelurahan if category is None else category
    plain = pd.Series("semua", index=given.index)
    keys = [
        (plain if text is None else text.astype("str").fillna("semua")).rename(name)
        for name, text in (("kelurahan", kelurahan), ("category", category))
    ]
    counts = plain.groupby(keys).size().rename("count").reset_index()
    return counts.assign(measure=measure)
