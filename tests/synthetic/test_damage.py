"""Every planted error can be found at the line that the truth names."""

from collections.abc import Callable

import polars as pl
import pytest

from dtsen_pipeline.synthetic import KINDS
from tests.synthetic.conftest import BATCHES, FILES, SNAPSHOTS, City

Rows = pl.DataFrame
NIK = "nomor_induk_kependudukan"


def _shared(frame: Rows, hit: Rows) -> bool:
    niks = frame[NIK].value_counts().filter(pl.col("count") > 1)[NIK]
    return hit[NIK].is_in(niks.implode()).all()


def _day(hit: Rows) -> pl.Series:
    return hit[NIK].str.slice(6, 2).cast(pl.Int64) % 40


def _repeated(hit: Rows, *, same: bool) -> bool:
    groups = (
        hit.drop("line", "file", "kinds")
        .group_by("truth_family", "truth_person")
        .agg(pl.len(), pl.struct(pl.all()).n_unique().alias("n"))
    )
    return bool((groups["len"] == 2).all() and (groups["n"] == (1 if same else 2)).all())


CHECKS: dict[str, Callable[[Rows, Rows], bool]] = {
    "nik_missing": lambda _, hit: (hit[NIK] == "").all(),
    "nik_shared_two_people": _shared,
    "nik_shared_same_family": _shared,
    "nik_contradicts_birth_date": lambda _, hit: (
        hit[NIK].str.slice(8, 4) + _day(hit).cast(pl.String).str.zfill(2)
        != hit["tanggal_lahir"].str.to_date("%Y-%m-%d").dt.strftime("%m%y%d")
    ).all(),
    "nik_contradicts_sex": lambda _, hit: (
        (hit[NIK].str.slice(6, 2).cast(pl.Int64) > 40) != (hit["jenis_kelamin"] == "2")
    ).all(),
    "birth_in_future": lambda _, hit: (hit["tanggal_lahir"] > "2027").all(),
    "two_heads": lambda _, hit: (hit["status_hubungan_keluarga"] == "1").all(),
    "family_outside_city": lambda _, hit: (hit["kode_kabupaten_kota"] != "3571").all(),
    "family_duplicate_identical": lambda _, hit: _repeated(hit, same=True),
    "family_duplicate_differs": lambda _, hit: _repeated(hit, same=False),
    "member_duplicate_identical": lambda _, hit: _repeated(hit, same=True),
    "number_unreadable": lambda _, hit: not hit["luas_lantai"].str.contains("^[0-9]+$").any(),
    "date_unreadable": lambda _, hit: hit["tanggal_lahir"].str.to_date("%Y-%m-%d", strict=False).is_null().all(),
    "desil_11": lambda _, hit: (hit["desil_nasional"] == "11").all(),
    "nik_scientific": lambda _, hit: hit[NIK].str.contains(r"^[0-9]\.[0-9]+E\+15$").all(),
    "nik_decimal": lambda _, hit: hit[NIK].str.contains(r"^[0-9]{16}\.0$").all(),
    "visit_time_unreadable": lambda _, hit: (~hit["waktu_kunjungan"].str.starts_with("2026")).all(),
    "visit_expired": lambda _, hit: hit["waktu_kunjungan"].str.starts_with("2022").all(),
}
CODES = {
    "jenis_lantai_terluas": "77",
    "fasilitas_bab": "9",
    "sumber_penerangan_utama": "42",
    "jenis_kelamin": "9",
    "status_hubungan_keluarga": "19",
    "status_kawin": "7",
}


def _hits(city: City, file: str, kind: str) -> tuple[Rows, Rows]:
    frame = city.intact(file)
    return frame, frame.filter(pl.col("kinds").list.contains(kind))


@pytest.mark.parametrize("kind", CHECKS)
def test_cells_and_rows(city: City, kind: str) -> None:
    found = 0
    for file in FILES:
        frame, hit = _hits(city, file, kind)
        found += len(hit)
        assert hit.is_empty() or CHECKS[kind](frame, hit)
    assert found == city.summary.planted[kind] > 0


def test_codes_out_of_range(city: City) -> None:
    for file in FILES:
        _, hit = _hits(city, file, "code_out_of_range")
        odd = [pl.col(column) == value for column, value in CODES.items() if column in hit.columns]
        assert hit.filter(~pl.any_horizontal(odd)).is_empty()


@pytest.mark.parametrize("file", FILES)
def test_broken_lines(city: City, file: str) -> None:
    delimiter = b"|" if file in SNAPSHOTS else b","
    lines = city.lines(file)
    width = lines[0].count(delimiter)
    counts: dict[str, Callable[[bytes], bool]] = {
        "line_missing_delimiter": lambda line: line.count(delimiter) == width - 1,
        "line_extra_delimiter": lambda line: line.count(delimiter) == width + 1,
        "line_bare_quote": lambda line: line.count(b'"') % 2 == 1,
        "line_truncated": lambda line: line.count(delimiter) < width,
        "line_undecodable": lambda line: b"\xd3" in line,
    }
    rows = city.truth("occurrences").filter(pl.col("file") == file)
    for line, kinds in rows.select("line", "kinds").iter_rows():
        raw = lines[line - 1]
        broken = [kind for kind in kinds if kind in counts]
        assert all(counts[kind](raw) for kind in broken)
        if not broken:
            assert raw.decode().count(delimiter.decode()) == width
            assert raw.count(b'"') % 2 == 0


def test_stale_listings_agree_with_the_truth(city: City) -> None:
    fates = dict(city.truth("persons").select("truth_person", "fate").iter_rows())
    expected = {
        "deceased_still_listed": {"died", "died_before"},
        "member_not_found": {"not_found"},
        "member_moved_still_listed": {"moved_within_city", "moved_out", "abroad"},
    }
    for kind, allowed in expected.items():
        hit = city.truth("occurrences").filter(pl.col("kinds").list.contains(kind))
        assert {fates[person] for person in hit["truth_person"]} <= allowed
    families = city.truth("families")
    for kind, flag in {"family_left_city": "has_left", "family_moved_within_city": "has_moved"}.items():
        hit = city.truth("occurrences").filter(pl.col("kinds").list.contains(kind))
        assert set(hit["truth_family"]) <= set(families.filter(pl.col(flag))["truth_family"])


def test_orphans_and_empty_families(city: City) -> None:
    rows = city.truth("occurrences")
    for folder, version in (("snapshot_1", "v3"), ("snapshot_2", "v4")):
        family = rows.filter(pl.col("file") == f"{folder}/keluarga_dtsen_{version}_2026_3571.csv")
        member = rows.filter(pl.col("file") == f"{folder}/anggota_dtsen_{version}_2026_3571.csv")
        orphans = member.filter(pl.col("kinds").list.contains("member_orphan"))
        assert len(orphans) > 0
        assert not set(orphans["truth_family"]) & set(family["truth_family"])
        empty = family.filter(pl.col("kinds").list.contains("family_without_members"))
        assert len(empty) > 0
        assert not set(empty["truth_family"]) & set(member["truth_family"])


def test_links_between_batches(city: City) -> None:
    visits = {file: city.intact(file) for file, profile in BATCHES.items() if profile.endswith("kunjungan")}
    early, late = visits.values()
    twice = [
        frame.filter(pl.col("kinds").list.contains("visit_sent_twice")).drop("file", "line") for frame in (early, late)
    ]
    assert len(twice[0]) == 1
    assert twice[0].equals(twice[1])
    cards = {card for file in SNAPSHOTS if "keluarga" in file for card in city.intact(file)["nomor_kartu_keluarga"]}
    unknown = late.filter(pl.col("kinds").list.contains("visit_unknown_card"))
    assert not set(unknown["nomor_kartu_keluarga"]) & cards
    members = city.intact("batches/anggota_kunjungan_2026-W41_trc.csv")
    lost = members.filter(pl.col("kinds").list.contains("member_without_visit"))
    assert len(lost) == 1
    assert lost["id_kunjungan"][0] not in set(late["id_kunjungan"])


def test_every_kind_is_planted(city: City) -> None:
    assert {kind for kind, count in city.summary.planted.items() if count} == set(KINDS)
