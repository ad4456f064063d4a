"""The pandas rival's answer to the question which rejected rows a later file made good."""

import pandas as pd

from dtsen_pipeline.core.inputs import InputList
from dtsen_pipeline.core.later import SUBJECT
from dtsen_pipeline.schemas.tables import REGISTER, SNAPSHOT_TABLES, VISIT

ROW = ["src", "row"]
NIK, VISIT_ID = "nomor_induk_kependudukan", "id_kunjungan"


def answered(
    refused: pd.DataFrame, records: dict[str, pd.DataFrame], aside: pd.DataFrame, inputs: InputList
) -> pd.DataFrame:
    """`refused` with `resolved_by`: the latest row in use after a rejected one about the same subject."""
    rejected, unused = (pd.MultiIndex.from_frame(rows[ROW]) for rows in (refused, aside))
    found = [_answers(rejected, unused, _said(table, records, rejected, inputs)) for table in SUBJECT]
    return refused.merge(pd.concat(found), on=ROW, how="left", validate="1:1")


def _said(table: str, records: dict[str, pd.DataFrame], rejected: pd.MultiIndex, inputs: InputList) -> pd.DataFrame:
    rows = records[table]
    said = rows[ROW].assign(subject=rows[SUBJECT[table]], born=None, sex=None)
    if SUBJECT[table] == NIK:
        said = said.assign(born=rows["tanggal_lahir"], sex=rows["jenis_kelamin"].where(rows["jenis_kelamin"] > 0))
    if table in (*SNAPSHOT_TABLES, REGISTER):
        return said.assign(moment=rows["src"].map({token: day.toordinal() for token, day in inputs.observed.items()}))
    visits = records[VISIT]
    at = pd.to_datetime(visits["waktu_kunjungan"], utc=True, format="%Y-%m-%dT%H:%M:%S%z")
    if table == VISIT:
        return said.assign(moment=at)
    is_sound = ~pd.MultiIndex.from_frame(visits[ROW]).isin(rejected)
    return said.assign(moment=rows[VISIT_ID].map(at[is_sound].groupby(visits[VISIT_ID][is_sound]).max()))


def _answers(rejected: pd.MultiIndex, unused: pd.MultiIndex, said: pd.DataFrame) -> pd.DataFrame:
    known = said[said["subject"].str.fullmatch("[0-9]{16}").fillna(value=False).astype(bool) & said["moment"].notna()]
    rows = pd.MultiIndex.from_frame(known[ROW])
    is_bad = rows.isin(rejected)
    bad = known[is_bad]
    good = known[~is_bad & ~rows.isin(unused) & known["subject"].isin(bad["subject"])]
    later = good[["subject", "born", "sex"]].assign(
        resolved_by=good["src"] + "-" + good["row"].astype("str"), after=good["moment"]
    )
    pairs = bad.merge(later, on="subject", validate="m:m", suffixes=("", "_used"))
    pairs = pairs[(pairs["after"] > pairs["moment"]) & _agrees(pairs, "born") & _agrees(pairs, "sex")]
    last = pairs[pairs["after"] == pairs.groupby(ROW)["after"].transform("max")]
    return last.groupby(ROW, as_index=False)["resolved_by"].min()


def _agrees(pairs: pd.DataFrame, name: str) -> "pd.Series[bool]":
    mine, theirs = pairs[name], pairs[f"{name}_used"]
    return mine.isna() | theirs.isna() | (mine == theirs)
