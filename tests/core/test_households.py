"""Families against their members: exactly the odd ones are warned of, and only by what is odd about them."""

from collections.abc import Mapping
from typing import Any

import narwhals as nw
import polars as pl
import pytest

from dtsen_pipeline.core.engine import Engine
from dtsen_pipeline.core.households import check_households
from dtsen_pipeline.core.normalise import normalise
from dtsen_pipeline.reference import city
from dtsen_pipeline.schemas.tables import FAMILY, MEMBER, tables
from tests.core.rows import CARD, CITY, PLAIN_FAMILY, PLAIN_MEMBER, card, numbered

BORN, SEX, MARITAL, RELATION = "tanggal_lahir", "jenis_kelamin", "status_kawin", "status_hubungan_keluarga"
F, OLD_F, M, OLD_M = (letter * 12 for letter in "fgbc")
VERSIONS = {F: "v4", M: "v4", OLD_F: "v3", OLD_M: "v3"}
Cells = dict[str, str]


def someone(relation: str, **cells: str) -> Cells:
    """A member by the relation to the head."""
    return {**PLAIN_MEMBER, RELATION: relation} | cells


HEAD = someone("1")
WIFE = someone("2", jenis_kelamin="2")
CASES: Mapping[str, tuple[str, list[Cells], dict[str, str]]] = {
    "sound": ("2", [HEAD, someone("3", tanggal_lahir="2000-01-01")], {}),
    "empty": ("", [], {"family": "W_FAMILY_EMPTY"}),
    "headless": ("1", [someone("8")], {"family": "W_HEAD_COUNT"}),
    "two heads": ("2", [HEAD, HEAD], {"family": "W_HEAD_COUNT"}),
    "one too few": ("3", [HEAD, WIFE], {"family": "W_MEMBER_COUNT"}),
    "not stated": ("", [HEAD], {}),
    "relation unknown": ("2", [HEAD, someone("")], {}),
    "couple": ("2", [HEAD, WIFE], {}),
    "two wives": ("3", [HEAD, WIFE, WIFE], {"family": "W_SPOUSE_COUNT"}),
    "unmarried head": ("2", [HEAD | {MARITAL: "1"}, WIFE], {"family": "W_HEAD_UNMARRIED"}),
    "unmarried and alone": ("1", [HEAD | {MARITAL: "1"}], {}),
    "two men": ("2", [HEAD, WIFE | {SEX: "1"}], {"family": "W_COUPLE_SEX"}),
    "two spouses of both sexes": (
        "3",
        [HEAD | {SEX: "2"}, WIFE, WIFE | {SEX: "1"}],
        {"family": "W_SPOUSE_COUNT"},
    ),
    "sex unknown": ("2", [HEAD | {SEX: "x"}, WIFE | {SEX: "x"}], {}),
    "two heads and a wife": ("3", [HEAD, HEAD | {SEX: "2", MARITAL: "1"}, WIFE], {"family": "W_HEAD_COUNT"}),
    "child of the head's age": ("2", [HEAD, someone("3")], {"1": "W_CHILD_OLDER"}),
    "younger by a day": ("2", [HEAD, someone("3", tanggal_lahir="1980-01-02")], {}),
    "older grandchild": ("2", [someone("5", tanggal_lahir="1970-01-01"), HEAD], {"0": "W_CHILD_OLDER"}),
    "younger parent": ("2", [HEAD, someone("6", tanggal_lahir="1990-01-01")], {"1": "W_PARENT_YOUNGER"}),
    "parent of the head's age": ("2", [HEAD, someone("6")], {"1": "W_PARENT_YOUNGER"}),
    "older by a day": ("2", [HEAD, someone("6", tanggal_lahir="1979-12-31")], {}),
    "older in-law": ("2", [HEAD, someone("4", tanggal_lahir="1970-01-01")], {}),
    "two heads and an older child": (
        "3",
        [HEAD, HEAD, someone("3", tanggal_lahir="1970-01-01")],
        {"family": "W_HEAD_COUNT"},
    ),
    "one child of two": (
        "3",
        [HEAD, someone("3", tanggal_lahir="1970-01-01"), someone("3", tanggal_lahir="2001-01-01")],
        {"1": "W_CHILD_OLDER"},
    ),
    "birth dates unknown": ("2", [HEAD | {BORN: ""}, someone("3", tanggal_lahir="1970-01-01")], {}),
}


@pytest.fixture(scope="module")
def found(engine: Engine) -> dict[str, dict[str, str]]:
    """The warnings of every case, by the row that bears them."""
    families, members, places = [], [], dict[tuple[str, int], tuple[str, str]]()
    for number, (name, (stated, people, _)) in enumerate(CASES.items()):
        places[FAMILY, number + 2] = (name, "family")
        families.append({**PLAIN_FAMILY, CARD: card(number), "jumlah_anggota_keluarga": stated})
        for place, person in enumerate(people):
            places[MEMBER, len(members) + 2] = (name, str(place))
            members.append({**person, CARD: card(number)})
    rows = _checked(engine, numbered(FAMILY, families, F), numbered(MEMBER, members, M))
    told: dict[str, dict[str, str]] = {name: {} for name in CASES}
    for row in rows:
        assert row["reasons"] is None
        name, bearer = places[row["sumber"], row["row"]]
        assert bearer not in told[name]
        told[name][bearer] = row["warnings"]
    return told


def _checked(engine: Engine, families: pl.DataFrame, members: pl.DataFrame) -> list[dict[str, Any]]:
    records = [
        normalise(nw.from_native(engine.load(frame).to_native()), tables()[table], city(CITY))
        for frame, table in ((families, FAMILY), (members, MEMBER))
    ]
    return engine.fetch(check_households(records[0], records[1], VERSIONS, engine)).to_dicts()


@pytest.mark.parametrize("name", CASES)
def test_a_household_is_warned_of_what_is_odd_about_it(name: str, found: dict[str, dict[str, str]]) -> None:
    assert found[name] == CASES[name][2]


def test_each_snapshot_stands_by_itself(engine: Engine) -> None:
    families = pl.concat([numbered(FAMILY, [{**PLAIN_FAMILY, CARD: card(1)}], src) for src in (F, OLD_F)])
    now = numbered(MEMBER, [{**HEAD, CARD: card(1)}], M)
    before = numbered(MEMBER, [{**someone("8"), CARD: card(1)}], OLD_M)
    rows = _checked(engine, families, pl.concat([now, before]))
    assert [(row["src"], row["warnings"]) for row in rows] == [(OLD_F, "W_HEAD_COUNT")]
    assert [row["src"] for row in _checked(engine, families, now)] == [OLD_F]
