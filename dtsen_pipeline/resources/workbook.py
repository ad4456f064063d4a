"""A workbook opened by a process of its own, whose memory is bounded: its sheets, and the rows of one of them.

The process is `unpack`; what the cells mean for a profile stands in `core.sheets`.
"""

import json
import signal
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from io import BufferedReader
from pathlib import Path
from typing import Any

from dtsen_pipeline.core.sheets import Row, SheetHead
from dtsen_pipeline.resources.unpack import OUT_OF_MEMORY
from dtsen_pipeline.schemas.errors import DtsenError

LIMITED = frozenset({OUT_OF_MEMORY, -signal.SIGKILL, -signal.SIGXCPU})
"""How the process ends that asks for more memory or time than it may have."""
UNPACK = Path(__file__).with_name("unpack.py")


@dataclass(frozen=True)
class Limits:
    """What reading a file may use, in megabytes.

    `memory_mb`: of the process that opens a workbook; `inflated_mb`: what its archive may inflate to; `document_mb`:
    what a JSON document may have, since it is held whole.
    """

    memory_mb: int
    inflated_mb: int
    document_mb: int


@dataclass(frozen=True)
class Workbook:
    """An open workbook."""

    file: BufferedReader
    limits: Limits
    token: str

    def heads(self) -> list[SheetHead]:
        """Every sheet in order with its name, whether it is hidden, and its first row."""
        found: list[SheetHead] = []
        for line in self._lines("heads"):
            if isinstance(line, dict):
                found.append(SheetHead(line["sheet"], line["hidden"], 0, ()))
            else:
                found[-1] = SheetHead(found[-1].name, found[-1].is_hidden, line[0], tuple(line[1]))
        return found

    def rows(self, place: int) -> Iterator[Row]:
        """The rows of a sheet by its place, from 0: row number, cells as text, and a letter for each cell's kind."""
        return (Row(*line) for line in self._lines(str(place)) if isinstance(line, list))

    def _lines(self, mode: str) -> Iterator[Any]:
        """What the process says, until it says that it came to the end; DtsenError where it did not."""
        self.file.seek(0)
        command = [sys.executable, "-I", "-S", str(UNPACK), mode, *self._numbers()]
        with subprocess.Popen(  # noqa: S603 - our own script
            command, stdin=self.file, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True, encoding="ascii"
        ) as process:
            try:
                yield from self._said(process)
            finally:
                process.kill()

    def _numbers(self) -> tuple[str, str]:
        return str(self.limits.memory_mb), str(self.limits.inflated_mb)

    def _said(self, process: "subprocess.Popen[str]") -> Iterator[Any]:
        for text in process.stdout or ():
            if not text.endswith("\n"):
                break
            line = json.loads(text)
            if line == "end":
                return
            if isinstance(line, dict) and "refused" in line:
                raise DtsenError(line["refused"], line["message"], token=self.token, line=line["line"])
            yield line
        if process.wait() in LIMITED:
            raise DtsenError(
                "E_SHEET_MEMORY", "the workbook needs more than DTSEN_SHEET_MEMORY_MB allows", token=self.token
            )
        raise DtsenError("E_SHEET_ARCHIVE", "the workbook cannot be read to its end", token=self.token)
