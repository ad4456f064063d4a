"""Why a welfare model is not read, fitted or used; there is never a default score."""

from functools import partial

from dtsen_pipeline.schemas.reasons.record import Reason, ReasonKind, Severity

OWN = "aturan proyek ini"

stopped = partial(Reason, severity=Severity.STATE, kind=ReasonKind.OPERATION, basis=OWN)

MODELLING = (
    stopped(
        "E_MODEL_UNKNOWN",
        id="Tidak ada model kesejahteraan dengan nama itu.",
        en="There is no welfare model with that name.",
        advice_id="Lihat nama yang ada dengan dtsen model show.",
    ),
    stopped(
        "E_MODEL_FILE",
        id="Berkas model atau peta survei tidak dapat dibaca dengan tepat.",
        en="The model file or survey map cannot be read exactly.",
        advice_id="Bandingkan berkas itu dengan model contoh; tidak ada nilai bawaan.",
    ),
    stopped(
        "E_MODEL_HASH",
        id="Isi berkas model tidak sesuai dengan sidik jarinya.",
        en="The model file is not what its digest was taken of.",
        advice_id="Pakai berkas aslinya, atau cocokkan ulang model itu.",
    ),
    stopped(
        "E_MODEL_FEATURE",
        id="Model memakai masukan yang tidak dikenal.",
        en="The model uses an input that is not declared.",
        advice_id="Pakai hanya masukan dan kolom yang terdaftar.",
    ),
    stopped(
        "E_MODEL_RECEIPT",
        id="Model memakai penerimaan program atau desil resmi sebagai masukan.",
        en="The model uses programme receipt or an official decile as an input.",
        advice_id="Buang masukan itu; keputusan lama tidak boleh menentukan skor baru.",
    ),
    stopped(
        "E_MODEL_REGION",
        id="Model ini tidak berlaku untuk daerah yang dilayani.",
        en="The model is not made for the region that is served.",
        advice_id="Pilih model untuk daerah itu; tidak ada skor tanpa model.",
    ),
    stopped(
        "E_MODEL_SECTION",
        id="Model ini tidak mempunyai bagian untuk sebagian daerah yang dilayani.",
        en="The model has no section for a part of the region that is served.",
        advice_id="Tambahkan bagian untuk setiap kelurahan kota; tidak ada bagian bawaan.",
    ),
    stopped(
        "E_MODEL_PERIOD",
        id="Model ini tidak berlaku pada tanggal itu.",
        en="The model is not in force on that day.",
        advice_id="Pilih model yang berlaku pada tanggal itu.",
    ),
    stopped(
        "E_MODEL_OVERLAP",
        id="Masa berlaku model bertumpang tindih dengan model lain.",
        en="The model is in force together with another one.",
        advice_id="Akhiri masa berlaku model lama dengan until, atau ubah tanggalnya.",
    ),
    stopped(
        "E_MODEL_EXISTS",
        id="Nama atau berkas itu sudah terpakai.",
        en="The name or the file is taken already.",
        advice_id="Pilih nama lain; model tidak pernah ditimpa.",
    ),
    stopped(
        "E_MODEL_WRITE",
        id="Berkas model tidak dapat ditulis.",
        en="The file of the model cannot be written.",
        advice_id="Periksa folder dan izinnya.",
    ),
    stopped(
        "E_MODEL_FIT",
        id="Koefisien tidak dapat ditentukan dari survei ini.",
        en="The survey does not determine the coefficients.",
        advice_id="Buang masukan yang tetap atau berulang, atau tambah rumah tangga.",
    ),
    stopped(
        "E_CUTS",
        id="Batas desil tidak urut naik.",
        en="The cut-offs of the deciles are not in ascending order.",
        advice_id="Hitung ulang minggu itu; batas tidak pernah ditulis dengan tangan.",
    ),
    stopped(
        "E_MODEL_REHEARSAL",
        id="Model ini belum dicoba pada rilis yang berlaku.",
        en="The model was not rehearsed on the current release.",
        advice_id="Jalankan dtsen model rehearse, baca hasilnya, lalu setujui dengan dtsen model approve.",
    ),
    stopped(
        "E_SURVEY_FILE",
        id="Berkas survei bukan tabel yang utuh.",
        en="The survey file is not a whole table.",
        advice_id="Simpan sebagai CSV UTF-8, satu baris satu rumah tangga.",
    ),
    stopped(
        "E_SURVEY_COLUMN",
        id="Kolom survei yang diperlukan tidak ada atau berulang.",
        en="A column that the survey needs is missing or repeated.",
        advice_id="Periksa nama kolom di kepala berkas.",
    ),
    stopped(
        "E_SURVEY_VALUE",
        id="Nilai survei bukan angka yang dapat dipakai.",
        en="A value of the survey is not a usable number.",
        advice_id="Perbaiki sel itu; kosong atau NA berarti tidak dijawab.",
    ),
    stopped(
        "E_SURVEY_SECTION",
        id="Jawaban kolom bagian tidak terdaftar di peta survei.",
        en="An answer of the section column is not one of the survey map's.",
        advice_id="Lengkapi bagian di peta, atau kosongkan jawaban itu.",
    ),
    stopped(
        "E_SURVEY_WHOLE",
        id="Kolom survei harus berisi bilangan bulat.",
        en="A column of the survey must hold whole numbers.",
        advice_id="Periksa kolom itu dan cara membacanya di peta survei.",
    ),
)
