"""What a person looks at before confirming a source's codes: how often each code stands in each column.

What the decision that follows records of the look stands here too; deciding itself in `decide`. Small counts are
hidden, and a text that is not a known code is counted without being shown.
"""

import hashlib
import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass

import polars as pl

from dtsen_pipeline.core.coded import lists_of
from dtsen_pipeline.core.translate import filled
from dtsen_pipeline.reference import CodeList, code_lists, profiles
from dtsen_pipeline.resources.admission import UNCONFIRMED
from dtsen_pipeline.resources.delivery import contract_rows, read
from dtsen_pipeline.resources.platform import Platform
from dtsen_pipeline.resources.registry.models import SourceFile
from dtsen_pipeline.schemas.tables import tables

SMALL = 5
BLANK, UNKNOWN = "kosong", "di luar daftar"


@dataclass(frozen=True)
class CodeCount:
    """A code with its label and its count as people may see it."""

    code: str
    label: str
    count: str


@dataclass(frozen=True)
class CodedColumn:
    """A coded column with the counts of its codes over the held files."""

    table: str
    column: str
    label: str
    code_list: str
    status: str
    counts: tuple[CodeCount, ...]


@dataclass(frozen=True)
class Seen:
    """The codes of a source's files as a person sees them, and which code lists those files use."""

    source: str
    profiles: tuple[str, ...]
    files: tuple[str, ...]
    lists: tuple[str, ...]
    columns: tuple[CodedColumn, ...]

    @property
    def digest(self) -> str:
        """SHA-256 of everything that is shown: columns, codes, labels and counts."""
        shown = [asdict(column) for column in self.columns]
        return hashlib.sha256(json.dumps(shown, sort_keys=True, separators=(",", ":")).encode()).hexdigest()

    def as_payload(self) -> dict[str, object]:
        """What a decision records of it; no count and no code."""
        facts = {"profiles": self.profiles, "files": self.files, "lists": self.lists}
        return {name: list(words) for name, words in facts.items()} | {"seen": self.digest}


def look(platform: Platform, token: str) -> Seen:
    """The codes of every file that is held for them beside this one, from the same source."""
    files = held_together(platform, token)
    used = sorted({file.profile or "" for file in files})
    return Seen(
        source=profiles()[platform.registry.file(token).profile or ""].family,
        profiles=tuple(used),
        files=tuple(sorted(file.token for file in files)),
        lists=tuple(sorted(frozenset[str]().union(*(lists_of(profiles()[name]) for name in used)))),
        columns=tuple(coded_columns(platform, files)),
    )


def held_together(platform: Platform, token: str) -> list[SourceFile]:
    """The files that one confirmation would free: held for their codes under the same family of profiles."""
    file = platform.registry.file(token)
    family = profiles()[file.profile or ""].family
    held = platform.registry.files(verdict="held", code=UNCONFIRMED)
    return [other for other in held if profiles()[other.profile or ""].family == family]


def coded_columns(platform: Platform, files: Sequence[SourceFile]) -> list[CodedColumn]:
    """The coded columns that these files bring, with their counts, table by table."""
    found = []
    for table in dict.fromkeys(file.table_name or "" for file in files):
        mine = [file for file in files if file.table_name == table]
        rows = pl.concat([_rows(platform, file) for file in mine])
        brought = {name for file in mine for name in profiles()[file.profile or ""].columns}
        for column in tables()[table].columns:
            if column.codes and column.name in brought:
                listed = code_lists()[column.codes]
                counts = tuple(_counts(rows[column.name], listed))
                found.append(CodedColumn(table, column.name, column.label, listed.title, listed.status, counts))
    return found


def _rows(platform: Platform, file: SourceFile) -> pl.DataFrame:
    """Rows as the contract writes them; columns that a file does not bring are blank."""
    profile = profiles()[file.profile or ""]
    rows = contract_rows(read(platform, file.sha256, profile).rows, profile, platform.settings.city)
    return filled(rows, profile.table).drop("src", "row").fill_null("")


def _counts(cells: pl.Series, codes: CodeList) -> Iterable[CodeCount]:
    known = codes.spellings()
    totals: dict[int | None, int] = {}
    blank = 0
    for text, count in _tally(cells).items():
        if not text:
            blank += count
            continue
        value = known.get(text.upper())
        totals[value] = totals.get(value, 0) + count
    for value in sorted(code for code in totals if code is not None):
        yield CodeCount(str(value), codes.labels[value], _shown(totals[value]))
    if None in totals:
        yield CodeCount("?", UNKNOWN, _shown(totals[None]))
    if blank:
        yield CodeCount("", BLANK, _shown(blank))


def _tally(cells: pl.Series) -> Mapping[str, int]:
    counted = cells.str.strip_chars(" ").value_counts()
    return dict(counted.rows())


def _shown(count: int) -> str:
    return str(count) if count >= SMALL else f"<{SMALL}"
