"""Reviewers' decisions about doubtful cases: how a decision file is written, and which decisions stand.

A case is two persons, or two visits to one family in one group of columns. Decisions are ordered by the day that the
reviewer gives, never by when they came: the later day wins, an undo takes back the last one before it, and decisions
of one day that differ are a dispute of which none is applied. What ties two persons or parts them changes who
belongs to a family, hence its score, and so it needs two reviewers. What a decision does to rows stands in `links`
and `verdicts`; no file is opened here.
"""

import csv
import hashlib
import hmac
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from io import StringIO
from itertools import groupby

KIND = "decision"
PERSONS, VISITS = "orang", "kunjungan"
SAME, APART = "sama", "beda"
FIRST, SECOND = "pilih_a", "pilih_b"
DISMISSED, NOTED, UNDONE = "tolak", "catatan", "batal"
ANSWERS: Mapping[str, tuple[str, ...]] = {
    PERSONS: (SAME, APART, DISMISSED, NOTED, UNDONE),
    VISITS: (FIRST, SECOND, DISMISSED, NOTED, UNDONE),
}
"""What may be answered to each kind of case."""
CASE, KIND_OF, SIDE_A, SIDE_B, GROUP = "kasus", "jenis", "pihak_a", "pihak_b", "kelompok"
ANSWER, DAY, REVIEWER, EVIDENCE, NOTE = "putusan", "tanggal_putusan", "peninjau", "bukti", "catatan"
COLUMNS = (CASE, KIND_OF, SIDE_A, SIDE_B, GROUP, ANSWER, DAY, REVIEWER, EVIDENCE, NOTE)
STORED = COLUMNS[1:]
"""The columns of a decision file in the vault; the case number follows from the sides and the key."""
CASE_LENGTH = 16
ENOUGH = 2
"""How many reviewers it takes to tie or part persons."""


@dataclass(frozen=True, order=True)
class Case:
    """Two sides: person ids, or tokens of visit rows and the group of columns in which they differ; `a` < `b`."""

    kind: str
    a: str
    b: str
    group: str = ""

    def number(self, key: bytes) -> str:
        """The number by which people know the case: a keyed hash, the same in every release."""
        text = f"kasus|1|{self.kind}|{self.a}|{self.b}|{self.group}"
        return hmac.new(key, text.encode(), hashlib.sha256).hexdigest()[:CASE_LENGTH]


def case_of(kind: str, one: str, other: str, group: str = "") -> Case:
    """The case of two sides in whatever order they are named."""
    return Case(kind, min(one, other), max(one, other), group)


@dataclass(frozen=True, order=True)
class Ruling:
    """What one reviewer decided about a case on a day (ISO). `src`, `row`: where it stands, no part of what it says."""

    case: Case
    day: str
    answer: str
    reviewer: str
    evidence: str = ""
    note: str = ""
    src: str = field(default="", compare=False)
    row: int = field(default=0, compare=False)


@dataclass(frozen=True)
class State:
    """Where a case stands.

    `answer`: what is in force, None where nothing is, by the rulings `by`. `waiting`: rulings that need a second
    reviewer. `disputed`: rulings of one day that contradict each other and are not in force.
    """

    answer: str | None = None
    by: tuple[Ruling, ...] = ()
    waiting: tuple[Ruling, ...] = ()
    disputed: tuple[Ruling, ...] = ()


@dataclass(frozen=True)
class Chosen:
    """A visit's row that another visit's row comes before in a group of columns, by their tokens."""

    winner: str
    loser: str
    group: str


@dataclass(frozen=True)
class Standing:
    """What is in force: pairs of person ids that are one or are not, and visits chosen over others."""

    same: tuple[tuple[str, str], ...] = ()
    apart: tuple[tuple[str, str], ...] = ()
    chosen: tuple[Chosen, ...] = ()


UNDECIDED = Standing()


@dataclass(frozen=True)
class Sets:
    """Ids that decisions tie to each other. `torn`: sets of which two ids are to be kept apart; none is tied."""

    whole: tuple[frozenset[str], ...]
    torn: tuple[frozenset[str], ...]


def ruling_file(rulings: Iterable[Ruling]) -> bytes:
    """The bytes of a decision file; the same rulings give the same bytes in whatever order they came."""
    text = StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(STORED)
    for one in sorted(set(rulings)):
        case = one.case
        told = (one.answer, one.day, one.reviewer, one.evidence, one.note)
        writer.writerow((case.kind, case.a, case.b, case.group, *told))
    return text.getvalue().encode()


def rulings_in(data: bytes, token: str) -> list[Ruling]:
    """The rulings of a decision file that `ruling_file` wrote."""
    lines = csv.reader(StringIO(data.decode()), strict=True)
    next(lines)
    return [
        Ruling(Case(kind, a, b, group), day, answer, reviewer, evidence, note, token, lines.line_num)
        for kind, a, b, group, answer, day, reviewer, evidence, note in lines
    ]


def states(rulings: Iterable[Ruling]) -> dict[Case, State]:
    """Where every case stands that something other than a note was said about."""
    by_case: dict[Case, list[Ruling]] = defaultdict(list)
    for ruling in sorted(set(rulings)):
        if ruling.answer != NOTED:
            by_case[ruling.case].append(ruling)
    return {case: _state(said) for case, said in by_case.items()}


def standing(rulings: Iterable[Ruling]) -> Standing:
    """What is in force among all rulings."""
    answered = [(case, state.answer) for case, state in sorted(states(rulings).items())]
    return Standing(
        same=tuple((case.a, case.b) for case, answer in answered if answer == SAME),
        apart=tuple((case.a, case.b) for case, answer in answered if answer == APART),
        chosen=tuple(
            Chosen(case.a, case.b, case.group) if answer == FIRST else Chosen(case.b, case.a, case.group)
            for case, answer in answered
            if answer in (FIRST, SECOND)
        ),
    )


def sets_of(decided: Standing, known_as: Mapping[str, str]) -> Sets:
    """The sets that the pairs in force make, each id under the name that it is `known_as`, else its own."""
    found: list[frozenset[str]] = []
    for pair in decided.same:
        nodes = frozenset(known_as.get(name, name) for name in pair)
        touched = [one for one in found if one & nodes]
        found = [*(one for one in found if one not in touched), nodes.union(*touched)]
    apart = [frozenset(known_as.get(name, name) for name in pair) for pair in decided.apart]
    torn = tuple(one for one in found if any(pair <= one for pair in apart))
    return Sets(tuple(one for one in found if one not in torn), torn)


Entry = tuple[str, tuple[Ruling, ...]]


def _state(said: Sequence[Ruling]) -> State:
    """The rulings of one case, day by day, as a stack of which the top is in force."""
    stack: list[Entry] = []
    waiting: dict[str, tuple[Ruling, ...]] = {}
    disputed: tuple[Ruling, ...] = ()
    for _, of_day in groupby(said, key=lambda ruling: ruling.day):
        rulings = tuple(of_day)
        answer = rulings[0].answer
        if any(ruling.answer != answer for ruling in rulings):
            disputed = rulings
            continue
        open_answers = [other for other in waiting if other != UNDONE]
        if answer == UNDONE and disputed:
            disputed = ()
        elif answer == UNDONE and open_answers:
            waiting.pop(open_answers[-1])
        else:
            together = waiting.pop(answer, ()) + rulings
            if _needs_two(answer, stack) and len({ruling.reviewer for ruling in together}) < ENOUGH:
                waiting[answer] = together
                continue
            stack = _after(answer, together, stack)
            waiting, disputed = {}, ()
    still_open = tuple(ruling for rulings in waiting.values() for ruling in rulings)
    if not stack:
        return State(waiting=still_open, disputed=disputed)
    return State(*stack[-1], still_open, disputed)


def _after(answer: str, by: tuple[Ruling, ...], stack: list[Entry]) -> list[Entry]:
    return stack[:-1] if answer == UNDONE else [*stack, (answer, by)]


def _needs_two(answer: str, stack: list[Entry]) -> bool:
    """Whether the answer would tie two persons or part them."""
    return _is_tied(stack) != _is_tied(_after(answer, (), stack))


def _is_tied(stack: list[Entry]) -> bool:
    return bool(stack) and stack[-1][0] == SAME
