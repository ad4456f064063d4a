"""What would have to be found different for a family's estimate to move: the smallest answers, each one tried.

Single answers first; pairs only in a direction in which no single answer moves the estimate, and never more than two.
How a trial is scored stands in `trials`, what may differ in `editable`.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from itertools import combinations, islice
from typing import Any

import polars as pl

from dtsen_pipeline.core.cutoffs import DECILES, Cuts
from dtsen_pipeline.core.editable import Editable
from dtsen_pipeline.core.estimate import ESTIMATED
from dtsen_pipeline.core.features import HEAD, PRESENT
from dtsen_pipeline.core.subject import PRESENCE
from dtsen_pipeline.core.trials import AS_IT_STANDS, Edit, Trial, Trials
from dtsen_pipeline.reference import code_lists
from dtsen_pipeline.schemas.errors import DtsenError

PAIRS = 5
"""So many pairs a card tells in one direction."""
AT_ONCE, JUDGED = 40_000, 200
"""Pairs that are scored in one go, and of those that move the estimate, how many the rules see in one go."""
Row = Mapping[str, Any]


@dataclass(frozen=True)
class Option:
    """A trial that was scored: the desil it gives, and how far it moves the point (millionths of a log)."""

    trial: Trial
    desil: int
    points: int

    @property
    def size(self) -> tuple[int, int, int]:
        """Fewer edits are smaller, then what moves the point less, then what lies nearer."""
        return len(self.trial), abs(self.points), sum(edit.steps for edit in self.trial)


@dataclass(frozen=True)
class Card:
    """The smallest options that lower and that raise the estimate.

    `idle`: questions of which no realistic answer moves it alone; `settled`: those with no other realistic answer.
    """

    lower: tuple[Option, ...]
    higher: tuple[Option, ...]
    idle: tuple[Editable, ...]
    settled: tuple[Editable, ...]


def edits(questions: Sequence[Editable], family: Row, persons: Sequence[Row], on: date) -> list[Edit]:
    """Every other answer that the questions allow, of the family and of each member who lives there."""
    return [
        Edit(question, place, before, after, answer)
        for question in questions
        for place, row in _asked_of(question, family, persons)
        for before, after, answer in _answers(question, row[question.cell], on)
    ]


def counterfactuals(trials: Trials, desil: int, questions: Sequence[Editable], possible: Sequence[Edit]) -> Card:
    """The card of a family whose estimate is `desil`; `possible`: the other answers to the questions, as in `edits`."""
    singles = _realistic(trials, [(edit,) for edit in possible])
    open_ones = {option.trial[0].question for option in singles}
    moving = {option.trial[0].question for option in singles if option.desil != desil}
    found = {sign: _smallest(option for option in singles if _sign(option, desil) == sign) for sign in (-1, 1)}
    wanted = [sign for sign, edge in ((-1, 1), (1, DECILES)) if not found[sign] and desil != edge]
    if wanted:
        found |= _pairs(trials, desil, singles, wanted)
    return Card(
        lower=found[-1],
        higher=found[1],
        idle=tuple(one for one in questions if one in open_ones - moving),
        settled=tuple(one for one in questions if one not in open_ones),
    )


def age(born: date, on: date) -> int:
    """Completed years."""
    return on.year - born.year - ((on.month, on.day) < (born.month, born.day))


def check_stand(trials: Trials, published: Row) -> None:
    """Raise E_SCORE_DIFFERS where the answers as they stand do not give what is published, distances included."""
    again = trials.scored([AS_IT_STANDS]).row(0, named=True)
    if any(again[name] != published[name] for name in again if name != "family_id"):
        raise DtsenError("E_SCORE_DIFFERS", "the inputs of the family do not give its published estimate")


def check_cuts(families: pl.DataFrame, cuts: Cuts) -> None:
    """Raise E_SCORE_DIFFERS where a cut-off is not the one that families were told their distance from.

    `families`: desil_estimasi, skor_estimasi, jarak_batas_bawah and jarak_batas_atas of a release.
    """
    desil, at = pl.col("desil_estimasi"), pl.col(ESTIMATED)
    sides = (desil - 1, at - pl.col("jarak_batas_bawah")), (desil, at + pl.col("jarak_batas_atas"))
    told = pl.concat(families.select(number=number, cut=cut) for number, cut in sides).drop_nulls().unique()
    if any(cuts[number - 1] != cut for number, cut in told.iter_rows()):
        raise DtsenError("E_SCORE_DIFFERS", "the release's cut-offs are not those of its families' distances")


def _asked_of(question: Editable, family: Row, persons: Sequence[Row]) -> Iterator[tuple[int | None, Row]]:
    if not question.is_of_member:
        yield None, family
        return
    for place, person in enumerate(persons):
        is_head = person["status_hubungan_keluarga"] == HEAD
        if person[PRESENCE] == PRESENT and (is_head or not question.is_of_head):
            yield place, person


def _answers(question: Editable, value: Any, on: date) -> Iterator[tuple[int | None, int, int | date]]:
    """What stands and what could stand, both as they are told, and the answer itself."""
    if not question.is_of_birth:
        yield from ((value, code, code) for code in _values(question, value) if code != value)
    elif value is not None:
        low, high = question.within or (0, 0)
        days = [_older(value, years) for years in range(low, high + 1) if years]
        yield from ((age(value, on), age(day, on), day) for day in days if day <= on)


def _values(question: Editable, value: int | None) -> Sequence[int]:
    if question.within:
        low, high = question.within
        if question.fold and value is not None:
            low, high = max(low, -(-value // question.fold)), min(high, value * question.fold)
        return range(low, high + 1)
    if question.codes:
        return question.codes
    listed = code_lists()[question.list_id or ""]
    coarse = set(listed.tree().values())
    return [code for code in listed.values if code not in coarse]


def _older(born: date, years: int) -> date:
    """The birth date of somebody so many years older; 29 February becomes the 28th where there is none."""
    year = born.year - years
    try:
        return born.replace(year=year)
    except ValueError:
        return born.replace(year=year, day=28)


def _realistic(trials: Trials, tried: Sequence[Trial]) -> list[Option]:
    """The trials that break no rule and leave the family with an estimate."""
    sound = [trial for trial, is_sound in zip(tried, trials.is_sound(tried), strict=True) if is_sound]
    return list(_scored(trials, sound))


def _scored(trials: Trials, tried: Sequence[Trial]) -> Iterator[Option]:
    rows = trials.scored(tried).select("desil_estimasi", "skor_estimasi").iter_rows()
    for trial, (desil, point) in zip(tried, rows, strict=True):
        if desil is not None:
            yield Option(trial, desil, point - trials.point)


def _sign(option: Option, desil: int) -> int:
    return (option.desil > desil) - (option.desil < desil)


def _smallest(options: Iterable[Option]) -> tuple[Option, ...]:
    """The smallest option of each cell, or of each pair of cells, the smallest first."""
    found: dict[tuple[Any, ...], Option] = {}
    for option in sorted(options, key=lambda one: one.size):
        found.setdefault(_cells(option), option)
    return tuple(found.values())


def _cells(option: Option) -> tuple[Any, ...]:
    return tuple(edit.is_about for edit in option.trial)


def _pairs(
    trials: Trials, desil: int, singles: Sequence[Option], wanted: Sequence[int]
) -> dict[int, tuple[Option, ...]]:
    """The smallest pairs in each wanted direction, of answers that are realistic alone and together."""
    alone = [option.trial[0] for option in singles]
    pairs = ((one, other) for one, other in combinations(alone, 2) if one.is_about != other.is_about)
    moving: list[Option] = []
    while chunk := list(islice(pairs, AT_ONCE)):
        moving += [option for option in _scored(trials, chunk) if _sign(option, desil) in wanted]
    return {sign: _sound(trials, [option for option in moving if _sign(option, desil) == sign]) for sign in wanted}


def _sound(trials: Trials, options: Sequence[Option]) -> tuple[Option, ...]:
    """The smallest options that break no rule, one for each pair of cells."""
    ordered = sorted(options, key=lambda one: one.size)
    found: dict[tuple[Any, ...], Option] = {}
    for start in range(0, len(ordered), JUDGED):
        judged = [option for option in ordered[start : start + JUDGED] if _cells(option) not in found]
        verdicts = trials.is_sound([option.trial for option in judged])
        for option, is_sound in zip(judged, verdicts, strict=True):
            if is_sound:
                found.setdefault(_cells(option), option)
        if len(found) >= PAIRS:
            break
    return tuple(islice(found.values(), PAIRS))
