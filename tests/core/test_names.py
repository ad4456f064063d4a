"""Written names as keys: what counts as one name and what does not."""

import narwhals as nw
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dtsen_pipeline.core.engine import Engine
from dtsen_pipeline.core.names import (
    LONGEST,
    first_word,
    last_word,
    middle_words,
    name_key,
    sound_key,
    squeezed,
)

ONE_NAME = [
    ("CONTOH", "H. Contoh"),
    ("CONTOH", "Drs. H. Contoh, M.Si."),
    ("CONTOH", "contoh s.pd.i"),
    ("CONTOH", "Contoh S. Pd"),
    ("CONTOH", "CONTOH SPD"),
    ("CONTOH", "Contoh, S.E., M.M."),
    ("CONTOH", "ALM CONTOH"),
    ("CONTOH", "  contoh  "),
    ("MUHAMMAD CONTOH", "Moh. Contoh"),
    ("MUHAMMAD CONTOH", "MUH CONTOH"),
    ("MUHAMMAD CONTOH", "MOCHAMAD CONTOH"),
    ("MUHAMMAD CONTOH", "H. Moch Contoh"),
    ("AHMAD CONTOH", "Achmad Contoh"),
    ("SITI CONTOH", "St. Contoh"),
    ("SITI CONTOH", "Hj. STI CONTOH"),
    ("CONTOH REKAAN", "Contoh bin Rekaan"),
    ("CONTOH REKAAN", "CONTOH BINTI REKAAN"),
    ("NUMAN CONTOH", "Nu'man-Contoh"),
]
BY_SOUND = [("JOKO", "DJOKO"), ("SUMI", "SOEMI"), ("FITRI", "PITRI"), ("FATIMAH", "FATIMA"), ("ROHMAD", "ROCHMAD")]


def _keys(engine: Engine, names: list[str | None]) -> pl.DataFrame:
    frame = engine.load(pl.DataFrame({"at": range(len(names)), "raw": names}, schema_overrides={"raw": pl.String}))
    keyed = frame.with_columns(key=name_key(nw.col("raw"))).with_columns(sound=sound_key(nw.col("key")))
    key = nw.col("key")
    parts = {"first": first_word(key), "middle": middle_words(key), "last": last_word(key), "tight": squeezed(key)}
    return engine.fetch(keyed.with_columns(**parts)).sort("at")


@pytest.mark.parametrize(("key", "written"), ONE_NAME)
def test_what_does_not_count(engine: Engine, key: str, written: str) -> None:
    assert _keys(engine, [written])["key"].to_list() == [key]


@pytest.mark.parametrize(("one", "other"), BY_SOUND)
def test_old_and_new_spelling_sound_alike(engine: Engine, one: str, other: str) -> None:
    found = _keys(engine, [one, other])
    assert found["key"].n_unique() == 2
    assert found["sound"].n_unique() == 1


def test_other_names_stay_other(engine: Engine) -> None:
    names: list[str | None] = ["SITI CONTOH", "SRI CONTOH", "MUHAMMAD", "MAHMUD", "CONTOH", "CONTOH REKAAN"]
    assert _keys(engine, names)["sound"].n_unique() == len(names)


def test_titles_alone_are_a_name_and_nothing_is_none(engine: Engine) -> None:
    assert _keys(engine, ["H.", "DR", "", " - ", None])["key"].to_list() == ["H", "DR", None, None, None]


def test_the_words_of_a_key(engine: Engine) -> None:
    found = _keys(engine, ["SATU", "SATU DUA", "SATU DUA TIGA EMPAT", None])
    assert found.select("first", "middle", "last").rows() == [
        ("SATU", "", ""),
        ("SATU", "", "DUA"),
        ("SATU", "DUA TIGA", "EMPAT"),
        (None, None, None),
    ]


def test_spaces_do_not_count_in_a_squeezed_key(engine: Engine) -> None:
    found = _keys(engine, ["NUR CONTOH", "NURCONTOH", "A" * 60])
    assert found["tight"].to_list() == ["NURCONTOH", "NURCONTOH", "A" * LONGEST]


few = settings(max_examples=20, deadline=None)


@few
@given(st.lists(st.text(st.characters(codec="ascii"), max_size=30), min_size=1, max_size=20))
def test_a_key_is_words_of_capital_letters(engine: Engine, names: list[str]) -> None:
    keys = _keys(engine, list(names))["key"].drop_nulls().to_list()
    assert all(word.isalpha() and word.isupper() for key in keys for word in key.split(" "))


@few
@given(st.lists(st.from_regex(r"[B-G]{4,8}( [K-P]{4,8}){0,2}", fullmatch=True), min_size=1, max_size=10))
def test_a_title_never_matters(engine: Engine, names: list[str]) -> None:
    plain = _keys(engine, list(names))["key"].to_list()
    for title in ("H. ", "HJ ", "PROF. DR. "):
        assert _keys(engine, [title + name for name in names])["key"].to_list() == plain
