"""Wide rows as long cells and back, and when two values agree."""

import itertools
from datetime import date

import narwhals as nw
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dtsen_pipeline.core.cells import agrees, cells, coarse_codes, is_finer, masked, trees, wide
from dtsen_pipeline.core.subject import families, persons
from dtsen_pipeline.reference import code_lists
from dtsen_pipeline.schemas.columns import CLEARED
from dtsen_pipeline.schemas.tables import tables

FLOOR, ROOMS, BORN, NAME = "jenis_lantai_terluas", "luas_lantai", "tanggal_lahir", "nama"
COLUMNS = tuple(
    tables()[table].column(name)
    for table, name in (("keluarga", FLOOR), ("keluarga", ROOMS), ("anggota", BORN), ("anggota", NAME))
)
TYPES = {"entity": pl.String, FLOOR: pl.Int64, ROOMS: pl.Int64, BORN: pl.Date, NAME: pl.String}
NUMBER = st.one_of(st.none(), st.integers(-2, 999))
ENTRY = st.tuples(NUMBER, NUMBER, st.one_of(st.none(), st.dates()), st.one_of(st.none(), st.text(max_size=3)))


def lazy(frame: pl.DataFrame) -> nw.LazyFrame[pl.LazyFrame]:
    return nw.from_native(frame.lazy())


def rows(frame: nw.LazyFrame[pl.LazyFrame]) -> list[dict[str, object]]:
    return frame.to_native().collect().to_dicts()


@settings(deadline=None, max_examples=60)
@given(st.lists(ENTRY, min_size=1, max_size=8))
def test_there_and_back(entries: list[tuple[object, ...]]) -> None:
    frame = pl.DataFrame([(str(n), *entry) for n, entry in enumerate(entries)], schema=TYPES, orient="row")
    long = cells(lazy(frame), ["entity"], COLUMNS)
    again = wide(long, "entity", COLUMNS, "over_").to_native().collect().sort("entity")
    told = frame.filter(~pl.all_horizontal(pl.exclude("entity").is_null()))
    assert again.rename(lambda name: name.removeprefix("over_")).equals(told.sort("entity"))
    assert len(rows(long)) == sum(value is not None for entry in entries for value in entry)


def test_the_text_of_a_cell() -> None:
    frame = pl.DataFrame([("e", CLEARED, 30, date(1980, 1, 2), None)], schema=TYPES, orient="row")
    found = {row["column"]: row["said"] for row in rows(cells(lazy(frame), ["entity"], COLUMNS, "said"))}
    assert found == {FLOOR: "TIDAK_ADA", ROOMS: "30", BORN: "1980-01-02"}
    frame = pl.DataFrame([("e", None, None, None, "-1")], schema=TYPES, orient="row")
    assert [row["said"] for row in rows(cells(lazy(frame), ["entity"], COLUMNS, "said"))] == ["-1"]


def test_no_columns_have_no_cells() -> None:
    frame = pl.DataFrame([("e", 1, 1, None, None)], schema=TYPES, orient="row")
    found = cells(lazy(frame), ["entity"], (), "said").to_native().collect()
    assert found.columns == ["entity", "column", "said"]
    assert found.is_empty()


def test_a_mask_has_the_bits_of_its_columns_and_of_the_names_that_follow() -> None:
    told = [("e", name) for name in (FLOOR, ROOMS, "kode_provinsi")] + [("f", FLOOR)]
    frame = pl.DataFrame(told, schema=["entity", "column"], orient="row")
    found = {row["entity"]: row["mask"] for row in rows(masked(lazy(frame), families(), "entity"))}
    assert found == {"e": 1 << 19 | 1 << 20 | 1 << 0 | 1 << 1, "f": 1 << 19}


def test_every_bit_of_a_subject_is_used_once() -> None:
    for subject, width in ((families(), 55), (persons(), 50)):
        masks = [subject.bits(column) for column in subject.columns]
        assert sum(masks) == (1 << width) - 1
        assert all(not one & other for one, other in itertools.combinations(masks, 2))


def _compared(column: str, pairs: list[tuple[str | None, str | None]]) -> list[tuple[bool, bool]]:
    frame = pl.DataFrame(
        [(column, *pair) for pair in pairs], schema=dict.fromkeys(("column", "mine", "theirs"), pl.String), orient="row"
    )
    mine, theirs = nw.col("mine"), nw.col("theirs")
    columns = families().merged
    found = nw.from_native(frame).select(agree=agrees(mine, theirs, columns), finer=is_finer(mine, theirs, columns))
    return [(row[0], row[1]) for row in found.rows()]


@pytest.mark.parametrize("name", ["jenis_lantai_terluas", "daya_terpasang", "pembuangan_akhir_tinja", "fasilitas_bab"])
def test_codes_agree_along_their_branch(name: str) -> None:
    listed = code_lists()[tables()["keluarga"].column(name).codes or ""]
    pairs = list(itertools.product(listed.values, repeat=2))
    found = _compared(name, [(str(a), str(b)) for a, b in pairs])
    assert [agree for agree, _ in found] == [listed.agree(a, b) for a, b in pairs]
    assert [finer for _, finer in found] == [b in listed.ancestors(a) for a, b in pairs]


def test_the_branches_of_the_questionnaire() -> None:
    listed = code_lists()
    assert {fine for fine, coarse in listed["lantai"].tree().items() if coarse == 91} == {1, 2, 4}
    assert {fine for fine, coarse in listed["atap"].tree().items() if coarse == 91} == {3, 4}
    assert {fine for fine, coarse in listed["air_minum"].tree().items() if coarse == 91} == {1, 2}
    assert listed["daya"].tree() == {1: 91, 2: 91, 3: 92, 4: 92, 5: 92}
    assert set(listed["bahan_bakar"].tree()) == {1, 2, 3, 4, 5, 6}
    assert set(listed["tinja"].tree()) == {3, 4, 5, 6}
    named = {column.name: coarse_codes(column) for column in trees(families().merged)}
    assert named == {
        "jenis_lantai_terluas": [91],
        "jenis_atap_terluas": [91],
        "sumber_air_minum_utama": [91],
        "daya_terpasang": [91, 92],
        "bahan_bakar_utama_memasak": [91],
        "pembuangan_akhir_tinja": [91],
    }


def test_none_agrees_with_a_blank_and_an_unknown_code_with_nothing() -> None:
    found = _compared(FLOOR, [("TIDAK_ADA", None), ("TIDAK_ADA", "TIDAK_ADA"), ("TIDAK_ADA", "6"), ("6", "TIDAK_ADA")])
    assert [agree for agree, _ in found] == [True, True, False, False]
    found = _compared(FLOOR, [("-2", "-2"), ("-2", None), ("6", None), (None, None), (None, "6"), ("6", "06")])
    assert [agree for agree, _ in found] == [False] * 6
    assert not any(finer for _, finer in found)
