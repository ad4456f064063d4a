"""`explain` and `diff` as a person sees them; the page's own commands, run against three releases."""

import re
import shlex
from collections.abc import Mapping
from pathlib import Path

import polars as pl
import pytest

from dtsen_pipeline.queries.reading import view
from dtsen_pipeline.resources.platform import opened
from tests.cli.conftest import Dtsen
from tests.queries.asking import looks, some
from tests.queries.later import Later, later

PAGE = Path(__file__).parents[2] / "docs" / "how-to" / "explain-a-desil.md"
CARD = "nomor_kartu_keluarga"


@pytest.fixture
def three(city: Path, home: Path, monkeypatch: pytest.MonkeyPatch) -> Later:
    """A home with three releases, which the environment names."""
    assert home
    found = later(city)
    monkeypatch.setenv("DTSEN_HOME", str(found.settings.home))
    return found


@pytest.fixture
def moved(three: Later) -> Mapping[str, object]:
    """A complete family whose estimate is not its official decile."""
    with opened(three.settings) as platform:
        return some(view(platform), "keluarga", pl.col("desil_estimasi") != pl.col("desil_nasional"))


def test_every_command_of_the_page_runs(dtsen: Dtsen, three: Later, moved: Mapping[str, object]) -> None:
    lines = re.findall(r"^    dtsen (.*)$", PAGE.read_text(encoding="utf-8"), re.MULTILINE)
    for line in lines:
        releases = iter([three.early] if "--since" in line else [three.visited, three.late])
        words = [{"ID": moved["family_id"]}.get(word, word) for word in shlex.split(line)]
        said = dtsen(*(next(releases) if word == "RILIS" else word for word in words))
        assert said.code == 0, line
        assert said.out
        assert "--reveal" in line or str(moved[CARD]) not in said.all
    assert len(lines) == 9


def test_explain_tells_the_inputs_and_the_change(dtsen: Dtsen, three: Later, moved: Mapping[str, object]) -> None:
    said = dtsen("explain", "--family", moved["family_id"], "--since", three.early)
    assert "Jumlah anggota keluarga" in said.out
    assert f"Sejak rilis {three.early}" in said.out
    told = dtsen("explain", "--family", moved["family_id"], "--since", three.early, "--json").document
    assert told["desil"]["estimate"] == moved["desil_estimasi"]
    assert told["intercept"] + sum(one["points"] for one in told["inputs"]) == told["total"]
    assert told["moved"]["after"] - told["moved"]["before"] == sum(p["steps"] for p in told["moved"]["contributions"])
    with opened(three.settings) as platform:
        assert (looks(platform)[-1].action, looks(platform)[-1].subject) == ("explain", moved["family_id"])


def test_an_undecided_family_is_told_its_bounds(dtsen: Dtsen, three: Later) -> None:
    with opened(three.settings) as platform:
        wide = pl.col("desil_verifikasi_min") < pl.col("desil_verifikasi_max")
        family = some(view(platform), "keluarga", wide, pl.col("alasan_tidak_lengkap") == "masukan_kosong")
    said = dtsen("explain", "--family", family["family_id"])
    assert f"{family['desil_verifikasi_min']}-{family['desil_verifikasi_max']}, belum pasti" in said.out
    assert "Kosong:" in said.out


def test_a_card_tells_findings_and_leaves_some_out_for_the_public(
    dtsen: Dtsen, three: Later, moved: Mapping[str, object]
) -> None:
    asked = ("explain", "--family", moved["family_id"], "--counterfactual")
    told = dtsen(*asked, "--json").document
    labels = {one["label"] for way in (*told["lower"], *told["higher"]) for one in way["differences"]}
    said = dtsen(*asked)
    assert said.code == 0
    assert all(label in said.out for label in labels)
    assert f"estimasi {moved['desil_estimasi']}" in said.out
    assert "Memiliki mobil" in labels
    open_copy = dtsen(*asked, "--public")
    assert "Memiliki mobil" not in open_copy.out
    assert dtsen(*asked, "--public", "--json").document["is_public"]
    with opened(three.settings) as platform:
        assert [one.action for one in looks(platform)[-2:]] == ["explain.public_card"] * 2
        undecided = some(view(platform), "keluarga", pl.col("alasan_tidak_lengkap") == "masukan_kosong")
        lowest = some(view(platform), "keluarga", pl.col("desil_estimasi") == 1)
    assert "Tidak ada kartu:" in dtsen("explain", "--family", undecided["family_id"], "--counterfactual").out
    assert "Desil 1 sudah" in dtsen("explain", "--family", lowest["family_id"], "--counterfactual").out


def test_diff_counts_and_lists(dtsen: Dtsen, three: Later) -> None:
    said = dtsen("diff", three.visited, three.late, "--json").document
    assert said["rows"] == []
    assert said["cells"] == sum(count["cells"] for count in said["counts"])
    listed = dtsen("diff", three.visited, three.late, "--limit", 3, "--json").document
    assert len(listed["rows"]) == 3
    assert "potret kementerian" in dtsen("diff", three.visited, three.late).out


def test_wrong_usage(dtsen: Dtsen, three: Later) -> None:
    assert dtsen("diff", three.early, three.late, "--reveal").code == 2
    assert "E_NUMBER_ARGUMENT" in dtsen("explain", "--family", "3571019901999998").err
    assert dtsen("explain", "--family", "x").code == 2
    assert dtsen("explain", "--family", "0" * 32, "--public").code == 2
    assert dtsen("explain", "--family", "0" * 32, "--counterfactual", "--since", three.early).code == 2
    assert "E_ENTITY_UNKNOWN" in dtsen("explain", "--family", "0" * 32, "--counterfactual").err
    assert "E_ENTITY_UNKNOWN" in dtsen("explain", "--family", "0" * 32).err
    assert "E_NUMBER_ARGUMENT" in dtsen("diff", "3571019901999998", three.late).err
    assert dtsen("diff", three.early, "nothing").code == 1
