"""The population register: whom its rows speak of, what they settle, and what comes of every one of them."""

from collections.abc import Iterator
from copy import copy
from dataclasses import dataclass, field
from datetime import date

import pytest

from dtsen_pipeline.core.engine import Engine
from dtsen_pipeline.schemas.tables import REGISTER
from tests.core.rows import ANCIENT, BASE, NIK, OLD, Pointer, Release, Town, card, nik

BORN, SEX, NAME, PRESENCE = "tanggal_lahir", "jenis_kelamin", "nama", "keberadaan_anggota"


@dataclass
class World:
    """A town with many people, each in a family of their own, and the release made from it."""

    town: Town = field(default_factory=Town)
    at: dict[str, Pointer] = field(default_factory=dict)
    numbers: Iterator[int] = field(default_factory=lambda: iter(range(1, 400)))

    def person(self, name: str, version: str = BASE, number: int | None = None, **cells: str) -> int:
        """Somebody listed with a family of their own."""
        told = number or next(self.numbers)
        self.town.family(card(told), version)
        self.at[name] = self.town.member(card(told), told, version, **{NIK: nik(told), **cells})
        return told


def everything(world: World) -> None:
    """Every case at once."""
    at, town = world.at, world.town
    number = world.person("wrong day", **{BORN: "1980-01-02"})
    at["its word"] = town.registered(number)
    number = world.person("right day")
    world.person("other bearer", number=next(world.numbers), **{NIK: nik(number), BORN: "1955-05-05"})
    at["settling word"] = town.registered(number)
    number = world.person("blank sex", **{SEX: ""})
    world.person("full sex", OLD, number)
    at["joining word"] = town.registered(number)
    number = world.person("dead")
    at["death"] = town.registered(number, "2", tanggal_status="2026-03-04")
    visit = town.visit(card(number), "2026-08-01")
    at["visit to the dead"] = visit
    at["met alive"] = town.met(visit, "1", **{NIK: nik(number), NAME: "CONTOH BARU"})
    number = world.person("gone")
    at["move"] = town.registered(number, "3")
    number = world.person("stranger", **{BORN: "1970-07-07", NAME: "SUPARMAN"})
    at["stranger's word"] = town.registered(number)
    number = world.person("first twin", **{BORN: "1971-01-01"})
    world.person("second twin", number=next(world.numbers), **{NIK: nik(number), BORN: "1972-01-01"})
    at["twins' word"] = town.registered(number)
    at["nobody's word"] = town.registered(398)
    number = world.person("vanished", ANCIENT)
    at["late word"] = town.registered(number)
    number = world.person("renamed")
    at["older word"] = town.registered(number, file="e0", day="2026-01-01", nama="CONTOH LAMA")
    at["newer word"] = town.registered(number, nama="CONTOH KINI")
    number = world.person("sent twice")
    at["sent"] = town.registered(number)
    at["sent again"] = town.registered(number)
    number = world.person("unlike", **{NAME: "SUPARMAN"})
    at["unlike word"] = town.registered(number)
    number = world.person("future")
    at["future word"] = town.registered(number, "2", tanggal_status="2026-06-02")
    world.person("unknown")


@pytest.fixture(scope="module")
def world() -> World:
    found = World()
    everything(found)
    return found


@pytest.fixture(scope="module")
def told(world: World, engine: Engine) -> Release:
    return Release(world.town, engine)


def test_every_row_has_its_fate(world: World, told: Release) -> None:
    fates = {
        "its word": "contributed",
        "settling word": "contributed",
        "joining word": "contributed",
        "death": "contributed",
        "met alive": "contributed",
        "move": "contributed",
        "stranger's word": "held:H_REGISTER_CONTRADICTED",
        "twins' word": "held:H_REGISTER_AMBIGUOUS",
        "nobody's word": "out_of_scope:O_REGISTER_UNLISTED",
        "late word": "out_of_scope:O_REGISTER_UNLISTED",
        "older word": "superseded",
        "newer word": "contributed",
        "sent": "contributed",
        "sent again": "duplicate",
        "unlike word": "contributed",
        "future word": "rejected",
    }
    assert {name: told.fate(world.at[name]) for name in fates} == fates


def test_a_wrong_birth_date_gives_way_to_the_register(world: World, told: Release) -> None:
    person = told.person(world.at["wrong day"])
    assert person[BORN] == date(1980, 1, 1)
    assert told.won(world.at["its word"], BORN) == {"register"}
    assert told.won(world.at["its word"], NAME) == {"confirmed"}
    assert told.lost(world.at["wrong day"], BORN) == {"overruled"}
    assert not told.lost(world.at["wrong day"], NAME)


def test_rows_that_agree_with_the_register_are_the_person_of_the_number(world: World, told: Release) -> None:
    assert told.won(world.at["settling word"], BORN) == {"confirmed"}
    assert told.person(world.at["other bearer"])[BORN] == date(1955, 5, 5)
    assert "W_NIK_SHARED" not in told.warnings(world.at["right day"])
    assert "W_NIK_SHARED" in told.warnings(world.at["other bearer"])
    assert {"W_NIK_SHARED"} <= told.warnings(world.at["first twin"]) & told.warnings(world.at["second twin"])


def test_a_blank_contradicts_nothing_once_the_register_speaks(world: World, told: Release, engine: Engine) -> None:
    assert told.person(world.at["blank sex"])[SEX] == 1
    assert told.won(world.at["joining word"], SEX) == {"register"}
    gone = {(row["src"], row["row"]) for row in told.tables["vanished"]}
    assert world.at["full sex"] not in gone
    plain = Release(without_register(world.town), engine)
    assert world.at["full sex"] in {(row["src"], row["row"]) for row in plain.tables["vanished"]}


def test_death_and_moving_change_membership_alone(world: World, told: Release) -> None:
    dead, gone = (told.person(world.at[name]) for name in ("dead", "gone"))
    assert (dead[PRESENCE], gone[PRESENCE]) == (2, 3)
    assert dead["family_id"] == told.family(card_of(world, "dead"))["family_id"]
    assert told.won(world.at["death"], PRESENCE) == {"register"}
    assert told.lost(world.at["dead"], PRESENCE) == {"overruled"}
    assert dead["status_kawin"] == 2


def test_a_newer_visit_that_says_otherwise_is_listed_as_a_loser(world: World, told: Release) -> None:
    met = world.at["met alive"]
    assert told.person(world.at["dead"])[NAME] == "CONTOH"
    for column in (PRESENCE, NAME):
        assert told.lost(met, column) == {"overruled"}
        assert not told.won(met, column)


def test_events_cite_the_register(world: World, told: Release) -> None:
    found = {(row["src"], row["row"]): row for row in told.tables["peristiwa"]}
    death, move = found[world.at["death"]], found[world.at["move"]]
    assert (death["peristiwa"], death["hari"]) == ("meninggal", date(2026, 3, 4))
    assert (move["peristiwa"], move["hari"]) == ("pindah_keluar", date(2026, 6, 1))
    assert death["dari_id"] == told.person(world.at["dead"])["family_id"]
    assert "hidup_kembali" not in {row["peristiwa"] for row in told.tables["peristiwa"]}


def test_the_newest_extract_speaks(world: World, told: Release) -> None:
    assert told.person(world.at["renamed"])[NAME] == "CONTOH KINI"
    assert not told.won(world.at["older word"], NAME)


def test_an_unlike_name_is_warned_of(world: World, told: Release) -> None:
    assert told.warnings(world.at["unlike word"]) == {"W_REGISTER_NAME"}
    assert "W_REGISTER_NAME" not in told.warnings(world.at["newer word"])
    assert told.person(world.at["unlike"])[NAME] == "CONTOH"


def test_who_is_not_in_the_newest_extract_is_unmatched(world: World, told: Release) -> None:
    unmatched = {name for name in ("unknown", "dead", "future", "renamed") if is_unmatched(told, world.at[name])}
    assert unmatched == {"unknown"}


@pytest.mark.parametrize(("region", "is_judged"), [("3571010", True), ("3571010007", True), ("3571020", False)])
def test_only_members_in_the_scope_are_judged(region: str, is_judged: bool, engine: Engine) -> None:  # noqa: FBT001
    town = Town()
    town.family(card(1))
    member = town.member(card(1), 1)
    town.registered(2, region=region)
    assert is_unmatched(Release(town, engine), member) is is_judged


def test_an_older_extract_of_the_whole_city_knows_nothing_against_a_newer_one(engine: Engine) -> None:
    town = Town()
    town.family(card(1))
    member = town.member(card(1), 1)
    town.registered(1, file="e0", day="2026-01-01")
    town.registered(2, day="2026-06-01", region="3571010")
    assert is_unmatched(Release(town, engine), member)


def test_a_visit_s_newcomer_has_the_register_s_birth_date(engine: Engine) -> None:
    town = Town()
    town.family(card(1))
    town.member(card(1), 1)
    visit = town.visit(card(1), "2026-08-01")
    new = town.met(visit, "5", **{NIK: nik(2), NAME: "BARU", BORN: "1980-01-02", SEX: "1"})
    word = town.registered(2, nama="BARU")
    told = Release(town, engine)
    assert told.person(new)[BORN] == date(1980, 1, 1)
    assert told.won(word, BORN) == {"register"}
    assert told.lost(new, BORN) == {"overruled"}
    assert told.won(new, NAME) == {"confirmed"}


def test_a_person_under_two_numbers_has_no_word(engine: Engine) -> None:
    town = Town()
    town.family(card(1))
    member = town.member(card(1), None, **{NAME: "SITI"})
    for number, day in ((1, "2026-08-01"), (2, "2026-08-02")):
        town.met(town.visit(card(1), day), "1", **{NIK: nik(number), NAME: "SITI"})
    words = [town.registered(number, nama="SITI", tanggal_lahir="1980-01-02") for number in (1, 2)]
    told = Release(town, engine)
    assert {told.fate(word) for word in words} == {"held:H_REGISTER_AMBIGUOUS"}
    assert told.person(member)[BORN] == date(1980, 1, 1)


def test_a_later_extract_answers_for_a_rejected_row(engine: Engine) -> None:
    town = Town()
    bad = town.registered(999, file="e0", day="2026-01-01", tanggal_lahir="31/12/1980")
    good = town.registered(999)
    rejected = Release(town, engine).tables["rejected"]
    assert [(row["src"], row["row"], row["resolved_by"]) for row in rejected] == [(*bad, f"{good[0]}-{good[1]}")]


def test_the_order_of_arrival_changes_nothing(world: World, told: Release, engine: Engine) -> None:
    town = copy(world.town)
    town.rows = {table: rows[::-1] for table, rows in town.rows.items()}
    town.sources = dict(reversed(town.sources.items()))
    again = Release(town, engine)
    for name, rows in told.tables.items():
        assert sorted(map(str, again.tables[name])) == sorted(map(str, rows)), name


def without_register(town: Town) -> Town:
    """The same town without extracts."""
    found = copy(town)
    found.sources = {key: source for key, source in town.sources.items() if source.table != REGISTER}
    found.rows = town.rows | {REGISTER: []}
    return found


def is_unmatched(told: Release, pointer: Pointer) -> bool:
    """Whether a member row is marked as unknown to the register."""
    return "W_NIK_UNMATCHED" in told.warnings(pointer)


def card_of(world: World, name: str) -> str:
    """The family card of a person's row."""
    (row,) = [row for row in world.town.rows["anggota"] if (row["src"], row["row"]) == world.at[name]]
    return str(row["nomor_kartu_keluarga"])
