"""`dtsen pull`: what came and what waits, one source failing beside another, and no secret anywhere."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.cli.conftest import Dtsen
from tests.resources.form_server import TOKEN, Fault, FormServer, odk, serving


@pytest.fixture(scope="module")
def server() -> Iterator[FormServer]:
    with serving(FormServer(records=[odk(1), odk(2), odk(3, "hasIssues"), odk(4, None)])) as server:
        yield server


@pytest.fixture
def configured(server: FormServer, home: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Two sources on the server, of which one names a form that it does not have."""
    place = f"server: odk, url: '{server.url}', project: 3"
    file = home.parent / "sources.yaml"
    file.write_text(f"sources:\n  apa: {{{place}, form: tidak_ada}}\n  trc: {{{place}, form: kunjungan}}\n")
    monkeypatch.setenv("DTSEN_PULL_SOURCES", str(file))
    monkeypatch.setenv("DTSEN_PULL_TOKENS", json.dumps({"apa": TOKEN, "trc": TOKEN}))
    return file


def test_a_pull_tells_what_came_and_what_waits(configured: Path, dtsen: Dtsen) -> None:
    assert configured
    said = dtsen("pull", "--source", "trc", "--json")
    ((one,), code) = said.document["sources"], said.code
    assert (code, one["approved"], one["new"], one["error"]) == (0, 2, 2, None)
    assert one["waiting"] == {"received": 1, "edited": 0, "hasIssues": 1, "rejected": 0}
    assert (one["arrival"]["verdict"], one["arrival"]["rows"]) == ("accepted", 4)
    again = dtsen("pull", "--source", "trc")
    assert again.code == 0
    assert "1 belum dinilai, 1 bermasalah" in again.out
    assert TOKEN not in said.all + again.all


def test_one_source_that_fails_keeps_no_other_waiting(configured: Path, dtsen: Dtsen, server: FormServer) -> None:
    assert configured
    said = dtsen("pull", "--json")
    assert said.code == 1
    assert [one["error"] and one["error"]["code"] for one in said.document["sources"]] == ["E_PULL_ANSWER", None]
    assert said.document["sources"][1]["new"] == 2
    server.faults = [Fault(401)]
    shown = dtsen("pull")
    assert shown.code == 1
    assert "E_PULL_AUTH" in shown.out
    assert "DTSEN_PULL_TOKENS" in shown.out
    assert TOKEN not in said.all + shown.all
    assert server.url not in said.all + shown.all


@pytest.mark.parametrize("arguments", [("pull", "--source", "lain"), ("pull", "extra")])
def test_a_source_that_is_not_there_is_wrong_usage(configured: Path, dtsen: Dtsen, arguments: tuple[str, ...]) -> None:
    assert configured
    assert dtsen(*arguments).code == 2


def test_without_sources_nothing_can_be_pulled(home: Path, dtsen: Dtsen) -> None:
    assert home
    assert dtsen("pull").code == 2


def test_the_doctor_shows_no_secret(configured: Path, dtsen: Dtsen) -> None:
    assert configured
    assert TOKEN not in dtsen("doctor").all + dtsen("doctor", "--json").all
