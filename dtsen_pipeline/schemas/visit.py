"""The field batch: visits to families, and what they found about members.

A visit table is a short head of its own columns followed by the family columns an officer may answer; a
visit-member table likewise. Blank means "not asked"; the token TIDAK_ADA means "asked, and there is none".
Official deciles, provenance flags and names that follow from codes cannot be answered in the field.
"""

import pandera.polars as pa

from dtsen_pipeline.schemas.columns import Number, Sensitivity, code, coordinate, moment, text, yes_no

VISIT = "visit"


class VisitHead(pa.DataFrameModel):
    """Who visited, when, what they had in hand, and how it ended."""

    id_kunjungan: str = text("Nomor kunjungan", bit=None, group=VISIT, sensitivity=Sensitivity.ROW, required=True)
    id_petugas: str = text(
        "Nomor petugas",
        bit=None,
        group=VISIT,
        sensitivity=Sensitivity.QUASI,
        required=True,
        is_numbered=True,
    )
    peran_petugas: Number = code("Peran petugas", bit=None, codes="peran_petugas", group=VISIT)
    waktu_kunjungan: str = moment("Waktu kunjungan", group=VISIT)
    versi_dilihat: str = text(
        "Snapshot atau rilis yang dilihat petugas",
        bit=None,
        group=VISIT,
        sensitivity=Sensitivity.ROW,
    )
    id_penugasan: str = text("Nomor penugasan", bit=None, group=VISIT, sensitivity=Sensitivity.ROW)
    lengan_acak: Number = yes_no("Dari lengan acak", bit=None, group=VISIT)
    hasil_kunjungan: Number = code("Hasil kunjungan", bit=None, codes="hasil_kunjungan", group=VISIT, required=True)
    lintang: str = coordinate("Lintang", group=VISIT)
    bujur: str = coordinate("Bujur", group=VISIT)
    foto: str = text("Rujukan foto", bit=None, group=VISIT)
    nomor_berita_acara: str = text("Nomor berita acara", bit=None, group=VISIT, sensitivity=Sensitivity.ROW)


class PresenceHead(pa.DataFrameModel):
    """Which visit a member row belongs to, and whether the person was there."""

    id_kunjungan: str = text("Nomor kunjungan", bit=None, group=VISIT, sensitivity=Sensitivity.ROW, required=True)
    keberadaan_anggota: Number = code(
        "Keberadaan anggota", bit=48, codes="keberadaan", group="membership", required=True
    )
