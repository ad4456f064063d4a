"""Pulling approved submissions from a form server: what came becomes a file like any other, and is taken in.

There is no watermark: whatever is approved now and stands in no file that counts is new, so that nothing is lost by
a pull that failed. Which submission was written into which file is noted before the file is taken in; the note
counts only if the registry has the file.
"""

import hashlib
import shutil
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

from dtsen_pipeline.core.submissions import APPROVED, DIALECTS, Record, document, key_of
from dtsen_pipeline.reference import parts, profiles
from dtsen_pipeline.resources.batch_manifest import Listed, Manifest
from dtsen_pipeline.resources.home import make_private, write_private
from dtsen_pipeline.resources.ingest import Arrival, Declared, ingest
from dtsen_pipeline.resources.lease import Owner, hold
from dtsen_pipeline.resources.platform import Platform
from dtsen_pipeline.resources.pull.client import Client, Limits
from dtsen_pipeline.resources.pull.paging import Page, Paging, gathered
from dtsen_pipeline.resources.pull.servers import id_of, log_in, page_of, waiting_of
from dtsen_pipeline.resources.pull.sources import Source
from dtsen_pipeline.resources.settings import ZONE


@dataclass(frozen=True)
class Bounds:
    """The bounds of a pull."""

    limits: Limits = field(default_factory=Limits)
    paging: Paging = field(default_factory=Paging)


@dataclass(frozen=True)
class Pulled:
    """What a pull found: approved submissions, those of them known, new and edited since, and the others by state.

    `arrival` is none where there was nothing new.
    """

    source: str
    approved: int
    known: int
    new: int
    edited: int
    waiting: Mapping[str, int]
    arrival: Arrival | None = None


def pull(platform: Platform, source: Source, now: datetime, bounds: Bounds | None = None) -> Pulled:
    """Take in what the source has approved and no file holds yet; DtsenError, and nothing taken in, where it fails."""
    seconds = platform.settings.lease_seconds
    with hold(platform.registry, f"pull-{source.name}", str(Owner.current()), seconds, now):
        approved, waiting = _fetched(source, bounds or Bounds())
        dialect, taken = DIALECTS[source.kind], platform.registry.pulled(source.name)
        keys = [(key_of(record, dialect), record) for record in approved]
        fresh = {key: record for key, record in keys if key not in taken}
        again = {instance for instance, _ in taken}
        edited = sum(instance in again for instance, _ in fresh)
        arrival = _taken_in(platform, source, fresh, now) if fresh else None
    return Pulled(source.name, len(approved), len(approved) - len(fresh), len(fresh) - edited, edited, waiting, arrival)


def _fetched(source: Source, bounds: Bounds) -> tuple[list[Record], dict[str, int]]:
    """Every approved submission, and the counts of the others."""

    def fetch(skip: int, top: int) -> Page:
        return page_of(client, source, APPROVED, skip, top)

    with Client(source.url, bounds.limits, is_local=source.is_local) as client:
        log_in(client, source)
        found = gathered(fetch, id_of(source), bounds.paging)
        return list(found.values()), waiting_of(client, source, len(found))


def _taken_in(platform: Platform, source: Source, fresh: Mapping[tuple[str, str], Record], now: datetime) -> Arrival:
    """Write the submissions as a file with its manifest, and take it in as a field batch of this week."""
    content = document(fresh.values(), DIALECTS[source.kind])
    sha256 = hashlib.sha256(content).hexdigest()
    batch = _next_batch(platform, source, now)
    name = f"{source.name}.json"
    listed = Listed(name=name, rows=_rows(list(fresh.values()), source), sha256=sha256)
    manifest = Manifest(files=(listed,), batch_id=batch, sent_at=now, device=source.name)
    platform.registry.note_pulled(source.name, sha256, sorted(fresh), now)
    with _room(platform, source) as room:
        write_private(room / name, content)
        write_private(room / f"{source.name}.manifest.json", manifest.model_dump_json().encode())
        return ingest(platform, room / name, now, Declared(profile=source.profile, batch_id=batch))


@contextmanager
def _room(platform: Platform, source: Source) -> Iterator[Path]:
    """An empty folder of the source for the length of a block; what a killed pull left in it goes."""
    room = platform.home.work / "pull" / source.name
    shutil.rmtree(room, ignore_errors=True)
    make_private(room.parent)
    make_private(room)
    try:
        yield room
    finally:
        shutil.rmtree(room)


def _next_batch(platform: Platform, source: Source, now: datetime) -> str:
    """The name of the source's next batch in this week: a later batch's version of a submission is the newer one."""
    year, week, _ = now.astimezone(ZONE).isocalendar()
    name = f"{year}-W{week:02}-{source.name.upper()}-"
    known = {file.batch_id for file in platform.registry.files() if (file.batch_id or "").startswith(name)}
    return f"{name}{len(known) + 1:03}"


def _rows(records: Sequence[Record], source: Source) -> int:
    """The rows that a file of these submissions has: one each, and one for each item of a repeat."""
    repeats = [part.repeat for part in parts(profiles()[source.profile]) if part.repeat]
    found = [record.get(repeat) for record in records for repeat in repeats]
    return len(records) + sum(len(items) for items in found if isinstance(items, list))
