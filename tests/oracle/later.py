"""Which rejected rows a later file made good, found again from raw text."""

import re
from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime

from tests.oracle.raw import RawFile
from tests.oracle.ties import CARD, Pointer, Ties
from tests.oracle.values import Mark, answers, read

NIK = "nomor_induk_kependudukan"
NUMBER = re.compile("[0-9]{16}")
MOMENT = re.compile("[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9:]{8}[+-][0-9]{2}:[0-9]{2}")
ANSWERS = {answer.name: answer for answer in answers("anggota")}
CONTROL = re.compile(rb"[\x00-\x08\x0b-\x1f\x7f]")


@dataclass(frozen=True)
class Spoken:
    """A readable row: whom it speaks of, the person's birth date and sex where it says them, and when."""

    pointer: Pointer
    table: str
    subject: str
    traits: tuple[str, str]
    moment: float

    def may_be(self, other: "Spoken") -> bool:
        """Whether the other row's birth date and sex leave it the same person."""
        pairs = zip(self.traits, other.traits, strict=True)
        return all(mine == theirs or not (mine and theirs) for mine, theirs in pairs)


def answered_later(
    files: Collection[RawFile], rejected: Collection[Pointer], unused: Collection[Pointer], ties: Ties
) -> dict[Pointer, str]:
    """Each rejected row after which a row in use of its table speaks of the same subject, with the latest one.

    `unused`: valid rows that take no part or answer nothing. Nobody answers for the families of the official version.
    """
    said = list(_spoken(files, rejected, ties))
    alone = {file.token for file in files if file.table == "keluarga" and ties.official == file.version}
    used = defaultdict[tuple[str, str], list[Spoken]](list)
    for one in said:
        if one.pointer not in rejected and one.pointer not in unused:
            used[one.table, one.subject].append(one)
    found = dict[Pointer, str]()
    for one in said:
        later = [other for other in used[one.table, one.subject] if other.moment > one.moment and one.may_be(other)]
        if one.pointer in rejected and later and one.pointer[0] not in alone:
            last = max(other.moment for other in later)
            found[one.pointer] = min("-".join(map(str, other.pointer)) for other in later if other.moment == last)
    return found


def _spoken(files: Collection[RawFile], rejected: Collection[Pointer], ties: Ties) -> Iterator[Spoken]:
    times = _visit_times(files, rejected)
    for file, row, cells in _lines(files):
        is_family = file.table in ("keluarga", "kunjungan")
        subject = cells[CARD if is_family else NIK].strip(" ")
        moment = _moment(file, cells, times)
        if NUMBER.fullmatch(subject) and moment is not None:
            whom, traits = (ties.cards.last(subject), ("", "")) if is_family else (subject, _traits(cells))
            yield Spoken((file.token, row), file.table, whom, traits, moment)


def _traits(cells: Mapping[str, str]) -> tuple[str, str]:
    """Birth date and sex as they can be read; empty where they cannot."""
    return _readable(cells, "tanggal_lahir"), _readable(cells, "jenis_kelamin")


def _readable(cells: Mapping[str, str], name: str) -> str:
    try:
        value = read(ANSWERS[name], cells[name].strip(" ") or None)
    except ValueError:
        return ""
    return "" if value is None or isinstance(value, Mark) else str(value)


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
