"""A person's word about a file is kept with its reason, and applies only where it may."""

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from dtsen_pipeline.resources.decide import Word, accept, refuse
from dtsen_pipeline.resources.ingest import ingest
from dtsen_pipeline.resources.platform import Platform
from dtsen_pipeline.schemas.errors import DtsenError
from tests.house import early_files, house

NOW = datetime(2026, 1, 13, 3, tzinfo=UTC)
WORD = Word("compared with the catalogue", "head", NOW)


@pytest.fixture
def platform(new_home: Path, town: Path) -> Iterator[Platform]:
    """A house with a held snapshot, an accepted batch, and a file that could not be read."""
    broken = new_home.with_name("broken.csv")
    broken.write_bytes(b"a,b\n")
    with house(new_home) as opened:
        for file in [*early_files(town), broken]:
            ingest(opened, file, NOW)
        yield opened


def _token(platform: Platform, **equal: str) -> str:
    return platform.registry.files(**equal)[0].token


def test_codes_are_confirmed_expressly(platform: Platform) -> None:
    token = _token(platform, verdict="held")
    with pytest.raises(DtsenError, match=r"^H_CODES_UNCONFIRMED"):
        accept(platform, token, WORD)
    assert platform.registry.decisions() == []
    assert len(platform.registry.files(verdict="held")) == 2
    assert len(accept(platform, token, WORD, confirm_codes=True)) == 2
    kinds = [decision.kind for decision in platform.registry.decisions()]
    assert kinds == ["confirm_codes", "accept", "accept"]
    assert {(d.reason, d.actor, d.at) for d in platform.registry.decisions()} == {(WORD.reason, WORD.actor, NOW)}
    assert platform.registry.confirmed_profiles() == {"bps_v3"}


def test_a_refused_batch_keeps_its_bytes_and_can_be_accepted_again(platform: Platform) -> None:
    token = _token(platform, table_name="kunjungan")
    refuse(platform, token, WORD)
    file = platform.registry.file(token)
    assert (file.verdict, file.code) == ("refused", "E_REFUSED")
    assert platform.vault.read_bytes(file.sha256)
    assert accept(platform, token, WORD) == (token,)
    assert platform.registry.file(token).verdict == "accepted"


def test_a_refused_half_of_a_held_snapshot_stays_refused_when_the_codes_are_confirmed(platform: Platform) -> None:
    first, second = (file.token for file in platform.registry.files(verdict="held"))
    refuse(platform, first, WORD)
    assert accept(platform, second, WORD, confirm_codes=True) == (second,)
    assert platform.registry.file(first).verdict == "refused"


def test_damage_cannot_be_accepted(platform: Platform) -> None:
    with pytest.raises(DtsenError, match=r"^E_VERDICT"):
        accept(platform, _token(platform, code="E_HEADER"), WORD, confirm_codes=True)


def test_a_decision_needs_a_reason_and_a_known_file(platform: Platform) -> None:
    with pytest.raises(DtsenError, match=r"^E_REASON"):
        refuse(platform, _token(platform, table_name="kunjungan"), Word(" ", "head", NOW))
    for decide in (accept, refuse):
        with pytest.raises(DtsenError, match=r"^E_TOKEN_UNKNOWN"):
            decide(platform, "0" * 12, WORD)
    assert platform.registry.decisions() == []
