"""The events of families and persons, one town with each of them; the judge walks through the same rows."""

from datetime import date

import pytest

from dtsen_pipeline.core.engine import Engine
from dtsen_pipeline.schemas.release import EVENTS
from tests.core.rows import ANCIENT, BASE, DATES, NIK, OLD, Pointer, Release, Town, card, nik
from tests.core.stories import files
from tests.oracle import judge as oracle

BORN, NAME = "tanggal_lahir", "nama"
DAYS = {version: date.fromisoformat(day) for version, day in DATES.items()}
EARLY, MIDDLE, LATE = "2026-02-02", "2026-02-09", "2026-08-03"
Found = set[tuple[str, str, str | None, str | None]]


class Told:
    """A release of which the judge says the same, and its rows by name."""

    def __init__(self, engine: Engine) -> None:
        self.town, self.at = Town(), dict[str, Pointer]()
        _families(self.town, self.at)
        _persons(self.town, self.at)
        self.release = Release(self.town, engine)
        judgement = oracle.judge(oracle.Release(self.release.tables, self.release.run.outcome.cuts), files(self.town))
        assert not judgement.faults, judgement.summary()
        observed, run = self.release.run.observed, self.release.run
        cards = run.engine.fetch(observed.families).select("family_id", "nomor_kartu_keluarga")
        self.cards = dict(cards.unique(subset="family_id", keep="last", maintain_order=True).iter_rows())

    def of(self, name: str, table: str = "anggota") -> Found:
        """The events that a row shows: code, day, and the numbers of the families that were left and joined."""
        return {
            (row["peristiwa"], str(row["hari"]), self._number(row["dari_id"]), self._number(row["ke_id"]))
            for row in self.release.tables["peristiwa"]
            if (row["src"], row["row"]) == self.at[name] and row["tabel"] == table
        }

    def _number(self, family: str | None) -> str | None:
        return None if family is None else str(int(self.cards[family][-4:]) - 9000)


def _families(town: Town, at: dict[str, Pointer]) -> None:
    """Families that stay, come, change cards, split, are taken in, and are left out once."""
    for number in (0, 1, 9):
        for version in (ANCIENT, OLD, BASE):
            town.family(card(number), version)
    at["came"] = town.family(card(2), OLD)
    town.family(card(2))
    town.member(card(2), 2, OLD)
    at["under the old card"] = town.family(card(3), OLD)
    at["under the new card"] = town.family(card(4))
    for version, number in ((OLD, 3), (BASE, 4)):
        town.member(card(number), 3, version)
        town.member(card(number), 4, version)
    for person in (10, 11, 12):
        town.member(card(9), person, OLD)
    at["split off"] = town.member(card(5), 10)
    at["split off, the second"] = town.member(card(5), 11)
    at["the new family"] = town.family(card(5))
    town.member(card(9), 12)
    at["ended"] = town.family(card(6), OLD)
    town.member(card(6), 13, OLD)
    at["taken in"] = town.member(card(9), 13)
    at["left out"] = town.family(card(7), ANCIENT)
    at["back again"] = town.family(card(7))
    at["person left out"] = town.member(card(7), 7, ANCIENT)
    at["person back again"] = town.member(card(7), 7)


def _persons(town: Town, at: dict[str, Pointer]) -> None:
    """Persons who are born, met, move, go, die, and are met after all."""
    for version in (ANCIENT, OLD, BASE):
        for person in (20, 21, 22, 23, 24):
            at[f"{person} in {version}"] = town.member(card(0), person, version)
    at["born"] = town.member(card(0), 25, OLD, **{BORN: "2026-01-01"})
    at["elder"] = town.member(card(0), 26, OLD)
    visits = {
        (number, day): town.visit(card(number), day, luas_lantai="31")
        for number, day in ((0, EARLY), (0, MIDDLE), (0, LATE), (1, EARLY), (1, LATE))
    }
    for name, person, presence, number, day in (
        ("moved", 20, "1", 1, EARLY),
        ("stays moved", 20, "1", 1, LATE),
        ("gone", 21, "3", 0, EARLY),
        ("still gone", 21, "4", 0, MIDDLE),
        ("gone, says another family", 22, "3", 1, EARLY),
        ("died", 23, "2", 0, EARLY),
        ("still dead", 23, "2", 0, MIDDLE),
        ("alive", 23, "1", 0, LATE),
        ("not found", 24, "6", 0, EARLY),
    ):
        at[name] = town.met(visits[number, day], presence, **{NIK: nik(person)})
    at["newcomer"] = town.met(visits[0, LATE], "5", **{NAME: "BAYI", BORN: "2026-07-20", "jenis_kelamin": "2"})


@pytest.fixture(scope="module")
def told(engine: Engine) -> Told:
    return Told(engine)


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("born", {("lahir", "2026-01-15", None, "0"), ("tidak_tercatat", "2026-07-01", "0", None)}),
        ("elder", {("tercatat", "2026-01-15", None, "0"), ("tidak_tercatat", "2026-07-01", "0", None)}),
        (f"20 in {ANCIENT}", set()),
        ("moved", {("pindah", EARLY, "0", "1")}),
        (f"20 in {BASE}", set()),
        ("stays moved", set()),
        ("gone", {("pindah_keluar", EARLY, "0", None)}),
        ("still gone", set()),
        ("gone, says another family", set()),
        ("died", {("meninggal", EARLY, "0", None)}),
        ("still dead", set()),
        ("alive", {("hidup_kembali", LATE, None, "0")}),
        ("not found", set()),
        ("newcomer", {("lahir", LATE, None, "0")}),
        ("split off", {("pindah", "2026-07-01", "9", "5")}),
        ("split off, the second", {("pindah", "2026-07-01", "9", "5")}),
        ("taken in", {("pindah", "2026-07-01", "6", "9")}),
        ("person left out", {("tidak_tercatat", "2026-01-15", "7", None)}),
        ("person back again", {("tercatat_kembali", "2026-07-01", None, "7")}),
    ],
)
def test_of_persons(told: Told, name: str, expected: Found) -> None:
    assert told.of(name) == expected


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("came", {("tercatat", "2026-01-15", None, None)}),
        ("under the old card", {("tercatat", "2026-01-15", None, None)}),
        ("under the new card", {("kartu_berubah", "2026-07-01", None, None)}),
        ("the new family", {("tercatat", "2026-07-01", None, None)}),
        ("split off", {("pecah", "2026-07-01", "9", None)}),
        ("split off, the second", set()),
        ("ended", {("tercatat", "2026-01-15", None, None), ("tidak_tercatat", "2026-07-01", None, None)}),
        ("taken in", {("gabung", "2026-07-01", None, "9")}),
        ("left out", {("tidak_tercatat", "2026-01-15", None, None)}),
        ("back again", {("tercatat_kembali", "2026-07-01", None, None)}),
    ],
)
def test_of_families(told: Told, name: str, expected: Found) -> None:
    assert told.of(name, "keluarga") == expected


def test_the_town_has_every_event(told: Told) -> None:
    assert {row["peristiwa"] for row in told.release.tables["peristiwa"]} == set(EVENTS)


def test_a_split_names_the_new_family_and_a_merge_the_one_that_ended(told: Told) -> None:
    named = {
        row["peristiwa"]: row["entity_id"] for row in told.release.tables["peristiwa"] if row["tabel"] == "keluarga"
    }
    assert named["pecah"] == told.release.family(card(5))["family_id"]
    assert told.cards[named["gabung"]] == card(6)
