"""The proposals as one XLSX workbook: a sheet a list, every cell text, so that no number loses a digit.

The column order follows what SIKS-NG operators type in; the form itself has not been seen, so that names are ours.
"""

from collections.abc import Mapping, Sequence
from io import BytesIO
from typing import Any

from xlsxwriter import Workbook

from dtsen_pipeline.queries.labels import ColumnFacts, column_facts, meaning
from dtsen_pipeline.queries.proposals import LISTS, Filed
from dtsen_pipeline.queries.reading import View

TEXT_ONLY = {"in_memory": True, "strings_to_formulas": False, "strings_to_numbers": False, "strings_to_urls": False}
WHO = ("nomor_kartu_keluarga", "nomor_induk_kependudukan", "nama", "tanggal_lahir", "jenis_kelamin")
VALUES = ("kolom", "label", "nilai_lama", "arti_lama", "nilai_baru", "arti_baru")
PROOF = ("kelurahan", "nomor_berita_acara", "tanggal_kunjungan", "nomor_samaran", "token_baris")
TITLES = {
    "usul": "Orang yang ditemui petugas dan belum tercatat dalam potret kementerian.",
    "perbaikan": "Kolom yang nilai verifikasinya berbeda dari potret kementerian.",
    "sanggah": "Orang yang masih tercatat tetapi meninggal atau pindah; kolom nilai_baru memuat keberadaannya.",
}
ROWS = 1_048_575
"""Rows below a heading in one sheet."""


def book(view: View, rows: Sequence[Filed]) -> bytes:
    """The workbook's bytes; more rows than a sheet can hold raise ValueError rather than being left out."""
    facts = {(table, one.name): one for table in ("keluarga", "anggota") for one in column_facts(view.manifest, table)}
    target = BytesIO()
    with Workbook(target, TEXT_ONLY) as made:
        looks = {
            "head": made.add_format({"bold": True, "num_format": "@"}),
            "text": made.add_format({"num_format": "@"}),
        }
        guide = made.add_worksheet("Petunjuk")
        said = [
            f"Usulan dari rilis {view.release_id}, potret dasar {view.manifest['base_version']}.",
            *(f"{name}: {title}" for name, title in TITLES.items()),
            "Nomor berita acara berasal dari kunjungan; baris tanpa nomor perlu dilengkapi sebelum dikirim.",
            "Buku kerja ini memuat data pribadi: simpan dan hapus sesuai aturan kantor.",
        ]
        for number, sentence in enumerate(said):
            guide.write_string(number, 0, sentence, looks["text"])
        for name in LISTS:
            _sheet(made.add_worksheet(name), [row for row in rows if row.proposal.list_name == name], facts, looks)
    return target.getvalue()


def _sheet(
    sheet: Any, rows: Sequence[Filed], facts: Mapping[tuple[str, str], ColumnFacts], looks: Mapping[str, Any]
) -> None:
    if len(rows) > ROWS:
        problem = "more rows than a sheet can hold; choose a kelurahan"
        raise ValueError(problem)
    for place, title in enumerate((*WHO, *VALUES, *PROOF)):
        sheet.write_string(0, place, title, looks["head"])
        sheet.set_column(place, place, 22, looks["text"])
    sheet.freeze_panes(1, 0)
    for line, row in enumerate(rows, start=1):
        for place, text in enumerate(_cells(row, facts)):
            sheet.write_string(line, place, text or "", looks["text"])


def _cells(row: Filed, facts: Mapping[tuple[str, str], ColumnFacts]) -> list[str | None]:
    one = row.proposal
    column = facts[one.table, one.column]
    values = [one.column, one.label, one.old, meaning(column, one.old), one.new, meaning(column, one.new)]
    proof = [one.kelurahan, row.minutes, row.visited_on, one.entity_id, f"{one.record[0]}-{one.record[1]}"]
    name = "nama_kepala_keluarga" if one.table == "keluarga" else "nama"
    who = [row.person.get(name if title == "nama" else title, "").strip() for title in WHO]
    return [*who, *values, *proof]
