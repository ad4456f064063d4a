"""A person's word about a file is kept with its reason, and applies only where it may."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, date, datetime
from pathlib import Path

import pytest

from dtsen_pipeline.core.coded import confirmed_in, lists_of_source
from dtsen_pipeline.core.inputs import Source
from dtsen_pipeline.resources.codes import look
from dtsen_pipeline.resources.decide import Word, accept, refuse
from dtsen_pipeline.resources.freeze import freeze_inputs
from dtsen_pipeline.resources.ingest import ingest
from dtsen_pipeline.resources.platform import Platform
from dtsen_pipeline.schemas.errors import DtsenError
from tests.house import early_files, house
from tests.siks import siks_snapshot

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
    seen = look(platform, token)
    assert len(accept(platform, token, WORD, seen=seen)) == 2
    kinds = [decision.kind for decision in platform.registry.decisions()]
    assert kinds == ["confirm_codes", "accept", "accept"]
    assert {(d.reason, d.actor, d.at) for d in platform.registry.decisions()} == {(WORD.reason, WORD.actor, NOW)}
    confirmed = platform.registry.decisions("confirm_codes")[0]
    assert confirmed.subject == "bps_v3"
    assert confirmed.payload["profiles"] == ["bps_v3_anggota", "bps_v3_keluarga"]
    assert set(confirmed.payload["lists"]) == lists_of_source("bps_v3") == platform.registry.confirmed_lists()["bps_v3"]
    assert confirmed.payload["seen"] == seen.digest != replace(seen, columns=seen.columns[1:]).digest


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
    assert accept(platform, second, WORD, seen=look(platform, second)) == (second,)
    assert platform.registry.file(first).verdict == "refused"
    with pytest.raises(DtsenError, match=r"^H_CODES_UNCONFIRMED"):
        accept(platform, first, WORD)
    assert accept(platform, first, WORD, seen=look(platform, first)) == (first,)


def test_confirming_one_source_leaves_another_s_file_held_and_its_rows_warned(
    counted: Platform, town: Path, tmp_path: Path
) -> None:
    """The lists that BPS files were seen to use say nothing about the codes of SIKS-NG, nor of an officer's form."""
    for path in siks_snapshot(town, tmp_path, "2026-02-01"):
        siks = ingest(counted, path, NOW).token
    assert counted.registry.file(siks).code == "H_CODES_UNCONFIRMED"
    assert set(look(counted, siks).profiles) == {"kemensos_v1_keluarga", "kemensos_v1_anggota"}
    listed = freeze_inputs(counted, date(2026, 2, 2))
    confirmed = confirmed_in(listed)
    by_table = {source.table: confirmed[source.token] for source in listed.sources}
    assert "lantai" in by_table["keluarga"]
    assert by_table["kunjungan"] == by_table["kunjungan_anggota"] == frozenset()


def test_a_correction_is_judged_by_the_source_of_what_it_corrects(counted: Platform) -> None:
    listed = freeze_inputs(counted, date(2026, 2, 2))
    bps, visit = listed.of("keluarga")[0], listed.of("kunjungan")[0]
    mended = [
        Source("1" * 64, "keluarga", "koreksi_keluarga", 1, corrects=bps.sha256),
        Source("2" * 64, "kunjungan", "koreksi_kunjungan", 1, corrects=visit.sha256),
    ]
    told = confirmed_in(replace(listed, sources=(*listed.sources, *mended)))
    assert told["1" * 12] == told[bps.token]
    assert told["2" * 12] == frozenset()
    old = confirmed_in(replace(listed, confirmed_lists={}))
    assert old[bps.token] == lists_of_source("bps_v3")
    assert old[visit.token] == frozenset()


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
    accept(platform, _token(platform, verdict="held"), WORD, seen=look(platform, _token(platform, verdict="held")))
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
        accept(platform, _token(platform, code="E_HEADER"), WORD, seen=look(platform, _token(platform, verdict="held")))


def test_a_decision_needs_a_reason_and_a_known_file(platform: Platform) -> None:
    with pytest.raises(DtsenError, match=r"^E_REASON"):
        refuse(platform, _token(platform, table_name="kunjungan"), Word(" ", "head", NOW))
    for decide in (accept, refuse):
        with pytest.raises(DtsenError, match=r"^E_TOKEN_UNKNOWN"):
            decide(platform, "0" * 12, WORD)
    assert platform.registry.decisions() == []
