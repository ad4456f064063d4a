"""`dtsen balance`: the balance of rows, from every file to the fates of its rows."""

from collections.abc import Callable, Iterator, Mapping
from typing import TYPE_CHECKING

import typer

from dtsen_pipeline.cli import house
from dtsen_pipeline.cli.output import NO, document, say, table

if TYPE_CHECKING:
    from dtsen_pipeline.queries.balance import Balance, Sheet


def balance(release: house.Release = None, *, as_json: house.JSON = False) -> None:
    """Neraca baris: dari setiap berkas, ke mana setiap baris pergi. / From every file, where every row went."""
    from dtsen_pipeline.queries.balance import balance as balanced  # noqa: PLC0415
    from dtsen_pipeline.queries.reading import view  # noqa: PLC0415

    with house.house() as platform:
        found = balanced(platform, view(platform, release))
    if as_json:
        document({"is_even": found.is_even, **vars(found)})
    else:
        _print(found)
    if not found.is_even:
        raise typer.Exit(NO)


def _print(found: "Balance") -> None:
    say(f"Neraca baris rilis {found.release_id}")
    table(
        ("Berkas", "Dari", "Nasib", "Alasan", "Baris"),
        (line for sheet in found.sheets for line in _lines(sheet)),
        numbers=(4,),
    )
    say("Setiap baris tepat satu nasib." if found.is_even else "NERACA TIDAK SEIMBANG / The balance is not even.")


def _lines(sheet: "Sheet") -> Iterator[tuple[object, ...]]:
    yield sheet.token, f"{sheet.table} {sheet.version or sheet.batch or ''}", "masuk / received", None, sheet.received
    for flow in sheet.flows:
        yield "", "", flow.fate, ", ".join(flow.reasons), flow.rows
    if sheet.difference:
        yield "", "", "selisih / difference", None, sheet.difference


COMMANDS: Mapping[str, Callable[..., None]] = {"balance": balance}
