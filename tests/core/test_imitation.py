"""An imitation is judged on families it has not seen, says what it is, and never looks at what was decided before."""

from dataclasses import replace

import numpy as np
import polars as pl
import pytest
from scipy.stats import kendalltau

from dtsen_pipeline.core.declared import DECLARED
from dtsen_pipeline.core.features import features
from dtsen_pipeline.core.imitation import ImitationPlan, imitate, kendall, model_facts
from dtsen_pipeline.core.imitation import chances as chances_of
from dtsen_pipeline.core.imitation_card import WARNING, imitation_card
from dtsen_pipeline.core.microdata import RECEIPT
from dtsen_pipeline.reference import welfare_model
from dtsen_pipeline.schemas.errors import DtsenError
from dtsen_pipeline.schemas.release import Keluarga
from dtsen_pipeline.schemas.tables import SNAPSHOT_TABLES, tables

PLAN = ImitationPlan(folds=5)
ABOUT = {"city": "3571", "snapshot": "v4_2026", "day": "2026-10-01", "files": ["0123456789ab"]}


def labelled(noise: float, count: int = 400, seed: int = 3) -> pl.DataFrame:
    """Families whose official decile follows from their inputs, but for a share of luck; nobody has cattle."""
    draw = np.random.default_rng(seed)
    x = {name: draw.integers(0, 2, count) for name in DECLARED} | {"floor_area_per_head": draw.integers(10, 999, count)}
    x["owns_cattle"] = np.zeros(count, dtype=np.int64)
    welfare = x["owns_car"] * 3 + x["owns_ac"] * 2 - x["children_0_4"] + x["floor_area_per_head"] / 200
    welfare = (1 - noise) * (welfare - welfare.mean()) / welfare.std() + noise * draw.normal(size=count)
    decile = 1 + np.argsort(np.argsort(welfare)) * 10 // count
    return pl.DataFrame({"desil_nasional": decile, **x})


def test_what_follows_from_the_inputs_is_found_again() -> None:
    done = imitate(labelled(0), PLAN)
    assert done.exact.low < done.exact.value < done.exact.high
    assert done.exact.value > 0.6
    assert done.within_one.value > 0.97
    assert done.kendall.value > 0.9
    assert done.constant == ("owns_cattle",)
    assert set(done.weights) == set(DECLARED) - {"owns_cattle"}
    assert done.weights["owns_car"] > done.weights["owns_ac"] > 0 > done.weights["children_0_4"]


def test_luck_is_not_imitated() -> None:
    """Seen families would agree more often than by chance; unseen ones do not."""
    done = imitate(labelled(1.0, 1000), PLAN)
    assert done.exact.low < 0.1 < done.exact.high
    assert done.kendall.low < 0.0 < done.kendall.high


def test_neither_order_nor_day_has_a_part() -> None:
    rows = labelled(0.3)
    one, other = imitate(rows, PLAN), imitate(rows.sample(fraction=1, shuffle=True, seed=1), PLAN)
    assert replace(one, confusion=np.zeros(1)) == replace(other, confusion=np.zeros(1))
    assert (one.confusion == other.confusion).all()
    assert one.confusion.sum() == rows.height == one.families


def test_a_city_that_is_too_small_is_told() -> None:
    with pytest.raises(DtsenError, match="E_MODEL_FIT"):
        imitate(labelled(0, 99), PLAN)
    with pytest.raises(DtsenError, match="E_MODEL_FIT"):
        imitate(labelled(0).with_columns(desil_nasional=3), PLAN)


@pytest.mark.parametrize("seed", range(3))
def test_kendall_is_the_usual_one(seed: int) -> None:
    draw = np.random.default_rng(seed)
    one = draw.integers(1, 11, 300)
    other = np.clip(one + draw.integers(-3, 4, 300), 1, 10)
    table = np.zeros((10, 10), dtype=np.int64)
    np.add.at(table, (one - 1, other - 1), 1)
    assert kendall(table) == pytest.approx(kendalltau(one, other).statistic)
    assert kendall(np.diag([5] + [0] * 9)) == 0.0


def test_few_families_are_not_shown() -> None:
    table = np.zeros((10, 10), dtype=np.int64)
    table[:, 0] = [6, 4, 5, 0, 0, 0, 0, 0, 0, 5]
    assert chances_of(table)[0] == [300, None, 250, 0, 0, 0, 0, 0, 0, 250]
    assert chances_of(table)[1] == [None] * 10
    done = replace(imitate(labelled(0.5), PLAN), confusion=table)
    card = imitation_card(done, "tiruan", "dtsen model fit", ABOUT)
    assert WARNING in card
    assert "| 2 | <5 | 0 |" in card
    assert "| 1 | 300 | - | 250 |" in card


def test_the_file_says_that_it_is_an_imitation() -> None:
    facts = model_facts("tiruan", imitate(labelled(0.5), PLAN), welfare_model("demo_alatas_2008"), ABOUT)
    assert (facts["kind"], facts["status"], facts["regions"]) == ("imitation", "city", ["3571"])
    assert "bukan kesejahteraan" in facts["outcome"]
    assert facts["dropped"][0]["survey_variable"] == "owns_cattle"
    assert facts["agreement"]["snapshot"] == "v4_2026"


class TestReceipt:
    """Programme receipt may never be an input: it tells the past decision."""

    def test_no_declared_input_rests_on_it(self) -> None:
        columns = {column.partition(".")[2] for one in DECLARED.values() for column in one.columns}
        assert set(features()) == set(DECLARED)
        assert not columns & RECEIPT

    def test_every_column_about_aid_and_every_desil_counts_as_receipt(self) -> None:
        own = [column for table in SNAPSHOT_TABLES for column in tables()[table].columns]
        aid = {column.name for column in own if column.group == "aid" or column.name.startswith("is_")}
        computed = {name for name in Keluarga.to_schema().columns if name.startswith(("desil_", "skor_"))}
        assert {"pbi_nas", "pbi_pemda", "is_siks_ng", "is_pbi_se", "is_gc_kemensos"} <= aid
        assert aid | computed <= RECEIPT

    def test_the_ministrys_inputs_hold_none_of_it(self) -> None:
        assert not set(labelled(0).columns) & (RECEIPT - {"desil_nasional"})
