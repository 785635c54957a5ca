"""Reading recovery plans beside the desktops that they move."""

import asyncio
from collections.abc import Awaitable, Callable

from msgspec.structs import replace

from avd_failover.cloud import Reads
from avd_failover.domain.ensembles import ensembles_of, with_history
from avd_failover.domain.personal_plan import PersonalPlan
from avd_failover.domain.plan import Side
from avd_failover.domain.route import Route
from avd_failover.operations.base import Memory
from avd_failover.operations.desks import Desks
from avd_failover.operations.hostwatch import found

Look = Callable[[Reads, Memory], Awaitable[Desks]]


async def gathered(look: Look, personal: PersonalPlan, route: Route, cloud: Reads, memory: Memory) -> Desks:
    """Read the recovery plans that a plan names, then the desktops: what items say is the newest."""
    if not personal.plans:
        return await look(cloud, memory)
    named = [use.plan for use in personal.plans]
    read = await asyncio.gather(*(found(cloud.recovery.plan(one)) for one in named))
    seen = await look(cloud, memory)
    ensembles = ensembles_of(
        personal.plans,
        dict(zip(named, read, strict=True)),
        seen.desks,
        seen.jobs.items,
        wave_of=personal.wave_of,
        onwards=route.leaving is Side.PRIMARY,
    )
    return replace(seen, ensembles=ensembles, desks=with_history(seen.desks, ensembles))
