"""`find`, `trace` and `rejected`: what a person sees, what stays hidden, what is written down."""

from pathlib import Path

import polars as pl
import pytest

from dtsen_pipeline.queries.reading import View, view
from dtsen_pipeline.resources.platform import opened
from tests.cli.conftest import Dtsen
from tests.queries.asking import looks, some
from tests.queries.world import World

CARD, NIK = "nomor_kartu_keluarga", "nomor_induk_kependudukan"


@pytest.fixture
def release(world: World) -> View:
    """The current release."""
    with opened(world.settings) as platform:
        return view(platform)


def actions(world: World) -> list[tuple[str, str | None, str | None]]:
    """Action, subject and purpose of every look."""
    with opened(world.settings) as platform:
        return [(look.action, look.subject, look.purpose) for look in looks(platform)]


def test_find_reads_standard_input_and_gives_ids(dtsen: Dtsen, world: World, release: View) -> None:
    family = some(release, "keluarga")
    said = dtsen("find", "--stdin", "--purpose", "audit", given=f"{family[CARD]}\n")
    assert said.code == 0
    assert str(family["family_id"]) in said.out
    assert str(family[CARD]) not in said.all
    assert actions(world)[-1] == ("find", family["family_id"], "audit")
    none = dtsen("find", "--stdin", "--purpose", "audit", "--json", given="3571019901999998")
    assert none.code == 1
    assert none.document["results"] == [{"line": 1, "families": [], "persons": []}]


def test_find_lists_a_kelurahan(dtsen: Dtsen, release: View) -> None:
    family = some(release, "keluarga")
    said = dtsen("find", "--kelurahan", family["kelurahan_desa"], "--purpose", "audit", "--limit", 1000, "--json")
    assert family["family_id"] in {one["family_id"] for one in said.document["listed"]}
    assert dtsen("find", "--kelurahan", family["kelurahan_desa"], "--purpose", "audit").code == 0
    assert dtsen("find", "--kelurahan", "Atlantis", "--purpose", "audit").code == 2


def test_trace_tells_a_change_from_row_to_decision(dtsen: Dtsen, world: World, release: View) -> None:
    won = some(release, "lineage", pl.col("tabel") == "keluarga", pl.col("decision") == "changed")
    said = dtsen("trace", "--family", won["entity_id"])
    assert said.code == 0
    assert f"{won['src']}-{won['row']}" in said.out
    assert "Nilai verifikasi menggantikan nilai potret." in said.out
    assert "batch 2026-W" in said.out
    assert "petugas •••" in said.out
    assert "Desil" in said.out
    assert release.envelope["run_key"] in said.out
    assert actions(world)[-1] == ("trace", won["entity_id"], None)
    found = dtsen("trace", "--family", won["entity_id"], "--json").document
    assert found["release"]["model"]["id"] == "demo_alatas_2008"
    assert found["desil"]["official"] is not None or found["desil"]["reason"] is not None


def test_reveal_shows_and_is_written_down(dtsen: Dtsen, world: World, release: View) -> None:
    person = some(release, "anggota", pl.col(NIK).is_not_null())
    shut = dtsen("trace", "--person", person["person_id"], "--json")
    assert str(person[NIK]) not in shut.all
    opened_up = dtsen("trace", "--person", person["person_id"], "--reveal", "--purpose", "complaint", "--json")
    assert str(person[NIK]) in opened_up.out
    assert actions(world)[-1] == ("trace.reveal", person["person_id"], "complaint")


def test_trace_by_number_needs_a_purpose_and_one_match(dtsen: Dtsen, world: World, release: View) -> None:
    family = some(release, "keluarga")
    number = str(family[CARD])
    said = dtsen("trace", "--stdin", "--purpose", "audit", given=number)
    assert said.code == 0
    assert str(family["family_id"]) in said.out
    assert number not in said.all
    assert [action for action, _, _ in actions(world)[-3:]] == ["find", "find", "trace"]
    other = str(some(release, "keluarga", pl.col(CARD) != number)[CARD])
    assert "E_ENTITY_SEVERAL" in dtsen("trace", "--stdin", "--purpose", "x", given=f"{number}\n{other}").err
    assert "E_ENTITY_UNKNOWN" in dtsen("trace", "--stdin", "--purpose", "x", given="3571019901999998").err
    assert "E_NUMBER_INPUT" in dtsen("trace", "--stdin", "--purpose", "x", given="").err


def test_a_field_is_traced_through_every_row(dtsen: Dtsen, world: World, release: View) -> None:
    family = some(release, "keluarga")
    said = dtsen("trace", "--family", family["family_id"], "--field", "luas_lantai")
    assert said.code == 0
    assert "baris dasar" in said.out
    told = dtsen("trace", "--family", family["family_id"], "--field", "luas_lantai", "--json").document
    assert len(told["observations"]) >= 1
    assert actions(world)[-1][0] == "trace.luas_lantai"
    assert dtsen("trace", "--family", family["family_id"], "--field", "tinggi").code == 2


def test_rejected_rows_stand_by_token_and_reason(dtsen: Dtsen, release: View) -> None:
    found = dtsen("rejected", "--json").document
    first = found["rows"][0]["token"]
    said = dtsen("rejected", "--limit", 1)
    assert first in said.out
    assert "Yang perlu dilakukan" in said.out
    assert f"… dan {len(found['rows']) - 1} lagi" in said.out
    assert found["release_id"] == release.release_id


def test_a_row_that_nobody_can_mend_is_closed_and_opened_again(dtsen: Dtsen, world: World) -> None:
    assert world
    token = next(row["token"] for row in dtsen("rejected", "--json").document["rows"] if row["resolved_by"] is None)
    assert "E_REASON" in dtsen("close", token).err
    assert "E_NUMBER_ARGUMENT" in dtsen("close", token, "--reason", f"NIK {'9' * 16}").err
    assert dtsen("close", token, "--reason", "petugas pindah", "--json").document == {
        "closed": [token],
        "known": 0,
    }
    said = dtsen("rejected", "--limit", 1000).out
    assert "petugas pindah" in said
    assert "1 ditutup" in said
    again = dtsen("close", token, "--reason", "petugas pindah")
    assert (again.code, "1 sudah demikian" in again.out) == (0, True)
    assert dtsen("reopen", token, "--reason", "ada lagi", "--json").document["reopened"] == [token]
    assert "petugas pindah" not in dtsen("rejected", "--limit", 1000).out


def test_an_old_release_can_be_asked(dtsen: Dtsen, world: World, release: View) -> None:
    family = some(release, "keluarga")
    assert dtsen("trace", "--family", family["family_id"], "--release", world.release_id).code == 0
    assert dtsen("rejected", "--release", "0" * 16).code == 1


def test_a_damaged_release_is_reported_without_a_value(dtsen: Dtsen, world: World, release: View) -> None:
    family = some(release, "keluarga")
    next(Path(release.directory / "keluarga").glob("*.parquet")).write_bytes(b"PAR1 SITI AMINAH")
    said = dtsen("trace", "--family", family["family_id"])
    assert said.code == 1
    assert "E_RELEASE_DAMAGED" in said.err
    assert "SITI" not in said.all
    assert world


def test_the_quarantine_is_written_once_and_privately(dtsen: Dtsen, world: World, tmp_path: Path) -> None:
    assert world
    target = tmp_path / "karantina.xlsx"
    assert "E_PURPOSE" in dtsen("rejected", "--export", target).err
    assert not target.exists()
    said = dtsen("rejected", "--export", target, "--purpose", "perbaikan", "--json")
    listed = dtsen("rejected", "--json").document["rows"]
    assert said.document["rows"] == sum(row["resolved_by"] is None for row in listed) > 0
    assert target.stat().st_mode & 0o777 == 0o600
    assert actions(world)[-1] == ("rejected.export.reveal", None, "perbaikan")
    assert "E_EXPORT" in dtsen("rejected", "--export", target, "--purpose", "x").err
    assert "E_EXPORT" in dtsen("rejected", "--export", tmp_path / "no" / "x.xlsx", "--purpose", "x").err
    assert dtsen("rejected", "--officer", "P1").code == 2
    few = dtsen("rejected", "--export", tmp_path / "few.xlsx", "--purpose", "x", "--batch", "none such", "--json")
    assert few.document["rows"] == 0


def test_an_officer_gets_a_receipt(dtsen: Dtsen, world: World, release: View) -> None:
    batch = next(source["batch"] for source in release.sources if source["batch"])
    said = dtsen("receipt", batch)
    assert said.code == 0
    assert "contributed" in said.out
    assert "kalah, " in said.out
    assert actions(world)[-1] == ("receipt", None, None)
    told = dtsen("receipt", batch, "--json").document
    assert sum(told["fates"].values()) == len(told["lines"])
    assert dtsen("receipt", told["lines"][0]["token"]).code == 0
    assert "E_BATCH_UNKNOWN" in dtsen("receipt", "none").err
    assert "E_NUMBER_ARGUMENT" in dtsen("receipt", "3571019901999998").err
    assert dtsen("receipt", batch, "--reveal").code == 2


def test_doubts_are_listed_by_rows_and_never_by_values(dtsen: Dtsen, release: View) -> None:
    said = dtsen("doubts", "--limit", 1)
    assert said.code == 0
    assert "W_NIK_TWO_FAMILIES" in said.out
    assert "lagi (--limit, --json)" in said.out
    told = dtsen("doubts", "--json")
    assert {row["code"] for row in told.document["rows"]} >= {"W_NIK_TWO_FAMILIES", "W_NIK_TWO_NAMES"}
    bears = {f"{row['src']}-{row['row']}": row[NIK] for row in release.rows("anggota", pl.col(NIK).is_not_null())}
    shared = [row for row in told.document["rows"] if row["code"] == "W_NIK_TWO_FAMILIES"]
    assert all(bears[row["token"]] == bears[other] for row in shared for other in row["beside"])
    assert not any(bears[row["token"]] in said.all + told.all for row in shared)
