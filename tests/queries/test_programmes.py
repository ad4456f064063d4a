"""Programmes over a release: yes, no and undecided with their reasons, on the official desil and on the estimate."""

from collections import Counter
from datetime import date
from typing import Any

import polars as pl
import pytest

from dtsen_pipeline.queries.eligibility import REASONS, judged
from dtsen_pipeline.queries.programmes import MOVES, in_force_on, of_family, over_release
from dtsen_pipeline.queries.reading import View
from dtsen_pipeline.reference import Rule, programmes
from dtsen_pipeline.resources.platform import Platform
from dtsen_pipeline.schemas.errors import DtsenError
from dtsen_pipeline.schemas.release import polars_types
from tests.queries.asking import looks
from tests.queries.world import AS_OF, LOOK

BORN_BY = date(2026, 10, 1)
PKH = programmes()["pkh"].readings[0].rules[0]
KIP = programmes()["kip_kuliah"].readings[1].rules[0]
FUNCTIONS = PKH.any_of[-1].tests[0].columns
ABLE = {name.partition(".")[2]: 4 for name in FUNCTIONS}
MAN = {"jenis_kelamin": 1, "status_kawin": 2, "tanggal_lahir": date(1986, 10, 1), "keberadaan_anggota": 1} | ABLE
WOMAN = MAN | {"jenis_kelamin": 2}


def _judged(rule: Rule, members: list[dict[str, Any]], **family: Any) -> dict[str, Any]:
    home = {"family_id": "f", "is_lengkap": True, "desil_nasional": 3, "desil_estimasi": 3} | family
    families = pl.DataFrame(
        [home], schema={name: polars_types("keluarga")[name] for name in (*home, "kode_kelurahan_desa")}
    )
    types = {name: polars_types("anggota")[name] for name in ("family_id", *MAN)}
    persons = pl.DataFrame([{"family_id": "f"} | member for member in members], schema=types)
    return judged(families, persons, rule, BORN_BY).row(0, named=True)


@pytest.mark.parametrize(
    ("family", "official", "estimate"),
    [
        ({"desil_nasional": 4, "desil_estimasi": 5}, "memenuhi", "cadangan"),
        ({"desil_nasional": 5, "desil_estimasi": 6}, "cadangan", "desil_di_luar"),
        ({"desil_nasional": 1, "desil_estimasi": 10}, "memenuhi", "desil_di_luar"),
        ({"desil_nasional": None, "desil_estimasi": None}, "desil_resmi_kosong", "estimasi_kosong"),
        ({"desil_nasional": 2, "desil_estimasi": None, "is_lengkap": False}, "memenuhi", "estimasi_kosong"),
    ],
)
def test_the_desil_decides_on_each_basis(family: dict[str, Any], official: str, estimate: str) -> None:
    row = _judged(KIP, [], **family)
    assert (row["alasan_resmi"], row["alasan_estimasi"]) == (official, estimate)


def test_a_missing_desil_is_undecided_whatever_the_members() -> None:
    row = _judged(PKH, [MAN], desil_nasional=None, desil_estimasi=None)
    assert (row["putusan_resmi"], row["putusan_estimasi"]) == ("belum", "belum")


@pytest.mark.parametrize(
    ("members", "reason"),
    [
        ([MAN], "tanpa_komponen"),
        ([MAN | {"tanggal_lahir": date(1966, 10, 1)}], "memenuhi"),
        ([MAN | {"tanggal_lahir": date(1966, 10, 2)}], "tanpa_komponen"),
        ([MAN, MAN | {"tanggal_lahir": date(2007, 10, 2)}], "memenuhi"),
        ([MAN, MAN | {"tanggal_lahir": date(2007, 10, 1)}], "tanpa_komponen"),
        ([MAN, MAN | {"tanggal_lahir": date(2026, 10, 9)}], "memenuhi"),
        ([MAN | {"berbicara_komunikasi": 2}], "memenuhi"),
        ([MAN | {"berbicara_komunikasi": 3}], "tanpa_komponen"),
        ([MAN | {"berbicara_komunikasi": None}], "komponen_belum_jelas"),
        ([MAN | {"tanggal_lahir": None}], "komponen_belum_jelas"),
        ([MAN | {"tanggal_lahir": None, "mengurus_diri": 1}], "memenuhi"),
        ([WOMAN], "komponen_belum_jelas"),
        ([WOMAN | {"status_kawin": 1}], "tanpa_komponen"),
        ([WOMAN | {"tanggal_lahir": date(1971, 10, 1)}], "tanpa_komponen"),
        ([MAN, MAN | {"tanggal_lahir": date(2020, 1, 1), "keberadaan_anggota": 2}], "tanpa_komponen"),
        ([], "komponen_belum_jelas"),
    ],
)
def test_a_component_is_met_absent_or_open(members: list[dict[str, Any]], reason: str) -> None:
    assert _judged(PKH, members)["alasan_resmi"] == reason


def test_a_family_with_a_missing_row_is_not_said_to_lack_a_component() -> None:
    assert _judged(PKH, [MAN], is_lengkap=False)["alasan_resmi"] == "komponen_belum_jelas"
    assert _judged(PKH, [MAN | {"mengurus_diri": 1}], is_lengkap=False)["alasan_resmi"] == "memenuhi"


def test_a_desil_outside_is_a_no_before_any_component() -> None:
    assert _judged(PKH, [MAN | {"tanggal_lahir": None}], desil_nasional=5)["alasan_resmi"] == "desil_di_luar"


def test_an_official_scope_without_estimate_is_undecided_there() -> None:
    rule = Rule(date(2026, 1, 1), None, "keluarga.desil_provinsi", 1, 5, 5, ())
    row = _judged(rule, [], desil_provinsi=3)
    assert (row["alasan_resmi"], row["alasan_estimasi"]) == ("memenuhi", "estimasi_kosong")


def test_counts_over_a_release_add_up(platform: Platform, release: View) -> None:
    found = over_release(platform, release, LOOK, limit=1_000_000)
    families = release.scan("keluarga").collect()
    assert found.on == AS_OF
    assert found.silent == ("blt_kesra",)
    assert {rule.programme for rule in found.rules} == set(programmes()) - {"blt_kesra"}
    for rule in found.rules:
        assert all(sum(counts.values()) == families.height for counts in rule.counts.values())
    pbi = next(rule for rule in found.rules if rule.programme == "pbi_jk")
    for basis, column in {"resmi": "desil_nasional", "estimasi": "desil_estimasi"}.items():
        answers = Counter("belum" if desil is None else ("ya" if desil <= 5 else "tidak") for desil in families[column])
        assert pbi.counts[basis] == {answer: answers[answer] for answer in ("ya", "tidak", "belum")}
    sembako = families.select(
        resmi=(pl.col("desil_nasional") == 5).sum(), estimasi=(pl.col("desil_estimasi") == 5).sum()
    ).row(0, named=True)
    assert found.disagreements["sembako"] == sembako
    assert found.disagreements["pkh"] == {"resmi": 0, "estimasi": 0}


def test_families_that_would_enter_or_leave_are_named_by_their_surrogate_id(platform: Platform, release: View) -> None:
    found = over_release(platform, release, LOOK, "pbi_jk", limit=1_000_000)
    crossing = {}
    for row in release.scan("keluarga").collect().to_dicts():
        official, estimate = row["desil_nasional"], row["desil_estimasi"]
        if official is not None and estimate is not None and (official <= 5) is not (estimate <= 5):
            crossing[row["family_id"]] = ("masuk" if estimate <= 5 else "keluar", row["kode_kelurahan_desa"])
    assert crossing
    assert {mover.family_id: (mover.move, mover.kelurahan) for mover in found.movers} == crossing
    assert found.moving == len(crossing) == found.rules[0].entering + found.rules[0].leaving


def test_a_listed_family_is_logged_and_no_other(platform: Platform, release: View) -> None:
    before = len(looks(platform))
    found = over_release(platform, release, LOOK, limit=1)
    (listed,) = found.movers
    new = looks(platform)[before:]
    assert [(look.action, look.subject) for look in new] == [("programmes", None), ("programmes", listed.family_id)]


def test_one_family_has_a_reason_for_every_answer(platform: Platform, release: View) -> None:
    family = release.rows("keluarga", pl.col("desil_nasional") == 5, pl.col("is_lengkap"))[0]
    found = of_family(platform, release, family["family_id"], LOOK)
    assert len(found.rules) == 2 * sum(len(rules) for rules in in_force_on(AS_OF).values())
    assert found.verdicts["sembako"]["resmi"] == "sumber_berbeda"
    assert found.verdicts["pbi_jk"]["resmi"] == "ya"
    assert found.verdicts["pkh"]["resmi"] == "tidak"
    assert all(one.reason_id == REASONS[one.reason].id for one in found.rules)
    whole = over_release(platform, release, LOOK, limit=0)
    assert [(rule.programme, rule.source) for rule in whole.rules] == [
        (one.programme, one.source) for one in found.rules if one.basis == "resmi"
    ]
    assert looks(platform)[-2].subject == family["family_id"]


def test_unknown_programmes_and_families_are_refused(platform: Platform, release: View) -> None:
    with pytest.raises(DtsenError, match="E_PROGRAMME_UNKNOWN"):
        over_release(platform, release, LOOK, "raskin")
    with pytest.raises(DtsenError, match="E_ENTITY_UNKNOWN"):
        of_family(platform, release, "0" * 32, LOOK)


def test_every_reason_is_a_sentence_and_every_move_clear() -> None:
    assert all(text.id.endswith(".") and text.en.endswith(".") for text in REASONS.values())
    assert all("belum" not in pair for pair in MOVES)
