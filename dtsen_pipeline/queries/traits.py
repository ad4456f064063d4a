"""The groups of families that errors and changes are counted by, and how small a count may be shown.

What is counted is the caller's; groups are kelurahan, sex and age of the head, and severe disability.
"""

from collections.abc import Mapping
from datetime import date

import polars as pl

from dtsen_pipeline.queries.eligibility import PRESENT, age
from dtsen_pipeline.queries.reading import View, fetched
from dtsen_pipeline.schemas.tables import tables

SMALL = 5
"""Shares from fewer families, and counts between 1 and this, are not shown."""
HEAD, MALE, FEMALE = 1, 1, 2
SEVERE = (1, 2)
FUNCTIONS = tuple(column.name for column in tables()["anggota"].columns if column.codes == "disabilitas")
OLD_AGE = 60
EVERYBODY = "semua"
GROUPS: Mapping[str, str] = {
    "kelurahan": "Kelurahan",
    "jenis_kelamin_kepala": "Jenis kelamin kepala keluarga",
    "disabilitas": "Anggota dengan disabilitas berat",
    "umur_kepala": "Umur kepala keluarga",
}


def traits(view: View) -> pl.DataFrame:
    """By family: sex and age of the head, and whether a member who lives there has a severe difficulty."""
    base = date.fromisoformat(view.manifest["base_date"])
    people = fetched(view.scan("anggota").filter(pl.col("keberadaan_anggota") == PRESENT))
    is_head = pl.col("status_hubungan_keluarga") == HEAD
    severe = pl.any_horizontal(pl.col(name).is_in(SEVERE) for name in FUNCTIONS)
    return people.group_by("family_id").agg(
        jenis_kelamin_kepala=_worded(pl.col("jenis_kelamin"), {MALE: "laki-laki", FEMALE: "perempuan"}, is_head),
        umur_kepala=_worded(
            (age("tanggal_lahir", base) >= OLD_AGE).cast(pl.Int64), {0: "di bawah 60", 1: "60 ke atas"}, is_head
        ),
        disabilitas=severe.any(ignore_nulls=False).cast(pl.Int64).replace_strict({0: "tidak", 1: "ya"}),
    )


def masked(count: int) -> int | str:
    """A count as it may be shown: nobody, or enough families."""
    return count if count == 0 or count >= SMALL else f"<{SMALL}"


def _worded(value: pl.Expr, words: Mapping[int, str], is_head: pl.Expr) -> pl.Expr:
    told = value.replace_strict(dict(words), default=None, return_dtype=pl.String)
    return told.filter(is_head).sort().first()
