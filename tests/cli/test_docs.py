"""The pages about the command line speak of what there is."""

import re
from pathlib import Path

from dtsen_pipeline.cli import COMMANDS
from dtsen_pipeline.cli.docs import cli_page
from tests.cli.conftest import Dtsen

DOCS = Path(__file__).parents[2] / "docs"


def test_every_command_is_on_the_page() -> None:
    page = cli_page()
    assert all(f"\n## dtsen {command}\n" in page for command in COMMANDS)
    assert "E_USAGE" not in page
    assert "--reveal" in page


def test_the_how_to_uses_commands_and_options_that_exist(dtsen: Dtsen) -> None:
    text = (DOCS / "how-to" / "trace-a-value.md").read_text(encoding="utf-8")
    lines = re.findall(r"^    dtsen (\w+)(.*)$", text, re.MULTILINE)
    assert {command for command, _ in lines} == {"find", "trace", "verify"}
    for command, rest in lines:
        shown = dtsen(command, "--help").out
        assert all(option in shown for option in re.findall(r"--[a-z]+", rest))
