"""A submission that was edited on its server: whoever asks is told of the version that stands, and of no other."""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from dtsen_pipeline.core.engine import Engine
from dtsen_pipeline.queries.balance import balance
from dtsen_pipeline.queries.rawtext import RawRows
from dtsen_pipeline.queries.reading import View, view
from dtsen_pipeline.queries.receipt import receipt
from dtsen_pipeline.queries.sources import Sources
from dtsen_pipeline.queries.trace import trace
from dtsen_pipeline.queries.visits import last_answered, visits
from dtsen_pipeline.resources.ingest import Declared, ingest
from dtsen_pipeline.resources.platform import Platform, opened
from dtsen_pipeline.resources.settings import Settings
from tests.queries.test_review import answered, listed
from tests.queries.world import LOOK, NOW, OPEN, World, copied, publish
from tests.resources.form_server import Record, kobo, odk

AREA, CARD = "luas_lantai", "nomor_kartu_keluarga"
NIK, SIGHT = "nomor_induk_kependudukan", "penglihatan"
FIRST, SECOND = "2026-W46-TRC-001", "2026-W47-TRC-001"


@dataclass(frozen=True)
class Edited:
    """A home before and after three visits came again; the tokens of both files, and the families' ids by card."""

    before: World
    after: World
    old: str
    new: str
    homes: dict[str, str]
    cards: list[str]


def sent(settings: Settings, folder: Path, batch: str, records: list[Record], form: str = "odk") -> str:
    """Take in an export; its token."""
    path = folder / f"{batch}-{form}.json"
    path.write_text(json.dumps({"value" if form == "odk" else "results": records}))
    with opened(settings) as platform:
        arrival = ingest(platform, path, NOW, Declared(profile=f"{form}_v1_json", batch_id=batch))
    assert (arrival.verdict, arrival.damaged) == ("accepted", 0)
    return arrival.token


@pytest.fixture(scope="module")
def edited(world: World, engine: Engine, tmp_path_factory: pytest.TempPathFactory) -> Edited:
    """Visit 1 went to a wrong card, visit 2 contradicts visit 4 and is chosen, visit 3 is turned down.

    Visit 5 contradicts visit 6 and is chosen; both come again as they were, and so does visit 4.
    """
    folder = tmp_path_factory.mktemp("edited")
    before = copied(world, folder / "before")
    with opened(before.settings) as platform:
        listed_homes = view(platform).scan("keluarga").select(CARD, "family_id").sort(CARD).collect()
        known = {row["entity_id"] for row in view(platform).scan("lineage").collect().iter_rows(named=True)}
    homes = dict(listed_homes.iter_rows())
    cards = [card for card, home in homes.items() if home not in known][:5]

    def visit(number: int, card: str, officer: str, area: int, day: int = 10, **more: Any) -> Record:
        at = f"2026-11-{day}T09:30:00.000+07:00"
        return odk(number, **{CARD: card, "waktu_kunjungan": at, "id_petugas": officer, AREA: area} | more)

    turned_down = visit(3, cards[2], "P-03", 50, state="hasIssues")
    with opened(before.settings) as platform:
        people = (
            view(platform).scan("anggota").filter(pl.col("family_id") == homes[cards[3]], pl.col(NIK).is_not_null())
        )
        number = people.select(NIK).sort(NIK).collect()[NIK][0]

    def met(sight: int) -> list[Record]:
        return [{"__id": f"m{sight}", NIK: number, "keberadaan_anggota": "1", SIGHT: str(sight)}]

    first = [
        visit(1, cards[0], "P-01", 41),
        visit(2, cards[3], "P-02", 44, anggota=met(4)),
        visit(4, cards[3], "P-04", 90, 12, anggota=met(1)),
        visit(5, cards[4], "P-05", 51),
        visit(6, cards[4], "P-06", 91, 12),
    ]
    old = sent(before.settings, folder, FIRST, [*first, turned_down])
    publish(before.settings)
    asked = [one for one in listed(before, engine).cases if one.case.group in ("dwelling", "health")]
    assert sorted(one.case.group for one in asked) == ["dwelling", "dwelling", "health"]
    for case in asked:
        choice = "pilih_a" if int(case.case.a.partition("-")[2]) < int(case.case.b.partition("-")[2]) else "pilih_b"
        assert answered(before, engine, folder, case.number, choice, "P-1", "2026-11-20").rows == 1
    publish(before.settings)
    after = copied(before, folder / "after")
    again = [visit(1, cards[1], "P-11", 42, edits=1), visit(2, cards[3], "P-12", 45, edits=1, anggota=met(4))]
    new = sent(after.settings, folder, SECOND, [*again, *first[2:]])
    sent(after.settings, folder, "2026-W47-KOBO", [kobo(7, **{CARD: cards[2]})], "kobo")
    publish(after.settings)
    return Edited(before, after, old, new, homes, cards)


def area(found: View, home: str) -> int:
    """The published floor area of a family."""
    return int(found.scan("keluarga").filter(pl.col("family_id") == home).select(AREA).collect().item())


def test_the_newer_version_is_published_and_told(edited: Edited) -> None:
    wrong, right = (edited.homes[card] for card in edited.cards[:2])
    with opened(edited.after.settings) as platform:
        found = view(platform)
        assert (area(found, right), area(found, wrong) == 41) == (42, False)
        assert _source(platform, found, right) == (edited.new, "P-11")
        assert _source(platform, found, wrong)[1] is None


def _source(platform: Platform, found: View, home: str) -> tuple[str, str | None]:
    """The file and officer of the published floor area."""
    told = trace(platform, found, "keluarga", home, OPEN)
    won_by = next(cell.won_by for group in told.groups for cell in group.cells if cell.column == AREA)
    assert won_by is not None
    return won_by.source.token, won_by.source.officer


def test_rows_are_told_with_the_officer_of_the_version_that_stands(edited: Edited) -> None:
    with opened(edited.after.settings) as platform:
        found = view(platform)
        both = receipt(platform, found, "uuid:00000001", OPEN).lines
        sources = Sources(found, RawRows(platform), is_revealed=True)
        members = [(token, int(row)) for token, _, row in (line.token.partition("-") for line in both)]
        sources.prepare(members)
        officers = {sources.of(one).officer for one in members if sources.of(one).table == "kunjungan_anggota"}
    assert officers == {"P-11"}
    assert {line.token.partition("-")[0]: line.fate for line in both if line.table == "kunjungan"} == {
        edited.old: "superseded",
        edited.new: "contributed",
    }
    assert {one.code for line in both if line.token.startswith(edited.old) for one in line.findings} == {
        "S_NEWER_VERSION"
    }


def test_a_version_that_does_not_stand_is_no_visit(edited: Edited) -> None:
    with opened(edited.after.settings) as platform:
        found = visits(platform, view(platform))
        assert found.filter(pl.col("src") == edited.old).height == 3
        assert found.filter(pl.col("src") == edited.new).height == 2
        days = last_answered(found)
    wrong, right = (edited.homes[card] for card in edited.cards[:2])
    assert wrong not in days
    assert right in days


def test_a_visit_that_was_turned_down_has_its_receipt(edited: Edited) -> None:
    with opened(edited.after.settings) as platform:
        found = view(platform)
        told = receipt(platform, found, "uuid:00000003", OPEN)
        assert told.fates == {"held": 2}
        assert {one.code for line in told.lines for one in line.findings} == {"H_NOT_APPROVED"}
        assert receipt(platform, found, told.lines[0].token, LOOK).fates == told.fates


def test_a_visit_is_asked_by_its_number_with_and_without_the_servers_prefix(edited: Edited) -> None:
    with opened(edited.after.settings) as platform:
        whole, bare = (
            receipt(platform, view(platform), asked, OPEN).lines for asked in ("uuid:u-00000007", "u-00000007")
        )
    assert whole == bare
    assert {(line.table, line.visit) for line in whole} == {
        ("kunjungan", "u-00000007"),
        ("kunjungan_anggota", "u-00000007"),
    }


def test_a_choice_between_visits_lapses_when_one_is_edited(edited: Edited) -> None:
    home = edited.homes[edited.cards[3]]
    with opened(edited.before.settings) as platform:
        found = view(platform)
        assert area(found, home) == 44
        assert [one.is_in_force for one in trace(platform, found, "keluarga", home, LOOK).rulings] == [True]
    with opened(edited.after.settings) as platform:
        found = view(platform)
        assert area(found, home) == 90
        told = trace(platform, found, "keluarga", home, LOOK).rulings
        assert [(one.is_in_release, one.is_in_force) for one in told] == [(True, False)]


def test_a_choice_between_visits_outlives_exports_that_repeat_them(edited: Edited) -> None:
    home = edited.homes[edited.cards[4]]
    for one in (edited.before, edited.after):
        with opened(one.settings) as platform:
            found = view(platform)
            assert area(found, home) == 51
            assert [told.is_in_force for told in trace(platform, found, "keluarga", home, LOOK).rulings] == [True]


def test_a_receipt_says_of_no_repeat_that_it_was_edited(edited: Edited) -> None:
    with opened(edited.after.settings) as platform:
        lines = receipt(platform, view(platform), "uuid:00000005", OPEN).lines
    assert {
        line.token.partition("-")[0]: (line.fate, line.findings) for line in lines if line.table == "kunjungan"
    } == {
        edited.old: ("contributed", ()),
        edited.new: ("duplicate", ()),
    }


def sight(found: View, person: str) -> int:
    """What is published of a person's eyes."""
    return int(found.scan("anggota").filter(pl.col("person_id") == person).select(SIGHT).collect().item())


def test_a_choice_between_what_two_visits_say_of_a_member(edited: Edited, engine: Engine) -> None:
    with opened(edited.before.settings) as platform:
        found = view(platform)
        reviewed = found.scan("conflict").collect().filter(decision="reviewed", tabel="anggota")
        (person,) = set(reviewed["entity_id"])
        assert sight(found, person) == 4
        assert [one.is_in_force for one in trace(platform, found, "anggota", person, LOOK).rulings] == [True]
    with opened(edited.after.settings) as platform:
        assert sight(view(platform), person) == 1
        told = trace(platform, view(platform), "anggota", person, LOOK).rulings
        assert [one.is_in_force for one in told] == [False]
    asked = [one for one in listed(edited.after, engine, OPEN).cases if one.case.group == "health"]
    assert {one.status for one in asked} == {"terbuka", "diputus"}
    open_case = next(one for one in asked if one.status == "terbuka")
    assert open_case.columns == (SIGHT,)
    assert dict(open_case.a)["id_petugas"] != dict(open_case.b)["id_petugas"]
    assert dict(open_case.a)[NIK] == dict(open_case.b)[NIK] != ""


def test_a_file_with_two_tables_is_balanced_once(edited: Edited) -> None:
    with opened(edited.after.settings) as platform:
        found = balance(platform, view(platform))
    assert found.is_even
    (sheet,) = [sheet for sheet in found.sheets if sheet.token == edited.old]
    assert (sheet.table, sheet.received, sheet.accounted) == ("kunjungan+kunjungan_anggota", 12, 12)
