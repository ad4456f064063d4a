"""Counts of a release for people and for the population judge; never a value of a single person."""

from collections.abc import Mapping

import narwhals as nw

from dtsen_pipeline.core.engine import Frame

ALL = "semua"
VILLAGE = "kode_kelurahan_desa"
FAMILY_COLUMNS = ("family_id", VILLAGE, "desil_nasional", "desil_estimasi", "alasan_tidak_lengkap")
PERSON_COLUMNS = ("family_id", "nomor_induk_kependudukan", "keberadaan_anggota")
"""The columns of families and of members that are counted."""


def summary(tables: Mapping[str, Frame]) -> Frame:
    """measure, kelurahan, category, count over the release tables."""
    families, persons = tables["keluarga"], tables["anggota"]
    homes = families.select("family_id", VILLAGE)
    housed = persons.join(homes, on="family_id", how="left")
    moved = families.with_columns(moved=nw.col("desil_estimasi") - nw.col("desil_nasional"))
    without_nik = persons.filter(nw.col("nomor_induk_kependudukan").is_null())
    parts = [
        _by(families, "keluarga", kelurahan=VILLAGE),
        _by(housed, "anggota", kelurahan=VILLAGE),
        _by(housed, "anggota_keberadaan", category="keberadaan_anggota"),
        _by(without_nik, "anggota_tanpa_nik"),
        _by(families, "desil_nasional", kelurahan=VILLAGE, category="desil_nasional"),
        _by(families, "desil_estimasi", kelurahan=VILLAGE, category="desil_estimasi"),
        _by(moved, "perubahan_desil", category="moved"),
        _by(families, "tidak_lengkap", category="alasan_tidak_lengkap"),
        _by(_tagged(tables["fate"]), "nasib", category="tag"),
        _by(_tagged(tables["lineage"], "decision"), "keputusan", category="tag"),
        _by(_tagged(tables["conflict"], "decision"), "kalah", category="tag"),
        _by(tables["rejected"], "ditolak", category="reasons"),
        _by(tables["warned"], "peringatan", category="warnings"),
        _by(tables["fate"].filter(nw.col("fate") == "held"), "ditahan", category="reason"),
    ]
    return nw.concat(parts)


def _tagged(frame: Frame, name: str = "fate") -> Frame:
    owner = "sumber" if name == "fate" else "tabel"
    return frame.with_columns(tag=nw.concat_str(nw.col(owner), nw.lit("/"), nw.col(name)))


def _by(frame: Frame, measure: str, *, kelurahan: str | None = None, category: str | None = None) -> Frame:
    def named(column: str | None) -> nw.Expr:
        everything = nw.lit(ALL)
        return everything if column is None else nw.coalesce(nw.col(column).cast(nw.String), everything)

    keyed = frame.select(
        kelurahan=named(kelurahan), category=named(category), one=nw.col(frame.collect_schema().names()[0])
    )
    return (
        keyed.group_by("kelurahan", "category")
        .agg(count=nw.len().cast(nw.Int64))
        .select(nw.lit(measure).alias("measure"), "kelurahan", "category", "count")
    )
