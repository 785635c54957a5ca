"""Reaching the witness that a plan names, for as long as a command needs it."""

import uuid
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

from avd_failover.azure.credentials import credential_for
from avd_failover.cli.settings import actor
from avd_failover.cli.wiring import Wired
from avd_failover.domain.blobs import Blobs
from avd_failover.domain.plan import Plan
from avd_failover.journal.at_hand import AtHand
from avd_failover.journal.copies import Copy, name_of_copy
from avd_failover.journal.home import Home
from avd_failover.journal.lease import Leases, Terms
from avd_failover.journal.local_leases import LocalLeases
from avd_failover.journal.machine import Machine
from avd_failover.journal.replication import Replication
from avd_failover.journal.store import Store
from avd_failover.journal.twofold import Twofold
from avd_failover.journal.witness_leases import WitnessLeases
from avd_failover.journal.writer import CONCLUDE_S, JournalWriter

SIMULATED = "/_blob"
"""Where a simulated Azure serves blobs, below its one address."""


@asynccontextmanager
async def witness_of(plan: Plan, wired: Wired) -> AsyncIterator[Blobs | None]:
    """Connect to the plan's witness; None where it names none. Nothing is asked for yet.

    The library is loaded here, so that runs without a witness do not wait for it.
    """
    if plan.witness is None:
        yield None
        return
    from avd_failover.azure.blobs import connect_blobs

    who, where = actor(), plan.witness
    url = f"{wired.where.arm}{SIMULATED}/{where.account}" if wired.where.simulated else where.account_url
    credential = credential_for(wired.where, wired.clock, who.identity, client_id=who.client_id)
    try:
        async with connect_blobs(url, where.name, credential, wired.clock) as blobs:
            yield blobs
    finally:
        await credential.close()


@asynccontextmanager
async def copied(
    journal: JournalWriter, store: Store, blobs: Blobs | None, say: Callable[[str], None]
) -> AsyncIterator[None]:
    """Keep a copy of the journal in the witness while the block runs; nothing where there is none.

    What is on disk already is brought there first; whatever waits for the journal waits for that too.
    """
    if blobs is None:
        yield
        return
    pinned = journal.state.pinned
    copy = Copy(blobs, name_of_copy(pinned.lock, pinned.run))
    replication = Replication(copy, tuple(store.read()), say)
    journal.replicate(replication)
    try:
        yield
        await replication.settle(CONCLUDE_S)
    finally:
        await replication.close()


def leases_of(home: Home, terms: Terms, machine: Machine, blobs: Blobs | None) -> Leases:
    """Return the leases that a run takes: of this machine, and of the witness where there is one."""
    local = LocalLeases(home.leases, terms, machine=machine)
    if blobs is None:
        return AtHand(local)
    witness = WitnessLeases(blobs, machine, lambda: str(uuid.uuid4()), terms)
    return Twofold(local, witness, home.leases)
