"""One holder at a time; a killed one loses the lease at once, a silent one when its time is over."""

import os
import signal
import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta

import pytest
from sqlalchemy import select

from dtsen_pipeline.resources import lease as module
from dtsen_pipeline.resources.lease import Owner, hold, take
from dtsen_pipeline.resources.registry import Registry
from dtsen_pipeline.resources.registry.models import Lease as Row
from dtsen_pipeline.schemas.errors import DtsenError

ME = str(Owner.current())
SCRIPT = """
import sys, time, datetime as d
from dtsen_pipeline.resources.lease import Owner, take
from dtsen_pipeline.resources.registry import Registry
from dtsen_pipeline.schemas.errors import DtsenError
registry = Registry(sys.argv[1]).open()
now = d.datetime.fromisoformat(sys.argv[2])
print("ready", flush=True)
sys.stdin.readline()
try:
    take(registry, "refresh", str(Owner.current()), 900, now)
except DtsenError as error:
    print(error.code, flush=True)
else:
    print("taken", flush=True)
sys.stdin.readline()
"""


def _start(registry: Registry, now: datetime) -> "subprocess.Popen[str]":
    process = subprocess.Popen(
        [sys.executable, "-c", SCRIPT, str(registry.url), now.isoformat()],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert _line(process) == "ready"
    return process


def _line(process: "subprocess.Popen[str]") -> str:
    assert process.stdout is not None
    return process.stdout.readline().strip()


def _say(process: "subprocess.Popen[str]") -> None:
    assert process.stdin is not None
    process.stdin.write("\n")
    process.stdin.flush()


def _end(*processes: "subprocess.Popen[str]") -> None:
    for process in processes:
        process.kill()
        process.communicate()


def _rows(registry: Registry) -> list[Row]:
    with registry.read() as session:
        return list(session.scalars(select(Row)))


def test_a_second_holder_is_refused(registry: Registry, now: datetime) -> None:
    with hold(registry, "refresh", ME, 900, now) as lease:
        (row,) = _rows(registry)
        assert (row.name, row.owner, row.token) == ("refresh", ME, lease.token)
        assert (row.acquired_at, row.expires_at) == (now, now + timedelta(seconds=900))
        with pytest.raises(DtsenError) as caught, hold(registry, "refresh", ME, 900, now):
            pass
        assert caught.value.code == "E_LEASE_HELD"
        assert "2026-09-28 02:15:00 UTC" in str(caught.value)
        assert ME.split("|", maxsplit=1)[0] not in str(caught.value)
        assert [row.token for row in _rows(registry)] == [lease.token]


def test_another_name_is_another_lease(registry: Registry, now: datetime) -> None:
    with hold(registry, "refresh", ME, 900, now), hold(registry, "backup", ME, 900, now):
        assert len(_rows(registry)) == 2


@pytest.mark.parametrize("error", [None, RuntimeError, KeyboardInterrupt])
def test_the_lease_is_given_back(registry: Registry, now: datetime, error: type[BaseException] | None) -> None:
    try:
        with hold(registry, "refresh", ME, 900, now):
            if error:
                raise error
    except (RuntimeError, KeyboardInterrupt):
        pass
    assert _rows(registry) == []


@pytest.mark.parametrize(("seconds", "free"), [(899, False), (900, True), (901, True)])
def test_a_lease_runs_out(registry: Registry, now: datetime, seconds: int, free: bool) -> None:  # noqa: FBT001
    take(registry, "refresh", ME, 900, now)
    later = now + timedelta(seconds=seconds)
    if free:
        assert take(registry, "refresh", ME, 900, later).token == _rows(registry)[0].token
    else:
        with pytest.raises(DtsenError, match=r"^E_LEASE_HELD"):
            take(registry, "refresh", ME, 900, later)


def test_a_holder_that_was_replaced_neither_ends_nor_renews_the_new_lease(registry: Registry, now: datetime) -> None:
    old = take(registry, "refresh", ME, 900, now)
    new = take(registry, "refresh", ME, 900, now + timedelta(seconds=901))
    old.give_back()
    with pytest.raises(DtsenError, match=r"^E_LEASE_LOST"):
        old.renew(now + timedelta(seconds=902))
    (row,) = _rows(registry)
    assert (row.token, row.expires_at) == (new.token, now + timedelta(seconds=1801))


def test_a_renewed_lease_holds_longer(registry: Registry, now: datetime) -> None:
    lease = take(registry, "refresh", ME, 900, now)
    lease.renew(now + timedelta(seconds=800))
    with pytest.raises(DtsenError, match=r"^E_LEASE_HELD"):
        take(registry, "refresh", ME, 900, now + timedelta(seconds=1699))


def test_two_processes_at_once(registry: Registry, now: datetime) -> None:
    both = [_start(registry, now) for _ in range(2)]
    for process in both:
        _say(process)
    assert sorted(_line(process) for process in both) == ["E_LEASE_HELD", "taken"]
    _end(*both)


def test_a_killed_process_loses_its_lease_at_once(registry: Registry, now: datetime) -> None:
    holder = _start(registry, now)
    _say(holder)
    assert _line(holder) == "taken"
    with pytest.raises(DtsenError, match=r"^E_LEASE_HELD"):
        take(registry, "refresh", ME, 900, now)
    os.kill(holder.pid, signal.SIGKILL)
    os.waitid(os.P_PID, holder.pid, os.WEXITED | os.WNOWAIT)
    take(registry, "refresh", ME, 900, now)
    _end(holder)


@pytest.mark.parametrize(
    ("change", "gone"),
    [
        (lambda me: me, False),
        (lambda me: replace(me, started="1"), True),
        (lambda me: replace(me, pid=2**22 + 1), True),
        (lambda me: replace(me, boot="earlier"), True),
        (lambda me: replace(me, host="other", boot="earlier"), False),
        (lambda me: replace(me, host="other", pid=2**22 + 1), False),
        (lambda me: replace(me, space="other", pid=2**22 + 1), False),
        (lambda me: replace(me, space="other", boot="earlier"), True),
    ],
)
def test_who_is_surely_gone(change: Callable[[Owner], Owner], gone: bool) -> None:  # noqa: FBT001
    assert change(Owner.current()).is_gone() is gone


def test_a_process_of_another_user_is_alive(monkeypatch: pytest.MonkeyPatch) -> None:
    def deny(_pid: int, _signal: int) -> None:
        raise PermissionError

    monkeypatch.setattr(os, "kill", deny)
    assert not Owner.current().is_gone()


def test_without_proc_the_process_id_decides(monkeypatch: pytest.MonkeyPatch, tmp_path: object) -> None:
    monkeypatch.setattr(module, "PROC", tmp_path)
    me = Owner.current()
    assert (me.boot, me.space, me.started) == ("", "", "")
    assert not me.is_gone()
    assert replace(me, pid=2**22 + 1).is_gone()


@pytest.mark.skipif(not module.PROC.is_dir(), reason="this system shows no processes as files")
def test_a_process_that_runs_has_a_start_time() -> None:
    assert Owner.current().started.isdecimal()


def test_an_owner_is_written_and_read() -> None:
    assert Owner.parse(ME) == Owner.current()
    assert Owner.parse("the night shift") is None
    assert Owner.parse("a|b|c|d|e") is None


def test_an_owner_that_is_no_process_holds_until_its_time_is_over(registry: Registry, now: datetime) -> None:
    take(registry, "refresh", "the night shift", 900, now)
    with pytest.raises(DtsenError, match=r"^E_LEASE_HELD"):
        take(registry, "refresh", ME, 900, now)
