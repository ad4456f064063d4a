"""Why a file that was read exactly is held or waits, and what is said of one that counts."""

from functools import partial

from dtsen_pipeline.schemas.reasons.record import Reason, ReasonKind, Severity

OWN = "aturan proyek ini"

held = partial(Reason, severity=Severity.HOLDS, kind=ReasonKind.FILE)
waiting = partial(Reason, severity=Severity.STATE, kind=ReasonKind.FILE)
noted = partial(Reason, severity=Severity.WARNS, kind=ReasonKind.FILE)

ARRIVALS = (
    held(
        "H_DUPLICATES",
        id="Berkas ditahan: terlalu banyak baris dengan nomor yang sama.",
        en="The file is held: too many rows repeat a number.",
        basis=OWN,
        advice_id="Tanyakan kepada pengirim apakah berkas tergabung dua kali, lalu terima atau tolak dengan alasan.",
    ),
    held(
        "H_REJECTS",
        id="Berkas ditahan: terlalu banyak baris rusak atau melanggar aturan wajib.",
        en="The file is held: too many lines are damaged or break a hard rule.",
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
        "H_KELURAHAN_SHRUNK",
        id="Berkas ditahan: ada kelurahan yang kehilangan sebagian besar keluarganya.",
        en="The file is held: a kelurahan lost most of its families.",
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
        advice_id="Masukkan berkas yang kurang; bila memang tidak ada, terima atau tolak dengan alasan.",
    ),
    held(
        "H_PAGE_OF_MORE",
        id="Berkas ditahan: dokumen ini satu halaman saja, dan halaman berikutnya tidak ikut.",
        en="The file is held: the document is one page, and the next ones are not in it.",
        basis="dokumentasi API ODK Central dan KoboToolbox",
        advice_id="Ambil semua halaman, atau pakai dtsen pull; terima hanya bila halaman lain dikirim sendiri.",
    ),
    held(
        "H_UNREVIEWED",
        id="Berkas ditahan: penilaian diwajibkan, dan ada baris tanpa keadaan penilaian.",
        en="The file is held: review is required, and some rows tell no review state.",
        basis=OWN,
        advice_id="Nilai kirimannya di server lalu ekspor lagi, atau terima dengan alasan.",
    ),
    waiting(
        "W_NO_DATA_DATE",
        id="Berkas menunggu: tanggal data belum diketahui.",
        en="The file waits: its data date is not known.",
        basis=OWN,
        advice_id="Masukkan lagi berkas dengan tanggal datanya, atau sertakan keterangan di sampingnya.",
    ),
    waiting(
        "W_NO_WEEK",
        id="Berkas menunggu: nama batchnya tidak diawali minggu, sehingga urutan versi kirimannya tidak diketahui.",
        en="The file waits: its batch names no week, so that the order of its submissions' versions is not known.",
        basis=OWN,
        advice_id="Masukkan lagi dengan nama seperti odk_2026-W41_trc.csv, atau sebutkan batch_id di sampingnya.",
    ),
    waiting(
        "W_NO_PARTNER",
        id="Berkas menunggu: pasangan keluarga atau anggotanya belum datang.",
        en="The file waits: its partner, the family or the member file, has not come.",
        basis=OWN,
        advice_id="Masukkan berkas pasangannya dengan versi dan wilayah yang sama.",
    ),
    waiting(
        "W_PARTNER_HELD",
        id="Berkas menunggu: pasangannya sudah datang, tetapi ditahan.",
        en="The file waits: its partner has come, but is held.",
        basis=OWN,
        advice_id="Putuskan berkas pasangannya: dtsen accept atau dtsen refuse, dengan alasan.",
    ),
    noted(
        "W_NO_MANIFEST",
        id="Berkas datang tanpa manifes: kelengkapannya belum terbukti.",
        en="The file came without a manifest: that it is whole is not proven.",
        basis=OWN,
        advice_id="Cocokkan jumlah barisnya dengan pengirim; minta manifes bersama batch berikutnya.",
    ),
    noted(
        "W_UNREVIEWED",
        id="Sebagian baris tidak menyebut keadaan penilaian: belum terbukti bahwa seseorang sudah melihatnya.",
        en="Some rows tell no review state: nothing shows that somebody has looked at them.",
        basis="dokumentasi API ODK Central dan KoboToolbox",
        advice_id="Nilai kirimannya di server formulir; DTSEN_REVIEW_REQUIRED=true menahan berkas seperti ini.",
    ),
)
