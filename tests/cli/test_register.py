"""An extract of the population register at the gate: as a CSV and a workbook, in its scope, and correctable."""

import io
from pathlib import Path

import pytest
import xlsxwriter

from dtsen_pipeline.reference import profiles
from dtsen_pipeline.resources.platform import opened
from dtsen_pipeline.resources.settings import load_settings
from tests.cli.conftest import Dtsen

HEADER = profiles()["dukcapil_v1"].header
ROW = ("3571010101809001", "CONTOH", "1980-01-01", "1", "3571010101209001", "2", "2026-03-04")


def written(folder: Path, name: str = "kependudukan_3571.csv", *rows: tuple[str, ...]) -> Path:
    """An extract with these rows."""
    lines = [",".join(line) for line in (HEADER, *(rows or (ROW,)))]
    (folder / name).write_text("\n".join(lines) + "\n", encoding="utf-8")
    return folder / name


def book(folder: Path) -> Path:
    """The same extract as a workbook."""
    held = io.BytesIO()
    with xlsxwriter.Workbook(held, {"in_memory": True}) as made:
        sheet = made.add_worksheet("kependudukan")
        for place, cells in enumerate((HEADER, ROW)):
            for column, text in enumerate(cells):
                sheet.write_string(place, column, text)
    path = folder / "kependudukan_3571010.xlsx"
    path.write_bytes(held.getvalue())
    return path


@pytest.mark.parametrize(("make", "region"), [(written, "3571"), (book, "3571010")])
def test_an_extract_is_accepted_with_its_date_and_scope(
    dtsen: Dtsen, home: Path, tmp_path: Path, make: type, region: str
) -> None:
    said = dtsen("ingest", make(tmp_path), "--kind", "register", "--data-date", "2026-06-01", "--json")
    (file,) = said.document["files"]
    assert (said.code, file["verdict"], file["table"], file["rows"]) == (0, "accepted", "kependudukan", 1)
    with opened(load_settings(home=home)) as platform:
        kept = platform.registry.file(file["token"])
    assert (kept.kind, kept.region, str(kept.data_date), kept.version) == ("register", region, "2026-06-01", None)


def test_an_extract_without_a_date_waits_until_one_is_given(dtsen: Dtsen, tmp_path: Path) -> None:
    path = written(tmp_path)
    (file,) = dtsen("ingest", path, "--json").document["files"]
    assert (file["verdict"], file["code"]) == ("waiting", "W_NO_DATA_DATE")
    assert file["detail"] == "not known yet: data date"
    (file,) = dtsen("ingest", path, "--data-date", "2026-06-01", "--json").document["files"]
    assert file["verdict"] == "accepted"


@pytest.mark.parametrize("name", ["kependudukan_3506.csv", "kependudukan_3571099.csv"])
def test_another_place_s_extract_is_refused(dtsen: Dtsen, tmp_path: Path, name: str) -> None:
    (file,) = dtsen("ingest", written(tmp_path, name), "--data-date", "2026-06-01", "--json").document["files"]
    assert (file["verdict"], file["code"]) == ("refused", "E_REGION")


def test_a_scope_is_never_widened_when_a_file_is_read_again(dtsen: Dtsen, tmp_path: Path) -> None:
    path = written(tmp_path, "kependudukan_3571010.csv")
    note = path.with_name(f"{path.name}.json")
    note.write_text("{", encoding="utf-8")
    (file,) = dtsen("ingest", path, "--json").document["files"]
    assert (file["verdict"], file["code"]) == ("refused", "E_SIDECAR")
    (again,) = dtsen("retry", file["token"], "--data-date", "2026-06-01", "--json").document["files"]
    assert (again["verdict"], again["detail"]) == ("waiting", "not known yet: region")
    note.unlink()
    (at_last,) = dtsen("ingest", path, "--json").document["files"]
    assert at_last["verdict"] == "accepted"


def test_visits_are_no_extract(dtsen: Dtsen, city: Path) -> None:
    said = dtsen("ingest", city / "batches", "--kind", "register", "--json")
    assert {file["code"] for file in said.document["files"]} == {"E_KIND"}
