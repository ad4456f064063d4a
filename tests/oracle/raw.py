"""Delivered files as bytes, and one physical line of them as text cells. What the cells mean is for `values`."""

import csv
import hashlib
from dataclasses import dataclass
from datetime import date
from functools import cached_property

from tests.oracle import siks

SNAPSHOT_TABLES = ("keluarga", "anggota")
HEADER_LINE = 1
CORRECTS, ROOT = "token_baris", "token_asal"
"""In a correction file: the row that is corrected, and the first row of its chain."""


@dataclass(frozen=True)
class RawFile:
    """A delivered file; `version` and `data_date` are those of its snapshot, None for a field batch."""

    data: bytes
    table: str
    version: str | None
    data_date: date | None

    @cached_property
    def token(self) -> str:
        """The first 12 hexadecimal digits of the file's SHA-256."""
        return hashlib.sha256(self.data).hexdigest()[:12]

    @property
    def is_snapshot(self) -> bool:
        """Whether the ministry sent it."""
        return self.table in SNAPSHOT_TABLES

    @cached_property
    def lines(self) -> list[bytes]:
        """Physical lines without their line ends; the header is line 1."""
        return self.data.removeprefix(b"\xef\xbb\xbf").removesuffix(b"\n").split(b"\n")

    @cached_property
    def header(self) -> list[str]:
        """Names of the cells."""
        return self._split(self.lines[0])

    @property
    def rows(self) -> range:
        """The physical line numbers of the data lines."""
        return range(HEADER_LINE + 1, len(self.lines) + 1)

    def cells(self, row: int) -> dict[str, str] | None:
        """The text of every cell of a physical line; None where the line cannot be read exactly."""
        return self._parsed[row]

    @property
    def is_ranked(self) -> bool:
        """Whether it is a ministry's family file that brings the official deciles."""
        return self.table == "keluarga" and not self.is_correction and "desil_nasional" in self.header

    @cached_property
    def _is_siks(self) -> bool:
        return siks.is_siks(self.lines[0].decode("utf-8", errors="replace"))

    @property
    def is_correction(self) -> bool:
        """Whether its rows stand for rejected ones."""
        return self.header[0] == CORRECTS

    @cached_property
    def _parsed(self) -> dict[int, dict[str, str] | None]:
        return {row: self._read(self.lines[row - 1]) for row in self.rows}

    def _read(self, line: bytes) -> dict[str, str] | None:
        try:
            found = self._split(line)
        except (UnicodeDecodeError, csv.Error):
            return None
        if len(found) != len(self.header):
            return None
        cells = dict(zip(self.header, found, strict=True))
        return siks.plain(cells) if self._is_siks else cells

    def _split(self, line: bytes) -> list[str]:
        text = line.removesuffix(b"\r").decode("utf-8")
        is_piped = self.is_snapshot and not self.lines[0].startswith(CORRECTS.encode())
        delimiter = ";" if self._is_siks else "|" if is_piped else ","
        return next(csv.reader([text], delimiter=delimiter, strict=True))
