"""The frozen input list: one hash for one set of facts, whatever the order in which they came."""

from dataclasses import replace
from datetime import date
from itertools import permutations

import pytest

from dtsen_pipeline.core.inputs import InputList, Source, freeze
from dtsen_pipeline.schemas.errors import DtsenError

FACTS = {"city": "3571", "model": "demo_alatas_2008", "key_id": "k1"}
FAMILIES = Source("a" * 64, "keluarga", "bps_v3_keluarga", 3, "v4_2026", "3571", "2026-07-01")
MEMBERS = replace(FAMILIES, sha256="b" * 64, table="anggota", profile="bps_v3_anggota")
OLDER = replace(FAMILIES, sha256="c" * 64, version="v3_2026", data_date="2026-01-15")
VISITS = Source("d" * 64, "kunjungan", "lapangan_v1_kunjungan", 1, batch="2026-W40-TRC")
ALL = (FAMILIES, MEMBERS, OLDER, VISITS)


def frozen(*sources: Source, **facts: object) -> InputList:
    return freeze(sources or ALL, **FACTS | facts)


def test_the_order_of_arrival_changes_nothing() -> None:
    lists = [frozen(*order) for order in permutations(ALL)] + [frozen(*ALL, *ALL)]
    assert len({found.hash for found in lists}) == 1
    assert len(set(map(repr, lists))) == 1


@pytest.mark.parametrize(
    "changed",
    [
        frozen(FAMILIES, MEMBERS, OLDER),
        frozen(replace(FAMILIES, sha256="e" * 64), *ALL[1:]),
        frozen(replace(FAMILIES, data_date="2026-07-02"), *ALL[1:]),
        frozen(*ALL[:3], replace(VISITS, batch="2026-W41-TRC")),
        frozen(replace(FAMILIES, profile_version=4), *ALL[1:]),
        frozen(city="3506"),
        frozen(model="other"),
        frozen(key_id="k2"),
        frozen(decisions=("accept:a",)),
        frozen(confirmed_profiles=("bps_v3",)),
        frozen(confirmed_lists={"bps_v3": ("lantai",)}),
        frozen(reference={"code_lists.yaml": "1"}),
        frozen(code_version="2"),
    ],
)
def test_every_fact_changes_the_hash(changed: InputList) -> None:
    assert changed.hash != frozen().hash


def test_it_is_read_back_as_it_was_written() -> None:
    listed = frozen(decisions=("x", "y"), confirmed_lists={"bps_v3": ("lantai",)}, reference={"b": "2", "a": "1"})
    again = InputList.from_json(listed.to_json())
    assert again == listed
    assert again.hash == listed.hash
    assert frozen(reference={"a": "1", "b": "2"}).hash == frozen(reference={"b": "2", "a": "1"}).hash


def test_the_latest_data_date_makes_the_base() -> None:
    listed = frozen()
    assert (listed.base_version, listed.base_date) == ("v4_2026", date(2026, 7, 1))
    later = replace(OLDER, data_date="2026-08-01")
    assert frozen(FAMILIES, later).base_version == "v3_2026"
    same = replace(OLDER, data_date="2026-07-01")
    assert frozen(FAMILIES, same).base_version == "v4_2026"
    assert list(listed.snapshot_dates) == ["v3_2026", "v4_2026"]


def test_what_is_known_of_files() -> None:
    listed = frozen()
    assert [source.token for source in listed.of("keluarga")] == ["a" * 12, "c" * 12]
    assert listed.version_of == {"a" * 12: "v4_2026", "b" * 12: "v4_2026", "c" * 12: "v3_2026"}
    assert listed.observed["c" * 12] == date(2026, 1, 15)
    assert "d" * 12 not in listed.observed
    assert [source.is_snapshot for source in ALL] == [True, True, True, False]


@pytest.mark.parametrize(
    "sources", [(VISITS,), (replace(FAMILIES, data_date=None),), (replace(FAMILIES, version=None),)]
)
def test_without_a_dated_snapshot_there_is_no_list(sources: tuple[Source, ...]) -> None:
    with pytest.raises(DtsenError) as caught:
        frozen(*sources)
    assert caught.value.code == "E_NO_SNAPSHOT"


@pytest.mark.parametrize(
    ("batch", "end"),
    [
        ("2026-W40-TRC", date(2026, 10, 4)),
        ("2026-W53", date(2027, 1, 3)),
        ("2025-W53-TRC", None),
        ("2026-W00-TRC", None),
        ("2026-W401", None),
        ("POSKO-2026-W40", None),
        (None, None),
    ],
)
def test_a_batch_ends_with_the_week_that_it_names(batch: str | None, end: date | None) -> None:
    source = replace(VISITS, batch=batch)
    assert source.batch_end == end
    assert frozen(FAMILIES, source).batch_ends == ({source.token: end} if end else {})
