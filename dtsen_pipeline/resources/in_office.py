"""The list of officers that is in force, for whoever judges visits: the frozen list, and ingest's look at a file."""

from collections.abc import Sequence

from dtsen_pipeline.core.officers import KIND, Term, terms_in
from dtsen_pipeline.resources.platform import Platform
from dtsen_pipeline.resources.registry.models import SourceFile


def officers_among(platform: Platform, files: Sequence[SourceFile]) -> tuple[Term, ...]:
    """The terms of the list among these files that came last; none where there is no list."""
    lists = [file for file in files if file.kind == KIND]
    if not lists:
        return ()
    last = max(lists, key=lambda file: (file.received_at, file.sha256))
    return terms_in(platform.vault.read_bytes(last.sha256), last.token)


def officers_now(platform: Platform) -> tuple[Term, ...]:
    """The terms of the last accepted list."""
    return officers_among(platform, platform.registry.files(kind=KIND, verdict="accepted"))
