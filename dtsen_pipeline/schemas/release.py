"""The tables of a release: what the office and its auditors read.

`keluarga` and `anggota` carry the merged values with a base pointer (`src`, `row`); the sparse `lineage` and
`conflict` tables name the records that won or lost columns, as a mask of the columns' bits. How they are
computed stands in `core`.
"""

from datetime import date

import pandera.polars as pa
import polars as pl

from dtsen_pipeline.schemas.columns import Number, code
from dtsen_pipeline.schemas.family import Family
from dtsen_pipeline.schemas.fates import FATES
from dtsen_pipeline.schemas.member import Member

TOKEN = "^[0-9a-f]{12}$"  # noqa: S105 - a file token is no secret
ENTITY = "^[0-9a-f]{32}$"
PRESENCE_BIT, FAMILY_BIT = 48, 49
WINNING = ("register", "changed", "blocked", "pending", "filled", "refined")
AGREEING = ("confirmed", "adopted")
LOSING = ("overridden", "blocked", "pending", "expired", "superseded", "reviewed", "overruled")
SOURCES = ("keluarga", "anggota", "kunjungan", "kunjungan_anggota", "kependudukan")
ENTITY_TABLES = ("keluarga", "anggota")
EVENTS = (
    "lahir",
    "tercatat",
    "pindah",
    "pindah_keluar",
    "meninggal",
    "hidup_kembali",
    "kartu_berubah",
    "pecah",
    "gabung",
    "tidak_tercatat",
    "tercatat_kembali",
)
INCOMPLETE = ("anggota_ditolak", "anggota_ditahan", "tanpa_anggota", "masukan_kosong")


def _matching(pattern: str, title: str) -> str:
    field: str = pa.Field(str_matches=pattern, title=title)
    return field


def _maybe(pattern: str, title: str) -> str:
    field: str = pa.Field(str_matches=pattern, title=title, nullable=True)
    return field


def _one_of(values: tuple[str, ...], title: str, *, nullable: bool = False) -> str:
    field: str = pa.Field(isin=list(values), title=title, nullable=nullable)
    return field


def _decile(title: str) -> int:
    field: int = pa.Field(in_range={"min_value": 1, "max_value": 10}, nullable=True, title=title)
    return field


class Published(pa.DataFrameModel):
    """What every published table obeys: exactly the declared columns."""

    class Config:
        """Columns that nobody declared are refused."""

        strict = True
        ordered = True


class Pointed(Published):
    """A row that names the source record it came from."""

    src: str = _matching(TOKEN, "Token berkas")
    row: int = pa.Field(ge=1, title="Baris fisik")


class Keluarga(Family):
    """A family: merged values, base pointer, the official deciles as sent, and our own beside them."""

    family_id: str = pa.Field(str_matches=ENTITY, unique=True, title="Nomor keluarga")
    src: str = _matching(TOKEN, "Token berkas")
    row: int = pa.Field(ge=1, title="Baris fisik")
    is_lengkap: bool = pa.Field(title="Lengkap")
    alasan_tidak_lengkap: str = _one_of(INCOMPLETE, "Alasan tidak lengkap", nullable=True)
    skor_bayangan: int = pa.Field(nullable=True, title="Skor dari data kementerian (mikro-log)")
    skor_verifikasi: int = pa.Field(nullable=True, title="Skor dari data terverifikasi (mikro-log)")
    skor_estimasi: int = pa.Field(nullable=True, title="Titik estimasi pada skala skor (mikro-log)")
    desil_bayangan: int = _decile("Desil bayangan")
    desil_verifikasi: int = _decile("Desil verifikasi")
    desil_verifikasi_min: int = _decile("Desil verifikasi paling rendah, apa pun isi masukan yang kosong")
    desil_verifikasi_max: int = _decile("Desil verifikasi paling tinggi, apa pun isi masukan yang kosong")
    desil_estimasi: int = _decile("Desil estimasi")
    desil_estimasi_min: int = _decile("Desil estimasi paling rendah, apa pun isi masukan yang kosong")
    desil_estimasi_max: int = _decile("Desil estimasi paling tinggi, apa pun isi masukan yang kosong")
    jarak_batas_bawah: int = pa.Field(
        ge=0, nullable=True, title="Jarak titik estimasi di atas batas desil di bawahnya (mikro-log)"
    )
    jarak_batas_atas: int = pa.Field(
        ge=0, nullable=True, title="Jarak titik estimasi ke batas atas desilnya (mikro-log)"
    )

    class Config:
        """Columns that nobody declared are refused."""

        strict = True


class Anggota(Member):
    """A person: merged values, base pointer, presence and the family the person belongs to."""

    person_id: str = pa.Field(str_matches=ENTITY, unique=True, title="Nomor orang")
    family_id: str = _matching(ENTITY, "Nomor keluarga")
    src: str = _matching(TOKEN, "Token berkas")
    row: int = pa.Field(ge=1, title="Baris fisik")
    keberadaan_anggota: Number = code("Keberadaan anggota", bit=PRESENCE_BIT, codes="keberadaan", group="membership")

    class Config:
        """Columns that nobody declared are refused."""

        strict = True


class Lineage(Pointed):
    """One row per entity, winning or agreeing record and decision; `mask` has a bit for each column."""

    tabel: str = _one_of(ENTITY_TABLES, "Tabel")
    entity_id: str = _matching(ENTITY, "Nomor entitas")
    sumber: str = _one_of(SOURCES, "Tabel sumber")
    decision: str = _one_of(WINNING + AGREEING, "Keputusan")
    mask: int = pa.Field(gt=0, title="Kolom")


class Conflict(Pointed):
    """One row per entity, losing record and decision, in the shape of `lineage`.

    `mask_keras` and `mask_lunak`: of its columns, those that clash hard or softly (see `core.clashes`).
    """

    tabel: str = _one_of(ENTITY_TABLES, "Tabel")
    entity_id: str = _matching(ENTITY, "Nomor entitas")
    sumber: str = _one_of(SOURCES, "Tabel sumber")
    decision: str = _one_of(LOSING, "Keputusan")
    mask: int = pa.Field(gt=0, title="Kolom")
    mask_keras: int = pa.Field(ge=0, title="Kolom yang bentrok keras: berubah sejak yang dilihat petugas")
    mask_lunak: int = pa.Field(ge=0, title="Kolom yang bentrok lunak: masih seperti yang dilihat petugas")


class Rejected(Pointed):
    """An input row that broke a hard rule, with its reason codes joined by `|`."""

    sumber: str = _one_of(SOURCES, "Tabel sumber")
    reasons: str = pa.Field(str_matches="^E_", title="Alasan")
    resolved_by: str = pa.Field(nullable=True, title="Diselesaikan oleh")


class Warned(Pointed):
    """An input row that was used and raised warnings, joined by `|`."""

    sumber: str = _one_of(SOURCES, "Tabel sumber")
    warnings: str = pa.Field(str_matches="^W_", title="Peringatan")


class Fate(Pointed):
    """What became of one input row; exactly one fate each."""

    sumber: str = _one_of(SOURCES, "Tabel sumber")
    fate: str = _one_of(FATES, "Nasib")
    reason: str = pa.Field(nullable=True, title="Alasan")


class Alias(Published):
    """A surrogate id under which a record of the entity could have been found, and the entity's id."""

    tabel: str = _one_of(ENTITY_TABLES, "Tabel")
    alias_id: str = _matching(ENTITY, "Alias")
    entity_id: str = _matching(ENTITY, "Nomor entitas")


class Vanished(Pointed):
    """A family or person of an older snapshot that nobody lists any more, with the last record that did."""

    tabel: str = _one_of(ENTITY_TABLES, "Tabel")
    entity_id: str = _matching(ENTITY, "Nomor entitas")


class Peristiwa(Pointed):
    """What happened to a family or person, with the day and the record that shows it; see `core.genealogy`."""

    tabel: str = _one_of(ENTITY_TABLES, "Tabel")
    entity_id: str = _matching(ENTITY, "Nomor entitas")
    peristiwa: str = _one_of(EVENTS, "Peristiwa")
    hari: date = pa.Field(title="Tanggal data potret, atau hari kunjungan")
    dari_id: str = _maybe(ENTITY, "Nomor keluarga yang ditinggalkan")
    ke_id: str = _maybe(ENTITY, "Nomor keluarga yang dimasuki")


class Tautan(Pointed):
    """An edge by which the linkage tied two records of one person; `src` and `row` are those of side A.

    Both sides stand under the ids that they have by themselves: a case of reviewers names them so.
    """

    person_id: str = _matching(ENTITY, "Nomor orang")
    pihak_a: str = _matching(ENTITY, "Nomor menurut catatan A")
    pihak_b: str = _matching(ENTITY, "Nomor menurut catatan B")
    src_b: str = _matching(TOKEN, "Token berkas catatan B")
    row_b: int = pa.Field(ge=1, title="Baris fisik catatan B")
    bobot: int = pa.Field(title="Bobot (perseratus bit)")
    peluang_per_sejuta: int = pa.Field(
        in_range={"min_value": 0, "max_value": 1_000_000}, title="Peluang satu orang, per sejuta"
    )
    model: str = pa.Field(str_matches="^[0-9a-f]{64}$", title="Sidik model penautan (sha256)")


class Summary(Published):
    """Counts for people and for the population judge; never a value of a single person."""

    measure: str = pa.Field(title="Ukuran")
    kelurahan: str = pa.Field(title="Kode kelurahan, atau semua")
    category: str = pa.Field(title="Kategori, atau semua")
    count: int = pa.Field(ge=0, title="Jumlah")


TABLES: dict[str, type[pa.DataFrameModel]] = {
    "keluarga": Keluarga,
    "anggota": Anggota,
    "lineage": Lineage,
    "conflict": Conflict,
    "rejected": Rejected,
    "warned": Warned,
    "fate": Fate,
    "alias": Alias,
    "vanished": Vanished,
    "peristiwa": Peristiwa,
    "tautan": Tautan,
    "summary": Summary,
}

KEYS: dict[str, tuple[str, ...]] = {
    "keluarga": ("family_id",),
    "anggota": ("person_id",),
    "lineage": ("tabel", "entity_id", "src", "row", "decision"),
    "conflict": ("tabel", "entity_id", "src", "row", "decision"),
    "rejected": ("src", "row"),
    "warned": ("src", "row"),
    "fate": ("src", "row"),
    "alias": ("tabel", "alias_id"),
    "vanished": ("tabel", "entity_id"),
    "peristiwa": ("tabel", "entity_id", "hari", "peristiwa", "src", "row"),
    "tautan": ("person_id", "pihak_a", "pihak_b"),
    "summary": ("measure", "kelurahan", "category"),
}
"""The sort key of each table; a total order, since keys are unique."""
SCHEMA_VERSION = 1


def polars_types(table: str) -> dict[str, pl.DataType]:
    """The column names and Polars types of a release table, in published order."""
    schema = TABLES[table].to_schema()
    return {str(name): column.dtype.type for name, column in schema.columns.items()}
