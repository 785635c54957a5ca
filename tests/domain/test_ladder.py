"""The capacity ladder: never more than needed, nobody counted who was not seen, sets in the plan's order."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from avd_failover.domain.estate import HostStatus, Machine, PowerState
from avd_failover.domain.fallbacks import Fallback, FallbackKind, Wave
from avd_failover.domain.ids import machine_id, reservation_group_id
from avd_failover.domain.ladder import (
    Rung,
    Standing,
    Trials,
    choose,
    forgotten,
    hopeless,
    ladder,
    outlook,
    rank_of,
    suffices,
)
from avd_failover.domain.plan import Capacity
from tests.domain.builders import host, host_pool

AT = datetime(2026, 3, 2, tzinfo=UTC)
KEPT = reservation_group_id(
    "/subscriptions/11111111-0000-4000-8000-000000000001/resourceGroups/rg/providers"
    "/Microsoft.Compute/capacityReservationGroups/kept"
)


def machine_of(number: int, power: PowerState, **more: Any) -> Machine:
    return Machine(id=behind(number), location="x", power=power, **more)


def behind(number: int) -> Any:
    return machine_id(
        "/subscriptions/11111111-0000-4000-8000-000000000001/resourceGroups/rg"
        f"/providers/Microsoft.Compute/virtualMachines/vm-{number}"
    )


def rung(number: int, standing: Standing, rank: int = 0, free: int = 10, **more: Any) -> Rung:
    usual: dict[str, Any] = {"host": f"h-{number}", "machine": behind(number), "because": ""}
    return Rung(rank=rank, free=free, standing=standing, **usual | more)


def fallback(name: str, kind: FallbackKind = FallbackKind.HOSTS, **more: Any) -> Fallback:
    return Fallback(name=name, kind=kind, because="Spare.", **more)


def ladder_of(*rows: tuple[HostStatus, PowerState], **more: Any) -> tuple[Rung, ...]:
    hosts = [host(n, status, machine=behind(n)) for n, (status, _) in enumerate(rows)]
    machines = [machine_of(n, power) for n, (_, power) in enumerate(rows)]
    return ladder(host_pool(), hosts, machines, Capacity(seats=1), read_at=AT, **more)


STANDINGS = [
    (HostStatus.AVAILABLE, PowerState.RUNNING, Standing.OPEN),
    (HostStatus.SHUTDOWN, PowerState.DEALLOCATED, Standing.ASLEEP),
    (HostStatus.UNAVAILABLE, PowerState.STOPPED, Standing.ASLEEP),
    (HostStatus.NEEDS_ASSISTANCE, PowerState.DEALLOCATED, Standing.ASLEEP),
    (HostStatus.SHUTDOWN, PowerState.STARTING, Standing.COMING),
    (HostStatus.UNAVAILABLE, PowerState.RUNNING, Standing.COMING),
    (HostStatus.FSLOGIX_NOT_HEALTHY, PowerState.RUNNING, Standing.UNSURE),
    (HostStatus.SHUTDOWN, PowerState.DEALLOCATING, Standing.UNSURE),
    (HostStatus.UNAVAILABLE, PowerState.STOPPING, Standing.UNSURE),
    (HostStatus.UNAVAILABLE, PowerState.UNKNOWN, Standing.OUT),
]


@pytest.mark.parametrize(("status", "power", "wanted"), STANDINGS)
def test_status_and_power_decide_where_a_host_stands(status, power, wanted):
    (found,) = ladder_of((status, power))
    assert found.standing is wanted


@pytest.mark.parametrize("status", HostStatus)
@pytest.mark.parametrize("power", PowerState)
def test_no_host_is_open_but_an_available_one(status, power):
    (found,) = ladder_of((status, power))
    assert (found.standing is Standing.OPEN) == (status is HostStatus.AVAILABLE)


@pytest.mark.parametrize("status", HostStatus)
@pytest.mark.parametrize("power", PowerState)
def test_a_drained_host_is_on_no_rung_that_counts(status, power):
    drained = host(1, status, machine=behind(1), allows_new_sessions=False)
    pool, machines = host_pool(), [machine_of(1, power)]
    (found,) = ladder(pool, [drained], machines, Capacity(seats=1), read_at=AT)
    assert found.standing is Standing.OUT


def test_a_refused_machine_is_out_while_it_is_off_and_counts_when_it_runs_after_all():
    trials = Trials(refused={behind(0): "AllocationFailed"})
    (off,) = ladder_of((HostStatus.SHUTDOWN, PowerState.DEALLOCATED), trials=trials)
    (on,) = ladder_of((HostStatus.SHUTDOWN, PowerState.RUNNING), trials=trials)
    assert (off.standing, on.standing) == (Standing.OUT, Standing.COMING)


AGES = [(None, False), (0, False), (89, False), (90, False), (91, True), (400, True)]


@pytest.mark.parametrize(("days", "wanted"), AGES)
def test_the_registration_is_refused_after_more_than_90_days_of_silence(days, wanted):
    beat = None if days is None else AT - timedelta(days=days)
    assert forgotten(host(1, HostStatus.SHUTDOWN, last_heartbeat=beat), AT) is wanted
    assert not forgotten(host(1, HostStatus.AVAILABLE, last_heartbeat=beat), AT)


RANKS = [
    ("avd-1", [fallback("a", hosts=("avd-1",))], 1),
    ("avd-1.corp.example", [fallback("a", hosts=("avd-1",))], 1),
    ("avd-1.corp.example", [fallback("a", hosts=("avd-1.corp.example",))], 1),
    ("avd-10", [fallback("a", hosts=("avd-1",))], 0),
    ("avd-10", [fallback("a", hosts=("avd-1",)), fallback("b", prefix="avd-1")], 2),
    ("avd-2", [fallback("a", prefix="avd-1")], 0),
]


@pytest.mark.parametrize(("name", "fallbacks", "wanted"), RANKS)
def test_the_first_set_that_takes_a_host_ranks_it(name, fallbacks, wanted):
    one = host(1)
    named = type(one)(
        id=one.id.rsplit("/", 1)[0] + f"/{name}",  # type: ignore[arg-type]
        machine=one.machine,
        status=one.status,
        allows_new_sessions=True,
    )
    assert rank_of(named, Capacity(seats=1, fallbacks=tuple(fallbacks))) == wanted


def test_the_outlook_tells_seats_by_how_sure_they_are():
    rungs = [
        rung(1, Standing.OPEN, free=4),
        rung(2, Standing.COMING),
        rung(3, Standing.ASLEEP, reserved=True),
        rung(4, Standing.OUT, reserved=True),
        rung(5, Standing.UNSURE, reserved=True),
    ]
    view = outlook(rungs, Capacity(seats=1))
    assert (view.now, view.soon, view.guaranteed, view.minutes) == (4, 24, 14, 5)


@pytest.mark.parametrize(("asleep", "size", "minutes"), [(0, 1, 0), (4, 4, 5), (5, 4, 10), (9, 4, 15)])
def test_waves_add_their_time_to_the_outlook(asleep, size, minutes):
    rungs = [rung(n, Standing.ASLEEP) for n in range(asleep)]
    assert outlook(rungs, Capacity(seats=1, wave=Wave(size=size, every_s=300.0))).minutes == minutes


rungs_ = st.lists(
    st.builds(
        rung,
        st.integers(0, 10_000),
        st.sampled_from(Standing),
        st.integers(0, 3),
        st.integers(0, 12),
        reserved=st.booleans(),
    ),
    max_size=12,
    unique_by=lambda one: one.host,
).map(lambda found: sorted(found, key=lambda one: (one.rank, -one.free, one.host)))
capacities = st.builds(
    Capacity,
    seats=st.integers(1, 80),
    minimum_hosts_pct=st.integers(1, 100),
    minimum_success_pct=st.integers(0, 100),
)


def up_after(rungs: list[Rung], chosen: tuple[Rung, ...]) -> list[Rung]:
    """Return what would be up if everything chosen and everything on its way came up."""
    return [one for one in rungs if one.standing in {Standing.OPEN, Standing.COMING} or one in chosen]


@given(rungs_, capacities)
@settings(max_examples=200)
def test_never_more_than_needed_the_last_of_any_set_is_needed(rungs, capacity):
    choice = choose(rungs, capacity)
    share = -(-len(rungs) * capacity.minimum_hosts_pct // 100)
    if choice.chosen:
        last = choice.chosen[-1]
        without = [one for one in up_after(rungs, choice.chosen) if one != last]
        enough = max(choice.minimum, 0 if last.rank else share)
        seated = sum(one.free for one in without) >= capacity.seats or last.free == 0
        assert not seated or len(without) < enough


@given(rungs_, capacities)
@settings(max_examples=200)
def test_only_what_sleeps_is_started_and_each_of_it_is_chosen_or_spared(rungs, capacity):
    choice = choose(rungs, capacity)
    asleep = [one for one in rungs if one.standing is Standing.ASLEEP]
    assert sorted((*choice.chosen, *choice.spared), key=lambda one: one.host) == sorted(
        asleep, key=lambda one: one.host
    )
    assert [one.rank for one in choice.chosen] == sorted(one.rank for one in choice.chosen)


@given(rungs_, capacities)
@settings(max_examples=200)
def test_no_fallback_with_seats_is_started_while_an_earlier_one_of_use_is_spared(rungs, capacity):
    choice = choose(rungs, capacity)
    if taken := [one for one in choice.chosen if one.rank and one.free]:
        assert not [one for one in choice.spared if one.free and one.rank < taken[-1].rank]


@given(rungs_, capacities)
@settings(max_examples=200)
def test_nothing_that_was_not_seen_open_makes_it_suffice(rungs, capacity):
    choice = choose(rungs, capacity)
    ready = [one for one in rungs if one.standing is Standing.OPEN]
    assert suffices(rungs, capacity, choice.minimum) == suffices(ready, capacity, choice.minimum)
    if suffices(rungs, capacity, choice.minimum):
        assert sum(one.free for one in ready) >= capacity.seats


@given(rungs_, capacities)
@settings(max_examples=200)
def test_it_is_hopeless_only_when_nothing_is_to_be_started_or_waited_for(rungs, capacity):
    if hopeless(rungs, capacity):
        assert not choose(rungs, capacity).chosen
        assert not [one for one in rungs if one.free and one.standing in {Standing.COMING, Standing.UNSURE}]
        assert not suffices(rungs, capacity, choose(rungs, capacity).minimum)


@given(rungs_, capacities)
@settings(max_examples=100)
def test_a_guarantee_is_never_more_than_what_may_come(rungs, capacity):
    view = outlook(rungs, capacity)
    assert view.now <= view.guaranteed <= view.soon
