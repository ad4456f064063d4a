"""A receipt accounts for every row of a batch, and says of every answer what the release says."""

from collections import Counter

import polars as pl
import pytest

from dtsen_pipeline.cli.output import plain
from dtsen_pipeline.queries.labels import column_facts
from dtsen_pipeline.queries.reading import ENTITY_ID, View, view
from dtsen_pipeline.queries.receipt import FIELD, receipt
from dtsen_pipeline.resources.ingest import ingest
from dtsen_pipeline.resources.platform import Platform, opened
from dtsen_pipeline.schemas.errors import DtsenError
from tests.queries.asking import looks, raw
from tests.queries.world import LOOK, NOW, OPEN, World


@pytest.fixture(scope="module")
def batches(world: World) -> list[str]:
    """The batches of the city."""
    with opened(world.settings) as platform:
        return sorted({file.batch_id for file in platform.registry.files() if file.batch_id})


def test_every_row_of_a_batch_has_its_line(platform: Platform, release: View, batches: list[str]) -> None:
    files = {source["sha256"][:12]: source["batch"] for source in release.sources if source["batch"]}
    fates = release.scan("fate").filter(pl.col("sumber").is_in(list(FIELD))).collect()
    for batch in batches:
        told = receipt(platform, release, batch, LOOK)
        mine = fates.filter(pl.col("src").is_in([token for token, name in files.items() if name == batch]))
        assert {line.token for line in told.lines} == {f"{row['src']}-{row['row']}" for row in mine.to_dicts()}
        assert Counter(line.fate for line in told.lines) == told.fates
        assert {line.token: line.fate for line in told.lines} == {
            f"{row['src']}-{row['row']}": row["fate"] for row in mine.to_dicts()
        }
        assert told.waiting == ()


def test_answers_are_those_of_lineage_and_conflict(platform: Platform, release: View, batches: list[str]) -> None:
    lost_somewhere = 0
    for batch in batches:
        for line in receipt(platform, release, batch, LOOK).lines:
            token, _, row = line.token.partition("-")
            here = (pl.col("src") == token, pl.col("row") == int(row))
            won, lost = release.rows("lineage", *here), release.rows("conflict", *here)
            expected = [
                (column.name, told["decision"], told in won)
                for told in (*won, *lost)
                for column in column_facts(release.manifest, told["tabel"])
                if column.is_in(told["mask"])
            ]
            assert [(answer.column, answer.decision, answer.is_won) for answer in line.answers] == expected
            assert all(answer.lost_to is not None for answer in line.answers if not answer.is_won)
            assert all(answer.lost_to is None for answer in line.answers if answer.is_won)
            lost_somewhere += len(lost)
    assert lost_somewhere > 0


def test_what_a_row_lost_to_is_what_is_published(platform: Platform, release: View, batches: list[str]) -> None:
    checked = 0
    for batch in batches:
        for line in receipt(platform, release, batch, LOOK).lines:
            for answer in line.answers:
                if answer.lost_to is None or answer.lost_to.table in FIELD:
                    continue
                table = "keluarga" if line.table == "kunjungan" else "anggota"
                published = release.entity(table, line.entity_id or "") or {}
                assert published[ENTITY_ID[table]] == line.entity_id
                checked += (answer.lost_to.token, answer.lost_to.row) == (published["src"], published["row"])
    assert checked > 0


def test_one_visit_is_asked_by_its_number_or_by_a_row(platform: Platform, release: View, batches: list[str]) -> None:
    whole = receipt(platform, release, batches[0], OPEN)
    first = next(line for line in whole.lines if line.table == "kunjungan" and line.fate == "contributed")
    token, _, row = first.token.partition("-")
    number = raw(platform, token, int(row))["id_kunjungan"]
    by_number, by_row = (receipt(platform, release, asked, OPEN).lines for asked in (number, first.token))
    assert by_number == by_row
    assert by_number[0] == first
    assert {line.visit for line in by_number} == {number}
    assert set(by_number) <= set(whole.lines)


def test_reasons_are_told_in_words(platform: Platform, release: View, batches: list[str]) -> None:
    lines = [line for batch in batches for line in receipt(platform, release, batch, LOOK).lines]
    rejected = [line for line in lines if line.fate == "rejected"]
    assert rejected
    assert all(finding.code.startswith("E_") and finding.advice_id for line in rejected for finding in line.findings)
    assert any(finding.code.startswith("H_") for line in lines for finding in line.findings)


def test_nothing_identifies_without_being_revealed(platform: Platform, release: View, batches: list[str]) -> None:
    shut = str(plain(receipt(platform, release, batches[0], LOOK)))
    bare = str(plain(receipt(platform, release, batches[0], OPEN)))
    officers = {raw(platform, s["sha256"][:12], 2)["id_petugas"] for s in release.sources if s["table"] == "kunjungan"}
    assert not [officer for officer in officers if officer in shut]
    assert len(bare) > len(shut) - 1
    assert looks(platform)[-2].action == "receipt"
    assert looks(platform)[-1].action == "receipt.reveal"


def test_a_batch_that_came_after_the_release_waits(own_world: World, city_file: bytes) -> None:
    path = own_world.settings.home / "kunjungan_2026-W50_baru.csv"
    path.write_bytes(city_file)
    with opened(own_world.settings) as platform:
        ingest(platform, path, NOW)
        told = receipt(platform, view(platform), "2026-W50-BARU", LOOK)
    assert (told.lines, [one.verdict for one in told.waiting]) == ((), ["accepted"])


@pytest.fixture
def city_file(world: World) -> bytes:
    """A visit file that no release knows."""
    path = next(iter(sorted(world.city.glob("batches/kunjungan_*W41*.csv"))))
    head, first, *_ = path.read_bytes().split(b"\n")
    return head + b"\n" + first + b"\n"


@pytest.mark.parametrize("asked", ["2026-W99-NONE", "0" * 12 + "-2", ""])
def test_an_unknown_batch_is_said_to_be_unknown(platform: Platform, release: View, asked: str) -> None:
    with pytest.raises(DtsenError, match="E_BATCH_UNKNOWN"):
        receipt(platform, release, asked, LOOK)
