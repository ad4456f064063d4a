"""One published home for all questions."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from dtsen_pipeline.queries.reading import View, view
from dtsen_pipeline.resources.platform import Platform, opened
from tests.queries.world import World, copied, template


@pytest.fixture(scope="session")
def world(city: Path) -> World:
    """A home with a release; tests leave it as it is, but for the access log."""
    return template(city)


@pytest.fixture
def own_world(world: World, tmp_path: Path) -> World:
    """A copy that a test may damage."""
    return copied(world, tmp_path / "home")


@pytest.fixture
def platform(world: World) -> Iterator[Platform]:
    """The opened house."""
    with opened(world.settings) as platform:
        yield platform


@pytest.fixture
def release(platform: Platform) -> View:
    """The current release."""
    return view(platform)
