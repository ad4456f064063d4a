"""Same inputs, same release: whatever the order of arrival, the home, and the number of threads."""

import shutil
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from tests.house import copied, current, early_files, late_files, manifest, program, table_bytes

SCRIPT = """
import sys
from pathlib import Path
from tests.house import EARLY, LATE_DAY, fill, refreshed
home, *files = map(Path, sys.argv[1:])
fill(home, files, EARLY)
done = refreshed(home, LATE_DAY)
assert done.status == "published", done
"""


@pytest.fixture(scope="module")
def homes(town: Path, late_home: Path, tmp_path_factory: pytest.TempPathFactory) -> Mapping[str, Path]:
    """Homes with one key; files in two orders, computed on one thread and on two."""
    files = [*early_files(town), *late_files(town)]
    orders = {"1": files[::-1], "2": files[3::2] + files[1:3:2] + files[::2]}
    made = {threads: tmp_path_factory.mktemp(f"threads{threads}") / "home" for threads in orders}

    def run(threads: str) -> None:
        key = shutil.copy(late_home / "key", made[threads].parent / "key")
        arguments = [str(path) for path in (made[threads], *orders[threads])]
        ended = program(SCRIPT, made[threads], *arguments, DTSEN_KEY_FILE=str(key), POLARS_MAX_THREADS=threads)
        assert ended.returncode == 0, ended.stderr

    with ThreadPoolExecutor(2) as pool:
        list(pool.map(run, orders))
    return {**made, "as they came": copied(late_home, tmp_path_factory.mktemp("came") / "home")}


def test_the_files_are_the_same_and_in_other_orders(homes: Mapping[str, Path]) -> None:
    sources = [manifest(home, current(home) or "")["inputs"]["sources"] for home in homes.values()]
    assert len(sources[0]) == 8
    assert all(found == sources[0] for found in sources)


def test_the_content_roots_are_equal(homes: Mapping[str, Path]) -> None:
    roots = {manifest(home, current(home) or "")["content_root"] for home in homes.values()}
    assert len(roots) == 1


def test_the_bytes_of_every_table_are_equal(homes: Mapping[str, Path]) -> None:
    first, *others = (table_bytes(home, current(home) or "") for home in homes.values())
    assert len(first) >= 9
    for other in others:
        assert other.keys() == first.keys()
        for name, content in first.items():
            assert other[name] == content, name


def test_run_time_and_host_stand_outside_the_root(homes: Mapping[str, Path]) -> None:
    found = [manifest(home, current(home) or "") for home in homes.values()]
    assert len({facts["envelope"]["run_key"] for facts in found}) == len(homes)
    inside = [
        {name: value for name, value in facts.items() if name in ("tables", "cuts", "base_date")} for facts in found
    ]
    assert all(facts == inside[0] for facts in inside)
