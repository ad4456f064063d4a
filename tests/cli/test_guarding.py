"""`dtsen guard`: counts for everybody, rows for a purpose."""

from tests.cli.conftest import Dtsen
from tests.queries.world import World


def test_counts_need_no_purpose(dtsen: Dtsen, world: World) -> None:
    said = dtsen("guard")
    assert said.code == 0
    assert world.release_id in said.out
    found = dtsen("guard", "--json").document
    assert sum(one["count"] for one in found["counts"]) == sum(found["total"].values())
    assert found["rows"] == []
    assert "Potret baru membawa nilai ketiga" in said.out


def test_rows_are_listed_for_a_purpose(dtsen: Dtsen, world: World) -> None:
    assert dtsen("guard", "--limit", 3).code == 2
    said = dtsen("guard", "--state", "blocked", "--limit", 3, "--purpose", "audit")
    assert said.code == 0
    found = dtsen("guard", "--state", "blocked", "--limit", 3, "--purpose", "audit", "--json").document
    assert {row["state"] for row in found["rows"]} == {"blocked"}
    assert all(row["entity_id"] in said.out for row in found["rows"])
    both = [(row["verified"], row["ministry"]) for row in found["rows"] if row["ministry"]]
    assert all(verified["day"] <= ministry["day"] for verified, ministry in both)
    assert found["release_id"] == world.release_id


def test_an_unknown_state_or_kelurahan_is_wrong_usage(dtsen: Dtsen, world: World) -> None:
    assert world.release_id
    assert dtsen("guard", "--state", "lost").code == 2
    assert dtsen("guard", "--kelurahan", "Atlantis").code == 2
