"""Which answers behind the model's inputs an officer could find to be different, and the values that are realistic.

Declared beside the inputs (`declared`): each answer with its bounds, and whether a card for the public tells of it. How
a family would stand with another answer is computed in `counterfactual`.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from types import MappingProxyType

from dtsen_pipeline.core.declared import BORN, CARD, CERTIFICATE, DECLARED, GRADE, HEAD, MARITAL, SCHOOL, SEX
from dtsen_pipeline.reference import WelfareModel
from dtsen_pipeline.schemas.tables import FAMILY, MEMBER, VISIT_MEMBER, tables

AREA, FOLD = (8, 300), 2
"""Square metres of a dwelling; a measured area is at least half and at most twice the recorded one."""
ANIMALS, YEARS = (0, 10), (-5, 5)
"""Head of cattle, and years that a written birth year may be off."""
CERTIFICATES = (3, 8, 13, 19, 23)
"""The usual certificate of each level, and none; others of a level count alike; above S1, rules only ask for more."""
MOVED = (3,)
"""Presence of a member who is found to live elsewhere; all absences count alike, this one names no death."""


class Withheld(StrEnum):
    """Why a card for the public says nothing of an answer."""

    FIXED = "tetap"
    STAGED = "mudah dibuat-buat"


@dataclass(frozen=True)
class Editable:
    """An answer: the column that the inputs declare, the cell that a visit would change, and what it may become.

    `within`: bounds of a number, both included, or of the years a birth date is moved by; `fold`: a number may be so
    many times more or less. `codes`: the answers that a visit may bring, the fine ones of the column's list where none
    are named. `answer`: the cell, where it is another column. `opens`: the question to which a yes here says yes as
    well. `is_of_head`: only the head's answer counts.
    """

    column: str
    label: str
    within: tuple[int, int] | None = None
    fold: int = 0
    codes: tuple[int, ...] = ()
    answer: str = ""
    opens: str = ""
    is_of_head: bool = False
    withheld: Withheld | None = None
    reason: str = ""

    @property
    def table(self) -> str:
        """The table of the cell."""
        return self.column.partition(".")[0]

    @property
    def cell(self) -> str:
        """The column of the table that holds the answer."""
        return self.answer or self.column.partition(".")[2]

    @property
    def name(self) -> str:
        """The cell with its table."""
        return f"{self.table}.{self.cell}"

    @property
    def is_of_member(self) -> bool:
        """Whether the answer is one about each member."""
        return self.table == MEMBER

    @property
    def is_of_birth(self) -> bool:
        """Whether the answer is a birth date, of which only the age is told."""
        return self.column == BORN

    @property
    def list_id(self) -> str | None:
        """The code list of the answer; None for a number or a date."""
        return tables()[VISIT_MEMBER if self.answer else self.table].column(self.cell).codes


MOVABLE = "barang dan ternak dapat dipindahkan untuk hari kunjungan"


def _goods(label: str, asset: str) -> Editable:
    column = f"{FAMILY}.aset_bergerak_{asset}"
    return Editable(column, f"Memiliki {label}", opens="kepemilikan_aset", withheld=Withheld.STAGED, reason=MOVABLE)


def _animals(label: str, kind: str) -> Editable:
    column = f"{FAMILY}.jumlah_ternak_{kind}"
    return Editable(column, label, within=ANIMALS, withheld=Withheld.STAGED, reason=MOVABLE)


EDITABLE: tuple[Editable, ...] = (
    Editable(f"{FAMILY}.luas_lantai", "Luas lantai (m²)", within=AREA, fold=FOLD),
    Editable(f"{FAMILY}.jenis_lantai_terluas", "Jenis lantai terluas"),
    Editable(f"{FAMILY}.jenis_dinding_terluas", "Jenis dinding terluas"),
    Editable(f"{FAMILY}.fasilitas_bab", "Fasilitas buang air besar"),
    Editable(f"{FAMILY}.status_kepemilikan_rumah", "Status kepemilikan rumah"),
    Editable(
        f"{FAMILY}.bahan_bakar_utama_memasak",
        "Bahan bakar utama memasak",
        withheld=Withheld.STAGED,
        reason="tungku dan kayu bakar dapat disiapkan untuk hari kunjungan",
    ),
    _goods("pendingin udara (AC)", "ac"),
    _goods("komputer, laptop, atau tablet", "komputer_laptop_tablet"),
    _goods("lemari es", "lemari_es"),
    _goods("sepeda", "sepeda"),
    _goods("sepeda motor", "sepeda_motor"),
    _goods("mobil", "mobil"),
    _animals("Jumlah ternak sapi", "sapi"),
    _animals("Jumlah ternak kerbau", "kerbau"),
    Editable(
        CARD,
        "Keberadaan anggota",
        codes=MOVED,
        answer="keberadaan_anggota",
        withheld=Withheld.STAGED,
        reason="kartu keluarga dapat dipecah tanpa ada yang pindah",
    ),
    Editable(
        CERTIFICATE,
        "Ijazah tertinggi yang dimiliki",
        codes=CERTIFICATES,
        withheld=Withheld.STAGED,
        reason="ijazah dapat tidak ditunjukkan",
    ),
    Editable(
        MARITAL,
        "Status perkawinan kepala keluarga",
        is_of_head=True,
        withheld=Withheld.STAGED,
        reason="perceraian dapat diakui tanpa surat",
    ),
    Editable(BORN, "Umur", within=YEARS, withheld=Withheld.FIXED, reason="tanggal lahir tidak dapat berubah"),
    Editable(
        SEX,
        "Jenis kelamin kepala keluarga",
        is_of_head=True,
        withheld=Withheld.FIXED,
        reason="jenis kelamin tidak dapat berubah",
    ),
)
"""Every answer that can be found different, in the order in which cards tell them."""

LEFT_OUT: Mapping[str, str] = MappingProxyType(
    {
        HEAD: "mengganti kepala keluarga mengubah dua orang sekaligus",
        SCHOOL: "hanya keterangan keluarga",
        GRADE: "hanya keterangan keluarga",
    }
)
"""Columns of the inputs that no card tells of, and why."""


def asked(model: WelfareModel, *, is_public: bool) -> tuple[Editable, ...]:
    """The answers behind the model's verifiable inputs; for the public without those that are withheld."""
    declared = [DECLARED[feature.name] for feature in model.features]
    named = {column for one in declared if one.is_verifiable for column in one.columns}
    return tuple(one for one in EDITABLE if one.column in named and not (is_public and one.withheld))
