"""A programme rule reads declared columns of the right kind, or nothing is computed."""

from dataclasses import replace
from pathlib import Path

import pytest

from dtsen_pipeline.reference import MemberTest, Programme, Rule, loader, programmes
from dtsen_pipeline.schemas.errors import DtsenError
from dtsen_pipeline.schemas.programmes import check, checked_programmes, programmes_page


def _with(rule: Rule) -> dict[str, Programme]:
    pkh = programmes()["pkh"]
    return {"pkh": replace(pkh, readings=(replace(pkh.readings[0], rules=(rule,)),))}


def _asking(test: MemberTest) -> dict[str, Programme]:
    rule = programmes()["pkh"].readings[0].rules[0]
    return _with(replace(rule, any_of=(replace(rule.any_of[0], tests=(test,)),)))


def test_the_given_programmes_read_declared_columns() -> None:
    assert checked_programmes().keys() == programmes().keys()


@pytest.mark.parametrize("column", ["", "keluarga.pendapatan", "desil_nasional", "keluarga.luas_lantai"])
def test_a_rule_must_name_an_official_desil(column: str) -> None:
    rule = programmes()["pkh"].readings[0].rules[0]
    with pytest.raises(
        DtsenError, match=r"^\('E_PROGRAMME_RULE', 'pkh: .*is no official desil'\)|E_PROGRAMME_RULE: pkh"
    ):
        check(_with(replace(rule, column=column)))


@pytest.mark.parametrize(
    ("test", "problem"),
    [
        (MemberTest(("anggota.kehamilan",), codes=(1,)), "there is no column anggota.kehamilan"),
        (MemberTest(("anggota.jenis_kelamin",), ages=(0, 6)), "anggota.jenis_kelamin holds no date of birth"),
        (MemberTest(("anggota.jenis_kelamin",), codes=(3,)), "anggota.jenis_kelamin has no such code"),
        (MemberTest(("anggota.nama",), codes=(1,)), "anggota.nama has no such code"),
    ],
)
def test_a_component_must_read_columns_that_can_answer(test: MemberTest, problem: str) -> None:
    with pytest.raises(DtsenError) as caught:
        check(_asking(test))
    assert caught.value.code == "E_PROGRAMME_RULE"
    assert problem in caught.value.message


def test_a_file_that_cannot_be_read_has_the_same_code(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "programmes.yaml").write_text("sources: {}\n", encoding="utf-8")
    monkeypatch.setattr(loader, "ROOM", tmp_path)
    programmes.cache_clear()
    try:
        with pytest.raises(DtsenError, match="missing keys: components, programmes") as caught:
            checked_programmes()
        assert caught.value.code == "E_PROGRAMME_RULE"
    finally:
        monkeypatch.undo()
        programmes.cache_clear()


def test_the_page_names_every_programme_rule_and_component() -> None:
    page = programmes_page()
    for programme in programmes().values():
        assert f"\n## {programme.id}\n" in page
        for reading in programme.readings:
            assert page.count(f"| {reading.source.title} |") >= 1
        for rule in programme.rules:
            assert f"| {rule.first}-{rule.last} |" in page
            assert all(f"| {part.id} | {part.label} |" in page for part in rule.any_of)
