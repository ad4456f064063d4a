"""The inputs of the welfare model, one by one, as the model card defines them; a missing answer stays missing."""

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any

import narwhals as nw
import polars as pl
import pytest

from dtsen_pipeline.core.features import HOUSEHOLD, features, household
from dtsen_pipeline.reference import welfare_model
from dtsen_pipeline.schemas.release import polars_types

ON = date(2026, 7, 1)
Member = dict[str, Any]
PLAIN: Member = {
    "keberadaan_anggota": 1,
    "status_hubungan_keluarga": 3,
    "jenis_kelamin": 1,
    "status_kawin": 1,
    "tanggal_lahir": date(1990, 1, 1),
    "partisipasi_sekolah": 3,
    "ijazah_tertinggi_yang_dimiliki": 23,
    "jenjang_tertinggi_yang_diduduki": None,
}
HEAD: Member = {**PLAIN, "status_hubungan_keluarga": 1, "tanggal_lahir": date(1980, 7, 1), "status_kawin": 2}
ASSETS = ("ac", "komputer_laptop_tablet", "lemari_es", "sepeda", "sepeda_motor", "mobil")
HOUSE: dict[str, Any] = {
    "luas_lantai": 36,
    "jenis_lantai_terluas": 6,
    "jenis_dinding_terluas": 1,
    "fasilitas_bab": 1,
    "bahan_bakar_utama_memasak": 4,
    "status_kepemilikan_rumah": 1,
    **dict.fromkeys((f"aset_bergerak_{name}" for name in ASSETS), 2),
    "jumlah_ternak_sapi": 0,
    "jumlah_ternak_kerbau": 0,
}


def child(born: date, school: int | None = 2, level: int | None = 3, **cells: Any) -> Member:
    return {
        **PLAIN,
        "tanggal_lahir": born,
        "partisipasi_sekolah": school,
        "jenjang_tertinggi_yang_diduduki": level,
        **cells,
    }


def frame(table: str, rows: Sequence[Mapping[str, Any]]) -> nw.LazyFrame[pl.LazyFrame]:
    named = {"family_id", *HOUSE} if table == "keluarga" else {"family_id", *PLAIN}
    types = {name: dtype for name, dtype in polars_types(table).items() if name in named}
    return nw.from_native(pl.DataFrame([dict.fromkeys(types) | dict(row) for row in rows], schema=types).lazy())


def told(*members: Member, **house: Any) -> dict[str, int | None]:
    """Every feature of one family."""
    families = frame("keluarga", [{"family_id": "f", **HOUSE, **house}])
    persons = frame("anggota", [{"family_id": "f", **member} for member in members or (HEAD,)])
    joined = families.join(household(persons, ON), on="family_id", how="left").select(**features())
    (row,) = joined.to_native().collect().to_dicts()
    return row


def test_the_model_names_only_features_that_exist() -> None:
    found = told()
    assert {feature.name for feature in welfare_model("demo_alatas_2008").features} == set(found)
    assert all(value is None or isinstance(value, int) for value in found.values())


def test_the_size_of_a_household_counts_who_is_present() -> None:
    gone = [{**PLAIN, "keberadaan_anggota": presence} for presence in (2, 3, 4, None)]
    found = told(HEAD, PLAIN, PLAIN, *gone)
    assert (found["household_size"], found["member_share"]) == (3, 333)
    assert set(told({**HEAD, "keberadaan_anggota": 2}).values()) >= {None}
    assert told({**HEAD, "keberadaan_anggota": 2})["household_size"] is None


def test_a_household_is_counted_by_family() -> None:
    rows = [{**HEAD, "family_id": "a"}, {**PLAIN, "family_id": "a"}, {**HEAD, "family_id": "b"}]
    found = household(frame("anggota", rows), ON).to_native().collect()
    assert dict(found.select("family_id", "n").iter_rows()) == {"a": 2, "b": 1}
    assert set(found.columns) == {"family_id", *HOUSEHOLD}


@pytest.mark.parametrize(
    ("born", "age"),
    [
        (date(1980, 7, 1), 46),
        (date(1980, 7, 2), 45),
        (date(1980, 6, 30), 46),
        (date(2004, 2, 29), 22),
        (date(2026, 7, 1), 0),
        (date(2027, 1, 1), 0),
        (None, None),
    ],
)
def test_age_is_in_completed_years_on_the_data_date(born: date | None, age: int | None) -> None:
    found = told({**HEAD, "tanggal_lahir": born})
    assert found["head_age"] == age
    assert found["head_age_squared"] == (None if age is None else age * age)


@pytest.mark.parametrize(
    ("cells", "expected"),
    [
        ({}, (1, 1, 1)),
        ({"jenis_kelamin": 2}, (0, 1, 0)),
        ({"status_kawin": 1}, (1, 0, 0)),
        ({"status_kawin": 3}, (1, 0, 0)),
        ({"status_kawin": 4}, (1, 0, 0)),
        ({"jenis_kelamin": None}, (None, 1, None)),
        ({"status_kawin": None}, (1, None, None)),
    ],
)
def test_the_head(cells: Member, expected: tuple[int | None, ...]) -> None:
    found = told({**HEAD, **cells}, {**PLAIN, "jenis_kelamin": 2, "status_kawin": 1})
    assert tuple(found[name] for name in ("head_male", "head_married", "head_male_married")) == expected


OF_HEAD = ("head_age", "head_male", "head_married", "head_completed_sd", "head_completed_smp", "head_completed_sma")


def test_no_head_or_two_heads_are_missing() -> None:
    for members in ((PLAIN,), (HEAD, HEAD), ({**HEAD, "status_hubungan_keluarga": None},)):
        assert [told(*members)[name] for name in OF_HEAD] == [None] * 6
        assert told(*members)["household_size"] == len(members)
    gone = {**HEAD, "keberadaan_anggota": 3, "tanggal_lahir": date(1950, 1, 1)}
    assert told(HEAD, gone)["head_age"] == 46


def test_children_and_elders() -> None:
    births = {
        date(2026, 7, 1): 0,
        date(2021, 7, 2): 4,
        date(2021, 7, 1): 5,
        date(2011, 7, 2): 14,
        date(2011, 7, 1): 15,
        date(1961, 7, 2): 64,
        date(1961, 7, 1): 65,
    }
    found = told(HEAD, *({**PLAIN, "tanggal_lahir": born} for born in births))
    assert found["children_0_4"] == 2
    assert (found["children_0_14"], found["elders"]) == (4, 1)
    assert told({**HEAD, "tanggal_lahir": date(1950, 1, 1)})["elders"] == 1
    assert told(HEAD, PLAIN, {**PLAIN, "tanggal_lahir": date(2020, 1, 1)})["children_0_14"] == 1


DATED = (
    "children_0_4",
    "children_0_14",
    "elders",
    "children_in_sd",
    "children_in_smp",
    "children_in_sma",
    "highest_completed_sd",
    "highest_completed_smp",
    "highest_completed_sma",
)


def test_one_missing_birth_date_leaves_ages_missing() -> None:
    found = told(HEAD, {**PLAIN, "tanggal_lahir": None})
    assert [found[name] for name in DATED] == [None] * len(DATED)
    assert found["head_age"] == 46
    assert found["household_size"] == 2


@pytest.mark.parametrize(
    ("member", "expected"),
    [
        *((child(date(2016, 1, 1), level=level), (1, 0, 0)) for level in (1, 5)),
        *((child(date(2012, 1, 1), level=level), (0, 1, 0)) for level in (6, 10)),
        *((child(date(2009, 1, 1), level=level), (0, 0, 1)) for level in (11, 17)),
        (child(date(2004, 1, 1), level=18), (0, 0, 0)),
        (child(date(2021, 7, 1)), (1, 0, 0)),
        (child(date(2021, 7, 2)), (0, 0, 0)),
        (child(date(2001, 7, 2)), (1, 0, 0)),
        (child(date(2001, 7, 1)), (0, 0, 0)),
        (child(date(2016, 1, 1), school=3), (0, 0, 0)),
        (child(date(2016, 1, 1), school=1, level=None), (0, 0, 0)),
        (child(date(2016, 1, 1), school=None), (None, None, None)),
        (child(date(2016, 1, 1), level=None), (None, None, None)),
        (child(date(2016, 1, 1), school=3, level=None), (0, 0, 0)),
        (child(date(2022, 1, 1), school=None, level=None), (0, 0, 0)),
        (child(date(1990, 1, 1), school=None, level=None), (0, 0, 0)),
        (child(date(2016, 1, 1), keberadaan_anggota=3), (0, 0, 0)),
    ],
)
def test_pupils_by_level(member: Member, expected: tuple[int | None, ...]) -> None:
    found = told(HEAD, member)
    assert tuple(found[name] for name in ("children_in_sd", "children_in_smp", "children_in_sma")) == expected


@pytest.mark.parametrize(
    ("certificate", "school", "expected"),
    [
        (1, 3, (1, 0, 0)),
        (5, 3, (1, 0, 0)),
        (6, 3, (0, 1, 0)),
        (10, 3, (0, 1, 0)),
        (11, 3, (0, 0, 1)),
        (22, 3, (0, 0, 1)),
        (23, 3, (0, 0, 0)),
        (None, 1, (0, 0, 0)),
        (None, 3, (None, None, None)),
        (None, None, (None, None, None)),
        (3, 1, (1, 0, 0)),
    ],
)
def test_certificates(certificate: int | None, school: int | None, expected: tuple[int | None, ...]) -> None:
    cells = {"ijazah_tertinggi_yang_dimiliki": certificate, "partisipasi_sekolah": school}
    found = told({**HEAD, **cells})
    assert tuple(found[f"head_completed_{level}"] for level in ("sd", "smp", "sma")) == expected
    assert tuple(found[f"highest_completed_{level}"] for level in ("sd", "smp", "sma")) == expected


def test_the_highest_certificate_in_the_family() -> None:
    best = {**PLAIN, "ijazah_tertinggi_yang_dimiliki": 8}
    found = told(HEAD, best, {**PLAIN, "ijazah_tertinggi_yang_dimiliki": 3})
    assert [found[f"highest_completed_{level}"] for level in ("sd", "smp", "sma")] == [0, 1, 0]
    assert [found[f"head_completed_{level}"] for level in ("sd", "smp", "sma")] == [0, 0, 0]
    blank = {**PLAIN, "ijazah_tertinggi_yang_dimiliki": None}
    assert told(HEAD, best, blank)["highest_completed_smp"] is None
    assert told(HEAD, best, {**blank, "tanggal_lahir": date(2021, 7, 2)})["highest_completed_smp"] == 1
    infant = {"tanggal_lahir": date(2024, 1, 1), "ijazah_tertinggi_yang_dimiliki": 3}
    assert told(HEAD, {**PLAIN, **infant})["highest_completed_sd"] == 0
    assert told({**HEAD, **infant})["highest_completed_sd"] == 0


@pytest.mark.parametrize(
    ("area", "people", "expected"),
    [(29, 1, 290), (36, 7, 51), (30, 1, 300), (31, 1, 300), (997, 2, 300), (None, 1, None)],
)
def test_floor_area_per_head(area: int | None, people: int, expected: int | None) -> None:
    assert told(HEAD, *[PLAIN] * (people - 1), luas_lantai=area)["floor_area_per_head"] == expected


CODED: dict[str, tuple[str, set[int], set[int], set[int]]] = {
    "floor_not_earth": ("jenis_lantai_terluas", {1, 2, 3, 4, 5, 6, 7, 9, 91}, {8}, set()),
    "wall_brick_or_cement": ("jenis_dinding_terluas", {1, 2}, {3, 4, 5, 6, 7}, set()),
    "private_toilet": ("fasilitas_bab", {1}, {2, 3, 4, 5, 6}, set()),
    "no_firewood": ("bahan_bakar_utama_memasak", {1, 2, 3, 4, 5, 6, 7, 8, 9, 11, 12, 91}, {10}, {0}),
    "owns_house": ("status_kepemilikan_rumah", {1}, {2, 3, 4, 5}, set()),
    "owns_ac": ("aset_bergerak_ac", {1}, {2}, set()),
    "owns_computer": ("aset_bergerak_komputer_laptop_tablet", {1}, {2}, set()),
    "owns_refrigerator": ("aset_bergerak_lemari_es", {1}, {2}, set()),
    "owns_bicycle": ("aset_bergerak_sepeda", {1}, {2}, set()),
    "owns_motorcycle": ("aset_bergerak_sepeda_motor", {1}, {2}, set()),
    "owns_car": ("aset_bergerak_mobil", {1}, {2}, set()),
}


@pytest.mark.parametrize("name", CODED)
def test_coded_answers(name: str) -> None:
    column, yes, no, neither = CODED[name]
    codes = [*sorted(yes | no | neither), 55, None]
    families = frame("keluarga", [{"family_id": str(code), **HOUSE, column: code} for code in codes])
    joined = families.join(household(frame("anggota", [{"family_id": "1", **HEAD}]), ON), on="family_id", how="left")
    found = joined.select("family_id", value=features()[name]).to_native().collect()
    expected = {str(code): 1 if code in yes else 0 if code in no else None for code in codes}
    assert dict(found.iter_rows()) == expected


@pytest.mark.parametrize(
    ("cows", "buffaloes", "expected"),
    [(0, 0, 0), (1, 0, 1), (0, 2, 1), (None, 1, None), (1, None, None), (None, None, None)],
)
def test_cattle(cows: int | None, buffaloes: int | None, expected: int | None) -> None:
    assert told(jumlah_ternak_sapi=cows, jumlah_ternak_kerbau=buffaloes)["owns_cattle"] == expected
