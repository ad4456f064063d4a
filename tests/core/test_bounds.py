"""Bounds hold: every completion of the blanks, scored and cut in plain Python, lies inside them."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import date
from itertools import product
from typing import Any

import narwhals as nw
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dtsen_pipeline.core.bounds import bounds
from dtsen_pipeline.core.merge import Entities, Merged
from dtsen_pipeline.reference import welfare_model
from dtsen_pipeline.schemas.release import polars_types
from tests.modelled import sectioned, sectioned_facts
from tests.oracle import scores
from tests.oracle.scores import Ranked, Scale

ON = date(2026, 7, 1)
MODEL = welfare_model("demo_alatas_2008")
Row = dict[str, Any]
HEAD: Row = {
    "keberadaan_anggota": 1,
    "status_hubungan_keluarga": 1,
    "jenis_kelamin": 1,
    "status_kawin": 2,
    "tanggal_lahir": date(1980, 7, 1),
    "partisipasi_sekolah": 3,
    "ijazah_tertinggi_yang_dimiliki": 3,
    "jenjang_tertinggi_yang_diduduki": None,
}
CHILD: Row = HEAD | {
    "status_hubungan_keluarga": 3,
    "status_kawin": 1,
    "tanggal_lahir": date(2014, 3, 1),
    "partisipasi_sekolah": 2,
    "ijazah_tertinggi_yang_dimiliki": 23,
    "jenjang_tertinggi_yang_diduduki": 3,
}
ASSETS = ("ac", "komputer_laptop_tablet", "lemari_es", "sepeda", "sepeda_motor", "mobil")
HOUSE: Row = {
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
MEMBER_VALUES: Mapping[str, Sequence[Any]] = {
    "jenis_kelamin": (1, 2),
    "status_kawin": (1, 2, 3, 4),
    "tanggal_lahir": tuple(date(year, 7, 2) for year in (1906, 1950, 1961, 1984, 2003, 2010, 2015, 2019, 2024)),
    "partisipasi_sekolah": (1, 2, 3),
    "ijazah_tertinggi_yang_dimiliki": (1, 7, 15, 23),
    "jenjang_tertinggi_yang_diduduki": (3, 8, 13, 19),
}
HOUSE_VALUES: Mapping[str, Sequence[Any]] = {
    "luas_lantai": (1, 9, 60, 400, 997),
    "jenis_lantai_terluas": (1, 8),
    "jenis_dinding_terluas": (1, 6),
    "fasilitas_bab": (1, 4),
    "bahan_bakar_utama_memasak": (4, 10),
    "status_kepemilikan_rumah": (1, 2),
    **{f"aset_bergerak_{name}": (1, 2) for name in ASSETS},
    "jumlah_ternak_sapi": (0, 2),
    "jumlah_ternak_kerbau": (0, 1),
}
SCALE = Scale(
    ranked := [Ranked(5_800_000 + 17_000 * number, (number * 7) % 10 + 1) for number in range(100)],
    scores.cut_offs(ranked),
)
PLACE = "kode_kelurahan_desa"
SECTIONS = (("3571010",), ("3571020", "3571030"))
CODES = ("3571010007", "3571020007")
BY_SECTION = (sectioned(*SECTIONS), sectioned_facts(*SECTIONS))
Side = tuple[Row, tuple[Row, ...]]
"""A family's own answers and its members."""
Cell = tuple[str, str]
"""Whose answer (`keluarga`, or the member's place) and which column."""


def told(before: Side, after: Side, official: int, scale: Scale = SCALE) -> dict[str, int]:
    """The bounds of one family, by the model with sections where it has a place."""
    shadow = scored(before)
    at = None if shadow is None else _point(before, official, shadow, scale)
    types = {"family_id": pl.String, "desil_nasional": pl.Int32, "titik": pl.Int64}
    blank = pl.DataFrame([("f", official, at)], schema=types, orient="row")
    merged = Merged(
        families=_entities("keluarga", [before[0]], [after[0]]),
        persons=_entities("anggota", before[1], after[1]),
    )
    model = BY_SECTION[0] if PLACE in before[0] else MODEL
    spans = {decile: scale.span(decile) for decile in range(1, 11)}
    (row,) = bounds(_lazy(blank), merged, model, ON, scale.cuts, spans).to_native().collect().to_dicts()
    return {name: value for name, value in row.items() if name != "family_id"}


def scored(side: Side) -> int | None:
    """A family's score by plain Python, by its section where it has a place."""
    return scores.score(*side, ON, BY_SECTION[1] if PLACE in side[0] else None)


def _entities(table: str, before: Sequence[Row], after: Sequence[Row]) -> Entities:
    frames = []
    for rows in (before, after):
        named = [
            {"family_id": "f"} | ({"person_id": str(nth)} if table == "anggota" else {}) | row
            for nth, row in enumerate(rows)
        ]
        types = {name: dtype for name, dtype in polars_types(table).items() if name in named[0]}
        frames.append(_lazy(pl.DataFrame(named, schema=types)))
    nothing = frames[0].head(0)
    return Entities(
        frames[1], frames[0], touched=nothing, lineage=nothing, conflict=nothing, silent=nothing, vanished=nothing
    )


def _lazy(frame: pl.DataFrame) -> nw.LazyFrame[Any]:
    return nw.from_native(frame.lazy())


def completions(before: Side, after: Side) -> Iterator[tuple[Side, Side]]:
    """Every way to answer the blanks; a cell that is blank on both sides gets one answer."""
    blanks: dict[Cell, Sequence[Any]] = {}
    for family, members in (before, after):
        asked = HOUSE_VALUES | ({PLACE: CODES} if PLACE in family else {})
        blanks |= {("keluarga", name): values for name, values in asked.items() if family[name] is None}
        for nth, member in enumerate(members):
            blanks |= {(str(nth), n): v for n, v in MEMBER_VALUES.items() if member[n] is None and _is_asked(member, n)}
    for values in product(*blanks.values()):
        answers = dict(zip(blanks, values, strict=True))
        yield _completed(before, answers), _completed(after, answers)


def _is_asked(member: Row, name: str) -> bool:
    return name != "jenjang_tertinggi_yang_diduduki" or member["partisipasi_sekolah"] != 3


def _completed(side: Side, answers: Mapping[Cell, Any]) -> Side:
    def filled(who: str, row: Row) -> Row:
        return {name: answers.get((who, name)) if value is None else value for name, value in row.items()}

    return filled("keluarga", side[0]), tuple(filled(str(nth), member) for nth, member in enumerate(side[1]))


def reached(before: Side, after: Side, official: int) -> tuple[set[int], set[int]]:
    """The verified decile and the estimate under every completion."""
    verified, estimates = set[int](), set[int]()
    for one, two in completions(before, after):
        shadow, found = scored(one), scored(two)
        assert shadow is not None
        assert found is not None
        decile = scores.decile(found, SCALE.cuts)
        assert decile is not None
        verified.add(decile)
        moved = scores.decile(_point(before, official, shadow) + found - shadow, SCALE.cuts)
        assert moved is not None
        estimates.add(official if found == shadow else moved)
    return verified, estimates


def _point(before: Side, official: int, shadow: int, scale: Scale = SCALE) -> int:
    """Where a family stands; one whose shadow score was missing stands among those of its official decile."""
    at = Scale([*scale.ranked, Ranked(shadow, official)], scale.cuts).point(official, shadow)
    low, high = scale.span(official)
    return at if scored(before) is not None else min(max(at, low), high)


def check(before: Side, after: Side, official: int) -> tuple[int, int]:
    """Nothing that a completion reaches lies outside the bounds; the bounds of the estimate."""
    found = told(before, after, official)
    verified, estimates = reached(before, after, official)
    assert found["desil_verifikasi_min"] <= min(verified)
    assert max(verified) <= found["desil_verifikasi_max"]
    assert found["desil_estimasi_min"] <= min(estimates)
    assert max(estimates) <= found["desil_estimasi_max"]
    return found["desil_estimasi_min"], found["desil_estimasi_max"]


@pytest.mark.parametrize("column", HOUSE_VALUES)
def test_a_blank_that_nobody_touched_leaves_the_official_decile(column: str) -> None:
    side = (HOUSE | {column: None}, (HEAD, CHILD))
    assert check(side, side, 4) == (4, 4)


@pytest.mark.parametrize("column", HOUSE_VALUES)
def test_an_answer_that_verification_cleared(column: str) -> None:
    check((HOUSE, (HEAD, CHILD)), (HOUSE | {column: None}, (HEAD, CHILD)), 4)


@pytest.mark.parametrize("column", HOUSE_VALUES)
def test_an_answer_that_verification_brought(column: str) -> None:
    check((HOUSE | {column: None}, (HEAD, CHILD)), (HOUSE, (HEAD, CHILD)), 7)


@pytest.mark.parametrize(("column", "who"), [*product(MEMBER_VALUES, (0, 1))])
def test_an_answer_about_a_member_is_missing(column: str, who: int) -> None:
    members = [HEAD, CHILD]
    members[who] = members[who] | {column: None}
    blank, whole = (HOUSE, tuple(members)), (HOUSE, (HEAD, CHILD))
    low, high = check(blank, blank, 3)
    assert low == high == 3
    check(whole, blank, 3)
    check(blank, whole, 9)


def test_a_shared_blank_and_a_found_motorcycle_move_by_the_motorcycle_alone() -> None:
    before = (HOUSE | {"luas_lantai": None}, (HEAD, CHILD))
    after = (before[0] | {"aset_bergerak_sepeda_motor": 1}, before[1])
    low, high = check(before, after, 5)
    assert 5 <= low <= high <= 7


def test_a_member_who_came_widens_the_shared_blank() -> None:
    before = (HOUSE | {"luas_lantai": None}, (HEAD, CHILD, CHILD))
    after = (before[0], (*before[1], CHILD))
    low, high = check(before, after, 5)
    assert low < 5 < high


def test_a_family_whose_decile_has_no_room_may_stay_in_it() -> None:
    shadow = scores.score(HOUSE | {"aset_bergerak_sepeda_motor": 1}, (HEAD,), ON)
    assert shadow is not None
    ranked = [Ranked(shadow, official) for official in (1, 2, 3)]
    scale = Scale(ranked, scores.cut_offs(ranked))
    before, after = ((HOUSE | {"aset_bergerak_sepeda_motor": answer}, (HEAD,)) for answer in (1, None))
    found = told(before, after, 2, scale)
    assert (found["desil_estimasi_min"], found["desil_estimasi_max"]) == (1, 2)
    before, after = ((HOUSE | {"aset_bergerak_sepeda_motor": answer}, (HEAD,)) for answer in (None, 2))
    found = told(before, after, 2, scale)
    assert (found["desil_estimasi_min"], found["desil_estimasi_max"]) == (1, 2)


def at(place: str | None, **answers: Any) -> Side:
    """A family at a place."""
    return HOUSE | {PLACE: place} | answers, (HEAD, CHILD)


def test_a_place_that_is_blank_on_both_sides_leaves_the_official_decile() -> None:
    assert check(at(None), at(None), 4) == (4, 4)
    found = told(at(None), at(None), 4)
    assert found["desil_verifikasi_min"] < found["desil_verifikasi_max"]


@pytest.mark.parametrize("code", CODES)
def test_a_place_that_verification_brought_or_cleared_reaches_every_section(code: str) -> None:
    for before, after in ((None, code), (code, None)):
        low, high = check(at(before), at(after), 4)
        assert low < high


def test_a_shared_blank_place_and_a_found_motorcycle() -> None:
    """Either section, and the same on both sides: the motorcycle moves by one of the two weights."""
    low, high = check(at(None), at(None, aset_bergerak_sepeda_motor=1), 5)
    assert 5 <= low <= high <= 8


@pytest.mark.parametrize("official", [2, 9])
def test_another_blank_beside_a_place(official: int) -> None:
    check(at(None, luas_lantai=None), at(CODES[1], luas_lantai=None), official)
    check(at(CODES[0], luas_lantai=None), at(CODES[1]), official)
    check(at(CODES[0]), at(CODES[1], luas_lantai=None, fasilitas_bab=None), official)
    check(at(None, fasilitas_bab=None), at(None, fasilitas_bab=None, aset_bergerak_mobil=1), official)


def test_a_place_that_no_section_names_is_as_a_blank() -> None:
    unknown = at("3571990001")
    assert told(unknown, unknown, 4) == told(at(None), at(None), 4)
    moved = told(at("3571990001"), at("3571990002"), 4)
    assert moved["desil_estimasi_min"] < 4 < moved["desil_estimasi_max"]


CELLS = st.sampled_from(
    [("keluarga", name) for name in HOUSE_VALUES] + [(str(n), name) for n in (0, 1) for name in MEMBER_VALUES]
)
PLACES = st.frozensets(CELLS, max_size=3)


def _with(side: Side, places: frozenset[Cell], value: Mapping[Cell, Any]) -> Side:
    house = side[0] | {name: value.get((who, name)) for who, name in places if who == "keluarga"}
    members = tuple(
        member | {name: value.get((who, name)) for who, name in places if who == str(nth)}
        for nth, member in enumerate(side[1])
    )
    return house, members


@settings(max_examples=25, deadline=None)
@given(PLACES, PLACES, CELLS, st.integers(1, 10), st.sampled_from(["same", "new"]))
def test_no_completion_leads_outside(
    shared: frozenset[Cell], cleared: frozenset[Cell], changed: Cell, official: int, child: str
) -> None:
    """Blanks on both sides, blanks that verification brought, one changed answer, and perhaps a new member."""
    grows = child == "new"
    before = _with((HOUSE, (HEAD, CHILD) if not grows else (HEAD,)), shared, {})
    values = (HOUSE_VALUES if changed[0] == "keluarga" else MEMBER_VALUES)[changed[1]]
    after = _with((before[0], (*before[1], CHILD) if grows else before[1]), frozenset({changed}), {changed: values[-1]})
    check(before, _with(after, frozenset(list(cleared)[:2]), {}), official)
