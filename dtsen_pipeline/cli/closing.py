"""`dtsen close` and `reopen`: rejected rows that nobody can mend, and whoever found after all how to."""

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Annotated

import typer

from dtsen_pipeline.cli import house
from dtsen_pipeline.cli.output import count, document, say

if TYPE_CHECKING:
    from dtsen_pipeline.resources.closing import Closed

Rows = Annotated[
    list[str], typer.Argument(metavar="BARIS...", help="Token baris dari dtsen rejected. / Tokens of rejected rows.")
]


def close(rows: Rows, reason: house.Reason = None, *, as_json: house.JSON = False) -> None:
    """Tutup baris ditolak yang tidak dapat diperbaiki. / Close rejected rows that nobody can mend."""
    from dtsen_pipeline.resources.closing import close_rows  # noqa: PLC0415 - imports the models

    _tell(
        "closed",
        "ditutup; tetap tercatat ditolak. / Closed; they stay rejected.",
        _done(close_rows, rows, reason),
        as_json,
    )


def reopen(rows: Rows, reason: house.Reason = None, *, as_json: house.JSON = False) -> None:
    """Buka lagi baris yang ditutup. / Take a closing back."""
    from dtsen_pipeline.resources.closing import reopen_rows  # noqa: PLC0415 - imports the models

    _tell("reopened", "dibuka lagi. / Open again.", _done(reopen_rows, rows, reason), as_json)


def _done(decide: "Callable[..., Closed]", rows: Sequence[str], reason: str | None) -> "Closed":
    from dtsen_pipeline.resources.decide import Word  # noqa: PLC0415 - imports the models

    word = Word(house.reasoned(reason), house.actor(), house.now())
    with house.house() as platform:
        return decide(platform, rows, word)


def _tell(name: str, said: str, done: "Closed", as_json: bool) -> None:  # noqa: FBT001
    if as_json:
        document({name: done.rows, "known": done.known})
        return
    say(f"{count(len(done.rows))} baris {said}")
    if done.known:
        say(f"{count(done.known)} sudah demikian. / So already.")


COMMANDS: Mapping[str, Callable[..., None]] = {"close": close, "reopen": reopen}
