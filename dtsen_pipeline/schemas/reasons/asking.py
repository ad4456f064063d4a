"""Why a question or command is turned away: what was typed, whom it is about, what can be read."""

from functools import partial

from dtsen_pipeline.schemas.reasons.record import Reason, ReasonKind, Severity

PDP = "UU 27/2022 (Pelindungan Data Pribadi)"
OWN = "aturan proyek ini"

stopped = partial(Reason, severity=Severity.STATE, kind=ReasonKind.OPERATION)

ASKING = (
    stopped(
        "E_USAGE",
        id="Perintah tidak ditulis dengan benar.",
        en="The command is not written correctly.",
        basis=OWN,
        advice_id="Lihat cara pakainya dengan --help pada perintah itu.",
    ),
    stopped(
        "E_UNEXPECTED",
        id="Terjadi kesalahan yang tidak terduga; rinciannya tidak ditampilkan agar data warga tidak bocor.",
        en="Something unexpected went wrong; its details stay hidden so that no citizen's data leaks.",
        basis=PDP,
        advice_id="Jalankan dtsen doctor, lalu laporkan kode dan jenis kesalahannya.",
    ),
    stopped(
        "E_BATCH_UNKNOWN",
        id="Batch, kunjungan, atau baris itu tidak pernah diterima.",
        en="No received batch, visit or row is called that.",
        basis=OWN,
        advice_id="Periksa namanya; token berkas dan batch ada dalam jawaban dtsen ingest.",
    ),
    stopped(
        "E_EXPORT",
        id="Berkas tujuan tidak dapat ditulis.",
        en="The file to be written cannot be.",
        basis=OWN,
        advice_id="Pilih nama berkas yang belum ada, di dalam folder yang ada.",
    ),
    stopped(
        "E_NUMBER_ARGUMENT",
        id="Nomor kartu keluarga dan NIK tidak boleh ditulis sebagai bagian perintah.",
        en="A family card number or NIK must not be written as part of a command.",
        basis=PDP,
        advice_id="Kirim nomor melalui masukan standar, lalu hapus perintah itu dari riwayat terminal.",
    ),
    stopped(
        "E_NUMBER_INPUT",
        id="Masukan standar tidak berisi nomor 16 angka pada setiap barisnya.",
        en="Standard input does not hold a number of 16 digits on each line.",
        basis=OWN,
        advice_id="Tulis satu nomor kartu keluarga atau NIK pada setiap baris, tanpa tanda lain.",
    ),
    stopped(
        "E_PASSPORT",
        id="Berkas ini tidak memiliki paspor.",
        en="This file has no passport.",
        basis=OWN,
        advice_id="Tunjuk berkas potret yang versi, wilayah dan tanggal datanya sudah diketahui.",
    ),
    stopped(
        "E_HTML",
        id="Halaman tidak dapat ditulis di tempat itu.",
        en="The page cannot be written there.",
        basis=OWN,
        advice_id="Tunjuk berkas di folder yang ada dan boleh ditulisi.",
    ),
    stopped(
        "E_ENTITY_UNKNOWN",
        id="Rilis ini tidak memuat keluarga atau orang dengan nomor itu.",
        en="The release has no family or person with that id.",
        basis=OWN,
        advice_id="Cari nomornya dengan dtsen find, dan periksa apakah itu nomor keluarga atau nomor orang.",
    ),
    stopped(
        "E_ENTITY_SEVERAL",
        id="Nomor itu menunjuk lebih dari satu keluarga atau orang.",
        en="The number leads to more than one family or person.",
        basis=OWN,
        advice_id="Lihat semuanya dengan dtsen find, lalu telusuri satu per satu.",
    ),
    stopped(
        "E_SCORE_DIFFERS",
        id="Masukan keluarga ini tidak menghasilkan skor yang diterbitkan, sehingga desilnya tidak dapat diterangkan.",
        en="The inputs of the family do not give its published score, so its desil cannot be explained.",
        basis=OWN,
        advice_id="Periksa rilis dengan dtsen verify, lalu pakai versi program dan model yang dicatatnya.",
    ),
    stopped(
        "E_COLUMN_UNKNOWN",
        id="Tabel itu tidak mempunyai kolom dengan nama tersebut.",
        en="The table has no column of that name.",
        basis=OWN,
        advice_id="Lihat nama kolom dalam kamus data.",
    ),
    stopped(
        "E_VILLAGE_UNKNOWN",
        id="Kota ini tidak mempunyai kelurahan dengan nama atau kode tersebut.",
        en="The city has no kelurahan of that name or code.",
        basis=OWN,
        advice_id="Tulis nama kelurahan atau kodenya seperti dalam data rujukan.",
    ),
    stopped(
        "E_PROGRAMME_UNKNOWN",
        id="Tidak ada program dengan nama itu dalam data rujukan.",
        en="The reference data have no programme of that name.",
        basis=OWN,
        advice_id="Pakai salah satu nama program yang disebutkan.",
    ),
    stopped(
        "E_PROGRAMME_RULE",
        id="Data rujukan program tidak dapat dipakai; tidak ada yang dihitung.",
        en="The reference data of the programmes cannot be used; nothing was computed.",
        basis=OWN,
        advice_id="Perbaiki aturan yang disebutkan: kolomnya, tanggal berlakunya, atau batas desilnya.",
    ),
    stopped(
        "E_KIND",
        id="Jenis berkas yang disebutkan berbeda dari profil berkas itu.",
        en="The stated kind is not that of the file's profile.",
        basis=OWN,
        advice_id="Hilangkan --kind, atau periksa apakah berkas yang benar yang dimasukkan.",
    ),
    stopped(
        "E_NO_RELEASE",
        id="Belum ada rilis yang diterbitkan.",
        en="Nothing has been published yet.",
        basis=OWN,
        advice_id="Jalankan dtsen refresh.",
    ),
    stopped(
        "E_RELEASE_DAMAGED",
        id="Berkas rilis ini tidak utuh.",
        en="The files of the release are not whole.",
        basis=OWN,
        advice_id="Lihat yang rusak dengan dtsen verify, lalu pulihkan dari cadangan.",
    ),
    stopped(
        "E_TABLE_UNKNOWN",
        id="Rilis tidak mempunyai tabel dengan nama itu.",
        en="A release has no table of that name.",
        basis=OWN,
        advice_id="Pakai salah satu nama tabel yang disebutkan.",
    ),
)
