"""The reviewers' decisions as they lie in the vault. Taking a decision file in is the work of `rule`."""

from collections.abc import Iterable

from dtsen_pipeline.core.rulings import KIND, Ruling, rulings_in
from dtsen_pipeline.resources.platform import Platform
from dtsen_pipeline.schemas.errors import TOKEN_LENGTH


def registered(platform: Platform) -> tuple[Ruling, ...]:
    """Every decision that counts now."""
    files = platform.registry.files(kind=KIND, verdict="accepted")
    return rulings_of(platform, (file.sha256 for file in files if file.derived_from is not None))


def rulings_of(platform: Platform, hashes: Iterable[str]) -> tuple[Ruling, ...]:
    """The decisions of these files of the vault."""
    return tuple(ruling for sha in hashes for ruling in rulings_in(platform.vault.read_bytes(sha), sha[:TOKEN_LENGTH]))
