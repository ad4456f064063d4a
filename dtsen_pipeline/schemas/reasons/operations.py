"""Why a command stops: settings, storage, engine, key, decisions. Runs and releases are in `publishing`."""

from functools import partial

from dtsen_pipeline.schemas.reasons.record import Reason, ReasonKind, Severity

PDP = "UU 27/2022 (Pelindungan Data Pribadi)"
OWN = "aturan proyek ini"

stopped = partial(Reason, severity=Severity.STATE, kind=ReasonKind.OPERATION)

OPERATIONS = (
    stopped(
        "E_ENGINE",
        id="Mesin pengolah yang diminta tidak dikenal atau tidak terpasang.",
        en="The engine asked for is unknown or not installed.",
        basis=OWN,
        advice_id="Pilih polars, duckdb, atau spark pada DTSEN_ENGINE.",
    ),
    stopped(
        "E_ENGINE_FAILED",
        id="Mesin pengolah gagal menghitung sebuah tabel.",
        en="The engine failed to compute a table.",
        basis=OWN,
        advice_id="Periksa ruang simpan dan memori, lalu jalankan lagi; rilis yang berlaku tidak berubah.",
    ),
    stopped(
        "E_SETTINGS",
        id="Sebuah pengaturan lingkungan berisi nilai yang tidak diperbolehkan.",
        en="An environment setting holds a value that is not allowed.",
        basis=OWN,
        advice_id="Ubah pengaturan itu menjadi salah satu nilai yang disebutkan.",
    ),
    stopped(
        "E_HOME",
        id="Folder data tidak dapat dibuat atau ditutup bagi orang lain.",
        en="The data folder cannot be made or closed to others.",
        basis=PDP,
        advice_id="Arahkan DTSEN_HOME ke folder milik pengguna yang menjalankan perintah.",
    ),
    stopped(
        "E_VAULT_MISSING",
        id="Isi berkas terdaftar tidak ada di brankas.",
        en="The bytes of a registered file are not in the vault.",
        basis=OWN,
        advice_id="Pulihkan brankas dari cadangan, atau masukkan lagi berkas yang sama.",
    ),
    stopped(
        "E_VAULT_DAMAGED",
        id="Isi berkas di brankas berubah sejak diterima.",
        en="The bytes of a file in the vault have changed since it came.",
        basis=OWN,
        advice_id="Pulihkan brankas dari cadangan dan periksa penyimpanannya.",
    ),
    stopped(
        "E_REGISTRY_NEWER",
        id="Basis data pencatatan dibuat oleh versi dtsen yang lebih baru.",
        en="The registry was made by a newer version of dtsen.",
        basis=OWN,
        advice_id="Pasang versi dtsen yang baru, atau pulihkan cadangan dari versi ini.",
    ),
    stopped(
        "E_VERDICT",
        id="Keputusan ini tidak berlaku untuk keadaan berkas sekarang.",
        en="This decision does not apply to the file as it stands.",
        basis=OWN,
        advice_id="Lihat keadaan berkas; berkas yang rusak harus dikirim ulang, bukan diterima.",
    ),
    stopped(
        "E_REASON",
        id="Keputusan petugas memerlukan alasan tertulis.",
        en="A person's decision needs a written reason.",
        basis=OWN,
        advice_id="Tulis alasannya dengan --reason.",
    ),
    stopped(
        "E_EVENT",
        id="Catatan peristiwa tidak boleh memuat identitas warga atau isi yang bukan data sederhana.",
        en="An event may hold neither a citizen's identifier nor anything but plain data.",
        basis=PDP,
        advice_id="Laporkan sebagai kesalahan program; peristiwa itu tidak dicatat.",
    ),
    stopped(
        "E_REDACTION",
        id="Penyensoran pesan galat Dagster tidak menyala.",
        en="The redaction of Dagster's error messages is off.",
        basis=PDP,
        advice_id="Pakai pengaturan Dagster milik proyek, lalu jalankan lagi.",
    ),
    stopped(
        "E_COMPUTE_LOG",
        id="Dagster menyimpan keluaran proses, tempat data warga dapat bocor.",
        en="Dagster keeps the output of processes, where citizens' data could leak.",
        basis=PDP,
        advice_id="Pakai dagster.yaml milik proyek, lalu jalankan lagi.",
    ),
    stopped(
        "E_IO_MANAGER",
        id="Penyimpanan antartahap bukan milik proyek.",
        en="The storage between stages is not the project's own.",
        basis=PDP,
        advice_id="Jalankan melalui definisi proyek; jangan ganti pengelola penyimpanannya.",
    ),
    stopped(
        "E_KEY",
        id="Berkas kunci tidak dapat dibuka atau ukurannya salah.",
        en="The key file cannot be opened or has the wrong size.",
        basis=PDP,
        advice_id="Pulihkan kunci dari cadangan; kunci baru mengubah semua nomor keluarga dan orang.",
    ),
    stopped(
        "E_KEY_MODE",
        id="Berkas kunci dapat dibaca oleh orang lain.",
        en="Others can read the key file.",
        basis=PDP,
        advice_id="Batasi hak aksesnya menjadi 0600.",
    ),
    stopped(
        "E_PURPOSE",
        id="Data seseorang hanya dibuka dengan tujuan yang disebutkan.",
        en="A person's data is opened only for a stated purpose.",
        basis=PDP,
        advice_id="Sebutkan tujuannya dengan --purpose.",
    ),
    stopped(
        "E_TOKEN_UNKNOWN",
        id="Tidak ada berkas terdaftar dengan token itu.",
        en="No registered file has that token.",
        basis=OWN,
        advice_id="Salin token 12 karakter dari pesan penerimaan berkas.",
    ),
    stopped(
        "E_AS_OF",
        id="Tanggal acuan bukan tanggal ISO.",
        en="The as-of date is not an ISO day.",
        basis=OWN,
        advice_id="Tulis tanggal seperti 2026-11-23.",
    ),
    stopped(
        "E_SESSION",
        id="Langkah ini dijalankan di luar sebuah proses Dagster.",
        en="This step was run outside a Dagster run.",
        basis=OWN,
        advice_id="Jalankan pekerjaan lewat Dagster atau `dtsen refresh`.",
    ),
    stopped(
        "E_NO_LIST",
        id="Daftar masukan minggu ini belum dibekukan.",
        en="This week's input list is not frozen yet.",
        basis=OWN,
        advice_id="Jalankan aset `inputs` minggu itu lebih dulu.",
    ),
    stopped(
        "E_NO_CANDIDATE",
        id="Belum ada calon rilis untuk daftar masukan ini.",
        en="There is no candidate for this input list yet.",
        basis=OWN,
        advice_id="Jalankan tahap sebelum rilis untuk minggu yang sama.",
    ),
    stopped(
        "E_REREAD",
        id="Tabel di penyimpanan tidak sama dengan yang dihitung.",
        en="A table on the disk is not what was computed.",
        basis=OWN,
        advice_id="Periksa penyimpanan, lalu jalankan lagi; rilis yang berlaku tidak berubah.",
    ),
    stopped(
        "E_SEAL",
        id="Folder rilis berisi berkas lain dari yang ditulis.",
        en="The release directory holds other files than were written.",
        basis=OWN,
        advice_id="Jangan menaruh berkas di folder rilis; jalankan lagi.",
    ),
    stopped(
        "E_MANIFEST",
        id="Manifes rilis tidak dapat dibaca.",
        en="The manifest of the release cannot be read.",
        basis=OWN,
        advice_id="Jalankan `dtsen verify` pada folder itu dan pulihkan dari cadangan.",
    ),
    stopped(
        "E_RELEASE_FOREIGN",
        id="Ada folder tak terdaftar dengan nama rilis ini.",
        en="An unregistered directory has this release's name.",
        basis=OWN,
        advice_id="Pindahkan folder itu, lalu jalankan lagi.",
    ),
    stopped(
        "E_LEASE_LOST",
        id="Sewa penyegaran habis dan diambil alih proses lain.",
        en="The lease of the refresh ran out and was taken over.",
        basis=OWN,
        advice_id="Perbesar DTSEN_LEASE_SECONDS, lalu jalankan lagi.",
    ),
    stopped(
        "E_SQL_TYPE",
        id="Sebuah kolom rilis tidak punya padanan jenis SQL.",
        en="A release column has no SQL type.",
        basis=OWN,
        advice_id="Laporkan kepada pengembang.",
    ),
    stopped(
        "E_KEY_CHANGED",
        id="Kunci bukan kunci rilis yang berlaku, sehingga semua nomor keluarga dan orang akan berubah.",
        en="The key is not that of the current release, so every family and person id would change.",
        basis=OWN,
        advice_id="Pulihkan berkas kunci dari cadangan; jangan membuat yang baru.",
    ),
)
