"""A trial is the family with other answers in place: what a visit would have brought along, and what no rule allows."""

from collections.abc import Iterator
from datetime import date
from typing import Any

import polars as pl
import pytest

from dtsen_pipeline.core.counterfactual import Option, edits
from dtsen_pipeline.core.declared import BORN, CERTIFICATE, MARITAL, SEX
from dtsen_pipeline.core.editable import EDITABLE, asked
from dtsen_pipeline.core.engine import Engine
from dtsen_pipeline.core.estimate import POINT
from dtsen_pipeline.core.flow import Outcome
from dtsen_pipeline.core.trials import AS_IT_STANDS, Case, Edit, Trial, Trials
from dtsen_pipeline.reference import city, welfare_model
from tests.running import Readings

QUESTIONS = {one.column: one for one in EDITABLE}
ANSWERS = {
    "sumber_penerangan_utama": 1,
    "bahan_bakar_utama_memasak": 4,
    "aset_bergerak_tabung_gas": 2,
    "fasilitas_bab": 1,
    "jenis_kloset": 1,
    "pembuangan_akhir_tinja": 1,
    "kepemilikan_aset": 2,
    "luas_lantai": 40,
}
NO = 2


@pytest.fixture(scope="module")
def couple(outcome: Outcome, readings: Readings, engine: Engine) -> Case:
    """A family of a husband, a wife and others with plain answers, scored by the release it is of."""
    families, persons = (engine.fetch(outcome.tables[name]) for name in ("keluarga", "anggota"))
    wives = persons.filter(status_hubungan_keluarga=2, keberadaan_anggota=1)["family_id"].to_list()
    stands = families.filter(pl.col("desil_estimasi").is_not_null(), pl.col("family_id").is_in(wives))
    family = stands.sort("family_id").head(1)
    point = pl.col("skor_estimasi") - pl.col("skor_verifikasi") + pl.col("skor_bayangan")
    answers = dict.fromkeys((name for name in family.columns if name.startswith("aset_")), NO) | ANSWERS
    plain = [pl.lit(value, dtype=pl.Int32).alias(name) for name, value in answers.items()]
    own = persons.filter(family_id=family["family_id"][0]).sort("status_hubungan_keluarga")
    return Case(
        family=family.with_columns(point.alias(POINT), *plain),
        persons=own,
        model=welfare_model("demo_alatas_2008"),
        cuts=outcome.cuts,
        city=city(),
        on=readings.inputs.base_date,
    )


def edit(column: str, answer: int | date, place: int | None = None, told: int = 0) -> Trial:
    return (Edit(QUESTIONS[column], place, None, told if isinstance(answer, date) else answer, answer),)


def is_sound(case: Case, engine: Engine, *trials: Trial) -> list[bool]:
    return Trials(case, engine).is_sound(trials)


def with_answers(case: Case, **answers: int) -> Case:
    family = case.family.with_columns(pl.lit(value, dtype=pl.Int32).alias(name) for name, value in answers.items())
    return Case(family, case.persons, case.model, case.cuts, case.city, case.on)


def test_a_closed_closet_and_an_opened_list_of_goods_come_along(couple: Case, engine: Engine) -> None:
    public, car = edit("keluarga.fasilitas_bab", 4), edit("keluarga.aset_bergerak_mobil", 1)
    assert is_sound(couple, engine, public, car, public + car) == [True, True, True]


def test_no_trial_breaks_a_rule_about_the_dwelling(couple: Case, engine: Engine) -> None:
    fuel, fridge = "keluarga.bahan_bakar_utama_memasak", edit("keluarga.aset_bergerak_lemari_es", 1)
    assert is_sound(couple, engine, edit(fuel, 3), edit(fuel, 10), fridge) == [False, True, True]
    gas = with_answers(couple, aset_bergerak_tabung_gas=1, bahan_bakar_utama_memasak=3)
    assert is_sound(gas, engine, edit(fuel, 3), edit(fuel, 10)) == [True, False]
    dark = with_answers(couple, sumber_penerangan_utama=4)
    assert is_sound(dark, engine, fridge, edit(fuel, 1), edit(fuel, 10)) == [False, False, True]
    odd = with_answers(dark, aset_bergerak_ac=1)
    assert is_sound(odd, engine, fridge) == [True]


def test_no_trial_breaks_a_rule_about_members(couple: Case, engine: Engine) -> None:
    sex, born = couple.persons["jenis_kelamin"][0], couple.persons["tanggal_lahir"][0]
    other = born.replace(year=born.year - 1, day=min(born.day, 28))
    trials = [edit(MARITAL, 1, 0), edit(SEX, 3 - sex, 0), edit(BORN, other, 0), edit(CERTIFICATE, 23, 0)]
    assert is_sound(couple, engine, *trials) == [False, False, False, True]
    nobody = couple.persons.with_columns(nomor_induk_kependudukan=pl.lit(None, dtype=pl.String))
    unnumbered = Case(couple.family, nobody, couple.model, couple.cuts, couple.city, couple.on)
    assert is_sound(unnumbered, engine, *trials) == [False, False, True, True]
    young = date(couple.on.year - 9, 1, 1)
    assert is_sound(unnumbered, engine, edit(BORN, young, 0)) == [False]


def test_trials_are_scored_in_their_order_and_as_they_stand_first(couple: Case, engine: Engine) -> None:
    floors = [edit("keluarga.luas_lantai", size) for size in (40, 20, 80)]
    found = Trials(couple, engine).scored([AS_IT_STANDS, *floors])["skor_verifikasi"].to_list()
    assert found[0] == found[1]
    size = couple.persons.filter(keberadaan_anggota=1).height
    weight = next(one.coefficient_micro for one in couple.model.features if one.name == "floor_area_per_head")
    assert [score - found[0] for score in found[2:]] == [
        (min(area * 10 // size, 300) - min(400 // size, 300)) * weight for area in (20, 80)
    ]
    gone = (*edit("anggota.nomor_kartu_keluarga", 3, 0), *floors[0])
    assert Trials(couple, engine).scored([gone])["skor_verifikasi"].to_list() == [None]


def possible(case: Case, **persons: Any) -> Iterator[Edit]:
    rows = [row | persons for row in case.persons.to_dicts()]
    yield from edits(asked(case.model, is_public=False), case.family.row(0, named=True), rows, case.on)


def test_every_other_answer_within_its_bounds_is_possible(couple: Case) -> None:
    found = list(possible(couple))
    floors = sorted(one.after for one in found if one.question.column == "keluarga.luas_lantai")
    assert floors == [size for size in range(20, 81) if size != 40]
    assert {one.after for one in found if one.question.cell == "jenis_lantai_terluas"} <= set(range(1, 10))
    assert {one.place for one in found if one.question.is_of_head} == {0}
    assert all(one.before != one.after for one in found)
    assert not [one for one in possible(couple, keberadaan_anggota=2) if one.place is not None]


def test_nobody_is_tried_as_unborn_and_a_leap_day_becomes_the_day_before(couple: Case) -> None:
    leap, new = date(2024, 2, 29), date(couple.on.year - 1, 1, 1)
    births = {one.answer for one in possible(couple, tanggal_lahir=leap) if one.question.column == BORN}
    assert births == {date(2024 + years, 2, 29 if years == -4 else 28) for years in range(-5, 3) if years}
    ages = [one for one in possible(couple, tanggal_lahir=new) if one.question.column == BORN and one.place == 0]
    assert {one.after - (one.before or 0) for one in ages} == {-1, 1, 2, 3, 4, 5}
    assert not [one for one in possible(couple, tanggal_lahir=None) if one.question.column == BORN]


def test_fewer_answers_are_smaller_then_a_smaller_move_then_a_nearer_answer() -> None:
    (near,), (far,) = edit("keluarga.luas_lantai", 3), edit("keluarga.luas_lantai", 9)
    options = [Option((near, far), 1, 1), Option((far,), 1, -7), Option((near,), 1, 7), Option((far,), 1, 5)]
    assert sorted(options, key=lambda one: one.size) == [options[3], options[2], options[1], options[0]]
