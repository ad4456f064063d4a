"""The review list's whole way: exported, answered, taken in, published, undone; and who may see what."""

import csv
import json
from dataclasses import dataclass
from datetime import UTC, datetime
from io import BytesIO
from pathlib import Path
from typing import Any

import openpyxl
import polars as pl
import pytest
from openpyxl.workbook.workbook import Workbook

from dtsen_pipeline.core.engine import Engine
from dtsen_pipeline.queries.access import Look
from dtsen_pipeline.queries.explain import explain
from dtsen_pipeline.queries.labels import MASK
from dtsen_pipeline.queries.reading import view
from dtsen_pipeline.queries.review import (
    ALIKE,
    CONTRADICTING,
    DECIDED,
    DISPUTED,
    LINKED,
    OPEN,
    SHARED,
    TIED,
    WAITING,
    Asked,
    Review,
    review,
)
from dtsen_pipeline.queries.review_book import CASES, DONE, SCORES, review_book
from dtsen_pipeline.queries.trace import trace
from dtsen_pipeline.resources.decide import Word, accept, refuse
from dtsen_pipeline.resources.freeze import freeze_inputs
from dtsen_pipeline.resources.platform import opened
from dtsen_pipeline.resources.rule import Ruled, rule
from dtsen_pipeline.synthetic import generate
from tests.queries.asking import looks
from tests.queries.world import AS_OF, LOOK, NOW, World, copied, publish, template

SEEN = Look("tester", NOW, "tinjauan", is_revealed=True)
WORD = Word("looked at", "tester", datetime(2026, 11, 25, 3, tzinfo=UTC))
FLOOR = "jenis_lantai_terluas"
DAYS = ("2026-11-01", "2026-11-02")


@pytest.fixture(scope="module")
def base(tmp_path_factory: pytest.TempPathFactory) -> World:
    """A small published city with a person twice, once without a NIK, and visits that contradict each other."""
    city = tmp_path_factory.mktemp("reviewed") / "city"
    generate(150, 7, city)
    _without_number(city / "snapshot_2")
    _titled(city / "snapshot_1")
    _again_and_otherwise(city / "batches")
    return template(city)


def _rows(path: Path, mark: str) -> list[list[str]]:
    lines = path.read_text(encoding="utf-8", errors="surrogateescape").splitlines()
    found = [next(csv.reader([line], delimiter=mark), []) for line in lines]
    return [row for row in found if len(row) == len(found[0])]


def _append(path: Path, rows: list[list[str]], mark: str) -> None:
    """Add rows and leave the others as they are, damage and all."""
    with path.open("a", encoding="utf-8", newline="") as file:
        quoting = csv.QUOTE_ALL if mark == "|" else csv.QUOTE_MINIMAL
        csv.writer(file, delimiter=mark, lineterminator="\n", quoting=quoting).writerows(rows)


def _without_number(folder: Path) -> None:
    """A grown-up stands once more on the card of a neighbour, without a NIK."""
    homes, people = (next(folder.glob(f"{name}_*.csv")) for name in ("keluarga", "anggota"))
    head, *families = _rows(homes, "|")
    card, village = head.index("nomor_kartu_keluarga"), head.index("kode_kelurahan_desa")
    first = families[0]
    neighbour = next(row for row in families[1:] if row[village] == first[village] and row[card] != first[card])
    names, *members = _rows(people, "|")
    at, number = names.index("nomor_kartu_keluarga"), names.index("nomor_induk_kependudukan")
    again = next(list(row) for row in members if row[at] == first[card] and row[number])
    again[at], again[number] = neighbour[card], ""
    _append(people, [again], "|")


def _titled(folder: Path) -> None:
    """Everybody without a NIK bears a title."""
    (path,) = folder.glob("anggota_*.csv")
    text = path.read_text(encoding="utf-8", errors="surrogateescape")
    names, *members = _rows(path, "|")
    number, name = names.index("nomor_induk_kependudukan"), names.index("nama")
    for row in members:
        if not row[number] and row[name]:
            text = text.replace(f'"{row[name]}"', f'"HJ. {row[name]}"')
    path.write_text(text, encoding="utf-8", errors="surrogateescape", newline="")


def _again_and_otherwise(folder: Path) -> None:
    """Every complete visit of the last week is made again two days later, and finds another floor."""
    path = folder / "kunjungan_2026-W41_trc.csv"
    head, *rows = _rows(path, ",")
    number, at, outcome, floor = (
        head.index(name) for name in ("id_kunjungan", "waktu_kunjungan", "hasil_kunjungan", FLOOR)
    )
    more = []
    for row in rows:
        if row[outcome] == "1" and row[floor] and row[at][8:10].isdigit():
            other = list(row)
            day = f"{int(row[at][8:10]) + 2:02}"
            other[number], other[at] = f"{row[number]}-U", f"{row[at][:8]}{day}{row[at][10:]}"
            other[floor] = "8" if row[floor] != "8" else "5"
            more.append(other)
    _append(path, more, ",")


@pytest.fixture
def world(base: World, tmp_path: Path) -> World:
    """The city of one's own."""
    return copied(base, tmp_path / "home")


def listed(world: World, engine: Engine, look: Look = LOOK) -> Review:
    """The review list as it stands now."""
    with opened(world.settings) as platform:
        return review(platform, view(platform), engine, look)


def cells(book: Workbook, sheet: str) -> list[dict[str, Any]]:
    """The cells of a sheet by the heading's names, a mapping a row."""
    head, *lines = book[sheet].iter_rows()
    return [{str(name.value): cell for name, cell in zip(head, line, strict=True)} for line in lines]


def answered(world: World, engine: Engine, folder: Path, number: str, *said: str) -> Ruled:
    """Export, fill the row of a case with `answer reviewer day`, save and take in."""
    book = openpyxl.load_workbook(BytesIO(review_book(listed(world, engine, SEEN))))
    (row,) = [row for sheet in (CASES, DONE) for row in cells(book, sheet) if row["kasus"].value == number]
    told = dict(zip(("putusan", "peninjau", "tanggal_putusan"), said, strict=True)) | {"bukti": "KTP-el dan KK"}
    for name, text in told.items():
        row[name].value = text
    path = folder / f"{len(list(folder.glob('*.xlsx')))}.xlsx"
    book.save(path)
    with opened(world.settings) as platform:
        return rule(platform, path, NOW)


def only(found: Review, reason: str) -> Asked:
    """The first case with a reason."""
    return next(one for one in found.cases if reason in one.reasons)


def persons(world: World) -> list[dict[str, Any]]:
    """The published persons of the current release."""
    with opened(world.settings) as platform:
        return list(view(platform).scan("anggota").collect().iter_rows(named=True))


def test_the_list_has_pairs_shared_numbers_and_visits_and_shows_nobody(base: World, engine: Engine) -> None:
    found = listed(base, engine)
    assert {ALIKE, SHARED, CONTRADICTING} <= {reason for one in found.cases for reason in one.reasons}
    assert {one.status for one in found.cases} == {OPEN, TIED}
    visits = only(found, CONTRADICTING)
    assert (visits.case.group, FLOOR in visits.columns) == ("dwelling", True)
    assert found == listed(base, engine)
    assert not any(one.a or one.b for one in found.cases)
    assert {one.number for one in found.likeness} <= {one.number for one in found.cases}
    said = repr(found)
    assert not [
        row for row in persons(base) for name in ("nama", "nomor_induk_kependudukan") if row[name] and row[name] in said
    ]


def test_the_workbook_shows_both_sides_and_the_score_last(base: World, engine: Engine) -> None:
    found = listed(base, engine, SEEN)
    book = openpyxl.load_workbook(BytesIO(review_book(found)))
    assert book.sheetnames[-1] == SCORES
    rows = cells(book, CASES)
    assert {row["kasus"].value for row in rows} == {one.number for one in found.of_status(OPEN)}
    assert not {"bobot", "peluang_per_sejuta"} & set(rows[0])
    pair = only(found, ALIKE)
    (row,) = [row for row in rows if row["kasus"].value == pair.number]
    name = next(person["nama"] for person in persons(base) if person["person_id"] == pair.case.a)
    assert name in row["isi_a"].value
    assert name in row["isi_b"].value
    assert "Nomor induk kependudukan" in row["yang_berbeda"].value
    assert {cell.data_type for line in rows for cell in line.values()} <= {"s", "n"}
    assert all(cell.value is None for line in rows for cell in line.values() if cell.data_type == "n")
    lists = {str(one.formula1) for one in book[CASES].data_validations.dataValidation}
    assert lists == {'"sama,beda,tolak,catatan,batal"', '"pilih_a,pilih_b,tolak,catatan,batal"'}
    with opened(base.settings) as platform:
        last = looks(platform)[-1]
    assert (last.action, last.purpose) == ("review.reveal", "tinjauan")


def test_what_the_model_tied_is_shown_with_its_edge_and_one_reviewer_parts_it(
    world: World, engine: Engine, tmp_path: Path
) -> None:
    case = listed(world, engine, SEEN).of_status(TIED)[0]
    assert case.reasons == (LINKED,)
    name = "Nama"
    assert {label for label, _ in case.a} == {label for label, _ in case.b}
    assert dict(case.a)[name] != dict(case.b)[name]
    with opened(world.settings) as platform:
        (row,) = [row for row in view(platform).rows("tautan") if {row["pihak_a"], row["pihak_b"]} == {*_sides(case)}]
        (tie,) = trace(platform, view(platform), "anggota", row["person_id"], LOOK).ties
        (person,) = view(platform).rows("anggota", pl.col("person_id") == row["person_id"])
        family = explain(platform, view(platform), person["family_id"], LOOK)
    assert (tie.number, tie.weight, tie.model) == (case.number, row["bobot"], row["model"])
    assert tie in family.ties
    assert answered(world, engine, tmp_path, case.number, "beda", "P-1", DAYS[0]).rows == 1
    publish(world.settings)
    after = {one.number: (one.status, one.answer) for one in listed(world, engine).cases}
    assert after[case.number] == (DECIDED, "beda")
    with opened(world.settings) as platform:
        assert not [one for one in view(platform).rows("tautan") if one["person_id"] in _sides(case)]


def _sides(one: Asked) -> tuple[str, str]:
    return one.case.a, one.case.b


@dataclass(frozen=True)
class Decided:
    """A home whose release stands on decisions: of two about a pair, and of one about two visits."""

    world: World
    pair: Asked
    visits: Asked
    choice: str


@pytest.fixture(scope="module")
def decided(base: World, engine: Engine, tmp_path_factory: pytest.TempPathFactory) -> Decided:
    folder = tmp_path_factory.mktemp("decided")
    world = copied(base, folder / "home")
    found = listed(world, engine)
    pair, visits = only(found, ALIKE), only(found, CONTRADICTING)
    with opened(world.settings) as platform:
        lost = view(platform).scan("conflict").collect().filter(decision="superseded", sumber="kunjungan")
    losers = {f"{src}-{row}" for src, row in lost.select("src", "row").rows()}
    choice = "pilih_a" if visits.case.a in losers else "pilih_b"
    assert answered(world, engine, folder, visits.number, choice, "P-1", DAYS[0]).rows == 1
    assert answered(world, engine, folder, pair.number, "sama", "P-1", DAYS[0]).rows == 1
    assert [one.number for one in listed(world, engine).of_status(WAITING)] == [pair.number]
    assert answered(world, engine, folder, pair.number, "sama", "P-2", DAYS[0]).rows == 1
    publish(world.settings)
    return Decided(world, pair, visits, choice)


def test_two_reviewers_tie_a_pair_and_the_trace_says_so(base: World, decided: Decided, engine: Engine) -> None:
    now, sides = persons(decided.world), {decided.pair.case.a, decided.pair.case.b}
    assert len(now) == len(persons(base)) - 1
    (entity,) = {row["person_id"] for row in now} & sides
    with opened(decided.world.settings) as platform:
        told = trace(platform, view(platform), "anggota", entity, LOOK).rulings
    assert [(one.number, one.answer, one.day, one.reviewer, one.is_in_force) for one in told] == [
        (decided.pair.number, "sama", DAYS[0], MASK, True)
    ] * 2
    done = {one.number: one.answer for one in listed(decided.world, engine).of_status(DECIDED)}
    assert done == {decided.pair.number: "sama", decided.visits.number: decided.choice}


def test_a_chosen_visit_is_traced_as_a_reviewers_choice(decided: Decided) -> None:
    with opened(decided.world.settings) as platform:
        reviewed = view(platform).scan("conflict").collect().filter(decision="reviewed")
        (family,) = set(reviewed["entity_id"])
        found = trace(platform, view(platform), "keluarga", family, LOOK)
    cell = next(cell for group in found.groups for cell in group.cells if cell.column == FLOOR)
    assert "reviewed" in {said.decision for said in cell.losers}
    assert [one.answer for one in found.rulings] == [decided.choice]


def test_an_undo_by_two_gives_the_release_of_before(decided: Decided, engine: Engine, tmp_path: Path) -> None:
    world = copied(decided.world, tmp_path / "home")
    for who in ("P-3", "P-4"):
        answered(world, engine, tmp_path, decided.pair.number, "batal", who, DAYS[1])
    answered(world, engine, tmp_path, decided.visits.number, "batal", "P-3", DAYS[1])
    assert publish(world.settings) == decided.world.release_id


def test_what_two_say_on_one_day_is_a_dispute_and_what_one_says_twice_is_not_taken(
    world: World, engine: Engine, tmp_path: Path
) -> None:
    case = only(listed(world, engine), SHARED)
    assert answered(world, engine, tmp_path, case.number, "beda", "P-1", DAYS[0]).rows == 1
    again = answered(world, engine, tmp_path, case.number, "tolak", "p-1", DAYS[0])
    assert (again.verdict, again.rows, [one.code for one in again.rejected]) == (
        "accepted",
        0,
        ["E_DECISION_CONTRADICTS"],
    )
    assert answered(world, engine, tmp_path, case.number, "tolak", "P-2", DAYS[0]).rejected == ()
    assert {one.status for one in listed(world, engine).cases if one.number == case.number} == {DISPUTED}


def test_a_file_counts_once_is_frozen_and_can_be_refused(world: World, engine: Engine, tmp_path: Path) -> None:
    case = only(listed(world, engine), SHARED)
    told = {
        "kasus": case.number,
        "jenis": "orang",
        "pihak_a": case.case.a,
        "pihak_b": case.case.b,
        "kelompok": "",
        "putusan": "sama",
        "tanggal_putusan": DAYS[0],
        "peninjau": "P-1",
        "bukti": "=cmd|x",
        "catatan": "",
    }
    stranger = told | {"kasus": "0" * 16, "peninjau": "P-2"}
    path = tmp_path / "putusan.csv"
    path.write_text("\n".join(",".join(line) for line in (told, told.values(), stranger.values())))
    with opened(world.settings) as platform:
        empty = freeze_inputs(platform, AS_OF)
        first, second = rule(platform, path, NOW), rule(platform, path, NOW)
        frozen = freeze_inputs(platform, AS_OF)
        assert (first.rows, first.is_new, [(one.code, one.line) for one in first.rejected]) == (
            1,
            True,
            [("E_DECISION_CASE", 3)],
        )
        assert (second.rows, second.known, second.is_new) == (0, 1, False)
        assert [sha[:12] for sha in frozen.rulings] == list(first.files)
        assert "rulings" not in json.loads(empty.to_json())
        assert empty.hash != frozen.hash
        refuse(platform, first.token, WORD)
        assert freeze_inputs(platform, AS_OF).rulings == ()
        assert rule(platform, path, NOW).code == "E_REFUSED"
        accept(platform, first.token, WORD)
        assert freeze_inputs(platform, AS_OF).rulings == frozen.rulings
        other = tmp_path / "lain.csv"
        other.write_text("nama,umur\n")
        assert (rule(platform, other, NOW).verdict, rule(platform, other, NOW).code) == ("refused", "E_DECISION_BOOK")
