"""Persons tied by identity with and without sure links, on lists of generated cities; prints Markdown.

    python -m benchmarks.sure_links                       cities of 20,000 families
    python -m benchmarks.sure_links --families 100000     the size of Kota Kediri

The two lists are two snapshots, or a snapshot and what officers wrote down at every card that the snapshot knows. A
wrong merge is a pair of rows of two people under one id.
"""

import argparse
import sys
import tempfile
from datetime import date
from pathlib import Path

import narwhals as nw
import polars as pl

from benchmarks.linking import PEOPLE
from dtsen_pipeline.core.engine import Engine
from dtsen_pipeline.core.entities import BORN, CARD, ID_NAME, NIK, SEX, VISIT_ID, id_name
from dtsen_pipeline.core.identity import Observations, Scene, identify
from dtsen_pipeline.reference import linkage_model
from dtsen_pipeline.resources.engines import open_engine
from dtsen_pipeline.schemas.tables import FAMILY, MEMBER, VISIT, VISIT_MEMBER
from dtsen_pipeline.synthetic.relisting import LISTS, relisted

SEEDS = (4001, 4002)
GOAL = 0.999
CITY, KEY = "3571", b"k" * 32
TOKENS = {name: str(number) * 12 for number, name in enumerate(LISTS, start=1)}
DATES = {"v1": date(2026, 1, 15), "v2": date(2026, 7, 1)}
VISITS, MET = "a" * 12, "b" * 12
HEAD = "| lists, errors, NIK | links | precision | recall | F1 | wrong per 100,000 | wrong links |"


def main() -> int:
    """Measure and print; 1 where the precision with links falls below the goal."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--families", type=int, default=20_000)
    parser.add_argument("--seeds", type=int, nargs="+", default=SEEDS)
    asked = parser.parse_args()
    print(f"**Sure links**, {asked.families:,} families, seeds {tuple(asked.seeds)}\n\n{HEAD}\n|---|---|{'---:|' * 5}")
    met = []
    with tempfile.TemporaryDirectory() as folder:
        engine = open_engine("polars", Path(folder))
        for kind, errors, blank in (
            (k, e, b) for k in ("snapshots", "visits") for e in (1, 2) for b in ("with", "without")
        ):
            lists = [relisted(asked.families, seed, errors) for seed in asked.seeds]
            for is_linked in (False, True):
                found = [judged(people, kind, blank == "without", is_linked, engine) for people in lists]
                precision, recall, f1, wrong, links, bad = (sum(part) / len(found) for part in zip(*found, strict=True))
                name = f"{kind}, {errors} times, {blank}"
                shares = " | ".join(f"{share:.4f}" for share in (precision, recall, f1))
                told = f"{links:.0f}" if is_linked else "none"
                print(f"| {name} | {told} | {shares} | {wrong:.1f} | {bad:.1f} |", flush=True)
                met.append(precision >= GOAL or not is_linked)
    return 0 if all(met) else 1


def judged(people: pl.DataFrame, kind: str, is_blank: bool, is_linked: bool, engine: Engine) -> tuple[float, ...]:
    """Precision, recall and F1 of pairs, wrong pairs per 100,000 rows, links, and wrong links."""
    rows = people.with_row_index("row", offset=2).with_columns(
        pl.col("row").cast(pl.Int64), src=pl.col("source").replace_strict(TOKENS)
    )
    if is_blank:
        rows = rows.with_columns(nik=pl.lit(None, dtype=pl.String))
    observed = identify(
        {name: engine.load(table) for name, table in tables(rows, kind).items()},
        Scene(CITY, versions(kind), dates(kind), linkage=linkage_model() if is_linked else None),
        engine,
        KEY,
    )
    tied = persons(observed, engine).join(rows.select("row", "truth"), on="row", how="inner", validate="m:1")
    sought = rows.filter(pl.col("row").is_in(tied["row"].implode())) if kind == "visits" else rows
    true, made, both = (
        pairs(frame, keys)
        for frame, keys in ((sought, ["truth"]), (tied, ["person_id"]), (tied, ["person_id", "truth"]))
    )
    precision, recall = both / max(made, 1), both / max(true, 1)
    truth = dict(rows.select("row", "truth").rows())
    links = engine.fetch(observed.links).select("row", "row_b").rows()
    wrong = sum(truth[a] != truth[b] for a, b in links)
    f1 = 2 * both / max(made + true, 1)
    return precision, recall, f1, PEOPLE * (made - both) / rows.height, len(links), wrong


def persons(observed: Observations, engine: Engine) -> pl.DataFrame:
    """The person of every tied row."""
    return pl.concat(engine.fetch(frame.select("row", "person_id")) for frame in (observed.members, observed.presences))


def pairs(rows: pl.DataFrame, keys: list[str]) -> int:
    """How many pairs of rows agree on the keys."""
    sizes = rows.group_by(keys).len()["len"].cast(pl.Int64)
    return int((sizes * (sizes - 1) // 2).sum())


def versions(kind: str) -> dict[str, str]:
    """The snapshot of each member and family file."""
    if kind == "visits":
        return {TOKENS["first"]: "v1", "1f" * 6: "v1"}
    return {TOKENS["first"]: "v1", TOKENS["second"]: "v2", "1f" * 6: "v1", "2f" * 6: "v2"}


def dates(kind: str) -> dict[str, date]:
    """The snapshots."""
    return {"v1": DATES["v1"]} if kind == "visits" else DATES


def tables(rows: pl.DataFrame, kind: str) -> dict[str, pl.DataFrame]:
    """The four input tables, with the columns that identity reads."""
    told = rows.with_columns(
        pl.col("nik").alias(NIK),
        pl.col("card").alias(CARD),
        pl.col("tanggal_lahir").str.to_date(),
        pl.col("jenis_kelamin").cast(pl.Int32),
    )
    named = nw.from_native(told).with_columns(id_name(nw.col("nama")).alias(ID_NAME)).to_native()
    listed = named.filter(pl.col("source") == "first") if kind == "visits" else named
    met = named.filter(pl.col("source") == "second") if kind == "visits" else named.clear()
    facts = ["src", "row", NIK, CARD, "nama", ID_NAME, BORN, SEX]
    return {
        FAMILY: families(listed),
        MEMBER: listed.select(facts),
        VISIT: visits(met),
        VISIT_MEMBER: met.select(
            "row", NIK, "nama", ID_NAME, BORN, SEX, src=pl.lit(MET), keberadaan_anggota=1, **{VISIT_ID: CARD}
        ),
    }


def families(listed: pl.DataFrame) -> pl.DataFrame:
    """A family of the city for every card."""
    cards = listed.group_by("source", CARD).agg(kode_kelurahan_desa=pl.col("kelurahan").min()).sort("source", CARD)
    token = pl.col("source").replace_strict({"first": "1f" * 6, "second": "2f" * 6})
    return cards.with_row_index("row", offset=2).select(
        pl.col("row").cast(pl.Int64), CARD, "kode_kelurahan_desa", src=token, kode_kabupaten_kota=pl.lit(CITY)
    )


def visits(met: pl.DataFrame) -> pl.DataFrame:
    """A visit to every card at which somebody is met."""
    cards = met.select(CARD).drop_nulls().unique().sort(CARD)
    return cards.with_row_index("row", offset=2).select(
        pl.col("row").cast(pl.Int64),
        CARD,
        src=pl.lit(VISITS),
        versi_dilihat=pl.lit("v1"),
        hasil_kunjungan=1,
        waktu_kunjungan=pl.lit("2026-03-02T09:00:00+07:00"),
        **{VISIT_ID: CARD},
    )


if __name__ == "__main__":
    sys.exit(main())
