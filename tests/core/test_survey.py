"""What is counted of a file part by part, and which counts refuse it."""

from decimal import Decimal

import polars as pl
import pytest

from dtsen_pipeline.core.intake import Reading
from dtsen_pipeline.core.survey import Survey, check_survey, combined, survey
from dtsen_pipeline.reference import profiles
from dtsen_pipeline.schemas.errors import DtsenError

TOKEN = "0123456789ab"  # noqa: S105 - a file token is no secret
SHARE, ZEROS = Decimal("0.01"), Decimal("0.2")


def part(profile: str, rows: list[dict[str, str]], damaged: int = 0) -> Reading:
    schema = dict.fromkeys(profiles()[profile].header, pl.String)
    broken = {"src": [TOKEN] * damaged, "row": range(damaged), "reasons": ["E_LINE_WIDTH"] * damaged}
    return Reading(pl.DataFrame(rows, schema=schema), pl.DataFrame(broken))


def as_is(rows: pl.DataFrame) -> pl.DataFrame:
    """Rows that are written as the contract writes them."""
    return rows


def none(_: pl.DataFrame) -> int:
    """No row is rejected."""
    return 0


def test_parts_add_up() -> None:
    parts = [
        part("bps_v3_keluarga", [{"kode_kabupaten_kota": "3571", "nomor_kartu_keluarga": "3.57E+15"}], damaged=2),
        part("bps_v3_keluarga", []),
        part("bps_v3_keluarga", [{"kode_kabupaten_kota": "3506", "nomor_kartu_keluarga": "x"}, {}]),
    ]
    found = survey(parts, profiles()["bps_v3_keluarga"], "3571", as_is, len)
    assert found == Survey(
        5, 2, 1, {"nomor_kartu_keluarga": 1}, {}, rejected=3, zeroed={"nomor_kartu_keluarga": ((0, 0),)}
    )


def test_keys_that_repeat_are_counted_across_parts() -> None:
    cards = ["3571010101019001", "3571010101019002", "", "3571010101019001"]
    rows = [{"nomor_kartu_keluarga": card, "kode_kelurahan_desa": "3571010001"} for card in cards]
    parts = [part("bps_v3_keluarga", rows[:3]), part("bps_v3_keluarga", rows[3:] + rows[2:3])]
    found = survey(parts, profiles()["bps_v3_keluarga"], "3571", as_is, none)
    assert (found.repeated, found.rejected, found.villages) == (1, 0, {"3571010001": 5})


def test_a_person_is_repeated_within_a_visit_and_not_across_visits() -> None:
    pairs = [("v1", "3571010101019001"), ("v2", "3571010101019001"), ("v2", "3571010101019001"), ("v2", "")]
    rows = [{"id_kunjungan": visit, "nomor_induk_kependudukan": nik} for visit, nik in pairs]
    found = survey([part("lapangan_v1_anggota", rows)], profiles()["lapangan_v1_anggota"], "3571", as_is, none)
    assert found.repeated == 1


def test_officers_and_their_roles_are_gathered_from_visits() -> None:
    visits = [("P1", "TRC"), ("P2", ""), ("", "TRC"), ("P1", "TRC"), ("7.0", "TRC")]
    rows = [{"id_petugas": who, "peran_petugas": role} for who, role in visits]
    found = survey(
        [part("lapangan_v1_kunjungan", rows[:2]), part("lapangan_v1_kunjungan", rows[2:])],
        profiles()["lapangan_v1_kunjungan"],
        "3571",
        as_is,
        none,
    )
    assert found.officers == {"P1": "TRC", "P2": None}
    assert found.inside is None


@pytest.mark.parametrize(("inside", "is_refused"), [(3, False), (2, True), (0, True)])
def test_a_file_of_another_city_is_refused(inside: int, is_refused: bool) -> None:  # noqa: FBT001
    found = Survey(5, 1, inside, {}, {})
    if not is_refused:
        check_survey(found, SHARE, ZEROS, TOKEN)
        return
    with pytest.raises(DtsenError, match="E_REGION"):
        check_survey(found, SHARE, ZEROS, TOKEN)


def test_a_file_without_rows_belongs_to_no_other_city() -> None:
    check_survey(Survey(1, 1, 0, {"nomor_kartu_keluarga": 0}, {}), SHARE, ZEROS, TOKEN)


def test_numbers_above_the_share_refuse_the_file() -> None:
    check_survey(Survey(500, 0, None, {"nomor_kartu_keluarga": 5}, {}), SHARE, ZEROS, TOKEN)
    with pytest.raises(DtsenError, match=r"E_NIK_NUMERIC .*nomor_kartu_keluarga"):
        check_survey(Survey(500, 1, None, {"nomor_kartu_keluarga": 5}, {}), SHARE, ZEROS, TOKEN)


def test_a_few_numbers_in_a_small_file_reject_their_rows_alone() -> None:
    check_survey(Survey(60, 0, None, {"nomor_kartu_keluarga": 4}, {}), SHARE, ZEROS, TOKEN)
    with pytest.raises(DtsenError, match="E_NIK_NUMERIC"):
        check_survey(Survey(60, 0, None, {"nomor_kartu_keluarga": 5}, {}), SHARE, ZEROS, TOKEN)


def test_last_digits_that_became_zero_refuse_the_file() -> None:
    name = "nomor_induk_kependudukan"
    ids = [{name: f"357101010101{last:04}"} for last in range(9000, 9040)]
    found = survey([part("bps_v3_anggota", ids)], profiles()["bps_v3_anggota"], "3571", as_is, none)
    assert found.zeroed[name] == ((40, 4),)
    check_survey(found, SHARE, ZEROS, TOKEN)
    lost = [{name: f"35710101{day:02}01{last:03}0"} for day in range(1, 11) for last in range(900, 904)]
    found = survey([part("bps_v3_anggota", lost)], profiles()["bps_v3_anggota"], "3571", as_is, none)
    with pytest.raises(DtsenError, match=r"E_NIK_ZEROED .*nomor_induk"):
        check_survey(found, SHARE, ZEROS, TOKEN)
    few = survey([part("bps_v3_anggota", lost[:29])], profiles()["bps_v3_anggota"], "3571", as_is, none)
    check_survey(few, SHARE, ZEROS, TOKEN)


def test_a_card_counts_once_however_many_members_it_has() -> None:
    cards = [{"nomor_kartu_keluarga": f"357101010101{last}"} for last in (9000, 9010, 9021, 9035)]
    parts = [part("bps_v3_anggota", cards * 10), part("bps_v3_anggota", [*cards, {"nomor_kartu_keluarga": "9000"}])]
    found = survey(parts, profiles()["bps_v3_anggota"], "3571", as_is, none)
    assert found.zeroed["nomor_kartu_keluarga"] == ((4, 2),)


def test_the_tables_of_a_file_are_judged_apart() -> None:
    one = Survey(40, 0, None, {}, {}, zeroed={"nomor_kartu_keluarga": ((40, 4),)})
    other = Survey(40, 0, None, {}, {}, zeroed={"nomor_kartu_keluarga": ((40, 40),)})
    assert combined([one, other]).zeroed == {"nomor_kartu_keluarga": ((40, 4), (40, 40))}


@pytest.mark.parametrize(
    ("whole", "zero", "is_refused"),
    [
        (29, 29, False),
        (30, 12, False),
        (30, 13, True),
        (40, 15, False),
        (40, 16, True),
        (324, 64, False),
        (324, 65, True),
        (200_000, 40_000, False),
        (200_000, 40_001, True),
        (200_000, 72_000, True),
    ],
)
def test_zeros_are_held_against_chance_and_against_the_share(whole: int, zero: int, is_refused: bool) -> None:  # noqa: FBT001
    found = Survey(whole, 0, None, {}, {}, zeroed={"nomor_induk_kependudukan": ((100, 10), (whole, zero))})
    if not is_refused:
        check_survey(found, SHARE, ZEROS, TOKEN)
        return
    with pytest.raises(DtsenError, match="E_NIK_ZEROED"):
        check_survey(found, SHARE, ZEROS, TOKEN)


def test_a_share_that_is_asked_for_may_be_larger_than_chance() -> None:
    found = Survey(1000, 0, None, {}, {}, zeroed={"nomor_induk_kependudukan": ((1000, 300),)})
    check_survey(found, SHARE, Decimal("0.3"), TOKEN)
    with pytest.raises(DtsenError, match="E_NIK_ZEROED"):
        check_survey(found, SHARE, Decimal("0.29"), TOKEN)
