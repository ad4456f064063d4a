"""Why a run or a release does not go on; the release that is current stays as it was."""

from functools import partial

from dtsen_pipeline.schemas.reasons.record import Reason, ReasonKind, Severity

OWN = "aturan proyek ini"

stopped = partial(Reason, severity=Severity.STATE, kind=ReasonKind.OPERATION)

PUBLISHING = (
    stopped(
        "E_NO_SNAPSHOT",
        id="Belum ada potret lengkap yang diterima.",
        en="No complete snapshot is accepted yet.",
        basis=OWN,
        advice_id="Masukkan berkas keluarga dan berkas anggota dari potret yang sama.",
    ),
    stopped(
        "E_WEEK",
        id="Minggu tidak tertulis sebagai minggu kalender atau tanggal hari Seninnya.",
        en="The week is written neither as a calendar week nor as the date of its Monday.",
        basis=OWN,
        advice_id="Tulis minggu seperti 2026-W40 atau 2026-09-28.",
    ),
    stopped(
        "E_LEASE_HELD",
        id="Penyegaran lain sedang berjalan.",
        en="Another refresh is running.",
        basis=OWN,
        advice_id="Tunggu sampai selesai, lalu ulangi.",
    ),
    stopped(
        "E_RUN_KEY",
        id="Proses dengan kunci ini sudah pernah dimulai.",
        en="A run with this key was already started.",
        basis=OWN,
        advice_id="Lihat hasil proses itu; proses yang sama tidak dijalankan dua kali.",
    ),
    stopped(
        "E_RUN_UNKNOWN",
        id="Tidak ada proses dengan kunci itu.",
        en="There is no run with that key.",
        basis=OWN,
        advice_id="Periksa kunci prosesnya di antarmuka Dagster.",
    ),
    stopped(
        "E_RUN_ENDED",
        id="Proses ini sudah berakhir.",
        en="The run has ended already.",
        basis=OWN,
        advice_id="Mulai proses baru.",
    ),
    stopped(
        "E_ABANDONED",
        id="Proses terhenti tanpa laporan dan dianggap ditinggalkan.",
        en="The run stopped without a word and is taken as abandoned.",
        basis=OWN,
        advice_id="Jalankan lagi; sisa proses itu dibersihkan lebih dahulu.",
    ),
    stopped(
        "E_FATES",
        id="Nasib baris tidak berjumlah sama dengan baris masukan.",
        en="The fates do not add up to the input rows.",
        basis=OWN,
        advice_id="Laporkan sebagai kesalahan program; tidak ada yang diterbitkan.",
    ),
    stopped(
        "E_DOOR",
        id="Pintu rilis tertutup: tabel yang akan diterbitkan tidak lolos pemeriksaan.",
        en="The door is closed: the tables to be published did not pass.",
        basis=OWN,
        advice_id="Baca pemeriksaan yang gagal; rilis yang berlaku tidak berubah.",
    ),
    stopped(
        "E_CURRENT_MOVED",
        id="Rilis lain menjadi rilis yang berlaku sementara proses ini berjalan.",
        en="Another release became current while this run was going on.",
        basis=OWN,
        advice_id="Jalankan penyegaran lagi.",
    ),
    stopped(
        "E_RELEASE_EXISTS",
        id="Rilis dengan nomor ini sudah terdaftar.",
        en="A release with this id is registered already.",
        basis=OWN,
        advice_id="Tidak perlu tindakan; isinya sama dengan rilis yang terdaftar.",
    ),
    stopped(
        "E_RELEASE_UNKNOWN",
        id="Tidak ada rilis dengan nomor itu.",
        en="There is no release with that id.",
        basis=OWN,
        advice_id="Lihat nomor rilis dengan dtsen releases.",
    ),
    stopped(
        "E_WITHDRAWN",
        id="Isi rilis ini pernah ditarik.",
        en="A release of this content was withdrawn.",
        basis=OWN,
        advice_id="Terbitkan lagi hanya dengan alasan tertulis dari seorang petugas.",
    ),
    stopped(
        "E_NOT_WITHDRAWN",
        id="Rilis ini tidak pernah ditarik.",
        en="This release was not withdrawn.",
        basis=OWN,
        advice_id="Periksa nomor rilisnya dengan dtsen releases.",
    ),
    stopped(
        "E_ROLLBACK",
        id="Yang berlaku sekarang adalah isi ini, sehingga tidak ada yang dapat ditarik atau dipulihkan.",
        en="This content is current now, so there is nothing to withdraw or to go back to.",
        basis=OWN,
        advice_id="Pilih rilis lain sebagai tujuan.",
    ),
)
