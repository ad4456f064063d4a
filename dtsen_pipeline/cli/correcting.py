"""`dtsen ingest --kind correction`: corrected workbooks on their way back, and what became of their rows."""

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

COLUMNS = {
    "argument": "Argumen",
    "token": "Token",
    "verdict": "Putusan",
    "rows": "Dikoreksi",
    "unchanged": "Tidak diubah",
    "known": "Sudah masuk",
    "code": "Kode",
}
VERDICTS = {"accepted": "diterima", "refused": "ditolak", "unread": "tidak dibaca"}


def take(paths: Sequence[Path], profile: str | None, data_date: date | datetime | None, *, as_json: bool) -> None:
    """Take the workbooks in; one that cannot be taken keeps none of the others from it."""
    if profile is not None or data_date is not None:
        raise DtsenError("E_USAGE", "profile and date are those of the rows that the workbook corrects")
    with house.house() as platform:
        taken = [_taken(platform, path, place) for place, path in _named(paths)]
    if as_json:
        document({"files": taken})
    else:
        _report(taken)
    if any(file["verdict"] != "accepted" for file in taken):
        raise typer.Exit(NO)


def _named(paths: Sequence[Path]) -> Iterator[tuple[str, Path | None]]:
    for place, path in enumerate(paths, start=1):
        if not path.is_dir():
            yield str(place), path
            continue
        books = sorted(path.glob("*.xlsx"))
        yield from ((f"{place}.{number}", book) for number, book in enumerate(books, start=1))
        if not books:
            yield str(place), None


def _taken(platform: "Platform", path: Path | None, place: str) -> dict[str, Any]:
    from dtsen_pipeline.resources.correct import correct  # noqa: PLC0415 - imports the models

    blank: dict[str, Any] = {"is_new": False, "rows": None, "unchanged": None, "known": None, "files": []}
    try:
        done = correct(platform, _there(path), house.now())
    except DtsenError as error:
        return blank | error_facts(error, place) | {"verdict": "unread"}
    facts: dict[str, Any] = dict(vars(done))
    if done.code is not None:
        told = DtsenError(done.code, done.message or "", token=done.token, line=done.line, column=done.column)
        facts |= error_facts(told, place)
    return {"argument": place, "advice": None} | facts


def _there(path: Path | None) -> Path:
    if path is None:
        raise DtsenError("E_MISSING", "the folder holds no .xlsx file")
    return path


def _report(taken: Sequence[dict[str, Any]]) -> None:
    rows = [[VERDICTS[file["verdict"]] if name == "verdict" else file[name] for name in COLUMNS] for file in taken]
    table(tuple(COLUMNS.values()), rows, numbers=(3, 4, 5))
    for file in taken:
        if file["code"]:
            _explain(file)
    if any(file["rows"] for file in taken):
        say("", "Berikutnya: dtsen refresh, lalu dtsen rejected")


def _explain(file: dict[str, Any]) -> None:
    places = {"baris": file["line"], "kolom": file["column"]}
    told = "".join(f", {name} {place}" for name, place in places.items() if place)
    say("", f"{file['code']}: {file['message']} / {file['message_en']}")
    say(f"  {file['token'] or 'argumen ' + file['argument']}{told}: {file['detail']}")
    say(f"  Yang perlu dilakukan: {file['advice']}")
