"""The merge by the written rules, one entity and one column at a time in plain Python.

Register > verified later than the base snapshot > earlier verified where the table keeps it > base snapshot >
older snapshot. Ties: moment of the visit, then file token, then row.
"""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date

from dtsen_pipeline.schemas.columns import Kind
from tests.oracle.civil import SPOKEN
from tests.oracle.rulings import InForce
from tests.oracle.ties import CARD, NEW, NOT_FOUND, PRESENT, Entity, Pointer, Record
from tests.oracle.values import HOME, PRESENCE, Answer, Mark, Value, agrees, is_finer, max_age_days

FIXED_OF_FAMILY = {"official", "provenance"}
WINS = {"register", "changed", "blocked", "pending", "filled", "refined"}
BASE_LOSES = {"changed": "overridden", "blocked": "blocked", "pending": "pending"}


@dataclass(frozen=True)
class Calendar:
    """The snapshots: versions oldest first, and their data dates."""

    versions: Sequence[str]
    dates: dict[str, date]
    official: str | None = None

    @property
    def base(self) -> str:
        """The version with the latest data date."""
        return self.versions[-1]

    @property
    def base_day(self) -> date:
        """Its data date."""
        return self.dates[self.base]

    def seen_by(self, visit: Record) -> str | None:
        """The snapshot the visit names, else the latest dated on or before it."""
        named = visit.cells["versi_dilihat"].strip()
        if named in self.dates:
            return named
        return next((v for v in reversed(self.versions) if self.dates[v] <= visit.day), None)


@dataclass
class Outcome:
    """What should be published of one entity: values, the ministry's values, and the decisions by record."""

    base: Pointer
    values: dict[str, Value] = field(default_factory=dict)
    ministry: dict[str, Value] = field(default_factory=dict)
    lineage: dict[tuple[Pointer, str], int] = field(default_factory=lambda: defaultdict(int))
    conflict: dict[tuple[Pointer, str], int] = field(default_factory=lambda: defaultdict(int))
    clashes: dict[tuple[Pointer, str, str], int] = field(default_factory=lambda: defaultdict(int))
    """Bits of lost columns by record, decision and kind of clash."""


def is_fixed(answer: Answer, table: str) -> bool:
    """Whether the base record alone answers: official deciles, provenance flags, a family's own card."""
    return table == "keluarga" and (answer.group in FIXED_OF_FAMILY or answer.name == CARD)


def said(record: Record, visit: Record, answer: Answer) -> Value:
    """What a field row answers in a column; neither a code outside its list nor hearsay is an answer.

    A member row without a card of its own takes that of the visited family, where the member is present.
    """
    presence = record.values.get(PRESENCE)
    if answer.name == CARD and record.values[CARD] is None:
        return visit.values[HOME] if presence in (PRESENT, NEW) else None
    if answer.name == HOME:
        return visit.values[HOME] if presence in (PRESENT, NEW) else None
    if answer.name == PRESENCE and record.is_hearsay:
        return None
    if answer.name == PRESENCE:
        return {NEW: PRESENT, NOT_FOUND: None}.get(presence, presence) if isinstance(presence, int) else None
    value = record.told[answer.name]
    return None if value is Mark.UNKNOWN else value


def expect(
    entity: Entity,
    table: str,
    columns: Iterable[Answer],
    calendar: Calendar,
    decided: InForce = InForce(),  # noqa: B008 - frozen
) -> Outcome | None:
    """What should be published of an entity; None where it should not be published."""
    order = {version: age for age, version in enumerate(reversed(calendar.versions))}
    rows = sorted(entity.rows, key=lambda row: (order[row.version], row.pointer))
    visits = sorted(entity.visits, key=lambda pair: (pair[1].at, pair[0].pointer))
    if rows and rows[0].version == calendar.base:
        found = Outcome(rows[0].pointer)
        base, others = rows[0], rows[1:]
    else:
        stated = [(record, said(record, visit, _PRESENCE)) for record, visit in visits]
        met = [(record, presence) for record, presence in stated if presence is not None]
        if table == "keluarga" or not met or met[-1][1] != PRESENT:
            return None
        found = Outcome(met[0][0].pointer)
        base, others = None, rows
    for answer in columns:
        if is_fixed(answer, table):
            _keep(found, _Cell(answer, base, others, [], calendar))
        elif answer.region_code is None:
            answered = [(record, visit, said(record, visit, answer)) for record, visit in visits]
            spoken = [entry for entry in answered if entry[2] is not None]
            behind = _behind(spoken, answer, decided)
            spoken.sort(key=lambda entry: entry[0].pointer not in behind)
            cell = _Cell(answer, base, others, spoken, calendar, behind)
            word = entity.word.values.get(answer.name) if entity.word and answer.name in SPOKEN else None
            if entity.word is None or word is None or word is Mark.UNKNOWN:
                _settle(found, cell)
            else:
                _overrule(found, cell, entity.word.pointer, word)
    return found


def _overrule(found: Outcome, cell: "_Cell", pointer: Pointer, word: Value) -> None:
    """A column that the register speaks of: its word, which other claims agree with or lose to."""
    answer, name = cell.answer, cell.answer.name
    found.ministry[name], _, _ = cell.filled()
    found.values[name] = word
    is_stated = cell.base is not None and agrees(word, cell.new, answer)
    found.lineage[pointer, "confirmed" if is_stated else "register"] |= cell.bit
    if cell.base and _contradicts(cell.new, word, answer):
        found.conflict[cell.base.pointer, "overruled"] |= cell.bit
    for other in cell.others:
        theirs = other.told[name]
        is_rival = other.version == cell.calendar.base and _contradicts(theirs, cell.new, answer)
        if is_rival and _contradicts(theirs, word, answer):
            found.conflict[other.pointer, "overruled"] |= cell.bit
    for record, _, value in cell.spoken:
        if agrees(value, word, answer):
            found.lineage[record.pointer, "confirmed"] |= cell.bit
        else:
            found.conflict[record.pointer, "overruled"] |= cell.bit


def _behind(spoken: list[tuple[Record, Record, Value]], answer: Answer, decided: InForce) -> frozenset[Pointer]:
    """The answers to a column that a reviewer put behind another one of the same family."""
    here = {record.pointer for record, _, _ in spoken}
    return frozenset(
        loser for loser, winner, group in decided.chosen if group == answer.group and {loser, winner} <= here
    )


def _keep(found: Outcome, cell: "_Cell") -> None:
    """A column that one record alone answers: the base's, or for official deciles the latest snapshot's with them."""
    name, source = cell.answer.name, cell.base
    if cell.answer.group == "official" and cell.calendar.official not in (None, cell.calendar.base):
        source = next((other for other in cell.others if other.version == cell.calendar.official), None)
    found.ministry[name] = found.values[name] = source.told[name] if source else None
    if source is not None and source is not cell.base and source.told[name] is not None:
        found.lineage[source.pointer, "filled"] |= cell.bit
    for other in cell.others:
        if other.version == cell.calendar.base and _contradicts(other.told[name], cell.new, cell.answer):
            found.conflict[other.pointer, "superseded"] |= cell.bit


_PRESENCE = Answer(PRESENCE, 48, Kind.CODE, "membership")


@dataclass(frozen=True)
class _Cell:
    """One column of one entity: what the base record and the other snapshot rows hold, and what officers said."""

    answer: Answer
    base: Record | None
    others: list[Record]
    spoken: list[tuple[Record, Record, Value]]
    calendar: Calendar
    behind: frozenset[Pointer] = frozenset()

    @property
    def new(self) -> Value:
        """The base snapshot's own value."""
        return self.base.told[self.answer.name] if self.base else None

    @property
    def bit(self) -> int:
        """The column's place in a mask."""
        return 1 << self.answer.bit

    def seen_by(self, visit: Record) -> Value:
        """The value in the snapshot that the officer had in hand."""
        version = self.calendar.seen_by(visit)
        rows = [*([self.base] if self.base else []), *self.others]
        first = next((row for row in rows if row.version == version), None)
        return first.told[self.answer.name] if first else None

    def clash(self, mine: tuple[Record, Record, Value], theirs: tuple[Record, Record, Value] | None) -> str | None:
        """How an answer stands against the base snapshot, or against another visit's answer."""
        if theirs is None:
            late, day, value = mine[1], self.calendar.base_day, self.new
        else:
            early, last = sorted((mine, theirs), key=lambda entry: (entry[1].at, entry[0].pointer))
            late, day, value = last[1], early[1].day, early[2]
        version = self.calendar.seen_by(late)
        if version is None or day <= self.calendar.dates[version]:
            return None
        is_unmoved = (theirs is None and value is None) or agrees(value, self.seen_by(late), self.answer)
        return "mask_lunak" if is_unmoved else "mask_keras"

    def filled(self) -> tuple[Value, Record | None, str]:
        """The base value, a blank filled or a coarse code refined by the first of the others that can."""
        for other in self.others:
            theirs = other.told[self.answer.name]
            if self.new is None and theirs is not None:
                return theirs, other, "filled"
            if is_finer(theirs, self.new, self.answer):
                return theirs, other, "refined"
        return self.new, None, ""


def _settle(found: Outcome, cell: _Cell) -> None:
    """One column: the ministry's value, the latest answer against it, and an earlier finer answer of that branch."""
    answer, name = cell.answer, cell.answer.name
    said_by_ministry, filler, filling = cell.filled()
    found.ministry[name] = found.values[name] = said_by_ministry
    for other in cell.others:
        theirs = other.told[name]
        if other.version == cell.calendar.base and _contradicts(theirs, cell.new, answer):
            found.conflict[other.pointer, "superseded"] |= cell.bit
    if not cell.spoken:
        if filler:
            found.lineage[filler.pointer, filling] |= cell.bit
        return
    record, visit, verified = cell.spoken[-1]
    is_as_seen = agrees(verified, cell.seen_by(visit), answer)
    decision = _decision(cell, said_by_ministry, is_as_seen)
    is_clearing = cell.base is not None and verified is Mark.NONE and cell.new is None
    if decision in WINS or is_clearing:
        found.values[name] = verified
    refinable = found.values[name] if decision in WINS or is_clearing or cell.new is None else cell.new
    finer = [
        entry
        for entry in cell.spoken[:-1]
        if is_finer(entry[2], refinable, answer) and entry[0].pointer not in cell.behind
    ]
    if finer:
        found.values[name] = finer[-1][2]
        found.lineage[finer[-1][0].pointer, "refined"] |= cell.bit
    elif decision in WINS:
        found.lineage[record.pointer, decision] |= cell.bit
    elif filler and not is_clearing:
        found.lineage[filler.pointer, filling] |= cell.bit
    _agree_and_lose(found, cell, decision, is_as_seen=is_as_seen, refiner=finer[-1][0] if finer else None)


def _agree_and_lose(found: Outcome, cell: _Cell, decision: str, *, is_as_seen: bool, refiner: Record | None) -> None:
    """Who agreed with what is published, and whose value gave way."""
    record, final = cell.spoken[-1][0], found.values[cell.answer.name]
    is_refined_win = refiner is not None and decision in WINS
    if is_refined_win or (is_as_seen and decision not in ("changed", "expired")):
        found.lineage[record.pointer, "confirmed"] |= cell.bit
    if decision == "adopted":
        found.lineage[record.pointer, decision] |= cell.bit
    main = cell.spoken[-1]
    if decision in ("expired", "superseded"):
        _lose(found, cell, record.pointer, decision, cell.clash(main, None))
    for entry in cell.spoken[:-1]:
        other, _, value = entry
        if other is not refiner and not agrees(value, final, cell.answer):
            verdict = "reviewed" if other.pointer in cell.behind else "superseded"
            _lose(found, cell, other.pointer, verdict, cell.clash(entry, _opposed(cell, value)))
    if cell.base and decision in BASE_LOSES and cell.new is not None and not agrees(final, cell.new, cell.answer):
        _lose(found, cell, cell.base.pointer, BASE_LOSES[decision], cell.clash(main, None))


def _opposed(cell: _Cell, value: Value) -> tuple[Record, Record, Value] | None:
    """The answer that speaks for a column where it says otherwise; else the base snapshot is what contradicts."""
    main = cell.spoken[-1]
    return None if agrees(value, main[2], cell.answer) else main


def _lose(found: Outcome, cell: _Cell, pointer: Pointer, decision: str, clash: str | None) -> None:
    found.conflict[pointer, decision] |= cell.bit
    if clash is not None:
        found.clashes[pointer, decision, clash] |= cell.bit


def _contradicts(mine: Value, other: Value, answer: Answer) -> bool:
    return mine is not None and other is not None and not agrees(mine, other, answer)


def _decision(cell: _Cell, said_by_ministry: Value, is_as_seen: bool) -> str:  # noqa: FBT001 - a fact
    """The decided table for the latest answer."""
    _, visit, verified = cell.spoken[-1]
    new, day, base_day = cell.new, visit.day, cell.calendar.base_day
    if agrees(verified, new, cell.answer) and not (cell.base is None and verified is Mark.NONE):
        if is_finer(verified, new, cell.answer):
            return "refined"
        return "none" if is_as_seen else "adopted"
    if day > base_day:
        return "filled" if is_as_seen and new is None else "changed"
    limit = max_age_days(cell.answer.name, cell.answer.group)
    if limit is not None and (base_day - day).days > limit:
        return "filled" if new is None and said_by_ministry is None else "expired"
    if is_as_seen:
        return "filled" if new is None else "superseded"
    seen = cell.seen_by(visit)
    return "blocked" if new is None or agrees(new, seen, cell.answer) else "pending"
