"""An extract of the population register: what the civil registry knows of the city, and the ministry has wrong.

It tells the truth about everybody but those whom it does not know. Some birth dates in the ministry's data are made
wrong here, in both snapshots, after the officers have come.
"""

from collections.abc import Sequence

import numpy as np

from dtsen_pipeline.synthetic import city, sheet
from dtsen_pipeline.synthetic.draw import Ints, Streams, Table, Texts, pick, share
from dtsen_pipeline.synthetic.events import Fate, World
from dtsen_pipeline.synthetic.people import TODAY
from dtsen_pipeline.synthetic.register import Register
from dtsen_pipeline.synthetic.sheet import Sheet

FOLDER, DATA_DATE = "register", "2026-09-30"
NOTE = {"data_date": DATA_DATE, "region": city.REGION}
ALIVE, DIED, MOVED, ABROAD = 1, 2, 3, 4
STATUS = {
    Fate.DIED_BEFORE: DIED,
    Fate.DIED: DIED,
    Fate.MOVED_OUT: MOVED,
    Fate.FAMILY_GONE: MOVED,
    Fate.ABROAD: ABROAD,
}
WRONG_SHARE = 0.004


def misdate(stream: Streams, world: World, states: Sequence[Register]) -> Ints:
    """Make some birth dates of the ministry's data wrong by a few days; the persons they are of."""
    rng = stream("wrong birth dates")
    clean = (world.people["fate"] == Fate.PRESENT) & ~world.people["nik_unmatched"]
    for state in states:
        clean &= (state.family_of >= 0) & (state.person_kinds == "")
    who = pick(rng, clean, share(WRONG_SHARE, int(clean.sum())))
    days = rng.integers(1, 28, len(who))
    for state in states:
        state.people["tanggal_lahir"] = state.people["tanggal_lahir"].copy()
        state.people["tanggal_lahir"][who] = world.people["tanggal_lahir"][who] - days
    return who


def extract(stream: Streams, world: World, header: Sequence[str]) -> Sheet:
    """The rows of the extract, in the order of their numbers."""
    people, rng = world.people, stream("extract")
    known = np.flatnonzero(~people["nik_unmatched"])
    rows = known[np.argsort(people["nomor_induk_kependudukan"][known], kind="stable")]
    status = np.full(len(people["fate"]), ALIVE)
    for fate, code in STATUS.items():
        status[people["fate"] == fate] = code
    table: Table = {
        name: people[name] for name in ("nomor_induk_kependudukan", "nama", "tanggal_lahir", "jenis_kelamin")
    }
    table["nomor_kartu_keluarga"] = world.families["nomor_kartu_keluarga"][people["home"]]
    table["status_kependudukan"] = status
    table["tanggal_status"] = _since(rng.integers(0, 60, len(status)), people, status)
    name = f"kependudukan_{city.REGION}.csv"
    return Sheet(
        name, sheet.text(table, header, rows), rows, people["home"][rows], np.full(len(rows), "", dtype=object)
    )


def _since(days: Ints, people: Table, status: Ints) -> Texts:
    """The day on which a person died or moved, as text; blank for the living."""
    day = np.where(people["fate"] == Fate.DIED_BEFORE, TODAY - 1 - 5 * days, TODAY + days)
    written = np.maximum(day, people["tanggal_lahir"]).astype("datetime64[D]").astype(str)
    return np.where(status == ALIVE, "", written).astype(object)
