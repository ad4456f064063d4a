"""`dtsen targeting` at a terminal."""

from tests.cli.conftest import Dtsen
from tests.queries.world import World


def test_errors_come_with_their_sample(dtsen: Dtsen, world: World) -> None:
    told = dtsen("targeting", "--json")
    assert told.code == 0
    assert (told.document["release_id"], told.document["line"]) == (world.release_id, 4)
    assert told.document["groups"][0]["by"] == "semua"
    words = dtsen("targeting", "--desil", 2)
    assert words.code == 0
    assert "Kerapuhan" in words.out
    assert dtsen("targeting", "--desil", 10).code == 2
