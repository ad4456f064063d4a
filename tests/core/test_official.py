"""Official deciles when a later snapshot's source sends none: those of the latest that does, traced to it."""

from pathlib import Path

import polars as pl
import pytest

from dtsen_pipeline.core import flow
from dtsen_pipeline.core.engine import Engine
from dtsen_pipeline.core.inputs import Source, freeze
from dtsen_pipeline.core.merge import _aged
from dtsen_pipeline.core.ministry import ministry
from dtsen_pipeline.core.rows import ROW
from dtsen_pipeline.core.subject import families
from dtsen_pipeline.resources.engines import open_engine
from dtsen_pipeline.schemas.tables import MEMBER, SNAPSHOT_TABLES
from dtsen_pipeline.synthetic import generate
from tests.core.rows import BASE, CITY, DATES, NIK, OLD, Release, Town, card, nik
from tests.core.test_parity import needs_java
from tests.oracle.city import judged
from tests.running import Run, delivered, read
from tests.siks import siks_snapshot

SIKS = "siks_2026-09"
DESIL = "desil_nasional"
KEMENSOS = {SIKS: "kemensos_v1"}


def town() -> tuple[Town, dict[str, tuple[str, int]]]:
    """Families of a BPS snapshot, all but one of them in a SIKS-NG one of two months later."""
    made = Town(dates=DATES | {SIKS: "2026-09-15"}, shapes=KEMENSOS)
    at = {"old 1": made.family(card(1), OLD, desil_nasional="7")}
    at["listed 1"] = made.family(card(1), desil_nasional="3", desil_provinsi="2", is_siks_ng="1")
    made.family(card(2), OLD, desil_nasional="4")
    made.family(card(2), desil_nasional="")
    at["first 4"] = made.family(card(4), desil_nasional="6")
    made.family(card(4), desil_nasional="8", luas_lantai="31")
    made.family(card(5), desil_nasional="9")
    for number in (1, 2, 3, 4):
        at[f"siks {number}"] = made.family(card(number), SIKS, desil_nasional="", luas_lantai="77")
        made.member(card(number), None, SIKS, **{NIK: nik(number), "tanggal_lahir": "01/01/1980"})
    return made, at


@pytest.fixture(scope="module")
def told(engine: Engine) -> tuple[Release, dict[str, tuple[str, int]]]:
    made, at = town()
    return Release(made, engine), at


def test_a_decile_that_the_newer_source_does_not_send_stays(told: tuple[Release, dict[str, tuple[str, int]]]) -> None:
    release, at = told
    family = release.family(card(1))
    assert (family["src"], family["row"]) == at["siks 1"]
    assert (family[DESIL], family["desil_provinsi"], family["desil_estimasi"]) == (3, 2, 3)
    assert (family["luas_lantai"], family["is_siks_ng"]) == (77, None)
    assert release.won(at["listed 1"], DESIL) == {"filled"}
    assert release.won(at["old 1"], DESIL) == set()
    assert release.fate(at["listed 1"]) == "contributed"


def test_deciles_come_whole_from_one_snapshot(told: tuple[Release, dict[str, tuple[str, int]]]) -> None:
    """A family that BPS listed without a decile has none, whatever an older snapshot said; a new one has none."""
    release, at = told
    assert release.family(card(2))[DESIL] is None
    assert release.family(card(3))[DESIL] is None
    assert release.family(card(4))[DESIL] == 6
    assert release.won(at["first 4"], DESIL) == {"filled"}


def test_a_snapshot_without_deciles_answers_for_no_row_that_has_one(engine: Engine) -> None:
    """The family stays on the list of rejected rows: nobody else says its official decile."""
    made, _ = town()
    bad = made.family(card(6), desil_nasional="2", luas_lantai="0")
    made.family(card(6), SIKS, desil_nasional="")
    older = made.family(card(7), OLD, luas_lantai="0")
    newer = made.family(card(7), desil_nasional="2")
    release = Release(made, engine)
    resolved = {(row["src"], row["row"]): row["resolved_by"] for row in release.tables["rejected"]}
    assert (resolved[bad], resolved[older]) == (None, f"{newer[0]}-{newer[1]}")
    assert release.family(card(6))[DESIL] is None


def test_the_newest_snapshot_is_the_base_all_the_same(told: tuple[Release, dict[str, tuple[str, int]]]) -> None:
    release, _ = told
    inputs = release.run.readings.inputs
    assert (inputs.base_version, inputs.official_version) == (SIKS, BASE)
    assert card(5) not in {row["nomor_kartu_keluarga"] for row in release.tables["keluarga"]}


def filling(release: Release, engine: Engine) -> list[list[tuple[object, ...]]]:
    """What older rows fill in the families, as an engine computes it from the same observations."""
    run = release.run
    scene = flow.scene_of(run.readings.inputs)
    rows, visits = (
        engine.load(run.engine.fetch(frame)) for frame in (_aged(run.observed.families, scene), run.observed.visits)
    )
    found = ministry(rows, visits.select("family_id", *ROW).head(0), visits, families(), engine, ranked=1)
    frames = [engine.fetch(frame) for frame in (found.over, found.taken)]
    return [frame.select(sorted(frame.columns)).sort(pl.all()).rows() for frame in frames]


@pytest.mark.parametrize("name", ["duckdb", pytest.param("spark", marks=[needs_java])])
def test_every_engine_fills_the_same(
    name: str, told: tuple[Release, dict[str, tuple[str, int]]], tmp_path: Path
) -> None:
    other = open_engine(name, tmp_path, memory_mb=1536)
    try:
        found = filling(told[0], other)
    finally:
        other.close()
    assert found == filling(told[0], told[0].run.engine)
    assert all(found)


@pytest.mark.parametrize("version", ["a_2026", "z_2026"])
def test_of_one_day_the_snapshot_with_deciles_comes_last(version: str) -> None:
    """Whatever the two are called."""
    sources = [
        Source(f"{key}{number}" * 32, table, f"{family}_{table}", 1, named, CITY, "2026-07-01")
        for key, family, named in (("a", "bps_v3", "m_2026"), ("b", "kemensos_v1", version))
        for number, table in enumerate(SNAPSHOT_TABLES)
    ]
    inputs = freeze(sources, city=CITY, model="demo_alatas_2008", key_id="test")
    assert (inputs.base_version, inputs.official_version) == ("m_2026", "m_2026")


def test_without_any_deciles_there_is_no_official_snapshot() -> None:
    sources = [
        Source(f"b{number}" * 32, table, f"kemensos_v1_{table}", 1, SIKS, CITY, "2026-07-01")
        for number, table in enumerate(SNAPSHOT_TABLES)
    ]
    inputs = freeze(sources, city=CITY, model="demo_alatas_2008", key_id="test")
    assert (inputs.base_version, inputs.official_version) == (SIKS, None)


@pytest.fixture(scope="module")
def siks_city(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A city of two BPS snapshots and visits, and a SIKS-NG snapshot later than all of them."""
    out = tmp_path_factory.mktemp("siks") / "city"
    generate(90, 12, out)
    folder = out / "snapshot_3"
    folder.mkdir()
    siks_snapshot(out, folder, "2026-12-01")
    return out


def test_the_judge_agrees(siks_city: Path, engine: Engine) -> None:
    run = Run(read(delivered(siks_city)), engine)
    verdict = judged(run, siks_city)
    assert not verdict.faults, verdict.summary()
    with_decile = [row for row in run.tables["keluarga"] if row[DESIL] is not None]
    assert len(with_decile) > 60
    assert {row["decision"] for row in run.tables["lineage"] if row["sumber"] != MEMBER} >= {"filled"}
