"""What became of values and rows, in words: merge decisions, row fates, and why a family is incomplete."""

from collections.abc import Mapping
from types import MappingProxyType

from dtsen_pipeline.schemas.reasons.record import Text

CLASHES: Mapping[str, Text] = MappingProxyType(
    {
        "keras": Text(
            "Kolom ini sudah berubah pada catatan lain sejak yang dilihat petugas; periksa mana yang benar.",
            "Another record changed this column since what the officer saw; check which is right.",
        ),
        "lunak": Text(
            "Catatan lain lebih baru daripada yang dilihat petugas, tetapi kolom ini masih seperti yang dilihatnya.",
            "Another record is newer than what the officer saw, but in this column says what the officer had seen.",
        ),
    }
)
"""How a contradiction stands to what the officer had seen; see `core.clashes`."""

DECISIONS: Mapping[str, Text] = MappingProxyType(
    {
        "register": Text(
            "Data kependudukan didahulukan dari nilai potret dan verifikasi.",
            "The population register comes before the values of snapshots and visits.",
        ),
        "changed": Text(
            "Nilai verifikasi menggantikan nilai potret.",
            "The verified value replaces the snapshot's.",
        ),
        "blocked": Text(
            "Potret baru mengulang nilai lama yang sudah diperbaiki petugas; nilai verifikasi dipertahankan.",
            "A new snapshot repeats the old value that an officer had corrected; the verified value stays.",
        ),
        "pending": Text(
            "Potret baru membawa nilai ketiga; nilai verifikasi dipertahankan sampai diperiksa ulang.",
            "A new snapshot brings a third value; the verified value stays until it is checked again.",
        ),
        "filled": Text(
            "Potret tidak berisi nilai, dan catatan ini mengisinya.",
            "The snapshot holds no value, and this record fills it.",
        ),
        "refined": Text(
            "Nilai yang lebih rinci menggantikan nilai kasar yang sejalan.",
            "A finer value takes the place of a coarse one that agrees with it.",
        ),
        "confirmed": Text(
            "Petugas atau data kependudukan memuat nilai yang sama dengan yang berlaku.",
            "The officer found, or the register holds, the value that stands.",
        ),
        "adopted": Text(
            "Potret baru sudah memuat nilai yang diverifikasi.",
            "The new snapshot holds the value that was verified.",
        ),
        "overridden": Text(
            "Nilai potret dasar digantikan oleh nilai verifikasi yang didahulukan.",
            "The base snapshot's value gave way to a verified one that takes precedence.",
        ),
        "expired": Text(
            "Nilai verifikasi melewati batas usia kolomnya; potret baru berlaku.",
            "The verified value is older than its column allows; the new snapshot stands.",
        ),
        "superseded": Text(
            "Nilai ini kalah dari kunjungan atau baris lain, atau dari potret yang berubah kemudian.",
            "The value lost to another visit or row, or to a snapshot that changed later.",
        ),
        "reviewed": Text(
            "Peninjau memilih kunjungan lain untuk kelompok kolom ini.",
            "A reviewer chose another visit for this group of columns.",
        ),
        "overruled": Text(
            "Data kependudukan menyatakan lain dan didahulukan.",
            "The population register says otherwise and comes first.",
        ),
    }
)

FATE_TEXTS: Mapping[str, Text] = MappingProxyType(
    {
        "base": Text(
            "Baris potret ini menjadi dasar keluarga atau orang yang diterbitkan.",
            "The row is the base of a published family or person.",
        ),
        "contributed": Text(
            "Baris ini memenangkan atau menegaskan sedikitnya satu kolom.",
            "The row won or confirmed at least one column.",
        ),
        "superseded": Text(
            "Baris ini sah, tetapi tidak memenangkan satu kolom pun.",
            "The row is valid and won no column.",
        ),
        "no_values": Text(
            "Kunjungan tidak membawa nilai: tidak ada responden, menolak, atau rumah tidak ada.",
            "The visit brought no values: no respondent, refused, or the building is gone.",
        ),
        "duplicate": Text(
            "Baris ini mengulang seluruh isi baris lain.",
            "The row repeats the whole content of another.",
        ),
        "rejected": Text(
            "Baris ini melanggar aturan wajib dan dapat dikoreksi.",
            "The row broke a hard rule and can be corrected.",
        ),
        "held": Text(
            "Baris ini menunggu keputusan petugas.",
            "The row waits for a person to decide.",
        ),
        "out_of_scope": Text(
            "Baris ini tentang keluarga di kabupaten/kota lain, atau tentang orang yang tidak ada dalam potret dasar.",
            "The row speaks of a family in another regency or city, or of a person whom the base snapshot lacks.",
        ),
    }
)

EVENT_TEXTS: Mapping[str, Text] = MappingProxyType(
    {
        "lahir": Text(
            "Orang ini pertama kali terlihat, dan lahir sesudah potret tertua.",
            "The person is seen for the first time, and was born after the oldest snapshot.",
        ),
        "tercatat": Text(
            "Keluarga atau orang ini pertama kali terlihat, sesudah potret tertua.",
            "The family or person is seen for the first time, after the oldest snapshot.",
        ),
        "pindah": Text(
            "Orang ini terlihat di keluarga lain daripada sebelumnya.",
            "The person is seen in another family than before.",
        ),
        "pindah_keluar": Text(
            "Menurut keluarganya sendiri atau data kependudukan, orang ini pindah.",
            "The person's own family or the population register said that they moved away.",
        ),
        "meninggal": Text(
            "Menurut kunjungan atau data kependudukan, orang ini meninggal.",
            "A visit was told that the person died, or the population register says so.",
        ),
        "hidup_kembali": Text(
            "Orang ini ditemui, sesudah kunjungan sebelumnya mencatatnya meninggal.",
            "The person was met after an earlier visit was told of their death.",
        ),
        "kartu_berubah": Text(
            "Keluarga ini tercatat dengan nomor kartu lain daripada sebelumnya.",
            "The family is listed under another card than before.",
        ),
        "pecah": Text(
            "Keluarga ini baru, dan ada anggotanya yang sebelumnya tercatat di keluarga lain.",
            "The family is new, and listed members were listed in another family before.",
        ),
        "gabung": Text(
            "Keluarga ini tidak tercatat lagi, dan ada anggotanya yang tercatat di keluarga yang sudah ada.",
            "The family is listed no more, and members are listed in a family that existed before.",
        ),
        "tidak_tercatat": Text(
            "Keluarga atau orang ini tidak ada lagi dalam potret berikutnya.",
            "The next snapshot lists the family or person no more.",
        ),
        "tercatat_kembali": Text(
            "Keluarga atau orang ini tercatat lagi sesudah sebuah potret tanpanya.",
            "The family or person is listed again after a snapshot without them.",
        ),
    }
)

INCOMPLETE_TEXTS: Mapping[str, Text] = MappingProxyType(
    {
        "anggota_ditolak": Text(
            "Ada baris anggota yang ditolak dan belum dikoreksi.",
            "A member row was rejected and not yet corrected.",
        ),
        "anggota_ditahan": Text(
            "Ada baris anggota yang ditahan.",
            "A member row is held.",
        ),
        "tanpa_anggota": Text(
            "Keluarga tidak mempunyai anggota yang tinggal bersama.",
            "The family has no member who is present.",
        ),
        "masukan_kosong": Text(
            "Kolom yang diperlukan untuk menghitung skor kosong, atau kepala keluarga tidak tepat satu.",
            "A column that the score needs is blank, or the family has not exactly one head.",
        ),
    }
)
