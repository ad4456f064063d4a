"""The rejected rows of a release as an office works on them: raw text, reasons, and whom to ask.

They hold identifying values: whoever asks states a purpose, which is written down. How a workbook is laid out
stands in `workbook`; nothing is written to a file here.
"""

from collections import Counter, defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

import polars as pl

from dtsen_pipeline.core.corrections import TARGET
from dtsen_pipeline.core.rows import pointer
from dtsen_pipeline.queries.access import Look, check_purpose, note
from dtsen_pipeline.queries.rawtext import RawRows
from dtsen_pipeline.queries.reading import View, fetched
from dtsen_pipeline.queries.rejected import RejectedRow, rejected
from dtsen_pipeline.queries.sources import Source, Sources
from dtsen_pipeline.reference import city
from dtsen_pipeline.resources.platform import Platform
from dtsen_pipeline.schemas.errors import TOKEN_LENGTH
from dtsen_pipeline.schemas.reasons import reason_of
from dtsen_pipeline.schemas.tables import tables

CARD, VILLAGE = "nomor_kartu_keluarga", "kode_kelurahan_desa"
UNDATED = "?"
BANDS: Mapping[str, int | None] = {"<1": 1, "1-3": 4, "4-12": 13, ">12": None, UNDATED: None}
"""Bands of whole weeks: the first week that no longer belongs to each."""


@dataclass(frozen=True)
class Chosen:
    """Which rows are wanted; what is not given is not asked about."""

    batch: str | None = None
    officer: str | None = None
    kelurahan: str | None = None


@dataclass(frozen=True)
class Quarantined:
    """A rejected row.

    `cells`: the delivered text by column, another source's codes, days and numbers in the contract's
    words; none where the line cannot be read as a record.

    `day`: that of the visit, else the snapshot's data date. `reasons`: one Indonesian sentence a
    finding, with the column's label, and the line itself where it is no record; `columns`: the columns at fault.
    """

    token: str
    table: str
    batch: str | None
    officer: str | None
    kelurahan: str | None
    day: date | None
    reasons: tuple[str, ...]
    columns: frozenset[str]
    cells: dict[str, str] | None


def quarantine(platform: Platform, view: View, look: Look, chosen: Chosen | None = None) -> tuple[Quarantined, ...]:
    """Every open rejected row (neither resolved nor closed) that was chosen, in the order of table, file and line.

    Where a correction was rejected in its turn, it stands here instead of the row that it corrects.
    """
    check_purpose(look)
    note(platform.registry, look, "rejected.export", release_id=view.release_id)
    found = _open_rows(platform, view, is_revealed=True)
    return tuple(row for row in found if _is_chosen(row, chosen or Chosen()))


@dataclass(frozen=True)
class Debt:
    """How many rejected rows wait for whom: by kelurahan and officer, in bands of weeks since the row's day.

    Officers are masked unless the look reveals them; `kelurahan` is null where no known one is named.
    """

    kelurahan: str | None
    name: str | None
    officer: str | None
    weeks: Mapping[str, int]

    @property
    def rows(self) -> int:
        """All of them."""
        return sum(self.weeks.values())


def debt(platform: Platform, view: View, look: Look) -> tuple[Debt, ...]:
    """Rejected rows that nobody corrected or closed yet, the largest debt first; ages are as of the release's day."""
    note(platform.registry, look, "rejected.debt", release_id=view.release_id)
    names = {village.bps: village.name for village in city(view.manifest["inputs"]["city"]).kelurahan}
    today = date.fromisoformat(view.envelope["as_of"])
    counts: dict[tuple[str | None, str | None], Counter[str]] = defaultdict(Counter)
    for row in _open_rows(platform, view, is_revealed=look.is_revealed):
        place = row.kelurahan if row.kelurahan in names else None
        counts[place, row.officer][band_of(row.day, today)] += 1
    found = [
        Debt(place, names.get(place or ""), officer, {band: weeks[band] for band in BANDS})
        for (place, officer), weeks in counts.items()
    ]
    return tuple(sorted(found, key=lambda one: (-one.rows, one.kelurahan or "", one.officer or "")))


def band_of(day: date | None, today: date) -> str:
    """The band of a row's age."""
    if day is None:
        return UNDATED
    weeks = (today - day).days // 7
    return next(band for band, most in BANDS.items() if most is None or weeks < most)


def _open_rows(platform: Platform, view: View, *, is_revealed: bool) -> list[Quarantined]:
    raw = RawRows(platform)
    replaced = _corrected(view, raw)
    rows = [row for row in rejected(platform, view).open if row.token not in replaced]
    sources = Sources(view, raw, is_revealed=is_revealed)
    sources.prepare(pointer(row.token) for row in rows)
    homes = _homes(view)
    lines = raw.lines(pointer(row.token) for row in rows if raw.raw(pointer(row.token)) is None)
    return [_quarantined(row, raw, sources, homes, lines.get(pointer(row.token))) for row in rows]


def _corrected(view: View, raw: RawRows) -> frozenset[str]:
    """The tokens of the rows that some correction speaks of."""
    files = [source["sha256"][:TOKEN_LENGTH] for source in view.sources if source.get("corrects")]
    return frozenset(cells[TARGET] for token in files for cells in raw.everything(token).values())


def _homes(view: View) -> dict[str, str]:
    """The published kelurahan of every family card."""
    cards = view.scan("keluarga").filter(pl.col(CARD).is_not_null()).select(CARD, VILLAGE)
    return dict(fetched(cards).rows())


def _quarantined(
    row: RejectedRow, raw: RawRows, sources: Sources, homes: dict[str, str], line: str | None
) -> Quarantined:
    place = pointer(row.token)
    source, cells, visit = sources.of(place), raw.contract(place), None
    if source.is_visit:
        visit = sources.visit_of(place)
    card = next((said[CARD].strip() for said in (cells, visit) if said and said.get(CARD, "").strip()), "")
    own = (cells or {}).get(VILLAGE, "").strip()
    findings = [reason_of(finding) for finding in row.findings]
    return Quarantined(
        token=row.token,
        table=row.table,
        batch=source.batch or source.version,
        officer=source.officer,
        kelurahan=own or homes.get(card),
        day=_day(source),
        reasons=(
            *(_sentence(reason.id, column, row.table) for reason, column in findings),
            *([f"Baris aslinya: {line}"] if line is not None else []),
        ),
        columns=frozenset(column for _, column in findings if column),
        cells=None if cells is None else dict(cells),
    )


def _day(source: Source) -> date | None:
    told = source.visited_at or source.data_date
    return date.fromisoformat(told[:10]) if told else None


def _sentence(text: str, column: str | None, table: str) -> str:
    label = next((one.label for one in tables()[table].columns if one.name == column), column)
    return f"{label}: {text}" if label else text


def _is_chosen(row: Quarantined, chosen: Chosen) -> bool:
    wanted = {"batch": chosen.batch, "officer": chosen.officer, "kelurahan": chosen.kelurahan}
    return all(value is None or getattr(row, name) == value for name, value in wanted.items())
