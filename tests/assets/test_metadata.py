"""What every asset hands over to Dagster: row counts, column schemas and column lineage, never a value of a row."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import dagster as dg
import polars as pl
import pytest

from dtsen_pipeline.definitions import defs
from dtsen_pipeline.schemas.release import TABLES, polars_types
from dtsen_pipeline.schemas.tables import INPUT_TABLES
from tests.house import LATE_WEEK, current, house, manifest

Metadata = Mapping[str, Mapping[str, Any]]
WHOLE = ("inputs", "release")
HIDDEN = (
    "nomor_kartu_keluarga",
    "nomor_induk_kependudukan",
    "nama",
    "nama_kepala_keluarga",
    "alamat",
    "id_pelanggan_pln",
)
OWN = {"unreadable", "id_name"}
"""Columns of a record that no delivered column declares: notes of the normaliser."""


def _lineage(handed_over: Metadata, asset: str) -> dict[str, set[str]]:
    """For every column of an asset the columns it comes from, as `asset.column`."""
    declared: dg.TableColumnLineage = handed_over[asset]["dagster/column_lineage"]
    return {
        name: {f"{dep.asset_key.to_user_string()}.{dep.column_name}" for dep in deps}
        for name, deps in declared.deps_by_column.items()
    }


def _columns(handed_over: Metadata, asset: str) -> dict[str, str]:
    schema: dg.TableSchema = handed_over[asset]["dagster/column_schema"]
    return {column.name: column.type for column in schema.columns}


def test_every_table_has_a_row_count_and_a_column_schema(handed_over: Metadata) -> None:
    for asset, facts in handed_over.items():
        if asset not in WHOLE:
            assert isinstance(facts["dagster/row_count"], int), asset
            assert _columns(handed_over, asset), asset


def test_the_row_counts_are_those_of_the_release(handed_over: Metadata, late_home: Path) -> None:
    facts = manifest(late_home, current(late_home) or "")["tables"]
    counts = {table: handed_over[f"candidate/{table}"]["dagster/row_count"] for table in TABLES}
    assert counts == {table: facts[table]["rows"] for table in TABLES}


def test_the_schema_of_a_candidate_is_the_published_one(handed_over: Metadata) -> None:
    for table in TABLES:
        assert list(_columns(handed_over, f"candidate/{table}")) == list(polars_types(table))


def test_lineage_names_columns_that_the_asset_above_has(handed_over: Metadata) -> None:
    graph = defs.resolve_asset_graph()
    named = [asset for asset in handed_over if "dagster/column_lineage" in handed_over[asset]]
    assert {name.split("/")[0] for name in named} >= {"records", "observations", "merged", "scored", "candidate"}
    for asset in named:
        parents = {key.to_user_string() for key in graph.get(dg.AssetKey(asset.split("/"))).parent_keys}
        for column, origins in _lineage(handed_over, asset).items():
            assert column in _columns(handed_over, asset), (asset, column)
            for origin in origins:
                parent, _, source = origin.rpartition(".")
                assert parent in parents, (asset, column, origin)
                assert source in _columns(handed_over, parent), (asset, column, origin)


@pytest.mark.parametrize("table", INPUT_TABLES)
def test_a_record_comes_from_what_was_delivered(handed_over: Metadata, table: str) -> None:
    lineage = _lineage(handed_over, f"records/{table}")
    assert set(_columns(handed_over, f"records/{table}")) - set(lineage) <= OWN
    assert lineage["src"] == {f"intake/{table}.src"}
    if table == "keluarga":
        assert lineage["kelurahan_desa"] == {"intake/keluarga.kode_kelurahan_desa"}
        assert lineage["desil_nasional"] == {"intake/keluarga.desil_nasional"}


def test_a_published_value_is_followed_to_its_sources(handed_over: Metadata) -> None:
    family, person = _lineage(handed_over, "candidate/keluarga"), _lineage(handed_over, "candidate/anggota")
    assert family["jenis_lantai_terluas"] == {"merged/families_merged.jenis_lantai_terluas"}
    assert family["desil_estimasi"] >= {"scored/families.desil_estimasi"}
    assert person["nama"] == {"merged/persons_merged.nama"}
    merged = _lineage(handed_over, "merged/families_merged")
    assert merged["jenis_lantai_terluas"] == {
        "observations/families.jenis_lantai_terluas",
        "observations/visits.jenis_lantai_terluas",
    }
    scored = _lineage(handed_over, "scored/families")
    assert "merged/families_ministry.desil_nasional" in scored["desil_estimasi"]
    assert "merged/families_merged.desil_nasional" not in scored["desil_bayangan"]


def test_no_metadata_holds_a_value_of_a_row(handed_over: Metadata, late_home: Path) -> None:
    shown = "\n".join(str(facts) for facts in handed_over.values())
    with house(late_home) as platform:
        directory = platform.store.directory(platform.registry.releases()[-1].path)
    searched = 0
    for table in ("keluarga", "anggota"):
        frame = pl.read_parquet(directory / table / "*.parquet")
        for column in set(HIDDEN) & set(frame.columns):
            for value in frame[column].drop_nulls().unique():
                assert len(value) < 5 or value not in shown, column
                searched += 1
    assert searched > 1000


def test_the_release_shows_its_papers(handed_over: Metadata, late_home: Path) -> None:
    facts = handed_over["release"]
    release = current(late_home)
    assert (facts["status"], facts["release_id"], facts["pointer_moved"]) == ("published", release, True)
    readme = (late_home / "releases" / LATE_WEEK / str(release) / "README.md").read_text()
    assert facts["readme"] == readme
    assert "| alasan |" in facts["rejected"]
    assert "Great Expectations" in facts["door"] or "Lolos" in facts["door"]


def test_the_inputs_show_what_was_frozen(handed_over: Metadata, late_home: Path) -> None:
    facts, listed = handed_over["inputs"], manifest(late_home, current(late_home) or "")["inputs"]
    assert (facts["as_of"], facts["base_snapshot"], facts["files"]) == ("2026-03-04", "v4_2026", 8)
    for source in listed["sources"]:
        assert source["sha256"][:12] in facts["list"]


def test_every_check_of_the_door_was_passed_and_shows_figures(evaluations: list[dg.AssetCheckEvaluation]) -> None:
    assert len(evaluations) == len(TABLES) + 1
    assert all(check.passed and check.blocking for check in evaluations)
    profile = next(check for check in evaluations if check.check_name == "populasi")
    shown = str(profile.metadata["profil"].value)
    assert "46 / 46" in shown
    rows = {
        check.asset_key.to_user_string(): check.metadata["rows"].value
        for check in evaluations
        if "rows" in check.metadata
    }
    assert rows["candidate/keluarga"] > 300
