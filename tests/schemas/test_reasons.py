"""Every reason code the package gives has its texts, and no text is without a code."""

import ast
import re
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest

import dtsen_pipeline
from dtsen_pipeline.core.rules.context import Context
from dtsen_pipeline.core.validate import predicates
from dtsen_pipeline.reference import city, code_lists
from dtsen_pipeline.schemas.columns import columns
from dtsen_pipeline.schemas.fates import FATES
from dtsen_pipeline.schemas.reasons import (
    DECISIONS,
    EVENT_TEXTS,
    FATE_TEXTS,
    INCOMPLETE_TEXTS,
    REASONS,
    ROW_REASONS,
    Reason,
    Severity,
    Text,
    reason_of,
)
from dtsen_pipeline.schemas.reasons.arrivals import ARRIVALS
from dtsen_pipeline.schemas.reasons.asking import ASKING
from dtsen_pipeline.schemas.reasons.correcting import CORRECTING
from dtsen_pipeline.schemas.reasons.files import FILES
from dtsen_pipeline.schemas.reasons.modelling import MODELLING
from dtsen_pipeline.schemas.reasons.operations import OPERATIONS
from dtsen_pipeline.schemas.reasons.publishing import PUBLISHING
from dtsen_pipeline.schemas.reasons.reviewing import REVIEWING
from dtsen_pipeline.schemas.reasons.ties import TIES
from dtsen_pipeline.schemas.release import AGREEING, EVENTS, INCOMPLETE, LOSING, WINNING, Keluarga
from dtsen_pipeline.schemas.tables import tables

PACKAGE = Path(dtsen_pipeline.__file__).parent
TEXTS = PACKAGE / "schemas" / "reasons"
CODE = re.compile(r"([EWHOS]_[A-Z]+(?:_[A-Z]+)*)(?::.*)?")
FOLLOWS = {
    "E": {Severity.REJECTS, Severity.REFUSES_FILE, Severity.STATE},
    "W": {Severity.WARNS, Severity.STATE},
    "H": {Severity.HOLDS},
    "O": {Severity.OUT_OF_SCOPE},
    "S": {Severity.SUPERSEDES},
}


def literals(path: Path) -> Iterator[str]:
    """The text literals of a module and the fixed parts of its f-strings, without docstrings."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    bare = {id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Expr)}
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in bare:
            yield node.value


def written() -> set[str]:
    """Codes that stand in the package outside their own texts."""
    modules = [path for path in PACKAGE.rglob("*.py") if TEXTS not in path.parents]
    matches = (CODE.fullmatch(text) for path in modules for text in literals(path))
    return {match[1] for match in matches if match}


def ruled() -> set[str]:
    """Codes of the row rules, whether or not the code lists are confirmed."""
    contexts = [Context(city()), Context(city(), confirmed={"a" * 12: frozenset(code_lists())})]
    findings = [
        finding for context in contexts for table in tables().values() for finding in predicates(table, context)
    ]
    return {finding.partition(":")[0] for finding in findings}


def test_every_code_that_is_given_has_a_reason() -> None:
    """A person who meets a code finds what it means."""
    assert (written() | ruled()) - set(REASONS) == set()


def test_every_reason_is_given_somewhere() -> None:
    """A code that nothing gives would be documented in vain."""
    assert set(REASONS) - (written() | ruled()) == set()


def test_a_code_is_described_once() -> None:
    """Two texts for one code would hide one of them."""
    every = (
        *FILES,
        *ARRIVALS,
        *ROW_REASONS,
        *TIES,
        *OPERATIONS,
        *PUBLISHING,
        *ASKING,
        *CORRECTING,
        *REVIEWING,
        *MODELLING,
    )
    counts = Counter(reason.code for reason in every)
    assert set(counts.values()) == {1}
    assert set(counts) == set(REASONS)


@pytest.mark.parametrize("reason", REASONS.values(), ids=REASONS)
def test_a_reason_speaks_in_sentences(reason: Reason) -> None:
    """Both languages, a source and an advice; what follows fits the letter of the code."""
    for sentence in (reason.id, reason.en, reason.advice_id):
        assert re.fullmatch(r"[A-Z].*[^.]\.", sentence)
    assert reason.basis.strip() == reason.basis != ""
    assert CODE.fullmatch(reason.code)
    assert reason.severity in FOLLOWS[reason.code[0]]


def test_no_two_reasons_read_alike() -> None:
    """Otherwise one of them is not needed."""
    assert len({reason.id for reason in REASONS.values()}) == len(REASONS)
    assert len({reason.en for reason in REASONS.values()}) == len(REASONS)


def test_a_finding_names_its_column() -> None:
    """Rules about one column add its name to the code."""
    assert reason_of("E_RANGE:luas_lantai") == (REASONS["E_RANGE"], "luas_lantai")
    assert reason_of("W_HEAD_COUNT") == (REASONS["W_HEAD_COUNT"], None)


def test_every_check_of_a_column_has_a_reason() -> None:
    """The `error` of a Pandera check is a code of ours."""
    errors = {str(check.error) for column in columns(Keluarga) for check in column.checks}
    assert errors <= set(REASONS)


@pytest.mark.parametrize(
    ("texts", "words"),
    [
        (DECISIONS, {*WINNING, *AGREEING, *LOSING}),
        (FATE_TEXTS, set(FATES)),
        (EVENT_TEXTS, set(EVENTS)),
        (INCOMPLETE_TEXTS, set(INCOMPLETE)),
    ],
    ids=["decisions", "fates", "events", "incomplete"],
)
def test_every_word_of_a_release_is_explained(texts: dict[str, Text], words: set[str]) -> None:
    """In both languages, and no word more."""
    assert set(texts) == words
    for text in texts.values():
        assert re.fullmatch(r"[A-Z].*[^.]\.", text.id)
        assert re.fullmatch(r"[A-Z].*[^.]\.", text.en)
