"""Exit codes, errors without values, one JSON document, and a quick start."""

import os
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

import pytest

from dtsen_pipeline.cli import COMMANDS
from dtsen_pipeline.resources.registry import Registry
from tests.cli.conftest import Dtsen
from tests.queries.world import World

NUMBER = "3571019901999998"
SURFACE = (
    "generate doctor ingest retry pull accept refuse passport refresh releases show verify rollback find "
    "trace rejected debt close reopen receipt programmes guard doubts review balance queue form targeting "
    "proposals ledger explain diff"
)
DTSEN = [sys.executable, "-c", "import sys; from dtsen_pipeline.cli import main; sys.exit(main())"]


def test_the_surface_is_the_one_that_people_rely_on() -> None:
    assert set(COMMANDS) == {
        *SURFACE.split(),
        *(f"model {name}" for name in ("fit", "score", "show", "rehearse", "approve")),
    }


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_explains_itself_in_both_languages(command: str, dtsen: Dtsen) -> None:
    said = dtsen(*command.split(), "--help")
    assert said.code == 0
    assert " / " in said.out


@pytest.mark.parametrize(
    "arguments",
    [
        ("nonsense",),
        ("show", "--nonsense"),
        ("generate", "--families", "x", "--out", "y"),
        ("generate", "--families", "3", "--out", "y"),
        ("generate", "--out", "y"),
        ("refresh", "--as-of", "soon"),
        ("ingest",),
        ("ingest", "file.csv", "--kind", "letter"),
        ("ingest", "file.xlsx", "--kind", "decision", "--data-date", "2026-01-01"),
        ("ingest", "file.xlsx", "--kind", "correction", "--data-date", "2026-01-01"),
        ("ingest", "file.csv", "--kind", "officer", "--data-date", "2026-01-01"),
        ("ingest", "file.csv", "--profile", "letter"),
        ("ingest", "file.csv", "--profile", "bps_v3_keluarga", "--kind", "field"),
        ("trace",),
        ("trace", "--stdin", "--family", "0" * 32),
        ("trace", "--family", "zzz"),
        ("trace", "--family", "0" * 32, "--reveal"),
        ("trace", "--stdin"),
        ("find", "--stdin"),
        ("find", "--stdin", "--purpose", " "),
        ("refuse", "0" * 12),
        ("accept", "0" * 12),
        ("rollback", "0" * 16),
    ],
)
def test_wrong_usage_is_2_and_repeats_nothing(arguments: tuple[str, ...], dtsen: Dtsen) -> None:
    said = dtsen(*arguments)
    assert said.code == 2
    assert said.out == ""
    assert "Yang perlu dilakukan" in said.err
    assert "Traceback" not in said.err
    for typed in arguments[1:]:
        assert typed.startswith("-") or len(typed) < 4 or typed not in said.err
    assert dtsen(*arguments, "--json").document["error"]["code"].startswith("E_")


@pytest.mark.parametrize(
    "arguments",
    [
        ("find", NUMBER),
        ("find", NUMBER, "--stdin", "--purpose", "audit"),
        (NUMBER,),
        ("trace", NUMBER),
        ("trace", "--family", NUMBER),
        ("trace", "--person", NUMBER),
        ("trace", "--family", "0" * 32, "--purpose", f"about {NUMBER}"),
        ("refuse", "0" * 12, "--reason", f"about {NUMBER}"),
        ("show", "--json", f"--nik={NUMBER}"),
    ],
)
def test_a_number_on_the_command_line_is_refused_and_not_repeated(arguments: tuple[str, ...], dtsen: Dtsen) -> None:
    said = dtsen(*arguments)
    assert said.code == 2
    assert "E_NUMBER_ARGUMENT" in said.all
    assert NUMBER not in said.all


@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        (("show",), "E_NO_RELEASE"),
        (("show", "0" * 16), "E_RELEASE_UNKNOWN"),
        (("rejected",), "E_NO_RELEASE"),
        (("debt",), "E_NO_RELEASE"),
        (("close", f"{'0' * 12}-2", "--reason", "x"), "E_NO_RELEASE"),
        (("reopen", f"{'0' * 12}-2", "--reason", "x"), "E_NO_RELEASE"),
        (("receipt", "x"), "E_NO_RELEASE"),
        (("trace", "--family", "0" * 32), "E_NO_RELEASE"),
        (("accept", "0" * 12, "--reason", "x"), "E_TOKEN_UNKNOWN"),
        (("accept", "0" * 12, "--reason", "x", "--confirm-codes"), "E_TOKEN_UNKNOWN"),
        (("refuse", "0" * 12, "--reason", "x"), "E_TOKEN_UNKNOWN"),
        (("rollback", "0" * 16, "--reason", "x"), "E_RELEASE_UNKNOWN"),
    ],
)
def test_a_no_is_1_with_a_code_and_an_advice(arguments: tuple[str, ...], code: str, dtsen: Dtsen) -> None:
    said = dtsen(*arguments)
    assert said.code == 1
    assert said.err.startswith(code)
    error = dtsen(*arguments, "--json").document["error"]
    assert error["code"] == code
    assert all(error[name] for name in ("message", "message_en", "advice"))


def test_a_bad_setting_names_what_is_allowed(dtsen: Dtsen, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DTSEN_ENGINE", "abacus")
    said = dtsen("releases")
    assert said.code == 2
    assert "DTSEN_ENGINE" in said.err
    assert "polars" in said.err
    assert "abacus" not in said.err


def test_an_unexpected_error_shows_its_kind_only(dtsen: Dtsen, world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: object) -> None:
        raise ValueError(NUMBER)

    assert world
    monkeypatch.setattr(Registry, "releases", fail)
    said = dtsen("releases")
    assert said.code == 1
    assert "E_UNEXPECTED" in said.err
    assert "ValueError" in said.err
    assert NUMBER not in said.all
    assert dtsen("releases", "--json").document["error"]["code"] == "E_UNEXPECTED"


def test_nothing_at_all_prints_the_help(dtsen: Dtsen) -> None:
    said = dtsen()
    assert said.code == 2
    assert "ingest" in said.err


def process(environment: Mapping[str, str], *arguments: str) -> subprocess.CompletedProcess[str]:
    """A command in a process of its own."""
    found = {**os.environ, **environment}
    return subprocess.run([*DTSEN, *arguments], env=found, capture_output=True, text=True, check=False)


def test_help_starts_quickly() -> None:
    code = (
        "import sys, time; from dtsen_pipeline.cli import main; main(['--help'])\n"
        "heavy = {'polars', 'sqlalchemy', 'pandera', 'dagster', 'pandas', 'great_expectations'} & set(sys.modules)\n"
        "print(time.process_time(), *heavy, file=sys.stderr)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    seconds, *heavy = done.stderr.split()
    assert heavy == []
    assert float(seconds) < 0.7


def test_a_trace_needs_no_orchestrator(world: World) -> None:
    code = (
        "import sys; from dtsen_pipeline.cli import main; main(['trace', '--family', '0' * 32])\n"
        "heavy = {'pandera', 'dagster', 'pandas', 'great_expectations', 'pyspark'} & set(sys.modules)\n"
        "print(*heavy, file=sys.stdout)"
    )
    found = {**os.environ, "DTSEN_HOME": str(world.settings.home)}
    done = subprocess.run([sys.executable, "-c", code], env=found, capture_output=True, text=True, check=True)
    assert done.stdout.strip() == ""
    assert "E_ENTITY_UNKNOWN" in done.stderr


def test_a_process_ends_with_the_code(world: World, tmp_path: Path) -> None:
    place = {"DTSEN_HOME": str(world.settings.home)}
    assert process(place, "releases", "--json").returncode == 0
    gone = process(place, "ingest", str(tmp_path / "SITI AMINAH.csv"))
    assert gone.returncode == 1
    assert "argumen 1" in gone.stdout
    assert "SITI" not in gone.stdout + gone.stderr
    wrong = process(place, "show", "--nope")
    assert (wrong.returncode, wrong.stdout) == (2, "")
    assert "Warning" not in wrong.stderr


def test_a_reader_that_leaves_early_is_no_error(world: World) -> None:
    found = {**os.environ, "DTSEN_HOME": str(world.settings.home)}
    command = f"{sys.executable} -c 'from dtsen_pipeline.cli import main; main()' rejected --json | head -c 1"
    done = subprocess.run(["/bin/sh", "-c", command], env=found, capture_output=True, text=True, check=True)
    assert done.stdout == "{"
    assert "Traceback" not in done.stderr
