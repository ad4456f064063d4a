"""Why commands, runs and releases stop."""

import shutil
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import dagster as dg
import narwhals as nw
import pandera.polars as pa
import polars as pl
from sqlalchemy import text

from dtsen_pipeline.assets.door import _path
from dtsen_pipeline.core.cutoffs import cut_offs
from dtsen_pipeline.core.fates import check_fates
from dtsen_pipeline.core.inputs import InputList
from dtsen_pipeline.reference import city
from dtsen_pipeline.refresh import refresh
from dtsen_pipeline.resources import publish as publishing
from dtsen_pipeline.resources.door import door, require
from dtsen_pipeline.resources.engines import open_engine
from dtsen_pipeline.resources.freeze import freeze_inputs
from dtsen_pipeline.resources.home import Home, make_private
from dtsen_pipeline.resources.key import load_key
from dtsen_pipeline.resources.lease import hold, take
from dtsen_pipeline.resources.platform import Platform, opened
from dtsen_pipeline.resources.registry import NewFile, NewRelease, NewRun, Registry
from dtsen_pipeline.resources.registry.releases import week_start
from dtsen_pipeline.resources.session import REDACTION, Session, check_guards, session_resource
from dtsen_pipeline.resources.settings import load_settings
from dtsen_pipeline.resources.sql import sql_tables
from dtsen_pipeline.resources.stages import Refusing, Stages
from dtsen_pipeline.resources.store import Store
from dtsen_pipeline.resources.vault import Vault
from dtsen_pipeline.schemas.release import TABLES
from tests.core.test_score import histogram
from tests.queries.world import AS_OF
from tests.triggers.place import Place, Trigger

NOW = datetime(2026, 9, 28, 2, tzinfo=UTC)
WEEK, SHA = "2026-09-28", "a" * 64
FILES = ("keluarga/part-00000.parquet",)


def in_registry(act: Callable[[Registry], object]) -> Trigger:
    """Something done in an empty registry."""

    def trigger(place: Place) -> str | None:
        registry = Registry(f"sqlite:///{place.folder}/registry.db").open()
        try:
            return cast("str | None", act(registry))
        finally:
            registry.close()

    return trigger


def released(registry: Registry, name: str, week: str = "2026-W40", expected: str | None = None) -> None:
    registry.start_run(NewRun(f"run-{name}", week, date(2026, 9, 28)), NOW)
    made = NewRelease(name, week, name * 32, "1" * 64, "2" * 64, f"{week}/{name}")
    registry.publish(made, expected, f"run-{name}", NOW)


def two(registry: Registry) -> Registry:
    """Two releases, of which `bb` is current."""
    released(registry, "aa")
    released(registry, "bb", "2026-W41", "aa")
    return registry


def withdrawn(registry: Registry) -> None:
    two(registry).rollback("aa", "wrong batch", "tester", NOW)
    registry.rollback("bb", "wrong batch", "tester", NOW)


def moved(registry: Registry) -> None:
    two(registry).start_run(NewRun("slow", "2026-W42", date(2026, 10, 12)), NOW)
    registry.rollback("aa", "wrong batch", "tester", NOW)
    registry.publish(NewRelease("cc", "2026-W42", "cc" * 32, "1" * 64, "2" * 64, "2026-W42/cc"), "bb", "slow", NOW)


def started_twice(registry: Registry) -> None:
    for _ in range(2):
        registry.start_run(NewRun("k", "2026-W40", date(2026, 9, 28)), NOW)


def ended_twice(registry: Registry) -> None:
    registry.start_run(NewRun("k", "2026-W40", date(2026, 9, 28)), NOW)
    for _ in range(2):
        registry.finish_run("k", "failed", NOW)


def abandoned(registry: Registry) -> str | None:
    registry.start_run(NewRun("k", "2026-W40", date(2026, 9, 28)), NOW)
    return registry.abandon_stale_runs(NOW, keep="next")[0].code


def held_twice(registry: Registry) -> None:
    with hold(registry, "refresh", "one", 900, NOW), hold(registry, "refresh", "two", 900, NOW):
        pass


def lost(registry: Registry) -> None:
    first = take(registry, "refresh", "one", 60, NOW)
    take(registry, "refresh", "two", 60, NOW + timedelta(minutes=2))
    first.renew(NOW + timedelta(minutes=3))


def newer(registry: Registry) -> None:
    with registry.write() as session:
        session.execute(text("UPDATE alembic_version SET version_num = '9999'"))
    Registry(registry.url).open()


def accepted_twice(registry: Registry) -> None:
    registry.add_file(NewFile(SHA, 1, "accepted"), NOW)
    registry.set_verdict(SHA[:12], "accepted", None, "fine", "tester", NOW)


def without_reason(registry: Registry) -> None:
    registry.add_file(NewFile(SHA, 1, "held"), NOW)
    registry.set_verdict(SHA[:12], "accepted", None, " ", "tester", NOW)


def vaulted(place: Place, change: Callable[[Path], object]) -> str | None:
    vault = Vault(place.folder / "vault", limit=1000)
    deposit = vault.put(place.file("a.csv", b"content"))
    change(vault.path(deposit.sha256))
    vault.read_bytes(deposit.sha256)
    return None


def keyed(place: Place, content: bytes, mode: int) -> str | None:
    make_private(place.home)
    path = place.home / "key"
    path.write_bytes(content)
    path.chmod(mode)
    load_key(load_settings(home=place.home))
    return None


def other_key(place: Place) -> str | None:
    (place.world.settings.home / "key").write_bytes(b"k" * 32)
    with opened(place.world.settings) as platform:
        freeze_inputs(platform, AS_OF)
    return None


def engine_failed(place: Place) -> str | None:
    letters = place.engine.load(pl.DataFrame({"text": ["x"]}))
    place.engine.fetch(letters.with_columns(nw.col("text").cast(nw.Int64)))
    return None


def guarded(place: Place, redaction: str) -> str | None:
    place.patch.setenv(REDACTION, redaction)
    with dg.DagsterInstance.ephemeral() as instance:
        place.patch.setattr(type(instance), "compute_log_manager", property(lambda _: object()))
        check_guards(instance)
    return None


@contextmanager
def session_of(place: Place) -> Iterator[Session]:
    """A session in an empty house."""
    with opened(load_settings(home=place.home)) as platform:
        lease = take(platform.registry, "refresh", "me", 60, NOW)
        yield Session(platform, "r", lease)


def no_list(place: Place) -> str | None:
    with session_of(place) as session:
        session.stage_path(WEEK, "records/keluarga")
    return None


def listed(session: Session) -> Session:
    """The session with the list of its week frozen."""
    path = session.list_path(WEEK)
    make_private(path.parent)
    path.write_text(InputList((), "3571", "demo_alatas_2008", "test").to_json())
    return session


def no_stage(place: Place) -> str | None:
    with session_of(place) as session:
        context = dg.build_input_context(
            resources={"session": listed(session)}, asset_key=dg.AssetKey("scored"), partition_key=WEEK
        )
        Stages()._read(context)
    return None


def no_candidate(place: Place) -> str | None:
    with session_of(place) as session:
        run = SimpleNamespace(tags={"dagster/partition": WEEK})
        resources = SimpleNamespace(session=listed(session))
        _path(cast("Any", SimpleNamespace(resources=resources, run=run)), "keluarga")
    return None


def forgotten(_: Place) -> str | None:
    Refusing().handle_output(dg.build_output_context(), 1)
    return None


def no_run(_: Place) -> str | None:
    session_resource.resource_fn(dg.build_init_resource_context()).__next__()
    return None


def stored(place: Place, act: Callable[[Store, Path], object]) -> str | None:
    """A release directory with one file in it."""
    store = Store(place.folder / "releases")
    directory = store.stage("2026-W40", "r1", set())
    (directory / "keluarga").mkdir()
    (directory / FILES[0]).write_bytes(b"x")
    act(store, directory)
    return None


def no_manifest(store: Store, directory: Path) -> None:
    (directory / "manifest.json").write_bytes(b"{")
    store.manifest(directory)


def foreign(store: Store, directory: Path) -> None:
    facts = {"release_id": "R1", "tables": {"keluarga": {"rows": 1, "columns": []}}, "bits": {}}
    store.seal(directory, facts, FILES, str)
    store.settle({"2026-W40/r1"})
    store.stage("2026-W41", "r2", set())
    store.stage("2026-W40", "r1", set())


def tables_of(place: Place) -> tuple[Platform, Path]:
    """The directory of the published release."""
    with opened(place.world.settings) as platform:
        current = platform.registry.current()
        assert current is not None
        return platform, platform.store.directory(current.path)


def spoiled(place: Place) -> str | None:
    directory = tables_of(place)[1]
    files = {table: directory / table / publishing.PART for table in TABLES}
    copy = Path(shutil.copytree(directory, place.folder / "copy"))
    (copy / "keluarga" / publishing.PART).write_bytes(b"x")
    publishing._reread(publishing.Candidate(files, InputList((), "", "", ""), (0,) * 9), copy)
    return None


def shut(place: Place) -> str | None:
    directory = tables_of(place)[1]
    files = {table: [directory / table / publishing.PART] for table in TABLES}
    wrong = place.folder / "keluarga.parquet"
    eleven = pl.lit(11, dtype=pl.Int64)
    pl.read_parquet(files["keluarga"][0]).with_columns(desil_nasional=eleven).write_parquet(wrong)
    files["keluarga"] = [wrong]
    require(door(files, pl.read_parquet(files["summary"][0]), city()))
    return None


def uncounted(place: Place) -> str | None:
    pointer = {"src": pl.String, "row": pl.Int64}
    received = {"anggota": place.engine.load(pl.DataFrame([("a", 2), ("a", 3)], schema=pointer, orient="row"))}
    facts = pointer | {"sumber": pl.String, "fate": pl.String, "reason": pl.String}
    found = pl.DataFrame([("a", 2, "anggota", "base", None)], schema=facts, orient="row")
    check_fates(received, place.engine.load(found), place.engine)
    return None


def odd_type(_: Place) -> str | None:
    class Odd(pa.DataFrameModel):
        weight: float

    sql_tables({"odd": Odd})
    return None


def far(place: Place) -> str | None:
    assert place.home
    refresh(date(2100, 1, 4))
    return None


def nothing(place: Place) -> str | None:
    with opened(load_settings(home=place.home)) as platform:
        freeze_inputs(platform, AS_OF)
    return None


TRIGGERS: Mapping[str, Trigger] = {
    "E_ENGINE": lambda place: open_engine("excel", place.folder) and None,
    "E_ENGINE_FAILED": engine_failed,
    "E_SETTINGS": lambda _: load_settings(engine="excel") and None,
    "E_HOME": lambda place: Home(place.file("home.txt")).prepare() and None,
    "E_VAULT_MISSING": lambda place: vaulted(place, Path.unlink),
    "E_VAULT_DAMAGED": lambda place: vaulted(place, lambda path: path.write_bytes(b"contenT")),
    "E_REGISTRY_NEWER": in_registry(newer),
    "E_VERDICT": in_registry(accepted_twice),
    "E_REASON": in_registry(without_reason),
    "E_EVENT": in_registry(lambda registry: registry.append_event("test", {"a": 1.5}, NOW)),
    "E_REDACTION": lambda place: guarded(place, "0"),
    "E_COMPUTE_LOG": lambda place: guarded(place, "1"),
    "E_IO_MANAGER": forgotten,
    "E_KEY": lambda place: keyed(place, b"k" * 31, 0o600),
    "E_KEY_MODE": lambda place: keyed(place, b"k" * 32, 0o640),
    "E_PURPOSE": lambda place: place.world and place.said("find", "--kelurahan", "Bandar Lor"),
    "E_TOKEN_UNKNOWN": lambda place: place.home and place.said("accept", "0" * 12, "--reason", "x"),
    "E_AS_OF": far,
    "E_SESSION": no_run,
    "E_NO_LIST": no_list,
    "E_NO_CANDIDATE": no_candidate,
    "E_REREAD": spoiled,
    "E_SEAL": lambda place: stored(place, lambda store, folder: store.seal(folder, {}, (*FILES, "more"), str)),
    "E_MANIFEST": lambda place: stored(place, no_manifest),
    "E_RELEASE_FOREIGN": lambda place: stored(place, foreign),
    "E_LEASE_LOST": in_registry(lost),
    "E_SQL_TYPE": odd_type,
    "E_KEY_CHANGED": other_key,
    "E_NO_STAGE": no_stage,
    "E_NO_CALIBRATION": lambda _: cut_offs(histogram([])) and None,
    "E_NO_SNAPSHOT": nothing,
    "E_WEEK": lambda _: week_start("2026-W54") and None,
    "E_LEASE_HELD": in_registry(held_twice),
    "E_RUN_KEY": in_registry(started_twice),
    "E_RUN_UNKNOWN": in_registry(lambda registry: registry.run("other")),
    "E_RUN_ENDED": in_registry(ended_twice),
    "E_ABANDONED": in_registry(abandoned),
    "E_FATES": uncounted,
    "E_DOOR": shut,
    "E_CURRENT_MOVED": in_registry(moved),
    "E_RELEASE_EXISTS": lambda place: stored(place, lambda store, _: store.stage("2026-W40", "r1", {"2026-W40/r1"})),
    "E_RELEASE_UNKNOWN": lambda place: place.home and place.said("show", "0" * 16),
    "E_WITHDRAWN": in_registry(withdrawn),
    "E_NOT_WITHDRAWN": in_registry(lambda registry: two(registry).republish("aa", "because", "tester", NOW)),
    "E_ROLLBACK": in_registry(lambda registry: two(registry).rollback("bb", "because", "tester", NOW)),
}
