"""Which rows of snapshots and which visits speak of whom, and which take no part."""

import hashlib
import hmac
from dataclasses import dataclass

import narwhals as nw
import pytest

from dtsen_pipeline.core import normalise
from dtsen_pipeline.core.engine import Engine
from tests.core.rows import CARD, NIK, OLD, Pointer, Release, Town, card, nik
from tests.running import KEY, Run

BORN, SEX, NAME = "tanggal_lahir", "jenis_kelamin", "nama"
LATER = "2026-08-03"


@dataclass(frozen=True)
class Told:
    """A release and the named rows of its town."""

    release: Release
    at: dict[str, Pointer]

    def fate(self, name: str) -> str:
        return self.release.fate(self.at[name])

    def id(self, name: str) -> str:
        found: str = self.release.person(self.at[name])["person_id"]
        return found


def _town() -> tuple[Town, dict[str, Pointer]]:
    town, at = Town(), {}
    for number in range(20):
        town.family(card(number))
        town.family(card(number), OLD)
    # one NIK, two people
    at["he"] = town.member(card(0), 0)
    at["she"] = town.member(card(0), None, **{NIK: nik(0), SEX: "2"})
    at["younger"] = town.member(card(1), None, **{NIK: nik(0), BORN: "1980-01-02"})
    at["undated"] = town.member(card(1), None, **{NIK: nik(0), BORN: ""})
    # one NIK, one person: another card and another name
    at["before"] = town.member(card(2), 2, OLD, **{NAME: "LAMA"})
    at["after"] = town.member(card(3), 2, **{NAME: "BARU"})
    # no NIK: card, name, birth date and sex
    at["old nameless number"] = town.member(card(4), None, OLD)
    at["nameless number"] = town.member(card(4), None)
    at["other name"] = town.member(card(4), None, **{NAME: "LAIN"})
    at["other birth"] = town.member(card(4), None, **{BORN: "1980-01-02"})
    at["other sex"] = town.member(card(4), None, **{SEX: "2"})
    at["other card"] = town.member(card(5), None)
    # a NIK that comes later, and one that went missing
    at["without"] = town.member(card(6), None, OLD)
    at["with"] = town.member(card(6), 6)
    at["had"] = town.member(card(7), 7, OLD)
    at["lost"] = town.member(card(7), None)
    # two who are alike, and a row that could be either
    at["one of two"] = town.member(card(8), 8)
    at["two of two"] = town.member(card(8), 88)
    at["either"] = town.member(card(8), None)
    # rows without a NIK beside one with it, each unlike it in one thing
    at["numbered"] = town.member(card(12), 12)
    at["unlike in name"] = town.member(card(12), None, **{NAME: "LAIN"})
    at["unlike in birth"] = town.member(card(12), None, **{BORN: "1980-01-02"})
    at["unlike in sex"] = town.member(card(12), None, **{SEX: "2"})
    at["unlike in card"] = town.member(card(13), None)
    at["undated, numbered"] = town.member(card(14), 14, **{BORN: ""})
    at["undated, not numbered"] = town.member(card(14), None, **{BORN: ""})
    at["sexless, numbered"] = town.member(card(15), None, **{NIK: nik(15), SEX: ""})
    at["sexless, not numbered"] = town.member(card(15), None, **{SEX: ""})
    # one NIK, exactly two people
    at["one of a pair"] = town.member(card(16), 16)
    at["the other"] = town.member(card(17), None, **{NIK: nik(16), SEX: "2"})
    # neither a NIK nor a name
    at["nobody"] = town.member(card(9), None, **{NAME: ""})
    at["number only"] = town.member(card(9), 9, **{NAME: ""})
    _sent_twice(town, at)
    _strangers(town, at)
    return town, at


def _sent_twice(town: Town, at: dict[str, Pointer]) -> None:
    """Identical rows, and rows that differ."""
    at["first"] = town.member(card(10), 10)
    at["again"] = town.member(card(10), 10)
    at["differs"] = town.member(card(10), 10, status_kawin="3")
    at["family again"] = town.family(card(10))
    at["family differs"] = town.family(card(10), luas_lantai="31", nama_kepala_keluarga="contoh ")


def _strangers(town: Town, at: dict[str, Pointer]) -> None:
    """Orphans and other cities."""
    at["orphan"] = town.member(card(30), 30)
    at["orphan of the base"] = town.member(card(31), 31)
    at["family gone"] = town.family(card(31), OLD)
    at["elsewhere"] = town.family(card(32), kode_kabupaten_kota="3506")
    at["of elsewhere"] = town.member(card(32), 32)
    at["nowhere"] = town.family(card(33), kode_kabupaten_kota="")
    at["of nowhere"] = town.member(card(33), 33)
    at["rejected family"] = town.family(card(34), desil_nasional="11")
    at["of rejected family"] = town.member(card(34), 34)
    at["rejected"] = town.member(card(10), None, **{NIK: "12345"})
    at["older only"] = town.member(card(11), 11, OLD)
    at["nobody elsewhere"] = town.member(card(32), None, **{NAME: ""})


@pytest.fixture(scope="module")
def told(engine: Engine) -> Told:
    town, at = _town()
    return Told(Release(town, engine), at)


def test_a_nik_with_another_birth_date_or_sex_is_another_person(told: Told) -> None:
    names = ("he", "she", "younger", "undated")
    assert len({told.id(name) for name in names}) == 4
    assert all("W_NIK_SHARED" in told.release.warnings(told.at[name]) for name in names)
    assert all("W_NIK_SHARED" in told.release.warnings(told.at[name]) for name in ("one of a pair", "the other"))
    assert "W_NIK_SHARED" not in told.release.warnings(told.at["after"])


def test_a_nik_follows_a_person_to_another_card_and_name(told: Told) -> None:
    assert told.release.person(told.at["after"])[NAME] == "BARU"
    assert told.fate("before") == "superseded"
    assert len([row for row in told.release.tables["anggota"] if row[NIK] == nik(2)]) == 1


def test_without_a_nik_card_name_birth_date_and_sex_make_a_person(told: Told) -> None:
    names = ("nameless number", "other name", "other birth", "other sex", "other card")
    assert len({told.id(name) for name in names}) == 5
    assert told.fate("old nameless number") == "superseded"
    assert {"W_NIK_MISSING"} <= told.release.warnings(told.at["nameless number"])


def test_a_nik_that_comes_or_goes_makes_no_second_person(told: Told) -> None:
    assert len(told.release.persons(card(6))) == 1
    (kept,) = told.release.persons(card(7))
    assert kept[NIK] == nik(7)
    assert told.release.won(told.at["had"], NIK) == {"filled"}
    assert told.fate("had") == "contributed"


def test_a_row_without_a_nik_is_the_one_with_it_only_where_all_else_is_equal_and_known(told: Told) -> None:
    unlike = ("numbered", *(f"unlike in {thing}" for thing in ("name", "birth", "sex", "card")))
    blank = [f"{blank}, {number}" for blank in ("undated", "sexless") for number in ("numbered", "not numbered")]
    for names in (unlike, blank):
        assert len({told.id(name) for name in names}) == len(names)


def test_a_row_that_could_be_two_people_is_neither(told: Told) -> None:
    assert len({told.id(name) for name in ("one of two", "two of two", "either")}) == 3


def test_neither_nik_nor_name_is_held(told: Told) -> None:
    assert told.fate("nobody") == "held:H_NO_IDENTITY"
    assert told.fate("number only") == "base"
    assert told.release.family(card(9))["alasan_tidak_lengkap"] == "anggota_ditahan"


def test_identical_rows_are_duplicates_of_the_first(told: Told) -> None:
    assert [told.fate(name) for name in ("first", "again", "differs")] == ["base", "duplicate", "superseded"]
    assert told.fate("family again") == "duplicate"
    assert told.release.reason(told.at["again"]) is None


def test_differing_rows_of_one_entity_keep_the_first_and_list_the_loser(told: Told) -> None:
    assert told.release.person(told.at["first"])["status_kawin"] == 2
    assert told.release.lost(told.at["differs"], "status_kawin") == {"superseded"}
    assert told.release.lost(told.at["differs"], NAME) == set()
    assert told.release.family(card(10))["luas_lantai"] == 30
    assert told.release.lost(told.at["family differs"], "luas_lantai") == {"superseded"}
    assert told.release.lost(told.at["family differs"], "nama_kepala_keluarga") == set()
    assert told.release.warnings(told.at["family differs"]) >= {"W_KK_TWICE"}


def test_members_without_their_family_are_held(told: Told) -> None:
    for name in ("orphan", "orphan of the base", "of rejected family"):
        assert told.fate(name) == "held:H_FAMILY_ABSENT"
    assert told.fate("rejected family") == told.fate("rejected") == "rejected"
    assert told.fate("family gone") == "superseded"
    assert card(31) not in {row[CARD] for row in told.release.tables["keluarga"]}


def test_families_of_another_city_are_out_of_scope_with_their_members(told: Told) -> None:
    assert told.fate("elsewhere") == told.fate("of elsewhere") == "out_of_scope:O_CITY"
    assert told.fate("nowhere") == told.fate("of nowhere") == "base"
    assert told.fate("nobody elsewhere") == "out_of_scope:O_CITY"


def test_persons_of_older_snapshots_alone_are_not_published(told: Told) -> None:
    assert told.fate("older only") == "superseded"
    assert told.release.persons(card(11)) == []
    assert told.release.family(card(11))["alasan_tidak_lengkap"] == "tanpa_anggota"


def _ids(run: Run) -> set[tuple[str, str]]:
    """The ids of all families and persons, and aliases."""
    found = set()
    for frame, *names in (
        (run.observed.families, "family_id"),
        (run.observed.members, "person_id", "family_id"),
        (run.observed.aliases, "alias_id", "entity_id"),
    ):
        found |= {(name, value) for name in names for value in run.engine.fetch(frame)[name]}
    return found


def test_ids_do_not_depend_on_row_numbers_or_order(told: Told, engine: Engine) -> None:
    town, _ = _town()
    for rows in town.rows.values():
        rows.reverse()
        for line, row in enumerate(rows):
            row["row"] = 1000 + line
    assert _ids(Run(town.readings(), engine)) == _ids(told.release.run)


def test_ids_survive_a_better_normaliser(told: Told, engine: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    def better(cell: nw.Expr) -> nw.Expr:
        return cell.str.replace_all("CONTOH", "HAJI CONTOH", literal=True)

    monkeypatch.setattr(normalise, "_name", better)
    town, _ = _town()
    run = Run(town.readings(), engine)
    assert "HAJI CONTOH" in set(engine.fetch(run.observed.members)[NAME])
    assert _ids(run) == _ids(told.release.run)


def _by_hand(fields: str) -> str:
    """The id of a person of these identifying fields."""
    return hmac.new(KEY, f"1|anggota|{fields}|1980-01-01|1".encode(), hashlib.sha256).hexdigest()[:32]


def test_a_person_keeps_the_first_id_and_later_ones_are_aliases(told: Told) -> None:
    aliases = {row["alias_id"]: row["entity_id"] for row in told.release.tables["alias"]}
    assert told.id("with") == _by_hand(f"kk|{card(6)}|CONTOH")
    assert told.id("lost") == _by_hand(f"nik|{nik(7)}")
    assert aliases[_by_hand(f"nik|{nik(6)}")] == told.id("with")
    assert aliases[_by_hand(f"kk|{card(7)}|CONTOH")] == told.id("lost")
    assert not aliases.keys() & {row["person_id"] for row in told.release.tables["anggota"]}
