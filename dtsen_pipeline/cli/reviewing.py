"""`dtsen review`: what reviewers are asked to decide, as counts and case numbers, and a workbook to decide in."""

from collections import Counter
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.text import Text

from dtsen_pipeline.cli import house
from dtsen_pipeline.cli.output import count, document, heading, plain, progress, say, table

if TYPE_CHECKING:
    from dtsen_pipeline.queries.access import Look
    from dtsen_pipeline.queries.review import Review

ROWS = 50


def review(
    release: house.Release = None,
    limit: Annotated[int, typer.Option(min=0, help="Paling banyak sekian kasus. / At most so many cases.")] = ROWS,
    export: Annotated[
        Path | None,
        typer.Option(metavar="BERKAS.xlsx", help="Tulis buku kerja; perlu --purpose. / Write a workbook."),
    ] = None,
    purpose: house.Purpose = None,
    *,
    reveal: house.Reveal = False,
    as_json: house.JSON = False,
) -> None:
    """Kasus yang perlu diputus peninjau. / Persons who may be one, and visits that contradict each other."""
    if export is not None:
        _export(export, release, house.look(purpose, is_revealed=True), as_json=as_json)
        return
    found = _found(release, house.look(purpose, is_revealed=reveal))
    if as_json:
        document(_document(found))
    else:
        _print(found, limit)


def _found(release: str | None, look: "Look") -> "Review":
    from dtsen_pipeline.queries.reading import view  # noqa: PLC0415
    from dtsen_pipeline.queries.review import review as listed  # noqa: PLC0415
    from dtsen_pipeline.resources.engines import open_engine  # noqa: PLC0415

    with house.house() as platform, progress(None, "Menyusun daftar tinjauan"):
        engine = open_engine("polars", platform.home.work / "scratch")
        try:
            return listed(platform, view(platform, release), engine, look)
        finally:
            engine.close()


def _export(path: Path, release: str | None, look: "Look", *, as_json: bool) -> None:
    """Write the review workbook, private to this user and never over another file."""
    from dtsen_pipeline.queries.review_book import review_book  # noqa: PLC0415
    from dtsen_pipeline.resources.home import write_private  # noqa: PLC0415

    house.check_new(path)
    found = _found(release, look)
    write_private(path, review_book(found))
    if as_json:
        document({"release_id": found.release_id, "cases": len(found.cases)})
        return
    say(
        f"{count(len(found.cases))} kasus ditulis ke buku kerja. / Cases written to the workbook.",
        "Berkas itu memuat data pribadi dan hanya dapat dibaca pengguna ini. / It holds personal data.",
        "Kembalikan dengan dtsen ingest --kind decision. / It comes back with ingest --kind decision.",
    )


def _document(found: "Review") -> dict[str, Any]:
    """The list; how likely a pair is comes last."""
    return {"release_id": found.release_id, "cases": plain(found.cases), "likeness": plain(found.likeness)}


def _print(found: "Review", limit: int) -> None:
    from dtsen_pipeline.queries.review import REASONS  # noqa: PLC0415
    from dtsen_pipeline.queries.review_book import STATUSES  # noqa: PLC0415

    say(Text(f"Rilis {found.release_id}: {count(len(found.cases))} kasus tinjauan. / Review cases.", style="bold"))
    for status, number in Counter(one.status for one in found.cases).items():
        say(f"  {STATUSES[status]}: {count(number)}")
    for reason, number in Counter(reason for one in found.cases for reason in one.reasons).most_common():
        say("", Text(f"{reason} · {count(number)}", style="cyan"), f"  {REASONS[reason]}")
    shown = found.cases[:limit]
    if shown:
        heading("Kasus / Cases")
        rows = [(one.number, one.case.kind, STATUSES[one.status], one.case.a, one.case.b) for one in shown]
        table(("Kasus", "Jenis", "Keadaan", "A", "B"), rows)
    if len(found.cases) > len(shown):
        say(f"… dan {count(len(found.cases) - len(shown))} lagi (--limit, --json, --export)")


COMMANDS: Mapping[str, Callable[..., None]] = {"review": review}
