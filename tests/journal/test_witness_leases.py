"""Leases in a witness: what is lost on the way is settled by reading, and silence is no lease."""

import asyncio
import os
from pathlib import Path

import pytest

from avd_failover.journal.events import Holder
from avd_failover.journal.lease import LeaseLostError, LockedError, Terms, terms_for
from avd_failover.journal.local_leases import LocalLeases
from avd_failover.journal.twofold import Twofold
from avd_failover.journal.witness_leases import UnreachableWitnessError, WitnessLeases, digest_of_pair
from avd_failover.runbook.witness_file import LONGEST_REQUEST_S
from tests.journal.builders import RUN, T0, make_plan
from tests.journal.witnesses import Place

PAIR = make_plan().pool_pair
NAME = f"lease-{digest_of_pair(PAIR)}.json"
ME, OTHER = Holder(host="laptop", pid=1), Holder(host="worker", pid=2)


@pytest.fixture
def place() -> Place:
    return Place()


async def assert_held(place: Place, leases: WitnessLeases) -> None:
    with pytest.raises(LockedError):
        await place.view().acquire(PAIR, OTHER, RUN, T0)
    held = await leases.held_by(PAIR)
    assert held is not None
    assert held.pid == ME.pid


@pytest.mark.parametrize("fault", ["drop-response", "connection-reset"])
@pytest.mark.parametrize("route", ["leases.acquire", "blobs.create"])
async def test_a_lost_answer_to_acquire_is_settled_by_reading(place: Place, fault: str, route: str) -> None:
    nth = {"nth": 2} if route == "blobs.create" else {"nth": 1}  # the first one makes the blob
    place.fault(fault, route=route, **nth)
    leases = place.view()
    lease = await leases.acquire(PAIR, ME, RUN, T0)
    assert lease.epoch == 1
    await assert_held(place, leases)
    assert (await leases.renew(lease)).epoch == 1


async def test_a_lost_answer_to_the_making_of_the_blob_changes_nothing(place: Place) -> None:
    place.fault("drop-response", route="blobs.create", nth=1)
    assert (await place.view().acquire(PAIR, ME, RUN, T0)).epoch == 1


async def test_an_acquire_that_never_arrived_is_no_lease(place: Place) -> None:
    place.fault("drop-request", route="leases.acquire", nth=1)
    with pytest.raises(UnreachableWitnessError, match="was not taken"):
        await place.view().acquire(PAIR, ME, RUN, T0)
    assert (await place.view().acquire(PAIR, OTHER, RUN, T0)).epoch == 1


async def test_a_lost_acquire_that_another_won_is_locked(place: Place) -> None:
    place.fault("drop-request", route="leases.acquire", nth=1)
    mine, other = place.view(), place.view()
    blobs = mine._blobs
    taken: list[int] = []

    class Slow:
        """Our question after the lost answer comes after the other one's acquire."""

        def __getattr__(self, name: str) -> object:
            return getattr(blobs, name)

        async def acquire(self, name: str, lease: str, ttl_s: int) -> None:
            try:
                await blobs.acquire(name, lease, ttl_s)
            finally:
                taken.append((await other.acquire(PAIR, OTHER, "other-run", T0)).epoch)

    mine._blobs = Slow()  # type: ignore[assignment]
    with pytest.raises(LockedError, match="other-run"):
        await mine.acquire(PAIR, ME, RUN, T0)
    assert taken == [1]


@pytest.mark.parametrize(
    "fault",
    [
        {"name": "http-error", "route": "*", "status": 503},
        {"name": "http-error", "route": "*", "status": 403},
        {"name": "drop-request", "route": "*"},
        {"name": "http-error", "route": "blobs.get", "status": 500},
        {"name": "http-error", "route": "leases.acquire", "status": 409},
    ],
)
async def test_a_witness_that_does_not_answer_is_no_lease(place: Place, fault: dict[str, object]) -> None:
    place.fault(str(fault.pop("name")), **fault)
    with pytest.raises(UnreachableWitnessError, match=r"cannot say who holds|was not taken"):
        await place.view().acquire(PAIR, ME, RUN, T0)


async def test_a_record_that_cannot_be_read_is_never_taken_for_epoch_zero(place: Place) -> None:
    leases = place.view()
    await leases.release(await leases.acquire(PAIR, ME, RUN, T0))
    place.world.blobs.overwrite("stwitness/failover", NAME, "{")
    for _ in range(2):
        with pytest.raises(UnreachableWitnessError, match="which epoch was the last"):
            await place.view().acquire(PAIR, ME, RUN, T0)


async def test_a_renewal_that_is_lost_leaves_the_old_term_and_the_next_one_goes_through(place: Place) -> None:
    leases = place.view()
    lease = await leases.acquire(PAIR, ME, RUN, T0)
    for fault, route in [
        ("drop-request", "leases.renew"),
        ("drop-response", "leases.renew"),
        ("drop-request", "blobs.create"),
        ("http-error", "blobs.create"),
    ]:
        known = place.fault(fault, route=route)
        place.hand.at_s += 15
        with pytest.raises(UnreachableWitnessError):
            await leases.renew(lease)
        place.world.faults.remove("admin:test", known)
        lease = await leases.renew(lease)
        assert lease.renewed_s == place.hand.at_s


async def test_a_write_whose_answer_was_lost_is_found_by_reading(place: Place) -> None:
    leases = place.view()
    lease = await leases.acquire(PAIR, ME, RUN, T0)
    place.fault("drop-response", route="blobs.create")
    lease = await leases.renew(lease)
    assert (await leases.renew(lease)).epoch == 1


async def test_a_renewal_that_was_cut_short_after_it_wrote_does_not_lose_the_lease(place: Place) -> None:
    leases = place.view()
    lease = await leases.acquire(PAIR, ME, RUN, T0)
    blobs = leases._blobs

    class CutShort:
        """The caller gives up when the write has just been made."""

        def __getattr__(self, name: str) -> object:
            return getattr(blobs, name)

        async def put(self, *args: object, **more: object) -> str:
            await blobs.put(*args, **more)  # type: ignore[arg-type]
            raise asyncio.CancelledError

    leases._blobs = CutShort()  # type: ignore[assignment]
    with pytest.raises(asyncio.CancelledError):
        await leases.renew(lease)
    leases._blobs = blobs
    place.hand.at_s += 1
    assert (await leases.renew(lease)).renewed_s == place.hand.at_s


async def test_a_stolen_lease_is_lost_at_once(place: Place) -> None:
    leases = place.view()
    lease = await leases.acquire(PAIR, ME, RUN, T0)
    place.fault("lease-stolen")
    with pytest.raises(LeaseLostError, match="broken, and by whom it does not say"):
        await leases.renew(lease)


async def test_a_stolen_lease_is_lost_to_the_one_who_wrote_the_record(place: Place) -> None:
    leases = place.view()
    lease = await leases.acquire(PAIR, ME, RUN, T0)
    place.world.blobs.break_lease("stwitness/failover", NAME)
    taken = await place.view().acquire(PAIR, OTHER, "other-run", T0)
    assert (taken.epoch, taken.quarantined) == (2, True)
    with pytest.raises(LeaseLostError, match="taken over by run other-run, process 2 on worker"):
        await leases.renew(lease)


async def test_a_zombie_that_renews_an_expired_lease_that_nobody_took_is_stopped_by_its_own_clock(
    place: Place,
) -> None:
    leases = place.view()
    lease = await leases.acquire(PAIR, ME, RUN, T0)
    place.hand.at_s += 61
    with pytest.raises(LeaseLostError, match="term was over for 1 s"):
        await leases.renew(lease)
    assert (await place.view().acquire(PAIR, OTHER, RUN, T0)).quarantined


async def test_a_release_that_cannot_be_written_leaves_the_lease_to_its_term(place: Place) -> None:
    leases = place.view()
    lease = await leases.acquire(PAIR, ME, RUN, T0)
    known = place.fault("drop-request", route="blobs.create")
    await leases.release(lease)
    place.world.faults.remove("admin:test", known)
    with pytest.raises(LockedError):
        await place.view().acquire(PAIR, OTHER, RUN, T0)
    place.hand.at_s += 60
    assert (await place.view().acquire(PAIR, OTHER, RUN, T0)).quarantined


async def test_who_held_it_last_is_known_after_it_was_let_go(place: Place) -> None:
    leases = place.view()
    assert await leases.last(PAIR) is None
    await leases.release(await leases.acquire(PAIR, ME, RUN, T0))
    last = await place.view().last(PAIR)
    assert last is not None
    assert last.run == RUN


def test_terms_longer_than_a_blobs_lease_are_refused(place: Place) -> None:
    with pytest.raises(ValueError, match="60 s, not 61 s"):
        WitnessLeases(place.blobs(), place.hand.machine(), str, Terms(ttl_s=61.0))


def test_the_longest_request_that_a_plan_may_have_fits_the_lease() -> None:
    assert terms_for(LONGEST_REQUEST_S).ttl_s == 60.0
    assert terms_for(LONGEST_REQUEST_S + 1).ttl_s > 60.0


class Home:
    """One machine's home; each view is another process there."""

    def __init__(self, place: Place, directory: Path) -> None:
        self.place = place
        self.directory = directory
        self.files: list[LocalLeases] = []

    def view(self) -> Twofold:
        self.files.append(LocalLeases(self.directory, machine=self.place.hand.machine()))
        return Twofold(self.files[-1], self.place.view(), self.directory)

    def kill(self) -> None:
        """Let the last process die: its locks are freed, and nothing else happens."""
        for handle in self.files[-1]._held.values():
            os.close(handle)
        self.files[-1]._held.clear()


async def test_in_the_home_of_a_killed_holder_the_pair_is_taken_back_at_once(
    place: Place, tmp_path: Path
) -> None:
    here = Home(place, tmp_path)
    await here.view().acquire(PAIR, ME, RUN, T0)
    here.kill()
    again = here.view()
    lease = await again.acquire(PAIR, OTHER, RUN, T0)
    assert (lease.epoch, lease.pid, lease.quarantined) == (2, 2, False)
    assert (await again.renew(lease)).epoch == 2


async def test_what_another_machine_took_over_is_not_taken_back(place: Place, tmp_path: Path) -> None:
    here, there = Home(place, tmp_path / "a"), Home(place, tmp_path / "b")
    await here.view().acquire(PAIR, ME, RUN, T0)
    here.kill()
    place.hand.at_s += 60
    await there.view().acquire(PAIR, OTHER, "other-run", T0)
    with pytest.raises(LockedError, match="other-run"):
        await here.view().acquire(PAIR, ME, RUN, T0)


async def test_a_frozen_holder_of_the_same_home_is_waited_for_there_too(place: Place, tmp_path: Path) -> None:
    here = Home(place, tmp_path)
    frozen = here.view()
    lease = await frozen.acquire(PAIR, ME, RUN, T0)
    place.hand.at_s += 60
    taken = await here.view().acquire(PAIR, OTHER, RUN, T0)
    assert (taken.epoch, taken.quarantined) == (2, True)
    with pytest.raises(LeaseLostError):
        await frozen.renew(lease)


async def test_another_machine_is_refused_while_a_killed_holders_term_runs(
    place: Place, tmp_path: Path
) -> None:
    here, there = Home(place, tmp_path / "a"), Home(place, tmp_path / "b")
    await here.view().acquire(PAIR, ME, RUN, T0)
    place.hand.at_s += 59
    with pytest.raises(LockedError, match=RUN):
        await there.view().acquire(PAIR, OTHER, RUN, T0)
    place.hand.at_s += 1
    taken = await there.view().acquire(PAIR, OTHER, RUN, T0)
    assert (taken.epoch, taken.quarantined) == (2, True)


async def test_a_refusal_there_frees_the_pair_here(place: Place, tmp_path: Path) -> None:
    await place.view().acquire(PAIR, OTHER, "other-run", T0)
    here = Home(place, tmp_path)
    with pytest.raises(LockedError, match="other-run"):
        await here.view().acquire(PAIR, ME, RUN, T0)
    assert here.files[0].held_by(PAIR) is None
