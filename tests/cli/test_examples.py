"""Every reason code has an example, and what the example says gives the code: rows by the rules, the rest here."""

from pathlib import Path

import dagster as dg
import pytest

from dtsen_pipeline.core.engine import Engine
from dtsen_pipeline.schemas.errors import DtsenError
from dtsen_pipeline.schemas.reasons import REASONS, ROW_REASONS
from dtsen_pipeline.schemas.reasons.examples import EXAMPLES
from dtsen_pipeline.schemas.reasons.situations import SITUATIONS
from tests.house import early_files, fill
from tests.schemas.test_reasons import ruled, written
from tests.triggers import asking, deciding, files, operations, pulling, ties
from tests.triggers.place import Place, Trigger

TRIGGERS: dict[str, Trigger] = {
    **files.TRIGGERS,
    **pulling.TRIGGERS,
    **ties.TRIGGERS,
    **deciding.TRIGGERS,
    **operations.TRIGGERS,
    **asking.TRIGGERS,
}


@pytest.fixture(scope="module")
def january(town: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A home with the first snapshot accepted; to be copied."""
    home = tmp_path_factory.mktemp("january") / "home"
    fill(home, early_files(town), files.NOW)
    return home


@pytest.fixture(scope="module")
def fates(engine: Engine) -> dict[str, str]:
    """Why the rows of a scene are held, by the code that is expected."""
    return ties.scene(engine)


def given(trigger: Trigger, place: Place) -> str | None:
    """The code that a situation ends with, told or raised."""
    try:
        return trigger(place)
    except DtsenError as error:
        return error.code
    except dg.Failure as failure:
        return str(failure.description).partition(":")[0]


def test_codes_examples_and_source_agree() -> None:
    assert set(REASONS) == written() | ruled()
    assert set(REASONS) == set(EXAMPLES) | set(SITUATIONS)
    assert set(EXAMPLES) == {reason.code for reason in ROW_REASONS}
    assert set(TRIGGERS) == set(SITUATIONS) == set(REASONS) - set(EXAMPLES)


@pytest.mark.parametrize("code", SITUATIONS)
def test_the_situation_gives_its_code(code: str, request: pytest.FixtureRequest) -> None:
    assert given(TRIGGERS[code], Place(request)) == code


def test_a_situation_is_a_phrase_without_a_number_of_a_person() -> None:
    assert not [text for text in SITUATIONS.values() if text.endswith(".") or (text[0].isupper() and text[1].islower())]
    assert len(set(SITUATIONS.values())) == len(SITUATIONS)
