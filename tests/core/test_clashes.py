"""Which contradictions are hard and which soft, by what the officer had seen; the independent judge rules too."""

import pytest

from dtsen_pipeline.core.engine import Engine
from dtsen_pipeline.schemas.tables import FAMILY
from tests.core.rows import ANCIENT, BASE, OLD, Pointer, Release, Town, bit, card
from tests.core.stories import files
from tests.oracle import judge as oracle

FLOOR, WALL, AREA = "jenis_lantai_terluas", "jenis_dinding_terluas", "luas_lantai"
BEFORE, AFTER, LATER = "2026-02-02", "2026-08-03", "2026-08-10"


class Story:
    """A town of families, what was said of each, and its release in which the judge finds no fault."""

    def __init__(self, engine: Engine) -> None:
        self.town, self.at = Town(), {}
        self._family(1, old={FLOOR: "6", WALL: "3"}, new={FLOOR: "8", WALL: "3"})
        self.at["before"] = self.town.visit(card(1), BEFORE, **{FLOOR: "5", WALL: "2"})
        self._family(2, old={FLOOR: "6"}, new={FLOOR: "6"})
        self.at["informed"] = self.town.visit(card(2), AFTER, **{FLOOR: "8"})
        self._family(3, old={FLOOR: "6", AREA: "30"}, new={FLOOR: "8", AREA: "30"})
        self.at["old list"] = self.town.visit(card(3), AFTER, versi_dilihat=OLD, **{FLOOR: "5", AREA: "60"})
        self._family(4, old={}, new={FLOOR: "6", WALL: "3"})
        self.at["first"] = self.town.visit(card(4), AFTER, **{FLOOR: "8", WALL: "3"})
        self.at["second"] = self.town.visit(card(4), LATER, **{FLOOR: "5", WALL: "4"})
        self._family(5, old={}, new={FLOOR: "6"})
        self.at["long ago"] = self.town.visit(card(5), BEFORE, versi_dilihat=ANCIENT, **{FLOOR: "5"})
        self.at["since"] = self.town.visit(card(5), AFTER, **{FLOOR: "8"})
        self._family(6, old={FLOOR: "6"}, new={FLOOR: "8"})
        self.at["as it was"] = self.town.visit(card(6), BEFORE, **{FLOOR: "6"})
        self.release = Release(self.town, engine)
        found = oracle.Release(self.release.tables, self.release.run.outcome.cuts)
        judgement = oracle.judge(found, files(self.town))
        assert not judgement.faults, judgement.summary()
        assert judgement.compared["clash keluarga"] > 5

    def _family(self, number: int, old: dict[str, str], new: dict[str, str]) -> None:
        self.town.family(card(number), OLD, **old)
        self.at[f"new {number}"] = self.town.family(card(number), BASE, **new)

    def clash(self, pointer: Pointer, column: str) -> str | None:
        """How a lost column clashes; raises where it is not lost."""
        (row,) = [
            row
            for row in self.release.tables["conflict"]
            if (row["src"], row["row"]) == pointer and row["mask"] & self._bit(column)
        ]
        return next((kind for kind in ("keras", "lunak") if row[f"mask_{kind}"] & self._bit(column)), None)

    def _bit(self, column: str) -> int:
        return 1 << bit(FAMILY, column)


@pytest.fixture(scope="module")
def story(engine: Engine) -> Story:
    return Story(engine)


@pytest.mark.parametrize(
    ("loser", "column", "clash"),
    [
        ("new 1", FLOOR, "keras"),
        ("new 1", WALL, "lunak"),
        ("new 2", FLOOR, None),
        ("new 3", FLOOR, "keras"),
        ("new 3", AREA, "lunak"),
        ("first", FLOOR, "keras"),
        ("first", WALL, "lunak"),
        ("new 4", FLOOR, None),
        ("long ago", FLOOR, None),
        ("as it was", FLOOR, "keras"),
    ],
)
def test_a_contradiction_is_hard_where_the_column_changed_since_what_was_seen(
    story: Story, loser: str, column: str, clash: str | None
) -> None:
    assert story.clash(story.at[loser], column) == clash


def test_clashes_are_among_the_lost_columns_and_of_one_kind(story: Story) -> None:
    for row in story.release.tables["conflict"]:
        assert (row["mask_keras"] | row["mask_lunak"]) & ~row["mask"] == 0
        assert row["mask_keras"] & row["mask_lunak"] == 0


def test_winners_do_not_depend_on_what_was_seen_where_the_base_snapshot_is_older(story: Story) -> None:
    assert story.release.family(card(3))[FLOOR] == 5
    assert story.release.family(card(4))[FLOOR] == 5
