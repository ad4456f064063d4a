"""A rejected row of a source with its own words goes out in the contract's, is mended, comes back and is published."""

import json
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from io import BytesIO
from pathlib import Path
from typing import Any

import openpyxl
import polars as pl
import pytest

from dtsen_pipeline.queries.quarantine import Quarantined, quarantine
from dtsen_pipeline.queries.reading import view
from dtsen_pipeline.queries.workbook import workbook
from dtsen_pipeline.resources.codes import look
from dtsen_pipeline.resources.correct import Corrected, correct
from dtsen_pipeline.resources.decide import Word, accept
from dtsen_pipeline.resources.ingest import ingest
from dtsen_pipeline.resources.platform import Platform, opened
from dtsen_pipeline.resources.settings import Settings, load_settings
from dtsen_pipeline.synthetic import every_shape, generate
from tests.keys import give_key
from tests.queries.world import NOW, OPEN, publish
from tests.siks import siks_snapshot

AREA, TOO_LARGE = "luas_lantai", "998"
MENDED = {"kemensos_v1_keluarga": 41, "lapangan_v1_buku": 42, "odk_v1_json": 43}
AS_OF = date(2026, 11, 24)


def _spoil_csv(path: Path) -> None:
    """The last family's floor area is beyond what can be."""
    lines = path.read_text(encoding="utf-8-sig").splitlines()
    at, cells = lines[0].split(";").index("luas_lantai_bangunan"), lines[-1].split(";")
    cells[at] = f"{TOO_LARGE}.0"
    path.write_text("\n".join([*lines[:-1], ";".join(cells), ""]), encoding="utf-8-sig")


def _spoil_sheet(path: Path) -> None:
    book = openpyxl.load_workbook(path)
    rows = list(book["kunjungan"].iter_rows())
    heads = [cell.value for cell in rows[0]]
    said = [{name: cell.value for name, cell in zip(heads, row, strict=True)} for row in rows[1:]]
    rows[1 + _completed(said)][heads.index(AREA)].value = TOO_LARGE
    book.save(path)


def _spoil_json(path: Path) -> None:
    document = json.loads(path.read_text(encoding="utf-8"))
    document["value"][_completed(document["value"])][AREA] = TOO_LARGE
    path.write_text(json.dumps(document), encoding="utf-8")


def _completed(visits: list[dict[str, Any]]) -> int:
    """The place of the last visit of the week that was completed; some are planted long before it."""
    found = [visit["hasil_kunjungan"] == "1" and visit["waktu_kunjungan"].startswith("2026-09") for visit in visits]
    return max(place for place, is_good in enumerate(found) if is_good)


@dataclass(frozen=True)
class Trip:
    """What went out, what came back, and the home with the release after it."""

    settings: Settings
    sent_out: tuple[Quarantined, ...]
    came_back: Corrected
    profiles: dict[str, str]


@pytest.fixture(scope="module")
def trip(tmp_path_factory: pytest.TempPathFactory) -> Trip:
    """A BPS and a later SIKS-NG snapshot, a workbook and a form's document, each of the last three with a bad row."""
    folder, city = tmp_path_factory.mktemp("trip"), tmp_path_factory.mktemp("small")
    generate(90, 4, city)
    files = [*sorted(city.glob("snapshot_1/*.csv")), *siks_snapshot(city, folder, "2026-08-01")]
    shapes = every_shape(Path(shutil.copytree(city, folder / "shapes")))
    files += [path for path in shapes if path.stem in MENDED]
    _spoil_csv(files[3])
    _spoil_sheet(next(path for path in files if path.suffix == ".xlsx"))
    _spoil_json(next(path for path in files if path.suffix == ".json"))
    settings = load_settings(home=folder / "home")
    give_key(settings.home)
    with opened(settings) as platform:
        for file in files:
            ingest(platform, file, NOW)
        while held := platform.registry.files(verdict="held"):
            accept(platform, held[0].token, Word("looked at", "tester", NOW), seen=look(platform, held[0].token))
        profiles = {file.token: file.profile or "" for file in platform.registry.files()}
    publish(settings)
    with opened(settings) as platform:
        sent_out = tuple(
            row
            for row in quarantine(platform, view(platform), OPEN)
            if (row.cells or {}).get(AREA) == TOO_LARGE and profiles[row.token[:12]] in MENDED
        )
        came_back = _sent_back(platform, sent_out, profiles, folder / "book.xlsx")
    publish(settings, AS_OF)
    return Trip(settings, sent_out, came_back, profiles)


def _sent_back(platform: Platform, rows: tuple[Quarantined, ...], profiles: dict[str, str], path: Path) -> Corrected:
    """The export with the floor areas put right, taken in."""
    book = openpyxl.load_workbook(BytesIO(workbook(rows, view(platform).release_id)))
    for sheet in book.worksheets:
        heads = [cell.value for cell in next(sheet.iter_rows())]
        for line in sheet.iter_rows(min_row=2) if AREA in heads else ():
            line[heads.index(AREA)].value = str(MENDED[profiles[str(line[0].value)[:12]]])
    book.save(path)
    return correct(platform, path, NOW)


@pytest.fixture
def platform(trip: Trip) -> Iterator[Platform]:
    """The house after the trip."""
    with opened(trip.settings) as found:
        yield found


def test_the_rows_go_out_in_the_words_of_the_contract(trip: Trip) -> None:
    by = {trip.profiles[row.token[:12]]: row for row in trip.sent_out}
    assert by.keys() == MENDED.keys()
    siks = by["kemensos_v1_keluarga"].cells or {}
    assert siks["kode_kelurahan_desa"].startswith("3571")
    assert siks["pbi_nas"] in ("1", "2", "")
    assert (by["odk_v1_json"].cells or {})["waktu_kunjungan"].count(".") == 0


def test_the_workbook_is_taken_row_by_row(trip: Trip) -> None:
    found = trip.came_back
    assert (found.verdict, found.code, found.rows, len(found.files)) == ("accepted", None, 3, 3)


def test_the_mended_rows_are_published(trip: Trip, platform: Platform) -> None:
    release = view(platform)
    resolved = {f"{row['src']}-{row['row']}": row["resolved_by"] for row in release.rows("rejected")}
    area = next(column["bit"] for column in release.manifest["columns"]["keluarga"] if column["name"] == AREA)
    for row in trip.sent_out:
        src, _, line = (resolved[row.token] or "").partition("-")
        assert src in trip.came_back.files
        here = (pl.col("src") == src, pl.col("row") == int(line))
        published = release.rows("keluarga", *here)
        if not published:
            (won,) = [one for one in release.rows("lineage", *here) if one["mask"] >> area & 1]
            published = release.rows("keluarga", pl.col("family_id") == won["entity_id"])
        assert [one[AREA] for one in published] == [MENDED[trip.profiles[row.token[:12]]]]


def test_what_was_not_touched_is_as_the_source_sent_it(trip: Trip, platform: Platform) -> None:
    """The correction of the SIKS-NG row keeps its card, its kelurahan and its other answers."""
    (row,) = [one for one in trip.sent_out if trip.profiles[one.token[:12]] == "kemensos_v1_keluarga"]
    cells = row.cells or {}
    (family,) = view(platform).rows("keluarga", pl.col("nomor_kartu_keluarga") == cells["nomor_kartu_keluarga"])
    assert family["kode_kelurahan_desa"] == cells["kode_kelurahan_desa"]
    assert str(family["jenis_lantai_terluas"] or "") == cells["jenis_lantai_terluas"]
