"""Why a decision file, or a row of it, is not taken."""

from functools import partial

from dtsen_pipeline.schemas.reasons.record import Reason, ReasonKind, Severity

OWN = "aturan proyek ini"

rejected = partial(Reason, severity=Severity.REJECTS, kind=ReasonKind.LINE, basis=OWN)

REVIEWING = (
    Reason(
        "E_OFFICER_LIST",
        Severity.REFUSES_FILE,
        ReasonKind.FILE,
        id="Daftar petugas tidak dapat dipakai seutuhnya.",
        en="The list of officers cannot be used whole.",
        basis=OWN,
        advice_id="Perbaiki baris dan kolom yang disebut, lalu kirim daftar itu lagi seutuhnya.",
    ),
    Reason(
        "E_DECISION_BOOK",
        Severity.REFUSES_FILE,
        ReasonKind.FILE,
        id="Berkas bukan berkas keputusan peninjau.",
        en="The file is no file of reviewers' decisions.",
        basis=OWN,
        advice_id="Isi buku kerja dari dtsen review --export, atau CSV dengan kolom yang sama.",
    ),
    rejected(
        "E_DECISION_CELL",
        id="Sel keputusan berisi tanda yang tidak dapat disimpan sebagai teks.",
        en="A cell of the decision holds a sign that cannot be kept as text.",
        advice_id="Tulis ulang isi sel baris itu sebagai teks biasa, lalu kirim lagi.",
    ),
    rejected(
        "E_DECISION_CASE",
        id="Nomor kasus tidak cocok dengan jenis, kedua pihak, atau kelompok kolomnya.",
        en="The case number does not fit the kind, the two sides or the group of columns.",
        advice_id="Kembalikan kolom kasus sampai kelompok seperti hasil dtsen review --export.",
    ),
    rejected(
        "E_DECISION_ENTITY",
        id="Keputusan menyebut orang atau kunjungan yang tidak dikenal rilis yang berlaku.",
        en="The decision names a person or visit that the current release does not know.",
        advice_id="Ekspor daftar tinjauan yang baru, lalu putuskan di sana.",
    ),
    rejected(
        "E_DECISION_ANSWER",
        id="Putusan tidak termasuk pilihan untuk jenis kasus ini.",
        en="The answer is not one of those for this kind of case.",
        advice_id="Pilih putusan dari daftar pada selnya.",
    ),
    rejected(
        "E_DECISION_REVIEWER",
        id="Keputusan tidak menyebut peninjaunya.",
        en="The decision does not say who reviewed.",
        advice_id="Isi kolom peninjau dengan nomor peninjau.",
    ),
    rejected(
        "E_DECISION_DAY",
        id="Tanggal putusan kosong, tidak terbaca, atau di masa depan.",
        en="The day of the decision is blank, not readable, or in the future.",
        advice_id="Tulis tanggal putusan sebagai TTTT-BB-HH.",
    ),
    rejected(
        "E_DECISION_EVIDENCE",
        id="Putusan tidak menyebut buktinya.",
        en="The decision names no evidence.",
        advice_id="Sebutkan dokumen atau pemeriksaan yang menjadi dasar pada kolom bukti.",
    ),
    rejected(
        "E_DECISION_CONTRADICTS",
        id="Peninjau yang sama memutus kasus ini dengan dua jawaban pada hari yang sama.",
        en="The same reviewer answered this case in two ways on one day.",
        advice_id="Pertahankan satu jawaban; untuk mengubahnya, putuskan lagi pada hari lain.",
    ),
)
