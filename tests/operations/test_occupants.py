"""Whose sessions a run may end, and how many seats it needs: all, or theirs who move (contract 154)."""

import pytest

from avd_failover.domain.estate import Membership, SessionState, UserSession
from avd_failover.domain.ids import UserSessionId
from avd_failover.domain.plan import Capacity
from avd_failover.domain.route import Route
from avd_failover.operations.demand import needed
from avd_failover.operations.occupants import sorted_out, unresolved_block
from tests.domain.builders import gid, group, plan, route, user

ADA, BEN, EVE = "ada@contoso.com", "ben@contoso.com", "eve@contoso.com"
NUMBER = {ADA: 1, BEN: 2, EVE: 3}


def read(number: int, *names: str, complete: bool = True) -> Membership:
    pairs = tuple((name, user(NUMBER[name])) for name in names)
    return Membership(
        group=gid(number), users=frozenset(one for _, one in pairs), names=pairs, complete=complete
    )


def session(number: int, name: str | None) -> UserSession:
    return UserSession(id=UserSessionId(f"pool/host/{number}"), state=SessionState.ACTIVE, name=name)


SESSIONS = [session(1, ADA), session(2, BEN), session(3, EVE), session(4, None)]
COHORT = route(groups=("GRP1",))
DRILL = route(plan=plan(test_group=group(9)), test=True)

SORTED = [
    ("a cohort", COHORT, [read(1, ADA), read(2, BEN)], [1], 1, [3, 4]),
    ("a drill", DRILL, [read(1, ADA), read(2, BEN), read(9, EVE)], [3], 2, [4]),
    ("nobody surely stays while a tester may be unread", DRILL, [read(1, ADA), read(9, complete=False)],
     [], 0, [1, 2, 3, 4]),
    ("nobody surely stays without the moved group", COHORT, [read(2, BEN)], [], 0, [2, 1, 3, 4]),
    ("a group that stays may be unread", COHORT, [read(1, ADA), read(2, complete=False)], [1], 0, [2, 3, 4]),
    ("somebody of a group outside the plan", COHORT, [read(1, ADA), read(7, BEN, EVE)], [1], 2, [4]),
]  # fmt: skip


@pytest.mark.parametrize(
    ("run", "groups", "moved", "others", "unresolved"),
    [case[1:] for case in SORTED],
    ids=[case[0] for case in SORTED],
)
def test_sessions_are_sorted_by_who_moves(run, groups, moved, others, unresolved):
    found = sorted_out(run, SESSIONS, groups)
    assert [int(one.id[-1]) for one in found.moved] == moved
    assert found.others == others
    assert [int(one.id[-1]) for one in found.unresolved] == unresolved


def test_what_is_known_to_move_carries_its_user():
    found = sorted_out(COHORT, SESSIONS, [read(1, ADA)])
    assert [one.user for one in found.moved] == [user(1)]


def test_every_session_is_in_one_heap_only():
    for run in (COHORT, DRILL):
        found = sorted_out(run, SESSIONS, [read(1, ADA), read(9, EVE), read(2, BEN)])
        assert len(found.moved) + found.others + len(found.unresolved) == len(SESSIONS)


def test_a_session_of_nobody_knows_whom_holds_the_run_by_its_number_and_never_by_a_name():
    blocked = unresolved_block([session(4, "mallory@contoso.com")])
    assert blocked is not None
    assert blocked.findings[0].code == "session-unresolved"
    assert "pool/host/4" in blocked.findings[0].detail
    assert "mallory" not in f"{blocked.because} {blocked.findings}"


def test_without_such_a_session_nothing_holds():
    assert unresolved_block([]) is None


def sized(seats: int, share: int, **scope) -> Route:
    return route(plan=plan(capacity=Capacity(seats=seats, minimum_hosts_pct=share)), **scope)


NEEDED = [
    ("everybody: the plan's own figures", sized(10, 80), [read(1, ADA)], 10, 80),
    ("a cohort: a seat for each user", sized(10, 80, groups=("GRP1",)), [read(1, ADA, BEN)], 2, 16),
    ("a user in two moved groups sits once", sized(10, 80, groups=("GRP1", "GRP2")),
     [read(1, ADA, BEN), read(2, BEN)], 2, 16),
    ("a share is rounded up", sized(60, 100, groups=("GRP1",)), [read(1, ADA)], 1, 2),
    ("never more than the plan asks for", sized(1, 50, groups=("GRP1",)), [read(1, ADA, BEN)], 1, 50),
    ("at least one seat", sized(10, 80, groups=("GRP1",)), [read(1)], 1, 8),
    ("all of it while members are not known", sized(10, 80, groups=("GRP1",)),
     [read(1, ADA, complete=False)], 10, 80),
]  # fmt: skip


@pytest.mark.parametrize(
    ("run", "groups", "seats", "share"), [case[1:] for case in NEEDED], ids=[case[0] for case in NEEDED]
)
def test_a_run_needs_seats_for_those_who_move(run, groups, seats, share):
    found = needed(run, groups)
    assert (found.seats, found.minimum_hosts_pct) == (seats, share)
