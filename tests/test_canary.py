"""No identifying value leaves the secure zone.

Unique canaries stand in the inputs as name, address, NIK, family card, birth date and file name, in rows that are
valid, rejected and damaged. A process takes the files in, publishes them, and then fails in every stage with an
error that holds the canaries. None is found in what Dagster stores, in what the process prints or logs, in
temporary files, or in the registry outside the tables of the release.
"""

import json
import os
import re
import shutil
import sqlite3
import subprocess
import zlib
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

import pytest

from dtsen_pipeline.resources.home import Home
from tests.house import ROOT, copied, early_files, program

NAME, ADDRESS = "ZULKANARIYANTO PERKUTUTWATI", "JL KANARIWANGI 77 RT 91"
REJECTED, DAMAGED = "TERTOLAKANARI SUSANTOWATI", "GANG RUSAKANARI 55"
NIK, CARD, BORN = "3571012912319871", "3571011107239713", "1931-12-29"
BROKEN_NIK = "35710129KANAR887"
FILE = "berkaskanari-sukartiwati"
CANARIES = (
    *("ZULKANARIYANTO", "PERKUTUTWATI", "KANARIWANGI", "TERTOLAKANARI", "SUSANTOWATI", "RUSAKANARI"),
    *(NIK, NIK[:12], NIK[6:], CARD, CARD[:12], CARD[6:], BROKEN_NIK, "KANAR887"),
    *(BORN, "19311229", "29121931", "29-12-1931", "29/12/1931"),
    *("berkaskanari", "sukartiwati"),
)
PERSONAL = re.compile(r"release_(?!id$)")
"""Tables of the registry that hold the rows of releases, which belong to the secure zone."""

SCRIPT = '''
import json, logging, os, sys
from pathlib import Path
from unittest.mock import patch

logging.basicConfig(level=logging.INFO)
from dtsen_pipeline.definitions import defs
from dtsen_pipeline.refresh import refresh
from dtsen_pipeline.resources.home import Home
from dtsen_pipeline.resources.instance import open_instance
from dtsen_pipeline.resources.settings import ZONE
from tests.house import Word, accept, house, look
from datetime import datetime, timedelta, UTC

home, secret = Path(os.environ["DTSEN_HOME"]), sys.argv[1]
day = datetime.now(ZONE).date()
week = (day - timedelta(days=day.weekday())).isoformat()
reached, done = [], {}


def run(job, keys=None, **how):
    """A run as the UI starts it: every logger as loud as Dagster makes it."""
    with open_instance(Home(home)) as instance:
        return defs.resolve_job_def(job).execute_in_process(
            instance=instance,
            raise_on_error=False,
            asset_selection=keys,
            **how,
        )


def boom(place):
    def fail(*_, **__):
        reached.append(place)
        try:
            {"row": secret}[secret]
        except KeyError as error:
            raise RuntimeError(f"row: {secret}") from error
    return fail


done["ingest"] = run("ingest").success
with house(home) as platform:
    for held in platform.registry.files(verdict="held")[:1]:
        accept(platform, held.token, Word("looked at", "tester", datetime.now(UTC)), seen=look(platform, held.token))
done["refresh"] = refresh(day).status
everything = defs.resolve_asset_graph().get_all_asset_keys()


def of(stage):
    return [key for key in everything if key.path[0] == stage]


PLACES = {
    "dtsen_pipeline.assets.inputs.freeze_inputs": "inputs",
    "dtsen_pipeline.assets.intake.read_table": "intake",
    "dtsen_pipeline.assets.normalise.records_of": "records",
    "dtsen_pipeline.assets.validate.check_all": "checked",
    "dtsen_pipeline.assets.identity.identify": "observations",
    "dtsen_pipeline.assets.merge.merge": "merged",
    "dtsen_pipeline.assets.score.score_all": "scored",
    "dtsen_pipeline.assets.door.release_of": "candidate",
    "dtsen_pipeline.assets.door.prove": "candidate",
    "dtsen_pipeline.assets.door.judged": "candidate",
    "dtsen_pipeline.assets.release.publish": "release",
    "dtsen_pipeline.resources.publish._roots": "release",
    "dtsen_pipeline.resources.stages.Stages._read": "intake",
    "dtsen_pipeline.resources.stages.Stages._write": "records",
    "dtsen_pipeline.resources.session.opened": "inputs",
    "dtsen_pipeline.resources.session.Session.close": "inputs",
}
for place, stage in PLACES.items():
    with patch(place, boom(place)):
        done[place] = run("weekly_refresh", of(stage), partition_key=week).success
(home / "inbox" / f"{sys.argv[2]}.csv").write_text(secret)
os.utime(home / "inbox" / f"{sys.argv[2]}.csv", (1, 1))
for place in ("dtsen_pipeline.assets.ingest.ingest", "dtsen_pipeline.assets.ingest.complete_files"):
    with patch(place, boom(place)):
        done[place] = run("ingest").success
print(json.dumps({"done": done, "reached": sorted(set(reached)), "places": sorted(PLACES)}))
'''
LEAK = """
import os, sys
from pathlib import Path
import dagster as dg
from dtsen_pipeline.resources.home import Home
from dtsen_pipeline.resources.instance import open_instance

@dg.op
def logs(context):
    context.log.info(sys.argv[1])

@dg.op
def fails():
    raise RuntimeError(sys.argv[2])

@dg.job
def leaking():
    logs()
    fails()

with open_instance(Home(Path(os.environ["DTSEN_HOME"]))) as instance:
    leaking.execute_in_process(instance=instance, raise_on_error=False)
"""


@dataclass(frozen=True)
class Flown:
    """The home in which everything was tried, what the process said, and where it could have left files."""

    home: Path
    ended: "subprocess.CompletedProcess[str]"
    elsewhere: Path


def _found(content: bytes) -> set[str]:
    """The canaries in some bytes, as they stand, in lower case, or as two bytes a letter."""
    low = content.lower()
    spelled = {canary: canary.lower() for canary in CANARIES}
    return {
        canary
        for canary, text in spelled.items()
        if text.encode() in low or text.encode("utf-16-le") in low or text.encode("utf-16-be") in low
    }


def _in_files(folder: Path) -> set[str]:
    """The canaries in the names and bytes of the files of a folder, and in the cells of its databases."""
    found = set()
    for path in folder.rglob("*"):
        found |= _found(path.relative_to(folder).as_posix().encode())
        if path.is_file():
            content = path.read_bytes()
            found |= _found(content)
            if content.startswith(b"SQLite format 3"):
                found |= _in_database(path)
    return found


def _in_database(path: Path, leave_out: re.Pattern[str] | None = None) -> set[str]:
    found: set[str] = set()
    with closing(sqlite3.connect(path)) as database:
        names = [name for (name,) in database.execute("SELECT name FROM sqlite_master WHERE type = 'table'")]
        for name in names:
            if leave_out is not None and leave_out.match(name):
                continue
            for row in database.execute(f'SELECT * FROM "{name}"'):  # noqa: S608 - names from the database itself
                for cell in row:
                    found |= _found(_plain(cell))
    return found


def _plain(cell: object) -> bytes:
    """A cell as bytes, unpacked where Dagster packed it."""
    content = cell if isinstance(cell, bytes) else str(cell).encode()
    try:
        return zlib.decompress(content)
    except zlib.error:
        return content


def _edited(content: bytes, table: str) -> bytes:
    """A snapshot file with one family, one rejected row and one damaged line of ours."""
    lines = content.splitlines(keepends=True)
    header = lines[0].decode().strip().strip('"').split('"|"')
    rows = {number: _cells(line) for number, line in enumerate(lines) if number and len(_cells(line)) == len(header)}
    at = header.index
    if table == "keluarga":
        number = _first_with_a_card(rows, at("nomor_kartu_keluarga"))
        changes = {"nomor_kartu_keluarga": CARD, "nama_kepala_keluarga": NAME, "alamat": ADDRESS}
        lines[number] = _line(rows[number], {at(name): value for name, value in changes.items()})
        other = next(n for n in rows if n > number + 5)
        lines.append(lines[other].rstrip(b"\n") + b'|"' + DAMAGED.encode() + b'"\n')
        return b"".join(lines)
    number = next(iter(rows))
    changes = {"nomor_induk_kependudukan": NIK, "nomor_kartu_keluarga": CARD, "nama": NAME, "tanggal_lahir": BORN}
    lines[number] = _line(rows[number], {at(name): value for name, value in changes.items()})
    bad = {at("nomor_induk_kependudukan"): BROKEN_NIK, at("nama"): REJECTED}
    lines.append(_line(rows[number], bad))
    return b"".join(lines)


def _cells(line: bytes) -> list[str]:
    return line.decode(errors="replace").strip().strip('"').split('"|"')


def _first_with_a_card(rows: dict[int, list[str]], at: int) -> int:
    return next(number for number, cells in rows.items() if re.fullmatch("3571[0-9]{12}", cells[at]))


def _line(cells: list[str], changes: dict[int, str]) -> bytes:
    changed = [changes.get(number, cell) for number, cell in enumerate(cells)]
    return ('"' + '"|"'.join(changed) + '"\n').encode()


@pytest.fixture(scope="module")
def flown(town: Path, tmp_path_factory: pytest.TempPathFactory) -> Flown:
    """One process takes the canaries in, publishes them, and fails in every stage."""
    base = tmp_path_factory.mktemp("canary")
    home, elsewhere = base / "home", base / "elsewhere"
    Home(home).prepare()
    elsewhere.mkdir()
    for place, file in enumerate(early_files(town)):
        target = home / "inbox" / f"{FILE}-{place}.csv"
        table = "" if "kunjungan" in file.name else file.name.split("_")[0]
        target.write_bytes(_edited(file.read_bytes(), table) if table else file.read_bytes())
        shutil.copy(file.with_name(f"{file.name}.json"), target.with_name(f"{target.name}.json"))
        os.utime(target, (1, 1))
    row = f"{NIK}|{CARD}|{NAME}|{ADDRESS}|{BORN}|{REJECTED}|{BROKEN_NIK}|{DAMAGED}|{FILE}"
    ended = program(SCRIPT, home, row, FILE, TMPDIR=str(elsewhere), HOME=str(elsewhere), PYTHONPATH=str(ROOT))
    return Flown(home, ended, elsewhere)


def test_the_canaries_went_in_and_were_published(flown: Flown) -> None:
    assert flown.ended.returncode == 0, _hidden(flown.ended.stderr)
    told = json.loads(flown.ended.stdout.splitlines()[-1])
    assert (told["done"].pop("ingest"), told["done"].pop("refresh")) == (True, "published")
    release = [path.read_bytes() for path in flown.home.glob("releases/*/*/*/*.parquet")]
    assert release
    assert _in_database(flown.home / "registry.db") >= {NIK, CARD, BORN, "ZULKANARIYANTO", "KANARIWANGI"}
    assert _in_files(flown.home / "vault") >= {"TERTOLAKANARI", "RUSAKANARI", BROKEN_NIK}


def test_every_stage_failed_with_them(flown: Flown) -> None:
    told = json.loads(flown.ended.stdout.splitlines()[-1])
    assert set(told["places"]) <= set(told["reached"])
    failed = {name for name, success in told["done"].items() if success is False}
    assert failed == set(told["done"]) - {"ingest", "refresh"}


def test_dagster_stores_none(flown: Flown) -> None:
    assert len(list((flown.home / "dagster").rglob("*.db"))) > 1
    assert _in_files(flown.home / "dagster") == set()


def test_the_process_prints_and_logs_none(flown: Flown) -> None:
    assert "masked to prevent leaking" in flown.ended.stderr
    assert _found(flown.ended.stdout.encode()) == set()
    assert _found(flown.ended.stderr.encode()) == set()


def test_nothing_is_left_elsewhere(flown: Flown) -> None:
    """Great Expectations, Polars and Dagster could write below the home of the user or for temporary use."""
    assert _in_files(flown.elsewhere) == set()


def test_the_registry_holds_none_outside_the_tables_of_a_release(flown: Flown) -> None:
    with closing(sqlite3.connect(flown.home / "registry.db")) as database:
        (events,) = database.execute("SELECT count(*) FROM event").fetchone()
        (runs,) = database.execute("SELECT count(*) FROM run").fetchone()
    assert events > 10
    assert runs > 10
    assert _in_database(flown.home / "registry.db", leave_out=PERSONAL) == set()


def test_no_name_of_a_file_or_folder_holds_one(flown: Flown) -> None:
    kept = {path.relative_to(flown.home).as_posix() for path in flown.home.rglob("*")} - {f"inbox/{FILE}.csv"}
    assert len(kept) > 50
    assert _found("\n".join(kept).encode()) == set()


def test_the_papers_of_a_release_hold_none(flown: Flown) -> None:
    papers = [path for path in flown.home.glob("releases/*/*/*") if path.is_file()]
    assert len(papers) == 4
    assert set().union(*(_found(path.read_bytes()) for path in papers)) == set()


class TestThatSomethingWouldBeFound:
    """The search finds a canary that was logged, raised without redaction, packed, or stands in a name."""

    def test_in_dagsters_storage_and_in_the_output(self, flown: Flown, tmp_path: Path) -> None:
        home = copied(flown.home, tmp_path / "home")
        ended = program(LEAK, home, NAME, CARD, DAGSTER_REDACT_USER_CODE_ERRORS="0")
        assert _in_files(home / "dagster") >= {"ZULKANARIYANTO", CARD}
        assert _found(ended.stderr.encode()) >= {"ZULKANARIYANTO", CARD}

    def test_in_a_packed_cell_and_in_a_name(self, tmp_path: Path) -> None:
        with closing(sqlite3.connect(tmp_path / "x.db")) as database:
            database.execute("CREATE TABLE t (b BLOB)")
            database.execute("INSERT INTO t VALUES (?)", (zlib.compress(f"a {NIK} b".encode()),))
            database.commit()
        (tmp_path / f"{FILE}.txt").touch()
        assert _in_files(tmp_path) == {NIK, NIK[:12], NIK[6:], "berkaskanari", "sukartiwati"}


def _hidden(text: str) -> str:
    """Output for a failing test, without the canaries."""
    for canary in CANARIES:
        text = text.replace(canary, "*")
    return text[-3000:]
