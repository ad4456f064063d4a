"""The same city in the other shapes in which sources deliver: one file, or pair of files, of every profile.

Works on the files that `generate` wrote: the first snapshot as two older ones of other sources, and the visits of the
first week dealt out among the shapes of field batches. What the values are is not decided here.
"""

import csv
import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime
from io import BytesIO
from pathlib import Path
from typing import Any

import xlsxwriter

from dtsen_pipeline import reference
from dtsen_pipeline.reference import Profile
from dtsen_pipeline.synthetic import city, extract, write

FOLDER = "shapes"
CREATED = datetime(2026, 9, 14)  # noqa: DTZ001 - a workbook's own date has no zone
MOMENT = len("2026-09-07T09:30:00+07:00")
Row = Mapping[str, str]
PAIRS = (("odk_v1_csv", "odk_v1_csv_anggota"), ("kobo_v1_csv", None))
NUMBERED = ("luas_lantai", "jenis_lantai_terluas", "jumlah_anggota_keluarga")
"""Columns that the export writes with `.0`."""
UNREADABLE = "\ufffd"
"""What stands for bytes that are no text."""


def every_shape(out: Path) -> list[Path]:
    """Write the files of every other profile beside a generated city; their paths.

    The population register's is written where the city has an extract of it.
    """
    return [*_snapshots(out), *_batches(out), *_extracts(out)]


def _snapshots(out: Path) -> list[Path]:
    rows = {table: _read(next(out.glob(f"snapshot_1/{table}_*.csv")), "|") for table in ("keluarga", "anggota")}
    found = []
    for family, version, day in (("bps_v2", "v2_2026", "2026-06-29"), ("kemensos_v1", "siks_2026-06", "2026-06-30")):
        note = {"data_date": day, "version": version, "region": city.REGION}
        for table, listed in rows.items():
            profile = reference.profiles()[f"{family}_{table}"]
            name = f"{table}_{version}_{city.REGION}.{profile.format}"
            found.append(write.data(out / FOLDER, name, _content([(profile, listed)]), note))
    return found


def _batches(out: Path) -> list[Path]:
    visits, members = (
        _read(next(out.glob(f"batches/{part}_*W37*.csv")), ",") for part in ("kunjungan", "anggota_kunjungan")
    )
    known = reference.profiles()
    whole = [known[name] for name in ("lapangan_v1_buku", "kobo_v1_json", "odk_v1_json")]
    shapes = [*([profile] for profile in whole), *([known[name] for name in pair if name] for pair in PAIRS)]
    found = []
    for place, profiles in enumerate(shapes):
        mine = visits[place :: len(shapes)]
        ids = {row["id_kunjungan"] for row in mine}
        met = [row for row in members if row["id_kunjungan"] in ids]
        note = {"batch_id": f"2026-W37-{profiles[0].family.upper().replace('_', '-')}"}
        for parts in [reference.parts(profiles[0])] if len(profiles) == 1 else [[profile] for profile in profiles]:
            content = _content([(part, mine if part.table == "kunjungan" else met) for part in parts])
            found.append(write.data(out / FOLDER, f"{parts[0].id}.{parts[0].format}", content, note))
    return found


def _extracts(out: Path) -> list[Path]:
    profile = reference.profiles()["dukcapil_v1_buku"]
    return [
        write.data(out / FOLDER, f"{path.stem}.{profile.format}", _content([(profile, _read(path, ","))]), extract.NOTE)
        for path in sorted(out.glob(f"{extract.FOLDER}/*.csv"))
    ]


def _read(path: Path, delimiter: str) -> list[Row]:
    """The rows of a file whose lines are whole and text."""
    text = path.read_bytes().decode("utf-8", errors="replace").splitlines()
    header, *lines = csv.reader((line for line in text if UNREADABLE not in line), delimiter=delimiter)
    return [dict(zip(header, line, strict=True)) for line in lines if len(line) == len(header)]


def _content(parts: Sequence[tuple[Profile, Sequence[Row]]]) -> bytes:
    """The bytes of a file of these parts."""
    said = [(profile, [_said(profile, row) for row in rows]) for profile, rows in parts]
    writers: Mapping[str, Callable[[Sequence[tuple[Profile, list[Row]]]], bytes]] = {
        "csv": _csv,
        "xlsx": _xlsx,
        "json": _json,
    }
    return writers[said[0][0].format](said)


def _said(profile: Profile, row: Row) -> Row:
    """A row in the source's way of writing, by the contract's names."""
    return {name: _cell(profile, name, row.get(name, "")) for name in profile.header}


def _cell(profile: Profile, name: str, text: str) -> str:
    if not text:
        return text
    if name in profile.codes:
        return next((own for own, code in profile.codes[name].items() if code == text), text)
    if name == "tanggal_lahir" and profile.date_format == "DD/MM/YYYY":
        return "/".join(reversed(text.split("-")))
    if name == "waktu_kunjungan" and ".fff" in (profile.moment_format or "") and len(text) == MOMENT:
        return f"{text[:19]}.000{text[19:]}"
    if profile.region_codes == "kemendagri":
        text = _ministry_code(text) if name in ("kode_kecamatan", "kode_kelurahan_desa") else text
    return f"{text}.0" if profile.number_format != "integer" and name in NUMBERED and text.isdecimal() else text


def _ministry_code(text: str) -> str:
    places = reference.city(city.REGION).kelurahan
    codes = {place.bps: place.kemendagri for place in places}
    return (codes | {place.kecamatan_bps: place.kecamatan_kemendagri for place in places}).get(text, text)


def _delivered(profile: Profile) -> list[str]:
    own: dict[str, str] = {}
    for name, column in profile.synonyms.items():
        own.setdefault(column, name)
    return [own.get(name, name) for name in profile.header]


def _csv(parts: Sequence[tuple[Profile, list[Row]]]) -> bytes:
    ((profile, rows),) = parts
    quoted = profile.quoting == "all"
    lines = [_delivered(profile), *([row[name] for name in profile.header] for row in rows)]
    text = "".join(_line(cells, profile.delimiter, quoted=quoted) for cells in lines)
    return text.encode("utf-8-sig" if profile.may_have_bom else "utf-8")


def _line(cells: Iterable[str], delimiter: str, *, quoted: bool) -> str:
    def cell(text: str) -> str:
        return '"' + text.replace('"', '""') + '"' if quoted or delimiter in text or '"' in text else text

    return delimiter.join(map(cell, cells)) + "\n"


def _xlsx(parts: Sequence[tuple[Profile, list[Row]]]) -> bytes:
    held = BytesIO()
    with xlsxwriter.Workbook(held, {"in_memory": True}) as book:
        book.set_properties({"created": CREATED})
        for profile, rows in parts:
            sheet = book.add_worksheet(profile.sheet or "Sheet1")
            lines = [_delivered(profile), *([row[name] for name in profile.header] for row in rows)]
            for place, cells in enumerate(lines):
                for column, text in enumerate(cells):
                    if text:
                        sheet.write_string(place, column, text)
    return held.getvalue()


def _json(parts: Sequence[tuple[Profile, list[Row]]]) -> bytes:
    (visits, rows), (members, met) = parts
    of: dict[str, list[dict[str, Any]]] = {}
    prefix = f"{members.repeat}/" if visits.family.startswith("kobo") else ""
    for row in met:
        answers = {f"{prefix}{name}": text for name, text in row.items() if text and name != "id_kunjungan"}
        of.setdefault(row["id_kunjungan"], []).append(answers)
    records = [_submission(visits, row) | {"anggota": of.get(row["id_kunjungan"], [])} for row in rows]
    return (json.dumps({visits.records: records}, indent=1) + "\n").encode()


def _submission(profile: Profile, row: Row) -> dict[str, Any]:
    """A visit's answers; the place as the system writes it."""
    own = dict(zip(profile.header, _delivered(profile), strict=True))
    places = {"lintang", "bujur"}
    answers: dict[str, Any] = {own[name]: text for name, text in row.items() if text and name not in places}
    pair = [float(row[name]) if row[name] else None for name in ("lintang", "bujur")]
    if profile.family.startswith("kobo"):
        return answers | {"_geolocation": pair, "_validation_status": {}, "_attachments": []}
    point = {"type": "Point", "coordinates": [*reversed(pair), 0], "properties": {"accuracy": 5}}
    return answers | {"__system": {"reviewState": "approved"}, "lokasi": point if None not in pair else None}
