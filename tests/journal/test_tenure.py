"""The holder's side: silent in time, whatever froze it, and renewed as long as the store answers."""

import asyncio

import pytest
from msgspec.structs import replace

from avd_failover.domain.fence import FencedError
from avd_failover.journal.disk import UnfitPlaceError
from avd_failover.journal.lease import Lease, LeaseLostError, LockedError, Terms
from avd_failover.journal.tenure import Tenure
from tests.journal.builders import RUN, T0
from tests.journal.machines import Hand

QUICK = Terms(ttl_s=60.0, renew_every_s=0.002, retry_timeout_s=0.5)
LEASE = Lease(
    pair="a+b", run=RUN, host="h", pid=1, since=T0, epoch=3, boot="boot-1", renewed_s=1000.0, ttl_s=60.0
)


class Store:
    """A store of leases that answers what it is told to, then renews."""

    def __init__(self, hand: Hand, *faults: Exception) -> None:
        self.hand = hand
        self.faults = list(faults)
        self.written: list[Lease] = []
        self.released: list[Lease] = []

    async def renew(self, lease: Lease) -> Lease:
        if self.faults:
            raise self.faults.pop(0)
        self.written.append(lease)
        return replace(lease, renewed_s=self.hand.at_s)

    async def release(self, lease: Lease) -> None:
        self.released.append(lease)

    async def acquire(self, *_: object) -> Lease:
        raise AssertionError("not asked for")

    async def held_by(self, pair: str) -> Lease | None:
        raise AssertionError("not asked for")


class Held:
    """A tenure on a clock by hand; requests have 30 seconds."""

    def __init__(self, *faults: Exception, terms: Terms = QUICK, lease: Lease = LEASE) -> None:
        self.hand = Hand()
        self.store = Store(self.hand, *faults)
        self.tenure = Tenure(self.store, lease, terms, self.hand.machine(), request_s=30.0)
        self.told = 0
        self.tenure.when_lost = self._lost

    def _lost(self) -> None:
        self.told += 1

    async def keep_until(self, enough: int) -> None:
        """Keep until so many renewals were written, or the lease is lost."""
        self.tenure.mark = lambda: (9, "head")
        keeping = asyncio.ensure_future(self.tenure.keep())
        async with asyncio.timeout(20):
            while len(self.store.written) < enough and not keeping.done():
                await asyncio.sleep(0.001)
        keeping.cancel()
        await asyncio.wait({keeping})


@pytest.mark.parametrize("after_s", [0.0, 15.0, 29.3])
def test_a_request_passes_while_it_ends_inside_the_term(after_s: float) -> None:
    held = Held()
    held.hand.at_s += after_s
    held.tenure.check()
    assert (held.tenure.lost, held.told) == ("", 0)


@pytest.mark.parametrize(
    ("after_s", "because"),
    [
        (29.5, "ends in 30 s and was not renewed in time"),
        (59.0, "ends in 1 s and was not renewed in time"),
        (60.0, "term is over for 0 s"),
        (3600.0, "term is over for 3540 s: this process or its machine was frozen"),
    ],
)
def test_a_request_that_might_outlast_the_term_is_not_sent(after_s: float, because: str) -> None:
    held = Held()
    held.hand.at_s += after_s
    with pytest.raises(FencedError, match=because):
        held.tenure.check()
    assert because in held.tenure.lost
    assert held.told == 1


def test_a_fence_that_forbade_once_forbids_for_ever() -> None:
    held = Held()
    held.hand.at_s += 40
    for at_s in (1040.0, 1000.0):
        held.hand.at_s = at_s
        with pytest.raises(FencedError):
            held.tenure.check()
    assert held.told == 1


async def test_a_quarantined_lease_lets_nothing_pass_until_it_was_waited_out() -> None:
    held = Held(lease=replace(LEASE, quarantined=True))
    with pytest.raises(FencedError, match="may still take effect"):
        held.tenure.check()
    assert (held.tenure.lost, held.told) == ("", 0)
    held.tenure.waited_out()
    held.tenure.check()
    await held.tenure.release()
    assert not held.store.released[0].quarantined


async def test_renewals_move_the_end_and_write_down_the_journals_last_line() -> None:
    held = Held()
    held.hand.at_s += 25
    await held.keep_until(2)
    assert held.tenure.left_s == 60.0
    assert {(lease.seq, lease.head) for lease in held.store.written} == {(9, "head")}
    held.tenure.check()


@pytest.mark.parametrize(
    "fault", [OSError("no space"), UnfitPlaceError("gone"), LockedError("a+b", None), TimeoutError()]
)
async def test_a_renewal_that_fails_is_tried_again_while_there_is_time(fault: Exception) -> None:
    held = Held(fault, terms=Terms(ttl_s=60.0, renew_every_s=0.002, retry_timeout_s=0.01))
    await held.keep_until(1)
    assert (held.tenure.lost, held.told) == ("", 0)
    held.tenure.check()


async def test_an_unreachable_store_stops_the_run_before_the_term_is_over() -> None:
    held = Held(
        *[OSError("no route")] * 3, terms=Terms(ttl_s=60.0, renew_every_s=0.002, retry_timeout_s=0.01)
    )
    held.hand.at_s += 30
    await held.keep_until(1)
    assert held.tenure.lost == "the lease could not be renewed in time: no route"
    assert held.tenure.left_s == 30.0
    assert (held.told, held.store.written) == (1, [])
    with pytest.raises(FencedError, match="no route"):
        held.tenure.check()


async def test_another_epoch_ends_the_tenure_at_once_although_the_term_goes_on() -> None:
    held = Held(LeaseLostError("the lease was taken over by run x"))
    await held.keep_until(1)
    assert (held.tenure.lost, held.tenure.left_s, held.told) == ("the lease was taken over by run x", 0.0, 1)
    with pytest.raises(FencedError, match="taken over by run x"):
        held.tenure.check()


async def test_a_lease_that_is_lost_is_not_renewed_any_more() -> None:
    held = Held()
    held.hand.at_s += 60
    with pytest.raises(FencedError):
        held.tenure.check()
    await held.keep_until(1)
    assert held.store.written == []


async def test_the_journals_last_line_is_released_with_the_lease() -> None:
    held = Held()
    held.tenure.mark = lambda: (5, "tail")
    await held.tenure.release()
    assert held.store.released == [replace(LEASE, seq=5, head="tail")]
