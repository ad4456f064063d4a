"""The population register in plain Python: which row speaks for a NIK, of whom, and what it overrules."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date

from tests.oracle.raw import RawFile
from tests.oracle.values import PRESENCE, Answer, Value, answers, read

TABLE = "kependudukan"
NIK, NAME, BORN, SEX, STATUS = (
    "nomor_induk_kependudukan",
    "nama",
    "tanggal_lahir",
    "jenis_kelamin",
    "status_kependudukan",
)
SPOKEN = (NAME, BORN, SEX, PRESENCE)
GONE = (2, 3, 4)
Pointer = tuple[str, int]
Birth = tuple[Value, Value]


@dataclass(frozen=True)
class Word:
    """The row that speaks for a NIK: what it states of the columns that the register speaks of."""

    pointer: Pointer
    nik: str
    day: date
    values: Mapping[str, Value]

    @property
    def birth(self) -> Birth:
        """Birth date and sex; None for a sex that no list holds."""
        sex = self.values[SEX]
        return self.values[BORN], sex if isinstance(sex, int) else None

    @property
    def key(self) -> tuple[object, ...] | None:
        """The identity of rows that agree; None where the word is not whole."""
        return None if None in self.birth else ("nik", self.nik, *self.birth)


@dataclass
class Words:
    """The words by NIK, and what is set aside of the extracts."""

    by_nik: dict[str, Word] = field(default_factory=dict)
    aside: dict[Pointer, str] = field(default_factory=dict)


def contradict(mine: Birth, other: Birth) -> bool:
    """Whether a birth date or a sex that both state differs."""
    return any(a is not None and b is not None and a != b for a, b in zip(mine, other, strict=True))


def heard(files: Iterable[RawFile], rejected: Collection[Pointer]) -> Words:
    """The newest valid row of every NIK."""
    found, best = Words(), dict[str, tuple[date, Pointer]]()
    for file in sorted((file for file in files if file.table == TABLE), key=lambda file: file.token):
        met = set[tuple[str, ...]]()
        for row in file.rows:
            cells, pointer = file.cells(row), (file.token, row)
            if cells is None or pointer in rejected:
                continue
            content = tuple(str(value) for value in _content(cells))
            if content in met:
                found.aside[pointer] = "duplicate"
                continue
            met.add(content)
            nik, at = cells[NIK].strip(" "), (file.data_date or date.min, pointer)
            if nik not in best or at > best[nik]:
                best[nik], found.by_nik[nik] = at, _word(cells, nik, at)
    return found


def _content(cells: Mapping[str, str]) -> Iterable[Value]:
    named = {answer.name: answer for answer in answers("anggota")}
    for name, cell in cells.items():
        yield read(named[name], cell) if name in named else cell.strip(" ")


def _word(cells: Mapping[str, str], nik: str, at: tuple[date, Pointer]) -> Word:
    named = {answer.name: answer for answer in answers("anggota")}
    values: dict[str, Value] = {name: read(named[name], cells[name]) for name in (NAME, BORN, SEX)}
    status = read(Answer(STATUS, 0, named[SEX].kind, "", codes=STATUS), cells[STATUS])
    values[PRESENCE] = status if status in GONE else None
    since = cells["tanggal_status"].strip(" ")
    return Word(at[1], nik, date.fromisoformat(since) if since else at[0], values)


@dataclass(frozen=True)
class Bearer:
    """A record of a person who bears a NIK: a place in a list of persons, the birth date and sex, and the name."""

    person: int
    birth: Birth
    name: str | None


def tied(words: Words, bearers: Mapping[str, Sequence[Bearer]]) -> dict[int, Word]:
    """The word about each person; what speaks of nobody, or of nobody in particular, is set aside."""
    found = defaultdict[int, list[Word]](list)
    for nik, word in words.by_nik.items():
        known = bearers.get(nik, ())
        alike = defaultdict[int, bool](bool)
        for one in known:
            alike[one.person] |= is_alike(one.name, word.values[NAME])
        fitting = {one.person for one in known if not contradict(one.birth, word.birth)}
        if len(fitting) == 1:
            found[fitting.pop()].append(word)
        elif not fitting and len(alike) == 1 and all(alike.values()):
            found[next(iter(alike))].append(word)
        else:
            words.aside[word.pointer] = "held" if known else "out_of_scope"
    words.aside |= {word.pointer: "held" for several in found.values() if len(several) > 1 for word in several}
    return {person: several[0] for person, several in found.items() if len(several) == 1}


def is_alike(mine: str | None, other: Value) -> bool:
    """Whether two names share their first or their last word."""
    left, right = (str(name or "").upper().split() for name in (mine, other))
    return bool(left and right) and (left[0] == right[0] or left[-1] == right[-1])
