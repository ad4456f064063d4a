"""`dtsen targeting`: how often the line is missed, how sure that is, and how much hangs on little."""

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Annotated

import typer
from rich.text import Text

from dtsen_pipeline.cli import house
from dtsen_pipeline.cli.output import count, document, heading, progress, say, table

if TYPE_CHECKING:
    from dtsen_pipeline.core.targeting import Share
    from dtsen_pipeline.queries.targeting import Measured, Targeting


def targeting(
    line: Annotated[
        int, typer.Option("--desil", min=1, max=9, help="Sasaran: desil 1 sampai ini. / The line to be judged.")
    ] = 4,
    release: house.Release = None,
    *,
    as_json: house.JSON = False,
) -> None:
    """Kesalahan sasaran menurut lengan acak. / Inclusion and exclusion error, measured by the random arm."""
    from dtsen_pipeline.queries.reading import view  # noqa: PLC0415
    from dtsen_pipeline.queries.targeting import targeting as measured  # noqa: PLC0415

    with house.house() as platform, progress(None, "Mengukur"):
        found = measured(platform, view(platform, release), line)
    if as_json:
        document(found)
    else:
        _print(found)


def _print(found: "Targeting") -> None:
    say(
        Text(f"Rilis {found.release_id}, sasaran desil 1 sampai {found.line}.", style="bold"),
        f"Model {found.model}.",
        f"Lengan acak sejak {found.since:%Y-%m-%d}: {count(found.drawn)} kunjungan, {count(found.answered)} menjawab, "
        f"{count(found.judged)} dapat dinilai. / Visits by lot, answered, judged.",
        f"Mewakili {count(found.covered)} dari {count(found.population)} keluarga berdesil resmi. / Stood for.",
        "Salah masuk: bagian yang tidak layak tetapi masuk. Salah keluar: bagian yang layak tetapi tidak masuk.",
        "Di dalam kurung: selang kepercayaan 95% menurut rancangan. Kurang dari 5 keluarga: terlalu sedikit.",
    )
    head = ("Menurut", "Kelompok", "Salah masuk, sebelum", "sesudah", "Salah keluar, sebelum", "sesudah")
    table(head, map(_line, filter(_is_told, found.groups)), numbers=(2, 3, 4, 5))
    hidden = sum(not _is_told(one) for one in found.groups)
    if hidden:
        say(f"{count(hidden)} kelompok terlalu kecil untuk ditampilkan. / Groups too small to show.")
    heading("Kerapuhan / Fragility")
    for near in found.fragility.near:
        say(f"±{near.distance_micro / 1e6:.2f} dari batas: {count(near.families)} keluarga ({_percent(near.share)}).")
    say(
        f"Galat 1% pada setiap koefisien memindahkan desil skor {_percent(found.fragility.moved)} keluarga, dan "
        f"{_percent(found.fragility.crossed)} melewati batas. / What 1% noise in the coefficients moves."
    )
    heading("Pergeseran desil resmi ke estimasi / Drift")
    table(("Pita", "Keluarga"), found.drift.items(), numbers=(1,))


def _is_told(one: "Measured") -> bool:
    """Whether anything may be shown of the group; the whole always is."""
    shares = (one.before.inclusion, one.before.exclusion)
    return one.by == "semua" or any(share.share is not None for share in shares)


def _line(one: "Measured") -> tuple[str, ...]:
    pairs = ((one.before.inclusion, one.after.inclusion), (one.before.exclusion, one.after.exclusion))
    return one.by, one.group, *(_told(share) for pair in pairs for share in pair)


def _told(share: "Share") -> str:
    if share.share is None or share.low is None or share.high is None:
        return "terlalu sedikit"
    return f"{_percent(share.share)} ({_percent(share.low)}-{_percent(share.high)})"


def _percent(share: float) -> str:
    return f"{100 * share:.1f}%".replace(".", ",")


COMMANDS: Mapping[str, Callable[..., None]] = {"targeting": targeting}
