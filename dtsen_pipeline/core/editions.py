"""Versions of a submission: form servers keep a visit's id when it is edited, and a later batch brings the new version.

A version is a visit's row with the member rows that came in the same batch, and stands or falls as a whole. The order
of versions is that of their batches' names; a correction belongs to the version that it corrects. Files that people
write themselves have no versions: their ids are their own.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

import narwhals as nw

from dtsen_pipeline.core.corrections import HasProfile, family_of
from dtsen_pipeline.core.engine import Frame
from dtsen_pipeline.core.entities import VISIT_ID
from dtsen_pipeline.core.inputs import InputList, Source
from dtsen_pipeline.core.rows import ROW, aside
from dtsen_pipeline.reference import profiles
from dtsen_pipeline.schemas.fates import NEWER_VERSION
from dtsen_pipeline.schemas.tables import FIELD_TABLES, VISIT, VISIT_MEMBER

VERSION_UNKNOWN, VISIT_UNKNOWN = "H_VERSION_UNKNOWN", "H_VISIT_UNKNOWN"


@dataclass(frozen=True)
class Versions:
    """`aside`: valid rows of versions that do not stand, as `rows.aside`.

    `mended`: src, row of rejected rows of older versions and `by`, the token of the valid visit that stands for them.
    """

    aside: Frame
    mended: Frame


@dataclass(frozen=True)
class Editions:
    """Each form server's file's place among their batches, by token, and which batches bring a table at all."""

    of: Mapping[str, int]
    bringing: Mapping[str, frozenset[int]]


def versions(records: Mapping[str, Frame], rejected: Frame, inputs: InputList) -> Versions | None:
    """Which rows belong to versions that do not stand; none where no two batches are of form servers."""
    editions = editions_of(inputs)
    if len(set(editions.of.values())) < 2:  # noqa: PLR2004 - there is nothing newer
        return None
    refused = rejected.select(*ROW, is_refused=nw.lit(value=True))
    rows = {
        table: _numbered(records[table], editions).join(refused, on=list(ROW), how="left") for table in FIELD_TABLES
    }
    sound = rows[VISIT].filter(nw.col("is_refused").is_null())
    full = sound.filter(nw.col("edition").is_in(sorted(editions.bringing[VISIT_MEMBER])))
    visits = rows[VISIT].join(_newest(sound, "newest"), on=VISIT_ID, how="inner")
    members = _members(rows[VISIT_MEMBER], rows[VISIT], sound, full, editions)
    is_old, lacks = nw.col("edition") < nw.col("newest"), nw.col("lacks")
    return Versions(
        aside=nw.concat(
            [
                _aside(visits.filter(is_old), VISIT, nw.lit("superseded"), nw.lit(NEWER_VERSION)),
                _aside(members.filter(is_old), VISIT_MEMBER, nw.lit("superseded"), nw.lit(NEWER_VERSION)),
                _aside(members.filter(~is_old & ~lacks.is_null()), VISIT_MEMBER, nw.lit("held"), lacks),
            ]
        ),
        mended=nw.concat([_mended(visits.filter(is_old), sound), _mended(members.filter(is_old), full)]),
    )


def editions_of(inputs: InputList) -> Editions:
    """The order of the form servers' files, corrections with the file that they correct."""
    origin = {source.sha256: source for source in inputs.sources}
    files = {source: origin.get(source.corrects, source) if source.corrects else source for source in inputs.sources}
    order = {source: _order(first) for source, first in files.items() if has_versions(first)}
    places = {found: place for place, found in enumerate(sorted(set(order.values())))}
    return Editions(
        of={source.token: places[found] for source, found in order.items()},
        bringing={
            table: frozenset(places[found] for source, found in order.items() if source.table == table)
            for table in FIELD_TABLES
        },
    )


def has_versions(file: HasProfile) -> bool:
    """Whether a file is from a form server: its source knows review states, and an edit keeps the visit's id."""
    return family_of(file) in {profile.family for profile in profiles().values() if profile.review is not None}


def _order(source: Source) -> tuple[date, str]:
    return source.batch_end or date.min, source.batch or ""


def _numbered(rows: Frame, editions: Editions) -> Frame:
    """src, row, id and edition of the rows of form servers that name a visit."""
    of = editions.of
    number = nw.col("src").replace_strict(list(of), list(of.values()), default=None, return_dtype=nw.Int64)
    told = rows.select(*ROW, VISIT_ID, edition=number)
    return told.filter(~nw.col("edition").is_null(), ~nw.col(VISIT_ID).is_null())


def _newest(sound: Frame, name: str) -> Frame:
    return sound.group_by(VISIT_ID).agg(nw.col("edition").max().alias(name))


def _members(members: Frame, visits: Frame, sound: Frame, full: Frame, editions: Editions) -> Frame:
    """Member rows of visits of which a version stands, with `newest`, the newest that brings members, and `lacks`.

    `lacks`: the reason of rows that no standing version covers: theirs was not sent with them (or not approved), or is
    rejected and newer than what stands. Rows of a batch that brings members only follow whatever version stands.
    """
    own = visits.select(VISIT_ID, "edition").unique().with_columns(is_sent=nw.lit(value=True))
    is_alone = ~nw.col("edition").is_in(sorted(editions.bringing[VISIT]))
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
