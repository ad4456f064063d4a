"""Which submissions of a form server were written into which file; ids and versions as digests only."""

from collections.abc import Iterable
from datetime import datetime

from sqlalchemy import or_, select

from dtsen_pipeline.resources.registry.database import Database
from dtsen_pipeline.resources.registry.models import PulledSubmission, SourceFile

Key = tuple[str, str]
"""The digests of a submission's id and version."""
BY_PERSON = "E_REFUSED"
"""The code of a file that could be read and that a person refused."""


class Pulls(Database):
    """The registry's notes about pulls."""

    def note_pulled(self, source: str, sha256: str, keys: Iterable[Key], now: datetime) -> None:
        """Note that a file, which may not be there yet, holds these submissions; again changes nothing."""
        with self.write() as session:
            query = select(PulledSubmission.instance, PulledSubmission.version).filter_by(source=source, sha256=sha256)
            known = {(instance, version) for instance, version in session.execute(query)}
            session.add_all(
                PulledSubmission(source=source, sha256=sha256, instance=instance, version=version, at=now)
                for instance, version in keys
                if (instance, version) not in known
            )

    def pulled(self, source: str) -> set[Key]:
        """The submissions of a source that stand in a file which was read well, whatever a person made of it."""
        counts = or_(SourceFile.verdict != "refused", SourceFile.code == BY_PERSON)
        query = (
            select(PulledSubmission.instance, PulledSubmission.version)
            .join(SourceFile, SourceFile.sha256 == PulledSubmission.sha256)
            .where(PulledSubmission.source == source, counts)
        )
        with self.read() as session:
            return {(instance, version) for instance, version in session.execute(query)}
