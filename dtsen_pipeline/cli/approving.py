"""`dtsen model rehearse` and `approve`: what another model would change, and the word that puts it in force."""

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Annotated

import typer
from rich.text import Text

from dtsen_pipeline.cli import house
from dtsen_pipeline.cli.output import count, document, heading, plain, progress, say, table
from dtsen_pipeline.reference.models import model_label

if TYPE_CHECKING:
    from dtsen_pipeline.queries.reading import View
    from dtsen_pipeline.queries.rehearse import Moves, OfRelease, Rehearsed
    from dtsen_pipeline.resources.platform import Platform

Name = Annotated[str, typer.Argument(metavar="NAMA", help="Nama model. / The model's name.")]
LAST = 2
"""So many releases are tried where none is named."""
BANDS = {
    "turun_ekstrem": "turun 7 atau lebih",
    "turun_signifikan": "turun 4-6",
    "turun": "turun 1-3",
    "tetap": "tetap",
    "naik": "naik 1-3",
    "naik_signifikan": "naik 4-6",
    "naik_ekstrem": "naik 7 atau lebih",
    "tidak_lengkap": "tidak lengkap",
}
TITLES = {
    "estimasi": "Desil estimasi, yang dilihat orang / the estimate, which people see",
    "verifikasi": "Desil skor saja / the desil of the score alone",
}


def rehearse(
    name: Name,
    release: Annotated[
        list[str] | None,
        typer.Option(
            metavar="ID", help="Rilis untuk dicoba, boleh berulang (bawaan: dua terakhir). / Default: the last two."
        ),
    ] = None,
    *,
    as_json: house.JSON = False,
) -> None:
    """Coba model pada rilis terakhir tanpa menerbitkan. / What the model would change; nothing is published."""
    from dtsen_pipeline.queries.rehearse import rehearse as rehearsed  # noqa: PLC0415
    from dtsen_pipeline.resources.approving import Rehearsal, record_rehearsal  # noqa: PLC0415

    with house.house() as platform, progress(None, "Mencoba model"):
        found = rehearsed(platform, name, _views(platform, release or []))
        for one in found.releases:
            done = Rehearsal(found.model, found.sha256, one.release_id, found.digest)
            record_rehearsal(platform, done, house.now())
    if as_json:
        document({**plain(found), "digest": found.digest})
    else:
        _print(found)


def _views(platform: "Platform", named: Sequence[str]) -> "list[View]":
    """The releases that are named, else the current one and the published ones before it."""
    from dtsen_pipeline.queries.reading import view  # noqa: PLC0415

    if named:
        return [view(platform, one) for one in dict.fromkeys(named)]
    current = view(platform)
    known = [one.release_id for one in platform.registry.releases() if one.status == "published"]
    others = [one for one in reversed(known) if one != current.release_id]
    return [current, *(view(platform, one) for one in others[: LAST - 1])]


def approve(name: Name, reason: house.Reason = None, *, as_json: house.JSON = False) -> None:
    """Setujui model yang sudah dicoba; berlaku mulai sekarang. / Put a rehearsed model in force from now on."""
    from dtsen_pipeline.resources.approving import approve as approved  # noqa: PLC0415 - imports the models
    from dtsen_pipeline.resources.decide import Word  # noqa: PLC0415
    from dtsen_pipeline.resources.registry.decisions import digest  # noqa: PLC0415

    word = Word(house.reasoned(reason), house.actor(), house.now())
    with house.house() as platform:
        model, decision = approved(platform, name, word)
    if as_json:
        document({"model": model.id, "sha256": model.sha256, "approval": digest(decision)})
        return
    say(f"{model.id}: disetujui; dipakai mulai dtsen refresh berikutnya. / Approved, from the next refresh on.")


def _print(found: "Rehearsed") -> None:
    label = model_label({"id": found.model, "status": found.status, "kind": found.kind})
    say(Text(f"Model {label}, sha256 {found.sha256[:12]}", style="bold"))
    say("Hitungan 1 sampai 4 ditulis <5. Turun berarti desil lebih rendah. / Counts of 1 to 4 are shown as <5.")
    for one in found.releases:
        _print_release(one)
    say("", f"Bila hasilnya dapat diterima / if this is acceptable: dtsen model approve {found.model} --reason ...")


def _print_release(one: "OfRelease") -> None:
    heading(f"Rilis {one.release_id}: dari / from {one.model}, {count(one.families)} keluarga")
    shown = one.scales
    rows = [(BANDS[band], *(moves.drift[band] for moves in shown.values())) for band in BANDS]
    table(("Pergeseran", *(name.capitalize() for name in shown)), rows, numbers=(1, 2))
    for name, moves in shown.items():
        heading(TITLES[name])
        _print_moves(moves)
    heading("Siapa yang berpindah menurut estimasi / who moves, by the estimate")
    _print_groups(shown["estimasi"])


def _print_moves(moves: "Moves") -> None:
    sides = list(moves.transitions)
    say("Baris: desil sebelum; kolom: sesudah. / Rows: before; columns: after.")
    head = ("", *(side if side.isdigit() else "-" for side in sides))
    rows = [(one if one.isdigit() else "-", *moves.transitions[one].values()) for one in sides]
    table(head, rows, numbers=range(1, len(head)))
    say("")
    lines = [
        (f"{one.first}-{one.last}", one.families, one.entering, one.leaving, _words(one.programmes))
        for one in moves.lines
    ]
    table(("Desil", "Kini masuk", "Menjadi masuk", "Menjadi keluar", "Program"), lines, numbers=(1, 2, 3))


def _print_groups(moves: "Moves") -> None:
    told = [one for one in moves.groups if isinstance(one.families, int)]
    groups = [(one.by, one.group, one.families, one.poorer, one.richer, _percent(one.moved)) for one in told]
    table(("Menurut", "Kelompok", "Keluarga", "Turun", "Naik", "Berpindah"), groups, numbers=(2, 3, 4, 5))
    hidden = len(moves.groups) - len(told)
    if hidden:
        say(f"{count(hidden)} kelompok terlalu kecil untuk ditampilkan. / Groups too small to show.")


def _words(names: Sequence[str]) -> str:
    return ", ".join(names)


def _percent(share: float | None) -> str | None:
    return None if share is None else f"{share:.1f}%".replace(".", ",")


COMMANDS: Mapping[str, Callable[..., None]] = {"rehearse": rehearse, "approve": approve}
