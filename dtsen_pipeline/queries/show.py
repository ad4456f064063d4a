"""What a release holds, in counts: what came in, what was rejected and why, and how desil moved.

Everything comes from the manifest and from the tables of counts; no person's row is shown.
"""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import polars as pl

from dtsen_pipeline.queries.labels import plain_label
from dtsen_pipeline.queries.reading import View, fetched, view
from dtsen_pipeline.queries.trace import release_facts
from dtsen_pipeline.reference import code_lists
from dtsen_pipeline.resources.platform import Platform
from dtsen_pipeline.schemas.errors import DtsenError
from dtsen_pipeline.schemas.reasons import FATE_TEXTS, INCOMPLETE_TEXTS, reason_of

EVERYTHING = "semua"
DECILES = range(1, 11)


@dataclass(frozen=True)
class Listing:
    """A registered release; counts are missing where its directory cannot be read."""

    release_id: str
    week: str
    status: str
    is_current: bool
    published_at: datetime
    families: int | None
    persons: int | None


@dataclass(frozen=True)
class Incoming:
    """A file of the release and how many of its rows met each fate."""

    token: str
    table: str
    version: str | None
    batch: str | None
    data_date: str | None
    rows: int
    fates: Mapping[str, int]


@dataclass(frozen=True)
class Counted:
    """A word of the release, how often, and what it means."""

    word: str
    count: int
    id: str
    en: str


@dataclass(frozen=True)
class Decile:
    """How many families have a decile by the ministry, and how many by the estimate."""

    desil: int | None
    official: int
    estimate: int


@dataclass(frozen=True)
class Shown:
    """A release in counts. `moves`: families by how far the estimate lies from the official decile."""

    release: Mapping[str, Any]
    status: str
    is_current: bool
    published_at: datetime
    directory: str
    tables: Mapping[str, int]
    incoming: tuple[Incoming, ...]
    fates: tuple[Counted, ...]
    rejected: tuple[Counted, ...]
    held: tuple[Counted, ...]
    warned: tuple[Counted, ...]
    incomplete: tuple[Counted, ...]
    presence: Mapping[str, int]
    deciles: tuple[Decile, ...]
    moves: Mapping[int, int]

    @property
    def moved(self) -> int:
        """How many families the estimate puts in another decile."""
        return sum(count for step, count in self.moves.items() if step)


def releases(platform: Platform) -> list[Listing]:
    """Every registered release, the latest first."""
    current = platform.registry.current()
    listed = []
    for release in reversed(platform.registry.releases()):
        try:
            tables = platform.store.manifest(platform.store.directory(release.path))["tables"]
        except DtsenError:
            tables = {}
        listed.append(
            Listing(
                release_id=release.release_id,
                week=release.week,
                status=release.status,
                is_current=current is not None and current.release_id == release.release_id,
                published_at=release.published_at,
                families=tables.get("keluarga", {}).get("rows"),
                persons=tables.get("anggota", {}).get("rows"),
            )
        )
    return listed


def show(platform: Platform, release_id: str | None) -> Shown:
    """One release in counts."""
    opened = view(platform, release_id)
    release = platform.registry.release(opened.release_id)
    current = platform.registry.current()
    sums = _Sums(opened)
    return Shown(
        release=release_facts(opened),
        status=release.status,
        is_current=current is not None and current.release_id == release.release_id,
        published_at=release.published_at,
        directory=str(opened.directory),
        tables={name: facts["rows"] for name, facts in opened.manifest["tables"].items()},
        incoming=_incoming(opened),
        fates=_worded(sums.of("nasib", last=True), {k: (t.id, t.en) for k, t in FATE_TEXTS.items()}),
        rejected=reasoned(sums.of("ditolak")),
        held=reasoned(sums.of("ditahan")),
        warned=reasoned(sums.of("peringatan")),
        incomplete=_worded(_known(sums.of("tidak_lengkap")), {k: (t.id, t.en) for k, t in INCOMPLETE_TEXTS.items()}),
        presence=_presence(sums.of("anggota_keberadaan")),
        deciles=_deciles(sums),
        moves={int(step): count for step, count in sorted(_known(sums.of("perubahan_desil")).items(), key=_number)},
    )


def reasoned(counts: Mapping[str, int]) -> tuple[Counted, ...]:
    """Findings joined by `|` as counts by code, with their sentences, the most frequent first."""
    codes: Counter[str] = Counter()
    for findings, count in _known(counts).items():
        codes.update(dict.fromkeys(codes_of(findings), count))
    texts = {code: reason_of(code)[0] for code in codes}
    return _worded(codes, {code: (text.id, text.en) for code, text in texts.items()})


def codes_of(findings: str) -> list[str]:
    """The reason codes in a text such as `E_RANGE:luas_lantai|E_DATE:tanggal_lahir`, each once."""
    return sorted({finding.partition(":")[0] for finding in findings.split("|")})


class _Sums:
    """The release's counts over all kelurahan."""

    def __init__(self, opened: View) -> None:
        rows = fetched(opened.scan("summary").group_by("measure", "category").agg(pl.col("count").sum()))
        self._found: dict[str, Counter[str]] = {}
        for measure, category, count in rows.rows():
            self._found.setdefault(measure, Counter())[category] += count

    def of(self, measure: str, *, last: bool = False) -> Counter[str]:
        """Counts by category; with `last` by what stands after the category's slash."""
        counts: Counter[str] = Counter()
        for category, count in self._found.get(measure, Counter()).items():
            counts[category.rpartition("/")[2] if last else category] += count
        return counts


def _known(counts: Mapping[str, int]) -> dict[str, int]:
    return {category: count for category, count in counts.items() if category != EVERYTHING}


def _number(item: tuple[str, int]) -> int:
    return int(item[0])


def _worded(counts: Mapping[str, int], texts: Mapping[str, tuple[str, str]]) -> tuple[Counted, ...]:
    ordered = sorted(counts.items(), key=lambda item: (-item[1], item[0]))
    return tuple(Counted(word, count, *texts.get(word, (word, word))) for word, count in ordered)


def _incoming(opened: View) -> tuple[Incoming, ...]:
    """A line a file, or a line a table where a file brings rows of two."""
    names = ["src", "sumber", "fate"]
    fates: dict[tuple[str, str], dict[str, int]] = {}
    for token, table, fate, count in fetched(opened.scan("fate").group_by(names).agg(pl.len())).sort(names).rows():
        fates.setdefault((token, table), {})[fate] = count
    return tuple(
        Incoming(
            token=(token := source["sha256"][:12]),
            table=source["table"],
            version=plain_label(source["version"]),
            batch=plain_label(source["batch"]),
            data_date=source["data_date"],
            rows=sum(fates.get((token, source["table"]), {}).values()),
            fates=fates.get((token, source["table"]), {}),
        )
        for source in sorted(opened.sources, key=_place)
    )


def _place(source: Mapping[str, Any]) -> tuple[str, str, str, str]:
    return source["data_date"] or "~", source["batch"] or "", source["table"], source["sha256"]


def _presence(counts: Mapping[str, int]) -> dict[str, int]:
    labels = code_lists()["keberadaan"].labels
    return {labels[int(code)]: counts[code] for code in sorted(_known(counts), key=int)}


def _deciles(sums: _Sums) -> tuple[Decile, ...]:
    official, estimate = sums.of("desil_nasional"), sums.of("desil_estimasi")
    listed = [Decile(decile, official[str(decile)], estimate[str(decile)]) for decile in DECILES]
    return (*listed, Decile(None, official[EVERYTHING], estimate[EVERYTHING]))
