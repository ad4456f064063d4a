"""An edited submission: the version of the later batch stands for the older ones, whatever their files are called."""

from collections.abc import Iterator
from contextlib import closing

import pytest

from dtsen_pipeline.core.engine import Engine
from dtsen_pipeline.core.inputs import Source
from dtsen_pipeline.resources.engines import open_engine
from dtsen_pipeline.schemas.tables import VISIT, VISIT_MEMBER
from tests.core.rows import NIK, Pointer, Release, Town, card, nik

DAY = "2026-08-03"
SIGN = "status_kawin"
FILES = {
    "f0": ("odk_v1_json", "2026-W40-TRC-001"),
    "b0": ("odk_v1_json", "2026-W40-TRC-002"),
    "a0": ("odk_v1_json", "2026-W41-TRC-001"),
    "e0": ("kobo_v1_csv", "2026-W40-X"),
    "d0": ("kobo_v1_csv", "2026-W40-X"),
}
"""Files by token and batch; the older they are, the later their token sorts."""


@pytest.fixture(scope="module", params=["polars", "duckdb"])
def told(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[tuple[Release, dict[str, Pointer]]]:
    with closing(open_engine(request.param, tmp_path_factory.mktemp("scratch"), memory_mb=512)) as engine:
        yield _told(engine)


def _told(engine: Engine) -> tuple[Release, dict[str, Pointer]]:
    town, at = Town(), {}
    for key, (profile, batch) in FILES.items():
        town.sources[key] = Source(key * 32, VISIT, profile, 1, batch=batch)
        if profile == "odk_v1_json":
            met = f"{key[0]}1"
            town.sources[met] = Source(met * 32, VISIT_MEMBER, f"{profile}_anggota", 1, batch=batch)
    for number in range(8):
        town.family(card(number), luas_lantai="30")

    def visit(name: str, number: int, file: str, area: str, **cells: str) -> None:
        at[name] = town.visit(card(number), DAY, file, id_kunjungan=f"uuid:{number}", luas_lantai=area, **cells)

    town.member(card(0), 60)
    for place, (name, file, area) in enumerate((("first", "f0", "41"), ("second", "b0", "42"), ("third", "a0", "43"))):
        visit(name, 0, file, area)
        at[f"{name} member"] = town.met("uuid:0", file=f"{file[0]}1", **{NIK: nik(60), SIGN: str(place + 1)})
    visit("sound", 1, "f0", "44")
    visit("spoilt", 1, "b0", "0")
    visit("approved", 2, "f0", "45")
    at["not approved again"] = town.damage(VISIT, at["second"][0], "H_NOT_APPROVED")
    visit("one batch", 3, "d0", "46")
    visit("the same batch", 3, "e0", "47")
    visit("by hand", 4, "c8", "48")
    visit("by hand again", 4, "c9", "49")
    visit("moved card", 5, "f0", "50")
    at["corrected card"] = town.visit(card(6), DAY, "b0", id_kunjungan="uuid:5", luas_lantai="51")
    at["member without a visit"] = town.met("uuid:none", file="f1", **{NIK: nik(60)})
    return Release(town, engine), at


@pytest.mark.parametrize(
    ("name", "fate"),
    [
        ("first", "superseded"),
        ("second", "superseded"),
        ("third", "contributed"),
        ("first member", "superseded"),
        ("second member", "superseded"),
        ("third member", "contributed"),
        ("sound", "contributed"),
        ("spoilt", "rejected"),
        ("approved", "contributed"),
        ("not approved again", "held"),
        ("the same batch", "contributed"),
        ("by hand again", "contributed"),
        ("moved card", "superseded"),
        ("corrected card", "contributed"),
        ("member without a visit", "held"),
    ],
)
def test_the_latest_version_stands(told: tuple[Release, dict[str, Pointer]], name: str, fate: str) -> None:
    release, at = told
    assert release.fate(at[name]).partition(":")[0] == fate


def test_only_what_the_latest_version_says_is_published(told: tuple[Release, dict[str, Pointer]]) -> None:
    release, _ = told
    areas = {number: release.family(card(number))["luas_lantai"] for number in (0, 1, 2, 5, 6)}
    assert areas == {0: 43, 1: 44, 2: 45, 5: 30, 6: 51}
    (person,) = release.persons(card(0))
    assert person[SIGN] == 3


def test_an_older_version_is_no_rival(told: tuple[Release, dict[str, Pointer]]) -> None:
    release, at = told
    assert release.lost(at["first"], "luas_lantai") == set()
    assert release.lost(at["one batch"], "luas_lantai") | release.lost(at["by hand"], "luas_lantai") != set()
