"""The visits to make as the CSV file that the prefilled field form reads: a line a visit, every cell quoted text.

Holds card numbers, names and addresses for the server and the phones of officers: it needs a purpose, every family is
logged, and its lines are offered until their last day only. The NIK is not in it.
"""

import csv
from collections.abc import Mapping, Sequence
from io import StringIO

import polars as pl

from dtsen_pipeline.core.entities import BORN, CARD, NAME
from dtsen_pipeline.core.presence import PRESENT
from dtsen_pipeline.queries.access import Look, check_purpose
from dtsen_pipeline.queries.assignments import arm_code, last_day, list_name, people, villages
from dtsen_pipeline.queries.prefill import ADDRESS, ARM, COLUMNS, KEY, SEEN, SHOWN, UNTIL
from dtsen_pipeline.queries.queue import Assignment, Queue, logged
from dtsen_pipeline.queries.reading import Row, View, fetched
from dtsen_pipeline.resources.platform import Platform

FORMULA = ("=", "+", "-", "@")
"""How a cell begins that a spreadsheet would compute: such an address is left for the officer to write."""


def media(platform: Platform, view: View, found: Queue, look: Look) -> bytes:
    """The file's bytes; raises E_PURPOSE without a purpose. Every family in it is written down first."""
    check_purpose(look)
    logged(platform, found, look, None)
    homes, known, names = people(view, found), _members(view, found), villages(platform)
    target = StringIO()
    file = csv.DictWriter(target, COLUMNS, quoting=csv.QUOTE_ALL, lineterminator="\n")
    file.writeheader()
    for one in found.assignments:
        home = homes[one.family_id]
        shown = (_place(one, names), home["nama_kepala_keluarga"], home[ADDRESS], ", ".join(known[one.family_id]))
        file.writerow(_line(one, home, view) | {SHOWN: " · ".join(filter(None, shown)), UNTIL: last_day(look)})
    return target.getvalue().encode()


def _line(one: Assignment, home: Row, view: View) -> dict[str, str]:
    address = home[ADDRESS] or ""
    return {
        KEY: one.assignment,
        SEEN: str(view.manifest["base_version"]),
        ARM: arm_code(one),
        CARD: home[CARD] or "",
        ADDRESS: "" if address.startswith(FORMULA) else address,
    }


def _place(one: Assignment, names: Mapping[str, str]) -> str:
    """Whose list the visit is on, and its rank there."""
    return f"{list_name(one.kelurahan, one.officer, names)}, {one.rank}"


def _members(view: View, found: Queue) -> Mapping[str, Sequence[str]]:
    """By family id the names of those who live there, with their year of birth, the head first."""
    ids = [one.family_id for one in found.assignments]
    here = pl.col("family_id").is_in(ids) & (pl.col("keberadaan_anggota") == PRESENT)
    order = ["family_id", pl.col("status_hubungan_keluarga"), pl.col(BORN), "person_id"]
    rows = fetched(view.scan("anggota").filter(here).sort(order).select("family_id", NAME, BORN))
    known: dict[str, list[str]] = {family: [] for family in ids}
    for family, name, born in rows.iter_rows():
        known[family].append(f"{name or '?'} ({born.year})" if born else name or "?")
    return known
