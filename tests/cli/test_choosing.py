"""``failover journal choose``: typed with the head that was looked at, and never silent."""

from contextlib import closing
from datetime import UTC, datetime
from typing import Any

import pytest
from msgspec.structs import replace

from avd_failover.cli.exits import ExitCode
from avd_failover.domain.states import RunStatus
from avd_failover.journal.chain import replay
from avd_failover.journal.events import Holder, RunEnded
from avd_failover.journal.lease import Lease
from avd_failover.journal.local_leases import LocalLeases
from avd_failover.journal.sqlite_store import SqliteStore
from tests.cli.runs_at_hand import Shell
from tests.journal.builders import RUN, whole_run

HELD = RunEnded(status=RunStatus.HELD, because="a person must look")
WORDS = ("--by", "ann", "--reason", "the other disk is dead")


def held_run(shell: Shell) -> str:
    """Put a held run into the home; return the head of its journal."""
    path = shell.record(RUN, [*whole_run()[:6], HELD])
    with closing(SqliteStore.read_only(path)) as store:
        return replay(store).head


def taken(shell: Shell, **changes: Any) -> Lease:
    """Take the run's lease and let it go, saying this: what the next process finds."""
    with closing(SqliteStore.read_only(shell.home.path_of(RUN))) as store:
        lock = replay(store).state.pinned.lock
    leases = LocalLeases(shell.home.leases)
    lease = leases.acquire(lock, Holder(host="h", pid=1), RUN, datetime.now(UTC))
    leases.release(replace(lease, **changes))
    return lease


def remember(shell: Shell, seq: int, head: str) -> None:
    """Let the lease remember a line of the run's journal."""
    taken(shell, seq=seq, head=head)


def test_a_journal_that_is_not_the_one_driven_last_is_refused_with_what_to_do(shell: Shell) -> None:
    held_run(shell)
    remember(shell, 99, "f" * 64)
    assert shell.type("resume", RUN) == ExitCode.FAILED
    assert "entry 99 was written once and is not there" in shell.err
    assert "Next: failover journal choose --help" in shell.err


def test_a_person_chooses_by_the_head_and_the_next_process_waits_out_what_the_other_sent(
    shell: Shell,
) -> None:
    head = held_run(shell)
    remember(shell, 99, "f" * 64)
    assert shell.type("journal", "choose", RUN, "--head", head, *WORDS) == ExitCode.DONE
    assert f"with head {head} is the right one, says ann" in shell.out
    assert f"Next: failover resume {RUN}" in shell.err
    lease = taken(shell)
    with closing(SqliteStore.read_only(shell.home.path_of(RUN))) as store:
        after = replay(store)
    assert (lease.seq, lease.head, lease.quarantined) == (after.state.seq, after.head, True)
    assert after.state.chosen_over == {(99, "f" * 64)}
    assert after.state.status is RunStatus.HELD


REFUSED = [
    ("another head", 99, "0" * 64, ExitCode.REFUSED, "the head of the journal at hand is"),
    ("nothing to choose", 0, "", ExitCode.REFUSED, "there is nothing to choose"),
]


@pytest.mark.parametrize(
    ("seq", "typed", "code", "said"), [row[1:] for row in REFUSED], ids=[row[0] for row in REFUSED]
)
def test_no_choice_is_made_where_there_is_none(
    shell: Shell, seq: int, typed: str, code: ExitCode, said: str
) -> None:
    head = held_run(shell)
    if seq:
        remember(shell, seq, "f" * 64)
    assert shell.type("journal", "choose", RUN, "--head", typed or head, *WORDS) == code
    assert said in shell.err
    with closing(SqliteStore.read_only(shell.home.path_of(RUN))) as store:
        assert replay(store).head == head


def test_the_journal_of_a_finished_run_is_not_chosen(shell: Shell) -> None:
    path = shell.record(RUN, whole_run())
    with closing(SqliteStore.read_only(path)) as store:
        head = replay(store).head
    assert shell.type("journal", "choose", RUN, "--head", head, *WORDS) == ExitCode.REFUSED
    assert "never driven again" in shell.err


def test_a_choice_has_a_name_and_a_reason(shell: Shell) -> None:
    head = held_run(shell)
    blank = ("--by", " ", "--reason", "x")
    assert shell.type("journal", "choose", RUN, "--head", head, *blank) == ExitCode.BAD_INPUT
    assert shell.type("journal", "choose", RUN, "--head", head, "--by", "ann") == ExitCode.BAD_INPUT
