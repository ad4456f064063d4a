"""`refresh`, `releases`, `show`, `verify`, `rollback`, `generate`, `doctor` as a person meets them."""

import sys
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from types import ModuleType

import pytest
from sqlalchemy import text

from dtsen_pipeline.resources.platform import opened
from tests.cli.conftest import Dtsen
from tests.queries.world import AS_OF, World, publish, template

WEEK = "2026-11-23"


@dataclass(frozen=True)
class Refreshed:
    """The outcome of a refresh, in the shape of the real one."""

    status: str = "published"
    week: str = WEEK
    run_id: str = "run"
    seconds: float = 2.4
    release_id: str | None = "a" * 16
    moved: bool = True
    problem: str | None = None
    failed_checks: tuple[str, ...] = ()


class Refresh:
    """Stands in for the Dagster job, which has tests of its own."""

    def __init__(self) -> None:
        self.answer = Refreshed()
        self.asked: list[tuple[date, bool]] = []

    def __call__(self, as_of: date, *, preview: bool = False) -> Refreshed:
        self.asked.append((as_of, preview))
        return self.answer


@pytest.fixture
def refresh(monkeypatch: pytest.MonkeyPatch) -> Refresh:
    """The stand-in."""
    stand_in, module = Refresh(), ModuleType("dtsen_pipeline.refresh")
    module.refresh = stand_in  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "dtsen_pipeline.refresh", module)
    return stand_in


def test_a_refresh_says_what_it_published(dtsen: Dtsen, refresh: Refresh) -> None:
    said = dtsen("refresh", "--as-of", "2026-11-24")
    assert said.code == 0
    assert "terbit" in said.out
    assert f"dtsen show {'a' * 16}" in said.out
    assert refresh.asked == [(AS_OF, False)]
    assert dtsen("refresh", "--preview", "--json").document["status"] == "published"
    assert refresh.asked[-1][1]


def test_an_unchanged_week_is_no_failure(dtsen: Dtsen, refresh: Refresh) -> None:
    refresh.answer = Refreshed(status="unchanged", moved=False)
    said = dtsen("refresh")
    assert said.code == 0
    assert "tidak berubah" in said.out


def test_a_closed_door_is_1_with_its_code(dtsen: Dtsen, refresh: Refresh) -> None:
    problem = "E_DOOR: tabel keluarga: unique (1 dari 3 baris)"
    refresh.answer = Refreshed(
        "failed", release_id=None, problem=problem, failed_checks=("candidate/keluarga contract",)
    )
    said = dtsen("refresh")
    assert said.code == 1
    assert said.err.startswith("E_DOOR")
    assert "candidate/keluarga contract" in said.err
    error = dtsen("refresh", "--json").document["error"]
    assert (error["code"], error["advice"] is not None) == ("E_DOOR", True)


def test_releases_and_show(dtsen: Dtsen, world: World) -> None:
    (one,) = dtsen("releases", "--json").document["releases"]
    assert (one["release_id"], one["is_current"]) == (world.release_id, True)
    assert world.release_id in dtsen("releases").out
    for name in (world.release_id, "current"):
        said = dtsen("show", name)
        assert said.code == 0
        assert "Yang masuk" in said.out
        assert "E_CODE" in said.out
    found = dtsen("show", world.release_id, "--json").document
    assert found["tables"]["keluarga"] == one["families"]
    assert Path(found["directory"]).is_dir()


def test_no_release_is_said_plainly(dtsen: Dtsen) -> None:
    said = dtsen("releases")
    assert said.code == 0
    assert "Belum ada rilis" in said.out
    assert dtsen("releases", "--json").document == {"releases": []}


def test_verify_of_no_directory_is_no_damage(dtsen: Dtsen) -> None:
    said = dtsen("verify", "nowhere")
    assert said.code == 1
    assert "E_RELEASE_UNKNOWN" in said.err


def test_verify_says_what_it_cannot_do(dtsen: Dtsen, world: World) -> None:
    place = dtsen("show", "--json").document["directory"]
    said = dtsen("verify", place)
    assert said.code == 0
    assert "bukan pemalsuan" in said.out
    assert "not forgery" in said.out
    assert dtsen("verify", place, "--json").document["is_whole"]
    (Path(place) / "README.md").write_text("x")
    said = dtsen("verify", place)
    assert said.code == 1
    assert "changed: README.md" in said.out
    found = dtsen("verify", place, "--json")
    assert found.code == 1
    assert found.document["findings"] == [{"problem": "changed", "name": "README.md"}]
    assert world


def test_verify_needs_no_home(dtsen: Dtsen, city: Path, home: Path) -> None:
    place = next(template(city).settings.home.glob("releases/*/*/manifest.json")).parent
    said = dtsen("verify", place)
    assert said.code == 0
    assert "tidak ada dalam pencatatan" in said.out
    assert not home.exists()
    assert dtsen("verify", home).code == 1


def test_rollback_goes_back_with_a_reason(dtsen: Dtsen, world: World) -> None:
    token = dtsen("ingest", world.city / "batches", "--json").document["files"][0]["token"]
    dtsen("refuse", token, "--reason", "wrong week")
    second = publish(world.settings)
    assert second != world.release_id
    said = dtsen("rollback", world.release_id, "--reason", "the batch was right", "--json")
    assert said.document == {"current": world.release_id, "withdrawn": second}
    states = {one["release_id"]: one["status"] for one in dtsen("releases", "--json").document["releases"]}
    assert states == {world.release_id: "published", second: "withdrawn"}
    assert dtsen("rollback", world.release_id, "--reason", "again").code == 1
    said = dtsen("rollback", second, "--reason", "it was wrong after all", "--json")
    assert said.document == {"current": second, "withdrawn": None}
    states = {one["release_id"]: one["status"] for one in dtsen("releases", "--json").document["releases"]}
    assert set(states.values()) == {"published"}


def test_rollback_to_a_damaged_release_is_refused(dtsen: Dtsen, world: World) -> None:
    token = dtsen("ingest", world.city / "batches", "--json").document["files"][0]["token"]
    dtsen("refuse", token, "--reason", "wrong week")
    second = publish(world.settings)
    with opened(world.settings) as platform:
        target = platform.store.directory(platform.registry.release(world.release_id).path)
    (target / "README.md").unlink()
    said = dtsen("rollback", world.release_id, "--reason", "back")
    assert said.code == 1
    assert "E_RELEASE_DAMAGED" in said.err
    assert dtsen("show", "--json").document["release"]["release_id"] == second


def test_generate_says_what_comes_next(dtsen: Dtsen, tmp_path: Path) -> None:
    said = dtsen("generate", "--families", 60, "--seed", 3, "--out", tmp_path / "city")
    assert said.code == 0
    assert "dtsen ingest" in said.out
    assert dtsen("generate", "--families", 60, "--out", tmp_path / "two", "--json").document["families"] == 60


def test_the_doctor_is_1_where_something_is_wrong(dtsen: Dtsen, world: World) -> None:
    assert dtsen("doctor", "--all").code == 0
    (world.settings.home / "vault").chmod(0o755)
    said = dtsen("doctor")
    assert said.code == 1
    assert "home_open" in said.out
    assert not dtsen("doctor", "--json").document["is_sound"]


def test_the_balance_of_rows_is_even_or_the_answer_is_no(dtsen: Dtsen, world: World) -> None:
    said = dtsen("balance")
    assert said.code == 0
    assert "Setiap baris tepat satu nasib." in said.out
    assert "E_" in said.out
    found = dtsen("balance", "--json").document
    assert found["is_even"]
    with opened(world.settings) as platform, platform.registry.write() as session:
        session.execute(text("UPDATE source_file SET rows = rows - 1"))
    assert dtsen("balance").code == 1
    assert not dtsen("balance", "--json").document["is_even"]
