"""Which raw row speaks of which family and person, by the written identity rules; and which rows take no part."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from functools import cached_property

from tests.oracle import civil
from tests.oracle.cards import Chains, Someone, chains
from tests.oracle.raw import RawFile
from tests.oracle.rulings import InForce
from tests.oracle.values import HOME, PRESENCE, Mark, Value, answers, read, region_names

Pointer = tuple[str, int]
Link = tuple[Pointer, Pointer]
"""Two rows that the release says are of one person, by the likeness of what they say."""
NIK, CARD = "nomor_induk_kependudukan", "nomor_kartu_keluarga"
PRESENT, NEW, NOT_FOUND = 1, 5, 6
MOVED = (3, 4)
WITHOUT_VALUES = {"3", "4", "5"}
SNAPSHOTS = ("keluarga", "anggota")
ENTITY_TABLE = {"keluarga": "keluarga", "kunjungan": "keluarga", "anggota": "anggota", "kunjungan_anggota": "anggota"}


@dataclass(eq=False)
class Record:
    """A raw row that the release does not reject, with the values of the columns of its kind of entity."""

    file: RawFile
    row: int
    cells: dict[str, str]
    values: dict[str, Value] = field(default_factory=dict)
    is_hearsay: bool = False
    """Whether a family says here that somebody moved away who lives in another one."""

    @property
    def pointer(self) -> Pointer:
        """src and row."""
        return self.file.token, self.row

    @property
    def version(self) -> str:
        """The snapshot it belongs to; empty for a field row."""
        return self.file.version or ""

    @property
    def nik(self) -> str | None:
        """The NIK, where one is given."""
        found = self.values[NIK]
        return found if isinstance(found, str) else None

    @property
    def name(self) -> str | None:
        """The name, where one is given."""
        found = self.values["nama"]
        return found if isinstance(found, str) else None

    @cached_property
    def told(self) -> dict[str, Value]:
        """The values, with "there is none" in a blank that the row's own answer to another column rules out."""
        told = dict(self.values)
        for answer in answers(ENTITY_TABLE[self.file.table]):
            gate, closed_by = answer.gate
            if told.get(answer.name) is None and self.values.get(gate) in closed_by:
                told[answer.name] = Mark.NONE
        return told

    @cached_property
    def at(self) -> datetime:
        """The moment of a visit, in UTC."""
        return datetime.fromisoformat(self.cells["waktu_kunjungan"].strip()).astimezone(UTC)

    @cached_property
    def day(self) -> date:
        """The local day of a visit."""
        return datetime.fromisoformat(self.cells["waktu_kunjungan"].strip()).date()

    @cached_property
    def content(self) -> tuple[object, ...]:
        """Everything the row says: two rows with equal content are duplicates."""
        known = {answer.name for answer in answers(ENTITY_TABLE[self.file.table])}
        head = [(name, cell.strip(" ")) for name, cell in self.cells.items() if name not in known]
        return (*head, *self.values.items())


@dataclass(eq=False)
class Entity:
    """A family or a person: snapshot rows and visit rows."""

    rows: list[Record] = field(default_factory=list)
    visits: list[tuple[Record, Record]] = field(default_factory=list)
    """Field rows, each with its visit (for a family the visit itself)."""
    word: civil.Word | None = None
    """What the population register says of the person."""


@dataclass
class Ties:
    """Families by their last card, persons, and the fate of every row that takes no part."""

    families: dict[str, Entity]
    persons: list[Entity]
    aside: dict[Pointer, str]
    versions: list[str]
    official: str | None
    """The latest version whose family file has the official deciles."""
    cards: Chains
    wrong: set[Link]
    """Links that tie whom they may not tie."""


Sighting = tuple[Entity, str, Record]
"""A person, a family card where the person was at home, and the record that says so."""
Met = tuple[Record, Record, str]
"""A member row of a visit, the visit, and the last card of the visited family."""


def tie(
    files: Sequence[RawFile],
    rejected: Collection[Pointer],
    city: str,
    decided: InForce = InForce(),  # noqa: B008 - frozen
    linked: Sequence[Link] = (),
) -> Ties:
    """Tie every row that is not rejected, as the rules, then the reviewers, then the links of the release say."""
    words, files = civil.heard(files, rejected), [file for file in files if file.table in ENTITY_TABLE]
    records = {file.token: _records(file, rejected, city) for file in files}
    dates = {file.version: file.data_date for file in files if file.version and file.data_date}
    ranked = {file.version for file in files if file.is_ranked}
    versions = sorted(dates, key=lambda version: (dates[version], version in ranked, version))
    by_table = defaultdict[str, list[Record]](list)
    for file in sorted(files, key=lambda file: file.token):
        by_table[file.table] += records[file.token]
    aside = dict[Pointer, str]()
    families, outside = _families(by_table["keluarga"], aside, city)
    homes = {(record.version, card) for card, family in families.items() for record in family.rows}
    standing = {(record.version, str(record.values[CARD])) for name in SNAPSHOTS for record in by_table[name]}
    cards = chains(standing, _people(by_table["anggota"], homes), versions)
    _join(families, cards)
    persons, wrong = _persons(by_table["anggota"], homes, cards, outside, aside, decided, linked, words)
    base_cards = {card for card, family in families.items() if any(r.version == versions[-1] for r in family.rows)}
    gone = {cards.last(card) for version, card in outside if version == versions[-1]} - base_cards
    visits = _visits(by_table["kunjungan"], families, base_cards, cards, gone, aside)
    met, doubtful = _meet(by_table["kunjungan_anggota"], visits, _Known(persons, versions[-1]), aside, decided, linked)
    persons += met
    _listen(persons, words)
    aside |= words.aside
    for person in persons:
        _mark_hearsay(person, versions[-1])
    official = next((version for version in reversed(versions) if version in ranked), None)
    return Ties(families, persons, aside, versions, official, cards, wrong & doubtful)


def _listen(persons: Sequence[Entity], words: civil.Words) -> None:
    """Give every person the register's word: by the snapshots' rows with the NIK, else by those of visits."""
    listed, met = defaultdict[str, list[civil.Bearer]](list), defaultdict[str, list[civil.Bearer]](list)
    for place, person in enumerate(persons):
        for found, rows in ((listed, person.rows), (met, [record for record, _ in person.visits])):
            for record in rows:
                if record.nik:
                    found[record.nik].append(civil.Bearer(place, _birth(record), record.name))
    for place, word in civil.tied(words, met | listed).items():
        persons[place].word = word


def _mark_hearsay(person: Entity, base: str) -> None:
    """A family can say that somebody moved away only from itself: where they were met last, else where listed."""
    listed = [row.values[HOME] for row in sorted(person.rows, key=lambda row: row.pointer) if row.version == base]
    home = listed[0] if listed else None
    for record, visit in sorted(person.visits, key=lambda pair: (pair[1].at, pair[0].pointer)):
        place = visit.values[HOME]
        if record.values[PRESENCE] in (PRESENT, NEW):
            home = place
        elif record.values[PRESENCE] in MOVED:
            record.is_hearsay = home not in (None, place)


def _people(members: Iterable[Record], homes: set[tuple[str, str]]) -> Iterable[tuple[str, str, Someone]]:
    """The persons of every card of a snapshot, by their rows."""
    for record in members:
        card = str(record.values[CARD])
        if (record.version, card) in homes and (record.nik or record.name):
            known = (record.name, *_birth(record))
            likeness = None if None in known else known
            yield record.version, card, Someone(_identity(record, card), record.nik is not None, likeness)


def _join(families: dict[str, Entity], cards: Chains) -> None:
    """Put the rows of a family under its last card."""
    for card in sorted(cards.lasts):
        if cards.last(card) != card and card in families:
            families[cards.last(card)].rows += families.pop(card).rows


def _records(file: RawFile, rejected: Collection[Pointer], city: str) -> list[Record]:
    found = []
    names = region_names(city)
    for row in file.rows:
        cells = file.cells(row)
        if cells is None or (file.token, row) in rejected:
            continue
        record = Record(file, row, cells)
        for answer in answers(ENTITY_TABLE[file.table]):
            if answer.region_code is not None:
                record.values[answer.name] = names.get(str(record.values[answer.region_code]))
            elif answer.name == PRESENCE and file.is_snapshot:
                record.values[PRESENCE] = PRESENT
            else:
                record.values[answer.name] = read(answer, cells.get(answer.name))
        found.append(record)
    return found


def _families(
    rows: Iterable[Record], aside: dict[Pointer, str], city: str
) -> tuple[dict[str, Entity], set[tuple[str, str]]]:
    """Families of the city by card, and (version, card) of those elsewhere."""
    families, outside, met = defaultdict[str, Entity](Entity), set[tuple[str, str]](), set[object]()
    for record in rows:
        card = str(record.values[CARD])
        if record.values["kode_kabupaten_kota"] not in (None, city):
            aside[record.pointer] = "out_of_scope"
            outside.add((record.version, card))
        elif _is_repeated(record, met):
            aside[record.pointer] = "duplicate"
        else:
            families[card].rows.append(record)
    return families, outside


def _is_repeated(record: Record, met: set[object], group: object = None) -> bool:
    key = (record.file.token if group is None else group, record.content)
    if key in met:
        return True
    met.add(key)
    return False


def _identity(record: Record, card: str) -> tuple[object, ...]:
    """Who a row speaks of by itself: the NIK, or card and name; with birth date and sex."""
    who = ("nik", record.nik) if record.nik else ("name", card, record.name)
    return (*who, *_birth(record))


def _birth(record: Record) -> tuple[Value, Value]:
    sex = record.values["jenis_kelamin"]
    return record.values["tanggal_lahir"], sex if isinstance(sex, int) else None


def _persons(
    rows: Iterable[Record],
    homes: set[tuple[str, str]],
    cards: Chains,
    outside: set[tuple[str, str]],
    aside: dict[Pointer, str],
    decided: InForce,
    linked: Sequence[Link],
    words: civil.Words,
) -> tuple[list[Entity], set[Link]]:
    active = list[Record]()
    for record in rows:
        place = (record.version, str(record.values[CARD]))
        if place in homes and (record.nik or record.name):
            record.values[HOME] = cards.last(place[1])
            active.append(record)
        else:
            aside[record.pointer] = "out_of_scope" if place in outside - homes else "held"
    keys, wrong = _alike(_reviewed(_settled(_keys(active, cards), words), decided), decided, linked)
    persons, met = defaultdict[object, Entity](Entity), set[object]()
    for record in active:
        key = keys[record]
        if _is_repeated(record, met, group=(record.file.token, key)):
            aside[record.pointer] = "duplicate"
        else:
            persons[key].rows.append(record)
    return list(persons.values()), wrong


def _keys(active: list[Record], cards: Chains) -> dict[Record, tuple[object, ...]]:
    """A row without a NIK belongs to the one person of its family who has a NIK and is otherwise alike."""
    alike = defaultdict[object, set[tuple[object, ...]]](set)
    for record in active:
        if record.nik and None not in _birth(record):
            likeness = (record.values[HOME], record.name, _birth(record))
            alike[likeness].add(_identity(record, str(record.values[CARD])))
    keys = {}
    for record in active:
        own = _identity(record, cards.first(str(record.values[CARD])))
        others = alike[record.values[HOME], record.name, _birth(record)]
        keys[record] = next(iter(others)) if not record.nik and len(others) == 1 else own
    return keys


def _settled(keys: dict[Record, tuple[object, ...]], words: civil.Words) -> dict[Record, tuple[object, ...]]:
    """Rows that agree with the register, blanks aside, are the person of its NIK."""
    found = {}
    for record, key in keys.items():
        word = words.by_nik.get(record.nik or "")
        agrees = word is not None and not civil.contradict(_birth(record), word.birth)
        found[record] = word.key if agrees and word is not None and word.key is not None else key
    return found


def _reviewed(keys: dict[Record, tuple[object, ...]], decided: InForce) -> dict[Record, tuple[object, ...]]:
    """The keys after the reviewers' word: first who is apart, then who is one, unless that joins who is apart."""
    at = {record.pointer: record for record in keys}
    known = [(at[a], at[b]) for a, b in decided.apart if a in at and b in at]
    own = {record: _identity(record, str(record.values[CARD])) for record in keys}
    alone = {own[one] for pair in known if keys[pair[0]] == keys[pair[1]] for one in pair if own[one] != keys[one]}
    keys = {record: own[record] if own[record] in alone else key for record, key in keys.items()}
    sets = [{key} for key in {*keys.values()}]
    for a, b in decided.same:
        if a in at and b in at:
            joined = [found for found in sets if keys[at[a]] in found or keys[at[b]] in found]
            sets = [found for found in sets if found not in joined] + [set().union(*joined)]
    torn = [found for found in sets if any({keys[one], keys[other]} <= found for one, other in known)]
    first = {key: min(found, key=str) for found in sets if found not in torn for key in found}
    return {record: first.get(key, key) for record, key in keys.items()}


def _alike(
    keys: dict[Record, tuple[object, ...]], decided: InForce, linked: Sequence[Link]
) -> tuple[dict[Record, tuple[object, ...]], set[Link]]:
    """The keys after the links between snapshots; and the links that are none of these, or join whom they may not.

    Those who are joined stand in no snapshot together, have one NIK at most, and no reviewer keeps them apart.
    """
    at = {record.pointer: record for record in keys}
    rows = defaultdict[object, list[Record]](list)
    for record, key in keys.items():
        rows[key].append(record)
    sets = list[set[tuple[object, ...]]]()
    for a, b in linked:
        if a in at and b in at:
            found = {keys[at[a]], keys[at[b]]}
            sets = [other for other in sets if not other & found] + [
                found.union(*(other for other in sets if other & found))
            ]
    kept_apart = [{keys[at[a]], keys[at[b]]} for a, b in decided.apart if a in at and b in at]
    sound = set[tuple[object, ...]]()
    for found in sets:
        snapshots = [version for key in found for version in {record.version for record in rows[key]}]
        numbered = [key for key in found if any(record.nik for record in rows[key])]
        is_torn = any(pair <= found for pair in kept_apart)
        if len(snapshots) == len(set(snapshots)) and len(numbered) <= 1 and not is_torn:
            sound |= found
    first = {key: min(found, key=str) for found in sets for key in found}
    wrong = {
        (a, b) for a, b in linked if not (a in at and b in at and keys[at[a]] != keys[at[b]] and keys[at[a]] in sound)
    }
    return {record: first.get(key, key) for record, key in keys.items()}, wrong


def _visits(
    rows: Iterable[Record],
    families: dict[str, Entity],
    base_cards: set[str],
    cards: Chains,
    outside: set[str],
    aside: dict[Pointer, str],
) -> dict[str, Record]:
    """The visit that member rows of each visit id follow; active visits are tied to their family."""
    by_id, met = dict[str, Record](), set[object]()
    for record in rows:
        card = cards.last(str(record.values[CARD]))
        if _is_repeated(record, met, group="visits"):
            aside[record.pointer] = "duplicate"
        elif card in outside:
            aside[record.pointer] = "out_of_scope"
        elif card not in base_cards:
            aside[record.pointer] = "held"
        elif record.cells["hasil_kunjungan"].strip() in WITHOUT_VALUES:
            aside[record.pointer] = "no_values"
        else:
            record.values[HOME] = card
            families[card].visits.append((record, record))
        held = by_id.setdefault(record.cells["id_kunjungan"].strip(), record)
        if _standing(record, aside) > _standing(held, aside):
            by_id[record.cells["id_kunjungan"].strip()] = record
    return by_id


def _standing(visit: Record, aside: dict[Pointer, str]) -> tuple[bool, datetime, Pointer]:
    return visit.pointer not in aside, visit.at, visit.pointer


class _Known:
    """The persons known so far, looked up by NIK and by name within a family.

    A row of an older snapshot counts only where the `base` one has nobody with its NIK, and nobody of its name at home.
    """

    def __init__(self, persons: Iterable[Entity], base: str = "") -> None:
        self.persons = list(persons)
        self.by_nik = defaultdict[str, list[Sighting]](list)
        self.by_name = defaultdict[tuple[str, str], list[Sighting]](list)
        rows = [(person, record) for person in self.persons for record in person.rows]
        for person, record in rows:
            if record.version == base:
                self._list(person, str(record.values[HOME]), record)
        numbers, names = set(self.by_nik), set(self.by_name)
        for person, record in rows:
            home = str(record.values[HOME])
            if record.version != base and record.nik not in numbers and (home, record.name or "") not in names:
                self._list(person, home, record)

    def _list(self, person: Entity, home: str, record: Record) -> None:
        if record.nik:
            self.by_nik[record.nik].append((person, home, record))
        if record.name:
            self.by_name[home, record.name].append((person, home, record))

    @classmethod
    def met(cls, answers_of_new: Iterable[Met]) -> "_Known":
        """New persons of member rows: the same identity is the same person."""
        people, known = defaultdict[object, Entity](Entity), cls(())
        for record, visit, card in answers_of_new:
            person = people[_identity(record, card)]
            person.visits.append((record, visit))
            known._list(person, card, record)
        known.persons = list(people.values())
        return known


def _meet(
    rows: Iterable[Record],
    visits: dict[str, Record],
    people: _Known,
    aside: dict[Pointer, str],
    decided: InForce,
    linked: Sequence[Link],
) -> tuple[list[Entity], set[Link]]:
    """Tie the member rows of visits: to persons of the snapshots, then as new persons, then to new persons.

    Last come the links; those that tie nobody here, or whom they may not, are told.
    """
    fresh, waiting, nobody = list[Met](), list[Met](), list[Met]()
    for record, visit, card in _active(rows, visits, aside):
        person, is_new, is_nobody = _recognise(record, card, people)
        if person is not None:
            person.visits.append((record, visit))
        elif is_new:
            fresh.append((record, visit, card))
        elif is_nobody:
            waiting.append((record, visit, card))
        else:
            aside[record.pointer] = "held"
    fresh = _known_after_all(fresh, people, decided)
    newcomers = _Known.met(fresh)
    for record, visit, card in waiting:
        person, _, _ = _recognise(record, card, newcomers)
        if person is None:
            nobody.append((record, visit, card))
        else:
            person.visits.append((record, visit))
    strangers = defaultdict[object, list[tuple[Record, Record]]](list)
    who = dict[Pointer, object]()
    for record, _, card in (*fresh, *nobody):
        who[record.pointer] = _identity(record, card)
    for person in newcomers.persons:
        strangers[who[person.visits[0][0].pointer]] = person.visits
    for record, visit, _ in nobody:
        strangers[who[record.pointer]].append((record, visit))
    wrong = _recognised(strangers, who, people, decided, linked)
    left = [person for person in newcomers.persons if who[person.visits[0][0].pointer] in strangers]
    aside |= {record.pointer: "held" for record, _, _ in nobody if who[record.pointer] in strangers}
    return left, wrong


def _recognised(
    strangers: dict[object, list[tuple[Record, Record]]],
    who: dict[Pointer, object],
    people: _Known,
    decided: InForce,
    linked: Sequence[Link],
) -> set[Link]:
    """Give the visits of linked strangers to the persons of the snapshots, and tell the links that may not do so."""
    at = {record.pointer: person for person in people.persons for record in person.rows}
    found, wrong = dict[object, Entity](), set(linked)
    for link in linked:
        for mine, theirs in (link, link[::-1]):
            if mine in who and theirs in at and found.setdefault(who[mine], at[theirs]) is at[theirs]:
                wrong.discard(link)
    given = [(strangers.pop(one), person) for one, person in found.items()]
    for visits, person in given:
        person.visits += visits
    for visits, person in given:
        if not _may_be_one(visits, person, decided):
            wrong |= set(linked)
    return wrong


def _may_be_one(visits: list[tuple[Record, Record]], person: Entity, decided: InForce) -> bool:
    """Whether a stranger's visits name the person but once, one of them has no NIK, and no reviewer says otherwise."""
    mine = {record.pointer for record, _ in visits}
    others = {record for record, _ in person.visits if record.pointer not in mine}
    names = {visit.cells["id_kunjungan"].strip() for _, visit in visits}
    is_twice = any(visit.cells["id_kunjungan"].strip() in names for record, visit in person.visits if record in others)
    is_numbered = any(record.nik for record, _ in visits) and any(record.nik for record in person.rows)
    rows = {record.pointer for record in person.rows}
    is_apart = any((a in mine and b in rows) or (b in mine and a in rows) for a, b in decided.apart)
    return not (is_twice or is_numbered or is_apart)


def _known_after_all(fresh: list[Met], people: _Known, decided: InForce) -> list[Met]:
    """The new persons but those whom reviewers tied to a person of the snapshots, who get their rows."""
    at = {record.pointer: person for person in people.persons for record in person.rows}
    who = {record.pointer: _identity(record, card) for record, _, card in fresh}
    pairs = [pair for a, b in decided.same for pair in ((a, b), (b, a))]
    tied = {who[mine]: at[theirs] for mine, theirs in pairs if mine in who and theirs in at}
    for record, visit, card in fresh:
        if _identity(record, card) in tied:
            tied[_identity(record, card)].visits.append((record, visit))
    return [met for met in fresh if who[met[0].pointer] not in tied]


def _active(rows: Iterable[Record], visits: dict[str, Record], aside: dict[Pointer, str]) -> list[Met]:
    """Member rows of visits that count, each with its visit and the last card of the visited family."""
    active, met = list[Met](), set[object]()
    for record in rows:
        visit_id = record.cells["id_kunjungan"].strip()
        visit = visits.get(visit_id)
        if _is_repeated(record, met, group=visit_id):
            aside[record.pointer] = "duplicate"
        elif visit is None or visit.pointer in aside:
            aside[record.pointer] = "held" if visit is None else aside[visit.pointer]
        else:
            active.append((record, visit, str(visit.values[HOME])))
    return active


def _contradicts(record: Record, other: Record) -> bool:
    pairs = zip(_birth(record), _birth(other), strict=True)
    return any(mine is not None and theirs is not None and mine != theirs for mine, theirs in pairs)


def _recognise(record: Record, card: str, people: _Known) -> tuple[Entity | None, bool, bool]:
    """The one person a member row speaks of; else whether it is somebody new, else whether nobody is like it.

    A blank birth date or sex contradicts nothing. The NIK decides; the name only where a NIK is missing.
    """
    same_nik = people.by_nik.get(record.nik or "", [])
    fitting = [(person, home) for person, home, other in same_nik if not _contradicts(record, other)]
    at_home = {person for person, home in fitting if home == card}
    fits = {person for person, _ in fitting}
    namesakes = {
        person
        for person, _, other in people.by_name.get((card, record.name or ""), [])
        if not _contradicts(record, other) and not (record.nik and other.nik)
    }
    for found in (at_home, fits, set() if same_nik else namesakes):
        if len(found) == 1:
            return found.pop(), False, False
    is_complete = record.name is not None and None not in _birth(record)
    is_there = record.values[PRESENCE] in (PRESENT, NEW)
    is_nobody = not same_nik and not namesakes
    is_other = bool(same_nik) and not fits and record.values[PRESENCE] == NEW
    return None, is_there and is_complete and (is_nobody or is_other), is_nobody
