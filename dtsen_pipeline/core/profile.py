"""The population profile of a candidate: a few aggregate figures, each with the counts behind it.

The figures come from the release's own `summary` and from how the base snapshot's rows ended. Which values
are acceptable stands in `resources.judge`; no figure here is a value of a single person.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import narwhals as nw
import polars as pl

from dtsen_pipeline.core.engine import Frame
from dtsen_pipeline.core.rows import ROW
from dtsen_pipeline.core.summary import ALL
from dtsen_pipeline.reference import City
from dtsen_pipeline.schemas.release import ENTITY_TABLES
from dtsen_pipeline.schemas.tables import FAMILY, FIELD_TABLES, MEMBER, VISIT

FAR = 3
"""A family moved far when its estimate lies more than so many deciles from its official decile."""
DECILES = tuple(str(decile) for decile in range(1, 11))
ASIDE = ("rejected", "held", "duplicate", "out_of_scope")
ENTITY_ID = {FAMILY: "family_id", MEMBER: "person_id"}
SCHEMA = {"figure": pl.String, "count": pl.Int64, "out_of": pl.Int64, "value": pl.Float64}

Figure = tuple[str, int | None, int | None, float]
Counts = Mapping[tuple[str, str], int]


def standings(tables: Mapping[str, Frame]) -> Frame:
    """How the rows of the base snapshot ended: tabel, standing, count.

    The base snapshot is the files that published rows point to. Standings are the fates `base`, `rejected`,
    `held`, `duplicate` and `out_of_scope`; `traced`, a row that lost to or helped a published row of the same
    entity and is named in `lineage` or `conflict`; `untraced`, one that did neither; and `newcomer`, a
    published row that points to a visit. `tables` holds keluarga, anggota, fate, lineage and conflict.
    """
    return nw.concat([part for table in ENTITY_TABLES for part in _standings(tables, table)])


def profile(summary: pl.DataFrame, standing: pl.DataFrame, city: City) -> pl.DataFrame:
    """figure, count, out_of, value: `value` is `count / out_of`, and 0 where `out_of` is 0.

    - `keluarga`, `anggota`: published families and members (here `value` is the count).
    - `anggota_per_keluarga`: published members for each published family.
    - `keluarga_terbit`: published families out of the base snapshot's rows that were not set aside and are
      not a further row of a family; `anggota_terbit`: the same of members, new members of visits included.
    - `keluarga_tanpa_jejak`, `anggota_tanpa_jejak`: rows of the base snapshot that were not set aside and of
      which neither the tables nor their lineage and conflicts show anything, out of all its rows.
    - `anggota_baru`: members whom only visits know; `anggota_tanpa_nik`: members without NIK, of all members.
    - `kelurahan_hadir`: kelurahan with a published family, out of the city's.
    - `keluarga_di_luar_kelurahan`: families without a kelurahan of the city, of all families.
    - `keluarga_tidak_lengkap`: incomplete families, of all families.
    - `desil_nasional_1` … `_10`, `_kosong`; `desil_estimasi_…`: families in a decile or without one, of all.
    - `desil_bergerak`, `desil_bergerak_jauh`: families whose estimate differs from the official decile, at
      all or by more than three, of those that have both.
    - `desil_terpadat`: families in the most frequent estimated decile, of those with an estimate.
    - `pergeseran_sebaran`: the share of families that the distribution of official deciles would have to move
      to become that of the estimates (half the sum of absolute differences); it has no counts.
    - `kunjungan_tanpa_keluarga`: visits held because no family of the base snapshot is theirs, out of visits
      that were neither rejected, duplicate nor out of scope.
    - `baris_ditolak`: rejected rows, of all rows that came in.
    """
    counts = _Reading.of(summary)
    found = [
        *_coverage(counts, {(row[0], row[1]): row[2] for row in standing.iter_rows()}),
        *_population(counts),
        *_places(summary, city),
        *_deciles(counts),
        *_intake(counts),
    ]
    return pl.DataFrame(found, schema=SCHEMA, orient="row")


@dataclass(frozen=True)
class _Reading:
    """The summary's counts over all kelurahan, by measure and category."""

    counts: Counts

    @classmethod
    def of(cls, summary: pl.DataFrame) -> "_Reading":
        summed = summary.group_by("measure", "category").agg(pl.col("count").sum())
        return cls({(measure, category): count for measure, category, count in summed.iter_rows()})

    def one(self, measure: str, category: str) -> int:
        return self.counts.get((measure, category), 0)

    def categories(self, measure: str) -> dict[str, int]:
        """Without what stands for "no category"."""
        return {name: n for (of, name), n in self.counts.items() if of == measure and name != ALL}

    def total(self, measure: str) -> int:
        return sum(n for (of, _), n in self.counts.items() if of == measure)


def _figure(name: str, count: int, out_of: int) -> Figure:
    return name, count, out_of, count / out_of if out_of else 0.0


def _standings(tables: Mapping[str, Frame], table: str) -> Iterator[Frame]:
    published = tables[table].select(*ROW, entity_id=ENTITY_ID[table])
    received = tables["fate"].filter(nw.col("sumber") == table)
    base = received.join(published.select("src").unique(), on="src", how="semi")
    named = nw.concat([_named(tables[name], table) for name in ("lineage", "conflict")])
    traces = named.join(published.select("entity_id"), on="entity_id", how="semi")
    traced = traces.select(*ROW).unique().with_columns(traced=nw.lit("traced"))
    ended = nw.when(nw.col("fate").is_in(["base", *ASIDE])).then(nw.col("fate"))
    told = base.join(traced, on=list(ROW), how="left").with_columns(
        standing=nw.coalesce(ended, nw.col("traced"), nw.lit("untraced"))
    )
    visited = tables["fate"].filter(nw.col("sumber").is_in(list(FIELD_TABLES)))
    newcomers = published.join(visited.select(*ROW), on=list(ROW), how="semi")
    yield _counted(told, table)
    yield _counted(newcomers.with_columns(standing=nw.lit("newcomer")), table)


def _named(frame: Frame, table: str) -> Frame:
    is_own = (nw.col("tabel") == table) & (nw.col("sumber") == table)
    return frame.filter(is_own).select(*ROW, "entity_id")


def _counted(rows: Frame, table: str) -> Frame:
    counted = rows.group_by("standing").agg(count=nw.len().cast(nw.Int64))
    return counted.select(nw.lit(table).alias("tabel"), "standing", "count")


def _coverage(counts: _Reading, standing: Counts) -> Iterator[Figure]:
    for table in ENTITY_TABLES:
        ended = {name: n for (of, name), n in standing.items() if of == table}
        newcomers = ended.pop("newcomer", 0)
        yield _figure(f"{table}_terbit", counts.total(table), ended.get("base", 0) + newcomers)
        yield _figure(f"{table}_tanpa_jejak", ended.get("untraced", 0), sum(ended.values()))
        if table == MEMBER:
            yield _figure("anggota_baru", newcomers, counts.total(MEMBER))


def _population(counts: _Reading) -> Iterator[Figure]:
    families, members = counts.total(FAMILY), counts.total(MEMBER)
    yield "keluarga", families, None, float(families)
    yield "anggota", members, None, float(members)
    yield _figure("anggota_per_keluarga", members, families)
    yield _figure("anggota_tanpa_nik", counts.total("anggota_tanpa_nik"), members)
    yield _figure("keluarga_tidak_lengkap", sum(counts.categories("tidak_lengkap").values()), families)


def _places(summary: pl.DataFrame, city: City) -> Iterator[Figure]:
    homes = summary.filter(pl.col("measure") == FAMILY, pl.col("count") > 0)
    inside = homes.filter(pl.col("kelurahan").is_in(list(city.by_bps)))
    families, housed = sum(homes["count"].to_list()), sum(inside["count"].to_list())
    yield _figure("kelurahan_hadir", inside["kelurahan"].n_unique(), len(city.kelurahan))
    yield _figure("keluarga_di_luar_kelurahan", families - housed, families)


def _deciles(counts: _Reading) -> Iterator[Figure]:
    for measure in ("desil_nasional", "desil_estimasi"):
        for decile in DECILES:
            yield _figure(f"{measure}_{decile}", counts.one(measure, decile), counts.total(measure))
        yield _figure(f"{measure}_kosong", counts.one(measure, ALL), counts.total(measure))
    moves = counts.categories("perubahan_desil")
    for name, least in (("desil_bergerak", 1), ("desil_bergerak_jauh", FAR + 1)):
        moved = sum(n for move, n in moves.items() if abs(int(move)) >= least)
        yield _figure(name, moved, sum(moves.values()))
    estimates = counts.categories("desil_estimasi")
    yield _figure("desil_terpadat", max(estimates.values(), default=0), sum(estimates.values()))
    yield "pergeseran_sebaran", None, None, _distance(counts.categories("desil_nasional"), estimates)


def _distance(one: Mapping[str, int], other: Mapping[str, int]) -> float:
    of_one, of_other = sum(one.values()), sum(other.values())
    if not of_one or not of_other:
        return float(of_one != of_other)
    return sum(abs(one.get(d, 0) / of_one - other.get(d, 0) / of_other) for d in DECILES) / 2


def _intake(counts: _Reading) -> Iterator[Figure]:
    fates = counts.categories("nasib")
    away = {f"{VISIT}/{fate}" for fate in ASIDE if fate != "held"}
    visits = sum(n for name, n in fates.items() if name.startswith(f"{VISIT}/") and name not in away)
    yield _figure("kunjungan_tanpa_keluarga", counts.one("ditahan", "H_FAMILY_UNKNOWN"), visits)
    rejected = sum(n for name, n in fates.items() if name.endswith("/rejected"))
    yield _figure("baris_ditolak", rejected, sum(fates.values()))
