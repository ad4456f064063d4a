"""The list of officers: how it is read, what makes it unusable, and what it says of visits."""

import pytest

from dtsen_pipeline.core.engine import Engine
from dtsen_pipeline.core.inputs import InputList
from dtsen_pipeline.core.officers import OPEN_END, Term, spans, terms_in
from dtsen_pipeline.schemas.errors import DtsenError
from tests.core.rows import BASE, Release, Town, card
from tests.running import Readings

HEAD = "id_petugas,peran_petugas,mulai,selesai\n"
LIST = (Term("P-01", 1, "2026-02-01", "2026-06-30"), Term("P-01", 4, "2026-07-01"))


def test_a_list_is_read_by_name_or_code_in_whatever_order() -> None:
    written = [HEAD, "P-01,PKH,2026-07-01,\n", " P-01 ,1,2026-02-01,2026-06-30\n"]
    assert terms_in("".join(written).encode(), "t") == LIST
    assert terms_in("".join([HEAD, *written[:0:-1]]).encode(), "t") == LIST


def test_without_a_role_the_whole_time_in_office_counts() -> None:
    assert spans(LIST) == {
        ("P-01", "1"): ("2026-02-01", "2026-06-30"),
        ("P-01", "4"): ("2026-07-01", OPEN_END),
        ("P-01", ""): ("2026-02-01", OPEN_END),
    }


@pytest.mark.parametrize(
    ("text", "line", "column"),
    [
        ("", 1, None),
        ("id_petugas,peran_petugas,mulai\nP-01,TRC,2026-02-01\n", 1, None),
        (HEAD, None, None),
        (HEAD + "P-01,TRC,2026-02-01\n", 2, None),
        (HEAD + "P-01,TRC,2026-02-01,\n,TRC,2026-02-01,\n", 3, "id_petugas"),
        (HEAD + "P-01,LURAH,2026-02-01,\n", 2, "peran_petugas"),
        (HEAD + "P-01,TRC,2026-02-30,\n", 2, "mulai"),
        (HEAD + "P-01,TRC,2026-02-01,20260301\n", 2, "selesai"),
        (HEAD + "P-01,TRC,2026-02-01,2026-01-31\n", 2, "selesai"),
        (HEAD + "P-01,TRC,2026-02-01,\nP-01,1,2026-03-01,\n", 3, "peran_petugas"),
        (HEAD + '"P-01,TRC\n', None, None),
    ],
)
def test_a_list_that_cannot_be_used_whole_is_refused_with_its_place(
    text: str, line: int | None, column: str | None
) -> None:
    with pytest.raises(DtsenError, match=r"^E_OFFICER_LIST") as refused:
        terms_in(text.encode(), "t")
    assert (refused.value.line, refused.value.column) == (line, column)
    assert "P-01" not in str(refused.value)


def test_a_list_without_officers_keeps_the_hash_and_one_with_them_comes_back() -> None:
    plain = Town().inputs()
    assert "officers" not in plain.to_json()
    listed = InputList(**vars(plain) | {"officers": LIST})
    assert listed.hash != plain.hash
    assert InputList.from_json(listed.to_json()) == listed


CALLS = (
    ("P-01", "1", "2026-02-01", "contributed", None),
    ("P-01", "1", "2026-01-31", "rejected", None),
    ("P-01", "1", "2026-07-01", "rejected", None),
    ("P-01", "4", "2026-07-01", "contributed", None),
    ("P-01", "2", "2026-07-01", "rejected", None),
    ("P-01", "", "2026-07-01", "contributed", None),
    ("P-01", "", "2026-01-31", "rejected", None),
    ("P-02", "1", "2026-01-31", "contributed", "W_OFFICER_UNKNOWN"),
)
"""Visits by officer, role and day, what becomes of each, and the warning it raises."""


class _Listed(Town):
    """A town with a list of officers."""

    def readings(self) -> Readings:
        plain = super().readings()
        return Readings(plain.rows, plain.damaged, InputList(**vars(plain.inputs) | {"officers": LIST}))


def test_a_visit_outside_the_term_is_rejected_and_an_unknown_officer_a_warning(engine: Engine) -> None:
    town, visits = _Listed(), []
    for number, (officer, role, day, _, _) in enumerate(CALLS, start=1):
        town.family(card(number), BASE)
        told = {"id_petugas": officer, "peran_petugas": role, "versi_dilihat": BASE, "luas_lantai": "44"}
        visits.append(town.visit(card(number), day, **told))
    release = Release(town, engine)
    assert [release.fate(visit) for visit in visits] == [fate for *_, fate, _ in CALLS]
    assert {release.reason(visit) for visit in visits} == {"E_VISIT_ROLE", None}
    assert [release.warnings(visit) for visit in visits] == [{warning} - {None} for *_, warning in CALLS]
