"""Everything that touches the disk: data files with their sidecars, and the truth apart from them."""

import json
from pathlib import Path

import numpy as np
import polars as pl

from dtsen_pipeline.synthetic.draw import BLANK, Bools, Ints, Table
from dtsen_pipeline.synthetic.events import Fate, World
from dtsen_pipeline.synthetic.register import Register
from dtsen_pipeline.synthetic.sheet import DATES, Sheet

_NUMBERS = (
    "nomor_kartu_keluarga",
    "nomor_kartu_keluarga_after",
    "nomor_induk_kependudukan",
    "id_pelanggan_pln",
)


def rendered(sheet: Sheet, delimiter: str, *, quoted: bool) -> bytes:
    """The bytes of a file, header first, each record on one line."""
    written = sheet.frame.write_csv(separator=delimiter, quote_style="always" if quoted else "necessary")
    return written.encode()


def data(folder: Path, name: str, content: bytes, sidecar: dict[str, str]) -> Path:
    """A data file and the note beside it."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / name).write_bytes(content)
    document(folder / f"{name}.json", sidecar)
    return folder / name


def truth(folder: Path, tables: dict[str, pl.DataFrame]) -> None:
    """The tables of the truth, each a Parquet file."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, frame in tables.items():
        frame.write_parquet(folder / f"{name}.parquet", compression="zstd", compression_level=1)


def document(path: Path, content: object) -> None:
    """A small JSON file."""
    path.write_text(json.dumps(content, indent=2, sort_keys=True) + "\n", encoding="utf-8")


def occurrences(folder: str, sheets: list[Sheet]) -> pl.DataFrame:
    """Where each data row stands and whose it is."""
    return pl.concat([_occurrence(folder, sheet) for sheet in sheets])


def persons(world: World, registers: tuple[Register, Register]) -> pl.DataFrame:
    """Every person with every true value, and the numbers under which the snapshots hold them."""
    table = dict(world.people)
    fate = pl.Series([member.name.lower() for member in Fate]).gather(pl.Series(table.pop("fate").astype(np.int64)))
    home, before, after = table.pop("home"), table.pop("family"), table.pop("family_after")
    frame = pl.DataFrame([_typed(name, values) for name, values in table.items()])
    keys = [
        person_keys(np.arange(len(home))).alias("truth_person"),
        family_keys(home).alias("truth_family"),
        family_keys(before).alias("truth_family_before"),
        family_keys(after).alias("truth_family_after"),
        fate.alias("fate"),
        *(_in_file(register).alias(f"nik_snapshot_{n}") for n, register in enumerate(registers, 1)),
    ]
    return pl.concat([pl.DataFrame(keys), frame], how="horizontal")


def families(world: World, registers: tuple[Register, Register]) -> pl.DataFrame:
    """Every family with every true value, and in which snapshots it is listed."""
    table = dict(world.families)
    size = len(table["is_new"])
    frame = pl.DataFrame([_typed(name, values) for name, values in table.items()])
    keys = [
        family_keys(np.arange(size)).alias("truth_family"),
        *(pl.Series(f"in_snapshot_{n}", register.is_listed) for n, register in enumerate(registers, 1)),
    ]
    return pl.concat([pl.DataFrame(keys), frame], how="horizontal")


def feedback(frame: pl.DataFrame) -> pl.DataFrame:
    """What became of every change that the first week proposed, with the entity's key."""
    entity = frame["entity"].to_numpy()
    is_family = (frame["table"] == "keluarga").to_numpy()
    return frame.select(
        "table",
        pl.when(pl.Series(is_family)).then(family_keys(entity)).otherwise(person_keys(entity)).alias("truth_key"),
        "column",
        *(
            pl.when(pl.col(name) == BLANK).then(None).otherwise(pl.col(name)).alias(name)
            for name in ("seen", "verified", "new")
        ),
        "verdict",
    )


def person_keys(rows: Ints) -> pl.Series:
    """The true person key of a position."""
    return _keys("P", rows)


def family_keys(rows: Ints) -> pl.Series:
    """The true family key of a position."""
    return _keys("F", rows)


def _keys(letter: str, rows: Ints) -> pl.Series:
    column = pl.Series(rows)
    key = pl.lit(letter) + column.cast(pl.String).str.zfill(8)
    return pl.select(pl.when(column >= 0).then(key)).to_series()


def _occurrence(folder: str, sheet: Sheet) -> pl.DataFrame:
    size = len(sheet.kinds)
    kinds = pl.Series(sheet.kinds.tolist(), dtype=pl.String)
    return pl.DataFrame(
        {
            "file": pl.Series([f"{folder}/{sheet.name}"], dtype=pl.String).new_from_index(0, size),
            "line": pl.int_range(2, size + 2, eager=True, dtype=pl.Int64),
            "truth_person": person_keys(sheet.person),
            "truth_family": family_keys(sheet.family),
        }
    ).with_columns(
        pl.when(kinds != "").then(kinds.str.split(",")).otherwise(pl.lit([], dtype=pl.List(pl.String))).alias("kinds")
    )


def _in_file(register: Register) -> pl.Series:
    listed: Bools = register.family_of >= 0
    return _typed("nomor_induk_kependudukan", np.where(listed, register.people["nomor_induk_kependudukan"], BLANK))


def _typed(name: str, values: Table | Ints) -> pl.Series:
    if not isinstance(values, np.ndarray) or values.dtype == np.object_:
        return pl.Series(name, list(values), dtype=pl.String)
    column = pl.Series(name, values)
    if not column.dtype.is_integer():
        return column
    if name in DATES:
        return column.cast(pl.Int32).cast(pl.Date)
    column = pl.select(pl.when(column != BLANK).then(column).alias(name)).to_series()
    return column.cast(pl.String) if name in _NUMBERS else column
