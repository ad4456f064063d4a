"""A family and a member file make a snapshot only where one source sent both."""

from collections.abc import Iterator
from datetime import date
from pathlib import Path

import pytest

from dtsen_pipeline.resources.decide import Word, accept, refuse
from dtsen_pipeline.resources.freeze import freeze_inputs
from dtsen_pipeline.resources.ingest import ingest
from dtsen_pipeline.resources.platform import Platform
from dtsen_pipeline.schemas.errors import DtsenError
from tests.house import EARLY, EARLY_DAY, early_files, house
from tests.siks import siks_snapshot

WORD = Word("looked at", "tester", EARLY)


@pytest.fixture
def platform(new_home: Path) -> Iterator[Platform]:
    """An empty house."""
    with house(new_home) as opened:
        yield opened


@pytest.fixture(scope="module")
def rivals(town: Path, tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    """A SIKS-NG snapshot of the BPS one's version and day."""
    return siks_snapshot(town, tmp_path_factory.mktemp("rivals"), "2026-07-01", "v3_2026")


@pytest.mark.parametrize("first", ["bps", "siks"])
def test_files_of_two_sources_are_no_pair(platform: Platform, town: Path, rivals: list[Path], first: str) -> None:
    pair = [early_files(town)[1], rivals[0]]
    found = [ingest(platform, path, EARLY) for path in (pair if first == "bps" else reversed(pair))]
    assert [(one.verdict, one.code) for one in found] == [("waiting", "W_NO_PARTNER"), ("refused", "E_SNAPSHOT_TWICE")]
    assert found[1].message == "its version is that of a snapshot from another source"


def test_the_partner_of_the_same_source_completes_the_snapshot(
    platform: Platform, town: Path, rivals: list[Path]
) -> None:
    for path in (early_files(town)[1], rivals[0], early_files(town)[0]):
        ingest(platform, path, EARLY)
    verdicts = {file.profile: (file.verdict, file.code) for file in platform.registry.files()}
    assert verdicts["kemensos_v1_anggota"] == ("refused", "E_SNAPSHOT_TWICE")
    assert verdicts["bps_v3_anggota"] == verdicts["bps_v3_keluarga"] == ("held", "H_CODES_UNCONFIRMED")


def test_the_other_source_takes_the_version_once_the_first_is_refused(
    platform: Platform, town: Path, rivals: list[Path]
) -> None:
    own = ingest(platform, early_files(town)[1], EARLY)
    other = ingest(platform, rivals[0], EARLY)
    refuse(platform, own.token, WORD)
    with pytest.raises(DtsenError, match="W_NO_PARTNER"):
        accept(platform, other.token, WORD)
    assert ingest(platform, rivals[1], EARLY).verdict == "held"
    assert platform.registry.file(other.token).verdict == "held"


def test_a_pair_of_two_sources_from_an_older_registry_does_not_count(
    platform: Platform, town: Path, rivals: list[Path]
) -> None:
    for path, table in ((early_files(town)[1], "keluarga"), (rivals[0], "anggota")):
        token = ingest(platform, path, EARLY).token
        facts = {"version": "v3_2026", "region": "3571", "data_date": date(2026, 7, 1)}
        platform.registry.amend_file(token, EARLY, verdict="accepted", code=None, table_name=table, **facts)
    with pytest.raises(DtsenError, match="E_NO_SNAPSHOT"):
        freeze_inputs(platform, EARLY_DAY)
