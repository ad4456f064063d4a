"""Why a file is refused, held or waits, and why one of its lines cannot be read."""

from functools import partial

from dtsen_pipeline.schemas.reasons.record import Reason, ReasonKind, Severity

PROFILE = "profil sumber berkas"
CSV = "RFC 4180 dan profil sumber berkas"
OWN = "aturan proyek ini"

refused = partial(Reason, severity=Severity.REFUSES_FILE, kind=ReasonKind.FILE)
held = partial(Reason, severity=Severity.HOLDS, kind=ReasonKind.FILE)
waiting = partial(Reason, severity=Severity.STATE, kind=ReasonKind.FILE)
damaged = partial(Reason, severity=Severity.REJECTS, kind=ReasonKind.LINE)

FILES = (
    refused(
        "E_MISSING",
        id="Berkas tidak ada.",
        en="There is no such file.",
        basis=OWN,
        advice_id="Periksa letak berkas, lalu ulangi perintah.",
    ),
    refused(
        "E_NOT_REGULAR",
        id="Yang ditunjuk bukan berkas biasa.",
        en="What was named is not a regular file.",
        basis=OWN,
        advice_id="Tunjuk berkasnya sendiri, bukan folder, pintasan, atau perangkat.",
    ),
    refused(
        "E_UNREADABLE",
        id="Berkas tidak dapat dibaca karena hak aksesnya.",
        en="The file cannot be read with the permissions it has.",
        basis=OWN,
        advice_id="Minta pemilik berkas memberi hak baca.",
    ),
    refused(
        "E_CHANGING",
        id="Berkas berubah selagi dibaca.",
        en="The file changed while it was read.",
        basis=OWN,
        advice_id="Tunggu sampai penyalinan selesai, lalu masukkan lagi.",
    ),
    refused(
        "E_TOO_LARGE",
        id="Berkas lebih besar daripada batas yang ditetapkan.",
        en="The file is larger than the limit that is set.",
        basis=OWN,
        advice_id="Periksa apakah ini berkas yang benar; bila benar, naikkan batasnya.",
    ),
    refused(
        "E_EMPTY",
        id="Berkas tidak berisi data.",
        en="The file holds no data.",
        basis=PROFILE,
        advice_id="Minta pengirim mengekspor ulang berkas.",
    ),
    refused(
        "E_ENCODING",
        id="Berkas bukan teks UTF-8 polos.",
        en="The file is not plain UTF-8 text.",
        basis=PROFILE,
        advice_id="Kirim berkas asli dari sumbernya; jangan simpan ulang dengan aplikasi lembar kerja.",
    ),
    refused(
        "E_TRUNCATED",
        id="Baris terakhir tidak berakhir, sehingga berkas mungkin terpotong.",
        en="The last line has no end, so the file may be cut off.",
        basis=OWN,
        advice_id="Salin ulang berkas dan cocokkan ukurannya dengan berkas asli.",
    ),
    refused(
        "E_HEADER",
        id="Nama kolom tidak persis sama dengan profil berkas.",
        en="The column names are not exactly those of the file's profile.",
        basis=PROFILE,
        advice_id="Periksa versi berkas; susunan yang baru memerlukan profil baru.",
    ),
    refused(
        "E_DELIMITER",
        id="Pemisah kolom berbeda dari profil berkas.",
        en="The columns are separated otherwise than the file's profile says.",
        basis=PROFILE,
        advice_id="Kirim berkas asli; pemisah biasanya berubah karena disimpan ulang.",
    ),
    refused(
        "E_STRUCTURE",
        id="Lebih dari seperlima baris rusak.",
        en="More than one line in five is damaged.",
        basis=OWN,
        advice_id="Minta berkas baru; baris yang rusak tidak ditebak isinya.",
    ),
    refused(
        "E_REGION",
        id="Sebagian besar baris milik kabupaten/kota lain.",
        en="Most rows belong to another regency or city.",
        basis="kode wilayah BPS",
        advice_id="Pastikan berkas kota yang benar yang dimasukkan.",
    ),
    refused(
        "E_PROFILE_UNKNOWN",
        id="Susunan berkas tidak dikenal oleh profil mana pun.",
        en="No profile knows the shape of this file.",
        basis=PROFILE,
        advice_id="Sebutkan profilnya, atau tambahkan profil baru pada data rujukan.",
    ),
    refused(
        "E_SNAPSHOT_TWICE",
        id="Potret versi dan wilayah ini sudah diterima dengan isi yang berbeda.",
        en="A snapshot of this version and region was already accepted with other content.",
        basis=OWN,
        advice_id="Tanyakan kepada pengirim berkas mana yang berlaku, lalu tolak salah satunya.",
    ),
    Reason(
        "H_CODES_UNCONFIRMED",
        Severity.HOLDS,
        ReasonKind.FILE,
        id="Arti kode pada profil ini belum dipastikan oleh petugas.",
        en="No person has yet confirmed what the codes of this profile mean.",
        basis="katalog variabel DTSEN 2026; nomor kode pada berkas belum pernah diterbitkan",
        advice_id="Cocokkan daftar kode dengan berkas, lalu terima berkas dengan alasan.",
    ),
    held(
        "H_DUPLICATES",
        id="Berkas ditahan: terlalu banyak baris dengan nomor yang sama.",
        en="The file is held: too many rows repeat a number.",
        basis=OWN,
        advice_id="Tanyakan kepada pengirim apakah berkas tergabung dua kali, lalu terima atau tolak dengan alasan.",
    ),
    held(
        "H_REJECTS",
        id="Berkas ditahan: terlalu banyak baris rusak atau nomor yang bukan 16 angka.",
        en="The file is held: too many lines are damaged or identifiers malformed.",
        basis=OWN,
        advice_id="Minta berkas yang utuh; bila memang demikian adanya, terima dengan alasan.",
    ),
    held(
        "H_SNAPSHOT_SIZE",
        id="Berkas ditahan: jumlah baris jauh berbeda dari potret sebelumnya.",
        en="The file is held: its size differs much from the snapshot before.",
        basis=OWN,
        advice_id="Lihat paspornya (`dtsen passport`), tanyakan kepada pengirim, lalu terima atau tolak dengan alasan.",
    ),
    held(
        "H_KELURAHAN_GONE",
        id="Berkas ditahan: ada kelurahan yang tidak lagi memiliki keluarga.",
        en="The file is held: a kelurahan has no family any more.",
        basis=OWN,
        advice_id="Lihat paspornya (`dtsen passport`), tanyakan kepada pengirim, lalu terima atau tolak dengan alasan.",
    ),
    held(
        "H_BATCH_SIZE",
        id="Berkas ditahan: batch tanpa manifes ini jauh lebih besar atau kecil daripada biasanya.",
        en="The file is held: this batch without a manifest is much larger or smaller than usual.",
        basis=OWN,
        advice_id="Cocokkan jumlah barisnya dengan pengirim, lalu terima atau tolak dengan alasan.",
    ),
    held(
        "H_BATCH_INCOMPLETE",
        id="Berkas ditahan: manifesnya menyebut berkas lain yang tidak datang.",
        en="The file is held: its manifest lists another file that did not come.",
        basis=OWN,
        advice_id="Minta berkas yang kurang, lalu terima atau tolak dengan alasan.",
    ),
    refused(
        "E_BATCH_MANIFEST",
        id="Manifes di folder berkas tidak dapat dibaca dengan pasti, atau ada dua untuk satu berkas.",
        en="A manifest in the file's folder cannot be read exactly, or two list the file.",
        basis=OWN,
        advice_id="Perbaiki atau hapus manifesnya, lalu masukkan lagi.",
    ),
    refused(
        "E_BATCH_MISMATCH",
        id="Berkas bukan yang disebut manifesnya: jumlah baris, isi, atau batch berbeda.",
        en="The file is not the one its manifest tells of: rows, content or batch differ.",
        basis=OWN,
        advice_id="Kirim ulang berkas yang utuh; bila manifesnya yang keliru, perbaiki lalu masukkan lagi.",
    ),
    waiting(
        "W_NO_DATA_DATE",
        id="Berkas menunggu: tanggal data belum diketahui.",
        en="The file waits: its data date is not known.",
        basis=OWN,
        advice_id="Masukkan lagi berkas dengan tanggal datanya, atau sertakan keterangan di sampingnya.",
    ),
    waiting(
        "W_NO_PARTNER",
        id="Berkas menunggu: pasangan keluarga atau anggotanya belum datang.",
        en="The file waits: its partner, the family or the member file, has not come.",
        basis=OWN,
        advice_id="Masukkan berkas pasangannya dengan versi dan wilayah yang sama.",
    ),
    damaged(
        "E_LINE_ENCODING",
        id="Baris bukan teks UTF-8, atau pernah dibuka dengan penyandian yang keliru.",
        en="The line is not UTF-8 text, or was once opened under a wrong encoding.",
        basis=PROFILE,
        advice_id="Minta pengirim memperbaiki baris itu pada sumbernya.",
    ),
    damaged(
        "E_LINE_CONTROL",
        id="Baris memuat karakter kendali.",
        en="The line holds a control character.",
        basis=PROFILE,
        advice_id="Minta pengirim membersihkan baris itu pada sumbernya.",
    ),
    damaged(
        "E_LINE_QUOTE",
        id="Tanda kutip pada baris tidak berpasangan atau bukan tanda kutip profilnya.",
        en="The quotes of the line do not pair, or are not those of the profile.",
        basis=CSV,
        advice_id="Minta pengirim memperbaiki tanda kutip baris itu.",
    ),
    damaged(
        "E_LINE_WIDTH",
        id="Jumlah kolom pada baris berbeda dari kepala berkas.",
        en="The line has more or fewer columns than the header.",
        basis=CSV,
        advice_id="Minta pengirim memperbaiki baris itu; kolom yang bergeser tidak ditebak.",
    ),
    damaged(
        "E_LINE_TORN",
        id="Baris bersebelahan dengan potongan baris, sehingga tidak pasti utuh.",
        en="The line stands beside a fragment of a line, so it may not be whole.",
        basis=CSV,
        advice_id="Minta pengirim menghapus ganti baris di dalam isian.",
    ),
    damaged(
        "E_LINE_HEADER",
        id="Kepala berkas terulang di tengah berkas.",
        en="The header stands once more within the file.",
        basis=PROFILE,
        advice_id="Berkas mungkin gabungan; kirim setiap berkas sendiri-sendiri.",
    ),
    refused(
        "E_READING",
        id="Hasil pembacaan berbeda dari isi berkas.",
        en="What was read differs from what stands in the file.",
        basis=OWN,
        advice_id="Jangan pakai hasilnya; laporkan kepada pengelola sistem.",
    ),
    refused(
        "E_SIDECAR",
        id="Berkas JSON pendamping tidak dapat dibaca dengan pasti.",
        en="The JSON file beside it cannot be read exactly.",
        basis=OWN,
        advice_id="Perbaiki atau hapus berkas pendamping, lalu masukkan lagi.",
    ),
    refused(
        "E_REFUSED",
        id="Berkas ditolak oleh seseorang.",
        en="The file was refused by a person.",
        basis=OWN,
        advice_id="Lihat alasannya; berkas yang ditolak dapat diterima lagi dengan `dtsen accept`.",
    ),
)
