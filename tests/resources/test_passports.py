"""The passport of delivered files: which snapshots are compared, where it is kept, and how people read it."""

import json
import shutil
import stat
from collections.abc import Iterator
from datetime import UTC, datetime
from html.parser import HTMLParser
from pathlib import Path

import pytest

from dtsen_pipeline.queries.passport_page import page
from dtsen_pipeline.resources.ingest import ingest
from dtsen_pipeline.resources.passports import passport_of, passports_of
from dtsen_pipeline.resources.platform import Platform
from dtsen_pipeline.schemas.errors import DtsenError
from tests.house import copied, early_files, fill, house, late_files

NOW, LATER = datetime(2026, 1, 13, 3, tzinfo=UTC), datetime(2026, 3, 3, 3, tzinfo=UTC)
LARGEST, CODE = b"3571020010", b'"|"'


@pytest.fixture(scope="module")
def pair(town: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A home with the first snapshot as it is and the second with planted drift; not to be changed."""
    folder = tmp_path_factory.mktemp("pair")
    fill(folder / "home", early_files(town), NOW)
    late = [Path(shutil.copy(file, folder)) for file in late_files(town)[:2]]
    for file in late_files(town)[:2]:
        shutil.copy(file.with_name(f"{file.name}.json"), folder)
    late[1].write_bytes(_drifted(late[1].read_bytes()))
    with house(folder / "home") as platform:
        for file in late:
            ingest(platform, file, LATER)
    return folder / "home"


def _drifted(data: bytes) -> bytes:
    """The largest kelurahan is gone, every floor is of one kind, twelve cards are new."""
    head, *lines = data.splitlines(keepends=True)
    names = head.replace(b'"', b"").strip().split(b"|")
    floor, card = names.index(b"jenis_lantai_terluas"), names.index(b"nomor_kartu_keluarga")
    found = []
    for number, line in enumerate(line for line in lines if LARGEST not in line):
        cells = line.split(CODE)
        if len(cells) == len(names):
            cells[floor] = b"8"
            cells[card] = b"357102010101%04d" % (9800 + number) if number < 12 else cells[card]
        found.append(CODE.join(cells))
    return head + b"".join(found)


@pytest.fixture
def platform(pair: Path, tmp_path: Path) -> Iterator[Platform]:
    """A copy of the house."""
    with house(copied(pair, tmp_path / "home")) as opened:
        yield opened


def _token(platform: Platform, version: str, table: str = "keluarga") -> str:
    return next(file.token for file in platform.registry.files(table_name=table) if file.version == version)


def test_planted_drift_shows_in_the_passport(platform: Platform) -> None:
    found = passport_of(platform, _token(platform, "v4_2026"))
    assert (found["version"], found["before"]["version"]) == ("v4_2026", "v3_2026")
    assert len(found["signals"]["kelurahan_gone"]) == 1
    assert found["signals"]["drifted"] == ["jenis_lantai_terluas"]
    assert found["overlap"]["kartu_keluarga"]["came"] >= 12
    assert found["overlap"]["kartu_keluarga"]["went"] >= 37
    assert found["rows"]["keluarga"]["now"] < found["rows"]["keluarga"]["before"]
    assert found["provenance"]["is_siks_ng"]["before"] > 0


def test_either_half_has_the_same_passport(platform: Platform) -> None:
    family, member = (passport_of(platform, _token(platform, "v4_2026", table)) for table in ("keluarga", "anggota"))
    assert family == member


def test_it_is_kept_in_the_secure_zone_and_computed_anew(platform: Platform) -> None:
    token = _token(platform, "v4_2026")
    path = platform.home.work / "passports" / f"{token}.json"
    assert not path.exists()
    for _ in range(2):
        told = json.loads(json.dumps(passport_of(platform, token)))
        (held,) = told.pop("held")
        assert (held["token"], held["trips"][0]["code"]) == (token, "H_KELURAHAN_GONE")
        assert told == json.loads(path.read_text())
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700


def test_the_first_snapshot_is_compared_with_none(platform: Platform) -> None:
    assert passport_of(platform, _token(platform, "v3_2026"))["before"] is None


def test_snapshots_that_are_complete_get_one_each(platform: Platform) -> None:
    tokens = [file.token for file in platform.registry.files()]
    assert sorted(found["version"] for found in passports_of(platform, tokens)) == ["v3_2026", "v4_2026"]


def test_a_batch_has_no_passport(platform: Platform) -> None:
    with pytest.raises(DtsenError, match="E_PASSPORT"):
        passport_of(platform, platform.registry.files(table_name="kunjungan")[0].token)


class _Text(HTMLParser):
    """The text of a page, and whether it asks for anything from elsewhere."""

    def __init__(self) -> None:
        super().__init__()
        self.said: list[str] = []
        self.open: list[str] = []
        self.fetched: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.fetched += [str(value) for name, value in attrs if name in ("src", "href")]
        if tag not in ("meta", "br"):
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.said.append(data)


def test_the_page_is_whole_by_itself_and_shows_what_the_passport_says(platform: Platform) -> None:
    found = passport_of(platform, _token(platform, "v4_2026"))
    reader = _Text()
    reader.feed(page(found))
    text = " ".join(reader.said)
    assert (reader.open, reader.fetched) == ([], [])
    assert "Paspor potret v4_2026" in text
    assert found["signals"]["kelurahan_gone"][0] in text
    assert "jenis_lantai_terluas" in text
    assert "<5" in text
    assert "None" not in text


def test_the_page_of_a_first_snapshot_says_so(platform: Platform) -> None:
    text = page(passport_of(platform, _token(platform, "v3_2026")))
    assert "potret pertama" in text
    assert "None" not in text


def test_the_page_writes_nothing_that_could_be_markup(platform: Platform) -> None:
    found = passport_of(platform, _token(platform, "v3_2026"))
    found["kelurahan"][0]["name"] = "<script>x</script>"
    assert "<script" not in page(found)
