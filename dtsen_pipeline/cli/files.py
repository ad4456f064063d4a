"""`dtsen ingest` and `retry`: files on their way in, what became of each, and what to do next."""

from collections import Counter
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.progress import Progress
from rich.text import Text

from dtsen_pipeline.cli import correcting, house, officing, ruling
from dtsen_pipeline.cli.output import (
    NO,
    advance,
    document,
    error_facts,
    progress,
    say,
    say_trips,
    table,
)
from dtsen_pipeline.reference import Profile, profiles
from dtsen_pipeline.schemas.errors import DtsenError
from dtsen_pipeline.schemas.reasons import REASONS

if TYPE_CHECKING:
    from dtsen_pipeline.resources.ingest import Arrival
    from dtsen_pipeline.resources.platform import Platform
    from dtsen_pipeline.resources.registry.models import SourceFile

VERDICTS = {
    "accepted": Text("diterima", style="green"),
    "waiting": Text("menunggu", style="yellow"),
    "held": Text("ditahan", style="yellow"),
    "refused": Text("ditolak", style="red"),
    "unread": Text("tidak dibaca", style="red"),
}
CONFIRM = "H_CODES_UNCONFIRMED"


class FileKind(StrEnum):
    """What a file may be said to be."""

    SNAPSHOT = "snapshot"
    FIELD = "field"
    CORRECTION = "correction"
    DECISION = "decision"
    REGISTER = "register"
    OFFICER = "officer"


@dataclass(frozen=True)
class Named:
    """A file and its place among the arguments: 2, or 2.5 for the fifth file of a folder."""

    place: str
    path: Path | None


def ingest(
    paths: Annotated[
        list[Path],
        typer.Argument(metavar="PATH", help="Berkas, atau folder berisi *.csv, *.xlsx, *.json. / Files or folders."),
    ],
    kind: Annotated[
        FileKind | None, typer.Option(help="Jenis yang diharapkan. / Refuse a file of another kind.")
    ] = None,
    profile: Annotated[
        str | None, typer.Option(metavar="NAMA", help="Profil berkas, bila tidak dikenali. / The file's profile.")
    ] = None,
    data_date: Annotated[
        datetime | None,
        typer.Option(
            formats=["%Y-%m-%d"], metavar="TTTT-BB-HH", help="Tanggal data potret atau petikan. / The data date."
        ),
    ] = None,
    *,
    as_json: house.JSON = False,
) -> None:
    """Masukkan potret, kunjungan, koreksi, keputusan, daftar petugas, data kependudukan. / Take files in."""
    if kind is FileKind.CORRECTION:
        correcting.take(paths, profile, data_date, as_json=as_json)
        return
    if kind is FileKind.DECISION:
        ruling.take(paths, profile, data_date, as_json=as_json)
        return
    if kind is FileKind.OFFICER:
        officing.take(paths, profile, data_date, as_json=as_json)
        return
    wanted = _profiles_for(kind, profile)
    from dtsen_pipeline.resources.settle import unsettled  # noqa: PLC0415 - only where files are taken in

    named = list(_named(paths))
    growing = unsettled([file.path for file in named if file.path is not None])
    with house.house() as platform, progress(len(named), "Membaca berkas") as bar:
        day = data_date.date() if data_date else None
        taken = [_taken(platform, file, wanted, profile, day, growing, bar) for file in named]
        taken = [_settled(platform, file) for file in taken]
        _keep_passports(platform, taken)
    if as_json:
        document({"files": taken})
    else:
        _report(taken)
    if any(file["verdict"] in ("refused", "unread") for file in taken):
        raise typer.Exit(NO)


def retry(
    token: Annotated[str, typer.Argument(metavar="TOKEN", help="Token berkas yang ditolak. / A refused file's token.")],
    profile: Annotated[
        str | None, typer.Option(metavar="NAMA", help="Profil berkas, bila tidak dikenali. / The file's profile.")
    ] = None,
    data_date: Annotated[
        datetime | None,
        typer.Option(
            formats=["%Y-%m-%d"], metavar="TTTT-BB-HH", help="Tanggal data potret atau petikan. / The data date."
        ),
    ] = None,
    version: Annotated[
        str | None, typer.Option(metavar="NAMA", help="Versi potret, misalnya v4_2026. / A snapshot's version.")
    ] = None,
    batch: Annotated[
        str | None, typer.Option(metavar="NAMA", help="Nama batch, misalnya 2026-W41-TRC. / A field batch's name.")
    ] = None,
    region: Annotated[
        str | None, typer.Option(metavar="KODE", help="Kode kabupaten/kota isinya. / The file's regency or city.")
    ] = None,
    *,
    as_json: house.JSON = False,
) -> None:
    """Baca lagi berkas yang ditolak dari simpanan. / Read a refused file again from the vault."""
    from dtsen_pipeline.resources.ingest import Declared, ingest_again  # noqa: PLC0415 - imports the models

    _profiles_for(None, profile)
    day = data_date.date() if data_date else None
    with house.house() as platform, progress(None, "Membaca berkas"):
        told = Declared(profile=profile, data_date=day, version=version, region=region, batch_id=batch)
        taken = _arrived(ingest_again(platform, token, house.now(), told), "1")
        _keep_passports(platform, [taken])
    if as_json:
        document({"files": [taken]})
    else:
        _report([taken])
    if taken["verdict"] == "refused":
        raise typer.Exit(NO)


def _profiles_for(kind: FileKind | None, profile: str | None) -> Sequence[Profile] | None:
    """The profiles a file may have; none where every profile will do."""
    if profile is not None and profile not in profiles():
        raise DtsenError("E_USAGE", f"--profile must be one of: {', '.join(profiles())}")
    if kind is None:
        return None
    found = [known for known in profiles().values() if known.kind == kind.value]
    if profile is not None and profiles()[profile] not in found:
        raise DtsenError("E_USAGE", "--kind and --profile contradict each other")
    return found


def _named(paths: Sequence[Path]) -> Iterator[Named]:
    from dtsen_pipeline.resources.choice import is_data  # noqa: PLC0415 - imports Polars

    for place, path in enumerate(paths, start=1):
        if not path.is_dir():
            yield Named(str(place), path)
            continue
        files = sorted(filter(is_data, path.iterdir()))
        if not files:
            yield Named(str(place), None)
        for number, file in enumerate(files, start=1):
            yield Named(f"{place}.{number}", file)


def _taken(
    platform: "Platform",
    file: Named,
    wanted: Sequence[Profile] | None,
    profile: str | None,
    data_date: date | None,
    growing: Collection[Path],
    bar: Progress,
) -> dict[str, Any]:
    """What became of one file, as a document."""
    from dtsen_pipeline.resources.ingest import Declared, ingest  # noqa: PLC0415 - imports the models

    try:
        if file.path in growing:
            raise DtsenError("E_CHANGING", "the file is still being written to")  # noqa: TRY301
        path = _checked(platform, file.path, wanted)
        arrival = ingest(platform, path, house.now(), Declared(profile=profile, data_date=data_date))
    except DtsenError as error:
        facts = error_facts(error, file.place)
        blank = dict.fromkeys(("profile", "table", "batch", "rows", "damaged", "unapproved", "unreviewed"))
        return facts | {"verdict": "unread", "is_new": False, "released": [], "trips": [], "warnings": []} | blank
    finally:
        advance(bar)
    return _arrived(arrival, file.place)


def _keep_passports(platform: "Platform", taken: Sequence[Mapping[str, Any]]) -> None:
    """Keep the passport of every snapshot that is complete now."""
    from dtsen_pipeline.resources.passports import passports_of  # noqa: PLC0415 - imports the models

    passports_of(platform, [file["token"] for file in taken if file["token"] and file["is_new"]])


def _settled(platform: "Platform", file: dict[str, Any]) -> dict[str, Any]:
    """The file as it stands once all have come: a later one may have been the partner that it waited for."""
    if file["token"] is None or file["verdict"] == "unread":
        return file
    stored = platform.registry.file(file["token"])
    words = _words(stored.code, stored.token)
    return file | words | {"verdict": stored.verdict, "detail": stored.message, "trips": _trips(stored)}


def _checked(platform: "Platform", path: Path | None, wanted: Sequence[Profile] | None) -> Path:
    """The path; E_KIND for a file that has exactly the shape of a profile of another kind."""
    if path is None:
        raise DtsenError("E_MISSING", "the folder holds no data file")
    if wanted is None or path.is_symlink() or not path.is_file():
        return path
    from dtsen_pipeline.resources.choice import choose  # noqa: PLC0415 - imports Polars
    from dtsen_pipeline.resources.delivery import limits_of  # noqa: PLC0415 - imports Polars

    found = None
    with suppress(DtsenError, OSError), path.open("rb") as file:
        found = choose(file, path.suffix, "", None, limits_of(platform))
    if found is not None and found not in wanted:
        raise DtsenError("E_KIND", f"its header is that of {found.id}, which is a {found.kind} file")
    return path


def _arrived(arrival: "Arrival", place: str) -> dict[str, Any]:
    return _words(arrival.code, arrival.token) | {
        "argument": place,
        "token": arrival.token,
        "line": arrival.line,
        "column": None,
        "detail": arrival.message,
        "trips": _trips(arrival),
        "verdict": arrival.verdict,
        "is_new": arrival.is_new,
        "profile": arrival.profile,
        "table": arrival.table,
        "batch": arrival.batch,
        "rows": arrival.rows,
        "damaged": arrival.damaged,
        "unapproved": arrival.unapproved,
        "unreviewed": arrival.unreviewed,
        "warnings": list(arrival.warnings),
        "released": list(arrival.released),
    }


def _trips(file: "Arrival | SourceFile") -> list[dict[str, str]]:
    """Everything that holds a file."""
    from dtsen_pipeline.resources.trips import told  # noqa: PLC0415 - imports the models

    return told(file.code, file.message)


def _words(code: str | None, token: str) -> dict[str, Any]:
    """A code with its sentences and what to do."""
    reason = REASONS.get(code or "")
    advice = reason.advice_id if reason else None
    if code == CONFIRM:
        advice = f"Cocokkan kodenya: dtsen accept {token} --confirm-codes, lalu ulangi dengan --reason."
    return {
        "code": code,
        "message": reason.id if reason else None,
        "message_en": reason.en if reason else None,
        "advice": advice,
    }


def _report(taken: Sequence[Mapping[str, Any]]) -> None:
    head = ("Argumen", "Token", "Profil", "Tabel", "Putusan", "Baris", "Rusak", "Kode")
    names = ("argument", "token", "profile", "table")
    table(
        head,
        (
            [*(file[name] for name in names), VERDICTS[file["verdict"]], file["rows"], file["damaged"], file["code"]]
            for file in taken
        ),
        numbers=(5, 6),
    )
    here = {file["token"] for file in taken}
    for file in taken:
        for line in _remarks(file, here):
            say(line)
    batches = dict.fromkeys(file["batch"] for file in taken if file["batch"])
    if batches:
        say("", f"Batch: {', '.join(batches)}. Nasib tiap baris sesudah refresh: dtsen receipt BATCH")
    for code, number in Counter(code for file in taken for code in file["warnings"]).items():
        say(f"{code}: {number} berkas. {REASONS[code].id} / {REASONS[code].en}")
    for code in dict.fromkeys(file["code"] for file in taken if file["code"]):
        _explain(code, [file for file in taken if file["code"] == code])
    if any(file["verdict"] == "accepted" for file in taken):
        say("", "Berikutnya: dtsen refresh")


def _remarks(file: Mapping[str, Any], here: Collection[str]) -> Iterator[str]:
    if file["token"] and not file["is_new"]:
        yield f"{file['token']}: sudah pernah dimasukkan; tidak ada yang berubah. / Known already; nothing changed."
    if file["unapproved"]:
        yield f"{file['token']}: {file['unapproved']} baris menunggu persetujuan. / Rows that wait for approval."
    if file["unreviewed"]:
        yield f"{file['token']}: {file['unreviewed']} baris tanpa keadaan penilaian. / Rows that tell no review state."
    for token in set(file["released"]).difference(here):
        yield f"{token}: pasangannya sudah datang. / Its partner has come."


def _explain(code: str, files: Sequence[Mapping[str, Any]]) -> None:
    """The sentence of a code, where it happened, and what to do."""
    first = files[0]
    say("", Text(f"{code}: {first['message']} / {first['message_en']}", style="bold"))
    for file in files:
        place = file["token"] or f"argumen {file['argument']}"
        line = f", baris {file['line']}" if file["line"] else ""
        if file["trips"]:
            say_trips(place, file["trips"])
        elif file["detail"]:
            say(f"  {place}{line}: {file['detail']}")
    say(f"  Yang perlu dilakukan: {first['advice']}")


COMMANDS: Mapping[str, Callable[..., None]] = {"ingest": ingest, "retry": retry}
