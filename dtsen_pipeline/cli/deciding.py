"""`dtsen accept` and `refuse`: what a person decides about a file, after a look at its codes."""

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Annotated

import typer

from dtsen_pipeline.cli import house
from dtsen_pipeline.cli.output import document, heading, progress, say, say_trips, table

if TYPE_CHECKING:
    from dtsen_pipeline.resources.codes import Seen
    from dtsen_pipeline.resources.platform import Platform

CONFIRM = "H_CODES_UNCONFIRMED"


def accept(
    token: Annotated[str, typer.Argument(metavar="TOKEN", help="Token berkas. / The file's token.")],
    reason: house.Reason = None,
    *,
    confirm_codes: Annotated[
        bool,
        typer.Option(
            "--confirm-codes", help="Tampilkan dan pastikan arti kode profilnya. / Show and confirm the codes."
        ),
    ] = False,
    as_json: house.JSON = False,
) -> None:
    """Terima berkas yang ditahan, setelah semua sebabnya tampil. / Accept a held file, all its trips shown first."""
    with house.house() as platform:
        from dtsen_pipeline.resources.trips import told  # noqa: PLC0415 - imports the models

        file = platform.registry.find_file(token)
        trips = told(file.code, file.message) if file else []
        if not as_json:
            say_trips(token, trips)
        seen = _codes(platform, token) if confirm_codes else None
        if seen is not None and not as_json:
            _show_codes(seen)
        from dtsen_pipeline.resources.decide import Word, accept  # noqa: PLC0415 - imports the models

        word = Word(house.reasoned(reason), house.actor(), house.now())
        accepted = accept(platform, token, word, seen=seen)
    if as_json:
        confirmed = seen.as_payload() | {"source": seen.source} if seen is not None else None
        document({"accepted": accepted, "codes": seen.columns if seen else [], "confirmed": confirmed, "trips": trips})
        return
    for one in accepted:
        say(f"{one}: diterima. / Accepted.")
    say("", "Berikutnya: dtsen refresh")


def _codes(platform: "Platform", token: str) -> "Seen | None":
    """The codes that are to be confirmed; none where the file is not held for them."""
    from dtsen_pipeline.resources.codes import look  # noqa: PLC0415 - imports the models

    if platform.registry.file(token).code != CONFIRM:
        return None
    with progress(None, "Menghitung kode"):
        return look(platform, token)


def _show_codes(seen: "Seen") -> None:
    columns = seen.columns
    say(
        f"Kode dari sumber {seen.source}; pemastian ini hanya berlaku bagi sumber itu dan {len(seen.lists)} daftar "
        "kodenya.",
        f"Codes of the source {seen.source}; confirming counts for that source and its {len(seen.lists)} lists only.",
        "Berapa kali setiap kode ada pada berkas yang ditahan; hitungan di bawah 5 ditulis <5.",
        "How often each code stands in the held files; counts below 5 are shown as <5.",
    )
    for name in dict.fromkeys(column.table for column in columns):
        heading(f"Tabel {name}")
        rows = [
            (column.label if place == 0 else "", f"{code.code} {code.label}".strip(), code.count)
            for column in columns
            if column.table == name
            for place, code in enumerate(column.counts)
        ]
        table(("Kolom", "Kode dan artinya menurut daftar kode", "Jumlah"), rows, numbers=(2,))
    say("")


def refuse(
    token: Annotated[str, typer.Argument(metavar="TOKEN", help="Token berkas. / The file's token.")],
    reason: house.Reason = None,
    *,
    as_json: house.JSON = False,
) -> None:
    """Tolak berkas; isinya tetap disimpan. / Refuse a file; its bytes stay."""
    from dtsen_pipeline.resources.decide import Word  # noqa: PLC0415 - imports the models
    from dtsen_pipeline.resources.decide import refuse as decide  # noqa: PLC0415

    word = Word(house.reasoned(reason), house.actor(), house.now())
    with house.house() as platform:
        decide(platform, token, word)
        refused = platform.registry.file(token).token
    if as_json:
        document({"refused": refused})
    else:
        say(f"{refused}: ditolak; rilis berikutnya tidak memakainya. / Refused; the next release leaves it out.")


COMMANDS: Mapping[str, Callable[..., None]] = {"accept": accept, "refuse": refuse}
