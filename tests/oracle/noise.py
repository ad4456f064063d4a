"""Snapshots full of holes and a batch of visits that say anything at all, so that every decision is taken many times.

Answers are drawn from what the snapshots say, from whole code lists, from "there is none" and from codes that no
list holds; days lie before, between and after the snapshots. Nothing here resembles the truth.
"""

import csv
import io
from collections import defaultdict
from collections.abc import Sequence
from datetime import date, timedelta
from random import Random

from dtsen_pipeline.schemas.columns import Kind
from tests.oracle.raw import RawFile
from tests.oracle.ties import CARD, NIK
from tests.oracle.values import TOKEN_OF_NONE, Answer, answers, region_names, spellings

FIRST_DAY, DAYS = date(2023, 3, 1), 1400
SEEN = ("v2_2026", "v3_2026", "v4_2026", "", "rilis-lama")
OUTCOMES, PRESENCES = "1111112345", "111111234566"
FIXED = frozenset({"official", "provenance", "region_address"})
KEPT = frozenset({NIK, CARD, "nama", "tanggal_lahir", "jenis_kelamin"})
Cells = dict[str, str]


def snapshot(file: RawFile, seed: int) -> bytes:
    """A snapshot file with blanks and other values in it, and rows that come again and differ."""
    rng = Random(f"{file.token} {seed}")  # noqa: S311 - reproducible noise
    lines, again = [file.lines[0]], []
    for row in file.rows:
        cells = file.cells(row)
        lines.append(file.lines[row - 1] if cells is None else _line(file, _worn(rng, file.table, cells)))
        if cells is not None and rng.random() < 0.03:
            again.append(_line(file, _worn(rng, file.table, cells)))
    return b"\n".join([*lines, *again, b""])


def extract(files: Sequence[RawFile], seed: int, header: Sequence[str]) -> bytes:
    """An extract of the population register about most of the numbers that the files list, worn like everything."""
    rng = Random(f"register {seed}")  # noqa: S311 - reproducible noise
    known = _rows(files, "anggota", NIK)
    lines = [_registered(rng, rng.choice(known[nik])) for nik in sorted(known) if nik and rng.random() < 0.8]
    lines += [dict(line) for line in lines if rng.random() < 0.03]
    lines += [_registered(rng, line) for line in lines if rng.random() < 0.03]
    return _lines(header, lines)


def _registered(rng: Random, known: Cells) -> Cells:
    found = {name: known[name] for name in (NIK, CARD, "nama", "tanggal_lahir", "jenis_kelamin")}
    changes = {
        "nama": (known["nama"].split(" ")[0], "PERAGA LAIN"),
        "tanggal_lahir": ("1961-02-03", "1961-02-30"),
        "jenis_kelamin": ("1", "2", "77"),
    }
    for name, others in changes.items():
        if rng.random() < 0.06:
            found[name] = rng.choice(others)
    found["status_kependudukan"] = rng.choice(("1",) * 16 + ("2", "Meninggal", "3", "4"))
    found["tanggal_status"] = rng.choice(("", "2026-04-05", "2026-08-09", "2031-01-01"))
    return found


def _worn(rng: Random, table: str, cells: Cells) -> Cells:
    worn = dict(cells)
    for answer in answers(table):
        luck = rng.random()
        if answer.name not in cells or answer.group in FIXED or answer.name in KEPT or luck > 0.08:
            continue
        worn[answer.name] = "" if luck < 0.05 else _anything(rng, answer)
    return worn


def _line(file: RawFile, cells: Cells) -> bytes:
    return b"|".join(b'"' + cells[name].encode().replace(b'"', b'""') + b'"' for name in file.header)


def batch(files: Sequence[RawFile], seed: int, share: float) -> tuple[bytes, bytes]:
    """A visit file and its member file, over a share of the families of the given files."""
    rng = Random(seed)  # noqa: S311 - reproducible noise
    families, members = _rows(files, "keluarga", CARD), _rows(files, "anggota", CARD)
    visits, met = list[Cells](), list[Cells]()
    for card in sorted(families):
        for _ in range(rng.choice((1, 1, 2, 3)) if rng.random() < share else 0):
            visit = _visit(rng, f"N-{len(visits):05d}", families[card])
            visits.append(visit)
            met += _members(rng, visit, members.get(card, []))
    return _written(files, "kunjungan", visits), _written(files, "kunjungan_anggota", met)


def _rows(files: Sequence[RawFile], table: str, key: str) -> dict[str, list[Cells]]:
    """The readable rows of a snapshot table by family card."""
    found = defaultdict[str, list[Cells]](list)
    for file in files:
        for cells in map(file.cells, file.rows if file.table == table else ()):
            if cells is not None:
                found[cells[key]].append(cells)
    return found


def _visit(rng: Random, name: str, known: Sequence[Cells]) -> Cells:
    day = FIRST_DAY + timedelta(days=rng.randrange(DAYS))
    return _answered(rng, "keluarga", known) | {
        "id_kunjungan": name,
        "id_petugas": "TRC-999",
        "peran_petugas": "TRC",
        "waktu_kunjungan": f"{day}T{rng.randrange(24):02d}:30:00+0{rng.choice((7, 7, 8, 9))}:00",
        "versi_dilihat": rng.choice(SEEN),
        "lengan_acak": "2",
        "hasil_kunjungan": rng.choice(OUTCOMES),
        CARD: known[0][CARD],
    }


def _members(rng: Random, visit: Cells, known: Sequence[Cells]) -> list[Cells]:
    found = [_member(rng, visit, cells, rng.choice(PRESENCES)) for cells in known if rng.random() < 0.7]
    if found and rng.random() < 0.2:
        stranger = dict(rng.choice(known)) | {NIK: "", "nama": f"TAMU PERAGA {rng.choice('ABC')}"}
        found.append(_member(rng, visit, stranger, "5"))
    return found


def _member(rng: Random, visit: Cells, known: Cells, presence: str) -> Cells:
    identity = {name: known[name] for name in KEPT}
    for name in ("tanggal_lahir", "jenis_kelamin", NIK):
        if rng.random() < 0.2:
            identity[name] = ""
    card = visit[CARD] if rng.random() < 0.8 else ""
    identity |= {"id_kunjungan": visit["id_kunjungan"], "keberadaan_anggota": presence, CARD: card}
    return _answered(rng, "anggota", [known]) | identity


def _answered(rng: Random, table: str, known: Sequence[Cells]) -> Cells:
    return {
        answer.name: _answer(rng, answer, [cells.get(answer.name, "") for cells in known])
        for answer in answers(table)
        if answer.region_code is None
    }


def _answer(rng: Random, answer: Answer, known: Sequence[str]) -> str:
    """One cell: not asked, as some snapshot has it, none, or anything of the column's kind."""
    luck = rng.random()
    if luck < 0.4:
        return ""
    if luck < 0.6:
        return rng.choice(known)
    if luck < 0.68:
        return TOKEN_OF_NONE
    return _anything(rng, answer)


def _anything(rng: Random, answer: Answer) -> str:
    match answer.kind:
        case Kind.CODE:
            return rng.choice([*sorted(spellings(answer.codes or "")), "77"])
        case Kind.COUNT:
            return str(rng.randrange(1, 40))
        case Kind.REGION:
            return rng.choice([code for code in region_names("3571") if len(code) == _digits(answer)])
        case Kind.TEXT | Kind.NAME:
            return f"Contoh  PERAGA {rng.randrange(4)}"
        case _:
            return ""


def _digits(answer: Answer) -> int:
    level = answer.name.removeprefix("kode_").removesuffix("_ktp")
    return {"provinsi": 2, "kabupaten_kota": 4, "kecamatan": 7, "kelurahan_desa": 10}[level]


def _written(files: Sequence[RawFile], table: str, rows: Sequence[Cells]) -> bytes:
    return _lines(next(file for file in files if file.table == table).header, rows)


def _lines(header: Sequence[str], rows: Sequence[Cells]) -> bytes:
    text = io.StringIO()
    writer = csv.DictWriter(text, header, restval="", extrasaction="ignore", lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    return text.getvalue().encode()
