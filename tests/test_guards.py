"""A run refuses to start where Dagster would store what user code prints or raises."""

import logging
import os
from collections.abc import Iterator
from pathlib import Path

import dagster as dg
import pytest

from dtsen_pipeline.definitions import defs
from dtsen_pipeline.resources.home import Home
from dtsen_pipeline.resources.instance import open_instance
from dtsen_pipeline.resources.session import ORIGINALS, REDACTION, check_guards, silence_originals
from dtsen_pipeline.schemas.errors import DtsenError
from tests.house import LATE_DAY, failures, house, refreshed

CONFIG = {"loggers": {"console": {"config": {"log_level": "CRITICAL"}}}}
STORING = "telemetry:\n  enabled: false\n"
"""Without a word about compute logs Dagster keeps what runs print."""


@pytest.fixture
def home(new_home: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A prepared home that the environment names."""
    monkeypatch.setenv("DTSEN_HOME", str(new_home))
    Home(new_home).prepare()
    return new_home


@pytest.fixture
def instance(home: Path) -> Iterator[dg.DagsterInstance]:
    """The home's own instance."""
    with open_instance(Home(home)) as opened:
        yield opened


def _ingest(home: Path) -> list[str]:
    """What a person reads of a run of the ingest job."""
    with open_instance(Home(home)) as instance:
        job = defs.resolve_job_def("ingest")
        result = job.execute_in_process(instance=instance, raise_on_error=False, run_config=CONFIG)
    assert not result.success
    return failures(result)


class TestRedaction:
    """Off is refused, whatever it is called; unset is set."""

    @pytest.mark.parametrize("value", ["0", "false", "off", "", "yes", "on", "2"])
    def test_a_value_under_which_dagster_redacts_nothing_is_refused(
        self, instance: dg.DagsterInstance, monkeypatch: pytest.MonkeyPatch, value: str
    ) -> None:
        monkeypatch.setenv(REDACTION, value)
        with pytest.raises(DtsenError, match=r"^E_REDACTION"):
            check_guards(instance)

    def test_a_refresh_is_refused(self, home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv(REDACTION, "0")
        done = refreshed(home, LATE_DAY)
        assert (done.status, (done.problem or "").split(":")[0]) == ("failed", "E_REDACTION")
        with house(home) as platform:
            assert platform.registry.runs() == []

    def test_the_ingest_job_is_refused_too(self, home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv(REDACTION, "0")
        assert _ingest(home)[0].startswith("E_REDACTION")

    @pytest.mark.parametrize("value", ["1", "true", "True", "t"])
    def test_on_is_on(self, instance: dg.DagsterInstance, monkeypatch: pytest.MonkeyPatch, value: str) -> None:
        monkeypatch.setenv(REDACTION, value)
        check_guards(instance)
        assert os.environ[REDACTION] == value

    def test_unset_is_set(self, instance: dg.DagsterInstance, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.delenv(REDACTION)
        check_guards(instance)
        assert os.environ[REDACTION] == "1"

    def test_it_is_on_once_the_definitions_are_loaded(self) -> None:
        assert os.environ[REDACTION] == "1"


class TestComputeLog:
    """An instance that stores output is refused."""

    def test_a_refresh_is_refused(self, home: Path) -> None:
        (home / "dagster" / "dagster.yaml").write_text(STORING)
        done = refreshed(home, LATE_DAY)
        assert (done.status, (done.problem or "").split(":")[0]) == ("failed", "E_COMPUTE_LOG")
        assert [path for path in (home / "dagster").rglob("*.out") if path.stat().st_size] == []

    def test_the_ingest_job_is_refused_too(self, home: Path) -> None:
        (home / "dagster" / "dagster.yaml").write_text(STORING)
        assert _ingest(home)[0].startswith("E_COMPUTE_LOG")

    def test_an_ephemeral_instance_is_refused(self) -> None:
        """Its compute log manager is not the one that drops everything."""
        with dg.DagsterInstance.ephemeral() as instance:
            if type(instance.compute_log_manager).__name__ == "NoOpComputeLogManager":
                check_guards(instance)
            else:
                with pytest.raises(DtsenError, match=r"^E_COMPUTE_LOG"):
                    check_guards(instance)


class TestOriginals:
    """The logger that prints what was redacted says nothing."""

    @pytest.fixture
    def heard(self) -> Iterator[list[str]]:
        """What reaches the root logger."""
        found: list[str] = []

        class Ear(logging.Handler):
            def emit(self, record: logging.LogRecord) -> None:
                found.append(record.getMessage())

        ear = Ear()
        logging.getLogger().addHandler(ear)
        yield found
        logging.getLogger().removeHandler(ear)

    def test_it_is_silent(self, heard: list[str], capfd: pytest.CaptureFixture[str]) -> None:
        silence_originals()
        logging.getLogger("dagster.redacted_errors").error("kanari")
        logging.getLogger("dagster.other").warning("heard")
        assert heard == ["heard"]
        assert "kanari" not in "".join(capfd.readouterr())

    def test_under_another_name_too(self, heard: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv(ORIGINALS, "somewhere.else")
        silence_originals()
        logging.getLogger("somewhere.else").error("kanari")
        assert heard == []
