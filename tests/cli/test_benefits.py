"""`dtsen programmes` at a terminal."""

import polars as pl

from dtsen_pipeline.queries.reading import view
from dtsen_pipeline.resources.platform import opened
from tests.cli.conftest import Dtsen
from tests.queries.world import World


def test_counts_stand_beside_each_other(dtsen: Dtsen, world: World) -> None:
    told = dtsen("programmes", "--programme", "sembako", "--json")
    assert told.code == 0
    assert told.document["release_id"] == world.release_id
    assert [rule["source"] for rule in told.document["rules"]] == ["kepmensos_79_2025", "dtsen_api_2026"]
    words = dtsen("programmes", "--limit", 0)
    assert words.code == 0
    assert "sumber berbeda" in words.out
    assert told.document["model"]["id"] == "demo_alatas_2008"
    assert "model demo_alatas_2008 (demonstration)" in words.out
    assert "blt_kesra" in words.out


def test_a_family_is_told_why(dtsen: Dtsen, world: World) -> None:
    with opened(world.settings) as platform:
        release = view(platform)
        family = release.rows("keluarga", pl.col("desil_nasional") == 6, pl.col("is_lengkap"))[0]["family_id"]
    told = dtsen("programmes", "--family", family, "--programme", "pbi_jk")
    assert told.code == 0
    assert "Desil di luar batas aturan." in told.out
    assert "model demo_alatas_2008" in told.out
    document = dtsen("programmes", "--family", family, "--json").document
    assert document["verdicts"]["pbi_jk"]["resmi"] == "tidak"


def test_wrong_names_are_refused(dtsen: Dtsen, world: World) -> None:
    assert world
    unknown = dtsen("programmes", "--programme", "raskin")
    assert (unknown.code, "E_PROGRAMME_UNKNOWN" in unknown.err) == (2, True)
    assert dtsen("programmes", "--family", "3571010101010001").code == 2
    assert dtsen("programmes", "--family", "x").code == 2
