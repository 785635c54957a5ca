"""One run per pool pair: of any number of processes one holds it, and death frees it."""

import os
import signal
import subprocess
import sys
from datetime import timedelta
from pathlib import Path

import pytest

from avd_failover.journal.disk import UnfitPlaceError
from avd_failover.journal.events import Holder
from avd_failover.journal.lease import LockedError
from avd_failover.journal.local_leases import LocalLeases
from tests.journal.builders import RUN, T0, make_plan

PAIR = make_plan().pool_pair
ROOT = Path(__file__).parents[2]
ME = Holder(host="laptop", pid=4711)


@pytest.fixture
def place(tmp_path: Path) -> Path:
    return tmp_path / "leases"


HOLD = """
import sys
from datetime import UTC, datetime
from pathlib import Path
from avd_failover.journal.events import Holder
from avd_failover.journal.lease import LockedError
from avd_failover.journal.local_leases import LocalLeases
import os
where, pair, run = sys.argv[1:]
print("ready", flush=True)
sys.stdin.readline()
try:
    lease = LocalLeases(Path(where)).acquire(pair, Holder(host="h", pid=os.getpid()), run, datetime.now(UTC))
    print("won", lease.epoch, flush=True)
    sys.stdin.readline()
except LockedError as locked:
    print("lost", locked.lease and locked.lease.run, flush=True)
"""


class Contender:
    """Another process that tries to take the pair when told to, and then keeps it until told or killed."""

    def __init__(self, place: Path, run: str) -> None:
        self.process = subprocess.Popen(
            [sys.executable, "-c", HOLD, str(place), PAIR, run],
            cwd=ROOT,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        assert self.said() == ["ready"]

    def said(self) -> list[str]:
        assert self.process.stdout is not None
        return self.process.stdout.readline().split()

    def tell(self) -> None:
        assert self.process.stdin is not None
        self.process.stdin.write("\n")
        self.process.stdin.flush()

    def kill(self) -> None:
        self.process.send_signal(signal.SIGKILL)
        self.end()

    def end(self) -> None:
        if self.process.stdin is not None:
            self.process.stdin.close()
        self.process.wait(timeout=20)
        if self.process.stdout is not None:
            self.process.stdout.close()


def test_a_lease_says_who_holds_the_pair(place: Path) -> None:
    leases = LocalLeases(place)
    lease = leases.acquire(PAIR, ME, RUN, T0)
    assert (lease.pair, lease.run, lease.host, lease.pid) == (PAIR, RUN, "laptop", 4711)
    assert (lease.since, lease.epoch) == (T0, 1)
    assert lease.holder == Holder(host="laptop", pid=4711, epoch=1)
    assert leases.held_by(PAIR) == lease
    leases.release(lease)


def test_a_held_pair_is_refused_with_its_holder(place: Path) -> None:
    first = LocalLeases(place).acquire
    one = LocalLeases(place)
    lease = one.acquire(PAIR, ME, RUN, T0)
    with pytest.raises(LockedError) as caught:
        first(PAIR, Holder(host="other", pid=1), "another-run", T0)
    assert caught.value.lease == lease
    for part in (RUN, "2026-03-02 02:55:00 UTC", "4711", "laptop"):
        assert part in str(caught.value)
    one.release(lease)


def test_one_process_does_not_hold_a_pair_twice(place: Path) -> None:
    leases = LocalLeases(place)
    lease = leases.acquire(PAIR, ME, RUN, T0)
    with pytest.raises(LockedError):
        leases.acquire(PAIR, ME, RUN, T0)
    leases.release(lease)


def test_pairs_do_not_stand_in_each_others_way(place: Path) -> None:
    leases = LocalLeases(place)
    held = [leases.acquire(pair, ME, RUN, T0) for pair in (PAIR, PAIR + "x")]
    assert [lease.epoch for lease in held] == [1, 1]
    for lease in held:
        leases.release(lease)


def test_both_directions_of_a_plan_are_one_pair() -> None:
    plan = make_plan()
    assert plan.pool_pair == "+".join(sorted((plan.secondary.host_pool, plan.primary.host_pool)))


def test_a_released_pair_is_free_and_the_epoch_goes_on_rising(place: Path) -> None:
    for epoch in (1, 2, 3):
        leases = LocalLeases(place)
        assert leases.held_by(PAIR) is None
        lease = leases.acquire(PAIR, ME, RUN, T0 + timedelta(hours=epoch))
        assert lease.epoch == epoch
        leases.release(lease)
        leases.release(lease)


def test_the_holders_own_word_on_its_epoch_is_not_taken(place: Path) -> None:
    leases = LocalLeases(place)
    lease = leases.acquire(PAIR, Holder(host="h", pid=1, epoch=99), RUN, T0)
    assert lease.epoch == 1
    leases.release(lease)


def test_nobody_holds_what_was_never_taken(place: Path) -> None:
    assert LocalLeases(place).held_by(PAIR) is None


def test_looking_does_not_take(place: Path) -> None:
    leases = LocalLeases(place)
    leases.release(leases.acquire(PAIR, ME, RUN, T0))
    for _ in range(20):
        assert leases.held_by(PAIR) is None
    leases.release(leases.acquire(PAIR, ME, RUN, T0))


def test_a_kill_frees_the_pair_at_once(place: Path) -> None:
    other = Contender(place, "killed-run")
    try:
        other.tell()
        assert other.said() == ["won", "1"]
        held = LocalLeases(place).held_by(PAIR)
        assert held is not None
        assert (held.run, held.pid) == ("killed-run", other.process.pid)
        with pytest.raises(LockedError, match="killed-run"):
            LocalLeases(place).acquire(PAIR, ME, RUN, T0)
    finally:
        other.kill()
    leases = LocalLeases(place)
    assert leases.held_by(PAIR) is None
    lease = leases.acquire(PAIR, ME, RUN, T0)
    assert lease.epoch == 2
    leases.release(lease)


def test_of_processes_that_race_exactly_one_wins(place: Path) -> None:
    for round_ in (1, 2):
        racers = [Contender(place, f"run-{n}") for n in range(4)]
        try:
            for racer in racers:
                racer.tell()
            said = [racer.said() for racer in racers]
        finally:
            for racer in racers:
                racer.end()
        won = [words for words in said if words[0] == "won"]
        assert won == [["won", str(round_)]]
        assert len([words for words in said if words[0] == "lost"]) == 3


def test_a_lock_is_not_inherited_by_a_child_that_outlives_its_parent(place: Path) -> None:
    """A helper such as ``az`` must not keep the pair after the engine died."""
    leases = LocalLeases(place)
    lease = leases.acquire(PAIR, ME, RUN, T0)
    child = subprocess.Popen([sys.executable, "-c", "import sys; sys.stdin.read()"], stdin=subprocess.PIPE)
    try:
        leases.release(lease)
        assert LocalLeases(place).held_by(PAIR) is None
    finally:
        assert child.stdin is not None
        child.stdin.close()
        child.wait(timeout=20)


def test_a_record_that_cannot_be_read_is_never_taken_for_epoch_zero(place: Path) -> None:
    leases = LocalLeases(place)
    leases.release(leases.acquire(PAIR, ME, RUN, T0))
    (record,) = place.glob("*.json")
    record.write_text("{")
    for _ in range(2):
        with pytest.raises(UnfitPlaceError, match="which epoch was the last"):
            leases.acquire(PAIR, ME, RUN, T0)
    assert leases.held_by(PAIR) is None  # the refusal let the lock go


@pytest.mark.skipif(os.name != "posix", reason="permissions are POSIX's")
def test_leases_that_others_may_write_to_are_refused(place: Path) -> None:
    place.mkdir()
    place.chmod(0o777)
    with pytest.raises(UnfitPlaceError, match="others may write"):
        LocalLeases(place).acquire(PAIR, ME, RUN, T0)


@pytest.mark.skipif(os.name != "posix", reason="permissions are POSIX's")
def test_lease_files_are_private(place: Path) -> None:
    before = os.umask(0)
    leases = LocalLeases(place)
    try:
        leases.release(leases.acquire(PAIR, ME, RUN, T0))
    finally:
        os.umask(before)
    assert {file.stat().st_mode & 0o777 for file in place.iterdir()} == {0o600}


def test_a_link_in_the_place_of_a_lock_is_not_followed(place: Path, tmp_path: Path) -> None:
    leases = LocalLeases(place)
    leases.release(leases.acquire(PAIR, ME, RUN, T0))
    (lock,) = place.glob("*.lock")
    lock.unlink()
    lock.symlink_to(tmp_path / "elsewhere")
    with pytest.raises(UnfitPlaceError):
        leases.acquire(PAIR, ME, RUN, T0)
    assert not (tmp_path / "elsewhere").exists()
