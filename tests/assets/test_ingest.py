"""The inbox: complete files are taken in once each; one that cannot be kept does not keep the others waiting."""

import hashlib
import json
import os
import shutil
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import dagster as dg
import pytest

from dtsen_pipeline.assets.ingest import complete_files, inbox
from dtsen_pipeline.definitions import defs
from dtsen_pipeline.resources.home import Home
from dtsen_pipeline.resources.instance import open_instance
from tests.house import early_files, failures, house

OLD = 60


def _put(home: Path, *files: Path, seconds: float = OLD) -> None:
    """Lay files with their notes into the inbox, last written to a while ago."""
    then = datetime.now(UTC).timestamp() - seconds
    for file in files:
        for part in (file, file.with_name(f"{file.name}.json")):
            if part.is_file():
                shutil.copy(part, home / "inbox" / part.name)
                os.utime(home / "inbox" / part.name, (then, then))


def _tick() -> dg.RunRequest | dg.SkipReason:
    with dg.build_sensor_context() as context:
        answer = inbox(context)
    assert isinstance(answer, (dg.RunRequest, dg.SkipReason))
    return answer


def _run(home: Path) -> dg.ExecuteInProcessResult:
    config = {"loggers": {"console": {"config": {"log_level": "CRITICAL"}}}}
    with open_instance(Home(home)) as instance:
        job = defs.resolve_job_def("ingest")
        return job.execute_in_process(instance=instance, raise_on_error=False, run_config=config)


def _metadata(result: dg.ExecuteInProcessResult) -> Mapping[str, Any]:
    """What the step that takes files in says about itself."""
    assert result.success
    (event,) = [event for event in result.all_events if event.is_successful_output]
    return event.step_output_data.metadata


@pytest.fixture
def home(new_home: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A prepared home that the environment names."""
    monkeypatch.setenv("DTSEN_HOME", str(new_home))
    Home(new_home).prepare()
    return new_home


class TestCompleteFiles:
    """What is still being written, and what is no data file, is left alone."""

    def test_only_settled_data_files(self, home: Path, town: Path) -> None:
        files = early_files(town)
        _put(home, files[0])
        _put(home, files[1], seconds=5)
        (home / "inbox" / "folder.csv").mkdir()
        (home / "inbox" / "link.csv").symlink_to(files[2])
        _put(home, Path(shutil.copy(files[2], home.parent / "copying.csv.part")))
        now = datetime.now(UTC)
        assert complete_files(home / "inbox", now) == [home / "inbox" / files[0].name]


class TestSensor:
    """A run is asked for once for the same files."""

    @pytest.mark.usefixtures("home")
    def test_an_empty_inbox_is_skipped(self) -> None:
        assert isinstance(_tick(), dg.SkipReason)

    def test_a_growing_file_is_skipped(self, home: Path, town: Path) -> None:
        _put(home, early_files(town)[0], seconds=1)
        assert isinstance(_tick(), dg.SkipReason)

    def test_the_same_files_ask_for_the_same_run(self, home: Path, town: Path) -> None:
        _put(home, *early_files(town)[:2])
        first, second = _tick(), _tick()
        assert isinstance(first, dg.RunRequest)
        assert isinstance(second, dg.RunRequest)
        assert first.run_key == second.run_key
        assert first.run_key is not None
        assert early_files(town)[0].name not in first.run_key

    def test_a_file_more_asks_for_another_run_however_many_lie_there(self, home: Path) -> None:
        keys = set()
        for number in range(20):
            file = home.parent / f"{number}.csv"
            file.write_text("x")
            _put(home, file)
            request = _tick()
            assert isinstance(request, dg.RunRequest)
            keys.add(request.run_key)
        assert len(keys) == 20


class TestJob:
    """Files go from the inbox into the vault, with a row each."""

    def test_files_are_taken_in_once(self, home: Path, town: Path) -> None:
        _put(home, *early_files(town))
        result = _run(home)
        assert result.success
        with house(home) as platform:
            verdicts = {file.table_name: file.verdict for file in platform.registry.files()}
        assert verdicts == {
            "keluarga": "held",
            "anggota": "held",
            "kunjungan": "accepted",
            "kunjungan_anggota": "accepted",
        }
        assert list((home / "inbox").iterdir()) == []
        _put(home, *early_files(town))
        assert _run(home).success
        with house(home) as platform:
            assert {file.table_name: file.verdict for file in platform.registry.files()} == verdicts
            kinds = [file.received_at for file in platform.registry.files()]
        assert len(kinds) == 4
        assert list((home / "inbox").iterdir()) == []

    def test_a_snapshot_that_became_complete_leaves_its_figures(self, home: Path, town: Path) -> None:
        files = early_files(town)
        _put(home, files[0])
        assert "passports" not in _metadata(_run(home))
        _put(home, files[1])
        told = _metadata(_run(home))
        assert told["warnings"].value == {"W_NO_MANIFEST": 1}
        (figures,) = told["passports"].value.values()
        assert figures["baris_anggota"] > figures["baris_keluarga"] > 400
        assert all(type(count) is int for count in figures.values())
        assert len(list((home / "work" / "passports").iterdir())) == 1

    def test_a_manifest_leaves_the_inbox_with_the_last_of_its_files(self, home: Path, town: Path) -> None:
        files, path = early_files(town)[2:], home / "inbox" / "w37.manifest.json"
        listed = [(file.name, file.read_bytes()) for file in files]
        entries = [
            {"name": name, "rows": data.count(b"\n") - 1, "sha256": hashlib.sha256(data).hexdigest()}
            for name, data in listed
        ]
        path.write_text(json.dumps({"files": entries}))
        _put(home, files[0])
        assert _run(home).success
        assert list((home / "inbox").iterdir()) == [path]
        with house(home) as platform:
            assert [file.code for file in platform.registry.files()] == ["H_BATCH_INCOMPLETE"]
        _put(home, files[1])
        assert _run(home).success
        assert list((home / "inbox").iterdir()) == []
        with house(home) as platform:
            found = {file.table_name: (file.verdict, file.code) for file in platform.registry.files()}
        assert found == {"kunjungan_anggota": ("accepted", None), "kunjungan": ("accepted", None)}

    def test_a_refused_file_leaves_the_inbox_and_is_kept(self, home: Path) -> None:
        (home / "inbox" / "a.csv").write_bytes(b"a,b\n1,2\n")
        _put(home, Path(shutil.move(home / "inbox" / "a.csv", home.parent / "a.csv")))
        assert _run(home).success
        with house(home) as platform:
            (file,) = platform.registry.files()
            assert (file.verdict, file.code) == ("refused", "E_HEADER")
            assert platform.vault.read_bytes(file.sha256) == b"a,b\n1,2\n"
        assert list((home / "inbox").iterdir()) == []

    def test_one_that_cannot_be_kept_does_not_stop_the_others(
        self, home: Path, town: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        large = home.parent / "0-large.csv"
        large.write_bytes(b"x" * 2_000_000)
        monkeypatch.setenv("DTSEN_MAX_FILE_MB", "1")
        _put(home, large, *early_files(town)[2:])
        result = _run(home)
        assert not result.success
        assert failures(result)[0].startswith("E_TOO_LARGE")
        assert [path.name for path in (home / "inbox").iterdir()] == [large.name]
        with house(home) as platform:
            assert {file.verdict for file in platform.registry.files()} == {"accepted"}

    def test_the_run_shows_tokens_and_verdicts_and_no_name(self, home: Path, town: Path) -> None:
        _put(home, *early_files(town)[2:])
        result = _run(home)
        facts = [event.event_specific_data for event in result.all_events if event.event_type_value == "STEP_OUTPUT"]
        (output,) = facts
        shown = str(output)
        with house(home) as platform:
            for file in platform.registry.files():
                assert file.token in shown
        assert early_files(town)[2].stem not in shown
