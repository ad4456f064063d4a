"""Whole exports bring every old submission each week: what says nothing new changes nothing, and owes nothing."""

from collections.abc import Iterator
from contextlib import closing
from itertools import product

import polars as pl
import pytest

from dtsen_pipeline.core.editions import editions_of
from dtsen_pipeline.core.engine import Engine
from dtsen_pipeline.core.inputs import Source
from dtsen_pipeline.core.repeats import repeated_versions
from dtsen_pipeline.resources.engines import open_engine
from dtsen_pipeline.schemas.tables import VISIT, VISIT_MEMBER
from tests.core.rows import NIK, Pointer, Release, Town, card, nik
from tests.core.test_later import token
from tests.core.test_versions import BAD_DAY, SIGN, Served, released
from tests.running import Run

DAY, NEXT_WEEK = "2026-08-03", "2026-10-08"
WEEKS = {"40": "f", "41": "b", "42": "a"}
"""The older a file is, the later its token sorts."""
SPOILT = "0"


@pytest.fixture(scope="module")
def duckdb(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Engine]:
    with closing(open_engine("duckdb", tmp_path_factory.mktemp("scratch"), memory_mb=512)) as engine:
        yield engine


class Exports(Served):
    """A town whose whole exports come each week: of ODK with their members, of KoboToolbox in week 41 without."""

    def __init__(self) -> None:
        super().__init__(*((key, f"2026-W{week}-TRC") for week, key in WEEKS.items()))
        for key, week in (("g", "40"), ("c", "42")):
            self.sources[f"{key}0"] = Source(f"{key}0" * 32, VISIT, "kobo_v1_json", 1, batch=f"2026-W{week}-TRC")
            self.sources[f"{key}1"] = Source(
                f"{key}1" * 32, VISIT_MEMBER, "kobo_v1_json_anggota", 1, batch=f"2026-W{week}-TRC"
            )
        self.sources["d0"] = Source("d0" * 32, VISIT, "kobo_v1_csv", 1, batch="2026-W41-TRC")
        self.at: dict[str, Pointer] = {}

    def home(self, number: int) -> None:
        """A family with one member."""
        self.family(card(number), luas_lantai="30")
        self.member(card(number), 60 + number)

    def came(self, number: int, file: str, area: str, sign: str | None = None, **cells: str) -> None:
        """A version of the submission of family `number`; `sign`: what it says of the member, if it speaks of them."""
        day = cells.pop("day", DAY)
        self.at[f"{number}{file}"] = self.visit(
            card(number), day, f"{file}0", id_kunjungan=f"uuid:{number}", luas_lantai=area
        )
        if sign is not None:
            met = self.met(f"uuid:{number}", file=f"{file}1", **{NIK: nik(60 + number), SIGN: sign} | cells)
            self.at[f"{number}{file} member"] = met


@pytest.fixture(scope="module")
def told(engine: Engine) -> tuple[Release, dict[str, Pointer]]:
    town = Exports()
    for number in range(1, 10):
        town.home(number)
    for file in "fb":
        town.came(1, file, "41", "3")
        town.came(2, file, SPOILT)
        town.came(3, file, "41", "3", **BAD_DAY)
        town.came(4, file, SPOILT)
        town.came(5, file, "41", day=NEXT_WEEK)
    for file, area in zip("fba", ("41", "42", "41"), strict=True):
        town.came(6, file, area)
    town.came(7, "g", "41", "3")
    town.came(7, "d", "41")
    town.came(7, "c", "41", "3")
    town.came(8, "g", "41", "3")
    town.came(8, "d", "42")
    town.came(9, "f", "41", "3")
    town.came(9, "b", "41", "4")
    at, kept = town.at, town.correcting("k1", town.at["3f member"])
    at["3 mended"] = town.met("uuid:3", file=kept, **{NIK: nik(63), SIGN: "3"})
    at["4 mended"] = town.visit(card(4), DAY, town.correcting("k0", at["4b"]), id_kunjungan="uuid:4", luas_lantai="44")
    ties = ((at["3 mended"], at["3f member"]), (at["4 mended"], at["4b"]))
    return released(town, engine, *ties), at


@pytest.mark.parametrize(
    ("name", "fate"),
    [
        ("1f", "contributed"),
        ("1f member", "contributed"),
        ("1b", "duplicate"),
        ("1b member", "duplicate"),
        ("2f", "rejected"),
        ("2b", "duplicate"),
        ("3f", "contributed"),
        ("3f member", "rejected"),
        ("3 mended", "contributed"),
        ("3b", "duplicate"),
        ("3b member", "duplicate"),
        ("4f", "rejected"),
        ("4b", "duplicate"),
        ("4 mended", "contributed"),
        ("5f", "rejected"),
        ("5b", "contributed"),
        ("6f", "superseded"),
        ("6b", "superseded"),
        ("6a", "contributed"),
        ("7g", "contributed"),
        ("7d", "duplicate"),
        ("7c", "duplicate"),
        ("7g member", "contributed"),
        ("7c member", "duplicate"),
        ("8g", "superseded"),
        ("8d", "contributed"),
        ("8g member", "contributed"),
        ("9f", "superseded"),
        ("9f member", "superseded"),
        ("9b", "contributed"),
        ("9b member", "contributed"),
    ],
)
def test_what_says_nothing_new_is_a_duplicate(told: tuple[Release, dict[str, Pointer]], name: str, fate: str) -> None:
    release, at = told
    assert release.fate(at[name]) == fate


def test_the_debt_does_not_grow_by_repeats(told: tuple[Release, dict[str, Pointer]]) -> None:
    release, at = told
    mended = {(row["src"], row["row"]): row["resolved_by"] for row in release.tables["rejected"]}
    names = {pointer: name for name, pointer in at.items()}
    assert {names[pointer]: by for pointer, by in mended.items()} == {
        "2f": None,
        "3f member": token(at["3 mended"]),
        "4f": token(at["4 mended"]),
        "5f": token(at["5b"]),
    }


def test_what_stands_is_published_and_leaves_no_gap(told: tuple[Release, dict[str, Pointer]]) -> None:
    release, _ = told
    areas = {number: release.family(card(number))["luas_lantai"] for number in range(1, 10)}
    assert areas == {1: 41, 2: 30, 3: 41, 4: 44, 5: 41, 6: 41, 7: 41, 8: 42, 9: 41}
    assert {number: release.persons(card(number))[0][SIGN] for number in (1, 3, 7, 8, 9)} == {
        1: 3,
        3: 3,
        7: 3,
        8: 3,
        9: 4,
    }
    assert {release.family(card(number))["alasan_tidak_lengkap"] for number in range(1, 10)} == {None}


def test_both_engines_tell_repeats_alike(told: tuple[Release, dict[str, Pointer]], duckdb: Engine) -> None:
    runs = [told[0].run, Run(told[0].run.readings, duckdb)]
    for name in ("aside", "rejected"):
        mine, theirs = (run.engine.fetch(getattr(run.checked, name)).sort("src", "row").to_dicts() for run in runs)
        assert mine == theirs


NOTHING, SAID = None, ("", "X", "Y")
STATES = tuple(product("AB", (NOTHING, *SAID)))
"""What a version may say: a visit, and members who did not come along, of whom there are none, or of one kind."""
HISTORIES = tuple(product(STATES, repeat=3)) + tuple(product("AB", repeat=6))


def _walked(history: tuple[tuple[str, str | None], ...]) -> dict[int, int]:
    """The repeating versions of one history with the place of what they repeat, by walking along it."""
    found, stands, last, met = {}, 0, None, ""
    for place, (visit, members) in enumerate(history):
        if visit != last or members not in (NOTHING, met):
            stands = place
        elif place:
            found[place] = stands
        last, met = visit, met if members is None else members
    return found


@pytest.mark.parametrize("name", ["engine", "duckdb"])
def test_repeats_are_found_as_by_walking_along_every_history(request: pytest.FixtureRequest, name: str) -> None:
    either: Engine = request.getfixturevalue(name)
    histories = [
        tuple(state if isinstance(state, tuple) else (state, NOTHING) for state in history) for history in HISTORIES
    ]
    key = {"id_kunjungan": pl.String, "edition": pl.Int64}
    came = [
        (str(number), 10 * place, visit, members)
        for number, history in enumerate(histories)
        for place, (visit, members) in enumerate(history)
    ]
    contents = {
        VISIT: [(*row[:2], row[2]) for row in came],
        VISIT_MEMBER: [(*row[:2], row[3]) for row in came if row[3]],
    }
    frames = {
        table: either.load(pl.DataFrame(rows, schema=key | {"content": pl.String}, orient="row"))
        for table, rows in contents.items()
    }
    full = pl.DataFrame([row[:2] for row in came if row[3] is not NOTHING], schema=key, orient="row")
    found = either.fetch(repeated_versions(frames, either.load(full)))
    mine = {
        (str(number), 10 * place, 10 * stands)
        for number, history in enumerate(histories)
        for place, stands in _walked(history).items()
    }
    assert set(found.iter_rows()) == mine
    assert mine


@pytest.mark.parametrize(
    "batches",
    [
        ("2026-W40-TRC-999", "2026-W40-TRC-1000"),
        ("2026-W40-TRC-2", "2026-W40-TRC-010"),
        ("2026-W40-TRC-1000", "2026-W41-TRC-002"),
        ("2025-W52-TRC-9", "2026-W01-TRC-1"),
        ("2026-W40-TRC-01", "2026-W40-TRC-1"),
        ("2026-W40-TRC-2-9", "2026-W40-TRC-2-10"),
    ],
)
def test_batches_stand_in_the_order_of_week_and_numbers(batches: tuple[str, str]) -> None:
    town = Served(("f", batches[0]), ("b", batches[1]))
    of = editions_of(town.inputs()).of
    assert of["f0" * 6] < of["b0" * 6]


def test_a_visit_of_another_format_brings_no_members() -> None:
    found = editions_of(Exports().inputs())
    assert found.full == {f"{key}0" * 6 for key in "fbagc"}


def test_members_are_alone_where_no_visit_of_their_server_came() -> None:
    town = Town()
    town.sources["e1"] = Source("e1" * 32, VISIT_MEMBER, "odk_v1_csv_anggota", 1, batch="2026-W41-TRC")
    town.sources["d0"] = Source("d0" * 32, VISIT, "kobo_v1_csv", 1, batch="2026-W41-TRC")
    assert editions_of(town.inputs()).alone == {"e1" * 6}
    town.sources["b0"] = Source("b0" * 32, VISIT, "odk_v1_json", 1, batch="2026-W41-TRC")
    assert editions_of(town.inputs()).alone == frozenset()
