"""Stories for the laws: what snapshots and officers say of a few families, drawn by Hypothesis and told to a town.

A story is data; it can be told again in another order, with a batch sent twice or split, or with an older visit
more. `files` gives the town's rows as the bytes that the independent judge reads.
"""

import csv
import io
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import date
from functools import cached_property
from typing import Any

from hypothesis import strategies as st

from dtsen_pipeline.core.inputs import Source
from dtsen_pipeline.core.rulings import FIRST, SECOND, UNDONE, VISITS, Ruling, case_of
from dtsen_pipeline.schemas.tables import VISIT, VISIT_MEMBER, delivered, tables
from tests.core.rows import ANCIENT, BASE, DATES, NIK, OLD, Town, card, nik
from tests.oracle.raw import RawFile
from tests.oracle.rulings import Decided

VERSIONS = (ANCIENT, OLD, BASE)
FLOOR, AREA, TOILET, CLOSET, EYES = (
    "jenis_lantai_terluas",
    "luas_lantai",
    "fasilitas_bab",
    "jenis_kloset",
    "penglihatan",
)
COLUMNS = (FLOOR, AREA, TOILET, CLOSET)
NONE = "TIDAK_ADA"
CODES = {FLOOR: ("", "1", "2", "6", "8", "91", "77"), AREA: ("", "30", "40"), TOILET: ("", "1", "6"), CLOSET: ("", "2")}
DAYS = ("2023-02-01", "2026-02-02", "2026-05-04", "2026-07-01", "2026-07-02", "2026-08-03")
FIRST_DAY = "2022-12-01"
"""Before every visit of a story."""
FAMILIES = 8
Cells = dict[str, str]


@dataclass(frozen=True)
class Visit:
    """A visit to the family `number`: its batch, its moment, what the officer had seen, the answers, and a member's."""

    name: str
    batch: str
    number: int
    at: str
    seen: str
    cells: tuple[tuple[str, str], ...]
    presence: str
    eyes: str

    @property
    def answered(self) -> set[str]:
        """The columns that the visit answers, a closet that the toilet rules out among them."""
        said = {name for name, text in self.cells if text and text != "77"}
        return said | ({CLOSET} if dict(self.cells)[TOILET] == "6" else set())


@dataclass(frozen=True)
class Story:
    """Family rows by version and number, and the visits in the order in which they stand in their files."""

    listed: tuple[tuple[str, int, tuple[tuple[str, str], ...]], ...]
    visits: tuple[Visit, ...]
    versions: tuple[str, ...] = VERSIONS

    def town(self, extra: Iterable[Visit] = ()) -> Town:
        """The story as rows of files."""
        town = Town({version: DATES[version] for version in self.versions})
        for version, number, cells in self.listed:
            town.family(card(number), version, **dict(cells))
            town.member(card(number), number, version, **{EYES: dict(cells)[FLOOR][:1].replace("7", "")})
        for visit in (*self.visits, *extra):
            told = town.visit(
                card(visit.number),
                visit.at,
                f"c{visit.batch}",
                id_kunjungan=visit.name,
                versi_dilihat=visit.seen,
                **dict(visit.cells),
            )
            assert told
            town.met(visit.name, visit.presence, f"d{visit.batch}", **{NIK: nik(visit.number), EYES: visit.eyes})
        return town

    def in_base(self, number: int) -> bool:
        """Whether the base snapshot lists a family."""
        return any(version == self.versions[-1] and other == number for version, other, _ in self.listed)


@dataclass(frozen=True)
class Choice:
    """A reviewer's choice between two visits to a family, or what they say of its member; undone on the day after."""

    first: str
    second: str
    picks_first: bool
    is_undone: bool = False
    table: str = VISIT

    def told(self, town: Town) -> list[tuple[Ruling, Decided]]:
        """What is decided, and the same as the judge reads it."""
        at = {line["id_kunjungan"]: (line["src"], line["row"]) for line in reversed(town.rows[self.table])}
        group = "dwelling" if self.table == VISIT else "health"
        tokens = {f"{at[name][0]}-{at[name][1]}": at[name] for name in (self.first, self.second)}
        a, b = sorted(tokens)
        winner = list(tokens)[0 if self.picks_first else 1]
        said = [("2026-09-01", FIRST if winner == a else SECOND), ("2026-09-02", UNDONE)][: 1 + self.is_undone]
        case = case_of(VISITS, a, b, group)
        return [
            (Ruling(case, day, answer, "P-1"), Decided(tokens[a], tokens[b], day, answer, "P-1", group))
            for day, answer in said
        ]


def answers(field: bool) -> st.SearchStrategy[tuple[tuple[str, str], ...]]:  # noqa: FBT001 - a fact of the table
    """The cells of a family row or of a visit."""
    more = (NONE,) if field else ()
    return st.tuples(*(st.tuples(st.just(name), st.sampled_from((*CODES[name], *more))) for name in COLUMNS))


@st.composite
def stories(draw: st.DrawFn) -> Story:
    """A few families: the first in every snapshot, the others here and there, each visited up to three times."""
    listed, visits = [], list[Visit]()
    for number in range(FAMILIES):
        here = VERSIONS if number == 0 else draw(st.lists(st.sampled_from(VERSIONS), unique=True, min_size=1))
        listed += [(version, number, draw(answers(field=False))) for version in here]
        for _ in range(draw(st.integers(0, 3))):
            visits.append(draw(visit(number, len(visits))))
    return Story(tuple(listed), tuple(visits))


@st.composite
def visit(draw: st.DrawFn, number: int, order: int, day: str | None = None) -> Visit:
    """A visit whose moment nobody else has."""
    on = day or draw(st.sampled_from(DAYS))
    return Visit(
        name=f"V-{order:03d}",
        batch=draw(st.sampled_from("12")),
        number=number,
        at=f"{on}T{8 + order // 60:02d}:{order % 60:02d}:00+07:00",
        seen=draw(st.sampled_from(("", ANCIENT, OLD, BASE, "rilis-1"))),
        cells=draw(answers(field=True)),
        presence=draw(st.sampled_from("1236")),
        eyes=draw(st.sampled_from(("", "1", "4", NONE))),
    )


def sent_again(visits: Sequence[Visit], batch: str, name: str) -> list[Visit]:
    """The visits of a batch once more, in files of another name."""
    return [replace(visit, batch=name) for visit in visits if visit.batch == batch]


def split(story: Story, batch: str, at: int) -> Story:
    """The story with the visits of a batch after the first `at` in files of their own, which come right after it."""
    rows = [visit for visit in story.visits if visit.batch == batch]
    moved = {visit.name for visit in rows[at:]}
    return replace(
        story,
        visits=tuple(replace(visit, batch=f"{batch}d") if visit.name in moved else visit for visit in story.visits),
    )


@dataclass(frozen=True)
class _Named(RawFile):
    """A raw file that is known by a chosen token."""

    name: str = ""

    @cached_property
    def token(self) -> str:
        return self.name


def files(town: Town) -> tuple[RawFile, ...]:
    """The town's files as bytes, each line where its row is."""
    rows = defaultdict[str, list[dict[str, Any]]](list)
    for table in town.rows.values():
        for row in table:
            rows[row["src"]].append(row)
    return tuple(_file(source, rows[source.token]) for source in town.sources.values())


def _file(source: Source, rows: list[dict[str, Any]]) -> RawFile:
    text, names = io.StringIO(), delivered(tables()[source.table])
    mark = "," if source.table in (VISIT, VISIT_MEMBER) else "|"
    writer = csv.DictWriter(text, names, restval="", extrasaction="ignore", delimiter=mark, lineterminator="\n")
    writer.writeheader()
    writer.writerows(sorted(rows, key=lambda row: int(row["row"])))
    day = date.fromisoformat(source.data_date) if source.data_date else None
    return _Named(text.getvalue().encode(), source.table, source.version, day, source.token)
