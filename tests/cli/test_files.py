"""`ingest`, `accept` and `refuse`: verdicts said clearly, nothing named by its name."""

import os
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from dtsen_pipeline.resources.platform import opened
from dtsen_pipeline.resources.settings import load_settings
from tests.cli.conftest import Dtsen
from tests.queries.world import World

CANARY = "SITI AMINAH 3571019901999998"


def snapshot(city: Path) -> list[Path]:
    """The two files of the first snapshot, the member file first."""
    return sorted((city / "snapshot_1").glob("*.csv"))


def test_a_folder_comes_in_and_its_first_snapshot_is_held(dtsen: Dtsen, city: Path) -> None:
    said = dtsen("ingest", city / "snapshot_1", city / "batches")
    assert said.code == 0
    assert "H_CODES_UNCONFIRMED" in said.out
    assert "--confirm-codes" in said.out
    assert ".csv" not in said.all
    files = dtsen("ingest", city / "snapshot_1", city / "batches", "--json").document["files"]
    assert [file["argument"] for file in files] == ["1.1", "1.2", "2.1", "2.2", "2.3", "2.4"]
    assert [file["verdict"] for file in files] == ["held"] * 2 + ["accepted"] * 4
    assert {file["is_new"] for file in files} == {False}
    batches = sorted({file["batch"] for file in files if file["batch"]})
    assert len(batches) == 2
    assert f"Batch: {', '.join(batches)}. " in said.out
    assert {file["batch"] for file in files[:2]} == {None}


def test_files_without_a_manifest_are_told_of_in_one_line(dtsen: Dtsen, city: Path) -> None:
    said = dtsen("ingest", city / "batches", "--json")
    assert said.code == 0
    files = said.document["files"]
    assert [file["warnings"] for file in files] == [["W_NO_MANIFEST"]] * len(files)
    told = dtsen("ingest", *snapshot(city)).out
    assert [line for line in told.splitlines() if "W_NO_MANIFEST: 2 berkas" in line] != []
    assert told.count("W_NO_MANIFEST") == 1


def test_a_file_that_still_grows_is_not_read(
    dtsen: Dtsen, city: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Somebody writes another line between the two looks at a file that is new; an old one is not looked at twice."""
    source = min((city / "batches").glob("*.csv"))
    growing, old = (Path(shutil.copy(source, tmp_path / f"{name}.csv")) for name in ("growing", "old"))
    os.utime(old, (0, 0))

    def wait(_: float) -> None:
        with growing.open("ab") as file:
            file.write(source.read_bytes().splitlines(keepends=True)[1])

    monkeypatch.setattr("dtsen_pipeline.resources.settle.time.sleep", wait)
    size = old.stat().st_size
    said = dtsen("ingest", growing, old, "--json")
    assert said.code == 1
    assert [file["verdict"] for file in said.document["files"]] == ["unread", "accepted"]
    assert said.document["files"][0]["code"] == "E_CHANGING"
    monkeypatch.setattr("dtsen_pipeline.resources.settle.time.sleep", lambda _: pytest.fail("an old file was watched"))
    os.utime(growing, (0, 0))
    assert dtsen("ingest", growing, old).code == 0
    assert growing.stat().st_size > size


def test_the_same_bytes_again_change_nothing_and_say_so(dtsen: Dtsen, city: Path, home: Path) -> None:
    first = dtsen("ingest", city / "batches", "--json").document["files"]
    assert {file["is_new"] for file in first} == {True}
    before = (home / "registry.db").read_bytes()
    again = dtsen("ingest", city / "batches")
    assert again.code == 0
    assert again.out.count("sudah pernah dimasukkan") == 4
    assert (home / "registry.db").read_bytes() == before


def test_a_lonely_file_waits_and_its_partner_frees_it(dtsen: Dtsen, city: Path) -> None:
    member, family = snapshot(city)
    said = dtsen("ingest", member)
    assert said.code == 0
    assert "W_NO_PARTNER" in said.out
    assert "menunggu" in said.out
    said = dtsen("ingest", family)
    token = dtsen("ingest", member, "--json").document["files"][0]["token"]
    assert f"{token}: pasangannya sudah datang" in said.out


def test_a_file_without_a_date_waits_until_one_is_given(dtsen: Dtsen, city: Path, tmp_path: Path) -> None:
    for file in snapshot(city):
        shutil.copy(file, tmp_path / file.name)
    said = dtsen("ingest", tmp_path)
    assert said.code == 0
    assert "W_NO_DATA_DATE" in said.out
    dated = dtsen("ingest", tmp_path, "--data-date", "2026-07-01", "--json").document["files"]
    assert {file["verdict"] for file in dated} == {"held"}


def test_a_refused_file_is_1_with_token_and_line(dtsen: Dtsen, city: Path, tmp_path: Path) -> None:
    data = snapshot(city)[1].read_bytes()
    wrong = tmp_path / f"{CANARY}.csv"
    wrong.write_bytes(data.replace(b"luas_lantai", b"panjang_lantai", 1))
    said = dtsen("ingest", wrong)
    assert said.code == 1
    assert "E_HEADER" in said.out
    assert "baris 1" in said.out
    assert CANARY not in said.all
    again = dtsen("ingest", wrong, "--json")
    assert again.code == 1
    (file,) = again.document["files"]
    assert (file["verdict"], file["code"]) == ("refused", "E_HEADER")
    wrong.unlink()
    retried = dtsen("retry", file["token"], "--version", "v4_2026", "--json")
    assert (retried.code, retried.document["files"][0]["code"]) == (1, "E_HEADER")
    assert "E_TOKEN_UNKNOWN" in dtsen("retry", "0" * 12).err
    batch = dtsen("ingest", min((city / "batches").glob("*.csv")), "--json").document["files"][0]["token"]
    assert "E_VERDICT" in dtsen("retry", batch).err


@pytest.mark.parametrize(
    ("change", "code"),
    [
        (lambda _: b"", "E_EMPTY"),
        (lambda data: data[:-1], "E_TRUNCATED"),
        (lambda data: b"\xff\xfe" + data, "E_ENCODING"),
        (lambda data: data.replace(b"|", b";"), "E_DELIMITER"),
        (lambda data: data.replace(b'"3571"', b'"3506"'), "E_REGION"),
    ],
    ids=["empty", "truncated", "encoding", "delimiter", "region"],
)
def test_bad_input_is_refused_with_its_code(
    dtsen: Dtsen, city: Path, tmp_path: Path, change: Callable[[bytes], bytes], code: str
) -> None:
    file = tmp_path / snapshot(city)[1].name
    file.write_bytes(change(snapshot(city)[1].read_bytes()))
    said = dtsen("ingest", file, "--json")
    assert said.code == 1
    assert said.document["files"][0]["code"] == code


def test_what_is_not_there_is_named_by_its_place(dtsen: Dtsen, city: Path, tmp_path: Path) -> None:
    empty = tmp_path / f"{CANARY} folder"
    empty.mkdir()
    said = dtsen("ingest", snapshot(city)[0], tmp_path / f"{CANARY}.csv", empty)
    assert said.code == 1
    assert "argumen 2" in said.out
    assert "argumen 3" in said.out
    assert CANARY not in said.all
    files = dtsen("ingest", tmp_path / f"{CANARY}.csv", "--json").document["files"]
    assert (files[0]["code"], files[0]["argument"], files[0]["verdict"]) == ("E_MISSING", "1", "unread")


def test_a_file_of_another_kind_is_turned_away_before_it_is_registered(dtsen: Dtsen, city: Path, home: Path) -> None:
    said = dtsen("ingest", city / "batches", "--kind", "snapshot", "--json")
    assert said.code == 1
    assert {file["code"] for file in said.document["files"]} == {"E_KIND"}
    with opened(load_settings(home=home)) as platform:
        assert platform.registry.files() == []
    assert dtsen("ingest", city / "batches", "--kind", "field").code == 0


def test_codes_are_shown_before_they_are_confirmed(dtsen: Dtsen, city: Path) -> None:
    dtsen("ingest", city / "snapshot_1", city / "snapshot_2")
    token = dtsen("ingest", city / "snapshot_1", "--json").document["files"][0]["token"]
    unsure = dtsen("accept", token, "--reason", "checked")
    assert unsure.code == 1
    assert "H_CODES_UNCONFIRMED" in unsure.err
    shown = dtsen("accept", token, "--confirm-codes")
    assert shown.code == 2
    assert "E_REASON" in shown.err
    assert "Jenis lantai terluas" in shown.out
    assert "2 Keramik" in shown.out
    assert "<5" in shown.out
    done = dtsen("accept", token, "--confirm-codes", "--reason", "checked", "--json")
    assert done.code == 0
    assert len(done.document["accepted"]) == 4
    assert done.document["codes"]
    assert dtsen("accept", token, "--reason", "again").code == 1


def test_a_refused_file_stays_refused_until_it_is_accepted(dtsen: Dtsen, world: World) -> None:
    token = dtsen("ingest", world.city / "batches", "--json").document["files"][0]["token"]
    assert dtsen("refuse", token, "--reason", "wrong week").code == 0
    assert dtsen("ingest", world.city / "batches").code == 1
    said = dtsen("accept", token, "--reason", "right after all", "--json")
    assert said.document["accepted"] == [token]


def test_everything_that_holds_a_file_is_shown_before_it_is_accepted(dtsen: Dtsen, city: Path, tmp_path: Path) -> None:
    first = dtsen("ingest", city / "snapshot_1", "--json").document["files"]
    dtsen("accept", first[0]["token"], "--confirm-codes", "--reason", "compared")
    sent = next((city / "snapshot_2").glob("keluarga*.csv"))
    head, *lines = sent.read_bytes().splitlines(keepends=True)
    (tmp_path / sent.name).write_bytes(b"".join([head, *lines[: len(lines) // 2], *lines[: len(lines) // 2 - 30]]))
    shutil.copy(sent.with_name(f"{sent.name}.json"), tmp_path)
    said = dtsen("ingest", tmp_path / sent.name)
    document = dtsen("ingest", tmp_path / sent.name, "--json").document
    (file,) = document["files"]
    codes = [trip["code"] for trip in file["trips"]]
    assert len(codes) > 1
    assert (file["verdict"], file["code"]) == ("held", codes[0])
    for shown in (said, dtsen("accept", file["token"]), dtsen("passport", file["token"])):
        assert [code for code in codes if code not in shown.out] == []
    passport = dtsen("passport", file["token"], "--json").document
    assert passport["held"] == [{"token": file["token"], "trips": file["trips"]}]
