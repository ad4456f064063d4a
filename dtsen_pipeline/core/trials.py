"""A family tried with other answers: each trial is scored as a release scores, and held against the rules about rows.

Which answers are tried, and which trials are told, is decided in `counterfactual`; what may differ is declared in
`editable`. Nothing is added up by weights here: the answers are put in place and everything is computed again.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date

import narwhals as nw
import numpy as np
import polars as pl
import polars.selectors as cs

from dtsen_pipeline.core.cutoffs import Cuts
from dtsen_pipeline.core.editable import Editable
from dtsen_pipeline.core.engine import Engine, Frame
from dtsen_pipeline.core.entities import CARD, ID_NAME, NAME
from dtsen_pipeline.core.estimate import ESTIMATED
from dtsen_pipeline.core.households import check_households
from dtsen_pipeline.core.normalise import UNREADABLE
from dtsen_pipeline.core.rules.context import Context
from dtsen_pipeline.core.rules.dwelling import YES
from dtsen_pipeline.core.score import rescored
from dtsen_pipeline.core.validate import joined, predicates
from dtsen_pipeline.reference import City, WelfareModel
from dtsen_pipeline.schemas.tables import FAMILY, MEMBER, tables

FILE = "0" * 12
"""A token for the file that the tried rows would have come in."""
ALONE = ("card_rows", "nik_rows", "person_rows")
SCORED = ["family_id", "skor_verifikasi", "skor_estimasi", "desil_estimasi", "jarak_batas_bawah", "jarak_batas_atas"]
Finding = tuple[str, int, str]


@dataclass(frozen=True)
class Edit:
    """One answer found to be different. `place`: whose, by the row of the person; None for the family's own.

    `before` and `after` can be told: codes, counts, and of birth dates the ages. `answer` is what the cell would hold.
    """

    question: Editable
    place: int | None
    before: int | None
    after: int
    answer: int | date

    @property
    def is_about(self) -> tuple[str, int | None]:
        """The cell: two edits of one trial are about two."""
        return self.question.column, self.place

    @property
    def steps(self) -> int:
        """How far the answer lies from the one that stands: in numbers, years or places of a code list."""
        return abs(self.after - (self.before or 0))


Trial = tuple[Edit, ...]
AS_IT_STANDS: Trial = ()


@dataclass(frozen=True)
class Case:
    """A family of a release with its persons, and what scored it; ages are reckoned at `on`.

    `family`: one row of `keluarga` with titik; `persons`: rows of `anggota`.
    """

    family: pl.DataFrame
    persons: pl.DataFrame
    model: WelfareModel
    cuts: Cuts
    city: City
    on: date


class Trials:
    """Trials of one family."""

    def __init__(self, case: Case, engine: Engine) -> None:
        self._case, self._engine = case, engine

    def scored(self, trials: Sequence[Trial]) -> pl.DataFrame:
        """The columns of `SCORED`, a row each trial in their order; family_id is the place of the trial.

        No input of a model is a text, so texts are left behind.
        """
        case = self._case
        families, persons = _applied(case.family.drop(cs.string()), case.persons.drop(cs.string()), trials)
        found = rescored(_lazy(families), _lazy(persons), case.model, case.on, case.cuts)
        return self._engine.fetch(found.select(*SCORED)).sort("family_id")

    def is_sound(self, trials: Sequence[Trial]) -> list[bool]:
        """Whether a trial breaks no rule about rows that the family does not break already."""
        broken: list[set[Finding]] = [set() for _ in (AS_IT_STANDS, *trials)]
        for place, finding in self._findings((AS_IT_STANDS, *trials)):
            broken[place].add(finding)
        return [found <= broken[0] for found in broken[1:]]

    @property
    def point(self) -> int:
        """The point of the estimate as it stands."""
        return int(self._case.family[ESTIMATED][0])

    def _findings(self, trials: Sequence[Trial]) -> list[tuple[int, Finding]]:
        """The place of a trial; the table, the place in it and the code of what a rule finds there."""
        families, persons = _applied(self._case.family, self._case.persons, trials)
        context = Context(self._case.city, observed={FILE: self._case.on})
        size = self._case.persons.height
        homes, people = _filed(families), _filed(persons.with_columns(pl.col(NAME).alias(ID_NAME)))
        checked = [
            *((FAMILY, *found) for found in self._codes(homes, FAMILY, context)),
            *((MEMBER, *found) for found in self._codes(people, MEMBER, context)),
            *self._between(homes, people),
        ]
        per_trial: Mapping[str, int] = {FAMILY: 1, MEMBER: size}
        return [
            (row // per_trial[table], (table, row % per_trial[table], code))
            for table, row, codes in checked
            for code in codes.split("|")
        ]

    def _codes(self, rows: pl.DataFrame, table: str, context: Context) -> list[tuple[int, str]]:
        rules = predicates(tables()[table], context)
        texts = nw.concat_str(joined(rules, "E_"), joined(rules, "W_"), separator="|", ignore_nulls=True)
        found = _lazy(rows).select("row", codes=texts).filter(nw.col("codes") != "")
        return [(row, codes) for row, codes in self._engine.fetch(found).iter_rows()]

    def _between(self, homes: pl.DataFrame, people: pl.DataFrame) -> list[tuple[str, int, str]]:
        """What the rules between the rows of a family find; the trial stands for the card."""
        families, members = (_lazy(rows.with_columns(pl.col("family_id").alias(CARD))) for rows in (homes, people))
        found = self._engine.fetch(check_households(families, members, {FILE: "tried"}, self._engine))
        return list(found.select("sumber", "row", "warnings").iter_rows())


def _applied(family: pl.DataFrame, persons: pl.DataFrame, trials: Sequence[Trial]) -> tuple[pl.DataFrame, pl.DataFrame]:
    """The family and its persons once for each trial, with its answers in place."""
    count, size = len(trials), persons.height
    families = family[np.zeros(count, dtype=np.int64)]
    people = persons[np.tile(np.arange(size), count)]
    for question, (rows, values) in _cells(trials, size).items():
        if question.is_of_member:
            people = _put(people, question.cell, rows, values)
            continue
        families = _with_closed(_put(families, question.cell, rows, values), question.cell, rows)
        if question.opens:
            affirmed = [row for row, value in zip(rows, values, strict=True) if value == YES]
            families = _put(families, question.opens, affirmed, [YES] * len(affirmed))
    return (
        families.with_columns(family_id=np.arange(count)),
        people.with_columns(family_id=np.repeat(np.arange(count), size)),
    )


def _cells(trials: Sequence[Trial], size: int) -> dict[Editable, tuple[list[int], list[int | date]]]:
    """Which rows of the families, or of the persons of so many each, hold which answer to a question."""
    found: dict[Editable, tuple[list[int], list[int | date]]] = {}
    for number, trial in enumerate(trials):
        for edit in trial:
            rows, values = found.setdefault(edit.question, ([], []))
            rows.append(number if edit.place is None else number * size + edit.place)
            values.append(edit.answer)
    return found


def _lazy(rows: pl.DataFrame) -> Frame:
    return nw.from_native(rows.lazy())


def _put(rows: pl.DataFrame, cell: str, places: list[int], values: Sequence[int | date]) -> pl.DataFrame:
    kind = rows.schema[cell]
    return rows.with_columns(rows[cell].clone().scatter(places, pl.Series(values, dtype=kind)))


def _with_closed(families: pl.DataFrame, cell: str, places: list[int]) -> pl.DataFrame:
    """Cells that the changed answer closes hold nothing, as after a visit (see `gates`)."""
    is_changed = pl.Series(np.isin(np.arange(families.height), places))
    gated = [(column.name, column.gate) for column in tables()[FAMILY].columns if column.gate]
    return families.with_columns(
        pl.when(is_changed & pl.col(cell).is_in(gate.closed_by)).then(None).otherwise(pl.col(name)).alias(name)
        for name, gate in gated
        if gate.column == cell
    )


def _filed(rows: pl.DataFrame) -> pl.DataFrame:
    """Rows as the rules read them: of one file, each alone in it."""
    facts = {"src": pl.lit(FILE), UNREADABLE: pl.lit("")} | dict.fromkeys(ALONE, pl.lit(1))
    return rows.with_columns(row=pl.int_range(pl.len()), **facts)
