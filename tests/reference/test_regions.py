"""Kota Kediri under both numberings."""

from collections import Counter

import pytest

from dtsen_pipeline.reference import city, provinces


def test_the_city_has_46_kelurahan_in_three_kecamatan() -> None:
    kediri = city()
    assert (kediri.bps, kediri.kemendagri, kediri.name) == ("3571", "35.71", "KOTA KEDIRI")
    assert (kediri.province_bps, kediri.province) == ("35", "JAWA TIMUR")
    assert Counter(place.kecamatan for place in kediri.kelurahan) == {
        "MOJOROTO": 14,
        "KOTA": 17,
        "PESANTREN": 15,
    }
    assert kediri.kecamatan == {"3571010": "MOJOROTO", "3571020": "KOTA", "3571030": "PESANTREN"}


def test_codes_are_unique_and_without_gaps_both_ways() -> None:
    places = city().kelurahan
    for district in city().kecamatan:
        inside = [place for place in places if place.kecamatan_bps == district]
        assert sorted(place.bps for place in inside) == [f"{district}{n:03}" for n in range(1, len(inside) + 1)]
        first = inside[0].kecamatan_kemendagri
        assert [place.kemendagri for place in inside] == [f"{first}.{1000 + n}" for n in range(1, len(inside) + 1)]
    assert len(city().by_bps) == len(city().crosswalk) == 46


def test_the_crosswalk_tells_the_two_numberings_apart() -> None:
    crosswalk = city().crosswalk
    assert crosswalk["3571011001"] == "3571010007"
    assert city().by_bps["3571010007"].name == "BANDAR LOR"
    assert not crosswalk.keys() & city().by_bps.keys()


def test_codes_that_follow_from_a_gap_only_are_inferred() -> None:
    assert {place.name for place in city().kelurahan if place.status == "inferred"} == {"BUJEL", "BETET"}


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("BANJAR MLATI", "3571010004"),
        ("SETONO PANDE", "3571020006"),
        ("RINGIN ANOM", "3571020007"),
        ("SETONO GEDONG", "3571020009"),
        ("TAMPUREJO", "3571030007"),
        ("TEMPUREJO", "3571030007"),
    ],
)
def test_known_spellings_lead_to_one_kelurahan(text: str, code: str) -> None:
    assert city().spellings()[text] == code


def test_an_unknown_city_is_named() -> None:
    with pytest.raises(ValueError, match="unknown city '3506'; known: 3571"):
        city("3506")


def test_there_are_38_provinces_and_the_city_lies_in_one() -> None:
    assert len(provinces()) == len(set(provinces().values())) == 38
    assert provinces()[city().province_bps] == city().province
    assert {"91", "92", "93", "94", "95", "96"} <= provinces().keys()
