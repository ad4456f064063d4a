"""Proposals go out, a new snapshot comes, and the ledger says of each what became of it."""

from collections import Counter
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from openpyxl import load_workbook

from dtsen_pipeline.cli import main
from dtsen_pipeline.queries.labels import MASK
from dtsen_pipeline.queries.ledger import (
    ADOPTED,
    GONE,
    IGNORED,
    OTHER,
    REVERTED,
    UNREADABLE,
    WAITING,
    Ledger,
    concluded,
    ledger,
)
from dtsen_pipeline.queries.proposals import LISTS, PERBAIKAN, SANGGAH, USUL, Proposal, proposals
from dtsen_pipeline.queries.reading import view
from dtsen_pipeline.resources.platform import Platform, opened
from dtsen_pipeline.resources.registry import NewExport
from dtsen_pipeline.resources.settings import Settings, load_settings
from dtsen_pipeline.schemas.errors import DtsenError
from tests.oracle.values import Value, agrees, answers, read
from tests.queries.asking import looks, raw
from tests.queries.world import LOOK, OPEN, fill, publish

SENT = datetime(2026, 9, 15, 3, tzinfo=UTC)
SNAPSHOT_DAY = datetime(2026, 10, 1, tzinfo=UTC)
PRESENCE = "keberadaan_anggota"


@pytest.fixture(scope="module")
def early(city: Path, tmp_path_factory: pytest.TempPathFactory) -> Settings:
    """A home with the first snapshot and the first week's visits, published."""
    settings = load_settings(home=tmp_path_factory.mktemp("ledger") / "home")
    fill(settings, [*sorted((city / "snapshot_1").glob("*.csv")), *sorted((city / "batches").glob("*W37*.csv"))])
    publish(settings)
    return settings


@pytest.fixture(scope="module")
def sent(early: Settings) -> tuple[str, tuple[Proposal, ...]]:
    """The release and its proposals, handed over on one day."""
    with opened(early) as platform:
        release = view(platform)
        found = proposals(platform, release)
        export = NewExport(release.release_id, None, len(found), "0" * 64, "tester", "usulan bulanan")
        platform.registry.record_export(export, SENT)
        assert {entry.state for entry in ledger(platform, LOOK).entries} == {WAITING}
    return release.release_id, found


@pytest.fixture(scope="module")
def answered(early: Settings, sent: tuple[str, tuple[Proposal, ...]], city: Path) -> Settings:
    """The same home after the second snapshot."""
    assert sent
    fill(early, sorted((city / "snapshot_2").glob("*.csv")))
    publish(early)
    return early


@pytest.fixture
def platform(answered: Settings) -> Iterator[Platform]:
    with opened(answered) as platform:
        yield platform


@pytest.fixture
def kept(platform: Platform) -> Ledger:
    return ledger(platform, OPEN)


def test_proposals_are_the_cells_in_which_a_visit_differs(
    platform: Platform, sent: tuple[str, tuple[Proposal, ...]]
) -> None:
    release_id, found = sent
    release = view(platform, release_id)
    named = {(table, answer.name): answer for table in ("keluarga", "anggota") for answer in answers(table)}
    assert {one.list_name for one in found} == set(LISTS)
    for one in found:
        published = release.entity(one.table, one.entity_id)
        assert published is not None
        if one.list_name == USUL:
            assert (published["src"], published["row"]) == one.record
            continue
        assert one.new == (None if published[one.column] is None else str(published[one.column]))
        if one.list_name == SANGGAH:
            assert (one.column, one.old) == (PRESENCE, "1")
            assert one.new in ("2", "3", "4")
        elif one.column != PRESENCE:
            text = raw(platform, *one.base)[one.column]
            old = read(named[one.table, one.column], text)
            assert one.old == (None if old is None or (not isinstance(old, str | int) and not text) else _text(old))
            assert one.old != one.new


def _text(value: Value) -> str | None:
    return str(value) if isinstance(value, str | int) else value.isoformat() if hasattr(value, "isoformat") else None


def test_every_state_follows_from_the_new_snapshots_row(platform: Platform, kept: Ledger) -> None:
    release = view(platform)
    tokens = {s["sha256"][:12] for s in release.sources if s["version"] == release.manifest["base_version"]}
    named = {(table, answer.name): answer for table in ("keluarga", "anggota") for answer in answers(table)}
    expected = Counter[str]()
    for entry in kept.entries:
        published = release.entity(entry.table, entry.entity_id)
        is_listed = published is not None and published["src"] in tokens
        if entry.list_name == USUL:
            state = ADOPTED if is_listed else IGNORED
        elif not is_listed or published is None:
            state = ADOPTED if entry.list_name == SANGGAH and entry.state == ADOPTED else entry.state
            assert state in (GONE, UNREADABLE, ADOPTED)
        elif entry.column == PRESENCE:
            state = IGNORED if entry.list_name == SANGGAH else entry.state
        else:
            answer = named[entry.table, entry.column]
            value = read(answer, raw(platform, published["src"], published["row"])[entry.column])
            new, old = (read(answer, text) for text in (entry.new, entry.old))
            same, stays = (_agrees(told, value, answer) for told in (new, old))
            state = ADOPTED if same else IGNORED if stays else OTHER
        assert entry.state == state, (entry.list_name, entry.column)
        expected[state] += 1
    assert kept.total == expected
    assert min(expected[state] for state in (ADOPTED, IGNORED, OTHER)) > 0
    assert sum(expected.values()) == len(kept.entries)


def _agrees(mine: Value, theirs: Value, answer: object) -> bool:
    return mine == theirs or agrees(mine, theirs, answer)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("verdicts", "state"),
    [
        ([], WAITING),
        ([IGNORED, ADOPTED], ADOPTED),
        ([ADOPTED, IGNORED], REVERTED),
        ([IGNORED, IGNORED], IGNORED),
        ([ADOPTED, OTHER], OTHER),
        ([ADOPTED, GONE], GONE),
    ],
)
def test_the_last_snapshot_decides_and_what_came_back_is_reverted(verdicts: list[str], state: str) -> None:
    assert concluded(verdicts) == state


def test_days_count_from_the_hand_over(kept: Ledger) -> None:
    days = (SNAPSHOT_DAY.date() - SENT.date()).days
    assert {entry.days for entry in kept.entries if entry.state == ADOPTED} == {days}
    assert {entry.days for entry in kept.entries if entry.state != ADOPTED} == {None}
    assert {entry.version for entry in kept.entries} == {"v4_2026"}


def test_tallies_add_up(kept: Ledger) -> None:
    for tallies, name in ((kept.by_column, "column"), (kept.by_kelurahan, "kelurahan")):
        counted = Counter((getattr(entry, name), entry.state) for entry in kept.entries)
        assert {(one.name, state): n for one in tallies for state, n in one.states.items()} == counted


def test_a_snapshot_of_before_the_hand_over_answers_nothing(platform: Platform, kept: Ledger) -> None:
    """Sent again after the snapshot: known proposals keep their first export, and new ones wait."""
    release = view(platform)
    found = proposals(platform, release)
    export = NewExport(release.release_id, None, len(found), "1" * 64, "tester", "usulan bulanan")
    platform.registry.record_export(export, datetime(2026, 10, 20, tzinfo=UTC))
    again = ledger(platform, OPEN)
    first = [entry for entry in again.entries if entry.export_id == 1]
    assert tuple(first) == kept.entries
    assert {entry.state for entry in again.entries if entry.export_id != 1} <= {WAITING}


def test_values_are_masked_and_the_look_is_written_down(platform: Platform) -> None:
    shut = ledger(platform, LOOK)
    identifying = {"nama", "nama_kepala_keluarga", "alamat", "nomor_induk_kependudukan", "tanggal_lahir"}
    values = {entry.new for entry in shut.entries if entry.column in identifying} - {None}
    assert values <= {MASK}
    assert looks(platform)[-1].action == "ledger"


def test_the_command_writes_a_private_workbook_once(
    answered: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("DTSEN_HOME", str(answered.home))
    path = tmp_path / "usulan.xlsx"
    assert main(["proposals", "--export", str(path)]) == 2
    assert not path.exists()
    assert main(["proposals", "--export", str(path), "--purpose", "usulan bulanan"]) == 0
    assert main(["proposals", "--export", str(path), "--purpose", "usulan bulanan"]) == 1
    assert "E_EXPORT" in capsys.readouterr().err
    assert path.stat().st_mode & 0o777 == 0o600
    with opened(answered) as platform:
        found = proposals(platform, view(platform))
        recorded = platform.registry.exports()[-1]
        assert (recorded.rows, recorded.purpose) == (len(found), "usulan bulanan")
        assert platform.registry.verify_events().broken_at is None
    book = load_workbook(path)
    assert book.sheetnames == ["Petunjuk", *LISTS]
    for name in LISTS:
        lines = list(book[name].iter_rows(values_only=True))
        assert len(lines) - 1 == sum(one.list_name == name for one in found)
        assert all(isinstance(cell, str | None) for line in lines for cell in line)
    head, *lines = book[PERBAIKAN].iter_rows(values_only=True)
    minutes = [line[head.index("nomor_berita_acara")] for line in lines]
    assert any(text and str(text).startswith("BA/") for text in minutes)
    assert main(["ledger"]) == 0
    assert main(["ledger", "--json"]) == 0


def test_a_purpose_is_needed_to_record(platform: Platform) -> None:
    with pytest.raises(DtsenError, match="purpose"):
        platform.registry.record_export(NewExport("x", None, 1, "0" * 64, "tester", " "), SENT)
