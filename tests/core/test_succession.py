"""Families under another card: who goes on, who splits, and that order does not count."""

from collections.abc import Mapping

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dtsen_pipeline.core.engine import Engine
from dtsen_pipeline.core.succession import successions
from dtsen_pipeline.resources.engines import open_engine

Homes = Mapping[str, str]
"""The family of each person, a letter a person."""


def _members(homes: Homes, *, reverse: bool = False) -> pl.DataFrame:
    rows = [(family, person) for family, people in homes.items() for person in people]
    found = pl.DataFrame(rows, schema={"family_id": pl.String, "person_id": pl.String}, orient="row")
    return found.reverse() if reverse else found


def _found(before: Homes, after: Homes, engine: Engine, *, reverse: bool = False) -> set[tuple[str, str, int]]:
    lists = [engine.load(_members(homes, reverse=reverse)) for homes in (before, after)]
    return set(engine.fetch(successions(*lists, engine)).rows())


@pytest.mark.parametrize(
    ("before", "after", "expected"),
    [
        ({"a": "xyz"}, {"b": "xyz"}, {("a", "b", 3)}),
        ({"a": "xyz"}, {"b": "xyn"}, {("a", "b", 2)}),
        ({"a": "x"}, {"b": "x"}, {("a", "b", 1)}),
        ({"a": "xyz"}, {"a": "xyz"}, set()),
        ({"a": "xyz"}, {"a": "x", "b": "yz"}, set()),
        ({"a": "wxyz"}, {"b": "wx", "c": "yz"}, set()),
        ({"a": "xyz"}, {"b": "xy", "c": "z"}, {("a", "b", 2)}),
        ({"a": "xy", "c": "z"}, {"b": "xyz"}, {("a", "b", 2)}),
        ({"a": "xy", "c": "wz"}, {"b": "xywz"}, set()),
        ({"a": "x"}, {"b": "xyz"}, set()),
        ({"a": "xyz"}, {}, set()),
    ],
)
def test_a_family_goes_on_where_most_of_it_is_most_of_another(
    engine: Engine, before: Homes, after: Homes, expected: set[tuple[str, str, int]]
) -> None:
    assert _found(before, after, engine) == expected


PEOPLE = "klmnopqr"
homes = st.lists(st.sampled_from("abcde"), min_size=len(PEOPLE), max_size=len(PEOPLE))


def _grouped(letters: list[str]) -> Homes:
    return {
        family: "".join(person for person, home in zip(PEOPLE, letters, strict=True) if home == family)
        for family in set(letters)
    }


@settings(max_examples=30, deadline=None)
@given(homes, homes)
def test_one_successor_each_in_any_order(engine: Engine, before: list[str], after: list[str]) -> None:
    lists = _grouped(before), {family.upper(): people for family, people in _grouped(after).items()}
    found = _found(*lists, engine)
    assert len({pair[0] for pair in found}) == len({pair[1] for pair in found}) == len(found)
    assert _found(*lists, engine, reverse=True) == found


def test_duckdb_agrees(engine: Engine, tmp_path_factory: pytest.TempPathFactory) -> None:
    before, after = {"a": "xyz", "d": "pq"}, {"b": "xyn", "e": "p", "f": "q"}
    other = open_engine("duckdb", tmp_path_factory.mktemp("scratch"))
    try:
        assert _found(before, after, other) == _found(before, after, engine) == {("a", "b", 2)}
    finally:
        other.close()
