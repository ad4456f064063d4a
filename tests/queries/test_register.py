"""An extract of the population register from the gate to the answers: trace, receipt, balance, rejected and diff."""

import shutil
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import polars as pl
import pytest

from dtsen_pipeline.cli.tracing import place
from dtsen_pipeline.queries.access import Look
from dtsen_pipeline.queries.balance import balance
from dtsen_pipeline.queries.diff import REGISTERED, diff
from dtsen_pipeline.queries.history import history
from dtsen_pipeline.queries.labels import MASK
from dtsen_pipeline.queries.reading import Row, View, view
from dtsen_pipeline.queries.receipt import receipt
from dtsen_pipeline.queries.rejected import rejected
from dtsen_pipeline.queries.trace import Cell, trace
from dtsen_pipeline.resources.ingest import ingest
from dtsen_pipeline.resources.platform import Platform, opened
from dtsen_pipeline.resources.settings import Settings, load_settings
from dtsen_pipeline.synthetic import generate
from tests.queries.world import LOOK, NOW, OPEN, fill, publish
from tests.resources.test_correct import cells as cells_of
from tests.resources.test_correct import exported, sent

NAMES = ("nama", "tanggal_lahir", "jenis_kelamin", "keberadaan_anggota")
RAW_OF = {"keberadaan_anggota": "status_kependudukan"}
BAD = "\n3571010101809998,CONTOH,1980-01-01,1,,2,2026-10-05\n"


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> tuple[Settings, str, str]:
    """A home with a release before the extract came, and one after; the extract has one row more, which is rejected."""
    folder = tmp_path_factory.mktemp("register")
    generate(80, 5, folder / "city", has_extract=True)
    (extract,) = (folder / "city").glob("register/*.csv")
    extract.write_text(extract.read_text("utf-8").rstrip("\n") + BAD, encoding="utf-8")
    settings = load_settings(home=folder / "home")
    fill(settings, sorted(set((folder / "city").glob("*/*.csv")) - {extract}))
    before = publish(settings)
    with opened(settings) as platform:
        assert ingest(platform, extract, NOW).verdict == "accepted"
    return settings, before, publish(settings)


@pytest.fixture
def platform(home: tuple[Settings, str, str]) -> Iterator[Platform]:
    """The opened house."""
    with opened(home[0]) as platform:
        yield platform


@pytest.fixture
def release(platform: Platform) -> View:
    """The release with the extract."""
    return view(platform)


def token(platform: Platform) -> str:
    """The token of the extract."""
    (file,) = platform.registry.files(kind="register")
    return file.token


def won(release: View) -> list[Row]:
    """The persons of whom the register won a column."""
    return release.rows("lineage", pl.col("decision") == "register")


def cells(platform: Platform, release: View, person: str, look: Look) -> dict[str, Cell]:
    """The traced cells that the register speaks of."""
    groups = trace(platform, release, "anggota", person, look).groups
    return {cell.column: cell for group in groups for cell in group.cells if cell.column in NAMES}


def test_a_value_won_by_the_register_is_quoted_from_its_row(platform: Platform, release: View) -> None:
    found = won(release)
    assert {row["mask"] for row in found} >= {1 << 3, 1 << 48}
    lines = platform.vault.path(platform.registry.file(token(platform)).sha256).read_text("utf-8").splitlines()
    header = lines[0].split(",")
    seen = Counter[str]()
    for row in found:
        raw = dict(zip(header, lines[int(str(row["row"])) - 1].split(","), strict=True))
        for name, cell in cells(platform, release, str(row["entity_id"]), OPEN).items():
            if cell.won_by is not None and cell.won_by.decision == "register":
                assert cell.won_by.raw == raw[RAW_OF.get(name, name)]
                assert place(cell.won_by.source).endswith("data kependudukan 2026-09-30")
                seen[name] += 1
    assert seen["tanggal_lahir"] > 0
    assert seen["keberadaan_anggota"] > 0


@pytest.mark.parametrize("column", ["tanggal_lahir", "keberadaan_anggota"])
def test_the_history_of_a_column_has_the_register_s_row(platform: Platform, release: View, column: str) -> None:
    bit = {"tanggal_lahir": 3, "keberadaan_anggota": 48}[column]
    row = next(row for row in won(release) if row["mask"] == 1 << bit)
    told = history(platform, release, "anggota", str(row["entity_id"]), column, OPEN).observations
    (said,) = [one for one in told if one.source.table == "kependudukan"]
    assert (said.source.row, said.decisions, said.fate) == (row["row"], ("register",), "contributed")
    assert said.raw == said.value
    assert [one.decisions for one in told if one.is_base] == [("overruled",)]
    others = history(platform, release, "anggota", str(row["entity_id"]), "status_kawin", OPEN).observations
    assert all(one.source.table != "kependudukan" for one in others)


def test_nothing_identifying_is_shown_of_a_register_s_row(platform: Platform, release: View) -> None:
    person = next(str(row["entity_id"]) for row in won(release) if row["mask"] == 1 << 48)
    masked = cells(platform, release, person, LOOK)
    assert masked["keberadaan_anggota"].won_by is not None
    assert masked["keberadaan_anggota"].won_by.meaning in ("Meninggal", "Pindah", "Pindah ke luar negeri")
    assert {said.raw for said in masked["nama"].agreeing} == {MASK}


def test_a_receipt_accounts_for_every_row_of_an_extract(platform: Platform, release: View) -> None:
    told = receipt(platform, release, token(platform), LOOK)
    rows = release.rows("fate", pl.col("sumber") == "kependudukan")
    assert Counter(line.fate for line in told.lines) == Counter(row["fate"] for row in rows)
    assert told.fates["contributed"]
    assert told.fates["rejected"] == 1
    assert {finding.code for line in told.lines for finding in line.findings} >= {"E_STATUS_DATE"}


def test_the_balance_counts_the_extract(platform: Platform, release: View) -> None:
    found = balance(platform, release)
    assert found.is_even
    (sheet,) = (sheet for sheet in found.sheets if sheet.table == "kependudukan")
    assert sheet.received == sheet.accounted > 100


def test_a_rejected_row_is_mended_in_the_workbook(home: tuple[Settings, str, str], tmp_path: Path) -> None:
    settings = load_settings(home=tmp_path / "home")
    shutil.copytree(home[0].home, settings.home)
    with opened(settings) as platform:
        book = exported(platform)
        (row,) = cells_of(book, "kependudukan")
        row["tanggal_status"].value = "2026-09-05"
        done = sent(platform, book, tmp_path)
        assert (done.verdict, done.rows) == ("accepted", 1)
    publish(settings)
    with opened(settings) as platform:
        (bad,) = [one for one in rejected(platform, view(platform)).rows if one.table == "kependudukan"]
        assert bad.resolved_by == f"{done.files[0]}-2"
        (fate,) = view(platform).rows("fate", pl.col("src") == done.files[0])
        assert (fate["fate"], fate["reason"]) == ("out_of_scope", "O_REGISTER_UNLISTED")


def test_a_rejected_row_stands_in_the_quarantine(platform: Platform, release: View) -> None:
    rows = [row for row in rejected(platform, release).rows if row.table == "kependudukan"]
    assert [row.findings for row in rows] == [("E_STATUS_DATE",)]


def test_a_difference_names_the_register_as_its_cause(platform: Platform, home: tuple[Settings, str, str]) -> None:
    _, before, after = home
    found = diff(platform, view(platform, before), view(platform, after), OPEN)
    causes = {one.column: one.cause for one in found.counts if one.table == "anggota" and one.column in NAMES}
    assert causes["tanggal_lahir"] == REGISTERED
    assert set(causes.values()) == {REGISTERED}
