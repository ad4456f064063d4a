"""The history of a column has every row of the entity, found here by brute force."""

import polars as pl
import pytest

from dtsen_pipeline.queries.history import History, history
from dtsen_pipeline.queries.labels import MASK
from dtsen_pipeline.queries.reading import View
from dtsen_pipeline.resources.platform import Platform
from dtsen_pipeline.schemas.errors import DtsenError
from tests.queries.asking import looks, rows, some
from tests.queries.world import LOOK, OPEN

CARD, NIK = "nomor_kartu_keluarga", "nomor_induk_kependudukan"


def places(found: History) -> set[tuple[str, int]]:
    """The rows of a history."""
    return {(one.source.token, one.source.row) for one in found.observations}


def test_a_family_has_every_row_of_its_card(platform: Platform, release: View) -> None:
    won = some(release, "lineage", pl.col("tabel") == "keluarga", pl.col("sumber") == "kunjungan")
    family = release.entity("keluarga", str(won["entity_id"])) or {}
    found = history(platform, release, "keluarga", family["family_id"], "luas_lantai", LOOK)
    expected = {
        (token, number)
        for table in ("keluarga", "kunjungan")
        for token, number, raw in rows(platform, release, table)
        if raw[CARD] == family[CARD] and (table == "keluarga" or raw["luas_lantai"])
    }
    assert places(found) == expected
    assert len(expected) > 2
    days = [one.source.visited_at or one.source.data_date or "" for one in found.observations]
    assert [day[:10] for day in days] == sorted(day[:10] for day in days)


def test_a_person_has_every_row_of_the_number(platform: Platform, release: View) -> None:
    counted = release.scan("anggota").filter(pl.col(NIK).is_not_null()).group_by(NIK).len()
    alone = counted.filter(pl.col("len") == 1).collect()[NIK].to_list()
    visited = release.rows("lineage", pl.col("tabel") == "anggota", pl.col("sumber") == "kunjungan_anggota")
    ids = [row["entity_id"] for row in visited]
    people = release.rows("anggota", pl.col("person_id").is_in(ids), pl.col(NIK).is_in(alone))
    person = min(people, key=lambda row: str(row[NIK]))
    found = history(platform, release, "anggota", str(person["person_id"]), "nama", OPEN)
    expected = {
        (token, number)
        for table in ("anggota", "kunjungan_anggota")
        for token, number, raw in rows(platform, release, table)
        if raw[NIK] == person[NIK]
        and raw["tanggal_lahir"] in ("", str(person["tanggal_lahir"]))
        and (table == "anggota" or raw["nama"])
    }
    assert places(found) == expected
    assert {one.raw for one in found.observations} >= {person["nama"]}


def test_values_are_canonical_and_masked(platform: Platform, release: View) -> None:
    person = some(release, "anggota", pl.col("nama").is_not_null())
    person_id = str(person["person_id"])
    closed = history(platform, release, "anggota", person_id, "nama", LOOK)
    assert closed.value == MASK
    assert {one.value for one in closed.observations} == {one.raw for one in closed.observations} == {MASK}
    home = history(platform, release, "anggota", person_id, "family_id", LOOK)
    assert {one.value for one in home.observations if one.is_base} == {person["family_id"]}
    there = history(platform, release, "anggota", person_id, "keberadaan_anggota", LOOK)
    assert [one.value for one in there.observations if one.is_base] == ["1"]


def test_decisions_and_fates_stand_beside_the_rows(platform: Platform, release: View) -> None:
    lost = some(release, "conflict", pl.col("tabel") == "keluarga", pl.col("decision") == "overridden")
    won = release.of_entity("lineage", "keluarga", str(lost["entity_id"]))
    changed = next(row for row in won if row["decision"] == "changed")
    bit = next(bit for bit in range(60) if lost["mask"] >> bit & changed["mask"] >> bit & 1)  # type: ignore[operator]
    column = next(c["name"] for c in release.manifest["columns"]["keluarga"] if c["bit"] == bit)
    found = history(platform, release, "keluarga", str(lost["entity_id"]), column, LOOK)
    told = {(one.source.token, one.source.row): one for one in found.observations}
    assert told[lost["src"], lost["row"]].decisions == ("overridden",)  # type: ignore[index]
    assert told[lost["src"], lost["row"]].is_base  # type: ignore[index]
    assert "changed" in told[changed["src"], changed["row"]].decisions
    assert told[changed["src"], changed["row"]].fate == "contributed"


def test_a_history_is_written_down_and_columns_are_known(platform: Platform, release: View) -> None:
    family_id = str(some(release, "keluarga")["family_id"])
    history(platform, release, "keluarga", family_id, "luas_lantai", LOOK)
    assert looks(platform)[-1].action == "trace.luas_lantai"
    with pytest.raises(DtsenError, match="E_COLUMN_UNKNOWN"):
        history(platform, release, "keluarga", family_id, "tinggi_badan", LOOK)
