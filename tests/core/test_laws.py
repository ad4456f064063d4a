"""Laws of the merge on stories drawn by Hypothesis: what may come in another order, twice or late changes nothing.

Every story holds several families, so that few examples try many cells. The independent judge rules over each.
"""

import os
from collections.abc import Sequence
from dataclasses import replace
from itertools import combinations
from typing import Any

import polars as pl
import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, precondition, rule, run_state_machine_as_test

from dtsen_pipeline.core.engine import Engine
from dtsen_pipeline.reference import code_lists
from dtsen_pipeline.schemas.release import KEYS
from dtsen_pipeline.schemas.tables import FIELD_TABLES, VISIT
from tests.core.rows import ANCIENT, CARD, DATES, Release, Town, card
from tests.core.stories import (
    EYES,
    FAMILIES,
    FIRST_DAY,
    FLOOR,
    NONE,
    VERSIONS,
    Choice,
    Story,
    Visit,
    answers,
    files,
    sent_again,
    split,
    stories,
    visit,
)
from tests.oracle import judge as oracle
from tests.running import Readings, Run

pytestmark = pytest.mark.law
STORIES = int(os.environ.get("DTSEN_TEST_STORIES", "2"))
FEW = settings(
    max_examples=STORIES,
    deadline=None,
    phases=(Phase.generate,),
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
DECIDED = ("keluarga", "anggota", "lineage", "conflict", "alias", "vanished")
POINTER = ["src", "row"]
Tables = dict[str, pl.DataFrame]


def told(town: Town, engine: Engine, choices: Sequence[Choice] = ()) -> Release:
    """The release of a town, ruled by the judge: every cell, decision and fate follows from the raw text."""
    decided = [said for choice in choices for said in choice.told(town)]
    town.rulings += [ruling for ruling, _ in decided]
    release = Release(town, engine)
    published = oracle.Release(release.tables, release.run.outcome.cuts)
    judgement = oracle.judge(published, files(town), rulings=[mine for _, mine in decided])
    assert not judgement.faults, judgement.summary()
    assert sum(len(rows) for rows in town.rows.values()) == len(release.tables["fate"])
    return release


def tables_of(release: Release, names: tuple[str, ...] = DECIDED) -> Tables:
    """The decided tables, in the order of their keys."""
    outcome, engine = release.run.outcome, release.run.engine
    return {name: engine.fetch(outcome.tables[name]).sort(KEYS[name]) for name in names}


def values_of(release: Release) -> Tables:
    """What is published of families and persons, without the records it came from."""
    return {name: table.drop(POINTER) for name, table in tables_of(release, ("keluarga", "anggota")).items()}


def same(found: Tables, expected: Tables) -> None:
    """Fail with the name of the first table that differs; no value is shown."""
    assert [name for name in expected if not found[name].equals(expected[name])] == []


@FEW
@given(story=stories(), data=st.data())
def test_running_again_in_another_order_gives_the_same(story: Story, data: st.DataObject, engine: Engine) -> None:
    town = story.town()
    release = told(town, engine)
    readings = town.readings()
    mixed = {
        table: frame[data.draw(st.permutations(range(frame.height)), label=table)] if frame.height else frame
        for table, frame in readings.rows.items()
    }
    run = Run(Readings(mixed, readings.damaged, readings.inputs), engine)
    again = Release(town, engine)
    again.run, again.tables = run, run.tables
    same(tables_of(again, tuple(KEYS)), tables_of(release, tuple(KEYS)))


@FEW
@given(story=stories(), batch=st.sampled_from("12"))
def test_a_batch_that_comes_twice_changes_nothing(story: Story, batch: str, engine: Engine) -> None:
    release = told(story.town(), engine)
    again = sent_again(story.visits, batch, "9")
    twice = told(story.town(again), engine)
    same(tables_of(twice), tables_of(release))
    fates = [row["fate"] for row in twice.tables["fate"] if row["src"].startswith(("c9", "d9"))]
    assert fates == ["duplicate"] * 2 * len(again)


@FEW
@given(story=stories(), batch=st.sampled_from("12"), data=st.data())
def test_splitting_a_batch_keeps_the_values(story: Story, batch: str, data: st.DataObject, engine: Engine) -> None:
    size = sum(one.batch == batch for one in story.visits)
    parted = split(story, batch, data.draw(st.integers(0, size), label="at"))
    same(values_of(told(parted.town(), engine)), values_of(told(story.town(), engine)))


@FEW
@given(story=stories(), data=st.data())
def test_an_older_visit_only_refines_what_a_newer_one_decided(
    story: Story, data: st.DataObject, engine: Engine
) -> None:
    older = [data.draw(visit(number, 100 + number, FIRST_DAY)) for number in range(FAMILIES)]
    before, after = told(story.town(), engine), told(story.town(older), engine)
    floors = code_lists()["lantai"]
    for number in filter(story.in_base, range(FAMILIES)):
        mine = [one for one in story.visits if one.number == number]
        for column in {name for one in mine for name in one.answered}:
            was, now = (release.family(card(number))[column] for release in (before, after))
            is_refined = column == FLOOR and was is not None and now is not None and was in floors.ancestors(now)
            assert now == was or is_refined, column
        if any(one.eyes for one in mine):
            assert _eyes(before, number) == _eyes(after, number)


@FEW
@given(story=stories(), data=st.data())
def test_a_choice_between_visits_and_its_undo_is_the_state_before(
    story: Story, data: st.DataObject, engine: Engine
) -> None:
    rivals = list(combinations([one for one in story.visits if FLOOR in one.answered], 2))
    pairs = [(one.name, other.name) for one, other in rivals if one.number == other.number]
    made = [Choice(*pair, data.draw(st.booleans()), table=table) for pair in pairs for table in FIELD_TABLES]
    undone = [replace(choice, is_undone=True) for choice in made]
    told(story.town(), engine, made)
    same(tables_of(told(story.town(), engine, undone)), tables_of(told(story.town(), engine)))


def _eyes(release: Release, number: int) -> list[Any]:
    home = release.family(card(number))["family_id"]
    return [row[EYES] for row in release.tables["anggota"] if row["family_id"] == home]


class Office(RuleBasedStateMachine):
    """Snapshots come in turn, batches come when they like and sometimes twice; a model of the families looks on."""

    engine: Engine

    @initialize(first=answers(field=False))
    def begin(self, first: tuple[tuple[str, str], ...]) -> None:
        self.versions = [ANCIENT]
        self.listed = [(ANCIENT, 0, first)]
        self.visits: list[Visit] = []
        self.again: list[Visit] = []
        self.choices: list[Choice] = []

    @precondition(lambda self: len(self.versions) < len(VERSIONS))
    @rule(rows=st.dictionaries(st.integers(0, 3), answers(field=False), min_size=1))
    def snapshot(self, rows: dict[int, tuple[tuple[str, str], ...]]) -> None:
        """A newer snapshot lists some families, and no longer lists others."""
        self.versions.append(VERSIONS[len(self.versions)])
        self.listed += [(self.versions[-1], number, cells) for number, cells in sorted(rows.items())]

    @rule(data=st.data(), number=st.integers(0, 3))
    def call(self, data: st.DataObject, number: int) -> None:
        """A family is visited, whether anybody lists it or not."""
        self.visits.append(data.draw(visit(number, len(self.visits))))

    @precondition(lambda self: self.visits and not self.again)
    @rule(batch=st.sampled_from("12"))
    def repeat(self, batch: str) -> None:
        """A batch comes a second time, and may grow on after that."""
        self.again = sent_again(self.visits, batch, "9")

    @precondition(lambda self: self._rivals())
    @rule(data=st.data(), picks_first=st.booleans())
    def choose(self, data: st.DataObject, picks_first: bool) -> None:  # noqa: FBT001 - drawn
        """A reviewer puts one visit to a family before another, or what it says of a member."""
        first, second, table = data.draw(st.sampled_from(self._rivals()))
        self.choices.append(Choice(first, second, picks_first, table=table))

    @precondition(lambda self: any(not choice.is_undone for choice in self.choices))
    @rule()
    def undo(self) -> None:
        """The last choice that stands is taken back."""
        place = max(place for place, choice in enumerate(self.choices) if not choice.is_undone)
        self.choices[place] = replace(self.choices[place], is_undone=True)

    def _rivals(self) -> list[tuple[str, str, str]]:
        """Visits to one family, and their rows of members, that nobody has chosen between yet."""
        asked = {(choice.first, choice.second, choice.table) for choice in self.choices}
        pairs = [(one.name, other.name) for one, other in combinations(self.visits, 2) if one.number == other.number]
        return [(*pair, table) for pair in pairs for table in FIELD_TABLES if (*pair, table) not in asked]

    @rule()
    def publish(self) -> None:
        """What is published fits the model, and the judge finds no fault."""
        story = Story(tuple(self.listed), tuple(self.visits), tuple(self.versions))
        release = told(story.town(self.again), self.engine, self.choices)
        now = {number for version, number, _ in self.listed if version == self.versions[-1]}
        ever = {number for _, number, _ in self.listed}
        assert {row[CARD] for row in release.tables["keluarga"]} == {card(number) for number in (*now, 999)}
        gone = [row for row in release.tables["vanished"] if row["tabel"] == "keluarga"]
        assert len(gone) == len(ever - now)
        for number in now:
            if not any(self._is_chosen(choice, number) for choice in self.choices):
                self._check_floor(release, number)

    def _is_chosen(self, choice: Choice, number: int) -> bool:
        """Whether a choice in force is about visits to a family."""
        names = {one.name for one in self.visits if one.number == number}
        return choice.first in names and choice.table == VISIT and not choice.is_undone

    def _check_floor(self, release: Release, number: int) -> None:
        """A floor found after the snapshot's day is published, or a finer code of it."""
        fresh = [
            (one.at, dict(one.cells)[FLOOR])
            for one in self.visits
            if one.number == number and one.at[:10] > DATES[self.versions[-1]] and FLOOR in one.answered
        ]
        if fresh:
            code = max(fresh)[1]
            found = release.family(card(number))[FLOOR]
            assert found is None if code == NONE else code_lists()["lantai"].agree(found, int(code))

    def teardown(self) -> None:
        """The end is published too."""
        if hasattr(self, "listed"):
            self.publish()


def test_an_office_at_work(engine: Engine) -> None:
    Office.engine = engine
    run_state_machine_as_test(Office, settings=settings(FEW, stateful_step_count=8))
