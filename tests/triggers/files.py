"""Why files are refused, held or wait, and lines are damaged."""

import hashlib
import json
import os
import shutil
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Any

import openpyxl
import polars as pl
import xlsxwriter

from dtsen_pipeline.core import forms, intake, sheets
from dtsen_pipeline.core.survey import check_survey, survey
from dtsen_pipeline.reference import profiles
from dtsen_pipeline.resources import vault as vault_module
from dtsen_pipeline.resources.choice import choose
from dtsen_pipeline.resources.decide import Word, refuse
from dtsen_pipeline.resources.ingest import Arrival, Declared, ingest
from dtsen_pipeline.resources.platform import opened
from dtsen_pipeline.resources.settings import load_settings
from dtsen_pipeline.resources.vault import Vault
from dtsen_pipeline.resources.workbook import Limits, Workbook
from tests.core.rows import numbered
from tests.house import copied, early_files, late_files
from tests.resources.form_server import odk
from tests.resources.test_breakers import HELD, _changed
from tests.resources.test_ingest import BROKEN
from tests.resources.test_workbook import LIMITS, MEMBERS, PEOPLE, TOKEN, VISITS, in_sheet, members, read, rebuilt
from tests.triggers.place import Place, Trigger

NOW = datetime(2026, 3, 3, 3, tzinfo=UTC)
FAMILIES, PLAIN = "keluarga_dtsen_v3_2026_3571.csv", profiles()["lapangan_v1_kunjungan"]


def taken(place: Place, *paths: Path, home: Path | None = None, **settings: Any) -> list[Arrival]:
    """Files taken in, by default into the empty home."""
    with opened(load_settings(home=home or place.home, **settings)) as platform:
        return [ingest(platform, path, NOW) for path in paths]


def changed(kind: str, place: Place) -> str | None:
    """The first family file, broken in a way of the ingest tests."""
    return taken(place, place.file(FAMILIES, BROKEN[kind][2](place.families)))[-1].code


def unlike(kind: str, place: Place) -> str | None:
    """A second snapshot unlike the first."""
    path = _changed(place.town, place.folder, "keluarga", HELD[kind][2])
    return taken(place, path, home=copied(place.january, place.home))[-1].code


def partner_held(place: Place) -> str | None:
    """The member file came first; its family file is unlike the one before."""
    home, member = copied(place.january, place.home), late_files(place.town)[0]
    came = taken(place, member, home=home)[0]
    taken(place, _changed(place.town, place.folder, "keluarga", HELD["smaller"][2]), home=home)
    with opened(load_settings(home=home)) as platform:
        return platform.registry.file(came.token).code


def put(place: Place, path: Path, limit: int = 10**6) -> str | None:
    Vault(place.folder / "vault", limit=limit).put(path)
    return None


def linked(place: Place) -> str | None:
    link = place.folder / "link.csv"
    link.symlink_to(place.file("real.csv"))
    return put(place, link)


def unreadable(place: Place) -> str | None:
    def deny(path: Path) -> os.stat_result:
        raise PermissionError(13, "denied", str(path))

    path = place.file("a.csv")
    place.patch.setattr(os, "lstat", deny)
    return put(place, path)


def changing(place: Place) -> str | None:
    path, real = place.file("a.csv", b"a"), vault_module._copy

    def grow(*given: Any) -> tuple[str, int]:
        found = real(*given)
        path.write_bytes(b"abc")
        return found

    place.patch.setattr(vault_module, "_copy", grow)
    return put(place, path)


def told(place: Place, path: Path, **declared: Any) -> str | None:
    with opened(load_settings(home=place.home)) as platform:
        return ingest(platform, path, NOW, Declared(**declared)).code


def twice(place: Place) -> str | None:
    lines = place.families.splitlines(keepends=True)
    paths = [place.file(FAMILIES, place.families), place.folder / "again.csv"]
    paths[1].write_bytes(b"".join(lines[:-1]))
    for path in paths:
        shutil.copy(_note(early_files(place.town)[1]), _note(path))
    return taken(place, *paths)[-1].code


def _note(path: Path) -> Path:
    return path.with_name(f"{path.name}.json")


def batch(place: Place, *, is_whole: bool = False, manifest: bytes | None = None) -> str | None:
    """The visits of a batch whose manifest lists its members too, or tells of a row more."""
    visits = Path(shutil.copy(early_files(place.town)[3], place.folder))
    other = place.file("anggota.csv", b"x\n1\n") if is_whole else early_files(place.town)[2]
    entries = [
        {"name": path.name, "rows": path.read_bytes().count(b"\n") - 1 + is_whole, "sha256": _sum(path)}
        for path in (visits, other)
    ]
    content = json.dumps({"files": entries}).encode() if manifest is None else manifest
    place.file("w37.manifest.json", content)
    return taken(place, visits)[-1].code


def _sum(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


def small_batch(place: Place) -> str | None:
    head, *lines = early_files(place.town)[3].read_bytes().splitlines(keepends=True)
    sizes = dict.fromkeys(range(10, 14), 60) | {14: 11}
    paths = [
        place.file(
            f"kunjungan_2026-W{week}_x.csv",
            b"".join([head, *(line.replace(b"2026", b"20%d" % week, 1) for line in (lines * 3)[:size])]),
        )
        for week, size in sizes.items()
    ]
    return taken(place, *paths, duplicate_share="1", rejected_share="1")[-1].code


def line(bad: bytes, _: Place) -> str | None:
    """The damage of a line among sound ones."""
    sound = b",".join([b"a"] * len(PLAIN.header))
    data = b"\n".join([",".join(PLAIN.header).encode(), *[sound] * 12, bad, *[sound] * 12, b""])
    return str(intake.read(data, PLAIN, TOKEN).damaged["reasons"][0])


def losing(place: Place) -> str | None:
    honest = pl.read_csv
    place.patch.setattr(pl, "read_csv", lambda *given, **named: honest(*given, **named)[1:])
    return line(b",".join([b"a"] * len(PLAIN.header)), place)


def zeroed(_: Place) -> str | None:
    name, profile = "nomor_induk_kependudukan", profiles()["bps_v3_anggota"]
    ids = [{name: f"357101{day:02}{month:02}909000"} for month in (1, 2) for day in range(1, 21)]
    rows = intake.Reading(numbered("anggota", ids), pl.DataFrame(schema={"reasons": pl.String}))
    found = survey([rows], profile, "3571", lambda frame: frame, len)
    shares = load_settings()
    check_survey(found, shares.numeric_id_share, shares.zero_id_share, TOKEN)
    return None


def book(place: Place, make: Callable[[Path], object], limits: Limits = LIMITS) -> str | None:
    make(place.folder / "a.xlsx")
    read(place.folder / "a.xlsx", limits)
    return None


def extra(name: str, content: bytes, path: Path) -> Path:
    return rebuilt(members(path, {"nama": "A"}), lambda _, entry: entry, {name: content})


def by_hand(change: Callable[[Any], object], path: Path) -> None:
    with xlsxwriter.Workbook(path) as made:
        sheet = made.add_worksheet()
        sheet.write_row(0, 0, MEMBERS.header)
        change(sheet)


def with_sheets(path: Path, *, hidden: bool) -> None:
    made = openpyxl.Workbook()
    made.active.title = "kunjungan"
    made.active.append(VISITS.header)
    made.create_sheet("anggota").append(PEOPLE.header)
    if hidden:
        made["anggota"].sheet_state = "hidden"
    else:
        made.create_sheet("lain").append(["x"])
    made.save(path)


def hidden_sheet(place: Place) -> str | None:
    with_sheets(place.folder / "a.xlsx", hidden=True)
    with (place.folder / "a.xlsx").open("rb") as file:
        sheets.read(Workbook(file, LIMITS, TOKEN), PEOPLE, TOKEN)
    return None


def cell_error(place: Place) -> str | None:
    path = members(place.folder / "a.xlsx", *({"nama": name} for name in "ABCDEFGHIJ"))
    error = in_sheet(r'<c r="C2" t="s"><v>[0-9]+</v></c>', '<c r="C2" t="e"><v>#N/A</v></c>')
    return str(read(rebuilt(path, error)).damaged["reasons"][0])


def large(place: Place) -> str | None:
    path = place.file("a.json", b'{"results": [' + b" " * 1_100_000 + b"]}")
    with path.open("rb") as file:
        choose(file, path.suffix, TOKEN, None, Limits(256, 1000, 1))
    return None


def document(content: bytes, _: Place) -> str | None:
    forms.read(content, profiles()["kobo_v1_json"], TOKEN)
    return None


def submission(state: str | None = "approved") -> bytes:
    return json.dumps({"value": [odk(1, state)]}).encode()


def refused_by_person(place: Place) -> str | None:
    token = taken(place, early_files(place.town)[3])[-1].token
    with opened(load_settings(home=place.home)) as platform:
        refuse(platform, token, Word("wrong batch", "tester", NOW))
        return platform.registry.file(token).code


def sidecar(place: Place) -> str | None:
    place.file(f"{FAMILIES}.json", b"{")
    return taken(place, place.file(FAMILIES, place.families))[-1].code


TRIGGERS: Mapping[str, Trigger] = {
    "E_MISSING": lambda place: put(place, place.folder / "none.csv"),
    "E_NOT_REGULAR": linked,
    "E_UNREADABLE": unreadable,
    "E_CHANGING": changing,
    "E_TOO_LARGE": lambda place: put(place, place.file("a.csv", b"12345678"), limit=7),
    "E_EMPTY": partial(changed, "empty"),
    "E_ENCODING": partial(changed, "utf-16"),
    "E_TRUNCATED": partial(changed, "truncated"),
    "E_HEADER": partial(changed, "header"),
    "E_DELIMITER": partial(changed, "delimiter"),
    "E_STRUCTURE": partial(changed, "structure"),
    "E_REGION": partial(changed, "region"),
    "E_PROFILE_UNKNOWN": lambda place: told(place, place.file(FAMILIES, place.families), profile="bps_v9"),
    "E_SNAPSHOT_TWICE": twice,
    "H_CODES_UNCONFIRMED": lambda place: taken(place, *early_files(place.town)[:2])[-1].code,
    "H_DUPLICATES": partial(unlike, "repeated"),
    "H_REJECTS": partial(unlike, "damaged"),
    "H_SNAPSHOT_SIZE": partial(unlike, "smaller"),
    "H_KELURAHAN_GONE": partial(unlike, "kelurahan"),
    "H_KELURAHAN_SHRUNK": partial(unlike, "one family"),
    "H_BATCH_SIZE": small_batch,
    "H_BATCH_INCOMPLETE": batch,
    "E_BATCH_MANIFEST": lambda place: batch(place, manifest=b"{"),
    "E_BATCH_MISMATCH": lambda place: batch(place, is_whole=True),
    "W_NO_DATA_DATE": lambda place: taken(place, place.file(FAMILIES, place.families))[-1].code,
    "W_NO_WEEK": lambda place: taken(place, place.file("kiriman.json", submission()))[-1].code,
    "W_NO_PARTNER": lambda place: taken(place, early_files(place.town)[1])[-1].code,
    "W_PARTNER_HELD": partner_held,
    "W_NO_MANIFEST": lambda place: taken(place, early_files(place.town)[3])[-1].warnings[0],
    "W_UNREVIEWED": lambda place: taken(place, place.file("odk_2026-W41_trc.json", submission(None)))[-1].warnings[-1],
    "E_LINE_ENCODING": partial(line, b"\xff" + b",a" * (len(PLAIN.header) - 1)),
    "E_LINE_CONTROL": partial(line, b"\x7f" + b",a" * (len(PLAIN.header) - 1)),
    "E_LINE_QUOTE": partial(line, b'"a' + b",a" * (len(PLAIN.header) - 1)),
    "E_LINE_WIDTH": partial(line, b"a,a"),
    "E_LINE_TORN": partial(line, b"a"),
    "E_LINE_HEADER": partial(line, ",".join(PLAIN.header).encode()),
    "E_READING": losing,
    "E_MAGIC": lambda place: taken(place, place.file("a.csv", b"PK\x03\x04"))[-1].code,
    "E_NIK_ZEROED": zeroed,
    "E_SHEET_ARCHIVE": lambda place: taken(place, place.file("a.xlsx", b"PK\x03\x04"))[-1].code,
    "E_SHEET_BOMB": lambda place: book(place, partial(extra, "xl/x.xml", b"0" * 30_000_000)),
    "E_SHEET_ACTIVE": lambda place: book(place, partial(extra, "xl/vbaProject.bin", b"x")),
    "E_SHEET_FORMULA": lambda place: book(place, partial(by_hand, lambda sheet: sheet.write_formula(4, 2, "=A1"))),
    "E_SHEET_MERGED": lambda place: book(place, partial(by_hand, lambda sheet: sheet.merge_range("A2:A3", "x"))),
    "E_SHEET_HIDDEN": hidden_sheet,
    "E_SHEET_NAMES": lambda place: book(place, partial(with_sheets, hidden=False)),
    "E_SHEET_MEMORY": lambda place: book(place, lambda path: members(path, {"nama": "A"}), Limits(1, 1000, 1)),
    "E_JSON": partial(document, b'{"results": ['),
    "E_JSON_KEY_TWICE": partial(document, b'{"results": [{"_uuid": "a", "_uuid": "b"}]}'),
    "E_JSON_NUMBER": partial(document, b'{"results": [{"_uuid": "a", "luas_lantai": NaN}]}'),
    "E_JSON_DEPTH": partial(document, b'{"results": ' + b"[" * 13 + b"]" * 13 + b"}"),
    "E_JSON_LARGE": large,
    "E_JSON_SHAPE": partial(document, b'{"results": 1}'),
    "E_CELL_ERROR": cell_error,
    "E_SIDECAR": sidecar,
    "E_REFUSED": refused_by_person,
}
