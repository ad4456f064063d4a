"""Compares a release with what the raw files say: every cell by its pointer, then by the merge and the model.

Findings name a table, a surrogate id and a column, never a value.
"""

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cache, cached_property, lru_cache
from typing import Any

from tests.oracle import bounds, civil, scores
from tests.oracle import rulings as reviewers
from tests.oracle.events import Chronicle, Event
from tests.oracle.expected import WINS, Calendar, Outcome, expect, is_fixed, said
from tests.oracle.later import answered_later
from tests.oracle.raw import ROOT, RawFile
from tests.oracle.rulings import InForce, in_force
from tests.oracle.ties import CARD, NEW, PRESENT, Entity, Link, Pointer, Record, tie
from tests.oracle.values import HOME, PRESENCE, Answer, Value, answers, read, region_names, shown

Row = Mapping[str, Any]
KEYS = {"keluarga": "family_id", "anggota": "person_id"}
SCORES = (
    "is_lengkap",
    "alasan_tidak_lengkap",
    "skor_bayangan",
    "skor_verifikasi",
    "desil_bayangan",
    "desil_verifikasi",
    "desil_verifikasi_min",
    "desil_verifikasi_max",
    "skor_estimasi",
    "desil_estimasi",
    "desil_estimasi_min",
    "desil_estimasi_max",
    "jarak_batas_bawah",
    "jarak_batas_atas",
)


@dataclass(frozen=True)
class Release:
    """The tables of a release as lists of rows, and the cut-offs it was cut by."""

    tables: Mapping[str, Sequence[Row]]
    cuts: tuple[int, ...]


@dataclass(frozen=True, order=True)
class Fault:
    """One thing that differs: which check found it, and where."""

    check: str
    table: str
    entity: str = ""
    column: str = ""


@dataclass
class Judgement:
    """How many cells each check compared, and what was wrong."""

    compared: Counter[str] = field(default_factory=Counter)
    faults: list[Fault] = field(default_factory=list)

    def compare(self, fault: Fault, mine: object, theirs: object) -> None:
        """Count one comparison, and note it where the two differ."""
        self.expect(fault, held=mine == theirs)

    def expect(self, fault: Fault, *, held: bool) -> None:
        """Count one thing that must hold, and note it where it does not."""
        self.compared[f"{fault.check} {fault.table}"] += 1
        if not held:
            self.faults.append(fault)

    def summary(self) -> str:
        """The findings by check, table and column, for the message of a failed test."""
        found = Counter((fault.check, fault.table, fault.column) for fault in self.faults)
        return "; ".join(f"{' '.join(key)}: {count}" for key, count in sorted(found.items()))


Decided = tuple[str, str, int, str]
"""Entity, src, row and decision."""


def judge(
    release: Release, files: Sequence[RawFile], city: str = "3571", rulings: Sequence[reviewers.Decided] = ()
) -> Judgement:
    """Judge a release by the raw files it was made from, and by what reviewers decided."""
    court = _Court(release, files, city, in_force(rulings))
    court.trace()
    court.merge()
    court.rank()
    court.account()
    court.remember()
    court.link()
    return court.found


@lru_cache(maxsize=4)
def _heard(
    files: tuple[RawFile, ...],
    rejected: frozenset[Pointer],
    city: str,
    decided: InForce,
    linked: tuple[Link, ...],
) -> "_Witness":
    """What the files say, given the rejected rows and the links; the same for every release made from them."""
    return _Witness(files, rejected, city, decided, linked)


class _Witness:
    """What the raw files say: who is who, and what should be published of them."""

    def __init__(
        self,
        files: tuple[RawFile, ...],
        rejected: frozenset[Pointer],
        city: str,
        decided: InForce,
        linked: tuple[Link, ...],
    ) -> None:
        self.ties, self.decided = tie(files, rejected, city, decided, linked), decided
        dates = {file.version: file.data_date for file in files if file.version and file.data_date}
        self.calendar = Calendar(self.ties.versions, dates, self.ties.official)
        self.entities: dict[str, list[Entity]] = {
            "keluarga": list(self.ties.families.values()),
            "anggota": self.ties.persons,
        }

    @cached_property
    def expected(self) -> dict[str, dict[Pointer, Outcome]]:
        """What should be published, by table and base pointer."""
        found = dict[str, dict[Pointer, Outcome]]()
        for table, members in self.entities.items():
            outcomes = (expect(entity, table, answers(table), self.calendar, self.decided) for entity in members)
            found[table] = {outcome.base: outcome for outcome in outcomes if outcome is not None}
        return found

    @cached_property
    def unlisted(self) -> set[Pointer]:
        """The register's words about persons who should not be published."""
        published = {pointer for outcome in self.expected["anggota"].values() for pointer, _ in outcome.lineage}
        return {person.word.pointer for person in self.ties.persons if person.word} - published

    @cached_property
    def silent(self) -> set[Pointer]:
        """Field rows that answer nothing in any column."""
        found = set[Pointer]()
        for table, entities in self.entities.items():
            columns = [answer for answer in answers(table) if not is_fixed(answer, table) and not answer.region_code]
            for record, visit in (pair for entity in entities for pair in entity.visits):
                if all(said(record, visit, answer) is None for answer in columns):
                    found.add(record.pointer)
        return found


@dataclass(frozen=True)
class _Family:
    """A published family: its row, both sides' answers and both scores."""

    row: Row
    before: bounds.Side
    after: bounds.Side
    shadow: int | None
    verified: int | None


class _Court:
    """One judgement: what several checks share."""

    def __init__(self, release: Release, files: Sequence[RawFile], city: str, decided: InForce) -> None:
        self.release, self.city, self.found = release, city, Judgement()
        self.files = {file.token: file for file in files}
        self.rejected = frozenset(_pointer(row) for row in release.tables["rejected"])
        linked = tuple(sorted((_pointer(row), (row["src_b"], row["row_b"])) for row in release.tables["tautan"]))
        witness = _heard(tuple(files), self.rejected, city, decided, linked)
        self.ties, self.calendar, self.expected = witness.ties, witness.calendar, witness.expected
        self.silent, self.unlisted = witness.silent, witness.unlisted
        self.resolved = self._resolved()

    def _resolved(self) -> dict[Pointer, str]:
        """Each rejected row for which a valid correction stands, with that correction's token."""
        chains, ends = dict[Pointer, str](), dict[str, str]()
        for file in self.files.values():
            for row in file.rows if file.is_correction else ():
                root = (file.cells(row) or {})[ROOT]
                chains[file.token, row] = root
                if (file.token, row) not in self.rejected:
                    ends[root] = f"{file.token}-{row}"
        roots = {pointer: chains.get(pointer, f"{pointer[0]}-{pointer[1]}") for pointer in self.rejected}
        mended = {pointer: ends[root] for pointer, root in roots.items() if root in ends}
        unused = self.ties.aside.keys() | self.silent | self.unlisted
        return answered_later(self.files.values(), self.rejected, unused, self.ties) | mended

    @cached_property
    def card_of(self) -> dict[str, str]:
        """The family card of each published family, read from the line its base pointer names."""
        return {row["family_id"]: self._cell(_pointer(row), CARD) or "" for row in self.release.tables["keluarga"]}

    @cached_property
    def visit_cards(self) -> dict[str, set[str]]:
        """The last cards of the families that each visit id was sent for."""
        cards = defaultdict[str, set[str]](set)
        for file in self.files.values():
            for row in file.rows if file.table == "kunjungan" else ():
                visit, card = (self._cell((file.token, row), name) for name in ("id_kunjungan", CARD))
                if visit and card:
                    cards[visit].add(self.ties.cards.last(card))
        return cards

    def _cell(self, pointer: Pointer, name: str) -> str | None:
        cells = self.files[pointer[0]].cells(pointer[1])
        return (cells or {}).get(name, "").strip(" ") or None

    # Every cell by its pointer

    def trace(self) -> None:
        """Recompute every published cell from the raw line that lineage or the base pointer names."""
        winners = self._winners()
        for table in KEYS:
            for row in self.release.tables[table]:
                self._trace_row(row, table, winners)

    def _winners(self) -> dict[tuple[str, str, int], Pointer]:
        """The winning record by table, entity and bit; two winners of one column are a fault."""
        winners = dict[tuple[str, str, int], Pointer]()
        for row in self.release.tables["lineage"]:
            for bit in _bits(row["mask"]) if row["decision"] in WINS else ():
                key = (row["tabel"], row["entity_id"], bit)
                self.found.expect(Fault("winner", row["tabel"], row["entity_id"], str(bit)), held=key not in winners)
                winners[key] = _pointer(row)
        return winners

    def _trace_row(self, row: Row, table: str, winners: Mapping[tuple[str, str, int], Pointer]) -> None:
        entity = row[KEYS[table]]
        for answer, source in _sources(table):
            fault, published = Fault("cell", table, entity, answer.name), row[answer.name]
            pointer = winners.get((table, entity, source.bit), _pointer(row))
            if answer.name == HOME:
                self.found.expect(fault, held=self.card_of.get(published) in self._homes(pointer))
            elif answer.name == CARD and self._cell(pointer, CARD) is None:
                self.found.expect(fault, held=published in self._homes(pointer))
            elif answer.region_code is not None:
                name = self._name_of(self._raw_value(pointer, source))
                self.found.compare(fault, name, published)
            else:
                self.found.compare(fault, shown(self._raw_value(pointer, answer)), published)

    def _name_of(self, code: Value) -> str | None:
        return region_names(self.city).get(code) if isinstance(code, str) else None

    def _raw_value(self, pointer: Pointer, answer: Answer) -> Value:
        if answer.name == PRESENCE and self.files[pointer[0]].is_snapshot:
            return PRESENT
        if answer.name == PRESENCE and self.files[pointer[0]].table == civil.TABLE:
            return read(replace(answer, codes=civil.STATUS), self._cell(pointer, civil.STATUS))
        value = read(answer, self._cell(pointer, answer.name))
        return PRESENT if answer.name == PRESENCE and value == NEW else value

    def _homes(self, pointer: Pointer) -> set[str]:
        """The family cards that a member's raw row may mean: its own, or those of its visit."""
        if self.files[pointer[0]].is_snapshot:
            return {self.ties.cards.last(self._cell(pointer, CARD) or "")}
        return self.visit_cards.get(self._cell(pointer, "id_kunjungan") or "", set())

    # The merge

    def merge(self) -> None:
        """Compare the published rows, their values and the decisions with a merge of our own."""
        for table, key in KEYS.items():
            mine = self.expected[table]
            published = {_pointer(row): row for row in self.release.tables[table]}
            for pointer in mine.keys() ^ published.keys():
                self.found.compare(Fault("entities", table, f"{pointer[0]}-{pointer[1]}"), None, pointer)
            ids = Counter(row[key] for row in published.values())
            for entity, times in ids.items():
                self.found.compare(Fault("unique", table, entity), times, 1)
            for pointer, row in published.items():
                if pointer in mine:
                    self._compare_row(mine[pointer], row, table)
            self._compare_decisions(table, published)

    def _compare_row(self, mine: Outcome, row: Row, table: str) -> None:
        for answer in answers(table):
            published = self.card_of.get(row[HOME]) if answer.name == HOME else row[answer.name]
            fault = Fault("merge", table, row[KEYS[table]], answer.name)
            value = mine.values[answer.region_code or answer.name]
            self.found.compare(fault, self._name_of(value) if answer.region_code else shown(value), published)

    def _compare_decisions(self, table: str, published: Mapping[Pointer, Row]) -> None:
        """Compare who won, agreed and lost, column by column, for entities that the base snapshot holds.

        Names of regions follow their codes, so their bits are left to the release; so are losing rows of older
        snapshots.
        """
        held = {base: row[KEYS[table]] for base, row in published.items() if self.files[base[0]].is_snapshot}
        self._compare_clashes(table, held)
        entities = set(held.values())
        compared = ~sum(1 << answer.bit for answer in answers(table) if answer.region_code)
        for name in ("lineage", "conflict"):
            mine = Counter[Decided]()
            for base in held.keys() & self.expected[table].keys():
                for (pointer, decision), mask in getattr(self.expected[table][base], name).items():
                    mine[held[base], *pointer, decision] = mask & compared
            theirs = Counter[Decided]()
            for row in self.release.tables[name]:
                if row["tabel"] == table and row["entity_id"] in entities:
                    theirs[row["entity_id"], *_pointer(row), row["decision"]] = row["mask"] & compared
            for key in sorted(mine.keys() | theirs.keys()):
                if name == "lineage" or not self._is_older(key[1]):
                    fault = Fault(name, table, f"{key[0]} {key[1]}-{key[2]}", key[3])
                    self.found.compare(fault, mine[key], theirs[key])

    def _compare_clashes(self, table: str, held: Mapping[Pointer, str]) -> None:
        """Compare which lost columns clash hard and which softly."""
        compared = ~sum(1 << answer.bit for answer in answers(table) if answer.region_code)
        mine = {
            (held[base], *key): mask & compared
            for base in held.keys() & self.expected[table].keys()
            for key, mask in self.expected[table][base].clashes.items()
        }
        entities = set(held.values())
        for row in self.release.tables["conflict"]:
            if row["tabel"] == table and row["entity_id"] in entities:
                for name in ("mask_keras", "mask_lunak"):
                    key = (row["entity_id"], _pointer(row), row["decision"], name)
                    fault = Fault("clash", table, f"{row['entity_id']} {row['src']}-{row['row']}", name)
                    self.found.compare(fault, mine.get(key, 0), row[name] & compared)

    def _is_older(self, token: str) -> bool:
        return self.files[token].is_snapshot and self.files[token].version != self.calendar.base

    # The desil

    def rank(self) -> None:
        """Recompute both scores, the cut-offs and the desil of every published family."""
        on, ministry = self.calendar.base_day, self._ministry_members()
        verified = defaultdict[str, dict[Pointer, Row]](dict)
        for person in self.release.tables["anggota"]:
            verified[person[HOME]][_pointer(person)] = person
        incomplete, ranked, rows = self._incomplete(), [], []
        for row in self.release.tables["keluarga"]:
            card = self.card_of[row["family_id"]]
            outcome = self.expected["keluarga"].get(_pointer(row))
            if outcome is None:
                continue
            own = {name: shown(value) for name, value in outcome.ministry.items()}
            before = bounds.Side(own, ministry[card])
            after = bounds.Side(row, verified[row["family_id"]])
            shadow = scores.score(own, before.members.values(), on)
            mine = scores.score(row, after.members.values(), on)
            is_home = any(person[PRESENCE] == PRESENT for person in after.members.values())
            why = incomplete.get(card, {}) | {"tanpa_anggota": not (is_home and ministry[card])}
            rows.append((_Family(row, before, after, shadow, mine), why))
            if shadow is not None and row["desil_nasional"] is not None and not why.get("ministry"):
                ranked.append(scores.Ranked(shadow, row["desil_nasional"]))
        cuts = scores.cut_offs(ranked)
        for place, (mine, theirs) in enumerate(zip(cuts, self.release.cuts, strict=True), 1):
            self.found.compare(Fault("cut", "keluarga", column=str(place)), mine, theirs)
        scale = scores.Scale(ranked, self.release.cuts)
        for family, why in rows:
            self._compare_scores(family, why, scale)

    def _ministry_members(self) -> dict[str, dict[Pointer, dict[str, Any]]]:
        """The members of each family by the ministry's values alone."""
        members = defaultdict[str, dict[Pointer, dict[str, Any]]](dict)
        for pointer, outcome in self.expected["anggota"].items():
            if outcome.ministry[PRESENCE] == PRESENT:
                person = {name: shown(value) for name, value in outcome.ministry.items()}
                members[str(person[HOME])][pointer] = person
        return members

    def _incomplete(self) -> dict[str, dict[str, bool]]:
        """By card: whether a member row was rejected or held, and whether the base snapshot alone says so."""
        found = defaultdict[str, dict[str, bool]](dict)
        held = {pointer for pointer, fate in self.ties.aside.items() if fate == "held"}
        for pointer in [*(self.rejected - self.resolved.keys()), *held]:
            file = self.files[pointer[0]]
            reason = "anggota_ditolak" if pointer in self.rejected else "anggota_ditahan"
            if file.table == "anggota" and file.version == self.calendar.base:
                card = self._cell(pointer, CARD)
                if card:
                    found[self.ties.cards.last(card)] |= {reason: True, "ministry": True}
            elif file.table == "kunjungan_anggota":
                for card in self.visit_cards.get(self._cell(pointer, "id_kunjungan") or "", ()):
                    found[card] |= {reason: True}
        return found

    def _compare_scores(self, family: "_Family", why: Mapping[str, bool], scale: scores.Scale) -> None:
        reasons = [name for name in ("anggota_ditolak", "anggota_ditahan", "tanpa_anggota") if why.get(name)]
        row, cuts, official = family.row, scale.cuts, family.row["desil_nasional"]
        shadow, verified = (None, None) if reasons else (family.shadow, family.verified)
        is_blank = not reasons and None in (shadow, verified)
        low, high = scores.decile(shadow, cuts), scores.decile(verified, cuts)
        moved = at = below = above = None
        found, ends = (high, high) if high else (1, 10), (1, 10)
        if is_blank:
            reasons = ["masukan_kosong"]
            found = (high, high) if high else bounds.verified(family.after, self.calendar.base_day, cuts)
            ends = self._ends(family, scale) if official else ends
        elif not reasons and official and shadow is not None and verified is not None:
            moved, at = scale.estimate(official, verified, shadow)
            below = None if moved == 1 else at - cuts[moved - 2]
            above = None if moved == 10 else cuts[moved - 1] - at
            ends = (moved, moved)
        bound = ends if official else (None, None)
        mine = (not reasons, next(iter(reasons), None), shadow, verified, low, high)
        mine = (*mine, *found, at, moved, *bound, below, above)
        for name, value in zip(SCORES, mine, strict=True):
            self.found.compare(Fault("score", "keluarga", row["family_id"], name), value, row[name])

    def _ends(self, family: "_Family", scale: scores.Scale) -> tuple[int, int]:
        official, shadow = family.row["desil_nasional"], family.shadow
        stands = scale.span(official) if shadow is None else (scale.point(official, shadow),) * 2
        return bounds.estimate(official, stands, family.before, family.after, self.calendar.base_day, scale.cuts)

    # The fates

    def account(self) -> None:
        """Every physical line has exactly one fate, and the fate is the one that the tables show."""
        fates = defaultdict[Pointer, list[str]](list)
        for row in self.release.tables["fate"]:
            fates[_pointer(row)].append(row["fate"])
        for row in self.release.tables["rejected"]:
            fault = Fault("resolved", row["sumber"], f"{row['src']}-{row['row']}")
            self.found.compare(fault, self.resolved.get(_pointer(row)), row["resolved_by"])
        mine = self._fates()
        for pointer in mine.keys() | fates.keys():
            fault = Fault("fate", self.files[pointer[0]].table, f"{pointer[0]}-{pointer[1]}")
            self.found.compare(fault, [mine.get(pointer)], fates.get(pointer))

    # What happened

    def remember(self) -> None:
        """Compare the events with those of a walk through the rows of each family and person."""
        mine = Chronicle(self.ties, self.calendar.dates).told()
        homes = self.card_of | {
            row["entity_id"]: self.ties.cards.last(self._cell(_pointer(row), CARD) or "")
            for row in self.release.tables["vanished"]
            if row["tabel"] == "keluarga"
        }
        theirs = Counter[Event]()
        for row in self.release.tables["peristiwa"]:
            family = homes[row["entity_id"]] if row["tabel"] == "keluarga" else None
            left, joined = (homes[row[name]] if row[name] else None for name in ("dari_id", "ke_id"))
            theirs[Event(row["tabel"], row["peristiwa"], row["hari"], _pointer(row), family, left, joined)] += 1
        for event in mine.keys() | theirs.keys():
            fault = Fault("event", event.table, "{}-{}".format(*event.pointer), event.code)
            self.found.compare(fault, mine[event], theirs[event])

    # The links

    def link(self) -> None:
        """Every link ties two who can be one without a reviewer, and names the person that both rows are of."""
        persons = {record.pointer: number for number, one in enumerate(self.ties.persons) for record in _records(one)}
        owners = {persons.get(_pointer(row)): row["person_id"] for row in self.release.tables["anggota"]}
        for row in self.release.tables["tautan"]:
            pair = (_pointer(row), (row["src_b"], row["row_b"]))
            one, other = (persons.get(pointer) for pointer in pair)
            fault = Fault("link", "anggota", row["person_id"])
            self.found.expect(fault, held=pair not in self.ties.wrong and one is not None and one == other)
            self.found.expect(fault, held=owners.get(one, row["person_id"]) == row["person_id"])

    def _fates(self) -> dict[Pointer, str]:
        base = {pointer for table in KEYS for pointer in self.expected[table]}
        decided = {_pointer(row) for row in self.release.tables["lineage"] if row["decision"] != "adopted"}
        found = dict[Pointer, str]()
        for file in self.files.values():
            for row in file.rows:
                pointer = (file.token, row)
                found[pointer] = "superseded"
                if pointer in decided:
                    found[pointer] = "contributed"
                if file.is_snapshot and pointer in base:
                    found[pointer] = "base"
                if pointer in self.silent:
                    found[pointer] = "no_values"
                if pointer in self.unlisted:
                    found[pointer] = "out_of_scope"
                if pointer in self.ties.aside:
                    found[pointer] = self.ties.aside[pointer]
                if pointer in self.rejected or file.cells(row) is None:
                    found[pointer] = "rejected"
        return found


@cache
def _sources(table: str) -> tuple[tuple[Answer, Answer], ...]:
    """Each column with the column whose winner decides: a region's name follows its code."""
    named = {answer.name: answer for answer in answers(table)}
    return tuple((answer, named[answer.region_code or answer.name]) for answer in answers(table))


def _records(person: Entity) -> list[Record]:
    return [*person.rows, *(record for record, _ in person.visits)]


def _pointer(row: Row) -> Pointer:
    return str(row["src"]), int(row["row"])


def _bits(mask: int) -> list[int]:
    return [bit for bit in range(63) if mask >> bit & 1]
