"""`dtsen find`, `trace`, `rejected`, `proposals`: about families, persons and rows. Every look is written down.

Numbers of persons come from standard input; what is shown has passed the mask of the queries.
"""

import getpass
import re
import sys
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import TYPE_CHECKING, Annotated

import typer

from dtsen_pipeline.cli import house
from dtsen_pipeline.cli.output import NO, count, document, progress, say, table
from dtsen_pipeline.cli.tracing import print_history, print_trace
from dtsen_pipeline.schemas.errors import DtsenError

if TYPE_CHECKING:
    from dtsen_pipeline.queries.access import Look
    from dtsen_pipeline.queries.find import Found
    from dtsen_pipeline.queries.history import History
    from dtsen_pipeline.queries.reading import View
    from dtsen_pipeline.queries.trace import Trace
    from dtsen_pipeline.resources.platform import Platform

    Answer = tuple[Trace | History, Callable[[], None]]

ENTITY = re.compile(r"[0-9a-f]{32}")
FAMILY, PERSON = "keluarga", "anggota"
STDIN = Annotated[
    bool,
    typer.Option("--stdin", help="Baca nomor kartu keluarga atau NIK dari masukan standar. / From standard input."),
]
ROWS = 20


def find(
    numbers: Annotated[list[str] | None, typer.Argument(hidden=True)] = None,
    kelurahan: Annotated[
        str | None,
        typer.Option(metavar="NAMA|KODE", help="Hanya kelurahan ini; tanpa --stdin: daftar keluarganya."),
    ] = None,
    limit: Annotated[
        int, typer.Option(min=1, help="Paling banyak sekian keluarga. / At most so many families.")
    ] = ROWS,
    purpose: house.Purpose = None,
    release: house.Release = None,
    *,
    stdin: STDIN = False,
    as_json: house.JSON = False,
) -> None:
    """Cari nomor samaran sebuah keluarga atau orang. / Surrogate ids from a family card number or NIK."""
    if numbers:
        raise house.number_refused()
    from dtsen_pipeline.queries import find as queries  # noqa: PLC0415
    from dtsen_pipeline.queries.access import check_purpose  # noqa: PLC0415
    from dtsen_pipeline.queries.reading import view  # noqa: PLC0415

    look = house.look(purpose)
    check_purpose(look)
    with house.house() as platform:
        village = queries.village_code(platform, kelurahan) if kelurahan else None
        opened = view(platform, release)
        if village and not stdin:
            _list_village(platform, opened, village, look, limit, as_json=as_json)
            return
        found = queries.find(platform, opened, queries.numbers_of(_read_numbers()), look, village)
    if as_json:
        document({"release_id": opened.release_id, "results": found})
    else:
        _print_found(found)
    if all(one.is_empty for one in found):
        raise typer.Exit(NO)


def _list_village(
    platform: "Platform", opened: "View", village: str, look: "Look", limit: int, *, as_json: bool
) -> None:
    from dtsen_pipeline.queries.find import families_of  # noqa: PLC0415

    total, listed = families_of(platform, opened, village, look, limit)
    if as_json:
        document({"release_id": opened.release_id, "families": total, "listed": listed})
        return
    table(
        ("Keluarga", "Desil resmi", "Desil estimasi", "Lengkap"),
        (
            (one.family_id, one.desil_nasional, one.desil_estimasi, "ya" if one.is_lengkap else "tidak")
            for one in listed
        ),
        numbers=(1, 2),
    )
    say(f"{count(len(listed))} dari {count(total)} keluarga.")


def _read_numbers() -> str:
    """What standard input holds; on a terminal a number that is typed unseen."""
    if sys.stdin.isatty():
        return getpass.getpass("Nomor kartu keluarga atau NIK (tidak terlihat): ")
    return sys.stdin.read()


def _print_found(found: "Sequence[Found]") -> None:
    rows: list[tuple[object, ...]] = []
    for one in found:
        rows += [(one.line, "keluarga", family) for family in one.families]
        rows += [(one.line, "orang", person) for person in one.persons]
        rows += [(one.line, "tidak ditemukan / not found", None)] if one.is_empty else []
    table(("Baris", "Apa", "Nomor samaran"), rows, numbers=(0,))


def trace(
    family: Annotated[str | None, typer.Option(metavar="ID", help="Nomor samaran keluarga. / A family's id.")] = None,
    person: Annotated[str | None, typer.Option(metavar="ID", help="Nomor samaran orang. / A person's id.")] = None,
    field: Annotated[
        str | None, typer.Option(metavar="KOLOM", help="Riwayat lengkap satu kolom. / The full history of one column.")
    ] = None,
    release: house.Release = None,
    purpose: house.Purpose = None,
    *,
    stdin: STDIN = False,
    reveal: house.Reveal = False,
    as_json: house.JSON = False,
) -> None:
    """Telusuri asal-usul nilai. / Why each value is what it is: source row, officer, time, decision, losers."""
    from dtsen_pipeline.queries.access import check_purpose  # noqa: PLC0415
    from dtsen_pipeline.queries.reading import view  # noqa: PLC0415

    _check_choice(family, person, stdin=stdin)
    look = house.look(purpose, is_revealed=reveal)
    if reveal or stdin:
        check_purpose(look)
    with house.house() as platform:
        opened = view(platform, release)
        entity = _subject(platform, opened, family, person, look)
        if field is None:
            answer, printed = _traced(platform, opened, entity, look)
        else:
            answer, printed = _history(platform, opened, entity, field, look)
    if as_json:
        document(answer)
    else:
        printed()


def _check_choice(family: str | None, person: str | None, *, stdin: bool) -> None:
    """Exactly one of the three ways to name somebody, and an id that has an id's form."""
    if sum([family is not None, person is not None, stdin]) != 1:
        raise DtsenError("E_USAGE", "name exactly one of --family, --person and --stdin")
    given = family if family is not None else person
    if given is not None:
        check_id(given)


def check_id(given: str) -> None:
    """Refuse what cannot be a surrogate id."""
    if ENTITY.fullmatch(given):
        return
    if house.has_number(given):
        raise house.number_refused()
    raise DtsenError("E_USAGE", "an id has 32 characters, 0-9 and a-f; see dtsen find")


def _subject(
    platform: "Platform", opened: "View", family: str | None, person: str | None, look: "Look"
) -> tuple[str, str]:
    """Whom it is about: a table and an id."""
    if family is not None:
        return FAMILY, family
    if person is not None:
        return PERSON, person
    from dtsen_pipeline.queries import find as queries  # noqa: PLC0415

    found = queries.find(platform, opened, queries.numbers_of(_read_numbers()), look)
    subjects = [(FAMILY, entity) for one in found for entity in one.families]
    subjects += [(PERSON, entity) for one in found for entity in one.persons]
    if not subjects:
        raise DtsenError("E_ENTITY_UNKNOWN", "nobody was found under that number")
    if len(subjects) > 1:
        raise DtsenError("E_ENTITY_SEVERAL", f"the input leads to {len(subjects)} families and persons")
    return subjects[0]


def _traced(platform: "Platform", opened: "View", entity: tuple[str, str], look: "Look") -> "Answer":
    from dtsen_pipeline.queries.trace import trace as traced  # noqa: PLC0415

    with progress(None, "Menelusuri"):
        found = traced(platform, opened, *entity, look)
    return found, partial(print_trace, found)


def _history(platform: "Platform", opened: "View", entity: tuple[str, str], field: str, look: "Look") -> "Answer":
    from dtsen_pipeline.queries.history import history  # noqa: PLC0415 - imports the models

    with progress(None, "Menelusuri"):
        told = history(platform, opened, *entity, field, look)
    return told, partial(print_history, told)


COMMANDS: Mapping[str, Callable[..., None]] = {"find": find, "trace": trace}
