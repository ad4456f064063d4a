"""What a source profile is: the shape of a file, or of one part of a file, as a source delivers it.

A profile is data and answers questions about names. It reads no file and knows no column's meaning; turning
its entry in `profiles.yaml` into a record is the readers' work.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date

CSV, XLSX, JSON = "csv", "xlsx", "json"
GROUP_MARKS = ("/", "-")
"""What stands between the name of a form's group and that of a question in it."""
OFFICIAL = "desil_nasional"


@dataclass(frozen=True)
class Profile:
    """The shape in which a source delivers rows of one table.

    `header`: the delivered columns in order, in the contract's names where they have one (`synonyms` maps a
    delivered name to it); `ignored`: the ones that are kept in the vault only; `groups`: the groups of a form, whose
    name may stand before a delivered one. `codes`: for a column, the source's own text of each answer to the
    contract's. `carries`: the profiles of the other parts of the same file, whose rows are numbered from `row_base`
    on, so that a row number is unique in its file; `parent_id`: the keys of the id of the record that a repeat
    belongs to, of which the first that is told counts. `review`: the delivered column (or key path) that says whether
    a submission was looked at, and `approved`: the texts in it of one that is good. `id_prefix`: what some files of
    a source write before a visit's id and others do not.
    """

    id: str
    title: str
    family: str
    version: int
    kind: str
    table: str
    status: str
    source: str
    effective: date
    file_name_pattern: str
    header: tuple[str, ...]
    format: str = CSV
    encoding: str = "utf-8"
    delimiter: str = ","
    quoting: str = "minimal"
    newlines: tuple[str, ...] = ("lf", "crlf")
    has_quoted_newlines: bool = False
    may_have_bom: bool = False
    sheet: str | None = None
    other_sheets: tuple[str, ...] = ()
    records: str | None = None
    repeat: str | None = None
    parent_id: tuple[str, ...] = ()
    carries: tuple[str, ...] = ()
    row_base: int = 0
    review: str | None = None
    approved: tuple[str, ...] = ()
    synonyms: Mapping[str, str] = field(default_factory=dict)
    ignored: frozenset[str] = frozenset()
    groups: tuple[str, ...] = ()
    codes: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    date_format: str = "YYYY-MM-DD"
    moment_format: str | None = None
    coordinate_format: str = "decimal"
    number_format: str = "integer"
    region_codes: str = "bps"
    cleared_token: str | None = None
    id_prefix: str = ""

    @property
    def columns(self) -> tuple[str, ...]:
        """The contract's columns that a file brings, in the order of the file."""
        return tuple(name for name in self.header if name not in self.ignored)

    @property
    def is_ranked(self) -> bool:
        """Whether a file brings the ministry's official deciles."""
        return OFFICIAL in self.columns

    @property
    def is_plain(self) -> bool:
        """Whether every cell is written as the contract writes it."""
        return not self.codes and all(
            (
                self.date_format == "YYYY-MM-DD",
                self.moment_format in (None, "YYYY-MM-DDThh:mm:ss+hh:mm"),
                self.coordinate_format == "decimal",
                self.number_format == "integer",
                self.region_codes == "bps",
                not self.id_prefix,
            )
        )

    def named(self, delivered: Sequence[str]) -> tuple[str, ...]:
        """Delivered column names in the contract's words; unknown ones stay as they are."""
        return tuple(self.synonyms.get(own, own) for own in map(self.ungrouped, delivered))

    def ungrouped(self, delivered: str) -> str:
        """A delivered name without the form's group before it."""
        for mark in GROUP_MARKS:
            group, _, name = delivered.partition(mark)
            if name and group in self.groups:
                return name
        return delivered

    def spellings(self, column: str) -> list[str]:
        """Every name under which a column may be delivered."""
        names = [column, *(word for word, known in self.synonyms.items() if known == column)]
        return names + [f"{group}{mark}{name}" for group in self.groups for mark in GROUP_MARKS for name in names]

    def is_header(self, delivered: Sequence[str]) -> bool:
        """Whether these are exactly the delivered columns, in this order."""
        return self.named(delivered) == self.header

    def difference(self, delivered: Sequence[str]) -> tuple[list[str], list[int]]:
        """The columns that are missing, and the positions (from 1) of names that the profile does not know."""
        found, known = set(self.named(delivered)), set(self.header)
        missing = [name for name in self.header if name not in found]
        unknown = [place for place, name in enumerate(self.named(delivered), start=1) if name not in known]
        return missing, unknown

    def identify(self, file_name: str) -> dict[str, str]:
        """What a file name says: `version` and `region`, or `batch_id`; nothing for another's name."""
        match = re.fullmatch(self.file_name_pattern, file_name)
        if match is None:
            return {}
        found = match.groupdict()
        if "batch" in found:
            return {"batch_id": found["batch"].replace("_", "-").upper()}
        return found
