"""Terms on one machine: a frozen holder loses its pair when its term is over, and never before."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from msgspec.structs import replace

from avd_failover.journal.events import Holder
from avd_failover.journal.lease import Lease, LeaseLostError, LockedError, Terms
from avd_failover.journal.local_leases import LocalLeases
from avd_failover.journal.machine import this_machine
from tests.journal.builders import RUN, T0, make_plan
from tests.journal.machines import Hand

PAIR = make_plan().pool_pair
ROOT = Path(__file__).parents[2]
OLD = Holder(host="laptop", pid=1)
NEW = Holder(host="laptop", pid=2)
OTHER_RUN = "pooled-eu-20260302-040000-9999"


@pytest.fixture
def place(tmp_path: Path) -> Path:
    return tmp_path / "leases"


class Desk:
    """Two processes' views of one place, on one clock: each opening of a lock is somebody else's."""

    def __init__(self, place: Path) -> None:
        self.hand = Hand()
        self.place = place
        self.old = self.view()
        self.lease = self.old.acquire(PAIR, OLD, RUN, T0)

    def view(self, boot: str = "boot-1") -> LocalLeases:
        return LocalLeases(self.place, machine=self.hand.machine(boot))


class Crashing(LocalLeases):
    """A process that dies after it wrote the record and before it has the lock."""

    def _displace(self, pair: str) -> int:
        raise OSError("crash")


@pytest.fixture
def desk(place: Path) -> Desk:
    return Desk(place)


def test_a_lease_says_when_its_term_began_and_where(desk: Desk) -> None:
    assert (desk.lease.boot, desk.lease.renewed_s, desk.lease.ends_s) == ("boot-1", 1000.0, 1060.0)
    assert not desk.lease.quarantined


def test_a_renewal_begins_a_new_term_and_writes_down_what_the_lease_says(desk: Desk) -> None:
    desk.hand.at_s += 15
    renewed = desk.old.renew(replace(desk.lease, seq=7, head="abc"))
    assert renewed == replace(desk.lease, renewed_s=1015.0, seq=7, head="abc")
    assert desk.view().held_by(PAIR) == renewed


@pytest.mark.parametrize("after_s", [0.0, 59.9])
def test_a_holder_that_lives_is_not_displaced_before_its_term_is_over(desk: Desk, after_s: float) -> None:
    desk.hand.at_s += after_s
    with pytest.raises(LockedError) as caught:
        desk.view().acquire(PAIR, NEW, RUN, T0)
    assert caught.value.lease == desk.lease
    assert desk.old.renew(desk.lease).epoch == 1


def test_a_holder_that_renews_is_never_displaced(desk: Desk) -> None:
    lease = desk.lease
    for _ in range(10):
        desk.hand.at_s += 45
        with pytest.raises(LockedError):
            desk.view().acquire(PAIR, NEW, RUN, T0)
        lease = desk.old.renew(lease)


def test_a_frozen_holder_is_displaced_and_finds_another_epoch(desk: Desk) -> None:
    desk.hand.at_s += 60
    new = desk.view()
    taken = new.acquire(PAIR, NEW, RUN, T0)
    assert (taken.epoch, taken.pid, taken.quarantined) == (2, 2, True)
    with pytest.raises(LeaseLostError, match=f"taken over by run {RUN}, process 2 on laptop"):
        desk.old.renew(desk.lease)
    assert desk.view().held_by(PAIR) == taken
    with pytest.raises(LockedError):
        desk.view().acquire(PAIR, OLD, RUN, T0)
    assert new.renew(taken).epoch == 2


def test_the_release_of_a_displaced_holder_takes_nothing_from_its_successor(desk: Desk) -> None:
    desk.hand.at_s += 60
    taken = desk.view().acquire(PAIR, NEW, RUN, T0)  # the view is gone, and with it no lock: see below
    desk.old.release(replace(desk.lease, seq=99, head="zombie"))
    assert _last(desk) == taken


def test_a_holder_whose_term_is_over_cannot_renew_although_nobody_came(desk: Desk) -> None:
    desk.hand.at_s += 60
    with pytest.raises(LeaseLostError, match="term was over"):
        desk.old.renew(desk.lease)


@pytest.mark.parametrize(("boot", "why"), [("boot-2", "another boot"), ("", "boots have no names")])
def test_moments_of_different_boots_are_not_compared(desk: Desk, boot: str, why: str) -> None:
    desk.hand.at_s += 1_000_000
    with pytest.raises(LockedError):
        desk.view(boot).acquire(PAIR, NEW, RUN, T0)


def test_a_record_of_an_engine_that_knew_no_terms_ends_with_its_process_only(desk: Desk) -> None:
    (record,) = desk.place.glob("*.json")
    record.write_bytes(
        b'{"pair":"%s","run":"%s","host":"h","pid":1,"since":"2026-03-02T02:55:00Z","epoch":4}'
        % (PAIR.encode(), RUN.encode())
    )
    desk.hand.at_s += 1_000_000
    with pytest.raises(LockedError):
        desk.view().acquire(PAIR, NEW, RUN, T0)
    desk.old.release(desk.lease)
    assert desk.view().acquire(PAIR, NEW, RUN, T0).epoch == 5


def test_a_holder_that_let_go_or_died_leaves_no_quarantine(desk: Desk) -> None:
    desk.old.release(desk.lease)
    assert not desk.view().acquire(PAIR, NEW, RUN, T0).quarantined


def test_a_quarantine_is_inherited_until_somebody_waited(desk: Desk) -> None:
    desk.hand.at_s += 60
    first = desk.view()
    taken = first.acquire(PAIR, NEW, RUN, T0)
    first.release(taken)
    second = desk.view()
    inherited = second.acquire(PAIR, NEW, RUN, T0)
    assert inherited.quarantined
    second.release(replace(inherited, quarantined=False))
    assert not desk.view().acquire(PAIR, NEW, RUN, T0).quarantined


def test_a_crash_between_record_and_lock_leaves_a_lease_that_can_be_taken_over(desk: Desk) -> None:
    desk.hand.at_s += 60
    crashing = Crashing(desk.place, machine=desk.hand.machine())
    with pytest.raises(OSError, match="crash"):
        crashing.acquire(PAIR, NEW, RUN, T0)
    with pytest.raises(LockedError):
        desk.view().acquire(PAIR, NEW, RUN, T0)
    desk.hand.at_s += 60
    taken = desk.view().acquire(PAIR, NEW, RUN, T0)
    assert (taken.epoch, taken.quarantined) == (3, True)


def test_a_lease_remembers_the_journal_of_the_same_run_only(desk: Desk) -> None:
    desk.old.release(replace(desk.lease, seq=12, head="abc"))
    again = desk.view()
    same = again.acquire(PAIR, NEW, RUN, T0)
    assert (same.seq, same.head) == (12, "abc")
    again.release(same)
    other = desk.view().acquire(PAIR, NEW, OTHER_RUN, T0)
    assert (other.seq, other.head) == (0, "")


def test_this_machines_clock_goes_on_and_its_boot_has_one_name() -> None:
    one, two = this_machine(), this_machine()
    assert one.boot == two.boot
    assert one.monotonic() <= two.monotonic()


def _last(desk: Desk) -> Lease | None:
    return desk.view()._last(PAIR)


HOLD = """
import sys, os
from datetime import UTC, datetime
from pathlib import Path
from avd_failover.journal.events import Holder
from avd_failover.journal.lease import LeaseLostError, LockedError, Terms
from avd_failover.journal.local_leases import LocalLeases
leases = LocalLeases(Path(sys.argv[1]), Terms(ttl_s=1.0, renew_every_s=0.2, retry_timeout_s=0.2))
print("ready", flush=True)
sys.stdin.readline()
try:
    lease = leases.acquire(sys.argv[2], Holder(host="h", pid=os.getpid()), sys.argv[3], datetime.now(UTC))
    print("won", lease.epoch, lease.quarantined, flush=True)
    sys.stdin.readline()
    leases.renew(lease)
    print("renewed", flush=True)
except LockedError:
    print("locked", flush=True)
except LeaseLostError:
    print("lost", flush=True)
sys.stdin.readline()
"""


class Process:
    """A real process that takes the pair when told, and renews when told again."""

    def __init__(self, place: Path, run: str) -> None:
        self.popen = subprocess.Popen(
            [sys.executable, "-c", HOLD, str(place), PAIR, run],
            cwd=ROOT,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        assert self.said() == "ready"

    def said(self) -> str:
        assert self.popen.stdout is not None
        return self.popen.stdout.readline().strip()

    def tell(self) -> None:
        assert self.popen.stdin is not None
        self.popen.stdin.write("\n")
        self.popen.stdin.flush()

    def end(self) -> None:
        self.popen.kill()
        self.popen.communicate(timeout=20)


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="names of boots are Linux's")
def test_of_processes_that_race_for_a_frozen_holders_pair_exactly_one_wins(place: Path) -> None:
    processes = [Process(place, f"run-{n}") for n in range(4)]
    zombie, racers = processes[0], processes[1:]
    try:
        zombie.tell()
        assert zombie.said() == "won 1 False"
        os.kill(zombie.popen.pid, signal.SIGSTOP)
        _until_over(place)
        for racer in racers:
            racer.tell()
        said = sorted(racer.said() for racer in racers)
        assert said == ["locked", "locked", "won 2 True"]
        os.kill(zombie.popen.pid, signal.SIGCONT)
        zombie.tell()
        assert zombie.said() == "lost"
    finally:
        for process in processes:
            process.end()


def _until_over(place: Path) -> None:
    held = LocalLeases(place, Terms()).held_by(PAIR)
    assert held is not None
    while this_machine().monotonic() < held.ends_s:
        time.sleep(0.05)
