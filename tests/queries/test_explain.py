"""Why a desil is what it is, and why it moved: the parts add up to what is published, or nothing is said."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import polars as pl
import pytest

from dtsen_pipeline.core.declared import DECLARED
from dtsen_pipeline.queries.explain import explain
from dtsen_pipeline.queries.reading import View, view
from dtsen_pipeline.reference import Agreement
from dtsen_pipeline.resources.platform import Platform, opened
from dtsen_pipeline.schemas.errors import DtsenError
from tests.queries.asking import looks, some
from tests.queries.later import Later, later
from tests.queries.world import LOOK


@pytest.fixture(scope="module")
def home(city: Path) -> Later:
    """A home with three releases."""
    return later(city)


@pytest.fixture
def house(home: Later) -> Iterator[Platform]:
    """The opened house."""
    with opened(home.settings) as platform:
        yield platform


def pair(house: Platform, one: str, two: str) -> tuple[View, View]:
    return view(house, one), view(house, two)


def families(release: View, *conditions: pl.Expr) -> list[str]:
    return [str(row["family_id"]) for row in release.rows("keluarga", *conditions)]


def test_the_points_add_up_to_the_published_score(house: Platform, home: Later) -> None:
    release = view(house, home.late)
    for family_id in families(release, pl.col("is_lengkap"))[:40]:
        found = explain(house, release, family_id, LOOK)
        assert found.missing == ()
        assert found.intercept + sum(one.points or 0 for one in found.inputs) == found.total
        row = some(release, "keluarga", pl.col("family_id") == family_id)
        assert found.desil["estimate"] == row["desil_estimasi"]
        assert found.bounds["estimate"] == (row["desil_estimasi"],) * 2
        assert (found.to_lower, found.to_upper) == (row["jarak_batas_bawah"], row["jarak_batas_atas"])
    assert looks(house)[-1].action == "explain"


def test_a_missing_input_is_named_and_bounded(house: Platform, home: Later) -> None:
    release = view(house, home.late)
    asked = families(release, pl.col("alasan_tidak_lengkap") == "masukan_kosong", pl.col("skor_verifikasi").is_null())
    for family_id in asked[:10]:
        found = explain(house, release, family_id, LOOK)
        assert found.missing
        assert found.total is None
        low, high = found.bounds["verified"]
        assert low is not None
        assert high is not None
        assert low <= high
        assert found.reason_id
    assert asked


@pytest.mark.parametrize(("one", "two"), [("early", "visited"), ("visited", "late"), ("early", "late")])
def test_the_contributions_add_up_to_the_change(house: Platform, home: Later, one: str, two: str) -> None:
    before, after = pair(house, getattr(home, one), getattr(home, two))
    estimates = [dict(zip(*_columns(release), strict=True)) for release in (before, after)]
    both = [key for key in estimates[1] if estimates[1][key] and estimates[0].get(key)]
    moved = [key for key in both if estimates[0][key] != estimates[1][key]]
    facts = [_facts(release) for release in (before, after)]
    touched = [key for key in both if facts[0][key] != facts[1][key]]
    causes = set[str]()
    for family_id in [*moved[:25], *touched[:10], *both[:10]]:
        found = explain(house, after, family_id, LOOK, before)
        assert found.moved is not None
        parts = found.moved.contributions or ()
        assert sum(part.steps for part in parts) == estimates[1][family_id] - estimates[0][family_id]
        points = [
            some(release, "keluarga", pl.col("family_id") == family_id)["skor_estimasi"] for release in (before, after)
        ]
        assert sum(part.points for part in parts) == int(str(points[1])) - int(str(points[0]))
        causes |= {part.cause for part in parts}
    assert moved
    assert causes >= ({"data"} if one == "early" and two == "visited" else {"data", "acuan", "batas", "waktu"})
    assert two == "late" or not causes & {"waktu", "koefisien", "acuan", "batas"}


def _facts(release: View) -> dict[str, tuple[object, ...]]:
    """What a model may look at in a family's own row, by family."""
    columns = {name.split(".")[1] for one in DECLARED.values() for name in one.columns if name.startswith("keluarga.")}
    return {row["family_id"]: tuple(row[name] for name in sorted(columns)) for row in release.rows("keluarga")}


def _columns(release: View) -> tuple[list[str], list[int]]:
    rows = release.rows("keluarga")
    return [row["family_id"] for row in rows], [row["desil_estimasi"] for row in rows]


def test_nothing_changed_says_nothing(house: Platform, home: Later) -> None:
    release = view(house, home.late)
    (family_id, *_) = families(release, pl.col("is_lengkap"))
    found = explain(house, release, family_id, LOOK, release)
    assert found.moved is not None
    assert found.moved.contributions is None
    assert found.moved.before == found.moved.after == found.desil["estimate"]


def test_an_imitation_is_explained_with_its_own_error(house: Platform, home: Later) -> None:
    release = view(house, home.late)
    row = some(release, "keluarga", pl.col("is_lengkap"))
    assert explain(house, release, str(row["family_id"]), LOOK).imitation_error is None
    chances = tuple((*([None] * 9), decile) for decile in range(1, 11))
    words = dict.fromkeys(("snapshot", "penalty", "exact", "within_one", "kendall"), "")
    agreement = Agreement(**words, files=(), folds=10, seed=1, chances=chances)
    vars(release)["model"] = replace(release.model, kind="imitation", agreement=agreement, probability=None)
    found = explain(house, release, str(row["family_id"]), LOOK)
    assert found.likely is None
    assert found.imitation_error == chances[int(str(row["desil_bayangan"])) - 1]


def test_the_chances_of_a_decile_are_counted_out_of_the_mixture(house: Platform, home: Later) -> None:
    """Each family a hundred times, once with each residual of the model; as many in a decile as officially."""
    release = view(house, home.late)
    stated = release.model.probability
    assert stated is not None
    known = release.rows("keluarga", pl.col("skor_bayangan").is_not_null(), pl.col("desil_nasional").is_not_null())
    welfare = sorted(int(row["skor_bayangan"]) + e for row in known for e in stated.residuals_micro)
    places = [100 * sum(row["desil_nasional"] <= k for row in known) for k in range(1, 10)]
    ends = [welfare[place - 1] if place else welfare[0] - 1 for place in places]
    for family_id in families(release, pl.col("is_lengkap"))[:10]:
        found = explain(house, release, family_id, LOOK)
        assert found.total is not None
        counted = [sum(end < found.total + e for end in ends) for e in stated.residuals_micro]
        assert found.likely == tuple(counted.count(k) for k in range(10))
    blank = families(release, pl.col("skor_verifikasi").is_null())
    assert explain(house, release, blank[0], LOOK).likely is None


def test_inputs_that_do_not_give_the_published_score_are_not_explained(
    house: Platform, home: Later, monkeypatch: pytest.MonkeyPatch
) -> None:
    release = view(house, home.late)
    (family_id, *_) = families(release, pl.col("is_lengkap"))
    wrong = replace(release.model, intercept_micro=release.model.intercept_micro + 1)
    monkeypatch.setitem(vars(release), "model", wrong)
    with pytest.raises(DtsenError, match="E_SCORE_DIFFERS"):
        explain(house, release, family_id, LOOK)
    with pytest.raises(DtsenError, match="E_ENTITY_UNKNOWN"):
        explain(house, release, "0" * 32, LOOK)
