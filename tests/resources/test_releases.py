"""Publishing is all or nothing, the pointer never goes back by itself, and withdrawn content stays so."""

import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from datetime import date, datetime, timedelta
from threading import Barrier

import pytest
from sqlalchemy import text

from dtsen_pipeline.resources.registry import NewRelease, NewRun, Published, Registry, week_start
from dtsen_pipeline.resources.registry.models import POINTER, CurrentRelease
from dtsen_pipeline.schemas.errors import DtsenError


def _release(name: str, week: str, root: str | None = None) -> NewRelease:
    return NewRelease(name, week, (root or name) * 32, "1" * 64, "2" * 64, f"{week}/{name}")


def _publish(
    registry: Registry, release: NewRelease, expected: str | None, now: datetime, run_key: str | None = None
) -> Published:
    key = run_key or f"run-{release.release_id}"
    registry.start_run(NewRun(key, release.week, date(2026, 9, 28)), now)
    return registry.publish(release, expected, key, now)


def _kinds(registry: Registry, table: str = "event", column: str = "kind") -> list[str]:
    with registry.read() as session:
        return list(session.scalars(text(f"SELECT {column} FROM {table} ORDER BY seq")))  # noqa: S608 - our own names


def _current(registry: Registry) -> str | None:
    current = registry.current()
    return current.release_id if current else None


@pytest.fixture
def two(registry: Registry, now: datetime) -> Registry:
    """Two releases of consecutive weeks; `bb` is current."""
    _publish(registry, _release("aa", "2026-W40"), None, now)
    _publish(registry, _release("bb", "2026-W41"), "aa", now + timedelta(days=7))
    return registry


class TestPublish:
    """One transaction registers the release, moves the pointer and ends the run."""

    def test_the_first_release(self, registry: Registry, now: datetime) -> None:
        assert registry.current() is None
        release = _release("aa", "2026-W40")
        assert _publish(registry, release, None, now) == Published("aa", moved=True)
        current = registry.current()
        assert current is not None
        assert {name: getattr(current, name) for name in vars(release)} == vars(release)
        assert (current.status, current.published_at) == ("published", now)
        run = registry.run("run-aa")
        assert (run.status, run.release_id, run.finished_at) == ("published", "aa", now)
        assert _kinds(registry) == ["run.started", "run.published", "release.published"]
        assert _kinds(registry, "outbox", "topic") == ["release.published"]
        assert registry.release_paths() == {"2026-W40/aa"}

    def test_a_newer_week_moves_the_pointer(self, two: Registry, now: datetime) -> None:
        with two.read() as session:
            pointer = session.get_one(CurrentRelease, POINTER)
        assert (pointer.release_id, pointer.week, pointer.version) == ("bb", "2026-W41", 2)
        assert pointer.moved_at == now + timedelta(days=7)
        assert [release.release_id for release in two.releases()] == ["aa", "bb"]

    def test_the_same_week_again_moves_the_pointer(self, two: Registry, now: datetime) -> None:
        assert _publish(two, _release("cc", "2026-W41"), "bb", now).moved
        assert _current(two) == "cc"

    def test_an_older_week_is_registered_and_moves_nothing(self, two: Registry, now: datetime) -> None:
        assert _publish(two, _release("cc", "2026-W40"), "bb", now) == Published("cc", moved=False)
        assert _current(two) == "bb"
        assert two.release("cc").status == "published"
        assert two.run("run-cc").status == "published"

    def test_weeks_are_compared_as_dates(self, registry: Registry, now: datetime) -> None:
        _publish(registry, _release("aa", "2026-W53"), None, now)
        assert not _publish(registry, _release("bb", "2026-12-21"), "aa", now).moved
        assert _publish(registry, _release("cc", "2026-12-28"), "aa", now).moved
        assert _publish(registry, _release("dd", "2027-W01"), "cc", now).moved

    @pytest.mark.parametrize("expected", [None, "aa", "zz"])
    @pytest.mark.parametrize("week", ["2026-W39", "2026-W42"])
    def test_another_current_release_than_expected(
        self, two: Registry, now: datetime, expected: str | None, week: str
    ) -> None:
        with pytest.raises(DtsenError, match=r"^E_CURRENT_MOVED"):
            _publish(two, _release("cc", week), expected, now)
        assert _current(two) == "bb"
        assert two.release_paths() == {"2026-W40/aa", "2026-W41/bb"}
        assert two.run("run-cc").status == "started"
        assert _kinds(two)[-1] == "run.started"
        assert two.verify_events().broken_at is None

    def test_a_run_publishes_once(self, two: Registry, now: datetime) -> None:
        with pytest.raises(DtsenError, match=r"^E_RUN_ENDED"):
            two.publish(_release("cc", "2026-W42"), "bb", "run-bb", now)
        with pytest.raises(DtsenError, match=r"^E_RUN_UNKNOWN"):
            two.publish(_release("cc", "2026-W42"), "bb", "other", now)
        assert _current(two) == "bb"
        assert two.release_paths() == {"2026-W40/aa", "2026-W41/bb"}

    def test_a_release_is_registered_once(self, two: Registry, now: datetime) -> None:
        with pytest.raises(DtsenError, match=r"^E_RELEASE_EXISTS"):
            _publish(two, _release("aa", "2026-W42", "ff"), "bb", now, "again")
        assert two.release("aa").week == "2026-W40"

    def test_threads_that_publish_at_once(self, two: Registry, now: datetime) -> None:
        names = [f"{n:02}" for n in range(6)]
        for name in names:
            two.start_run(NewRun(name, "2026-W42", date(2026, 10, 12)), now)
        barrier = Barrier(len(names))

        def attempt(name: str) -> str | None:
            barrier.wait()
            try:
                two.publish(_release(name, "2026-W42"), "bb", name, now)
            except DtsenError as error:
                return error.code
            return None

        with ThreadPoolExecutor(len(names)) as pool:
            outcomes = list(pool.map(attempt, names))
        assert sorted(outcomes, key=str) == ["E_CURRENT_MOVED"] * 5 + [None]
        assert _current(two) == names[outcomes.index(None)]
        assert len(two.releases()) == 3
        assert two.verify_events().broken_at is None

    def test_the_swap_sees_a_version_that_moved(
        self, two: Registry, now: datetime, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        from dtsen_pipeline.resources.registry import releases  # noqa: PLC0415

        real = releases._move

        def interfere(session: object, seen: CurrentRelease, *rest: object) -> None:
            session.execute(text("UPDATE current_release SET version = version + 1"))  # type: ignore[attr-defined]
            real(session, seen, *rest)  # type: ignore[arg-type]

        monkeypatch.setattr(releases, "_move", interfere)
        with pytest.raises(DtsenError, match=r"^E_CURRENT_MOVED"):
            _publish(two, _release("cc", "2026-W42"), "bb", now)
        assert _current(two) == "bb"

    @pytest.mark.parametrize(
        ("point", "current", "status"),
        [("publish-before-commit", "bb", "started"), ("publish-after-commit", "cc", "published")],
    )
    def test_killed_around_the_commit(
        self, two: Registry, now: datetime, point: str, current: str, status: str
    ) -> None:
        two.start_run(NewRun("run-cc", "2026-W42", date(2026, 9, 28)), now)
        script = (
            "import sys, datetime as d\n"
            "from dtsen_pipeline.resources.registry import NewRelease, Registry\n"
            "new = NewRelease('cc', '2026-W42', 'cc' * 32, '1' * 64, '2' * 64, '2026-W42/cc')\n"
            "Registry(sys.argv[1]).open().publish(new, 'bb', 'run-cc', d.datetime.now(d.UTC))"
        )
        died = subprocess.run([sys.executable, "-c", script, str(two.url)], env={"DTSEN_FAILPOINT": point}, check=False)
        assert died.returncode == -9
        assert (_current(two), two.run("run-cc").status) == (current, status)
        assert two.verify_events().broken_at is None
        again = _release("dd", "2026-W42")
        assert _publish(two, again, current, now).moved


class TestRollback:
    """The pointer goes back only with a person's reason, and what was left behind is withdrawn."""

    def test_back_to_an_earlier_release(self, two: Registry, now: datetime) -> None:
        assert not two.is_withdrawn("bb" * 32)
        two.rollback("aa", "wrong batch", "ani", now)
        assert _current(two) == "aa"
        assert (two.release("aa").status, two.release("bb").status) == ("published", "withdrawn")
        assert two.is_withdrawn("bb" * 32)
        assert not two.is_withdrawn("aa" * 32)
        (decision,) = two.decisions("rollback")
        assert (decision.subject, decision.reason, decision.actor) == ("aa", "wrong batch", "ani")
        assert decision.payload == {"from": "bb", "to": "aa"}
        assert _kinds(two)[-2:] == ["decision.rollback", "release.rolled_back"]
        assert _kinds(two, "outbox", "topic")[-1] == "release.rolled_back"

    def test_withdrawn_content_is_not_published_again(self, two: Registry, now: datetime) -> None:
        two.rollback("aa", "wrong batch", "ani", now)
        with pytest.raises(DtsenError, match=r"^E_WITHDRAWN"):
            _publish(two, _release("cc", "2026-W42", "bb"), "aa", now)
        assert _current(two) == "aa"

    def test_other_content_is_published_after_a_rollback(self, two: Registry, now: datetime) -> None:
        two.rollback("aa", "wrong batch", "ani", now)
        assert _publish(two, _release("cc", "2026-W41"), "aa", now).moved

    def test_content_that_came_twice_is_withdrawn_twice(self, two: Registry, now: datetime) -> None:
        _publish(two, _release("cc", "2026-W42", "bb"), "bb", now)
        two.rollback("aa", "wrong batch", "ani", now)
        assert {two.release(name).status for name in ("bb", "cc")} == {"withdrawn"}

    def test_not_to_withdrawn_same_or_unknown_content(self, two: Registry, now: datetime) -> None:
        _publish(two, _release("cc", "2026-W42", "aa"), "bb", now)
        for target, code in (("cc", "E_ROLLBACK"), ("aa", "E_ROLLBACK"), ("zz", "E_RELEASE_UNKNOWN")):
            with pytest.raises(DtsenError, match=rf"^{code}: "):
                two.rollback(target, "because", "ani", now)
        two.withdraw("bb", "because", "ani", now)
        with pytest.raises(DtsenError, match=r"^E_WITHDRAWN"):
            two.rollback("bb", "because", "ani", now)
        assert _current(two) == "cc"

    def test_without_a_release_or_a_reason(self, registry: Registry, now: datetime) -> None:
        with pytest.raises(DtsenError, match=r"^E_RELEASE_UNKNOWN"):
            registry.rollback("aa", "because", "ani", now)
        _publish(registry, _release("aa", "2026-W40"), None, now)
        _publish(registry, _release("bb", "2026-W41"), "aa", now)
        with pytest.raises(DtsenError, match=r"^E_REASON"):
            registry.rollback("aa", " ", "ani", now)
        assert _current(registry) == "bb"
        assert not registry.is_withdrawn("bb" * 32)

    def test_a_refresh_that_started_before_a_rollback_does_not_publish(self, two: Registry, now: datetime) -> None:
        two.start_run(NewRun("slow", "2026-W42", date(2026, 10, 12)), now)
        two.rollback("aa", "wrong batch", "ani", now)
        with pytest.raises(DtsenError, match=r"^E_CURRENT_MOVED"):
            two.publish(_release("cc", "2026-W42"), "bb", "slow", now)


class TestWithdraw:
    """Withdrawing and publishing again are decisions too; nothing is deleted."""

    def test_an_older_release(self, two: Registry, now: datetime) -> None:
        assert two.withdraw("aa", "privacy", "ani", now).status == "withdrawn"
        assert two.is_withdrawn("aa" * 32)
        assert _current(two) == "bb"
        assert [(d.kind, d.subject) for d in two.decisions()] == [("withdraw", "aa")]
        assert _kinds(two)[-1] == "release.withdrawn"
        assert len(two.releases()) == 2

    def test_not_the_current_content(self, two: Registry, now: datetime) -> None:
        _publish(two, _release("cc", "2026-W42", "aa"), "bb", now)
        for name in ("cc", "aa"):
            with pytest.raises(DtsenError, match=r"^E_ROLLBACK"):
                two.withdraw(name, "privacy", "ani", now)
        assert not two.is_withdrawn("aa" * 32)

    def test_again_with_a_reason(self, two: Registry, now: datetime) -> None:
        two.rollback("aa", "wrong batch", "ani", now)
        assert two.republish("bb", "it was right", "ani", now).status == "published"
        assert _current(two) == "bb"
        assert not two.is_withdrawn("bb" * 32)
        assert [decision.kind for decision in two.decisions()] == ["rollback", "republish"]
        assert _kinds(two)[-1] == "release.republished"

    def test_only_what_was_withdrawn(self, two: Registry, now: datetime) -> None:
        with pytest.raises(DtsenError, match=r"^E_NOT_WITHDRAWN"):
            two.republish("aa", "because", "ani", now)
        assert _current(two) == "bb"


def test_an_unknown_release_is_not_repeated(registry: Registry) -> None:
    with pytest.raises(DtsenError, match=r"^E_RELEASE_UNKNOWN") as caught:
        registry.release("canary")
    assert "canary" not in str(caught.value)


def test_the_outbox_is_emptied_once(two: Registry, now: datetime) -> None:
    first, second = two.undelivered()
    assert (first.payload["release_id"], first.payload["moved"], second.payload["week"]) == (
        "aa",
        True,
        "2026-W41",
    )
    two.mark_delivered(first.seq, now)
    assert [message.seq for message in two.undelivered()] == [second.seq]


@pytest.mark.parametrize(
    ("week", "monday"),
    [
        ("2026-W40", date(2026, 9, 28)),
        ("2026-09-28", date(2026, 9, 28)),
        ("2026-10-04", date(2026, 9, 28)),
        ("2027-W01", date(2027, 1, 4)),
    ],
)
def test_a_week_begins_on_monday(week: str, monday: date) -> None:
    assert week_start(week) == monday


@pytest.mark.parametrize("week", ["", "2026-W54", "2026-13-01", "next"])
def test_what_is_no_week(week: str) -> None:
    with pytest.raises(DtsenError, match=r"^E_WEEK"):
        week_start(week)
