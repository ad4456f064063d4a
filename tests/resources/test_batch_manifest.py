"""A manifest beside a delivery shows what is missing from it, and is never believed where it is not exact."""

import hashlib
import json
import shutil
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select

from dtsen_pipeline.resources.batch_manifest import spent
from dtsen_pipeline.resources.decide import Word, accept, refuse
from dtsen_pipeline.resources.ingest import Declared, ingest, ingest_again
from dtsen_pipeline.resources.platform import Platform
from dtsen_pipeline.resources.registry.models import Event
from dtsen_pipeline.schemas.errors import DtsenError
from tests.house import early_files, house, late_files

NOW = datetime(2026, 1, 13, 3, tzinfo=UTC)
WORD = Word("asked the sender", "tester", NOW)
PAGE = Path(__file__).parents[2] / "docs" / "how-to" / "prepare-a-field-batch.md"


@pytest.fixture
def platform(new_home: Path) -> Iterator[Platform]:
    """An empty house."""
    with house(new_home) as opened:
        yield opened


@pytest.fixture
def batch(town: Path, tmp_path: Path) -> list[Path]:
    """The visits and their members, without notes."""
    folder = tmp_path / "batch"
    folder.mkdir()
    return sorted((Path(shutil.copy(file, folder)) for file in early_files(town)[2:]), reverse=True)


def _entry(file: Path) -> dict[str, Any]:
    data = file.read_bytes()
    return {"name": file.name, "rows": data.count(b"\n") - 1, "sha256": hashlib.sha256(data).hexdigest()}


def _manifest(files: list[Path], /, **facts: object) -> Path:
    """A manifest of these files as they are now."""
    told: Mapping[str, object] = {
        "batch_id": "2026-W37-TRC",
        "region": "3571",
        "period": {"first": "2026-09-07", "last": "2026-09-13"},
        "sent_at": "2026-09-13T17:00:00+07:00",
        "device": "tablet-07",
        "form_version": "1",
        "files": [_entry(file) for file in files],
    }
    path = files[0].with_name("W37.manifest.json")
    path.write_text(json.dumps(told | facts))
    return path


def _cut(file: Path) -> None:
    """The last record is lost: every line that is left is whole."""
    file.write_bytes(b"".join(file.read_bytes().splitlines(keepends=True)[:-1]))


def test_a_file_as_it_was_sent_counts_and_what_was_told_is_recorded(platform: Platform, batch: list[Path]) -> None:
    _manifest(batch)
    assert [ingest(platform, file, NOW).verdict for file in batch] == ["accepted", "accepted"]
    assert {file.batch_id for file in platform.registry.files()} == {"2026-W37-TRC"}
    with platform.registry.read() as session:
        told = [event.payload for event in session.scalars(select(Event).where(Event.kind == "file.manifest"))]
    assert len(told) == 2
    assert (told[0]["device"], told[0]["form_version"]) == ("tablet-07", "1")
    assert not any(file.name in json.dumps(told) for file in batch)
    assert not ingest(platform, batch[0], NOW).is_new


@pytest.mark.parametrize("lost", [0, 1])
def test_a_cut_at_a_record_boundary_is_found(platform: Platform, batch: list[Path], lost: int) -> None:
    _manifest(batch)
    rows = _entry(batch[lost])["rows"]
    _cut(batch[lost])
    found = ingest(platform, batch[lost], NOW)
    assert (found.verdict, found.code) == ("refused", "E_BATCH_MISMATCH")
    assert found.message == f"the manifest tells of {rows} rows, the file has {rows - 1}"


def test_without_a_manifest_the_same_cut_is_not_seen(platform: Platform, batch: list[Path]) -> None:
    _cut(batch[0])
    assert ingest(platform, batch[0], NOW).verdict == "accepted"


def test_the_whole_file_counts_once_it_comes(platform: Platform, batch: list[Path]) -> None:
    whole = batch[0].read_bytes()
    _manifest(batch)
    _cut(batch[0])
    assert ingest(platform, batch[0], NOW).verdict == "refused"
    batch[0].write_bytes(whole)
    assert ingest(platform, batch[0], NOW).verdict == "accepted"


def test_a_digit_changed_on_the_way_is_found(platform: Platform, batch: list[Path]) -> None:
    _manifest(batch)
    data = batch[0].read_bytes()
    at = data.index(b"\n") + 1 + data.split(b"\n")[1].index(b"2026")
    batch[0].write_bytes(data[:at] + b"2025" + data[at + 4 :])
    found = ingest(platform, batch[0], NOW)
    assert (found.code, found.message) == ("E_BATCH_MISMATCH", "the checksum is not that of the manifest")


def test_a_file_without_a_manifest_is_not_proven_to_be_whole(platform: Platform, batch: list[Path]) -> None:
    _cut(batch[0])
    found = ingest(platform, batch[0], NOW)
    assert (found.verdict, found.warnings) == ("accepted", ("W_NO_MANIFEST",))
    _manifest(batch)
    assert ingest(platform, batch[1], NOW).warnings == ()


def test_what_a_manifest_refused_is_not_read_again_without_it(platform: Platform, batch: list[Path]) -> None:
    _manifest(batch)
    _cut(batch[0])
    refused = ingest(platform, batch[0], NOW)
    with pytest.raises(DtsenError, match="E_VERDICT"):
        ingest_again(platform, refused.token, NOW, Declared())
    assert platform.registry.file(refused.token).code == "E_BATCH_MISMATCH"


def test_a_renamed_file_is_known_by_its_checksum(platform: Platform, batch: list[Path]) -> None:
    _manifest(batch)
    renamed = batch[0].rename(batch[0].with_name("visits.csv"))
    ingest(platform, batch[1], NOW)
    assert ingest(platform, renamed, NOW).verdict == "accepted"
    assert platform.registry.file(ingest(platform, renamed, NOW).token).batch_id == "2026-W37-TRC"


def test_another_batch_is_not_this_one(platform: Platform, batch: list[Path]) -> None:
    batch[0].with_name(f"{batch[0].name}.json").write_text('{"batch_id": "2026-W38-TRC"}')
    _manifest(batch)
    found = ingest(platform, batch[0], NOW)
    assert (found.code, found.message) == ("E_BATCH_MISMATCH", "the manifest is that of another batch")


def test_another_city_is_refused(platform: Platform, batch: list[Path]) -> None:
    _manifest(batch, region="3506")
    assert ingest(platform, batch[0], NOW).code == "E_REGION"


def test_a_listed_file_that_did_not_come_holds_the_others(platform: Platform, batch: list[Path]) -> None:
    _manifest(batch)
    away = batch[1].rename(batch[1].with_name("later.part"))
    found = ingest(platform, batch[0], NOW)
    assert (found.verdict, found.code, found.message) == ("held", "H_BATCH_INCOMPLETE", "1 listed files did not come")
    assert ingest(platform, away.rename(batch[1]), NOW).verdict == "accepted"


def test_one_that_came_before_is_not_missing(platform: Platform, batch: list[Path]) -> None:
    ingest(platform, batch[1], NOW)
    _manifest(batch)
    batch[1].unlink()
    assert ingest(platform, batch[0], NOW).verdict == "accepted"


def _verdicts(platform: Platform) -> list[tuple[str, str | None]]:
    return sorted((file.verdict, file.code) for file in platform.registry.files())


@pytest.mark.parametrize("first", [0, 1])
def test_a_file_held_for_a_partner_is_freed_when_the_partner_comes(
    platform: Platform, batch: list[Path], tmp_path: Path, first: int
) -> None:
    """In either order, wherever the partner lay, and told of in the answer."""
    _manifest(batch)
    late = batch[1 - first].rename(tmp_path / batch[1 - first].name)
    held = ingest(platform, batch[first], NOW)
    assert held.verdict == "held"
    came = ingest(platform, late, NOW)
    assert (came.verdict, came.released) == ("accepted", (held.token,))
    assert _verdicts(platform) == [("accepted", None)] * 2
    assert platform.registry.file(held.token).message is None
    assert platform.registry.verify_events().broken_at is None


def test_of_three_files_all_are_held_until_the_last_one_comes(
    platform: Platform, batch: list[Path], town: Path, tmp_path: Path
) -> None:
    folder = tmp_path / "apart"
    folder.mkdir()
    three = [*batch, Path(shutil.copy(late_files(town)[3], batch[0].parent))]
    _manifest(three, batch_id=None)
    apart = [file.rename(folder / file.name) for file in three[1:]]
    first = ingest(platform, three[0], NOW)
    shutil.copy(batch[0].with_name("W37.manifest.json"), folder)
    hidden = apart[1].rename(apart[1].with_suffix(".part"))
    second = ingest(platform, apart[0], NOW)
    assert second.released == ()
    assert [platform.registry.file(one.token).message for one in (first, second)] == ["1 listed files did not come"] * 2
    assert _verdicts(platform) == [("held", "H_BATCH_INCOMPLETE")] * 2
    last = ingest(platform, hidden.rename(apart[1]), NOW)
    assert set(last.released) == {first.token, second.token}
    assert _verdicts(platform) == [("accepted", None)] * 3


def test_a_partner_that_was_changed_on_its_way_frees_nobody(platform: Platform, batch: list[Path]) -> None:
    _manifest(batch)
    away = batch[1].rename(batch[1].with_name("later.part"))
    ingest(platform, batch[0], NOW)
    _cut(away)
    assert ingest(platform, away.rename(batch[1]), NOW).verdict == "refused"
    assert _verdicts(platform) == [("held", "H_BATCH_INCOMPLETE"), ("refused", "E_BATCH_MISMATCH")]


def test_the_other_breakers_are_asked_before_a_file_is_freed(new_home: Path, batch: list[Path]) -> None:
    head, *lines = batch[0].read_bytes().splitlines(keepends=True)
    batch[0].write_bytes(b"".join([head, *lines, *lines]))
    _manifest(batch)
    away = batch[1].rename(batch[1].with_name("later.part"))
    with house(new_home) as platform:
        held = ingest(platform, batch[0], NOW)
        assert held.code == "H_BATCH_INCOMPLETE"
        ingest(platform, away.rename(batch[1]), NOW)
        assert platform.registry.file(held.token).code == "H_DUPLICATES"


def test_a_held_file_that_cannot_be_read_any_more_keeps_no_other_out(platform: Platform, batch: list[Path]) -> None:
    _manifest(batch)
    away = batch[1].rename(batch[1].with_name("later.part"))
    held = ingest(platform, batch[0], NOW)
    platform.vault.path(platform.registry.file(held.token).sha256).write_bytes(b"")
    assert ingest(platform, away.rename(batch[1]), NOW).verdict == "accepted"
    assert platform.registry.file(held.token).verdict == "held"


def test_a_partner_that_a_person_lets_in_frees_the_other(platform: Platform, batch: list[Path]) -> None:
    partner = ingest(platform, batch[1], NOW)
    refuse(platform, partner.token, WORD)
    _manifest(batch)
    batch[1].unlink()
    assert ingest(platform, batch[0], NOW).code == "H_BATCH_INCOMPLETE"
    accept(platform, partner.token, WORD)
    assert _verdicts(platform) == [("accepted", None)] * 2


def test_a_snapshot_held_for_its_partner_goes_on_to_its_next_gate(
    platform: Platform, town: Path, tmp_path: Path
) -> None:
    folder = tmp_path / "snapshot"
    folder.mkdir()
    pair = [Path(shutil.copy(file, folder)) for file in early_files(town)[:2]]
    for file in early_files(town)[:2]:
        shutil.copy(file.with_name(f"{file.name}.json"), folder)
    _manifest(pair, batch_id=None)
    away = pair[1].rename(pair[1].with_name("later.part"))
    assert ingest(platform, pair[0], NOW).code == "H_BATCH_INCOMPLETE"
    ingest(platform, away.rename(pair[1]), NOW)
    assert _verdicts(platform) == [("held", "H_CODES_UNCONFIRMED")] * 2


BROKEN: Mapping[str, bytes | dict[str, object]] = {
    "empty": b"",
    "cut": b'{"files": [',
    "a list": b"[]",
    "no files": {"files": []},
    "twice": b'{"device": "a", "device": "b", "files": [{"name": "x", "rows": 1, "sha256": "%s"}]}' % (b"0" * 64),
    "rows as text": {"files": [{"name": "x", "rows": "1", "sha256": "0" * 64}]},
    "rows below nothing": {"files": [{"name": "x", "rows": -1, "sha256": "0" * 64}]},
    "a path": {"files": [{"name": "../x", "rows": 1, "sha256": "0" * 64}]},
    "no checksum": {"files": [{"name": "x", "rows": 1}]},
    "half a checksum": {"files": [{"name": "x", "rows": 1, "sha256": "0" * 32}]},
    "a device with spaces": {"device": "tablet of x"},
    "a number for a device": {"device": "3571010101019001"},
    "no zone": {"sent_at": "2026-09-13T17:00:00"},
    "backwards": {"period": {"first": "2026-09-13", "last": "2026-09-07"}},
    "deep": b"[" * 50_000,
    "large": b'{"x": "' + b"y" * 70_000 + b'"}',
    "not UTF-8": b"\xff\xfe",
}


@pytest.mark.parametrize("kind", BROKEN)
def test_a_broken_manifest_refuses_what_it_might_list_until_it_is_put_right(
    platform: Platform, batch: list[Path], kind: str
) -> None:
    broken = BROKEN[kind]
    path = _manifest(batch, **broken) if isinstance(broken, dict) else _manifest(batch)
    if isinstance(broken, bytes):
        path.write_bytes(broken)
    found = ingest(platform, batch[0], NOW)
    assert (found.verdict, found.code) == ("refused", "E_BATCH_MANIFEST")
    _manifest(batch)
    assert ingest(platform, batch[0], NOW).verdict == "accepted"


def test_a_broken_manifest_is_nothing_to_a_file_that_a_sound_one_lists(platform: Platform, batch: list[Path]) -> None:
    _manifest(batch)
    batch[0].with_name("other.manifest.json").write_bytes(b"{")
    assert ingest(platform, batch[0], NOW).verdict == "accepted"


def test_two_manifests_of_one_file_are_one_too_many(platform: Platform, batch: list[Path]) -> None:
    shutil.copy(_manifest(batch), batch[0].with_name("again.manifest.json"))
    assert ingest(platform, batch[0], NOW).code == "E_BATCH_MANIFEST"


def test_a_manifest_of_others_and_a_link_mean_nothing(platform: Platform, batch: list[Path]) -> None:
    path = _manifest(batch, files=[{"name": "x.csv", "rows": 1, "sha256": "0" * 64}])
    elsewhere = path.with_name("elsewhere.json")
    elsewhere.write_bytes(b"{")
    path.with_name("link.manifest.json").symlink_to(elsewhere)
    assert ingest(platform, batch[0], NOW).verdict == "accepted"


def test_a_manifest_is_spent_when_all_its_files_came(platform: Platform, batch: list[Path]) -> None:
    path = _manifest(batch)
    ingest(platform, batch[0], NOW)
    assert spent(path.parent, platform.registry) == []
    ingest(platform, batch[1], NOW)
    assert spent(path.parent, platform.registry) == [path]


def test_the_page_shows_a_manifest_that_works(platform: Platform, batch: list[Path]) -> None:
    """The example of the how-to page, with the figures of the files that are here."""
    example = json.loads(PAGE.read_text(encoding="utf-8").split("```json\n")[1].split("```")[0])
    assert len(example["files"]) == len(batch)
    shown = [given | _entry(file) for given, file in zip(example["files"], batch, strict=True)]
    path = _manifest(batch)
    path.write_text(json.dumps(example | {"files": shown}))
    (batch[0].with_name(f"{batch[0].name}.json")).write_text(json.dumps({"batch_id": example["batch_id"]}))
    assert ingest(platform, batch[0], NOW).verdict == "accepted"
