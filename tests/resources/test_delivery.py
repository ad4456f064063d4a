"""Every shape of a source brings the same facts: taken in, read back, and compared with the plain files."""

import json
import shutil
from collections.abc import Iterator
from datetime import UTC, date, datetime
from pathlib import Path

import openpyxl
import polars as pl
import pytest

from dtsen_pipeline.queries.rawtext import RawRows
from dtsen_pipeline.queries.show import show
from dtsen_pipeline.reference import profiles
from dtsen_pipeline.resources.codes import look
from dtsen_pipeline.resources.decide import Word, accept
from dtsen_pipeline.resources.delivery import contract_rows, read_all
from dtsen_pipeline.resources.freeze import freeze_inputs
from dtsen_pipeline.resources.ingest import Arrival, ingest
from dtsen_pipeline.resources.platform import Platform, opened
from dtsen_pipeline.resources.settings import load_settings
from dtsen_pipeline.schemas.tables import tables
from dtsen_pipeline.synthetic import every_shape
from tests.house import early_files, fill, house, refreshed

NOW = datetime(2026, 1, 13, 3, tzinfo=UTC)
CITY = "3571"
VISIT, MEMBER = "kunjungan", "kunjungan_anggota"
POINTER = ("src", "row")
EXTRACT = ",".join(tables()["kependudukan"].names) + "\n3571010101809001,WARGA PERAGA,1980-01-01,1,,1,\n"


@pytest.fixture(scope="module")
def shapes(town: Path, tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    """A file of every profile beside the town."""
    copy = tmp_path_factory.mktemp("shapes") / "town"
    shutil.copytree(town, copy)
    (copy / "register").mkdir()
    (copy / "register" / "kependudukan_3571.csv").write_text(EXTRACT, encoding="utf-8")
    return every_shape(copy)


@pytest.fixture(scope="module")
def arrived(shapes: list[Path], tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Platform, list[Arrival]]]:
    """A house that took them all in."""
    with house(tmp_path_factory.mktemp("house") / "home") as platform:
        yield platform, [ingest(platform, path, NOW) for path in shapes]


def rows(platform: Platform, token: str) -> dict[str, pl.DataFrame]:
    """The rows of a file by table, in the contract's way of writing."""
    file = platform.registry.file(token)
    found = read_all(platform, file.sha256, profiles()[file.profile or ""])
    return {table: contract_rows(reading.rows, profile, CITY) for table, (profile, reading) in found.items()}


def test_every_profile_is_chosen_by_its_shape(arrived: tuple[Platform, list[Arrival]]) -> None:
    _, arrivals = arrived
    carried = {name for profile in profiles().values() for name in profile.carries}
    plain = {"bps_v3_keluarga", "bps_v3_anggota", "lapangan_v1_kunjungan", "lapangan_v1_anggota", "dukcapil_v1"}
    assert {arrival.profile for arrival in arrivals} == set(profiles()) - carried - plain
    assert {arrival.verdict for arrival in arrivals if arrival.profile not in plain} <= {"accepted", "held", "waiting"}
    assert not any(arrival.damaged for arrival in arrivals)
    assert "H_REJECTS" not in {arrival.code for arrival in arrivals}


def test_a_file_of_two_tables_is_two_sources(arrived: tuple[Platform, list[Arrival]], town: Path) -> None:
    platform, arrivals = arrived
    for path in early_files(town)[:2]:
        ingest(platform, path, NOW)
    held = [file.token for file in platform.registry.files(verdict="held")]
    while held:
        accept(platform, held[0], Word("looked at", "tester", NOW), seen=look(platform, held[0]))
        held = [file.token for file in platform.registry.files(verdict="held")]
    listed = freeze_inputs(platform, date(2026, 1, 14))
    book = next(arrival for arrival in arrivals if arrival.profile == "lapangan_v1_buku")
    mine = {source.table: source.profile for source in listed.sources if source.token == book.token}
    assert mine == {VISIT: "lapangan_v1_buku", MEMBER: "lapangan_v1_buku_anggota"}
    assert book.rows == sum(frame.height for frame in rows(platform, book.token).values())


def test_visits_say_the_same_in_every_shape(arrived: tuple[Platform, list[Arrival]], town: Path) -> None:
    platform, arrivals = arrived
    plain = [ingest(platform, path, NOW) for path in town.glob("batches/*W37*.csv")]
    by_table = {table: frame for arrival in plain for table, frame in rows(platform, arrival.token).items()}
    field = [arrival for arrival in arrivals if arrival.table in (VISIT, MEMBER)]
    found: dict[str, list[pl.DataFrame]] = {VISIT: [], MEMBER: []}
    for arrival in field:
        for table, frame in rows(platform, arrival.token).items():
            assert frame.height
            found[table].append(frame)
    places = ("lintang", "bujur")
    for table, expected in by_table.items():
        names = [name for name in expected.columns if name not in (*POINTER, *places)]
        seen = pl.concat([frame.select(names) for frame in found[table]])
        wanted = expected.select(names)
        if table == MEMBER:
            wanted = wanted.filter(pl.col("id_kunjungan").is_in(seen["id_kunjungan"].unique().to_list()))
        assert seen.sort(names).equals(wanted.sort(names))


@pytest.mark.parametrize("family", ["bps_v2", "kemensos_v1"])
def test_snapshots_say_what_their_shape_can_say(
    arrived: tuple[Platform, list[Arrival]], town: Path, family: str
) -> None:
    platform, arrivals = arrived
    for path in early_files(town)[:2]:
        table = ingest(platform, path, NOW).table
        plain = rows(platform, platform.registry.files(profile=f"bps_v3_{table}")[0].token)[str(table)]
        mine = next(arrival for arrival in arrivals if arrival.profile == f"{family}_{table}")
        found = rows(platform, mine.token)[str(table)]
        names = [name for name in profiles()[mine.profile or ""].columns if name != "tanggal_lahir"]
        coded = {"pbi_nas", "jenis_kelamin"} & set(names)
        known = plain.filter(*(pl.col(name).is_in(["", "1", "2"]) for name in coded))
        assert known.height > 0.9 * plain.height
        assert found.join(known, on=names, how="semi").height >= known.height
        assert known.join(found, on=names, how="anti").is_empty()


def test_a_raw_row_stays_as_it_was_delivered(arrived: tuple[Platform, list[Arrival]]) -> None:
    platform, arrivals = arrived
    siks = next(arrival for arrival in arrivals if arrival.profile == "kemensos_v1_keluarga")
    raw, contract = RawRows(platform).raw((siks.token, 2)), RawRows(platform).contract((siks.token, 2))
    assert raw is not None
    assert contract is not None
    assert raw["luas_lantai"] == f"{contract['luas_lantai']}.0"
    assert raw["kode_kelurahan_desa"].startswith("35.71.")
    assert contract["kode_kelurahan_desa"].startswith("3571")


def test_rows_of_a_workbook_are_found_by_what_they_say(arrived: tuple[Platform, list[Arrival]]) -> None:
    platform, arrivals = arrived
    book = next(arrival for arrival in arrivals if arrival.profile == "lapangan_v1_buku")
    visit = rows(platform, book.token)[VISIT].row(0, named=True)
    raws = RawRows(platform)
    found = raws.search(book.token, [visit["id_kunjungan"]], VISIT)
    assert list(found) == [visit["row"]]
    members = raws.search(book.token, [visit["id_kunjungan"]], MEMBER)
    assert all(row > 10_000_000 and raws.table((book.token, row)) == MEMBER for row in members)


def test_a_release_counts_the_rows_of_each_table_of_a_file(shapes: list[Path], town: Path, new_home: Path) -> None:
    book = next(path for path in shapes if path.suffix == ".xlsx" and "buku" in path.name)
    fill(new_home, [*sorted(town.glob("snapshot_1/*.csv")), book], NOW)
    done = refreshed(new_home, date(2026, 1, 14))
    assert (done.status, done.problem) == ("published", None)
    with house(new_home) as platform:
        token = platform.registry.files(profile="lapangan_v1_buku")[0].token
        listed = {line.table: line.rows for line in show(platform, "current").incoming if line.token == token}
        expected = {table: frame.height for table, frame in rows(platform, token).items()}
    assert listed == expected


def _with_identifiers(source: Path, target: Path, change: object) -> Path:
    """A copy of a workbook whose population numbers went through `change`."""
    book = openpyxl.load_workbook(source)
    for row in book.active.iter_rows(min_row=2, max_col=1):
        if row[0].value:
            row[0].value = change(row[0].value)  # type: ignore[operator]
    book.save(target)
    return target


def test_identifiers_that_a_spreadsheet_spoilt_refuse_the_file(
    shapes: list[Path], tmp_path: Path, new_home: Path
) -> None:
    source = next(path for path in shapes if path.name.startswith("anggota_v2"))
    numeric = _with_identifiers(source, tmp_path / "a.xlsx", lambda text: int(text) if text.isdigit() else text)
    zeroed = _with_identifiers(source, tmp_path / "b.xlsx", lambda text: f"{text[:15]}0")
    with house(new_home) as platform:
        assert [ingest(platform, path, NOW).code for path in (numeric, zeroed)] == ["E_NIK_NUMERIC", "E_NIK_ZEROED"]


def test_a_document_too_large_to_hold_waits_for_a_higher_bound(tmp_path: Path, new_home: Path) -> None:
    path = tmp_path / "kobo_2026-W02_a.json"
    path.write_bytes(b'{"results": [], "x": "' + b" " * 1_000_000 + b'"}')
    with opened(load_settings(home=new_home, json_mb=1)) as platform:
        arrival = ingest(platform, path, NOW)
        assert (arrival.verdict, arrival.code) == ("refused", "E_JSON_LARGE")
        assert platform.vault.read_bytes(platform.registry.file(arrival.token).sha256) == path.read_bytes()
        path.write_bytes(path.read_bytes().replace(b" " * 100, b" "))
        assert ingest(platform, path, NOW).code is None
    with opened(load_settings(home=new_home, json_mb=2)) as platform:
        path.write_bytes(platform.vault.read_bytes(platform.registry.file(arrival.token).sha256))
        assert ingest(platform, path, NOW).verdict == "accepted"


def test_damaged_rows_of_a_workbook_and_a_document_are_shown_with_what_was_readable(
    arrived: tuple[Platform, list[Arrival]], shapes: list[Path], tmp_path: Path
) -> None:
    """A cell too many in a member's row of a workbook; a character that is no text in an answer of a submission."""
    platform, arrivals = arrived
    sent = {arrival.profile: path for arrival, path in zip(arrivals, shapes, strict=True)}
    wide, dark = tmp_path / sent["lapangan_v1_buku"].name, tmp_path / sent["kobo_v1_json"].name
    book = openpyxl.load_workbook(sent["lapangan_v1_buku"])
    sheet = book.worksheets[1]
    name = [cell.value for cell in sheet[1]].index("nama") + 1
    sheet.cell(2, name).value = "CONTOH NAMA"
    sheet.cell(2, sheet.max_column + 1).value = "lebih"
    book.save(wide)
    document = json.loads(sent["kobo_v1_json"].read_text(encoding="utf-8"))
    sound = document["results"][0]
    document["results"] = [
        sound | {"nomor_berita_acara": "BA\u0007-7"},
        *(sound | {"_uuid": f"u-{n}"} for n in range(8)),
    ]
    dark.write_text(json.dumps(document), encoding="utf-8")
    found = {path: ingest(platform, path, NOW) for path in (wide, dark)}
    assert [arrival.damaged for arrival in found.values()] == [1, 1]
    part = profiles()["lapangan_v1_buku_anggota"]
    first, second = (found[wide].token, part.row_base + 2), (found[dark].token, 1)
    raw = RawRows(platform)
    assert (raw.raw(first), raw.raw(second)) == (None, None)
    lines = raw.lines([first, second])
    assert "; nama: CONTOH NAMA; " in lines[first]
    assert lines[first].endswith(f"kolom {len(part.header) + 1}: lebih")
    assert "BA�-7" in lines[second]
    assert "u-0" not in lines[second]
