"""`dtsen explain` and `dtsen diff`: why a desil is what it is, and what changed between two releases."""

import re
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Annotated

import typer
from rich.text import Text

from dtsen_pipeline.cli import house
from dtsen_pipeline.cli.output import document, heading, progress, say, table
from dtsen_pipeline.cli.tracing import official_age, print_ties
from dtsen_pipeline.reference.models import model_label
from dtsen_pipeline.schemas.errors import DtsenError

if TYPE_CHECKING:
    from dtsen_pipeline.queries.access import Look
    from dtsen_pipeline.queries.counterfactual import Counterfactual, Way
    from dtsen_pipeline.queries.diff import Diff
    from dtsen_pipeline.queries.explain import Explained, Move

ENTITY = re.compile(r"[0-9a-f]{32}")
CAUSES = {
    "waktu": "waktu: umur pada tanggal data yang lebih baru",
    "susunan": "susunan keluarga",
    "data": "data keluarga sendiri",
    "bagian": "bagian model: keluarga pindah ke daerah bagian lain",
    "koefisien": "koefisien model",
    "acuan": "acuan kementerian",
    "batas": "batas desil: keluarga lain bergeser",
    "potret": "potret kementerian",
    "kunjungan": "kunjungan",
    "kependudukan": "data kependudukan",
    "berkas_dilepas": "berkas tidak lagi dipakai",
    "aturan": "aturan",
    "model": "model",
}
IMITATION_ERROR = (
    "Desil resmi keluarga lain dengan desil bayangan yang sama: galat tiruan, bukan peluang menjadi miskin. / "
    "Official deciles of families with the same shadow decile: the imitation's error, not a chance of being poor."
)
LIKELY = (
    "Dari seratus keluarga dengan skor verifikasi ini, sekian berada di tiap desil kesejahteraan menurut ukuran survei",
    "model ini. Perkiraan, bukan desil resmi; seberapa tepat, lihat dtsen model show. / Of a hundred families with",
    "this verified score, how many lie in each decile of welfare by the survey's measure: an estimate, not official.",
)
CARD_NOTE = (
    "Setiap baris sudah dicoba: dengan temuan itu, model dan batas rilis ini memberi desil yang tertulis.",
    "Each line was tried: with that finding, this release's model and cut-offs give the desil beside it.",
    "Perkiraan kota, bukan hak atas bantuan; hanya temuan petugas yang dihitung. / An estimate, not an entitlement.",
)
NO_SECTION = "tempat yang dikenal model / a place of which the model has a section"
IDLE = "Tidak berpengaruh sendirian / Would not matter alone"
SETTLED = "Tidak ada isian lain yang masuk akal / No other realistic answer"
LOWEST, HIGHEST = 1, 10
TITLES = {"official": "Resmi", "shadow": "Bayangan", "verified": "Verifikasi", "estimate": "Estimasi"}


def explain(
    family: Annotated[str, typer.Option(metavar="ID", help="Nomor samaran keluarga. / A family's id.")],
    release: house.Release = None,
    since: Annotated[
        str | None,
        typer.Option(metavar="ID", help="Terangkan juga perubahan sejak rilis ini. / Also the change since it."),
    ] = None,
    purpose: house.Purpose = None,
    *,
    counterfactual: Annotated[
        bool,
        typer.Option(
            "--counterfactual",
            help="Kartu: temuan terkecil yang menggeser estimasinya. / The smallest findings that would move it.",
        ),
    ] = False,
    public: Annotated[
        bool,
        typer.Option("--public", help="Kartu untuk umum, tanpa isian yang ditahan. / The card for the public."),
    ] = False,
    as_json: house.JSON = False,
) -> None:
    """Terangkan desil sebuah keluarga. / Why its desil is what it is, why it moved, and what would move it."""
    if house.has_number(family):
        raise house.number_refused()
    if not ENTITY.fullmatch(family):
        raise DtsenError("E_USAGE", "an id has 32 characters, 0-9 and a-f; see dtsen find")
    if counterfactual:
        _tell_card(family, release, since, house.look(purpose), is_public=public, as_json=as_json)
        return
    if public:
        raise DtsenError("E_USAGE", "--public belongs to --counterfactual")
    from dtsen_pipeline.queries.explain import explain as explained  # noqa: PLC0415
    from dtsen_pipeline.queries.reading import view  # noqa: PLC0415

    look = house.look(purpose)
    with house.house() as platform:
        earlier = view(platform, since) if since else None
        found = explained(platform, view(platform, release), family, look, earlier)
    if as_json:
        document(found)
    else:
        _print_explained(found)


def _print_explained(found: "Explained") -> None:
    release = found.release
    say(
        Text(f"Keluarga {found.family_id}", style="bold"),
        f"Rilis {release['release_id']} · model {model_label(release['model'])}",
        *([f"Bagian model menurut tempat / section: {found.section}"] if found.section else []),
        *official_age(release),
    )
    heading("Desil")
    table(("", "Desil", "Batas"), [(TITLES[n], d, _bound(found, n)) for n, d in found.desil.items()], numbers=(1,))
    if found.reason_id:
        say(f"Tidak ada estimasi: {found.reason_id}")
    heading("Masukan model / Model inputs")
    rows = [(one.label, one.value, one.unit, one.weight, one.points, one.proof) for one in found.inputs]
    table(("Masukan", "Nilai", "Satuan", "Bobot", "Poin", "Bukti"), rows, numbers=(1, 3, 4))
    if found.missing:
        blank = [one.label for one in found.inputs if one.value is None]
        say(f"Kosong: {', '.join([*blank, *([NO_SECTION] if found.intercept is None else [])])}")
    heading("Skor (sepersejuta log)")
    scores = [("Konstanta", found.intercept), ("Skor verifikasi", found.total), ("Skor bayangan", found.shadow_score)]
    scores += [
        ("Titik estimasi", found.point),
        ("Di atas batas bawah", found.to_lower),
        ("Ke batas atas", found.to_upper),
    ]
    table(("", "Poin"), scores, numbers=(1,))
    say(f"Batas desil 1-9: {' · '.join(map(str, found.cuts))}")
    if found.imitation_error is not None:
        heading("Galat tiruan / Imitation error")
        say(IMITATION_ERROR)
        shares = found.imitation_error
        table(("Desil resmi", "Dari seribu keluarga"), list(enumerate(shares, start=1)), numbers=(0, 1))
    if found.likely is not None:
        heading("Peluang desil / P(desil = k)")
        say(*LIKELY)
        table(("Desil", "Dari seratus keluarga"), list(enumerate(found.likely, start=1)), numbers=(0, 1))
    print_ties(found.ties)
    if found.moved is not None:
        _print_move(found, found.moved)


def _bound(found: "Explained", name: str) -> str | None:
    low, high = found.bounds.get(name, (None, None))
    return None if low is None else f"{low}" if low == high else f"{low}-{high}, belum pasti"


def _print_move(found: "Explained", moved: "Move") -> None:
    heading(f"Sejak rilis {moved.since}: {moved.before or '-'} menjadi {moved.after or '-'}")
    if moved.contributions is None:
        say("Tidak ada yang berubah, atau salah satu estimasi tidak ada. / Nothing changed, or an estimate is missing.")
        return
    labels = {one.name: one.label for one in found.inputs}
    rows = [(CAUSES[one.cause], labels.get(one.feature or ""), one.points, one.steps) for one in moved.contributions]
    table(("Sebab", "Masukan", "Poin", "Desil"), rows, numbers=(2, 3))


def _tell_card(
    family: str, release: str | None, since: str | None, look: "Look", *, is_public: bool, as_json: bool
) -> None:
    from dtsen_pipeline.queries.counterfactual import counterfactual  # noqa: PLC0415
    from dtsen_pipeline.queries.reading import view  # noqa: PLC0415

    if since:
        raise DtsenError("E_USAGE", "a card is about one release: --since does not go with --counterfactual")
    with house.house() as platform:
        found = counterfactual(platform, view(platform, release), family, look, is_public=is_public)
    if as_json:
        document(found)
    else:
        _print_card(found)


def _print_card(card: "Counterfactual") -> None:
    say(
        Text(f"Keluarga {card.family_id}", style="bold"),
        f"Rilis {card.release['release_id']} · model {model_label(card.release['model'])}",
        *official_age(card.release),
    )
    if card.reason:
        say(f"Tidak ada kartu: {card.reason} / No card: {card.reason_en}")
        return
    say(f"Desil resmi {card.official} · estimasi {card.estimate}", *CARD_NOTE)
    _print_ways("Desil lebih rendah / A lower desil", card.lower, "1" if card.estimate == LOWEST else None)
    _print_ways("Desil lebih tinggi / A higher desil", card.higher, "10" if card.estimate == HIGHEST else None)
    for title, questions in ((IDLE, card.idle), (SETTLED, card.settled)):
        if questions:
            heading(title)
            say(", ".join(one.label for one in questions))


def _print_ways(title: str, ways: Sequence["Way"], edge: str | None) -> None:
    heading(title)
    if edge:
        say(f"Desil {edge} sudah yang paling ujung. / Desil {edge} is the last one.")
        return
    if not ways:
        say("Tidak ada satu atau dua temuan yang menggesernya. / No one or two findings would move it.")
        return
    rows = [
        (one.label, one.member, one.before_label or one.before, one.after_label or one.after, way.desil)
        if place == 0
        else (f"dan {one.label}", one.member, one.before_label or one.before, one.after_label or one.after, "")
        for way in ways
        for place, one in enumerate(way.differences)
    ]
    table(("Temuan", "Siapa", "Sekarang", "Menjadi", "Desil"), rows, numbers=(4,))


def diff(
    before: Annotated[str, typer.Argument(metavar="RILIS", help="Rilis yang lebih lama. / The earlier release.")],
    after: Annotated[str, typer.Argument(metavar="RILIS", help="Rilis yang lebih baru. / The later release.")],
    limit: Annotated[
        int, typer.Option(min=0, help="Daftar paling banyak sekian sel. / List at most so many cells.")
    ] = 0,
    purpose: house.Purpose = None,
    *,
    reveal: house.Reveal = False,
    as_json: house.JSON = False,
) -> None:
    """Bandingkan dua rilis. / Changed cells between two releases, with the cause of each."""
    from dtsen_pipeline.queries.access import check_purpose  # noqa: PLC0415
    from dtsen_pipeline.queries.diff import diff as compared  # noqa: PLC0415
    from dtsen_pipeline.queries.reading import view  # noqa: PLC0415

    if house.has_number(before, after):
        raise house.number_refused()
    look = house.look(purpose, is_revealed=reveal)
    if reveal:
        check_purpose(look)
    with house.house() as platform, progress(None, "Membandingkan"):
        found = compared(platform, view(platform, before), view(platform, after), look, limit)
    if as_json:
        document(found)
    else:
        _print_diff(found)


def _print_diff(found: "Diff") -> None:
    say(Text(f"{found.before} -> {found.after}: sel yang berubah / changed cells", style="bold"))
    rows = [(name, counts["baru"], counts["hilang"]) for name, counts in found.entities.items()]
    table(("Tabel", "Baru", "Hilang"), rows, numbers=(1, 2))
    cells = [(one.table, one.column, CAUSES[one.cause], one.cells) for one in found.counts]
    table(("Tabel", "Kolom", "Sebab", "Sel"), cells, numbers=(3,))
    if found.rows:
        heading("Sel / Cells")
        listed = [(one.entity_id, one.column, one.before, one.after, CAUSES[one.cause]) for one in found.rows]
        table(("Nomor samaran", "Kolom", "Sebelum", "Sesudah", "Sebab"), listed)


COMMANDS: Mapping[str, Callable[..., None]] = {"explain": explain, "diff": diff}
