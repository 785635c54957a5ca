"""Seats now, seats with more hosts up, and how many hosts are lacking (safety S9; contract 34)."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from avd_failover.domain.estate import HostStatus, PoolKind
from avd_failover.domain.plan import Capacity
from avd_failover.domain.seats import LOAD_BALANCED, seats
from tests.domain.builders import host, host_pool

OFF = HostStatus.SHUTDOWN

NOW = [
    ("no host", [], 0, 0, 0),
    ("one empty host", [host(1)], 10, 10, 0),
    ("sessions take seats", [host(1, sessions=4)], 6, 6, 0),
    ("a full host has none", [host(1, sessions=10)], 0, 0, 0),
    ("an overfull host takes none from others", [host(1, sessions=12), host(2)], 10, 10, 0),
    ("a drained host has none until it is opened", [host(1, allows_new_sessions=False)], 0, 10, 0),
    ("a host that is off has none until it is up", [host(1, OFF), host(2)], 10, 20, 0),
    ("needs assistance is never promised", [host(1, HostStatus.NEEDS_ASSISTANCE)], 0, 10, 10),
    ("upgrading is never promised", [host(1, HostStatus.UPGRADING, sessions=3)], 0, 7, 7),
    ("a failed upgrade is never promised", [host(1, HostStatus.UPGRADE_FAILED)], 0, 10, 10),
    (
        "a drained host in need is not even impaired",
        [host(1, HostStatus.NEEDS_ASSISTANCE, allows_new_sessions=False)],
        0,
        10,
        0,
    ),
    ("listed twice is one host", [host(1), host(1)], 10, 10, 0),
    ("listed twice is the fuller of the two", [host(1), host(1, sessions=9)], 1, 1, 0),
    ("listed twice, once off, is off", [host(1, OFF), host(1)], 0, 10, 0),
]


@pytest.mark.parametrize(
    ("hosts", "now", "at_most", "impaired"), [case[1:] for case in NOW], ids=[case[0] for case in NOW]
)
def test_seats_are_what_available_open_hosts_have_left(hosts, now, at_most, impaired):
    for order in (hosts, hosts[::-1]):
        found = seats(host_pool(), order)
        assert (found.now, found.at_most, found.impaired) == (now, at_most, impaired)


@pytest.mark.parametrize("status", HostStatus)
def test_only_available_hosts_have_seats_and_only_load_balanced_ones_may_be_impaired(status):
    found = seats(host_pool(), [host(1, status)])
    assert found.now == (10 if status is HostStatus.AVAILABLE else 0)
    assert found.impaired == (10 if status in LOAD_BALANCED - {HostStatus.AVAILABLE} else 0)
    assert found.now + sum(found.waiting) == 10


def test_hosts_are_counted_by_status():
    found = seats(host_pool(), [host(1, OFF), host(2), host(3, OFF), host(4, sessions=2)])
    assert found.hosts == ((HostStatus.AVAILABLE, 2), (OFF, 2))
    assert (found.total, found.open_hosts, found.in_use) == (4, 2, 2)


def test_a_personal_host_has_one_seat_whatever_the_pool_says():
    personal = host_pool(kind=PoolKind.PERSONAL, max_sessions_per_host=999999)
    assert seats(personal, [host(1), host(2, sessions=1)]).now == 1


NEEDS = [
    ("enough already", [host(1)], 10, 0),
    ("nothing asked", [], 0, 0),
    ("one more host", [host(1), host(2, OFF)], 11, 1),
    ("two more hosts", [host(1, OFF), host(2, OFF), host(3, OFF)], 20, 2),
    ("one seat beyond two hosts takes a third", [host(1, OFF), host(2, OFF), host(3, OFF)], 21, 3),
    ("emptier hosts first", [host(1, OFF, sessions=9), host(2, OFF, sessions=1)], 9, 1),
    ("fuller hosts when they must", [host(1, OFF, sessions=9), host(2, OFF, sessions=1)], 10, 2),
    ("more than exist", [host(1), host(2, OFF)], 41, 4),
    ("full hosts bring nothing", [host(1, OFF, sessions=10)], 5, 1),
]


@pytest.mark.parametrize(
    ("hosts", "wanted", "lacking"), [case[1:] for case in NEEDS], ids=[case[0] for case in NEEDS]
)
def test_the_number_of_hosts_lacking_is_the_fewest_that_do(hosts, wanted, lacking):
    found = seats(host_pool(), hosts)
    assert found.needs(Capacity(seats=wanted)) == lacking
    assert found.fits(Capacity(seats=wanted)) == (lacking == 0)


def test_no_number_of_hosts_does_where_a_host_may_hold_no_session():
    for limit in (0, -1):
        closed = seats(host_pool(max_sessions_per_host=limit), [host(1), host(2, OFF)])
        assert closed.needs(Capacity(seats=1)) is None
        assert closed.needs(Capacity(seats=0)) == 0


SENTENCES = [
    ([host(1), host(2)], 15, "20 seats of 15 on 2 Available hosts"),
    ([host(1), host(2, OFF)], 15, "10 seats of 15 on 1 Available host; 1 more host must become Available"),
    (
        [host(1), host(2, OFF)],
        25,
        "10 seats of 25 on 1 Available host; all 2 hosts of the pool would give 20",
    ),
    ([], 5, "0 seats of 5 on 0 Available hosts; all 0 hosts of the pool would give 0"),
]


@pytest.mark.parametrize(("hosts", "wanted", "words"), SENTENCES)
def test_the_verdict_is_told_with_counts(hosts, wanted, words):
    assert seats(host_pool(), hosts).sentence(Capacity(seats=wanted)) == words


hosts_drawn = st.lists(
    st.builds(
        lambda number, status, sessions, allowed: host(
            number, status, sessions=sessions, allows_new_sessions=allowed
        ),
        st.integers(1, 6),
        st.sampled_from(HostStatus),
        st.integers(0, 12),
        st.booleans(),
    ),
    max_size=8,
)


@given(hosts_drawn, st.randoms(use_true_random=False))
def test_the_order_of_hosts_never_changes_the_count(hosts, chance):
    assert seats(host_pool(), chance.sample(hosts, len(hosts))) == seats(host_pool(), hosts)


@given(hosts_drawn)
def test_an_observation_more_never_adds_a_seat_to_a_host_seen_before(hosts):
    for extra in hosts:
        assert seats(host_pool(), [*hosts, extra]) == seats(host_pool(), hosts)


@given(hosts_drawn, st.integers(1, 6), st.integers(0, 80))
def test_the_hosts_said_to_lack_are_enough_and_one_less_is_not(hosts, extra_sessions, wanted):
    found = seats(host_pool(), [*hosts, host(9, OFF, sessions=extra_sessions)])
    lacking: Any = found.needs(Capacity(seats=wanted))
    offered = [*(free for free in found.waiting if free > 0), *[found.per_host] * 20]
    assert found.now + sum(offered[:lacking]) >= wanted
    assert lacking == 0 or found.now + sum(offered[: lacking - 1]) < wanted
