"""A registry on a real SQLite file, and the time that the tests pretend it is."""

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from dtsen_pipeline.resources.registry import Registry

NOW = datetime(2026, 9, 28, 2, 0, tzinfo=UTC)


@pytest.fixture
def now() -> datetime:
    """A Monday at two in the morning."""
    return NOW


@pytest.fixture
def registry(tmp_path: Path) -> Iterator[Registry]:
    """An empty registry at the newest schema."""
    opened = Registry(f"sqlite:///{tmp_path}/home/registry.db").open()
    yield opened
    opened.close()
