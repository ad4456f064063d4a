"""`dtsen proposals`, `ledger`: what the city hands to the ministry, and what became of it."""

import hashlib
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from dtsen_pipeline.cli import house
from dtsen_pipeline.cli.output import count, document, heading, say, table

if TYPE_CHECKING:
    from collections.abc import Sequence

    from dtsen_pipeline.queries.ledger import Ledger, Tally
    from dtsen_pipeline.queries.proposals import Proposal
    from dtsen_pipeline.queries.reading import View
    from dtsen_pipeline.resources.platform import Platform

VILLAGE = Annotated[str | None, typer.Option(metavar="NAMA|KODE", help="Hanya kelurahan ini. / Only this kelurahan.")]
STATES = {
    "adopted": "diserap",
    "other": "nilai lain",
    "ignored": "diabaikan",
    "reverted": "dikembalikan",
    "gone": "tidak tercatat",
    "unreadable": "belum terbaca",
    "waiting": "menunggu",
}


def proposals(
    export: Annotated[
        Path | None, typer.Option(metavar="FILE.xlsx", help="Tulis daftarnya; dicatat. / Write the lists; recorded.")
    ] = None,
    kelurahan: VILLAGE = None,
    release: house.Release = None,
    purpose: house.Purpose = None,
    *,
    as_json: house.JSON = False,
) -> None:
    """Usul, perbaikan dan sanggah untuk SIKS-NG. / What the city proposes to the ministry."""
    from dtsen_pipeline.queries.access import check_purpose  # noqa: PLC0415
    from dtsen_pipeline.queries.find import village_code  # noqa: PLC0415
    from dtsen_pipeline.queries.proposals import LISTS  # noqa: PLC0415
    from dtsen_pipeline.queries.proposals import proposals as drafted  # noqa: PLC0415
    from dtsen_pipeline.queries.reading import view  # noqa: PLC0415

    if export is not None:
        check_purpose(house.look(purpose))
        house.check_new(export)
    with house.house() as platform:
        opened = view(platform, release)
        village = village_code(platform, kelurahan) if kelurahan else None
        found = drafted(platform, opened, village)
        number = _written(export, platform, opened, found, village, purpose) if export else None
    counts = {name: sum(one.list_name == name for one in found) for name in LISTS}
    if as_json:
        document({"release_id": opened.release_id, "export_id": number, "counts": counts})
        return
    table(("Daftar", "Baris"), counts.items(), numbers=(1,))
    if number is not None:
        say(f"Ekspor {number} dicatat; buku kerja hanya dapat dibaca pengguna ini. / Recorded; it holds personal data.")


def _written(
    path: Path,
    platform: "Platform",
    opened: "View",
    found: "Sequence[Proposal]",
    village: str | None,
    purpose: str | None,
) -> int:
    """Write the workbook, private and never over another file, and record the hand-over; its number."""
    from dtsen_pipeline.queries.access import note  # noqa: PLC0415
    from dtsen_pipeline.queries.proposal_book import book  # noqa: PLC0415
    from dtsen_pipeline.queries.proposals import filed  # noqa: PLC0415
    from dtsen_pipeline.resources.home import write_private  # noqa: PLC0415
    from dtsen_pipeline.resources.registry import NewExport  # noqa: PLC0415

    look = house.look(purpose, is_revealed=True)
    content = book(opened, tuple(filed(platform, opened, found)))
    digest = hashlib.sha256(content).hexdigest()
    made = NewExport(opened.release_id, village, len(found), digest, look.actor, look.purpose or "")
    with platform.registry.together():
        for entity in sorted({one.entity_id for one in found}):
            note(platform.registry, look, "proposals", subject=entity, release_id=opened.release_id)
        number = platform.registry.record_export(made, look.now).id
        write_private(path, content)
    return number


def ledger(
    kelurahan: VILLAGE = None,
    limit: Annotated[
        int, typer.Option(min=0, metavar="N", help="Daftarkan paling banyak N usulan. / List at most N proposals.")
    ] = 0,
    purpose: house.Purpose = None,
    *,
    reveal: house.Reveal = False,
    as_json: house.JSON = False,
) -> None:
    """Apa jadinya setiap usulan kepada kementerian. / What became of every proposal."""
    from dtsen_pipeline.queries.access import check_purpose  # noqa: PLC0415
    from dtsen_pipeline.queries.find import village_code  # noqa: PLC0415
    from dtsen_pipeline.queries.ledger import ledger as kept  # noqa: PLC0415

    look = house.look(purpose, is_revealed=reveal)
    if reveal or limit:
        check_purpose(look)
    with house.house() as platform:
        found = kept(platform, look, village_code(platform, kelurahan) if kelurahan else None)
    if as_json:
        tallies = {"by_column": found.by_column, "by_kelurahan": found.by_kelurahan}
        document({"exports": found.exports, "total": found.total, **tallies, "entries": found.entries[:limit]})
    else:
        _print(found, limit)


def _print(found: "Ledger", limit: int) -> None:
    say(f"{count(found.exports)} ekspor, {count(len(found.entries))} usulan.")
    for title, tallies in (("Menurut kolom / By column", found.by_column), ("Menurut kelurahan", found.by_kelurahan)):
        heading(title)
        head = ("", *STATES.values(), "hari (median)")
        table(head, (_line(tally) for tally in tallies), numbers=range(1, len(head)))
    for one in found.entries[:limit]:
        say(f"{STATES[one.state]} · {one.list_name} {one.entity_id} · {one.column}")
        say(f"  lama {one.old or '-'} · usul {one.new or '-'} · kini {one.found or '-'}")


def _line(tally: "Tally") -> tuple[object, ...]:
    return (tally.name, *(tally.states.get(state) for state in STATES), tally.median_days)


COMMANDS: Mapping[str, Callable[..., None]] = {"proposals": proposals, "ledger": ledger}
