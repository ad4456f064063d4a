"""The exact reading of a file that lies in the vault, part by part, and what is counted meanwhile.

Which profile a file has and what becomes of it is decided elsewhere (see `ingest`).
"""

from collections.abc import Iterator
from functools import partial

from dtsen_pipeline.core import intake
from dtsen_pipeline.core.survey import Survey, survey
from dtsen_pipeline.reference import Profile, profiles
from dtsen_pipeline.resources.platform import Platform
from dtsen_pipeline.resources.registry.models import SourceFile
from dtsen_pipeline.schemas.errors import TOKEN_LENGTH


def head(platform: Platform, sha256: str) -> bytes:
    """The first bytes of a file, in which its header ends; refused where they show that it is no text of lines."""
    with platform.vault.open(sha256) as file:
        found = file.read(intake.HEAD)
    intake.check_start(found, sha256[:TOKEN_LENGTH])
    return found


def parts(platform: Platform, sha256: str, profile: Profile) -> Iterator[intake.Reading]:
    """The readings of a file, in memory that does not grow with it."""
    with platform.vault.open(sha256) as file:
        blocks = iter(partial(file.read, intake.BLOCK), b"")
        yield from intake.readings(blocks, profile, sha256[:TOKEN_LENGTH])


def surveyed(platform: Platform, sha256: str, profile: Profile) -> Survey:
    """The counts of a file; DtsenError where it cannot be read exactly."""
    return survey(parts(platform, sha256, profile), profile, platform.settings.city)


def surveyed_again(platform: Platform, file: SourceFile) -> Survey:
    """The counts of a file that was read before."""
    return surveyed(platform, file.sha256, profiles()[file.profile or ""])
