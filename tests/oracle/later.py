"""Which rejected rows a later file made good, found again from raw text."""

import re
from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime

from tests.oracle.raw import RawFile
from tests.oracle.ties import CARD, Pointer

NIK = "nomor_induk_kependudukan"
NUMBER = re.compile("[0-9]{16}")
MOMENT = re.compile("[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9:]{8}[+-][0-9]{2}:[0-9]{2}")
CONTROL = re.compile(rb"[\x00-\x08\x0b-\x1f\x7f]")


@dataclass(frozen=True)
class Spoken:
    """A readable row: whom it speaks of, and when that was said."""

    pointer: Pointer
    table: str
    subject: str
    moment: float


def answered_later(
    files: Collection[RawFile], rejected: Collection[Pointer], official: str | None
) -> dict[Pointer, str]:
    """Each rejected row after which a valid row of its table speaks of the same subject, with the latest one.

    Nobody answers for the families of the `official` version, whose deciles are published.
    """
    said = list(_spoken(files, rejected))
    alone = {file.token for file in files if file.table == "keluarga" and official and file.version == official}
    valid = defaultdict[tuple[str, str], list[Spoken]](list)
    for one in said:
        if one.pointer not in rejected:
            valid[one.table, one.subject].append(one)
    found = dict[Pointer, str]()
    for one in said:
        later = [other for other in valid[one.table, one.subject] if other.moment > one.moment]
        if one.pointer in rejected and later and one.pointer[0] not in alone:
            last = max(other.moment for other in later)
            found[one.pointer] = min("-".join(map(str, other.pointer)) for other in later if other.moment == last)
    return found


def _spoken(files: Collection[RawFile], rejected: Collection[Pointer]) -> Iterator[Spoken]:
    times = _visit_times(files, rejected)
    for file, row, cells in _lines(files):
        subject = cells[CARD if file.table in ("keluarga", "kunjungan") else NIK].strip(" ")
        moment = _moment(file, cells, times)
        if NUMBER.fullmatch(subject) and moment is not None:
            yield Spoken((file.token, row), file.table, subject, moment)


def _lines(files: Iterable[RawFile]) -> Iterator[tuple[RawFile, int, Mapping[str, str]]]:
    for file in files:
        for row in file.rows:
            cells = file.cells(row)
            if cells is not None and not CONTROL.search(file.lines[row - 1].removesuffix(b"\r")):
                yield file, row, cells


def _moment(file: RawFile, cells: Mapping[str, str], times: Mapping[str, float]) -> float | None:
    if file.data_date is not None:
        return float(file.data_date.toordinal())
    if file.table == "kunjungan":
        return _second(cells["waktu_kunjungan"])
    return times.get(cells["id_kunjungan"].strip(" "))


def _visit_times(files: Iterable[RawFile], rejected: Collection[Pointer]) -> dict[str, float]:
    """The latest time that a row of a visit states which is not rejected."""
    found = dict[str, float]()
    for file, row, cells in _lines(file for file in files if file.table == "kunjungan"):
        if (file.token, row) in rejected:
            continue
        moment, visit = _second(cells["waktu_kunjungan"]), cells["id_kunjungan"].strip(" ")
        if moment is not None and visit:
            found[visit] = max(moment, found.get(visit, moment))
    return found


def _second(text: str) -> float | None:
    """A moment with its offset in seconds; None for anything else."""
    if not MOMENT.fullmatch(text.strip(" ")):
        return None
    try:
        return datetime.fromisoformat(text.strip(" ")).timestamp()
    except ValueError:
        return None
