"""`dtsen doubts`: numbers that a person should look at, by the tokens of the rows that bear them."""

from collections.abc import Callable, Mapping
from typing import Annotated

import typer
from rich.text import Text

from dtsen_pipeline.cli import house
from dtsen_pipeline.cli.output import count, document, heading, say, table

ROWS = 50


def doubts(
    release: house.Release = None,
    limit: Annotated[int, typer.Option(min=0, help="Paling banyak sekian baris. / At most so many rows.")] = ROWS,
    *,
    as_json: house.JSON = False,
) -> None:
    """NIK yang perlu dilihat seseorang. / Rows whose NIK a person should compare; nothing is changed."""
    from dtsen_pipeline.queries.doubts import doubts as listed  # noqa: PLC0415
    from dtsen_pipeline.queries.reading import view  # noqa: PLC0415

    with house.house() as platform:
        found = listed(view(platform, release))
    if as_json:
        document(found)
        return
    say(Text(f"Rilis {found.release_id}: {count(len(found.rows))} hal yang diragukan. / Doubts.", style="bold"))
    for why in found.reasons:
        say("", Text(f"{why.code} · {count(why.count)}", style="cyan"))
        say(f"  {why.id} / {why.en}", f"  Yang perlu dilakukan: {why.advice_id}")
    shown = found.rows[:limit]
    if shown:
        heading("Baris / Rows")
        table(("Baris", "Alasan", "Bandingkan dengan"), ((row.token, row.code, ", ".join(row.beside)) for row in shown))
    if len(found.rows) > len(shown):
        say(f"… dan {count(len(found.rows) - len(shown))} lagi (--limit, --json)")


COMMANDS: Mapping[str, Callable[..., None]] = {"doubts": doubts}
