"""One behaviour of leases, wherever they lie: in files of one machine, or in a witness that all reach."""

from datetime import timedelta
from pathlib import Path

import pytest
from msgspec.structs import replace

from avd_failover.journal.at_hand import AtHand
from avd_failover.journal.events import Holder
from avd_failover.journal.lease import Lease, LeaseLostError, Leases, LockedError
from avd_failover.journal.local_leases import LocalLeases
from avd_failover.journal.twofold import Twofold
from tests.journal.builders import RUN, T0, make_plan
from tests.journal.machines import Hand
from tests.journal.witnesses import Place

PAIR = make_plan().pool_pair
OLD, NEW = Holder(host="laptop", pid=1), Holder(host="worker", pid=2)
OTHER_RUN = "pooled-eu-20260302-040000-9999"
KINDS = ("files", "witness", "both")


class Stand:
    """A place of leases, and the views of as many processes on it as a test wants."""

    def __init__(self, kind: str, directory: Path) -> None:
        self.hand = Hand()
        self._kind = kind
        self._directory = directory
        self._place = Place(self.hand)

    def view(self) -> Leases:
        files = LocalLeases(self._directory, machine=self.hand.machine())
        if self._kind == "files":
            return AtHand(files)
        witness = self._place.view()
        return witness if self._kind == "witness" else Twofold(files, witness, self._directory)


@pytest.fixture(params=KINDS)
def stand(request: pytest.FixtureRequest, tmp_path: Path) -> Stand:
    return Stand(request.param, tmp_path / "leases")


async def test_a_lease_says_who_holds_the_pair_and_when_its_term_began(stand: Stand) -> None:
    leases = stand.view()
    lease = await leases.acquire(PAIR, Holder(host="laptop", pid=1, epoch=99), RUN, T0)
    assert (lease.pair, lease.run, lease.host, lease.pid, lease.since) == (PAIR, RUN, "laptop", 1, T0)
    assert (lease.epoch, lease.renewed_s, lease.ends_s) == (1, 1000.0, 1060.0)
    assert not lease.quarantined
    assert await leases.held_by(PAIR) == lease
    assert await stand.view().held_by(PAIR) == lease
    await leases.release(lease)


async def test_nobody_holds_what_was_never_taken_or_was_let_go(stand: Stand) -> None:
    leases = stand.view()
    assert await leases.held_by(PAIR) is None
    lease = await leases.acquire(PAIR, OLD, RUN, T0)
    await leases.release(lease)
    await leases.release(lease)
    assert await stand.view().held_by(PAIR) is None


async def test_epochs_rise_and_what_was_let_go_is_free_at_once(stand: Stand) -> None:
    for epoch in (1, 2, 3):
        leases = stand.view()
        lease = await leases.acquire(PAIR, OLD, RUN, T0 + timedelta(hours=epoch))
        assert (lease.epoch, lease.quarantined) == (epoch, False)
        await leases.release(lease)


async def test_pairs_do_not_stand_in_each_others_way(stand: Stand) -> None:
    leases = stand.view()
    for pair in (PAIR, PAIR + "x"):
        assert (await leases.acquire(pair, OLD, RUN, T0)).epoch == 1


@pytest.mark.parametrize("after_s", [0.0, 59.9])
async def test_a_holder_is_not_displaced_before_its_term_is_over(stand: Stand, after_s: float) -> None:
    old = stand.view()
    lease = await old.acquire(PAIR, OLD, RUN, T0)
    stand.hand.at_s += after_s
    with pytest.raises(LockedError) as caught:
        await stand.view().acquire(PAIR, NEW, OTHER_RUN, T0)
    assert caught.value.lease == lease
    assert RUN in str(caught.value)
    assert (await old.renew(lease)).epoch == 1


async def test_a_holder_that_renews_is_never_displaced(stand: Stand) -> None:
    old = stand.view()
    lease = await old.acquire(PAIR, OLD, RUN, T0)
    for n in range(6):
        stand.hand.at_s += 45
        with pytest.raises(LockedError):
            await stand.view().acquire(PAIR, NEW, RUN, T0)
        lease = await old.renew(replace(lease, seq=n, head="h"))
        assert lease.renewed_s == stand.hand.at_s
    found = await stand.view().held_by(PAIR)
    assert found is not None
    assert (found.seq, found.head) == (5, "h")


async def test_a_holder_that_froze_is_displaced_in_quarantine_and_finds_another_epoch(stand: Stand) -> None:
    old, new = stand.view(), stand.view()
    lease = await old.acquire(PAIR, OLD, RUN, T0)
    stand.hand.at_s += 60
    taken = await new.acquire(PAIR, NEW, RUN, T0)
    assert (taken.epoch, taken.pid, taken.quarantined) == (2, 2, True)
    with pytest.raises(LeaseLostError):
        await old.renew(lease)
    await old.release(replace(lease, seq=99, head="zombie"))
    assert await stand.view().held_by(PAIR) == taken
    with pytest.raises(LockedError):
        await stand.view().acquire(PAIR, OLD, RUN, T0)
    assert (await new.renew(taken)).epoch == 2


async def test_a_holder_whose_term_is_over_cannot_renew_although_nobody_came(stand: Stand) -> None:
    leases = stand.view()
    lease = await leases.acquire(PAIR, OLD, RUN, T0)
    stand.hand.at_s += 60
    with pytest.raises(LeaseLostError, match="term was over"):
        await leases.renew(lease)


async def test_a_quarantine_is_inherited_until_somebody_waited(stand: Stand) -> None:
    views = [stand.view() for _ in range(4)]
    await views[0].acquire(PAIR, OLD, RUN, T0)
    stand.hand.at_s += 60
    taken = await views[1].acquire(PAIR, NEW, RUN, T0)
    await views[1].release(taken)
    inherited = await views[2].acquire(PAIR, NEW, RUN, T0)
    assert inherited.quarantined
    await views[2].release(replace(inherited, quarantined=False))
    assert not (await views[3].acquire(PAIR, NEW, RUN, T0)).quarantined


async def test_a_lease_remembers_the_journal_of_the_same_run_only(stand: Stand) -> None:
    views = [stand.view() for _ in range(3)]
    lease = await views[0].acquire(PAIR, OLD, RUN, T0)
    await views[0].release(replace(lease, seq=12, head="abc"))
    same = await views[1].acquire(PAIR, NEW, RUN, T0)
    assert (same.seq, same.head) == (12, "abc")
    await views[1].release(same)
    other = await views[2].acquire(PAIR, NEW, OTHER_RUN, T0)
    assert (other.seq, other.head) == (0, "")


async def test_one_holder_of_many_that_take_turns_in_haste(stand: Stand) -> None:
    views = [stand.view() for _ in range(5)]
    won: list[Lease] = []
    for view in views:
        try:
            won.append(await view.acquire(PAIR, OLD, RUN, T0))
        except LockedError:
            continue
    assert [lease.epoch for lease in won] == [1]
