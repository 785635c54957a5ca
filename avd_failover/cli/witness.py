"""Reaching the witness that a plan names, for as long as a command needs it."""

import uuid
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

from avd_failover.azure.credentials import credential_for
from avd_failover.cli.errors import Quit
from avd_failover.cli.exits import ExitCode
from avd_failover.cli.settings import actor, endpoints
from avd_failover.cli.wiring import Wired, wire
from avd_failover.domain.blobs import Blobs
from avd_failover.domain.plan import Plan
from avd_failover.journal.at_hand import AtHand
from avd_failover.journal.bring import bring
from avd_failover.journal.copies import Copy, name_of_copy
from avd_failover.journal.events import lock_of
from avd_failover.journal.home import LATEST, Home
from avd_failover.journal.lease import Leases, Terms
from avd_failover.journal.local_leases import LocalLeases
from avd_failover.journal.machine import Machine, this_machine
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


async def brought(home: Home, pair: str, blobs: Blobs | None, *, only: str = "") -> tuple[str, ...]:
    """Bring here what other machines wrote of this pair's runs; nothing where there is no witness.

    So a run knows what ran elsewhere: what is unfinished, what is owed, what is to be returned.
    """
    if blobs is None:
        return ()
    return await bring(home, pair, blobs, only=only, last=LocalLeases(home.leases).last(pair))


async def fetch(plan: Plan, home: Home, wanted: str | None) -> tuple[str, tuple[str, ...]]:
    """Bring the journals of a plan's runs here, without taking anything.

    Returns: The run that is meant, of which the pair's last one is the latest; and the runs that grew here.

    Raises:
        Quit: The plan names no witness, or nothing ever ran under it.
    """
    if plan.witness is None:
        told = f"plan {plan.name} names no witness, so its journals are on the machines that wrote them alone"
        raise Quit(ExitCode.BAD_INPUT, told, next_step="failover schema plan    shows the form of 'witness:'")
    home.prepare()
    async with wire(endpoints(), None) as wired, witness_of(plan, wired) as blobs:
        assert blobs is not None  # noqa: S101 - the plan names one
        pair = lock_of(plan, wired.simulated)
        grown = await brought(home, pair, blobs)
        if wanted not in {None, LATEST}:
            return str(wanted), grown
        last = await WitnessLeases(blobs, this_machine(), str).last(pair)
    if last is None:
        raise Quit(ExitCode.BAD_INPUT, f"nothing ever ran under the witness of {plan.name}")
    return last.run, grown


def leases_of(home: Home, terms: Terms, machine: Machine, blobs: Blobs | None) -> Leases:
    """Return the leases that a run takes: of this machine, and of the witness where there is one."""
    local = LocalLeases(home.leases, terms, machine=machine)
    if blobs is None:
        return AtHand(local)
    witness = WitnessLeases(blobs, machine, lambda: str(uuid.uuid4()), terms)
    return Twofold(local, witness, home.leases)
