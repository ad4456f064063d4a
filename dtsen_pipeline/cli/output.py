"""How commands speak: tables and sentences for people, one JSON document for programs, errors with an advice.

Errors and progress go to standard error, answers to standard output. No value from the data passes here unless
a query has decided to show it.
"""

import json
import sys
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import fields, is_dataclass
from datetime import date
from typing import Any

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, SpinnerColumn, TextColumn
from rich.table import Table
from rich.text import Text

from dtsen_pipeline.schemas.errors import DtsenError
from dtsen_pipeline.schemas.reasons import REASONS

WIDTH_WHEN_PIPED = 130
NO, WRONG_USAGE = 1, 2
NOTHING = "-"
USAGE_CODES = frozenset(
    {
        "E_USAGE",
        "E_PURPOSE",
        "E_REASON",
        "E_SETTINGS",
        "E_NUMBER_ARGUMENT",
        "E_COLUMN_UNKNOWN",
        "E_VILLAGE_UNKNOWN",
        "E_PROGRAMME_UNKNOWN",
        "E_PULL_SOURCE",
    }
)


def console(*, is_error: bool = False) -> Console:
    """A console on the present standard output or error; wide and plain where it is piped."""
    stream = sys.stderr if is_error else sys.stdout
    is_terminal = stream.isatty()
    return Console(
        file=stream,
        width=None if is_terminal else WIDTH_WHEN_PIPED,
        soft_wrap=not is_terminal,
        highlight=False,
        markup=False,
        emoji=False,
    )


def say(*lines: str | Text) -> None:
    """Print lines for people."""
    out = console()
    for line in lines:
        out.print(line)


def heading(text: str) -> None:
    """Print a title over what follows."""
    say("", Text(text, style="bold"))


def table(head: Sequence[str], rows: Iterable[Sequence[object]], numbers: Sequence[int] = ()) -> None:
    """Print a table; `numbers` are the columns that are flush right."""
    grid = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0), header_style="bold")
    for place, title in enumerate(head):
        grid.add_column(title, justify="right" if place in numbers else "left", overflow="fold")
    for row in rows:
        grid.add_row(*(cell if isinstance(cell, Text) else _cell(cell) for cell in row))
    console().print(grid)


def say_trips(token: str, trips: Iterable[Mapping[str, str]]) -> None:
    """Everything that holds a file, a line each (see `resources.trips`)."""
    for trip in trips:
        say(f"  {token}: {trip['code']}: {trip['message']} / {trip['message_en']} ({trip['detail']})")


def _cell(value: object) -> Text:
    return Text(NOTHING if value is None else count(value) if type(value) is int else str(value))


def count(number: int) -> str:
    """A number as people here write it: 12.345."""
    return f"{number:,}".replace(",", ".")


def document(value: object) -> None:
    """Print one JSON document."""
    sys.stdout.write(json.dumps(plain(value), ensure_ascii=False, indent=2) + "\n")


def plain(value: object) -> Any:
    """Dataclasses, dates, tuples and mappings as JSON knows them."""
    if is_dataclass(value) and not isinstance(value, type):
        return {field.name: plain(getattr(value, field.name)) for field in fields(value)}
    if isinstance(value, Mapping):
        return {str(key): plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple | set | frozenset):
        return [plain(item) for item in value]
    return value.isoformat() if isinstance(value, date) else value


def error_facts(error: DtsenError, place: str | None = None) -> dict[str, Any]:
    """An error as a document: code, place, sentences and what to do."""
    reason = REASONS.get(error.code)
    return {
        "code": error.code,
        "argument": place,
        "token": error.token,
        "line": error.line,
        "column": error.column,
        "message": reason.id if reason else None,
        "message_en": reason.en if reason else None,
        "detail": error.message,
        "advice": reason.advice_id if reason else None,
    }


def complain(error: DtsenError, *, is_json: bool, place: str | None = None) -> int:
    """Print an error; the exit code that it leads to."""
    facts = error_facts(error, place)
    if is_json:
        document({"error": facts})
    else:
        _print_error(facts)
    return WRONG_USAGE if error.code in USAGE_CODES else NO


def _print_error(facts: Mapping[str, Any]) -> None:
    titles = {"argument": "argumen", "token": "berkas", "line": "baris", "column": "kolom"}
    place = [f"{title} {facts[name]}" for name, title in titles.items() if facts[name] is not None]
    out = console(is_error=True)
    out.print(Text(" · ".join([facts["code"], *place]), style="bold red"))
    sentences = [facts["message"], facts["message_en"]]
    for sentence in filter(None, sentences):
        out.print(Text(sentence))
    if _bare(facts["detail"]) != _bare(facts["message_en"]):
        out.print(Text(f"Rincian: {facts['detail']}"))
    if facts["advice"]:
        out.print(Text(f"Yang perlu dilakukan: {facts['advice']}"))


def _bare(sentence: str | None) -> str:
    return (sentence or "").rstrip(".").casefold()


@contextmanager
def progress(total: int | None, title: str) -> Iterator[Progress]:
    """A progress bar on a terminal's standard error; nothing where it is piped."""
    bar = Progress(
        SpinnerColumn(),
        TextColumn("{task.description}", markup=False),
        BarColumn(),
        MofNCompleteColumn(),
        console=console(is_error=True),
        disable=not sys.stderr.isatty(),
        transient=True,
    )
    with bar:
        bar.add_task(title, total=total)
        yield bar


def advance(bar: Progress) -> None:
    """One step further."""
    bar.advance(bar.task_ids[0])
