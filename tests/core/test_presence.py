"""Which person a visit's member row speaks of, who becomes a new person, and who is held."""

import hashlib
import hmac
from dataclasses import dataclass

import pytest

from dtsen_pipeline.core.engine import Engine
from tests.core.rows import NIK, OLD, Pointer, Release, Town, card, nik
from tests.running import KEY

BORN, SEX, NAME = "tanggal_lahir", "jenis_kelamin", "nama"
LATER = "2026-08-03"
COMPLETE = {NAME: "BAYI", BORN: "2026-01-01", SEX: "2"}
NOT_ASKED = {BORN: "", SEX: "", NAME: ""}
SIGN = "status_kawin"
"""What the member rows answer, so that their person is known by it."""


@dataclass(frozen=True)
class Told:
    """A release, and the named rows of its town."""

    release: Release
    at: dict[str, Pointer]

    def fate(self, name: str) -> str:
        return self.release.fate(self.at[name])

    def is_about(self, name: str, person: str) -> bool:
        """Whether the row `name` decided something of the person whose base record is `person`."""
        entity = self.release.person(self.at[person])["person_id"]
        pointer = self.at[name]
        told = (*self.release.tables["lineage"], *self.release.tables["conflict"])
        return {row["entity_id"] for row in told if (row["src"], row["row"]) == pointer} == {entity}

    def new(self, name: str) -> dict[str, object]:
        """The new person whose first row is `name`."""
        return self.release.person(self.at[name])


class Scenes:
    """A town of thirty families, each visited once; rows are kept by name."""

    def __init__(self) -> None:
        self.town, self.at = Town(), dict[str, Pointer]()
        for number in range(30):
            self.town.family(card(number))
        self.visits = {number: self.town.visit(card(number), LATER, luas_lantai="44") for number in range(30)}

    def met(self, name: str, number: int, presence: str = "1", **cells: str) -> None:
        """A member row of the visit to family `number`."""
        self.at[name] = self.town.met(self.visits[number], presence, **{SIGN: "3", **cells})


@pytest.fixture(scope="module")
def told(engine: Engine) -> Told:
    scenes = Scenes()
    for scene in (_by_nik, _by_shared_nik, _by_name, _new, _older, _without_visit, _twice):
        scene(scenes)
    return Told(Release(scenes.town, engine), scenes.at)


def _by_nik(scenes: Scenes) -> None:
    town, at, met = scenes.town, scenes.at, scenes.met
    at["listed"] = town.member(card(0), 0)
    met("nik alone", 0, **{NIK: nik(0)}, **NOT_ASKED)
    at["undated"] = town.member(card(1), 1, **{BORN: "", SEX: ""})
    met("dated", 1, **{NIK: nik(1), BORN: "1980-01-01", SEX: "1"})
    at["contradicted"] = town.member(card(2), 2)
    met("other birth", 2, **{NIK: nik(2), BORN: "1980-01-02"})
    met("other sex", 2, **{NIK: nik(2), SEX: "2"})
    met("other birth, new", 2, "5", **{NIK: nik(2), NAME: "LAIN", BORN: "1990-01-02", SEX: "1"})
    met("other birth, new, incomplete", 2, "5", **{NIK: nik(2), NAME: "", BORN: "1990-01-02", SEX: "1"})
    met("other birth, complete but not new", 2, **{NIK: nik(2), NAME: "LAIN", BORN: "1990-01-02", SEX: "1"})
    town.member(card(27), None, **{NAME: "AMIN", BORN: "1985-05-05"})
    met("number of one, name of another", 27, **{NIK: nik(2), NAME: "AMIN", BORN: "1985-05-05"})


def _by_shared_nik(scenes: Scenes) -> None:
    town, at, met = scenes.town, scenes.at, scenes.met
    at["he"] = town.member(card(3), 3)
    at["she"] = town.member(card(4), None, **{NIK: nik(3), SEX: "2"})
    met("he or she, at his home", 3, **{NIK: nik(3)}, **NOT_ASKED)
    met("he or she, elsewhere", 5, **{NIK: nik(3)}, **NOT_ASKED)
    met("she, elsewhere", 6, **{NIK: nik(3), SEX: "2"})
    at["father"] = town.member(card(7), 7)
    at["son"] = town.member(card(7), None, **{NIK: nik(7), BORN: "2005-05-05"})
    met("father or son", 7, **{NIK: nik(7)}, **NOT_ASKED)
    met("the son", 7, **{NIK: nik(7), BORN: "2005-05-05"})


def _by_name(scenes: Scenes) -> None:
    town, at, met = scenes.town, scenes.at, scenes.met
    at["nameless number"] = town.member(card(8), None, **{NAME: "SITI"})
    met("by name", 8, **{NAME: " siti", SIGN: "4"})
    met("by name, with a number", 8, **{NAME: "SITI", NIK: nik(8)})
    at["numbered"] = town.member(card(9), 9, **{NAME: "SITI"})
    met("by name, without the number", 9, **{NAME: "SITI"})
    met("by name, other number", 9, **{NAME: "SITI", NIK: nik(99)})
    met("by name, other birth", 9, **{NAME: "SITI", BORN: "1980-01-02"})
    met("by name, other family", 10, **{NAME: "SITI"})
    at["elder"] = town.member(card(11), 11, **{NAME: "SITI"})
    at["junior"] = town.member(card(11), 111, **{NAME: "SITI", BORN: "2005-05-05"})
    met("one of two names", 11, **{NAME: "SITI"})
    met("the junior of two names", 11, **{NAME: "SITI", BORN: "2005-05-05"})
    met("no name, no number", 11)
    town.member(card(28), 28, **{NAME: "SITI", BORN: ""})
    town.member(card(28), None, **{NAME: "SITI", BORN: ""})
    met("new, but one of two names", 28, "5", **COMPLETE | {NAME: "SITI", SEX: "1"})


def _new(scenes: Scenes) -> None:
    town, at, met = scenes.town, scenes.at, scenes.met
    met("born", 12, "5", **COMPLETE)
    met("found", 13, "1", **{NIK: nik(13), **COMPLETE})
    met("born, gone", 14, "3", **COMPLETE)
    met("nameless", 15, "5", **COMPLETE | {NAME: ""})
    met("undated new", 15, "5", **COMPLETE | {BORN: ""})
    met("sexless new", 15, "5", **COMPLETE | {SEX: ""})
    again = town.visit(card(12), "2026-08-05", file="c2", luas_lantai="44")
    at["born, again"] = town.met(again, "5", file="d2", **{SIGN: "4", **COMPLETE})
    at["born, by name"] = town.met(again, "1", file="d2", **{SIGN: "2", NAME: "BAYI"})
    at["found, by number"] = town.met(
        town.visit(card(16), "2026-08-05", file="c2"), "1", file="d2", **{SIGN: "4", NIK: nik(13)}
    )


def _without_visit(scenes: Scenes) -> None:
    town, at = scenes.town, scenes.at
    at["no visit"] = town.met("nowhere", **{NIK: nik(0)})
    at["stranger"] = town.visit(card(40), LATER, luas_lantai="44")
    at["of stranger"] = town.met(at["stranger"], **{NIK: nik(0)})
    town.family(card(41), kode_kabupaten_kota="3506")
    at["elsewhere"] = town.visit(card(41), LATER, luas_lantai="44")
    at["of elsewhere"] = town.met(at["elsewhere"], **{NIK: nik(0)})
    town.family(card(42), OLD)
    at["formerly"] = town.visit(card(42), LATER, luas_lantai="44")
    for outcome in ("3", "4", "5"):
        at[f"outcome {outcome}"] = town.visit(card(17), LATER, hasil_kunjungan=outcome, luas_lantai="44")
        at[f"of outcome {outcome}"] = town.met(at[f"outcome {outcome}"], **{NIK: nik(0)})
    at["outcome 2"] = town.visit(card(18), LATER, hasil_kunjungan="2", luas_lantai="44")
    at["bad visit"] = town.visit(card(19), "2026-08-03T25:00:00+07:00", luas_lantai="44")
    at["of bad visit"] = town.met(at["bad visit"], **{NIK: nik(0)})


def _older(scenes: Scenes) -> None:
    town, at, met = scenes.town, scenes.at, scenes.met
    for number in (24, 25, 26):
        town.family(card(number), OLD)
    town.member(card(24), 24, OLD, **{NAME: "LAMA", BORN: ""})
    at["listed 24"] = town.member(card(24), 24)
    met("by number, listed", 24, **{NIK: nik(24)})
    town.member(card(25), None, OLD, **{NAME: "SITI", BORN: ""})
    at["listed 25"] = town.member(card(25), None, **{NAME: "SITI"})
    met("by name, listed", 25, **{NAME: "SITI"})
    at["older only"] = town.member(card(26), 26, OLD)
    met("by number, older only", 26, **{NIK: nik(26)})


def _twice(scenes: Scenes) -> None:
    town, at = scenes.town, scenes.at
    at["twice"] = town.visit(card(20), LATER, id_kunjungan="V20", luas_lantai="44", file="c1")
    at["twice again"] = town.visit(card(20), LATER, id_kunjungan="V20", luas_lantai="44", file="c2")
    at["listed 20"] = town.member(card(20), 20)
    at["member twice"] = town.met("V20", **{SIGN: "3", NIK: nik(20)})
    at["member twice again"] = town.met("V20", file="d2", **{SIGN: "3", NIK: nik(20)})
    at["V21 early"] = town.visit(card(21), "2026-08-01", id_kunjungan="V21", luas_lantai="44", file="c2")
    at["V21 late"] = town.visit(card(22), "2026-08-02", id_kunjungan="V21", luas_lantai="44")
    at["V21 silent"] = town.visit(card(23), "2026-08-09", id_kunjungan="V21", hasil_kunjungan="4")
    at["member of V21"] = town.met("V21", "5", **COMPLETE)
    # of which one brought no values: members follow the other
    town.visit(card(22), "2026-08-02", id_kunjungan="V23", luas_lantai="44")
    town.visit(card(23), "2026-08-09", id_kunjungan="V23", hasil_kunjungan="4")
    at["member of V23"] = town.met("V23", "5", **COMPLETE)
    # the same for one family: the latest in use, which is later than another visit's word
    at["listed 29"] = town.member(card(29), 29)
    for file, day, outcome in (("c2", "2026-08-20", "1"), ("c1", "2026-08-22", "2"), ("c1", "2026-08-29", "4")):
        town.visit(card(29), day, file, id_kunjungan="V22", hasil_kunjungan=outcome, luas_lantai="44")
    at["between"] = town.met(town.visit(card(29), "2026-08-21", "c2"), **{SIGN: "4", NIK: nik(29)})
    at["member of V22"] = town.met("V22", **{SIGN: "3", NIK: nik(29)})


@pytest.mark.parametrize(
    ("row", "person"),
    [
        ("nik alone", "listed"),
        ("dated", "undated"),
        ("he or she, at his home", "he"),
        ("she, elsewhere", "she"),
        ("the son", "son"),
        ("by name", "nameless number"),
        ("by name, with a number", "nameless number"),
        ("by name, without the number", "numbered"),
        ("the junior of two names", "junior"),
        ("born, again", "born"),
        ("born, by name", "born"),
        ("found, by number", "found"),
        ("member twice", "listed 20"),
    ],
)
def test_the_row_speaks_of(row: str, person: str, told: Told) -> None:
    assert told.is_about(row, person)
    assert told.fate(row) in ("contributed", "superseded")


@pytest.mark.parametrize(
    ("row", "fate"),
    [
        ("other birth", "held:H_NIK_CONTRADICTED"),
        ("other sex", "held:H_NIK_CONTRADICTED"),
        ("other birth, new, incomplete", "held:H_NIK_CONTRADICTED"),
        ("other birth, complete but not new", "held:H_NIK_CONTRADICTED"),
        ("number of one, name of another", "held:H_NIK_CONTRADICTED"),
        ("new, but one of two names", "held:H_NAME_AMBIGUOUS"),
        ("he or she, elsewhere", "held:H_NIK_AMBIGUOUS"),
        ("father or son", "held:H_NIK_AMBIGUOUS"),
        ("one of two names", "held:H_NAME_AMBIGUOUS"),
        ("by name, other number", "held:H_PERSON_UNKNOWN"),
        ("by name, other birth", "held:H_PERSON_UNKNOWN"),
        ("by name, other family", "held:H_PERSON_UNKNOWN"),
        ("no name, no number", "held:H_PERSON_UNKNOWN"),
        ("born, gone", "held:H_PERSON_UNKNOWN"),
        ("nameless", "held:H_PERSON_UNKNOWN"),
        ("undated new", "held:H_PERSON_UNKNOWN"),
        ("sexless new", "held:H_PERSON_UNKNOWN"),
        ("no visit", "held:H_VISIT_UNKNOWN"),
        ("of bad visit", "held:H_VISIT_UNKNOWN"),
        ("of stranger", "held:H_VISIT_HELD"),
        ("stranger", "held:H_FAMILY_UNKNOWN"),
        ("formerly", "held:H_FAMILY_UNKNOWN"),
        ("elsewhere", "out_of_scope:O_CITY"),
        ("of elsewhere", "out_of_scope:O_CITY"),
        ("bad visit", "rejected"),
        ("outcome 2", "contributed"),
        *((f"{whose}outcome {code}", "no_values") for whose in ("", "of ") for code in (3, 4, 5)),
        ("twice", "contributed"),
        ("twice again", "duplicate"),
        ("member twice again", "duplicate"),
    ],
)
def test_the_row_ends_as(row: str, fate: str, told: Told) -> None:
    assert told.fate(row) == fate


def test_new_persons_are_published_with_their_first_row_as_base(told: Told) -> None:
    assert told.new("born")[NAME] == "BAYI"
    assert told.new("born")[SIGN] == 2
    assert told.new("born")["family_id"] == told.release.family(card(12))["family_id"]
    assert told.new("found")[SIGN] == 4
    assert told.new("other birth, new")[NIK] == nik(2)
    assert len(told.release.persons(card(12))) == 1
    assert told.fate("found") == "contributed"


def test_members_of_an_id_that_stands_for_two_families_are_held(told: Told) -> None:
    assert told.fate("member of V21") == "held:H_VISIT_TWICE"


def test_the_listed_person_is_preferred_to_one_of_an_older_snapshot(told: Told) -> None:
    """The older row gave no birth date: it stays another person; a visit speaks of the one who is listed."""
    assert told.is_about("by number, listed", "listed 24")
    assert told.is_about("by name, listed", "listed 25")
    assert told.new("by number, older only")[SIGN] == 3
    assert told.fate("older only") == "contributed"


def test_members_follow_the_latest_visit_of_their_id_that_is_in_use(told: Told) -> None:
    assert told.new("member of V23")["family_id"] == told.release.family(card(22))["family_id"]
    assert told.new("listed 29")[SIGN] == 3
    assert told.release.lost(told.at["between"], SIGN) == {"superseded"}


def test_the_id_of_a_new_person_is_that_of_the_same_row_in_a_snapshot(told: Told) -> None:
    fields = f"1|anggota|kk|{card(12)}|BAYI|2026-01-01|2"
    assert told.new("born")["person_id"] == hmac.new(KEY, fields.encode(), hashlib.sha256).hexdigest()[:32]
