"""Files that people filled in, on their way back: taken in one by one, and what became of each.

What they hold is said by `correcting` and `ruling`, which come here.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import typer

from dtsen_pipeline.cli import house
from dtsen_pipeline.cli.output import NO, document, error_facts, say, table
from dtsen_pipeline.schemas.errors import DtsenError

if TYPE_CHECKING:
    from dtsen_pipeline.resources.platform import Platform
    from dtsen_pipeline.resources.returned import Returned

VERDICTS = {"accepted": "diterima", "refused": "ditolak", "unread": "tidak dibaca"}


@dataclass(frozen=True)
class Sort:
    """One sort of file: what a folder is searched for, and how its outcome is told.

    `usage`: what is said of a profile or a date; `columns`: the facts shown, with their headings, counts from the
    fourth to the sixth; `following`: what to do next.
    """

    suffixes: tuple[str, ...]
    usage: str
    columns: Mapping[str, str]
    following: str


def take(
    paths: Sequence[Path],
    sort: Sort,
    into: Callable[["Platform", Path, datetime], "Returned"],
    profile: str | None,
    data_date: date | datetime | None,
    *,
    as_json: bool,
) -> None:
    """Take the files in; a file or a row that cannot be taken keeps none of the others from it."""
    if profile is not None or data_date is not None:
        raise DtsenError("E_USAGE", sort.usage)
    with house.house() as platform:
        taken = [_taken(platform, path, place, sort, into) for place, path in _named(paths, sort.suffixes)]
    if as_json:
        document({"files": taken})
    else:
        _report(taken, sort)
    if any(file["verdict"] != "accepted" or file.get("rejected") for file in taken):
        raise typer.Exit(NO)


def _named(paths: Sequence[Path], suffixes: Sequence[str]) -> Iterator[tuple[str, Path | None]]:
    """Every file by its place among the arguments; no path for a folder that holds none."""
    for place, path in enumerate(paths, start=1):
        if not path.is_dir():
            yield str(place), path
            continue
        files = sorted(file for file in path.iterdir() if file.suffix in suffixes)
        yield from ((f"{place}.{number}", file) for number, file in enumerate(files, start=1))
        if not files:
            yield str(place), None


def _taken(
    platform: "Platform",
    path: Path | None,
    place: str,
    sort: Sort,
    into: Callable[["Platform", Path, datetime], "Returned"],
) -> dict[str, Any]:
    try:
        done = into(platform, _there(path, sort.suffixes), house.now())
    except DtsenError as error:
        blank = dict.fromkeys(sort.columns) | {"is_new": False, "files": [], "rejected": []}
        return blank | error_facts(error, place) | {"verdict": "unread"}
    facts: dict[str, Any] = dict(vars(done))
    facts["rejected"] = [_row(error, done.token) for error in facts.get("rejected", ())]
    if done.code is not None:
        told = DtsenError(done.code, done.message or "", token=done.token, line=done.line, column=done.column)
        facts |= error_facts(told, place)
    return {"argument": place, "advice": None} | facts


def _there(path: Path | None, suffixes: Sequence[str]) -> Path:
    if path is None:
        raise DtsenError("E_MISSING", f"the folder holds no {' or '.join(suffixes)} file")
    return path


def _row(error: DtsenError, token: str) -> dict[str, Any]:
    told = DtsenError(error.code, error.message, token=token, line=error.line, column=error.column)
    facts = error_facts(told, None)
    facts.pop("argument", None)
    return facts


def _report(taken: Sequence[dict[str, Any]], sort: Sort) -> None:
    table(tuple(sort.columns.values()), ([_shown(file, name) for name in sort.columns] for file in taken), (3, 4, 5))
    for file in taken:
        for told in [file] * bool(file["code"]) + file["rejected"]:
            _explain(told, str(file["argument"]))
    if any(file["rows"] for file in taken):
        say("", sort.following)


def _shown(file: dict[str, Any], name: str) -> Any:
    if name == "rejected":
        return len(file[name])
    return VERDICTS[file[name]] if name == "verdict" else file[name]


def _explain(told: dict[str, Any], argument: str) -> None:
    places = {"baris": told["line"], "kolom": told["column"]}
    where = "".join(f", {name} {place}" for name, place in places.items() if place)
    say("", f"{told['code']}: {told['message']} / {told['message_en']}")
    say(f"  {told['token'] or 'argumen ' + argument}{where}: {told['detail']}")
    say(f"  Yang perlu dilakukan: {told['advice']}")
