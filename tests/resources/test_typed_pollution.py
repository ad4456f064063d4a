"""Damage to files whose cells have types: each is read as the sound one, refused, or costs its rows; nothing is silent.

The workbooks are opened in this process, since there are thousands of them. Left out is damage that gives another
sound file: a cell emptied, a text exchanged for another one.
"""

import io
import json
import re
import zipfile
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import date
from functools import partial

import narwhals as nw
import polars as pl
import xlsxwriter

from dtsen_pipeline.core import forms, sheets
from dtsen_pipeline.core.intake import Reading
from dtsen_pipeline.core.normalise import normalise
from dtsen_pipeline.core.rules.context import Context
from dtsen_pipeline.core.translate import filled, translate
from dtsen_pipeline.core.validate import check
from dtsen_pipeline.reference import Profile, city, profiles
from dtsen_pipeline.resources import unpack
from dtsen_pipeline.schemas.errors import DtsenError
from dtsen_pipeline.schemas.tables import tables

TOKEN = "0123456789ab"  # noqa: S105 - a file token is no secret
CITY = city("3571")
COLUMNS = ("nomor_kartu_keluarga", "id_pelanggan_pln", "luas_lantai", "fasilitas_bab", "nama_kepala_keluarga")
FAMILIES = replace(profiles()["bps_v2_keluarga"], header=COLUMNS, synonyms={})
RECORDS = tuple(
    (f"357101010120{9001 + at}", f"05123456789{at}", str(30 + at), "1", f"BUDI {'A' * at}") for at in range(6)
)
SHEET = "xl/worksheets/sheet1.xml"
CELL = re.compile(r'<c r="([A-E])([2-7])" t="s"><v>([0-9]+)</v></c>')
ENTRY = re.compile(r"<row [^>]*>|</row>|<sheetData>|</c>|<c ")
VISITS = profiles()["kobo_v1_json"]
VISIT = {
    "_uuid": "u-1",
    "id_petugas": "0123",
    "waktu_kunjungan": "2026-09-21T09:30:00.000+07:00",
    "hasil_kunjungan": "1",
    "nomor_kartu_keluarga": "3571010101209001",
    "id_pelanggan_pln": "051234567890",
    "luas_lantai": "36",
    "jenis_lantai_terluas": "6",
}


@dataclass(frozen=True)
class Opened:
    """A workbook opened here."""

    data: bytes

    def heads(self) -> list[sheets.SheetHead]:
        book = unpack.Book(io.BytesIO(self.data), 10_000_000)
        found = [(sheet, next(book.rows(sheet["part"], only_first=True), [0, []])) for sheet in book.sheets]
        return [sheets.SheetHead(one["name"], one["hidden"], row[0], tuple(row[1])) for one, row in found]

    def rows(self, place: int) -> Iterator[sheets.Row]:
        book = unpack.Book(io.BytesIO(self.data), 10_000_000)
        return (sheets.Row(*row) for row in book.rows(book.sheets[place]["part"], only_first=False))


class Judged:
    """What becomes of damaged files, beside the sound one; changed rows are judged by the rules all at once."""

    def __init__(self, sound: Reading, profile: Profile) -> None:
        self.sound = {row[1]: row for row in sound.rows.rows()}
        self.profile, self.found = profile, Counter[tuple[str, str]]()
        self.changed: list[tuple[str, tuple[str | int, ...]]] = []

    def take(self, kind: str, read: Callable[[], Reading]) -> None:
        """Count a file as `read`, `refused`, `rejected` or `silent`, or keep what it changed for the rules."""
        try:
            reading = read()
        except (DtsenError, unpack.Refusal):
            self.found["refused", kind] += 1
            return
        rows, lost = reading.rows.rows(), reading.damaged["row"].to_list()
        changed = [row for row in rows if row != self.sound.get(row[1])]
        if sorted([*(row[1] for row in rows), *lost]) != sorted(self.sound) or len(changed) > 1:
            self.found["silent", kind] += 1
        elif changed:
            self.changed.append((kind, changed[0]))
        else:
            self.found["rejected" if lost else "read", kind] += 1

    def all(self) -> Counter[tuple[str, str]]:
        """How many files of each fate and kind of damage."""
        header = ("src", "row", *self.profile.header)
        rows = [(TOKEN, place, *row[2:]) for place, (_, row) in enumerate(self.changed)]
        bad = rejected(pl.DataFrame(rows, schema=header, orient="row"), self.profile)
        fates = (("rejected" if place in bad else "silent", kind) for place, (kind, _) in enumerate(self.changed))
        return self.found + Counter(fates)


def rejected(rows: pl.DataFrame, profile: Profile) -> set[int]:
    """The rows that a hard rule rejects, or whose unknown code is published blank."""
    table = tables()[profile.table]
    context = Context(CITY, {TOKEN: date(2026, 7, 1)}, batch_ends={TOKEN: date(2026, 10, 4)})
    frame = translate(nw.from_native(filled(rows, table.name).lazy()), table, {TOKEN: profile}, CITY)
    found: pl.DataFrame = check(normalise(frame, table, CITY), table, context).to_native().collect()
    is_told = pl.col("reasons").is_not_null() | pl.col("warnings").str.contains(r"W_CODE:")
    return set(found.filter(is_told)["row"])


def sound_book() -> dict[str, bytes]:
    """The parts of the sound workbook; its style 1 shows days."""
    out = io.BytesIO()
    with xlsxwriter.Workbook(out) as book:
        sheet = book.add_worksheet()
        sheet.set_column(20, 20, None, book.add_format({"num_format": "dd/mm/yyyy"}))
        for place, record in enumerate((COLUMNS, *RECORDS)):
            for column, cell in enumerate(record):
                sheet.write_string(place, column, cell)
    with zipfile.ZipFile(out) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def zipped(parts: dict[str, bytes]) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        for name, content in parts.items():
            archive.writestr(name, content)
    return out.getvalue()


def typed(text: str) -> Iterator[tuple[str, str]]:
    """A cell of digits in other types: attributes and value."""
    rounded = f"{text[:15]}{'0' * (len(text) - 15)}"
    numbers = {text, text.lstrip("0"), rounded, f"{int(text):.5E}", f"{text}.0", f"{text}.5", f"-{text}", f" {text}"}
    for number in sorted(numbers):
        yield from (("", number), (' s="1"', number), (' t="d"', number))
    yield from ((' s="1"', "60"), (' t="odd"', text), (' t="d"', "1990-12-31"), (' s="x"', text))
    yield from ((' t="b"', "1"), (' t="e"', "#N/A"), (' t="s"', text))


def polluted_sheets(xml: str) -> Iterator[tuple[str, str]]:
    """The kind of damage and the sheet's text."""
    for cell in CELL.finditer(xml):
        text = RECORDS[int(cell[2]) - 2]["ABCDE".index(cell[1])]
        place, before, behind = f'<c r="{cell[1]}{cell[2]}"', xml[: cell.start()], xml[cell.end() :]
        for attributes, value in typed(text) if text.isdigit() else ((' t="e"', "#N/A"), (' t="s"', "999"), ("", "x")):
            yield "type", f"{before}{place}{attributes}><v>{value}</v></c>{behind}"
        yield "formula", f'{before}{place} t="s"><f>A1</f><v>{cell[3]}</v></c>{behind}'
        yield "twice", before + cell[0] + cell[0] + behind
        yield "another row", before + cell[0].replace(f'{cell[2]}"', '9"', 1) + behind
        yield "an element", f"{before}<!DOCTYPE x>{cell[0]}{behind}"
    yield from (("cut", xml[:at]) for at in range(0, len(xml), 23))
    yield from (("torn", xml[: tag.start()] + xml[tag.end() :]) for tag in ENTRY.finditer(xml))
    yield "merged", xml.replace("</sheetData>", '</sheetData><mergeCells><mergeCell ref="A2:A3"/></mergeCells>')


def test_no_damage_to_a_workbook_is_silent() -> None:
    parts = sound_book()
    whole = zipped(parts)
    sound = sheets.read(Opened(whole), FAMILIES, TOKEN).rows
    assert sound.select(COLUMNS).rows() == list(RECORDS)
    assert rejected(sound, FAMILIES) == set()
    judged = Judged(sheets.read(Opened(whole), FAMILIES, TOKEN), FAMILIES)
    damaged = [(kind, zipped(parts | {SHEET: xml.encode()})) for kind, xml in polluted_sheets(parts[SHEET].decode())]
    damaged += [("file cut", whole[:at]) for at in range(0, len(whole), 37)]
    damaged += [("part gone", zipped({key: parts[key] for key in parts if key != name})) for name in parts]
    for kind, data in damaged:
        judged.take(kind, partial(sheets.read, Opened(data), FAMILIES, TOKEN))
    found = judged.all()
    assert {kind: count for (result, kind), count in found.items() if result == "silent"} == {}
    assert {result for result, kind in found if kind == "type"} == {"read", "refused", "rejected"}
    assert {result for result, kind in found if kind in {"formula", "merged", "cut", "file cut"}} == {"refused"}
    assert found.total() > 1_000


def polluted_documents(record: dict[str, str]) -> Iterator[bytes]:
    """The document with every answer in other types, torn, and told twice."""
    text = json.dumps({"results": [record]})
    for name, answer in record.items():
        told = json.dumps({name: answer})[1:-1]
        others = ["[1]", '{"a": 1}', "NaN", "Infinity", '"a\\nb"', '"\\ud800"', "\t", f"'{answer}'"]
        if answer.isdigit():
            others += [
                str(int(answer)),
                f"{int(answer)}.0",
                f"{int(answer):.5E}",
                f"-{int(answer)}",
                f"{int(answer)}.5",
            ]
        yield from (text.replace(told, f'"{name}": {other}').encode() for other in others)
        yield text.replace(told, f"{told}, {told}").encode()
    yield from (text.encode()[:at] for at in range(len(text)))


def test_no_damage_to_a_document_is_silent() -> None:
    sound = forms.read(json.dumps({"results": [VISIT]}).encode(), VISITS, TOKEN)
    assert rejected(sound.rows, VISITS) == set()
    judged = Judged(sound, VISITS)
    for data in polluted_documents(VISIT):
        judged.take("document", partial(forms.read, data, VISITS, TOKEN))
    found = judged.all()
    assert found["silent", "document"] == 0
    assert {result for result, _ in found} == {"read", "refused", "rejected"}
