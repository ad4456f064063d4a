"""Counterfactual cards: what they tell comes true when it is found, and what they leave out never would."""

import csv
import json
from collections import Counter
from collections.abc import Mapping
from dataclasses import replace
from datetime import date
from itertools import combinations
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from dtsen_pipeline.core import editable
from dtsen_pipeline.core.editable import EDITABLE
from dtsen_pipeline.queries.counterfactual import UNPOINTED, UNRANKED, Counterfactual, Way, counterfactual
from dtsen_pipeline.queries.reading import View, view
from dtsen_pipeline.resources.platform import Platform, opened
from dtsen_pipeline.schemas.errors import DtsenError
from dtsen_pipeline.schemas.reasons import INCOMPLETE_TEXTS
from dtsen_pipeline.schemas.tables import VISIT, VISIT_MEMBER, delivered, tables
from tests.oracle.values import PRESENCE
from tests.queries.asking import looks, some
from tests.queries.changing import Change, Told, brute_force, possible
from tests.queries.world import LOOK, World, copied, fill, publish

BATCH = "2026-W45-TRC"
SIGNS = {"lower": -1, "higher": 1}


@pytest.fixture(scope="module")
def cards(world: World) -> dict[str, Counterfactual]:
    """The officers' cards of a family in every estimated desil."""
    with opened(world.settings) as platform:
        release = view(platform)
        return {one: counterfactual(platform, release, one, LOOK) for one in _chosen(release)}


@pytest.fixture(scope="module")
def public(world: World) -> dict[str, Counterfactual]:
    """The public cards of every other one of them."""
    with opened(world.settings) as platform:
        release = view(platform)
        return {one: counterfactual(platform, release, one, LOOK, is_public=True) for one in _chosen(release)[::2]}


def _chosen(release: View) -> list[str]:
    rows = pl.DataFrame(release.rows("keluarga", pl.col("desil_estimasi").is_not_null())).sort("family_id")
    return [str(name) for name in rows.group_by("desil_estimasi", maintain_order=True).head(1)["family_id"]]


def told(release: View, family_id: str) -> Told:
    on = date.fromisoformat(release.manifest["base_date"])
    family = some(release, "keluarga", pl.col("family_id") == family_id)
    return Told(family, release.rows("anggota", pl.col("family_id") == family_id), release.manifest["cuts"], on)


def changes(way: Way, family: Told) -> list[Change]:
    """The changes of a way as the judge writes them; an age stands for the birth date that gives it."""
    found: list[Change] = []
    for one in way.differences:
        column = one.column.partition(".")[2]
        value: Any = one.after
        if column == "tanggal_lahir":
            births = [birth for birth in possible(family) if birth[:2] == (column, one.person_id)]
            value = next(day for _, _, day in births if _years(day, family.on) == one.after)
        found.append((column, one.person_id, value))
    return found


def _years(born: date, on: date) -> int:
    return on.year - born.year - ((on.month, on.day) < (born.month, born.day))


def cells(way: Way) -> tuple[tuple[str, str | None], ...]:
    return tuple((one.column.partition(".")[2], one.person_id) for one in way.differences)


def stand(card: Counterfactual) -> int:
    assert card.estimate is not None
    return card.estimate


def ways(card: Counterfactual) -> tuple[Way, ...]:
    return (*card.lower, *card.higher)


def test_what_a_card_tells_comes_true_and_breaks_no_rule(
    release: View, cards: Mapping[str, Counterfactual], public: Mapping[str, Counterfactual]
) -> None:
    for card in (*cards.values(), *public.values()):
        family = told(release, card.family_id)
        for direction, sign in SIGNS.items():
            for way in getattr(card, direction):
                changed = family.changed(*changes(way, family))
                assert family.desil(changed) == way.desil
                assert (way.desil > stand(card)) - (way.desil < stand(card)) == sign
                assert (changed.score or 0) - family.family["skor_verifikasi"] == way.points
                assert changed.faults() <= family.faults()
    assert sum(len(ways(card)) for card in cards.values()) > 50


def test_no_smaller_and_no_other_single_answer_moves_the_estimate(
    release: View, cards: Mapping[str, Counterfactual]
) -> None:
    known = set[str]()
    for card in cards.values():
        family = told(release, card.family_id)
        best: dict[str, dict[tuple[str, str | None], int]] = {name: {} for name in SIGNS}
        open_ones, moving = set[str](), set[str]()
        for (column, person_id, _), desil, points in brute_force(family):
            open_ones.add(column)
            if desil != card.estimate:
                moving.add(column)
                side = best["lower" if desil < stand(card) else "higher"]
                side[column, person_id] = min(abs(points), side.get((column, person_id), abs(points)))
        for name, wanted in best.items():
            listed = [way for way in getattr(card, name) if len(way.differences) == 1]
            assert {cells(way)[0]: abs(way.points) for way in listed} == wanted
            assert not wanted or len(listed) == len(getattr(card, name))
            assert [abs(way.points) for way in listed] == sorted(abs(way.points) for way in listed)
        asked = {one.name.partition(".")[2] for one in EDITABLE}
        assert {one.column.partition(".")[2] for one in card.idle} == open_ones - moving
        assert {one.column.partition(".")[2] for one in card.settled} == asked - open_ones
        known |= moving
    assert known >= {"luas_lantai", "aset_bergerak_mobil", "ijazah_tertinggi_yang_dimiliki", PRESENCE}


def test_two_answers_are_told_only_where_none_moves_alone_and_none_smaller_does(
    release: View, public: Mapping[str, Counterfactual]
) -> None:
    seen = 0
    told_to_all = {one.name.partition(".")[2] for one in EDITABLE if not one.withheld}
    for card in public.values():
        family = told(release, card.family_id)
        singles = [(change, desil) for change, desil, _ in brute_force(family) if change[0] in told_to_all]
        for name, sign in SIGNS.items():
            found = getattr(card, name)
            assert len({len(way.differences) for way in found}) <= 1
            is_edge = stand(card) == (1 if sign < 0 else 10)
            if is_edge or any((desil - stand(card)) * sign > 0 for _, desil in singles):
                assert all(len(way.differences) == 1 for way in found)
                continue
            tried = [pair for pair in combinations([one for one, _ in singles], 2) if pair[0][:2] != pair[1][:2]]
            after = [(pair, family.changed(*pair)) for pair in tried]
            moving = [
                (abs((changed.score or 0) - family.family["skor_verifikasi"]), pair)
                for pair, changed in after
                if ((family.desil(changed) or stand(card)) - stand(card)) * sign > 0
                and changed.faults() <= family.faults()
            ]
            assert bool(found) == bool(moving)
            if found:
                seen += 1
                assert abs(found[0].points) == min(points for points, _ in moving)
                assert len(found) == min(5, len({tuple(one[:2] for one in pair) for _, pair in moving}))
    assert seen


def test_a_card_at_the_edge_says_nothing_of_what_lies_beyond(cards: Mapping[str, Counterfactual]) -> None:
    edges = [card for card in cards.values() if card.estimate in (1, 10)]
    assert {card.estimate for card in edges} == {1, 10}
    for card in edges:
        assert card.lower == () if card.estimate == 1 else card.higher == ()


def test_what_is_found_in_the_field_gives_the_told_desil(
    cards: Mapping[str, Counterfactual], world: World, tmp_path: Path
) -> None:
    """One way of every family comes as a visit, of as many kinds as there are; the next release must say the same."""
    fixed = {one.name for one in EDITABLE if one.withheld is editable.Withheld.FIXED}
    met = Counter[tuple[str, ...]]()
    chosen = dict[str, Way]()
    with opened(world.settings) as platform:
        release = view(platform)
        for card in cards.values():
            kinds = {way: tuple(one.column for one in way.differences) for way in ways(card)}
            found = [way for way, kind in kinds.items() if not fixed & set(kind)]
            if found:
                chosen[card.family_id] = min(found, key=lambda way: met[kinds[way]])
                met[kinds[chosen[card.family_id]]] += 1
        files = _batch(release, chosen, tmp_path)
    own = copied(world, tmp_path / "home")
    fill(own.settings, files)
    publish(own.settings)
    with opened(own.settings) as platform:
        after = {row["family_id"]: row["desil_estimasi"] for row in view(platform).rows("keluarga")}
    assert {family_id: after[family_id] for family_id in chosen} == {one: way.desil for one, way in chosen.items()}
    assert len(met) >= 5
    assert any(column.startswith("anggota.") for kind in met for column in kind)


def _batch(release: View, chosen: Mapping[str, Way], folder: Path) -> list[Path]:
    """A field batch after the base date that brings one way to each family."""
    visits, members = [], []
    for number, (family_id, way) in enumerate(chosen.items()):
        family = told(release, family_id)
        changed = family.changed(*changes(way, family))
        head = {
            "id_kunjungan": f"V-{number}",
            "id_petugas": "TRC-001",
            "waktu_kunjungan": "2026-11-03T09:00:00+07:00",
            "versi_dilihat": release.manifest["base_version"],
            "hasil_kunjungan": 1,
            "nomor_kartu_keluarga": family.family["nomor_kartu_keluarga"],
        }
        visits.append(head | _different(family.family, changed.family))
        for before, person in zip(family.persons, changed.persons, strict=True):
            if found := _different(before, person):
                named = ("nomor_induk_kependudukan", "nama", "tanggal_lahir", "jenis_kelamin")
                members.append(
                    {"id_kunjungan": f"V-{number}", PRESENCE: before[PRESENCE]}
                    | {name: person[name] for name in named}
                    | found
                )
    return [
        _written(folder / f"kunjungan_{BATCH}.csv", VISIT, visits),
        _written(folder / f"anggota_kunjungan_{BATCH}.csv", VISIT_MEMBER, members),
    ]


def _different(before: Mapping[str, Any], after: Mapping[str, Any]) -> dict[str, Any]:
    """The answers that differ; a cell that holds nothing any more is not asked behind its gate."""
    return {name: value for name, value in after.items() if value != before[name] and value is not None}


def _written(path: Path, table: str, rows: list[dict[str, Any]]) -> Path:
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, delivered(tables()[table]), lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)
    path.with_name(f"{path.name}.json").write_text(json.dumps({"batch_id": BATCH}))
    return path


@pytest.mark.parametrize("number", range(9))
def test_a_wrong_cut_off_is_noticed(platform: Platform, release: View, number: int) -> None:
    cuts = list(release.manifest["cuts"])
    cuts[number] += 1
    wrong = replace(release, manifest={**release.manifest, "cuts": cuts})
    family = some(release, "keluarga", pl.col("desil_estimasi") == 5)
    with pytest.raises(DtsenError, match="E_SCORE_DIFFERS"):
        counterfactual(platform, wrong, str(family["family_id"]), LOOK)


def test_another_model_is_noticed(platform: Platform, release: View) -> None:
    family = some(release, "keluarga", pl.col("desil_estimasi") == 5)
    vars(release)["model"] = replace(release.model, intercept_micro=release.model.intercept_micro + 1)
    with pytest.raises(DtsenError, match="E_SCORE_DIFFERS"):
        counterfactual(platform, release, str(family["family_id"]), LOOK)


def test_the_public_copy_leaves_out_what_is_declared(
    cards: Mapping[str, Counterfactual], public: Mapping[str, Counterfactual]
) -> None:
    withheld = {one.name for one in EDITABLE if one.withheld}
    for card in public.values():
        tried = {one.column for way in ways(card) for one in way.differences}
        assert not (tried | {one.column for one in (*card.idle, *card.settled)}) & withheld
        assert all(one.person_id is None and one.member is None for way in ways(card) for one in way.differences)
    seen = {one.column for card in cards.values() for way in ways(card) for one in way.differences}
    assert seen & withheld


def test_families_without_an_estimate_get_a_sentence_and_every_look_is_written_down(
    platform: Platform, release: View
) -> None:
    reasons = {row["alasan_tidak_lengkap"] for row in release.rows("keluarga")} - {None}
    assert reasons
    for reason in reasons:
        row = some(release, "keluarga", pl.col("alasan_tidak_lengkap") == reason)
        card = counterfactual(platform, release, str(row["family_id"]), LOOK)
        assert card.reason == INCOMPLETE_TEXTS[reason].id
        assert (card.lower, card.higher, card.idle, card.settled) == ((), (), (), ())
    row = some(release, "keluarga", pl.col("is_lengkap"), pl.col("desil_nasional").is_null())
    card = counterfactual(platform, release, str(row["family_id"]), LOOK, is_public=True)
    assert (card.reason, card.reason_en, card.estimate) == (UNRANKED.id, UNRANKED.en, None)
    assert [(one.action, one.subject) for one in looks(platform)[-2:]] == [
        ("explain.card", looks(platform)[-2].subject),
        ("explain.public_card", row["family_id"]),
    ]
    with pytest.raises(DtsenError, match="E_ENTITY_UNKNOWN"):
        counterfactual(platform, release, "0" * 32, LOOK)


def test_a_release_from_before_points_were_told_gets_a_sentence(
    platform: Platform, release: View, monkeypatch: pytest.MonkeyPatch
) -> None:
    row = some(release, "keluarga", pl.col("desil_estimasi") == 5)
    scan = View.scan
    monkeypatch.setattr(View, "scan", lambda self, table: scan(self, table).drop("skor_estimasi", strict=False))
    card = counterfactual(platform, release, str(row["family_id"]), LOOK)
    assert (card.reason, card.higher) == (UNPOINTED.id, ())
