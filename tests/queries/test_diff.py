"""What differs between two releases: every changed cell once, with a cause that the inputs bear out."""

from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from dtsen_pipeline.queries.diff import diff
from dtsen_pipeline.queries.labels import MASK, column_facts
from dtsen_pipeline.queries.reading import View, view
from dtsen_pipeline.resources.platform import Platform, opened
from tests.queries.asking import looks
from tests.queries.later import Later, later
from tests.queries.world import LOOK, OPEN

EVERYTHING = 1_000_000
KEYS = {"keluarga": "family_id", "anggota": "person_id"}


@pytest.fixture(scope="module")
def home(city: Path) -> Later:
    """A home with three releases."""
    return later(city)


@pytest.fixture
def house(home: Later) -> Iterator[Platform]:
    """The opened house."""
    with opened(home.settings) as platform:
        yield platform


def changed(before: View, after: View, table: str) -> Counter[str]:
    """How many cells of each column differ, counted row by row."""
    key, found = KEYS[table], Counter[str]()
    earlier = {row[key]: row for row in before.rows(table)}
    for row in after.rows(table):
        old = earlier.get(row[key])
        found.update(name for name in row if old is not None and name not in ("src", "row") and row[name] != old[name])
    return found


@pytest.mark.parametrize(("one", "two"), [("early", "visited"), ("visited", "late")])
def test_every_changed_cell_is_counted_once(house: Platform, home: Later, one: str, two: str) -> None:
    before, after = view(house, getattr(home, one)), view(house, getattr(home, two))
    found = diff(house, before, after, LOOK, EVERYTHING)
    for table in KEYS:
        counts = Counter[str]()
        for count in found.counts:
            counts[count.column] += count.cells if count.table == table else 0
        assert +counts == changed(before, after, table)
        ids = [{row[KEYS[table]] for row in release.rows(table)} for release in (before, after)]
        assert found.entities[table] == {"hilang": len(ids[0] - ids[1]), "baru": len(ids[1] - ids[0])}
    assert found.cells == sum(count.cells for count in found.counts) == len(found.rows) > 0
    assert looks(house)[-1].action == "diff"


def test_a_batch_alone_changes_by_visits(house: Platform, home: Later) -> None:
    before, after = view(house, home.early), view(house, home.visited)
    found = diff(house, before, after, LOOK, EVERYTHING)
    brought = {source["sha256"][:12] for source in after.sources} - {source["sha256"][:12] for source in before.sources}
    merged = {(table, one.name) for table in KEYS for one in column_facts(after.manifest, table)}
    causes = {(count.table, count.column): count.cause for count in found.counts}
    assert brought
    assert {cause for place, cause in causes.items() if place in merged} == {"kunjungan"}
    assert {cause for place, cause in causes.items() if place not in merged} == {"data"}


def test_a_new_snapshot_moves_cut_offs_for_those_who_did_not_change(house: Platform, home: Later) -> None:
    found = diff(house, view(house, home.visited), view(house, home.late), LOOK)
    assert found.rows == ()
    causes = {count.cause for count in found.counts}
    assert {"potret", "data", "batas"} <= causes
    assert not causes & {"model", "aturan", "berkas_dilepas", "kunjungan"}


def test_going_back_a_removed_file_is_the_cause(house: Platform, home: Later) -> None:
    found = diff(house, view(house, home.visited), view(house, home.early), LOOK)
    assert {count.cause for count in found.counts} == {"berkas_dilepas", "data"}


def test_identifying_values_are_masked_until_they_are_revealed(house: Platform, home: Later) -> None:
    releases = view(house, home.early), view(house, home.late)
    hidden, shown = (diff(house, *releases, look, EVERYTHING).rows for look in (LOOK, OPEN))
    secret = {one.name for table in KEYS for one in column_facts(releases[1].manifest, table) if one.is_identifying}
    masked = [one for one in hidden if one.column in secret]
    assert masked
    assert {value for one in masked for value in (one.before, one.after)} <= {MASK, None}
    assert len(hidden) == len(shown)
    assert any(one.after not in (MASK, None) for one in shown if one.column in secret)
    assert looks(house)[-1].action == "diff.reveal"


def merged_causes(house: Platform, before: View, after: View) -> tuple[set[str], set[str]]:
    """The causes of delivered columns, and those of computed ones."""
    counts = diff(house, before, after, LOOK).counts
    delivered = {(table, one.name) for table in KEYS for one in column_facts(after.manifest, table)}
    found = [{one.cause for one in counts if ((one.table, one.column) in delivered) is told} for told in (True, False)]
    return found[0], found[1]


def test_an_older_base_is_a_snapshot_too(house: Platform, home: Later) -> None:
    assert merged_causes(house, view(house, home.late), view(house, home.visited))[0] == {"potret"}


def test_the_same_files_under_other_rules_or_another_model(house: Platform, home: Later) -> None:
    before, after = view(house, home.early), view(house, home.visited)
    same_files = replace(before, manifest=after.manifest)
    assert merged_causes(house, same_files, after) == ({"aturan"}, {"data"})
    other_model = replace(after, manifest={**after.manifest, "model": {"id": "other"}})
    assert merged_causes(house, before, other_model)[1] == {"model"}
