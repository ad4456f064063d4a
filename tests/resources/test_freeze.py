"""The frozen list: which files, decisions, reference data, model and key a release is a function of."""

from collections.abc import Iterator
from datetime import UTC, date, datetime
from pathlib import Path

import pytest

from dtsen_pipeline.resources.decide import Word, refuse
from dtsen_pipeline.resources.freeze import freeze_inputs, monday
from dtsen_pipeline.resources.platform import Platform
from dtsen_pipeline.schemas.errors import DtsenError
from tests.house import EARLY_DAY, LATE, LATE_DAY, copied, early_files, fill, house


@pytest.fixture
def platform(filled_home: Path, tmp_path: Path) -> Iterator[Platform]:
    """A house with everything accepted, January's files and March's."""
    with house(copied(filled_home, tmp_path / "home")) as opened:
        yield opened


@pytest.mark.parametrize(
    ("day", "week"),
    [
        ("2026-01-12", "2026-01-12"),
        ("2026-01-18", "2026-01-12"),
        ("2026-01-19", "2026-01-19"),
        ("2026-01-01", "2025-12-29"),
    ],
)
def test_a_week_is_named_after_its_monday(day: str, week: str) -> None:
    assert monday(date.fromisoformat(day)) == date.fromisoformat(week)


class TestAsOf:
    """The as-of day chooses the files, and does nothing else."""

    def test_files_that_had_come(self, platform: Platform) -> None:
        early, late = freeze_inputs(platform, EARLY_DAY), freeze_inputs(platform, LATE_DAY)
        assert (len(early.sources), early.base_version) == (4, "v3_2026")
        assert (len(late.sources), late.base_version) == (8, "v4_2026")
        assert set(early.sources) < set(late.sources)

    def test_a_day_without_a_model_is_refused(self, platform: Platform) -> None:
        with pytest.raises(DtsenError, match="E_MODEL_PERIOD"):
            freeze_inputs(platform, date(2008, 12, 31))

    def test_the_list_says_nothing_of_the_day(self, platform: Platform) -> None:
        lists = {freeze_inputs(platform, day).hash for day in (LATE_DAY, date(2026, 3, 9), date(2056, 1, 1))}
        assert len(lists) == 1

    def test_a_day_ends_at_midnight_in_jakarta(self, new_home: Path, town: Path) -> None:
        """Five in the afternoon in Greenwich is midnight in Jakarta."""
        fill(new_home, early_files(town), datetime(2026, 1, 13, 16, 59, 59, tzinfo=UTC))
        with house(new_home) as opened:
            assert freeze_inputs(opened, date(2026, 1, 13)).sources
        other = new_home.with_name("other")
        fill(other, early_files(town), datetime(2026, 1, 13, 17, 0, 1, tzinfo=UTC))
        with house(other) as opened:
            with pytest.raises(DtsenError, match=r"^E_NO_SNAPSHOT.*later as-of"):
                freeze_inputs(opened, date(2026, 1, 13))
            assert freeze_inputs(opened, date(2026, 1, 14)).sources


class TestChosen:
    """A person may choose the files."""

    def test_exactly_these(self, platform: Platform) -> None:
        tokens = [file.token for file in platform.registry.files(version="v3_2026")]
        listed = freeze_inputs(platform, LATE_DAY, tokens)
        assert sorted(source.token for source in listed.sources) == sorted(tokens)
        assert freeze_inputs(platform, LATE_DAY, [*tokens[::-1], tokens[0]]).hash == listed.hash

    def test_half_a_snapshot_is_none(self, platform: Platform) -> None:
        tokens = [file.token for file in platform.registry.files(version="v3_2026")]
        with pytest.raises(DtsenError, match=r"^E_NO_SNAPSHOT"):
            freeze_inputs(platform, LATE_DAY, tokens[:1])

    def test_a_half_beside_a_whole_is_left_out(self, platform: Platform) -> None:
        whole = [file.token for file in platform.registry.files(version="v3_2026")]
        half = platform.registry.files(version="v4_2026")[0].token
        assert half not in {source.token for source in freeze_inputs(platform, LATE_DAY, [*whole, half]).sources}

    def test_only_accepted_files(self, platform: Platform) -> None:
        token = platform.registry.files(table_name="kunjungan")[0].token
        refuse(platform, token, Word("not ours", "head", LATE))
        for wrong in (token, "0" * 12):
            with pytest.raises(DtsenError, match=r"^E_TOKEN_UNKNOWN"):
                freeze_inputs(platform, LATE_DAY, [wrong])


class TestWhatCounts:
    """Everything a release depends on stands in the list."""

    def test_it_names_city_model_key_reference_and_decisions(self, platform: Platform) -> None:
        listed = freeze_inputs(platform, LATE_DAY)
        assert (listed.city, listed.key_id) == ("3571", platform.key.id)
        assert listed.confirmed_profiles == tuple(listed.confirmed_lists) == ("bps_v3",)
        assert {"lantai", "hubungan_keluarga"} < set(listed.confirmed_lists["bps_v3"])
        assert listed.model
        assert listed.reference
        assert len(listed.decisions) == len(platform.registry.decisions()) - 0
        assert platform.key.secret.hex() not in listed.to_json()

    def test_a_decision_about_a_file_that_does_not_count_changes_nothing(self, platform: Platform) -> None:
        before = freeze_inputs(platform, EARLY_DAY)
        for file in platform.registry.files(version="v4_2026"):
            refuse(platform, file.token, Word("wrong", "head", LATE))
        assert freeze_inputs(platform, EARLY_DAY).hash == before.hash
        assert freeze_inputs(platform, LATE_DAY).base_version == "v3_2026"
