"""A trace names the rows that the release names, quotes them exactly, and hides what identifies."""

import json

import polars as pl
import pytest

from dtsen_pipeline.cli.output import plain
from dtsen_pipeline.queries import access
from dtsen_pipeline.queries import trace as queries
from dtsen_pipeline.queries.labels import MASK, column_facts
from dtsen_pipeline.queries.reading import ENTITY_ID, View, view
from dtsen_pipeline.queries.trace import AGREEING, Cell, Trace, trace
from dtsen_pipeline.resources.platform import Platform, opened
from dtsen_pipeline.schemas.columns import CLEARED_TEXT
from dtsen_pipeline.schemas.errors import DtsenError
from tests.queries.asking import looks, raw, some
from tests.queries.world import LOOK, NOW, OPEN, World

UNKNOWN = "0" * 32


def cells(found: Trace) -> dict[str, Cell]:
    """The cells of a trace by column."""
    return {cell.column: cell for group in found.groups for cell in group.cells}


def entities(release: View, table: str) -> list[str]:
    """Entities of which something is told, and a few of which nothing is."""
    told = [
        row["entity_id"] for name in ("lineage", "conflict") for row in release.rows(name, pl.col("tabel") == table)
    ]
    quiet = [row[ENTITY_ID[table]] for row in release.rows(table)[:2]]
    return [*sorted(set(told))[:20], *quiet]


@pytest.mark.parametrize("table", ["keluarga", "anggota"])
def test_every_cell_is_quoted_from_the_row_that_is_named(platform: Platform, release: View, table: str) -> None:
    columns = {column.name: column for column in column_facts(release.manifest, table)}
    for entity_id in entities(release, table):
        found = trace(platform, release, table, entity_id, OPEN)
        published = release.entity(table, entity_id) or {}
        for name, cell in cells(found).items():
            assert cell.value == (None if published[name] is None else str(published[name]))
            for said in [*filter(None, [cell.won_by]), *cell.agreeing, *cell.losers]:
                delivered = raw(platform, said.source.token, said.source.row)
                asked = [text for text in (name, *columns[name].comes_from) if text in delivered]
                assert said.raw == (delivered[asked[0]] if asked else None)


def keys(*told: queries.Said) -> set[tuple[str, int, str | None]]:
    """Rows with what was decided about them."""
    return {(said.source.token, said.source.row, said.decision) for said in told}


@pytest.mark.parametrize("table", ["keluarga", "anggota"])
def test_records_are_those_of_lineage_and_conflict(platform: Platform, release: View, table: str) -> None:
    columns = column_facts(release.manifest, table)
    for entity_id in entities(release, table):
        found = cells(trace(platform, release, table, entity_id, LOOK))
        for column in columns:
            cell = found[column.name]
            agreeing: set[tuple[str, int, str]] = set()
            winning: set[tuple[str, int, str]] = set()
            losing: set[tuple[str, int, str]] = set()
            for row in release.of_entity("lineage", table, entity_id):
                if row["mask"] >> column.bit & 1:
                    side = agreeing if row["decision"] in AGREEING else winning
                    side.add((row["src"], row["row"], row["decision"]))
            for row in release.of_entity("conflict", table, entity_id):
                if row["mask"] >> column.bit & 1:
                    losing.add((row["src"], row["row"], row["decision"]))
            assert keys(*cell.agreeing) == agreeing
            assert keys(*cell.losers) == losing
            assert cell.is_different == bool(winning or losing)
            if winning:
                assert cell.won_by is not None
                assert keys(cell.won_by) <= winning


@pytest.mark.parametrize("table", ["keluarga", "anggota"])
def test_nothing_identifying_is_shown_without_reveal(platform: Platform, release: View, table: str) -> None:
    for entity_id in entities(release, table):
        closed = trace(platform, release, table, entity_id, LOOK)
        text = json.dumps(plain(closed))
        hidden = [
            column
            for column in column_facts(release.manifest, table)
            if column.is_identifying and not column.comes_from
        ]
        told = cells(trace(platform, release, table, entity_id, OPEN))
        for column in hidden:
            said = [*filter(None, [told[column.name].won_by]), *told[column.name].losers, *told[column.name].agreeing]
            for value in filter(None, [told[column.name].value, *(one.raw for one in said)]):
                assert cells(closed)[column.name].value in (None, MASK)
                assert len(value) < 5 or value == CLEARED_TEXT or value not in text
        assert "PTG" not in text


def test_an_officers_number_is_shown_only_when_revealed(platform: Platform, release: View) -> None:
    won = some(release, "lineage", pl.col("sumber") == "kunjungan")
    officer = raw(platform, str(won["src"]), int(str(won["row"])))["id_petugas"]
    shut = json.dumps(plain(trace(platform, release, "keluarga", str(won["entity_id"]), LOOK)))
    opened = json.dumps(plain(trace(platform, release, "keluarga", str(won["entity_id"]), OPEN)))
    assert officer not in shut
    assert officer in opened


def test_a_member_row_is_dated_by_its_visit(platform: Platform, release: View) -> None:
    won = some(release, "lineage", pl.col("sumber") == "kunjungan_anggota", pl.col("decision") == "changed")
    member = raw(platform, str(won["src"]), int(str(won["row"])))
    found = cells(trace(platform, release, "anggota", str(won["entity_id"]), OPEN))
    told = next(cell.won_by for cell in found.values() if cell.won_by and cell.won_by.decision == "changed")
    visits = [
        row
        for token in {source["sha256"][:12] for source in release.sources if source["table"] == "kunjungan"}
        for row in [
            raw(platform, token, fate["row"])
            for fate in release.rows(
                "fate", pl.col("src") == token, pl.col("fate").is_in(["contributed", "superseded"])
            )
        ]
        if row["id_kunjungan"] == member["id_kunjungan"]
    ]
    assert [visit["waktu_kunjungan"] for visit in visits] == [told.source.visited_at]
    assert [visit["id_petugas"] for visit in visits] == [told.source.officer]
    assert told.source.batch == platform.registry.file(str(won["src"])).batch_id


def test_a_family_shows_its_desil_and_its_people(platform: Platform, release: View) -> None:
    family = some(release, "keluarga", pl.col("is_lengkap"))
    found = trace(platform, release, "keluarga", str(family["family_id"]), LOOK)
    assert found.desil is not None
    assert (found.desil.official, found.desil.estimate) == (family["desil_nasional"], family["desil_estimasi"])
    people = release.rows("anggota", pl.col("family_id") == str(family["family_id"]))
    assert {one.person_id for one in found.members} == {person["person_id"] for person in people}


def test_an_incomplete_family_says_why(platform: Platform, release: View) -> None:
    family = some(release, "keluarga", pl.col("is_lengkap").eq(other=False))
    found = trace(platform, release, "keluarga", str(family["family_id"]), LOOK)
    assert found.desil is not None
    assert found.desil.estimate is None
    assert found.desil.reason_id


def test_an_alias_leads_to_its_person(platform: Platform, release: View) -> None:
    alias = some(release, "alias")
    found = trace(platform, release, "anggota", str(alias["alias_id"]), LOOK)
    assert found.entity_id == alias["entity_id"]


def test_every_look_is_written_down_before_it_happens(
    platform: Platform, release: View, monkeypatch: pytest.MonkeyPatch
) -> None:
    family_id = str(some(release, "keluarga")["family_id"])

    def stop(*_: object) -> None:
        raise RuntimeError

    monkeypatch.setattr(queries, "resolved", stop)
    with pytest.raises(RuntimeError):
        trace(platform, release, "keluarga", family_id, LOOK)
    last = looks(platform)[-1]
    assert (last.action, last.subject, last.purpose, last.actor) == ("trace", family_id, "audit", "tester")
    assert last.release_id == release.release_id


def test_a_stranger_is_unknown_and_the_look_is_kept(platform: Platform, release: View) -> None:
    with pytest.raises(DtsenError, match="E_ENTITY_UNKNOWN"):
        trace(platform, release, "keluarga", UNKNOWN, LOOK)
    assert looks(platform)[-1].subject == UNKNOWN


def test_revealing_needs_a_purpose(platform: Platform, release: View) -> None:
    before = len(looks(platform))
    for purpose in (None, " "):
        with pytest.raises(DtsenError, match="E_PURPOSE"):
            trace(platform, release, "keluarga", UNKNOWN, access.Look("tester", NOW, purpose, is_revealed=True))
    assert len(looks(platform)) == before


def test_bytes_that_changed_in_the_vault_are_not_quoted(own_world: World, release: View) -> None:
    with opened(own_world.settings) as platform:
        family = some(release, "keluarga")
        path = platform.vault.path(platform.registry.file(str(family["src"])).sha256)
        path.write_bytes(path.read_bytes().replace(b'"3571"', b'"3572"', 1))
        with pytest.raises(DtsenError, match="E_VAULT_DAMAGED"):
            trace(platform, view(platform), "keluarga", str(family["family_id"]), LOOK)
