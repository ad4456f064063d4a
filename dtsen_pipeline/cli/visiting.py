"""`dtsen queue`: whom to visit next, and the list that officers take along."""

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.text import Text

from dtsen_pipeline.cli import house
from dtsen_pipeline.cli.output import count, document, progress, say, table
from dtsen_pipeline.cli.people import ROWS
from dtsen_pipeline.reference.models import model_label

if TYPE_CHECKING:
    from dtsen_pipeline.queries.access import Look
    from dtsen_pipeline.queries.queue import Assignment, Queue
    from dtsen_pipeline.queries.reading import View
    from dtsen_pipeline.resources.platform import Platform

    Content = Callable[[Platform, View, Queue, Look], bytes]

SEED = "lengan-acak-1"


def queue(  # noqa: PLR0913 - a list has as many choices
    capacity: Annotated[
        int, typer.Option(min=1, metavar="N", help="Kunjungan per petugas. / Visits an officer can make.")
    ],
    officers: Annotated[
        int, typer.Option(min=1, metavar="N", help="Petugas per kelurahan. / Officers in each kelurahan.")
    ] = 1,
    kelurahan: Annotated[
        str | None, typer.Option(metavar="NAMA|KODE", help="Hanya kelurahan ini. / One kelurahan.")
    ] = None,
    seed: Annotated[
        str, typer.Option(metavar="NAMA", help="Nama undian lengan acak. / The name of the random arm's lottery.")
    ] = SEED,
    export: Annotated[
        Path | None,
        typer.Option(
            metavar="BERKAS.xlsx|BERKAS.pdf",
            help="Tulis buku kerja, atau PDF untuk dicetak; perlu --purpose. / Write a workbook, or a PDF to print.",
        ),
    ] = None,
    media: Annotated[
        Path | None,
        typer.Option(
            metavar="FOLDER", help="Tulis penugasan.csv untuk dtsen form --prefilled; perlu --purpose. / For the form."
        ),
    ] = None,
    release: house.Release = None,
    purpose: house.Purpose = None,
    *,
    as_json: house.JSON = False,
) -> None:
    """Daftar kunjungan verifikasi berikutnya. / Whom to visit next: by expected change, with a random arm."""
    from dtsen_pipeline.queries.access import check_purpose  # noqa: PLC0415
    from dtsen_pipeline.queries.find import village_code  # noqa: PLC0415
    from dtsen_pipeline.queries.queue import Asked, logged, queue  # noqa: PLC0415
    from dtsen_pipeline.queries.reading import view  # noqa: PLC0415
    from dtsen_pipeline.resources.home import write_private  # noqa: PLC0415

    look, files = house.look(purpose), _files(export, media)
    for path in files:
        check_purpose(look)
        house.check_new(path)
    with house.house() as platform, progress(None, "Menyusun daftar"):
        village = village_code(platform, kelurahan) if kelurahan else None
        opened = view(platform, release)
        found = queue(platform, opened, Asked(capacity, officers, seed, village))
        for path, content in files.items():
            write_private(path, content(platform, opened, found, look))
        if not files:
            logged(platform, found, look, None if as_json else ROWS)
    if as_json:
        document(found)
    else:
        _print(found, 0 if files else ROWS)


def _files(export: Path | None, media: Path | None) -> "Mapping[Path, Content]":
    """What is to be written, private to this user and never over another file, and what makes its bytes."""
    found: dict[Path, Content] = {}
    if export is not None and export.suffix.lower() == ".pdf":
        from dtsen_pipeline.queries.assignment_paper import paper  # noqa: PLC0415

        found[export] = paper
    elif export is not None:
        from dtsen_pipeline.queries.assignments import assignments  # noqa: PLC0415

        found[export] = assignments
    if media is not None:
        from dtsen_pipeline.queries.assignment_media import media as listed  # noqa: PLC0415
        from dtsen_pipeline.queries.prefill import FILE  # noqa: PLC0415

        found[media / FILE] = listed
    return found


def _print(found: "Queue", limit: int) -> None:
    by_lot = sum(one.arm == "acak" for one in found.assignments)
    say(
        Text(
            f"Rilis {found.release_id}: {count(len(found.assignments))} kunjungan, {count(by_lot)} dengan undian.",
            style="bold",
        ),
        f"Belum diverifikasi atas potret ini: {count(found.open)} keluarga; sudah: {count(found.verified)}. "
        "/ Still to be verified on this snapshot; done.",
        f"Estimasi menurut model {model_label(found.model)}. / Estimates by this model.",
    )
    if found.unplaced:
        say(f"Tanpa kelurahan, tidak terdaftar: {count(found.unplaced)} keluarga. / Without a kelurahan, not listed.")
    table(
        ("Penugasan", "Lengan", "Keluarga", "Resmi", "Estimasi", "Perubahan", "Yang diperiksa"),
        (
            (one.assignment, one.arm, one.family_id, one.official, one.estimate, _number(one), _check(one))
            for one in found.assignments[:limit]
        ),
        numbers=(3, 4, 5),
    )
    if limit and len(found.assignments) > limit:
        say(f"… dan {count(len(found.assignments) - limit)} lagi (--json, --export)")


def _number(one: "Assignment") -> str:
    return f"{one.expected:.2f}".replace(".", ",")


def _check(one: "Assignment") -> str:
    """The input that may move the family's desil most."""
    return "; ".join(f"{cause.input} ({cause.cause})" for cause in one.causes[:1])


COMMANDS: Mapping[str, Callable[..., None]] = {"queue": queue}
