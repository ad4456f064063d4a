"""Why a valid row cannot be tied to a family or a person, and so is held or out of scope."""

from functools import partial

from dtsen_pipeline.schemas.reasons.record import Reason, ReasonKind, Severity

SAME_PERSON = "satu NIK satu orang, hanya bila tanggal lahir dan jenis kelamin cocok"
OWN = "aturan proyek ini"

held = partial(Reason, severity=Severity.HOLDS, kind=ReasonKind.IDENTITY)

TIES = (
    held(
        "H_FAMILY_ABSENT",
        id="Baris keluarga untuk anggota ini tidak ada atau ditolak.",
        en="The family row of this member is absent or was rejected.",
        basis="berkas anggota dan keluarga terhubung oleh nomor kartu keluarga",
        advice_id="Perbaiki baris keluarganya dengan koreksi; anggota ikut terpakai.",
    ),
    held(
        "H_NO_IDENTITY",
        id="Anggota ini tidak mempunyai NIK maupun nama.",
        en="The member has neither a NIK nor a name.",
        basis=SAME_PERSON,
        advice_id="Lengkapi nama atau NIK pada kunjungan berikutnya.",
    ),
    held(
        "H_FAMILY_UNKNOWN",
        id="Keluarga yang dikunjungi tidak ada dalam potret dasar.",
        en="The visited family is not in the base snapshot.",
        basis="Kepmensos 245/HUK/2025 (tata cara usulan data)",
        advice_id="Periksa nomor kartu keluarga; keluarga baru diusulkan melalui SIKS-NG.",
    ),
    held(
        "H_VISIT_UNKNOWN",
        id="Kunjungan untuk baris anggota ini tidak ada atau ditolak.",
        en="The visit of this member row is absent or was rejected.",
        basis="berkas kunjungan dan anggotanya terhubung oleh nomor kunjungan",
        advice_id="Kirim atau perbaiki baris kunjungannya.",
    ),
    held(
        "H_VERSION_UNKNOWN",
        id="Kunjungan untuk baris anggota ini tidak ikut dalam batchnya atau belum disetujui; versi lain yang dipakai.",
        en="The visit of this member row is not in the same batch, or not approved; another version of it stands.",
        basis="berkas kunjungan dan anggotanya terhubung oleh nomor kunjungan",
        advice_id="Setujui kunjungannya di server formulir lalu kirim lagi; baris ini tidak mengubah apa pun.",
    ),
    held(
        "H_VISIT_HELD",
        id="Kunjungan untuk baris anggota ini sedang ditahan.",
        en="The visit of this member row is held.",
        basis=OWN,
        advice_id="Selesaikan kunjungannya lebih dahulu.",
    ),
    held(
        "H_VISIT_TWICE",
        id="Satu nomor kunjungan dipakai untuk lebih dari satu keluarga.",
        en="One visit id stands for more than one family.",
        basis=OWN,
        advice_id="Beri setiap kunjungan nomornya sendiri, lalu kirim lagi.",
    ),
    held(
        "H_NIK_AMBIGUOUS",
        id="Beberapa orang cocok dengan NIK pada baris ini.",
        en="Several persons fit the NIK of this row.",
        basis=SAME_PERSON,
        advice_id="Putuskan orangnya dalam peninjauan; lengkapi tanggal lahir dan jenis kelamin.",
    ),
    held(
        "H_NIK_CONTRADICTED",
        id="NIK dikenal, tetapi tanggal lahir atau jenis kelaminnya berbeda.",
        en="The NIK is known, but its birth date or sex differs.",
        basis=SAME_PERSON,
        advice_id="Cocokkan dengan KTP-el; putuskan dalam peninjauan apakah ini orang yang sama.",
    ),
    held(
        "H_NAME_AMBIGUOUS",
        id="Beberapa anggota keluarga ini cocok dengan nama pada baris ini.",
        en="Several members of the family fit the name of this row.",
        basis=SAME_PERSON,
        advice_id="Lengkapi NIK atau tanggal lahir, lalu kirim lagi.",
    ),
    held(
        "H_PERSON_UNKNOWN",
        id="Orang ini tidak dikenal dan identitasnya belum cukup untuk anggota baru.",
        en="The person is not known, and the identity is not complete enough for a new member.",
        basis=SAME_PERSON,
        advice_id="Lengkapi nama, tanggal lahir, dan jenis kelamin; tandai sebagai anggota baru.",
    ),
    held(
        "H_REGISTER_AMBIGUOUS",
        id="Data kependudukan tidak menunjuk tepat satu pemegang NIK ini, atau pemegangnya memakai NIK lain juga.",
        en="The register does not point to exactly one bearer of the NIK, or that person bears another one too.",
        basis=SAME_PERSON,
        advice_id="Cocokkan tanggal lahir dan jenis kelamin mereka dengan KTP-el.",
    ),
    held(
        "H_REGISTER_CONTRADICTED",
        id="Tanggal lahir atau jenis kelamin berbeda dari data kependudukan, dan namanya pun tidak mirip.",
        en="The birth date or sex differs from the register's, and so does the name.",
        basis=SAME_PERSON,
        advice_id="Kemungkinan NIK salah ketik dalam potret; cocokkan dengan KTP-el.",
    ),
    Reason(
        "O_REGISTER_UNLISTED",
        Severity.OUT_OF_SCOPE,
        ReasonKind.IDENTITY,
        id="Orang dalam petikan data kependudukan ini tidak ada dalam data yang diterbitkan.",
        en="The register's person is not among those who are published.",
        basis="petikan memuat penduduk, sedangkan rilis memuat keluarga dalam potret dasar",
        advice_id="Tidak perlu apa-apa; usulkan keluarganya melalui SIKS-NG bila memang berhak.",
    ),
    Reason(
        "S_NEWER_VERSION",
        Severity.SUPERSEDES,
        ReasonKind.IDENTITY,
        id="Kiriman ini disunting di server formulirnya, dan versi barunya yang dipakai.",
        en="The submission was edited on its form server, and the newer version stands.",
        basis="nomor kiriman tetap sama setelah disunting (ODK Central, KoboToolbox)",
        advice_id="Tidak perlu apa-apa; baris ini tidak mengubah apa pun lagi.",
    ),
    Reason(
        "O_CITY",
        Severity.OUT_OF_SCOPE,
        ReasonKind.IDENTITY,
        id="Keluarga ini tercatat di kabupaten/kota lain.",
        en="The family is registered in another regency or city.",
        basis="aturan proyek ini: kota memverifikasi warganya sendiri",
        advice_id="Teruskan kepada dinas sosial kabupaten/kota itu.",
    ),
)
