"""How the tests of a vault move it: failover, commit, a reprotect worked out from readings, darkness."""

import pytest

from avd_failover.domain import ids
from avd_failover.domain.faults import RefusedError
from avd_failover.domain.replication import (
    Direction,
    Reversal,
    ReversedDisk,
)
from tests.simulator.recovery_estate import (
    HOME,
    STAGING,
    VAULT,
    item,
    recovered,
    source,
)

THE_VAULT = ids.vault_id(VAULT)


FIRST, SECOND = ids.protected_item_id(item(0)), ids.protected_item_id(item(1))


HERE, THERE = ids.machine_id(source(0)), ids.machine_id(recovered(0))


FORWARD = Direction.PRIMARY_TO_RECOVERY


NOBODY = "99999999-0000-4000-8000-000000000009"


async def fail_over(stage, which=FIRST, *, direction=FORWARD, point=None, shut_down_source=True):
    return await stage.cloud.recovery.fail_over(
        which, direction=direction, point=point, shut_down_source=shut_down_source
    )


async def ended(stage, accepted):
    """Follow a job as a step does: by reading it, at intervals."""
    assert accepted.job is not None
    for _ in range(300):
        job = await stage.cloud.recovery.job(accepted.job)
        if job.state.ended:
            return job
        await stage.clock.sleep(10)
    raise AssertionError(f"the job never ends: {job}")


async def committed(stage, which=FIRST):
    await ended(stage, await fail_over(stage, which))
    assert (await ended(stage, await stage.cloud.recovery.commit_failover(which))).state.succeeded
    return await stage.cloud.recovery.item(which)


async def reversal_of(stage, found):
    """What a reprotect asks for, worked out from readings alone."""
    mappings = (await stage.cloud.recovery.mappings(THE_VAULT)).items
    back = next(
        one for one in mappings if (one.source, one.target) == (found.recovery_container, found.container)
    )
    return Reversal(
        name=found.name,
        recovery_container=back.target,
        policy=back.policy,
        recovery_group=HOME,
        disks=tuple(
            ReversedDisk(disk=one.recovered, staging_account=STAGING, recovery_group=HOME)
            for one in found.disks
        ),
    )


def darken(world, region):
    found = next(one for one in world.pools.regions() if one.id == region)
    world.core.change("azure:weather", "region", found, control_plane_up=False, compute_up=False)


async def refused(call):
    with pytest.raises(RefusedError) as fault:
        await call
    return fault.value.status, fault.value.code
