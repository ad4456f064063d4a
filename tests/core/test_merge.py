"""Who is at home where, what follows from a code, and a result that does not depend on the order of arrival."""

from dataclasses import dataclass
from typing import Any

import polars as pl
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from dtsen_pipeline.core.engine import Engine
from dtsen_pipeline.schemas.release import KEYS
from tests.core.rows import ANCIENT, CARD, NIK, OLD, Pointer, Release, Town, card, nik
from tests.running import Readings, Run

PRESENCE, HOME = "keberadaan_anggota", "family_id"
MONDAY, TUESDAY = "2026-08-03", "2026-08-04"
VILLAGE = "kode_kelurahan_desa"


@dataclass(frozen=True)
class Told:
    """A release, its town's persons and visits."""

    release: Release
    persons: dict[str, Pointer]
    rows: dict[str, Pointer]

    def person(self, name: str) -> dict[str, Any]:
        return self.release.person(self.persons[name])

    def home(self, number: int) -> str:
        found: str = self.release.family(card(number))[HOME]
        return found


MEETINGS = {
    "died": "2",
    "moved": "3",
    "abroad": "4",
    "seen": "1",
    "new": "5",
    "not found": "6",
}


@dataclass(frozen=True)
class Away:
    """What families said of a person day after day, and what is published: presence, and whether at home."""

    said: tuple[tuple[str, str], ...]
    presence: int
    is_home: bool


AWAY = {
    "found elsewhere, then gone says the old home": Away((("other", "1"), ("own", "3")), 1, is_home=False),
    "found elsewhere, then gone says the new home": Away(
        (("other", "5"), ("own", "4"), ("other", "3")), 3, is_home=False
    ),
    "found twice elsewhere, then gone says the first": Away(
        (("third", "1"), ("other", "1"), ("third", "3")), 1, is_home=False
    ),
    "gone, then found elsewhere": Away((("own", "3"), ("other", "1")), 1, is_home=False),
    "gone, says a family of others": Away((("other", "3"),), 1, is_home=True),
    "gone abroad, says a family of others": Away((("other", "4"),), 1, is_home=True),
    "died, says a family of others": Away((("other", "2"),), 2, is_home=True),
    "found elsewhere, not found at the old home": Away((("other", "1"), ("own", "6")), 1, is_home=False),
}


@pytest.fixture(scope="module")
def told(engine: Engine) -> Told:
    town, persons, rows = Town(), {}, {}
    for number in range(20):
        town.family(card(number), **{VILLAGE: "3571010007"})
    for number, (name, presence) in enumerate(MEETINGS.items()):
        persons[name] = town.member(card(number), number, penglihatan="4")
        visit = town.visit(card(number), MONDAY)
        rows[name] = town.met(visit, presence, **{NIK: nik(number)}, penglihatan="1")
    # met in another family, with and without a card of one's own
    for number, (name, own) in enumerate((("came", card(11)), ("came, no card", "")), start=10):
        persons[name] = town.member(card(12), number)
        rows[name] = town.met(town.visit(card(11), MONDAY), **{NIK: nik(number), CARD: own})
    # died on Monday, found alive on Tuesday; and the other way round
    for number, (name, days) in enumerate({"back": (MONDAY, TUESDAY), "gone": (TUESDAY, MONDAY)}.items(), start=13):
        persons[name] = town.member(card(number), number)
        for presence, day in zip("21", days, strict=True):
            town.met(town.visit(card(number), day), presence, **{NIK: nik(number)})
    # moved: only the family where somebody was last at home can say so
    for number, name in enumerate(AWAY, start=30):
        town.family(card(number))
        persons[name] = town.member(card(number), number)
        for august, (place, presence) in enumerate(AWAY[name].said, start=3):
            where = {"own": card(number), "other": card(12), "third": card(11)}[place]
            town.met(town.visit(where, f"2026-08-0{august}"), presence, **{NIK: nik(number)})
    # a new member, who is gone a day later
    complete = {"nama": "BAYI", "tanggal_lahir": "2026-01-01", "jenis_kelamin": "2"}
    rows["born"] = town.met(town.visit(card(15), MONDAY), "5", **complete)
    rows["born, gone"] = town.met(town.visit(card(16), MONDAY), "5", **complete)
    rows["born, gone again"] = town.met(town.visit(card(16), TUESDAY), "3", **complete)
    # much is said twice, in two snapshots and two batches
    for number in (60, 61):
        town.family(card(number), OLD, luas_lantai="20", jenis_lantai_terluas="2")
        town.family(card(number), jenis_lantai_terluas="91")
        town.family(card(number), jenis_lantai_terluas="91", luas_lantai="31", alamat="JL LAIN")
        town.member(card(number), number)
        town.member(card(number), number, status_kawin="3")
        town.member(card(number), None, nama="TANPA NIK")
        for file, floor in (("c1", "40"), ("c2", "50")):
            visit = town.visit(card(number), MONDAY, file, luas_lantai=floor)
            town.met(visit, "1", f"d{file[1]}", **{NIK: nik(number), "penglihatan": floor[0]})
            town.met(visit, "5", f"d{file[1]}", nama="BAYI", tanggal_lahir="2026-01-01", jenis_kelamin="1")
    # a visit corrects the village, or says that there is none
    rows["village"] = town.visit(card(17), MONDAY, **{VILLAGE: "3571010004"})
    rows["no village"] = town.visit(card(18), MONDAY, **{VILLAGE: "TIDAK_ADA"})
    rows["far village"] = town.visit(card(19), MONDAY, **{VILLAGE: "3506130001"})
    # an older snapshot lists a person who is found again
    town.family(card(9), OLD)
    persons["older"] = town.member(card(9), 9, OLD, penglihatan="3")
    rows["older"] = town.met(town.visit(card(9), MONDAY), **{NIK: nik(9)}, rt_ktp="001")
    return Told(Release(town, engine), persons, rows)


@pytest.mark.parametrize(
    ("name", "presence"), [("died", 2), ("moved", 3), ("abroad", 4), ("seen", 1), ("new", 1), ("not found", 1)]
)
def test_presence(name: str, presence: int, told: Told) -> None:
    person = told.person(name)
    assert person[PRESENCE] == presence
    assert person[HOME] == told.home(list(MEETINGS).index(name))
    assert told.release.won(told.rows[name], PRESENCE) == ({"changed"} if presence > 1 else _agreed(name))


def _agreed(name: str) -> set[str]:
    return set() if name == "not found" else {"confirmed"}


def test_what_a_row_says_beside_presence_counts(told: Told) -> None:
    assert told.person("died")["penglihatan"] == told.person("not found")["penglihatan"] == 1


def test_a_person_met_in_another_family_moves_there_with_its_card(told: Told) -> None:
    for name in ("came", "came, no card"):
        assert told.person(name)[HOME] == told.home(11)
        assert told.person(name)[CARD] == card(11)
        assert told.release.won(told.rows[name], HOME) == {"changed"}
    assert not {row[NIK] for row in told.release.persons(card(12))} & {nik(10), nik(11)}


@pytest.mark.parametrize("name", AWAY)
def test_a_family_sends_away_only_its_own(name: str, told: Told) -> None:
    person, case = told.person(name), AWAY[name]
    own = told.home(30 + list(AWAY).index(name))
    assert (person[PRESENCE], person[HOME] == own) == (case.presence, case.is_home)
    assert person[HOME] in (own, told.home(12))


def test_the_latest_statement_of_presence_stands(told: Told) -> None:
    assert told.person("back")[PRESENCE] == 1
    assert told.person("gone")[PRESENCE] == 2


def test_a_new_member_is_published_unless_gone_again(told: Told) -> None:
    born = told.release.person(told.rows["born"])
    assert (born[PRESENCE], born[CARD], born[HOME]) == (1, card(15), told.home(15))
    assert told.release.fate(told.rows["born"]) == "contributed"
    assert told.release.won(told.rows["born"], "nama") <= {"changed", "filled"}
    assert told.release.won(told.rows["born"], "nama")
    assert told.release.persons(card(16)) == []
    assert told.release.fate(told.rows["born, gone"]) == "superseded"


def test_a_person_of_an_older_snapshot_who_is_found_is_published(told: Told) -> None:
    found = told.release.person(told.rows["older"])
    assert (found["nama"], found["rt_ktp"], found["penglihatan"]) == ("CONTOH", "001", 3)
    assert told.release.fate(told.persons["older"]) == "contributed"


def test_names_of_regions_follow_the_code_that_won(told: Told) -> None:
    families = [told.release.family(card(number)) for number in (17, 18, 19)]
    assert [row[VILLAGE] for row in families] == ["3571010004", None, "3506130001"]
    assert [row["kelurahan_desa"] is None for row in families] == [False, True, True]
    assert families[0]["kelurahan_desa"] != told.release.family(card(0))["kelurahan_desa"]
    for name in ("village", "no village", "far village"):
        assert told.release.won(told.rows[name], VILLAGE) == {"changed"}
        assert told.release.won(told.rows[name], "kelurahan_desa") == {"changed"}


def test_who_is_listed_by_older_snapshots_alone_has_vanished_and_is_not_published(engine: Engine) -> None:
    town = Town()
    town.family(card(1))
    town.family(card(2), ANCIENT)
    family = town.family(card(2), OLD)
    town.family(card(3), ANCIENT)
    town.family(card(3))
    person = town.member(card(2), 2, OLD)
    moved = town.member(card(2), 3, OLD)
    town.member(card(1), 3)
    found = town.member(card(2), 4, OLD)
    town.met(town.visit(card(1), MONDAY), **{NIK: nik(4)})
    release = Release(town, engine)
    gone = {(row["tabel"], row["src"], row["row"]) for row in release.tables["vanished"]}
    assert gone == {("keluarga", *family), ("anggota", *person)}
    published = {row["family_id"] for row in release.tables["keluarga"]}
    assert not published & {row["entity_id"] for row in release.tables["vanished"]}
    assert release.fate(family) == release.fate(moved) == "superseded"
    assert release.fate(found) != "rejected"


def _shuffled(readings: Readings, order: list[int]) -> Readings:
    """The same rows in another order."""
    rows = {}
    for table, frame in readings.rows.items():
        keys = pl.Series([order[line % len(order)] for line in range(frame.height)], dtype=pl.Int64)
        rows[table] = frame.with_columns(key=keys).sort("key", maintain_order=True).drop("key")
    return Readings(rows, readings.damaged, readings.inputs)


def _sorted(run: Run) -> dict[str, pl.DataFrame]:
    frames = {
        "keluarga": run.merged.families.merged,
        "anggota": run.merged.persons.merged,
        "lineage": run.merged.lineage,
        "conflict": run.merged.conflict,
        "alias": run.observed.aliases,
        "vanished": run.merged.vanished,
    }
    return {name: run.engine.fetch(frame).sort(KEYS[name]) for name, frame in frames.items()}


@settings(max_examples=2, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(order=st.lists(st.integers(0, 9), min_size=3, max_size=7))
def test_the_order_of_arrival_changes_nothing(order: list[int], told: Told) -> None:
    run = told.release.run
    found = _sorted(Run(_shuffled(run.readings, order), run.engine))
    for name, table in _sorted(run).items():
        assert found[name].equals(table), name
    assert told.release.family(card(60))["luas_lantai"] == 50
