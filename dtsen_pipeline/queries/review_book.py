"""The review list as one XLSX workbook: both sides of a case beside each other, and cells for the answer.

Every cell is text, so that a spreadsheet runs nothing. How likely a pair is stands in the last sheet, for after the
answer. Which cases there are is decided in `review`.
"""

from collections.abc import Mapping, Sequence
from io import BytesIO
from typing import Any

from xlsxwriter import Workbook

from dtsen_pipeline.core.rulings import (
    ANSWER,
    ANSWERS,
    CASE,
    DAY,
    EVIDENCE,
    GROUP,
    KIND_OF,
    NOTE,
    REVIEWER,
    SIDE_A,
    SIDE_B,
)
from dtsen_pipeline.queries.review import DECIDED, DISPUTED, OPEN, REASONS, TIED, WAITING, Asked, Review
from dtsen_pipeline.queries.workbook import ROWS, TEXT_ONLY

GUIDE, CASES, DONE, SCORES = "Petunjuk", "Kasus", "Sudah diputus", "Skor"
WHY, SAYS_A, SAYS_B, DIFFERS, STATUS, IN_FORCE = "alasan", "isi_a", "isi_b", "yang_berbeda", "keadaan", "yang_berlaku"
CLASH = "bentrok"
HEAD = (CASE, WHY, SAYS_A, SAYS_B, DIFFERS, CLASH, STATUS, ANSWER, DAY, REVIEWER, EVIDENCE, NOTE, IN_FORCE)
HEAD_ALL = (*HEAD, KIND_OF, SIDE_A, SIDE_B, GROUP)
WIDE = {WHY: 36, SAYS_A: 44, SAYS_B: 44, DIFFERS: 24, EVIDENCE: 30, NOTE: 30}
ANSWERED = (ANSWER, DAY, REVIEWER, EVIDENCE, NOTE)
STATUSES = {
    OPEN: "terbuka",
    WAITING: "menunggu peninjau kedua",
    DISPUTED: "keputusan bertentangan",
    TIED: "ditautkan model",
    DECIDED: "sudah diputus",
}


def review_book(found: Review) -> bytes:
    """The workbook's bytes; more cases than a sheet can hold raise ValueError rather than being left out."""
    target = BytesIO()
    with Workbook(target, TEXT_ONLY) as book:
        looks = {
            "head": book.add_format({"bold": True, "bg_color": "#1F4E78", "font_color": "#FFFFFF", "num_format": "@"}),
            "text": book.add_format({"num_format": "@", "valign": "top", "text_wrap": True}),
            "answer": book.add_format({"num_format": "@", "valign": "top", "text_wrap": True, "bg_color": "#FFF2CC"}),
        }
        _guide(book, found, looks)
        _sheet(book, CASES, found.of_status(WAITING, DISPUTED, OPEN), looks)
        _sheet(book, DONE, found.of_status(TIED, DECIDED), looks)
        _scores(book, found, looks)
        book.get_worksheet_by_name(CASES).activate()
    return target.getvalue()


def _guide(book: Workbook, found: Review, looks: Mapping[str, Any]) -> None:
    sheet = book.add_worksheet(GUIDE)
    sheet.set_column(0, 0, 110, looks["text"])
    said = [
        f"Kasus yang perlu ditinjau dalam rilis {found.release_id}. Isi hanya sel kuning, lalu simpan sebagai .xlsx.",
        "Bandingkan isi_a dan isi_b, periksa buktinya, lalu pilih putusan. Baris tanpa putusan tetap terbuka.",
        "orang: sama (satu orang), beda (dua orang), tolak (tidak perlu diputus), catatan, batal (cabut putusan lalu).",
        "kunjungan: pilih_a atau pilih_b (kunjungan yang benar untuk kelompok kolom itu), tolak, catatan, batal.",
        "Lembar Sudah diputus memuat juga pasangan yang ditautkan model; jawab beda bila keliru.",
        "bentrok keras: kolom itu sudah berubah sejak yang dilihat petugas kunjungan kemudian; lunak: belum berubah.",
        "Menyatukan dua orang, atau memisahkannya lagi, perlu dua peninjau yang berbeda.",
        "Tanggal putusan (TTTT-BB-HH) menentukan urutannya: yang kemudian berlaku.",
        "Putusan yang berlawanan pada hari yang sama tidak berlaku.",
        "Lembar Skor memuat perkiraan model. Putuskan lebih dahulu, baru melihatnya.",
        "Kembalikan dengan: dtsen ingest --kind decision BERKAS.xlsx",
        "Buku kerja ini memuat data pribadi: simpan dan hapus sesuai aturan kantor.",
    ]
    for number, sentence in enumerate(said):
        sheet.write_string(number, 0, sentence, looks["text"])


def _sheet(book: Workbook, name: str, cases: Sequence[Asked], looks: Mapping[str, Any]) -> None:
    if len(cases) > ROWS:
        problem = "more cases than a sheet can hold"
        raise ValueError(problem)
    sheet = book.add_worksheet(name)
    for place, column in enumerate(HEAD_ALL):
        sheet.write_string(0, place, column, looks["head"])
        sheet.set_column(place, place, WIDE.get(column, 18), looks["text"])
    sheet.freeze_panes(1, 1)
    for line, one in enumerate(cases, start=1):
        cells = _cells(one)
        for place, column in enumerate(HEAD_ALL):
            look = looks["answer" if column in ANSWERED else "text"]
            sheet.write_string(line, place, cells.get(column, ""), look)
        choice = {"validate": "list", "source": list(ANSWERS[one.case.kind])}
        place = HEAD_ALL.index(ANSWER)
        sheet.data_validation(line, place, line, place, choice)


def _cells(one: Asked) -> dict[str, str]:
    case = one.case
    return {
        CASE: one.number,
        WHY: "\n".join(REASONS[reason] for reason in one.reasons),
        SAYS_A: _lines(one.a),
        SAYS_B: _lines(one.b),
        DIFFERS: "\n".join(_differing(one)),
        CLASH: "\n".join(f"{kind}: {name}" for name, kind in one.clashes),
        STATUS: STATUSES[one.status],
        IN_FORCE: one.answer or "" if one.status == DECIDED else "",
        KIND_OF: case.kind,
        SIDE_A: case.a,
        SIDE_B: case.b,
        GROUP: case.group,
    }


def _lines(facts: Sequence[tuple[str, str]]) -> str:
    return "\n".join(f"{label}: {text}" for label, text in facts)


def _differing(one: Asked) -> list[str]:
    """The labels under which the sides say different things."""
    a, b = dict(one.a), dict(one.b)
    return [label for label in dict.fromkeys((*a, *b)) if a and b and a.get(label) != b.get(label)]


def _scores(book: Workbook, found: Review, looks: Mapping[str, Any]) -> None:
    sheet = book.add_worksheet(SCORES)
    for place, column in enumerate((CASE, "bobot", "peluang_per_sejuta")):
        sheet.write_string(0, place, column, looks["head"])
        sheet.set_column(place, place, 20, looks["text"])
    for line, one in enumerate(found.likeness, start=1):
        for place, text in enumerate((one.number, str(one.weight), str(one.probability_ppm))):
            sheet.write_string(line, place, text, looks["text"])
