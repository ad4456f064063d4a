"""The release against the truth of the synthetic city: nobody disappears, nobody is mixed up, every error is met."""

from collections import Counter, defaultdict
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from dtsen_pipeline.schemas.tables import SNAPSHOT_TABLES
from dtsen_pipeline.synthetic.kinds import KINDS
from tests.oracle.city import raw_files
from tests.oracle.raw import RawFile
from tests.oracle.ties import Pointer, tie
from tests.oracle.values import answers
from tests.running import Run, delivered

NOT_PUBLISHED = {"rejected", "held", "out_of_scope"}
FEEDBACK = {"adopted": "adopted", "ignored": "blocked", "third": "pending"}


@dataclass(frozen=True)
class Planted:
    """A data line of the city, what is wrong with it, and what became of it."""

    pointer: Pointer
    table: str
    person: str | None
    family: str | None
    kinds: frozenset[str]
    fate: str
    reason: str
    warnings: frozenset[str]


class Case:
    """A run and the truth of its city."""

    def __init__(self, run: Run, city: Path) -> None:
        self.tables, self.city = run.tables, city

    @cached_property
    def files(self) -> dict[str, RawFile]:
        """Raw files by token."""
        return {file.token: file for file in raw_files(self.city)}

    @cached_property
    def planted(self) -> dict[Pointer, Planted]:
        """Every data line by its pointer."""
        tokens = {f"{file.path.parent.name}/{file.path.name}": file for file in delivered(self.city)}
        fates = {(row["src"], row["row"]): row for row in self.tables["fate"]}
        warned = {(row["src"], row["row"]): row["warnings"].split("|") for row in self.tables["warned"]}
        found = {}
        for line in self.truth("occurrences").iter_rows(named=True):
            file = tokens[line["file"]]
            pointer = (file.token, line["line"])
            fate = fates[pointer]
            found[pointer] = Planted(
                pointer,
                file.table,
                line["truth_person"],
                line["truth_family"],
                frozenset(line["kinds"]),
                fate["fate"],
                fate["reason"] or "",
                frozenset(warned.get(pointer, ())),
            )
        return found

    def truth(self, name: str) -> pl.DataFrame:
        """A table of the truth."""
        return pl.read_parquet(self.city / "truth" / f"{name}.parquet")

    def of(self, kind: str) -> list[Planted]:
        """The lines in which a kind of error was planted."""
        return [line for line in self.planted.values() if kind in line.kinds]

    def base(self, table: str) -> Iterator[Planted]:
        """The lines of a table of the base snapshot."""
        for line in self.planted.values():
            if line.table == table and self.files[line.pointer[0]].version == "v4_2026":
                yield line

    def cell(self, line: Planted, name: str) -> str:
        """The text of a cell."""
        return (self.files[line.pointer[0]].cells(line.pointer[1]) or {})[name]


@pytest.fixture(scope="module")
def case(run: Run, city: Path) -> Case:
    return Case(run, city)


def _pointer(row: dict[str, Any]) -> Pointer:
    return row["src"], row["row"]


def test_no_person_disappears_and_none_is_doubled(case: Case) -> None:
    due = {line.person for line in case.base("anggota") if line.fate not in NOT_PUBLISHED}
    published = [case.planted[_pointer(row)] for row in case.tables["anggota"]]
    listed = Counter(line.person for line in published if line.table == "anggota")
    assert listed.keys() == due
    assert set(listed.values()) == {1}
    assert len({row["person_id"] for row in case.tables["anggota"]}) == len(case.tables["anggota"])


def test_no_family_disappears_and_none_is_doubled(case: Case) -> None:
    due = {line.family for line in case.base("keluarga") if line.fate not in NOT_PUBLISHED}
    listed = Counter(case.planted[_pointer(row)].family for row in case.tables["keluarga"])
    assert listed.keys() == due
    assert set(listed.values()) == {1}


@pytest.mark.parametrize("kind", ["nik_shared_two_people", "nik_shared_same_family", "nik_missing"])
def test_people_with_doubtful_numbers_stay_apart(case: Case, kind: str) -> None:
    owners = {_pointer(row): row["person_id"] for row in case.tables["anggota"]}
    in_base = [line for line in case.of(kind) if line.fate == "base"]
    assert len(in_base) > 1
    assert len({owners[line.pointer] for line in in_base}) == len({line.person for line in in_base})


def test_members_live_in_the_family_that_lists_them(case: Case) -> None:
    homes = {row["family_id"]: case.planted[_pointer(row)].family for row in case.tables["keluarga"]}
    moved = {row["entity_id"] for row in case.tables["lineage"] if row["mask"] >> 49 & 1}
    for row in case.tables["anggota"]:
        line = case.planted[_pointer(row)]
        if line.table == "anggota" and row["person_id"] not in moved:
            assert homes[row["family_id"]] == line.family


def test_no_decision_mixes_two_people(case: Case) -> None:
    """Every record that won, agreed or lost for a person or family is of that person or family."""
    people, families = defaultdict[str, set[str | None]](set), defaultdict[str, set[str | None]](set)
    for name in ("anggota", "lineage", "conflict"):
        for row in case.tables[name]:
            line = case.planted[_pointer(row)]
            entity = str(row.get("entity_id", row.get("person_id")))
            if row.get("tabel", "anggota") == "anggota":
                people[entity].add(line.person)
            else:
                families[entity].add(line.family)
    assert len(people) > 1000
    assert all(len(found) == 1 for found in [*people.values(), *families.values()])


def test_families_go_on_under_a_new_card_and_no_two_become_one(case: Case, run: Run) -> None:
    ids, owners = defaultdict[str | None, set[str]](set), defaultdict[str, set[str | None]](set)
    cards = defaultdict[str | None, set[str]](set)
    rows = run.engine.fetch(run.observed.families.select("src", "row", "family_id", "nomor_kartu_keluarga"))
    for src, row, family_id, card in rows.iter_rows():
        family = case.planted[src, row].family
        ids[family].add(family_id)
        owners[family_id].add(family)
        cards[family].add(card)
    changed = {family for family, found in cards.items() if len(found) == 2}
    assert len(changed) >= 3
    assert changed <= {line.family for line in case.of("family_card_changed")}
    assert {len(found) for found in [*ids.values(), *owners.values()]} == {1}
    aliases = {row["entity_id"] for row in case.tables["alias"] if row["tabel"] == "keluarga"}
    assert aliases == set().union(*(ids[family] for family in changed))


def test_a_visit_under_a_card_that_changed_still_counts(case: Case) -> None:
    aliases = {row["entity_id"] for row in case.tables["alias"] if row["tabel"] == "keluarga"}
    changed = {case.planted[_pointer(row)].family for row in case.tables["keluarga"] if row["family_id"] in aliases}
    fates = {line.fate for line in case.planted.values() if line.table == "kunjungan" and line.family in changed}
    assert "contributed" in fates
    assert "held" not in fates


def test_the_identity_rules_mix_nobody(case: Case) -> None:
    """The same for all rows, also those that decided nothing, by ties made without the core."""
    rejected = {_pointer(row) for row in case.tables["rejected"]}
    ties = tie(list(case.files.values()), rejected, "3571")
    for person in ties.persons:
        records = [*person.rows, *(record for record, _ in person.visits)]
        assert len({case.planted[record.pointer].person for record in records}) == 1


def _rejected(*reasons: str) -> Callable[[Planted], bool]:
    return lambda line: line.fate == "rejected" and line.reason in reasons


def _held(*reasons: str) -> Callable[[Planted], bool]:
    return lambda line: line.fate == "held" and line.reason in reasons


def _warned(code: str) -> Callable[[Planted], bool]:
    return lambda line: line.fate in NOT_PUBLISHED or code in line.warnings


def _fated(*fates: str) -> Callable[[Planted], bool]:
    return lambda line: line.fate in fates


NATURAL = {"W_NIK_REGION", "W_GAS_CYLINDER_FUEL", "W_NUTRITION_AGE"}
OF_OTHERS = {"W_HEAD_COUNT", "W_MEMBER_COUNT", "W_SPOUSE_COUNT", "W_CHILD_OLDER", "W_PARENT_YOUNGER"}
LISTED = _fated("base", "superseded", "contributed", "held")
"""Nothing in the row itself shows the error; visits bring it to light."""
NUMBER = "nomor_induk_kependudukan"
OUTCOMES: dict[str, Callable[[Planted], bool]] = {
    "nik_missing": _warned("W_NIK_MISSING"),
    "nik_shared_two_people": _warned("W_NIK_TWO_FAMILIES"),
    "nik_shared_same_family": _warned("W_NIK_TWICE"),
    "nik_contradicts_birth_date": _warned("W_NIK_BIRTHDATE"),
    "nik_contradicts_sex": _warned("W_NIK_SEX"),
    "deceased_still_listed": LISTED,
    "member_moved_still_listed": LISTED,
    "member_not_found": LISTED,
    "birth_in_future": _rejected("E_BIRTH_FUTURE"),
    "two_heads": LISTED,
    "family_left_city": LISTED,
    "family_moved_within_city": LISTED,
    "family_outside_city": _fated("out_of_scope"),
    "family_card_changed": lambda line: LISTED(line) or len(line.kinds) > 1,
    "member_orphan": _held("H_FAMILY_ABSENT"),
    "family_without_members": _warned("W_FAMILY_EMPTY"),
    "family_duplicate_identical": _warned("W_KK_TWICE"),
    "family_duplicate_differs": _warned("W_KK_TWICE"),
    "member_duplicate_identical": _fated("base", "superseded", "contributed", "duplicate"),
    "code_out_of_range": lambda line: any(code.startswith("W_CODE:") for code in line.warnings),
    "number_unreadable": _rejected("E_NUMBER:luas_lantai"),
    "date_unreadable": _rejected("E_DATE:tanggal_lahir"),
    "desil_11": _rejected("E_DESIL:desil_nasional"),
    "nik_scientific": _rejected(f"E_NIK_NUMERIC:{NUMBER}"),
    "nik_decimal": _rejected(f"E_NIK_NUMERIC:{NUMBER}"),
    "line_missing_delimiter": _rejected("E_LINE_WIDTH", "E_LINE_QUOTE"),
    "line_extra_delimiter": _rejected("E_LINE_WIDTH"),
    "line_bare_quote": _rejected("E_LINE_QUOTE"),
    "line_truncated": _rejected("E_LINE_WIDTH", "E_LINE_QUOTE"),
    "line_undecodable": _rejected("E_LINE_ENCODING"),
    "visit_sent_twice": _fated("contributed", "superseded", "duplicate"),
    "visit_unknown_card": _held("H_FAMILY_UNKNOWN"),
    "visit_expired": _fated("contributed", "superseded"),
    "member_without_visit": _held("H_VISIT_UNKNOWN"),
    "visit_time_unreadable": _rejected("E_TIME:waktu_kunjungan"),
}


@pytest.mark.parametrize("kind", KINDS)
def test_every_planted_error_has_its_outcome(case: Case, kind: str) -> None:
    lines = case.of(kind)
    assert lines
    assert all(OUTCOMES[kind](line) for line in lines)


def test_rows_without_an_error_raise_no_other_warning(case: Case) -> None:
    """Numbers first issued elsewhere, cylinders that do not fit, and what another row of the family brings about."""
    lines = [line for line in case.planted.values() if line.table in SNAPSHOT_TABLES and not line.kinds]
    told = {code for line in lines for code in line.warnings}
    assert {"W_NIK_REGION", "W_GAS_CYLINDER_FUEL"} <= told <= NATURAL | OF_OTHERS


def test_nothing_else_is_rejected_or_out_of_scope(case: Case) -> None:
    lines = [line for line in case.planted.values() if line.fate == "rejected"]
    assert all(line.kinds for line in lines)
    outside = {line.family for line in case.of("family_outside_city")}
    gone = [line for line in case.planted.values() if line.fate == "out_of_scope"]
    assert {line.family for line in gone} == outside
    assert {line.reason for line in gone} == {"O_CITY"}


def test_held_members_miss_their_family_or_their_visit(case: Case) -> None:
    lost = {
        (line.pointer[0], line.family)
        for line in case.planted.values()
        if line.table == "keluarga" and line.fate == "rejected"
    }
    versions = {token: file.version for token, file in case.files.items()}
    lost_families = {(versions[token], family) for token, family in lost}
    for line in case.planted.values():
        if line.table == "anggota" and line.fate == "held":
            is_lost = (versions[line.pointer[0]], line.family) in lost_families
            assert line.reason == "H_FAMILY_ABSENT"
            assert is_lost or "member_orphan" in line.kinds


@pytest.mark.parametrize("kind", ["family_duplicate_identical", "member_duplicate_identical", "visit_sent_twice"])
def test_of_equal_rows_one_counts(case: Case, kind: str) -> None:
    pairs = defaultdict[object, list[str]](list)
    for line in case.of(kind):
        is_field = line.table.startswith("kunjungan")
        place = line.table if is_field else line.pointer[0]
        pairs[place, line.person or line.family].append(line.fate)
    assert pairs
    for fates in pairs.values():
        assert len(fates) == 2
        assert fates.count("duplicate") == 1


def test_of_differing_rows_the_loser_is_kept_as_a_conflict(case: Case) -> None:
    lines = [line for line in case.base("keluarga") if "family_duplicate_differs" in line.kinds]
    losers = {_pointer(row): row for row in case.tables["conflict"] if row["sumber"] == "keluarga"}
    floor = next(answer.bit for answer in answers("keluarga") if answer.name == "luas_lantai")
    assert sorted(line.fate == "base" for line in lines) == [False] * (len(lines) // 2) + [True] * (len(lines) // 2)
    for line in lines:
        if line.fate != "base":
            assert losers[line.pointer]["decision"] == "superseded"
            assert losers[line.pointer]["mask"] >> floor & 1


def test_two_heads_warn_the_family(case: Case) -> None:
    homes = {(line.pointer[0], line.family): line for line in case.planted.values() if line.table == "keluarga"}
    versions = {file.version: token for token, file in case.files.items() if file.table == "keluarga"}
    for line in case.of("two_heads"):
        family = homes[versions[case.files[line.pointer[0]].version], line.family]
        assert family.fate in NOT_PUBLISHED or "W_HEAD_COUNT" in family.warnings


def test_shared_numbers_warn_both(case: Case) -> None:
    lines = [*case.of("nik_shared_two_people"), *case.of("nik_shared_same_family")]
    active = [line for line in lines if line.fate not in NOT_PUBLISHED]
    holders = Counter(case.cell(line, NUMBER) for line in {line.person: line for line in active}.values())
    assert max(holders.values()) == 2
    for line in active:
        if holders[case.cell(line, NUMBER)] == 2:
            assert "W_NIK_SHARED" in line.warnings


def test_an_expired_visit_loses_and_says_so(case: Case) -> None:
    old = {line.pointer for line in case.of("visit_expired")}
    dwelling = sum(1 << answer.bit for answer in answers("keluarga") if answer.group == "dwelling")
    lost = [row for row in case.tables["conflict"] if _pointer(row) in old]
    won = [row for row in case.tables["lineage"] if _pointer(row) in old]
    assert "expired" in {row["decision"] for row in lost}
    assert not any(row["mask"] & dwelling for row in won if row["decision"] in ("changed", "blocked", "pending"))


def test_families_without_members_are_incomplete(case: Case) -> None:
    empty = {line.pointer for line in case.of("family_without_members")}
    rows = [row for row in case.tables["keluarga"] if _pointer(row) in empty]
    assert rows
    assert {row["alasan_tidak_lengkap"] for row in rows} == {"tanpa_anggota"}
    assert all(row["desil_estimasi"] is None for row in rows)


def test_what_the_ministry_made_of_the_first_week(case: Case) -> None:
    """Adopted, ignored and third values of the truth are adopted, blocked and pending in the lineage."""
    bits = {(table, answer.name): answer.bit for table in ("keluarga", "anggota") for answer in answers(table)}
    entities = _entities(case)
    decisions = _decisions(case)
    seen = Counter[str]()
    for row in case.truth("feedback").iter_rows(named=True):
        entity = entities.get((row["table"], row["truth_key"]))
        found = decisions.get((entity, bits[row["table"], row["column"]]), set())
        if entity is None or not found:
            continue
        seen[row["verdict"]] += 1
        assert FEEDBACK[row["verdict"]] in found
    assert all(seen[verdict] for verdict in FEEDBACK)
    assert seen.total() > 15


def _entities(case: Case) -> dict[tuple[str, str], str]:
    """Published ids by table and true key."""
    found = {}
    for row in case.tables["keluarga"]:
        found["keluarga", str(case.planted[_pointer(row)].family)] = row["family_id"]
    for row in case.tables["anggota"]:
        found["anggota", str(case.planted[_pointer(row)].person)] = row["person_id"]
    return found


def _decisions(case: Case) -> dict[tuple[str | None, int], set[str]]:
    """What visits of the first week decided, by entity and bit."""
    early = {token for token, file in case.files.items() if not file.is_snapshot and _is_first_week(file)}
    found = defaultdict[tuple[str | None, int], set[str]](set)
    for row in _rows_of(case.tables["lineage"], early):
        for bit in range(63):
            if row["mask"] >> bit & 1:
                found[row["entity_id"], bit].add(row["decision"])
    return found


def _is_first_week(file: RawFile) -> bool:
    return b"2026W37" in file.lines[1]


def _rows_of(rows: Sequence[dict[str, Any]], tokens: set[str]) -> Iterator[dict[str, Any]]:
    return (row for row in rows if row["src"] in tokens)
