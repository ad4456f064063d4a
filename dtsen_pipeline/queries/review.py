"""What reviewers are asked to decide: persons who may be one, and visits that contradict each other.

The list is made from a release and from the decisions taken since; it holds ids, rows and columns. Identifying values
stand beside them only where the look reveals them. How likely a pair is, is told apart from the cases, so that nobody
reads it first. Nothing is decided here (see `core.rulings`).
"""

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date

import polars as pl

from dtsen_pipeline.core.engine import Engine
from dtsen_pipeline.core.entities import BORN, CARD, NAME, NIK, SEX
from dtsen_pipeline.core.rows import pointer
from dtsen_pipeline.core.rulings import (
    APART,
    PERSONS,
    SAME,
    VISITS,
    Case,
    Ruling,
    State,
    case_of,
    sets_of,
    standing,
    states,
)
from dtsen_pipeline.core.subject import MEMBERSHIP
from dtsen_pipeline.queries.access import Look, note
from dtsen_pipeline.queries.alike import alike
from dtsen_pipeline.queries.clashes import clash_of
from dtsen_pipeline.queries.doubts import doubts
from dtsen_pipeline.queries.labels import as_text, column_facts, group_title, meaning
from dtsen_pipeline.queries.rawtext import Pointer, Raw, RawRows
from dtsen_pipeline.queries.reading import Row, View, fetched
from dtsen_pipeline.queries.sources import Sources
from dtsen_pipeline.queries.ties import Tie, ties_of
from dtsen_pipeline.resources.platform import Platform
from dtsen_pipeline.resources.rulings import registered
from dtsen_pipeline.schemas.tables import FAMILY, MEMBER, VISIT, VISIT_MEMBER

CLASH_MASKS = ("mask_keras", "mask_lunak")
WINDOW_DAYS = 30
"""Two visits at most so many days apart should not contradict each other."""
ALIKE, SHARED, NEAR, TWICE, CONTRADICTING = "mirip", "nik_sama", "nik_mirip", "nama_dan_lahir_sama", "kunjungan_berbeda"
LINKED = "ditautkan"
REASONS: Mapping[str, str] = {
    ALIKE: "Dua orang mungkin satu; salah satunya tanpa NIK. / Perhaps one person; one has no NIK.",
    SHARED: "Satu NIK dipakai dua orang. / Two persons bear one NIK.",
    NEAR: "NIK sekartu hanya berbeda satu angka atau dua angka tertukar. / Nearly the same NIK on one card.",
    TWICE: "Nama dan tanggal lahir sama dalam satu kartu. / Same name and birth date on one card.",
    LINKED: "Ditautkan model penautan; jawab beda bila keliru. / Tied by the linkage model; answer beda if wrong.",
    CONTRADICTING: "Dua kunjungan berdekatan menjawab lain. / Two visits close in time answer differently.",
}
"""Why a case is on the list."""
OF_DOUBT = {"W_NIK_NEIGHBOUR": NEAR, "W_PERSON_TWICE": TWICE}
OPEN, WAITING, DISPUTED, DECIDED = "terbuka", "menunggu_peninjau_kedua", "bertentangan", "diputus"
TIED = "ditautkan"
SHOWN = (NIK, NAME, BORN, SEX, "status_hubungan_keluarga", CARD, "family_id")
VISIT_FACTS = ("waktu_kunjungan", "id_petugas", "peran_petugas")


@dataclass(frozen=True)
class Asked:
    """A case with its number, why it is asked, the columns in which visits differ, and where it stands.

    `clashes`: those of the columns that changed since what the later visit's officer saw (`keras`), or not (`lunak`).
    `answer`: what is in force. `a`, `b`: what each side says, by label, where the look reveals it.
    """

    number: str
    case: Case
    reasons: tuple[str, ...]
    columns: tuple[str, ...] = ()
    status: str = OPEN
    answer: str | None = None
    a: tuple[tuple[str, str], ...] = ()
    b: tuple[tuple[str, str], ...] = ()
    clashes: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True)
class Likeness:
    """How likely two persons are one, in the model's weight and in millionths."""

    number: str
    weight: int
    probability_ppm: int


@dataclass(frozen=True)
class Review:
    """The review list of a release, undecided cases first, and the likeness of pairs apart from it."""

    release_id: str
    cases: tuple[Asked, ...]
    likeness: tuple[Likeness, ...]

    def of_status(self, *statuses: str) -> tuple[Asked, ...]:
        """The cases that stand so."""
        return tuple(case for case in self.cases if case.status in statuses)


def review(platform: Platform, view: View, engine: Engine, look: Look) -> Review:
    """The review list; what both sides say is shown where the look reveals it."""
    note(platform.registry, look, "review", release_id=view.release_id)
    sources = Sources(view, RawRows(platform), is_revealed=look.is_revealed)
    weights = {
        case_of(PERSONS, row["id_l"], row["id_r"]): (row["weight"], row["probability_ppm"])
        for row in alike(view, engine).iter_rows(named=True)
    }
    listed = _Listed(view, registered(platform))
    for case in weights:
        listed.add(case, ALIKE)
    linked = {case_of(PERSONS, tie.a, tie.b): tie for tie in ties_of(platform, view)}
    for case in linked:
        listed.add(case, LINKED)
    for case, why in (*_shared(view), *_doubted(view)):
        listed.add(case, why)
    for table, field in ((FAMILY, VISIT), (MEMBER, VISIT_MEMBER)):
        for case, columns, clashes in _contradicting(view, sources, table, field):
            listed.add(case, CONTRADICTING, columns, clashes)
    key = platform.key.secret
    told = _told(view, sources, listed.asked(key), linked) if look.is_revealed else listed.asked(key)
    weights |= {case: (tie.weight, tie.probability_ppm) for case, tie in linked.items()}
    likeness = [Likeness(case.number(key), *weight) for case, weight in weights.items()]
    return Review(view.release_id, tuple(told), tuple(sorted(likeness, key=lambda one: (-one.weight, one.number))))


class _Listed:
    """Cases by what they are about; one that was ruled on under an id given up since is the same case."""

    def __init__(self, view: View, rulings: Iterable[Ruling]) -> None:
        said = tuple(rulings)
        self.states = states(said)
        self.names = _aliases(view, {side for case in self.states for side in (case.a, case.b)})
        self.torn = sets_of(standing(said), self.names).torn
        self.ruled = {self._about(case): case for case in self.states}
        self.reasons: dict[Case, list[str]] = {case: [] for case in self.states}
        self.columns: dict[Case, tuple[str, ...]] = {}
        self.clashes: dict[Case, tuple[tuple[str, str], ...]] = {}

    def _about(self, case: Case) -> Case:
        return case_of(case.kind, self.names.get(case.a, case.a), self.names.get(case.b, case.b), case.group)

    def add(
        self, case: Case, reason: str, columns: tuple[str, ...] = (), clashes: tuple[tuple[str, str], ...] = ()
    ) -> None:
        """One more reason to ask about a case."""
        known = self.ruled.get(case, case)
        self.reasons.setdefault(known, []).append(reason)
        self.columns[known], self.clashes[known] = columns, clashes

    def asked(self, key: bytes) -> list[Asked]:
        """Every case, those to be decided first."""
        found = [
            Asked(
                number=case.number(key),
                case=case,
                reasons=tuple(dict.fromkeys(reasons)),
                columns=self.columns.get(case, ()),
                clashes=self.clashes.get(case, ()),
                status=TIED if self._status(case) == OPEN and LINKED in reasons else self._status(case),
                answer=self.states.get(case, State()).answer,
            )
            for case, reasons in self.reasons.items()
            if reasons or self._status(case) != OPEN
        ]
        order = (WAITING, DISPUTED, OPEN, TIED, DECIDED)
        return sorted(found, key=lambda one: (order.index(one.status), one.case.kind, one.number))

    def _status(self, case: Case) -> str:
        """A case is disputed too where the set that it ties holds two who are to be kept apart."""
        state, about = self.states.get(case, State()), self._about(case)
        is_torn = state.answer in (SAME, APART) and any({about.a, about.b} <= nodes for nodes in self.torn)
        if state.disputed or is_torn:
            return DISPUTED
        if state.waiting:
            return WAITING
        return DECIDED if state.answer is not None else OPEN


def _aliases(view: View, ids: Collection[str]) -> dict[str, str]:
    """The ids that persons are published under, by ids that they are known under too."""
    found = view.rows("alias", pl.col("tabel") == MEMBER, pl.col("alias_id").is_in(list(ids))) if ids else []
    return {row["alias_id"]: row["entity_id"] for row in found}


def _shared(view: View) -> Iterator[tuple[Case, str]]:
    """Published persons with one NIK, each beside the next."""
    people = fetched(view.scan(MEMBER).filter(pl.col(NIK).is_not_null()).select(NIK, "person_id"))
    several = people.filter(pl.len().over(NIK) > 1).sort(NIK, "person_id")
    beside = several.with_columns(other=pl.col("person_id").shift(-1).over(NIK)).drop_nulls("other")
    for one, other in beside.select("person_id", "other").iter_rows():
        yield case_of(PERSONS, one, other), SHARED


def _doubted(view: View) -> Iterator[tuple[Case, str]]:
    """Persons of one card whose numbers are nearly the same, or who are alike under two numbers."""
    rows = [row for row in doubts(view).rows if row.code in OF_DOUBT]
    ids = _ids_of(view, {token for row in rows for token in (row.token, *row.beside)})
    for row in rows:
        for token in row.beside:
            if ids[row.token] != ids[token]:
                yield case_of(PERSONS, ids[row.token], ids[token]), OF_DOUBT[row.code]


def _ids_of(view: View, tokens: Collection[str]) -> dict[str, str]:
    """The published persons by the tokens of their base rows."""
    if not tokens:
        return {}
    token = pl.concat_str("src", pl.lit("-"), "row")
    found = view.scan(MEMBER).select("person_id", token=token).filter(pl.col("token").is_in(list(tokens)))
    return dict(fetched(found.select("token", "person_id")).iter_rows())


def _contradicting(
    view: View, sources: Sources, table: str, field: str
) -> Iterator[tuple[Case, tuple[str, ...], tuple[tuple[str, str], ...]]]:
    """Visits to one family or about one person, close in time, of which one lost a column that the other speaks for."""
    lost = pl.col("decision").is_in(["superseded", "reviewed"])
    lineage = _visits(view, "lineage", field).drop(CLASH_MASKS, strict=False)
    pairs = _visits(view, "conflict", field, lost).join(lineage, on="entity_id", suffix="_other")
    shared = fetched(
        pairs.with_columns(mask=pl.col("mask") & pl.col("mask_other"))
        .filter(pl.col("mask") > 0, pl.col("token") != pl.col("token_other"))
        .select("token", "token_other", "mask", *CLASH_MASKS)
    )
    sources.prepare(pointer(token) for token in {*shared["token"], *shared["token_other"]})
    columns = [one for one in column_facts(view.manifest, table) if not one.comes_from and one.group != MEMBERSHIP]
    found: dict[Case, dict[str, str | None]] = defaultdict(dict)
    for row in shared.iter_rows(named=True):
        if _days_between(sources, row["token"], row["token_other"]) <= WINDOW_DAYS:
            for column in columns:
                if column.is_in(row["mask"]):
                    case = case_of(VISITS, row["token"], row["token_other"], column.group)
                    found[case][column.name] = clash_of(column, row)
    for case, names in sorted(found.items()):
        yield case, tuple(sorted(names)), tuple((name, kind) for name, kind in sorted(names.items()) if kind)


def _visits(view: View, table: str, field: str, *conditions: pl.Expr) -> pl.LazyFrame:
    """The rows of a table that come from rows of `field`: entity_id, token, mask, and the masks of clashes."""
    rows = view.scan(table).filter(pl.col("sumber") == field, *conditions)
    known = rows.collect_schema().names()
    clashes = [name if name in known else pl.lit(0).alias(name) for name in CLASH_MASKS]
    return rows.select("entity_id", "mask", *clashes, token=pl.concat_str("src", pl.lit("-"), "row"))


def _days_between(sources: Sources, one: str, other: str) -> int:
    days = [
        date.fromisoformat(_cells(sources, sources.visit_pointer(pointer(token)))["waktu_kunjungan"].strip()[:10])
        for token in (one, other)
    ]
    return abs((days[0] - days[1]).days)


def _cells(sources: Sources, row: Pointer | None) -> Raw:
    """The cells of a row as the contract writes them; none where it cannot be read."""
    return (sources.rows.contract(row) if row else None) or {}


def _told(view: View, sources: Sources, cases: Sequence[Asked], linked: Mapping[Case, Tie]) -> list[Asked]:
    """The cases with what both sides say: of a tie, the two rows that it stands on."""
    sides = {side for one in cases if one.case.kind == PERSONS for side in (one.case.a, one.case.b)}
    people = {row["person_id"]: row for row in view.rows(MEMBER, pl.col("person_id").is_in(list(sides)))}
    sources.prepare(pointer(side) for one in cases if one.case.kind == VISITS for side in (one.case.a, one.case.b))
    sources.prepare(pointer(token) for tie in linked.values() for token in (tie.row_a, tie.row_b))
    found = []
    for one in cases:
        if one.case in linked:
            tie = linked[one.case]
            a, b = (_record(view, sources, token) for token in (tie.row_a, tie.row_b))
        elif one.case.kind == PERSONS:
            a, b = (_person(view, people.get(side)) for side in (one.case.a, one.case.b))
        else:
            a, b = (_visit(view, sources, side, one) for side in (one.case.a, one.case.b))
        found.append(replace(one, a=a, b=b))
    return found


def _person(view: View, row: Row | None) -> tuple[tuple[str, str], ...]:
    """What is published of a person; nothing where the person is published under another id now."""
    if row is None:
        return ()
    facts = [column for column in column_facts(view.manifest, MEMBER) if column.name in SHOWN]
    facts.sort(key=lambda column: SHOWN.index(column.name))
    texts = {column: as_text(row[column.name]) for column in facts}
    return tuple((column.label, meaning(column, text) or text or "") for column, text in texts.items())


def _record(view: View, sources: Sources, token: str) -> tuple[tuple[str, str], ...]:
    """What one row says of a person."""
    cells = _cells(sources, pointer(token))
    facts = {column.name: column for column in column_facts(view.manifest, MEMBER)}
    named = [facts[name] for name in SHOWN if name in facts and name in cells]
    return tuple((column.label, meaning(column, cells[column.name]) or cells[column.name].strip()) for column in named)


def _visit(view: View, sources: Sources, token: str, asked: Asked) -> tuple[tuple[str, str], ...]:
    """When and by whom a visit was made, of whom a member's row speaks, and what it says in the group's columns."""
    row = pointer(token)
    cells, visit = _cells(sources, row), _cells(sources, sources.visit_pointer(row))
    is_member = sources.rows.table(row) == VISIT_MEMBER
    facts = column_facts(view.manifest, MEMBER if is_member else FAMILY)
    group = [column for column in facts if column.group == asked.case.group]
    said = [
        (column.label, meaning(column, cells[column.name]) or cells[column.name].strip())
        for column in group
        if column.name in cells and (cells[column.name].strip() or column.name in asked.columns)
    ]
    head = [(name, visit.get(name, "").strip()) for name in VISIT_FACTS]
    head += [(name, cells.get(name, "").strip()) for name in (NIK, NAME) if is_member]
    return (*head, (group_title(asked.case.group), ""), *said)
