"""Counts of a release, recounted by hand over its published rows."""

from collections import Counter
from collections.abc import Iterable

import pytest

from dtsen_pipeline.core.engine import Engine
from tests.core.rows import NIK, OLD, Release, Town, card, nik

VILLAGE, OTHER = "3571010007", "3571010004"
MONDAY = "2026-08-03"
Counts = Counter[tuple[str, str]]


@pytest.fixture(scope="module")
def release(engine: Engine) -> Release:
    town = Town()
    for number, village in enumerate((VILLAGE, VILLAGE, OTHER, "")):
        town.family(card(number), kode_kelurahan_desa=village, desil_nasional="" if number == 2 else str(number + 1))
        town.family(card(number), OLD, luas_lantai="99", kode_kelurahan_desa=village)
        town.member(card(number), number)
        town.member(card(number), None, nama="TANPA NIK", status_hubungan_keluarga="3")
    town.member(card(0), None, **{NIK: "12"})
    town.member(card(1), 8, nama="")
    town.member(card(1), None, nama="")
    town.visit(card(0), MONDAY, luas_lantai="400")
    town.visit(card(3), MONDAY, luas_lantai="900")
    town.met(town.visit(card(2), MONDAY), "2", **{NIK: nik(2)})
    town.visit(card(88), MONDAY)
    return Release(town, engine)


def counted(release: Release, measure: str) -> Counts:
    rows = [row for row in release.tables["summary"] if row["measure"] == measure]
    assert len({(row["kelurahan"], row["category"]) for row in rows}) == len(rows)
    return Counter({(row["kelurahan"], row["category"]): row["count"] for row in rows})


def by(keys: Iterable[tuple[object, object]]) -> Counts:
    return Counter(tuple("semua" if part is None else str(part) for part in key) for key in keys)  # type: ignore[misc]


def test_every_measure_is_the_count_of_its_rows(release: Release) -> None:
    tables = release.tables
    families, persons = tables["keluarga"], tables["anggota"]
    homes = {row["family_id"]: row["kode_kelurahan_desa"] for row in families}
    expected = {
        "keluarga": by((row["kode_kelurahan_desa"], None) for row in families),
        "anggota": by((homes[row["family_id"]], None) for row in persons),
        "anggota_keberadaan": by((None, row["keberadaan_anggota"]) for row in persons),
        "anggota_tanpa_nik": by((None, None) for row in persons if row[NIK] is None),
        "desil_nasional": by((row["kode_kelurahan_desa"], row["desil_nasional"]) for row in families),
        "desil_estimasi": by((row["kode_kelurahan_desa"], row["desil_estimasi"]) for row in families),
        "perubahan_desil": by((None, _moved(row["desil_estimasi"], row["desil_nasional"])) for row in families),
        "tidak_lengkap": by((None, row["alasan_tidak_lengkap"]) for row in families),
        "nasib": by((None, f"{row['sumber']}/{row['fate']}") for row in tables["fate"]),
        "keputusan": by((None, f"{row['tabel']}/{row['decision']}") for row in tables["lineage"]),
        "kalah": by((None, f"{row['tabel']}/{row['decision']}") for row in tables["conflict"]),
        "ditolak": by((None, row["reasons"]) for row in tables["rejected"]),
        "peringatan": by((None, row["warnings"]) for row in tables["warned"]),
        "ditahan": by((None, row["reason"]) for row in tables["fate"] if row["fate"] == "held"),
    }
    assert {row["measure"] for row in tables["summary"]} == set(expected)
    for measure, counts in expected.items():
        assert counts, measure
        assert counted(release, measure) == counts, measure


def _moved(estimate: int | None, official: int | None) -> int | None:
    return None if estimate is None or official is None else estimate - official


def test_the_town_shows_something_of_everything(release: Release) -> None:
    assert counted(release, "keluarga") == {(VILLAGE, "semua"): 3, (OTHER, "semua"): 1, ("semua", "semua"): 1}
    assert counted(release, "ditahan") == {("semua", "H_NO_IDENTITY"): 1, ("semua", "H_FAMILY_UNKNOWN"): 1}
    assert counted(release, "anggota_keberadaan")["semua", "2"] == 1
    assert counted(release, "perubahan_desil") == {("semua", "0"): 1, ("semua", "1"): 1, ("semua", "semua"): 3}
