"""The reference page of the command line as Markdown, rendered from the app itself."""

from typer.testing import CliRunner

from dtsen_pipeline.cli import COMMANDS, app
from dtsen_pipeline.schemas.docs import NOTICE

EXITS = (
    "| Kode keluar | Arti | |",
    "|---|---|---|",
    "| 0 | selesai | Done; a file that waits or is held is no failure. |",
    "| 1 | jawabannya tidak | The answer is no: refused, unknown, not whole, door closed. |",
    "| 2 | cara pakai salah | Wrong usage: a missing purpose or reason, an unknown option or setting. |",
)


ABOUT = (
    "Setiap jawaban juga ada sebagai satu dokumen JSON (`--json`). Nomor kartu keluarga dan NIK dibaca dari masukan "
    "standar saja; nilai yang dapat menunjuk seseorang ditutup kecuali dengan `--reveal`."
)
ABOUT_EN = (
    "Every answer also comes as one JSON document. Numbers of persons are read from standard input only; errors go to "
    "standard error as a code, a place, a sentence and what to do."
)
WIDTH = "80"


def cli_page() -> str:
    """Every command with its arguments and options, as `--help` prints them."""
    commands = (f"## dtsen {command}\n\n```text\n{_help(command)}\n```" for command in COMMANDS)
    return "\n\n".join(["# Perintah", NOTICE, ABOUT, ABOUT_EN, "\n".join(EXITS), *commands]) + "\n"


def _help(command: str) -> str:
    result = CliRunner().invoke(app, [*command.split(), "--help"], prog_name="dtsen", env={"COLUMNS": WIDTH})
    return "\n".join(line.rstrip() for line in result.output.strip().splitlines())
