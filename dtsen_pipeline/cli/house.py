"""What commands share: the opened house, who acts and when, and the options that mean the same everywhere."""

import getpass
import os
import re
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from dtsen_pipeline.schemas.errors import DtsenError

NUMBER = re.compile(r"(?<![0-9])[0-9]{16}(?![0-9])")

if TYPE_CHECKING:
    from dtsen_pipeline.queries.access import Look
    from dtsen_pipeline.resources.platform import Platform

JSON = Annotated[bool, typer.Option("--json", help="Satu dokumen JSON, tidak lebih. / One JSON document only.")]
Release = Annotated[
    str | None,
    typer.Option(
        "--release",
        metavar="ID",
        help="Rilis yang dilihat (bawaan: yang berlaku). / Default: the current one.",
    ),
]
Purpose = Annotated[
    str | None,
    typer.Option(metavar="TEKS", help="Tujuan melihat data, dicatat. / Why you look; it is written down."),
]
Reveal = Annotated[
    bool, typer.Option("--reveal", help="Buka nilai yang ditutup; perlu --purpose. / Show masked values.")
]
Reason = Annotated[
    str | None, typer.Option(metavar="TEKS", help="Alasan keputusan, dicatat. / Why; it is written down.")
]


@contextmanager
def house() -> "Iterator[Platform]":
    """The house of this process's settings, for the length of a command."""
    from dtsen_pipeline.resources.platform import opened  # noqa: PLC0415 - `dtsen --help` needs none of it

    with opened() as platform:
        yield platform


def now() -> datetime:
    """The moment at which a command acts."""
    return datetime.now(UTC)


def actor() -> str:
    """The account that runs the command."""
    try:
        return getpass.getuser()
    except (OSError, KeyError):
        return f"uid {os.getuid()}"


def look(purpose: str | None, *, is_revealed: bool = False) -> "Look":
    """A look at persons' data by whoever runs the command, now."""
    from dtsen_pipeline.queries.access import Look  # noqa: PLC0415

    if has_number(purpose or ""):
        raise number_refused()
    return Look(actor(), now(), purpose, is_revealed)


def reasoned(reason: str | None) -> str:
    """The reason of a decision; E_REASON where none is given."""
    if not (reason or "").strip():
        raise DtsenError("E_REASON", "give the reason with --reason")
    if has_number(str(reason)):
        raise number_refused()
    return str(reason)


def check_new(path: Path) -> None:
    """E_EXPORT where a file cannot be written without taking another's place, or its folder does not exist."""
    if path.exists() or not path.parent.is_dir():
        raise DtsenError("E_EXPORT", "the file exists already, or its folder does not")


def has_number(*texts: str) -> bool:
    """Whether something that was typed holds what could be a NIK or a family card number."""
    return any(NUMBER.search(text) for text in texts)


def number_refused() -> DtsenError:
    """What a person is told who typed such a number."""
    return DtsenError("E_NUMBER_ARGUMENT", "numbers are read from standard input only")
