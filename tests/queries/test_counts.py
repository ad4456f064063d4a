"""Counts of a release, of its rejected rows and of the codes in held files add up."""

from collections import Counter

import polars as pl

from dtsen_pipeline.queries.reading import View
from dtsen_pipeline.queries.rejected import rejected
from dtsen_pipeline.queries.show import codes_of, releases, show
from dtsen_pipeline.resources.codes import look
from dtsen_pipeline.resources.delivery import surveyed_again
from dtsen_pipeline.resources.ingest import ingest
from dtsen_pipeline.resources.platform import Platform, opened
from dtsen_pipeline.resources.settings import load_settings
from tests.queries.asking import rows
from tests.queries.world import NOW, World


def test_a_release_adds_up(platform: Platform, release: View, world: World) -> None:
    found = show(platform, None)
    assert found.release["release_id"] == world.release_id
    assert found.is_current
    fates = release.scan("fate").collect()
    assert sum(file.rows for file in found.incoming) == sum(word.count for word in found.fates) == fates.height
    assert {file.token for file in found.incoming} == {source["sha256"][:12] for source in release.sources}
    assert all(file.rows == platform.registry.file(file.token).rows for file in found.incoming)
    families = release.scan("keluarga").collect()
    assert sum(one.official for one in found.deciles) == sum(one.estimate for one in found.deciles) == families.height
    moved = families.filter(pl.col("desil_nasional") != pl.col("desil_estimasi")).height
    assert found.moved == moved > 0
    assert sum(found.presence.values()) == found.tables["anggota"]
    assert found.directory == str(release.directory)


def test_every_word_has_a_sentence(platform: Platform) -> None:
    found = show(platform, "current")
    words = [*found.fates, *found.rejected, *found.held, *found.warned, *found.incomplete]
    assert words
    assert all(word.id.endswith(".") and word.en.endswith(".") for word in words)


def test_rejected_rows_are_counted_under_each_reason(platform: Platform, release: View) -> None:
    found = rejected(platform, release)
    table = release.scan("rejected").collect()
    assert {row.token for row in found.rows} == {f"{src}-{row}" for src, row in table.select("src", "row").rows()}
    expected = Counter(code for text in table["reasons"] for code in codes_of(text))
    assert {reason.code: reason.count for reason in found.reasons} == expected
    assert {word.word: word.count for word in show(platform, None).rejected} == expected
    assert all(sum(reason.by_table.values()) == reason.count for reason in found.reasons)


def test_releases_are_listed_with_the_current_one(platform: Platform, world: World) -> None:
    (one,) = releases(platform)
    assert (one.release_id, one.is_current, one.status) == (world.release_id, True, "published")
    assert one.families == show(platform, None).tables["keluarga"]


def test_a_release_whose_directory_is_gone_is_still_listed(own_world: World) -> None:
    with opened(own_world.settings) as platform:
        manifest = next(platform.store.root.glob("*/*/manifest.json"))
        manifest.unlink()
        (one,) = releases(platform)
        assert one.families is None


def test_codes_of_held_files_are_counted_and_small_counts_hidden(
    world: World, platform: Platform, release: View, tmp_path: object
) -> None:
    with opened(load_settings(home=f"{tmp_path}/home")) as house:
        for file in sorted(world.city.glob("snapshot_*/*.csv")):
            ingest(house, file, NOW)
        seen = look(house, house.registry.files(verdict="held")[0].token)
        assert len(seen.files) == 4
        columns = {(one.table, one.column): one for one in seen.columns}
    texts = Counter(raw["status_kepemilikan_rumah"] for _, _, raw in rows(platform, release, "keluarga"))
    shown = {one.code: one.count for one in columns["keluarga", "status_kepemilikan_rumah"].counts}
    known = {code: count for code, count in texts.items() if code in "12345"}
    assert {code: shown[code] for code in known if code} == {
        code: str(count) if count >= 5 else "<5" for code, count in known.items() if code
    }
    assert all(one.count == "<5" or int(one.count) >= 5 for column in columns.values() for one in column.counts)
    assert ("anggota", "nama") not in columns


def test_the_rows_rejected_at_the_gate_are_those_of_the_release(platform: Platform, release: View) -> None:
    """Counted while a file is taken in, judged again by the flow; births after a visit are known to the flow alone."""
    by_row = release.scan("rejected").collect().filter(~pl.col("reasons").str.contains("E_LINE|E_BIRTH_AFTER_VISIT"))
    told = {file.token: surveyed_again(platform, file).rejected for file in platform.registry.files()}
    counted = dict(by_row.group_by("src").len().rows())
    assert {token: count for token, count in told.items() if count} == counted
    assert sum(counted.values()) > 10
