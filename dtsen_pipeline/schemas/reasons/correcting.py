"""Why a corrected workbook, or a row of it, is not taken."""

from functools import partial

from dtsen_pipeline.schemas.reasons.record import Reason, ReasonKind, Severity

OWN = "aturan proyek ini"

refused = partial(Reason, severity=Severity.REFUSES_FILE, kind=ReasonKind.FILE, basis=OWN)

CORRECTING = (
    refused(
        "E_CORRECTION_BOOK",
        id="Berkas bukan buku kerja koreksi.",
        en="The file is no correction workbook.",
        advice_id="Perbaiki baris di dalam buku kerja dari dtsen rejected --export, lalu simpan sebagai .xlsx.",
    ),
    refused(
        "E_CORRECTION_ROW",
        id="Baris buku kerja tidak menunjuk tepat satu baris yang diterima.",
        en="A row of the workbook does not point to exactly one received row.",
        advice_id="Kembalikan isi kolom token_baris seperti semula, atau hapus baris itu dari buku kerja.",
    ),
    refused(
        "E_CORRECTION_CELL",
        id="Sel buku kerja berisi rumus, pecahan, atau ganti baris.",
        en="A cell of the workbook holds a formula, a fraction or a line break.",
        advice_id="Tulis isi sel itu sebagai teks biasa.",
    ),
    refused(
        "E_CORRECTED_TWICE",
        id="Baris itu sudah dikoreksi dengan isi lain.",
        en="The row was corrected before, in another way.",
        advice_id="Ekspor buku kerja baru dan perbaiki di sana, atau tolak koreksi lama dengan dtsen refuse.",
    ),
    Reason(
        "E_CORRECTS_VALID",
        Severity.REJECTS,
        ReasonKind.CROSS_ROW,
        id="Baris yang dikoreksi tidak ditolak.",
        en="The row that is corrected is not rejected.",
        basis=OWN,
        advice_id="Ubah nilai yang sah lewat kunjungan lapangan, bukan lewat koreksi.",
    ),
)
