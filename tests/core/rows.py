"""Tiny towns for the tests of the core: rows of the input tables from keyword values, and the run over them.

Every row starts from a plain family or member, so that a test names only the cells it is about. All people and
numbers are invented (serials 9000 to 9999). File tokens are chosen, not hashed, so that tests can order them.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import polars as pl

from dtsen_pipeline.core.engine import Engine
from dtsen_pipeline.core.inputs import InputList, Source, freeze
from dtsen_pipeline.core.rulings import Ruling
from dtsen_pipeline.schemas.tables import (
    FAMILY,
    INPUT_TABLES,
    MEMBER,
    REGISTER,
    SNAPSHOT_TABLES,
    VISIT,
    VISIT_MEMBER,
    delivered,
    tables,
)
from tests.running import Readings, Run

CITY = "3571"
ANCIENT, OLD, BASE = "v1_2023", "v3_2026", "v4_2026"
DATES = {ANCIENT: "2023-01-10", OLD: "2026-01-15", BASE: "2026-07-01"}
NIK, CARD = "nomor_induk_kependudukan", "nomor_kartu_keluarga"
Pointer = tuple[str, int]

PLAIN_FAMILY = {
    "kode_provinsi": "35",
    "kode_kabupaten_kota": CITY,
    "kode_kecamatan": "3571010",
    "kode_kelurahan_desa": "3571010007",
    "alamat": "JL CONTOH 1",
    "nama_kepala_keluarga": "CONTOH",
    "jumlah_anggota_keluarga": "1",
    "desil_nasional": "5",
    "luas_lantai": "30",
    "jenis_lantai_terluas": "6",
    "jenis_dinding_terluas": "1",
    "fasilitas_bab": "1",
    "bahan_bakar_utama_memasak": "4",
    "status_kepemilikan_rumah": "1",
    "aset_bergerak_ac": "2",
    "aset_bergerak_komputer_laptop_tablet": "2",
    "aset_bergerak_lemari_es": "2",
    "aset_bergerak_sepeda": "2",
    "aset_bergerak_sepeda_motor": "2",
    "aset_bergerak_mobil": "2",
    "jumlah_ternak_sapi": "0",
    "jumlah_ternak_kerbau": "0",
}
PLAIN_MEMBER = {
    "nama": "CONTOH",
    "tanggal_lahir": "1980-01-01",
    "jenis_kelamin": "1",
    "status_hubungan_keluarga": "1",
    "status_kawin": "2",
    "partisipasi_sekolah": "3",
    "ijazah_tertinggi_yang_dimiliki": "3",
}


def card(number: int) -> str:
    """The family card number of family `number`."""
    return f"357101010120{9000 + number}"


def nik(number: int, born: str = "1980-01-01", sex: str = "1") -> str:
    """The NIK of person `number`, in agreement with birth date and sex."""
    year, month, day = born.split("-")
    written = int(day) + (40 if sex == "2" else 0)
    return f"357101{written:02}{month}{year[2:]}{9000 + number}"


def texts(table: str, rows: Iterable[Mapping[str, Any]]) -> pl.DataFrame:
    """Exact rows as intake hands them over: src, row and every delivered column as text; blank where not named."""
    names = delivered(tables()[table])
    schema = {"src": pl.String, "row": pl.Int64} | dict.fromkeys(names, pl.String)
    filled = [dict.fromkeys(names, "") | dict(row) for row in rows]
    return pl.DataFrame(filled, schema=schema, orient="row")


def numbered(table: str, rows: Iterable[Mapping[str, str]], src: str = "a" * 12) -> pl.DataFrame:
    """`texts` with the rows of one file numbered from its second line on."""
    return texts(table, ({"src": src, "row": line, **row} for line, row in enumerate(rows, start=2)))


@dataclass
class Town:
    """Rows by table, written one by one; every method returns the pointer (src, row) of its row."""

    dates: Mapping[str, str] = field(default_factory=lambda: DATES)
    shapes: Mapping[str, str] = field(default_factory=dict)
    """The profile family of a snapshot, where it is another than that of BPS."""
    rows: dict[str, list[dict[str, Any]]] = field(default_factory=lambda: {table: [] for table in INPUT_TABLES})
    sources: dict[str, Source] = field(default_factory=dict)
    damaged: list[dict[str, Any]] = field(default_factory=list)
    rulings: list[Ruling] = field(default_factory=list)

    def __post_init__(self) -> None:
        """Every snapshot has its two files, and the base one family that can be scored."""
        for version in self.dates:
            for table in SNAPSHOT_TABLES:
                self._snapshot_file(version, table)
        newest = list(self.dates)[-1]
        self.family(card(999), newest)
        self.member(card(999), 999, newest)

    def family(self, number: str, version: str = BASE, **cells: str) -> Pointer:
        """A family row of a snapshot."""
        return self._add(FAMILY, self._snapshot_file(version, FAMILY), {**PLAIN_FAMILY, CARD: number, **cells})

    def member(self, number: str, person: int | None, version: str = BASE, **cells: str) -> Pointer:
        """A member row of a snapshot; `person` gives the NIK, None leaves it blank."""
        plain = {**PLAIN_MEMBER, CARD: number, NIK: _nik(person, cells), **cells}
        return self._add(MEMBER, self._snapshot_file(version, MEMBER), plain)

    def visit(self, number: str, day: str, file: str = "c1", **cells: str) -> Pointer:
        """A visit to a family on a day (a date, or a moment with its offset); its id follows from the row."""
        token = self._field_file(file, VISIT)
        head = {
            "id_kunjungan": f"{file}-{self._line(VISIT, token)}",
            "id_petugas": "P-01",
            "waktu_kunjungan": day if "T" in day else f"{day}T09:00:00+07:00",
            "hasil_kunjungan": "1",
            CARD: number,
        }
        return self._add(VISIT, token, {**head, **cells})

    def met(self, visit: str | Pointer, presence: str = "1", file: str = "d1", **cells: str) -> Pointer:
        """A member row of a visit, named by its id or its pointer."""
        token = self._field_file(file, VISIT_MEMBER)
        name = visit if isinstance(visit, str) else f"{visit[0][:2]}-{visit[1]}"
        return self._add(VISIT_MEMBER, token, {"id_kunjungan": name, "keberadaan_anggota": presence} | cells)

    def registered(
        self,
        person: int,
        status: str = "1",
        file: str = "e1",
        day: str = "2026-06-01",
        region: str = CITY,
        **cells: str,
    ) -> Pointer:
        """A row of an extract of the population register about the bearer of a NIK."""
        source = Source(file * 32, REGISTER, "dukcapil_v1", 1, region=region, data_date=day)
        token = self.sources.setdefault(file, source).token
        plain = {name: PLAIN_MEMBER[name] for name in ("nama", "tanggal_lahir", "jenis_kelamin")}
        return self._add(REGISTER, token, {NIK: nik(person), **plain, "status_kependudukan": status, **cells})

    def damage(self, table: str, src: str, reason: str = "E_LINE_WIDTH") -> Pointer:
        """A line that could not be read."""
        line = self._line(table, src)
        self.damaged.append({"src": src, "row": line, "reasons": reason, "sumber": table})
        return src, line

    def readings(self) -> Readings:
        """What intake would have read."""
        schema = dict.fromkeys(("src", "reasons", "sumber"), pl.String) | {"row": pl.Int64}
        rows = {table: texts(table, self.rows[table]) for table in INPUT_TABLES}
        return Readings(rows, pl.DataFrame(self.damaged, schema=schema), self.inputs(), rulings=tuple(self.rulings))

    def inputs(self) -> InputList:
        """The frozen list of the files."""
        return freeze(self.sources.values(), city=CITY, model="demo_alatas_2008", key_id="test")

    def _snapshot_file(self, version: str, table: str) -> str:
        key = f"{list(self.dates).index(version) + 1}{'f' if table == FAMILY else 'a'}"
        profile = f"{self.shapes.get(version, 'bps_v3')}_{table}"
        source = Source(key * 32, table, profile, 3, version, CITY, self.dates[version])
        return self.sources.setdefault(key, source).token

    def _field_file(self, key: str, table: str) -> str:
        profile = "lapangan_v1_kunjungan" if table == VISIT else "lapangan_v1_anggota"
        return self.sources.setdefault(key, Source(key * 32, table, profile, 1, batch=f"2026-W40-{key}")).token

    def _line(self, table: str, src: str) -> int:
        taken = [line["row"] for line in (*self.rows[table], *self.damaged) if line["src"] == src]
        return max(taken, default=1) + 1

    def _add(self, table: str, src: str, cells: Mapping[str, str]) -> Pointer:
        line = self._line(table, src)
        self.rows[table].append({"src": src, "row": line, **cells})
        return src, line


def _nik(person: int | None, cells: Mapping[str, str]) -> str:
    if person is None:
        return ""
    told = {**PLAIN_MEMBER, **cells}
    return nik(person, told["tanggal_lahir"] or "1980-01-01", told["jenis_kelamin"])


class Release:
    """The release made from a town, asked by pointer."""

    def __init__(self, town: Town, engine: Engine) -> None:
        self.run = Run(town.readings(), engine)
        self.tables = self.run.tables

    def fate(self, pointer: Pointer) -> str:
        """What became of a row; with its reason behind a colon where it is held or out of scope."""
        found = self._fates[pointer]
        has_reason = found["fate"] in ("held", "out_of_scope") and found["reason"]
        return f"{found['fate']}:{found['reason']}" if has_reason else found["fate"]

    def reason(self, pointer: Pointer) -> str | None:
        """Why."""
        reason: str | None = self._fates[pointer]["reason"]
        return reason

    def family(self, number: str) -> dict[str, Any]:
        """The published family of a card."""
        (found,) = [row for row in self.tables["keluarga"] if row[CARD] == number]
        return found

    def person(self, pointer: Pointer) -> dict[str, Any]:
        """The published person whose base record is `pointer`."""
        (found,) = [row for row in self.tables["anggota"] if (row["src"], row["row"]) == pointer]
        return found

    def persons(self, number: str) -> list[dict[str, Any]]:
        """The published persons at home in the family of a card."""
        home = self.family(number)["family_id"]
        return [row for row in self.tables["anggota"] if row["family_id"] == home]

    def won(self, pointer: Pointer, column: str) -> set[str]:
        """The decisions under which a record stands in the lineage of a column."""
        return self._decisions("lineage", pointer, column)

    def lost(self, pointer: Pointer, column: str) -> set[str]:
        """The decisions under which a record stands in the conflicts of a column."""
        return self._decisions("conflict", pointer, column)

    def warnings(self, pointer: Pointer) -> set[str]:
        """The warnings of a row."""
        found = [row["warnings"] for row in self.tables["warned"] if (row["src"], row["row"]) == pointer]
        return set("|".join(found).split("|")) - {""}

    def _decisions(self, name: str, pointer: Pointer, column: str) -> set[str]:
        return {
            row["decision"]
            for row in self.tables[name]
            if (row["src"], row["row"]) == pointer and row["mask"] >> bit(row["tabel"], column) & 1
        }

    @cached_property
    def _fates(self) -> dict[Pointer, dict[str, Any]]:
        return {(row["src"], row["row"]): row for row in self.tables["fate"]}


def bit(table: str, column: str) -> int:
    """The lineage bit of a published column."""
    if table == MEMBER and column in ("keberadaan_anggota", "family_id"):
        return 48 if column == "keberadaan_anggota" else 49
    found = tables()[table].column(column).bit
    assert found is not None
    return found
