"""The opened house: everything below one home, private, and closed again."""

from pathlib import Path

import pytest

from dtsen_pipeline.resources.platform import open_platform, opened
from dtsen_pipeline.resources.settings import load_settings
from dtsen_pipeline.schemas.errors import DtsenError


def test_a_new_house_is_made_and_private(new_home: Path) -> None:
    with opened(load_settings(home=new_home)) as platform:
        assert platform.registry.files() == []
        assert platform.home.root == new_home
    made = {path.name for path in new_home.iterdir()}
    assert made >= {"inbox", "vault", "work", "releases", "dagster", "registry.db"}
    assert "key" not in made
    assert not [path for path in [new_home, *new_home.rglob("*")] if path.stat().st_mode & 0o077]


def test_the_key_is_made_at_first_use_and_stays(new_home: Path) -> None:
    with opened(load_settings(home=new_home)) as platform:
        first = platform.key
        assert platform.key is first
    with opened(load_settings(home=new_home)) as platform:
        assert platform.key.secret == first.secret


def test_the_environment_names_the_house(new_home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DTSEN_HOME", str(new_home))
    with opened() as platform:
        assert platform.home.root == new_home


def test_the_registry_may_lie_elsewhere(new_home: Path) -> None:
    settings = load_settings(home=new_home, database_url=f"sqlite:///{new_home.parent}/other.db")
    with opened(settings) as platform:
        assert platform.registry.files() == []
    assert (new_home.parent / "other.db").is_file()
    assert not (new_home / "registry.db").exists()


def test_the_size_limit_is_that_of_the_settings(new_home: Path, tmp_path: Path) -> None:
    large = tmp_path / "large"
    large.write_bytes(b"x" * 1_000_001)
    with (
        opened(load_settings(home=new_home, max_file_mb=1)) as platform,
        pytest.raises(DtsenError, match=r"^E_TOO_LARGE"),
    ):
        platform.vault.put(large)


def test_it_is_closed_after_an_error_too(new_home: Path) -> None:
    with pytest.raises(ZeroDivisionError), opened(load_settings(home=new_home)) as platform:
        _ = 1 / 0
    assert platform.registry.engine.pool.checkedout() == 0  # type: ignore[attr-defined]


def test_a_home_that_cannot_be_made_is_told(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(DtsenError, match=r"^E_HOME"):
        open_platform(load_settings(home=tmp_path / "file" / "home"))
