"""No name, number, address, birth date or file name of a citizen comes out of any command that does not reveal."""

import shutil
from pathlib import Path

import polars as pl
import pytest

from dtsen_pipeline.queries.reading import View, view
from dtsen_pipeline.resources.platform import Platform, opened
from dtsen_pipeline.resources.settings import load_settings
from tests.cli.conftest import Dtsen
from tests.queries.asking import raw
from tests.queries.world import World, fill, publish, template

CARD, NIK = "nomor_kartu_keluarga", "nomor_induk_kependudukan"
CANARIES = {
    CARD: "3571012203019987",
    NIK: "3571012901319876",
    "nama": "KANARINI BURUNGWATI",
    "alamat": "JL. SANGKAR EMAS NO. 8712",
    "tanggal_lahir": "1931-01-29",
    "id_petugas": "PETUGASKANARI",
}


def planted(city: Path, target: Path) -> list[Path]:
    """The files of the city under canary names, with one family and one of its members turned into canaries."""
    with opened(template(city).settings) as platform:
        texts = _texts(view(platform), platform)
    files = []
    for number, file in enumerate(sorted(city.glob("*/*.csv"))):
        folder = target / f"folder-{number}"
        folder.mkdir(parents=True)
        data = file.read_text(encoding="utf-8", errors="surrogateescape")
        for name, text in texts.items():
            data = data.replace(text, CANARIES[name])
        named = folder / f"{CANARIES['nama']} {CANARIES[NIK]}.csv"
        named.write_text(data, encoding="utf-8", errors="surrogateescape")
        shutil.copy(file.with_name(f"{file.name}.json"), named.with_name(f"{named.name}.json"))
        files.append(named)
    return files


def _texts(release: View, platform: Platform) -> dict[str, str]:
    """The raw texts of a visited member whose row changed something, and of the family and the officer."""
    visited = release.rows("lineage", pl.col("sumber") == "kunjungan_anggota", pl.col("decision") == "changed")
    for won in visited:
        person = release.entity("anggota", won["entity_id"]) or {}
        family = release.entity("keluarga", person["family_id"]) or {}
        if not person[NIK] or not family:
            continue
        member, home = raw(platform, person["src"], person["row"]), raw(platform, family["src"], family["row"])
        texts = {
            NIK: member[NIK],
            CARD: home[CARD],
            "nama": member["nama"],
            "alamat": home["alamat"],
            "tanggal_lahir": member["tanggal_lahir"],
            "id_petugas": _officer(platform, release, won["src"], won["row"]),
        }
        if all(texts.values()):
            return texts
    raise AssertionError


def _officer(platform: Platform, release: View, token: str, row: int) -> str:
    """Who made the visit of a member row."""
    visit = raw(platform, token, row)["id_kunjungan"]
    tokens = [source["sha256"][:12] for source in release.sources if source["table"] == "kunjungan"]
    fates = release.rows("fate", pl.col("src").is_in(tokens), pl.col("fate").is_in(["contributed", "superseded"]))
    found = [raw(platform, fate["src"], fate["row"]) for fate in fates]
    return next(one["id_petugas"] for one in found if one["id_kunjungan"] == visit)


@pytest.fixture
def canaries(city: Path, home: Path, tmp_path: Path) -> tuple[World, list[Path]]:
    """A published home that holds the canaries."""
    files = planted(city, tmp_path / "sent")
    settings = load_settings(home=home)
    fill(settings, files)
    return World(settings, publish(settings), city), files


def test_no_canary_comes_out(dtsen: Dtsen, canaries: tuple[World, list[Path]], tmp_path: Path) -> None:
    world, files = canaries
    with opened(world.settings) as platform:
        release = view(platform)
        persons = release.rows("anggota", pl.col(NIK) == CANARIES[NIK])
        families = release.rows("keluarga", pl.col(CARD) == CANARIES[CARD])
    assert persons
    assert families
    broken = tmp_path / f"{CANARIES['nama']}.csv"
    broken.write_text(f'"{CANARIES["nama"]}"|"{CANARIES[NIK]}"\n')
    asked: list[tuple[object, ...]] = [
        ("ingest", *files, broken, tmp_path / CANARIES["nama"]),
        ("releases",),
        ("show",),
        ("rejected", "--limit", 1000),
        ("receipt", "2026-W37-TRC"),
        ("debt",),
        ("guard", "--limit", 100_000, "--purpose", "audit"),
        ("balance",),
        ("proposals",),
        ("proposals", "--export", tmp_path / CANARIES["nama"] / "x.xlsx", "--purpose", "audit"),
        ("proposals", "--export", tmp_path / "usulan.xlsx", "--purpose", "audit"),
        ("ledger", "--limit", 100_000, "--purpose", "audit"),
        ("doctor",),
        ("programmes", "--limit", 1000),
        ("queue", "--capacity", 1000),
        ("queue", "--capacity", 1000, "--media", tmp_path, "--purpose", "audit"),
        ("targeting",),
        ("find", "--stdin", "--purpose", "audit"),
        ("trace", "--stdin", "--purpose", "audit"),
        ("verify", release.directory),
        ("verify", tmp_path / "sent"),
        (CANARIES["nama"],),
        ("show", CANARIES["nama"]),
        ("accept", CANARIES["nama"], "--reason", "x"),
        ("diff", "current", CANARIES["nama"]),
        ("refresh", "--as-of", CANARIES["tanggal_lahir"] + "x"),
    ]
    for family in families:
        asked += [(command, "--family", family["family_id"]) for command in ("trace", "explain", "programmes")]
        asked.append(("explain", "--family", family["family_id"], "--counterfactual"))
        asked += [("trace", "--family", family["family_id"], "--field", name) for name in (CARD, "alamat")]
    for person in persons:
        asked.append(("trace", "--person", person["person_id"]))
        asked += [
            ("trace", "--person", person["person_id"], "--field", name) for name in ("nama", NIK, "tanggal_lahir")
        ]
    for arguments in asked:
        for extra in ((), ("--json",)):
            said = dtsen(*arguments, *extra, given=f"{CANARIES[NIK]}\n")
            found = [name for name, text in CANARIES.items() if text in said.all]
            assert found == [], arguments[0]


def test_the_canaries_would_be_seen(dtsen: Dtsen, canaries: tuple[World, list[Path]]) -> None:
    """Otherwise the test above would prove nothing."""
    world, _ = canaries
    with opened(world.settings) as platform:
        person = view(platform).rows("anggota", pl.col(NIK) == CANARIES[NIK])[0]
    said = dtsen("trace", "--person", person["person_id"], "--reveal", "--purpose", "audit")
    assert said.code == 0
    revealed = dtsen("trace", "--person", person["person_id"], "--reveal", "--purpose", "audit", "--json").out
    assert all(CANARIES[name] in revealed for name in (NIK, "nama", "tanggal_lahir", "id_petugas"))
