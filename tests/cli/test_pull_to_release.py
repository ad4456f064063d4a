"""From a phone to a published value: pulled, refreshed, traced and receipted; then edited on the server, and all again.

The first release is made by `dtsen refresh`; the second is computed and published without Dagster and the door, which
takes a tenth of the time and is the same flow.
"""

import csv
import io
import json
from collections.abc import Iterator, Mapping, Sequence
from contextlib import redirect_stdout
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from pyxform.xls2xform import convert

from dtsen_pipeline.cli import house as options
from dtsen_pipeline.cli import main
from dtsen_pipeline.queries.form_book import form_book
from dtsen_pipeline.queries.xlsform import form
from dtsen_pipeline.reference import city
from dtsen_pipeline.resources.settings import load_settings
from tests.house import EARLY, fill, house
from tests.phone import Phone, odk_json
from tests.queries.world import publish
from tests.resources.form_server import TOKEN, FormServer, Record, serving

AREA, CARD, NIK = "luas_lantai", "nomor_kartu_keluarga", "nomor_induk_kependudukan"
LINES = (41, 43, 47, 53)
"""The lines of the families in the snapshot; the visit to the last one is not approved."""
ANSWERED, EDITED = 171, 172
FIRST, SECOND = datetime(2026, 10, 6, 3, tzinfo=UTC), datetime(2026, 10, 8, 3, tzinfo=UTC)
FIRST_BATCH, SECOND_BATCH = "2026-W41-TRC-001", "2026-W41-TRC-002"
Document = Mapping[str, Any]


@dataclass(frozen=True)
class Week:
    """What the commands printed one after another; `traces`: of each family in the order of `LINES`."""

    pulled: Document
    release_id: str
    traces: Sequence[Document]
    receipts: Mapping[str, Document]


@dataclass(frozen=True)
class Story:
    """The home with the week of the first approval, the pull while the edit waited, and the week of the second one."""

    home: Path
    before: Sequence[str]
    refreshed: Document
    first: Week
    waiting: Document
    second: Week


def snapshot(town: Path, table: str) -> list[dict[str, str]]:
    """The rows of the snapshot as they were delivered, the first of line 2."""
    (path,) = town.glob(f"snapshot_1/{table}_*.csv")
    lines = path.read_text(encoding="utf-8", errors="replace").split("\n")
    return list(csv.DictReader(lines, delimiter="|"))


def submissions(families: Sequence[Mapping[str, str]], members: Sequence[Mapping[str, str]]) -> list[Record]:
    """Visits that found a larger floor, and the head at home, filled in on a phone."""
    phone = Phone(convert(io.BytesIO(form_book(form(city("3571")))), file_type=".xlsx").xform)
    filled = []
    for line, family in zip(LINES, families, strict=True):
        card = family[CARD]
        head = next(one for one in members if one[CARD] == card and one["status_hubungan_keluarga"] == "1")
        visit = {"hasil_kunjungan": "1", "id_petugas": "P-01", "waktu_kunjungan": "2026-10-05T09:30:00.000+07:00"}
        visit |= {CARD: card, "persetujuan": "OK", AREA: str(ANSWERED)}
        filled.append(phone.fill(f"line-{line}", visit, [{"keberadaan_anggota": "1", NIK: head[NIK]}]))
    records: list[Record] = json.loads(odk_json(filled, phone))["value"]
    for record in records:
        record["__system"] |= {"reviewState": "approved", "edits": 0}
    records[-1]["__system"]["reviewState"] = "hasIssues"
    return records


def said(*arguments: str) -> Document:
    """The document that a command prints."""
    out = io.StringIO()
    with redirect_stdout(out):
        code = main([*arguments, "--json"])
    assert code == 0, out.getvalue()
    found: Document = json.loads(out.getvalue())
    return found


def pull(now: datetime, patch: pytest.MonkeyPatch) -> Document:
    patch.setattr(options, "now", lambda: now)
    (one,) = said("pull")["sources"]
    assert one["error"] is None
    found: Document = one
    return found


def asked(pulled: Document, cards: Sequence[str], batches: Sequence[str], patch: pytest.MonkeyPatch) -> Week:
    """What the current release says about each family and batch."""
    patch.setattr("sys.stdin", io.StringIO("\n".join(cards)))
    found = said("find", "--stdin", "--purpose", "audit")
    traces = [said("trace", "--family", family) for one in found["results"] for family in one["families"]]
    return Week(pulled, found["release_id"], traces, {batch: said("receipt", batch) for batch in batches})


@pytest.fixture(scope="module")
def story(town: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Story]:
    """A snapshot in a home, a form server, and everything that a person types."""
    home = tmp_path_factory.mktemp("story") / "home"
    fill(home, sorted(town.glob("snapshot_1/*.csv")), EARLY)
    families = [snapshot(town, "keluarga")[line - 2] for line in LINES]
    cards, sources = [family[CARD] for family in families], home.parent / "sources.yaml"
    server = FormServer(records=submissions(families, snapshot(town, "anggota")))
    with serving(server), pytest.MonkeyPatch.context() as patch:
        sources.write_text(f"sources: {{trc: {{server: odk, url: '{server.url}', project: 3, form: kunjungan}}}}")
        patch.setenv("DTSEN_HOME", str(home))
        patch.setenv("DTSEN_PULL_SOURCES", str(sources))
        patch.setenv("DTSEN_PULL_TOKENS", json.dumps({"trc": TOKEN}))
        pulled = pull(FIRST, patch)
        refreshed = said("refresh", "--as-of", f"{FIRST:%Y-%m-%d}")
        first = asked(pulled, cards, [FIRST_BATCH], patch)
        edited = server.records[0]
        edited["__system"] |= {"reviewState": "edited", "edits": 1}
        (answers,) = (part for part in edited.values() if isinstance(part, dict) and AREA in part)
        answers[AREA] = str(EDITED)
        waiting = pull(SECOND, patch)
        edited["__system"]["reviewState"] = "approved"
        pulled = pull(SECOND, patch)
        publish(load_settings(home=home), SECOND.date())
        second = asked(pulled, cards, [FIRST_BATCH, SECOND_BATCH], patch)
        yield Story(home, [family[AREA] for family in families], refreshed, first, waiting, second)


def area(trace: Document) -> Document:
    """What a trace says about the floor."""
    cells = (cell for group in trace["groups"] for cell in group["cells"])
    found: Document = next(cell for cell in cells if cell["column"] == AREA)
    return found


def values(one: Week) -> list[str]:
    return [area(trace)["value"] for trace in one.traces]


def record_of(story: Story, source: Document) -> Record:
    """The submission in the stored file that a traced row is, read without the code under test."""
    with house(story.home) as platform:
        content = platform.vault.read_bytes(platform.registry.file(source["token"]).sha256)
    found: Record = json.loads(content)["value"][source["row"] - 1]
    return found


def lines(receipt: Document, table: str) -> dict[str, Document]:
    """The lines of a receipt about a table by their row's token."""
    return {line["token"]: line for line in receipt["lines"] if line["table"] == table}


def test_what_is_approved_is_published_and_nothing_else(story: Story) -> None:
    pulled, refreshed = story.first.pulled, story.refreshed
    assert (pulled["approved"], pulled["new"], pulled["waiting"]["hasIssues"]) == (3, 3, 1)
    assert (pulled["arrival"]["verdict"], pulled["arrival"]["rows"]) == ("accepted", 6)
    assert (refreshed["status"], refreshed["release_id"]) == ("published", story.first.release_id)
    assert str(ANSWERED) not in story.before
    assert values(story.first) == [*[str(ANSWERED)] * 3, story.before[-1]]


def test_trace_names_the_pulled_row(story: Story) -> None:
    for line, seen, trace in list(zip(LINES, story.before, story.first.traces, strict=True))[:-1]:
        won = area(trace)["won_by"]
        assert (won["decision"], won["raw"], won["source"]["batch"]) == ("changed", str(ANSWERED), FIRST_BATCH)
        assert won["source"]["token"] == story.first.pulled["arrival"]["token"]
        assert record_of(story, won["source"])["__id"] == f"uuid:line-{line}"
        assert [(lost["raw"], lost["source"]["row"]) for lost in area(trace)["losers"]] == [(seen, line)]


def test_receipt_tells_what_became_of_each_visit(story: Story) -> None:
    receipt = story.first.receipts[FIRST_BATCH]
    assert receipt["fates"] == {"contributed": 6}
    told = lines(receipt, "kunjungan")
    for trace in story.first.traces[:-1]:
        source = area(trace)["won_by"]["source"]
        line = told[f"{source['token']}-{source['row']}"]
        assert line["entity_id"] == trace["entity_id"]
        assert (AREA, "changed", True) in [(one["column"], one["decision"], one["is_won"]) for one in line["answers"]]


def test_an_edit_waits_until_it_is_approved_again(story: Story) -> None:
    assert (story.waiting["arrival"], story.waiting["waiting"]["edited"]) == (None, 1)
    assert (story.second.pulled["edited"], story.second.pulled["new"], story.second.pulled["known"]) == (1, 0, 2)


def test_the_edit_is_published_and_its_first_version_superseded(story: Story) -> None:
    assert story.second.release_id != story.first.release_id
    assert values(story.second) == [str(EDITED), *[str(ANSWERED)] * 2, story.before[-1]]
    won = area(story.second.traces[0])["won_by"]
    arrival = story.second.pulled["arrival"]
    assert (won["source"]["token"], won["source"]["batch"]) == (arrival["token"], SECOND_BATCH)
    old, new = (story.second.receipts[batch] for batch in (FIRST_BATCH, SECOND_BATCH))
    assert (old["fates"], new["fates"]) == ({"contributed": 4, "superseded": 2}, {"contributed": 2})
    was = area(story.first.traces[0])["won_by"]["source"]
    assert lines(old, "kunjungan")[f"{was['token']}-{was['row']}"]["fate"] == "superseded"
