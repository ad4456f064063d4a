"""What becomes of a file on its way in: its verdict, what is kept of it, and what can be put right later."""

import hashlib
import json
import os
import shutil
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import replace
from datetime import UTC, date, datetime
from pathlib import Path
from threading import Barrier, BrokenBarrierError
from typing import Any

import pytest
from sqlalchemy import func, select

from dtsen_pipeline.resources.admission import verdict_of
from dtsen_pipeline.resources.codes import look
from dtsen_pipeline.resources.decide import Word, accept, refuse
from dtsen_pipeline.resources.ingest import Arrival, Declared, _read, ingest, ingest_again
from dtsen_pipeline.resources.platform import Platform, opened
from dtsen_pipeline.resources.registry.models import Batch, Event, Officer, SourceFile
from dtsen_pipeline.resources.settings import load_settings
from dtsen_pipeline.schemas.errors import DtsenError
from tests.house import early_files, house, late_files

NOW = datetime(2026, 1, 13, 3, tzinfo=UTC)
LATER = datetime(2026, 1, 14, 3, tzinfo=UTC)
WORD = Word("looked at", "tester", NOW)
Change = Callable[[bytes], bytes]


@pytest.fixture
def platform(new_home: Path) -> Iterator[Platform]:
    """An empty house."""
    with house(new_home) as opened:
        yield opened


@pytest.fixture
def files(town: Path, tmp_path: Path) -> list[Path]:
    """Copies of member, family, visit and visit-member file with their notes."""
    folder = tmp_path / "files"
    folder.mkdir()
    for file in early_files(town):
        shutil.copy(file, folder)
        shutil.copy(file.with_name(f"{file.name}.json"), folder)
    return sorted(folder.glob("*dtsen*.csv")) + sorted(folder.glob("*kunjungan*.csv"), reverse=True)


def _note(file: Path) -> Path:
    return file.with_name(f"{file.name}.json")


def _rows(platform: Platform, model: type[SourceFile | Batch | Event | Officer]) -> int:
    with platform.registry.read() as session:
        return session.scalar(select(func.count()).select_from(model)) or 0


class TestAccepted:
    """Files that are as they should be."""

    def test_a_field_batch_counts_at_once(self, platform: Platform, files: list[Path]) -> None:
        visit, member = (ingest(platform, file, NOW) for file in files[2:])
        assert (visit.verdict, visit.code, visit.table, visit.is_new) == ("accepted", None, "kunjungan", True)
        assert (member.verdict, member.table) == ("accepted", "kunjungan_anggota")
        stored = platform.registry.file(visit.token)
        assert (stored.batch_id, stored.version, stored.data_date) == ("2026-W37-TRC", None, None)
        assert stored.rows == visit.rows == len(files[2].read_bytes().splitlines()) - 1
        assert stored.received_at == NOW
        assert _rows(platform, Batch) == 1
        assert _rows(platform, Officer) > 0

    def test_a_snapshot_waits_for_its_partner_and_is_held_until_its_codes_are_confirmed(
        self, platform: Platform, files: list[Path]
    ) -> None:
        first = ingest(platform, files[0], NOW)
        assert (first.verdict, first.code, first.released) == ("waiting", "W_NO_PARTNER", ())
        second = ingest(platform, files[1], LATER)
        assert (second.verdict, second.code) == ("held", "H_CODES_UNCONFIRMED")
        assert second.released == (first.token,)
        assert {file.verdict for file in platform.registry.files()} == {"held"}
        assert set(accept(platform, first.token, WORD, seen=look(platform, first.token))) == {first.token, second.token}
        assert {(file.verdict, file.code) for file in platform.registry.files()} == {("accepted", None)}

    def test_a_confirmed_profile_is_not_asked_about_again(
        self, platform: Platform, files: list[Path], town: Path
    ) -> None:
        held = [ingest(platform, file, NOW) for file in files[:2]]
        accept(platform, held[0].token, WORD, seen=look(platform, held[0].token))
        late = [ingest(platform, file, LATER) for file in late_files(town)[:2]]
        assert [arrival.verdict for arrival in late] == ["waiting", "accepted"]
        assert {file.verdict for file in platform.registry.files()} == {"accepted"}

    def test_what_stands_in_the_note_is_recorded(self, platform: Platform, files: list[Path]) -> None:
        stored = platform.registry.file(ingest(platform, files[0], NOW).token)
        assert (stored.version, stored.region, stored.data_date) == ("v3_2026", "3571", date(2026, 7, 1))

    def test_without_a_note_the_name_tells_version_and_region(self, platform: Platform, files: list[Path]) -> None:
        _note(files[0]).unlink()
        stored = platform.registry.file(ingest(platform, files[0], NOW).token)
        assert (stored.version, stored.region, stored.data_date) == ("v3_2026", "3571", None)
        assert (stored.verdict, stored.code) == ("waiting", "W_NO_DATA_DATE")

    def test_no_name_of_a_file_is_kept(self, platform: Platform, files: list[Path], new_home: Path) -> None:
        strange = files[0].rename(files[0].with_name("kanari-nama-berkas.csv"))
        _note(files[0]).rename(_note(strange))
        assert ingest(platform, strange, NOW).verdict == "waiting"
        kept = [path for path in new_home.rglob("*") if path.is_file()]
        assert not [path for path in kept if b"kanari-nama" in path.read_bytes() or "kanari" in path.name]


class TestAgain:
    """The same bytes again change nothing, unless what stands beside them was put right."""

    def test_known_bytes_are_a_no_op(self, platform: Platform, files: list[Path]) -> None:
        first = [ingest(platform, file, NOW) for file in files]
        events, officers = _rows(platform, Event), _rows(platform, Officer)
        again = [ingest(platform, file, LATER) for file in files]
        assert [arrival.is_new for arrival in again] == [False] * 4
        assert [arrival.token for arrival in again] == [arrival.token for arrival in first]
        assert {arrival.verdict for arrival in again} == {"held", "accepted"}
        assert (_rows(platform, SourceFile), _rows(platform, Event), _rows(platform, Officer)) == (4, events, officers)

    def test_a_file_that_waits_or_was_refused_is_a_no_op_too(self, platform: Platform, files: list[Path]) -> None:
        broken = files[1].with_name("broken.csv")
        broken.write_bytes(b"a,b\n1,2\n")
        ingest(platform, files[0], NOW)
        ingest(platform, broken, NOW)
        events = _rows(platform, Event)
        assert not ingest(platform, files[0], LATER).is_new
        assert not ingest(platform, broken, LATER).is_new
        assert _rows(platform, Event) == events

    @pytest.mark.parametrize("how", ["told", "note"])
    def test_the_data_date_may_come_later(self, platform: Platform, files: list[Path], how: str) -> None:
        notes = [_note(file).read_bytes() for file in files[:2]]
        for file in files[:2]:
            _note(file).unlink()
            assert ingest(platform, file, NOW).code == "W_NO_DATA_DATE"
        told = Declared(data_date=date(2026, 7, 1)) if how == "told" else None
        found = []
        for file, note in zip(files[:2], notes, strict=True):
            if how == "note":
                _note(file).write_bytes(note)
            found.append(ingest(platform, file, LATER, told))
        assert [(arrival.verdict, arrival.is_new) for arrival in found] == [("waiting", True), ("held", True)]
        assert {file.data_date for file in platform.registry.files()} == {date(2026, 7, 1)}

    def test_what_was_told_before_is_kept(self, platform: Platform, files: list[Path]) -> None:
        _note(files[0]).unlink()
        ingest(platform, files[0], NOW, Declared(data_date=date(2026, 7, 1)))
        again = ingest(platform, files[0], LATER)
        assert (again.is_new, again.code) == (False, "W_NO_PARTNER")
        assert platform.registry.file(again.token).data_date == date(2026, 7, 1)

    def test_a_note_put_right_makes_a_refused_file_count(self, platform: Platform, files: list[Path]) -> None:
        good = _note(files[2]).read_bytes()
        _note(files[2]).write_bytes(b"{")
        assert ingest(platform, files[2], NOW).code == "E_SIDECAR"
        _note(files[2]).write_bytes(good)
        again = ingest(platform, files[2], LATER)
        assert (again.verdict, again.code, again.message, again.is_new) == ("accepted", None, None, True)
        assert platform.registry.file(again.token).batch_id == "2026-W37-TRC"
        assert _rows(platform, Officer) > 0

    def test_what_a_person_refused_stays_refused(self, platform: Platform, files: list[Path]) -> None:
        token = ingest(platform, files[2], NOW).token
        refuse(platform, token, WORD)
        again = ingest(platform, files[2], LATER)
        assert (again.verdict, again.code, again.is_new) == ("refused", "E_REFUSED", False)

    def test_an_arrival_that_was_cut_off_is_completed(self, platform: Platform, files: list[Path]) -> None:
        """Both files were registered and the process died before the pair was completed."""
        tokens = [ingest(platform, file, NOW).token for file in files[:2]]
        for token in tokens:
            platform.registry.amend_file(token, NOW, verdict="waiting", code="W_NO_PARTNER")
        assert ingest(platform, files[1], LATER).verdict == "held"
        assert {file.verdict for file in platform.registry.files()} == {"held"}

    def test_a_verdict_and_its_partners_hold_together_or_not_at_all(
        self, platform: Platform, files: list[Path], monkeypatch: pytest.MonkeyPatch
    ) -> None:
        waiting = ingest(platform, files[0], NOW)

        def killed(*_: object) -> None:
            raise KeyboardInterrupt

        with monkeypatch.context() as patched:
            patched.setattr("dtsen_pipeline.resources.ingest.release_partners", killed)
            with pytest.raises(KeyboardInterrupt):
                ingest(platform, files[1], NOW)
        assert [(file.token, file.verdict) for file in platform.registry.files()] == [(waiting.token, "waiting")]
        assert platform.registry.verify_events().broken_at is None
        assert ingest(platform, files[1], LATER).released == (waiting.token,)
        assert {file.verdict for file in platform.registry.files()} == {"held"}

    def test_of_two_rivals_at_once_one_is_refused(
        self, platform: Platform, files: list[Path], new_home: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """Each would see the other where both could be registered before the first has its verdict."""
        both = Barrier(2)

        def together(*given: Any) -> Any:
            with suppress(BrokenBarrierError):
                both.wait(0.5)
            return verdict_of(*given)

        monkeypatch.setattr("dtsen_pipeline.resources.ingest.verdict_of", together)

        def taken(file: Path) -> str | None:
            with house(new_home) as other:
                return ingest(other, file, NOW).code

        rivals = [files[1], _cut(files[1])]
        with ThreadPoolExecutor(2) as pool:
            codes = sorted(str(code) for code in pool.map(taken, rivals))
        assert codes == ["E_SNAPSHOT_TWICE", "W_NO_PARTNER"]
        assert len(platform.registry.files()) == len(rivals)

    def test_a_broken_note_takes_nothing_from_what_another_process_accepted(
        self, platform: Platform, files: list[Path], new_home: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """The same bytes come twice at once, once with a note that cannot be read."""
        note = _note(files[2]).read_bytes()
        _note(files[2]).write_bytes(b"{broken")

        def overtaken(*given: Any) -> Any:
            monkeypatch.setattr("dtsen_pipeline.resources.ingest._read", _read)
            with house(new_home) as other:
                _note(files[2]).write_bytes(note)
                assert ingest(other, files[2], NOW).verdict == "accepted"
                _note(files[2]).write_bytes(b"{broken")
            return _read(*given)

        monkeypatch.setattr("dtsen_pipeline.resources.ingest._read", overtaken)
        assert ingest(platform, files[2], NOW).verdict == "accepted"
        assert platform.registry.files()[0].verdict == "accepted"

    def test_a_broken_note_leaves_a_file_waiting(self, platform: Platform, files: list[Path]) -> None:
        token = ingest(platform, files[0], NOW).token
        _note(files[0]).write_bytes(b"{broken")
        with pytest.raises(DtsenError, match=r"^E_SIDECAR"):
            ingest(platform, files[0], LATER)
        stored = platform.registry.file(token)
        assert (stored.verdict, stored.code) == ("waiting", "W_NO_PARTNER")


class TestPairs:
    """A family file and a member file of one version, region and data date."""

    def test_dates_that_differ_make_no_pair(self, platform: Platform, files: list[Path]) -> None:
        ingest(platform, files[0], NOW, Declared(data_date=date(2026, 6, 1)))
        assert ingest(platform, files[1], NOW).code == "W_NO_PARTNER"
        assert ingest(platform, files[0], LATER, Declared(data_date=date(2026, 7, 1))).verdict == "held"

    def test_versions_that_differ_make_no_pair(self, platform: Platform, files: list[Path], town: Path) -> None:
        ingest(platform, files[0], NOW)
        other = next(file for file in late_files(town) if file.name.startswith("keluarga"))
        assert ingest(platform, other, NOW).code == "W_NO_PARTNER"

    @pytest.mark.parametrize("is_confirmed", [False, True])
    def test_a_second_snapshot_of_one_version_is_refused(
        self, platform: Platform, files: list[Path], *, is_confirmed: bool
    ) -> None:
        first = [ingest(platform, file, NOW) for file in files[:2]]
        if is_confirmed:
            accept(platform, first[0].token, WORD, seen=look(platform, first[0].token))
        second = ingest(platform, _cut(files[1]), LATER)
        assert (second.verdict, second.code) == ("refused", "E_SNAPSHOT_TWICE")
        assert platform.registry.file(first[1].token).verdict == ("accepted" if is_confirmed else "held")

    def test_of_two_that_wait_none_is_picked(self, platform: Platform, files: list[Path]) -> None:
        """Which came first does not matter more than what a person says."""
        ingest(platform, files[1], NOW)
        assert ingest(platform, _cut(files[1]), NOW).code == "E_SNAPSHOT_TWICE"

    def test_after_the_first_is_refused_the_second_takes_its_place(self, platform: Platform, files: list[Path]) -> None:
        member, family = (ingest(platform, file, NOW) for file in files[:2])
        accept(platform, family.token, WORD, seen=look(platform, family.token))
        other = _cut(files[1])
        assert ingest(platform, other, NOW).code == "E_SNAPSHOT_TWICE"
        refuse(platform, family.token, WORD)
        again = ingest(platform, other, LATER)
        assert (again.verdict, again.is_new) == ("accepted", True)
        verdicts = {file.token: file.verdict for file in platform.registry.files()}
        assert verdicts == {member.token: "accepted", family.token: "refused", again.token: "accepted"}


def _cut(file: Path) -> Path:
    """The same file without its last record."""
    other = file.with_name(f"x{file.name}")
    other.write_bytes(b"".join(file.read_bytes().splitlines(keepends=True)[:-1]))
    _note(other).write_bytes(_note(file).read_bytes())
    return other


def _scientific(data: bytes) -> bytes:
    """One line in fifty has its card number as a spreadsheet shows it."""
    lines = data.splitlines(keepends=True)
    at = lines[0].replace(b'"', b"").strip().split(b"|").index(b"nomor_kartu_keluarga")
    for number in range(1, len(lines), 50):
        cells = lines[number].split(b'"|"')
        if len(cells) > at + 1:
            cells[at] = b"3.57101E+15"
        lines[number] = b'"|"'.join(cells)
    return b"".join(lines)


BROKEN: dict[str, tuple[str, int | None, Change]] = {
    "empty": ("E_EMPTY", None, lambda _: b""),
    "blank": ("E_EMPTY", None, lambda _: b" \n\n"),
    "truncated": ("E_TRUNCATED", None, lambda data: data[:-20]),
    "byte-order-mark": ("E_ENCODING", None, lambda data: b"\xef\xbb\xbf" + data),
    "utf-16": ("E_ENCODING", None, lambda data: data.decode(errors="replace").encode("utf-16")),
    "delimiter": ("E_DELIMITER", 1, lambda data: data.replace(b'"|"', b'";"')),
    "header": ("E_HEADER", 1, lambda data: data.replace(b"nomor_kartu_keluarga", b"no_kk", 1)),
    "column order": (
        "E_HEADER",
        1,
        lambda data: data.replace(
            b'"kode_provinsi"|"kode_kabupaten_kota"', b'"kode_kabupaten_kota"|"kode_provinsi"', 1
        ),
    ),
    "structure": ("E_STRUCTURE", None, lambda data: data[: data.index(b"\n") + 1] + b'"1"|"2"\n' * 9),
    "region": ("E_REGION", None, lambda data: data.replace(b'"3571"', b'"3506"')),
    "numeric ids": ("E_NIK_NUMERIC", None, _scientific),
}


@pytest.mark.parametrize("kind", BROKEN)
class TestRefused:
    """A file that cannot be read exactly is refused with its reason, and its bytes are kept."""

    def test_with_a_code_and_its_bytes(self, platform: Platform, files: list[Path], kind: str) -> None:
        code, line, change = BROKEN[kind]
        content = change(files[1].read_bytes())
        files[1].write_bytes(content)
        found = ingest(platform, files[1], NOW)
        assert (found.verdict, found.code, found.line, found.is_new) == ("refused", code, line, True)
        stored = platform.registry.file(found.token)
        assert (stored.verdict, stored.code, stored.size) == ("refused", code, len(content))
        assert platform.vault.read_bytes(stored.sha256) == content
        assert (stored.kind, stored.profile, stored.version, stored.batch_id) == (None, None, None, None)
        assert (_rows(platform, SourceFile), _rows(platform, Batch), _rows(platform, Officer)) == (1, 0, 0)

    def test_it_is_no_partner(self, platform: Platform, files: list[Path], kind: str) -> None:
        ingest(platform, files[0], NOW)
        files[1].write_bytes(BROKEN[kind][2](files[1].read_bytes()))
        ingest(platform, files[1], NOW)
        assert ingest(platform, files[0], LATER).code == "W_NO_PARTNER"

    def test_the_message_holds_nothing_of_the_file(self, platform: Platform, files: list[Path], kind: str) -> None:
        files[1].write_bytes(BROKEN[kind][2](files[1].read_bytes()))
        message = ingest(platform, files[1], NOW).message or ""
        assert message
        assert files[1].stem not in message
        assert not any(word.isdigit() and len(word) > 3 for word in message.split())


class TestRetried:
    """A refused file is read again from the vault, by what is known by then."""

    @pytest.fixture
    def refused(self, new_home: Path, files: list[Path]) -> str:
        """The token of a family file with too many numbers in place of identifiers; nothing lies beside it any more."""
        files[1].write_bytes(_scientific(files[1].read_bytes()))
        with house(new_home) as platform:
            token = ingest(platform, files[1], NOW).token
        for file in files:
            file.unlink()
            _note(file).unlink()
        return token

    def test_under_the_same_settings_it_stays_refused(self, new_home: Path, refused: str) -> None:
        with house(new_home) as platform:
            again = ingest_again(platform, refused, LATER, Declared())
            assert (again.verdict, again.code, again.is_new) == ("refused", "E_NIK_NUMERIC", False)

    def test_under_other_settings_it_is_taken_in_as_it_came(self, new_home: Path, refused: str) -> None:
        with opened(load_settings(home=new_home, numeric_id_share="1")) as platform:
            undated = ingest_again(platform, refused, LATER, Declared())
            assert (undated.verdict, undated.code) == ("waiting", "W_NO_DATA_DATE")
            told = Declared(version="v3_2026", data_date=date(2026, 1, 1))
            again = ingest_again(platform, refused, LATER, told)
            assert (again.verdict, again.code) == ("waiting", "W_NO_PARTNER")
            with pytest.raises(DtsenError, match="E_VERDICT"):
                ingest_again(platform, refused, LATER, told)

    def test_a_field_file_s_batch_must_be_said(self, new_home: Path, files: list[Path]) -> None:
        lines = files[2].read_bytes().splitlines(keepends=True)
        place = lines[0].decode().strip().split(",").index("nomor_kartu_keluarga")
        for number, line in enumerate(lines[1:], start=1):
            cells = line.decode().rstrip("\n").split(",")
            lines[number] = ",".join([*cells[:place], "3.57E+15", *cells[place + 1 :]]).encode() + b"\n"
        files[2].write_bytes(b"".join(lines))
        with house(new_home) as platform:
            refused = ingest(platform, files[2], NOW)
            assert (refused.verdict, refused.code) == ("refused", "E_NIK_NUMERIC")
        with opened(load_settings(home=new_home, numeric_id_share="1")) as platform:
            with pytest.raises(DtsenError, match=r"^E_USAGE.*--batch"):
                ingest_again(platform, refused.token, LATER, Declared())
            assert platform.registry.file(refused.token).code == "E_NIK_NUMERIC"
            again = ingest_again(platform, refused.token, LATER, Declared(batch_id="2026-W37-TRC"))
            assert (again.verdict, again.batch) == ("held", "2026-W37-TRC")

    def test_what_stood_beside_it_is_told_again(self, new_home: Path, refused: str) -> None:
        told = Declared(version="v3_2026", data_date=date(2026, 1, 1))
        with opened(load_settings(home=new_home, numeric_id_share="1")) as platform:
            with pytest.raises(DtsenError, match="E_USAGE"):
                ingest_again(platform, refused, LATER, Declared(version="a version"))
            again = ingest_again(platform, refused, LATER, told)
            assert (again.code, again.is_new, again.warnings) == ("W_NO_PARTNER", True, ("W_NO_MANIFEST",))
            stored = platform.registry.file(refused)
            assert (stored.version, stored.region, stored.received_at) == ("v3_2026", "3571", NOW)

    def test_who_decided_is_not_asked_again(self, platform: Platform, files: list[Path]) -> None:
        visits = ingest(platform, files[2], NOW).token
        with pytest.raises(DtsenError, match="E_VERDICT"):
            ingest_again(platform, visits, LATER, Declared())
        refuse(platform, visits, Word("wrong batch", "head", NOW))
        with pytest.raises(DtsenError, match="E_VERDICT"):
            ingest_again(platform, visits, LATER, Declared())

    def test_a_name_s_region_is_asked_again_where_a_person_says_it(self, platform: Platform, files: list[Path]) -> None:
        note = _note(files[1])
        note.write_text(json.dumps(json.loads(note.read_text()) | {"region": "3506"}))
        refused = ingest(platform, files[1], NOW)
        assert (refused.verdict, refused.code) == ("refused", "E_REGION")
        told = Declared(version="v3_2026", data_date=date(2026, 1, 1))
        with pytest.raises(DtsenError, match=r"^E_VERDICT.*--region"):
            ingest_again(platform, refused.token, LATER, told)
        assert ingest_again(platform, refused.token, LATER, replace(told, region="3506")).code == "E_REGION"
        again = ingest_again(platform, refused.token, LATER, replace(told, region="3571"))
        assert (again.verdict, again.code) == ("waiting", "W_NO_PARTNER")

    def test_what_a_manifest_contradicted_is_asked_again_once_another_lists_the_bytes(
        self, platform: Platform, files: list[Path]
    ) -> None:
        visits, members = files[2], files[3]
        beside = visits.with_name("kiriman.manifest.json")

        def listed(path: Path, more: int) -> dict[str, object]:
            data = path.read_bytes()
            rows = len(data.splitlines()) - 1 + more
            return {"name": path.name, "rows": rows, "sha256": hashlib.sha256(data).hexdigest()}

        beside.write_text(json.dumps({"files": [listed(visits, 1), listed(members, 0)]}))
        refused = ingest(platform, visits, NOW)
        assert (refused.verdict, refused.code) == ("refused", "E_BATCH_MISMATCH")
        with pytest.raises(DtsenError, match=r"^E_VERDICT.*manifest"):
            ingest_again(platform, refused.token, LATER, Declared())
        ingest(platform, members, NOW)
        assert ingest_again(platform, refused.token, LATER, Declared()).code == "E_BATCH_MISMATCH"
        platform.registry.append_event(
            "file.manifest", {"sha256": "e" * 64, "files": [_unnamed(listed(visits, 0))]}, NOW
        )
        again = ingest_again(platform, refused.token, LATER, Declared(batch_id="2026-W37-TRC"))
        assert (again.verdict, again.warnings) == ("accepted", ())


def _unnamed(entry: dict[str, object]) -> dict[str, object]:
    """An entry of a manifest as it is recorded."""
    return {key: value for key, value in entry.items() if key != "name"}


class TestNotes:
    """The JSON file beside the data file is read exactly or not trusted."""

    @pytest.mark.parametrize(
        "content",
        [
            b"",
            b"{",
            b"[]",
            b'"x"',
            b'{"data_date": 20260701}',
            b'{"data_date": "1 Juli 2026"}',
            b'{"data_date": "2026-07-01", "data_date": "2026-08-01"}',
            b'{"version": null}',
            b"\xff\xfe",
            b"[" * 100_000,
            b'{"version": "v3_2026", "x": "' + b"y" * 70_000 + b'"}',
        ],
    )
    def test_a_broken_note_refuses_the_file(self, platform: Platform, files: list[Path], content: bytes) -> None:
        _note(files[0]).write_bytes(content)
        found = ingest(platform, files[0], NOW)
        assert (found.verdict, found.code) == ("refused", "E_SIDECAR")
        assert _rows(platform, SourceFile) == 1

    def test_a_note_of_another_city_refuses_the_file(self, platform: Platform, files: list[Path]) -> None:
        _note(files[0]).write_text('{"data_date": "2026-07-01", "version": "v3_2026", "region": "3506"}')
        assert ingest(platform, files[0], NOW).code == "E_REGION"

    def test_facts_that_nobody_knows_are_passed_over(self, platform: Platform, files: list[Path]) -> None:
        _note(files[0]).write_text('{"data_date": "2026-07-02", "sender": "x"}')
        stored = platform.registry.file(ingest(platform, files[0], NOW).token)
        assert (stored.version, stored.data_date) == ("v3_2026", date(2026, 7, 2))

    def test_a_linked_note_is_not_read(self, platform: Platform, files: list[Path]) -> None:
        note = _note(files[0]).rename(files[0].with_name("elsewhere.json"))
        _note(files[0]).symlink_to(note)
        assert ingest(platform, files[0], NOW).code == "W_NO_DATA_DATE"

    def test_what_is_told_comes_before_the_note(self, platform: Platform, files: list[Path]) -> None:
        told = Declared(data_date=date(2026, 6, 30), version="v9_2026")
        stored = platform.registry.file(ingest(platform, files[0], NOW, told).token)
        assert (stored.version, stored.data_date) == ("v9_2026", date(2026, 6, 30))


class TestNothingKept:
    """What cannot be deposited at all raises, and leaves no row."""

    def test_a_missing_file(self, platform: Platform, tmp_path: Path) -> None:
        self._refused(platform, tmp_path / "tidak-ada.csv", "E_MISSING")

    def test_a_link(self, platform: Platform, files: list[Path], tmp_path: Path) -> None:
        (tmp_path / "link.csv").symlink_to(files[0])
        self._refused(platform, tmp_path / "link.csv", "E_NOT_REGULAR")

    def test_a_folder(self, platform: Platform, tmp_path: Path) -> None:
        self._refused(platform, tmp_path, "E_NOT_REGULAR")

    def test_a_pipe(self, platform: Platform, tmp_path: Path) -> None:
        os.mkfifo(tmp_path / "pipe.csv")
        self._refused(platform, tmp_path / "pipe.csv", "E_NOT_REGULAR")

    def _refused(self, platform: Platform, path: Path, code: str) -> None:
        with pytest.raises(DtsenError) as caught:
            ingest(platform, path, NOW)
        assert caught.value.code == code
        assert path.name not in str(caught.value)
        assert (_rows(platform, SourceFile), _rows(platform, Event)) == (0, 0)
        assert not [path for path in platform.home.vault.rglob("*") if path.is_file() and path.name != ".lock"]


class TestProfiles:
    """The profile is the one whose header the file has; a person may name it."""

    def test_an_unknown_one_is_refused_and_can_be_put_right(self, platform: Platform, files: list[Path]) -> None:
        assert ingest(platform, files[0], NOW, Declared(profile="bps_v9")).code == "E_PROFILE_UNKNOWN"
        assert ingest(platform, files[0], LATER).verdict == "waiting"

    def test_a_wrong_one_is_refused_and_can_be_put_right(self, platform: Platform, files: list[Path]) -> None:
        wrong = ingest(platform, files[0], NOW, Declared(profile="bps_v3_keluarga"))
        assert wrong.code == "E_HEADER"
        assert ingest(platform, files[0], LATER, Declared(profile="bps_v3_anggota")).verdict == "waiting"

    @pytest.mark.parametrize("end", [b"\n", b"\r\n"])
    def test_either_line_end_is_read(self, platform: Platform, files: list[Path], end: bytes) -> None:
        files[1].write_bytes(files[1].read_bytes().replace(b"\n", end))
        found = ingest(platform, files[1], NOW)
        assert (found.verdict, found.profile) == ("waiting", "bps_v3_keluarga")


def test_damaged_lines_are_counted_and_do_not_refuse_the_file(platform: Platform, files: list[Path]) -> None:
    whole = ingest(platform, files[1], NOW)
    lines = files[1].read_bytes().splitlines(keepends=True)
    lines[5] = lines[5].replace(b'"|"', b'"', 1)
    lines[6] = lines[6][:-4] + b'\xff\xfe"\n'
    files[1].write_bytes(b"".join(lines))
    _note(files[1]).write_text('{"data_date": "2026-07-01", "version": "v8_2026", "region": "3571"}')
    found = ingest(platform, files[1], NOW)
    assert found.damaged == (whole.damaged or 0) + 2
    assert found.rows == whole.rows
    assert found.verdict == "waiting"


def test_an_arrival_compares_by_what_it_says() -> None:
    arrival = Arrival("0" * 12, "waiting", is_new=True)
    assert replace(arrival, is_new=False) != arrival
