"""A family that changed its card is found by the old one, and its history and its visits reach across the change."""

from collections.abc import Mapping
from typing import Any

import polars as pl
import pytest

from dtsen_pipeline.queries.cards import older_cards
from dtsen_pipeline.queries.find import find
from dtsen_pipeline.queries.history import history
from dtsen_pipeline.queries.rawtext import RawRows
from dtsen_pipeline.queries.reading import View
from dtsen_pipeline.queries.trace import trace
from dtsen_pipeline.queries.visits import visits
from dtsen_pipeline.resources.platform import Platform
from dtsen_pipeline.schemas.reasons import EVENT_TEXTS
from tests.queries.asking import rows
from tests.queries.world import LOOK, OPEN, World

CARD = "nomor_kartu_keluarga"


@pytest.fixture
def changed(world: World, release: View) -> dict[str, Mapping[str, Any]]:
    """The published families by the card that they had before, from the truth of the city."""
    truth = pl.read_parquet(world.city / "truth" / "families.parquet").select(CARD, f"{CARD}_after")
    aliases = [row["entity_id"] for row in release.rows("alias", pl.col("tabel") == "keluarga")]
    families = {row[CARD]: row for row in release.rows("keluarga", pl.col("family_id").is_in(aliases))}
    assert families
    return {old: families[new] for old, new in truth.iter_rows() if new in families}


def _named(platform: Platform, release: View, card: str) -> set[tuple[str, int]]:
    """The visits that name a card."""
    return {(token, row) for token, row, raw in rows(platform, release, "kunjungan") if raw[CARD] == card}


def test_the_old_card_leads_to_the_family(
    platform: Platform, release: View, changed: dict[str, Mapping[str, Any]]
) -> None:
    found = find(platform, release, list(changed), LOOK)
    assert [one.families for one in found] == [(family["family_id"],) for family in changed.values()]


def test_an_alias_is_traced_like_the_id(platform: Platform, release: View) -> None:
    alias, *_ = release.rows("alias", pl.col("tabel") == "keluarga")
    assert trace(platform, release, "keluarga", str(alias["alias_id"]), LOOK).entity_id == alias["entity_id"]


def test_the_history_of_a_family_has_the_rows_of_both_cards(
    platform: Platform, release: View, changed: dict[str, Mapping[str, Any]]
) -> None:
    for old, family in changed.items():
        found = history(platform, release, "keluarga", family["family_id"], "luas_lantai", OPEN)
        places = {(one.source.token, one.source.row) for one in found.observations}
        expected = {
            (token, row)
            for table in ("keluarga", "kunjungan")
            for token, row, raw in rows(platform, release, table)
            if raw[CARD] in (old, family[CARD]) and (table == "keluarga" or raw["luas_lantai"])
        }
        assert places == expected
        assert len({one.source.token for one in found.observations if one.source.table == "keluarga"}) == 2


def test_the_history_of_a_person_has_the_rows_of_both_cards(
    platform: Platform, release: View, changed: dict[str, Mapping[str, Any]]
) -> None:
    homes = [family["family_id"] for family in changed.values()]
    people = release.rows("anggota", pl.col("family_id").is_in(homes), pl.col("nomor_induk_kependudukan").is_null())
    assert people
    for person in people:
        found = history(platform, release, "anggota", str(person["person_id"]), "nama", LOOK)
        assert len({one.source.token for one in found.observations if one.source.table == "anggota"}) == 2


def test_visits_under_the_old_card_are_visits_to_the_family(
    platform: Platform, release: View, changed: dict[str, Mapping[str, Any]]
) -> None:
    owners = {
        (src, row): family for src, row, family in visits(platform, release).select("src", "row", "family_id").rows()
    }
    met = 0
    for old, family in changed.items():
        for pointer in _named(platform, release, old):
            assert owners[pointer] == family["family_id"]
            met += 1
    assert met


def test_a_family_that_kept_its_card_has_no_older_one(platform: Platform, release: View) -> None:
    aliases = [row["entity_id"] for row in release.rows("alias", pl.col("tabel") == "keluarga")]
    steady, *_ = release.rows("keluarga", ~pl.col("family_id").is_in(aliases))
    assert older_cards(platform, release, RawRows(platform), str(steady["family_id"])) == set()


def test_the_trace_tells_that_the_card_changed(
    platform: Platform, release: View, changed: dict[str, Mapping[str, Any]]
) -> None:
    for family in changed.values():
        told = trace(platform, release, "keluarga", family["family_id"], LOOK)
        assert ("kartu_berubah", "2026-10-01", f"{family['src']}-{family['row']}") in {
            (one.event, one.day, one.source) for one in told.events
        }


def test_the_trace_of_a_person_tells_what_visits_were_told(platform: Platform, release: View) -> None:
    died = release.rows("peristiwa", pl.col("peristiwa") == "meninggal")
    assert died
    for row in died:
        told = trace(platform, release, "anggota", str(row["entity_id"]), LOOK)
        assert {one.event_id for one in told.events if one.event == "meninggal"} == {EVENT_TEXTS["meninggal"].id}
        assert all(one.entity_id == row["entity_id"] for one in told.events)
