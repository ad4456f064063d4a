"""Numbers lead to surrogate ids, are never repeated, and every look is written down."""

import json

import polars as pl
import pytest

from dtsen_pipeline.cli.output import plain
from dtsen_pipeline.queries.access import Look
from dtsen_pipeline.queries.find import families_of, find, numbers_of, village_code
from dtsen_pipeline.queries.labels import column_facts
from dtsen_pipeline.queries.reading import View
from dtsen_pipeline.resources.platform import Platform
from dtsen_pipeline.schemas.errors import DtsenError
from tests.queries.asking import looks, raw, some
from tests.queries.world import LOOK, NOW

CARD, NIK = "nomor_kartu_keluarga", "nomor_induk_kependudukan"
NOBODY = "3571019901999999"


def test_a_card_leads_to_its_family_and_a_nik_to_its_persons(platform: Platform, release: View) -> None:
    family, person = some(release, "keluarga"), some(release, "anggota", pl.col(NIK).is_not_null())
    numbers = [str(family[CARD]), str(person[NIK]), NOBODY]
    found = find(platform, release, numbers, LOOK)
    assert found[0].families == (family["family_id"],)
    assert person["person_id"] in found[1].persons
    assert found[2].is_empty
    assert not any(number in json.dumps(plain(found)) for number in numbers)


def test_a_number_that_was_corrected_still_leads_to_the_person(platform: Platform, release: View) -> None:
    bit = next(column.bit for column in column_facts(release.manifest, "anggota") if column.name == NIK)
    published = set(release.scan("anggota").collect()[NIK].drop_nulls())
    lost = [row for row in release.rows("conflict", pl.col("tabel") == "anggota") if row["mask"] >> (bit or 0) & 1]
    found = 0
    for row in lost:
        number = raw(platform, row["src"], row["row"]).get(NIK, "")
        if number and number not in published:
            assert row["entity_id"] in find(platform, release, [number], LOOK)[0].persons
            found += 1
    assert found or not lost


def test_a_base_row_leads_to_its_entity_by_its_raw_number(
    platform: Platform, release: View, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As for a number that was corrected since, whatever the city holds."""
    family, person = some(release, "keluarga"), some(release, "anggota", pl.col(NIK).is_not_null())
    monkeypatch.setattr("dtsen_pipeline.queries.find._published", lambda *_: {})
    found = find(platform, release, [str(family[CARD]), str(person[NIK])], LOOK)
    assert found[0].families == (family["family_id"],)
    assert person["person_id"] in found[1].persons


def test_looks_name_the_found_and_never_the_number(platform: Platform, release: View) -> None:
    family = some(release, "keluarga")
    before = len(looks(platform))
    find(platform, release, [str(family[CARD])], LOOK)
    written = looks(platform)[before:]
    assert [look.subject for look in written] == [None, family["family_id"]]
    assert {look.action for look in written} == {"find"}
    assert {look.purpose for look in written} == {"audit"}


def test_without_a_purpose_nobody_is_found(platform: Platform, release: View) -> None:
    with pytest.raises(DtsenError, match="E_PURPOSE"):
        find(platform, release, [NOBODY], Look("tester", NOW))


def test_a_kelurahan_narrows_and_lists(platform: Platform, release: View) -> None:
    family = some(release, "keluarga")
    village, name = str(family["kode_kelurahan_desa"]), str(family["kelurahan_desa"])
    assert village_code(platform, name) == village_code(platform, village) == village
    other = str(some(release, "keluarga", pl.col("kode_kelurahan_desa") != village)["kode_kelurahan_desa"])
    assert not find(platform, release, [str(family[CARD])], LOOK, village)[0].is_empty
    assert find(platform, release, [str(family[CARD])], LOOK, other)[0].is_empty
    inside = release.rows("keluarga", pl.col("kode_kelurahan_desa") == village)
    total, listed = families_of(platform, release, village, LOOK, limit=1)
    assert total == len(inside)
    assert [one.family_id for one in listed] == [min(row["family_id"] for row in inside)]
    with pytest.raises(DtsenError, match="E_VILLAGE_UNKNOWN"):
        village_code(platform, "Atlantis")


@pytest.mark.parametrize("text", ["", "\n", "12\n", f"{NOBODY}x", f"{NOBODY}\nabc"])
def test_only_numbers_are_read(text: str) -> None:
    with pytest.raises(DtsenError, match="E_NUMBER_INPUT") as caught:
        numbers_of(text)
    assert NOBODY not in str(caught.value)


def test_numbers_stand_one_a_line() -> None:
    assert numbers_of(f" {NOBODY} \n\n{NOBODY}\n") == [NOBODY, NOBODY]
