"""Versions of a submission: form servers keep a visit's id when it is edited, and a later batch brings the new version.

A version is a visit's row with the member rows that came in the same batch, and stands or falls as a whole. The order
of versions is that of their batches' names; a correction belongs to the version that it corrects. What repeats the
version before it is no version (see `repeats`). Files that people write themselves have none: their ids are their own.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

import narwhals as nw

from dtsen_pipeline.core.corrections import HasProfile, family_of
from dtsen_pipeline.core.engine import Engine, Frame
from dtsen_pipeline.core.entities import VISIT_ID
from dtsen_pipeline.core.inputs import InputList, Source
from dtsen_pipeline.core.repeats import VERSION, contents_of, repeated_versions, twins_of
from dtsen_pipeline.core.rows import ROW, aside
from dtsen_pipeline.reference import profiles
from dtsen_pipeline.schemas.fates import NEWER_VERSION
from dtsen_pipeline.schemas.tables import FIELD_TABLES, VISIT, VISIT_MEMBER

VERSION_UNKNOWN, VISIT_UNKNOWN = "H_VERSION_UNKNOWN", "H_VISIT_UNKNOWN"
STEPS = re.compile(r"([^0-9]*)([0-9]*)")


@dataclass(frozen=True)
class Versions:
    """`aside`: valid rows of versions that do not stand and every row of those that repeat one, as `rows.aside`.

    `mended`: src, row of rejected rows of older versions and `by`, the token of the valid visit that stands for them.
    `twins`: src, row of rows of repeating versions, and twin_src, twin_row of the row that they repeat.
    """

    aside: Frame
    mended: Frame
    twins: Frame


@dataclass(frozen=True)
class Editions:
    """The form servers' files by token: each one's place among their batches, and what came beside it.

    `full`: files of visits that came with their members, in the same batch and format. `alone`: files of members that
    came in a batch without a visit of their server. `corrections`: those among the files.
    """

    of: Mapping[str, int]
    full: frozenset[str]
    alone: frozenset[str]
    corrections: frozenset[str]


def versions(records: Mapping[str, Frame], rejected: Frame, inputs: InputList, engine: Engine) -> Versions | None:
    """Which rows belong to versions that do not stand; none where no two batches are of form servers."""
    editions = editions_of(inputs)
    if len(set(editions.of.values())) < 2:  # noqa: PLR2004 - there is nothing newer
        return None
    numbered = {table: engine.checkpoint(_numbered(records[table], editions)) for table in FIELD_TABLES}
    delivered = {table: _delivered(rows, editions) for table, rows in numbered.items()}
    contents = contents_of(records, delivered, rejected, engine)
    again = engine.checkpoint(repeated_versions(contents, _full(contents[VISIT], editions).select(*VERSION).unique()))
    refused = rejected.select(*ROW, is_refused=nw.lit(value=True))
    twins = {table: engine.checkpoint(twins_of(said, again)) for table, said in contents.items()}
    rows = {
        table: _once(found, twins[table], again).join(refused, on=list(ROW), how="left")
        for table, found in numbered.items()
    }
    sound = rows[VISIT].filter(nw.col("is_refused").is_null())
    full = _full(sound, editions)
    visits = rows[VISIT].join(_newest(sound, "newest"), on=VISIT_ID, how="inner")
    members = _members(rows[VISIT_MEMBER], rows[VISIT], sound, full, editions)
    is_old, lacks = nw.col("edition") < nw.col("newest"), nw.col("lacks")
    return Versions(
        aside=nw.concat(
            [
                _aside(visits.filter(is_old), VISIT, nw.lit("superseded"), nw.lit(NEWER_VERSION)),
                _aside(members.filter(is_old), VISIT_MEMBER, nw.lit("superseded"), nw.lit(NEWER_VERSION)),
                _aside(members.filter(~is_old & ~lacks.is_null()), VISIT_MEMBER, nw.lit("held"), lacks),
                *(aside(found, table, nw.lit("duplicate"), nw.lit(None)) for table, found in twins.items()),
            ]
        ),
        mended=nw.concat([_mended(visits.filter(is_old), sound), _mended(members.filter(is_old), full)]),
        twins=nw.concat([*twins.values()]),
    )


def editions_of(inputs: InputList) -> Editions:
    """The order of the form servers' files, corrections with the file that they correct."""
    origin = {source.sha256: source for source in inputs.sources}
    files = {source: origin.get(source.corrects, source) if source.corrects else source for source in inputs.sources}
    served = {source: first for source, first in files.items() if has_versions(first)}
    places = {found: place for place, found in enumerate(sorted({_order(first) for first in served.values()}))}
    brought = {(source.table, first.batch, family_of(first)) for source, first in served.items()}
    visited = {(first.batch, _server(first)) for source, first in served.items() if source.table == VISIT}
    return Editions(
        of={source.token: places[_order(first)] for source, first in served.items()},
        full=frozenset(
            source.token
            for source, first in served.items()
            if source.table == VISIT and (VISIT_MEMBER, first.batch, family_of(first)) in brought
        ),
        alone=frozenset(
            source.token
            for source, first in served.items()
            if source.table == VISIT_MEMBER and (first.batch, _server(first)) not in visited
        ),
        corrections=frozenset(source.token for source in served if source.corrects),
    )


def has_versions(file: HasProfile) -> bool:
    """Whether a file is from a form server: its source knows review states, and an edit keeps the visit's id."""
    return family_of(file) in {profile.family for profile in profiles().values() if profile.review is not None}


def _server(file: HasProfile) -> str:
    """The kind of server that wrote a file, whatever the format."""
    return family_of(file).partition("_")[0]


def _order(source: Source) -> tuple[date, tuple[tuple[str, int, str], ...], str]:
    """Week, then name with its numbers in the order of numbers, then the name as it stands."""
    name = source.batch or ""
    return source.batch_end or date.min, tuple(map(_step, STEPS.findall(name))), name


def _step(part: tuple[str, str]) -> tuple[str, int, str]:
    words, digits = part
    number = digits.lstrip("0")
    return words, len(number), number


def _numbered(rows: Frame, editions: Editions) -> Frame:
    """src, row, id and edition of the rows of form servers that name a visit."""
    of = editions.of
    number = nw.col("src").replace_strict(list(of), list(of.values()), default=None, return_dtype=nw.Int64)
    told = rows.select(*ROW, VISIT_ID, edition=number)
    return told.filter(~nw.col("edition").is_null(), ~nw.col(VISIT_ID).is_null())


def _delivered(rows: Frame, editions: Editions) -> Frame:
    return rows.filter(~nw.col("src").is_in(sorted(editions.corrections)))


def _once(rows: Frame, twins: Frame, again: Frame) -> Frame:
    """The rows that repeat none; corrections of a repeating version go with the one that it repeats."""
    told = rows.join(twins, on=list(ROW), how="anti").join(again, on=list(VERSION), how="left")
    return told.with_columns(edition=nw.coalesce("first", "edition")).drop("first")


def _full(visits: Frame, editions: Editions) -> Frame:
    return visits.filter(nw.col("src").is_in(sorted(editions.full)))


def _newest(sound: Frame, name: str) -> Frame:
    return sound.group_by(VISIT_ID).agg(nw.col("edition").max().alias(name))


def _members(members: Frame, visits: Frame, sound: Frame, full: Frame, editions: Editions) -> Frame:
    """Member rows of visits of which a version stands, with `newest`, the newest that brings members, and `lacks`.

    `lacks`: the reason of rows that no standing version covers: theirs was not sent with them (or not approved), or is
    rejected and newer than what stands. Rows of a batch that brings members only follow whatever version stands.
    """
    own = visits.select(VISIT_ID, "edition").unique().with_columns(is_sent=nw.lit(value=True))
    is_alone = nw.col("src").is_in(sorted(editions.alone))
    unsent = nw.when(nw.col("is_sent").is_null()).then(nw.lit(VERSION_UNKNOWN))
    refused = nw.when(nw.col("edition") > nw.col("standing")).then(nw.lit(VISIT_UNKNOWN))
    return (
        members.join(_newest(sound, "standing"), on=VISIT_ID, how="inner")
        .join(_newest(full, "newest"), on=VISIT_ID, how="left")
        .join(own, on=[VISIT_ID, "edition"], how="left")
        .with_columns(
            newest=nw.coalesce(nw.col("newest"), nw.lit(-1)),
            lacks=nw.when(~is_alone).then(nw.coalesce(unsent, refused)),
        )
    )


def _aside(rows: Frame, table: str, fate: nw.Expr, reason: nw.Expr) -> Frame:
    return aside(rows.filter(nw.col("is_refused").is_null()), table, fate, reason)


def _mended(old: Frame, sound: Frame) -> Frame:
    """The rejected rows among those of older versions, each with the first valid visit row of the newest one."""
    token = nw.concat_str(nw.col("src"), nw.lit("-"), nw.col("row").cast(nw.String))
    standing = sound.select(VISIT_ID, newest="edition", by=token).group_by(VISIT_ID, "newest").agg(nw.col("by").min())
    bad = old.filter(~nw.col("is_refused").is_null()).select(*ROW, VISIT_ID, "newest")
    return bad.join(standing, on=[VISIT_ID, "newest"], how="inner").select(*ROW, "by")
