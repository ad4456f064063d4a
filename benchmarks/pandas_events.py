"""Events in the pandas counterpart: what visits tell of the persons of one snapshot."""

import pandas as pd

from benchmarks.pandas_rules import ROW, Series
from benchmarks.pandas_ties import EPOCH, NEW, PRESENT, Ties
from dtsen_pipeline.core.inputs import InputList
from dtsen_pipeline.core.subject import PRESENCE
from dtsen_pipeline.schemas.tables import MEMBER

DIED, LEFT = 2, [3, 4]
MOMENT = ["day", "rank", "at", *ROW]
NAMES = ["person_id", "family_id", "tanggal_lahir", PRESENCE, *MOMENT]


def events(ties: Ties, inputs: InputList) -> pd.DataFrame:
    """The rows of `peristiwa`."""
    ((_, data_date),) = inputs.snapshot_dates.items()
    listed_on = (pd.Timestamp(data_date) - EPOCH).days
    visits = ties.presences.assign(rank=0)[NAMES]
    met = ties.members[ties.members["person_id"].isin(visits["person_id"])].sort_values(ROW)
    listed = met.drop_duplicates("person_id").assign(day=listed_on, rank=1, at=0, **{PRESENCE: PRESENT})[NAMES]
    told = pd.concat([visits, listed]).sort_values(MOMENT, ignore_index=True)
    told = told[told[PRESENCE].isin([PRESENT, NEW, DIED, *LEFT])]
    there, dead = told[PRESENCE].isin([PRESENT, NEW]), told[PRESENCE] == DIED
    person = told["person_id"]
    seats = there.groupby(person).cumsum()
    home = told["family_id"].where(there).groupby(person).ffill().groupby(person).shift()
    is_new = ~person.isin(listed["person_id"])
    born = told["tanggal_lahir"] > pd.Timestamp(data_date)
    first = pd.Series("tercatat", index=told.index).mask(born.fillna(value=False), "lahir")
    own = told[PRESENCE].isin(LEFT) & (told["family_id"] == home)
    again = told[own].assign(seat=seats[own]).duplicated(["person_id", "seat"]).reindex(told.index, fill_value=False)
    was_dead = _was_dead(told[told["rank"] == 0]).reindex(told.index, fill_value=False)
    told = told.assign(home=home)
    parts = [
        _event(told[there & home.isna() & is_new], first, None, "family_id"),
        _event(told[there & home.notna() & (home != told["family_id"])], "pindah", "home", "family_id"),
        _event(told[own & ~again], "pindah_keluar", "family_id", None),
        _event(told[dead & ~was_dead], "meninggal", "family_id", None),
        _event(told[there & was_dead & (told["rank"] == 0)], "hidup_kembali", None, "family_id"),
    ]
    return pd.concat(parts)


def _was_dead(visits: pd.DataFrame) -> Series:
    """Whether the visit before, among those that tell of life or death, told that the person had died."""
    living = visits[~visits[PRESENCE].isin(LEFT)]
    return (living[PRESENCE] == DIED).groupby(living["person_id"]).shift(fill_value=False)


def _event(rows: pd.DataFrame, code: str | Series, left: str | None, joined: str | None) -> pd.DataFrame:
    return rows[ROW].assign(
        tabel=MEMBER,
        entity_id=rows["person_id"],
        peristiwa=code if isinstance(code, str) else code.loc[rows.index],
        hari=(EPOCH + pd.to_timedelta(rows["day"], unit="D")).dt.date,
        dari_id=rows[left] if left else None,
        ke_id=rows[joined] if joined else None,
    )
