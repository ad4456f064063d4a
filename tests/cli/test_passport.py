"""`passport`: a snapshot beside the one before it, as a table, a document or a page; counts only."""

from pathlib import Path

import pytest

from tests.cli.conftest import Dtsen


@pytest.fixture
def token(dtsen: Dtsen, city: Path) -> str:
    """The family file of a second snapshot, whose first one was accepted."""
    first = dtsen("ingest", city / "snapshot_1", "--json").document["files"]
    dtsen("accept", first[0]["token"], "--confirm-codes", "--reason", "compared")
    second = dtsen("ingest", city / "snapshot_2", "--json").document["files"]
    return next(str(file["token"]) for file in second if file["table"] == "keluarga")


def test_people_read_what_came_and_went(dtsen: Dtsen, token: str) -> None:
    said = dtsen("passport", token)
    assert said.code == 0
    assert "dibandingkan dengan v3_2026" in said.out
    assert "Kartu keluarga / Family cards" in said.out
    assert "Yang perlu dilihat" in said.out


def test_programs_read_one_document(dtsen: Dtsen, token: str) -> None:
    found = dtsen("passport", token, "--json").document
    assert found["before"]["version"] == "v3_2026"
    assert found["overlap"]["nik"]["both"] > 0
    assert len(found["kelurahan"]) == 47


def test_the_page_is_written_where_it_is_asked_for(dtsen: Dtsen, token: str, tmp_path: Path) -> None:
    said = dtsen("passport", token, "--html", tmp_path / "p.html")
    assert said.code == 0
    assert (tmp_path / "p.html").read_text(encoding="utf-8").startswith("<!doctype html>")
    assert "p.html" not in said.all
    refused = dtsen("passport", token, "--html", tmp_path / "nowhere" / "kanari.html")
    assert (refused.code, "E_HTML" in refused.err, "kanari" in refused.all) == (1, True, False)


def test_a_passport_names_nobody(dtsen: Dtsen, token: str, city: Path) -> None:
    """No number of sixteen digits, and no name of the city's people."""
    said = dtsen("passport", token, "--json").out
    header, *lines = (
        (next((city / "snapshot_2").glob("keluarga*.csv"))).read_bytes().decode(errors="replace").split("\n")
    )
    at = header.replace('"', "").split("|").index("nama_kepala_keluarga")
    names = {line.split('"|"')[at] for line in lines if line.count('"|"') > at}
    assert len(names) > 50
    assert not [name for name in names if len(name) > 5 and name in said]
    assert not [word for word in said.split('"') if word.isdigit() and len(word) == 16]


def test_what_is_no_snapshot_has_none(dtsen: Dtsen, city: Path) -> None:
    batch = dtsen("ingest", city / "batches", "--json").document["files"][0]["token"]
    assert "E_PASSPORT" in dtsen("passport", batch).err
    assert "E_TOKEN_UNKNOWN" in dtsen("passport", "0" * 12).err
