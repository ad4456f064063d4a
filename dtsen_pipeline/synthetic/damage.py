"""Errors planted into sheets: cells, rows and lines. The truth is fixed by then and is not touched.

Every kind has a stream of its own. Errors of the register itself are planted in `register`.
"""

from collections.abc import Callable

import numpy as np
import polars as pl
from numpy.random import Generator

from dtsen_pipeline.synthetic.draw import Bools, Ints, Streams, pick, share
from dtsen_pipeline.synthetic.sheet import Sheet

LineError = Callable[[Generator, bytes], bytes]
"""Breaks one line, without its newline."""

_FAMILY_CODES = {"jenis_lantai_terluas": "77", "fasilitas_bab": "9", "sumber_penerangan_utama": "42"}
_MEMBER_CODES = {"jenis_kelamin": "9", "status_hubungan_keluarga": "19", "status_kawin": "7"}
_TEXTS = {
    "number_unreadable": ("luas_lantai", ("enam puluh", "4O", "60 m2", "12.5 x 4")),
    "date_unreadable": ("tanggal_lahir", ("31-02-1990", "1990-13-45", "17 Agustus", "00/00/0000")),
    "desil_11": ("desil_nasional", ("11",)),
    "visit_time_unreadable": ("waktu_kunjungan", ("besok pagi",)),
}


def snapshot(stream: Streams, tag: str, family: Sheet, member: Sheet) -> None:
    """Damage the two sheets of a snapshot: first rows, then cells."""
    of = _Planter(stream, tag)
    _drop_families(of, family, member)
    _drop_members(of, family, member)
    _repeat(of, family, "family_duplicate_identical", 0.001)
    _alter(of.rng("family_duplicate_differs"), family, _repeat(of, family, "family_duplicate_differs", 0.001))
    _repeat(of, member, "member_duplicate_identical", 0.0005)
    _codes(of, family, _FAMILY_CODES, 0.0005)
    _codes(of, member, _MEMBER_CODES, 0.0003)
    _cells(of, family, "number_unreadable", 0.0003)
    _cells(of, family, "desil_11", 0.0003)
    _cells(of, member, "date_unreadable", 0.0003)
    _niks(of, member)


def batch(stream: Streams, tag: str, visit: Sheet, member: Sheet) -> None:
    """Damage the two sheets of a field batch lightly."""
    of = _Planter(stream, tag)
    answered = visit.frame["jenis_lantai_terluas"].is_not_null().to_numpy()
    _codes(of, visit, {"jenis_lantai_terluas": "77"}, 0.002, answered)
    _codes(of, member, {"jenis_kelamin": "9"}, 0.001)
    _cells(of, visit, "visit_time_unreadable", 0.001)
    _cells(of, member, "date_unreadable", 0.001)


def lines(stream: Streams, sheet: Sheet, content: bytes, kinds: dict[str, float], delimiter: bytes) -> bytes:
    """Break some lines of a written file; the number of lines stays."""
    rows = content.split(b"\n")
    breakers = line_errors(delimiter)
    of = _Planter(stream, sheet.name)
    for kind, rate in kinds.items():
        for row in of.rows(sheet, kind, rate):
            rows[row + 1] = breakers[kind](of.rng(kind), rows[row + 1])
    return b"\n".join(rows)


def line_errors(delimiter: bytes) -> dict[str, LineError]:
    """How each kind of line error comes about."""
    return {
        "line_missing_delimiter": lambda rng, line: _at_delimiter(rng, line, delimiter, b""),
        "line_extra_delimiter": lambda rng, line: _at_delimiter(rng, line, delimiter, delimiter * 2),
        "line_bare_quote": lambda _, line: line.replace(b"CONTOH ", b'CONTOH "', 1),
        "line_truncated": lambda rng, line: line[: len(line) * int(rng.integers(40, 70)) // 100],
        "line_undecodable": lambda _, line: line.replace(b"CONTOH ", b"CONT\xd3H ", 1),
    }


class _Planter:
    """Draws rows and values for one kind at a time."""

    def __init__(self, stream: Streams, tag: str) -> None:
        self._stream, self._tag = stream, tag
        self._open: dict[str, Generator] = {}

    def rng(self, kind: str) -> Generator:
        return self._open.setdefault(kind, self._stream(f"plant {self._tag} {kind}"))

    def rows(self, sheet: Sheet, kind: str, rate: float, mask: Bools | None = None) -> Ints:
        """Choose clean rows for a kind and mark them."""
        free = sheet.clean() if mask is None else sheet.clean() & mask
        chosen = pick(self.rng(kind), free, share(rate, len(free)))
        sheet.mark(chosen, kind)
        return chosen


def _unspoilt(family: Sheet, member: Sheet) -> Bools:
    """Family rows without any error in them or in their members, which have at least one."""
    size = int(max(family.family.max(), member.family.max())) + 1
    dirty = np.bincount(member.family[~member.clean()], minlength=size) > 0
    some = np.bincount(member.family, minlength=size) > 0
    return family.clean() & (some & ~dirty)[family.family]


def _drop_families(of: _Planter, family: Sheet, member: Sheet) -> None:
    mask = _unspoilt(family, member)
    chosen = pick(of.rng("member_orphan"), mask, share(0.0005, len(mask)))
    member.mark(np.flatnonzero(np.isin(member.family, family.family[chosen])), "member_orphan")
    family.take(np.delete(np.arange(len(mask)), chosen))


def _drop_members(of: _Planter, family: Sheet, member: Sheet) -> None:
    chosen = of.rows(family, "family_without_members", 0.0005, _unspoilt(family, member))
    member.take(np.flatnonzero(~np.isin(member.family, family.family[chosen])))


def _repeat(of: _Planter, sheet: Sheet, kind: str, rate: float) -> Ints:
    """Write some rows a second time, somewhere further on, and say where the copies are."""
    chosen = of.rows(sheet, kind, rate)
    size = len(sheet.kinds)
    position = np.concatenate([np.arange(size) + 0.0, of.rng(kind).uniform(chosen + 0.5, size)])
    order = np.argsort(position, kind="stable")
    sheet.take(np.concatenate([np.arange(size), chosen])[order])
    return np.flatnonzero(order >= size).astype(np.int64)


def _alter(rng: Generator, sheet: Sheet, rows: Ints) -> None:
    area = sheet.cells(rows, "luas_lantai").cast(pl.Int64).fill_null(30).to_numpy()
    sheet.edit(rows, "luas_lantai", [str(value) for value in area + rng.integers(1, 30, len(rows))])


def _codes(of: _Planter, sheet: Sheet, codes: dict[str, str], rate: float, mask: Bools | None = None) -> None:
    chosen = of.rows(sheet, "code_out_of_range", rate, mask)
    which = of.rng("code_out_of_range").integers(0, len(codes), len(chosen))
    for number, (column, value) in enumerate(codes.items()):
        rows = chosen[which == number]
        sheet.edit(rows, column, [value] * len(rows))


def _cells(of: _Planter, sheet: Sheet, kind: str, rate: float) -> None:
    column, values = _TEXTS[kind]
    filled = sheet.frame[column].is_not_null().to_numpy()
    chosen = of.rows(sheet, kind, rate, filled)
    sheet.edit(chosen, column, [str(value) for value in of.rng(kind).choice(values, len(chosen))])


def _niks(of: _Planter, member: Sheet) -> None:
    column = "nomor_induk_kependudukan"
    filled = member.frame[column].is_not_null().to_numpy()
    chosen = of.rows(member, "nik_scientific", 0.0003, filled)
    member.edit(chosen, column, [f"{int(value):.5E}" for value in member.cells(chosen, column)])
    chosen = of.rows(member, "nik_decimal", 0.0003, filled)
    member.edit(chosen, column, [f"{value}.0" for value in member.cells(chosen, column)])


def _at_delimiter(rng: Generator, line: bytes, delimiter: bytes, instead: bytes) -> bytes:
    cells = line.split(delimiter)
    at = int(rng.integers(1, len(cells)))
    return delimiter.join(cells[:at]) + instead + delimiter.join(cells[at:])
