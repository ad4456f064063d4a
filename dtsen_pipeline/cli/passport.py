"""`dtsen passport`: what a snapshot brought, in counts, beside the snapshot before it."""

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Annotated, Any

import typer

from dtsen_pipeline.cli import house
from dtsen_pipeline.cli.output import document, heading, progress, say, say_trips, table
from dtsen_pipeline.schemas.errors import DtsenError


def passport(
    token: Annotated[str, typer.Argument(metavar="TOKEN", help="Token berkas potret. / A snapshot file's token.")],
    html: Annotated[
        Path | None, typer.Option("--html", metavar="BERKAS", help="Tulis satu halaman HTML. / Write an HTML page.")
    ] = None,
    *,
    as_json: house.JSON = False,
) -> None:
    """Paspor potret: yang datang, pergi, dan bergeser. / What a snapshot brought, lost and moved."""
    with house.house() as platform, progress(None, "Menghitung paspor"):
        from dtsen_pipeline.resources.passports import passport_of  # noqa: PLC0415 - imports the models

        found = passport_of(platform, token)
    if html is not None:
        _write(html, found)
    if as_json:
        document(found)
    else:
        _show(found)
        if html is not None:
            say("", "Halaman HTML sudah ditulis. / The HTML page is written.")


def _write(path: Path, found: Mapping[str, Any]) -> None:
    """Write the page; E_HTML where it cannot be, without the name."""
    from dtsen_pipeline.queries.passport_page import page  # noqa: PLC0415 - only where it is asked for

    try:
        path.write_text(page(found), encoding="utf-8")
    except OSError:
        written = False
    else:
        written = True
    if not written:
        raise DtsenError("E_HTML", "the page cannot be written there")


def _show(found: Mapping[str, Any]) -> None:
    from dtsen_pipeline.queries.passport_page import KEY_NAMES, MOVE_NAMES, ROW_NAMES, SIGNAL_NAMES  # noqa: PLC0415

    before = found["before"]
    than = f"dibandingkan dengan {before['version']} ({before['data_date']})" if before else "potret pertama"
    say(f"Potret {found['version']}, tanggal data {found['data_date']}, {than}.")
    for held in found["held"]:
        heading("Ditahan / Held")
        say_trips(held["token"], held["trips"])
    heading("Ukuran / Size")
    rows = ([ROW_NAMES[name], row["now"], row["before"], row["damaged"]] for name, row in found["rows"].items())
    table(("", "Kini", "Sebelumnya", "Baris rusak"), rows, numbers=(1, 2, 3))
    heading("Datang dan pergi / Came and went")
    rows = ([KEY_NAMES[name], row["both"], row["came"], row["went"]] for name, row in found["overlap"].items())
    table(("", "Pada keduanya", "Datang", "Pergi"), rows, numbers=(1, 2, 3))
    if found["desil_nasional"]:
        heading("Desil nasional / National decile")
        table(("", "Keluarga"), ([MOVE_NAMES[name], n] for name, n in found["desil_nasional"].items()), numbers=(1,))
    heading("Yang perlu dilihat / What to look at")
    signals = [(SIGNAL_NAMES[name], ", ".join(names)) for name, names in found["signals"].items() if names]
    for text, names in signals:
        say(f"{text}: {names}")
    if not signals:
        say("Tidak ada yang menonjol. / Nothing stands out.")


COMMANDS: Mapping[str, Callable[..., None]] = {"passport": passport}
