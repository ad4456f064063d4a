"""A list of officers on its way into the frozen input list; the last one counts."""

from datetime import date, timedelta
from pathlib import Path

import pytest

from dtsen_pipeline.core.officers import Term
from dtsen_pipeline.resources.decide import Word, refuse
from dtsen_pipeline.resources.freeze import freeze_inputs
from dtsen_pipeline.resources.officers import list_officers
from tests.house import LATE, LATE_DAY, copied, house

HEAD = "id_petugas,peran_petugas,mulai,selesai\n"


@pytest.fixture
def home(filled_home: Path, tmp_path: Path) -> Path:
    return copied(filled_home, tmp_path / "home")


def _written(folder: Path, name: str, *lines: str) -> Path:
    path = folder / name
    path.write_text(HEAD + "".join(f"{line}\n" for line in lines), encoding="utf-8")
    return path


def test_the_last_list_counts_from_the_day_on_which_it_came(home: Path, tmp_path: Path) -> None:
    first = _written(tmp_path, "1.csv", "TRC-001,TRC,2026-01-01,")
    second = _written(tmp_path, "2.csv", "TRC-001,TRC,2026-01-01,2026-02-01", "TRC-002,TAGANA,2026-02-01,")
    with house(home) as platform:
        assert freeze_inputs(platform, LATE_DAY).officers == ()
        done = list_officers(platform, first, LATE)
        assert (done.verdict, done.is_new, done.rows) == ("accepted", True, 1)
        assert freeze_inputs(platform, LATE_DAY).officers == (Term("TRC-001", 1, "2026-01-01"),)
        later = list_officers(platform, second, LATE + timedelta(days=3))
        assert len(freeze_inputs(platform, LATE_DAY).officers) == 1
        assert len(freeze_inputs(platform, date(2026, 3, 10)).officers) == 2
        assert not list_officers(platform, second, LATE + timedelta(days=4)).is_new
        refuse(platform, later.token, Word("keliru", "tester", LATE + timedelta(days=5)))
        assert len(freeze_inputs(platform, date(2026, 3, 10)).officers) == 1
        assert list_officers(platform, second, LATE + timedelta(days=6)).verdict == "refused"


def test_a_list_that_cannot_be_used_is_kept_and_changes_nothing(home: Path, tmp_path: Path) -> None:
    with house(home) as platform:
        done = list_officers(platform, _written(tmp_path, "1.csv", "TRC-001,TRC,kemarin,"), LATE)
        assert (done.verdict, done.code, done.line, done.column) == ("refused", "E_OFFICER_LIST", 2, "mulai")
        assert platform.vault.read_bytes(platform.registry.file(done.token).sha256).startswith(HEAD.encode())
        assert freeze_inputs(platform, LATE_DAY).officers == ()
