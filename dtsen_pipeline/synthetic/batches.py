"""The sheets of the field batches, and the errors between visits and members that only batches have."""

import numpy as np
from numpy.random import Generator

from dtsen_pipeline.synthetic import field, kinds, sheet
from dtsen_pipeline.synthetic.draw import BLANK, Ints
from dtsen_pipeline.synthetic.sheet import Sheet


def sheets(batch: field.Batch, visit_header: tuple[str, ...], member_header: tuple[str, ...]) -> tuple[Sheet, Sheet]:
    """The visits and members of a batch as text."""
    rows, week = batch.visits.rows, batch.week.label
    every = np.arange(len(rows))
    visits = Sheet(
        f"kunjungan_{week}_trc.csv",
        sheet.text(batch.visits.table, visit_header, every),
        np.full(len(rows), BLANK),
        rows,
        kinds.blank(len(rows)),
    )
    visits.mark(np.flatnonzero(batch.expired), "visit_expired")
    who = batch.members.rows
    table = batch.members.table | {"id_kunjungan": batch.visits.table["id_kunjungan"][batch.visit_of_member]}
    members = Sheet(
        f"anggota_kunjungan_{week}_trc.csv",
        sheet.text(table, member_header, np.arange(len(who))),
        who,
        rows[batch.visit_of_member],
        kinds.blank(len(who)),
    )
    return visits, members


def send_twice(rng: Generator, earlier: tuple[Sheet, Sheet], later: tuple[Sheet, Sheet]) -> None:
    """One visit of the earlier week comes again, with its members, in the later batch."""
    visits, members = earlier
    complete = (visits.frame["hasil_kunjungan"] == "1").to_numpy() & visits.clean()
    complete &= np.isin(visits.frame["id_kunjungan"].to_numpy(), members.frame["id_kunjungan"].to_numpy())
    chosen = rng.choice(np.flatnonzero(complete), 1).astype(np.int64)
    visit_id = visits.cells(chosen, "id_kunjungan")[0]
    met = np.flatnonzero((members.frame["id_kunjungan"] == visit_id).to_numpy())
    for source, target, rows in ((visits, later[0], chosen), (members, later[1], met)):
        source.mark(rows, "visit_sent_twice")
        target.append(source.part(rows))


def lose_card(rng: Generator, visits: Sheet, unknown: str) -> None:
    """One more visit, to a family card that nobody has."""
    copy = _cloned(rng, visits, np.flatnonzero((visits.frame["hasil_kunjungan"] == "1").to_numpy() & visits.clean()))
    copy.edit(np.array([0]), "id_kunjungan", [copy.frame["id_kunjungan"][0] + "-X"])
    copy.edit(np.array([0]), "nomor_kartu_keluarga", [unknown])
    copy.mark(np.array([0]), "visit_unknown_card")
    visits.append(copy)


def lose_visit(rng: Generator, members: Sheet) -> None:
    """One more member row, of a visit that never came."""
    copy = _cloned(
        rng,
        members,
        np.flatnonzero((members.frame["keberadaan_anggota"] == "1").to_numpy() & members.clean()),
    )
    copy.edit(np.array([0]), "id_kunjungan", [copy.frame["id_kunjungan"][0] + "-Y"])
    copy.mark(np.array([0]), "member_without_visit")
    members.append(copy)


def _cloned(rng: Generator, source: Sheet, rows: Ints) -> Sheet:
    copy = source.part(rng.choice(rows, 1).astype(np.int64))
    copy.family = np.full(1, BLANK)
    return copy
