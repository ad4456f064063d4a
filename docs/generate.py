"""Writes the pages that are rendered from the code, by default into `reference/` beside this file."""

import sys
from pathlib import Path

from dtsen_pipeline.cli.docs import cli_page
from dtsen_pipeline.schemas.docs import PAGES as SCHEMA_PAGES

REFERENCE = Path(__file__).parent / "reference"
PAGES = {**SCHEMA_PAGES, "cli.md": cli_page}
"""The generated pages by file name."""


def write(folder: Path) -> None:
    """Write every page into `folder`."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, render in PAGES.items():
        (folder / name).write_text(render(), encoding="utf-8", newline="\n")


if __name__ == "__main__":
    write(Path(sys.argv[1]) if len(sys.argv) > 1 else REFERENCE)
