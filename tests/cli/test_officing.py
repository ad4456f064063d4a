"""`dtsen ingest --kind officer`, and what it says of a list that cannot be used."""

from pathlib import Path

from tests.cli.conftest import Dtsen

HEAD = "id_petugas,peran_petugas,mulai,selesai\n"


def test_a_list_is_taken_in_and_one_that_is_wrong_is_told_by_line_and_column(dtsen: Dtsen, tmp_path: Path) -> None:
    right, wrong = tmp_path / "petugas.csv", tmp_path / "keliru.csv"
    right.write_text(HEAD + "TRC-901,TRC,2026-01-01,\n", encoding="utf-8")
    wrong.write_text(HEAD + "TRC-901,TRC,2026-13-01,\n", encoding="utf-8")
    said = dtsen("ingest", right, wrong, "--kind", "officer", "--json")
    assert said.code == 1
    first, second = said.document["files"]
    assert (first["verdict"], first["rows"], first["is_new"]) == ("accepted", 1, True)
    assert (second["verdict"], second["code"], second["line"], second["column"]) == (
        "refused",
        "E_OFFICER_LIST",
        2,
        "mulai",
    )
    shown = dtsen("ingest", right, "--kind", "officer")
    assert shown.code == 0
    assert "Masa tugas" in shown.out
    assert "TRC-901" not in said.all + shown.all
