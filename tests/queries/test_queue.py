"""The verification queue over a release: doubt from its own visits, capacity, the random arm, and the workbook."""

from collections import Counter
from dataclasses import replace
from io import BytesIO

import numpy as np
import polars as pl
import pytest
from openpyxl import load_workbook

from dtsen_pipeline.core.queue import lot
from dtsen_pipeline.queries import assignments as workbook_of
from dtsen_pipeline.queries.assignments import COLUMNS, assignments, masked
from dtsen_pipeline.queries.input_doubt import COMPOSITION, TOSS, Doubts
from dtsen_pipeline.queries.probability import likely
from dtsen_pipeline.queries.prospects import Prospects, stakes
from dtsen_pipeline.queries.queue import Asked, Queue, logged, queue
from dtsen_pipeline.queries.reading import View
from dtsen_pipeline.queries.visits import last_answered, visits
from dtsen_pipeline.resources.platform import Platform
from dtsen_pipeline.schemas.errors import DtsenError
from dtsen_pipeline.schemas.tables import tables
from tests.queries.asking import looks, raw
from tests.queries.world import AS_OF, LOOK, World

ASKED = Asked(capacity=3)


@pytest.fixture
def found(platform: Platform, release: View) -> Queue:
    """A list of three visits in each kelurahan."""
    return queue(platform, release, ASKED)


def test_visits_are_those_of_the_batches(platform: Platform, release: View, world: World) -> None:
    frame = visits(platform, release)
    used = {"contributed", "superseded", "no_values"}
    fates = release.rows("fate", pl.col("sumber") == "kunjungan", pl.col("fate").is_in(list(used)))
    assert {(row["src"], row["row"]) for row in fates} == set(frame.select("src", "row").rows())
    cards = {row["family_id"]: row["nomor_kartu_keluarga"] for row in release.rows("keluarga")}
    truth = pl.read_parquet(world.city / "truth" / "families.parquet")
    before = dict(truth.select("nomor_kartu_keluarga_after", "nomor_kartu_keluarga").iter_rows())
    assert frame["is_random"].any()
    for row in frame.iter_rows(named=True):
        text = raw(platform, row["src"], row["row"])
        assert text["waktu_kunjungan"].startswith(row["visited_on"].isoformat())
        assert (text["lengan_acak"] == "1") is row["is_random"]
        assert text["hasil_kunjungan"] == str(row["outcome"])
        card = cards.get(row["family_id"])
        assert card is None or text["nomor_kartu_keluarga"] in (card, before[card])


def test_the_last_answered_visit_counts(platform: Platform, release: View) -> None:
    frame = visits(platform, release)
    last = last_answered(frame)
    refused = set(frame.filter(pl.col("outcome") > 2)["family_id"]) - set(
        frame.filter(pl.col("outcome") <= 2)["family_id"]
    )
    assert refused
    assert not refused & last.keys()


def _doubts(platform: Platform, release: View) -> tuple[list[str], Doubts]:
    families = sorted(row["family_id"] for row in release.rows("keluarga"))
    return families, Doubts(release, families, visits(platform, release), np.full(len(families), 3.0))


def test_a_rate_is_what_visits_found(platform: Platform, release: View) -> None:
    """Counted again from the lineage rows: by lot in full, the others as fifty answers."""
    _, doubts = _doubts(platform, release)
    frame = visits(platform, release)
    by_lot = set(frame.filter("is_random")["family_id"])
    bit = tables()["keluarga"].column("luas_lantai").bit
    assert bit is not None
    told = [
        (row["entity_id"] in by_lot, row["decision"])
        for row in release.rows("lineage", pl.col("sumber") == "kunjungan")
        if row["mask"] >> bit & 1
    ]
    differing, agreeing = ("changed", "blocked", "pending", "adopted"), ("confirmed",)
    words = dict.fromkeys(differing, "other") | dict.fromkeys(agreeing, "same")
    counts = Counter((lottery, words[decision]) for lottery, decision in told if decision in words)
    others, same = counts[False, "other"], counts[False, "same"]
    prior = (others + 1) / (others + same + 2)
    expected = (counts[True, "other"] + 50 * prior) / (counts[True, "other"] + counts[True, "same"] + 50)
    assert doubts.rate("keluarga.luas_lantai") == pytest.approx(expected)
    assert 0 < expected < 1


def test_verified_contested_and_open_cells_differ(platform: Platform, release: View) -> None:
    families, doubts = _doubts(platform, release)
    doubt = doubts.of(["keluarga.luas_lantai"], of_head=False)
    rate = doubts.rate("keluarga.luas_lantai")
    assert doubt.is_verified.any()
    assert set(doubt.chance[~doubt.is_verified & ~doubt.is_contested].round(12)) == {round(rate, 12)}
    assert (doubt.chance[doubt.is_verified] <= rate).all()
    last = last_answered(visits(platform, release))
    today = release.manifest["base_date"]
    verified = np.flatnonzero(doubt.is_verified)
    before = [int(place) for place in verified if last[families[place]].isoformat() > today]
    assert before
    assert not doubt.chance[before].any()


def test_a_contested_cell_is_a_toss_up(platform: Platform, release: View) -> None:
    families, doubts = _doubts(platform, release)
    pending = release.rows("lineage", pl.col("tabel") == "keluarga", pl.col("decision") == "pending")
    if not pending:
        pytest.fail("the city has no contested family cell")
    for row in pending:
        for column in tables()["keluarga"].columns:
            if column.bit is not None and row["mask"] >> column.bit & 1:
                doubt = doubts.of([f"keluarga.{column.name}"], of_head=False)
                place = families.index(row["entity_id"])
                assert (doubt.chance[place], doubt.is_contested[place]) == (pytest.approx(TOSS), True)


def test_a_member_column_counts_once_a_member(platform: Platform, release: View) -> None:
    _, doubts = _doubts(platform, release)
    of_all, of_head = (doubts.of(["anggota.tanggal_lahir"], of_head=head) for head in (False, True))
    assert (1 - of_all.chance).tolist() == pytest.approx(((1 - of_head.chance) ** 3).tolist())
    assert 0 < doubts.rate(COMPOSITION) < 0.5


def test_moving_across_a_programme_boundary_is_what_counts() -> None:
    """4 to 5: PKH 1, Sembako 1/2 (one source of two), KIP Kuliah 1/2 (reserve); 5 to 6 is PBI-JK, usulan and halves."""
    table = stakes(AS_OF)
    assert table[3, 4] == pytest.approx(1 + 0.5 + 0.5)
    assert table[4, 5] == pytest.approx(0.5 + 1 + 0.5 + 1)
    assert table[0, 1] == pytest.approx(0.5)
    assert table[6, 9] == 0
    assert (table == table.T).all()


def test_what_a_visit_sets_right_is_less_than_what_it_changes(platform: Platform, release: View) -> None:
    """Under a model that says nothing of welfare every changed answer counts, under this one the part that is right."""
    honest, plain = Prospects(platform, release), Prospects(platform, release)
    plain.likely = None
    assert (honest.expected <= plain.expected + 1e-12).all()
    assert 0 < honest.expected.sum() < 0.8 * plain.expected.sum()
    assert (honest.flip == plain.flip).all()


def test_an_assignment_tells_the_chances_of_its_score(release: View, found: Queue) -> None:
    said = likely(release)
    assert said is not None
    scores = {row["family_id"]: row["skor_verifikasi"] for row in release.rows("keluarga")}
    for one in found.assignments:
        assert one.likely == said.of(scores[one.family_id])
        assert one.likely is None or sum(one.likely) == 100
    assert any(one.likely for one in found.assignments)


def test_the_list_keeps_to_the_capacity(found: Queue, release: View) -> None:
    by_village = Counter(one.kelurahan for one in found.assignments)
    homes = Counter(row["kode_kelurahan_desa"] for row in release.rows("keluarga"))
    assert by_village
    assert all(count <= min(3, homes[village]) for village, count in by_village.items())
    assert len({one.family_id for one in found.assignments}) == len(found.assignments)
    assert len({one.assignment for one in found.assignments}) == len(found.assignments)


def test_the_priority_arm_is_the_best_of_the_rest(platform: Platform, release: View, found: Queue) -> None:
    frame = Prospects(platform, release).frame
    for village in {one.kelurahan for one in found.assignments}:
        chosen = [one for one in found.assignments if one.kelurahan == village]
        priority = [one.expected for one in chosen if one.arm == "prioritas"]
        taken = {one.family_id for one in chosen}
        left = frame.filter(
            pl.col("kode_kelurahan_desa") == village, ~pl.col("is_verified"), ~pl.col("family_id").is_in(taken)
        )
        assert priority == sorted(priority, reverse=True)
        if priority and left.height:
            assert round(float(left["expected"].max() or 0), 4) <= priority[-1]  # type: ignore[arg-type]


def test_the_random_arm_is_drawn_from_all_open_families(platform: Platform, release: View, found: Queue) -> None:
    frame = Prospects(platform, release).frame.filter(~pl.col("is_verified"))
    for village in {one.kelurahan for one in found.assignments}:
        open_ = frame.filter(pl.col("kode_kelurahan_desa") == village)["family_id"].to_list()
        drawn = [one for one in found.assignments if one.kelurahan == village and one.arm == "acak"]
        assert {one.family_id for one in drawn} == set(lot(f"{release.release_id}|lengan-acak-1", open_)[: len(drawn)])
        assert {(one.drawn, one.drawn_from) for one in drawn} == {(1, len(open_))}


def test_the_same_request_gives_the_same_list(platform: Platform, release: View, found: Queue) -> None:
    assert queue(platform, release, ASKED) == found
    other = queue(platform, release, replace(ASKED, seed="lain"))
    assert {one.family_id for one in other.assignments} != {one.family_id for one in found.assignments}


def test_families_verified_on_this_snapshot_are_not_listed_again(platform: Platform, release: View) -> None:
    every = queue(platform, release, Asked(capacity=10_000))
    base = release.manifest["base_date"]
    done = {name for name, day in last_answered(visits(platform, release)).items() if day.isoformat() > base}
    assert done
    assert not done & {one.family_id for one in every.assignments}
    assert every.open == len(every.assignments)
    assert every.verified == len(done)


def test_officers_share_a_kelurahan(platform: Platform, release: View) -> None:
    (village, _), *_ = Counter(row["kode_kelurahan_desa"] for row in release.rows("keluarga")).most_common(1)
    found = queue(platform, release, Asked(capacity=2, officers=2, kelurahan=village))
    assert Counter(one.officer for one in found.assignments) == {1: 2, 2: 2}
    assert {one.kelurahan for one in found.assignments} == {village}


def test_a_missing_input_is_named_as_a_cause(platform: Platform, release: View) -> None:
    found = Prospects(platform, release)
    lacking = pl.col("alasan_tidak_lengkap") == "masukan_kosong"
    places = found.families.with_row_index("place").filter(lacking)["place"].to_list()
    causes = [cause for place in places for cause in found.causes(place) if cause.cause == "kosong"]
    assert causes
    assert all(cause.doubt == 1 for cause in causes)
    whole = found.families.with_row_index("place").filter("is_lengkap")["place"].to_list()
    assert not [cause for place in whole for cause in found.causes(place) if cause.cause == "kosong"]


def test_a_family_without_an_official_desil_cannot_move(platform: Platform, release: View) -> None:
    frame = Prospects(platform, release).frame
    unranked = frame.filter(pl.col("desil_nasional").is_null())
    assert unranked.height
    assert unranked["expected"].sum() == unranked["flip"].sum() == 0
    assert frame["flip"].is_between(0, 1).all()


def test_the_workbook_masks_and_tells_no_desil(platform: Platform, release: View, found: Queue) -> None:
    content = assignments(platform, release, found, LOOK)
    book = load_workbook(BytesIO(content))
    head = {row["family_id"]: row for row in release.rows("keluarga")}
    nik = {row["nomor_induk_kependudukan"] for row in release.rows("anggota")} - {None}
    listed = {one.assignment: one for one in found.assignments}
    seen = []
    for sheet in book.worksheets[1:]:
        values = list(sheet.iter_rows(values_only=True))
        assert values[0] == COLUMNS
        for line in values[1:]:
            row = dict(zip(COLUMNS, (cell or "" for cell in line), strict=True))
            one = listed[str(row["id_penugasan"])]
            seen.append(one.assignment)
            assert row["nama_kepala_keluarga"] == (head[one.family_id]["nama_kepala_keluarga"] or "")
            assert row["lengan_acak"] == ("1" if one.arm == "acak" else "2")
            assert row["berlaku_sampai"] == "2026-12-24"
            assert row["versi_dilihat"] == release.manifest["base_version"]
    assert sorted(seen) == sorted(listed)
    cells = [str(cell.value) for sheet in book.worksheets for row in sheet.iter_rows() for cell in row if cell.value]
    assert not [text for text in cells if text in nik or "desil" in text.casefold()]
    assert all(cell.data_type in ("s", "n") for sheet in book.worksheets for row in sheet.iter_rows() for cell in row)


def test_a_workbook_needs_a_purpose_and_every_family_is_logged(platform: Platform, release: View, found: Queue) -> None:
    with pytest.raises(DtsenError, match="E_PURPOSE"):
        assignments(platform, release, found, replace(LOOK, purpose=None))
    before = len(looks(platform))
    assignments(platform, release, found, LOOK)
    assert [look.subject for look in looks(platform)[before:]] == [None, *(one.family_id for one in found.assignments)]
    logged(platform, found, LOOK, 1)
    assert looks(platform)[-1].subject == found.assignments[0].family_id


def test_a_number_shows_four_digits() -> None:
    assert masked("3571010101019001") == "3571" + "•" * 12
    assert masked(None) == ""


def test_a_formula_stays_text(platform: Platform, release: View, found: Queue, monkeypatch: pytest.MonkeyPatch) -> None:
    hostile = {"nama_kepala_keluarga": "=1+1", "nik": masked("3571010101019001"), "alamat": "http://a.example"}
    people = {one.family_id: hostile for one in found.assignments}
    monkeypatch.setattr(workbook_of, "people", lambda *_: people)
    book = load_workbook(BytesIO(assignments(platform, release, found, LOOK)))
    cells = [cell for sheet in book.worksheets[1:] for row in list(sheet.iter_rows())[1:] for cell in row]
    assert {cell.data_type for cell in cells if cell.value == "=1+1"} == {"s"}
    assert not [cell for cell in cells if cell.data_type == "f" or cell.hyperlink]


def test_a_release_from_before_the_estimate_had_a_point_is_read_too(platform: Platform, release: View) -> None:
    """Its families stand at their scores."""
    found = Prospects(platform, release)
    found.families = found.families.drop("skor_estimasi")
    assert found.expected.sum() > 0
    assert np.isfinite(found.flip).all()
