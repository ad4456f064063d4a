"""The round-trip ledger: what became of every proposal that was handed to the ministry.

Each recorded export is computed again from its release and held against the base snapshots of later releases, the
earliest first. Only a snapshot whose data date lies after the day of the export can answer it. Computed beside the
releases, never in one.
"""

from collections import Counter, defaultdict
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from statistics import median_low

import polars as pl

from dtsen_pipeline.queries.access import Look, note
from dtsen_pipeline.queries.guard import RESOLVED, vanished_states
from dtsen_pipeline.queries.labels import ColumnFacts, as_text, column_facts, shown
from dtsen_pipeline.queries.proposals import PERBAIKAN, USUL, Proposal, agree, base_values, proposals
from dtsen_pipeline.queries.rawtext import Pointer
from dtsen_pipeline.queries.reading import ENTITY_ID, View, view
from dtsen_pipeline.queries.trace import FAMILY, PERSON
from dtsen_pipeline.resources.platform import Platform

ADOPTED, OTHER, IGNORED, REVERTED = "adopted", "other", "ignored", "reverted"
GONE, UNREADABLE, WAITING = "gone", "unreadable", "waiting"
STATES = (ADOPTED, OTHER, IGNORED, REVERTED, GONE, UNREADABLE, WAITING)


@dataclass(frozen=True)
class Entry:
    """A proposal in its state; values are masked where they identify.

    `found`: the ministry's value in the last snapshot that answers. `days`: from the export to the data date of the
    first snapshot that adopted.
    """

    list_name: str
    table: str
    entity_id: str
    kelurahan: str | None
    column: str
    old: str | None
    new: str | None
    found: str | None
    state: str
    export_id: int
    exported_on: date
    version: str | None
    days: int | None


@dataclass(frozen=True)
class Tally:
    """Proposals about one column, or from one kelurahan, by state; half of the adopted took effect within the days."""

    name: str | None
    states: dict[str, int]
    median_days: int | None


@dataclass(frozen=True)
class Ledger:
    """The state of every proposal, counted by column and by kelurahan."""

    exports: int
    entries: tuple[Entry, ...]
    by_column: tuple[Tally, ...]
    by_kelurahan: tuple[Tally, ...]

    @property
    def total(self) -> Counter[str]:
        """Proposals by state."""
        return Counter(entry.state for entry in self.entries)


@dataclass(frozen=True)
class _Sent:
    """A proposal with its column and the export that first held it."""

    proposal: Proposal
    facts: ColumnFacts
    export_id: int
    day: date


def ledger(platform: Platform, look: Look, village: str | None = None) -> Ledger:
    """The ledger of all exports against all later releases, for one kelurahan where it is given."""
    note(platform.registry, look, "ledger")
    exports = platform.registry.exports()
    sent: dict[tuple[str, str, str, str | None], _Sent] = {}
    for export in exports:
        opened = view(platform, export.release_id)
        for one in proposals(platform, opened, export.kelurahan):
            if one.key not in sent and village in (None, one.kelurahan):
                sent[one.key] = _Sent(one, _facts(opened, one), export.id, export.at.date())
    snapshots = _snapshots(platform, look, {(table, entity) for table, entity, _, _ in sent}) if sent else []
    entries = tuple(_entry(sent[key], snapshots, is_revealed=look.is_revealed) for key in sorted(sent, key=str))
    by_column, by_village = (_tallies(entries, name) for name in (_column_of, _village_of))
    return Ledger(len(exports), entries, by_column, by_village)


class _Snapshot:
    """The base snapshot of a release: who is listed, and with which values."""

    def __init__(self, platform: Platform, opened: View, look: Look, wanted: Collection[tuple[str, str]]) -> None:
        self.version, self.day = opened.manifest["base_version"], date.fromisoformat(opened.manifest["base_date"])
        aliases = {(row["tabel"], row["alias_id"]): row["entity_id"] for row in opened.rows("alias")}
        self.named = {key: aliases.get(key, key[1]) for key in wanted}
        self.vanished = vanished_states(platform, opened, look)
        self.listed = _listed(opened, self.version, self.named)
        self.values = {
            table: base_values(platform, table, sorted(p for (kind, _), p in self.listed.items() if kind == table))
            for table in (FAMILY, PERSON)
        }

    def verdict(self, one: Proposal, facts: ColumnFacts) -> tuple[str, str | None]:
        """What this snapshot says to a proposal: adopted, ignored, other, gone or unreadable; and its value."""
        pointer = self._pointer(one)
        if one.list_name == PERBAIKAN:
            return self._corrected(one, facts, pointer) if pointer else (self._absent(one), None)
        if one.list_name == USUL:
            return (ADOPTED if pointer else IGNORED), None
        if pointer:
            return IGNORED, one.old
        return (ADOPTED if self._absent(one) == GONE else UNREADABLE), None

    def _corrected(self, one: Proposal, facts: ColumnFacts, pointer: Pointer) -> tuple[str, str | None]:
        value = as_text(self.values[one.table][pointer].get(one.column))
        if agree(facts, one.new, value):
            return ADOPTED, value
        return (IGNORED if agree(facts, one.old, value) else OTHER), value

    def _pointer(self, one: Proposal) -> Pointer | None:
        return self.listed.get((one.table, self.named[one.table, one.entity_id]))

    def _absent(self, one: Proposal) -> str:
        state = self.vanished.get((one.table, self.named[one.table, one.entity_id]))
        return GONE if state == RESOLVED else UNREADABLE


def _listed(opened: View, version: str, named: Mapping[tuple[str, str], str]) -> dict[tuple[str, str], Pointer]:
    """The base rows of these entities in a snapshot, by table and the id that they have there."""
    tokens = [source["sha256"][:12] for source in opened.sources if source["version"] == version]
    found: dict[tuple[str, str], Pointer] = {}
    for table, name in ENTITY_ID.items():
        ids = [entity for (kind, _), entity in named.items() if kind == table]
        for row in opened.rows(table, pl.col("src").is_in(tokens), pl.col(name).is_in(ids)):
            found[table, row[name]] = (row["src"], row["row"])
    return found


def _snapshots(platform: Platform, look: Look, wanted: Collection[tuple[str, str]]) -> list[_Snapshot]:
    """The base snapshots of the releases that were not withdrawn, by data date; of several releases the last."""
    found = {}
    for release in platform.registry.releases():
        if release.status == "published":
            opened = view(platform, release.release_id)
            found[opened.manifest["base_version"]] = opened
    snapshots = [_Snapshot(platform, opened, look, wanted) for opened in found.values()]
    return sorted(snapshots, key=lambda snapshot: (snapshot.day, snapshot.version))


def _facts(opened: View, one: Proposal) -> ColumnFacts:
    return next(facts for facts in column_facts(opened.manifest, one.table) if facts.name == one.column)


def _entry(sent: _Sent, snapshots: Sequence[_Snapshot], *, is_revealed: bool) -> Entry:
    one, facts = sent.proposal, sent.facts
    later = [snapshot for snapshot in snapshots if snapshot.day > sent.day]
    verdicts = [snapshot.verdict(one, facts) for snapshot in later]
    adopted = [snapshot.day for snapshot, told in zip(later, verdicts, strict=True) if told[0] == ADOPTED]
    value = verdicts[-1][1] if verdicts else None
    old, new, found = (shown(facts, text, is_revealed=is_revealed) for text in (one.old, one.new, value))
    return Entry(
        list_name=one.list_name,
        table=one.table,
        entity_id=one.entity_id,
        kelurahan=one.kelurahan,
        column=one.column,
        old=old,
        new=new,
        found=found,
        state=concluded([verdict for verdict, _ in verdicts]),
        export_id=sent.export_id,
        exported_on=sent.day,
        version=later[-1].version if later else None,
        days=(adopted[0] - sent.day).days if adopted else None,
    )


def concluded(verdicts: Sequence[str]) -> str:
    """The state after the verdicts of all snapshots, the earliest first: an old value that came back is `reverted`."""
    last = verdicts[-1] if verdicts else WAITING
    return REVERTED if last == IGNORED and ADOPTED in verdicts else last


def _column_of(entry: Entry) -> str | None:
    return entry.column


def _village_of(entry: Entry) -> str | None:
    return entry.kelurahan


def _tallies(entries: Sequence[Entry], name: Callable[[Entry], str | None]) -> tuple[Tally, ...]:
    groups: dict[str | None, list[Entry]] = defaultdict(list)
    for entry in entries:
        groups[name(entry)].append(entry)
    return tuple(_tally(one, groups[one]) for one in sorted(groups, key=str))


def _tally(name: str | None, entries: Sequence[Entry]) -> Tally:
    days = [entry.days for entry in entries if entry.days is not None]
    return Tally(name, dict(Counter(entry.state for entry in entries)), median_low(days) if days else None)
