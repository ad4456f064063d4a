"""Closing a row that nobody can mend: a decision on record that takes nothing away and can be taken back."""

from datetime import timedelta
from pathlib import Path

import pytest

from dtsen_pipeline.queries.quarantine import debt, quarantine
from dtsen_pipeline.queries.reading import view
from dtsen_pipeline.queries.rejected import rejected
from dtsen_pipeline.resources.closing import close_rows, reopen_rows
from dtsen_pipeline.resources.decide import Word
from dtsen_pipeline.resources.freeze import freeze_inputs
from dtsen_pipeline.resources.platform import Platform, opened
from dtsen_pipeline.resources.registry.decisions import digest
from dtsen_pipeline.schemas.errors import DtsenError
from tests.queries.world import AS_OF, LOOK, NOW, OPEN, World, copied, publish, template
from tests.resources.test_correct import cells, exported, fate, sent

WORD = Word("the family does not exist", "head", NOW)


@pytest.fixture
def world(city: Path, tmp_path: Path) -> World:
    """A published city of one's own."""
    return copied(template(city), tmp_path / "home")


def waiting(platform: Platform) -> list[str]:
    """The rows that the office is still asked about."""
    return [row.token for row in quarantine(platform, view(platform), OPEN)]


def owed(platform: Platform) -> int:
    """The rows of the debt table."""
    return sum(one.rows for one in debt(platform, view(platform), LOOK))


def test_a_closed_row_stays_rejected_and_is_owed_no_more(world: World) -> None:
    with opened(world.settings) as platform:
        first, second, *_ = before = waiting(platform)
        listed = freeze_inputs(platform, AS_OF)
        assert close_rows(platform, [first], WORD).rows == (first,)
        assert waiting(platform) == before[1:]
        assert owed(platform) == len(before) - 1
        found = {row.token: row for row in rejected(platform, view(platform)).rows}
        shut = found[first].closed
        assert shut is not None
        assert (shut.reason, shut.actor, shut.at) == (WORD.reason, WORD.actor, NOW)
        assert found[second].closed is None
        assert fate(platform, first) == "rejected"
        assert freeze_inputs(platform, AS_OF).hash == listed.hash
        (decision,) = platform.registry.decisions("close_row")
        (event,) = platform.registry.events("decision.close_row")
        assert (event.payload["subject"], event.payload["digest"]) == (first, digest(decision))


def test_counts_by_reason_tell_closed_rows_apart(world: World) -> None:
    with opened(world.settings) as platform:
        before = {reason.code: reason for reason in rejected(platform, view(platform)).reasons}
        one = rejected(platform, view(platform)).open[0]
        close_rows(platform, [one.token], WORD)
        for reason in rejected(platform, view(platform)).reasons:
            is_hit = any(finding.partition(":")[0] == reason.code for finding in one.findings)
            told = before[reason.code]
            assert (reason.count, reason.open, reason.closed) == (told.count, told.open - is_hit, int(is_hit))


def test_closing_again_adds_nothing_and_can_be_taken_back(world: World) -> None:
    later = Word("the officer came back", "head", NOW + timedelta(days=1))
    with opened(world.settings) as platform:
        first, *_ = before = waiting(platform)
        close_rows(platform, [first], WORD)
        again = close_rows(platform, [first, first], later)
        assert (again.rows, again.known) == ((), 1)
        assert reopen_rows(platform, [first], later).rows == (first,)
        assert reopen_rows(platform, [first], later).known == 1
        assert waiting(platform) == before
        assert [decision.kind for decision in platform.registry.decisions(subject=first)] == ["close_row", "reopen_row"]
        assert close_rows(platform, [first], later).rows == (first,)


def test_nothing_is_closed_where_one_row_does_not_wait_or_no_reason_is_given(world: World) -> None:
    with opened(world.settings) as platform:
        first, *_ = before = waiting(platform)
        with pytest.raises(DtsenError, match=r"^E_ROW_NOT_OPEN.*row 2"):
            close_rows(platform, [first, f"{first[:12]}-99999"], WORD)
        with pytest.raises(DtsenError, match=r"^E_REASON"):
            close_rows(platform, [first], Word(" ", "head", NOW))
        assert waiting(platform) == before
        assert platform.registry.closings() == {}


def test_a_correction_that_was_rejected_too_is_closed_with_the_row_it_corrects(world: World, tmp_path: Path) -> None:
    """One fault, sent twice: the office is asked about neither."""
    with opened(world.settings) as platform:
        book = exported(platform)
        row = cells(book, "anggota")[0]
        row["nomor_induk_kependudukan"].value = "12"
        root = str(row["token_baris"].value)
        mended = f"{sent(platform, book, tmp_path).files[0]}-2"
    publish(world.settings)
    with opened(world.settings) as platform:
        assert mended in waiting(platform)
        assert set(close_rows(platform, [root], WORD).rows) == {root, mended}
        assert not {root, mended} & {row.token for row in rejected(platform, view(platform)).open}
        assert mended not in waiting(platform)
