"""`dtsen receipt`: what became of an officer's visits, for the officer."""

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Annotated

import typer
from rich.text import Text

from dtsen_pipeline.cli import house
from dtsen_pipeline.cli.output import count, document, heading, progress, say, table
from dtsen_pipeline.cli.tracing import place
from dtsen_pipeline.schemas.reasons import CLASHES, FATE_TEXTS

AGREEING = ("confirmed", "adopted")
"""Decisions of which people want the number, not every column."""

if TYPE_CHECKING:
    from dtsen_pipeline.queries.receipt import Line, Receipt


def receipt(
    asked: Annotated[
        str,
        typer.Argument(
            metavar="BATCH|KUNJUNGAN", help="Batch, nomor kunjungan, atau token baris. / A batch, a visit or a row."
        ),
    ],
    release: house.Release = None,
    purpose: house.Purpose = None,
    *,
    reveal: house.Reveal = False,
    as_json: house.JSON = False,
) -> None:
    """Tanda terima bagi petugas. / What became of every visit row: its fate, what it changed, what it lost to."""
    from dtsen_pipeline.queries.reading import view  # noqa: PLC0415
    from dtsen_pipeline.queries.receipt import receipt as found  # noqa: PLC0415

    if house.has_number(asked):
        raise house.number_refused()
    look = house.look(purpose, is_revealed=reveal)
    with house.house() as platform, progress(None, "Menyusun tanda terima"):
        told = found(platform, view(platform, release), asked, look)
    if as_json:
        document(told)
    else:
        _print(told)


def _print(told: "Receipt") -> None:
    say(Text(f"Tanda terima {told.asked} · rilis {told.release_id}", style="bold"), "")
    rows = [(fate, FATE_TEXTS[fate].id, number) for fate, number in told.fates.items()]
    if rows:
        table(("Nasib", "Arti", "Baris"), rows, numbers=(2,))
    for line in told.lines:
        _print_line(line)
    if told.waiting:
        heading("Belum dipakai rilis ini / Not used by this release")
        files = [(one.token, one.table, one.verdict, one.code, one.id, one.rows) for one in told.waiting]
        table(("Berkas", "Tabel", "Putusan", "Kode", "Arti", "Baris"), files, numbers=(5,))


def _print_line(line: "Line") -> None:
    visit = f" · kunjungan {line.visit}" if line.visit else ""
    say("", Text(f"{line.token} · {line.table}{visit}", style="cyan"), f"  {line.fate}: {line.fate_id}")
    for finding in line.findings:
        column = f" ({finding.column})" if finding.column else ""
        say(f"  {finding.code}{column}: {finding.id} {finding.advice_id}")
    if line.resolved_by:
        say(f"  Sudah dikoreksi oleh {line.resolved_by}. / Corrected.")
    won = [answer for answer in line.answers if answer.is_won]
    for decision in dict.fromkeys(answer.decision for answer in won):
        same = [answer for answer in won if answer.decision == decision]
        names = f": {', '.join(answer.label for answer in same)}" if decision not in AGREEING else ""
        say(f"  {decision}, {count(len(same))} kolom{names}", f"    {same[0].decision_id}")
    for answer in line.answers:
        if not answer.is_won:
            beaten = f" · berlaku: {place(answer.lost_to)}" if answer.lost_to else ""
            say(f"  kalah, {answer.label}: {answer.decision_id}{beaten}")
            if answer.clash:
                say(f"    bentrok {answer.clash}: {CLASHES[answer.clash].id}")


COMMANDS: Mapping[str, Callable[..., None]] = {"receipt": receipt}
