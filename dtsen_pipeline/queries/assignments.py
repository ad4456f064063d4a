"""The visits to make as one XLSX workbook: a sheet an officer, every cell text, the NIK masked, with a last day.

Holds names and addresses, since officers must find the families: it needs a purpose, and every family is logged.
"""

from collections.abc import Mapping
from datetime import timedelta
from io import BytesIO
from typing import Any

import polars as pl
from xlsxwriter import Workbook

from dtsen_pipeline.queries.access import Look, check_purpose
from dtsen_pipeline.queries.queue import RANDOM, Assignment, Queue, by_officer, logged
from dtsen_pipeline.queries.reading import Row, View, fetched
from dtsen_pipeline.reference import city
from dtsen_pipeline.resources.platform import Platform

VALID_DAYS = 30
SHOWN_DIGITS = 4
HEAD, PRESENT = 1, 1
GUIDE = "Petunjuk"
COLUMNS = (
    "id_penugasan",
    "urutan",
    "versi_dilihat",
    "lengan_acak",
    "nama_kepala_keluarga",
    "nik_kepala_keluarga",
    "alamat",
    "kelurahan_desa",
    "yang_diperiksa",
    "berlaku_sampai",
)
SHOWN = ("nama_kepala_keluarga", "alamat", "nomor_kartu_keluarga")
TEXT_ONLY = {"in_memory": True, "strings_to_formulas": False, "strings_to_numbers": False, "strings_to_urls": False}


def assignments(platform: Platform, view: View, found: Queue, look: Look) -> bytes:
    """The workbook's bytes; raises E_PURPOSE without a purpose. Every family in it is written down first."""
    check_purpose(look)
    logged(platform, found, look, None)
    homes, until, names = people(view, found), last_day(look), villages(platform)
    target = BytesIO()
    with Workbook(target, TEXT_ONLY) as book:
        looks = {
            "head": book.add_format({"bold": True, "bg_color": "#1F4E78", "font_color": "#FFFFFF", "num_format": "@"}),
            "text": book.add_format({"num_format": "@", "valign": "top", "text_wrap": True}),
        }
        _guide(book, found, until, looks)
        for (village, officer), own in by_officer(found).items():
            rows = [row_of(one, homes[one.family_id], view, names, until) for one in own]
            _sheet(book, list_name(village, officer, names), rows, looks)
    return target.getvalue()


def last_day(look: Look) -> str:
    """The day, as ISO text, after which a list that is written now is not to be used."""
    return (look.now.date() + timedelta(days=VALID_DAYS)).isoformat()


def villages(platform: Platform) -> Mapping[str, str]:
    """The names of the city's kelurahan by their BPS code."""
    return {place.bps: place.name for place in city(platform.settings.city).kelurahan}


def list_name(village: str, officer: int, names: Mapping[str, str]) -> str:
    """What an officer's list is called: short enough for the name of a sheet."""
    return f"{names.get(village, village)[:24]} {officer}"


def arm_code(one: Assignment) -> str:
    """The answer about the random arm as the contract writes it."""
    return "1" if one.arm == RANDOM else "2"


def masked(number: str | None) -> str:
    """A number of 16 digits with only its first four shown."""
    return "" if number is None else number[:SHOWN_DIGITS] + "•" * (len(number) - SHOWN_DIGITS)


def people(view: View, found: Queue) -> Mapping[str, Row]:
    """By family id what an officer needs to find the family, with its card and the masked NIK of its head."""
    wanted = pl.col("family_id").is_in([one.family_id for one in found.assignments])
    families = fetched(view.scan("keluarga").filter(wanted).select("family_id", *SHOWN))
    is_head = (pl.col("status_hubungan_keluarga") == HEAD) & (pl.col("keberadaan_anggota") == PRESENT)
    heads = view.scan("anggota").filter(wanted, is_head).group_by("family_id")
    numbers = fetched(heads.agg(nik=pl.col("nomor_induk_kependudukan").sort_by("person_id").first()))
    joined = families.join(numbers, on="family_id", how="left", validate="1:1")
    return {row["family_id"]: row | {"nik": masked(row["nik"])} for row in joined.iter_rows(named=True)}


def row_of(one: Assignment, person: Row, view: View, names: Mapping[str, str], until: str) -> tuple[str, ...]:
    """The cells of a visit, in the order of `COLUMNS`."""
    return (
        one.assignment,
        str(one.rank),
        str(view.manifest["base_version"]),
        arm_code(one),
        person["nama_kepala_keluarga"] or "",
        person["nik"],
        person["alamat"] or "",
        names.get(one.kelurahan, one.kelurahan),
        "; ".join(f"{cause.input} ({cause.cause})" for cause in one.causes),
        until,
    )


def _guide(book: Workbook, found: Queue, until: str, looks: Mapping[str, Any]) -> None:
    sheet = book.add_worksheet(GUIDE)
    sheet.set_column(0, 0, 110, looks["text"])
    said = [
        f"Daftar kunjungan dari rilis {found.release_id}: {len(found.assignments)} keluarga, satu lembar per petugas.",
        f"Daftar ini berlaku sampai {until}. Sesudah itu hapus berkas ini dan minta daftar baru.",
        "Salin id_penugasan, versi_dilihat, dan lengan_acak ke berkas kunjungan persis seperti tertulis.",
        "Kunjungi juga keluarga dengan lengan_acak 1: mereka dipilih dengan undian untuk mengukur kesalahan sasaran.",
        "NIK hanya terlihat empat angka pertama; cocokkan dengan kartu di rumah, jangan meminta fotonya lewat pesan.",
        "Urutan bukan penilaian tentang keluarga, dan tidak menentukan bantuan siapa pun.",
        "Buku kerja ini memuat data pribadi: jangan diteruskan.",
    ]
    for number, sentence in enumerate(said):
        sheet.write_string(number, 0, sentence, looks["text"])


def _sheet(book: Workbook, title: str, rows: list[tuple[str, ...]], looks: Mapping[str, Any]) -> None:
    sheet = book.add_worksheet(title)
    for place, name in enumerate(COLUMNS):
        sheet.write_string(0, place, name, looks["head"])
        sheet.set_column(place, place, 60 if name == "yang_diperiksa" else 22, looks["text"])
    sheet.freeze_panes(1, 1)
    for line, row in enumerate(rows, start=1):
        for place, text in enumerate(row):
            sheet.write_string(line, place, text, looks["text"])
