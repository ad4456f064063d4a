"""The opened house: settings, directories, vault, registry and release store in one place.

Jobs, the command line and tests all open it here; what is done with it stands elsewhere.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property

from dtsen_pipeline.resources.home import Home
from dtsen_pipeline.resources.key import Key, load_key
from dtsen_pipeline.resources.registry import Registry
from dtsen_pipeline.resources.settings import Settings, load_settings
from dtsen_pipeline.resources.store import Store
from dtsen_pipeline.resources.vault import Vault

MEGABYTE = 1_000_000


@dataclass(frozen=True)
class Platform:
    """Everything that is open for one home."""

    settings: Settings
    home: Home
    vault: Vault
    registry: Registry
    store: Store

    @cached_property
    def key(self) -> Key:
        """The secret behind surrogate ids, made at first use."""
        return load_key(self.settings)


def open_platform(settings: Settings | None = None) -> Platform:
    """Open the house of `settings`, else of the environment; directories and database are made where missing."""
    chosen = settings or load_settings()
    home = Home(chosen.home).prepare()
    return Platform(
        settings=chosen,
        home=home,
        vault=Vault(home.vault, chosen.max_file_mb * MEGABYTE),
        registry=Registry(chosen.registry_url).open(),
        store=Store(home.releases),
    )


@contextmanager
def opened(settings: Settings | None = None) -> Iterator[Platform]:
    """The house for the length of a block."""
    platform = open_platform(settings)
    try:
        yield platform
    finally:
        platform.registry.close()
