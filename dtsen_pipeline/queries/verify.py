"""Whether a release directory is as it was sealed. Works on a copy without a registry, and then says so."""

from dataclasses import dataclass
from pathlib import Path

from dtsen_pipeline.resources import manifest as papers
from dtsen_pipeline.resources.registry import Registry
from dtsen_pipeline.resources.registry.models import Release
from dtsen_pipeline.resources.settings import Settings
from dtsen_pipeline.resources.store import Finding, Store


@dataclass(frozen=True)
class Verified:
    """What was found; `is_registered` where this home's registry knows the release and its manifest's hash."""

    release_id: str | None
    is_registered: bool
    files: int
    findings: tuple[Finding, ...]


def verify(settings: Settings, directory: Path) -> Verified:
    """Check every file of a release directory against its manifest, and that against the registry where at hand."""
    facts, _ = papers.read(directory)
    release = _registered(settings, directory, facts)
    findings = Store(directory.parent).verify(directory, release.manifest_sha256 if release else None)
    return Verified(
        release_id=release.release_id if release else None,
        is_registered=release is not None,
        files=len(facts["files"]) if facts else 0,
        findings=tuple(findings),
    )


def _registered(settings: Settings, directory: Path, facts: papers.Manifest | None) -> Release | None:
    """The release that lies in this directory, or that its manifest claims to be."""
    database = settings.registry_url.database
    if database is None or not Path(database).is_file():
        return None
    registry = Registry(settings.registry_url)
    root = settings.home / "releases"
    try:
        known = registry.releases()
    finally:
        registry.close()
    here = directory.resolve()
    claimed = facts.get("release_id") if facts else None
    for release in known:
        if (root / release.path).resolve() == here:
            return release
    return next((release for release in known if release.release_id == claimed), None)
