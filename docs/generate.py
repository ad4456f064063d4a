"""Writes the pages that are rendered from the code, by default into the folder of this file."""

import sys
from pathlib import Path

from dtsen_pipeline.cli.docs import cli_page
from dtsen_pipeline.core.docs import cards_page, rules_page
from dtsen_pipeline.resources.settings import settings_table
from dtsen_pipeline.schemas.docs import PAGES as SCHEMA_PAGES
from dtsen_pipeline.schemas.profiles import profiles_page
from dtsen_pipeline.schemas.programmes import programmes_page

DOCS = Path(__file__).parent


def settings_page() -> str:
    """The environment variables and what they allow."""
    head = "# Pengaturan / Settings\n\nDibaca sekali dari lingkungan. *Read once from the environment.*\n\n"
    return head + settings_table()


PAGES = {
    **SCHEMA_PAGES,
    "reference/cli.md": cli_page,
    "rules.md": rules_page,
    "reference/cards.md": cards_page,
    "reference/settings.md": settings_page,
    "reference/programmes.md": programmes_page,
    "reference/profiles.md": profiles_page,
}
"""The generated pages by their place in the folder."""


def write(folder: Path) -> None:
    """Write every page into `folder`."""
    for name, render in PAGES.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(render(), encoding="utf-8", newline="\n")


if __name__ == "__main__":
    write(Path(sys.argv[1]) if len(sys.argv) > 1 else DOCS)
