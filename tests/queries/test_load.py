"""A whole release in pandas: complete, logged, and only with a purpose."""

import pytest
from sqlalchemy import text

from dtsen_pipeline import load_release
from dtsen_pipeline.queries.load import load_release as load
from dtsen_pipeline.queries.reading import view
from dtsen_pipeline.resources.platform import opened
from dtsen_pipeline.schemas.errors import DtsenError
from dtsen_pipeline.schemas.release import TABLES
from tests.queries.world import World


def test_every_table_has_the_rows_of_the_manifest(world: World) -> None:
    tables = load("analysis", settings=world.settings)
    with opened(world.settings) as platform:
        facts = view(platform).manifest["tables"]
    assert {name: len(frame) for name, frame in tables.items()} == {name: facts[name]["rows"] for name in TABLES}
    assert list(tables["keluarga"]["nomor_kartu_keluarga"].str.len().unique()) == [16]


def test_the_load_is_logged_with_its_purpose(world: World) -> None:
    load("a study of roofs", tables=["summary"], settings=world.settings)
    with opened(world.settings) as platform, platform.registry.read() as session:
        logged = session.execute(text("SELECT action, purpose, release_id FROM access_log ORDER BY id DESC LIMIT 1"))
        assert logged.one() == ("load.reveal", "a study of roofs", world.release_id)


@pytest.mark.parametrize("purpose", ["", "  "])
def test_no_purpose_no_tables(world: World, purpose: str) -> None:
    with pytest.raises(DtsenError, match="E_PURPOSE"):
        load(purpose, settings=world.settings)


def test_an_unknown_table_is_refused(world: World) -> None:
    with pytest.raises(DtsenError, match="E_TABLE_UNKNOWN"):
        load("analysis", tables=["penduduk"], settings=world.settings)


def test_the_package_offers_it(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DTSEN_HOME", str(world.settings.home))
    assert set(load_release("analysis", tables=["summary", "fate"])) == {"summary", "fate"}
