"""A file unlike what is usual is held for a person, whose word is kept and part of the frozen list."""

import hashlib
import json
import shutil
from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pytest

from dtsen_pipeline.reference import profiles
from dtsen_pipeline.resources.breakers import BREAKERS, previous
from dtsen_pipeline.resources.codes import look
from dtsen_pipeline.resources.decide import Word, accept, refuse
from dtsen_pipeline.resources.freeze import freeze_inputs
from dtsen_pipeline.resources.ingest import Arrival, Declared, ingest
from dtsen_pipeline.resources.officers import list_officers
from dtsen_pipeline.resources.platform import Platform, opened
from dtsen_pipeline.resources.settings import load_settings
from dtsen_pipeline.resources.trips import shown, trips_of, written
from dtsen_pipeline.schemas.errors import DtsenError
from dtsen_pipeline.schemas.reasons import REASONS
from dtsen_pipeline.schemas.reasons.record import Severity
from tests.house import early_files, fill, late_files

NOW, LATER = datetime(2026, 3, 3, 3, tzinfo=UTC), datetime(2026, 3, 4, 3, tzinfo=UTC)
WORD = Word("asked the sender", "head", LATER)
LARGEST = b"3571020010"
AREA = profiles()["bps_v3_keluarga"].header.index("luas_lantai")
Change = Callable[[list[bytes]], list[bytes]]


@pytest.fixture(scope="module")
def january(town: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A home with the first snapshot accepted; not to be changed."""
    home = tmp_path_factory.mktemp("january") / "home"
    fill(home, early_files(town), NOW)
    return home


@pytest.fixture
def home(january: Path, tmp_path: Path) -> Path:
    """A copy of it."""
    return Path(shutil.copytree(january, tmp_path / "home"))


@pytest.fixture
def platform(home: Path) -> Iterator[Platform]:
    """The house, with settings as they come."""
    with opened(load_settings(home=home)) as found:
        yield found


def _changed(town: Path, folder: Path, table: str, change: Change, late: bool = True) -> Path:  # noqa: FBT001, FBT002
    """A file of the town whose lines behind the header are changed, with its note."""
    files = late_files(town) if late else early_files(town)
    sent = next(file for file in files if file.name.startswith(table))
    target = folder / sent.name
    head, *lines = sent.read_bytes().splitlines(keepends=True)
    target.write_bytes(b"".join([head, *change(lines)]))
    shutil.copy(sent.with_name(f"{sent.name}.json"), folder)
    return target


def _malformed(lines: list[bytes]) -> list[bytes]:
    """One line in fifteen has a family card number of fifteen digits."""
    found = list(lines)
    for at in range(0, len(lines), 15):
        cells = found[at].split(b'"|"')
        if len(cells) > 5:
            cells[5] = cells[5][:15]
        found[at] = b'"|"'.join(cells)
    return found


def _too_large(lines: list[bytes]) -> list[bytes]:
    """One line in fifteen names a floor area that cannot be."""
    found = list(lines)
    for at in range(0, len(lines), 15):
        cells = found[at].split(b'"|"')
        if len(cells) > AREA:
            cells[AREA] = b"998"
        found[at] = b'"|"'.join(cells)
    return found


def _damaged(lines: list[bytes]) -> list[bytes]:
    return [line.replace(b'"|"', b'"', 1) if at % 15 == 0 else line for at, line in enumerate(lines)]


def _one_left(lines: list[bytes]) -> list[bytes]:
    """The largest kelurahan keeps its first family."""
    first = next(line for line in lines if LARGEST in line)
    return [line for line in lines if line is first or LARGEST not in line]


def _all_at_once(lines: list[bytes]) -> list[bytes]:
    """A quarter fewer lines, the largest kelurahan gone, one line in fifteen malformed."""
    return _malformed([line for line in lines if LARGEST not in line][: len(lines) * 3 // 4])


HELD: Mapping[str, tuple[str, str, Change]] = {
    "repeated": ("H_DUPLICATES", "rows repeat a key", lambda lines: lines + lines[:40]),
    "malformed": ("H_REJECTS", "rows break a hard rule", _malformed),
    "damaged": ("H_REJECTS", "lines damaged", _damaged),
    "out of range": ("H_REJECTS", "lines damaged, ", _too_large),
    "smaller": ("H_SNAPSHOT_SIZE", "the snapshot before had", lambda lines: lines[: len(lines) * 3 // 4]),
    "larger": ("H_SNAPSHOT_SIZE", "the snapshot before had", lambda lines: lines + lines[: len(lines) // 3]),
    "one family": ("H_KELURAHAN_SHRUNK", "families left in: ", _one_left),
    "kelurahan": ("H_KELURAHAN_GONE", "no family any more in", lambda lines: [x for x in lines if LARGEST not in x]),
}
"""What is changed in the second snapshot, the code that holds it, and what its message says."""


@pytest.mark.parametrize("kind", HELD)
def test_a_snapshot_unlike_the_one_before_is_held(platform: Platform, town: Path, tmp_path: Path, kind: str) -> None:
    code, words, change = HELD[kind]
    found = ingest(platform, _changed(town, tmp_path, "keluarga", change), NOW)
    assert (found.verdict, found.code) == ("held", code)
    assert words in (found.message or "")


def test_the_second_snapshot_as_it_is_passes(platform: Platform, town: Path) -> None:
    found = [ingest(platform, file, NOW) for file in late_files(town)]
    assert [arrival.verdict for arrival in found] == ["waiting", "accepted", "accepted", "accepted"]


def test_a_snapshot_is_compared_with_an_earlier_one_alone(platform: Platform, town: Path) -> None:
    for file in late_files(town)[:2]:
        ingest(platform, file, NOW)
    found = {file.version: file for file in platform.registry.files(table_name="keluarga", verdict="accepted")}
    before = previous(platform, found["v4_2026"])
    assert before is not None
    assert before.token == found["v3_2026"].token
    assert previous(platform, found["v3_2026"]) is None


def test_the_first_snapshot_of_all_has_nothing_to_be_compared_with(new_home: Path, town: Path, tmp_path: Path) -> None:
    with opened(load_settings(home=new_home)) as platform:
        found = ingest(platform, _changed(town, tmp_path, "keluarga", HELD["smaller"][2]), NOW)
    assert (found.verdict, found.code) == ("waiting", "W_NO_PARTNER")


def test_a_kelurahan_is_found_under_either_numbering(platform: Platform, town: Path, tmp_path: Path) -> None:
    """The same families under Kemendagri's codes are still there."""
    from dtsen_pipeline.reference import city  # noqa: PLC0415 - only this test needs it

    pairs = {bps.encode(): other.encode() for other, bps in city().crosswalk.items()}

    def renumbered(lines: list[bytes]) -> list[bytes]:
        found = []
        for line in lines:
            cells = line.split(b'"|"')
            cells[3] = pairs.get(cells[3], cells[3]) if len(cells) > 3 else b""
            found.append(b'"|"'.join(cells) if len(cells) > 4 else line)
        return found

    assert ingest(platform, _changed(town, tmp_path, "keluarga", renumbered), NOW).code == "W_NO_PARTNER"


@pytest.mark.parametrize(
    ("kind", "settings"),
    [
        ("repeated", {"duplicate_share": "0.2"}),
        ("malformed", {"rejected_share": "0.2"}),
        ("smaller", {"snapshot_change": "0.3"}),
    ],
)
def test_thresholds_are_settings(
    home: Path, town: Path, tmp_path: Path, kind: str, settings: Mapping[str, Any]
) -> None:
    with opened(load_settings(home=home, **settings)) as platform:
        found = ingest(platform, _changed(town, tmp_path, "keluarga", HELD[kind][2]), NOW)
    assert found.code != HELD[kind][0]


def test_what_is_known_of_a_file_judges_its_rows(home: Path, town: Path) -> None:
    """Visits later than the week that the batch is told to be of."""
    with opened(load_settings(home=home)) as platform:
        found = ingest(platform, late_files(town)[3], NOW, Declared(batch_id="2026-W20-TRC"))
    assert (found.verdict, found.code) == ("held", "H_REJECTS")
    assert found.message == f"0 lines damaged, {found.rows} rows break a hard rule"


def test_visits_outside_the_officers_terms_are_counted(home: Path, town: Path, tmp_path: Path) -> None:
    terms = [f"TRC-{number:03d},TRC,2001-01-01,2001-12-31\n" for number in range(1000)]
    listed = tmp_path / "petugas.csv"
    listed.write_text("id_petugas,peran_petugas,mulai,selesai\n" + "".join(terms), encoding="utf-8")
    with opened(load_settings(home=home)) as platform:
        assert list_officers(platform, listed, NOW).verdict == "accepted"
        found = ingest(platform, late_files(town)[3], LATER)
    assert (found.verdict, found.code) == ("held", "H_REJECTS")


def _codes(platform: Platform, token: str) -> list[str]:
    file = platform.registry.file(token)
    return [trip.code for trip in trips_of(file.code, file.message)]


class TestEveryTrip:
    """A person decides about all that is unusual, and about nothing that was not shown."""

    def test_all_trips_of_a_file_are_recorded(self, platform: Platform, town: Path, tmp_path: Path) -> None:
        found = ingest(platform, _changed(town, tmp_path, "keluarga", _all_at_once), NOW)
        codes = _codes(platform, found.token)
        assert codes[0] == found.code == "H_SNAPSHOT_SIZE"
        assert {"H_KELURAHAN_GONE", "H_REJECTS"} <= set(codes)
        trips = trips_of(found.code, found.message)
        assert (found.code, found.message) == written(trips)
        assert shown(platform.registry, platform.registry.file(found.token).sha256) == frozenset()
        with pytest.raises(DtsenError, match=r"^W_NO_PARTNER"):
            accept(platform, found.token, WORD)
        assert shown(platform.registry, platform.registry.file(found.token).sha256) == frozenset(trips)
        again = ingest(platform, _changed(town, tmp_path, "keluarga", _all_at_once), LATER)
        assert (again.verdict, again.code) == ("waiting", "W_NO_PARTNER")

    def test_a_trip_that_was_not_shown_holds_an_accepted_file_again(
        self, home: Path, town: Path, tmp_path: Path
    ) -> None:
        path = _changed(town, tmp_path, "keluarga", _all_at_once)
        with opened(load_settings(home=home, rejected_share="1")) as platform:
            held = ingest(platform, path, NOW)
            assert "H_REJECTS" not in _codes(platform, held.token)
            with pytest.raises(DtsenError, match=r"^W_NO_PARTNER"):
                accept(platform, held.token, WORD)
        with opened(load_settings(home=home)) as platform:
            again = ingest(platform, path, LATER)
            assert (again.verdict, _codes(platform, again.token)) == ("held", ["H_REJECTS"])

    def test_a_file_refused_before_a_breaker_could_hold_it_is_asked_again(
        self, platform: Platform, town: Path, tmp_path: Path
    ) -> None:
        whole = ingest(platform, next(file for file in late_files(town) if file.name.startswith("keluarga")), NOW)
        second = ingest(platform, _changed(town, tmp_path, "keluarga", _all_at_once), NOW)
        assert second.code == "E_SNAPSHOT_TWICE"
        refuse(platform, whole.token, WORD)
        with pytest.raises(DtsenError, match=r"^H_SNAPSHOT_SIZE.*H_REJECTS"):
            accept(platform, second.token, WORD)
        assert platform.registry.file(second.token).verdict == "held"

    def test_a_tiny_kelurahan_trips_by_no_chance(self, home: Path, town: Path, tmp_path: Path) -> None:
        path = _changed(town, tmp_path, "keluarga", _one_left)
        for settings in ({"breaker_floor": "1000"}, {"kelurahan_loss": "1"}):
            copy = Path(shutil.copytree(home, tmp_path / next(iter(settings))))
            with opened(load_settings(home=copy, **settings)) as platform:
                assert ingest(platform, path, NOW).code == "W_NO_PARTNER"


class TestDecided:
    """What a person says about a held file."""

    @pytest.fixture
    def held(self, platform: Platform, town: Path, tmp_path: Path) -> Arrival:
        return ingest(platform, _changed(town, tmp_path, "keluarga", HELD["smaller"][2]), NOW)

    def test_its_partner_waits_for_it(self, platform: Platform, town: Path, held: Arrival) -> None:
        member = ingest(platform, late_files(town)[0], NOW)
        assert (member.verdict, held.verdict) == ("accepted", "held")
        before = freeze_inputs(platform, date(2026, 3, 4))
        assert member.token not in {source.token for source in before.sources}
        assert accept(platform, held.token, WORD) == (held.token,)
        after = freeze_inputs(platform, date(2026, 3, 4))
        assert {held.token, member.token} <= {source.token for source in after.sources}
        assert set(before.decisions) < set(after.decisions)

    def test_who_waited_hears_that_it_is_held(self, platform: Platform, town: Path, tmp_path: Path) -> None:
        member = ingest(platform, late_files(town)[0], NOW)
        assert (member.verdict, member.code) == ("waiting", "W_NO_PARTNER")
        held = ingest(platform, _changed(town, tmp_path, "keluarga", HELD["smaller"][2]), NOW)
        assert platform.registry.file(member.token).code == "W_PARTNER_HELD"
        refuse(platform, held.token, WORD)
        assert platform.registry.file(member.token).code == "W_NO_PARTNER"
        accept(platform, held.token, WORD)
        assert platform.registry.file(member.token).verdict == "accepted"

    def test_accepted_alone_it_waits_for_its_partner(self, platform: Platform, town: Path, held: Arrival) -> None:
        with pytest.raises(DtsenError, match=r"^W_NO_PARTNER"):
            accept(platform, held.token, WORD)
        assert platform.registry.file(held.token).verdict == "waiting"
        assert ingest(platform, late_files(town)[0], LATER).released == (held.token,)

    def test_the_word_is_kept_and_the_breaker_stays_closed(
        self, platform: Platform, held: Arrival, town: Path, tmp_path: Path
    ) -> None:
        with pytest.raises(DtsenError, match=r"^W_NO_PARTNER"):
            accept(platform, held.token, WORD)
        (decision,) = platform.registry.decisions("accept", platform.registry.file(held.token).sha256)
        assert (decision.reason, decision.actor) == (WORD.reason, WORD.actor)
        assert decision.payload == {"from": "held", "code": "H_SNAPSHOT_SIZE", "message": held.message}
        again = ingest(platform, _changed(town, tmp_path, "keluarga", HELD["smaller"][2]), LATER)
        assert (again.verdict, again.code) == ("waiting", "W_NO_PARTNER")

    def test_refused_it_gives_its_place_to_the_whole_file(self, platform: Platform, town: Path, held: Arrival) -> None:
        family = next(file for file in late_files(town) if file.name.startswith("keluarga"))
        assert ingest(platform, family, NOW).code == "E_SNAPSHOT_TWICE"
        refuse(platform, held.token, WORD)
        assert ingest(platform, family, NOW).code == "W_NO_PARTNER"

    def test_codes_are_still_to_be_confirmed(self, new_home: Path, town: Path, tmp_path: Path) -> None:
        with opened(load_settings(home=new_home)) as platform:
            ingest(platform, early_files(town)[0], NOW)
            held = ingest(platform, _changed(town, tmp_path, "keluarga", HELD["repeated"][2], late=False), NOW)
            assert (held.verdict, held.code, held.released) == ("held", "H_DUPLICATES", ())
            with pytest.raises(DtsenError, match=r"^H_CODES_UNCONFIRMED"):
                accept(platform, held.token, WORD)
            assert {file.code for file in platform.registry.files()} == {"H_CODES_UNCONFIRMED"}
            assert len(accept(platform, held.token, WORD, seen=look(platform, held.token))) == 2


class TestBatchSize:
    """Without a manifest only the usual size shows that the end of a batch is missing."""

    def _batch(self, folder: Path, lines: list[bytes], number: int, head: bytes) -> Path:
        path = folder / f"kunjungan_2026-W{number}_x.csv"
        path.write_bytes(b"".join([head, *(line.replace(b"2026", b"%04d" % number, 1) for line in lines)]))
        return path

    @pytest.fixture
    def visits(self, town: Path) -> tuple[bytes, list[bytes]]:
        head, *lines = early_files(town)[3].read_bytes().splitlines(keepends=True)
        assert head.startswith(b"id_kunjungan,id_petugas")
        return head, lines * 3

    def test_a_small_batch_is_held_once_a_usual_size_is_known(
        self, new_home: Path, tmp_path: Path, visits: tuple[bytes, list[bytes]]
    ) -> None:
        head, lines = visits
        settings = load_settings(home=new_home, duplicate_share="1", rejected_share="1")
        with opened(settings) as platform:
            early = [ingest(platform, self._batch(tmp_path, lines[:60], at, head), NOW) for at in range(10, 14)]
            assert {arrival.verdict for arrival in early} == {"accepted"}
            assert ingest(platform, self._batch(tmp_path, lines[:13], 14, head), NOW).verdict == "accepted"
            small = ingest(platform, self._batch(tmp_path, lines[:11], 15, head), NOW)
            assert (small.verdict, small.code) == ("held", "H_BATCH_SIZE")
            assert small.message == "11 rows; usual are about 60"
            assert accept(platform, small.token, WORD) == (small.token,)
            assert platform.registry.file(small.token).verdict == "accepted"
            tiny = self._batch(tmp_path, lines[:10], 16, head)
            entry = {"name": tiny.name, "rows": 10, "sha256": hashlib.sha256(tiny.read_bytes()).hexdigest()}
            tiny.with_name("w16.manifest.json").write_text(json.dumps({"files": [entry]}))
            assert ingest(platform, tiny, NOW).verdict == "accepted"

    def test_nothing_is_usual_before_there_is_a_history(
        self, new_home: Path, tmp_path: Path, visits: tuple[bytes, list[bytes]]
    ) -> None:
        head, lines = visits
        with opened(load_settings(home=new_home, duplicate_share="1", rejected_share="1")) as platform:
            found = [
                ingest(platform, self._batch(tmp_path, lines[:size], at, head), NOW)
                for at, size in zip(range(10, 13), (60, 60, 2), strict=True)
            ]
            assert {arrival.verdict for arrival in found} == {"accepted"}


def test_every_breaker_is_a_code_that_holds_a_file() -> None:
    assert {code for code, reason in REASONS.items() if reason.severity is Severity.HOLDS} >= BREAKERS
