"""`dtsen rejected` and `debt`: rows that broke a rule, a workbook to mend them in, and who owes what."""

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.text import Text

from dtsen_pipeline.cli import house
from dtsen_pipeline.cli.output import count, document, heading, progress, say, table
from dtsen_pipeline.schemas.errors import DtsenError

if TYPE_CHECKING:
    from dtsen_pipeline.queries.access import Look
    from dtsen_pipeline.queries.quarantine import Chosen
    from dtsen_pipeline.queries.rejected import RejectedRow

ROWS = 50


def rejected(
    release: house.Release = None,
    limit: Annotated[int, typer.Option(min=0, help="Paling banyak sekian baris. / At most so many rows.")] = ROWS,
    export: Annotated[
        Path | None,
        typer.Option(metavar="BERKAS.xlsx", help="Tulis buku kerja; perlu --purpose. / Write a workbook."),
    ] = None,
    batch: Annotated[str | None, typer.Option(help="Hanya batch atau versi ini. / Of one batch or version.")] = None,
    officer: Annotated[str | None, typer.Option(help="Hanya petugas ini. / Of one officer.")] = None,
    kelurahan: Annotated[str | None, typer.Option(help="Hanya kode kelurahan ini. / Of one kelurahan code.")] = None,
    purpose: house.Purpose = None,
    *,
    as_json: house.JSON = False,
) -> None:
    """Baris yang ditolak menurut alasan. / Rejected rows by reason and source, by their tokens."""
    from dtsen_pipeline.queries.reading import view  # noqa: PLC0415
    from dtsen_pipeline.queries.rejected import rejected as listed  # noqa: PLC0415

    if export is not None:
        from dtsen_pipeline.queries.quarantine import Chosen  # noqa: PLC0415

        _export(export, release, house.look(purpose, is_revealed=True), Chosen(batch, officer, kelurahan), as_json)
        return
    if (batch, officer, kelurahan) != (None, None, None):
        raise DtsenError("E_USAGE", "--batch, --officer and --kelurahan choose the rows of --export")
    with house.house() as platform:
        found = listed(platform, view(platform, release))
    if as_json:
        document(found)
        return
    mended = len(found.rows) - len(found.open) - len(found.closed)
    shut = f", {count(len(found.closed))} ditutup" if found.closed else ""
    say(
        Text(
            f"Rilis {found.release_id}: {count(len(found.rows))} baris ditolak, {count(mended)} sudah selesai{shut}. "
            "/ Rejected rows, those resolved, those closed.",
            style="bold",
        )
    )
    for why in found.reasons:
        by_table = ", ".join(f"{name} {count(number)}" for name, number in why.by_table.items())
        mended = why.count - why.open - why.closed
        done = f", {count(mended)} selesai" if mended else ""
        done += f", {count(why.closed)} ditutup" if why.closed else ""
        say("", Text(f"{why.code} · {count(why.count)} ({by_table}){done}", style="cyan"))
        say(f"  {why.id} / {why.en}", f"  Yang perlu dilakukan: {why.advice_id}")
    shown = (*found.open, *found.closed, *(row for row in found.rows if row.resolved_by))[:limit]
    if shown:
        heading("Baris / Rows")
        head = ("Baris", "Tabel", "Temuan", "Diselesaikan oleh, atau ditutup karena")
        table(head, ((row.token, row.table, ", ".join(row.findings), _end(row)) for row in shown))
    if len(found.rows) > len(shown):
        say(f"… dan {count(len(found.rows) - len(shown))} lagi (--limit, --json)")


def _end(row: "RejectedRow") -> str | None:
    """What stands for a row, or who closed it, when and why."""
    from dtsen_pipeline.resources.settings import ZONE  # noqa: PLC0415

    if row.closed is None:
        return row.resolved_by
    return f"ditutup {row.closed.at.astimezone(ZONE).date()} oleh {row.closed.actor}: {row.closed.reason}"


def _export(path: Path, release: str | None, look: "Look", chosen: "Chosen", as_json: bool) -> None:  # noqa: FBT001
    """Write the quarantine workbook, private to this user and never over another file."""
    from dtsen_pipeline.queries.quarantine import quarantine  # noqa: PLC0415
    from dtsen_pipeline.queries.reading import view  # noqa: PLC0415
    from dtsen_pipeline.queries.workbook import workbook  # noqa: PLC0415
    from dtsen_pipeline.resources.home import write_private  # noqa: PLC0415

    house.check_new(path)
    with house.house() as platform, progress(None, "Menyusun buku kerja"):
        opened = view(platform, release)
        rows = quarantine(platform, opened, look, chosen)
        write_private(path, workbook(rows, opened.release_id))
    if as_json:
        document({"release_id": opened.release_id, "rows": len(rows)})
        return
    say(
        f"{count(len(rows))} baris ditolak ditulis ke buku kerja. / Rejected rows written to the workbook.",
        "Berkas itu memuat data pribadi dan hanya dapat dibaca pengguna ini. / It holds personal data.",
    )


def debt(
    release: house.Release = None,
    purpose: house.Purpose = None,
    *,
    reveal: house.Reveal = False,
    as_json: house.JSON = False,
) -> None:
    """Tunggakan baris yang belum dikoreksi. / Rejected rows that wait, by kelurahan, officer and age."""
    from dtsen_pipeline.queries.quarantine import BANDS, UNDATED  # noqa: PLC0415
    from dtsen_pipeline.queries.quarantine import debt as owing  # noqa: PLC0415
    from dtsen_pipeline.queries.reading import view  # noqa: PLC0415

    look = house.look(purpose, is_revealed=reveal)
    with house.house() as platform:
        opened = view(platform, release)
        owed = owing(platform, opened, look)
    if as_json:
        document({"release_id": opened.release_id, "debt": owed})
        return
    head = (
        "Kode",
        "Kelurahan",
        "Petugas",
        *("tanpa tanggal" if band == UNDATED else f"{band} minggu" for band in BANDS),
        "Baris",
    )
    rows = [(one.kelurahan, one.name, one.officer, *one.weeks.values(), one.rows) for one in owed]
    table(head, rows, numbers=tuple(range(3, len(head))))


COMMANDS: Mapping[str, Callable[..., None]] = {"rejected": rejected, "debt": debt}
