"""Persons tied by identity with and without sure links, on lists of generated cities; prints Markdown.

    python -m benchmarks.sure_links                       cities of 20,000 families
    python -m benchmarks.sure_links --families 100000     the size of Kota Kediri

The two lists are two snapshots, or a snapshot and what officers wrote down at every card that the snapshot knows. A
wrong merge is a pair of rows of two people under one id; recall is among the rows that are tied to anybody.
"""

import argparse
import sys
import tempfile
from dataclasses import astuple, dataclass
from datetime import date
from itertools import product
from pathlib import Path

import narwhals as nw
import polars as pl

from benchmarks.linking import PEOPLE
from dtsen_pipeline.core.engine import Engine
from dtsen_pipeline.core.entities import BORN, CARD, ID_NAME, NIK, SEX, VISIT_ID, id_name
from dtsen_pipeline.core.identity import Observations, Scene, identify
from dtsen_pipeline.reference import linkage_model
from dtsen_pipeline.reference.linking import LinkageModel
from dtsen_pipeline.resources.engines import open_engine
from dtsen_pipeline.schemas.tables import FAMILY, MEMBER, VISIT, VISIT_MEMBER
from dtsen_pipeline.synthetic.relisting import LISTS, relisted

SEEDS = (4001, 4002)
GOAL = 0.999
CITY, KEY = "3571", b"k" * 32
TOKENS = {name: str(number) * 12 for number, name in enumerate(LISTS, start=1)}
NOTHING = pl.lit(None, dtype=pl.String)
FAMILIES = {"first": "1f" * 6, "second": "2f" * 6}
VERSIONS = {TOKENS["first"]: "v1", FAMILIES["first"]: "v1", TOKENS["second"]: "v2", FAMILIES["second"]: "v2"}
DATES = {"v1": date(2026, 1, 15), "v2": date(2026, 7, 1)}
VISITS, MET = "a" * 12, "b" * 12
HEAD = "| lists, errors, NIK | links | precision | recall | F1 | wrong per 100,000 | wrong links |"


@dataclass(frozen=True)
class Measured:
    """Shares of pairs from 0 to 1, wrong pairs per 100,000 rows, links and wrong links."""

    links: float
    precision: float
    recall: float
    f1: float
    wrong: float
    wrong_links: float


def main() -> int:
    """Measure and print; 1 where the precision with links falls below the goal."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--families", type=int, default=20_000)
    parser.add_argument("--seeds", type=int, nargs="+", default=SEEDS)
    asked = parser.parse_args()
    print(f"**Sure links**, {asked.families:,} families, seeds {tuple(asked.seeds)}\n\n{HEAD}\n|---|{'---:|' * 6}")
    met = []
    with tempfile.TemporaryDirectory() as folder:
        engine = open_engine("polars", Path(folder))
        for errors in (1, 2):
            cities = [relisted(asked.families, seed, errors) for seed in asked.seeds]
            for kind, nik in product(("snapshots", "visits"), ("with", "without")):
                lists = [people if nik == "with" else people.with_columns(nik=NOTHING) for people in cities]
                for model in (None, linkage_model()):
                    found = _mean([measured(people, kind, model, engine) for people in lists])
                    _print(f"{kind}, {errors} times, {nik}", found, model)
                    met.append(model is None or found.precision >= GOAL)
    return 0 if all(met) else 1


def _mean(found: list[Measured]) -> Measured:
    return Measured(*(sum(part) / len(found) for part in zip(*map(astuple, found), strict=True)))


def _print(title: str, found: Measured, model: LinkageModel | None) -> None:
    shares = " | ".join(f"{share:.4f}" for share in (found.precision, found.recall, found.f1))
    links = "none" if model is None else f"{found.links:.0f}"
    print(f"| {title} | {links} | {shares} | {found.wrong:.1f} | {found.wrong_links:.1f} |", flush=True)


def measured(people: pl.DataFrame, kind: str, model: LinkageModel | None, engine: Engine) -> Measured:
    """Identity on two lists, where a `model` is given with its sure links."""
    rows = people.with_row_index("row", offset=2).with_columns(
        pl.col("row").cast(pl.Int64), src=pl.col("source").replace_strict(TOKENS)
    )
    frames = {name: engine.load(table) for name, table in tables(rows, kind).items()}
    dates = {"v1": DATES["v1"]} if kind == "visits" else DATES
    version_of = {token: version for token, version in VERSIONS.items() if version in dates}
    observed = identify(frames, Scene(CITY, version_of, dates, linkage=model), engine, KEY)
    tied = persons(observed, engine).join(rows.select("row", "truth"), on="row", how="inner", validate="m:1")
    true, made, both = (pairs(tied, keys) for keys in (["truth"], ["person_id"], ["person_id", "truth"]))
    truth = dict(rows.select("row", "truth").rows())
    links = engine.fetch(observed.links).select("row", "row_b").rows()
    return Measured(
        links=len(links),
        precision=both / max(made, 1),
        recall=both / max(true, 1),
        f1=2 * both / max(made + true, 1),
        wrong=PEOPLE * (made - both) / rows.height,
        wrong_links=sum(truth[a] != truth[b] for a, b in links),
    )


def persons(observed: Observations, engine: Engine) -> pl.DataFrame:
    """The person of every tied row."""
    return pl.concat(engine.fetch(frame.select("row", "person_id")) for frame in (observed.members, observed.presences))


def pairs(rows: pl.DataFrame, keys: list[str]) -> int:
    """How many pairs of rows agree on the keys."""
    sizes = rows.group_by(keys).len()["len"].cast(pl.Int64)
    return int((sizes * (sizes - 1) // 2).sum())


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
    token = pl.col("source").replace_strict(FAMILIES)
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
