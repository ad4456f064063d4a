"""From a number of families and a seed to a folder: the order in which the city comes about."""

from dataclasses import asdict, dataclass
from pathlib import Path
from typing import NamedTuple

import numpy as np
import polars as pl

from dtsen_pipeline import reference
from dtsen_pipeline.synthetic import batches, city, damage, extract, field, identity, register, sheet, write
from dtsen_pipeline.synthetic.draw import BLANK, Streams, streams
from dtsen_pipeline.synthetic.events import World
from dtsen_pipeline.synthetic.kinds import KINDS
from dtsen_pipeline.synthetic.people import TODAY
from dtsen_pipeline.synthetic.register import Register
from dtsen_pipeline.synthetic.sheet import Sheet

MINIMUM_FAMILIES = 60
"""Below this not every kind of error finds a row of its own."""


class _Edition(NamedTuple):
    folder: str
    version: str
    data_date: str


_SNAPSHOTS = (
    _Edition("snapshot_1", "v3_2026", "2026-07-01"),
    _Edition("snapshot_2", "v4_2026", "2026-10-01"),
)
_WEEKS = (field.Week("2026-W37", "2026-09-07", "v3_2026"), field.Week("2026-W41", "2026-10-05", "v4_2026"))
_FAMILY_LINES = {
    "line_missing_delimiter": 0.0001,
    "line_extra_delimiter": 0.0001,
    "line_bare_quote": 0.0001,
    "line_truncated": 0.0001,
    "line_undecodable": 0.0001,
}
_MEMBER_LINES = {
    kind: rate for kind, rate in _FAMILY_LINES.items() if kind not in ("line_bare_quote", "line_undecodable")
}
_FIELD_LINES = {"line_missing_delimiter": 0.0005}


@dataclass(frozen=True)
class Summary:
    """What was written, and where."""

    out: Path
    seed: int
    families: int
    persons: int
    rows: dict[str, int]
    planted: dict[str, int]
    files: tuple[Path, ...]
    truth: Path


def generate(families: int, seed: int, out: Path, *, has_extract: bool = False) -> Summary:
    """Write a city of `families` families under `out`; the same seed gives the same bytes.

    `has_extract`: also write an extract of the population register, and birth dates that the ministry has wrong.
    """
    if families < MINIMUM_FAMILIES:
        raise ValueError(f"a city needs at least {MINIMUM_FAMILIES} families")
    if seed < 0:
        raise ValueError("a seed is not negative")
    stream = streams(seed)
    world = city.build(stream, families)
    before = register.first(stream, world)
    early = field.visit(stream, _WEEKS[0], world, before, np.zeros(0, dtype=np.int64))
    after, feedback = register.later(stream, world, before, early.visits, early.members)
    late = field.visit(stream, _WEEKS[1], world, after, early.visits.rows)
    field.add_expired(stream("expired"), early, world, before)
    misdated = extract.misdate(stream, world, (before, after)) if has_extract else None
    editions = zip((before, after), _SNAPSHOTS, strict=True)
    written = [_snapshot(stream, out, state, edition) for state, edition in editions]
    written.append(_batches(stream, out, early, late))
    if has_extract:
        written.append(_extract(stream, out, world))
    tables = {
        "persons": write.persons(world, (before, after)),
        "families": write.families(world, (before, after)),
        "occurrences": pl.concat([frame for _, frame in written]),
        "feedback": write.feedback(feedback),
    }
    write.truth(out / "truth", tables)
    told = {} if misdated is None else {"birth_date_wrong": len(misdated)}
    return _summary(families, seed, out, [path for paths, _ in written for path in paths], tables, told)


def _summary(
    families: int, seed: int, out: Path, files: list[Path], tables: dict[str, pl.DataFrame], told: dict[str, int]
) -> Summary:
    """Count rows and errors, and note the counts beside the truth."""
    occurrences = tables["occurrences"]
    per_file = _planted(occurrences)
    summary = Summary(
        out=out,
        seed=seed,
        families=families,
        persons=len(tables["persons"]),
        rows=dict(occurrences.group_by("file").len().sort("file").iter_rows()),
        planted={kind: sum(counts.get(kind, 0) for counts in per_file.values()) for kind in KINDS},
        files=tuple(files),
        truth=out / "truth",
    )
    _note(summary, per_file, {"nik_unmatched": int(tables["persons"]["nik_unmatched"].sum()), **told})
    return summary


def _header(profile: str) -> tuple[str, ...]:
    return reference.profiles()[profile].header


def _snapshot(stream: Streams, out: Path, state: Register, edition: _Edition) -> tuple[list[Path], pl.DataFrame]:
    """The two files of a snapshot."""
    family, member = _listed(state, edition.version)
    damage.snapshot(stream, edition.version, family, member)
    note = {"data_date": edition.data_date, "version": edition.version, "region": city.REGION}
    paths = []
    for part, errors in ((family, _FAMILY_LINES), (member, _MEMBER_LINES)):
        content = write.rendered(part, "|", quoted=True)
        content = damage.lines(stream, part, content, errors, b"|")
        paths.append(write.data(out / edition.folder, part.name, content, note))
    return paths, write.occurrences(edition.folder, [family, member])


def _listed(state: Register, version: str) -> tuple[Sheet, Sheet]:
    """The families and members that the register lists, as text."""
    rows = np.flatnonzero(state.is_listed)
    frame = sheet.text(state.families, _header("bps_v3_keluarga"), rows)
    name = f"dtsen_{version}_{city.REGION}.csv"
    family = Sheet(f"keluarga_{name}", frame, np.full(len(rows), BLANK), rows, state.family_kinds[rows])
    who = np.flatnonzero(state.family_of >= 0)
    who = who[np.argsort(state.family_of[who], kind="stable")]
    home = state.family_of[who]
    table = {name: values[who] for name, values in state.people.items()}
    table |= {name: state.families[name][home] for name in ("nomor_kartu_keluarga", "pbi_nas", "pbi_pemda")}
    frame = sheet.text(table, _header("bps_v3_anggota"), np.arange(len(who)))
    return family, Sheet(f"anggota_{name}", frame, who, home, state.person_kinds[who])


def _batches(stream: Streams, out: Path, early: field.Batch, late: field.Batch) -> tuple[list[Path], pl.DataFrame]:
    """The files of the two weeks."""
    headers = _header("lapangan_v1_kunjungan"), _header("lapangan_v1_anggota")
    first, second = batches.sheets(early, *headers), batches.sheets(late, *headers)
    rng = stream("between batches")
    batches.send_twice(rng, first, second)
    unused = identity.family_card(rng, np.array([357103]), np.array([TODAY - 9_000]))
    batches.lose_card(rng, second[0], str(unused[0]))
    batches.lose_visit(rng, second[1])
    paths, frames = [], []
    for week, pair in zip(_WEEKS, (first, second), strict=True):
        damage.batch(stream, week.label, *pair)
        for part in pair:
            content = write.rendered(part, ",", quoted=False)
            if part is second[1]:
                content = damage.lines(stream, part, content, _FIELD_LINES, b",")
            paths.append(write.data(out / "batches", part.name, content, {"batch_id": f"{week.label}-TRC"}))
        frames.append(write.occurrences("batches", list(pair)))
    return paths, pl.concat(frames)


def _extract(stream: Streams, out: Path, world: World) -> tuple[list[Path], pl.DataFrame]:
    """The extract of the population register."""
    found = extract.extract(stream, world, _header("dukcapil_v1"))
    content = write.rendered(found, ",", quoted=False)
    path = write.data(out / extract.FOLDER, found.name, content, extract.NOTE)
    return [path], write.occurrences(extract.FOLDER, [found])


def _planted(occurrences: pl.DataFrame) -> dict[str, dict[str, int]]:
    """How many rows of each file carry each kind."""
    found = occurrences.filter(pl.col("kinds").list.len() > 0).explode("kinds").group_by("file", "kinds").len()
    per_file: dict[str, dict[str, int]] = {}
    for file, kind, count in found.sort("file", "kinds").iter_rows():
        per_file.setdefault(file, {})[kind] = count
    return per_file


def _note(summary: Summary, per_file: dict[str, dict[str, int]], truth_only: dict[str, int]) -> None:
    """The counts beside the truth; paths are relative, so that the bytes do not depend on the place."""
    planted = {"files": per_file, "totals": summary.planted, "truth_only": truth_only}
    write.document(summary.truth / "planted.json", planted)
    files = [str(path.relative_to(summary.out)) for path in summary.files]
    plain = asdict(summary) | {"out": ".", "truth": "truth", "files": files}
    write.document(summary.truth / "summary.json", plain)
