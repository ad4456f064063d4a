"""`verify` and `doctor` find what was done to a home, and name no file of a person."""

import shutil
from pathlib import Path

import pytest
from sqlalchemy import text

from dtsen_pipeline.queries.doctor import Examined, doctor
from dtsen_pipeline.queries.verify import verify
from dtsen_pipeline.resources.home import Home
from dtsen_pipeline.resources.instance import prepare_instance
from dtsen_pipeline.resources.lease import Owner, take
from dtsen_pipeline.resources.platform import opened
from dtsen_pipeline.resources.registry import NewRun
from dtsen_pipeline.resources.settings import load_settings
from tests.queries.world import AS_OF, NOW, World

DAY = NOW.date()


def directory(world: World) -> Path:
    """The release of a world."""
    return next(world.settings.home.glob("releases/*/*/manifest.json")).parent


def test_a_registered_release_is_whole(world: World) -> None:
    found = verify(world.settings, directory(world))
    assert not found.findings
    assert found.is_registered
    assert found.release_id == world.release_id
    assert found.files == sum(1 for path in directory(world).rglob("*") if path.is_file()) - 1


def test_a_copy_elsewhere_is_compared_with_the_registry(world: World, tmp_path: Path) -> None:
    copy = shutil.copytree(directory(world), tmp_path / "copy")
    assert verify(world.settings, copy).is_registered


def test_a_directory_without_a_registry_is_compared_with_its_manifest(world: World, tmp_path: Path) -> None:
    copy = shutil.copytree(directory(world), tmp_path / "copy")
    found = verify(load_settings(home=tmp_path / "nowhere"), copy)
    assert not found.findings
    assert not found.is_registered
    assert not (tmp_path / "nowhere").exists()


def test_damage_is_found(own_world: World) -> None:
    place = directory(own_world)
    part = place / "keluarga" / "part-00000.parquet"
    data = bytearray(part.read_bytes())
    data[len(data) // 2] ^= 1
    part.write_bytes(data)
    (place / "README.md").unlink()
    (place / "SITI AMINAH.csv").write_text("x")
    found = [str(finding) for finding in verify(own_world.settings, place).findings]
    assert "changed: keluarga/part-00000.parquet" in found
    assert "missing: README.md" in found
    assert len(found) == 3
    assert "SITI" not in str(found)


def test_a_resealed_manifest_is_found_through_the_registry(own_world: World) -> None:
    place = directory(own_world)
    manifest = place / "manifest.json"
    manifest.write_bytes(manifest.read_bytes().replace(b'"host"', b'"hosT"'))
    assert [str(one) for one in verify(own_world.settings, place).findings] == ["changed: manifest.json"]


def test_no_directory_is_no_release(world: World, tmp_path: Path) -> None:
    assert verify(world.settings, tmp_path / "none").findings


def findings(world: World, *, is_thorough: bool = False) -> dict[str, Examined]:
    """What the doctor says, by examination, where something is wrong."""
    return {one.name: one for one in doctor(world.settings, DAY, is_thorough=is_thorough) if not one.is_sound}


def test_a_sound_home_has_no_findings(own_world: World) -> None:
    prepare_instance(Home(own_world.settings.home))
    assert findings(own_world, is_thorough=True) == {}


def test_the_doctor_makes_nothing(tmp_path: Path) -> None:
    settings = load_settings(home=tmp_path / "home")
    assert [one.name for one in doctor(settings, DAY)] == ["home"]
    assert not settings.home.exists()
    settings.home.mkdir(mode=0o700)
    assert all(one.is_sound for one in doctor(settings, DAY))
    assert list(settings.home.iterdir()) == []


def test_open_modes_are_found(own_world: World) -> None:
    home = own_world.settings.home
    (home / "vault").chmod(0o755)
    next(path for path in (home / "vault").rglob("*") if path.is_file()).chmod(0o644)
    (home / "key").chmod(0o640)
    assert set(findings(own_world)) == {"home", "key"}


def test_a_lost_key_is_found(own_world: World) -> None:
    (own_world.settings.home / "key").unlink()
    assert set(findings(own_world)) == {"key"}


@pytest.mark.parametrize("is_thorough", [True, False])
def test_changed_bytes_in_the_vault_are_found(own_world: World, *, is_thorough: bool) -> None:
    file = next(
        path for path in (own_world.settings.home / "vault").rglob("*") if path.is_file() and path.stat().st_size
    )
    file.write_bytes(file.read_bytes()[:-1] + b"x")
    found = findings(own_world, is_thorough=is_thorough)["vault"].findings
    assert len(found) == 1
    assert file.name[:12] in found[0]


def test_a_damaged_release_is_found(own_world: World) -> None:
    (directory(own_world) / "README.md").write_text("x")
    assert findings(own_world)["release"].findings == ("changed: README.md",)


def test_a_broken_chain_and_an_old_schema_are_found(own_world: World) -> None:
    with opened(own_world.settings) as platform, platform.registry.write() as session:
        session.execute(text("DROP TRIGGER event_no_update"))
        session.execute(text("UPDATE event SET kind = 'file.forged' WHERE seq = 2"))
    assert "event 2" in findings(own_world)["events"].findings[0]
    with opened(own_world.settings) as platform, platform.registry.write() as session:
        session.execute(text("UPDATE alembic_version SET version_num = '9999'"))
    assert set(findings(own_world)) == {"registry"}


def test_dagster_settings_are_read(own_world: World) -> None:
    folder = prepare_instance(Home(own_world.settings.home))
    (folder / "dagster.yaml").write_text("telemetry:\n  enabled: true\n")
    assert len(findings(own_world)["dagster"].findings) == 2
    (folder / "dagster.yaml").write_text("- a: [")
    assert len(findings(own_world)["dagster"].findings) == 1


def test_a_run_that_nobody_works_on_is_found(own_world: World) -> None:
    with opened(own_world.settings) as platform:
        platform.registry.start_run(NewRun("lost", "2026-11-23", AS_OF), NOW)
        assert "2026-11-23" in findings(own_world)["runs"].findings[0]
        lease = take(platform.registry, "refresh", str(Owner.current()), 900, NOW)
        assert "runs" not in findings(own_world)
        lease.give_back()


def test_a_home_that_cannot_be_walked_is_reported(own_world: World) -> None:
    (own_world.settings.home / "vault" / "dangling").symlink_to("/nowhere")
    assert findings(own_world)["home"].findings
