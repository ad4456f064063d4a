"""A small release that passes the door: two families in each of the 46 kelurahan, written as Parquet."""

from collections.abc import Mapping
from datetime import date
from pathlib import Path

import narwhals as nw
import polars as pl

from dtsen_pipeline.core.summary import summary
from dtsen_pipeline.reference import City, city
from dtsen_pipeline.schemas.release import KEYS, TABLES, polars_types

CITY: City = city("3571")
FAMILY_FILE, MEMBER_FILE, VISIT_FILE = "aaaaaaaaaaaa", "bbbbbbbbbbbb", "cccccccccccc"
SIZE = 3
Tables = dict[str, pl.DataFrame]


def shaped(table: str, rows: list[dict[str, object]]) -> pl.DataFrame:
    """`rows` with the columns that they leave out as nulls, typed and sorted as published."""
    types = polars_types(table)
    filled = [{name: row.get(name) for name in types} for row in rows]
    return pl.DataFrame(filled, schema=types, orient="row").sort(KEYS[table])


def small_release() -> Tables:
    """All tables; the first family lost a second row, was visited, and one visit met no family."""
    villages = [place.bps for place in CITY.kelurahan for _ in range(2)]
    homes = [_family(number, village) for number, village in enumerate(villages)]
    people = [_member(number) for number in range(SIZE * len(homes))]
    first = {"tabel": "keluarga", "entity_id": homes[0]["family_id"]}
    tables = {
        "keluarga": shaped("keluarga", homes),
        "anggota": shaped("anggota", people),
        "lineage": shaped(
            "lineage",
            [{**first, "src": VISIT_FILE, "row": 2, "sumber": "kunjungan", "decision": "changed", "mask": 4}],
        ),
        "conflict": shaped(
            "conflict",
            [
                {
                    **first,
                    "src": FAMILY_FILE,
                    "row": 900,
                    "sumber": "keluarga",
                    "decision": "superseded",
                    "mask": 2,
                    "mask_keras": 0,
                    "mask_lunak": 0,
                }
            ],
        ),
        "rejected": shaped(
            "rejected", [{"src": MEMBER_FILE, "row": 901, "sumber": "anggota", "reasons": "E_LINE_WIDTH"}]
        ),
        "warned": shaped("warned", [{"src": MEMBER_FILE, "row": 2, "sumber": "anggota", "warnings": "W_NIK_MISSING"}]),
        "fate": shaped("fate", _fates(homes, people)),
        "alias": shaped("alias", [{"tabel": "anggota", "alias_id": f"{7:032x}", "entity_id": people[0]["person_id"]}]),
        "peristiwa": shaped(
            "peristiwa",
            [{**first, "src": VISIT_FILE, "row": 2, "peristiwa": "kartu_berubah", "hari": date(2026, 7, 1)}],
        ),
        "tautan": shaped(
            "tautan",
            [
                {
                    "person_id": people[0]["person_id"],
                    "pihak_a": people[0]["person_id"],
                    "pihak_b": f"{7:032x}",
                    "src": MEMBER_FILE,
                    "row": 2,
                    "src_b": MEMBER_FILE,
                    "row_b": 903,
                    "bobot": 900,
                    "peluang_per_sejuta": 998_050,
                    "model": "0" * 64,
                }
            ],
        ),
        "vanished": shaped("vanished", [{**first, "entity_id": f"{8:032x}", "src": FAMILY_FILE, "row": 902}]),
    }
    return summed(tables)


def summed(tables: Mapping[str, pl.DataFrame]) -> Tables:
    """`tables` with the summary that belongs to them."""
    frames = {name: nw.from_native(table.lazy()) for name, table in tables.items()}
    counted: pl.LazyFrame = summary(frames).to_native()
    return {**tables, "summary": counted.collect().sort(KEYS["summary"])}


def write(tables: Mapping[str, pl.DataFrame], directory: Path, parts: int = 2) -> dict[str, list[Path]]:
    """Each table in `parts` files of `directory`, by table."""
    files = {}
    for name in TABLES:
        table, paths = tables[name], [directory / f"{name}-{part}.parquet" for part in range(parts)]
        step = table.height // parts
        for part, path in enumerate(paths):
            rows = table.slice(part * step, step if part < parts - 1 else None)
            rows.write_parquet(path, row_group_size=40)
        files[name] = paths
    return files


def _family(number: int, village: str) -> dict[str, object]:
    decile = number % 10 + 1
    return {
        "family_id": f"{number + 1:032x}",
        "kode_kelurahan_desa": village,
        "nomor_kartu_keluarga": f"357101010190{9000 + number}",
        "desil_nasional": decile,
        "desil_estimasi": decile,
        "is_lengkap": True,
        "src": FAMILY_FILE,
        "row": number + 2,
    }


def _member(number: int) -> dict[str, object]:
    return {
        "person_id": f"{number + 1:032x}",
        "family_id": f"{number // SIZE + 1:032x}",
        "nomor_kartu_keluarga": f"357101010190{9000 + number // SIZE}",
        "nomor_induk_kependudukan": None if number % 10 == 0 else f"357101020390{9000 + number}",
        "keberadaan_anggota": 1,
        "src": MEMBER_FILE,
        "row": number + 2,
    }


def _fates(homes: list[dict[str, object]], people: list[dict[str, object]]) -> list[dict[str, object]]:
    def told(file: str, row: object, source: str, fate: str, reason: str | None = None) -> dict[str, object]:
        return {"src": file, "row": row, "sumber": source, "fate": fate, "reason": reason}

    base = [told(FAMILY_FILE, home["row"], "keluarga", "base") for home in homes]
    base += [told(MEMBER_FILE, person["row"], "anggota", "base") for person in people]
    visits = [told(VISIT_FILE, row, "kunjungan", "contributed") for row in range(2, 21)]
    return [
        *base,
        *visits,
        told(VISIT_FILE, 21, "kunjungan", "held", "H_FAMILY_UNKNOWN"),
        told(FAMILY_FILE, 900, "keluarga", "superseded"),
        told(MEMBER_FILE, 901, "anggota", "rejected", "E_LINE_WIDTH"),
    ]
