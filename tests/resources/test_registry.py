"""The registry on real SQLite files: schema, files, decisions, runs, and the chain of events."""

import os
import sqlite3
import stat
import subprocess
import sys
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from datetime import UTC, date, datetime, timedelta, timezone
from pathlib import Path
from threading import Timer

import pytest
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from sqlalchemy import CheckConstraint, inspect, text
from sqlalchemy.exc import IntegrityError, StatementError

from dtsen_pipeline.core.coded import lists_of_source
from dtsen_pipeline.resources.registry import NewFile, NewRun, Registry, events
from dtsen_pipeline.resources.registry.database import HEAD, MIGRATIONS
from dtsen_pipeline.resources.registry.decisions import digest
from dtsen_pipeline.resources.registry.models import AccessLog, Base, Batch, Event, Officer, RuleVersion
from dtsen_pipeline.schemas.errors import DtsenError

SHA = "ab" * 32
TOKEN = SHA[:12]
NIK = "3571019001909001"


def _count(registry: Registry, table: str) -> int:
    with registry.read() as session:
        return int(session.execute(text(f"SELECT count(*) FROM {table}")).scalar_one())  # noqa: S608 - our own names


def _events(registry: Registry) -> list[str]:
    with registry.read() as session:
        return list(session.scalars(text("SELECT kind FROM event ORDER BY seq")))


def _tamper(registry: Registry, *statements: str) -> None:
    with registry.write() as session:
        for table in ("event", "decision", "access_log"):
            session.execute(text(f"DROP TRIGGER IF EXISTS {table}_no_update"))
            session.execute(text(f"DROP TRIGGER IF EXISTS {table}_no_delete"))
        for statement in statements:
            session.execute(text(statement))


class TestSchema:
    """The migrations make what the models declare."""

    def test_migrations_and_models_agree(self, registry: Registry) -> None:
        with registry.engine.connect() as connection:
            context = MigrationContext.configure(connection)
            assert compare_metadata(context, Base.metadata) == []
            assert context.get_current_revision() == HEAD

    def test_an_older_registry_keeps_its_rows(self, tmp_path: Path) -> None:
        registry = Registry(f"sqlite:///{tmp_path}/registry.db").open()
        registry.add_file(NewFile("a" * 64, 1, "accepted"), datetime.now(UTC))
        config = Config()
        config.set_main_option("script_location", str(MIGRATIONS))
        with registry.engine.begin() as connection:
            config.attributes["connection"] = connection
            command.downgrade(config, "0001")
        registry.close()
        again = Registry(registry.url).open()
        assert [(file.sha256, file.corrects) for file in again.files()] == [("a" * 64, None)]
        again.close()

    def test_the_checks_are_the_models_too(self, registry: Registry) -> None:
        found = inspect(registry.engine)
        for table in Base.metadata.tables.values():
            made = {check["sqltext"] for check in found.get_check_constraints(table.name)}
            assert made == {str(c.sqltext) for c in table.constraints if isinstance(c, CheckConstraint)}

    def test_the_files_are_private(self, tmp_path: Path) -> None:
        before = os.umask(0)
        registry = Registry(f"sqlite:///{tmp_path}/home/registry.db").open()
        registry.append_event("x", {}, datetime.now(UTC))
        os.umask(before)
        files = {path.name: stat.S_IMODE(path.stat().st_mode) for path in (tmp_path / "home").iterdir()}
        registry.close()
        assert files == dict.fromkeys(["registry.db", "registry.db-wal", "registry.db-shm"], 0o600)
        assert stat.S_IMODE((tmp_path / "home").stat().st_mode) == 0o700

    def test_an_open_file_is_closed_to_others(self, registry: Registry) -> None:
        path = Path(registry.url.database or "")
        path.chmod(0o644)
        Registry(registry.url).open().close()
        assert stat.S_IMODE(path.stat().st_mode) == 0o600

    def test_the_connection_is_durable_and_strict(self, registry: Registry) -> None:
        with registry.read() as session:
            pragmas = {
                name: session.execute(text(f"PRAGMA {name}")).scalar_one()
                for name in ("journal_mode", "foreign_keys", "synchronous", "busy_timeout")
            }
        assert pragmas == {"journal_mode": "wal", "foreign_keys": 1, "synchronous": 2, "busy_timeout": 60_000}

    def test_a_write_takes_the_lock_at_once(self, registry: Registry) -> None:
        other = sqlite3.connect(registry.url.database or "", timeout=0, isolation_level=None)
        with registry.read() as session, registry.write():
            session.execute(text("SELECT 1"))
            with pytest.raises(sqlite3.OperationalError, match="locked"):
                other.execute("BEGIN IMMEDIATE")
        other.close()

    def test_a_registry_of_the_first_version_is_brought_forward(self, registry: Registry, now: datetime) -> None:
        registry.append_event("before", {}, now)
        config = Config()
        config.set_main_option("script_location", str(MIGRATIONS))
        with registry.engine.begin() as connection:
            config.attributes["connection"] = connection
            command.downgrade(config, "0001")
            assert not inspect(connection).has_table("proposal_export")
        again = Registry(registry.url).open()
        assert again.exports() == []
        assert again.verify_events().count == 1
        again.close()

    @pytest.mark.parametrize("statement", ["UPDATE proposal_export SET rows = 0", "DELETE FROM proposal_export"])
    def test_exports_only_grow(self, registry: Registry, statement: str) -> None:
        other = sqlite3.connect(registry.url.database or "", isolation_level=None)
        sent = (1, "r", None, 1, SHA, "tester", "usulan", "2026-09-15 03:00:00")
        other.execute("INSERT INTO proposal_export VALUES (?, ?, ?, ?, ?, ?, ?, ?)", sent)
        with pytest.raises(sqlite3.IntegrityError, match="only grows"):
            other.execute(statement)
        other.close()

    def test_a_newer_registry_is_refused(self, registry: Registry) -> None:
        _tamper(registry, "UPDATE alembic_version SET version_num = '9999'")
        with pytest.raises(DtsenError, match=r"^E_REGISTRY_NEWER: "):
            Registry(registry.url).open()

    def test_opening_again_leaves_the_locks_of_open_connections(self, registry: Registry) -> None:
        """A process that closes any handle on the file would lose them, and another could take the log away."""
        program = "import sqlite3, sys; sqlite3.connect(sys.argv[1], timeout=0).execute('PRAGMA journal_mode = DELETE')"
        with registry.read() as session:
            session.execute(text("SELECT 1 FROM event"))
            again = Registry(registry.url).open()
            again.migrate()
            again.close()
            command_line = [sys.executable, "-c", program, str(registry.url.database)]
            done = subprocess.run(command_line, capture_output=True, text=True, check=False)
        assert "locked" in done.stderr

    def test_processes_that_open_a_new_registry_at_once_agree(self, tmp_path: Path) -> None:
        script = (
            "import sys, datetime as d; from dtsen_pipeline.resources.registry import Registry\n"
            "r = Registry('sqlite:///' + sys.argv[1]).open()\n"
            "r.append_event('opened', {'by': sys.argv[2]}, d.datetime.now(d.UTC))"
        )
        path = str(tmp_path / "registry.db")
        started = [subprocess.Popen([sys.executable, "-W", "error", "-c", script, path, str(n)]) for n in range(3)]
        assert [process.wait(120) for process in started] == [0, 0, 0]
        registry = Registry(f"sqlite:///{path}").open()
        assert registry.verify_events().count == 3
        registry.close()

    def test_a_registry_that_another_process_is_making_is_waited_for(self, tmp_path: Path) -> None:
        path = tmp_path / "registry.db"
        other = sqlite3.connect(path, isolation_level=None, check_same_thread=False)
        other.execute("BEGIN IMMEDIATE")
        made = Timer(0.2, lambda: other.execute("COMMIT"))
        made.start()
        registry = Registry(f"sqlite:///{path}").open()
        assert registry.verify_events().count == 0
        registry.close()
        made.join()
        other.close()

    def test_a_time_without_a_zone_is_refused(self, registry: Registry) -> None:
        with pytest.raises(StatementError, match="needs a time zone"):
            registry.log_access("trace", "auditor", datetime(2026, 9, 28))  # noqa: DTZ001

    def test_times_come_back_in_utc(self, registry: Registry) -> None:
        jakarta = datetime(2026, 9, 28, 9, 0, tzinfo=timezone(timedelta(hours=7)))
        registry.add_file(NewFile(SHA, 1, "held"), jakarta)
        received = registry.file(SHA).received_at
        assert (received, received.tzinfo) == (jakarta, UTC)

    def test_an_error_of_the_database_shows_no_value(self, registry: Registry, now: datetime) -> None:
        registry.add_officers({NIK: "TRC"}, now)
        insert = text("INSERT INTO officer (officer_id, first_seen_at) VALUES (:officer, :at)")
        with pytest.raises(IntegrityError) as caught, registry.write() as session:
            session.execute(insert, {"officer": NIK, "at": now.isoformat()})
        assert NIK not in str(caught.value)

    def test_a_word_outside_the_list_is_refused(self, registry: Registry, now: datetime) -> None:
        with pytest.raises(IntegrityError, match="ck_source_file_verdict"):
            registry.add_file(NewFile(SHA, 1, "maybe"), now)  # type: ignore[arg-type]


class TestFiles:
    """A file is registered once, whatever its verdict."""

    def test_a_file_keeps_its_facts(self, registry: Registry, now: datetime) -> None:
        facts = NewFile(
            SHA,
            size=2**40,
            verdict="waiting",
            code="W_NO_PARTNER",
            message="m",
            kind="snapshot",
            table_name="keluarga",
            profile="bps_v3_keluarga",
            profile_version=1,
            version="v3_2026",
            region="3571",
            data_date=date(2026, 7, 1),
            rows=10,
        )
        assert registry.add_file(facts, now)[1]
        for found in (registry.file(SHA), registry.file(TOKEN), registry.find_file(TOKEN)):
            assert found is not None
            assert {name: getattr(found, name) for name in vars(facts)} == vars(facts)
            assert (found.token, found.received_at) == (TOKEN, now)

    def test_the_same_bytes_again_change_nothing(self, registry: Registry, now: datetime) -> None:
        registry.add_file(NewFile(SHA, 1, "refused", code="E_HEADER"), now)
        again, is_new = registry.add_file(NewFile(SHA, 1, "accepted"), now + timedelta(days=1))
        assert (is_new, again.verdict, again.received_at) == (False, "refused", now)
        assert _events(registry) == ["file.received"]

    def test_two_that_register_the_same_bytes_at_once(self, registry: Registry, now: datetime) -> None:
        with ThreadPoolExecutor(8) as pool:
            added = list(pool.map(lambda _: registry.add_file(NewFile(SHA, 1, "held"), now)[1], range(16)))
        assert sorted(added) == [False] * 15 + [True]
        assert registry.verify_events().count == 1

    @pytest.mark.parametrize("address", ["", "AB" * 32, "ab" * 31, f"{SHA}\n", "keluarga_3571.csv"])
    def test_only_a_hash_is_an_address(self, registry: Registry, now: datetime, address: str) -> None:
        with pytest.raises(ValueError, match="64 hexadecimal digits"):
            registry.add_file(NewFile(address, 1, "held"), now)

    def test_an_unknown_token_is_not_repeated(self, registry: Registry) -> None:
        with pytest.raises(DtsenError, match=r"^E_TOKEN_UNKNOWN: ") as caught:
            registry.file("canary_name_")
        assert "canary" not in str(caught.value)
        assert registry.find_file("canary_name_") is None

    def test_files_are_chosen_by_column_and_time_in_one_order(self, registry: Registry, now: datetime) -> None:
        for n, letter in enumerate("cab"):
            file = NewFile(letter * 64, 1, "accepted", kind="field" if letter == "a" else "snapshot")
            registry.add_file(file, now + timedelta(hours=n))
        assert [file.token[0] for file in registry.files()] == ["a", "b", "c"]
        assert [file.token[0] for file in registry.files(kind="snapshot")] == ["b", "c"]
        assert [file.token[0] for file in registry.files(kind="field", verdict="held")] == []
        until = now + timedelta(hours=1)
        assert [file.token[0] for file in registry.files(until=until)] == ["a", "c"]

    def test_the_files_of_a_batch_share_it(self, registry: Registry, now: datetime) -> None:
        for n, letter in enumerate("ab"):
            file = NewFile(letter * 64, 1, "accepted", batch_id="2026-W40-TRC")
            registry.add_file(file, now + timedelta(hours=n))
        with registry.read() as session:
            batch = session.get_one(Batch, "2026-W40-TRC")
        assert (batch.first_received_at, _count(registry, "batch")) == (now, 1)

    def test_officers_are_registered_once(self, registry: Registry, now: datetime) -> None:
        registry.add_officers({"P1": "TRC", "P2": None}, now)
        registry.add_officers({"P1": "PKH", "P3": "TKS"}, now + timedelta(days=1))
        with registry.read() as session:
            roles = {o.officer_id: (o.role, o.first_seen_at) for o in session.query(Officer)}
        later = now + timedelta(days=1)
        assert roles == {"P1": ("TRC", now), "P2": (None, now), "P3": ("TKS", later)}

    def test_what_was_learned_later_is_amended(self, registry: Registry, now: datetime) -> None:
        registry.add_file(NewFile(SHA, 1, "waiting", code="W_NO_DATA_DATE"), now)
        registry.amend_file(TOKEN, now, verdict="accepted", code=None, data_date=date(2026, 7, 1), batch_id="B")
        file = registry.file(SHA)
        assert (file.verdict, file.code, file.data_date, file.batch_id) == (
            "accepted",
            None,
            date(2026, 7, 1),
            "B",
        )
        assert _events(registry) == ["file.received", "file.amended"]
        assert registry.decisions() == []

    @pytest.mark.parametrize("name", ["sha256", "token", "received_at", "size", "nothing"])
    def test_what_a_file_is_cannot_be_amended(self, registry: Registry, now: datetime, name: str) -> None:
        registry.add_file(NewFile(SHA, 1, "waiting"), now)
        with pytest.raises(TypeError):
            registry.amend_file(TOKEN, now, **{name: "x"})


class TestVerdicts:
    """A person may accept what was held and refuse anything, with a reason."""

    def test_accepting_a_held_file(self, registry: Registry, now: datetime) -> None:
        registry.add_file(NewFile(SHA, 1, "held", code="H_CODES_UNCONFIRMED", message="m"), now)
        file = registry.set_verdict(TOKEN, "accepted", None, "compared with the questionnaire", "ani", now)
        assert (file.verdict, file.code, file.message) == ("accepted", None, None)
        assert registry.file(SHA).verdict == "accepted"
        (decision,) = registry.decisions()
        assert (decision.kind, decision.subject, decision.actor) == ("accept", SHA, "ani")
        assert (decision.at, decision.reason) == (now, "compared with the questionnaire")
        assert decision.payload == {"from": "held", "code": "H_CODES_UNCONFIRMED", "message": "m"}
        assert _events(registry) == ["file.received", "decision.accept"]

    def test_refusing_and_thinking_better_of_it(self, registry: Registry, now: datetime) -> None:
        registry.add_file(NewFile(SHA, 1, "accepted"), now)
        registry.set_verdict(TOKEN, "refused", "E_BY_PERSON", "wrong city", "ani", now)
        assert registry.file(SHA).code == "E_BY_PERSON"
        registry.set_verdict(TOKEN, "accepted", None, "right after all", "ani", now)
        assert [decision.kind for decision in registry.decisions()] == ["refuse", "accept"]
        assert registry.file(SHA).verdict == "accepted"

    def test_damage_cannot_be_accepted(self, registry: Registry, now: datetime) -> None:
        registry.add_file(NewFile(SHA, 1, "refused", code="E_HEADER"), now)
        with pytest.raises(DtsenError, match=rf"^E_VERDICT file {TOKEN}: "):
            registry.set_verdict(TOKEN, "accepted", None, "please", "ani", now)
        assert registry.decisions() == []

    def test_damage_found_after_an_acceptance_cannot_be_accepted(self, registry: Registry, now: datetime) -> None:
        registry.add_file(NewFile(SHA, 1, "held"), now)
        registry.set_verdict(TOKEN, "accepted", None, "fine", "ani", now)
        registry.amend_file(TOKEN, now, verdict="refused")
        with pytest.raises(DtsenError, match=r"^E_VERDICT"):
            registry.set_verdict(TOKEN, "accepted", None, "again", "ani", now)

    @pytest.mark.parametrize(("before", "after"), [("waiting", "accepted"), ("accepted", "accepted")])
    def test_what_waits_or_is_so_already(self, registry: Registry, now: datetime, before: str, after: str) -> None:
        registry.add_file(NewFile(SHA, 1, before), now)  # type: ignore[arg-type]
        with pytest.raises(DtsenError, match=r"^E_VERDICT"):
            registry.set_verdict(TOKEN, after, None, "because", "ani", now)  # type: ignore[arg-type]
        assert _events(registry) == ["file.received"]

    @pytest.mark.parametrize("verdict", ["held", "waiting"])
    def test_a_person_does_not_hold(self, registry: Registry, now: datetime, verdict: str) -> None:
        registry.add_file(NewFile(SHA, 1, "accepted"), now)
        with pytest.raises(DtsenError, match=r"^E_VERDICT"):
            registry.set_verdict(TOKEN, verdict, None, "because", "ani", now)  # type: ignore[arg-type]

    @pytest.mark.parametrize("reason", ["", " \n"])
    def test_no_decision_without_a_reason(self, registry: Registry, now: datetime, reason: str) -> None:
        registry.add_file(NewFile(SHA, 1, "held"), now)
        with pytest.raises(DtsenError, match=r"^E_REASON"):
            registry.set_verdict(TOKEN, "accepted", None, reason, "ani", now)
        assert registry.file(SHA).verdict == "held"

    def test_an_unknown_file(self, registry: Registry, now: datetime) -> None:
        with pytest.raises(DtsenError, match=r"^E_TOKEN_UNKNOWN"):
            registry.set_verdict("0" * 12, "refused", None, "because", "ani", now)

    def test_confirmed_lists(self, registry: Registry, now: datetime) -> None:
        assert registry.confirmed_lists() == {}
        registry.confirm_codes("bps_v3", "compared", "ani", now, {"lists": ["lantai"]})
        registry.confirm_codes("bps_v3", "compared", "ani", now, {"lists": ["atap"]})
        registry.add_file(NewFile(SHA, 1, "held"), now)
        registry.set_verdict(TOKEN, "accepted", None, "because", "ani", now)
        assert registry.confirmed_lists() == {"bps_v3": {"lantai", "atap"}}
        assert [d.kind for d in registry.decisions(subject=SHA)] == ["accept"]

    def test_a_confirmation_from_before_the_lists_were_told_counts_for_its_source(
        self, registry: Registry, now: datetime
    ) -> None:
        registry.confirm_codes("kemensos_v1", "compared", "ani", now, {})
        told = registry.confirmed_lists()
        assert told == {"kemensos_v1": lists_of_source("kemensos_v1")}
        assert "lantai" in told["kemensos_v1"]

    def test_the_event_holds_a_digest_and_not_the_words(self, registry: Registry, now: datetime) -> None:
        decision = registry.confirm_codes("p", f"about {NIK}", "ani", now, {})
        with registry.read() as session:
            payload = session.execute(text("SELECT payload FROM event")).scalar_one()
        assert NIK not in payload
        assert digest(decision) in payload
        assert digest(registry.decisions()[0]) == digest(decision)


class TestRuns:
    """A run starts once and ends once."""

    RUN = NewRun("key", "2026-W40", date(2026, 9, 28), dagster_run_id="d")

    def test_from_start_to_end(self, registry: Registry, now: datetime) -> None:
        registry.start_run(self.RUN, now)
        registry.set_run_list("key", "f" * 64)
        later = now + timedelta(minutes=1)
        registry.finish_run("key", "failed", later, code="E_DOOR")
        run = registry.run("key")
        assert (run.status, run.code, run.list_hash) == ("failed", "E_DOOR", "f" * 64)
        assert (run.started_at, run.finished_at, run.as_of) == (now, later, date(2026, 9, 28))
        assert (run.week, run.dagster_run_id) == ("2026-W40", "d")
        assert _events(registry) == ["run.started", "run.failed"]

    def test_a_key_is_used_once(self, registry: Registry, now: datetime) -> None:
        registry.start_run(self.RUN, now)
        registry.finish_run("key", "unchanged", now)
        with pytest.raises(DtsenError, match=r"^E_RUN_KEY"):
            registry.start_run(self.RUN, now)

    @pytest.mark.parametrize(
        "act",
        [
            lambda registry, now: registry.finish_run("key", "failed", now),
            lambda registry, _now: registry.set_run_list("key", "f" * 64),
        ],
    )
    def test_an_ended_run_stays_as_it_is(
        self, registry: Registry, now: datetime, act: Callable[[Registry, datetime], object]
    ) -> None:
        registry.start_run(self.RUN, now)
        registry.finish_run("key", "unchanged", now)
        with pytest.raises(DtsenError, match=r"^E_RUN_ENDED"):
            act(registry, now)
        assert registry.run("key").status == "unchanged"

    def test_an_unknown_run(self, registry: Registry, now: datetime) -> None:
        with pytest.raises(DtsenError, match=r"^E_RUN_UNKNOWN"):
            registry.finish_run("other", "failed", now)
        with pytest.raises(DtsenError, match=r"^E_RUN_UNKNOWN"):
            registry.run("other")

    def test_runs_that_a_killed_process_left(self, registry: Registry, now: datetime) -> None:
        for n in range(4):
            run = NewRun(f"k{n}", "2026-W40", date(2026, 9, 28))
            registry.start_run(run, now + timedelta(seconds=n))
        registry.finish_run("k0", "failed", now)
        later = now + timedelta(hours=1)
        assert [run.run_key for run in registry.abandon_stale_runs(later, keep="k3")] == ["k1", "k2"]
        assert [run.status for run in registry.runs()] == ["failed", "abandoned", "abandoned", "started"]
        assert registry.run("k1").finished_at == later
        assert registry.run("k1").code == "E_ABANDONED"
        assert registry.abandon_stale_runs(later, keep="k3") == []

    def test_runs_by_week_and_status(self, registry: Registry, now: datetime) -> None:
        registry.start_run(self.RUN, now)
        registry.start_run(NewRun("b", "2026-W41", date(2026, 10, 5)), now)
        registry.finish_run("b", "unchanged", now)
        assert [run.run_key for run in registry.runs(week="2026-W40")] == ["key"]
        assert [run.run_key for run in registry.runs(status="unchanged")] == ["b"]

    def test_rules_and_models_are_recorded_once(self, registry: Registry, now: datetime) -> None:
        for n in range(2):
            registry.record_rules("a" * 64, f"rules{n}", now)
            registry.record_model("b" * 64, "demo", {"cuts": [n]}, now)
        model = registry.model("b" * 64)
        assert model is not None
        assert (model.name, model.payload) == ("demo", {"cuts": [0]})
        assert registry.model("c" * 64) is None
        with registry.read() as session:
            assert session.get_one(RuleVersion, "a" * 64).name == "rules0"


class TestEvents:
    """The chain shows a change anywhere but at its cut end."""

    def test_a_part_that_fails_leaves_nothing_and_the_rest_holds(self, registry: Registry, now: datetime) -> None:
        with registry.together():
            registry.append_event("first", {}, now)
            with suppress(KeyError), registry.together():
                registry.append_event("second", {}, now)
                raise KeyError
            registry.append_event("third", {}, now)
        with registry.read() as session:
            assert session.scalars(text("SELECT kind FROM event ORDER BY seq")).all() == ["first", "third"]
        assert registry.verify_events().broken_at is None

    @pytest.fixture
    def chain(self, registry: Registry, now: datetime) -> Registry:
        for n in range(5):
            registry.append_event("test", {"n": n, "list": [None, True, {"a": "b"}]}, now)
        return registry

    def test_a_sound_chain(self, chain: Registry) -> None:
        checked = chain.verify_events()
        assert (checked.count, checked.broken_at) == (5, None)
        with chain.read() as session:
            assert checked.head == session.scalar(text("SELECT hash FROM event WHERE seq = 5"))

    def test_an_empty_chain(self, registry: Registry) -> None:
        assert (registry.verify_events().count, registry.verify_events().head) == (0, "0" * 64)

    def test_append_returns_the_new_head(self, chain: Registry, now: datetime) -> None:
        assert chain.append_event("test", {}, now) == chain.verify_events().head

    @pytest.mark.parametrize(
        ("statement", "broken_at"),
        [
            ("UPDATE event SET payload = '{\"n\": 7}' WHERE seq = 3", 3),
            ("UPDATE event SET kind = 'other' WHERE seq = 3", 3),
            ("UPDATE event SET at = '2026-09-28 02:00:00.000001' WHERE seq = 3", 3),
            ("UPDATE event SET prev_hash = upper(prev_hash) WHERE seq = 3", 3),
            ("UPDATE event SET hash = upper(hash) WHERE seq = 3", 3),
            ("DELETE FROM event WHERE seq = 3", 4),
            ("DELETE FROM event WHERE seq = 1", 2),
            ("UPDATE event SET seq = 9 WHERE seq = 5", 9),
        ],
    )
    def test_every_change_breaks_it(self, chain: Registry, statement: str, broken_at: int) -> None:
        _tamper(chain, statement)
        assert chain.verify_events().broken_at == broken_at

    def test_a_link_that_was_forged_whole_breaks_the_next(self, chain: Registry) -> None:
        with chain.read() as session:
            forged = session.get_one(Event, 3)
        forged.payload = {"n": 7}
        fresh = events._hash(forged)
        _tamper(chain, f"UPDATE event SET payload = '{{\"n\": 7}}', hash = '{fresh}' WHERE seq = 3")  # noqa: S608 - our own hash
        checked = chain.verify_events()
        assert (checked.count, checked.broken_at) == (3, 4)

    def test_a_cut_end_shows_in_count_and_head(self, chain: Registry) -> None:
        before = chain.verify_events()
        _tamper(chain, "DELETE FROM event WHERE seq = 5")
        after = chain.verify_events()
        assert (after.broken_at, after.count) == (None, 4)
        assert after.head != before.head

    @pytest.mark.parametrize("table", ["event", "decision", "access_log"])
    @pytest.mark.parametrize("statement", ["UPDATE {} SET at = '2020-01-01 00:00:00'", "DELETE FROM {}"])
    def test_what_only_grows_cannot_be_changed(
        self, registry: Registry, now: datetime, table: str, statement: str
    ) -> None:
        registry.confirm_codes("p", "because", "ani", now, {})
        registry.log_access("trace", "ani", now)
        with pytest.raises(IntegrityError, match="only grows"), registry.write() as session:
            session.execute(text(statement.format(table)))
        assert _count(registry, table) == 1

    @pytest.mark.parametrize("payload", [{"a": 1.5}, {"a": [b"x"]}, {"a": {"b": date(2026, 1, 1)}}])
    def test_only_values_with_one_spelling(self, registry: Registry, now: datetime, payload: dict[str, object]) -> None:
        with pytest.raises(DtsenError, match=r"^E_EVENT"):
            registry.append_event("test", payload, now)
        assert registry.verify_events().count == 0

    @pytest.mark.parametrize("payload", [{"a": NIK}, {"a": [f"nik {NIK}."]}, {NIK: 1}, {"a": int(NIK)}])
    def test_no_identifier_gets_in(self, registry: Registry, now: datetime, payload: dict[str, object]) -> None:
        with pytest.raises(DtsenError, match=r"^E_EVENT") as caught:
            registry.append_event("test", payload, now)
        assert NIK not in str(caught.value)

    def test_a_hash_is_no_identifier(self, registry: Registry, now: datetime) -> None:
        registry.append_event("test", {"sha256": f"a{NIK}{'0' * 47}"}, now)
        assert registry.verify_events().count == 1

    def test_many_at_once_make_one_chain(self, registry: Registry, now: datetime) -> None:
        with ThreadPoolExecutor(8) as pool:
            list(pool.map(lambda n: registry.append_event("test", {"n": n}, now), range(40)))
        assert (registry.verify_events().count, registry.verify_events().broken_at) == (40, None)


def test_a_look_at_a_person_is_logged(registry: Registry, now: datetime) -> None:
    registry.log_access("trace", "ani", now, purpose="complaint 12", subject="f" * 32, release_id="r")
    with registry.read() as session:
        (logged,) = session.query(AccessLog)
    assert (logged.at, logged.actor, logged.action) == (now, "ani", "trace")
    assert (logged.purpose, logged.subject, logged.release_id) == ("complaint 12", "f" * 32, "r")
