"""``failover watch``: what was done so far, what is done from now on, and when it ends."""

from collections.abc import Callable

import pytest

from avd_failover.cli import watch as watching
from avd_failover.cli.exits import ExitCode
from avd_failover.domain.states import RunStatus
from avd_failover.journal.events import Event, Holder, RunEnded, RunResumed
from avd_failover.journal.local_leases import LocalLeases
from avd_failover.journal.sqlite_store import SqliteStore
from tests.cli.runs_at_hand import Shell
from tests.journal.builders import RUN, T0, make_entries, make_lines, make_pinned, whole_run

WHOLE = whole_run()


class Driver:
    """The process that drives a run: holds its lease, and writes on whenever somebody who watches waits."""

    def __init__(self, shell: Shell, parts: list[list[Event]]) -> None:
        self.leases = LocalLeases(shell.home.leases)
        self.left = parts
        self.waits = 0
        shell.home.prepare()
        self.store = SqliteStore.create(shell.home.path_of(RUN))
        self.lease = self.leases.acquire(make_pinned().lock, Holder(host="h", pid=1), RUN, T0)
        self.lines = make_lines([event for part in parts for event in part])
        self.go_on(0.0)

    def go_on(self, _seconds: float) -> None:
        """Write the next part; after the last one, leave."""
        self.waits += 1
        part = self.left.pop(0)
        self.store.append(self.lines[: len(part)])
        self.lines = self.lines[len(part) :]
        if not self.left:
            self.store.close()
            self.leases.release(self.lease)


@pytest.fixture
def driver(shell: Shell, monkeypatch: pytest.MonkeyPatch) -> Callable[..., Driver]:
    """Return a maker of drivers that write a run part by part."""

    def make(*parts: list[Event]) -> Driver:
        made = Driver(shell, list(parts))
        monkeypatch.setattr("time.sleep", made.go_on)
        return made

    return make


def told(shell: Shell) -> list[str]:
    """Return the lines of progress, without their times."""
    return [line for line in shell.err.splitlines() if line.strip()]


def test_a_run_at_rest_is_told_from_its_beginning_and_where_it_stands(shell: Shell) -> None:
    shell.record(RUN, WHOLE)
    assert shell.type("watch", RUN) == ExitCode.DONE
    for step in ("readiness", "revoke-source", "grant-target"):
        assert any(f"{step}: done" in line for line in told(shell)), step
    assert "state:  COMPLETED" in shell.out
    assert "COMPLETED" not in "".join(told(shell)[:2])


def test_without_a_name_the_newest_run_is_watched(shell: Shell) -> None:
    shell.record(RUN, WHOLE)
    assert shell.type("watch") == ExitCode.DONE
    assert RUN in shell.out


def test_what_is_written_meanwhile_is_told_once_and_in_order(shell: Shell, driver) -> None:
    driven = driver(WHOLE[:3], WHOLE[3:7], WHOLE[7:10], WHOLE[10:])
    assert shell.type("watch", RUN) == ExitCode.DONE
    growing = told(shell)
    assert driven.waits == 4
    shell.type("watch", RUN)
    assert growing == told(shell), "watching from the start or from the middle tells the same"
    assert len(growing) == len(set(growing))


def test_it_ends_when_the_run_rests_and_not_before(shell: Shell, driver) -> None:
    held = [*WHOLE[:7], RunEnded(status=RunStatus.HELD, because="a person must look")]
    driven = driver(held[:4], [], [], held[4:])
    assert shell.type("watch", RUN) == ExitCode.DONE
    assert driven.waits == 4
    assert "a person must look" in shell.out


def test_a_rest_between_two_drives_is_not_the_end_while_somebody_drives(shell: Shell, driver) -> None:
    paused = [*WHOLE[:7], RunEnded(status=RunStatus.HELD, because="paused by Ann")]
    again: list[Event] = [RunResumed(holder=Holder(host="h", pid=2), engine="0"), *WHOLE[7:]]
    driver(paused, again)
    assert shell.type("watch", RUN) == ExitCode.DONE
    assert "state:  COMPLETED" in shell.out


def test_a_run_whose_process_was_killed_is_not_waited_for(shell: Shell, monkeypatch) -> None:
    shell.record(RUN, WHOLE[:7])
    monkeypatch.setattr("time.sleep", lambda _: pytest.fail("nobody drives it"))
    assert shell.type("watch", RUN) == ExitCode.DONE
    assert f"failover resume {RUN}" in shell.out


def test_whoever_stops_watching_does_not_stop_the_run(shell: Shell, driver, monkeypatch) -> None:
    driven = driver(WHOLE[:4], WHOLE[4:])

    def interrupt(_: float) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("time.sleep", interrupt)
    assert shell.type("watch", RUN) == ExitCode.INTERRUPTED
    assert driven.store.requests_after(0) == ()
    driven.go_on(0.0)


def test_nothing_is_written_by_watching(shell: Shell) -> None:
    path = shell.record(RUN, WHOLE)
    before = path.read_bytes()
    shell.type("watch", RUN)
    assert path.read_bytes() == before


def test_a_run_that_nobody_knows_is_bad_usage(shell: Shell) -> None:
    shell.record(RUN, WHOLE)
    assert shell.type("watch", "zzz") == ExitCode.BAD_INPUT
    assert RUN in shell.err


async def test_the_clock_of_a_journal_stands_still_between_two_entries() -> None:
    clock = watching.JournalClock()
    assert clock.monotonic() == 0.0
    for entry in make_entries(WHOLE[:4], every_s=10.0):
        clock.strike(entry)
    assert (clock.now() - T0).total_seconds() == clock.monotonic() == 30.0
    await clock.sleep(5.0)
    assert clock.monotonic() == 35.0
