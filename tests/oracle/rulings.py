"""What reviewers decided, told by the rows that a case is about; which answers are in force, by the written rules."""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass

Pointer = tuple[str, int]
ENOUGH = 2


@dataclass(frozen=True)
class Decided:
    """One reviewer's answer on a day about two rows; `group` where the rows are visits."""

    a: Pointer
    b: Pointer
    day: str
    answer: str
    reviewer: str
    group: str = ""


@dataclass(frozen=True)
class InForce:
    """Pairs of rows of one person, pairs of two, and (loser, winner, group) of visits."""

    same: tuple[tuple[Pointer, Pointer], ...] = ()
    apart: tuple[tuple[Pointer, Pointer], ...] = ()
    chosen: tuple[tuple[Pointer, Pointer, str], ...] = ()


def in_force(rulings: Iterable[Decided]) -> InForce:
    """The answers that stand after the last day."""
    cases = defaultdict[tuple[Pointer, Pointer, str], list[Decided]](list)
    for one in rulings:
        if one.answer != "catatan":
            cases[one.a, one.b, one.group].append(one)
    final = {case: _last(said) for case, said in cases.items()}
    return InForce(
        tuple((a, b) for (a, b, _), answer in final.items() if answer == "sama"),
        tuple((a, b) for (a, b, _), answer in final.items() if answer == "beda"),
        tuple((b, a, group) for (a, b, group), answer in final.items() if answer == "pilih_a")
        + tuple((a, b, group) for (a, b, group), answer in final.items() if answer == "pilih_b"),
    )


def _last(said: list[Decided]) -> str | None:
    """The answer in force: a list of answers that grows, and that an undo shortens."""
    answers, voices, is_disputed = [""], dict[str, set[str]](), False
    for day in sorted({one.day for one in said}):
        today = {one.answer for one in said if one.day == day}
        if len(today) > 1:
            is_disputed = True
            continue
        answer = today.pop()
        others = [other for other in voices if other != "batal"]
        if answer == "batal" and is_disputed:
            is_disputed = False
            continue
        if answer == "batal" and others:
            del voices[others[-1]]
            continue
        after = (answers[:-1] or [""]) if answer == "batal" else [*answers, answer]
        after = after or [""]
        mine = voices.pop(answer, set()) | {one.reviewer for one in said if one.day == day}
        if (after[-1] == "sama") != (answers[-1] == "sama") and len(mine) < ENOUGH:
            voices[answer] = mine
            continue
        answers, voices, is_disputed = after, {}, False
    return answers[-1] or None
