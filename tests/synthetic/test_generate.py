"""Same seed, same bytes; headers as the profiles say; every row accounted for; fast."""

import hashlib
import json
import time
from pathlib import Path

import polars as pl
import pytest

from dtsen_pipeline import reference
from dtsen_pipeline.synthetic import KINDS, MINIMUM_FAMILIES, generate
from tests.synthetic.conftest import FILES, City


def _digests(folder: Path) -> dict[str, str]:
    files = sorted(path for path in folder.rglob("*") if path.is_file())
    return {str(path.relative_to(folder)): hashlib.sha256(path.read_bytes()).hexdigest() for path in files}


def test_same_seed_same_bytes(tmp_path: Path) -> None:
    generate(150, 7, tmp_path / "a")
    generate(150, 7, tmp_path / "b")
    assert _digests(tmp_path / "a") == _digests(tmp_path / "b")


def test_other_seed_other_bytes(tmp_path: Path) -> None:
    generate(150, 7, tmp_path / "a")
    generate(150, 8, tmp_path / "b")
    ours, others = _digests(tmp_path / "a"), _digests(tmp_path / "b")
    assert ours.keys() == others.keys()
    assert all(ours[file] != others[file] for file in FILES)


@pytest.mark.parametrize("seed", range(6))
def test_the_smallest_city_holds_every_kind(tmp_path: Path, seed: int) -> None:
    summary = generate(MINIMUM_FAMILIES, seed, tmp_path)
    assert summary.planted.keys() == KINDS.keys()
    assert [kind for kind, count in summary.planted.items() if count == 0] == []


def test_a_smaller_city_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="at least"):
        generate(MINIMUM_FAMILIES - 1, 1, tmp_path)
    with pytest.raises(ValueError, match="negative"):
        generate(MINIMUM_FAMILIES, -1, tmp_path)


@pytest.mark.parametrize(("file", "profile"), FILES.items())
def test_headers_are_the_profiles(city: City, file: str, profile: str) -> None:
    shape = reference.profiles()[profile]
    header = city.lines(file)[0].decode().replace('"', "").split(shape.delimiter)
    assert tuple(header) == shape.header
    assert shape.identify(Path(file).name)
    assert (city.out / file).read_bytes().endswith(b"\n")


@pytest.mark.parametrize("file", FILES)
def test_every_line_has_one_occurrence(city: City, file: str) -> None:
    lines = city.truth("occurrences").filter(pl.col("file") == file)["line"]
    assert lines.to_list() == list(range(2, len(city.lines(file)) + 1))
    assert city.summary.rows[file] == len(lines)


def test_sidecars(city: City) -> None:
    notes = {file: json.loads((city.out / f"{file}.json").read_text()) for file in FILES}
    first, second, week = (list(notes.values())[number] for number in (0, 3, 6))
    assert first == {"data_date": "2026-07-01", "version": "v3_2026", "region": "3571"}
    assert second == {"data_date": "2026-10-01", "version": "v4_2026", "region": "3571"}
    assert week == {"batch_id": "2026-W41-TRC"}


def test_truth_keys_are_unique(city: City) -> None:
    for table, key in (("persons", "truth_person"), ("families", "truth_family")):
        assert city.truth(table)[key].is_unique().all()
    assert city.truth("persons")["nomor_induk_kependudukan"].is_unique().all()
    assert city.truth("families")["nomor_kartu_keluarga"].is_unique().all()


def test_five_thousand_families_are_quick(tmp_path: Path) -> None:
    start = time.perf_counter()
    generate(5_000, 3, tmp_path)
    assert time.perf_counter() - start < 10
