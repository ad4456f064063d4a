"""`dtsen guard`: what stood against the ministry's values, in counts and, where asked for, row by row."""

from collections.abc import Callable, Mapping
from enum import StrEnum
from typing import TYPE_CHECKING, Annotated

import typer

from dtsen_pipeline.cli import house
from dtsen_pipeline.cli.output import document, heading, say, table

if TYPE_CHECKING:
    from dtsen_pipeline.queries.guard import Guard, Side


class State(StrEnum):
    """The states a person may ask for."""

    BLOCKED = "blocked"
    PENDING = "pending"
    ADOPTED = "adopted"
    EXPIRED = "expired"
    RESOLVED = "resolved"
    UNREADABLE = "unreadable"


SENTENCES = {
    State.BLOCKED: "Potret baru mengulang nilai lama; nilai verifikasi dipertahankan.",
    State.PENDING: "Potret baru membawa nilai ketiga; perlu diperiksa ulang.",
    State.ADOPTED: "Potret baru sudah memuat nilai verifikasi.",
    State.EXPIRED: "Nilai verifikasi melewati batas usia; potret baru berlaku.",
    State.RESOLVED: "Tidak tercatat lagi dalam potret baru; riwayatnya tetap disimpan.",
    State.UNREADABLE: "Barisnya dalam potret baru ditolak atau ditahan; belum dapat disebut hilang.",
}


def guard(
    state: Annotated[
        list[State] | None, typer.Option("--state", help="Hanya keadaan ini; boleh diulang. / Only these states.")
    ] = None,
    kelurahan: Annotated[
        str | None, typer.Option(metavar="NAMA|KODE", help="Hanya kelurahan ini. / Only this kelurahan.")
    ] = None,
    limit: Annotated[
        int, typer.Option(min=0, metavar="N", help="Daftarkan paling banyak N baris. / List at most N rows.")
    ] = 0,
    release: house.Release = None,
    purpose: house.Purpose = None,
    *,
    reveal: house.Reveal = False,
    as_json: house.JSON = False,
) -> None:
    """Nilai yang ditahan, diambil, menunggu, kedaluwarsa atau hilang. / What stood against the ministry's values."""
    from dtsen_pipeline.queries.access import check_purpose  # noqa: PLC0415
    from dtsen_pipeline.queries.find import village_code  # noqa: PLC0415
    from dtsen_pipeline.queries.guard import guard as watched  # noqa: PLC0415
    from dtsen_pipeline.queries.reading import view  # noqa: PLC0415

    look = house.look(purpose, is_revealed=reveal)
    if reveal or limit:
        check_purpose(look)
    with house.house() as platform:
        village = village_code(platform, kelurahan) if kelurahan else None
        found = watched(platform, view(platform, release), look, state or list(State), village, limit)
    if as_json:
        document({"total": found.total, **vars(found)})
    else:
        _print(found)


def _print(found: "Guard") -> None:
    say(f"Rilis {found.release_id} · tanggal data {found.base_date}")
    table(
        ("Keadaan", "Jumlah", "Arti"),
        ((name, found.total[name], sentence) for name, sentence in SENTENCES.items() if found.total[name]),
        numbers=(1,),
    )
    heading("Menurut kolom / By column")
    table(
        ("Keadaan", "Tabel", "Kolom", "Jumlah"),
        ((one.state, one.table, one.column, one.count) for one in found.counts),
        numbers=(3,),
    )
    if found.rows:
        heading("Baris / Rows")
        for one in found.rows:
            say(f"{one.state} · {one.table} {one.entity_id}{f' · {one.label} ({one.column})' if one.column else ''}")
            for title, side in (("verifikasi", one.verified), ("potret baru", one.ministry)):
                if side is not None:
                    say(f"  {title}: {_said(side)}")


def _said(side: "Side") -> str:
    text = side.meaning or side.raw
    return " · ".join(part for part in (text, side.day, side.source.key) if part)


COMMANDS: Mapping[str, Callable[..., None]] = {"guard": guard}
