"""The raw text of registered rows, read from the vault in one pass a file, and its hash checked on the way.

A raw row is a mapping from column name to the text that was delivered. What it means is not known here.
"""

import hashlib
import re
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import replace

from dtsen_pipeline.core.intake import cells_of
from dtsen_pipeline.reference import Profile, part_of, parts, profiles
from dtsen_pipeline.reference.profile import CSV
from dtsen_pipeline.resources.platform import Platform
from dtsen_pipeline.resources.registry.models import SourceFile
from dtsen_pipeline.schemas.errors import DtsenError

Pointer = tuple[str, int]
Raw = Mapping[str, str]
VISIT_ID = "id_kunjungan"
UNSHOWN = re.compile(r"[\x00-\x08\x0b-\x1f\x7f\ud800-\udfff]")
JOINT = "\x1f"
"""Stands between cells; no cell can hold it."""


class RawRows:
    """Raw rows by file token and physical line; what was read once is kept."""

    def __init__(self, platform: Platform) -> None:
        self.platform = platform
        self._files: dict[str, SourceFile] = {}
        self._rows: dict[Pointer, Raw | None] = {}
        self._whole: dict[str, dict[int, Raw]] = {}

    def file(self, token: str) -> SourceFile:
        """What the registry knows of a file."""
        if token not in self._files:
            self._files[token] = self.platform.registry.file(token)
        return self._files[token]

    def load(self, pointers: Iterable[Pointer]) -> None:
        """Read these rows, each file once."""
        wanted: dict[str, set[int]] = defaultdict(set)
        for token, row in set(pointers) - self._rows.keys():
            wanted[token].add(row)
        for token, rows in wanted.items():
            self._rows |= {(token, row): None for row in rows}
            self._keep(token, lambda row, _, rows=rows: row in rows)  # type: ignore[misc]

    def raw(self, pointer: Pointer) -> Raw | None:
        """A raw row; none where there is no such line or it cannot be read as a record."""
        if pointer not in self._rows:
            self.load([pointer])
        return self._rows[pointer]

    def everything(self, token: str) -> dict[int, Raw]:
        """Every readable row of a file, by line."""
        return self._keep(token, lambda _, __: True)

    def search(self, token: str, texts: Iterable[str], table: str) -> dict[int, Raw]:
        """The readable rows of a table in a file whose line holds one of the texts, by line."""
        needles = [text.encode() for text in texts if text]
        if not needles:
            return {}
        found = self._keep(token, lambda _, line: any(needle in line for needle in needles))
        return {row: raw for row, raw in found.items() if self.table((token, row)) == table}

    def table(self, pointer: Pointer) -> str:
        """The input table that a row belongs to."""
        return self.profile(pointer).table

    def profile(self, pointer: Pointer) -> Profile:
        """The profile of the part of the file that a row lies in."""
        return part_of(_profile(self.file(pointer[0])), pointer[1])

    def visit_id(self, pointer: Pointer) -> str | None:
        """The number of the visit that a field row is of, or belongs to."""
        raw, profile = self.raw(pointer), self.profile(pointer)
        return (raw.get(VISIT_ID, "").strip().removeprefix(profile.id_prefix) or None) if raw else None

    def contract(self, pointer: Pointer) -> Raw | None:
        """A raw row as the contract writes it: the source's codes, days and numbers translated by its profile."""
        raw, profile = self.raw(pointer), self.profile(pointer)
        if raw is None or profile.is_plain:
            return raw
        import polars as pl  # noqa: PLC0415 - a trace of the contract's own files needs none of this

        from dtsen_pipeline.resources.delivery import contract_rows  # noqa: PLC0415 - imports the models

        frame = pl.DataFrame([{"src": pointer[0], "row": pointer[1], **raw}])
        rows = contract_rows(frame, profile, self.platform.settings.city)
        return {name: text or "" for name, text in rows.drop("src", "row").row(0, named=True).items()}

    def lines(self, pointers: Iterable[Pointer]) -> dict[Pointer, str]:
        """Rows as they were delivered, also such as are no record; what is no text shows as �.

        A CSV's is its line; a workbook's or a document's names the column of each cell that is not blank.
        """
        wanted: dict[str, set[int]] = defaultdict(set)
        for token, row in pointers:
            wanted[token].add(row)
        found = {}
        for token, rows in wanted.items():
            file = self.file(token)
            for row, line in self._lines(file, rows):
                found[token, row] = UNSHOWN.sub("�", line)
        return found

    def _lines(self, file: SourceFile, rows: set[int]) -> Iterator[tuple[int, str]]:
        profile = _profile(file)
        if profile.format != CSV:
            from dtsen_pipeline.resources.delivery import shown  # noqa: PLC0415 - imports the models

            yield from shown(self.platform, file.sha256, profile, rows)
            return
        with self.platform.vault.open(file.sha256) as stored:
            for row, line in enumerate(stored, start=1):
                if row in rows:
                    yield row, line.decode("utf-8", errors="replace").rstrip("\r\n")

    def _keep(self, token: str, is_wanted: Callable[[int, bytes], bool]) -> dict[int, Raw]:
        file = self.file(token)
        profile = _profile(file)
        if profile.format != CSV:
            return self._keep_parts(file, profile, is_wanted)
        digest = hashlib.sha256()
        lines = {}
        with self.platform.vault.open(file.sha256) as stored:
            for row, line in enumerate(stored, start=1):
                digest.update(line)
                if row > 1 and is_wanted(row, line):
                    lines[row] = line
        if digest.hexdigest() != file.sha256:
            raise DtsenError("E_VAULT_DAMAGED", "the bytes in the vault have changed", token=token)
        found = {row: record for row, line in lines.items() if (record := _record(line, profile))}
        self._rows |= {(token, row): record for row, record in found.items()}
        return found

    def _keep_parts(
        self, file: SourceFile, profile: Profile, is_wanted: Callable[[int, bytes], bool]
    ) -> dict[int, Raw]:
        """The wanted rows of a workbook or a form's document, which is read as a whole, once."""
        if file.token not in self._whole:
            self._whole[file.token] = self._all_rows(file, profile)
        whole = self._whole[file.token]
        found = {row: raw for row, raw in whole.items() if is_wanted(row, JOINT.join(raw.values()).encode())}
        self._rows |= {(file.token, row): record for row, record in found.items()}
        return found

    def _all_rows(self, file: SourceFile, profile: Profile) -> dict[int, Raw]:
        """Rows that wait for approval too."""
        from dtsen_pipeline.resources.delivery import read  # noqa: PLC0415 - imports the models

        return {
            number: dict(zip(part.header, cells, strict=True))
            for part in parts(profile)
            for number, *cells in read(self.platform, file.sha256, replace(part, review=None))
            .rows.select("row", *part.header)
            .iter_rows()
        }


def _profile(file: SourceFile) -> Profile:
    if file.corrects is None:
        return profiles()[file.profile or ""]
    from dtsen_pipeline.core.corrections import profile_named  # noqa: PLC0415 - imports Pandera

    return profile_named(file.profile or "")


def _record(line: bytes, profile: Profile) -> Raw | None:
    try:
        text = line.decode("utf-8").removesuffix("\n").removesuffix("\r")
    except UnicodeDecodeError:
        return None
    cells = cells_of(text, profile.delimiter)
    if cells is None or len(cells) != len(profile.header):
        return None
    return dict(zip(profile.header, cells, strict=True))
