"""The visits that a release was computed from: whom they met, when, how they ended, and whether they fell by lot.

Read from the stored bytes of the registered batches; what visits changed stands in the release's lineage.
"""

from datetime import date

import polars as pl

from dtsen_pipeline.core.corrections import profile_named
from dtsen_pipeline.core.translate import filled
from dtsen_pipeline.queries.cards import homes as all_homes
from dtsen_pipeline.queries.reading import View, fetched
from dtsen_pipeline.queries.sources import VISIT
from dtsen_pipeline.reference import code_lists
from dtsen_pipeline.resources.delivery import contract_rows, read
from dtsen_pipeline.resources.platform import Platform
from dtsen_pipeline.schemas.fates import NEWER_VERSION

CARD = "nomor_kartu_keluarga"
USED = ("contributed", "superseded", "no_values")
ANSWERED = (1, 2)
"""Outcomes complete and incomplete: somebody answered."""
TYPES = {
    "src": pl.String,
    "row": pl.Int64,
    "family_id": pl.String,
    "visited_on": pl.Date,
    "is_random": pl.Boolean,
    "outcome": pl.Int64,
}


def visits(platform: Platform, view: View) -> pl.DataFrame:
    """A row per visit in use: src, row, family_id (null where no family of the release has its card), visited_on,
    is_random, outcome (code of `hasil_kunjungan`), sorted by src and row.
    """  # noqa: D205 - the columns are the summary
    sources = [source for source in view.sources if source["table"] == VISIT]
    if not sources:
        return pl.DataFrame(schema=TYPES)
    raw = pl.concat(_delivered(platform, source["sha256"], source["profile"]) for source in sources)
    fates = fetched(
        view.scan("fate").filter(
            pl.col("sumber") == VISIT, pl.col("fate").is_in(USED), pl.col("reason").ne_missing(NEWER_VERSION)
        )
    )
    homes = fetched(view.scan("keluarga").select(CARD, "family_id"))
    used = raw.join(fates.select("src", "row"), on=["src", "row"], how="semi")
    known = all_homes(platform, view, homes, used[CARD])
    return used.join(known, on=CARD, how="left", validate="m:1").select(*TYPES).cast(TYPES).sort("src", "row")  # type: ignore[arg-type]


def _delivered(platform: Platform, sha256: str, profile: str) -> pl.DataFrame:
    shape = profile_named(profile)
    rows = contract_rows(filled(read(platform, sha256, shape).rows, VISIT), shape, platform.settings.city)
    yes = _codes("ya_tidak")
    return rows.select(
        "src",
        pl.col("row").cast(pl.Int64),
        pl.col(CARD).str.strip_chars(),
        pl.col("waktu_kunjungan")
        .str.strip_chars()
        .str.head(10)
        .str.to_date("%Y-%m-%d", strict=False)
        .alias("visited_on"),
        (_coded("lengan_acak", yes) == 1).fill_null(value=False).alias("is_random"),
        _coded("hasil_kunjungan", _codes("hasil_kunjungan")).alias("outcome"),
    )


def _codes(name: str) -> dict[str, int]:
    return code_lists()[name].spellings()


def _coded(column: str, spellings: dict[str, int]) -> pl.Expr:
    text = pl.col(column).str.strip_chars().str.to_uppercase()
    return text.replace_strict(spellings, default=None, return_dtype=pl.Int64)


def last_answered(found: pl.DataFrame) -> dict[str, date]:
    """The day of the last visit at which a family answered, by family_id."""
    answered = found.filter(pl.col("outcome").is_in(ANSWERED), pl.col("family_id").is_not_null())
    return dict(answered.group_by("family_id").agg(pl.col("visited_on").max()).rows())
