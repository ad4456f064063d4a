"""Programmes over a release: how many families each source's rule takes in, by the official desil and by the estimate.

The two answers stand beside each other, and so do sources that disagree; nothing here decides who is helped. Rules
are those in force on the release's as-of day. No identifying value is shown: families go by their surrogate id.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from types import MappingProxyType

import polars as pl

from dtsen_pipeline.queries.access import Look, note
from dtsen_pipeline.queries.eligibility import BASES, ESTIMATE, NO, OFFICIAL, REASONS, UNDECIDED, YES, judged
from dtsen_pipeline.queries.reading import Row, View, fetched
from dtsen_pipeline.queries.trace import FAMILY, PERSON, resolved
from dtsen_pipeline.reference import Programme, Reading, Rule
from dtsen_pipeline.resources.platform import Platform
from dtsen_pipeline.schemas.errors import DtsenError
from dtsen_pipeline.schemas.programmes import checked_programmes

ENTERS, LEAVES = "masuk", "keluar"
MOVES: Mapping[tuple[str, str], str] = MappingProxyType({(NO, YES): ENTERS, (YES, NO): LEAVES})
"""From the official verdict to the estimate's; only a clear change of answer is a move."""
DISAGREE = "sumber_berbeda"


@dataclass(frozen=True)
class RuleCounts:
    """One source's rule, the families it takes in on each basis (`ya`, `tidak`, `belum`), and how many would move."""

    programme: str
    title: str
    note: str
    source: str
    source_title: str
    source_date: date
    grade: str
    desil: tuple[int, int]
    reserve: int | None
    counts: Mapping[str, Mapping[str, int]]
    entering: int
    leaving: int


@dataclass(frozen=True)
class Mover:
    """A family whose answer differs between the official desil and the estimate."""

    programme: str
    source: str
    family_id: str
    kelurahan: str | None
    official: int | None
    estimate: int | None
    move: str


@dataclass(frozen=True)
class Eligibility:
    """The answer about a release, whose model is told as in its manifest.

    `silent`: programmes for which no source states a rule on that day. `disagreements`: families, by programme and
    basis, that one source's rule takes in and another's does not.
    """

    release_id: str
    model: Row
    on: date
    rules: tuple[RuleCounts, ...]
    disagreements: Mapping[str, Mapping[str, int]]
    silent: tuple[str, ...]
    movers: tuple[Mover, ...]
    moving: int


@dataclass(frozen=True)
class Judged:
    """What one source's rule says of one family on one basis, and why."""

    programme: str
    title: str
    source: str
    basis: str
    desil: int | None
    verdict: str
    reason: str
    reason_id: str
    reason_en: str


@dataclass(frozen=True)
class FamilyEligibility:
    """One family under every rule in force, and per programme and basis the verdict that all its sources share."""

    release_id: str
    model: Row
    family_id: str
    on: date
    rules: tuple[Judged, ...]
    verdicts: Mapping[str, Mapping[str, str]]


def over_release(platform: Platform, view: View, look: Look, name: str | None = None, limit: int = 20) -> Eligibility:
    """Every programme, or one, over a release; at most `limit` movers are listed, and each of them is logged."""
    chosen = _chosen(name)
    note(platform.registry, look, "programmes", release_id=view.release_id)
    families, persons = _tables(view)
    on = _as_of(view)
    frames = [(*rule, judged(families, persons, rule[-1], _born_by(view))) for rule in _in_force(chosen, on)]
    moving = _moving(frames)
    listed = moving[:limit]
    for family_id in sorted({mover.family_id for mover in listed}):
        note(platform.registry, look, "programmes", subject=family_id, release_id=view.release_id)
    spoken = {programme.id for programme, _, _, _ in frames}
    return Eligibility(
        release_id=view.release_id,
        model=view.model_facts,
        on=on,
        rules=tuple(_counted(*found) for found in frames),
        disagreements=_disagreements([(programme.id, frame) for programme, _, _, frame in frames]),
        silent=tuple(name for name in chosen if name not in spoken),
        movers=tuple(listed),
        moving=len(moving),
    )


def of_family(platform: Platform, view: View, asked_id: str, look: Look, name: str | None = None) -> FamilyEligibility:
    """Every programme, or one, for one family, with the reason of each answer; the look is written down first."""
    chosen = _chosen(name)
    note(platform.registry, look, "programmes", subject=asked_id, release_id=view.release_id)
    family_id = resolved(view, FAMILY, asked_id)
    families, persons = _tables(view, pl.col("family_id") == family_id)
    on = _as_of(view)
    found = [
        judgement
        for programme, reading, rule in _in_force(chosen, on)
        for judgement in _judgements(
            programme, reading, judged(families, persons, rule, _born_by(view)).row(0, named=True)
        )
    ]
    return FamilyEligibility(view.release_id, view.model_facts, family_id, on, tuple(found), _shared(found))


def in_force_on(day: date) -> Mapping[str, list[Rule]]:
    """By programme, the rule of every source that states one for a day; programmes without any are left out."""
    found: dict[str, list[Rule]] = {}
    for programme, _, rule in _in_force(checked_programmes(), day):
        found.setdefault(programme.id, []).append(rule)
    return found


def _chosen(name: str | None) -> Mapping[str, Programme]:
    found = checked_programmes()
    if name is None:
        return found
    if name not in found:
        raise DtsenError("E_PROGRAMME_UNKNOWN", f"the programmes are {', '.join(found)}")
    return {name: found[name]}


def _in_force(chosen: Mapping[str, Programme], on: date) -> Iterator[tuple[Programme, Reading, Rule]]:
    for programme in chosen.values():
        for reading in programme.readings:
            rule = reading.on(on)
            if rule is not None:
                yield programme, reading, rule


def _tables(view: View, *conditions: pl.Expr) -> tuple[pl.DataFrame, pl.DataFrame]:
    found = [fetched(view.scan(table).filter(*conditions)) for table in (FAMILY, PERSON)]
    return found[0], found[1]


def _as_of(view: View) -> date:
    return date.fromisoformat(view.envelope["as_of"])


def _born_by(view: View) -> date:
    return date.fromisoformat(view.manifest["base_date"])


def _counted(programme: Programme, reading: Reading, rule: Rule, frame: pl.DataFrame) -> RuleCounts:
    moves = frame.group_by(f"putusan_{OFFICIAL}", f"putusan_{ESTIMATE}").len().rows()
    by_move = {MOVES[before, after]: count for before, after, count in moves if (before, after) in MOVES}
    return RuleCounts(
        programme=programme.id,
        title=programme.title,
        note=programme.note,
        source=reading.source.id,
        source_title=reading.source.title,
        source_date=reading.source.date,
        grade=reading.source.grade,
        desil=(rule.first, rule.last),
        reserve=rule.reserve if rule.reserve > rule.last else None,
        counts={basis: _counts(frame[f"putusan_{basis}"]) for basis in BASES},
        entering=by_move.get(ENTERS, 0),
        leaving=by_move.get(LEAVES, 0),
    )


def _counts(verdicts: pl.Series) -> Mapping[str, int]:
    found = dict(verdicts.value_counts().rows())
    return {verdict: found.get(verdict, 0) for verdict in (YES, NO, UNDECIDED)}


def _moving(frames: Sequence[tuple[Programme, Reading, Rule, pl.DataFrame]]) -> list[Mover]:
    """The families that would move, by programme, source, kelurahan and id."""
    found = [mover for programme, reading, _, frame in frames for mover in _movers(programme, reading, frame)]
    return sorted(found, key=lambda mover: (mover.programme, mover.source, mover.kelurahan or "", mover.family_id))


def _movers(programme: Programme, reading: Reading, frame: pl.DataFrame) -> Iterator[Mover]:
    for (before, after), move in MOVES.items():
        found = frame.filter(pl.col(f"putusan_{OFFICIAL}") == before, pl.col(f"putusan_{ESTIMATE}") == after)
        for row in found.iter_rows(named=True):
            official, estimate = (row[f"desil_{basis}"] for basis in BASES)
            place = row["family_id"], row["kelurahan"]
            yield Mover(programme.id, reading.source.id, *place, official, estimate, move)


def _disagreements(frames: Sequence[tuple[str, pl.DataFrame]]) -> Mapping[str, Mapping[str, int]]:
    counted = {}
    for name in dict.fromkeys(name for name, _ in frames):
        own = [frame for other, frame in frames if other == name]
        if len(own) > 1:
            counted[name] = {basis: _differing([frame[f"putusan_{basis}"] for frame in own]) for basis in BASES}
    return counted


def _differing(verdicts: Sequence[pl.Series]) -> int:
    """How many families have one verdict here and another there; the frames hold the same families in one order."""
    table = pl.DataFrame({str(place): series for place, series in enumerate(verdicts)})
    return table.filter(pl.any_horizontal(pl.col("0") != pl.col(name) for name in table.columns[1:])).height


def _judgements(programme: Programme, reading: Reading, row: Mapping[str, object]) -> Iterator[Judged]:
    for basis in BASES:
        reason, desil = str(row[f"alasan_{basis}"]), row[f"desil_{basis}"]
        yield Judged(
            programme=programme.id,
            title=programme.title,
            source=reading.source.id,
            basis=basis,
            desil=desil if isinstance(desil, int) else None,
            verdict=str(row[f"putusan_{basis}"]),
            reason=reason,
            reason_id=REASONS[reason].id,
            reason_en=REASONS[reason].en,
        )


def _shared(found: Sequence[Judged]) -> Mapping[str, Mapping[str, str]]:
    """Per programme and basis the verdict that every source gives, or that they differ."""
    shared: dict[str, dict[str, str]] = {}
    for one in found:
        verdicts = {other.verdict for other in found if (other.programme, other.basis) == (one.programme, one.basis)}
        shared.setdefault(one.programme, {})[one.basis] = one.verdict if len(verdicts) == 1 else DISAGREE
    return shared
