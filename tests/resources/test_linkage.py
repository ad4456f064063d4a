"""Training with Splink: its conditions are the core's levels, and its shares become weights."""

import duckdb
import narwhals as nw
import polars as pl
import pytest

from dtsen_pipeline.core import levels
from dtsen_pipeline.core.engine import Engine
from dtsen_pipeline.core.linkage import keyed
from dtsen_pipeline.reference import linkage_model
from dtsen_pipeline.reference.linking import LEVELS, Comparison
from dtsen_pipeline.resources.linkage import conditions, train, weights
from dtsen_pipeline.synthetic.relisting import relisted

MODEL = linkage_model()
STREET = Comparison("street", "text", ("nama_key",), {}, ())


@pytest.fixture(scope="module")
def people(engine: Engine) -> pl.DataFrame:
    """A small city's two lists with every key."""
    return engine.fetch(keyed(engine.load(relisted(150, 23, 2.0)), MODEL, engine)).sort("id")


@pytest.mark.parametrize("comparison", [*MODEL.comparisons, STREET], ids=lambda comparison: comparison.name)
def test_a_condition_is_the_level_of_the_core(people: pl.DataFrame, comparison: Comparison) -> None:
    first, second = people.partition_by("source")
    same = first.join(second, on="truth").select("id", "id_right")
    strangers = first.select("id").join(second.select(id_right="id").gather_every(9), how="cross").gather_every(3)
    pairs = pl.concat([same, strangers])
    for side, name in (("_l", "id"), ("_r", "id_right")):
        facts = people.rename({column: f"{column}{side}" for column in people.columns})
        pairs = pairs.join(facts, left_on=name, right_on=f"id{side}")
    frame = nw.from_native(pairs.lazy())
    ours = frame.select(level=levels.KINDS[comparison.kind](*comparison.columns)).collect().to_native()["level"]
    cases = " ".join(f"WHEN {condition} THEN '{level}'" for level, condition in conditions(comparison))
    with duckdb.connect() as connection:
        connection.register("pairs", pairs.to_arrow())
        theirs = connection.execute(f"SELECT CASE {cases} ELSE 'other' END AS level FROM pairs").pl()["level"]  # noqa: S608
    assert theirs.to_list() == ours.to_list()
    assert ours.n_unique() >= 2


def test_splink_learns_the_shares(people: pl.DataFrame) -> None:
    shares = train(people, MODEL.comparisons, dedupe=False, pairs=20_000)
    for comparison in MODEL.comparisons:
        learnt = shares[comparison.name]
        assert set(learnt) == set(LEVELS[comparison.kind])
        assert sum(m for m, _ in learnt.values()) == pytest.approx(1)
        assert sum(u for _, u in learnt.values()) == pytest.approx(1)
    first, second = people.partition_by("source")
    both = first.join(second, on="truth").drop_nulls(["jenis_kelamin", "jenis_kelamin_right"])
    equal = both.filter(pl.col("jenis_kelamin") == pl.col("jenis_kelamin_right")).height
    assert shares["sex"]["exact"][0] == pytest.approx(equal / both.height)
    assert shares["sex"]["exact"][1] == pytest.approx(0.5, abs=0.05)


def test_a_share_becomes_bits() -> None:
    assert weights({"exact": (0.8, 0.1), "other": (0.2, 0.8)}, "code", 1.0) == {"exact": 300, "other": -200}


def test_a_level_never_seen_is_not_impossible() -> None:
    found = weights({"exact": (1.0, 0.0), "other": (0.0, 1.0)}, "code", 1.0)
    assert found == {"exact": 1993, "other": -1329}


def test_the_mean_rarity_is_taken_off_where_each_name_adds_its_own() -> None:
    shares = dict.fromkeys(LEVELS["name"], (0.5, 0.5))
    found = weights(shares, "name", 0.25)
    assert found == dict.fromkeys(("exact", "sound", "part"), -200) | dict.fromkeys(("near", "word", "other"), 0)
