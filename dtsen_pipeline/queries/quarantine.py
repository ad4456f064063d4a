"""The rejected rows of a release as an office works on them: raw text, reasons, and whom to ask.

They hold identifying values: whoever asks states a purpose, which is written down. How a workbook is laid out
stands in `workbook`; nothing is written to a file here.
"""

from dataclasses import dataclass

import polars as pl

from dtsen_pipeline.core.corrections import TARGET, pointer
from dtsen_pipeline.queries.access import Look, check_purpose, note
from dtsen_pipeline.queries.rawtext import RawRows
from dtsen_pipeline.queries.reading import View, fetched
from dtsen_pipeline.queries.rejected import RejectedRow, rejected
from dtsen_pipeline.queries.sources import Sources
from dtsen_pipeline.resources.platform import Platform
from dtsen_pipeline.schemas.errors import TOKEN_LENGTH
from dtsen_pipeline.schemas.reasons import reason_of
from dtsen_pipeline.schemas.tables import tables

CARD, VILLAGE = "nomor_kartu_keluarga", "kode_kelurahan_desa"


@dataclass(frozen=True)
class Chosen:
    """Which rows are wanted; what is not given is not asked about."""

    batch: str | None = None
    officer: str | None = None
    kelurahan: str | None = None


@dataclass(frozen=True)
class Quarantined:
    """A rejected row. `cells` is the delivered text by column, none where the line cannot be read as a record.

    `reasons`: one Indonesian sentence a finding, with the column's label; `columns`: the columns at fault.
    """

    token: str
    table: str
    batch: str | None
    officer: str | None
    kelurahan: str | None
    reasons: tuple[str, ...]
    columns: frozenset[str]
    cells: dict[str, str] | None


def quarantine(platform: Platform, view: View, look: Look, chosen: Chosen | None = None) -> tuple[Quarantined, ...]:
    """Every rejected row that is not resolved yet and was chosen, in the order of table, file and line.

    Where a correction was rejected in its turn, it stands here instead of the row that it corrects.
    """
    check_purpose(look)
    note(platform.registry, look, "rejected.export", release_id=view.release_id)
    raw = RawRows(platform)
    replaced = _corrected(view, raw)
    rows = [row for row in rejected(view).rows if row.resolved_by is None and row.token not in replaced]
    sources = Sources(view, raw, is_revealed=True)
    sources.prepare(pointer(row.token) for row in rows)
    homes = _homes(view)
    found = [_quarantined(row, raw, sources, homes) for row in rows]
    return tuple(row for row in found if _is_chosen(row, chosen or Chosen()))


def _corrected(view: View, raw: RawRows) -> frozenset[str]:
    """The tokens of the rows that some correction speaks of."""
    files = [source["sha256"][:TOKEN_LENGTH] for source in view.sources if source.get("corrects")]
    return frozenset(cells[TARGET] for token in files for cells in raw.everything(token).values())


def _homes(view: View) -> dict[str, str]:
    """The published kelurahan of every family card."""
    cards = view.scan("keluarga").filter(pl.col(CARD).is_not_null()).select(CARD, VILLAGE)
    return dict(fetched(cards).rows())


def _quarantined(row: RejectedRow, raw: RawRows, sources: Sources, homes: dict[str, str]) -> Quarantined:
    place = pointer(row.token)
    source, cells, visit = sources.of(place), raw.raw(place), None
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
        reasons=tuple(_sentence(reason.id, column, row.table) for reason, column in findings),
        columns=frozenset(column for _, column in findings if column),
        cells=None if cells is None else dict(cells),
    )


def _sentence(text: str, column: str | None, table: str) -> str:
    label = next((one.label for one in tables()[table].columns if one.name == column), column)
    return f"{label}: {text}" if label else text


def _is_chosen(row: Quarantined, chosen: Chosen) -> bool:
    wanted = {"batch": chosen.batch, "officer": chosen.officer, "kelurahan": chosen.kelurahan}
    return all(value is None or getattr(row, name) == value for name, value in wanted.items())
