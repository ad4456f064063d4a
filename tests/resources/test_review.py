"""Review states in exported files: what is not approved waits, no state counts, one page of more is held."""

import csv
import io
import json
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from dtsen_pipeline.reference import profiles
from dtsen_pipeline.resources.delivery import read_all
from dtsen_pipeline.resources.ingest import Arrival, Declared, ingest, ingest_again
from dtsen_pipeline.resources.platform import Platform, opened
from dtsen_pipeline.resources.settings import load_settings
from dtsen_pipeline.schemas.errors import DtsenError
from tests.resources.form_server import Record, kobo, odk

NOW = datetime(2026, 9, 29, 20, tzinfo=UTC)
WAITS = "H_NOT_APPROVED"


@pytest.fixture
def platform(tmp_path: Path) -> Iterator[Platform]:
    with opened(load_settings(home=tmp_path / "home")) as platform:
        yield platform


def taken(platform: Platform, content: bytes, name: str) -> Arrival:
    file = platform.settings.home.parent / name
    file.write_bytes(content)
    return ingest(platform, file, NOW)


def document(key: str, records: list[Record], **more: Any) -> bytes:
    return json.dumps({key: records, **more}).encode()


def table(profile: str, column: str, states: list[str]) -> bytes:
    """A CSV export of one visit for each state."""
    declared = profiles()[profile]
    own = {known: name for name, known in declared.synonyms.items()}
    header = [own.get(name, name) for name in declared.header]
    text = io.StringIO()
    quoting = csv.QUOTE_ALL if declared.quoting == "all" else csv.QUOTE_MINIMAL
    writer = csv.DictWriter(text, header, "", delimiter=declared.delimiter, quoting=quoting, lineterminator="\n")
    writer.writeheader()
    for number, state in enumerate(states):
        writer.writerow({own["id_kunjungan"]: f"V{number}", "id_petugas": "P-01", column: state})
    return text.getvalue().encode()


def fates(platform: Platform, arrival: Arrival) -> dict[str, tuple[list[int], list[int]]]:
    """By table: the rows that count, and those that wait for approval."""
    file = platform.registry.file(arrival.token)
    found = read_all(platform, file.sha256, profiles()[file.profile or ""])
    for _, reading in found.values():
        assert set(reading.damaged["reasons"]) <= {WAITS}
    return {
        name: (reading.rows["row"].to_list(), reading.damaged["row"].to_list()) for name, (_, reading) in found.items()
    }


def test_a_file_without_a_week_waits_until_it_is_told(platform: Platform) -> None:
    content = document("value", [odk(1)])
    assert (found := taken(platform, content, "kiriman.json")).code == "W_NO_WEEK"
    assert (found.verdict, found.rows) == ("waiting", 2)
    again = taken(platform, content, "odk_2026-W40_trc.json")
    assert (again.token, again.verdict, again.is_new) == (found.token, "accepted", True)
    assert platform.registry.file(found.token).batch_id == "2026-W40-TRC"


def test_a_file_without_a_week_is_read_again_with_its_batch(platform: Platform) -> None:
    found = taken(platform, document("value", [odk(1)]), "kiriman.json")
    with pytest.raises(DtsenError, match=r"^E_USAGE.*--batch"):
        ingest_again(platform, found.token, NOW, Declared())
    again = ingest_again(platform, found.token, NOW, Declared(batch_id="2026-W40-TRC"))
    assert (again.verdict, again.code, again.batch) == ("accepted", None, "2026-W40-TRC")


@pytest.mark.parametrize(
    ("key", "make", "states", "name"),
    [
        ("value", odk, ["approved", None, "received", "edited", "hasIssues", "rejected"], "odk_2026-W40_trc.json"),
        ("results", kobo, ["approved", None, "on_hold", "not_approved", "baru", "x"], "kobo_2026-W40_trc.json"),
    ],
)
def test_visits_and_members_of_a_submission_wait_together(
    platform: Platform, key: str, make: Any, states: list[str | None], name: str
) -> None:
    records = [make(number, state) for number, state in enumerate(states)]
    arrival = taken(platform, document(key, records), name)
    assert (arrival.verdict, arrival.code, arrival.rows, arrival.damaged) == ("accepted", None, 12, 0)
    assert arrival.unapproved == 8
    assert fates(platform, arrival) == {
        "kunjungan": ([1, 2], [3, 4, 5, 6]),
        "kunjungan_anggota": ([10_000_001, 10_000_002], [10_000_003, 10_000_004, 10_000_005, 10_000_006]),
    }


@pytest.mark.parametrize(
    ("profile", "column", "states", "waiting"),
    [
        ("odk_v1_csv", "ReviewState", ["approved", "", "rejected", "edited", "hasIssues"], [4, 5, 6]),
        (
            "kobo_v1_csv",
            "_validation_status",
            ["Approved", "validation_status_approved", "", "On Hold", "validation_status_not_approved"],
            [5, 6],
        ),
    ],
)
def test_rows_of_a_table_wait_by_their_column(
    platform: Platform, profile: str, column: str, states: list[str], waiting: list[int]
) -> None:
    arrival = taken(platform, table(profile, column, states), f"{profile.partition('_')[0]}_2026-W40_trc.csv")
    assert (arrival.profile, arrival.verdict, arrival.damaged) == (profile, "accepted", 0)
    assert fates(platform, arrival)["kunjungan"][1] == waiting


@pytest.mark.parametrize("is_required", [False, True])
def test_a_state_that_nobody_told_counts_unless_review_is_required(tmp_path: Path, *, is_required: bool) -> None:
    with opened(load_settings(home=tmp_path / "home", review_required=is_required)) as platform:
        found = taken(platform, table("odk_v1_csv", "ReviewState", ["approved", ""]), "odk_2026-W40_trc.csv")
        whole = taken(platform, document("value", [odk(1)]), "odk_2026-W40_trc.json")
        plain = taken(platform, document("results", [kobo(1, None)]), "kobo_2026-W40_trc.json")
    held = ("held", "H_UNREVIEWED") if is_required else ("accepted", None)
    assert (found.verdict, found.code) == (plain.verdict, plain.code) == held
    assert (whole.verdict, whole.code) == ("accepted", None)
    assert [(one.unreviewed, "W_UNREVIEWED" in one.warnings) for one in (found, plain, whole)] == [
        (1, True),
        (2, True),
        (0, False),
    ]


@pytest.mark.parametrize(
    ("key", "record", "more", "code"),
    [
        ("results", kobo(1), {"next": "https://kobo.example/page"}, "H_PAGE_OF_MORE"),
        ("results", kobo(1), {"next": None}, None),
        ("value", odk(1), {"@odata.nextLink": "https://odk.example/page"}, "H_PAGE_OF_MORE"),
        ("value", odk(1), {"@odata.count": 1}, None),
    ],
)
def test_one_page_of_more_is_held(
    platform: Platform, key: str, record: Record, more: dict[str, Any], code: str | None
) -> None:
    name = {"value": "odk", "results": "kobo"}[key]
    assert taken(platform, document(key, [record], **more), f"{name}_2026-W40_trc.json").code == code
