"""The last thing that is asked before a request that changes something leaves: may it still?"""

import pytest

from avd_failover.azure.endpoints import Endpoints
from avd_failover.azure.estate import AzureCloud, connect
from avd_failover.domain.faults import TransientError
from avd_failover.domain.fence import FencedError, Gate
from tests.azure.builders import POOL, host_body
from tests.azure.fake_arm import FakeArm, listed, refusal
from tests.azure.jump_clock import JumpClock
from tests.azure.test_pipeline import MUTATIONS
from tests.permits import with_permits


class Term:
    """A fence that shuts at a moment of the clock."""

    def __init__(self, clock: JumpClock, ends_s: float) -> None:
        self._clock = clock
        self._ends_s = ends_s

    def check(self) -> None:
        if self._clock.monotonic() >= self._ends_s:
            raise FencedError("over")


def wired(arm: FakeArm, clock: JumpClock, gate: Gate) -> AzureCloud:
    return with_permits(connect(Endpoints(arm=arm.url, graph=arm.url), clock, fence=gate))


@pytest.mark.parametrize("name", MUTATIONS)
async def test_without_a_lease_no_mutation_leaves(arm: FakeArm, clock: JumpClock, name: str) -> None:
    method, verb = MUTATIONS[name]
    cloud = wired(arm, clock, Gate())
    try:
        with pytest.raises(FencedError, match="no lease is held"):
            await verb(cloud)
    finally:
        await cloud.aclose()
    assert [request for request in arm.seen if request.method == method] == []


async def test_reading_needs_no_lease(arm: FakeArm, clock: JumpClock) -> None:
    arm.on("GET", "", listed(host_body()))
    cloud = wired(arm, clock, Gate())
    try:
        await cloud.hosts.list(POOL)
    finally:
        await cloud.aclose()
    assert {request.method for request in arm.seen} == {"GET"}


async def test_a_request_that_waited_longer_for_its_budget_than_the_term_lasts_does_not_leave(
    arm: FakeArm, clock: JumpClock
) -> None:
    arm.on("PATCH", "", refusal(429, "TooManyRequests", Retry_After="100"))
    gate = Gate()
    gate.guard(Term(clock, clock.monotonic() + 50))
    cloud = wired(arm, clock, gate)
    try:
        with pytest.raises(TransientError):
            await cloud.pools.set_start_on_connect(POOL, allowed=False)
        with pytest.raises(FencedError, match="over"):
            await cloud.pools.set_start_on_connect(POOL, allowed=False)
    finally:
        await cloud.aclose()
    assert len(arm.sent("PATCH")) == 1
