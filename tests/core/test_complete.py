"""Which families are incomplete because a member's row was rejected or is held, and since when."""

from typing import Any

import polars as pl
import pytest

from dtsen_pipeline.core import flow
from dtsen_pipeline.core.complete import incomplete
from dtsen_pipeline.core.engine import Engine
from tests.core.rows import BASE, CARD, NIK, OLD, Town, card, nik
from tests.running import KEY, Run

MONDAY = "2026-08-03"


@pytest.fixture(scope="module")
def gaps(engine: Engine) -> dict[int, dict[str, Any] | None]:
    """What is incomplete of eighteen families, by number; None where nothing is."""
    town = Town()
    for number in range(18):
        town.family(card(number))
        town.family(card(number), OLD)
        town.member(card(number), number)
    town.member(card(1), None, **{NIK: "12"})
    town.member(card(2), None, nama="")
    town.member(card(3), None, nama="")
    town.member(card(3), None, **{NIK: "12"})
    town.member(card(4), None, OLD, **{NIK: "12"})
    town.met(town.visit(card(5), MONDAY), **{NIK: "12"})
    town.met(town.visit(card(6), MONDAY), nama="SIAPA")
    town.met(town.visit(card(7), MONDAY), **{NIK: nik(7)}, penglihatan="1")
    town.met(town.visit(card(8), MONDAY, luas_lantai="x"), **{NIK: nik(8)})
    town.met("nowhere", **{NIK: nik(9)})
    town.member("1", 10)
    for number, day in ((13, MONDAY), (12, "2026-08-01")):
        town.visit(card(number), day, id_kunjungan="V", luas_lantai="40")
    town.met("V", nama="SIAPA")
    for number, day, facts in ((14, MONDAY, {}), (15, "2026-08-09", {"hasil_kunjungan": "4"})):
        town.visit(card(number), day, id_kunjungan="W", luas_lantai="40", **facts)
    town.met("W", nama="SIAPA")
    for number, day, facts in ((16, MONDAY, {"hasil_kunjungan": "4"}), (17, "2026-08-09", {"luas_lantai": "x"})):
        town.visit(card(number), day, id_kunjungan="X", **facts)
    town.met("X", **{NIK: "12"})
    town.member(card(11), 11)
    town.visit(card(0), MONDAY, luas_lantai="x")
    run = Run(town.readings(), engine)
    scene = flow.scene_of(town.inputs())
    aside = flow.aside_of(run.observed, run.merged)
    found = engine.fetch(incomplete(run.records, run.settled.rejected, aside, run.observed.aliases, scene, engine, KEY))
    cards = engine.fetch(run.observed.families).filter(pl.col("version") == BASE).select("family_id", CARD)
    told = {row[CARD]: row for row in found.join(cards, on="family_id", how="left").to_dicts()}
    assert len(told) == found.height
    return {number: told.get(card(number)) for number in range(18)}


@pytest.mark.parametrize(
    ("number", "reason", "is_ministry"),
    [
        (1, "anggota_ditolak", 1),
        (2, "anggota_ditahan", 1),
        (3, "anggota_ditolak", 1),
        (5, "anggota_ditolak", 0),
        (6, "anggota_ditahan", 0),
        (8, "anggota_ditahan", 0),
        (13, "anggota_ditahan", 0),
        (14, "anggota_ditahan", 0),
        (16, "anggota_ditolak", 0),
    ],
)
def test_incomplete(number: int, reason: str, is_ministry: int, gaps: dict[int, dict[str, Any] | None]) -> None:
    found = gaps[number]
    assert found is not None
    assert (found["reason"], found["is_ministry"]) == (reason, is_ministry)


@pytest.mark.parametrize("number", [0, 4, 7, 9, 10, 11, 12, 15, 17])
def test_complete(number: int, gaps: dict[int, dict[str, Any] | None]) -> None:
    """In order: a rejected visit, an older snapshot's row, a sound row, a row without a visit, a strange card, a
    duplicate; and of two visits under one id the earlier, the later one without values, and a rejected one.
    """
    assert gaps[number] is None
