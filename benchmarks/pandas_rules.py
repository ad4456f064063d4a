"""The rules across columns as pandas masks: what raises a warning in one row, in the pipeline's order of codes.

Written from the rules' texts and sharing only lists of codes and columns with the pipeline. Rules between the rows
of a family stand in `pandas_homes`.
"""

# ruff: noqa: PLR2004 - codes and ages are the rules themselves

from typing import Any

import numpy as np
import pandas as pd

from dtsen_pipeline.core.inputs import InputList
from dtsen_pipeline.core.rules.dwelling import ELECTRIC, NESTED, OWNED
from dtsen_pipeline.core.rules.identifiers import PLACEHOLDERS
from dtsen_pipeline.core.rules.persons import BUSINESS, DIFFICULTIES, IDENTIFYING
from dtsen_pipeline.reference import city, provinces
from dtsen_pipeline.schemas.columns import CLEARED_TEXT
from dtsen_pipeline.schemas.tables import FAMILY, MEMBER, REGISTER, VISIT, VISIT_MEMBER, Table

Series = Any
"""A pandas Series of any type; pandas' own stubs refuse half of what pandas allows."""
ROW = ["src", "row"]
CARD, NIK = "nomor_kartu_keluarga", "nomor_induk_kependudukan"
LEVEL, DIPLOMA = "jenjang_tertinggi_yang_diduduki", "ijazah_tertinggi_yang_dimiliki"
LEVELS = np.array([6, 11, 18, 20, 23])
SCHOOL_AGES, DIPLOMA_AGES = (5, 10, 13, 15, 19), (10, 12, 14, 16, 20)
Masks = dict[str, Series]


def matches(cell: Series, pattern: str) -> Series:
    """Whether a whole text matches; missing texts do not."""
    return cell.str.fullmatch(pattern.removeprefix(r"\A(?:").removesuffix(r")\z")).fillna(value=False).astype(bool)


def judged(records: pd.DataFrame, table: Table, inputs: InputList) -> Masks:
    """The masks of a table."""
    if table.name in (FAMILY, VISIT):
        masks = _dwelling(records) | _place(records, inputs) | _cards(records, inputs)
    else:
        masks = _niks(records, inputs)
    if table.name in (MEMBER, VISIT_MEMBER):
        masks |= _answers(records) | _nested(records, "_ktp")
    if table.name == VISIT and inputs.officers:
        listed = {term.officer for term in inputs.officers}
        masks["W_OFFICER_UNKNOWN"] = records["id_petugas"].notna() & ~records["id_petugas"].isin(listed)
    if table.name == FAMILY:
        masks["W_KK_TWICE"] = _times(records, [CARD]) & records[CARD].notna()
    if "hari_kunjungan" in records:
        masks |= _ages(records, _as_number(records["hari_kunjungan"]))
    if table.name == MEMBER:
        masks |= _ages(records, _data_date(records, inputs)) | _blanks(records)
        masks["W_NIK_MISSING"] = records[NIK].isna()
        masks["W_NIK_TWICE"] = _times(records, [NIK]) & records[NIK].notna()
        masks["W_PERSON_TWICE"] = _times(records, [CARD, "id_name", "tanggal_lahir"])
    if table.name == REGISTER:
        masks["W_NIK_TWICE"] = _times(records, [NIK])
    return masks


def _times(records: pd.DataFrame, keys: list[str]) -> Series:
    """Whether the keys occur more than once in a file."""
    whole = records[keys].notna().all(axis=1)
    return records.duplicated([ROW[0], *keys], keep=False) & whole


def _any(records: pd.DataFrame, names: tuple[str, ...], *, is_answered: bool = False) -> Series:
    """Whether any of the columns says yes, or has an answer at all."""
    cells = records[list(names)]
    return ((cells > 0) if is_answered else (cells == 1)).fillna(value=False).any(axis=1)


def _dwelling(records: pd.DataFrame) -> Masks:
    fuel, cylinder = records["bahan_bakar_utama_memasak"], records["aset_bergerak_tabung_gas"]
    light, toilet = records["sumber_penerangan_utama"], records["fasilitas_bab"]
    customer = records["id_pelanggan_pln"]
    return {
        "W_POWER_WITHOUT_METER": (light > 1) & (records["daya_terpasang"] > 0),
        "W_PLN_ID_WITHOUT_METER": (light > 1) & customer.notna() & (customer != CLEARED_TEXT),
        "W_ELECTRIC_GOODS": (light == 4) & _any(records, ELECTRIC),
        "W_ELECTRIC_COOKING": (light == 4) & (fuel == 1),
        "W_GAS_CYLINDER_FUEL": ((cylinder == 1) & fuel.isin([4, 7, 8, 9, 10])) | ((cylinder == 2) & fuel.isin([2, 3])),
        "W_CLOSET_WITHOUT_TOILET": (toilet > 3) & (records["jenis_kloset"] > 0),
        "W_DISPOSAL_WITHOUT_TOILET": (toilet > 3) & (records["pembuangan_akhir_tinja"] > 0),
        "W_ASSETS_DENIED": (records["kepemilikan_aset"] == 2) & _any(records, OWNED),
    }


def _place(records: pd.DataFrame, inputs: InputList) -> Masks:
    village, here = records["kode_kelurahan_desa"], city(inputs.city)
    is_unknown = village.notna() & (village.str.slice(0, 4) == here.bps) & ~village.isin(list(here.by_bps))
    return _nested(records, "") | {"W_VILLAGE_UNKNOWN": is_unknown}


def _nested(records: pd.DataFrame, suffix: str) -> Masks:
    found = {}
    for (fine, coarse), width in zip(NESTED, (2, 4, 7), strict=True):
        inner, outer = records[f"{fine}{suffix}"], records[f"{coarse}{suffix}"]
        is_said = inner.notna() & outer.notna() & (inner != CLEARED_TEXT) & (outer != CLEARED_TEXT)
        found[f"W_REGION_NESTING:{fine}{suffix}"] = is_said & (inner.str.slice(0, width) != outer)
    return found


def _parts(number: Series, inputs: InputList) -> tuple[Series, Series]:
    """Whether a text is a number worth reading, and where its region lies nowhere."""
    place = city(inputs.city)
    is_sound = matches(number, "[0-9]{16}") & ~number.isin(PLACEHOLDERS)
    is_province = number.str.slice(0, 2).isin(list(provinces()))
    is_zero = (number.str.slice(2, 4) == "00") | (number.str.slice(4, 6) == "00")
    districts = {village.kecamatan_kemendagri.replace(".", "") for village in place.kelurahan}
    is_here = number.str.slice(0, 4) == place.kemendagri.replace(".", "")
    is_missing = is_here & ~number.str.slice(0, 6).isin(districts)
    return is_sound, is_sound & (~is_province | is_zero | is_missing)


def _part(number: Series, is_sound: Series, start: int) -> Series:
    return number.str.slice(start, start + 2).where(is_sound).astype("Int64")


def _no_day(day: Series, month: Series) -> Series:
    longest = month.map({2: 29, 4: 30, 6: 30, 9: 30, 11: 30}).astype("Int64").fillna(31)
    return ~day.between(1, longest) | ~month.between(1, 12)


def _cards(records: pd.DataFrame, inputs: InputList) -> Masks:
    number = records[CARD]
    is_sound, is_nowhere = _parts(number, inputs)
    here = city(inputs.city).kemendagri.replace(".", "")
    return {
        "W_KK_PLACEHOLDER": number.isin(PLACEHOLDERS),
        "W_KK_DATE": _no_day(_part(number, is_sound, 6), _part(number, is_sound, 8)),
        "W_KK_REGION": is_sound & (number.str.slice(0, 4) != here) & ~is_nowhere,
        "W_KK_REGION_UNKNOWN": is_nowhere,
        "W_KK_SERIAL": is_sound & (number.str.slice(12, 16) == "0000"),
    }


def _niks(records: pd.DataFrame, inputs: InputList) -> Masks:
    number, born, sex = records[NIK], records["tanggal_lahir"], records["jenis_kelamin"]
    is_sound, is_nowhere = _parts(number, inputs)
    written, month, year = (_part(number, is_sound, start) for start in (6, 8, 10))
    is_woman = written > 40
    day = written.mask(is_woman, written - 40)
    differs = (
        (day != born.dt.day.astype("Int64"))
        | (month != born.dt.month.astype("Int64"))
        | (year != born.dt.year.astype("Int64") % 100)
    )
    here = city(inputs.city).kemendagri.replace(".", "")
    return {
        "W_NIK_PLACEHOLDER": number.isin(PLACEHOLDERS),
        "W_NIK_DATE": _no_day(day, month),
        "W_NIK_BIRTHDATE": differs,
        "W_NIK_SEX": (is_woman & (sex == 1)) | (~is_woman & (sex == 2)),
        "W_NIK_REGION": is_sound & (number.str.slice(0, 4) != here) & ~is_nowhere,
        "W_NIK_REGION_UNKNOWN": is_nowhere,
        "W_NIK_SERIAL": is_sound & (number.str.slice(12, 16) == "0000"),
        "W_NIK_IS_CARD": is_sound & (number == records[CARD]),
    }


def _answers(records: pd.DataFrame) -> Masks:
    school, level, diploma = records["partisipasi_sekolah"], records[LEVEL], records[DIPLOMA]
    is_above = (level > 0) & (_step(diploma) > _step(level))
    is_idle = records["status_bekerja"] == 2
    relation = records["status_hubungan_keluarga"]
    return {
        "W_SCHOOL_WITHOUT_LEVEL": (school == 1) & (level > 0),
        "W_DIPLOMA_LEVEL": diploma.between(1, 22) & ((school == 1) | is_above),
        "W_JOB_WITHOUT_WORK": is_idle & (records["status_dalam_pekerjaan_utama"] > 0),
        "W_SECTOR_WITHOUT_WORK": is_idle & (records["lapangan_usaha_dari_pekerjaan_utama"] > 0),
        "W_BUSINESS_WITHOUT_OWNER": (records["kepemilikan_usaha"] == 2) & _any(records, BUSINESS, is_answered=True),
        "W_SPOUSE_UNMARRIED": relation.isin([2, 4]) & (records["status_kawin"] == 1),
    }


def _step(code: Series) -> Series:
    """Which of the five levels a code belongs to; five for none."""
    return pd.Series(np.searchsorted(LEVELS, code.fillna(0).to_numpy("int64"), "right"), index=code.index)


def _data_date(records: pd.DataFrame, inputs: InputList) -> Series:
    days = {token: day.year * 10_000 + day.month * 100 + day.day for token, day in inputs.observed.items()}
    return records["src"].map(days)


def _as_number(day: Series) -> Series:
    return day.dt.year * 10_000 + day.dt.month * 100 + day.dt.day


def _ages(records: pd.DataFrame, day: Series) -> Masks:
    """Ages on a day that is written as a number (YYYYMMDD)."""
    age = (day - _as_number(records["tanggal_lahir"])).astype("Int64") // 10_000
    age = age.mask(age < 0)
    relation, marital = records["status_hubungan_keluarga"], records["status_kawin"]
    return {
        "W_AGE_RANGE": age > 120,
        "W_HEAD_AGE": (relation == 1) & (age < 17),
        "W_MARRIED_AGE": (marital > 1) & (age < 15),
        "W_SCHOOL_AGE": _too_young(records[LEVEL], age, SCHOOL_AGES),
        "W_DIPLOMA_AGE": _too_young(records[DIPLOMA], age, DIPLOMA_AGES),
        "W_WORK_AGE": (records["status_bekerja"] == 1) & (age < 13),
        "W_NUTRITION_AGE": (records["kondisi_gizi"] > 0) & (age >= 5),
        "W_DISABILITY_AGE": (age < 2) & _any(records, DIFFICULTIES, is_answered=True),
    }


def _too_young(code: Series, age: Series, least: tuple[int, ...]) -> Series:
    return code.between(1, 22) & (age < np.array([*least, 0])[_step(code)])


def _blanks(records: pd.DataFrame) -> Masks:
    found = {f"W_BLANK:{name}": records[name].isna() for name in IDENTIFYING}
    found["W_BLANK:tanggal_lahir"] &= ~records["lost_tanggal_lahir"]
    return found
