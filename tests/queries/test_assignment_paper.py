"""The officers' lists to print say what the workbook says, and nothing that it masks."""

import re
import zlib
from dataclasses import replace

import pytest

from dtsen_pipeline.queries import assignment_paper
from dtsen_pipeline.queries.assignment_paper import paper, printable
from dtsen_pipeline.queries.assignments import masked
from dtsen_pipeline.queries.queue import Asked, Queue, queue
from dtsen_pipeline.queries.reading import View
from dtsen_pipeline.resources.platform import Platform
from dtsen_pipeline.schemas.errors import DtsenError
from tests.queries.asking import looks
from tests.queries.world import LOOK

PLACE = re.compile(rb"\((.*?)(?<!\\)\) Tj")


@pytest.fixture
def found(platform: Platform, release: View) -> Queue:
    """Two officers' lists of two visits in one kelurahan."""
    return queue(platform, release, Asked(capacity=2, officers=2, kelurahan="3571010007"))


def pages(content: bytes) -> list[str]:
    """What is printed on each page, piece by piece."""
    streams = re.findall(rb"stream\n(.*?)\nendstream", content, re.DOTALL)
    inflated = [zlib.decompress(stream) for stream in streams]
    return [" ".join(piece.decode("latin-1") for piece in PLACE.findall(one)) for one in inflated if b" Tj" in one]


def test_each_officer_has_a_page_with_the_visits_and_the_last_day(
    platform: Platform, release: View, found: Queue
) -> None:
    printed = pages(paper(platform, release, found, LOOK))
    assert len(printed) == 2
    families = {row["family_id"]: row for row in release.rows("keluarga")}
    for page, officer in zip(printed, (1, 2), strict=True):
        assert f"Daftar kunjungan BANDAR LOR {officer}" in page
        assert f"Rilis {release.release_id} - versi_dilihat {release.manifest['base_version']}" in page
        assert "berlaku sampai 2026-12-24" in page
        mine = [one for one in found.assignments if one.officer == officer]
        assert re.findall(r"T-[0-9a-f]{8}-[0-9]{6}-[0-9]{4}", page) == [one.assignment for one in mine]
        assert all(families[one.family_id]["nama_kepala_keluarga"] in page for one in mine)


def test_nothing_that_is_masked_is_printed(platform: Platform, release: View, found: Queue) -> None:
    printed = " ".join(pages(paper(platform, release, found, LOOK)))
    assert printed.count("3571************") == 4
    assert not re.search("[0-9]{16}", printed)
    assert "desil" not in printed.casefold()


def test_a_list_needs_a_purpose_and_every_family_is_logged(platform: Platform, release: View, found: Queue) -> None:
    with pytest.raises(DtsenError, match="E_PURPOSE"):
        paper(platform, release, found, replace(LOOK, purpose=None))
    before = len(looks(platform))
    paper(platform, release, found, LOOK)
    assert [look.subject for look in looks(platform)[before:]] == [None, *(one.family_id for one in found.assignments)]


def test_the_same_list_is_the_same_bytes_and_any_letter_can_be_printed(
    platform: Platform, release: View, found: Queue, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert printable(f"ŚITI é · {masked('3571010101019001')}") == "?ITI é · 3571************"
    home = {"nama_kepala_keluarga": "ŚITI (A) \\", "nik": masked("3571010101019001"), "alamat": "JL 東"}
    monkeypatch.setattr(assignment_paper, "people", lambda *_: {one.family_id: home for one in found.assignments})
    first, second = (paper(platform, release, found, LOOK) for _ in range(2))
    assert first == second
    assert "JL ?" in pages(first)[0]
