"""What a family warns of when its members are held against it and against each other."""

from functools import partial

from dtsen_pipeline.schemas.reasons.record import Reason, ReasonKind, Severity

REGSOSEK = "aturan konsistensi Regsosek 2022"
MARRIAGE = "UU 1/1974 tentang Perkawinan"
KINSHIP = "hubungan keluarga menurut kartu keluarga (Dukcapil)"
RELATION, BORN, SEX = "status_hubungan_keluarga", "tanggal_lahir", "jenis_kelamin"

warned = partial(Reason, severity=Severity.WARNS)

HOUSEHOLDS = (
    warned(
        "W_SPOUSE_COUNT",
        kind=ReasonKind.CROSS_TABLE,
        id="Keluarga mempunyai lebih dari satu istri atau suami.",
        en="The family has more than one spouse of the head.",
        basis=REGSOSEK,
        advice_id="Tidak perlu tindakan bila memang demikian; poligami bukan kesalahan data.",
        reads=(RELATION,),
    ),
    warned(
        "W_HEAD_UNMARRIED",
        kind=ReasonKind.CROSS_TABLE,
        id="Kepala keluarga tercatat belum kawin padahal ada istri atau suami.",
        en="The head is recorded as never married although there is a spouse.",
        basis=REGSOSEK,
        advice_id="Periksa status perkawinan kepala keluarga.",
        reads=(RELATION, "status_kawin"),
    ),
    warned(
        "W_COUPLE_SEX",
        kind=ReasonKind.CROSS_TABLE,
        id="Kepala keluarga dan pasangannya tercatat berjenis kelamin sama.",
        en="The head and the spouse are recorded with the same sex.",
        basis=MARRIAGE,
        advice_id="Periksa jenis kelamin dan hubungan keluarga keduanya.",
        reads=(RELATION, SEX),
    ),
    warned(
        "W_CHILD_OLDER",
        kind=ReasonKind.CROSS_TABLE,
        id="Anak atau cucu tercatat tidak lebih muda daripada kepala keluarga.",
        en="A child or grandchild is recorded as no younger than the head.",
        basis=KINSHIP,
        advice_id="Periksa tanggal lahir dan hubungan keluarga keduanya.",
        reads=(RELATION, BORN),
    ),
    warned(
        "W_PARENT_YOUNGER",
        kind=ReasonKind.CROSS_TABLE,
        id="Orang tua atau mertua tercatat tidak lebih tua daripada kepala keluarga.",
        en="A parent or parent-in-law is recorded as no older than the head.",
        basis=KINSHIP,
        advice_id="Periksa tanggal lahir dan hubungan keluarga keduanya.",
        reads=(RELATION, BORN),
    ),
)
