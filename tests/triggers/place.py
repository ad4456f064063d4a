"""Where a situation is brought about: an own folder and home, the shared towns, and a person at a terminal."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import pytest

from dtsen_pipeline.core.engine import Engine
from tests.cli.conftest import Said
from tests.house import early_files
from tests.queries.world import World


@dataclass(frozen=True)
class Place:
    """What a situation may use; everything shared is made when it is first asked for and left as it is."""

    request: pytest.FixtureRequest

    @cached_property
    def folder(self) -> Path:
        """An empty folder of its own."""
        return self._given("tmp_path")

    @cached_property
    def home(self) -> Path:
        """A home that the environment names, with nothing in it."""
        return self._given("home")

    @cached_property
    def town(self) -> Path:
        """The town whose two halves came in January and March."""
        return self._given("town")

    @cached_property
    def city(self) -> Path:
        """A small city in files."""
        return self._given("city")

    @cached_property
    def world(self) -> World:
        """A copy, in the home, of a home with a published release."""
        return self._given("world")

    @cached_property
    def january(self) -> Path:
        """A home with the town's first snapshot accepted; to be copied."""
        return self._given("january")

    @cached_property
    def fates(self) -> dict[str, str]:
        """The fates of a scene that has every reason to hold a row."""
        return self._given("fates")

    @cached_property
    def engine(self) -> Engine:
        """The default engine."""
        return self._given("engine")

    @cached_property
    def patch(self) -> pytest.MonkeyPatch:
        """What is undone afterwards."""
        return self._given("monkeypatch")

    @cached_property
    def families(self) -> bytes:
        """The town's first family file."""
        return early_files(self.town)[1].read_bytes()

    def said(self, *arguments: object, given: str = "") -> str:
        """The code of the error that a command tells in JSON."""
        return str(self.document(*arguments, given=given)["error"]["code"])

    def document(self, *arguments: object, given: str = "") -> Any:
        """What a command tells in JSON."""
        said: Said = self._given("dtsen")(*arguments, "--json", given=given)
        return said.document

    def file(self, name: str, content: bytes = b"") -> Path:
        """A file in the own folder."""
        path = self.folder / name
        path.write_bytes(content)
        return path

    def _given(self, name: str) -> Any:
        return self.request.getfixturevalue(name)


Trigger = Callable[[Place], str | None]
"""Brings a situation about; returns the code that was given, or raises it."""
