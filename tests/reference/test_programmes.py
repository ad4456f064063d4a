"""Programmes are read strictly, and sources that disagree stay side by side."""

from datetime import date, timedelta
from pathlib import Path

import pytest

from dtsen_pipeline.reference import programmes
from dtsen_pipeline.reference.programmes import read_programmes

TEXT = """
sources:
  satu: {title: Sumber satu, date: 2026-01-01, grade: secondary}
  dua: {title: Sumber dua, date: 2026-02-01, grade: code}
components:
  lansia:
    label: Lansia
    grade: unverified
    is_recorded: true
    tests:
      - {columns: [anggota.tanggal_lahir], ages: [60, 150]}
programmes:
  contoh:
    title: Contoh
    note: Catatan.
    readings:
      satu:
        - {effective: 2026-01-01, until: 2026-06-30, column: keluarga.desil_nasional, desil: [1, 4], any_of: [lansia]}
        - {effective: 2026-07-01, until: null, column: keluarga.desil_nasional, desil: [1, 3], reserve: 5}
      dua:
        - {effective: 2026-01-01, until: null, column: keluarga.desil_nasional, desil: [1, 5]}
"""


def _read(folder: Path, text: str) -> object:
    path = folder / "contoh.yaml"
    path.write_text(text, encoding="utf-8")
    return read_programmes(path)


def test_sources_that_disagree_stand_side_by_side(tmp_path: Path) -> None:
    path = tmp_path / "contoh.yaml"
    path.write_text(TEXT, encoding="utf-8")
    first, second = read_programmes(path)["contoh"].readings
    assert (first.source.grade, second.source.grade) == ("secondary", "code")
    in_june, in_july = first.on(date(2026, 6, 30)), first.on(date(2026, 7, 1))
    assert in_june is not None
    assert in_july is not None
    assert (in_june.last, in_june.reserve, [part.id for part in in_june.any_of]) == (4, 4, ["lansia"])
    assert (in_july.last, in_july.reserve, in_july.any_of) == (3, 5, ())
    assert first.on(date(2025, 12, 31)) is None


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("column: keluarga.desil_nasional, desil: [1, 5]", "desil: [1, 5]", "contoh: dua: missing keys: column"),
        ("until: 2026-06-30", "until: 2026-07-01", "contoh: satu: overlapping dates: the rule of 2026-07-01"),
        ("until: 2026-06-30", "until: null", "overlapping dates"),
        ("until: 2026-06-30", "until: 2025-06-30", "the rule of 2026-01-01 ends before it begins"),
        ("desil: [1, 4]", "desil: [4, 1]", "desil: two numbers between 1 and 10"),
        ("desil: [1, 4]", "desil: [1, 11]", "desil: two numbers between 1 and 10"),
        ("desil: [1, 4]", "desil: [1]", "desil: two numbers between 1 and 10"),
        ("reserve: 5", "reserve: 2", "reserve: 2 is not a desil after 3"),
        ("reserve: 5", "reserve: 11", "reserve: 11 is not a desil after 3"),
        ("any_of: [lansia]", "any_of: [balita]", "'balita' is not one of lansia"),
        ("      dua:\n", "      tiga:\n", "'tiga' is not one of satu, dua"),
        ("columns: [anggota.tanggal_lahir], ages", "columns: [], ages", "lansia: a test names no column"),
        ("ages: [60, 150]", "ages: [60, 150], codes: [1]", "a test asks for either codes or ages"),
        (", ages: [60, 150]", "", "a test asks for either codes or ages"),
        ("grade: code", "grade: rumour", "'rumour' is not one of"),
        ("note: Catatan.", "catatan: Catatan.", "contoh: unknown keys: catatan"),
        ("is_recorded: true", "is_recorded: 1", "1 is not of type bool"),
    ],
)
def test_a_faulty_rule_is_refused(tmp_path: Path, old: str, new: str, message: str) -> None:
    assert old in TEXT
    with pytest.raises(ValueError, match=message.replace("[", r"\[")):
        _read(tmp_path, TEXT.replace(old, new))


@pytest.mark.parametrize(
    ("programme", "on", "stated"),
    [
        ("pkh", date(2026, 11, 24), {(1, 4, 4)}),
        ("sembako", date(2026, 11, 24), {(1, 5, 5), (1, 4, 4)}),
        ("pbi_jk", date(2026, 11, 24), {(1, 5, 5)}),
        ("blt_kesra", date(2025, 12, 31), {(1, 4, 4)}),
        ("blt_kesra", date(2026, 1, 1), set()),
        ("kip_kuliah", date(2025, 12, 31), {(1, 3, 3)}),
        ("kip_kuliah", date(2026, 11, 24), {(1, 4, 5)}),
        ("sekolah_rakyat", date(2026, 11, 24), {(1, 1, 2)}),
        ("usulan_bansos_kediri", date(2026, 11, 24), {(1, 5, 5)}),
    ],
)
def test_the_rules_are_those_the_sources_state(programme: str, on: date, stated: set[tuple[int, int, int]]) -> None:
    found = [reading.on(on) for reading in programmes()[programme].readings]
    assert {(rule.first, rule.last, rule.reserve) for rule in found if rule} == stated


def test_no_source_is_used_before_it_spoke_of_its_year() -> None:
    for programme in programmes().values():
        for reading in programme.readings:
            assert all(rule.effective > reading.source.date - timedelta(days=366) for rule in reading.rules)
