"""The committed pages are what the code renders now, and name everything they should."""

import re
import runpy
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from dtsen_pipeline.core.editable import EDITABLE, LEFT_OUT
from dtsen_pipeline.core.rulebook import rulebook
from dtsen_pipeline.reference import code_lists, profiles
from dtsen_pipeline.schemas.docs import CONSEQUENCES, NOTICE
from dtsen_pipeline.schemas.reasons import REASONS
from dtsen_pipeline.schemas.reasons.examples import EXAMPLES
from dtsen_pipeline.schemas.reasons.situations import SITUATIONS
from dtsen_pipeline.schemas.release import TABLES, polars_types
from dtsen_pipeline.schemas.tables import MEMBER, tables

ROOT = Path(__file__).parents[2]
DOCS = ROOT / "docs"
GENERATOR: dict[str, Any] = runpy.run_path(str(DOCS / "generate.py"))
PAGES: dict[str, Callable[[], str]] = dict(GENERATOR["PAGES"])


def page(name: str) -> str:
    """A committed page."""
    return (DOCS / name).read_text(encoding="utf-8")


@pytest.mark.parametrize("name", PAGES)
def test_a_page_is_what_the_code_renders(name: str) -> None:
    """A page that was edited, or forgotten after a change of the models, fails here."""
    path = DOCS / name
    is_fresh = path.is_file() and page(name) == PAGES[name]()
    assert is_fresh, f"docs/{name} is not what the code renders; run `make docs`"


def test_the_generator_writes_the_same_pages_anywhere(tmp_path: Path) -> None:
    """What `make docs` runs."""
    GENERATOR["write"](tmp_path / "new")
    written = {path.relative_to(tmp_path / "new").as_posix(): path for path in (tmp_path / "new").rglob("*.md")}
    assert {name: path.read_text(encoding="utf-8") for name, path in written.items()} == {
        name: render() for name, render in PAGES.items()
    }


def test_no_generated_page_is_left_behind() -> None:
    """A page that nothing renders any more would go stale unseen."""
    marked = {path for path in DOCS.rglob("*.md") if NOTICE in path.read_text(encoding="utf-8")}
    assert marked <= {DOCS / name for name in PAGES}


@pytest.mark.parametrize(
    "path", [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *DOCS.rglob("*.md")], ids=lambda p: p.name
)
def test_every_link_leads_to_a_file(path: Path) -> None:
    """From page to page and to images; addresses elsewhere are not visited."""
    links = re.findall(r"\]\((?!https?:)([^)#\s]+)[^)]*\)", path.read_text(encoding="utf-8"))
    assert [link for link in links if not (path.parent / link).exists()] == []


def test_every_column_and_code_list_is_in_the_data_dictionary() -> None:
    """By its own name."""
    text = page("reference/data-dictionary.md")
    for table in tables().values():
        assert all(f"| `{name}` |" in text for name in table.names)
    assert all(f"\n### {codes}\n" in text for codes in code_lists())


def test_every_reason_is_on_its_page() -> None:
    """With its Indonesian sentence first."""
    text = page("reason-codes.md")
    for reason in REASONS.values():
        assert f"| `{reason.code}` | {reason.kind} | {reason.id} |" in text


def test_every_example_stands_beside_its_reason() -> None:
    """The cells that trigger it, as the rules are given them."""
    lines = {line.split("`")[1]: line for line in page("reason-codes.md").splitlines() if line.startswith("| `")}
    for code, example in EXAMPLES.items():
        assert all(f"`{column}`" in lines[code] for column in example.cells)
        assert all(f"`{cell}`" in lines[code] for cell in example.cells.values() if cell)
        assert lines[code].count(f" {MEMBER}: ") == [example.table, *(table for table, _ in example.beside)].count(
            MEMBER
        )


def test_every_situation_stands_beside_its_reason() -> None:
    """In the last cell of its line."""
    lines = {line.split("`")[1]: line for line in page("reason-codes.md").splitlines() if line.startswith("| `")}
    assert all(lines[code].endswith(f"| {text} |") for code, text in SITUATIONS.items())


def test_every_rule_is_on_its_page() -> None:
    """With what follows, its columns, both texts and its source, under its table."""
    sections = dict(part.split("`", 1) for part in page("rules.md").split("\n## `")[1:])
    for rule in rulebook():
        (line,) = [line for line in sections[rule.table].splitlines() if line.startswith(f"| `{rule.reason.code}` |")]
        told = (CONSEQUENCES[rule.reason.severity].id, rule.reason.id, rule.reason.en, rule.reason.basis)
        assert all(f"| {text} |" in line for text in told)
        assert all(f"`{column}`" in line for column in rule.columns)


def test_every_profile_is_on_its_page_with_its_columns_and_codes() -> None:
    """As the file calls them, and as the contract does."""
    sections = dict(part.split("\n", 1) for part in page("reference/profiles.md").split("\n## ")[1:])
    assert list(sections) == list(profiles())
    for profile in profiles().values():
        lines, text = sections[profile.id].splitlines(), sections[profile.id]
        assert profile.source.strip() in text
        assert profile.file_name_pattern.replace("|", "\\|") in text
        listed = [line for line in lines if line.startswith("| `")]
        assert len(listed) == len(profile.header)
        for own, name in profile.synonyms.items():
            assert [line for line in listed if f"`{own}`" in line and (f"`{name}`" in line or name in profile.ignored)]
        for name, codes in profile.codes.items():
            (line,) = [line for line in listed if f"| `{name}` |" in line]
            assert all(f"`{own}` = {code}" in line for own, code in codes.items())


def test_every_release_column_is_documented() -> None:
    """Here or, for the ministry's columns, in the data dictionary."""
    text = page("reference/release-tables.md") + page("reference/data-dictionary.md")
    for name in TABLES:
        assert f"\n## `{name}`\n" in text
        assert all(f"| `{column}` |" in text for column in polars_types(name))


def test_every_answer_of_a_card_is_on_its_page_with_why_the_public_is_not_told() -> None:
    """And every column of the inputs that no card tells of."""
    lines = page("reference/cards.md").splitlines()
    for one in EDITABLE:
        (line,) = [line for line in lines if f"| `{one.name}` |" in line]
        assert line.startswith(f"| {one.label} |")
        assert line.endswith(f"| tidak, {one.withheld}: {one.reason} |" if one.withheld else "| ya |")
    assert all(f"| `{column}` | {reason} |" in lines for column, reason in LEFT_OUT.items())
