"""The ingest job: takes complete files from the inbox, each once.

An operation and no asset: it changes the registry, from which a refresh freezes its inputs.
"""

import hashlib
from collections import Counter
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path

import dagster as dg

from dtsen_pipeline.core.passport import figures
from dtsen_pipeline.resources.admission import NO_DATE
from dtsen_pipeline.resources.batch_manifest import spent
from dtsen_pipeline.resources.choice import is_data
from dtsen_pipeline.resources.ingest import Arrival, ingest
from dtsen_pipeline.resources.passports import passports_of
from dtsen_pipeline.resources.platform import Platform, opened
from dtsen_pipeline.resources.session import check_guards, failure, telling
from dtsen_pipeline.resources.trips import trips_of
from dtsen_pipeline.schemas.errors import DtsenError

SETTLED = timedelta(seconds=30)
"""A file that was written to more recently may still be growing."""


def complete_files(inbox: Path, now: datetime) -> list[Path]:
    """The data files of the inbox that nobody has written to for a while, in order of name."""
    found = []
    for path in sorted(inbox.iterdir()):
        is_file = is_data(path) and path.is_file() and not path.is_symlink()
        if is_file and datetime.fromtimestamp(path.stat().st_mtime, UTC) <= now - SETTLED:
            found.append(path)
    return found


@dg.op(description="Menerima berkas lengkap dari kotak masuk")
def take_in(context: dg.OpExecutionContext) -> None:
    """Ingest every complete file and take it out of the inbox; refused ones are kept in the vault too."""
    with telling():
        check_guards(context.instance)
    now = datetime.now(UTC)
    with opened() as platform:
        taken = [_taken(platform, path, now) for path in complete_files(platform.home.inbox, now)]
        arrivals = [found for found in taken if isinstance(found, Arrival)]
        passports = passports_of(platform, [arrival.token for arrival in arrivals if arrival.is_new])
    counts = {passport["version"]: figures(passport) for passport in passports}
    warnings = Counter(code for arrival in arrivals for code in arrival.warnings)
    facts = {"files": len(arrivals), "arrivals": dg.MetadataValue.md(_table(arrivals)), "warnings": dict(warnings)}
    context.add_output_metadata(facts | ({"passports": dg.MetadataValue.json(counts)} if counts else {}))
    for found in taken:
        if isinstance(found, DtsenError):
            raise failure(found) from None


def _taken(platform: Platform, path: Path, now: datetime) -> Arrival | DtsenError:
    """What became of a file, which then leaves the inbox.

    One that cannot be kept, waits for its sidecar, or was replaced meanwhile stays; it keeps no other waiting.
    """
    before = _state(path)
    try:
        arrival = ingest(platform, path, now)
    except DtsenError as error:
        return error
    if arrival.code != NO_DATE and _state(path) == before:
        for done in (path, path.with_name(f"{path.name}.json")):
            done.unlink(missing_ok=True)
        for manifest in spent(path.parent, platform.registry):
            manifest.unlink(missing_ok=True)
    return arrival


def _state(path: Path) -> tuple[int, int, int]:
    """What tells one file from another that was put under its name meanwhile."""
    status = path.stat()
    return status.st_ino, status.st_size, status.st_mtime_ns


def _table(arrivals: Sequence[Arrival]) -> str:
    rows = [f"| `{a.token}` | {a.table or '–'} | {a.verdict} | {_codes(a)} |" for a in arrivals]
    return "\n".join(["| berkas | tabel | putusan | kode |", "|---|---|---|---|", *rows])


def _codes(arrival: Arrival) -> str:
    """Every code that a person has to look at."""
    return ", ".join(trip.code for trip in trips_of(arrival.code, arrival.message)) or arrival.code or "–"


@dg.job(name="ingest", description="Menerima berkas dari kotak masuk", executor_def=dg.in_process_executor)
def ingest_inbox() -> None:
    """Take in what lies in the inbox."""
    take_in()


@dg.sensor(job=ingest_inbox, minimum_interval_seconds=60, default_status=dg.DefaultSensorStatus.RUNNING)
def inbox(context: dg.SensorEvaluationContext) -> dg.RunRequest | dg.SkipReason:
    """Start the ingest job when complete files lie in the inbox."""
    with opened() as platform:
        files = complete_files(platform.home.inbox, datetime.now(UTC))
    if not files:
        return dg.SkipReason("Kotak masuk kosong, atau berkasnya masih ditulis.")
    stamps = sorted(f"{path.stat().st_ino}-{path.stat().st_mtime_ns}" for path in files)
    return dg.RunRequest(run_key=hashlib.sha256("|".join(stamps).encode()).hexdigest())
