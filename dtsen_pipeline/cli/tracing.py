"""How a trace looks on a terminal; what is in it was decided, and masked, by the queries."""

from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from rich.text import Text

from dtsen_pipeline.cli.output import heading, say, table
from dtsen_pipeline.reference.models import model_label
from dtsen_pipeline.schemas.reasons import CLASHES

if TYPE_CHECKING:
    from dtsen_pipeline.queries.history import History
    from dtsen_pipeline.queries.rulings import Told
    from dtsen_pipeline.queries.sources import Source
    from dtsen_pipeline.queries.ties import Tie
    from dtsen_pipeline.queries.trace import Cell, Trace

FAMILY_TABLE, PERSON_TABLE = "keluarga", "anggota"
HIDDEN = "Nilai yang dapat menunjuk seseorang ditutup; buka dengan --reveal dan --purpose."


def official_age(release: Mapping[str, Any]) -> list[str]:
    """Where the official deciles are older than the base snapshot, how old: a line, else none."""
    version, day = release["official_version"], release["official_date"]
    if version in (None, release["base_version"]):
        return []
    return [f"Desil resmi dari potret {version} ({day}), sumber terakhir yang memuatnya. / Official deciles of {day}."]


def print_trace(found: "Trace") -> None:
    """Print where every column of a family or person comes from."""
    release = found.release
    what = "Keluarga" if found.table == FAMILY_TABLE else "Orang"
    say(
        Text(f"{what} {found.entity_id}", style="bold"),
        f"Rilis {release['release_id']} · minggu {release['week']} · potret dasar {release['base_version']} "
        f"({release['base_date']})",
        *official_age(release),
        f"Proses {release['run_key']} · model {model_label(release['model'])} · kode {release['code_version']}",
        f"Baris dasar: {place(found.base)}",
    )
    if found.asked_id != found.entity_id:
        say(f"Nomor {found.asked_id} adalah alias. / An alias of this id.")
    if found.table == PERSON_TABLE:
        say(f"Keluarga: {found.family_id}")
    _print_desil(found)
    say("")
    for group in found.groups:
        say(Text(group.title, style="bold") + Text(_summary(group.cells)))
        for cell in group.cells:
            if cell.is_different:
                _print_cell(cell)
    _print_members(found)
    _print_events(found)
    print_ties(found.ties)
    _print_rulings(found)
    if not found.is_revealed:
        say("", HIDDEN)


def _summary(cells: "Sequence[Cell]") -> str:
    different = sum(cell.is_different for cell in cells)
    confirmed = sum(bool(cell.agreeing) for cell in cells)
    filled = sum(cell.value is not None for cell in cells)
    parts = [f"{filled} dari {len(cells)} kolom terisi"]
    parts += [f"{different} berbeda dari baris dasar atau dipersoalkan"] if different else []
    parts += [f"{confirmed} ditegaskan petugas"] if confirmed else []
    return f" — {', '.join(parts)}"


def _print_desil(found: "Trace") -> None:
    desil = found.desil
    if desil is None:
        return
    heading("Desil")
    table(
        ("Resmi", "Bayangan", "Verifikasi", "Estimasi", "Lengkap"),
        [(desil.official, desil.shadow, desil.verified, desil.estimate, "ya" if desil.is_complete else "tidak")],
        numbers=(0, 1, 2, 3),
    )
    if desil.reason_id:
        say(f"Tidak ada estimasi: {desil.reason_id}")
    elif desil.estimate is not None:
        say("Estimasi = desil resmi yang digeser oleh hasil verifikasi; perkiraan kota, bukan keputusan BPS.")


def _print_cell(cell: "Cell") -> None:
    say(Text(f"{cell.label} ({cell.column}): {_value(cell.value, cell.meaning)}", style="cyan"))
    if cell.won_by is not None:
        say(f"  mentah {_raw(cell.won_by.raw)} · {place(cell.won_by.source)}")
        if cell.won_by.decision:
            say(f"  {cell.won_by.decision}: {cell.won_by.decision_id}")
    for said in cell.agreeing:
        say(f"  {said.decision}: {place(said.source)}")
    for said in cell.losers:
        say(f"  kalah {_raw(said.raw, said.meaning)} · {place(said.source)}")
        say(f"    {said.decision}: {said.decision_id}")
        if said.clash:
            say(f"    bentrok {said.clash}: {CLASHES[said.clash].id}")


def _value(value: str | None, meaning: str | None) -> str:
    if value is None or not value.strip():
        return "kosong"
    return f"{value} {meaning}" if meaning and meaning != value else value


def _raw(text: str | None, meaning: str | None = None) -> str:
    """Delivered text in quotes; a row without text of its own says it by standing there."""
    if text is None:
        return "(tersirat dari barisnya)"
    return f'"{text}" {meaning}' if meaning else f'"{text}"'


def place(source: "Source") -> str:
    """A row's token with what is known about where it came from."""
    parts = [source.key, source.table]
    if source.is_visit:
        officer = f"petugas {source.officer}" if source.officer else "petugas tidak diketahui"
        role = f" ({source.officer_role})" if source.officer_role else ""
        parts += [f"batch {source.batch}", f"{officer}{role}", source.visited_at or "waktu tidak diketahui"]
        parts += [f"kunjungan {source.visit_id}"] if source.visit_id else []
    elif source.version is None:
        parts += [f"data kependudukan {source.data_date}"]
    else:
        parts += [f"potret {source.version}", f"data {source.data_date}"]
    return " · ".join(parts)


def _print_members(found: "Trace") -> None:
    if not found.members:
        return
    heading("Anggota / Members")
    table(
        ("Orang", "Keberadaan", "Kolom yang berbeda"),
        ((one.person_id, one.presence, one.different) for one in found.members),
        numbers=(1, 2),
    )


def _print_events(found: "Trace") -> None:
    if not found.events:
        return
    heading("Peristiwa / Events")
    for one in found.events:
        homes = [f"dari {one.left}"] if one.left else []
        homes += [f"ke {one.joined}"] if one.joined else []
        whom = [] if one.entity_id == found.entity_id else [f"keluarga {one.entity_id}"]
        say(
            Text(f"{one.day} · {one.event}", style="cyan"),
            f"  {one.event_id}",
            f"  {' · '.join([*whom, *homes, f'baris {one.source}'])}",
        )


def print_ties(ties: "Sequence[Tie]") -> None:
    """Print the edges by which the linkage tied records."""
    if not ties:
        return
    heading("Tautan model / Tied by the linkage model")
    for one in ties:
        say(
            Text(f"orang {one.person_id} · kasus {one.number}", style="cyan"),
            f"  {one.a} · baris {one.row_a}",
            f"  {one.b} · baris {one.row_b}",
            f"  bobot {one.weight} perseratus bit · peluang {one.probability_ppm} per sejuta · model {one.model[:8]}",
        )


def _print_rulings(found: "Trace") -> None:
    if not found.rulings:
        return
    heading("Keputusan peninjau / Reviewers' decisions")
    for one in found.rulings:
        about = f" · kelompok {one.group}" if one.group else ""
        say(
            Text(f"{one.answer} · {one.day} · {_standing(one)}", style="cyan"),
            f"  kasus {one.number}{about} · peninjau {one.reviewer} · baris {one.source}",
            f"  {one.a} · {one.b}",
        )


def _standing(one: "Told") -> str:
    if not one.is_in_release:
        return "datang sesudah rilis ini"
    return "berlaku" if one.is_in_force else "tidak berlaku"


def print_history(told: "History") -> None:
    """Print every answer to one column, the oldest first."""
    release = told.release
    say(
        Text(f"{told.label} ({told.column}): {_value(told.value, told.meaning)}", style="bold"),
        f"{told.table} {told.entity_id} · rilis {release['release_id']}",
        "",
    )
    for one in told.observations:
        say(Text(f"{_value(one.value, one.meaning)}{' · baris dasar' if one.is_base else ''}", style="cyan"))
        say(f"  mentah {_raw(one.raw)} · {place(one.source)}")
        for line in _fate_lines(one.decisions, one.decisions_id, one.fate, one.fate_id, one.reason):
            say(line)
    if not told.is_revealed:
        say("", HIDDEN)


def _fate_lines(
    decisions: Sequence[str], sentences: Sequence[str], fate: str | None, fate_id: str | None, reason: str | None
) -> Iterator[str]:
    for decision, sentence in zip(decisions, sentences, strict=True):
        yield f"  {decision}: {sentence}"
    if not decisions and fate is not None:
        yield f"  {fate}: {fate_id}{f' ({reason})' if reason else ''}"
