"""Passports of snapshots: which files are compared, and where the result is kept.

What a passport says is computed in `core.passport`. It lies in `work/passports`, inside the secure zone.
"""

import json
from collections.abc import Iterable
from typing import Any

import polars as pl

from dtsen_pipeline.core.passport import Snapshot, passport
from dtsen_pipeline.reference import cities, profiles
from dtsen_pipeline.resources.breakers import previous
from dtsen_pipeline.resources.delivery import blocks_of, contract_rows
from dtsen_pipeline.resources.home import make_private, write_private
from dtsen_pipeline.resources.platform import Platform
from dtsen_pipeline.resources.registry.models import SourceFile
from dtsen_pipeline.resources.trips import told
from dtsen_pipeline.schemas.errors import DtsenError
from dtsen_pipeline.schemas.tables import FAMILY, SNAPSHOT_TABLES

FOLDER = "passports"


def passport_of(platform: Platform, token: str) -> dict[str, Any]:
    """The passport of the snapshot to which a file belongs, computed from the vault and kept as JSON.

    `held` tells of each of its files everything that holds it now; it is not kept.

    E_PASSPORT for a file that is no snapshot or whose version, region and data date are not known.
    """
    file = platform.registry.file(token)
    if file.kind != "snapshot" or None in (file.version, file.region, file.data_date):
        raise DtsenError("E_PASSPORT", "the file is no snapshot of a known version, region and date", token=file.token)
    pair = _pair(platform, file)
    earlier = [known for known in (previous(platform, half) for half in pair) if known is not None]
    before = max(earlier, key=lambda known: (str(known.data_date), known.sha256), default=None)
    old = None if before is None else _snapshot(platform, _pair(platform, before))
    found = passport(_snapshot(platform, pair), old, cities()[platform.settings.city])
    found["files"] = {half.table_name: half.token for half in pair}
    _keep(platform, found)
    trips = {half.token: told(half.code, half.message) for half in pair}
    return found | {"held": [{"token": token, "trips": why} for token, why in trips.items() if why]}


def passports_of(platform: Platform, tokens: Iterable[str]) -> list[dict[str, Any]]:
    """The passports of the snapshots that these files complete, one each."""
    found = dict[tuple[str, ...], str]()
    for token in tokens:
        file = platform.registry.find_file(token)
        if file is not None and file.kind == "snapshot" and file.verdict in ("accepted", "held"):
            pair = _pair(platform, file)
            if len(pair) == len(SNAPSHOT_TABLES):
                found.setdefault(tuple(half.token for half in pair), token)
    return [passport_of(platform, token) for token in found.values()]


def _pair(platform: Platform, file: SourceFile) -> list[SourceFile]:
    """The files of a snapshot in the order of their tables: this one, and its partner where it has come."""
    same = platform.registry.files(kind="snapshot", version=file.version, region=file.region, data_date=file.data_date)
    halves = {other.table_name: other for other in same if other.verdict != "refused"} | {file.table_name: file}
    return [halves[table] for table in SNAPSHOT_TABLES if table in halves]


def _snapshot(platform: Platform, pair: list[SourceFile]) -> Snapshot:
    rows, damaged = {}, {}
    for file in pair:
        profile, place = profiles()[file.profile or ""], platform.settings.city
        read = list(blocks_of(platform, file.sha256, profile))
        told = [contract_rows(part.rows, profile, place).drop("src", "row") for part in read]
        rows[file.table_name or ""] = pl.concat(told)
        damaged[file.table_name or ""] = sum(part.damaged.height for part in read)
    return Snapshot(str(pair[0].version), str(pair[0].data_date), rows, damaged)


def _keep(platform: Platform, found: dict[str, Any]) -> None:
    """Write the passport under the token of its family file, or of the one file there is."""
    files = found["files"]
    folder = platform.home.work / FOLDER
    make_private(folder)
    path = folder / f"{files.get(FAMILY) or next(iter(files.values()))}.json"
    path.unlink(missing_ok=True)
    write_private(path, json.dumps(found, ensure_ascii=False, indent=2).encode())
