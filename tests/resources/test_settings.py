"""The environment is read once, and a bad value is named without being repeated."""

from decimal import Decimal
from pathlib import Path

import pytest
from pydantic import ValidationError

from dtsen_pipeline.resources.engines import ENGINES, LOCAL_SPARK
from dtsen_pipeline.resources.settings import Settings, load_settings, settings_table
from dtsen_pipeline.schemas.errors import DtsenError


@pytest.fixture(autouse=True)
def _clean(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in Settings.model_fields:
        monkeypatch.delenv(f"DTSEN_{name.upper()}", raising=False)


def test_the_defaults(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    settings = load_settings()
    assert settings.home == tmp_path / "dtsen-home"
    assert settings.key_path == tmp_path / "dtsen-home" / "key"
    assert settings.registry_url.database == str(tmp_path / "dtsen-home" / "registry.db")
    assert (settings.engine, settings.spark_master, settings.city) == ("polars", LOCAL_SPARK, "3571")
    assert (settings.lease_seconds, settings.numeric_id_share) == (900, Decimal("0.01"))


def test_the_home_stays_where_it_was_when_the_directory_changes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    settings = load_settings()
    (tmp_path / "elsewhere").mkdir()
    monkeypatch.chdir(tmp_path / "elsewhere")
    assert settings.home == tmp_path / "dtsen-home"


def test_the_environment_is_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DTSEN_HOME", str(tmp_path / "h"))
    monkeypatch.setenv("DTSEN_DATABASE_URL", f"sqlite:///{tmp_path}/other.db")
    monkeypatch.setenv("DTSEN_KEY_FILE", str(tmp_path / "secret"))
    monkeypatch.setenv("DTSEN_ENGINE", "duckdb")
    settings = load_settings()
    assert settings.home == tmp_path / "h"
    assert settings.registry_url.database == f"{tmp_path}/other.db"
    assert settings.key_path == tmp_path / "secret"
    assert settings.engine == "duckdb"


def test_an_empty_variable_counts_as_unset(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DTSEN_ENGINE", "")
    assert load_settings().engine == "polars"


def test_what_is_given_goes_before_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DTSEN_ENGINE", "duckdb")
    assert load_settings(engine="spark").engine == "spark"


def test_a_setting_cannot_be_changed() -> None:
    with pytest.raises(ValidationError):
        load_settings().city = "3572"


@pytest.mark.parametrize("engine", ENGINES)
def test_every_engine_can_be_asked_for(engine: str) -> None:
    assert load_settings(engine=engine).engine == engine


@pytest.mark.parametrize(
    ("name", "value", "allowed"),
    [
        ("ENGINE", "canary-engine", "`polars`, `duckdb` or `spark`"),
        ("DATABASE_URL", "postgresql+psycopg://canary:canary@host/db", "`sqlite:///` and the path of a file"),
        ("DATABASE_URL", "sqlite://", "`sqlite:///` and the path of a file"),
        ("DATABASE_URL", "sqlite:///:memory:", "`sqlite:///` and the path of a file"),
        ("DATABASE_URL", "canary", "`sqlite:///` and the path of a file"),
        ("SPARK_MASTER", "canary://host", "`local[N]`, or `spark://127.0.0.1:PORT` on this machine"),
        ("CITY", "357", "`3571`"),
        ("CITY", "٣٥٧١", "`3571`"),
        ("CITY", "3578", "`3571`"),
        ("LEASE_SECONDS", "0", "whole seconds, 1 or more"),
        ("MAX_FILE_MB", "canary", "whole megabytes, 1 or more"),
        ("MEMORY_MB", "255", "whole megabytes, 256 or more"),
        ("NUMERIC_ID_SHARE", "1.01", "a decimal from 0 to 1"),
        ("NUMERIC_ID_SHARE", "-0.01", "a decimal from 0 to 1"),
        ("NUMERIC_ID_SHARE", "NaN", "a decimal from 0 to 1"),
    ],
)
def test_a_bad_value_is_refused_with_what_is_allowed(
    name: str, value: str, allowed: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(f"DTSEN_{name}", value)
    with pytest.raises(DtsenError) as caught:
        load_settings()
    assert str(caught.value) == f"E_SETTINGS: DTSEN_{name} must be {allowed}"
    assert caught.value.__context__ is None


def test_not_even_the_error_below_repeats_a_value() -> None:
    with pytest.raises(ValidationError) as caught:
        Settings(engine="canary")  # type: ignore[arg-type]
    assert "canary" not in str(caught.value)


def test_every_bad_value_is_named_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DTSEN_CITY", "x")
    monkeypatch.setenv("DTSEN_ENGINE", "x")
    with pytest.raises(DtsenError, match="DTSEN_CITY must be `3571`; DTSEN_ENGINE must be"):
        load_settings()


def test_the_table_describes_every_setting() -> None:
    lines = settings_table().splitlines()[2:]
    assert [line.split("`")[1] for line in lines] == [f"DTSEN_{name.upper()}" for name in Settings.model_fields]
    assert all(len([cell for cell in line.split("|") if cell.strip()]) == 4 for line in lines)
    assert "`./dtsen-home`" in lines[0]
