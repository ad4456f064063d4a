"""Pairs of published persons who may be one: a list for reviewers, strongest first.

Only pairs with at least one person without a NIK are sought; a shared NIK has its own warning. Nothing is merged
here, and the list shows ids and levels of agreement, never a value.
"""

import narwhals as nw
import polars as pl

from dtsen_pipeline.core.engine import Engine
from dtsen_pipeline.core.linkage import keyed, link, settled
from dtsen_pipeline.queries.reading import View, fetched
from dtsen_pipeline.reference import linkage_model

_PEOPLE = {
    "id": "person_id",
    "source": "person_id",
    "nik": "nomor_induk_kependudukan",
    "nama": "nama",
    "card": "nomor_kartu_keluarga",
    "kelurahan": "kode_kelurahan_desa",
}


def alike(view: View, engine: Engine) -> pl.DataFrame:
    """The edges of `core.linkage` between published persons, by decision and weight; ids are person_id."""
    model = linkage_model()
    keys = keyed(engine.load(fetched(_people(view))), model, engine)
    unnumbered = keys.filter(nw.col("nik").is_null())
    edges = engine.checkpoint(link(unnumbered, keys, model, engine))
    found = engine.fetch(settled(edges)).drop("source_l", "source_r")
    return found.sort("weight", "id_l", "id_r", descending=[True, False, False])


def _people(view: View) -> pl.LazyFrame:
    """Every published person as linkage knows people, with the kelurahan of the family; one family a person."""
    homes = view.scan("keluarga").select("family_id", "kode_kelurahan_desa")
    return (
        view.scan("anggota")
        .join(homes, on="family_id", how="left", validate="m:1")
        .select(
            *(pl.col(column).alias(name) for name, column in _PEOPLE.items()),
            tanggal_lahir=pl.col("tanggal_lahir").dt.to_string("%Y-%m-%d"),
            jenis_kelamin=pl.col("jenis_kelamin").cast(pl.String),
        )
    )
