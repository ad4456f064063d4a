"""The guard lists what stood against the ministry's values: the same cells, texts and days that the files hold."""

import csv
from collections import Counter

import polars as pl
import pytest

from dtsen_pipeline.queries.guard import RESOLVED, STATES, UNREADABLE, Guard, guard
from dtsen_pipeline.queries.labels import MASK, column_facts
from dtsen_pipeline.queries.reading import View, view
from dtsen_pipeline.resources.platform import Platform, opened
from dtsen_pipeline.schemas.errors import DtsenError
from tests.queries.asking import looks, raw
from tests.queries.world import LOOK, OPEN, World

EVERYTHING = 10**6


@pytest.fixture(scope="module")
def found(world: World) -> Guard:
    with opened(world.settings) as platform:
        return guard(platform, view(platform), LOOK, limit=EVERYTHING)


def test_counts_are_the_bits_of_lineage_and_conflict(found: Guard, release: View) -> None:
    expected = Counter[tuple[str, str, str]]()
    for name, states in (("lineage", ("blocked", "pending", "adopted")), ("conflict", ("expired",))):
        for row in release.rows(name, pl.col("decision").is_in(states)):
            for column in column_facts(release.manifest, row["tabel"]):
                if column.kind != "region_name" and column.is_in(row["mask"]):
                    expected[row["decision"], row["tabel"], column.name] += 1
    told = {(one.state, one.table, one.column): one.count for one in found.counts if one.column}
    assert told == expected
    assert {state for state, _, _ in told} == {"blocked", "pending", "adopted", "expired"}
    assert sum(found.total.values()) == len(found.rows)


def test_a_row_shows_both_records_as_they_were_delivered(found: Guard, platform: Platform, release: View) -> None:
    shown = [row for row in found.rows if row.table == "keluarga" and row.column]
    assert {row.state for row in shown} >= {"blocked", "adopted", "expired"}
    compared = 0
    for row in shown:
        assert row.column is not None
        assert row.verified is not None
        assert row.ministry is not None
        visit = raw(platform, row.verified.source.token, row.verified.source.row)
        compared += row.verified.raw != MASK
        assert row.verified.raw in (visit[row.column], MASK)
        assert row.verified.day == visit["waktu_kunjungan"][:10]
        family = release.entity("keluarga", row.entity_id)
        assert family is not None
        assert (row.ministry.source.token, row.ministry.source.row) == (family["src"], family["row"])
        base = raw(platform, family["src"], family["row"])
        assert row.ministry.raw in (base[row.column], MASK)
        assert row.ministry.day == release.manifest["base_date"]
        assert row.kelurahan == family["kode_kelurahan_desa"]
    assert compared > 10


def test_who_vanished_is_listed_and_who_cannot_be_read_is_not_called_gone(
    found: Guard, platform: Platform, release: View
) -> None:
    base = [s["sha256"][:12] for s in release.sources if s["version"] == release.manifest["base_version"]]
    unused = release.rows("fate", pl.col("src").is_in(base), pl.col("fate").is_in(["rejected", "held"]))
    numbers = set()
    for row in unused:
        try:
            cells = raw(platform, row["src"], row["row"])
        except (ValueError, csv.Error):
            continue
        numbers |= {cells[name] for name in ("nomor_kartu_keluarga", "nomor_induk_kependudukan") if cells.get(name)}
    gone = {(row["tabel"], row["entity_id"]): (row["src"], row["row"]) for row in release.rows("vanished")}
    told = {(row.table, row.entity_id): row.state for row in found.rows if row.state in (RESOLVED, UNREADABLE)}
    assert told.keys() == gone.keys()
    for key, (src, line) in gone.items():
        cells = raw(platform, src, line)
        is_borne = bool({cells["nomor_kartu_keluarga"], cells.get("nomor_induk_kependudukan", "")} & numbers)
        assert told[key] == (UNREADABLE if is_borne else RESOLVED)
    assert Counter(told.values())[RESOLVED] > 0


def test_states_kelurahan_and_limit_choose(platform: Platform, release: View, found: Guard) -> None:
    village = next(row.kelurahan for row in found.rows if row.state == "blocked" and row.kelurahan)
    chosen = guard(platform, release, LOOK, ["blocked"], village, limit=2)
    expected = [row for row in found.rows if row.state == "blocked" and row.kelurahan == village]
    assert chosen.total == {"blocked": len(expected)}
    assert chosen.rows == tuple(expected[:2])
    order = [STATES.index(row.state) for row in found.rows]
    assert order == sorted(order)


def test_identifying_values_are_masked_unless_revealed(platform: Platform, release: View, found: Guard) -> None:
    hidden = [side.raw for row in found.rows for side in (row.verified, row.ministry) if row.column == "nama" and side]
    assert hidden
    assert set(hidden) <= {MASK, "", None}
    shown = guard(platform, release, OPEN, limit=EVERYTHING)
    names = [row.verified.raw for row in shown.rows if row.column == "nama" and row.verified]
    assert names
    assert MASK not in names


def test_counts_are_no_look_and_rows_are(platform: Platform, release: View) -> None:
    before = len(looks(platform))
    guard(platform, release, LOOK)
    assert len(looks(platform)) == before
    rows = guard(platform, release, LOOK, ["pending"], limit=3).rows
    after = looks(platform)[before:]
    assert {look.subject for look in after} == {row.entity_id for row in rows}
    assert {(look.action, look.purpose) for look in after} == {("guard", "audit")}
    with pytest.raises(DtsenError, match="purpose"):
        guard(platform, release, OPEN.__class__("tester", OPEN.now, None, is_revealed=True), limit=1)
