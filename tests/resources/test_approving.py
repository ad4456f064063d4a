"""A model is in force by the last approval alone; what was approved is what computes, or nothing does."""

from collections.abc import Iterator
from datetime import date, timedelta
from pathlib import Path

import pytest

from dtsen_pipeline.core.inputs import InputList
from dtsen_pipeline.queries.doctor import Examined, doctor
from dtsen_pipeline.resources import approving
from dtsen_pipeline.resources.approving import SHIPPED, approve, in_force
from dtsen_pipeline.resources.decide import Word
from dtsen_pipeline.resources.freeze import freeze_inputs
from dtsen_pipeline.resources.models import load
from dtsen_pipeline.resources.platform import Platform
from dtsen_pipeline.resources.registry.decisions import decide, digest
from dtsen_pipeline.resources.settings import Settings
from dtsen_pipeline.schemas.errors import DtsenError
from tests.house import LATE, LATE_DAY, copied, house
from tests.modelled import facts, give_model

WORD = Word("better errors", "head", LATE)
NEXT_WEEK = Word("worse after all", "head", LATE + timedelta(days=7))


@pytest.fixture
def platform(filled_home: Path, tmp_path: Path) -> Iterator[Platform]:
    """A house with everything accepted, nothing published, and a model of its own."""
    with house(copied(filled_home, tmp_path / "home")) as opened:
        give_model(opened.settings.home)
        yield opened


def test_a_model_that_nobody_approved_is_not_in_force(platform: Platform) -> None:
    assert in_force(platform, LATE_DAY)[0].id == SHIPPED
    listed = freeze_inputs(platform, LATE_DAY)
    assert (listed.model, listed.model_sha256) == (SHIPPED, load(SHIPPED, None).sha256)


def test_the_approval_stands_in_the_list_and_in_the_events(platform: Platform) -> None:
    before = freeze_inputs(platform, LATE_DAY)
    model, decision = approve(platform, "kota", WORD)
    listed = freeze_inputs(platform, LATE_DAY)
    assert (listed.model, listed.model_sha256) == ("kota", model.sha256)
    assert set(listed.decisions) - set(before.decisions) == {digest(decision)}
    assert (decision.reason, decision.actor, decision.payload["sha256"]) == ("better errors", "head", model.sha256)
    assert platform.registry.events("decision.approve_model")[0].payload["digest"] == digest(decision)
    told = approving.model_facts(platform, listed)
    assert told["sha256"] == model.sha256
    assert (told["approval"]["digest"], told["approval"]["by"]) == (digest(decision), "head")
    assert "better" not in str(told["approval"])
    assert approving.model_facts(platform, before)["approval"] is None


def test_an_older_week_keeps_the_model_that_it_had(platform: Platform) -> None:
    approve(platform, "kota", NEXT_WEEK)
    assert freeze_inputs(platform, LATE_DAY).model == SHIPPED
    assert freeze_inputs(platform, LATE_DAY + timedelta(days=7)).model == "kota"


def test_the_model_before_comes_back_by_an_approval(platform: Platform) -> None:
    approve(platform, "kota", WORD)
    approve(platform, SHIPPED, NEXT_WEEK)
    assert [in_force(platform, LATE_DAY, when)[0].id for when in (LATE, NEXT_WEEK.now, None)] == [
        SHIPPED,
        "kota",
        SHIPPED,
    ]


@pytest.mark.parametrize(("is_gone", "code"), [(False, "E_MODEL_HASH"), (True, "E_MODEL_UNKNOWN")])
def test_nothing_takes_the_place_of_an_approved_model(platform: Platform, is_gone: bool, code: str) -> None:  # noqa: FBT001
    approve(platform, "kota", WORD)
    path = give_model(platform.settings.home, intercept_micro=1)
    if is_gone:
        path.unlink()
    with pytest.raises(DtsenError, match=code):
        freeze_inputs(platform, LATE_DAY)


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"regions": ["3301"]}, "E_MODEL_REGION"),
        ({"effective": date(2027, 1, 1)}, "E_MODEL_PERIOD"),
        ({"until": date(2026, 3, 2)}, "E_MODEL_PERIOD"),
    ],
)
def test_a_model_for_others_or_for_other_days_is_not_approved(
    platform: Platform, changes: dict[str, object], code: str
) -> None:
    give_model(platform.settings.home, "lain", **changes)
    with pytest.raises(DtsenError, match=code):
        approve(platform, "lain", WORD)
    assert in_force(platform, LATE_DAY)[0].id == SHIPPED


def test_a_model_that_ends_is_followed_by_nothing(platform: Platform) -> None:
    give_model(platform.settings.home, "kota", until=LATE_DAY)
    approve(platform, "kota", WORD)
    assert freeze_inputs(platform, LATE_DAY).model == "kota"
    with pytest.raises(DtsenError, match="E_MODEL_PERIOD"):
        freeze_inputs(platform, LATE_DAY + timedelta(days=1))


def test_a_list_from_before_digests_keeps_its_hash(platform: Platform) -> None:
    listed = freeze_inputs(platform, LATE_DAY)
    old = InputList.from_json(listed.to_json().replace(f',"model_sha256":"{listed.model_sha256}"', ""))
    assert old.model_sha256 == ""
    assert "model_sha256" not in old.to_json()
    assert InputList.from_json(old.to_json()) == old
    assert InputList.from_json(listed.to_json()).hash == listed.hash != old.hash


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"name": "owns_horse"}, "E_MODEL_FEATURE"),
        ({"columns": ["keluarga.pbi_nas"]}, "E_MODEL_RECEIPT"),
        ({"columns": ["anggota.is_siks_ng"]}, "E_MODEL_RECEIPT"),
        ({"columns": ["keluarga.desil_nasional"]}, "E_MODEL_RECEIPT"),
        ({"coefficient_micro": None}, "E_MODEL_FILE"),
    ],
)
def test_a_faulty_model_computes_nothing(platform: Platform, change: dict[str, object], code: str) -> None:
    """An approved file of that very digest is refused too, should what is allowed have changed since."""
    features = facts()["features"]
    features[0] |= change
    give_model(platform.settings.home, "rusak", features=features)
    with pytest.raises(DtsenError, match=code):
        approve(platform, "rusak", WORD)
    with platform.registry.write() as session:
        decide(session, "approve_model", "rusak", "slipped in", "head", LATE, {"sha256": ""})
    with pytest.raises(DtsenError, match=code):
        freeze_inputs(platform, LATE_DAY)


def test_the_doctor_sees_a_changed_model(platform: Platform) -> None:
    def found(day: date = LATE_DAY) -> Examined:
        return next(one for one in doctor(platform.settings, day) if one.name == "model")

    assert (found().findings, found().note) == ((), SHIPPED)
    approve(platform, "kota", WORD)
    assert found().note == "kota"
    give_model(platform.settings.home, intercept_micro=1)
    assert found().findings[0].startswith("E_MODEL_HASH")


def test_the_doctor_sees_a_model_that_does_not_serve(platform: Platform) -> None:
    def found(settings: Settings, day: date) -> tuple[str, ...]:
        return next(one.findings for one in doctor(settings, day) if one.name == "model")

    give_model(platform.settings.home, until=LATE_DAY)
    approve(platform, "kota", WORD)
    assert found(platform.settings, LATE_DAY) == ()
    assert found(platform.settings, LATE_DAY + timedelta(days=1))[0].startswith("E_MODEL_PERIOD")
    elsewhere = platform.settings.model_copy(update={"city": "3273"})
    assert found(elsewhere, LATE_DAY)[0].startswith("E_MODEL_REGION")
