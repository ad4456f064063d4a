"""A later SIKS-NG snapshot: taken in, published, and the age of the official deciles told."""

from datetime import date
from pathlib import Path

import pytest

from dtsen_pipeline.queries.reading import view
from dtsen_pipeline.resources.codes import look
from dtsen_pipeline.resources.decide import Word, accept
from dtsen_pipeline.resources.ingest import ingest
from dtsen_pipeline.resources.platform import opened
from tests.cli.conftest import Dtsen
from tests.queries.world import NOW, World, publish
from tests.siks import VERSION, siks_snapshot


@pytest.fixture
def later(world: World, city: Path, tmp_path: Path) -> World:
    """The home with a SIKS-NG snapshot later than its others, published."""
    folder = tmp_path / "siks"
    folder.mkdir()
    with opened(world.settings) as platform:
        for path in siks_snapshot(city, folder, "2026-12-01"):
            token = ingest(platform, path, NOW).token
        accept(platform, token, Word("codes looked at", "tester", NOW), seen=look(platform, token))
    return World(world.settings, publish(world.settings, date(2026, 12, 7)), city)


def test_the_deciles_stay_and_their_age_is_told(dtsen: Dtsen, world: World, later: World) -> None:
    with opened(later.settings) as platform:
        release, before = view(platform), view(platform, world.release_id)
        row = next(row for row in release.rows("keluarga") if row["is_lengkap"] and row["desil_nasional"])
        (old,) = [one for one in before.rows("keluarga") if one["family_id"] == row["family_id"]]
    assert (release.manifest["base_version"], before.manifest["base_version"]) == (VERSION, "v4_2026")
    assert row["desil_nasional"] == old["desil_nasional"]
    facts = dtsen("explain", "--family", row["family_id"], "--json").document["release"]
    assert (facts["official_version"], facts["official_date"]) == ("v4_2026", before.manifest["base_date"])
    for command in ("explain", "trace"):
        told = dtsen(command, "--family", row["family_id"])
        assert told.code == 0
        assert f"Desil resmi dari potret v4_2026 ({before.manifest['base_date']})" in told.out
        earlier = dtsen(command, "--family", row["family_id"], "--release", world.release_id)
        assert "Desil resmi dari potret" not in earlier.out
    traced = dtsen("trace", "--family", row["family_id"], "--json").document
    (cell,) = [one for group in traced["groups"] for one in group["cells"] if one["column"] == "desil_nasional"]
    assert cell["won_by"]["decision"] == "filled"
    assert cell["won_by"]["source"]["data_date"] == before.manifest["base_date"]


def test_a_snapshot_without_official_deciles_is_not_imitated(dtsen: Dtsen, later: World) -> None:
    said = dtsen("model", "fit", "--kind", "imitation", "--name", "tiruan", "--json")
    assert (said.code, said.document["error"]["code"]) == (1, "E_MODEL_FIT")
    assert f"the base snapshot ({VERSION}) sends no official desil" in said.all
    assert not (later.settings.home / "models").exists()
