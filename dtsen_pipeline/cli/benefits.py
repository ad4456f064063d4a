"""`dtsen programmes`: whom programmes are for, by the official desil and by the estimate."""

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Annotated

import typer
from rich.text import Text

from dtsen_pipeline.cli import house
from dtsen_pipeline.cli.output import count, document, heading, progress, say, table
from dtsen_pipeline.cli.people import ROWS, check_id
from dtsen_pipeline.reference.models import model_label

if TYPE_CHECKING:
    from dtsen_pipeline.queries.programmes import Eligibility, FamilyEligibility, RuleCounts

BASES = ("resmi", "estimasi")


def programmes(
    programme: Annotated[str | None, typer.Option(metavar="NAMA", help="Hanya program ini. / One programme.")] = None,
    family: Annotated[
        str | None, typer.Option(metavar="ID", help="Alasan untuk satu keluarga. / The reasons for one family.")
    ] = None,
    release: house.Release = None,
    limit: Annotated[
        int, typer.Option(min=0, help="Paling banyak sekian keluarga. / At most so many families.")
    ] = ROWS,
    purpose: house.Purpose = None,
    *,
    as_json: house.JSON = False,
) -> None:
    """Sasaran program menurut desil resmi dan estimasi. / Whom programmes are for, official beside estimate."""
    from dtsen_pipeline.queries.programmes import of_family, over_release  # noqa: PLC0415
    from dtsen_pipeline.queries.reading import view  # noqa: PLC0415

    if family is not None:
        check_id(family)
    look = house.look(purpose)
    with house.house() as platform, progress(None, "Menilai program"):
        opened = view(platform, release)
        answer = (
            over_release(platform, opened, look, programme, limit)
            if family is None
            else of_family(platform, opened, family, look, programme)
        )
    if as_json:
        document(answer)
    else:
        _print(answer)


def _print(answer: "Eligibility | FamilyEligibility") -> None:
    from dtsen_pipeline.queries.programmes import Eligibility  # noqa: PLC0415

    if isinstance(answer, Eligibility):
        _print_release(answer)
    else:
        _print_family(answer)


def _print_release(answer: "Eligibility") -> None:
    say(Text(f"Rilis {answer.release_id}, aturan yang dinyatakan untuk {answer.on:%Y-%m-%d}.", style="bold"))
    say(f"Estimasi menurut model {model_label(answer.model)}. / Estimates by this model.")
    head = (
        "Program",
        "Sumber",
        "Desil",
        "Resmi: ya",
        "tidak",
        "belum",
        "Estimasi: ya",
        "tidak",
        "belum",
        "Masuk",
        "Keluar",
    )
    table(head, map(_line, answer.rules), numbers=range(3, 11))
    for name, differing in answer.disagreements.items():
        if any(differing.values()):
            counts = ", ".join(f"{basis} {count(differing[basis])}" for basis in BASES)
            say(f"{name}: sumber berbeda untuk {counts} keluarga. / Sources disagree.")
    if answer.silent:
        say(f"Tanpa aturan pada hari itu: {', '.join(answer.silent)}. / No rule on that day.")
    say("Belum: data tidak cukup untuk menjawab. / Undecided: the data cannot tell.")
    if answer.movers:
        heading("Jawabannya berganti bila estimasi dipakai / The answer would change under the estimate")
        table(
            ("Program", "Sumber", "Keluarga", "Kelurahan", "Resmi", "Estimasi", "Jawaban"),
            (
                (one.programme, one.source, one.family_id, one.kelurahan, one.official, one.estimate, one.move)
                for one in answer.movers
            ),
            numbers=(4, 5),
        )
    if answer.moving > len(answer.movers):
        say(f"… dan {count(answer.moving - len(answer.movers))} lagi (--limit)")


def _line(rule: "RuleCounts") -> tuple[object, ...]:
    reserve = f" (+{rule.reserve})" if rule.reserve else ""
    counts = (number for basis in BASES for number in rule.counts[basis].values())
    first, last = rule.desil
    return rule.programme, rule.source, f"{first}-{last}{reserve}", *counts, rule.entering, rule.leaving


def _print_family(answer: "FamilyEligibility") -> None:
    say(
        Text(f"Keluarga {answer.family_id}, aturan yang dinyatakan untuk {answer.on:%Y-%m-%d}.", style="bold"),
        f"Estimasi menurut model {model_label(answer.model)}. / The estimate is this model's.",
    )
    head = ("Program", "Sumber", "Dasar", "Desil", "Jawaban", "Alasan")
    rows = ((one.programme, one.source, one.basis, one.desil, one.verdict, one.reason_id) for one in answer.rules)
    table(head, rows, numbers=(3,))
    for name, verdicts in answer.verdicts.items():
        if "sumber_berbeda" in verdicts.values():
            say(f"{name}: sumber berbeda. / Sources disagree.")


COMMANDS: Mapping[str, Callable[..., None]] = {"programmes": programmes}
