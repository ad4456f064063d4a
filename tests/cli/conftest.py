"""A person at a terminal: `dtsen(...)` runs a command in this process and keeps what it printed."""

import io
import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from dtsen_pipeline.cli import main
from dtsen_pipeline.resources import settle
from tests.queries.world import World, copied, template

SETTINGS = ("DTSEN_ENGINE", "DTSEN_DATABASE_URL", "DTSEN_KEY_FILE", "DTSEN_CITY")


@dataclass(frozen=True)
class Said:
    """What a command printed, and its exit code."""

    code: int
    out: str
    err: str

    @property
    def document(self) -> Any:
        """The one JSON document on standard output."""
        return json.loads(self.out)

    @property
    def all(self) -> str:
        """Everything that could be seen."""
        return self.out + self.err


Dtsen = Callable[..., Said]


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty home that the environment names."""
    for name in SETTINGS:
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("DTSEN_HOME", str(tmp_path / "home"))
    monkeypatch.setattr(settle, "PAUSE", 0.0)
    return tmp_path / "home"


@pytest.fixture
def dtsen(home: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Dtsen:
    """Run a command in the home."""
    assert home

    def run(*arguments: object, given: str = "") -> Said:
        monkeypatch.setattr("sys.stdin", io.StringIO(given))
        code = main([str(argument) for argument in arguments])
        return Said(code, *capsys.readouterr())

    return run


@pytest.fixture
def world(home: Path, city: Path) -> World:
    """The home with a published release."""
    return copied(template(city), home)
