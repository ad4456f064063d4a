"""A registered file's rows as they were delivered, whatever its format: the one reading that everyone uses.

Ingest, the flow and the read side all come here, so that a row never has two texts. Which profile a file has is
decided in `choice`; what the text means, in the core.
"""

from collections.abc import Container, Iterator
from datetime import date
from functools import partial

import narwhals as nw
import polars as pl

from dtsen_pipeline.core import forms, intake, sheets
from dtsen_pipeline.core.corrections import profile_named
from dtsen_pipeline.core.inputs import week_end
from dtsen_pipeline.core.intake import Reading
from dtsen_pipeline.core.normalise import normalise
from dtsen_pipeline.core.rules.context import Context
from dtsen_pipeline.core.survey import Survey, combined, survey
from dtsen_pipeline.core.translate import filled, translate
from dtsen_pipeline.core.validate import is_rejected
from dtsen_pipeline.reference import Profile, city, parts
from dtsen_pipeline.reference.profile import JSON, XLSX
from dtsen_pipeline.resources.in_office import officers_now
from dtsen_pipeline.resources.platform import Platform
from dtsen_pipeline.resources.registry.models import SourceFile
from dtsen_pipeline.resources.workbook import Limits, Workbook
from dtsen_pipeline.schemas.errors import TOKEN_LENGTH
from dtsen_pipeline.schemas.tables import tables


def read(platform: Platform, sha256: str, profile: Profile) -> Reading:
    """The rows of one part of a file in the vault; DtsenError where the file as a whole cannot be trusted."""
    token = sha256[:TOKEN_LENGTH]
    if profile.format == XLSX:
        platform.vault.check(sha256)
        with platform.vault.open(sha256) as file:
            return sheets.read(Workbook(file, limits_of(platform), token), profile, token)
    data = platform.vault.read_bytes(sha256)
    return forms.read(data, profile, token) if profile.format == JSON else intake.read(data, profile, token)


def read_all(platform: Platform, sha256: str, profile: Profile) -> dict[str, tuple[Profile, Reading]]:
    """Every part of a file with its profile, by table, the one that the file is registered under first."""
    return {part.table: (part, read(platform, sha256, part)) for part in parts(profile)}


def shown(platform: Platform, sha256: str, profile: Profile, wanted: Container[int]) -> Iterator[tuple[int, str]]:
    """What can be read of the wanted rows of a workbook or a form's document, damaged ones too, by their number."""
    token = sha256[:TOKEN_LENGTH]
    for part in parts(profile):
        if profile.format == JSON:
            yield from forms.shown(platform.vault.read_bytes(sha256), part, wanted, token)
            continue
        with platform.vault.open(sha256) as file:
            yield from sheets.shown(Workbook(file, limits_of(platform), token), part, wanted, token)


def blocks_of(platform: Platform, sha256: str, profile: Profile) -> Iterator[Reading]:
    """The readings of one part of a file; a CSV's and a workbook's in memory that does not grow with it."""
    token = sha256[:TOKEN_LENGTH]
    if profile.format == JSON:
        yield read(platform, sha256, profile)
        return
    if profile.format == XLSX:
        platform.vault.check(sha256)
    with platform.vault.open(sha256) as file:
        if profile.format == XLSX:
            yield from sheets.readings(Workbook(file, limits_of(platform), token), profile, token)
            return
        blocks = iter(partial(file.read, intake.BLOCK), b"")
        yield from intake.readings(blocks, profile, token)


def surveyed(
    platform: Platform, sha256: str, profile: Profile, data_date: date | None = None, batch_id: str | None = None
) -> Survey:
    """The counts of a file over all its parts; DtsenError where it cannot be read exactly.

    Rows are judged by the rules that a refresh would judge them by, as far as the date, the batch and the list
    of officers are known.
    """
    code, token = platform.settings.city, sha256[:TOKEN_LENGTH]
    end = week_end(batch_id)
    context = Context(
        city(code),
        observed={token: data_date} if data_date else {},
        confirmed={token: platform.registry.confirmed_lists().get(profile.family, frozenset())},
        batch_ends={token: end} if end else {},
        officers=officers_now(platform),
    )
    return combined(
        survey(
            blocks_of(platform, sha256, part),
            part,
            code,
            partial(contract_rows, profile=part, code=code),
            partial(_rejected, table=part.table, context=context),
        )
        for part in parts(profile)
    )


def surveyed_again(platform: Platform, file: SourceFile) -> Survey:
    """The counts of a file that was read before."""
    return surveyed(platform, file.sha256, profile_named(file.profile or ""), file.data_date, file.batch_id)


def _rejected(rows: pl.DataFrame, table: str, context: Context) -> int:
    """How many rows, written as the contract writes them, break a hard rule."""
    declared = tables()[table]
    records = normalise(nw.from_native(filled(rows, table).lazy()), declared, context.city)
    native: pl.LazyFrame = records.select(is_rejected(declared, context).sum()).to_native()
    return int(native.collect().item() or 0)


def contract_rows(rows: pl.DataFrame, profile: Profile, code: str) -> pl.DataFrame:
    """Rows of one file in the contract's way of writing: codes, days, numbers and region codes."""
    if profile.is_plain:
        return rows
    profile_of = dict.fromkeys(rows["src"].unique().to_list(), profile)
    frame = translate(nw.from_native(rows.lazy()), tables()[profile.table], profile_of, city(code))
    native: pl.LazyFrame = frame.to_native()
    return native.collect()


def limits_of(platform: Platform) -> Limits:
    """What reading a file may use, as the settings say."""
    settings = platform.settings
    return Limits(settings.sheet_memory_mb, settings.sheet_inflated_mb, settings.json_mb)
