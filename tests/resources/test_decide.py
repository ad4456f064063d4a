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


def _rival(town: Path, folder: Path) -> Path:
    """Another family file of the same snapshot, a row shorter."""
    sent = next(file for file in early_files(town) if file.name.startswith("keluarga"))
    rival = folder / sent.name
    rival.write_bytes(b"".join(sent.read_bytes().splitlines(keepends=True)[:-1]))
    rival.with_name(f"{sent.name}.json").write_bytes(sent.with_name(f"{sent.name}.json").read_bytes())
    return rival


@pytest.fixture
def counted(platform: Platform) -> Platform:
    """The same house with its snapshot accepted."""
    accept(platform, _token(platform, verdict="held"), WORD, confirm_codes=True)
    return platform


def test_a_refused_snapshot_file_counts_again_when_the_refusal_is_lifted(counted: Platform) -> None:
    token = _token(counted, table_name="keluarga")
    refuse(counted, token, WORD)
    assert accept(counted, token, WORD) == (token,)
    kinds = [decision.kind for decision in counted.registry.decisions(subject=counted.registry.file(token).sha256)]
    assert kinds == ["accept", "refuse", "accept"]


def test_a_lifted_refusal_asks_every_gate_again(counted: Platform, town: Path, tmp_path: Path) -> None:
    """Another family file has taken its place meanwhile: both cannot count."""
    first, rival = _token(counted, table_name="keluarga"), _rival(town, tmp_path)
    refuse(counted, first, WORD)
    second = ingest(counted, rival, NOW).token
    with pytest.raises(DtsenError, match=r"^E_SNAPSHOT_TWICE"):
        accept(counted, first, WORD)
    found = {file.token: (file.verdict, file.code) for file in counted.registry.files(table_name="keluarga")}
    assert found == {first: ("refused", "E_REFUSED"), second: ("accepted", None)}
    kinds = [decision.kind for decision in counted.registry.decisions(subject=counted.registry.file(first).sha256)]
    assert kinds == ["accept", "refuse"]
    refuse(counted, second, WORD)
    assert accept(counted, first, WORD) == (first,)


def test_a_file_whose_place_was_taken_can_be_accepted_when_the_place_is_free(
    counted: Platform, town: Path, tmp_path: Path
) -> None:
    first, rival = _token(counted, table_name="keluarga"), _rival(town, tmp_path)
    second = ingest(counted, rival, NOW).token
    with pytest.raises(DtsenError, match=r"^E_SNAPSHOT_TWICE"):
        accept(counted, second, WORD)
    refuse(counted, first, WORD)
    assert accept(counted, second, WORD) == (second,)
    (decision,) = counted.registry.decisions(subject=counted.registry.file(second).sha256)
    assert (decision.kind, decision.reason) == ("accept", WORD.reason)


def test_a_lifted_refusal_still_waits_for_its_partner(platform: Platform) -> None:
    first, second = (file.token for file in platform.registry.files(verdict="held"))
    refuse(platform, first, WORD)
    refuse(platform, second, WORD)
    with pytest.raises(DtsenError, match=r"^W_NO_PARTNER"):
        accept(platform, first, WORD)
    assert platform.registry.file(first).verdict == "waiting"
    with pytest.raises(DtsenError, match=r"^H_CODES_UNCONFIRMED"):
        accept(platform, second, WORD)
    assert {platform.registry.file(token).verdict for token in (first, second)} == {"held"}


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
