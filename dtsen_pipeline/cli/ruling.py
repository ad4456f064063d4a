"""`dtsen ingest --kind decision`: files of reviewers' decisions on their way in, and what became of their rows."""

from collections.abc import Iterator, Sequence
from datetime import date, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import typer

from dtsen_pipeline.cli import house
from dtsen_pipeline.cli.output import NO, document, error_facts, say, table
from dtsen_pipeline.schemas.errors import DtsenError

if TYPE_CHECKING:
    from dtsen_pipeline.resources.platform import Platform

SUFFIXES = (".xlsx", ".csv")
VERDICTS = {"accepted": "diterima", "refused": "ditolak", "unread": "tidak dibaca"}


def take(paths: Sequence[Path], profile: str | None, data_date: date | datetime | None, *, as_json: bool) -> None:
    """Take the files in; a file or a row that cannot be taken keeps none of the others from it."""
    if profile is not None or data_date is not None:
        raise DtsenError("E_USAGE", "these files have neither a profile nor a data date")
    with house.house() as platform:
        taken = [_taken(platform, path, place) for place, path in _named(paths)]
    if as_json:
        document({"files": taken})
    else:
        _report(taken)
    if any(file["verdict"] != "accepted" or file["rejected"] for file in taken):
        raise typer.Exit(NO)


def _named(paths: Sequence[Path]) -> Iterator[tuple[str, Path | None]]:
    for place, path in enumerate(paths, start=1):
        if not path.is_dir():
            yield str(place), path
            continue
        files = sorted(file for file in path.iterdir() if file.suffix in SUFFIXES)
        yield from ((f"{place}.{number}", file) for number, file in enumerate(files, start=1))
        if not files:
            yield str(place), None


def _taken(platform: "Platform", path: Path | None, place: str) -> dict[str, Any]:
    from dtsen_pipeline.resources.rule import rule  # noqa: PLC0415 - imports the models

    blank: dict[str, Any] = {"is_new": False, "rows": None, "known": None, "rejected": [], "files": []}
    try:
        done = rule(platform, _there(path), house.now())
    except DtsenError as error:
        return blank | error_facts(error, place) | {"verdict": "unread"}
    facts: dict[str, Any] = dict(vars(done)) | {"rejected": [_row(error, done.token) for error in done.rejected]}
    if done.code is not None:
        told = DtsenError(done.code, done.message or "", token=done.token, line=done.line, column=done.column)
        facts |= error_facts(told, place)
    return {"argument": place, "advice": None} | facts


def _there(path: Path | None) -> Path:
    if path is None:
        raise DtsenError("E_MISSING", "the folder holds no .xlsx or .csv file")
    return path


def _row(error: DtsenError, token: str) -> dict[str, Any]:
    told = DtsenError(error.code, error.message, token=token, line=error.line, column=error.column)
    facts = error_facts(told, None)
    facts.pop("argument", None)
    return facts


def _report(taken: Sequence[dict[str, Any]]) -> None:
    head = ("Argumen", "Token", "Putusan", "Keputusan baru", "Sudah masuk", "Baris ditolak", "Kode")
    rows = [
        [
            file["argument"],
            file["token"],
            VERDICTS[file["verdict"]],
            file["rows"],
            file["known"],
            len(file["rejected"]),
            file["code"],
        ]
        for file in taken
    ]
    table(head, rows, numbers=(3, 4, 5))
    for file in taken:
        if file["code"]:
            _explain(file, str(file["argument"]))
        for row in file["rejected"]:
            _explain(row, str(file["argument"]))
    if any(file["rows"] for file in taken):
        say("", "Berikutnya: dtsen refresh, lalu dtsen review")


def _explain(told: dict[str, Any], argument: str) -> None:
    places = {"baris": told["line"], "kolom": told["column"]}
    where = "".join(f", {name} {place}" for name, place in places.items() if place)
    say("", f"{told['code']}: {told['message']} / {told['message_en']}")
    say(f"  {told['token'] or 'argumen ' + argument}{where}: {told['detail']}")
    say(f"  Yang perlu dilakukan: {told['advice']}")
