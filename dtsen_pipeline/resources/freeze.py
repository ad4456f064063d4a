"""Freezing the inputs of a run: which accepted files, decisions, reference data, model and key it computes from."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import date, datetime, time, timedelta
from typing import Any

from dtsen_pipeline import __version__
from dtsen_pipeline.core.corrections import family_of, profile_named
from dtsen_pipeline.core.inputs import InputList, Source, freeze
from dtsen_pipeline.core.rulings import KIND
from dtsen_pipeline.reference import digests, parts
from dtsen_pipeline.resources.approving import in_force
from dtsen_pipeline.resources.in_office import officers_among
from dtsen_pipeline.resources.platform import Platform
from dtsen_pipeline.resources.registry.decisions import digest
from dtsen_pipeline.resources.registry.models import SourceFile
from dtsen_pipeline.resources.settings import ZONE
from dtsen_pipeline.schemas.errors import DtsenError


def monday(day: date) -> date:
    """The Monday of the day's week: the name of its partition."""
    return day - timedelta(days=day.weekday())


def end_of(day: date) -> datetime:
    """The end of a day in Jakarta: what came before it counts."""
    return datetime.combine(day + timedelta(days=1), time(), ZONE)


def freeze_inputs(platform: Platform, as_of: date, chosen: Sequence[str] = ()) -> InputList:
    """The input list as of the end of a day in Jakarta; `chosen` tokens replace the default list.

    Raises E_NO_SNAPSHOT where no snapshot is complete, E_TOKEN_UNKNOWN for a token that is not accepted,
    and what `approving.in_force` raises for a model that is changed, unusable or not in force.
    """
    until = end_of(as_of)
    model, approval = in_force(platform, as_of, until)
    accepted = platform.registry.files(verdict="accepted", until=until)
    files = _chosen(accepted, chosen) if chosen else accepted
    _check_snapshot(platform, files, as_of)
    _check_key(platform)
    subjects = {file.sha256 for file in files}
    told = [
        digest(decision)
        for decision in platform.registry.decisions()
        if decision.subject in subjects or decision.kind == "confirm_codes"
    ]
    told += [digest(approval)] if approval else []
    return freeze(
        [source for file in files if _is_usable(file, files) for source in _sources(file)],
        city=platform.settings.city,
        model=model.id,
        model_sha256=model.sha256,
        key_id=platform.key.id,
        decisions=tuple(sorted(told)),
        rulings=tuple(file.sha256 for file in files if file.kind == KIND and file.derived_from is not None),
        officers=officers_among(platform, files),
        **_confirmed(platform),
        reference=dict(digests()),
        code_version=__version__,
    )


def snapshot_inputs(platform: Platform, as_of: date, model: str) -> InputList:
    """The base snapshot of a day alone, as it was delivered: no visit, no correction, no older snapshot."""
    files = platform.registry.files(verdict="accepted", until=end_of(as_of))
    _check_snapshot(platform, files, as_of)
    listed = freeze(
        [source for file in files if _is_usable(file, files) for source in _sources(file)],
        city=platform.settings.city,
        model=model,
        key_id=platform.key.id,
        **_confirmed(platform),
    )
    base = [one for one in listed.sources if one.is_snapshot and one.version == listed.base_version]
    return replace(listed, sources=tuple(one for one in base if one.corrects is None))


def _confirmed(platform: Platform) -> dict[str, Any]:
    """The sources whose codes a person has confirmed, and their code lists."""
    told = sorted(platform.registry.confirmed_lists().items())
    lists = {family: tuple(sorted(names)) for family, names in told}
    return {"confirmed_profiles": tuple(lists), "confirmed_lists": lists}


def _check_snapshot(platform: Platform, files: Sequence[SourceFile], as_of: date) -> None:
    """E_NO_SNAPSHOT, saying whether a later as-of date would bring one."""
    if any(file.kind == "snapshot" and _is_usable(file, files) for file in files):
        return
    everything = platform.registry.files(verdict="accepted")
    if any(file.kind == "snapshot" and _is_usable(file, everything) for file in everything):
        raise DtsenError(
            "E_NO_SNAPSHOT",
            f"no complete snapshot among the files chosen as of {as_of.isoformat()}; "
            "one was received later or left out: choose a later as-of date, or other tokens",
        )
    raise DtsenError("E_NO_SNAPSHOT", "no complete snapshot is accepted yet; ingest a family file and its member file")


def _check_key(platform: Platform) -> None:
    """E_KEY_CHANGED where the key is not that of the current release: every family and person would get a new id."""
    current = platform.registry.current()
    if current is None:
        return
    manifest = platform.store.manifest(platform.store.directory(current.path))
    if manifest["inputs"]["key_id"] != platform.key.id:
        raise DtsenError(
            "E_KEY_CHANGED", "the key is not the one of the current release, so every id would change; restore it"
        )


def _chosen(accepted: Sequence[SourceFile], tokens: Sequence[str]) -> list[SourceFile]:
    known = {file.token: file for file in accepted}
    if not known.keys() >= set(tokens):
        raise DtsenError("E_TOKEN_UNKNOWN", "a chosen token is not that of an accepted file")
    return [known[token] for token in sorted(set(tokens))]


def _is_usable(file: SourceFile, files: Sequence[SourceFile]) -> bool:
    """A snapshot file counts only together with its partner, a correction only together with what it corrects."""
    if file.table_name is None:
        return False
    if file.corrects is not None:
        return any(other.sha256 == file.corrects and _is_usable(other, files) for other in files)
    if file.kind != "snapshot":
        return True
    return any(
        other.version == file.version and other.region == file.region and other.table_name != file.table_name
        for other in files
        if other.kind == "snapshot" and family_of(other) == family_of(file)
    )


def _sources(file: SourceFile) -> list[Source]:
    """A source a part: a workbook or a form's document may bring rows of two tables."""
    return [
        Source(
            sha256=file.sha256,
            table=part.table,
            profile=part.id,
            profile_version=file.profile_version or 0,
            version=file.version,
            region=file.region,
            data_date=file.data_date.isoformat() if file.data_date else None,
            batch=file.batch_id,
            corrects=file.corrects,
        )
        for part in parts(profile_named(file.profile or ""))
    ]
