"""Links between lists: levels, weights, what is sure, and laws of adding a batch, of order and of engines."""

import random
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import polars as pl
import pytest

from dtsen_pipeline.core.engine import Engine, Frame
from dtsen_pipeline.core.linkage import candidates, clusters, keyed, link, link_few, probability_ppm, settled
from dtsen_pipeline.reference import linkage_model
from dtsen_pipeline.resources.engines import open_engine
from dtsen_pipeline.synthetic.relisting import relisted
from tests.core.test_parity import needs_java

MODEL = linkage_model()
PERSON = {
    "nik": None,
    "nama": "DEWI KUSUMA CONTOH",
    "tanggal_lahir": "1980-03-17",
    "jenis_kelamin": "2",
    "kelurahan": "3571010001",
    "card": "3571010101019001",
}
TEXTS = dict.fromkeys(("id", "source", *PERSON), pl.String)


def _people(*changes: dict[str, Any]) -> pl.DataFrame:
    """One person as each list has them."""
    rows = [PERSON | {"id": f"r{at}", "source": f"s{at}"} | change for at, change in enumerate(changes)]
    return pl.DataFrame(rows, schema_overrides=TEXTS).select(*TEXTS)


def _keys(people: pl.DataFrame, engine: Engine) -> Frame:
    return keyed(engine.load(people), MODEL, engine)


def _edges(people: pl.DataFrame, engine: Engine, model: Any = MODEL) -> list[dict[str, Any]]:
    keys = _keys(people, engine)
    return engine.fetch(settled(engine.checkpoint(link(keys, keys, model, engine)))).sort("id_l", "id_r").to_dicts()


def _level(engine: Engine, name: str, **change: Any) -> str:
    """How the changed record agrees with the person."""
    (edge,) = _edges(_people({}, change), engine, replace(MODEL, possible=-10_000))
    return str(edge[name])


@pytest.mark.parametrize(
    ("level", "name"),
    [
        ("exact", "HJ. DEWI KUSUMA CONTOH"),
        ("exact", "DEWIKUSUMA CONTOH"),
        ("sound", "DEWI KOESOEMA CONTOH"),
        ("sound", "CONTOH KUSUMA DEWI"),
        ("near", "DEWI KUSMUA CONTOH"),
        ("near", "DEWI KUSUMA CONBDTOH"),
        ("word", "DEWI KUSXXXUMA CONTOH"),
        ("part", "DEWI CONTOH"),
        ("part", "DEWI K. CONTOH"),
        ("word", "DEWI LAKSONO"),
        ("other", "RATNA LAKSONO"),
        ("missing", None),
    ],
)
def test_levels_of_a_name(engine: Engine, level: str, name: str | None) -> None:
    assert _level(engine, "name", nama=name) == level


@pytest.mark.parametrize(
    ("level", "born"),
    [
        ("exact", "1980-03-17"),
        ("placeholder", "1980-01-01"),
        ("near", "1980-03-18"),
        ("near", "1981-03-17"),
        ("year", "1980-04-18"),
        ("other", "1979-04-18"),
        ("missing", None),
    ],
)
def test_levels_of_a_birth_date(engine: Engine, level: str, born: str | None) -> None:
    assert _level(engine, "born", tanggal_lahir=born) == level


def test_day_and_month_that_change_places_are_near(engine: Engine) -> None:
    (edge,) = _edges(_people({"tanggal_lahir": "1980-03-07"}, {"tanggal_lahir": "1980-07-03"}), engine)
    assert edge["born"] == "near"


def test_levels_of_the_home(engine: Engine) -> None:
    other = "3571010101019002"
    assert _level(engine, "home", kelurahan="3571020001") == "card"
    assert _level(engine, "home", card=other) == "village"
    assert _level(engine, "home", card=other, kelurahan="3571020001") == "other"
    assert _level(engine, "home", card=None, kelurahan=None) == "missing"


def test_a_weight_is_the_prior_and_the_levels_and_the_rarity(engine: Engine) -> None:
    (edge,) = _edges(_people({}, {}), engine)
    weights = {comparison.name: comparison.weights for comparison in MODEL.comparisons}
    words = [MODEL.rarity.words.get(word, MODEL.rarity.unlisted) for word in ("DEWI", "KUSUMA", "CONTO")]
    levels = sum(weights[name][level] for name, level in (("name", "exact"), ("born", "exact"), ("sex", "exact")))
    assert edge["weight"] == MODEL.prior + levels + weights["home"]["card"] + min(sum(words), MODEL.rarity.ceiling)
    assert edge["probability_ppm"] == probability_ppm(min(edge["weight"], 2000))
    assert (edge["decision"], edge["model"]) == ("sure", MODEL.sha256)
    assert edge["nik"] == "missing"


def test_a_common_name_of_one_word_weighs_less(engine: Engine) -> None:
    (long,) = _edges(_people({}, {}), engine)
    (short,) = _edges(_people({"nama": "DEWI"}, {"nama": "DEWI"}), engine)
    assert long["name"] == short["name"] == "exact"
    assert short["weight"] < long["weight"] - 300


def test_an_initial_adds_no_rarity(engine: Engine) -> None:
    (initial,) = _edges(_people({"nama": "DEWI K"}, {"nama": "DEWI K"}), engine)
    (single,) = _edges(_people({"nama": "DEWI"}, {"nama": "DEWI"}), engine)
    assert initial["weight"] == single["weight"]


def test_two_equal_candidates_are_for_a_person(engine: Engine) -> None:
    found = _edges(_people({"source": "a"}, {"source": "b"}, {"source": "b"}), engine)
    assert [edge["decision"] for edge in found] == ["possible", "possible"]


def test_the_better_of_two_candidates_is_sure(engine: Engine) -> None:
    found = _edges(_people({"source": "a"}, {"source": "b"}, {"source": "b", "tanggal_lahir": "1980-01-01"}), engine)
    assert {(edge["id_r"], edge["decision"]) for edge in found} == {("r1", "sure"), ("r2", "possible")}


def test_twins_of_one_card_are_never_surely_one(engine: Engine) -> None:
    found = _edges(_people({}, {"nama": "RATNA LAKSONO"}), engine)
    assert not [edge for edge in found if edge["decision"] == "sure"]


def test_rows_of_one_source_are_not_paired(engine: Engine) -> None:
    assert not _edges(_people({"source": "a"}, {"source": "a"}), engine)


def test_blank_keys_make_no_pairs(engine: Engine) -> None:
    blank = dict.fromkeys(("nama", "tanggal_lahir", "card"))
    keys = _keys(_people(blank, blank), engine)
    assert engine.fetch(candidates(keys, keys, MODEL)).is_empty()


def test_a_last_word_that_is_not_there_is_no_key(engine: Engine) -> None:
    elsewhere = {"card": "3571010101019002", "kelurahan": "3571020001"}
    keys = _keys(_people({"nama": "DEWI"}, {"nama": "RATNA"} | elsewhere), engine)
    assert engine.fetch(candidates(keys, keys, MODEL)).is_empty()


@pytest.fixture(scope="module")
def city() -> pl.DataFrame:
    """Two lists of a small city, half of the people without a NIK."""
    people = relisted(300, 17, 2.0)
    return people.with_columns(nik=pl.when(pl.int_range(pl.len()) % 2 == 0).then("nik"))


def _all(people: pl.DataFrame, engine: Engine) -> pl.DataFrame:
    keys = _keys(people.drop("truth"), engine)
    edges = engine.fetch(settled(engine.checkpoint(link(keys, keys, MODEL, engine))))
    return edges.with_columns(pl.col("weight", "probability_ppm").cast(pl.Int64)).sort("id_l", "id_r")


def test_adding_a_batch_gives_what_linking_everything_gives(engine: Engine, city: pl.DataFrame) -> None:
    early, late = city.filter(pl.int_range(pl.len()) % 5 > 0), city.filter(pl.int_range(pl.len()) % 5 == 0)
    first, batch, known = (_keys(part.drop("truth"), engine) for part in (early, late, city))
    parts = [engine.fetch(link(new, old, MODEL, engine)) for new, old in ((first, first), (batch, known))]
    edges = engine.load(pl.concat(parts))
    assert parts[0].height > 100
    assert parts[1].height > 20
    assert engine.fetch(settled(edges)).sort("id_l", "id_r").equals(_all(city, engine).select(parts[0].columns))


def test_few_are_linked_as_all_are(engine: Engine, city: pl.DataFrame) -> None:
    keys, batch = _keys(city.drop("truth"), engine), _keys(city.drop("truth").gather_every(7), engine)
    expected = engine.fetch(link(batch, keys, MODEL, engine)).sort("id_l", "id_r")
    found = link_few(batch, keys, MODEL, engine).sort("id_l", "id_r")
    assert expected.height > 50
    assert found.select(expected.columns).equals(expected)
    assert link_few(_keys(city.drop("truth").clear(), engine), keys, MODEL, engine).is_empty()


def test_order_does_not_count(engine: Engine, city: pl.DataFrame) -> None:
    expected = _all(city, engine)
    assert _all(city.sample(fraction=1.0, shuffle=True, seed=3), engine).equals(expected)
    assert clusters(expected.reverse()).sort("id").equals(clusters(expected).sort("id"))


def test_both_ways_round_are_one(engine: Engine, city: pl.DataFrame) -> None:
    turned = city.with_columns(
        id=pl.format("{}{}", pl.when(source="first").then(pl.lit("z")).otherwise(pl.lit("a")), "id")
    )
    mine, theirs = _all(city, engine), _all(turned, engine)
    figures = ["name", "born", "sex", "home", "weight", "decision"]
    assert mine.select(figures).sort(figures).equals(theirs.select(figures).sort(figures))


def test_links_of_a_small_city_are_right(engine: Engine, city: pl.DataFrame) -> None:
    truth = dict(city.select("id", "truth").rows())
    sure = [row for row in _all(city, engine).to_dicts() if row["decision"] == "sure"]
    wrong = [row for row in sure if truth[row["id_l"]] != truth[row["id_r"]]]
    possible = city["truth"].value_counts().filter(pl.col("count") > 1).height
    assert not wrong
    assert 0.93 * possible < len(sure) <= possible


@pytest.fixture(params=["duckdb", pytest.param("spark", marks=[needs_java, pytest.mark.sweep])])
def other(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Engine]:
    engine = open_engine(request.param, tmp_path_factory.mktemp("scratch"), memory_mb=1536)
    yield engine
    engine.close()


def test_the_edges_are_the_same_on_every_engine(engine: Engine, other: Engine, city: pl.DataFrame) -> None:
    expected, found = _all(city, engine), _all(city, other)
    assert expected.height > 500
    assert found.equals(expected)


def test_a_cluster_bears_its_least_id() -> None:
    edges = pl.DataFrame({"id_l": ["b", "c", "x"], "id_r": ["c", "d", "y"]})
    rows = edges.rows()
    random.Random(1).shuffle(rows)  # noqa: S311 - an order, not a secret
    shuffled = pl.DataFrame(rows, schema=["id_l", "id_r"], orient="row")
    assert dict(clusters(shuffled).rows()) == {"b": "b", "c": "b", "d": "b", "x": "x", "y": "x"}


def test_probabilities_in_millionths() -> None:
    assert [probability_ppm(weight) for weight in (-10_000, 0, 100, 2_000)] == [0, 500_000, 666_667, 999_999]
