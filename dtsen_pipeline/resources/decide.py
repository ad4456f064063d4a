"""What a person decides about a file: accept it, refuse it, or confirm the codes of its source."""

from dataclasses import dataclass
from datetime import datetime

from dtsen_pipeline.core.corrections import KIND
from dtsen_pipeline.resources.admission import (
    BY_PERSON,
    UNCONFIRMED,
    forsake_partners,
    has_confirmed_codes,
    judge_again,
    trips_again,
)
from dtsen_pipeline.resources.breakers import BREAKERS
from dtsen_pipeline.resources.codes import Seen, held_together
from dtsen_pipeline.resources.correct import check_free
from dtsen_pipeline.resources.platform import Platform
from dtsen_pipeline.resources.registry.files import TWICE
from dtsen_pipeline.resources.registry.models import SourceFile
from dtsen_pipeline.schemas.errors import DtsenError


@dataclass(frozen=True)
class Word:
    """Who decides, why, and when."""

    reason: str
    actor: str
    now: datetime


def accept(platform: Platform, token: str, word: Word, *, seen: Seen | None = None) -> tuple[str, ...]:
    """Accept a held file; with `seen` the codes of its source too, which frees every file held for them alone.

    `seen`: what was looked at (`codes.look`), a list that it does not hold is not confirmed. Returns the tokens that
    count from now on.
    """
    file = platform.registry.file(token)
    if file.kind == KIND and file.verdict == "refused":
        check_free(platform, [file, *platform.registry.files(derived_from=file.sha256, verdict="refused")])
    if file.code in (BY_PERSON, TWICE, *BREAKERS) and file.profile is not None:
        file = _lifted(platform, token, word)
        if file.verdict == "accepted":
            return (file.token,)
        if file.code != UNCONFIRMED or seen is None:
            message = "what was decided before is lifted, but the file does not count yet"
            told = f"{message}: {file.message}" if file.code in BREAKERS else message
            raise DtsenError(file.code or "E_VERDICT", told, token=file.token)
    with platform.registry.together():
        return _accepted(platform, platform.registry.file(token), word, seen)


def _lifted(platform: Platform, token: str, word: Word) -> SourceFile:
    """A refusal is taken back and the gates are asked again; where they refuse the file too, nothing changes.

    Of a held file the trips were shown, and what the project wrote itself has none. Another may have been refused
    before a breaker could hold it.
    """
    known = platform.registry.file(token)
    trips = () if known.verdict == "held" or known.derived_from is not None else trips_again(platform, known)
    with platform.registry.together():
        platform.registry.set_verdict(token, "accepted", None, word.reason, word.actor, word.now)
        file = judge_again(platform, token, word.now, trips)
        if file.verdict == "refused":
            raise DtsenError(file.code or "E_VERDICT", "the file stays refused", token=file.token)
        return file


def _accepted(platform: Platform, file: SourceFile, word: Word, seen: Seen | None) -> tuple[str, ...]:
    if file.code != UNCONFIRMED:
        taken = [file, *platform.registry.files(derived_from=file.sha256, verdict="refused")]
        for one in taken:
            platform.registry.set_verdict(one.token, "accepted", None, word.reason, word.actor, word.now)
        return tuple(one.token for one in taken)
    if seen is None or file.token not in seen.files:
        raise DtsenError(UNCONFIRMED, "look at the codes first, then accept with --confirm-codes", token=file.token)
    platform.registry.confirm_codes(seen.source, word.reason, word.actor, word.now, seen.as_payload())
    held = [other for other in held_together(platform, file.token) if has_confirmed_codes(platform, other)]
    for other in held:
        platform.registry.set_verdict(other.token, "accepted", None, word.reason, word.actor, word.now)
    return tuple(other.token for other in held)


def refuse(platform: Platform, token: str, word: Word) -> None:
    """Refuse a file, and what was written from it; the bytes stay."""
    with platform.registry.together():
        file = platform.registry.file(token)
        written = platform.registry.files(derived_from=file.sha256, verdict="accepted")
        for one in (file, *written):
            platform.registry.set_verdict(one.token, "refused", BY_PERSON, word.reason, word.actor, word.now)
        forsake_partners(platform, file, word.now)
