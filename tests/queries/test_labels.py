"""What may be read, and what stays behind the mask."""

from dataclasses import replace

import pytest

from dtsen_pipeline.queries.labels import (
    HOME,
    MASK,
    ColumnFacts,
    group_order,
    meaning,
    plain_label,
    shown,
)

FLOOR = ColumnFacts("jenis_lantai_terluas", "Lantai", "code", "dwelling", "L2", 19, "lantai")
AREA = ColumnFacts("luas_lantai", "Luas", "count", "dwelling", "L2", 20, None)
NAME = ColumnFacts("nama", "Nama", "name", "identity", "L4", 2, None)
VILLAGE = ColumnFacts("kode_kelurahan_desa", "Kelurahan", "region", "region_address", "L3", 6, None)


@pytest.mark.parametrize(
    ("column", "text"),
    [(FLOOR, "2"), (FLOOR, "keramik"), (FLOOR, "TIDAK_ADA"), (AREA, "36"), (AREA, " "), (HOME, "a" * 32)],
)
def test_plain_answers_are_shown(column: ColumnFacts, text: str) -> None:
    assert shown(column, text, is_revealed=False) == text


@pytest.mark.parametrize(
    ("column", "text"),
    [(NAME, "SITI"), (VILLAGE, "3571010007"), (FLOOR, "SITI"), (FLOOR, "3571010101019000"), (AREA, "JL. MAWAR 3")],
)
def test_whatever_could_identify_is_masked(column: ColumnFacts, text: str) -> None:
    assert shown(column, text, is_revealed=False) == MASK
    assert shown(column, text, is_revealed=True) == text


def test_free_text_is_masked_even_in_an_ordinary_class() -> None:
    assert shown(replace(NAME, kind="text", sensitivity="L2"), "SITI", is_revealed=False) == MASK


def test_a_missing_value_is_shown_as_missing() -> None:
    assert shown(NAME, None, is_revealed=False) is None


def test_codes_have_meanings() -> None:
    assert meaning(FLOOR, " 2 ") == meaning(FLOOR, "keramik") == "Keramik"
    assert meaning(FLOOR, "77") is None
    assert meaning(AREA, "2") is None
    assert meaning(FLOOR, None) is None


@pytest.mark.parametrize("text", ["v3_2026", "2026-W40-TRC", "3571", None])
def test_ordinary_labels_are_shown(text: str | None) -> None:
    assert plain_label(text) == text


@pytest.mark.parametrize("text", ["SITI AMINAH", "3571010101019000", "batch-3571010101019000", "x" * 41, ""])
def test_labels_that_could_hold_anything_are_masked(text: str) -> None:
    assert plain_label(text) == MASK


def test_groups_come_in_reading_order() -> None:
    assert group_order(["zebra", "assets", "identity", "assets"]) == ["identity", "assets", "zebra"]
