"""The passport of a snapshot: what came, in counts, beside the snapshot before it.

Works on delivered text, as exact reading does, so with Polars alone. Every figure is a count over many rows; a code
that fewer than five rows have is shown as `None`. Whether a snapshot is accepted is not decided here.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from math import isqrt
from typing import Any, Final

import polars as pl

from dtsen_pipeline.reference import City, code_lists
from dtsen_pipeline.schemas.columns import Column
from dtsen_pipeline.schemas.tables import FAMILY, MEMBER, OFFICIAL, SNAPSHOT_TABLES, tables

SMALL: Final = 5
DRIFT: Final = 50
"""Per mille of the rows that may have changed their code before a column is called drifted, chance apart."""
BLANK, UNKNOWN = "", "?"
KEYS: Final = {"kartu_keluarga": (FAMILY, "nomor_kartu_keluarga"), "nik": (MEMBER, "nomor_induk_kependudukan")}
DECILES: Final = "desil"
"""The code list of the official deciles, which are counts."""
VILLAGE, CARD = "kode_kelurahan_desa", "nomor_kartu_keluarga"
FLAGS: Final = ("is_gc_kemensos", "is_pbi_se", "is_siks_ng")
MOVES: Final = {
    "turun_4_atau_lebih": (-9, -4),
    "turun": (-3, -1),
    "tetap": (0, 0),
    "naik": (1, 3),
    "naik_4_atau_lebih": (4, 9),
}
"""Classes of what became of a family's official decile, by new minus old."""

Counts = Mapping[str, int]


@dataclass(frozen=True)
class Snapshot:
    """The delivered rows of a snapshot by table, as text, and how many lines of each could not be read."""

    version: str
    data_date: str
    rows: Mapping[str, pl.DataFrame]
    damaged: Mapping[str, int]


def passport(new: Snapshot, before: Snapshot | None, city: City) -> dict[str, Any]:
    """The passport of `new` as JSON knows it; figures of the snapshot before are none where there is none."""
    columns = [_column(table, column, new, before) for table in SNAPSHOT_TABLES for column in _coded(table, new)]
    kelurahan = _kelurahan(new, before, city)
    return {
        "version": new.version,
        "data_date": new.data_date,
        "before": None if before is None else {"version": before.version, "data_date": before.data_date},
        "rows": {table: _rows(table, new, before) for table in SNAPSHOT_TABLES},
        "schema": {table: _schema(table, new, before) for table in SNAPSHOT_TABLES},
        "kelurahan": kelurahan,
        "overlap": {name: _overlap(new, before, *key) for name, key in KEYS.items()},
        "provenance": {flag: _provenance(flag, new, before) for flag in FLAGS},
        "desil_nasional": _deciles(new, before),
        "columns": columns,
        "signals": {
            "kelurahan_gone": [place["name"] for place in kelurahan if place["before"] and not place["now"]],
            "kelurahan_new": [place["name"] for place in kelurahan if place["before"] == 0 and place["now"]],
            "drifted": [column["column"] for column in columns if column["is_drifted"]],
            "codes_new": [column["column"] for column in columns if column["codes_new"]],
            "codes_gone": [column["column"] for column in columns if column["codes_gone"]],
            "codes_unlisted": [column["column"] for column in columns if column["has_unlisted"]],
        },
    }


def figures(found: Mapping[str, Any]) -> dict[str, int]:
    """The main figures of a passport by name, for places that may hold counts only."""
    flat = {f"baris_{table}": rows["now"] for table, rows in found["rows"].items()}
    flat |= {f"baris_{table}_sebelumnya": rows["before"] for table, rows in found["rows"].items()}
    for name, counts in found["overlap"].items():
        flat |= {f"{name}_{part}": count for part, count in counts.items()}
    for flag, counts in found["provenance"].items():
        flat[flag] = counts["now"]
    flat |= {name: len(listed) for name, listed in found["signals"].items()}
    return {name: count for name, count in flat.items() if count is not None}


def _rows(table: str, new: Snapshot, before: Snapshot | None) -> dict[str, int | None]:
    return {
        "now": _height(new, table),
        "before": _height(before, table),
        "damaged": new.damaged.get(table),
        "damaged_before": None if before is None else before.damaged.get(table),
    }


def _height(snapshot: Snapshot | None, table: str) -> int | None:
    return None if snapshot is None or table not in snapshot.rows else snapshot.rows[table].height


def _schema(table: str, new: Snapshot, before: Snapshot | None) -> dict[str, list[str]]:
    """Columns that are new, and columns that are no longer delivered."""
    if before is None or table not in before.rows or table not in new.rows:
        return {"added": [], "removed": []}
    now, then = new.rows[table].columns, before.rows[table].columns
    return {"added": [name for name in now if name not in then], "removed": [name for name in then if name not in now]}


def _text(rows: pl.DataFrame, column: str) -> pl.Series:
    return rows[column].str.strip_chars(" ").fill_null("")


def _tally(texts: pl.Series) -> dict[str, int]:
    return dict(texts.value_counts().rows())


def _kelurahan(new: Snapshot, before: Snapshot | None, city: City) -> list[dict[str, Any]]:
    """Families of every kelurahan now and before, the cards that came and went; last those of no known kelurahan."""
    now, then = _homes(new, city), _homes(before, city)
    families, families_then = _by_place(new, city), _by_place(before, city)
    came = _tally(now.join(then, on=CARD, how="anti")[VILLAGE])
    went = _tally(then.join(now, on=CARD, how="anti")[VILLAGE])
    names = {code: place.name for code, place in city.by_bps.items()} | {UNKNOWN: "(tidak dikenal)"}
    is_compared = before is not None and FAMILY in before.rows
    return [
        {
            "code": code,
            "name": name,
            "now": families.get(code, 0),
            "before": families_then.get(code, 0) if is_compared else None,
            "came": came.get(code, 0) if is_compared else None,
            "went": went.get(code, 0) if is_compared else None,
        }
        for code, name in names.items()
    ]


def _places(rows: pl.DataFrame, city: City) -> pl.Series:
    """The BPS code of the kelurahan of each row, under either numbering; `?` where it is none of the city's."""
    known = {code: code for code in city.by_bps} | dict(city.crosswalk)
    return _text(rows, VILLAGE).replace_strict(known, default=UNKNOWN, return_dtype=pl.String)


def _by_place(snapshot: Snapshot | None, city: City) -> dict[str, int]:
    if snapshot is None or FAMILY not in snapshot.rows:
        return {}
    return _tally(_places(snapshot.rows[FAMILY], city))


def _homes(snapshot: Snapshot | None, city: City) -> pl.DataFrame:
    """One row for every family card: the card and its kelurahan, the first by code where a card stands in two."""
    if snapshot is None or FAMILY not in snapshot.rows:
        return pl.DataFrame(schema={CARD: pl.String, VILLAGE: pl.String})
    rows = snapshot.rows[FAMILY]
    homes = pl.DataFrame({CARD: _text(rows, CARD), VILLAGE: _places(rows, city)})
    return homes.filter(pl.col(CARD) != "").group_by(CARD).agg(pl.col(VILLAGE).min())


def _overlap(new: Snapshot, before: Snapshot | None, table: str, column: str) -> dict[str, int | None]:
    """How many identifiers stand in both, came and went; blanks are none, and one that repeats counts once."""
    if before is None or table not in before.rows or table not in new.rows:
        return dict.fromkeys(("both", "came", "went"))
    now, then = (_text(side.rows[table], column).unique().rename("key") for side in (new, before))
    both = now.to_frame().join(then.to_frame(), on="key").filter(pl.col("key") != "").height
    sizes = [side.filter(side != "").len() for side in (now, then)]
    return {"both": both, "came": sizes[0] - both, "went": sizes[1] - both}


def _provenance(flag: str, new: Snapshot, before: Snapshot | None) -> dict[str, int | None]:
    """How many families a channel updated last, by its flag."""
    return {"now": _flagged(flag, new), "before": _flagged(flag, before)}


def _flagged(flag: str, snapshot: Snapshot | None) -> int | None:
    if snapshot is None or FAMILY not in snapshot.rows or flag not in snapshot.rows[FAMILY].columns:
        return None
    yes = [text for text, code in code_lists()["ya_tidak"].spellings().items() if code == 1]
    return int(_text(snapshot.rows[FAMILY], flag).str.to_uppercase().is_in(yes).sum())


def _deciles(new: Snapshot, before: Snapshot | None) -> dict[str, int] | None:
    """What became of the official national decile of the families in both; `tidak_lengkap` where one side has none."""
    if before is None or FAMILY not in new.rows or FAMILY not in before.rows:
        return None
    now, then = (_decile(side.rows[FAMILY]) for side in (new, before))
    move = now.join(then, on=CARD, suffix="_then").select(pl.col("desil") - pl.col("desil_then"))["desil"]
    counts = {name: int(move.is_between(low, high).sum()) for name, (low, high) in MOVES.items()}
    return counts | {"tidak_lengkap": move.null_count()}


def _decile(rows: pl.DataFrame) -> pl.DataFrame:
    """The decile of every card that stands once; none where it is no number from 1 to 10."""
    text = _text(rows, "desil_nasional")
    number = text.set(~text.str.contains(r"\A(?:[1-9]|10)\z"), None).cast(pl.Int64)
    cards = pl.DataFrame({CARD: _text(rows, CARD), "desil": number}).filter(pl.col(CARD) != "")
    return cards.filter(pl.col(CARD).is_unique())


def _coded(table: str, new: Snapshot) -> Iterable[Column]:
    """The columns of a table whose answers are codes or official deciles."""
    delivered = new.rows[table].columns if table in new.rows else []
    for column in tables()[table].columns:
        if column.name in delivered and (column.codes or column.name in OFFICIAL):
            yield column


def _column(table: str, column: Column, new: Snapshot, before: Snapshot | None) -> dict[str, Any]:
    """How often each code of a column stands in both snapshots, and how far its distribution moved."""
    now = _codes(new.rows[table], column)
    then = None if before is None or not _has(before, table, column.name) else _codes(before.rows[table], column)
    drift = None if then is None else _distance(now, then)
    listed = {**now, **(then or {})}
    return {
        "table": table,
        "column": column.name,
        "label": column.label,
        "codes": [
            {
                "code": code,
                "label": _label(column, code),
                "now": _shown(now.get(code, 0)),
                "before": None if then is None else _shown(then.get(code, 0)),
            }
            for code in sorted(listed, key=lambda code: (len(code), code))
        ],
        "drift_per_mille": drift,
        "is_drifted": drift is not None and then is not None and drift > _limit(now, then),
        "codes_new": [] if then is None else _absent(now, then),
        "codes_gone": [] if then is None else _absent(then, now),
        "has_unlisted": now.get(UNKNOWN, 0) > 0,
    }


def _has(snapshot: Snapshot, table: str, column: str) -> bool:
    return table in snapshot.rows and column in snapshot.rows[table].columns


def _codes(rows: pl.DataFrame, column: Column) -> dict[str, int]:
    """Canonical codes with their counts; texts outside the list count as `?`, blanks as an empty code."""
    known = {text: str(code) for text, code in code_lists()[column.codes or DECILES].spellings().items()}
    texts = _text(rows, column.name).str.to_uppercase()
    return _tally(texts.replace_strict(known | {"": BLANK}, default=UNKNOWN, return_dtype=pl.String))


def _label(column: Column, code: str) -> str:
    plain = {BLANK: "kosong", UNKNOWN: "di luar daftar"}
    return plain.get(code) or code_lists()[column.codes or DECILES].labels[int(code)]


def _shown(count: int) -> int | None:
    """A count, or none where it is so small that it could point to somebody."""
    return None if 0 < count < SMALL else count


def _absent(here: Counts, there: Counts) -> list[str]:
    return sorted(code for code in here if code not in there and code not in (BLANK, UNKNOWN))


def _distance(now: Counts, then: Counts) -> int:
    """Half the sum of absolute differences of the shares, in per mille: what part of the rows would have to move."""
    totals = max(1, sum(now.values())), max(1, sum(then.values()))
    shares = [abs(now.get(code, 0) * totals[1] - then.get(code, 0) * totals[0]) for code in {*now, *then}]
    return sum(shares) * 500 // (totals[0] * totals[1])


def _limit(now: Counts, then: Counts) -> int:
    """From which distance a column is called drifted: what `DRIFT` allows, and about what chance alone moves."""
    fewest = max(1, min(sum(now.values()), sum(then.values())))
    return DRIFT + isqrt(1_000_000 * len({*now, *then}) // fewest)
