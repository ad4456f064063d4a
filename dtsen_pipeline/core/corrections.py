"""Corrections: rows that stand for rejected ones, in the table and snapshot or batch of the row they correct.

A correction file is a CSV that the project writes from a workbook which people filled in: the delivered columns of
one table, and before them the row that is corrected and the row where its chain of corrections begins. A
corrected row keeps its fate; `resolved_by` names the valid row that stands for it. A row that was never rejected
takes no correction: a change needs a visit. No file is opened here.
"""

import csv
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from functools import cache
from io import StringIO
from types import MappingProxyType
from typing import Literal, Protocol

import narwhals as nw
import polars as pl

from dtsen_pipeline.core.engine import Engine, Frame
from dtsen_pipeline.core.rows import ROW
from dtsen_pipeline.reference import Profile, profiles
from dtsen_pipeline.schemas.tables import FAMILY, INPUT_TABLES, MEMBER, REGISTER, VISIT, VISIT_MEMBER, delivered, tables

KIND = "correction"
TARGET, ROOT = "token_baris", "token_asal"
DIALECT_OF = {
    FAMILY: "bps_v3_keluarga",
    MEMBER: "bps_v3_anggota",
    VISIT: "lapangan_v1_kunjungan",
    VISIT_MEMBER: "lapangan_v1_anggota",
    REGISTER: "dukcapil_v1",
}
"""The profile whose values a correction of each table is written in."""
TIES = MappingProxyType(
    {
        "src": pl.String,
        "row": pl.Int64,
        "target_src": pl.String,
        "target_row": pl.Int64,
        "root_src": pl.String,
        "root_row": pl.Int64,
    }
)
"""A correction row, the row it corrects, and the first row of the chain."""
UNCALLED = "E_CORRECTS_VALID"


@dataclass(frozen=True, order=True)
class Correction:
    """A corrected row: the tokens of the row it corrects and of its chain's first row, and every delivered cell."""

    target: str
    root: str
    cells: tuple[str, ...]


@cache
def correction_profiles() -> Mapping[str, Profile]:
    """The profile of the correction files of each table, by its id."""
    return MappingProxyType({profile.id: profile for profile in map(_profile, INPUT_TABLES)})


class HasProfile(Protocol):
    """A file that was read under a profile."""

    @property
    def profile(self) -> str | None:
        """The profile's id."""


def family_of(file: HasProfile) -> str:
    """Which source a file is from: the family of its profile; files of one snapshot have one."""
    return profile_named(file.profile or "").family


def profile_named(name: str) -> Profile:
    """The profile of a registered file, corrections included; KeyError where there is none."""
    return correction_profiles().get(name) or profiles()[name]


def _profile(table: str) -> Profile:
    return replace(
        profiles()[DIALECT_OF[table]],
        id=f"koreksi_{table}",
        title=f"Koreksi baris {table} yang ditolak",
        family="koreksi",
        version=1,
        kind=KIND,
        delimiter=",",
        quoting="minimal",
        file_name_pattern="(?!)",
        header=(TARGET, ROOT, *delivered(tables()[table])),
    )


def correction_file(table: str, corrections: Iterable[Correction]) -> bytes:
    """The bytes of a correction file; the same corrections give the same bytes in whatever order they came."""
    text = StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(_profile(table).header)
    writer.writerows((one.target, one.root, *one.cells) for one in sorted(set(corrections)))
    return text.getvalue().encode()


def ties(rows: pl.DataFrame) -> pl.DataFrame:
    """The rows of a correction file with what they correct, as `TIES`."""
    parts = [
        (pl.col(name).str.split_exact("-", 1).struct.rename_fields([f"{kind}_src", f"{kind}_row"]).alias(kind))
        for name, kind in ((TARGET, "target"), (ROOT, "root"))
    ]
    return (
        rows.select(*ROW, *parts)
        .unnest("target", "root")
        .select(pl.col(name).cast(kind) for name, kind in TIES.items())
    )


def without_corrected(records: Frame, tied: Frame, vain: Frame) -> Frame:
    """The records that no correction stands for, and none of the corrections that nothing called for."""
    called = tied.join(vain, on=list(ROW), how="anti")
    others = records.join(vain, on=list(ROW), how="anti")
    return others.join(_pointers(called, "target"), on=list(ROW), how="anti")


def vain_of(
    checked: Mapping[str, Frame], damaged: Frame, records: Mapping[str, Frame], tied: Frame, engine: Engine
) -> Frame:
    """Src and row of corrections that nothing called for: the row they correct is not rejected.

    Where that row is no longer among the inputs, the first row of the chain must be rejected.
    """
    hard = [found.filter(~nw.col("reasons").is_null()).select(*ROW) for found in checked.values()]
    refused = nw.concat([damaged.select(*ROW), *hard])
    there = nw.concat([damaged.select(*ROW), *(rows.select(*ROW) for rows in records.values())])
    sound = engine.checkpoint(_other(tied, refused, "target", "anti"))
    lost = _other(_other(sound, there, "target", "anti"), refused, "root", "anti")
    return engine.checkpoint(nw.concat([_other(sound, there, "target", "semi").select(*ROW), lost.select(*ROW)]))


def _other(tied: Frame, rows: Frame, kind: str, how: Literal["anti", "semi"]) -> Frame:
    """The ties whose target or root stands, or does not stand, among the rows."""
    named = rows.rename({"src": f"{kind}_src", "row": f"{kind}_row"})
    return tied.join(named, on=[f"{kind}_src", f"{kind}_row"], how=how)


def uncalled(
    checked: Mapping[str, Frame], records: Mapping[str, Frame], vain: Frame, engine: Engine
) -> dict[str, Frame]:
    """The findings by table, where a correction that nothing called for is rejected itself."""
    return {table: _added(found, records[table], vain, engine) for table, found in checked.items()}


def _added(found: Frame, records: Frame, vain: Frame, engine: Engine) -> Frame:
    told = (
        vain.join(records.select(*ROW), on=list(ROW), how="semi")
        .join(found, on=list(ROW), how="left")
        .with_columns(reasons=nw.concat_str(nw.col("reasons"), nw.lit(UNCALLED), separator="|", ignore_nulls=True))
    )
    names = found.collect_schema().names()
    others = found.join(vain, on=list(ROW), how="anti")
    return engine.checkpoint(nw.concat([told.select(names), others.select(names)]))


def resolved(rejected: Frame, tied: Frame, aside: Frame) -> Frame:
    """`rejected` with `resolved_by`: the correction in use at the end of a row's chain; null where there is none.

    `aside`: src, row of valid rows that take no part.
    """
    unused = nw.concat([rejected.select(*ROW), aside.select(*ROW)])
    valid = tied.join(unused, on=list(ROW), how="anti")
    ends = valid.select(
        "root_src", "root_row", by=nw.concat_str(nw.col("src"), nw.lit("-"), nw.col("row").cast(nw.String))
    )
    ends = ends.group_by("root_src", "root_row").agg(nw.col("by").min())
    roots = tied.select(*ROW, "root_src", "root_row")
    chained = (
        rejected.drop("resolved_by")
        .join(roots, on=list(ROW), how="left")
        .with_columns(
            root_src=nw.coalesce(nw.col("root_src"), nw.col("src")),
            root_row=nw.coalesce(nw.col("root_row"), nw.col("row")),
        )
        .join(ends, on=["root_src", "root_row"], how="left")
    )
    return chained.with_columns(resolved_by=nw.col("by")).select(rejected.collect_schema().names())


def retied(tied: Frame, twins: Frame) -> Frame:
    """The ties with the chains of rows that repeat others beginning at those.

    `twins`: src, row, twin_src, twin_row.
    """
    roots = twins.rename({"src": "root_src", "row": "root_row"})
    joined = tied.join(roots, on=["root_src", "root_row"], how="left")
    begun = joined.with_columns(
        root_src=nw.coalesce("twin_src", "root_src"), root_row=nw.coalesce("twin_row", "root_row")
    )
    return begun.select(tied.collect_schema().names())


def _pointers(tied: Frame, kind: str) -> Frame:
    return tied.select(src=nw.col(f"{kind}_src"), row=nw.col(f"{kind}_row"))
