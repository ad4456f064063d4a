"""The README of a release: what it is and how to check it, from its manifest alone; no value of a person."""

from collections.abc import Mapping
from typing import Any

from dtsen_pipeline.reference.models import model_label

MEANINGS = {
    "keluarga": "satu baris tiap keluarga: nilai terverifikasi, desil resmi, desil estimasi",
    "anggota": "satu baris tiap orang",
    "lineage": "baris sumber yang menang atau sepakat, per kolom (topeng bit)",
    "conflict": "baris sumber yang kalah, per kolom",
    "rejected": "baris masukan yang ditolak dan alasannya",
    "warned": "baris masukan yang dipakai dengan peringatan",
    "fate": "nasib tiap baris masukan, tepat satu",
    "alias": "nomor lain yang menunjuk ke keluarga atau orang yang sama",
    "vanished": "keluarga dan orang dari potret lama yang tidak tercatat lagi",
    "peristiwa": "lahir, pindah, meninggal, kartu berubah, pecah, gabung: setiap peristiwa dengan barisnya",
    "tautan": "catatan yang disatukan model penautan, dengan bobot, peluang, dan sidik modelnya",
    "summary": "hitungan per kelurahan dan desil",
}


def readme(manifest: Mapping[str, Any]) -> str:
    """Markdown, Indonesian first."""
    facts, envelope = manifest["tables"], manifest["envelope"]
    rows = [f"| `{name}` | {facts[name]['rows']} | {text} |" for name, text in MEANINGS.items()]
    return f"""\
# Rilis {manifest["release_id"]}

Data terverifikasi minggu {envelope["week"]}, snapshot dasar {manifest["base_version"]} \
(tanggal data {manifest["base_date"]}), {len(manifest["inputs"]["sources"])} berkas masukan.

| Tabel | Baris | Isi |
|---|---|---|
{chr(10).join(rows)}

`desil_nasional`, `desil_provinsi` dan `desil_kabupaten_kota` adalah nilai resmi, tidak diubah. \
`desil_estimasi` adalah perkiraan kota dengan model {model_label(manifest["model"])}, bukan keputusan BPS.

Akar isi: `{manifest["content_root"]}`. Periksa dengan `dtsen verify` pada direktori ini, \
atau `sha256sum --check SHA256SUMS`.

In English: the verified dataset of one week. The three official deciles are as the ministry sent them; \
`desil_estimasi` is the city's own estimate. Every cell leads to a source row through `lineage`, \
else through the row's own `src` and `row`.
"""
