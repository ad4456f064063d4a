"""What NIK and family card numbers warn of: their structure, and each other."""

from functools import partial

from dtsen_pipeline.schemas.reasons.record import Reason, ReasonKind, Severity

NIK, CARD, NAME = "nomor_induk_kependudukan", "nomor_kartu_keluarga", "nama"
BORN, SEX = "tanggal_lahir", "jenis_kelamin"
NIK_PARTS = "susunan NIK Dukcapil: wilayah, tanggal lahir (hari ditambah 40 untuk perempuan), nomor urut"
CARD_PARTS = "susunan nomor kartu keluarga Dukcapil: wilayah, tanggal pencatatan, nomor urut"
REGIONS = "kode wilayah Kemendagri (Kepmendagri 300.2.2-2430/2025)"
ONE_EACH = "satu NIK untuk satu orang (Dukcapil)"
ONE_DIGIT = "salah ketik satu angka pada NIK (ketidakcocokan yang dilaporkan kantor Dukcapil)"

warned = partial(Reason, severity=Severity.WARNS)

NUMBERS = (
    warned(
        "W_NIK_PLACEHOLDER",
        kind=ReasonKind.FORMAT,
        id="NIK berisi angka pengisi: satu angka berulang atau angka berurutan.",
        en="The NIK is filled up with one digit or with digits in a row.",
        basis=NIK_PARTS,
        advice_id="Minta NIK yang sah kepada keluarga atau Dukcapil.",
        reads=(NIK,),
    ),
    warned(
        "W_NIK_DATE",
        kind=ReasonKind.FORMAT,
        id="Angka tanggal dalam NIK bukan tanggal yang ada.",
        en="The digits of the date inside the NIK are no day of the calendar.",
        basis=NIK_PARTS,
        advice_id="Cocokkan dengan KTP-el; kemungkinan salah ketik.",
        reads=(NIK,),
    ),
    warned(
        "W_NIK_REGION_UNKNOWN",
        kind=ReasonKind.FORMAT,
        id="Kode wilayah di awal NIK tidak ada: bukan provinsi, berisi 00, atau bukan kecamatan di kota ini.",
        en="The region at the start of the NIK does not exist: no province, 00, or no district of this city.",
        basis=REGIONS,
        advice_id="Cocokkan dengan KTP-el; kemungkinan salah ketik.",
        reads=(NIK,),
    ),
    warned(
        "W_NIK_IS_CARD",
        kind=ReasonKind.CROSS_COLUMN,
        id="NIK sama dengan nomor kartu keluarganya.",
        en="The NIK equals the family card number.",
        basis="NIK dan nomor kartu keluarga adalah dua nomor yang berbeda (Dukcapil)",
        advice_id="Salin NIK anggota itu dari kartu keluarga.",
        reads=(NIK, CARD),
    ),
    warned(
        "W_NIK_TWO_FAMILIES",
        kind=ReasonKind.CROSS_ROW,
        id="NIK ini tercatat pada lebih dari satu kartu keluarga.",
        en="The NIK stands on more than one family card.",
        basis=ONE_EACH,
        advice_id="Pastikan keluarga tempat orang itu tinggal; usulkan penghapusan pada keluarga lainnya.",
        reads=(NIK, CARD),
    ),
    warned(
        "W_NIK_TWO_NAMES",
        kind=ReasonKind.CROSS_ROW,
        id="NIK ini tercatat dengan lebih dari satu nama.",
        en="The NIK stands under more than one name.",
        basis=ONE_EACH,
        advice_id="Cocokkan nama dan NIK dengan KTP-el keduanya.",
        reads=(NIK, NAME),
    ),
    warned(
        "W_NIK_NEIGHBOUR",
        kind=ReasonKind.CROSS_ROW,
        id="NIK yang meragukan ini hanya berbeda satu angka, atau dua angka yang tertukar, dari NIK anggota lain.",
        en="This doubtful NIK is another member's but for one digit, or for two neighbouring digits swapped.",
        basis=ONE_DIGIT,
        advice_id="Bandingkan kedua baris dengan kartu keluarga; nomor tidak diperbaiki dengan sendirinya.",
        reads=(NIK, CARD),
    ),
    warned(
        "W_PERSON_TWICE",
        kind=ReasonKind.CROSS_ROW,
        id="Nama dan tanggal lahir ini ada lebih dari sekali dalam satu kartu keluarga.",
        en="This name and birth date stand more than once on one family card.",
        basis=ONE_EACH,
        advice_id="Periksa apakah satu orang tercatat dua kali.",
        reads=(CARD, NAME, BORN),
    ),
    warned(
        "W_KK_PLACEHOLDER",
        kind=ReasonKind.FORMAT,
        id="Nomor kartu keluarga berisi angka pengisi: satu angka berulang atau angka berurutan.",
        en="The family card number is filled up with one digit or with digits in a row.",
        basis=CARD_PARTS,
        advice_id="Salin nomor dari kartu keluarga.",
        reads=(CARD,),
    ),
    warned(
        "W_KK_DATE",
        kind=ReasonKind.FORMAT,
        id="Angka tanggal dalam nomor kartu keluarga bukan tanggal yang ada.",
        en="The digits of the date inside the family card number are no day of the calendar.",
        basis=CARD_PARTS,
        advice_id="Cocokkan dengan kartu keluarga; kemungkinan salah ketik.",
        reads=(CARD,),
    ),
    warned(
        "W_KK_REGION",
        kind=ReasonKind.FORMAT,
        id="Kartu keluarga diterbitkan di luar kota ini.",
        en="The family card was issued outside this city.",
        basis=CARD_PARTS,
        advice_id="Pastikan kartu keluarga sudah diperbarui sesudah pindah.",
        reads=(CARD,),
    ),
    warned(
        "W_KK_REGION_UNKNOWN",
        kind=ReasonKind.FORMAT,
        id="Kode wilayah di awal nomor kartu tidak ada: bukan provinsi, berisi 00, atau bukan kecamatan di kota ini.",
        en="The region at the start of the card number does not exist: no province, 00, or no district of this city.",
        basis=REGIONS,
        advice_id="Cocokkan dengan kartu keluarga; kemungkinan salah ketik.",
        reads=(CARD,),
    ),
    warned(
        "W_KK_SERIAL",
        kind=ReasonKind.FORMAT,
        id="Nomor urut kartu keluarga 0000, tanda nomor sementara.",
        en="The serial of the family card number is 0000, a sign of a placeholder.",
        basis=CARD_PARTS,
        advice_id="Minta nomor yang sah kepada keluarga atau Dukcapil.",
        reads=(CARD,),
    ),
)
