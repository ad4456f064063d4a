"""The balance is even for a sound release, names where each row went, and speaks where a single row is missing."""

from collections import Counter

import polars as pl
from sqlalchemy import text

from dtsen_pipeline.queries.balance import balance
from dtsen_pipeline.queries.reading import View, view
from dtsen_pipeline.queries.show import codes_of
from dtsen_pipeline.resources.platform import Platform, opened
from tests.queries.asking import lines
from tests.queries.world import World


def test_every_line_of_every_file_is_accounted_for(platform: Platform, release: View) -> None:
    found = balance(platform, release)
    assert found.is_even
    assert {sheet.token for sheet in found.sheets} == {source["sha256"][:12] for source in release.sources}
    for sheet in found.sheets:
        data = lines(platform.vault.path(platform.registry.file(sheet.token).sha256))
        assert sheet.received == sheet.accounted == len(data) - 2


def test_flows_are_the_fates_and_their_reasons(platform: Platform, release: View) -> None:
    expected = Counter[tuple[str, str, tuple[str, ...]]]()
    for row in release.rows("fate"):
        expected[row["src"], row["fate"], tuple(codes_of(row["reason"])) if row["reason"] else ()] += 1
    told = {
        (sheet.token, flow.fate, flow.reasons): flow.rows
        for sheet in balance(platform, release).sheets
        for flow in sheet.flows
    }
    assert told == expected
    assert {fate for _, fate, reasons in told if reasons} >= {"rejected", "held"}


def test_one_row_too_few_or_too_many_is_seen(own_world: World) -> None:
    with opened(own_world.settings) as platform:
        release = view(platform)
        token = release.sources[0]["sha256"][:12]
        with platform.registry.write() as session:
            session.execute(text("UPDATE source_file SET rows = rows + 1 WHERE token = :token"), {"token": token})
        found = balance(platform, release)
        assert not found.is_even
        assert [sheet.difference for sheet in found.sheets if sheet.token == token] == [1]
        fewer = View(release.release_id, release.directory, {**release.manifest, "inputs": {"sources": []}})
        assert balance(platform, fewer).strangers == release.scan("fate").select(pl.len()).collect().item()
