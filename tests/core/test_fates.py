"""Every row that came in has exactly one fate; off by one row, nothing is published."""

from collections import Counter
from collections.abc import Callable

import narwhals as nw
import polars as pl
import pytest

from dtsen_pipeline.core import flow
from dtsen_pipeline.core.engine import Engine, Frame
from dtsen_pipeline.core.fates import check_fates, fates
from dtsen_pipeline.reference import welfare_model
from dtsen_pipeline.schemas.errors import DtsenError
from dtsen_pipeline.schemas.fates import FATES
from dtsen_pipeline.schemas.tables import FAMILY, INPUT_TABLES, MEMBER, VISIT
from tests.core.rows import NIK, OLD, Pointer, Release, Town, card, nik
from tests.running import KEY

MONDAY = "2026-08-03"


@pytest.fixture(scope="module")
def told(engine: Engine) -> tuple[Release, dict[str, Pointer]]:
    town, at = Town(), {}
    for number in range(4):
        at[f"base {number}"] = town.family(card(number), luas_lantai="30")
    at["filled"] = town.family(card(0), OLD, rt_ktp="", id_pelanggan_pln="5")
    at["superseded"] = town.family(card(1), OLD)
    at["duplicate"] = town.family(card(1), luas_lantai="30")
    at["rejected"] = town.family(card(2), luas_lantai="0")
    at["out_of_scope"] = town.family(card(5), kode_kabupaten_kota="3506")
    at["held"] = town.member(card(77), 77)
    at["contributed"] = town.visit(card(2), MONDAY, luas_lantai="40")
    at["confirmed"] = town.visit(card(3), MONDAY, luas_lantai="30")
    at["no_values"] = town.visit(card(3), MONDAY, hasil_kunjungan="3")
    at["older visit"] = town.visit(card(2), "2026-07-15", luas_lantai="41")
    at["damaged"] = town.damage(FAMILY, at["base 0"][0])
    at["damaged visit"] = town.damage(VISIT, at["contributed"][0], "E_LINE_QUOTE")
    at["unapproved visit"] = town.damage(VISIT, at["contributed"][0], "H_NOT_APPROVED")
    return Release(town, engine), at


EXPECTED = {
    **{f"base {number}": "base" for number in range(4)},
    **{name: name for name in FATES if name != "base"},
    "filled": "contributed",
    "confirmed": "contributed",
    "older visit": "superseded",
    "damaged": "rejected",
    "damaged visit": "rejected",
    "unapproved visit": "held",
}


def test_there_is_a_row_of_every_fate() -> None:
    assert set(EXPECTED.values()) == set(FATES)


@pytest.mark.parametrize("name", EXPECTED)
def test_the_fate_of(name: str, told: tuple[Release, dict[str, Pointer]]) -> None:
    release, at = told
    assert release.fate(at[name]).partition(":")[0] == EXPECTED[name]


def test_reasons_go_with_their_fates(told: tuple[Release, dict[str, Pointer]]) -> None:
    release, at = told
    assert release.reason(at["rejected"]) == "E_RANGE:luas_lantai"
    assert release.reason(at["damaged"]) == "E_LINE_WIDTH"
    assert release.reason(at["damaged visit"]) == "E_LINE_QUOTE"
    assert release.reason(at["unapproved visit"]) == "H_NOT_APPROVED"
    assert release.reason(at["held"]) == "H_FAMILY_ABSENT"
    assert release.reason(at["out_of_scope"]) == "O_CITY"
    assert release.reason(at["base 0"]) is release.reason(at["no_values"]) is release.reason(at["duplicate"]) is None


def test_every_row_has_one_fate_under_its_table(told: tuple[Release, dict[str, Pointer]]) -> None:
    release, _ = told
    sent = Counter[str]()
    for table in INPUT_TABLES:
        sent[table] += release.run.readings.rows[table].height
    sent.update(release.run.readings.damaged["sumber"].to_list())
    found = Counter(row["sumber"] for row in release.tables["fate"])
    assert found == {table: count for table, count in sent.items() if count}
    assert len({(row["src"], row["row"]) for row in release.tables["fate"]}) == sent.total()


@pytest.fixture(scope="module")
def small(told: tuple[Release, dict[str, Pointer]], engine: Engine) -> tuple[dict[str, Frame], pl.DataFrame]:
    release, _ = told
    received = flow.received_of(release.run.rows, release.run.damaged)
    return received, engine.fetch(release.run.outcome.tables["fate"])


CHANGES: dict[str, Callable[[pl.DataFrame], pl.DataFrame]] = {
    "a row is lost": lambda found: found.head(-1),
    "a row is doubled": lambda found: pl.concat([found, found.head(1)]),
    "one is doubled and one is lost": lambda found: pl.concat([found.head(-1), found.head(1)]),
    "a row never came": lambda found: pl.concat([found, found.head(1).with_columns(row=pl.lit(999, dtype=pl.Int64))]),
    "a row is another file's": lambda found: pl.concat(
        [found.head(-1), found.tail(1).with_columns(src=pl.lit("9" * 12))]
    ),
}


def test_the_sound_count_passes(small: tuple[dict[str, Frame], pl.DataFrame], engine: Engine) -> None:
    received, found = small
    check_fates(received, engine.load(found), engine)


@pytest.mark.parametrize("name", CHANGES)
def test_nothing_is_published_where(name: str, small: tuple[dict[str, Frame], pl.DataFrame], engine: Engine) -> None:
    received, found = small
    with pytest.raises(DtsenError) as caught:
        check_fates(received, engine.load(CHANGES[name](found)), engine)
    assert caught.value.code == "E_FATES"


def _rows(engine: Engine, *rows: tuple[object, ...], **types: object) -> Frame:
    return engine.load(pl.DataFrame(rows, schema=types, orient="row"))  # type: ignore[arg-type]


def _found(engine: Engine, asides: int) -> tuple[dict[str, Frame], Frame]:
    pointer = {"src": pl.String, "row": pl.Int64}
    received = {MEMBER: _rows(engine, ("a", 2), ("a", 3), **pointer)}
    rejected = _rows(engine, **pointer, reasons=pl.String)
    aside = _rows(engine, *[("a", 3, "held", "H_X")] * asides, **pointer, fate=pl.String, reason=pl.String)
    published = [_rows(engine, ("a", 2), **pointer)]
    lineage = _rows(engine, ("a", 2, "adopted"), **pointer, decision=pl.String)
    return received, fates(received, rejected, aside, published, lineage, engine)


def test_a_row_told_two_fates_is_noticed(engine: Engine) -> None:
    received, found = _found(engine, asides=1)
    check_fates(received, found, engine)
    received, found = _found(engine, asides=2)
    with pytest.raises(DtsenError, match="E_FATES"):
        check_fates(received, found, engine)


def test_the_release_stops_where_a_row_is_lost(told: tuple[Release, dict[str, Pointer]]) -> None:
    run = told[0].run
    doubled = {**flow.received_of(run.rows, run.damaged)}
    doubled[MEMBER] = nw.concat([doubled[MEMBER], doubled[MEMBER]])
    inputs = run.readings.inputs
    scored = flow.score_all(
        run.records, run.settled, run.observed, run.merged, inputs, welfare_model(inputs.model), run.engine, KEY
    )
    with pytest.raises(DtsenError, match="E_FATES"):
        flow.release_of(doubled, run.settled, run.observed, run.merged, scored, run.engine)


def test_a_visit_after_its_batchs_week_stops_no_other_row(engine: Engine) -> None:
    town = Town()
    town.family(card(1), luas_lantai="30")
    town.member(card(1), 1)
    sound = town.visit(card(1), "2026-10-04T23:00:00+07:00", luas_lantai="40")
    late = town.visit(card(1), "2036-10-04", luas_lantai="50")
    met = town.met(late, **{NIK: nik(1)}, penglihatan="1")
    unborn = town.met(sound, "5", nama="BAYI", tanggal_lahir="2026-10-05", jenis_kelamin="2")
    release = Release(town, engine)
    assert (release.fate(late), release.reason(late)) == ("rejected", "E_VISIT_FUTURE")
    assert release.fate(met) == "held:H_VISIT_UNKNOWN"
    assert (release.fate(unborn), release.reason(unborn)) == ("rejected", "E_BIRTH_AFTER_VISIT")
    assert release.fate(sound) == "contributed"
    assert release.family(card(1))["luas_lantai"] == 40
